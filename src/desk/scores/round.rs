//! Rounds: everybody is scored once, after another model or every night. A round goes on where it was after a crash, and
//! where it was stopped.

use super::slice::{Sliced, Worth};
use crate::desk::{Desk, DeskError, SYSTEM};
use crate::model::{CustomerId, Event, EventKind, Rescore, ScoredRow};

/// Customers counted for the size of a round at a time.
const PAGE: usize = 1_000;

/// Where the present round is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// As it is kept.
    pub rescore: Rescore,
    /// Somebody is still to be scored, and nobody stopped it.
    pub due: bool,
}

impl Desk {
    /// Where scoring everybody is. It is due when the version changed, and when it never was done.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn round(&self) -> Result<Round, DeskError> {
        let version = self.score_version();
        let rescore = self.store.rescore()?.unwrap_or_default();
        let other = rescore.version != version;
        let due = other || !(rescore.done || rescore.stopped);
        Ok(Round { rescore, due })
    }

    /// Begins a round. One under way with the same version goes on instead, unless `anew`.
    ///
    /// # Errors
    /// When the store refuses.
    pub fn begin_round(&self, anew: bool) -> Result<(), DeskError> {
        // A slice under way says where its own round is.
        let _turn = self.scoring.turn();
        let version = self.score_version();
        let now = self.now();
        let known = self.store.rescore()?;
        let goes_on = known.as_ref().is_some_and(|known| known.version == version && !known.done && !anew);
        if goes_on && known.as_ref().is_some_and(|known| !known.stopped) {
            return Ok(());
        }
        let total = if goes_on { 0 } else { self.count_customers()? };
        let _writer = self.write();
        let before = self.rescore()?;
        let rescore = if goes_on {
            Rescore { stopped: false, ..before }
        } else {
            // A round that was not over is followed by one that begins where it was.
            let from = before.at.filter(|_| !before.done);
            Rescore {
                version,
                from,
                at: None,
                wrapped: false,
                done: false,
                scored: 0,
                messages: 0,
                total,
                began: now,
                stopped: false,
                seen: before.seen,
                fitted: before.fitted,
                settled: before.settled,
            }
        };
        self.put_rescore(SYSTEM, &rescore, format!("scoring {total} customers"))
    }

    /// Stops the round under way. It goes on when it is asked for.
    ///
    /// # Errors
    /// [`DeskError::Refused`] when there is none.
    pub fn stop_round(&self, agent: &str) -> Result<(), DeskError> {
        let _turn = self.scoring.turn();
        let _writer = self.write();
        match self.store.rescore()?.filter(|rescore| !rescore.done && !rescore.stopped) {
            Some(rescore) => {
                let said = format!("scoring stopped at {} of {} customers", rescore.scored, rescore.total);
                self.put_rescore(agent, &Rescore { stopped: true, ..rescore }, said)
            }
            None => Err(DeskError::Refused("nobody is being scored at the moment".to_owned())),
        }
    }

    /// How far scoring is; before the first time, everything that happened so far is the first round's to score.
    pub(super) fn rescore(&self) -> Result<Rescore, DeskError> {
        let known = self.store.rescore()?;
        Ok(known.unwrap_or_else(|| Rescore { seen: self.store.engine().last(), ..Rescore::default() }))
    }

    fn put_rescore(&self, by: &str, rescore: &Rescore, said: String) -> Result<(), DeskError> {
        let mut transaction = self.store.begin();
        transaction.put_rescore(rescore);
        let mut event = Event::new(EventKind::Scored, self.now(), by);
        event.summary = said;
        self.commit(transaction, event)
    }

    fn count_customers(&self) -> Result<u64, DeskError> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.store.each_customer(after, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(count) };
            after = Some(*last);
            count += page.len() as u64;
        }
    }

    /// Scores the next customers of the round: at most so many, and about so many messages. Where it is then is in the same
    /// commit.
    ///
    /// # Errors
    /// When the store refuses; the round is where it was.
    pub fn score_on(&self, customers: usize, messages: u64) -> Result<Sliced, DeskError> {
        let _turn = self.scoring.turn();
        let Some(rescore) = self.store.rescore()? else {
            return Ok(Sliced { done: true, ..Sliced::default() });
        };
        if rescore.done || rescore.stopped {
            return Ok(Sliced { done: true, ..Sliced::default() });
        }
        let after = match (rescore.at, rescore.wrapped) {
            (None, false) => rescore.from,
            (at, _) => at,
        };
        let mut page: Vec<CustomerId> =
            self.store.each_customer(after, customers)?.into_iter().map(|(id, _)| id).collect();
        let ends = page.is_empty();
        if rescore.wrapped {
            page.retain(|id| rescore.from.is_some_and(|from| *id <= from));
        }
        let over = page.is_empty() && (rescore.wrapped || rescore.from.is_none());
        let ids = page.clone();
        let progress = move |row: &mut Rescore, sliced: &Sliced, version: u64| {
            row.scored += sliced.customers;
            // Some may have come since they were counted.
            row.total = row.total.max(row.scored);
            row.messages += sliced.messages;
            if let Some(last) = ids.get((sliced.customers as usize).saturating_sub(1)).filter(|_| !ids.is_empty()) {
                row.at = Some(*last);
            } else if over {
                row.done = true;
                if row.version == version {
                    row.settled = version;
                }
            } else if ends {
                row.wrapped = true;
                row.at = None;
            }
        };
        // After another model all that looks different counts; with the same one, what time alone moves does not.
        let worth = |old: &ScoredRow, version: u64| match old.version == version || rescore.settled == version {
            true => Worth::Material,
            false => Worth::Visible,
        };
        let (mut sliced, _) = self.score_slice(&page, messages, worth, progress)?;
        sliced.done = over;
        Ok(sliced)
    }
}
