//! An account is tried, step by step, while the agent watches.

use super::account_form::MailAccount;
use super::menu::{Choice, Menu};
use super::{Effect, FirstRun, Leaving, Page};
use crate::model::{Half, clean_line};
use crossterm::event::{KeyCode, KeyEvent};

/// A step: what was tried, and how it went.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Step {
    pub half: Half,
    pub what: String,
    pub outcome: Result<String, String>,
}

/// What to do after a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Next {
    Change,
    Again,
    Keep,
    Open,
    Stop,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Stage {
    /// It runs.
    Trying,
    /// Something is wrong.
    Wrong,
    /// It is being written down.
    Keeping,
    /// It is written down.
    Kept,
}

/// The trial.
#[derive(Debug)]
pub(in crate::ui) struct Trial {
    number: u64,
    pub account: MailAccount,
    pub steps: Vec<Step>,
    pub stage: Stage,
    pub menu: Menu<Next>,
}

fn choice(key: char, label: &'static str, value: Next) -> Choice<Next> {
    Choice { key, label, doc: "", value }
}

impl Trial {
    pub(super) fn new(number: u64, account: MailAccount) -> Trial {
        let menu = Menu::new(vec![choice('s', "Stop, and change the settings", Next::Stop)]);
        Trial { number, account, steps: Vec::new(), stage: Stage::Trying, menu }
    }

    /// Still under way.
    pub(super) fn is_running(&self) -> bool {
        self.stage == Stage::Trying
    }

    /// Notes a step.
    pub(super) fn step(&mut self, half: Half, what: String, outcome: Result<String, String>) {
        let outcome = outcome.map(|said| clean_line(&said)).map_err(|said| clean_line(&said));
        self.steps.push(Step { half, what: clean_line(&what), outcome });
    }

    fn all_well(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(|step| step.outcome.is_ok())
    }

    fn now(&mut self, stage: Stage) {
        self.stage = stage;
        self.menu = Menu::new(match stage {
            Stage::Trying => vec![choice('s', "Stop, and change the settings", Next::Stop)],
            Stage::Wrong => vec![
                choice('e', "Change the settings", Next::Change),
                choice('r', "Try again", Next::Again),
                choice('k', "Keep it as it is", Next::Keep),
            ],
            Stage::Keeping => Vec::new(),
            Stage::Kept => vec![choice('o', "Open the inbox", Next::Open)],
        });
    }
}

impl FirstRun {
    /// The trial with this number, while it runs.
    pub(super) fn trial(&mut self, number: u64) -> Option<&mut Trial> {
        match &mut self.page {
            Page::Trial(trial) if trial.number == number && trial.is_running() => Some(trial),
            _ => None,
        }
    }

    /// A trial is over.
    pub(super) fn tried(&mut self, number: u64, result: Result<(), String>) {
        let Some(trial) = self.trial(number) else { return };
        match result {
            Ok(()) if trial.all_well() => self.keep(),
            Ok(()) => trial.now(Stage::Wrong),
            // Settings that cannot be tried cannot be kept either.
            Err(why) => {
                self.page = Page::Account;
                self.said = Some(clean_line(&why));
            }
        }
    }

    fn keep(&mut self) {
        if let Page::Trial(trial) = &mut self.page {
            trial.now(Stage::Keeping);
            self.effects.push(Effect::Keep(Box::new(trial.account.clone())));
        }
    }

    /// The account was written down, or not.
    pub(super) fn kept(&mut self, result: Result<(), String>) {
        let Page::Trial(trial) = &mut self.page else { return };
        match result {
            // Kept although something is wrong: the agent has read what, and goes on.
            Ok(()) if !trial.all_well() => self.effects.push(Effect::Leave(Leaving::Open)),
            Ok(()) => trial.now(Stage::Kept),
            Err(why) => {
                trial.now(Stage::Wrong);
                self.said = Some(clean_line(&why));
            }
        }
    }

    /// A key while an account is tried.
    pub(super) fn at_the_trial(&mut self, key: KeyEvent) {
        let Page::Trial(trial) = &mut self.page else { return };
        let next = match (key.code, trial.stage) {
            (KeyCode::Esc, Stage::Trying) => Some(Next::Stop),
            (KeyCode::Esc, Stage::Wrong) => Some(Next::Change),
            (KeyCode::Esc, Stage::Kept) => Some(Next::Open),
            _ => trial.menu.key(key),
        };
        match next {
            Some(Next::Stop) => {
                self.effects.push(Effect::StopTrying);
                self.page = Page::Account;
                self.said = Some("Stopped. Nothing was written down.".to_owned());
            }
            Some(Next::Change) => self.page = Page::Account,
            Some(Next::Again) => {
                let account = trial.account.clone();
                self.try_out(account);
            }
            Some(Next::Keep) => self.keep(),
            Some(Next::Open) => self.effects.push(Effect::Leave(Leaving::Open)),
            None => {}
        }
    }
}
