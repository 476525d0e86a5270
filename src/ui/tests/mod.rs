//! Keys in, frame out: the screen with a desk of fixtures behind it.
#![allow(clippy::unwrap_used)]

mod desk;
mod drafts;
mod first_run;
mod keys;
mod lists;
mod looks;
mod panes;
mod reading;
mod seat;
mod writing;

use desk::FakeDesk;
use seat::FakeSeat;
