//! The doors.

use super::menu::{Choice, Menu};
use super::{Effect, FirstRun, Leaving, Page};
use crossterm::event::{KeyCode, KeyEvent};

/// Where a door leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Door {
    Demo,
    Account,
    Import,
    Open,
    Quit,
}

/// The menu of doors.
pub(in crate::ui) type Doors = Menu<Door>;

impl Doors {
    /// All doors; to the inbox only when there is something in it.
    pub(super) fn of(has_mail: bool) -> Vec<Choice<Door>> {
        let mut doors = vec![
            Choice {
                key: '1',
                label: "Try the demo",
                doc: "A lively invented shop. Nothing to set up, and nothing is kept.",
                value: Door::Demo,
            },
            Choice {
                key: '2',
                label: "Add a mail account",
                doc: "IMAP and SMTP, tried while you watch. No password is stored.",
                value: Door::Account,
            },
            Choice {
                key: '3',
                label: "Import a Maildir or mbox",
                doc: "Mail you have on this machine. It is only read.",
                value: Door::Import,
            },
        ];
        if has_mail {
            doors.push(Choice {
                key: '4',
                label: "Open the inbox as it is",
                doc: "It has messages, though no account is configured.",
                value: Door::Open,
            });
        }
        doors.push(Choice { key: 'q', label: "Leave", doc: "", value: Door::Quit });
        doors
    }
}

impl FirstRun {
    /// A key at the doors.
    pub(super) fn at_the_doors(&mut self, key: KeyEvent) {
        let door = match key.code {
            KeyCode::Esc => Some(Door::Quit),
            _ => self.doors.key(key),
        };
        match door {
            Some(Door::Demo) => self.effects.push(Effect::Leave(Leaving::Demo)),
            Some(Door::Account) => self.page = Page::Account,
            Some(Door::Import) => self.page = Page::Import,
            Some(Door::Open) => self.effects.push(Effect::Leave(Leaving::Open)),
            Some(Door::Quit) => self.quit(),
            None => {}
        }
    }
}
