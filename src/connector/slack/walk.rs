//! Going through channels and threads.
//!
//! A channel is listed newest first, so its mark moves only after the whole walk; the cursor holds where the walk is. A
//! walk goes back further than the mark, for the sake of threads: a new reply shows only as a newer `latest_reply` of the
//! message the thread begins with.

use super::message::is_later;
use crate::connector::platform::cursor::Trail;
use crate::connector::platform::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// How many messages of one channel are remembered with what was seen of them.
const REMEMBERED: usize = 300;

/// How far the bot has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// The channel that is walked through; empty between two rounds.
    #[serde(default)]
    pub at: String,
    /// Every channel.
    #[serde(default)]
    pub channels: BTreeMap<String, Place>,
}

/// How far one channel is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The latest message of the last whole walk.
    #[serde(default)]
    pub last: String,
    /// Where this walk goes back to; empty between walks.
    #[serde(default)]
    pub from: String,
    /// The latest message of this walk.
    #[serde(default)]
    pub top: String,
    /// The page to ask for next.
    #[serde(default)]
    pub page: String,
    /// The walk takes more than one page: what came meanwhile is asked for right after it.
    #[serde(default)]
    pub long: bool,
    /// This walk is that look at what came meanwhile: it goes back to the mark alone.
    #[serde(default)]
    pub peek: bool,
    /// The pages of this walk.
    #[serde(default, skip_serializing_if = "Trail::is_empty")]
    pub trail: Trail,
    /// The whole channel was listed; what is left are threads.
    #[serde(default)]
    pub listed: bool,
    /// Threads with something new.
    #[serde(default)]
    pub threads: Vec<Thread>,
    /// What was seen of messages that had something to see.
    #[serde(default)]
    pub seen: BTreeMap<String, Seen>,
}

/// A thread to be read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Thread {
    /// The message it begins with.
    pub ts: String,
    /// The last reply that is known.
    #[serde(default)]
    pub after: String,
    /// The page to ask for next.
    #[serde(default)]
    pub page: String,
    /// The pages so far.
    #[serde(default, skip_serializing_if = "Trail::is_empty")]
    pub trail: Trail,
}

/// What was seen of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Seen {
    /// The latest reply.
    #[serde(default)]
    pub reply: String,
    /// When it was edited.
    #[serde(default)]
    pub edited: String,
    /// How many reactions it has.
    #[serde(default)]
    pub reactions: u64,
}

impl Seen {
    /// Of a message as it is now.
    pub fn of(message: &Value) -> Seen {
        let count = |reaction: &Value| json::number(reaction, "/count").unwrap_or(0).max(0) as u64;
        Seen {
            reply: json::text(message, "/latest_reply").to_owned(),
            edited: json::text(message, "/edited/ts").to_owned(),
            reactions: json::list(message, "/reactions").iter().map(count).sum(),
        }
    }
}

/// What is new about a listed message.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct News {
    pub message: bool,
    pub edit: bool,
    pub reactions: bool,
}

impl Place {
    /// Takes note of a listed message; says what is new about it.
    pub fn note(&mut self, message: &Value) -> News {
        let ts = json::text(message, "/ts").to_owned();
        let new = is_later(&ts, &self.last);
        if is_later(&ts, &self.top) {
            self.top = ts.clone();
        }
        let (seen, before) = (Seen::of(message), self.seen.get(&ts).cloned().unwrap_or_default());
        let news = News {
            message: new,
            edit: !new && !seen.edited.is_empty() && seen.edited != before.edited,
            reactions: seen.reactions != before.reactions && seen.reactions > 0,
        };
        // A reply that is listed in the channel too carries the thread's own facts; the thread is that of its beginning.
        let root = json::text(message, "/thread_ts");
        if is_later(&seen.reply, &before.reply) && (root.is_empty() || root == ts) {
            self.threads.push(Thread { ts: ts.clone(), after: before.reply, ..Thread::default() });
        }
        if seen != Seen::default() {
            self.seen.insert(ts, seen);
        }
        news
    }

    /// The walk is over: the mark moves.
    pub fn finish(&mut self) {
        if is_later(&self.top, &self.last) {
            self.last = std::mem::take(&mut self.top);
        }
        let mut seen: Vec<_> = std::mem::take(&mut self.seen)
            .into_iter()
            .filter(|(ts, _)| self.peek || is_later(ts, &self.from))
            .collect();
        let many = seen.len().saturating_sub(REMEMBERED);
        seen.drain(..many);
        let (last, peek) = (std::mem::take(&mut self.last), self.long);
        *self = Place { last, peek, seen: seen.into_iter().collect(), ..Place::default() };
    }
}
