//! Commands about a customer's case and profile, and taking them back.

use super::Screen;
use super::layout::Pane;
use super::screen::Then;
use crate::command::{Verb, snooze, tags};
use crate::model::{Act, Draft, Priority, ProfileEdit};

/// Names and remarks longer than this are refused.
const MAX_CHARS: usize = 2_000;

impl Screen {
    /// Runs a command about the customer under the cursor or the one that is open.
    pub(super) fn triage(&mut self, verb: Verb, argument: &str) {
        if verb == Verb::Undo {
            return self.take_back();
        }
        let Some(customer) = self.target() else { return self.complain("choose a customer first") };
        if argument.chars().count() > MAX_CHARS {
            return self.complain(format!("that is longer than {MAX_CHARS} letters"));
        }
        let act = match verb {
            Verb::Resolve => Act::Resolve(customer),
            Verb::Reopen => Act::Reopen(customer),
            Verb::Wait => Act::Wait(customer),
            Verb::Snooze => match snooze(argument, self.now, &self.zone) {
                Ok(until) => Act::Snooze(customer, until),
                Err(error) => return self.complain(error.to_string()),
            },
            Verb::Assign => Act::Assign(
                customer,
                match argument {
                    "me" | "" => Some(self.agent.clone()),
                    "none" | "nobody" => None,
                    name => Some(name.to_owned()),
                },
            ),
            Verb::Priority => match Priority::from_word(argument) {
                Some(priority) => Act::Prioritise(customer, priority),
                None => return self.complain(format!("`{argument}` is not urgent, high, normal or low")),
            },
            Verb::Tag => match tags(argument) {
                Ok((add, remove)) if add.is_empty() && remove.is_empty() => return,
                Ok((add, remove)) => Act::Tag { customer, add, remove },
                Err(error) => return self.complain(error.to_string()),
            },
            Verb::Read => Act::MarkRead(customer),
            Verb::Unread => {
                // Else it would count as read again with the next message.
                if let Some(open) = &mut self.open {
                    open.reading = false;
                    open.marked_read = None;
                }
                Act::MarkUnread(customer)
            }
            Verb::Name => Act::Edit(customer, ProfileEdit::Name(argument.to_owned())),
            Verb::Remark => Act::Edit(customer, ProfileEdit::Notes(argument.to_owned())),
            Verb::Language => Act::Edit(customer, ProfileEdit::Language(argument.to_lowercase())),
            Verb::Field => {
                let (key, value) = argument.split_once(char::is_whitespace).unwrap_or((argument, ""));
                if key.is_empty() {
                    return self.complain("say which field, and its value");
                }
                Act::Edit(customer, ProfileEdit::Field(key.to_owned(), value.trim().to_owned()))
            }
            _ => return,
        };
        self.act(act, Then::Say);
        if verb == Verb::Resolve && self.focus != Pane::Inbox {
            self.go_on();
        }
    }

    /// Shows the next case, else the one before, else the inbox.
    pub(super) fn go_on(&mut self) {
        if !self.open_neighbour(true) && !self.open_neighbour(false) {
            self.focus = Pane::Inbox;
            self.touch();
        }
    }

    /// Takes back what was done last.
    fn take_back(&mut self) {
        let Some(undo) = self.undo.pop_back() else { return self.say("there is nothing to take back") };
        // What is written again goes on with the draft that taking it back makes of it.
        let draft = undo.acts.iter().find_map(|act| match act {
            Act::TakeBack(taken) => Some(taken.draft.clone()),
            _ => None,
        });
        let reopen = match (undo.reopen, draft) {
            (Some(written), Some(draft)) => Some(Box::new((Draft { compose: written.0, ..draft }, written.1))),
            _ => None,
        };
        let mut acts = undo.acts.into_iter().peekable();
        let mut said = Some((undo.said, reopen));
        while let Some(act) = acts.next() {
            let then = match (acts.peek(), said.take()) {
                (None, Some((said, reopen))) => Then::Undone { said, reopen },
                (_, kept) => {
                    said = kept;
                    Then::Quiet
                }
            };
            self.act(act, then);
        }
    }
}
