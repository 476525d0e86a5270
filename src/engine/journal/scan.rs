//! Reading the journal in order, around damage: every record that can be read comes, everything that cannot is named.

use super::block::Block;
use super::frame::{Kind, Unreadable};
use super::reader::{Reader, Span};
use super::record::{self, Change, Hash, Head, Part};
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
    /// Frames with contents of it that cannot be read.
    pub damage: Vec<Damage>,
    /// How many contents those hold.
    pub lost: u64,
    /// Contents of it, or its change, that were erased on purpose.
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

    /// The hash of the head before the record that comes next, when that is known.
    pub(crate) fn chain(&self) -> Option<Hash> {
        self.previous.filter(|_| self.hole.is_none())
    }

    /// Where the journal ended when this scan began; a scan from there goes on with what came since.
    pub(crate) fn end(&self) -> Option<At> {
        self.spans.last().map(|span| At { segment: span.number, offset: span.end })
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
        let Looked { damage, lost, erased } = self.contents(&raw.head, &places, window);
        Some(Found {
            at: At { segment: span.number, offset: start },
            end: start + raw.span,
            erased: erased + u64::from(raw.change.is_none()),
            change: raw.change.unwrap_or_else(Change::none),
            places,
            hash: raw.hash,
            damage,
            lost,
            head: raw.head,
        })
    }

    /// Looks at the contents of a record, a frame at a time.
    fn contents(&self, head: &Head, places: &[Place], window: &mut Window) -> Looked {
        let look = match self.contents {
            Contents::Skip => false,
            Contents::Tail => self.index + 1 == self.spans.len(),
            Contents::All => true,
        };
        let (mut looked, mut first) = (Looked::default(), 0);
        for (number, part) in head.parts.iter().skip(1).enumerate().filter(|_| look) {
            let count = usize::from(part.contents.max(1));
            let Some(place) = places.get(first) else { break };
            match self.frame(head, number, part, place.offset, window) {
                Ok(erased) => looked.erased += erased,
                Err(what) => {
                    let which = match count {
                        1 => format!("content {first}"),
                        _ => format!("contents {first} to {}", first + count - 1),
                    };
                    looked.lost += count as u64;
                    looked.damage.push(Damage {
                        segment: place.segment,
                        offset: place.offset,
                        length: u64::from(part.length),
                        records: Some((head.seq, head.seq)),
                        what: format!("{which} of record {}: {what}", head.seq),
                    });
                }
            }
            first += count;
        }
        looked
    }

    /// Looks at a frame of contents: how many of them were erased, or what is wrong with it.
    fn frame(&self, head: &Head, number: usize, part: &Part, offset: u64, window: &mut Window) -> Result<u64, String> {
        let kind = if part.contents == 0 { Kind::Content } else { Kind::Block };
        let bytes = match window.part(offset, kind, number as u16, head, self.reader.check()) {
            Ok(bytes) => bytes,
            Err((Unreadable::Erased, _)) => return Ok(u64::from(part.contents.max(1))),
            Err((Unreadable::Damaged, what)) => return Err(what),
        };
        if self.contents == Contents::Tail {
            return Ok(0);
        }
        let hash = match kind {
            Kind::Block => {
                let block = Block::read(bytes).filter(|block| block.count() == usize::from(part.contents));
                block.ok_or("it cannot be taken apart")?.hash()
            }
            _ => *blake3::hash(&bytes).as_bytes(),
        };
        match hash == *part.hash {
            true => Ok(0),
            false => Err("it was exchanged (its hash is not the one recorded)".to_owned()),
        }
    }
}

/// What looking at the contents of a record found.
#[derive(Default)]
struct Looked {
    damage: Vec<Damage>,
    lost: u64,
    erased: u64,
}
