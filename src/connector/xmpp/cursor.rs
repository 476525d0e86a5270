//! How far a source has come in the archive.

use crate::connector::platform::cursor::Trail;
use minicbor::{Decode, Encode};

/// Reactions of so many pairs of person and message are remembered: each stanza names all of them anew.
const MOST_REACTIONS: usize = 200;

/// What somebody reacts to one message with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Reactions {
    #[n(0)]
    pub by: String,
    #[n(1)]
    pub target: String,
    #[n(2)]
    pub symbols: Vec<String>,
}

/// The cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub(super) struct Cursor {
    /// The archive's id of the last message read; `None` before the first, and when the server has forgotten it.
    #[n(0)]
    pub after: Option<String>,
    /// When that was archived, in milliseconds since 1970; 0 before the first.
    #[n(1)]
    pub at: i64,
    /// Where a walk without `after` begins, in milliseconds since 1970.
    #[n(2)]
    pub start: i64,
    #[n(3)]
    #[cbor(default)]
    pub reactions: Vec<Reactions>,
    /// Messages read in this walk, for the eye.
    #[n(4)]
    #[cbor(default)]
    pub walked: u64,
    /// Where the pages of this walk led.
    #[n(5)]
    #[cbor(default)]
    pub trail: Trail,
}

impl Cursor {
    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// Reads the stored form. What is none begins anew: what is pulled twice is filed once.
    pub fn from_bytes(bytes: &[u8]) -> Cursor {
        minicbor::decode(bytes).unwrap_or_default()
    }

    /// Somebody reacts to a message with exactly these: what was added and what was taken back.
    pub fn react(&mut self, by: &str, target: &str, symbols: Vec<String>) -> Vec<(String, bool)> {
        let at = self.reactions.iter().position(|old| old.by == by && old.target == target);
        let old = at.map(|at| self.reactions.remove(at).symbols).unwrap_or_default();
        let gone = old.iter().filter(|symbol| !symbols.contains(symbol)).map(|symbol| (symbol.clone(), false));
        let new = symbols.iter().filter(|symbol| !old.contains(symbol)).map(|symbol| (symbol.clone(), true));
        let changes = gone.chain(new).collect();
        if !symbols.is_empty() {
            self.reactions.push(Reactions { by: by.to_owned(), target: target.to_owned(), symbols });
        }
        if self.reactions.len() > MOST_REACTIONS {
            self.reactions.remove(0);
        }
        changes
    }
}
