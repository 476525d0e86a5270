//! The keys that matter most, from the live keymap: shown once to every agent, and again by `:tour`.

use super::Screen;
use crate::command::Verb;
use crate::keymap::Context;

/// A line of the tour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    /// The keys, as they are for this agent.
    pub keys: String,
    /// What they do.
    pub what: &'static str,
}

impl Screen {
    /// Shows the tour over the panes; the next key closes it.
    pub fn show_tour(&mut self) {
        self.tour = true;
        self.touch();
    }

    /// The tour's ten lines.
    pub(super) fn stops(&self) -> Vec<Stop> {
        use Context::{Compose, Inbox, Review};
        let lines: [(&[(Context, Verb)], &'static str); 10] = [
            (&[(Inbox, Verb::Down), (Inbox, Verb::Up)], "move down and up"),
            (&[(Inbox, Verb::Open), (Inbox, Verb::Back)], "open a customer, and go back"),
            (&[(Inbox, Verb::Reply)], "reply"),
            (&[(Compose, Verb::Review), (Review, Verb::Send)], "done writing: look at it, send it"),
            (&[(Inbox, Verb::Note)], "a private note; never leaves the house"),
            (&[(Inbox, Verb::Resolve)], "resolve, and on to the next"),
            (&[(Inbox, Verb::Snooze)], "put off until later"),
            (&[(Inbox, Verb::Filter)], "find: words, owner:me, tag:vip"),
            (&[(Inbox, Verb::Undo)], "take back, also an answer just sent"),
            (&[(Inbox, Verb::Help)], "all keys and commands"),
        ];
        let keys = |verbs: &[(Context, Verb)]| {
            let names: Vec<String> = verbs.iter().map(|(context, verb)| self.key_name(*context, *verb)).collect();
            names.join("  ")
        };
        lines.into_iter().map(|(verbs, what)| Stop { keys: keys(verbs), what }).collect()
    }
}
