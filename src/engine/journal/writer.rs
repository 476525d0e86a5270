//! Appending to the journal: whole records, synced before anything is acknowledged, torn bytes taken back.

use super::At;
use super::reader::{Reader, Span};
use super::record::{self, Change, Hash, Prepared};
use super::segment::{self, START, SegmentHead};
use crate::engine::files::failed;
use crate::engine::{Commit, EngineError, Place, Seq};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// The end of the journal. One at a time writes; the engine's commit lock sees to that.
pub(crate) struct Writer {
    file: Option<File>,
    segment: u32,
    end: u64,
    segment_bytes: u64,
    last: Seq,
    previous: Hash,
    #[cfg(test)]
    pub(crate) faults: super::faults::Faults,
}

/// A record that is durable.
pub(crate) struct Written {
    pub seq: Seq,
    pub at: At,
    pub end: u64,
    pub hash: Hash,
    pub change: Change,
    pub places: Vec<Place>,
}

impl Writer {
    /// Continues after the last record. `append_to` is where it ended when its segment may go on growing; else the
    /// next record begins a new segment.
    pub(crate) fn open(
        reader: &Reader,
        last: Seq,
        previous: Hash,
        append_to: Option<At>,
        segment_bytes: u64,
    ) -> Result<Writer, EngineError> {
        let number = reader.spans().iter().map(|span| span.number).max().unwrap_or(0);
        let mut writer = Writer {
            file: None,
            segment: number,
            end: 0,
            segment_bytes,
            last,
            previous,
            #[cfg(test)]
            faults: super::faults::Faults::default(),
        };
        if let Some(at) = append_to.filter(|at| at.segment == number) {
            let path = segment::path(reader.dir(), number);
            let file = File::options().write(true).open(&path).map_err(failed("cannot open", &path))?;
            writer.end = at.offset;
            writer.file = Some(file);
        }
        Ok(writer)
    }

    /// The number of the last record.
    pub(crate) fn last(&self) -> Seq {
        self.last
    }

    /// The hash of the last record's head.
    pub(crate) fn chain(&self) -> Hash {
        self.previous
    }

    /// Has the next segment get a number above this one.
    pub(crate) fn skip_segments(&mut self, number: u32) {
        self.segment = self.segment.max(number);
    }

    /// Writes a commit as the next record and syncs it. On an error nothing of it remains.
    pub(crate) fn append(&mut self, reader: &Reader, commit: Commit) -> Result<Written, EngineError> {
        let seq = self.last + 1;
        let record = record::prepare(commit, seq, self.previous, reader.check());
        let full = self.end > START && self.end + record.bytes.len() as u64 > self.segment_bytes;
        if full || self.file.is_none() {
            self.begin_segment(reader, seq)?;
        }
        let (at, end) = (At { segment: self.segment, offset: self.end }, self.end + record.bytes.len() as u64);
        if let Err(error) = self.write(&record.bytes) {
            self.take_back();
            let path = segment::path(reader.dir(), self.segment);
            return Err(failed("cannot write to", &path)(error));
        }
        let Prepared { head, change, hash, head_length, .. } = record;
        self.end = end;
        self.last = seq;
        self.previous = hash;
        let places = record::places(&head, head_length, at.segment, at.offset);
        reader.publish(seq, at, end);
        Ok(Written { seq, at, end, hash, change, places })
    }

    /// Makes the next segment, whose head names the record it begins with.
    pub(crate) fn begin_segment(&mut self, reader: &Reader, first: Seq) -> Result<(), EngineError> {
        let number = self.segment + 1;
        let head = SegmentHead {
            format: segment::FORMAT,
            number,
            revision: 0,
            id: reader.id(),
            first,
            previous: self.previous,
        };
        #[cfg(test)]
        self.faults.step(|| Ok(())).map_err(failed("cannot make", &segment::path(reader.dir(), number)))?;
        self.file = Some(head.create(reader.dir())?);
        self.segment = number;
        self.end = START;
        let format = segment::FORMAT;
        reader.set_span(Span { number, format, revision: 0, first, end: START, head_damaged: false });
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(file) = &self.file else { return Err(io::ErrorKind::NotFound.into()) };
        #[cfg(test)]
        {
            let half = &bytes[..bytes.len() / 2];
            self.faults.step(|| file.write_all_at(half, self.end))?;
        }
        file.write_all_at(bytes, self.end)?;
        #[cfg(test)]
        self.faults.step(|| Ok(()))?;
        file.sync_data()
    }

    /// Cuts off what a failed write left. When even that fails, the segment is left as it is (readers pass over the
    /// rest, whose number comes again in the next segment) and a new one begins.
    fn take_back(&mut self) {
        #[cfg(test)]
        if self.faults.keep_torn {
            self.file = None;
        }
        let Some(file) = &self.file else { return };
        if file.set_len(self.end).and_then(|()| file.sync_data()).is_err() {
            self.file = None;
        }
    }
}
