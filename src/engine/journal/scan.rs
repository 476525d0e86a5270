//! Reading the journal in order, around damage: every record that can be read comes, everything that cannot is named.

use super::frame::{Kind, Unreadable};
use super::reader::{Reader, Span};
use super::record::{self, Change, Hash, Head};
use super::segment::START;
use super::window::{RawRecord, Window};
use super::{At, Damage};
use crate::engine::{EngineError, Place, Seq};
use std::collections::VecDeque;

const MISSING: &str = "records are missing before this place";

/// How closely contents are looked at while reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contents {
    /// Not at all: their bytes are passed over.
    Skip,
    /// Their checksums, in the last segment only: a power cut can have spoiled only what was written last.
    Tail,
    /// Checksums and hashes.
    All,
}

/// A record that could be read.
pub(crate) struct Found {
    pub at: At,
    /// Where it ends in its segment.
    pub end: u64,
    pub head: Head,
    /// Empty when it was erased.
    pub change: Change,
    pub places: Vec<Place>,
    pub hash: Hash,
    /// Contents of it that cannot be read.
    pub damage: Vec<Damage>,
    /// Frames of it that were erased on purpose.
    pub erased: u64,
}

/// What comes next.
pub(crate) enum Step {
    Record(Box<Found>),
    Damage(Damage),
    /// Bytes after the last record, which make none: a write that never finished, or damage.
    Tail(Damage),
}

/// The journal from some record on.
pub(crate) struct Scan<'r> {
    reader: &'r Reader,
    spans: Vec<Span>,
    index: usize,
    offset: u64,
    window: Option<Window>,
    expected: Seq,
    previous: Option<Hash>,
    contents: Contents,
    hole: Option<Damage>,
    pending: VecDeque<Step>,
}

impl<'r> Scan<'r> {
    /// Reads from a place on, where record `expected` should begin and name `previous` (if known) as the one before.
    pub(crate) fn new(
        reader: &'r Reader,
        from: At,
        expected: Seq,
        previous: Option<Hash>,
        contents: Contents,
    ) -> Scan<'r> {
        let spans = reader.spans();
        let index = spans.iter().position(|span| span.number >= from.segment).unwrap_or(spans.len());
        let same = spans.get(index).is_some_and(|span| span.number == from.segment);
        let offset = if same { from.offset } else { 0 };
        let (window, hole, pending) = (None, None, VecDeque::new());
        Scan { reader, spans, index, offset, window, expected, previous, contents, hole, pending }
    }

    /// The next step; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Step>, EngineError> {
        loop {
            if let Some(step) = self.pending.pop_front() {
                return Ok(Some(step));
            }
            let Some(span) = self.spans.get(self.index).copied() else {
                return Ok(self.hole.take().map(Step::Tail));
            };
            if self.offset < START {
                self.offset = START;
                if span.head_damaged {
                    let what = "the head of the segment fails its checksum".to_owned();
                    let damage = Damage { segment: span.number, offset: 0, length: START, records: None, what };
                    self.pending.push_back(Step::Damage(damage));
                    continue;
                }
                if span.first > self.expected {
                    self.gap_before(span);
                    continue;
                }
            }
            if self.offset >= span.end {
                self.index += 1;
                self.offset = 0;
                self.window = None;
                continue;
            }
            if let Some(found) = self.record(span)? {
                self.pending.push_back(Step::Record(Box::new(found)));
            }
        }
    }

    /// The number of the record that comes next.
    pub(crate) fn next_number(&self) -> Seq {
        self.expected
    }

    /// Names what is missing before a segment whose head goes on after a gap, even when no record follows.
    fn gap_before(&mut self, span: Span) {
        let missing = Some((self.expected, span.first - 1));
        let damage = self.hole.take().map(|hole| Damage { records: missing, ..hole });
        self.pending.push_back(Step::Damage(damage.unwrap_or_else(|| Damage {
            segment: span.number,
            offset: START,
            length: 0,
            records: missing,
            what: MISSING.to_owned(),
        })));
        self.expected = span.first;
        self.previous = None;
    }

    /// The record at the present offset; `None` when there was none, or it is passed over.
    fn record(&mut self, span: Span) -> Result<Option<Found>, EngineError> {
        let check = self.reader.check();
        let mut window = match self.window.take() {
            Some(window) => window,
            None => Window::new(self.reader.file(span.number)?, span.end),
        };
        let start = self.offset;
        let found = match window.record(start, check) {
            Ok(raw) => {
                self.offset = start + raw.span;
                self.accept(span, start, raw, &mut window)
            }
            Err(bad) => {
                let next = bad.next.or_else(|| window.find_record(start + 1, self.expected, check));
                self.offset = next.unwrap_or(span.end);
                let length = self.offset - start;
                match &mut self.hole {
                    Some(hole) if hole.segment == span.number => hole.length = self.offset - hole.offset,
                    Some(_) => {}
                    None => {
                        let segment = span.number;
                        let records = Some((self.expected, self.expected));
                        self.hole = Some(Damage { segment, offset: start, length, records, what: bad.what });
                    }
                }
                None
            }
        };
        self.window = Some(window);
        Ok(found)
    }

    fn accept(&mut self, span: Span, start: u64, raw: RawRecord, window: &mut Window) -> Option<Found> {
        let seq = raw.head.seq;
        let name = |records, what: String| {
            Step::Damage(Damage { segment: span.number, offset: start, length: raw.span, records, what })
        };
        // A write that failed and could not be taken back: it was not acknowledged, and its number was given out again.
        let later = self.spans.iter().skip(self.index + 1).filter(|later| !later.head_damaged);
        if later.map(|later| later.first).min().is_some_and(|first| seq >= first) {
            return None;
        }
        if seq < self.expected {
            self.pending.push_back(name(Some((seq, seq)), format!("record {seq} is out of order; it is passed over")));
            return None;
        }
        let whole = match self.hole.take() {
            // Nothing is missing: the bytes are what a failed write left behind, and nothing of it was acknowledged.
            Some(_) if seq == self.expected => true,
            Some(mut hole) => {
                hole.records = Some((self.expected, seq - 1));
                self.pending.push_back(Step::Damage(hole));
                false
            }
            None if seq > self.expected => {
                let missing = (self.expected, seq - 1);
                self.pending.push_back(name(Some(missing), MISSING.to_owned()));
                false
            }
            None => true,
        };
        if whole && self.previous.is_some_and(|previous| previous != *raw.head.previous) {
            let what = format!("record {seq} does not continue the chain: a record before it was exchanged");
            self.pending.push_back(name(None, what));
        }
        self.expected = seq + 1;
        self.previous = Some(raw.hash);
        let places = record::places(&raw.head, raw.head_length, span.number, start);
        let (damage, content_erased) = self.contents(&raw.head, &places, window);
        Some(Found {
            at: At { segment: span.number, offset: start },
            end: start + raw.span,
            erased: content_erased + u64::from(raw.change.is_none()),
            change: raw.change.unwrap_or_else(Change::none),
            places,
            hash: raw.hash,
            damage,
            head: raw.head,
        })
    }

    fn contents(&self, head: &Head, places: &[Place], window: &mut Window) -> (Vec<Damage>, u64) {
        let look = match self.contents {
            Contents::Skip => false,
            Contents::Tail => self.index + 1 == self.spans.len(),
            Contents::All => true,
        };
        let (mut damage, mut erased) = (Vec::new(), 0);
        for (index, place) in places.iter().enumerate().filter(|_| look) {
            let what = match window.part(place.offset, Kind::Content, index as u16, head, self.reader.check()) {
                Ok(bytes) => {
                    let right = self.contents == Contents::Tail
                        || head.parts.get(index + 1).is_some_and(|part| blake3::hash(&bytes).as_bytes() == &*part.hash);
                    if right {
                        continue;
                    }
                    "it was exchanged (its hash is not the one recorded)".to_owned()
                }
                Err((Unreadable::Erased, _)) => {
                    erased += 1;
                    continue;
                }
                Err((Unreadable::Damaged, what)) => what,
            };
            damage.push(Damage {
                segment: place.segment,
                offset: place.offset,
                length: u64::from(place.length),
                records: Some((head.seq, head.seq)),
                what: format!("content {index} of record {}: {what}", head.seq),
            });
        }
        (damage, erased)
    }
}
