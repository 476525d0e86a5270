//! How the accounts are doing, for the status line.

use crate::model::{AccountStatus, Activity, Progress, Timestamp};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The state of all accounts; cheap to copy, always the latest.
#[derive(Clone)]
pub struct StatusBoard {
    rows: watch::Sender<Vec<AccountStatus>>,
    /// Accounts that somebody wants pulled now.
    wished: Arc<Mutex<BTreeSet<String>>>,
}

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
        StatusBoard { rows: watch::channel(accounts.map(idle).collect()).0, wished: Arc::default() }
    }

    /// To be told of changes.
    pub fn listen(&self) -> watch::Receiver<Vec<AccountStatus>> {
        self.rows.subscribe()
    }

    /// How the accounts are now.
    pub fn now(&self) -> Vec<AccountStatus> {
        self.rows.borrow().clone()
    }

    /// Somebody wants an account pulled now, or all.
    pub(super) fn wish(&self, account: Option<&str>) {
        let mut wished = self.wished.lock().unwrap_or_else(PoisonError::into_inner);
        match account {
            Some(account) => drop(wished.insert(account.to_owned())),
            None => wished.extend(self.rows.borrow().iter().map(|row| row.name.clone())),
        }
    }

    /// True once when somebody wanted this account pulled.
    pub(super) fn take_wish(&self, account: &str) -> bool {
        self.wished.lock().unwrap_or_else(PoisonError::into_inner).remove(account)
    }

    /// Shows these accounts; of those in `anew` nothing is known.
    pub(super) fn show(&self, accounts: impl Iterator<Item = String>, anew: &[String]) {
        self.rows.send_if_modified(|rows| {
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
        self.rows.send_if_modified(|rows| match rows.iter_mut().find(|row| row.name == account) {
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
            if let Some(progress) = progress.filter(|progress| progress.total > 0) {
                row.backlog = Some(progress.total.saturating_sub(progress.done));
            }
        });
    }

    pub(super) fn well(&self, account: &str, activity: Activity, now: Timestamp) {
        self.update(account, |row| {
            row.activity = activity;
            row.progress = None;
            row.trouble = String::new();
            row.next = None;
            row.last_success = Some(now);
            if activity == Activity::Watching && row.backlog.is_some() {
                row.backlog = Some(0);
            }
        });
    }

    pub(super) fn budget(&self, account: &str, left: String, until: Option<Timestamp>) {
        self.update(account, |row| {
            row.budget = left;
            row.budget_until = until;
        });
    }

    /// When it is asked again at the latest.
    pub(super) fn next(&self, account: &str, next: Timestamp) {
        self.update(account, |row| row.next = Some(next));
    }

    pub(super) fn trouble(&self, account: &str, activity: Activity, trouble: String, next: Option<Timestamp>) {
        self.update(account, |row| {
            row.activity = activity;
            row.trouble = trouble;
            row.next = next;
        });
    }
}
