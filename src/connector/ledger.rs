//! What an account may spend: so many calls in so long, as the platform counts them. Spent before a call is made, kept
//! over restarts where the span is long, corrected by what the platform says in its headers.

use crate::model::Timestamp;
use minicbor::{Decode, Encode};
use std::sync::{Mutex, PoisonError};

/// What outlives a restart: allowances over at least this long, in milliseconds.
const LONG: i64 = 3_600_000;

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

    /// Goes on from what was kept. What cannot be read, or has other limits by now, is left out.
    pub fn restore(&self, bytes: &[u8]) {
        let kept: Kept = minicbor::decode(bytes).unwrap_or_default();
        self.with(|lines| {
            for line in lines.iter_mut() {
                let same = |old: &&Line| old.name == line.name && old.span == line.span;
                if let Some(old) = kept.lines.iter().find(same) {
                    (line.spent, line.began) = (old.spent, old.began);
                }
            }
        });
    }
}

impl Line {
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
