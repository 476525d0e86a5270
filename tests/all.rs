//! All integration tests in one binary.
#![allow(clippy::unwrap_used)]

mod channels;
mod cli;
mod crash;
mod demo;
mod house;
mod imap;
mod journey;
mod owner;
mod smtp;
mod support;
