//! What was said to the agent: one sentence at a time stands in the status line; the last ones can be read again, whole.

use super::Screen;
use super::sheet::Content;
use super::when;
use crate::model::Timestamp;
use std::collections::VecDeque;

/// So many are kept.
const KEPT: usize = 100;
/// Bytes of one that are kept.
const LONGEST: usize = 4 * 1024;

/// The last sentences, the latest first.
#[derive(Debug, Default)]
pub(super) struct Messages {
    kept: VecDeque<(Timestamp, String)>,
    /// What stood in the status line when it was last looked at, and what was wrong with the house.
    seen: (Option<String>, Option<String>),
}

impl Messages {
    /// Keeps one.
    pub(super) fn keep(&mut self, at: Timestamp, text: &str) {
        self.kept.truncate(KEPT - 1);
        self.kept.push_front((at, text[..text.floor_char_boundary(LONGEST)].to_owned()));
    }

    /// Looks at what is said now, and keeps what is new.
    pub(super) fn look(&mut self, at: Timestamp, said: Option<&str>, notice: Option<&str>) {
        for (new, seen) in [(notice, 1), (said, 0)] {
            let seen = if seen == 0 { &mut self.seen.0 } else { &mut self.seen.1 };
            if new == seen.as_deref() {
                continue;
            }
            *seen = new.map(str::to_owned);
            if let Some(text) = new {
                self.keep(at, text);
            }
        }
    }
}

impl Screen {
    /// Shows what was said last.
    pub(super) fn show_messages(&mut self) {
        let line = |(at, text): &(Timestamp, String)| format!("{}  {text}", when::short(*at, self.now, &self.zone));
        let lines: Vec<String> = self.messages.kept.iter().map(line).collect();
        self.open_sheet(Content::Messages(lines.join("\n")));
    }
}
