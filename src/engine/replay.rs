//! Replaying the journal into a state: after a crash the last records, for a rebuild all of them.

use super::journal::reader::Reader;
use super::journal::record::{self, Hash};
use super::journal::scan::{Contents, Found, Scan, Step};
use super::journal::{At, Damage};
use super::state::{Applied, Changes, State};
use super::{EngineError, Seq};

/// Where to begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From {
    pub at: At,
    /// The record expected there.
    pub seq: Seq,
    /// The hash of the one before, if known.
    pub previous: Option<Hash>,
}

/// What a replay found.
pub(crate) struct Replayed {
    /// Records applied.
    pub records: u64,
    /// The last record that could be read, now applied.
    pub last: Option<Applied>,
    /// Up to here every number was read, or is named as damaged or missing.
    pub accounted: Seq,
    /// The last record that is missing in the journal or whose rows are not what was written, if any is. A damaged
    /// content alone does not count.
    pub holes: Option<Seq>,
    pub damage: Vec<Damage>,
    /// What comes after it and makes no whole record.
    pub tail: Option<Damage>,
}

/// Applies every record from a place on. `acknowledged` is the last number known to have been acknowledged: what is
/// damaged up to there is damage, what is torn after it never counted. `progress` gets bytes done and bytes there are.
pub(crate) fn replay(
    reader: &Reader,
    state: &State,
    from: From,
    acknowledged: Seq,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Replayed, EngineError> {
    let total = reader.bytes();
    let mut scan = Scan::new(reader, from.at, from.seq, from.previous, Contents::Tail);
    let mut replayed = Replayed {
        records: 0,
        last: None,
        accounted: from.seq.saturating_sub(1),
        holes: None,
        damage: Vec::new(),
        tail: None,
    };
    let mut into = Into { state, changes: Changes::default(), done: &mut replayed };
    // One record is held back: only what follows it tells whether it is the last.
    let mut held: Option<Box<Found>> = None;
    while let Some(step) = scan.next()? {
        match step {
            Step::Record(found) => {
                let end = At { segment: found.at.segment, offset: found.end };
                if let Some(found) = held.replace(found) {
                    into.add(*found)?;
                    progress(reader.bytes_before(end), total);
                }
            }
            Step::Damage(damage) => {
                let last = damage.records.map_or(scan.next_number(), |(_, last)| last);
                into.done.holes = into.done.holes.max(Some(last));
                into.done.damage.push(damage);
            }
            Step::Tail(damage) => into.done.tail = Some(damage),
        }
    }
    into.done.accounted = scan.next_number() - 1;
    if let Some(found) = held {
        let torn = found.damage.first().filter(|_| found.head.seq > acknowledged).cloned();
        match torn {
            Some(first) => {
                let (offset, seq) = (found.at.offset, found.head.seq);
                into.done.accounted = seq - 1;
                let end = reader.span(found.at.segment).map_or(0, |span| span.end);
                let length = end.saturating_sub(offset);
                into.done.tail = Some(Damage { offset, length, records: Some((seq, seq)), ..first });
            }
            None => into.add(*found)?,
        }
    }
    into.flush()?;
    progress(total, total);
    Ok(replayed)
}

struct Into<'a> {
    state: &'a State,
    changes: Changes,
    done: &'a mut Replayed,
}

impl Into<'_> {
    fn add(&mut self, mut found: Found) -> Result<(), EngineError> {
        for (key, value) in record::rows(&found.change, &found.places) {
            self.changes.set(key, value);
        }
        self.done.damage.append(&mut found.damage);
        self.done.records += 1;
        self.done.last = Some(Applied { seq: found.head.seq, at: found.at, end: found.end, hash: found.hash });
        if self.changes.is_large() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), EngineError> {
        match self.done.last {
            Some(last) => self.state.apply(std::mem::take(&mut self.changes), last),
            None => Ok(()),
        }
    }
}
