//! Whether a message is glad or angry.
//!
//! Linear models over hashed words and pieces of words, one for English (with VADER's numbers), one for Chinese, one for Arabic,
//! French, German, Hindi, Italian, Portuguese and Spanish. Any other language is left alone. How they were trained and how
//! right they are stands in `shipped/README.md`. An agent's corrections become a [`Layer`] on top.
//!
//! Reading is pure and bounded: at most [`MOST`] bytes of a message are looked at.

mod error;
mod explain;
pub(super) mod feature;
pub(super) mod fit;
mod language;
mod layer;
mod lexicon;
mod measure;
mod reader;
mod support;
pub(super) mod token;
mod train;
pub(super) mod weights;

pub use error::SentimentError;
pub use layer::{FEWEST, Layer};
pub use measure::Measure;
pub use reader::{Models, Reader, Reading, Word};
pub use token::MOST;
pub use train::{Kind, Recipe, Report, Row, train};
pub use weights::Weights;

#[cfg(test)]
mod tests;

/// Whether a message is glad or angry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// Angry, sad, disappointed.
    Negative,
    /// Neither.
    Neutral,
    /// Glad, grateful.
    Positive,
}

impl Label {
    /// All, from the worst to the best.
    pub const ALL: [Label; 3] = [Label::Negative, Label::Neutral, Label::Positive];

    /// Its name: `negative`, `neutral`, `positive`.
    pub fn name(self) -> &'static str {
        match self {
            Label::Negative => "negative",
            Label::Neutral => "neutral",
            Label::Positive => "positive",
        }
    }

    /// Reads a name, in any case: `negative`, `neg` or `n`, `neutral` or `neu`, `positive`, `pos` or `p`.
    pub fn from_name(name: &str) -> Option<Label> {
        let name = name.trim();
        let is = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
        if is(&["negative", "neg"]) {
            Some(Label::Negative)
        } else if is(&["neutral", "neu"]) {
            Some(Label::Neutral)
        } else if is(&["positive", "pos"]) {
            Some(Label::Positive)
        } else {
            None
        }
    }
}

/// What a message is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Arabic.
    Arabic,
    /// Chinese.
    Chinese,
    /// English.
    English,
    /// French.
    French,
    /// German.
    German,
    /// Hindi, in its own letters or in Latin ones.
    Hindi,
    /// Italian.
    Italian,
    /// Portuguese.
    Portuguese,
    /// No words at all: emoji, emoticons, numbers.
    Signs,
    /// Spanish.
    Spanish,
}

impl Language {
    /// Its ISO 639-1 code; `zxx` (ISO 639-2: no linguistic content) for [`Language::Signs`].
    pub fn code(self) -> &'static str {
        match self {
            Language::Arabic => "ar",
            Language::Chinese => "zh",
            Language::English => "en",
            Language::French => "fr",
            Language::German => "de",
            Language::Hindi => "hi",
            Language::Italian => "it",
            Language::Portuguese => "pt",
            Language::Signs => "zxx",
            Language::Spanish => "es",
        }
    }
}
