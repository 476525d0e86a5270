//! Records: one commit in the journal. A head frame, a change frame, then the contents in blocks (in format 1: a frame
//! for each).
//!
//! The head names the record before it by hash and each of its own frames by hash, so the chain runs over the heads
//! alone: a content, or a whole change, can be erased one day and the chain still proves all the rest.

use super::block;
use super::frame::{self, Check, Kind};
use crate::engine::{Commit, Place, Put, Seq};
use minicbor::bytes::{ByteArray, ByteVec};
use minicbor::{Decode, Encode};

/// The most contents one record can bring.
pub(crate) const MAX_CONTENTS: usize = u16::MAX as usize - 1;
/// What a content takes beside its bytes, about.
const BESIDE: usize = 8;

/// BLAKE3.
pub(crate) type Hash = [u8; 32];

/// The head of a record.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Head {
    #[n(0)]
    pub seq: Seq,
    /// Hash of the head before; zeros for the first record, or where the one before was lost.
    #[n(1)]
    pub previous: ByteArray<32>,
    /// Milliseconds since 1970.
    #[n(2)]
    pub at: i64,
    #[n(3)]
    pub actor: String,
    /// The frames that follow: the change, then the blocks.
    #[n(4)]
    pub parts: Vec<Part>,
}

/// A frame as its record's head knows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Part {
    /// BLAKE3 of the payload before packing; of a block, over the hashes of its contents.
    #[n(0)]
    pub hash: ByteArray<32>,
    /// Bytes of the whole frame in the segment.
    #[n(1)]
    pub length: u32,
    /// How many contents a block has; 0 when the frame is none.
    #[n(2)]
    #[cbor(default)]
    pub contents: u16,
}

/// What a record changes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Change {
    #[n(0)]
    pub event: ByteVec,
    #[n(1)]
    pub deletes: Vec<ByteVec>,
    #[n(2)]
    pub puts: Vec<PutRow>,
}

impl Change {
    /// No change: what is left of one that was erased.
    pub(crate) fn none() -> Change {
        Change { event: Vec::new().into(), deletes: Vec::new(), puts: Vec::new() }
    }
}

/// A row to write, without the places, which follow from where the record is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct PutRow {
    #[n(0)]
    pub key: ByteVec,
    #[n(1)]
    pub value: ByteVec,
    #[n(2)]
    pub contents: Vec<u16>,
}

impl From<Put> for PutRow {
    fn from(put: Put) -> PutRow {
        PutRow { key: put.key.into(), value: put.value.into(), contents: put.contents }
    }
}

/// A record ready to be written.
pub(crate) struct Prepared {
    pub bytes: Vec<u8>,
    pub head: Head,
    pub change: Change,
    pub hash: Hash,
    pub head_length: u32,
}

/// Why a commit cannot be made a record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("the change has {0} contents, at most {MAX_CONTENTS} fit into one; split it")]
    TooMany(usize),
    #[error("the change is too large ({0} bytes); split it")]
    TooLarge(usize),
    #[error("a row points at content {0}, which the change does not bring")]
    NoSuchContent(u16),
    #[error("a row's key begins with a zero byte, which is reserved")]
    ReservedKey,
}

/// Checks what no engine can carry out.
pub(crate) fn fits(commit: &Commit) -> Result<(), Unfit> {
    if commit.contents.len() > MAX_CONTENTS {
        return Err(Unfit::TooMany(commit.contents.len()));
    }
    let size = size(commit);
    if size > frame::MAX_PAYLOAD {
        return Err(Unfit::TooLarge(size));
    }
    for put in &commit.puts {
        if let Some(index) = put.contents.iter().find(|index| usize::from(**index) >= commit.contents.len()) {
            return Err(Unfit::NoSuchContent(*index));
        }
    }
    let mut keys = commit.puts.iter().map(|put| &put.key).chain(&commit.deletes);
    if keys.any(|key| key.first() == Some(&0)) { Err(Unfit::ReservedKey) } else { Ok(()) }
}

/// About how many bytes a commit takes.
pub(crate) fn size(commit: &Commit) -> usize {
    let contents: usize = commit.contents.iter().map(|content| content.len() + BESIDE).sum();
    let puts: usize = commit.puts.iter().map(|put| put.key.len() + put.value.len() + 16 + 4 * put.contents.len()).sum();
    let deletes: usize = commit.deletes.iter().map(|key| key.len() + 8).sum();
    contents + puts + deletes + commit.event.len() + commit.actor.len() + 256
}

/// Encodes a commit that [`fits`].
pub(crate) fn prepare(commit: Commit, seq: Seq, previous: Hash, check: Check) -> Prepared {
    let change = Change {
        event: commit.event.into(),
        deletes: commit.deletes.into_iter().map(ByteVec::from).collect(),
        puts: commit.puts.into_iter().map(PutRow::from).collect(),
    };
    let mut frames = Vec::new();
    let mut parts = Vec::with_capacity(commit.contents.len() + 1);
    let mut add = |kind, index, raw: &[u8], hash: Hash, contents| {
        let length = frame::write(&mut frames, check, kind, index, seq, 0, raw) as u32;
        parts.push(Part { hash: hash.into(), length, contents });
    };
    let encoded = encode(&change);
    add(Kind::Change, 0, &encoded, *blake3::hash(&encoded).as_bytes(), 0);
    drop(encoded);
    let (mut rest, mut number) = (commit.contents.as_slice(), 0);
    while !rest.is_empty() {
        let (contents, after) = rest.split_at(block::take(rest));
        let hash = block::hash(contents.iter().map(|content| *blake3::hash(content).as_bytes()));
        add(Kind::Block, number, &block::join(contents), hash, contents.len() as u16);
        (rest, number) = (after, number + 1);
    }
    let head = Head { seq, previous: previous.into(), at: commit.at, actor: commit.actor, parts };
    let encoded = encode(&head);
    let head_length = frame::HEADER + encoded.len();
    let mut bytes = Vec::with_capacity(head_length + frames.len());
    let span = (head_length + frames.len()) as u32;
    frame::write(&mut bytes, check, Kind::Record, head.parts.len() as u16, seq, span, &encoded);
    bytes.append(&mut frames);
    Prepared { bytes, head, change, hash: *blake3::hash(&encoded).as_bytes(), head_length: head_length as u32 }
}

fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to a `Vec` cannot fail.
    let _: Result<(), minicbor::encode::Error<std::convert::Infallible>> = minicbor::encode(value, &mut bytes);
    bytes
}

/// Where the contents of a record lie that begins at `offset`.
pub(crate) fn places(head: &Head, head_length: u32, segment: u32, offset: u64) -> Vec<Place> {
    let mut at = offset + u64::from(head_length);
    let mut places = Vec::new();
    for (number, part) in head.parts.iter().enumerate() {
        let place = Place { segment, offset: at, length: part.length, index: None };
        match part.contents {
            0 if number > 0 => places.push(place),
            count => places.extend((0..count).map(|index| Place { index: Some(index), ..place })),
        }
        at += u64::from(part.length);
    }
    places
}

/// What a record does to the rows, in order; a later line of the same key wins.
pub(crate) fn rows<'a>(
    change: &'a Change,
    places: &'a [Place],
) -> impl Iterator<Item = (&'a [u8], Option<Vec<u8>>)> + 'a {
    let deletes = change.deletes.iter().map(|key| (key.as_slice(), None));
    let puts = change.puts.iter().map(|put| {
        let places = put.contents.iter().filter_map(|index| places.get(usize::from(*index)));
        let mut value = Vec::with_capacity(put.value.len() + put.contents.len() * Place::SIZE);
        value.extend_from_slice(&put.value);
        value.extend(places.flat_map(|place| place.to_bytes()));
        (put.key.as_slice(), Some(value))
    });
    deletes.chain(puts)
}
