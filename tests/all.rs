//! All integration tests in one binary.
#![allow(clippy::unwrap_used)]

mod cli;
mod crash;
mod house;
mod imap;
mod journey;
mod smtp;
mod support;
