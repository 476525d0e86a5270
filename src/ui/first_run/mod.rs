//! The screen before there is an account: three doors. Try the demo, add a mail account, import old mail.
//!
//! Pure like the screen proper: [`FirstRun::update`] takes a [`Msg`] and gives [`Effect`]s. Its keys are arrows, Tab,
//! Enter, Esc and what is typed; there is no keymap yet that somebody could know.

mod account_form;
mod doors;
pub(super) mod form;
pub(super) mod import;
pub(super) mod menu;
mod provider;
pub(super) mod trial;

pub use account_form::{MailAccount, MailServer, SecretPlace};
pub use import::{ImportEnd, ImportJob, ImportProgress};

use super::layout::too_small;
use crate::model::Half;
use account_form::AccountForm;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use doors::Doors;
use import::{ImportForm, Running};
use trial::Trial;

/// What happens to the screen.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key.
    Key(KeyEvent),
    /// A bracketed paste.
    Paste(String),
    /// The terminal's size.
    Resize(u16, u16),
    /// One step of a trial was made: its number as in [`Effect::Try`], which half, what, and how it went.
    Checked(u64, Half, String, Result<String, String>),
    /// A trial is over; or the settings could not be tried at all, and why.
    Tried(u64, Result<(), String>),
    /// The account was written down, or why not.
    Kept(Result<(), String>),
    /// How the path typed goes on: what was typed, what it becomes, and the names that fit.
    Completed(String, String, Vec<String>),
    /// How far the import is.
    Importing(ImportProgress),
    /// The import ended; or could not begin or go on, and why.
    Imported(Result<ImportEnd, String>),
}

/// What the screen wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Try an account; a trial that still runs is given up.
    Try(u64, Box<MailAccount>),
    /// Give the trial up.
    StopTrying,
    /// Write an account down.
    Keep(Box<MailAccount>),
    /// How may this path go on?
    Complete(String),
    /// Import.
    Import(ImportJob),
    /// End the import; what is in stays.
    StopImport,
    /// Draw the whole terminal again.
    Redraw,
    /// This screen is over.
    Leave(Leaving),
}

/// Where it goes from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Out of the program.
    Quit,
    /// To the demo.
    Demo,
    /// To the inbox.
    Open,
}

/// What stands on the screen.
#[derive(Debug)]
pub(super) enum Page {
    /// The doors.
    Doors,
    /// The form of a mail account.
    Account,
    /// The account is tried.
    Trial(Box<Trial>),
    /// The form of an import.
    Import,
    /// The import runs, or has ended.
    Importing(Box<Running>),
}

/// The screen.
#[derive(Debug)]
pub struct FirstRun {
    /// The profile folder, as shown.
    pub(super) profile: String,
    pub(super) page: Page,
    pub(super) doors: Doors,
    // What was typed stays when a page is left.
    pub(super) account: AccountForm,
    pub(super) import: ImportForm,
    /// What went wrong last.
    pub(super) said: Option<String>,
    trials: u64,
    /// The window's size, once it was told.
    size: Option<(u16, u16)>,
    effects: Vec<Effect>,
    dirty: bool,
}

impl FirstRun {
    /// The doors of a profile; `has_mail` when something was stored in it before.
    pub fn new(profile: &str, has_mail: bool) -> FirstRun {
        FirstRun {
            profile: crate::model::clean_line(profile),
            page: Page::Doors,
            doors: Doors::new(Doors::of(has_mail)),
            account: AccountForm::new(),
            import: ImportForm::new(),
            said: None,
            trials: 0,
            size: None,
            effects: Vec::new(),
            dirty: true,
        }
    }

    /// Says a sentence before anything else.
    pub fn say_first(&mut self, sentence: &str) {
        self.said = Some(crate::model::clean_line(sentence));
    }

    /// Takes in what happened, and gives what is wanted now.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        self.dirty = true;
        match msg {
            Msg::Key(key) if key.kind == KeyEventKind::Release => {}
            Msg::Key(key) => self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Resize(width, height) => self.size = Some((width, height)),
            Msg::Checked(number, half, what, outcome) => {
                if let Some(trial) = self.trial(number) {
                    trial.step(half, what, outcome);
                }
            }
            Msg::Tried(number, result) => self.tried(number, result),
            Msg::Kept(result) => self.kept(result),
            Msg::Completed(typed, text, names) => self.import.completed(&typed, &text, names),
            Msg::Importing(progress) => {
                if let Page::Importing(running) = &mut self.page {
                    running.progress = progress;
                }
            }
            Msg::Imported(result) => self.imported(result),
        }
        std::mem::take(&mut self.effects)
    }

    /// True when what is shown may have changed since this was last asked.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    fn key(&mut self, key: KeyEvent) {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return self.quit(),
            KeyCode::Char('l') if control => return self.effects.push(Effect::Redraw),
            _ => {}
        }
        if self.is_too_small() {
            return;
        }
        self.said = None;
        match &mut self.page {
            Page::Doors => self.at_the_doors(key),
            Page::Account => self.in_the_account(key),
            Page::Trial(_) => self.at_the_trial(key),
            Page::Import => self.in_the_import(key),
            Page::Importing(_) => self.at_the_importing(key),
        }
    }

    /// Leaves the program; what runs is ended first.
    fn quit(&mut self) {
        match &self.page {
            Page::Trial(trial) if trial.is_running() => self.effects.push(Effect::StopTrying),
            Page::Importing(running) if running.is_running() => self.effects.push(Effect::StopImport),
            _ => {}
        }
        self.effects.push(Effect::Leave(Leaving::Quit));
    }

    /// Nothing can be shown in a window of this size: no key acts but the one to leave.
    fn is_too_small(&self) -> bool {
        self.size.is_some_and(|(width, height)| too_small(width, height))
    }

    fn paste(&mut self, text: &str) {
        if self.is_too_small() {
            return;
        }
        match self.page {
            Page::Account => self.account.paste(text),
            Page::Import => drop(self.import.form.paste(text)),
            _ => {}
        }
    }
}
