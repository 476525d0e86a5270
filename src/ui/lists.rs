//! Commands in the lists, and those about one message.

use super::layout::Pane;
use super::prompt::{Choice, Question};
use super::sheet::Content;
use super::view::{compare_lines, help_lines};
use super::{Effect, Screen};
use crate::command::Verb;
use crate::model::{CustomerId, MessageId, OutboxState};

/// What can be done stands in the line of hints.
const NOT_HERE: &str = "that cannot be done with what is selected here";

impl Screen {
    /// Moves in the list that is shown.
    pub(super) fn move_in_list(&mut self, rows: isize, height: usize) {
        if self.move_in_segments(rows) {
            return;
        }
        let help = match self.sheets.last().map(|sheet| &sheet.content) {
            Some(Content::Help(context)) => Some(help_lines(&self.keymap, *context).len()),
            Some(Content::Compare(comparing)) => Some(compare_lines(self, comparing, 80).len()),
            Some(Content::Why(why)) => Some(super::view::why_lines(self, why, usize::from(self.size.0) - 2).len()),
            Some(Content::Accounts) => Some(self.account_names().len()),
            Some(Content::Trouble(name)) => {
                Some(super::view::account_lines(self, name, usize::from(self.size.0)).len())
            }
            _ => None,
        };
        let Some(sheet) = self.sheets.last_mut() else { return };
        let length = help.unwrap_or_else(|| sheet.len());
        let last = if sheet.is_text() { length.saturating_sub(height) } else { length.saturating_sub(1) };
        sheet.step(rows, last, height);
    }

    /// Opens a customer from a list, which going back leads to.
    pub(super) fn open_from_list(&mut self, id: CustomerId) {
        let lists = std::mem::take(&mut self.sheets);
        self.focus = Pane::Timeline;
        self.open_customer(id, true);
        self.aside = lists;
    }

    /// Back to the list the customer was opened from, as it is by now. False where there is none.
    pub(super) fn return_to_list(&mut self) -> bool {
        if self.aside.is_empty() {
            return false;
        }
        self.sheets = std::mem::take(&mut self.aside);
        self.focus = Pane::Inbox;
        // What was asked before was not waited for, and what changed since is asked for now. Nothing else: the cursor
        // stays where it was.
        self.forget_members();
        let mut loads = Vec::new();
        for sheet in &mut self.sheets {
            if std::mem::take(&mut sheet.asked) | std::mem::take(&mut sheet.again) {
                loads.extend(sheet.load());
            }
        }
        loads.into_iter().for_each(|load| self.load(load));
        true
    }

    /// Enter on a row.
    pub(super) fn open_in_list(&mut self) {
        let Some(sheet) = self.sheets.last() else { return };
        let row = sheet.selected;
        match &sheet.content {
            Content::Outbox(rows) => {
                let Some(id) = rows.get(row).map(|row| row.outgoing.customer) else { return };
                if self.composer.is_some() {
                    return self.complain("finish what you are writing first");
                }
                self.open_from_list(id);
            }
            Content::Drafts(rows) => {
                let Some(view) = rows.get(row).cloned() else { return };
                if self.composer.is_some() {
                    return self.complain("finish what you are writing first");
                }
                self.resume(view.draft, view.name);
            }
            Content::Dead(_) | Content::Automated(..) => self.show_original(),
            Content::Compare(_) => self.decide(),
            Content::Why(_) => self.open_in_why(),
            Content::Segments(_) => self.open_in_segments(),
            Content::History(_, rows) => {
                let Some(act) = rows.get(row).and_then(|line| line.act.clone()) else {
                    return self.say("only what was done to who is who can be taken back here");
                };
                match act.undone {
                    Some(undone) => self.say(format!("{} took it back already", undone.by)),
                    None => self.ask("Take this back?", Choice::Unmerge(act.id)),
                }
            }
            Content::Accounts => {
                if let Some(name) = self.account_names().get(row).cloned() {
                    self.open_sheet(Content::Trouble(name));
                }
            }
            Content::Original(..)
            | Content::DeadOriginal(..)
            | Content::Trouble(_)
            | Content::Messages(_)
            | Content::Help(_) => {}
        }
    }

    /// What can be done with a row.
    pub(super) fn run_in_list(&mut self, verb: Verb) {
        let Some(sheet) = self.sheets.last() else {
            return self.complain("that is for the lists: outbox, dead letters, drafts");
        };
        let row = sheet.selected;
        match &sheet.content {
            Content::Outbox(rows) => {
                let Some(outgoing) = rows.get(row).map(|row| row.outgoing.clone()) else { return };
                self.run_in_outbox(verb, outgoing.id, outgoing.state);
            }
            Content::Dead(rows) => {
                let Some(id) = rows.get(row).map(|dead| dead.id) else { return };
                match verb {
                    Verb::Retry => {
                        self.effect(Effect::RetryDead(id));
                        self.say("reading it again");
                    }
                    Verb::Save => self.effect(Effect::SaveDead(id)),
                    Verb::Delete => self.ask("Remove this dead letter from the list?", Choice::DiscardDead(id)),
                    _ => self.say(NOT_HERE),
                }
            }
            Content::Drafts(rows) => {
                let Some(id) = rows.get(row).map(|view| view.draft.id) else { return };
                match verb {
                    Verb::Delete | Verb::Cancel => {
                        self.ask("Throw this draft away for good?", Choice::DiscardDraft(id))
                    }
                    _ => self.say(NOT_HERE),
                }
            }
            Content::Automated(rows, _) => {
                let Some(id) = rows.get(row).map(|message| message.id) else { return };
                match verb {
                    Verb::Save => self.effect(Effect::SaveOriginal(id)),
                    _ => self.say(NOT_HERE),
                }
            }
            Content::Original(id, _) => {
                if verb == Verb::Save {
                    let id = *id;
                    self.effect(Effect::SaveOriginal(id));
                }
            }
            Content::DeadOriginal(id, _) => {
                if verb == Verb::Save {
                    let id = *id;
                    self.effect(Effect::SaveDead(id));
                }
            }
            Content::Accounts => match (verb, self.account_names().get(row).cloned()) {
                (Verb::Retry, Some(name)) => self.pull_account(name),
                _ => self.say(NOT_HERE),
            },
            Content::Trouble(name) => match verb {
                Verb::Retry => self.pull_account(name.clone()),
                _ => self.say(NOT_HERE),
            },
            Content::Messages(_) | Content::Help(_) => {}
            Content::Compare(_) | Content::History(..) | Content::Why(_) | Content::Segments(_) => self.say(NOT_HERE),
        }
    }

    fn run_in_outbox(&mut self, verb: Verb, id: crate::model::OutgoingId, state: OutboxState) {
        let stuck = matches!(state, OutboxState::Failed | OutboxState::Unknown);
        match verb {
            Verb::Retry if state == OutboxState::Unknown => {
                self.ask("It may have arrived. Send it again all the same?", Choice::RetryOutgoing(id));
            }
            Verb::Retry if stuck || state == OutboxState::Held => {
                self.act(crate::model::Act::RetryOutgoing(id), super::screen::Then::Say);
            }
            Verb::Cancel | Verb::Delete if stuck => self.ask("Give this message up?", Choice::CancelOutgoing(id)),
            Verb::Cancel | Verb::Delete if matches!(state, OutboxState::Held | OutboxState::Queued) => {
                self.ask("Take this message back?", Choice::CancelOutgoing(id));
            }
            Verb::MarkSent if state == OutboxState::Unknown => {
                self.ask("Did it arrive? It counts as sent then.", Choice::MarkSent(id));
            }
            _ => self.say(format!("that cannot be done with a message that is {}", state.word())),
        }
    }

    fn ask(&mut self, text: &str, yes: Choice) {
        self.question = Some(Question::yes_no(text, yes));
        self.touch();
    }

    /// The message commands are about: of a list, or of the timeline.
    fn message(&self) -> Option<MessageId> {
        match self.sheets.last() {
            Some(sheet) => match &sheet.content {
                Content::Automated(rows, _) => rows.get(sheet.selected).map(|message| message.id),
                Content::Outbox(rows) => rows.get(sheet.selected).map(|row| row.outgoing.message),
                Content::Original(id, _) => Some(*id),
                _ => None,
            },
            None => self.open.as_ref().and_then(|open| open.entry()).map(|entry| entry.message.id),
        }
    }

    /// Shows the original of a message or dead letter.
    pub(super) fn show_original(&mut self) {
        if let Some(sheet) = self.sheets.last()
            && let Content::Dead(rows) = &sheet.content
        {
            let Some(id) = rows.get(sheet.selected).map(|dead| dead.id) else { return };
            return self.open_sheet(Content::DeadOriginal(id, String::new()));
        }
        match self.message() {
            Some(id) => self.open_sheet(Content::Original(id, String::new())),
            None => self.say("no message is selected"),
        }
    }

    /// Saves the original of a message.
    pub(super) fn save_original(&mut self) {
        match self.message() {
            Some(id) => self.effect(Effect::SaveOriginal(id)),
            None => self.say("no message is selected"),
        }
    }

    /// Saves an attachment: the only one, or the one the agent says.
    pub(super) fn save_attachment(&mut self, argument: &str) {
        let Some(message) = self.open.as_ref().and_then(|open| open.entry()).map(|entry| &entry.message) else {
            return self.say("no message is selected");
        };
        let (id, files) = (message.id, &message.attachments);
        let part = match (files.len(), argument.parse::<usize>()) {
            (0, _) => return self.say("this message has no attachments"),
            (1, _) if argument.is_empty() => files.first(),
            (_, Ok(number)) => files.get(number.wrapping_sub(1)),
            (count, Err(_)) if argument.is_empty() => {
                self.ask_argument(Verb::SaveAttachment, "");
                return self.say(format!("there are {count}: say which one"));
            }
            _ => None,
        };
        match part.map(|file| file.part) {
            Some(part) => self.effect(Effect::SaveAttachment(id, part)),
            None => {
                let text = format!("`{argument}` is no attachment; say 1 to {}", files.len());
                self.complain(text);
            }
        }
    }
}
