//! All integration tests in one binary.

mod cli;
mod crash;
mod imap;
mod journey;
mod smtp;
mod support;
