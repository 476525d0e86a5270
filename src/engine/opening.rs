//! Opening a profile's store: what state is it in, and what has to be done before it can be used.

use super::aside;
use super::checkpoint::{self, Checkpoint};
use super::compact::{NEW_STATE, compact};
use super::files::{self, failed};
use super::journal::reader::Reader;
use super::journal::segment::{self, FORMAT, START};
use super::journal::writer::Writer;
use super::journal::{self, At, Damage};
use super::options::{OpenReport, Options};
use super::replay::{From, Replayed, replay};
use super::room::{self, Room};
use super::state::{Applied, State};
use super::verdict::{self, Rejected, Verdict};
use super::verify::REPLAY;
use super::{EngineError, Seq};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folder of the journal in a profile.
pub(crate) const JOURNAL: &str = "journal";
/// The folder of the state in a profile.
pub(crate) const STATE: &str = "state";
/// The folder of a state put aside until the one in its place is complete.
pub(crate) const OLD_STATE: &str = "state.old";
/// In the journal's folder: the bytes last cut off, kept in case they are of use to somebody.
const CUT_OFF: &str = "cut-off";

/// A store that is ready.
pub(crate) struct Opened {
    pub reader: Reader,
    pub writer: Writer,
    pub state: State,
    pub report: OpenReport,
}

/// Opens the store in a folder whose lock is held.
pub(crate) fn open(
    dir: &Path,
    options: &Options,
    room: &Room,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Opened, EngineError> {
    let before = Checkpoint::read(dir)?;
    let had_state = dir.join(STATE).exists();
    let (reader, created) = open_journal(dir, options, before.as_ref(), had_state)?;
    let opening = Opening { dir, room, options, reader, before, had_state };
    let mut report = OpenReport { created, ..OpenReport::default() };
    opening.mark_in_use()?;

    let (state, applied, rejected) = match opening.judge(&mut report) {
        Verdict::Usable(state, applied) => (state, Some(applied), Rejected::default()),
        Verdict::Rejected(rejected) => {
            report.rebuilt = rejected.why.clone();
            (opening.fresh_state(&rejected, &mut report)?, None, rejected)
        }
    };
    match opening.catch_up(state, applied, &rejected, &mut report, progress) {
        Err(EngineError::State(why)) if report.rebuilt.is_none() => {
            // It could be opened, but not written.
            report = OpenReport { created, rebuilt: Some(why.clone()), ..OpenReport::default() };
            let rejected = Rejected { why: Some(why), applied, keep: false };
            let state = opening.fresh_state(&rejected, &mut report)?;
            opening.catch_up(state, None, &rejected, &mut report, progress)
        }
        other => other,
    }
    .and_then(|(state, writer)| {
        let state = match options.compact || report.rebuilt.is_some() {
            true => compact(dir, state, options.cache)?,
            false => state,
        };
        if report.rebuilt.is_some() {
            state.sync()?;
        }
        // sled's threads may still write to the one just closed; then the next start removes it.
        if let Err(error) = remove_leftovers(dir) {
            tracing::debug!(%error, "the old state is removed later");
        }
        report.last = writer.last();
        Ok(Opened { reader: opening.reader, writer, state, report })
    })
}

fn remove_leftovers(dir: &Path) -> Result<(), EngineError> {
    files::remove_dir(&dir.join(OLD_STATE))?;
    files::remove_dir(&dir.join(NEW_STATE))?;
    // Of a check that was killed: as large as the state, and more.
    files::remove_dir(&dir.join(REPLAY))?;
    aside::keep_newest(dir)
}

fn open_journal(
    dir: &Path,
    options: &Options,
    before: Option<&Checkpoint>,
    had_state: bool,
) -> Result<(Reader, bool), EngineError> {
    let folder = dir.join(JOURNAL);
    let reader = Reader::open(&folder)?;
    let is_empty = reader.as_ref().map_or(Ok(true), |reader| reader.has_records().map(|has| !has))?;
    // An empty journal beside a state that once had records would cost everything at the next rebuild.
    if is_empty && knows_records(dir, options, before, had_state)? {
        let what = format!(
            "{} holds no record any more, and it is the truth: bring it back from a backup (the state is left as it is)",
            folder.display()
        );
        return Err(EngineError::Damaged { what });
    }
    if let Some(reader) = reader {
        if journal::read_id(&folder)? != Some(reader.id()) {
            journal::write_id(&folder, reader.id())?;
        }
        return Ok((reader, false));
    }
    files::make_private_dir(&folder)?;
    let id = uuid::Uuid::now_v7().into_bytes();
    journal::write_id(&folder, id)?;
    files::sync_dir(dir)?;
    Ok((Reader::new(&folder, id, Vec::new()), true))
}

/// True when the checkpoint or the state knows of a record. The checkpoint can be behind, then the state is asked.
fn knows_records(
    dir: &Path,
    options: &Options,
    before: Option<&Checkpoint>,
    had_state: bool,
) -> Result<bool, EngineError> {
    if before.is_some_and(|before| before.seq > 0) || !had_state {
        return Ok(before.is_some_and(|before| before.seq > 0));
    }
    match verdict::read_state(&dir.join(STATE), options.cache) {
        Ok((_, applied)) => Ok(applied.is_some()),
        // One that its first start did not finish, else one that may have known much.
        Err(EngineError::State(_)) => Ok(before.is_none()),
        Err(other) => Err(other),
    }
}

struct Opening<'a> {
    dir: &'a Path,
    room: &'a Room,
    options: &'a Options,
    reader: Reader,
    before: Option<Checkpoint>,
    had_state: bool,
}

impl Opening<'_> {
    fn state_dir(&self) -> PathBuf {
        self.dir.join(STATE)
    }

    /// Notes that the profile is open, before sled is touched: whoever finds this later knows the end was not clean.
    fn mark_in_use(&self) -> Result<(), EngineError> {
        let before = self.before.clone().unwrap_or_default();
        let broken = before.broken || self.why_not_trusted().is_some() || self.options.rebuild;
        let broken = broken && self.had_state;
        Checkpoint { seq: before.seq, boot: checkpoint::boot_id(), clean: false, broken }.write(self.dir)
    }

    /// Why the state must not be used as it is.
    fn why_not_trusted(&self) -> Option<String> {
        match &self.before {
            None => Some("nothing says how the profile was closed".to_owned()),
            Some(before) if before.broken => Some("the state database had failed".to_owned()),
            Some(before) if !before.clean && before.boot != checkpoint::boot_id() => {
                Some("the machine stopped while the profile was open".to_owned())
            }
            Some(_) => None,
        }
    }

    fn judge(&self, report: &mut OpenReport) -> Verdict {
        if !self.had_state {
            let why = (self.reader.bytes() > 0).then(|| "there was no state".to_owned());
            return Verdict::Rejected(Rejected { why, ..Rejected::default() });
        }
        let distrust = if self.options.rebuild { Some("it was asked for".to_owned()) } else { self.why_not_trusted() };
        verdict::judge(&self.state_dir(), self.options.cache, &self.reader, distrust, &mut report.damage)
    }

    /// An empty state. The one that was there is put aside until the new one is complete, or for good.
    fn fresh_state(&self, rejected: &Rejected, report: &mut OpenReport) -> Result<State, EngineError> {
        let (state, old) = (self.state_dir(), self.dir.join(OLD_STATE));
        if state.exists() {
            // On a full disk any state seems broken, and no other could be made.
            self.room.for_small(0)?;
            if rejected.keep {
                // What only this state knows has to outlive a crash from here on.
                self.checkpoint(rejected, true).write(self.dir)?;
                report.kept = Some(aside::put(self.dir, &state)?);
                return self.begin_state(rejected, files::sync_dir(self.dir));
            }
            files::remove_dir(&old)?;
            // Two states may not fit. The one that failed is worth less than a profile that opens.
            let (free, needed) = (room::free(self.dir)?, room::bytes_in(&state)?);
            if free < needed.saturating_mul(2) {
                return self.begin_state(rejected, files::remove_dir(&state));
            }
            fs::rename(&state, &old).map_err(failed("cannot put aside", &state))?;
        }
        self.begin_state(rejected, files::sync_dir(self.dir))
    }

    fn begin_state(&self, rejected: &Rejected, put_aside: Result<(), EngineError>) -> Result<State, EngineError> {
        put_aside?;
        // From here on a crash leaves a state that is behind, which is nothing special.
        self.checkpoint(rejected, false).write(self.dir)?;
        State::open(&self.state_dir(), self.options.cache)
    }

    fn checkpoint(&self, rejected: &Rejected, broken: bool) -> Checkpoint {
        Checkpoint { seq: self.known(rejected.applied), boot: checkpoint::boot_id(), clean: false, broken }
    }

    /// The last record known to have been acknowledged.
    fn known(&self, applied: Option<Applied>) -> Seq {
        self.before.as_ref().map_or(0, |before| before.seq).max(applied.map_or(0, |applied| applied.seq))
    }

    /// Replays what the state lacks and finds the end of the journal.
    fn catch_up(
        &self,
        state: State,
        applied: Option<Applied>,
        rejected: &Rejected,
        report: &mut OpenReport,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(State, Writer), EngineError> {
        let from = match applied {
            Some(applied) => From {
                at: At { segment: applied.at.segment, offset: applied.end },
                seq: applied.seq + 1,
                previous: Some(applied.hash),
            },
            None => From { at: self.reader.start(), seq: 1, previous: None },
        };
        let known = self.known(applied.or(rejected.applied));
        let Replayed { records, last, accounted, damage, holes, tail } =
            replay(&self.reader, &state, from, known, progress)?;
        report.replayed = records;
        report.damage.extend(damage);
        let (last, mut seq) = (last.or(applied), accounted);
        let hash = last.map_or([0; 32], |last| last.hash);
        let mut append_to = last.map(|last| At { segment: last.at.segment, offset: last.end });
        match tail {
            // Not at the very end, and not acknowledged: readers pass over it.
            Some(tail) if tail.records.is_none_or(|(first, _)| first > known) && !self.is_in_last(&tail) => {}
            Some(tail) if tail.records.is_none_or(|(first, _)| first > known) => {
                self.cut(&tail)?;
                if append_to.is_none_or(|at| at.segment < tail.segment) {
                    append_to = Some(At { segment: tail.segment, offset: tail.offset });
                }
                report.cut = Some(tail);
            }
            // It had been acknowledged: it stays for whoever can mend it, and its numbers are not given out again.
            Some(tail) => report.damage.push(Damage { records: Some((seq + 1, known)), ..tail }),
            None if known > seq => report.damage.push(self.missing(seq + 1, known)),
            None => {}
        }
        let is_lost = known > seq;
        // What an earlier opening has seen lies before its checkpoint.
        let seen = if applied.is_some() { self.known(None) } else { 0 };
        report.doubtful = is_lost || rejected.keep || holes.is_some_and(|last| last > seen);
        seq = seq.max(known);
        let whole = self.last_segment_is_whole(append_to)?;
        let append_to =
            if is_lost { None } else { append_to.filter(|_| whole).or_else(|| self.begun_segment(seq + 1)) };
        let mut writer = Writer::open(&self.reader, seq, hash, append_to, self.options.segment_bytes)?;
        if is_lost {
            // Its head, which goes on after the gap, is the lasting proof that something is missing before it. It gets
            // a new number, so that a lost segment that is found again can be put back.
            writer.skip_segments(rejected.applied.map_or(0, |applied| applied.at.segment));
            writer.begin_segment(&self.reader, seq + 1)?;
        }
        Ok((state, writer))
    }

    /// Where the next record goes when the last segment has been begun for it and is still empty.
    fn begun_segment(&self, next: Seq) -> Option<At> {
        let last = self.reader.spans().into_iter().max_by_key(|span| span.number)?;
        let is_begun = !last.head_damaged && last.format == FORMAT && last.first == next && last.end == START;
        is_begun.then_some(At { segment: last.number, offset: START })
    }

    fn is_in_last(&self, tail: &Damage) -> bool {
        self.reader.spans().iter().all(|span| span.number <= tail.segment)
    }

    fn missing(&self, first: Seq, last: Seq) -> Damage {
        let spans = self.reader.spans();
        let (segment, offset) = spans.last().map_or((0, 0), |span| (span.number, span.end));
        let what = "the journal ends before records it once had (was an older one put back?)".to_owned();
        Damage { segment, offset, length: 0, records: Some((first, last)), what }
    }

    /// Cuts off a write that never finished; its bytes are kept beside, in case they tell somebody something.
    fn cut(&self, tail: &Damage) -> Result<(), EngineError> {
        let path = segment::path(self.reader.dir(), tail.segment);
        let aside = self.reader.dir().join(CUT_OFF);
        let cut = || {
            use std::io::{self, Read, Seek};
            let mut file = File::options().read(true).write(true).open(&path)?;
            file.seek(io::SeekFrom::Start(tail.offset))?;
            let mut kept = files::private().truncate(true).open(&aside)?;
            io::copy(&mut (&file).take(tail.length), &mut kept)?;
            file.set_len(tail.offset)?;
            file.sync_all()
        };
        cut().map_err(failed("cannot cut the unfinished write off", &path))?;
        self.reader.shorten(tail.segment, tail.offset);
        Ok(())
    }

    /// True when the last segment may go on growing. One whose making a crash interrupted is removed.
    fn last_segment_is_whole(&self, append_to: Option<At>) -> Result<bool, EngineError> {
        let Some(last) = self.reader.spans().into_iter().max_by_key(|span| span.number) else { return Ok(false) };
        if last.head_damaged && last.end <= START {
            files::remove_file(&segment::path(self.reader.dir(), last.number))?;
            files::sync_dir(self.reader.dir())?;
            self.reader.forget(last.number);
            return Ok(append_to.is_some_and(|at| at.segment + 1 == last.number));
        }
        let goes_on = !last.head_damaged && last.format == FORMAT;
        Ok(goes_on && append_to.is_some_and(|at| at.segment == last.number && at.offset == last.end))
    }
}
