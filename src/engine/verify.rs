//! Checking everything: every frame and hash of the journal, and that the state's rows are what the journal says.

use super::files;
use super::journal::reader::Reader;
use super::journal::record::{self, Hash};
use super::journal::scan::{Contents, Found, Scan, Step};
use super::journal::{At, Damage};
use super::opening::{JOURNAL, STATE};
use super::room;
use super::shelf::Shelf;
use super::sled::SledEngine;
use super::state::{Applied, Changes, State};
use super::{Engine, EngineError, Row, Seq};
use std::cmp::Ordering;
use std::fmt;
use std::ops::Bound;
use std::path::Path;
use std::sync::PoisonError;

/// Findings beyond this many are counted, not kept.
const KEPT: usize = 1000;
/// Rows of the state held in memory at a time.
const PAGE: usize = 500;
/// Rows that differ at first, looked at again at the end. Beyond this many they count as different.
const KEPT_KEYS: usize = 100_000;
/// With fewer records to go, commits are held.
const FEW: u64 = 32;
/// Those who commit faster than the journal is read are held sooner.
const ROUNDS: u32 = 8;
/// What is compared with the state, while that is done.
pub(super) const REPLAY: &str = "verify.tmp";
const REPLAY_CACHE: u64 = 8 << 20;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Journal segments read.
    pub segments: u64,
    /// Records that are whole.
    pub records: u64,
    /// Contents that are whole.
    pub contents: u64,
    /// Contents or changes erased on purpose.
    pub erased: u64,
    /// Bytes of the journal.
    pub bytes: u64,
    /// The number of the last record.
    pub last: Seq,
    /// What is not as it was written; the first thousand.
    pub damage: Vec<Damage>,
    /// How much more of it there is.
    pub more_damage: u64,
    /// Rows of the state compared with a replay of the journal.
    pub rows: u64,
    /// Rows that are not what the journal says: missing, too many, or other. The first thousand, as readable keys.
    pub different: Vec<String>,
    /// How many more of them there are.
    pub more_different: u64,
    /// Why the rows were not compared, if they were not.
    pub rows_unchecked: Option<String>,
}

impl VerifyReport {
    /// True when everything was looked at and is right.
    pub fn is_clean(&self) -> bool {
        self.damage.is_empty() && self.different.is_empty() && self.rows_unchecked.is_none()
    }

    fn damaged(&mut self, damage: Damage) {
        if self.damage.len() < KEPT { self.damage.push(damage) } else { self.more_damage += 1 }
    }

    fn differs(&mut self, how: &str, key: &[u8]) {
        if self.different.len() < KEPT {
            self.different.push(format!("{how}: {}", key.escape_ascii()));
        } else {
            self.more_different += 1;
        }
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let VerifyReport { records, contents, segments, bytes, rows, .. } = self;
        writeln!(f, "{records} records and {contents} contents in {segments} segments ({bytes} bytes), {rows} rows")?;
        self.damage.iter().try_for_each(|damage| writeln!(f, "damaged: {damage}"))?;
        if self.more_damage > 0 {
            writeln!(f, "damaged: {} more places", self.more_damage)?;
        }
        self.different.iter().try_for_each(|row| writeln!(f, "row {row}"))?;
        if self.more_different > 0 {
            writeln!(f, "row differences: {} more", self.more_different)?;
        }
        if let Some(why) = &self.rows_unchecked {
            writeln!(f, "the rows were not compared: {why}")?;
        }
        if !self.different.is_empty() && self.damage.is_empty() {
            writeln!(f, "`switchboard rebuild` makes the rows anew from the journal, which is whole")?;
        }
        f.write_str(if self.is_clean() { "everything is as it was written" } else { "NOT everything is right" })
    }
}

/// Checks the journal in a folder that is a profile nobody has open, or a backup. Looks at no rows.
///
/// # Errors
/// When there is no journal or the disk refuses; damage is no error but in the report.
pub fn verify_journal(dir: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<VerifyReport, EngineError> {
    let reader = Reader::open(&dir.join(JOURNAL))?;
    let reader =
        reader.ok_or_else(|| EngineError::Damaged { what: format!("there is no journal in {}", dir.display()) })?;
    let mut report = VerifyReport::default();
    Reading::new(&reader, 0).read(&reader, &mut report, progress, &mut |_| Ok(()))?;
    Ok(report)
}

/// Checks a journal from a segment on.
pub(crate) fn verify_from(reader: &Reader, segment: u32) -> Result<VerifyReport, EngineError> {
    let mut report = VerifyReport::default();
    Reading::new(reader, segment).read(reader, &mut report, &mut |_, _| {}, &mut |_| Ok(()))?;
    Ok(report)
}

impl SledEngine {
    /// Checks every frame, the chain and every content of the journal, and compares the state's rows with a replay of
    /// it. Commits and readers go on; at the end, when what changed meanwhile is looked at again, commits wait for a
    /// moment. Needs about as much room on the disk as the state for the replay.
    ///
    /// # Errors
    /// When the disk refuses; damage is no error but in the report.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<VerifyReport, EngineError> {
        let _one_at_a_time = self.verifying.lock().unwrap_or_else(PoisonError::into_inner);
        let mut report = VerifyReport::default();
        let replay = self.dir().join(REPLAY);
        files::remove_dir(&replay)?;
        let needed = room::bytes_in(&self.dir().join(STATE))?.saturating_mul(2);
        let free = room::free(self.dir())?;
        if free < needed {
            let (free, needed) = (free >> 20, needed >> 20);
            report.rows_unchecked = Some(format!("that takes {needed} MB on the disk, {free} MB are free"));
            Reading::new(&self.reader, 0).read(&self.reader, &mut report, progress, &mut |_| Ok(()))?;
            return Ok(report);
        }
        let compared = self.compare(&replay, &mut report, progress);
        // sled's threads may still be writing to it; then the next check removes it.
        if let Err(error) = files::remove_dir(&replay) {
            tracing::debug!(%error, "the replay made for the check is removed later");
        }
        compared.map(|()| report)
    }

    fn compare(
        &self,
        replay: &Path,
        report: &mut VerifyReport,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), EngineError> {
        let mut said = Said { state: State::open(replay, REPLAY_CACHE)?, changes: Changes::default(), last: None };
        let mut reading = Reading::new(&self.reader, 0);
        reading.read(&self.reader, report, progress, &mut |found| said.take(found))?;
        for _ in 0..ROUNDS {
            if self.last() < reading.next + FEW {
                break;
            }
            reading.read(&self.reader, report, &mut |_, _| {}, &mut |found| said.take(found))?;
        }
        said.flush()?;
        // A row that is changed meanwhile looks different. Those are looked at again when nothing changes.
        let compared = differences(&said.state, self, report);

        let commits = self.lock_commits();
        reading.read(&self.reader, report, &mut |_, _| {}, &mut |found| said.take(found))?;
        said.flush()?;
        if let Some(Applied { seq, at, end, hash }) = said.last
            && hash != commits.writer.chain()
        {
            let what = format!("record {seq} is not the one that was written");
            let (segment, offset, length) = (at.segment, at.offset, end - at.offset);
            report.damaged(Damage { segment, offset, length, records: Some((seq, seq)), what });
        }
        if reading.next <= self.last() {
            report.differs("the state knows a record the journal has not", format!("{}", self.last()).as_bytes());
        }
        let shelf = self.shelf();
        match compared.and_then(|different| look_again(&said.state, &shelf, different, report)) {
            Ok(()) => {}
            Err(error) => report.rows_unchecked = Some(error.to_string()),
        }
        Ok(())
    }
}

/// The state as the journal says it should be.
struct Said {
    state: State,
    changes: Changes,
    last: Option<Applied>,
}

impl Said {
    fn take(&mut self, found: &Found) -> Result<(), EngineError> {
        for (key, value) in record::rows(&found.change, &found.places) {
            self.changes.set(key, value);
        }
        self.last = Some(Applied { seq: found.head.seq, at: found.at, end: found.end, hash: found.hash });
        if self.changes.is_large() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), EngineError> {
        match self.last {
            Some(last) => self.state.apply(std::mem::take(&mut self.changes), last),
            None => Ok(()),
        }
    }
}

/// How far the journal was read.
struct Reading {
    from: At,
    /// The record expected there: up to the one before, every record was read, or is named as damaged or missing.
    next: Seq,
    previous: Option<Hash>,
}

impl Reading {
    /// From a segment on (0: all of it).
    fn new(reader: &Reader, segment: u32) -> Reading {
        let first = reader.spans().iter().find(|span| span.number == segment).map(|span| span.first.max(1));
        let from = first.map_or(reader.start(), |_| At { segment, offset: 0 });
        Reading { from, next: first.unwrap_or(1), previous: None }
    }

    /// Reads on to the end.
    fn read(
        &mut self,
        reader: &Reader,
        report: &mut VerifyReport,
        progress: &mut dyn FnMut(u64, u64),
        each: &mut dyn FnMut(&Found) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let mut scan = Scan::new(reader, self.from, self.next, self.previous, Contents::All);
        report.segments = reader.spans().len() as u64;
        report.bytes = reader.bytes();
        while let Some(step) = scan.next()? {
            match step {
                Step::Record(mut found) => {
                    report.records += 1;
                    report.last = found.head.seq;
                    report.erased += found.erased;
                    report.contents += (found.places.len() as u64).saturating_sub(found.lost);
                    each(&found)?;
                    found.damage.drain(..).for_each(|damage| report.damaged(damage));
                    let end = At { segment: found.at.segment, offset: found.end };
                    progress(reader.bytes_before(end).min(report.bytes), report.bytes);
                }
                Step::Damage(damage) | Step::Tail(damage) => report.damaged(damage),
            }
        }
        (self.next, self.previous) = (scan.next_number(), scan.chain());
        self.from = scan.end().unwrap_or(self.from);
        Ok(())
    }
}

/// Goes through both in key order, a page at a time. The keys whose rows differ.
fn differences(said: &State, engine: &SledEngine, report: &mut VerifyReport) -> Result<Vec<Vec<u8>>, EngineError> {
    let mut different = Vec::new();
    let page = |after: &Option<Vec<u8>>, of_engine: bool| -> Result<std::vec::IntoIter<Row>, EngineError> {
        let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let rows = match of_engine {
            true => engine.shelf().scan(from, Bound::Unbounded, false, PAGE),
            false => said.scan(from, Bound::Unbounded, false, PAGE),
        };
        Ok(rows?.into_iter())
    };
    let (mut after_left, mut after_right) = (None, None);
    let (mut lefts, mut rights) = (page(&None, false)?, page(&None, true)?);
    let (mut left, mut right) = (lefts.next(), rights.next());
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(different),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((left, _)), Some((right, _))) => left.cmp(right),
        };
        report.rows += 1;
        let key = match (order, &left, &right) {
            (Ordering::Equal, Some((_, said)), Some((_, is))) if said == is => None,
            (Ordering::Greater, _, Some((key, _))) | (_, Some((key, _)), _) => Some(key),
            _ => None,
        };
        match key {
            Some(key) if different.len() < KEPT_KEYS => different.push(key.clone()),
            Some(_) => report.more_different += 1,
            None => {}
        }
        if order.is_le() {
            after_left = left.take().map(|(key, _)| key).or(after_left);
            left = lefts.next();
            if left.is_none() {
                lefts = page(&after_left, false)?;
                left = lefts.next();
            }
        }
        if order.is_ge() {
            after_right = right.take().map(|(key, _)| key).or(after_right);
            right = rights.next();
            if right.is_none() {
                rights = page(&after_right, true)?;
                right = rights.next();
            }
        }
    }
}

/// Names those rows that still differ.
fn look_again(said: &State, shelf: &Shelf, keys: Vec<Vec<u8>>, report: &mut VerifyReport) -> Result<(), EngineError> {
    for key in keys {
        match (said.get(&key)?, shelf.get(&key)?) {
            (said, is) if said == is => {}
            (_, None) => report.differs("missing in the state", &key),
            (None, _) => report.differs("only in the state", &key),
            _ => report.differs("not what the journal says", &key),
        }
    }
    Ok(())
}
