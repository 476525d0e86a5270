//! Buckets: rows that follow each other, kept as one row of sled.
//!
//! sled keeps at most 16 rows in a page, and every page it has costs memory and time at the start; with the small rows of
//! the tables that was 125 MB for a million messages. So neighbours share a row: keys without what they have in common
//! with the one before, all packed with lz4. A bucket's key in sled is where it begins; it holds all rows up to the next.
//!
//! ```text
//! 0 plain | 1 lz4, raw length u32     then for each row: shared, rest, value (LEB128 lengths), the bytes of rest and value
//! ```

use super::Row;
use std::collections::BTreeMap;

/// Bytes of rows above which a bucket is split. A larger row is a bucket of its own.
const SIZE: usize = 2 << 10;
/// What a row takes beside its key and value, about.
const BESIDE: usize = 4;
const PLAIN: u8 = 0;
const LZ4: u8 = 1;

/// The rows of a bucket as stored; `None` when it is damaged.
pub(crate) fn open(stored: &[u8]) -> Option<Vec<u8>> {
    match stored {
        [PLAIN, rows @ ..] => Some(rows.to_vec()),
        [LZ4, a, b, c, d, packed @ ..] => {
            let raw = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            // lz4 cannot make more than 255 bytes of one.
            let fits = raw <= packed.len().saturating_mul(255);
            fits.then(|| lz4_flex::block::decompress(packed, raw).ok())?.filter(|rows| rows.len() == raw)
        }
        _ => None,
    }
}

/// Goes through opened rows in key order.
pub(crate) struct Walk<'a> {
    rest: &'a [u8],
    key: Vec<u8>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(rows: &'a [u8]) -> Walk<'a> {
        Walk { rest: rows, key: Vec::new() }
    }

    /// The next row; `None` at the end, `Some(None)` when the bytes contradict themselves.
    pub(crate) fn next(&mut self) -> Option<Option<(&[u8], &'a [u8])>> {
        if self.rest.is_empty() {
            return None;
        }
        Some(self.row())
    }

    fn row(&mut self) -> Option<(&[u8], &'a [u8])> {
        let (shared, rest, value) = (self.length()?, self.length()?, self.length()?);
        if shared > self.key.len() {
            return None;
        }
        let (rest, after) = self.rest.split_at_checked(rest)?;
        let (value, after) = after.split_at_checked(value)?;
        self.rest = after;
        self.key.truncate(shared);
        self.key.extend_from_slice(rest);
        Some((&self.key, value))
    }

    fn length(&mut self) -> Option<usize> {
        let mut length = 0u64;
        for shift in (0..35).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            length |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(length).ok();
            }
        }
        None
    }
}

/// All rows of a bucket as stored; `None` when it is damaged.
pub(crate) fn rows(stored: &[u8]) -> Option<Vec<Row>> {
    rows_where(stored, |_| true)
}

/// The rows of a bucket with these keys; `None` when it is damaged.
pub(crate) fn rows_where(stored: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Option<Vec<Row>> {
    let opened = open(stored)?;
    let (mut walk, mut rows) = (Walk::new(&opened), Vec::new());
    while let Some(row) = walk.next() {
        let (key, value) = row?;
        if is_wanted(key) {
            rows.push((key.to_vec(), value.to_vec()));
        }
    }
    Some(rows)
}

/// The value of a key; the outer `None` when the bucket is damaged.
pub(crate) fn find(stored: &[u8], wanted: &[u8]) -> Option<Option<Vec<u8>>> {
    let opened = open(stored)?;
    let mut walk = Walk::new(&opened);
    while let Some(row) = walk.next() {
        let (key, value) = row?;
        match key.cmp(wanted) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Equal => return Some(Some(value.to_vec())),
            std::cmp::Ordering::Greater => break,
        }
    }
    Some(None)
}

/// Rows with changes carried out on them.
pub(crate) fn change(rows: Vec<Row>, changes: BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Vec<Row> {
    let mut changed = Vec::with_capacity(rows.len() + changes.len());
    let (mut rows, mut changes) = (rows.into_iter().peekable(), changes.into_iter().peekable());
    loop {
        let from_rows = match (rows.peek(), changes.peek()) {
            (Some((row, _)), Some((change, _))) => {
                if row == change {
                    rows.next();
                    continue;
                }
                row < change
            }
            (row, _) => row.is_some(),
        };
        if from_rows {
            changed.extend(rows.next());
        } else {
            match changes.next() {
                Some((key, value)) => changed.extend(value.map(|value| (key, value))),
                None => return changed,
            }
        }
    }
}

/// Rows as buckets, each with the key of its first row. `filling`: they come in order, and more will follow, so all but
/// the last are full.
pub(crate) fn pack(rows: &[Row], filling: bool) -> Vec<(&[u8], Vec<u8>)> {
    let size = |(key, value): &Row| key.len() + value.len() + BESIDE;
    let total: usize = rows.iter().map(size).sum();
    let wanted = if filling { SIZE } else { total.div_ceil(total.div_ceil(SIZE).max(1)) };
    let (mut buckets, mut from, mut bytes) = (Vec::new(), 0, 0);
    for (at, row) in rows.iter().enumerate() {
        if at > from && bytes + size(row) > wanted.max(SIZE / 4) {
            buckets.extend(bucket(&rows[from..at]));
            (from, bytes) = (at, 0);
        }
        bytes += size(row);
    }
    buckets.extend(bucket(&rows[from..]));
    buckets
}

fn bucket(rows: &[Row]) -> Option<(&[u8], Vec<u8>)> {
    let (first, _) = rows.first()?;
    let mut raw = Vec::with_capacity(SIZE + SIZE / 2);
    let mut before: &[u8] = &[];
    for (key, value) in rows {
        let shared = before.iter().zip(key).take_while(|(one, other)| one == other).count();
        [shared, key.len() - shared, value.len()].into_iter().for_each(|length| put_length(&mut raw, length));
        raw.extend_from_slice(&key[shared..]);
        raw.extend_from_slice(value);
        before = key;
    }
    let packed = lz4_flex::block::compress(&raw);
    let mut stored = Vec::with_capacity(packed.len().min(raw.len()) + 5);
    if packed.len() + 4 < raw.len() - raw.len() / 8 {
        stored.push(LZ4);
        stored.extend((raw.len() as u32).to_le_bytes());
        stored.extend(packed);
    } else {
        stored.push(PLAIN);
        stored.extend(raw);
    }
    Some((first, stored))
}

fn put_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn some(count: usize, value: usize) -> Vec<Row> {
        (0..count).map(|number| (format!("k{number:06}").into_bytes(), vec![number as u8; value])).collect()
    }

    #[test]
    fn rows_come_back_and_are_found() {
        let mut all = some(12, 40);
        all.insert(0, (Vec::new(), b"no key".to_vec()));
        all.push((b"z".to_vec(), Vec::new()));
        let packed = pack(&all, false);
        assert_eq!((packed.len(), packed[0].0), (1, b"".as_slice()));
        assert_eq!(rows(&packed[0].1).unwrap(), all);
        for (key, value) in &all {
            assert_eq!(find(&packed[0].1, key).unwrap().as_ref(), Some(value));
        }
        assert_eq!(find(&packed[0].1, b"k0000021"), Some(None));
        assert_eq!(pack(&[], false), []);
    }

    #[test]
    fn what_is_too_large_is_split_evenly_and_what_comes_in_order_fills_up() {
        let sizes = |filling| -> Vec<usize> {
            pack(&some(100, 60), filling).iter().map(|(_, bucket)| rows(bucket).unwrap().len()).collect()
        };
        let (even, filled) = (sizes(false), sizes(true));
        assert_eq!((even.iter().sum::<usize>(), filled.iter().sum::<usize>()), (100, 100));
        assert!(even.iter().all(|rows| *rows >= 20), "{even:?}");
        assert!(filled[..filled.len() - 1].iter().all(|rows| *rows == filled[0]), "{filled:?}");
        let large = [some(1, 9000), vec![(b"l".to_vec(), vec![1; 20_000]), (b"m".to_vec(), vec![2])]].concat();
        assert_eq!(pack(&large, false).len(), 3);
    }

    #[test]
    fn changes_replace_remove_and_add() {
        let changes =
            [("k000000", None), ("k000001", Some("new")), ("k0000015", Some("between")), ("l", Some("after"))];
        let changes = changes.map(|(key, value)| (key.into(), value.map(|value| value.as_bytes().to_vec())));
        let changed = change(some(3, 1), changes.into_iter().collect());
        let keys: Vec<_> = changed.iter().map(|(key, _)| String::from_utf8_lossy(key).into_owned()).collect();
        assert_eq!(keys, ["k000001", "k0000015", "k000002", "l"]);
        assert_eq!(changed[0].1, b"new");
    }

    #[test]
    fn damaged_bytes_are_no_rows() {
        let stored = pack(&some(9, 9), false).remove(0).1;
        let plain: Vec<u8> = [vec![PLAIN], open(&stored).unwrap()].concat();
        for stored in [stored, plain] {
            let whole = rows(&stored).unwrap();
            for end in 0..stored.len() {
                // A plain one can end between two rows; sled's own checksum notices that.
                assert!(rows(&stored[..end]).is_none_or(|rows| whole.starts_with(&rows)), "cut at {end}");
            }
        }
        assert_eq!((open(&[]), open(&[9, 1]), rows(&[PLAIN, 0xff, 0xff])), (None, None, None));
        assert_eq!(rows(&[PLAIN, 5, 0, 0]), None, "it shares what is not there");
    }
}
