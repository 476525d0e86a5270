//! A slice of scoring: some customers, computed without the writer's lock and written in one commit.

use super::layer::Current;
use crate::desk::{Desk, DeskError, SYSTEM};
use crate::model::{CustomerId, Event, EventKind, Rescore, Score, ScoreKind, ScoredRow, SegmentKind, Timestamp};
use crate::score::segment::{Model, Row};
use crate::score::{Peers, SCORES};
use crate::store::StoreError;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// A change of so much of a score's range is worth a row.
const MATERIAL: f64 = 0.05;

/// What a slice came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sliced {
    /// Customers come past, those among them that turned out to be another's: what a slice goes on behind.
    pub customers: u64,
    /// Messages looked at for that.
    pub messages: u64,
    /// Customers whose scores changed.
    pub changed: u64,
    /// Customers whose scores cannot be computed; the log says why.
    pub failed: u64,
    /// There is no more to do.
    pub done: bool,
}

impl std::ops::AddAssign for Sliced {
    fn add_assign(&mut self, other: Self) {
        self.customers += other.customers;
        self.messages += other.messages;
        self.changed += other.changed;
        self.failed += other.failed;
        self.done = other.done;
    }
}

/// Which changes are worth writing a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Worth {
    /// Any: the row is to be of this version and time.
    Always,
    /// Whatever a screen would show differently.
    Visible,
    /// Another band, another number of facts, or a good deal more or less: time alone moves every number a little every day.
    Material,
}

/// What slices share: the model, the others, the segments as they were fitted.
pub(super) struct Frame {
    pub current: Arc<Current>,
    pub peers: Arc<Peers>,
    pub models: Vec<Model>,
    pub now: Timestamp,
}

/// One customer's new row, beside what is kept of them.
pub(super) struct Computed {
    row: ScoredRow,
    old: Option<ScoredRow>,
    mood: Option<i8>,
    /// As the customer's row says it.
    mood_before: Option<i8>,
}

/// A mood as the inbox shows it: in steps of ten.
fn mood(scores: &[Score]) -> Option<i8> {
    let value = scores.iter().find(|score| score.kind == ScoreKind::Mood)?.value?;
    Some(((value * 10.0).round() * 10.0).clamp(-100.0, 100.0) as i8)
}

fn moved(old: &Score, new: &Score) -> bool {
    let (Some(from), Some(to)) = (old.value, new.value) else { return old.value.is_some() != new.value.is_some() };
    let (least, most) = new.kind.range();
    let span = if most - least < 1e6 { most - least } else { from.abs().max(1.0) };
    (to - from).abs() > MATERIAL * span
}

/// Whether a row is worth writing over another.
fn differs(old: &ScoredRow, new: &ScoredRow, worth: Worth) -> bool {
    if worth == Worth::Always
        || old.outdated > 0
        || old.segments != new.segments
        || old.messages != new.messages
        || old.scores.len() != new.scores.len()
    {
        return true;
    }
    old.scores.iter().zip(&new.scores).any(|(old, new)| {
        let plainly = old.kind != new.kind || old.band != new.band || old.sample != new.sample;
        plainly
            || match worth {
                Worth::Material => moved(old, new),
                Worth::Always => true,
                Worth::Visible => old.shown != new.shown || old.reasons != new.reasons || old.next != new.next,
            }
    })
}

/// The segments of a customer: placed by the last fits; where only a fit can tell, as it did.
fn segments(models: &[Model], row: &Row, now: Timestamp, old: Option<&ScoredRow>) -> Vec<(SegmentKind, String)> {
    let before =
        |kind: SegmentKind| old?.segments.iter().find(|(known, _)| *known == kind).map(|(_, name)| name.clone());
    let place = |model: &Model| {
        let name = match model {
            Model::Dbscan(_) => before(SegmentKind::Dbscan),
            placing => placing.place(row, now).map(str::to_owned),
        };
        Some((model.kind(), name?))
    };
    models.iter().filter_map(place).collect()
}

impl Desk {
    pub(super) fn frame(&self) -> Result<Frame, DeskError> {
        let now = self.now();
        Ok(Frame { current: self.current(), peers: self.peers()?, models: self.segment_models()?, now })
    }

    /// Computes the row of a customer; `None` where there is none. A panic inside is that customer's alone.
    fn compute(&self, id: CustomerId, frame: &Frame) -> Result<Option<Computed>, DeskError> {
        let Some(customer) = self.store.customer(id)? else { return Ok(None) };
        // Before anything is gathered: what comes in from here on is known by what is marked in the row beyond this.
        let old = self.store.scored(customer.id)?;
        let gathered = self.gather(&customer, Some(&frame.current), frame.now)?;
        let version = frame.current.version();
        let score = |(_, scorer): &(ScoreKind, crate::score::Scorer)| scorer(&gathered.history, &frame.peers, version);
        let scores: Vec<Score> = SCORES.iter().map(score).collect();
        let counted = Row::of(&gathered.history);
        let row = ScoredRow {
            customer: customer.id,
            segments: segments(&frame.models, &counted, frame.now, old.as_ref()),
            last: counted.last,
            count: counted.count,
            version,
            at: frame.now,
            covers: gathered.covers,
            messages: gathered.messages,
            scores,
            outdated: 0,
        };
        Ok(Some(Computed { mood: mood(&row.scores), mood_before: customer.mood, row, old }))
    }

    /// Scores these customers and writes what changed. What `progress` makes of how far scoring is goes into the same
    /// commit. Stops after `most` messages; how many customers it came past is in the report, and beside it who was scored.
    pub(super) fn score_slice(
        &self,
        ids: &[CustomerId],
        most: u64,
        worth: impl Fn(&ScoredRow, u64) -> Worth,
        progress: impl FnOnce(&mut Rescore, &Sliced, u64),
    ) -> Result<(Sliced, BTreeSet<CustomerId>), DeskError> {
        let frame = self.frame()?;
        let version = frame.current.version();
        let mut sliced = Sliced::default();
        let (mut computed, mut gone) = (Vec::new(), Vec::new());
        let mut people = BTreeSet::new();
        for id in ids {
            sliced.customers += 1;
            let root = match self.store.root(*id) {
                Err(error) if error.is_damaged() => {
                    tracing::error!(customer = %id, %error, "the scores of a customer");
                    sliced.failed += 1;
                    continue;
                }
                root => root?,
            };
            if root != *id {
                gone.push(*id);
            }
            // One and the other that turned out to be the same are one person.
            if people.contains(&root) {
                continue;
            }
            people.insert(root);
            match catch_unwind(AssertUnwindSafe(|| self.compute(root, &frame))) {
                Ok(Ok(None)) => drop(people.remove(&root)),
                Ok(Ok(Some(found))) => {
                    sliced.messages += u64::from(found.row.messages);
                    let keep = found.old.as_ref().is_none_or(|old| differs(old, &found.row, worth(old, version)));
                    if keep || found.mood_before != found.mood {
                        computed.push(found);
                    }
                }
                // What one row has wrong must not keep the others from their scores.
                Ok(Err(error)) if !error.is_disk_full() => {
                    tracing::error!(customer = %root, %error, "the scores of a customer");
                    sliced.failed += 1;
                }
                Ok(Err(error)) => return Err(error),
                Err(_) => {
                    tracing::error!(customer = %root, "computing the scores of a customer broke; please report this");
                    sliced.failed += 1;
                }
            }
            if sliced.messages >= most {
                break;
            }
        }
        self.write_slice(computed, &gone, &mut sliced, version, progress)?;
        Ok((sliced, people))
    }

    fn write_slice(
        &self,
        computed: Vec<Computed>,
        gone: &[CustomerId],
        sliced: &mut Sliced,
        version: u64,
        progress: impl FnOnce(&mut Rescore, &Sliced, u64),
    ) -> Result<(), DeskError> {
        let _writer = self.write();
        let mut transaction = self.store.begin();
        let mut event = Event::new(EventKind::Scored, self.now(), SYSTEM);
        for id in gone {
            transaction.delete_scored(*id)?;
        }
        for Computed { mut row, old, mood, .. } in computed {
            // It may have become another's while its numbers were computed; then it is marked again.
            let Some(mut customer) = transaction.customer(row.customer)?.filter(|now| now.merged_into.is_none()) else {
                continue;
            };
            if customer.mood != mood {
                customer.mood = mood;
                transaction.put_customer(&customer)?;
            }
            // What came in while its numbers were computed is not in them.
            let kept = transaction.scored(row.customer)?;
            let seen = old.as_ref().map_or(0, |old| old.outdated);
            row.outdated = kept.map_or(0, |kept| kept.outdated.saturating_sub(seen));
            if let Some(moved) = self.moved_segment(&row, old.as_ref()) {
                transaction.put_history(&moved);
            }
            transaction.put_scored(&row)?;
            event.customers.push(row.customer);
        }
        sliced.changed = event.customers.len() as u64;
        let before = self.rescore()?;
        let mut rescore = before.clone();
        progress(&mut rescore, sliced, version);
        if before != rescore {
            transaction.put_rescore(&rescore);
        }
        if transaction.is_empty() {
            return Ok(());
        }
        // What is left of a full disk belongs to messages and agents.
        self.store.engine().room().map_err(StoreError::from)?;
        event.summary = match sliced.changed {
            0 => "looked at; no score changed".to_owned(),
            1 => "scores of one customer".to_owned(),
            changed => format!("scores of {changed} customers"),
        };
        self.commit(transaction, event)
    }

    /// The event that a customer is in another segment than before; the first one of a kind is no change.
    pub(super) fn moved_segment(&self, row: &ScoredRow, old: Option<&ScoredRow>) -> Option<Event> {
        let moves: Vec<String> = row
            .segments
            .iter()
            .filter_map(|(kind, name)| {
                let (_, before) = old?.segments.iter().find(|(known, _)| known == kind)?;
                (before != name).then(|| format!("segment ({}) {before} → {name}", kind.word()))
            })
            .collect();
        if moves.is_empty() {
            return None;
        }
        let mut event = Event::new(EventKind::Segment, self.now(), SYSTEM);
        event.customers = vec![row.customer];
        event.summary = moves.join("; ");
        Some(event)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::desk::tests::paper::{Paper, mail};
    use std::cell::Cell;

    /// Its numbers were computed without it.
    #[test]
    fn what_comes_in_while_a_customer_is_scored_still_counts() {
        let paper = Paper::new();
        paper.receive(&[mail("1@a", "Ana <ana@a.example>", -30)]);
        let ana = paper.customer("Ana");
        let come_in = || {
            let mut transaction = paper.desk.store().begin();
            transaction.outdate_scores(ana).unwrap();
            transaction.commit(&Event::new(EventKind::Ingested, paper.desk.now(), "lin")).unwrap();
        };
        paper.desk.score_customer(ana).unwrap();
        come_in();
        assert!(paper.desk.scorecard(ana).unwrap().stale);
        // One is marked already; another comes in between computing and writing.
        let asked = Cell::new(0);
        let worth = |_: &ScoredRow, _| {
            asked.set(asked.get() + 1);
            come_in();
            Worth::Always
        };
        paper.desk.score_slice(&[ana], 1_000, worth, |_, _, _| {}).unwrap();
        assert_eq!(asked.get(), 1);
        assert!(paper.desk.scorecard(ana).unwrap().stale, "it is not in the numbers");
        paper.desk.score_customer(ana).unwrap();
        assert!(!paper.desk.scorecard(ana).unwrap().stale);
    }
}
