//! Reading what the journal holds: contents by their place, log lines by their number.

use super::block::Block;
use super::frame::{self, Check, Header, Kind, Unreadable};
use super::scan::{Contents, Scan, Step};
use super::segment::{self, ReadHead, START, SegmentHead};
use super::unpacked::Unpacked;
use super::{At, Damage};
use crate::engine::files::failed;
use crate::engine::{EngineError, Logged, Place, Seq};
use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// How many segments are kept open at most.
const OPEN_FILES: usize = 64;
/// One record in this many is remembered by where it is.
const SPARSE: u64 = 128;

/// A segment as known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub number: u32,
    pub format: u32,
    pub revision: u32,
    /// Number of its first record (what its head says).
    pub first: Seq,
    /// Where its records end, in bytes.
    pub end: u64,
    pub head_damaged: bool,
}

/// The journal for reading. Shared by all threads.
pub(crate) struct Reader {
    dir: PathBuf,
    id: [u8; 16],
    check: Check,
    spans: RwLock<Vec<Span>>,
    points: RwLock<BTreeMap<Seq, At>>,
    files: Mutex<VecDeque<(u32, Arc<File>)>>,
    unpacked: Unpacked,
}

impl Reader {
    /// Opens the journal in a folder; `None` when there is none.
    ///
    /// # Errors
    /// [`EngineError::Newer`]; [`EngineError::Damaged`] when no head of any segment can be read.
    pub(crate) fn open(dir: &Path) -> Result<Option<Reader>, EngineError> {
        if !dir.is_dir() {
            return Ok(None);
        }
        let (mut id, mut spans, mut foreign) = (super::read_id(dir)?, Vec::new(), Vec::new());
        for number in segment::list(dir)? {
            let path = segment::path(dir, number);
            let file = File::open(&path).map_err(failed("cannot open", &path))?;
            let end = file.metadata().map_err(failed("cannot look at", &path))?.len();
            let mut bytes = vec![0; START.min(end) as usize];
            file.read_exact_at(&mut bytes, 0).map_err(failed("cannot read", &path))?;
            let damaged = Span { number, format: 0, revision: 0, first: 0, end, head_damaged: true };
            spans.push(match segment::read_head(&bytes) {
                ReadHead::Newer(found) => {
                    let path = dir.display().to_string();
                    return Err(EngineError::Newer { path, found, known: segment::FORMAT });
                }
                ReadHead::Good(head) if *id.get_or_insert(head.id) != head.id => {
                    foreign.push(number);
                    damaged
                }
                ReadHead::Good(SegmentHead { format, revision, first, .. }) => {
                    Span { number, format, revision, first, end, head_damaged: false }
                }
                ReadHead::Damaged => damaged,
            });
        }
        if !foreign.is_empty() {
            let what = format!("{}: segments {foreign:?} belong to another profile's journal", dir.display());
            return Err(EngineError::Damaged { what });
        }
        match id {
            Some(id) => Ok(Some(Reader::new(dir, id, spans))),
            None if spans.iter().all(|span| span.end < START) => Ok(None),
            None => Err(EngineError::Damaged { what: format!("no segment in {} can be read", dir.display()) }),
        }
    }

    pub(crate) fn new(dir: &Path, id: [u8; 16], spans: Vec<Span>) -> Reader {
        Reader {
            dir: dir.to_path_buf(),
            id,
            check: Check::new(&id),
            spans: RwLock::new(spans),
            points: RwLock::default(),
            files: Mutex::default(),
            unpacked: Unpacked::default(),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn id(&self) -> [u8; 16] {
        self.id
    }

    pub(crate) fn check(&self) -> Check {
        self.check
    }

    /// The segments as they are now.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.spans.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A segment as it is now.
    pub(crate) fn span(&self, number: u32) -> Option<Span> {
        let spans = self.spans.read().unwrap_or_else(PoisonError::into_inner);
        spans.iter().rev().find(|span| span.number == number).copied()
    }

    /// Bytes in all segments.
    pub(crate) fn bytes(&self) -> u64 {
        self.spans().iter().map(|span| span.end).sum()
    }

    /// True when a record can be read somewhere.
    pub(crate) fn has_records(&self) -> Result<bool, EngineError> {
        let mut scan = Scan::new(self, self.start(), 1, None, Contents::Skip);
        while let Some(step) = scan.next()? {
            if matches!(step, Step::Record(_)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Bytes up to a place.
    pub(crate) fn bytes_before(&self, at: At) -> u64 {
        let spans = self.spans();
        spans.iter().filter(|span| span.number < at.segment).map(|span| span.end).sum::<u64>() + at.offset
    }

    /// Where everything begins.
    pub(crate) fn start(&self) -> At {
        At { segment: self.spans().first().map_or(0, |span| span.number), offset: 0 }
    }

    /// Makes a written record visible to readers.
    pub(crate) fn publish(&self, seq: Seq, at: At, end: u64) {
        let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = spans.last_mut().filter(|last| last.number == at.segment) {
            last.end = end;
        }
        drop(spans);
        self.remember(seq, at);
    }

    /// Sets where a segment ends, when what follows counts for nothing.
    pub(crate) fn shorten(&self, number: u32, end: u64) {
        if let Some(span) = self.span(number) {
            self.set_span(Span { end: end.min(span.end), ..span });
        }
    }

    /// Adds a segment, or replaces what was known of one.
    pub(crate) fn set_span(&self, span: Span) {
        let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
        spans.retain(|known| known.number != span.number);
        spans.push(span);
        spans.sort_unstable_by_key(|span| span.number);
    }

    /// Forgets a segment whose file was removed.
    pub(crate) fn forget(&self, number: u32) {
        self.spans.write().unwrap_or_else(PoisonError::into_inner).retain(|span| span.number != number);
        self.files.lock().unwrap_or_else(PoisonError::into_inner).retain(|(open, _)| *open != number);
    }

    fn remember(&self, seq: Seq, at: At) {
        if seq.is_multiple_of(SPARSE) {
            self.points.write().unwrap_or_else(PoisonError::into_inner).insert(seq, at);
        }
    }

    /// The file of a segment, opened when needed.
    pub(crate) fn file(&self, number: u32) -> Result<Arc<File>, EngineError> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = files.iter().position(|(open, _)| *open == number) {
            let file = files[at].1.clone();
            files.swap(at, 0);
            return Ok(file);
        }
        let path = segment::path(&self.dir, number);
        let file = Arc::new(File::open(&path).map_err(failed("cannot open", &path))?);
        files.truncate(OPEN_FILES - 1);
        files.push_front((number, file.clone()));
        Ok(file)
    }

    /// A content by its place, checked.
    pub(crate) fn content(&self, place: Place) -> Result<Vec<u8>, EngineError> {
        let damaged = |why: &str| EngineError::Damaged {
            what: format!(
                "content {}at {} ({} bytes) of journal segment {}: {why}",
                place.index.map_or_else(String::new, |index| format!("{index} of the block ")),
                place.offset,
                place.length,
                place.segment
            ),
        };
        let end = self.span(place.segment).ok_or_else(|| damaged("there is no such segment"))?.end;
        let within = place.offset >= START && place.offset.saturating_add(u64::from(place.length)) <= end;
        if !within || (place.length as usize) < frame::HEADER {
            return Err(damaged("the segment ends before it"));
        }
        let Some(index) = place.index else { return self.payload(place, Kind::Content, &damaged) };
        let block = match self.unpacked.get(place) {
            Some(block) => block,
            None => {
                let block = Block::read(self.payload(place, Kind::Block, &damaged)?);
                let block = Arc::new(block.ok_or_else(|| damaged("its block cannot be taken apart"))?);
                self.unpacked.put(place, &block);
                block
            }
        };
        let content = block.content(usize::from(index)).map(<[u8]>::to_vec);
        content.ok_or_else(|| damaged("its block does not have it"))
    }

    /// The payload of the frame at a place, checked.
    fn payload(&self, place: Place, kind: Kind, damaged: &dyn Fn(&str) -> EngineError) -> Result<Vec<u8>, EngineError> {
        let file = match self.file(place.segment) {
            Err(EngineError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Err(damaged("the segment's file is gone"));
            }
            other => other?,
        };
        let mut bytes = vec![0; place.length as usize];
        file.read_exact_at(&mut bytes, place.offset).map_err(|error| damaged(&error.to_string()))?;
        let header = Header::read(&bytes, self.check).ok_or_else(|| damaged("its header fails the checksum"))?;
        if header.kind != kind || header.length() != u64::from(place.length) {
            return Err(damaged("something else is there"));
        }
        header.open(&bytes[frame::HEADER..], self.check).map_err(|why| {
            damaged(match why {
                Unreadable::Damaged => "it fails its checksum",
                Unreadable::Erased => "it was erased on purpose",
            })
        })
    }

    /// Log lines from a number on, up to and with `last`.
    pub(crate) fn events(&self, from: Seq, last: Seq, limit: usize) -> Result<Vec<Logged>, EngineError> {
        let mut lines = Vec::new();
        if from > last || limit == 0 {
            return Ok(lines);
        }
        let start = self.walk(self.near(from), from);
        let mut scan = Scan::new(self, start, 1, None, Contents::Skip);
        while lines.len() < limit {
            let Some(step) = scan.next()? else { break };
            let Step::Record(found) = step else { continue };
            let (seq, at) = (found.head.seq, found.at);
            if seq > last {
                break;
            }
            self.remember(seq, at);
            if seq >= from {
                let (actor, event) = (found.head.actor, found.change.event.into());
                lines.push(Logged { seq, at: found.head.at, actor, event });
            }
        }
        Ok(lines)
    }

    /// A place at or before a record, as near as is known without reading.
    fn near(&self, seq: Seq) -> At {
        let spans = self.spans();
        let span = spans.iter().rev().find(|span| !span.head_damaged && span.first <= seq);
        let segment = span.map(|span| (span.first, At { segment: span.number, offset: START }));
        let points = self.points.read().unwrap_or_else(PoisonError::into_inner);
        let point = points.range(..=seq).next_back().map(|(seq, at)| (*seq, *at));
        segment.into_iter().chain(point).max_by_key(|(seq, _)| *seq).map_or_else(|| self.start(), |(_, at)| at)
    }

    /// Goes on to a record of the same segment by headers alone, as far as they can be read.
    fn walk(&self, mut at: At, seq: Seq) -> At {
        let Some((span, file)) = self.span(at.segment).zip(self.file(at.segment).ok()) else { return at };
        at.offset = at.offset.max(START);
        let mut bytes = [0; frame::HEADER];
        while at.offset + (frame::HEADER as u64) <= span.end {
            // What cannot be read here is met again, and dealt with, by the scan that begins here.
            let read = file.read_exact_at(&mut bytes, at.offset).ok();
            let header = read.and_then(|()| Header::read(&bytes, self.check));
            let Some(header) = header.filter(|header| header.kind == Kind::Record && header.seq <= seq) else { break };
            self.remember(header.seq, at);
            let next = at.offset + u64::from(header.span);
            if header.seq == seq || header.span == 0 || next > span.end {
                break;
            }
            at.offset = next;
        }
        at
    }

    /// What is at a place: the record expected there, another one, or nothing readable.
    pub(crate) fn look(&self, at: At) -> Result<Result<super::record::Hash, Damage>, EngineError> {
        let Some(span) = self.span(at.segment) else {
            let what = "the segment is gone".to_owned();
            return Ok(Err(Damage { segment: at.segment, offset: at.offset, length: 0, records: None, what }));
        };
        let mut window = super::window::Window::new(self.file(span.number)?, span.end);
        Ok(window.record(at.offset, self.check).map(|raw| raw.hash).map_err(|bad| Damage {
            segment: at.segment,
            offset: at.offset,
            length: 0,
            records: None,
            what: bad.what,
        }))
    }
}
