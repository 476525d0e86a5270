//! All integration tests in one binary.

mod cli;
mod crash;
mod house;
mod imap;
mod journey;
mod smtp;
mod support;
