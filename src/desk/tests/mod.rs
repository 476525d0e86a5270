//! Stories of the desk, on the memory engine.
#![allow(clippy::unwrap_used)]

mod answers;
mod beside;
mod facts;
mod glances;
mod graph;
mod intake;
pub(super) mod paper;
mod places;
mod pushed;
mod scores;
mod threads;
mod triage;

/// A mail server's receipt.
fn taken(to_file: bool) -> crate::connector::Receipt {
    crate::connector::Receipt { said: "250 ok".to_owned(), to_file, remote_id: None }
}
