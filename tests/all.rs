//! All integration tests in one binary.

mod house;
mod imap;
mod smtp;
mod support;
