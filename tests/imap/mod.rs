//! The IMAP source against a real Dovecot.
#![allow(clippy::unwrap_used)]

mod sync;
