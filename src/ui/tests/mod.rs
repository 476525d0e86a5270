//! Keys in, frame out: the screen with a desk of fixtures behind it.
#![allow(clippy::unwrap_used)]

mod beside;
mod bytes;
mod desk;
mod divide;
mod drafts;
mod first_run;
mod keys;
mod lists;
mod looks;
mod palette;
mod panes;
mod people;
mod places;
mod position;
mod reading;
mod scores;
mod seat;
mod shots;
mod terminal;
mod writing;

use desk::FakeDesk;
use seat::FakeSeat;
