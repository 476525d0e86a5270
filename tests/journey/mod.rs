//! The screen in a real terminal.
#![allow(clippy::unwrap_used)]
