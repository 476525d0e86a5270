//! What came in and what was turned away, counted by account and kind.

use crate::connector::Refusal;
use crate::model::Timestamp;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Of each account and kind, one line in the log in so long.
const QUIET: Duration = Duration::from_secs(60);

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Written down.
    Accepted,
    /// It came before: answered, and nothing changed.
    Duplicate,
    /// A handshake was answered.
    Challenge,
    /// The account's hook turned it away.
    Refused(Refusal),
    /// No such account, or none that anything is pushed to.
    UnknownAccount,
    /// Neither GET nor POST.
    Method,
    /// The body is larger than is taken.
    TooLarge,
    /// It did not come in within the time, or broke off.
    Unfinished,
    /// The store was busy for longer than the platform waits: it will try again.
    Busy,
    /// The disk is full: it will try again.
    DiskFull,
    /// The store refuses: it will try again.
    Trouble,
    /// Too many connections at the same time.
    TooMany,
}

impl Kind {
    /// The word scripts see.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Accepted => "accepted",
            Kind::Duplicate => "duplicate",
            Kind::Challenge => "challenge",
            Kind::Refused(Refusal::Unsigned) => "unsigned",
            Kind::Refused(Refusal::Forged) => "forged",
            Kind::Refused(Refusal::Stale) => "stale",
            Kind::Refused(Refusal::Malformed) => "malformed",
            Kind::Refused(Refusal::NotConfigured) => "not_configured",
            Kind::UnknownAccount => "unknown_account",
            Kind::Method => "method",
            Kind::TooLarge => "too_large",
            Kind::Unfinished => "unfinished",
            Kind::Busy => "busy",
            Kind::DiskFull => "disk_full",
            Kind::Trouble => "trouble",
            Kind::TooMany => "too_many",
        }
    }

    /// The status it is answered with.
    pub(super) fn status(self) -> u16 {
        match self {
            Kind::Accepted | Kind::Duplicate | Kind::Challenge => 200,
            Kind::Refused(Refusal::Unsigned | Refusal::Forged | Refusal::Stale) => 401,
            Kind::Refused(Refusal::Malformed) => 400,
            Kind::UnknownAccount => 404,
            Kind::Method => 405,
            Kind::Unfinished => 408,
            Kind::TooLarge => 413,
            Kind::Refused(Refusal::NotConfigured) | Kind::Busy | Kind::DiskFull | Kind::Trouble | Kind::TooMany => 503,
        }
    }

    fn is_refused(self) -> bool {
        !matches!(self, Kind::Accepted | Kind::Duplicate | Kind::Challenge)
    }
}

/// What came to one account since the program started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountTally {
    /// Written down.
    pub accepted: u64,
    /// Came before.
    pub duplicate: u64,
    /// Handshakes answered.
    pub challenge: u64,
    /// Turned away, by the word of the kind.
    pub refused: BTreeMap<&'static str, u64>,
    /// When something was last written down or recognised.
    pub last: Option<Timestamp>,
}

#[derive(Default)]
struct Book {
    /// By account; what belongs to none is at `None`.
    accounts: BTreeMap<Option<String>, AccountTally>,
    /// When the log was last told, and what it was not told since.
    told: BTreeMap<(Option<String>, Kind), (Instant, u64)>,
    open: Option<SocketAddr>,
}

/// All counts. Only accounts that are configured have a line, so that strangers cannot make it grow.
#[derive(Default)]
pub struct Tally(Mutex<Book>);

impl Tally {
    fn with<T>(&self, work: impl FnOnce(&mut Book) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn opened(&self, address: Option<SocketAddr>) {
        self.with(|book| book.open = address);
    }

    /// Where is listened; `None` when nothing can be pushed.
    pub fn address(&self) -> Option<SocketAddr> {
        self.with(|book| book.open)
    }

    /// What came to an account; with `None`, what came to no account.
    pub fn of(&self, account: Option<&str>) -> AccountTally {
        self.with(|book| book.accounts.get(&account.map(str::to_owned)).cloned().unwrap_or_default())
    }

    pub(super) fn count(&self, account: Option<&str>, kind: Kind) {
        let account = account.map(str::to_owned);
        let untold = self.with(|book| {
            let tally = book.accounts.entry(account.clone()).or_default();
            match kind {
                Kind::Accepted => tally.accepted += 1,
                Kind::Duplicate => tally.duplicate += 1,
                Kind::Challenge => tally.challenge += 1,
                refused => *tally.refused.entry(refused.word()).or_default() += 1,
            }
            if matches!(kind, Kind::Accepted | Kind::Duplicate) {
                tally.last = Some(Timestamp::from(jiff::Timestamp::now()));
            }
            if !kind.is_refused() {
                return None;
            }
            match book.told.get_mut(&(account.clone(), kind)) {
                Some((since, untold)) if since.elapsed() < QUIET => {
                    *untold += 1;
                    None
                }
                told => {
                    let untold = told.map_or(0, |(_, untold)| *untold);
                    book.told.insert((account.clone(), kind), (Instant::now(), 0));
                    Some(untold)
                }
            }
        });
        if let Some(untold) = untold {
            let account = account.as_deref().unwrap_or("-");
            tracing::warn!(account, kind = kind.word(), more_before = untold, "a push was turned away");
        }
    }
}
