//! Narrowing the open customer's messages to one conversation or one channel, and back.

use super::Screen;
use super::text::cut;
use crate::model::{Direction, ThreadId, TimelineEntry};

/// Columns of a conversation's title in the pane's own.
const TITLE: usize = 30;

/// What is shown of a timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Narrow {
    /// Everything.
    #[default]
    All,
    /// One conversation, with its title.
    Thread(ThreadId, String),
    /// One channel.
    Channel(String),
}

impl Narrow {
    /// True when a message is among what is shown.
    pub(super) fn shows(&self, entry: &TimelineEntry) -> bool {
        match self {
            Narrow::All => true,
            Narrow::Thread(thread, _) => entry.message.thread == *thread,
            Narrow::Channel(channel) => entry.message.channel == *channel,
        }
    }

    /// What stands behind the customer's name.
    pub(super) fn title(&self) -> String {
        match self {
            Narrow::All => String::new(),
            Narrow::Thread(_, title) => format!(" · ONLY this conversation: {}", cut(title, TITLE)),
            Narrow::Channel(channel) => format!(" · ONLY {channel}"),
        }
    }

    fn thread(entry: &TimelineEntry) -> Narrow {
        let message = &entry.message;
        let title = if message.subject.is_empty() { &message.channel } else { &message.subject };
        Narrow::Thread(message.thread, title.clone())
    }

    fn channel(entry: &TimelineEntry) -> Narrow {
        Narrow::Channel(entry.message.channel.clone())
    }
}

impl Screen {
    /// Narrows to the conversation or channel of the message under the cursor; the same once more shows all again.
    /// Without a word: the conversation, then the channel, then all.
    pub(super) fn narrow(&mut self, argument: &str) {
        let Some(entry) = self.open.as_ref().and_then(|open| open.entry()) else {
            return self.say("no message is selected");
        };
        if entry.message.direction == Direction::Note && argument != "all" {
            return self.say("a private note belongs to no conversation: choose a message");
        }
        let now = self.open.as_ref().map(|open| open.narrow().clone()).unwrap_or_default();
        let narrow = match (argument, &now) {
            ("all", _) | ("thread", Narrow::Thread(..)) | ("channel" | "", Narrow::Channel(_)) => Narrow::All,
            ("thread", _) | ("", Narrow::All) => Narrow::thread(entry),
            ("channel", _) | ("", Narrow::Thread(..)) => Narrow::channel(entry),
            (other, _) => {
                return self.complain(format!("`{other}` is nothing to narrow to; say thread, channel or all"));
            }
        };
        if let Some(open) = &mut self.open {
            open.set_narrow(narrow);
        }
        self.touch();
    }

    /// Shows all messages again. False when they are shown already.
    pub(super) fn widen(&mut self) -> bool {
        let Some(open) = self.open.as_mut().filter(|open| *open.narrow() != Narrow::All) else { return false };
        open.set_narrow(Narrow::All);
        self.touch();
        true
    }
}
