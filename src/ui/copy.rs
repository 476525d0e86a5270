//! Copying to the clipboard of the agent's terminal.

use super::sheet::Content;
use super::text::count;
use super::{Effect, Screen};
use crate::keymap::Context;
use crate::model::clean_block;

/// Bytes that are copied at most: terminals take little more at once.
const MOST: usize = 48 * 1024;

impl Screen {
    /// Copies the message, the address or the id; without a word what is nearest at hand.
    pub(super) fn copy(&mut self, argument: &str, context: Context) {
        if !self.comforts.clipboard {
            return self.complain("copying is turned off: clipboard = true in config.toml turns it on");
        }
        let what = match (argument, context) {
            ("", Context::Timeline) => "message",
            ("", Context::Compose | Context::Review) => "text",
            ("", Context::List | Context::Why) => "id",
            ("", _) => "address",
            (known @ ("message" | "address" | "id" | "text"), _) => known,
            (other, _) => return self.complain(format!("`{other}` cannot be copied; say message, address or id")),
        };
        let text = match what {
            "message" => {
                self.open.as_ref().and_then(|open| open.entry()).and_then(super::beside::newest).map(str::to_owned)
            }
            "text" => self.composer.as_ref().map(super::composer::Composer::text),
            "id" => self.selected_id(),
            _ => self.address(),
        };
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return self.complain(format!("there is no {what} to copy here"));
        };
        let clean = clean_block(&text);
        let copied = &clean[..clean.floor_char_boundary(MOST)];
        let letters = count(copied.chars().count() as u64, "letter", "letters");
        let cut = if copied.len() < clean.len() { "the beginning of " } else { "" };
        self.say(match what {
            "address" | "id" => format!("copied {copied}"),
            _ => format!("copied {cut}the {what}, {letters}"),
        });
        self.effect(Effect::Copy(copied.to_owned()));
    }

    /// The address of the customer a command is about.
    fn address(&self) -> Option<String> {
        let target = self.target()?;
        let open = self.open.as_ref().filter(|open| open.id == target);
        let profile = open.and_then(|open| open.profile.as_ref()).map(|profile| profile.customer.address.clone());
        let row = self.inbox.position(target).and_then(|at| self.inbox.rows.get(at)).map(|row| row.address.clone());
        row.or(profile)
    }

    /// The id of what is selected, as the command line takes it.
    fn selected_id(&self) -> Option<String> {
        let Some(sheet) = self.sheets.last() else {
            return match self.focus {
                super::layout::Pane::Timeline => {
                    self.open.as_ref().and_then(|open| open.entry()).map(|entry| entry.message.id.to_string())
                }
                _ => self.target().map(|id| id.to_string()),
            };
        };
        match &sheet.content {
            Content::Outbox(rows) => rows.get(sheet.selected).map(|row| row.outgoing.id.to_string()),
            Content::Dead(rows) => rows.get(sheet.selected).map(|dead| dead.id.to_string()),
            Content::Automated(rows, _) => rows.get(sheet.selected).map(|message| message.id.to_string()),
            Content::Drafts(rows) => rows.get(sheet.selected).map(|view| view.draft.id.to_string()),
            Content::Original(id, _) => Some(id.to_string()),
            Content::DeadOriginal(id, _) => Some(id.to_string()),
            Content::Accounts => self.status.get(sheet.selected).map(|account| account.name.clone()),
            Content::Trouble(name) => Some(name.clone()),
            Content::History(_, rows) => {
                rows.get(sheet.selected).and_then(|line| line.act.as_ref()).map(|act| act.id.to_string())
            }
            Content::Why(why) => why.message().map(|id| id.to_string()),
            Content::Segments(segments) => segments.member().map(|member| member.customer.to_string()),
            Content::Messages(_) | Content::Help(_) | Content::Compare(_) => None,
        }
    }
}
