//! A window into a segment: small reads in order without a system call each.

use super::frame::{self, Check, Header, Kind, Unreadable};
use super::record::{Change, Hash, Head};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

const STEP: usize = 64 << 10;

/// Reads one segment up to `end`.
pub(crate) struct Window {
    file: Arc<File>,
    end: u64,
    start: u64,
    bytes: Vec<u8>,
}

/// A record as found in a segment.
pub(crate) struct RawRecord {
    pub head: Head,
    pub head_length: u32,
    pub hash: Hash,
    /// `None` when it was erased.
    pub change: Option<Change>,
    pub span: u64,
}

/// Why there is no readable record at an offset.
pub(crate) struct Bad {
    pub what: String,
    /// Where the next record should be, when that can be known.
    pub next: Option<u64>,
}

impl Window {
    pub(crate) fn new(file: Arc<File>, end: u64) -> Window {
        Window { file, end, start: 0, bytes: Vec::new() }
    }

    /// Bytes at an offset; an error when they are not all before the end.
    pub(crate) fn get(&mut self, offset: u64, length: usize) -> io::Result<&[u8]> {
        let wanted_end = offset.saturating_add(length as u64);
        if wanted_end > self.end {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends within it"));
        }
        if offset < self.start || wanted_end > self.start + self.bytes.len() as u64 {
            let take = (length.max(STEP) as u64).min(self.end - offset) as usize;
            self.bytes.clear();
            self.bytes.resize(take, 0);
            self.start = offset;
            if let Err(error) = self.file.read_exact_at(&mut self.bytes, offset) {
                self.bytes.clear();
                return Err(error);
            }
        }
        let from = (offset - self.start) as usize;
        Ok(&self.bytes[from..from + length])
    }

    /// The header at an offset, if there is one of this journal.
    fn header(&mut self, offset: u64, check: Check) -> Result<Header, String> {
        let bytes = self.get(offset, frame::HEADER).map_err(|error| error.to_string())?;
        Header::read(bytes, check).ok_or_else(|| "its header fails the checksum".to_owned())
    }

    /// The payload of a frame, checked and unpacked.
    fn payload(&mut self, offset: u64, header: &Header, check: Check) -> Result<Vec<u8>, (Unreadable, String)> {
        let damaged = |what: String| (Unreadable::Damaged, what);
        let length = (header.length() as usize) - frame::HEADER;
        let bytes = self.get(offset + frame::HEADER as u64, length).map_err(|error| damaged(error.to_string()))?;
        header.open(bytes, check).map_err(|why| (why, "it fails its checksum".to_owned()))
    }

    /// Reads the record at an offset.
    pub(crate) fn record(&mut self, offset: u64, check: Check) -> Result<RawRecord, Bad> {
        let lost = |what| Bad { what, next: None };
        let header = self.header(offset, check).map_err(lost)?;
        if header.kind != Kind::Record {
            return Err(lost("there is no record where one should begin".to_owned()));
        }
        let next = offset + u64::from(header.span);
        if next > self.end {
            return Err(lost(format!("record {} is cut short", header.seq)));
        }
        let skip = |what: &str| Bad { what: format!("record {}: {what}", header.seq), next: Some(next) };
        let encoded = self.payload(offset, &header, check).map_err(|(_, what)| skip(&what))?;
        let head: Head = minicbor::decode(&encoded).map_err(|_| skip("its head cannot be understood"))?;
        let lengths: u64 = head.parts.iter().map(|part| u64::from(part.length)).sum();
        let fits = head.seq == header.seq
            && head.parts.len() == usize::from(header.index)
            && header.length() + lengths == u64::from(header.span);
        let Some(part) = head.parts.first().filter(|_| fits) else {
            return Err(skip("its head contradicts itself"));
        };
        let change = match self.part(offset + header.length(), Kind::Change, 0, &head, check) {
            Ok(bytes) if blake3::hash(&bytes).as_bytes() != &*part.hash => return Err(skip("its rows were altered")),
            Ok(bytes) => Some(minicbor::decode(&bytes).map_err(|_| skip("its rows cannot be understood"))?),
            Err((Unreadable::Erased, _)) => None,
            Err((Unreadable::Damaged, what)) => return Err(skip(&what)),
        };
        Ok(RawRecord {
            hash: *blake3::hash(&encoded).as_bytes(),
            head_length: header.length() as u32,
            head,
            change,
            span: u64::from(header.span),
        })
    }

    /// Reads the change, a block or (in format 1) a content of a record.
    pub(crate) fn part(
        &mut self,
        offset: u64,
        kind: Kind,
        index: u16,
        head: &Head,
        check: Check,
    ) -> Result<Vec<u8>, (Unreadable, String)> {
        let header = self.header(offset, check).map_err(|what| (Unreadable::Damaged, what))?;
        let part = head.parts.get(usize::from(index) + usize::from(kind != Kind::Change));
        let fits = header.kind == kind
            && header.index == index
            && header.seq == head.seq
            && part.is_some_and(|part| u64::from(part.length) == header.length());
        if fits {
            self.payload(offset, &header, check)
        } else {
            Err((Unreadable::Damaged, "its header does not belong there".to_owned()))
        }
    }

    /// The next place at or after `from` where a record with a number of at least `least` begins.
    pub(crate) fn find_record(&mut self, mut from: u64, least: u64, check: Check) -> Option<u64> {
        const SECTOR: u64 = 4096;
        while from + (frame::HEADER as u64) <= self.end {
            let take = (STEP as u64).min(self.end - from) as usize;
            let found = match self.get(from, take) {
                Ok(bytes) => bytes.windows(4).position(|four| four == frame::MAGIC),
                Err(_) => {
                    from += SECTOR;
                    continue;
                }
            };
            let Some(at) = found else {
                from += (take as u64).saturating_sub(3).max(1);
                continue;
            };
            from += at as u64;
            let header = self.header(from, check).ok();
            let header = header.filter(|header| header.kind == Kind::Record && header.seq >= least);
            if header.is_some_and(|header| self.payload(from, &header, check).is_ok()) {
                return Some(from);
            }
            from += 1;
        }
        None
    }
}
