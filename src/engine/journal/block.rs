//! Blocks: contents of one record packed together, since they repeat each other. A text is found again in its original,
//! and one mail's headers in the next one's.
//!
//! ```text
//! count u16   count × length u32   the contents, one after another
//! ```
//! A block is small, so that reading one content unpacks little. What stands in the record's head is one hash over the
//! hashes of its contents.
//!
//! **Erasing** a content one day means: a new record brings the other contents of its block again, with the rows that
//! point at them and the hash of the one to be erased; then the block's frame is marked as erased and its payload
//! overwritten with zeros, and the `revision` of its segment goes up. Nothing moves, the chain over the heads stays what
//! it was, and with that one hash anybody can still prove that the others are what was once written.

use super::record::Hash;

/// Contents are added to a block up to so many bytes. A larger content is a block of its own.
pub(crate) const SIZE: usize = 16 << 10;
/// The most contents of one block.
pub(crate) const MAX_CONTENTS: usize = 4096;

/// A block as unpacked.
#[derive(Debug)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    /// Where each content begins and ends.
    contents: Vec<(usize, usize)>,
}

/// How many of these contents, which follow each other, go into the next block: at least one when there is one.
pub(crate) fn take(contents: &[Vec<u8>]) -> usize {
    let mut bytes = 0;
    let fits = contents.iter().take(MAX_CONTENTS).take_while(|content| {
        bytes += content.len();
        bytes <= SIZE
    });
    fits.count().max(1).min(contents.len())
}

/// Contents as the payload of a block, before packing.
pub(crate) fn join(contents: &[Vec<u8>]) -> Vec<u8> {
    let bytes: usize = contents.iter().map(|content| content.len() + 4).sum();
    let mut block = Vec::with_capacity(bytes + 2);
    block.extend((contents.len() as u16).to_le_bytes());
    contents.iter().for_each(|content| block.extend((content.len() as u32).to_le_bytes()));
    contents.iter().for_each(|content| block.extend_from_slice(content));
    block
}

/// The hash that a record's head has of a block: over the hashes of its contents.
pub(crate) fn hash(contents: impl Iterator<Item = Hash>) -> Hash {
    let mut hasher = blake3::Hasher::new();
    contents.for_each(|hash| {
        hasher.update(&hash);
    });
    *hasher.finalize().as_bytes()
}

impl Block {
    /// Takes a payload apart; `None` when it contradicts itself.
    pub(crate) fn read(bytes: Vec<u8>) -> Option<Block> {
        let count = usize::from(u16::from_le_bytes(bytes.get(..2)?.try_into().ok()?));
        let lengths = bytes.get(2..2 + 4 * count)?;
        let mut at = 2 + 4 * count;
        let mut contents = Vec::with_capacity(count);
        for length in lengths.chunks_exact(4) {
            let length = u32::from_le_bytes(length.try_into().ok()?);
            let end = at.checked_add(length as usize).filter(|end| *end <= bytes.len())?;
            contents.push((at, end));
            at = end;
        }
        (at == bytes.len()).then_some(Block { bytes, contents })
    }

    /// How many contents it has.
    pub(crate) fn count(&self) -> usize {
        self.contents.len()
    }

    /// Bytes it takes in memory.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// A content by its number in the block.
    pub(crate) fn content(&self, index: usize) -> Option<&[u8]> {
        let (start, end) = *self.contents.get(index)?;
        self.bytes.get(start..end)
    }

    /// What its hash should be in the record's head.
    pub(crate) fn hash(&self) -> Hash {
        let contents = (0..self.count()).filter_map(|index| self.content(index));
        hash(contents.map(|content| *blake3::hash(content).as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn contents() -> Vec<Vec<u8>> {
        vec![b"Hello".to_vec(), Vec::new(), b"Subject: x\r\n\r\nHello".to_vec()]
    }

    #[test]
    fn contents_come_back_by_their_number() {
        let block = Block::read(join(&contents())).unwrap();
        let read: Vec<_> = (0..3).map(|index| block.content(index).unwrap().to_vec()).collect();
        assert_eq!((read, block.count()), (contents(), 3));
        assert_eq!(block.content(3), None);
    }

    #[test]
    fn a_block_is_filled_up_to_its_size_and_a_large_content_stands_alone() {
        let small = vec![vec![0; SIZE / 4]; 9];
        assert_eq!(take(&small), 4);
        assert_eq!(take(&[vec![0; SIZE + 1], vec![1]]), 1);
        assert_eq!(take(&[vec![1], vec![0; SIZE]]), 1);
        assert_eq!(take(&vec![Vec::new(); MAX_CONTENTS + 1]), MAX_CONTENTS);
        assert_eq!(take(&[]), 0);
    }

    #[test]
    fn what_contradicts_itself_is_no_block() {
        let good = join(&contents());
        for end in 0..good.len() {
            assert!(Block::read(good[..end].to_vec()).is_none(), "cut at {end}");
        }
        let mut long = good.clone();
        long.push(0);
        assert!(Block::read(long).is_none());
    }
}
