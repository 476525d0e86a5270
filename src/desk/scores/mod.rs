//! Scores: what each message sounds like, what every customer's numbers are, and keeping both up to date. When that is
//! done is the worker's to say; here is what, one slice of work and one commit at a time.
//!
//! A message's sentiment is computed when it is read: nothing is kept of it but an agent's correction. A customer's
//! scores are a row, written only when something in it changed.

mod card;
mod correct;
mod facts;
mod layer;
mod need;
mod news;
mod peers;
mod round;
mod segment;
mod slice;

pub use news::{Marks, News};
pub use round::Round;
pub use segment::{FitProgress, FitReport};
pub use slice::Sliced;

use crate::model::{Layer, Targets};
use crate::score::intent::Intents;
use crate::score::sentiment::Reader;
use crate::score::{Peers, RULES};
pub(super) use layer::Current;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// What the desk holds for scoring beside the store.
#[derive(Default)]
pub(super) struct Scoring {
    /// The model in use, once it was asked for.
    current: RwLock<Option<Arc<Current>>>,
    /// What cases are to be done in.
    targets: RwLock<Option<Targets>>,
    /// What all customers together are like, once it was asked for.
    peers: RwLock<Option<Arc<Peers>>>,
    /// One slice at a time, whoever asks.
    turn: Mutex<()>,
    /// One fit is written at a time, from its models to the last customer placed; taken before a turn.
    placing: Mutex<()>,
}

impl Scoring {
    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The version of all that computes scores: models, layer, rules, and the targets of the service clock.
fn version_of(reader: &Reader, targets: Targets) -> u64 {
    // Any change of either gives another number; which one does not matter.
    reader.version().rotate_left(17)
        ^ Intents::shipped().version().rotate_left(41)
        ^ targets.print()
        ^ u64::from(RULES).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// A layer as one line: `learned from 212 corrections`.
fn learned_from(layer: &Layer) -> String {
    let corrections = layer.corrections;
    format!("learned from {corrections} correction{}", if corrections == 1 { "" } else { "s" })
}
