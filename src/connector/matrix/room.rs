//! What is known of the rooms while the program runs. It is all asked for again at the next start.

use super::client::short;
use serde_json::Value;
use std::collections::HashMap;

/// Rooms, and names in one of them, that are remembered.
const MOST_ROOMS: usize = 5_000;
const MOST_NAMES: usize = 2_000;
/// Authors of events that are remembered, to see who may edit what.
const MOST_AUTHORS: usize = 5_000;

/// One room.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// Its name, cleaned; empty without one.
    pub name: String,
    /// End-to-end encrypted.
    pub encrypted: bool,
    /// Anybody may join and read.
    pub public: bool,
    /// Display names by user id, cleaned.
    names: HashMap<String, String>,
    /// The others in it; `None` until they are asked for.
    pub others: Option<Vec<String>>,
}

impl Room {
    /// The display name of somebody in it; empty without one.
    pub fn name_of(&self, user: &str) -> String {
        self.names.get(user).cloned().unwrap_or_default()
    }

    /// Learns from a state event.
    pub fn learn(&mut self, kind: &str, state_key: &str, content: &Value) {
        let text = |key: &str| content.get(key).and_then(Value::as_str).unwrap_or_default();
        match kind {
            "m.room.name" => self.name = short(text("name")),
            "m.room.canonical_alias" if self.name.is_empty() => self.name = short(text("alias")),
            // Once on, it stays on, whatever a later event claims.
            "m.room.encryption" => self.encrypted |= !text("algorithm").is_empty(),
            "m.room.join_rules" => self.public = text("join_rule") == "public",
            "m.room.member" => {
                if self.names.len() < MOST_NAMES || self.names.contains_key(state_key) {
                    self.names.insert(state_key.to_owned(), short(text("displayname")));
                }
                self.others = None;
            }
            _ => {}
        }
    }
}

/// All rooms.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: HashMap<String, Room>,
    authors: HashMap<String, String>,
}

impl Rooms {
    /// A room, known or new.
    pub fn at(&mut self, id: &str) -> &mut Room {
        if self.rooms.len() >= MOST_ROOMS && !self.rooms.contains_key(id) {
            // What is forgotten is asked for again.
            self.rooms.clear();
        }
        self.rooms.entry(id.to_owned()).or_default()
    }

    /// Remembers who wrote an event.
    pub fn wrote(&mut self, event: &str, user: &str) {
        if self.authors.len() >= MOST_AUTHORS {
            self.authors.clear();
        }
        self.authors.insert(event.to_owned(), user.to_owned());
    }

    /// Who wrote an event, if that is known.
    pub fn author(&self, event: &str) -> Option<&str> {
        self.authors.get(event).map(String::as_str)
    }
}
