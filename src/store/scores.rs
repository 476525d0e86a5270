//! Scores: a row a customer, what agents corrected, the layers learned from that, segments with their members, and how far
//! scoring is. All of it but the corrections can be computed anew from the messages.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::engine::{EngineError, Place};
use crate::model::{Correction, CustomerId, Layer, LayerState, MessageId, Rescore, ScoredRow, Segment, SegmentKind};

const SCORES: u8 = b'S';
/// What comes after the table's letter.
const ROW: &[u8] = b"c";
const CORRECTION: &[u8] = b"m";
const LAYER: &[u8] = b"l";
const LAYER_STATE: &[u8] = b"L";
const SEGMENT: &[u8] = b"s";
const MEMBER: &[u8] = b"i";
const PROGRESS: &[u8] = b"p";
const FIT: &[u8] = b"f";
const TALLY: &[u8] = b"t";

/// Segments of one kind; nobody has that many.
const MOST_SEGMENTS: usize = 1_000;

fn record_of<T: for<'b> minicbor::Decode<'b, ()>>(
    read: &impl Read,
    parts: &[&[u8]],
) -> Result<Option<Stored<T>>, StoreError> {
    read.get(&key(SCORES, parts))?.map(|row| record::decode(SCORES, &row)).transpose()
}

fn kind_byte(kind: SegmentKind) -> [u8; 1] {
    [kind as u8]
}

/// A name is of any length; its hash is not.
fn name_hash(name: &str) -> [u8; 16] {
    MessageId::of(&[b"segment", name.as_bytes()]).0
}

fn member_prefix(kind: SegmentKind, name: &str) -> Vec<u8> {
    key(SCORES, &[MEMBER, &kind_byte(kind), &name_hash(name)])
}

impl Store {
    /// The scores of a customer.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn scored(&self, customer: CustomerId) -> Result<Option<ScoredRow>, StoreError> {
        Ok(record_of(self, &[ROW, &customer.0])?.map(|stored| stored.record))
    }

    /// The scores of all customers in the order of their ids, a page at a time.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn all_scored(&self, after: Option<CustomerId>, limit: usize) -> Result<Vec<ScoredRow>, StoreError> {
        let after = after.map(|id| key(SCORES, &[ROW, &id.0]));
        self.scan_prefix(&key(SCORES, &[ROW]), after.as_deref(), false, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<ScoredRow>(SCORES, row)?.record))
            .collect()
    }

    /// What an agent said a message sounds like.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn correction(&self, message: MessageId) -> Result<Option<Correction>, StoreError> {
        Ok(record_of(self, &[CORRECTION, &message.0])?.map(|stored| stored.record))
    }

    /// All corrections, a page at a time, in the order of their messages' ids; damaged ones are left out.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn corrections(&self, after: Option<MessageId>, limit: usize) -> Result<Vec<Correction>, StoreError> {
        let after = after.map(|id| key(SCORES, &[CORRECTION, &id.0]));
        self.scan_prefix(&key(SCORES, &[CORRECTION]), after.as_deref(), false, limit)?
            .iter()
            .filter_map(|(_, row)| match record::decode::<Correction>(SCORES, row) {
                Ok(stored) => Some(Ok(stored.record)),
                // One that is damaged must not keep the others from teaching.
                Err(error) => {
                    tracing::warn!(%error, "a correction is left out");
                    None
                }
            })
            .collect()
    }

    /// Which layer is in use.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn layer_state(&self) -> Result<LayerState, StoreError> {
        Ok(record_of(self, &[LAYER_STATE])?.map(|stored| stored.record).unwrap_or_default())
    }

    /// A layer with its weights, checked by the journal; `None` when it is not kept (any more).
    ///
    /// # Errors
    /// When the row or the weights cannot be read.
    pub fn layer(&self, number: u64) -> Result<Option<(Layer, Vec<u8>)>, StoreError> {
        let Some(Stored { record, places }) = record_of::<Layer>(self, &[LAYER, &number.to_be_bytes()])? else {
            return Ok(None);
        };
        let place: &Place = places
            .first()
            .ok_or_else(|| EngineError::Damaged { what: format!("the learned layer {number} has no weights") })?;
        let weights = self.content(*place)?;
        Ok(Some((record, weights)))
    }

    /// The layers that are kept, the latest first.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn layers(&self, limit: usize) -> Result<Vec<Layer>, StoreError> {
        self.scan_prefix(&key(SCORES, &[LAYER]), None, true, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Layer>(SCORES, row)?.record))
            .collect()
    }

    /// All segments, kind by kind.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn segments(&self) -> Result<Vec<Segment>, StoreError> {
        self.scan_prefix(&key(SCORES, &[SEGMENT]), None, false, MOST_SEGMENTS)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Segment>(SCORES, row)?.record))
            .collect()
    }

    /// Who is in a segment, at most `limit`, after a customer when given.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn segment_members(
        &self,
        kind: SegmentKind,
        name: &str,
        after: Option<CustomerId>,
        limit: usize,
    ) -> Result<Vec<CustomerId>, StoreError> {
        let prefix = member_prefix(kind, name);
        let after = after.map(|id| [prefix.as_slice(), &id.0].concat());
        let rows = self.scan_prefix(&prefix, after.as_deref(), false, limit)?;
        Ok(rows.iter().filter_map(|(row, _)| CustomerId::from_slice(row.get(prefix.len()..)?)).collect())
    }

    /// What a kind of segment was fitted to, in its own words; `None` before the first fit.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn fit(&self, kind: SegmentKind) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&key(SCORES, &[FIT, &kind_byte(kind)]))
    }

    /// What all customers together are like, in the words of `score::Tally`; `None` before they were counted.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn tally(&self) -> Result<Option<Vec<u8>>, StoreError> {
        self.get(&key(SCORES, &[TALLY]))
    }

    /// How far scoring is; `None` when it never began.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn rescore(&self) -> Result<Option<Rescore>, StoreError> {
        Ok(record_of(self, &[PROGRESS])?.map(|stored| stored.record))
    }
}

impl Transaction<'_> {
    /// Keeps the scores of a customer, and lists them in their segments.
    ///
    /// # Errors
    /// When the row before cannot be read.
    pub fn put_scored(&mut self, row: &ScoredRow) -> Result<(), StoreError> {
        let old: Option<Stored<ScoredRow>> = record_of(self, &[ROW, &row.customer.0])?;
        let old = old.map(|stored| stored.record.segments).unwrap_or_default();
        for (kind, name) in old.iter().filter(|segment| !row.segments.contains(segment)) {
            self.delete([member_prefix(*kind, name).as_slice(), &row.customer.0].concat());
        }
        for (kind, name) in row.segments.iter().filter(|segment| !old.contains(segment)) {
            self.put([member_prefix(*kind, name).as_slice(), &row.customer.0].concat(), Vec::new());
        }
        self.put(key(SCORES, &[ROW, &row.customer.0]), record::encode(row, &[], 0));
        Ok(())
    }

    /// The scores of a customer as this transaction sees them.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn scored(&self, customer: CustomerId) -> Result<Option<ScoredRow>, StoreError> {
        Ok(record_of(self, &[ROW, &customer.0])?.map(|stored| stored.record))
    }

    /// The scores of a customer are out of date from now on; who was never scored is so anyway.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn outdate_scores(&mut self, customer: CustomerId) -> Result<(), StoreError> {
        if let Some(row) = self.scored(customer)? {
            self.put_scored(&ScoredRow { outdated: row.outdated.saturating_add(1), ..row })?;
        }
        Ok(())
    }

    /// Forgets the scores of a customer that turned out to be another.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn delete_scored(&mut self, customer: CustomerId) -> Result<(), StoreError> {
        let Some(old) = record_of::<ScoredRow>(self, &[ROW, &customer.0])? else { return Ok(()) };
        for (kind, name) in &old.record.segments {
            self.delete([member_prefix(*kind, name).as_slice(), &customer.0].concat());
        }
        self.delete(key(SCORES, &[ROW, &customer.0]));
        Ok(())
    }

    /// Keeps what an agent said of a message.
    pub fn put_correction(&mut self, correction: &Correction) {
        self.put(key(SCORES, &[CORRECTION, &correction.message.0]), record::encode(correction, &[], 0));
    }

    /// Forgets it; the log still knows.
    pub fn delete_correction(&mut self, message: MessageId) {
        self.delete(key(SCORES, &[CORRECTION, &message.0]));
    }

    /// Keeps a layer with its weights.
    pub fn put_layer(&mut self, layer: &Layer, weights: Vec<u8>) {
        let contents = vec![self.add_content(weights)];
        let row = record::encode(layer, &[], 1);
        self.put_with(key(SCORES, &[LAYER, &layer.number.to_be_bytes()]), row, contents);
    }

    /// Forgets a layer.
    pub fn delete_layer(&mut self, number: u64) {
        self.delete(key(SCORES, &[LAYER, &number.to_be_bytes()]));
    }

    /// Says which layer is in use.
    pub fn put_layer_state(&mut self, state: &LayerState) {
        self.put(key(SCORES, &[LAYER_STATE]), record::encode(state, &[], 0));
    }

    /// Keeps the segments of a kind in the place of those there were.
    ///
    /// # Errors
    /// When the rows before cannot be read.
    pub fn put_segments(&mut self, kind: SegmentKind, segments: &[Segment]) -> Result<(), StoreError> {
        let prefix = key(SCORES, &[SEGMENT, &kind_byte(kind)]);
        for (row, _) in self.scan(&prefix, MOST_SEGMENTS)? {
            self.delete(row);
        }
        for segment in segments {
            let row = [prefix.as_slice(), &name_hash(&segment.name)].concat();
            self.put(row, record::encode(segment, &[], 0));
        }
        Ok(())
    }

    /// Keeps what a kind of segment was fitted to.
    pub fn put_fit(&mut self, kind: SegmentKind, fit: Vec<u8>) {
        self.put(key(SCORES, &[FIT, &kind_byte(kind)]), fit);
    }

    /// Keeps what all customers together are like.
    pub fn put_tally(&mut self, tally: Vec<u8>) {
        self.put(key(SCORES, &[TALLY]), tally);
    }

    /// Says how far scoring is.
    pub fn put_rescore(&mut self, rescore: &Rescore) {
        self.put(key(SCORES, &[PROGRESS]), record::encode(rescore, &[], 0));
    }
}
