//! Opening a profile's store: what state is it in, and what has to be done before it can be used.

use super::checkpoint::{self, Checkpoint};
use super::files::{self, failed};
use super::journal::reader::Reader;
use super::journal::segment::{self, START};
use super::journal::writer::Writer;
use super::journal::{self, At, Damage};
use super::options::{OpenReport, Options};
use super::replay::{From, Replayed, replay};
use super::room::{self, Room};
use super::state::{Applied, State};
use super::{EngineError, Seq};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folder of the journal in a profile.
pub(crate) const JOURNAL: &str = "journal";
/// The folder of the state in a profile.
pub(crate) const STATE: &str = "state";
const OLD_STATE: &str = "state.old";
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
    let (reader, created) = open_journal(dir, before.as_ref(), had_state)?;
    let opening = Opening { dir, room, options, reader, before, had_state };
    let mut report = OpenReport { created, ..OpenReport::default() };
    opening.mark_in_use()?;

    let (state, applied) = match opening.usable_state(&mut report) {
        Ok((state, applied)) => (state, applied),
        Err(why) => {
            report.rebuilt = why;
            (opening.fresh_state()?, None)
        }
    };
    match opening.catch_up(state, applied, &mut report, progress) {
        Err(EngineError::State(why)) if report.rebuilt.is_none() => {
            // It could be opened, but not written.
            report = OpenReport { created, rebuilt: Some(why), ..OpenReport::default() };
            let state = opening.fresh_state()?;
            opening.catch_up(state, None, &mut report, progress)
        }
        other => other,
    }
    .and_then(|(state, writer)| {
        if report.rebuilt.is_some() {
            state.sync()?;
        }
        // sled's threads may still write to the one just closed; then the next start removes it.
        if let Err(error) = files::remove_dir(&dir.join(OLD_STATE)) {
            tracing::debug!(%error, "the old state is removed later");
        }
        report.last = writer.last();
        Ok(Opened { reader: opening.reader, writer, state, report })
    })
}

fn open_journal(dir: &Path, before: Option<&Checkpoint>, had_state: bool) -> Result<(Reader, bool), EngineError> {
    let folder = dir.join(JOURNAL);
    if let Some(reader) = Reader::open(&folder)? {
        if journal::read_id(&folder)? != Some(reader.id()) {
            journal::write_id(&folder, reader.id())?;
        }
        return Ok((reader, false));
    }
    // An empty journal beside a state that once had records would cost everything at the next rebuild.
    let records = before.map_or(0, |checkpoint| checkpoint.seq);
    if records > 0 || (had_state && before.is_none()) {
        let what =
            format!("{} is missing or empty, and it holds the truth: bring it back from a backup", folder.display());
        return Err(EngineError::Damaged { what });
    }
    files::make_private_dir(&folder)?;
    let id = uuid::Uuid::now_v7().into_bytes();
    journal::write_id(&folder, id)?;
    files::sync_dir(dir)?;
    Ok((Reader::new(&folder, id, Vec::new()), true))
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

    /// The state with what was applied to it; else why it has to be rebuilt (`None`: it was simply not there).
    fn usable_state(&self, report: &mut OpenReport) -> Result<(State, Option<Applied>), Option<String>> {
        if !self.had_state {
            return Err((self.reader.bytes() > 0).then(|| "there was no state".to_owned()));
        }
        if self.options.rebuild {
            return Err(Some("it was asked for".to_owned()));
        }
        if let Some(why) = self.why_not_trusted() {
            return Err(Some(why));
        }
        let plain = |error: EngineError| match error {
            EngineError::State(why) => Some(format!("the state database could not be opened ({why})")),
            other => Some(other.to_string()),
        };
        let state = State::open(&self.state_dir(), self.options.cache).map_err(plain)?;
        let Some(applied) = state.applied().map_err(plain)? else {
            return Err((self.reader.bytes() > 0).then(|| "the state was empty".to_owned()));
        };
        match self.reader.look(applied.at).map_err(plain)? {
            Ok(hash) if hash == applied.hash => {}
            Ok(_) => return Err(Some("the state belongs to another journal".to_owned())),
            Err(damage) => {
                let end = self.reader.span(applied.at.segment).map_or(0, |span| span.end);
                if end < applied.end {
                    return Err(Some("the state knows more than the journal, which was put back or cut".to_owned()));
                }
                let length = applied.end.saturating_sub(applied.at.offset);
                report.damage.push(Damage { length, records: Some((applied.seq, applied.seq)), ..damage });
            }
        }
        Ok((state, Some(applied)))
    }

    /// An empty state. The one that was there is put aside until the new one is complete.
    fn fresh_state(&self) -> Result<State, EngineError> {
        let (state, old) = (self.state_dir(), self.dir.join(OLD_STATE));
        if state.exists() {
            // On a full disk any state seems broken, and no other could be made.
            self.room.for_small(0)?;
            files::remove_dir(&old)?;
            // Two states may not fit. The one that failed is worth less than a profile that opens.
            let (free, needed) = (room::free(self.dir)?, room::bytes_in(&state)?);
            if free < needed.saturating_mul(2) {
                return self.begin_state(files::remove_dir(&state));
            }
            fs::rename(&state, &old).map_err(failed("cannot put aside", &state))?;
        }
        self.begin_state(files::sync_dir(self.dir))
    }

    fn begin_state(&self, put_aside: Result<(), EngineError>) -> Result<State, EngineError> {
        put_aside?;
        // From here on a crash leaves a state that is behind, which is nothing special.
        let before = self.before.clone().unwrap_or_default();
        let now = Checkpoint { seq: before.seq, boot: checkpoint::boot_id(), clean: false, broken: false };
        now.write(self.dir)?;
        State::open(&self.state_dir(), self.options.cache)
    }

    /// Replays what the state lacks and finds the end of the journal.
    fn catch_up(
        &self,
        state: State,
        applied: Option<Applied>,
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
        let known = self.before.as_ref().map_or(0, |before| before.seq).max(applied.map_or(0, |applied| applied.seq));
        let Replayed { records, last, damage, tail } = replay(&self.reader, &state, from, known, progress)?;
        report.replayed = records;
        report.damage.extend(damage);
        let last = last.or(applied);
        let (mut seq, hash) = last.map_or((0, [0; 32]), |last| (last.seq, last.hash));
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
            Some(tail) => {
                // It had been acknowledged: it stays for whoever can mend it, and its numbers are not given out again.
                report.damage.push(Damage { records: Some((seq + 1, known)), ..tail });
                seq = seq.max(known);
                append_to = None;
            }
            None if known > seq => report.damage.push(self.missing(seq + 1, known)),
            None => {}
        }
        let whole = self.last_segment_is_whole(append_to)?;
        let writer = Writer::open(&self.reader, seq, hash, append_to.filter(|_| whole), self.options.segment_bytes)?;
        Ok((state, writer))
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
        Ok(!last.head_damaged && append_to.is_some_and(|at| at.segment == last.number && at.offset == last.end))
    }
}
