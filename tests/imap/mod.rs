//! The IMAP source against a real Dovecot, and against servers that misbehave.
#![allow(clippy::unwrap_used)]

mod check;
mod hostile;
mod sync;
mod trouble;
mod watch;
