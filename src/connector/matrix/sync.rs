//! The answers of `/sync` and `/messages`, events unread: each keeps its exact bytes.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// `GET /sync`.
#[derive(Debug, Deserialize)]
pub(super) struct Sync {
    pub next_batch: String,
    #[serde(default)]
    pub rooms: Rooms,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Rooms {
    #[serde(default)]
    pub join: BTreeMap<String, Joined>,
    #[serde(default)]
    pub invite: BTreeMap<String, Invited>,
    /// Rooms we left or were put out of: what was said until then.
    #[serde(default)]
    pub leave: BTreeMap<String, Joined>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Joined {
    #[serde(default)]
    pub timeline: Timeline,
    #[serde(default)]
    pub state: Events,
    #[serde(default)]
    pub ephemeral: Events,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Invited {
    #[serde(default)]
    pub invite_state: Events,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Timeline {
    #[serde(default)]
    pub events: Vec<Box<RawValue>>,
    /// There is more before the first of these than is given.
    #[serde(default)]
    pub limited: bool,
    pub prev_batch: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Events {
    #[serde(default)]
    pub events: Vec<Box<RawValue>>,
}

/// `GET /rooms/{room}/messages`.
#[derive(Debug, Deserialize)]
pub(super) struct Messages {
    #[serde(default)]
    pub chunk: Vec<Box<RawValue>>,
    #[serde(default)]
    pub state: Vec<Box<RawValue>>,
    /// Where to go on; missing at the end.
    pub end: Option<String>,
}
