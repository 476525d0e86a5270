//! The program killed and its servers failing, with a ledger on both ends.
#![allow(clippy::unwrap_used)]

mod intake;
mod outcome;
mod people;
mod scoring;
mod sending;
