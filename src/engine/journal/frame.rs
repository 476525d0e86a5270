//! Frames: the smallest thing the journal writes, with a checked header and a checked payload.
//!
//! ```text
//! 0  magic "SwF1"   4  kind   5  flags   6  index u16   8  stored u32   12 raw u32
//! 16 seq u64        24 span u32          28 payload CRC-32C             32 header CRC-32C   36 payload
//! ```
//! A payload is packed with zstd when that saves an eighth (with lz4 in format 1). Numbers are little-endian. Both checksums start from the journal's own id, so bytes inside a message that look like
//! a frame, even made on purpose, are not taken for one.

use super::pack;
use std::borrow::Cow;

/// Bytes of a frame before its payload.
pub(crate) const HEADER: usize = 36;
/// What a frame begins with.
pub(crate) const MAGIC: [u8; 4] = *b"SwF1";
/// The largest payload before packing, in bytes.
pub(crate) const MAX_PAYLOAD: usize = 512 << 20;

/// Packed with lz4, as format 1 did.
const LZ4: u8 = 1;
/// The payload was erased on purpose: zeros of the same length are left, so that nothing after it moves. Its hash in
/// the record stays, and with it the chain. Written by nobody yet; readers know it.
const ERASED: u8 = 2;
/// Packed with zstd.
const ZSTD: u8 = 4;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The head of a record: number, time, actor, chain, and the hashes of what follows.
    Record,
    /// What the record changes: the event and the rows.
    Change,
    /// A content, in format 1.
    Content,
    /// Contents packed together.
    Block,
}

/// A header as read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub kind: Kind,
    flags: u8,
    /// Of a record: how many frames follow. Else: which of them this is, from 0.
    pub index: u16,
    stored: u32,
    raw: u32,
    /// The record's number.
    pub seq: u64,
    /// Of a record: bytes of all its frames. Else 0.
    pub span: u32,
    crc: u32,
}

/// Why a payload cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The checksum does not fit.
    Damaged,
    /// It was erased on purpose.
    Erased,
}

/// Checksums of one journal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Check(u32);

impl Check {
    /// The checksums of the journal with this id.
    pub(crate) fn new(id: &[u8; 16]) -> Check {
        Check(crc32c::crc32c(id))
    }

    fn of(self, bytes: &[u8]) -> u32 {
        crc32c::crc32c_append(self.0, bytes)
    }
}

/// Appends a frame, packed when that saves an eighth. Returns its length in bytes.
pub(crate) fn write(out: &mut Vec<u8>, check: Check, kind: Kind, index: u16, seq: u64, span: u32, raw: &[u8]) -> usize {
    let payload = match kind {
        Kind::Record => Cow::Borrowed(raw),
        Kind::Change | Kind::Content | Kind::Block => pack::pack(raw).map_or(Cow::Borrowed(raw), Cow::Owned),
    };
    let flags = if matches!(payload, Cow::Owned(_)) { ZSTD } else { 0 };
    let start = out.len();
    out.extend(MAGIC);
    out.push(match kind {
        Kind::Record => 1,
        Kind::Change => 2,
        Kind::Content => 3,
        Kind::Block => 4,
    });
    out.push(flags);
    out.extend(index.to_le_bytes());
    out.extend((payload.len() as u32).to_le_bytes());
    out.extend((raw.len() as u32).to_le_bytes());
    out.extend(seq.to_le_bytes());
    out.extend(span.to_le_bytes());
    out.extend(check.of(&payload).to_le_bytes());
    out.extend(check.of(&out[start..]).to_le_bytes());
    out.extend_from_slice(&payload);
    HEADER + payload.len()
}

impl Header {
    /// Reads a header; `None` when it is none of this journal.
    pub(crate) fn read(bytes: &[u8], check: Check) -> Option<Header> {
        let bytes: &[u8; HEADER] = bytes.get(..HEADER)?.try_into().ok()?;
        let u32_at = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        if bytes[..4] != MAGIC || check.of(&bytes[..32]) != u32_at(32)? {
            return None;
        }
        let kind = match bytes[4] {
            1 => Kind::Record,
            2 => Kind::Change,
            3 => Kind::Content,
            4 => Kind::Block,
            _ => return None,
        };
        Some(Header {
            kind,
            flags: bytes[5],
            index: u16::from_le_bytes([bytes[6], bytes[7]]),
            stored: u32_at(8)?,
            raw: u32_at(12)?,
            seq: u64::from_le_bytes(bytes.get(16..24)?.try_into().ok()?),
            span: u32_at(24)?,
            crc: u32_at(28)?,
        })
    }

    /// Bytes of the whole frame.
    pub(crate) fn length(&self) -> u64 {
        HEADER as u64 + u64::from(self.stored)
    }

    /// Checks and unpacks the payload that follows the header.
    pub(crate) fn open(&self, payload: &[u8], check: Check) -> Result<Vec<u8>, Unreadable> {
        if self.flags & ERASED != 0 {
            return Err(Unreadable::Erased);
        }
        if payload.len() != self.stored as usize || check.of(payload) != self.crc {
            return Err(Unreadable::Damaged);
        }
        let raw = self.raw as usize;
        let opened = match self.flags & (LZ4 | ZSTD) {
            0 => Some(payload.to_vec()),
            LZ4 => pack::unpack_lz4(payload, raw),
            ZSTD if raw <= MAX_PAYLOAD => pack::unpack(payload, raw),
            _ => None,
        };
        opened.filter(|opened| opened.len() == raw).ok_or(Unreadable::Damaged)
    }

    /// The header of the same frame with its payload erased.
    #[cfg(test)]
    pub(crate) fn erased(bytes: &mut [u8], check: Check) {
        bytes[5] |= ERASED;
        let crc = check.of(&bytes[..32]).to_le_bytes();
        bytes[32..HEADER].copy_from_slice(&crc);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn frame(id: u8, raw: &[u8]) -> (Vec<u8>, Check) {
        let (mut out, check) = (Vec::new(), Check::new(&[id; 16]));
        write(&mut out, check, Kind::Content, 3, 42, 0, raw);
        (out, check)
    }

    #[test]
    fn what_is_written_is_read_packed_when_it_pays() {
        for raw in [Vec::new(), b"short".to_vec(), vec![b'a'; 5000], (0..=255).collect()] {
            let (bytes, check) = frame(1, &raw);
            let header = Header::read(&bytes, check).unwrap();
            assert_eq!((header.kind, header.index, header.seq), (Kind::Content, 3, 42));
            assert_eq!(header.length(), bytes.len() as u64);
            assert_eq!(header.open(&bytes[HEADER..], check).unwrap(), raw);
        }
        assert!(frame(1, &[b'a'; 5000]).0.len() < 200);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let (bytes, check) = frame(1, b"a letter of a customer");
        for bit in 0..bytes.len() * 8 {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let read = Header::read(&bytes, check).map(|header| header.open(&bytes[HEADER..], check));
            assert!(matches!(read, None | Some(Err(Unreadable::Damaged))), "bit {bit}");
        }
    }

    #[test]
    fn a_frame_of_another_journal_is_not_taken_for_one_of_ours() {
        let (bytes, _) = frame(1, b"letter");
        assert_eq!(Header::read(&bytes, Check::new(&[2; 16])), None);
    }

    #[test]
    fn an_erased_payload_is_told_from_a_damaged_one() {
        let (mut bytes, check) = frame(1, b"letter");
        Header::erased(&mut bytes, check);
        bytes[HEADER..].fill(0);
        let header = Header::read(&bytes, check).unwrap();
        assert_eq!(header.open(&bytes[HEADER..], check), Err(Unreadable::Erased));
    }
}
