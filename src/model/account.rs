//! What desk and screen need to know of an account of ours. How to reach it is the connector's own business.

use super::{Abilities, Timestamp};

/// The facts of an account that do not change while the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFacts {
    /// Its name in `config.toml`.
    pub name: String,
    /// The kind of place: `email`.
    pub channel: String,
    /// The address answers come from, as shown.
    pub address: String,
    /// The name answers come from; may be empty.
    pub display_name: String,
    /// All addresses that are ours through this account, normalised, `address` first.
    pub own: Vec<String>,
    /// Undo time before an answer leaves, in milliseconds.
    pub hold: i64,
    /// Where remote ids are made by us: the domain they end with.
    pub id_domain: Option<String>,
    /// Can send.
    pub can_send: bool,
    /// What its channel lets us do.
    pub abilities: Abilities,
}

/// One of the two ways through an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Messages in.
    Receiving,
    /// Messages out.
    Sending,
}

/// What an account's worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Not started.
    Idle,
    /// Reaching for the server.
    Connecting,
    /// Fetching messages.
    Pulling,
    /// Up to date; the server tells when something comes.
    Watching,
    /// In trouble; tries again at `next`.
    BackingOff,
    /// Intake is paused: the disk is full.
    Paused,
    /// Gave up until the configuration changes (wrong password, for instance).
    Stopped,
}

/// How far a long pull has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Messages seen so far.
    pub done: u64,
    /// Messages there are, as far as known.
    pub total: u64,
}

/// The state of an account's worker, for the status line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStatus {
    /// The account.
    pub name: String,
    /// What it is doing.
    pub activity: Activity,
    /// How far, while pulling.
    pub progress: Option<Progress>,
    /// The last trouble in plain words; empty when well.
    pub trouble: String,
    /// When it next tries, while backing off.
    pub next: Option<Timestamp>,
    /// When it last succeeded.
    pub last_success: Option<Timestamp>,
    /// What is left of the account's budget, in plain words: `63 of 100 reads`; empty without one.
    pub budget: String,
    /// When the budget begins anew.
    pub budget_until: Option<Timestamp>,
    /// How much is known to wait at the server; `None` when nobody says.
    pub backlog: Option<u64>,
}

/// The state of a worker that is no account's: what computes scores, for instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerStatus {
    /// What it is: `scores`.
    pub name: String,
    /// What it is doing, in a word: `idle`, `scoring`, `learning`, `fitting`, `backing-off`.
    pub doing: &'static str,
    /// How far, while that takes long: customers.
    pub progress: Option<Progress>,
    /// The last trouble in plain words; empty when well.
    pub trouble: String,
    /// When it next tries, while backing off.
    pub next: Option<Timestamp>,
    /// When it last finished something.
    pub last_success: Option<Timestamp>,
}

impl WorkerStatus {
    /// One that has not started.
    pub fn idle(name: &str) -> WorkerStatus {
        WorkerStatus {
            name: name.to_owned(),
            doing: "idle",
            progress: None,
            trouble: String::new(),
            next: None,
            last_success: None,
        }
    }
}
