//! The IMAP source against a real Dovecot, and against servers that misbehave.
#![allow(clippy::unwrap_used)]

mod check;
mod hostile;
mod lies;
mod login;
mod sync;
mod trouble;
mod watch;
