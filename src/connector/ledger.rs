//! What an account may spend: so many calls in so long, as the platform counts them. Spent before a call is made, kept
//! over restarts where the span is long, corrected by what the platform says in its headers.

use crate::model::Timestamp;
use minicbor::{Decode, Encode};
use std::sync::{Mutex, PoisonError};

/// What outlives a restart: allowances over at least this long, in milliseconds.
const LONG: i64 = 3_600_000;
/// Of what is written down ahead, one of so many is the most a kill may cost.
const PART: u64 = 50;
/// A span that is said to begin so little earlier or later is the same, in milliseconds.
const SAME: i64 = 60_000;

/// One allowance: at most `most` units in `span` milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What it is spent on, one word: `read`, `write`.
    pub name: &'static str,
    /// Units.
    pub most: u64,
    /// Milliseconds.
    pub span: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Line {
    #[n(0)]
    name: String,
    #[n(1)]
    most: u64,
    #[n(2)]
    span: i64,
    #[n(3)]
    spent: u64,
    /// When the present span began; 0 before the first call.
    #[n(4)]
    began: i64,
    /// What is written down as spent, and for which span: at least what is.
    #[cbor(skip)]
    kept: u64,
    #[cbor(skip)]
    kept_for: i64,
}

#[derive(Clone, Debug, Default, Encode, Decode)]
struct Kept {
    #[n(0)]
    lines: Vec<Line>,
}

/// The allowances of one account and what is left of them.
#[derive(Debug)]
pub struct Ledger(Mutex<Vec<Line>>);

impl Ledger {
    /// Nothing spent yet.
    pub fn new(allowances: &[Allowance]) -> Ledger {
        let line = |allowance: &Allowance| Line {
            name: allowance.name.to_owned(),
            most: allowance.most,
            span: allowance.span,
            ..Line::default()
        };
        Ledger(Mutex::new(allowances.iter().map(line).collect()))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Line>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Spends `units` of what is called `name`. An allowance that is not known costs nothing.
    ///
    /// # Errors
    /// The time when there is something to spend again; nothing was spent then.
    pub fn spend(&self, name: &str, units: u64, now: Timestamp) -> Result<(), Timestamp> {
        self.with(|lines| {
            let mine = || lines.iter().filter(|line| line.name == name);
            let short = mine().filter(|line| line.at(now.0) + units > line.most && line.at(now.0) > 0);
            if let Some(until) = short.map(|line| line.began + line.span).max() {
                return Err(Timestamp(until));
            }
            for line in lines.iter_mut().filter(|line| line.name == name) {
                if line.at(now.0) == 0 {
                    (line.began, line.spent) = (now.0, 0);
                }
                line.spent += units;
            }
            Ok(())
        })
    }

    /// Whether `units` of what is called `name` could be spent; spends nothing. For what is only priced when it is there.
    ///
    /// # Errors
    /// The time when there is something to spend again.
    pub fn affords(&self, name: &str, units: u64, now: Timestamp) -> Result<(), Timestamp> {
        self.with(|lines| {
            let short = |line: &&Line| line.name == name && line.at(now.0) + units > line.most && line.at(now.0) > 0;
            let until = lines.iter().filter(short).map(|line| Timestamp(line.began + line.span)).max();
            until.map_or(Ok(()), Err)
        })
    }

    /// Spends what was used already, whether it could be afforded or not.
    pub fn charge(&self, name: &str, units: u64, now: Timestamp) {
        self.with(|lines| {
            for line in lines.iter_mut().filter(|line| line.name == name && units > 0) {
                if line.at(now.0) == 0 {
                    (line.began, line.spent) = (now.0, 0);
                }
                line.spent += units;
            }
        });
    }

    /// The platform says how much is left, and until when.
    pub fn told(&self, name: &str, left: u64, until: Timestamp, now: Timestamp) {
        self.with(|lines| {
            // The shortest span is the one that headers speak of.
            let line = lines.iter_mut().filter(|line| line.name == name).min_by_key(|line| line.span);
            if let Some(line) = line
                && until > now
            {
                line.spent = line.most.saturating_sub(left);
                line.began = until.0 - line.span;
            }
        });
    }

    /// What is left, in words, of the allowance nearest to its end: `63 of 100 reads`, and when it begins anew; `None`
    /// without allowances.
    pub fn left(&self, now: Timestamp) -> Option<(String, Option<Timestamp>)> {
        self.with(|lines| {
            let left = |line: &Line| line.most.saturating_sub(line.at(now.0));
            let line = lines.iter().min_by(|a, b| {
                (u128::from(left(a)) * u128::from(b.most)).cmp(&(u128::from(left(b)) * u128::from(a.most)))
            })?;
            let until = (line.at(now.0) > 0).then(|| Timestamp(line.began + line.span));
            Some((format!("{} of {} {}s", left(line), line.most, line.name), until))
        })
    }

    /// What must outlive a restart; `None` when nothing does.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let lines: Vec<_> =
            self.with(|lines| lines.iter().filter(|line| line.span >= LONG && line.spent > 0).cloned().collect());
        (!lines.is_empty()).then(|| minicbor::to_vec(Kept { lines }).unwrap_or_default())
    }

    /// What must be written down before the next call is paid, so that a kill at any moment forgets nothing that was
    /// spent: somewhat more than is spent, so that not every call costs a commit. `None` as long as what is written down
    /// covers it. Tell [`Ledger::kept`] when it is.
    pub fn ahead(&self, now: Timestamp) -> Option<Vec<u8>> {
        self.with(|lines| {
            let long = || lines.iter().filter(|line| line.span >= LONG);
            if long().all(|line| line.is_covered(now.0)) {
                return None;
            }
            let ahead = |line: &Line| {
                let spent = line.at(now.0);
                let began = if spent == 0 { now.0 } else { line.began };
                Line { spent: (spent + line.reserve()).min(line.most.max(spent)), began, ..line.clone() }
            };
            let lines = long().map(ahead).collect();
            Some(minicbor::to_vec(Kept { lines }).unwrap_or_default())
        })
    }

    /// These bytes, of [`Ledger::ahead`] or [`Ledger::to_bytes`], are written down.
    pub fn kept(&self, bytes: &[u8]) {
        let kept: Kept = minicbor::decode(bytes).unwrap_or_default();
        self.with(|lines| {
            for line in lines.iter_mut().filter(|line| line.span >= LONG) {
                let same = |written: &&Line| written.name == line.name && written.span == line.span;
                let written = kept.lines.iter().find(same).map(|written| (written.spent, written.began));
                (line.kept, line.kept_for) = written.unwrap_or_default();
            }
        });
    }

    /// Goes on from what was kept. What cannot be read, or has other limits by now, is left out.
    pub fn restore(&self, bytes: &[u8]) {
        let kept: Kept = minicbor::decode(bytes).unwrap_or_default();
        self.with(|lines| {
            for line in lines.iter_mut() {
                let same = |old: &&Line| old.name == line.name && old.span == line.span;
                if let Some(old) = kept.lines.iter().find(same) {
                    (line.spent, line.began) = (old.spent, old.began);
                    (line.kept, line.kept_for) = (old.spent, old.began);
                }
            }
        });
    }
}

impl Line {
    /// Written down beyond what is spent.
    fn reserve(&self) -> u64 {
        (self.most / PART).max(4)
    }

    /// What is written down covers what is spent, and a good part of a reserve.
    fn is_covered(&self, now: i64) -> bool {
        let spent = self.at(now);
        let this_span = match spent {
            0 => now < self.kept_for + self.span && now >= self.kept_for,
            _ => (self.kept_for - self.began).abs() <= SAME,
        };
        this_span && (self.kept >= self.most || self.kept >= spent + self.reserve().div_ceil(2))
    }

    /// Spent in the span that `now` is in.
    fn at(&self, now: i64) -> u64 {
        if now >= self.began + self.span || now < self.began { 0 } else { self.spent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn weibo() -> Ledger {
        Ledger::new(&[
            Allowance { name: "read", most: 3, span: DAY },
            Allowance { name: "write", most: 30, span: 3_600_000 },
        ])
    }

    #[test]
    fn what_is_spent_is_gone_until_the_span_is_over() {
        let ledger = weibo();
        let began = Timestamp(1_000);
        for _ in 0..3 {
            assert_eq!(ledger.spend("read", 1, began), Ok(()));
        }
        assert_eq!(ledger.spend("read", 1, Timestamp(2_000)), Err(Timestamp(1_000 + DAY)));
        assert_eq!(ledger.spend("write", 1, Timestamp(2_000)), Ok(()), "another allowance");
        assert_eq!(ledger.left(Timestamp(2_000)), Some(("0 of 3 reads".to_owned(), Some(Timestamp(1_000 + DAY)))));
        assert_eq!(ledger.spend("read", 1, Timestamp(1_000 + DAY)), Ok(()));
    }

    #[test]
    fn a_restart_does_not_give_the_day_back() {
        let ledger = weibo();
        for _ in 0..3 {
            ledger.spend("read", 1, Timestamp(1_000)).expect("there is some");
        }
        let kept = ledger.to_bytes().expect("a day is long");
        let next = weibo();
        next.restore(&kept);
        assert!(next.spend("read", 1, Timestamp(5_000)).is_err());
        next.restore(b"rubbish");
        assert!(next.spend("read", 1, Timestamp(5_000)).is_err(), "what cannot be read changes nothing");
    }

    #[test]
    fn a_kill_at_any_moment_overspends_nothing_and_few_calls_cost_a_commit() {
        const MOST: u64 = 20_000;
        let new = || Ledger::new(&[Allowance { name: "money", most: MOST, span: 30 * DAY }]);
        let (mut ledger, mut disk, mut commits, mut spent, mut kills) = (new(), Vec::new(), 0, 0, 0);
        let mut random = fastrand::Rng::with_seed(7);
        for call in 0..2_000_i64 {
            let now = Timestamp(1_000_000 + call * 1_000);
            if let Some(bytes) = ledger.ahead(now) {
                ledger.kept(&bytes);
                (disk, commits) = (bytes, commits + 1);
            }
            let price = random.u64(1..=100);
            if ledger.spend("money", price, now).is_ok() {
                spent += price;
            }
            if random.u32(..100) == 0 {
                ledger = new();
                ledger.restore(&disk);
                kills += 1;
            }
        }
        assert!(spent <= MOST, "{spent} of {MOST} after {kills} kills");
        assert!(spent >= MOST.saturating_sub(MOST / 50 * (kills + 1)), "{spent} of {MOST} after {kills} kills");
        assert!(kills > 5 && commits < 150, "{commits} commits, {kills} kills");
        // The next span is a new one, and a clean end gives back what was written down ahead.
        let now = Timestamp(1_000_000 + 31 * DAY);
        let bytes = ledger.ahead(now).expect("a new span");
        ledger.kept(&bytes);
        ledger.spend("money", 5, now).expect("there is some");
        let next = new();
        next.restore(&ledger.to_bytes().expect("something is spent"));
        assert_eq!(next.left(now).expect("an allowance").0, format!("{} of {MOST} moneys", MOST - 5));
    }

    #[test]
    fn what_is_priced_afterwards_is_charged_all_the_same() {
        let ledger = weibo();
        assert_eq!(ledger.affords("read", 1, Timestamp(1_000)), Ok(()));
        ledger.charge("read", 5, Timestamp(1_000));
        assert_eq!(ledger.affords("read", 1, Timestamp(2_000)), Err(Timestamp(1_000 + DAY)));
        assert_eq!(ledger.affords("write", 1, Timestamp(2_000)), Ok(()));
        assert_eq!(ledger.affords("read", 1, Timestamp(1_000 + DAY)), Ok(()));
    }

    #[test]
    fn the_platform_knows_better() {
        let ledger = weibo();
        ledger.told("read", 1, Timestamp(DAY), Timestamp(1_000));
        assert_eq!(ledger.spend("read", 1, Timestamp(2_000)), Ok(()));
        assert_eq!(ledger.spend("read", 1, Timestamp(2_000)), Err(Timestamp(DAY)));
    }
}
