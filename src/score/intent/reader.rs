//! Reading what a message wants.

use super::{NEEDS, SENTENCES, THRESHOLD};
use crate::score::sentiment::feature::{Feature, english_hashes};
use crate::score::sentiment::{Language, Reader, SentimentError, Weights, token, weights};
use std::sync::LazyLock;

/// Words a sentence has to have to be read by itself.
const WORDS: usize = 2;

/// What a message wants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intent {
    /// One of [`NEEDS`], never the first.
    pub name: &'static str,
    /// How likely it is, 0..=1.
    pub confidence: f32,
}

impl Intent {
    /// Whether it is sure enough to be a need.
    pub fn is_sure(&self) -> bool {
        self.confidence >= THRESHOLD
    }
}

/// A model of what messages want.
#[derive(Debug)]
pub struct Intents {
    weights: Option<Weights>,
    version: u64,
}

static SHIPPED: LazyLock<Intents> =
    LazyLock::new(|| match Intents::from_bytes(include_bytes!("shipped/need.weights")) {
        Ok(shipped) => shipped,
        // It came with the program; without it there is no need, and a test says so.
        Err(_) => Intents { weights: None, version: 0 },
    });

impl Intents {
    /// The shipped model.
    pub fn shipped() -> &'static Intents {
        &SHIPPED
    }

    /// Reads a weights file.
    ///
    /// # Errors
    /// It is damaged, of another version, or of another model.
    pub fn from_bytes(packed: &[u8]) -> Result<Intents, SentimentError> {
        let weights = Weights::from_bytes(packed)?;
        if weights.classes != NEEDS.len() {
            let why = format!("it has {} classes, needs are {}", weights.classes, NEEDS.len());
            return Err(SentimentError::Damaged { what: "weights", why });
        }
        Ok(Intents { weights: Some(weights), version: u64::from(crc32c::crc32c(packed)) })
    }

    /// Changes whenever readings may.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The likeliest need of a message, sure or not: of its sentences, the one that says most plainly what it wants. `None`
    /// when none wants anything, when it is not English, and when there is nothing to read.
    pub fn read(&self, text: &str) -> Option<Intent> {
        let text = token::head(text);
        if Reader::shipped().language(text) != Some(Language::English) {
            return None;
        }
        let likeliest = parts(text).filter_map(|part| self.sentence(part));
        likeliest.reduce(|best, next| if next.confidence > best.confidence { next } else { best })
    }

    /// The likeliest need of one English sentence; `None` when it is none.
    pub(super) fn sentence(&self, text: &str) -> Option<Intent> {
        let likelihoods = likelihoods(self.weights.as_ref()?, &english_hashes(text));
        let best =
            (0..NEEDS.len()).fold(0, |best, need| if likelihoods[need] > likelihoods[best] { need } else { best });
        (best > 0).then_some(Intent { name: NEEDS[best], confidence: likelihoods[best] })
    }
}

/// The sentences of a text that are long enough to say something.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let sentences = text.split_inclusive(['.', '!', '?', ';', '\n']);
    sentences.filter(|part| part.split_whitespace().nth(WORDS - 1).is_some()).take(SENTENCES)
}

/// The likelihood of each need.
pub(super) fn likelihoods(model: &Weights, hashes: &[Feature]) -> [f32; NEEDS.len()] {
    let mut sums = [0_i32; NEEDS.len()];
    for feature in hashes {
        for (sum, weight) in sums.iter_mut().zip(model.of(feature.hash)) {
            *sum += i32::from(*weight);
        }
    }
    let share = model.scale * weights::length(hashes);
    let mut likely = [0.0; NEEDS.len()];
    for (need, likely) in likely.iter_mut().enumerate() {
        *likely = sums[need] as f32 * share + model.bias.get(need).copied().unwrap_or_default();
    }
    let most = likely.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    likely.iter_mut().for_each(|sum| *sum = (*sum - most).exp());
    let total: f32 = likely.iter().sum();
    likely.map(|part| part / total)
}
