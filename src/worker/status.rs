//! How the accounts are doing, for the status line.

use crate::model::{AccountStatus, Activity, Progress, Timestamp};
use tokio::sync::watch;

/// The state of all accounts; cheap to copy, always the latest.
#[derive(Clone)]
pub struct StatusBoard(watch::Sender<Vec<AccountStatus>>);

fn idle(name: String) -> AccountStatus {
    AccountStatus {
        name,
        activity: Activity::Idle,
        progress: None,
        trouble: String::new(),
        next: None,
        last_success: None,
        budget: String::new(),
        budget_until: None,
        backlog: None,
    }
}

impl StatusBoard {
    /// A board of accounts that have not started.
    pub fn new(accounts: impl Iterator<Item = String>) -> StatusBoard {
        StatusBoard(watch::channel(accounts.map(idle).collect()).0)
    }

    /// To be told of changes.
    pub fn listen(&self) -> watch::Receiver<Vec<AccountStatus>> {
        self.0.subscribe()
    }

    /// Shows these accounts; of those in `anew` nothing is known.
    pub(super) fn show(&self, accounts: impl Iterator<Item = String>, anew: &[String]) {
        self.0.send_if_modified(|rows| {
            let mut known = std::mem::take(rows);
            known.retain(|row| !anew.contains(&row.name));
            let before = known.clone();
            *rows = accounts
                .map(|name| match known.iter().position(|row| row.name == name) {
                    Some(at) => known.swap_remove(at),
                    None => idle(name),
                })
                .collect();
            *rows != before
        });
    }

    fn update(&self, account: &str, change: impl FnOnce(&mut AccountStatus)) {
        self.0.send_if_modified(|rows| match rows.iter_mut().find(|row| row.name == account) {
            Some(row) => {
                let before = row.clone();
                change(row);
                *row != before
            }
            None => false,
        });
    }

    pub(super) fn doing(&self, account: &str, activity: Activity, progress: Option<Progress>) {
        self.update(account, |row| {
            row.activity = activity;
            row.progress = progress;
        });
    }

    pub(super) fn well(&self, account: &str, activity: Activity, now: Timestamp) {
        self.update(account, |row| {
            row.activity = activity;
            row.progress = None;
            row.trouble = String::new();
            row.next = None;
            row.last_success = Some(now);
        });
    }

    pub(super) fn budget(&self, account: &str, left: String, until: Option<Timestamp>) {
        self.update(account, |row| {
            row.budget = left;
            row.budget_until = until;
        });
    }

    pub(super) fn trouble(&self, account: &str, activity: Activity, trouble: String, next: Option<Timestamp>) {
        self.update(account, |row| {
            row.activity = activity;
            row.trouble = trouble;
            row.next = next;
        });
    }
}
