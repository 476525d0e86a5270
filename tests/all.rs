//! All integration tests in one binary.

mod imap;
mod smtp;
mod support;
