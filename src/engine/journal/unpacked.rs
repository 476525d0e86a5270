//! The blocks unpacked last: messages read together were often written together.

use super::block::Block;
use crate::engine::Place;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const BLOCKS: usize = 64;
/// A larger one is not kept.
const LARGE: usize = 64 << 10;

/// Blocks by where they are, the one used last in front. What lies at a place never becomes something else.
#[derive(Default)]
pub(super) struct Unpacked {
    blocks: Mutex<VecDeque<Kept>>,
}

struct Kept {
    segment: u32,
    offset: u64,
    length: u32,
    block: Arc<Block>,
}

impl Unpacked {
    fn blocks(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The block at a place, if it is kept.
    pub(super) fn get(&self, place: Place) -> Option<Arc<Block>> {
        let mut blocks = self.blocks();
        let is_it =
            |kept: &Kept| (kept.segment, kept.offset, kept.length) == (place.segment, place.offset, place.length);
        let at = blocks.iter().position(is_it)?;
        let found = blocks.remove(at)?;
        let block = found.block.clone();
        blocks.push_front(found);
        Some(block)
    }

    /// Keeps a block in place of the one unused longest.
    pub(super) fn put(&self, place: Place, block: &Arc<Block>) {
        if block.size() > LARGE {
            return;
        }
        let Place { segment, offset, length, .. } = place;
        let mut blocks = self.blocks();
        blocks.truncate(BLOCKS - 1);
        blocks.push_front(Kept { segment, offset, length, block: block.clone() });
    }
}
