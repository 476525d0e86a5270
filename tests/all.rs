//! All integration tests in one binary.
#![allow(clippy::unwrap_used)]

mod demo;
mod house;
mod imap;
mod smtp;
mod support;
