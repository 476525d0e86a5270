//! Stories of the desk, on the memory engine.
#![allow(clippy::unwrap_used)]

mod answers;
mod intake;
mod paper;
mod threads;
mod triage;
