//! A state made anew beside the one in use, while commits and readers go on.
//!
//! It is filled from the journal, or by copying the rows in the order of their keys; then it is brought up to the journal,
//! whose records say of every row what it is, not how it changes. What was copied while it changed is put right by that.
//! Only for the last few records and the exchange of the two do commits wait, and for the exchange readers too. A crash on
//! the way costs the copy, or leaves no state, which the next start makes anew from the journal.

use super::compact::{NEW_STATE, copy_rows};
use super::files;
use super::journal::At;
use super::opening::{OLD_STATE, STATE};
use super::replay::{From, Replayed, replay};
use super::room;
use super::sled::{RebuildReport, SledEngine};
use super::state::{Applied, State};
use super::{EngineError, Seq};
use std::sync::PoisonError;

/// It is not begun with less room than this.
const LEAST_ROOM: u64 = 16 << 20;
/// A state that takes less is not written in order after it was made.
const LARGE: u64 = if cfg!(test) { 1 } else { 16 << 20 };
/// With at most so many records to go, commits are held.
const FEW: u64 = 32;
/// Those who commit faster than a replay reads are held sooner.
const ROUNDS: u32 = 8;

/// What a new state is filled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filling {
    Journal,
    Rows,
}

impl SledEngine {
    /// Makes the state anew from the journal while the profile is open. Commits and readers go on; at the end they wait
    /// for a moment. Whatever fails before that leaves the state as it was.
    ///
    /// # Errors
    /// When the disk or the state refuses.
    pub fn rebuild_open(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<RebuildReport, EngineError> {
        let report = self.renew(Filling::Journal, progress)?;
        // The journal has the rows in no order.
        if room::bytes_in(&self.dir().join(STATE))? >= LARGE
            && let Err(error) = self.compact_open()
        {
            tracing::warn!(%error, "the state is left as large as it is");
        }
        Ok(report)
    }

    /// Writes the state anew in the order of its keys while the profile is open: after much came in, it then takes about
    /// a third of the disk. Commits and readers go on as with [`SledEngine::rebuild_open`].
    ///
    /// # Errors
    /// When the disk or the state refuses; the state stays as it was.
    pub fn compact_open(&self) -> Result<(), EngineError> {
        self.renew(Filling::Rows, &mut |_, _| {}).map(|_| ())
    }

    fn renew(&self, filling: Filling, progress: &mut dyn FnMut(u64, u64)) -> Result<RebuildReport, EngineError> {
        let _one_at_a_time = self.renewing.lock().unwrap_or_else(PoisonError::into_inner);
        // It writes about as much again as the state holds now. Nothing is begun that would find no room.
        let needed = room::bytes_in(&self.dir().join(STATE))?.saturating_mul(2).max(LEAST_ROOM);
        self.room_for(needed)?;
        let new = self.dir().join(NEW_STATE);
        files::remove_dir(&new)?;
        let made = self.fill(filling, progress).and_then(|report| self.exchange(report));
        if made.is_err()
            && let Err(error) = files::remove_dir(&new)
        {
            tracing::debug!(%error, "the unfinished state is removed later");
        }
        made
    }

    /// A new state, up to nearly all of the journal.
    fn fill(
        &self,
        filling: Filling,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(State, RebuildReport), EngineError> {
        let new = self.dir().join(NEW_STATE);
        let mut report = RebuildReport::default();
        let mut state = State::open(&new, self.cache())?;
        if filling == Filling::Rows {
            let applied = self.shelf().applied()?;
            if let Some(applied) = applied {
                copy_rows(&|from, to, limit| self.shelf().scan(from, to, false, limit), &state, applied)?;
            }
        }
        let mut records = follow(self, &state, &mut report, progress)?;
        let mut rounds = 0;
        while records > FEW && rounds < ROUNDS {
            records = follow(self, &state, &mut report, &mut |_, _| {})?;
            rounds += 1;
        }
        // Opened once more while nobody waits for it: sled takes its time the first time.
        state.sync()?;
        drop(state);
        state = State::open(&new, self.cache())?;
        Ok((state, report))
    }

    /// Puts a new state in the place of the one in use.
    fn exchange(&self, (state, mut report): (State, RebuildReport)) -> Result<RebuildReport, EngineError> {
        let mut commits = self.lock_commits();
        follow(self, &state, &mut report, &mut |_, _| {})?;
        state.sync()?;
        let (new, old) = (self.dir().join(NEW_STATE), self.dir().join(OLD_STATE));
        files::remove_dir(&old)?;
        let exchanged = self.shelf_mut().exchange(state, &new, &old);
        self.after_exchange(exchanged.is_ok());
        exchanged?;
        self.make_checkpoint(&mut commits, false)?;
        drop(commits);
        // sled's threads may still write to the one just closed; then the next start removes it.
        if let Err(error) = files::remove_dir(&old) {
            tracing::debug!(%error, "the old state is removed later");
        }
        Ok(report)
    }
}

/// Applies what the journal has and the state lacks; how many records that was.
fn follow(
    engine: &SledEngine,
    state: &State,
    report: &mut RebuildReport,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Seq, EngineError> {
    let from = match state.applied()? {
        Some(Applied { seq, at, end, hash }) => {
            From { at: At { segment: at.segment, offset: end }, seq: seq + 1, previous: Some(hash) }
        }
        None => From { at: engine.reader.start(), seq: 1, previous: None },
    };
    // Everything there was acknowledged.
    let Replayed { records, damage, .. } = replay(&engine.reader, state, from, u64::MAX, progress)?;
    report.records += records;
    // Damage at the end is met again each time.
    report.damage.extend(damage.into_iter().filter(|found| !report.damage.contains(found)).collect::<Vec<_>>());
    Ok(records)
}
