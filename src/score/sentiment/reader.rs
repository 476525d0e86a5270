//! Reading a message.

use super::explain;
use super::feature::{Cut, Features, features};
use super::language::{self, Guess};
use super::weights::{Sums, Weights};
use super::{Label, Language, Layer, token};
use std::sync::LazyLock;

/// A word that decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    /// The word, cleaned for a terminal.
    pub text: String,
    /// How much it moved the reading: towards positive above zero, towards negative below.
    pub weight: f32,
}

/// What was read in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The likeliest label.
    pub label: Label,
    /// From −1, surely negative, to 1, surely positive.
    pub score: f32,
    /// The likelihood of the label, 0..=1.
    pub confidence: f32,
    /// What it is written in.
    pub language: Language,
    /// The words that decided, the strongest first, at most five.
    pub words: Vec<Word>,
    /// The likelihood of each label, from the worst to the best.
    pub likelihoods: [f32; 3],
}

impl Reading {
    /// The likeliest of some labels.
    pub fn among(&self, labels: &[Label]) -> Label {
        let best = labels
            .iter()
            .copied()
            .max_by(|a, b| self.likelihoods[*a as usize].total_cmp(&self.likelihoods[*b as usize]));
        best.unwrap_or(self.label)
    }
}

/// The models of a program.
#[derive(Debug, Default)]
pub struct Models {
    /// English.
    pub english: Option<Weights>,
    /// Chinese.
    pub chinese: Option<Weights>,
    /// Seven more.
    pub multilingual: Option<Weights>,
    /// Which language.
    pub language: Option<Weights>,
    /// A sum over all of them.
    pub version: u64,
}

impl Models {
    /// Reads weights files; one that cannot be read is missing.
    pub fn from_bytes(english: &[u8], chinese: &[u8], multilingual: &[u8], language: &[u8]) -> Models {
        let mut version = 1;
        for bytes in [english, chinese, multilingual, language] {
            version = mixed(version, u64::from(crc32c::crc32c(bytes)));
        }
        let read = |bytes| Weights::from_bytes(bytes).ok();
        Models {
            english: read(english),
            chinese: read(chinese),
            multilingual: read(multilingual),
            language: read(language),
            version,
        }
    }

    /// The model that reads texts taken apart so.
    pub fn weights(&self, cut: Cut) -> Option<&Weights> {
        match cut {
            Cut::English => self.english.as_ref(),
            Cut::Chinese => self.chinese.as_ref(),
            Cut::Pieces => self.multilingual.as_ref(),
        }
    }
}

fn mixed(one: u64, other: u64) -> u64 {
    (one ^ other).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
}

static SHIPPED: LazyLock<Models> = LazyLock::new(|| {
    Models::from_bytes(
        include_bytes!("shipped/english.weights"),
        include_bytes!("shipped/chinese.weights"),
        include_bytes!("shipped/multilingual.weights"),
        include_bytes!("shipped/language.weights"),
    )
});

static READER: LazyLock<Reader> = LazyLock::new(|| Reader { models: &SHIPPED, layer: None });

/// Reads messages.
#[derive(Debug)]
pub struct Reader {
    models: &'static Models,
    layer: Option<Layer>,
}

/// A text that was understood so far: what it is written in, what the models look at, what they say of it.
pub(super) struct Understood {
    pub language: Language,
    pub cut: Cut,
    pub features: Features,
    pub sums: Sums,
}

impl Reader {
    /// The shipped models alone.
    pub fn shipped() -> &'static Reader {
        &READER
    }

    /// The shipped models, and what was learned from corrections on top.
    pub fn with_layer(layer: Layer) -> Reader {
        Reader { models: &SHIPPED, layer: Some(layer) }
    }

    /// The same over other models.
    pub fn over(models: &'static Models, layer: Option<Layer>) -> Reader {
        Reader { models, layer }
    }

    /// Changes whenever readings may: a score kept under another version is stale.
    pub fn version(&self) -> u64 {
        self.layer.as_ref().map_or(self.models.version, |layer| mixed(self.models.version, layer.version()))
    }

    /// The version of the models without the layer.
    pub fn base_version(&self) -> u64 {
        self.models.version
    }

    /// What was learned on top.
    pub fn layer(&self) -> Option<&Layer> {
        self.layer.as_ref()
    }

    /// What a text is written in; `None`: no language that can be read, or nothing.
    pub fn language(&self, text: &str) -> Option<Language> {
        match language::guess(token::head(text), self.models.language.as_ref()?) {
            Guess::Known(language) => Some(language),
            Guess::Unknown | Guess::Nothing => None,
        }
    }

    /// What the models say before the layer.
    pub(super) fn understand(&self, text: &str) -> Option<Understood> {
        self.understand_as(text, self.language(text)?)
    }

    fn understand_as(&self, text: &str, language: Language) -> Option<Understood> {
        let cut = Cut::of(language);
        let features = features(text, cut);
        let mut sums = self.models.weights(cut)?.sums(&features);
        if cut == Cut::Chinese {
            sums = without_neutral(sums, &features);
        }
        Some(Understood { language, cut, features, sums })
    }

    /// Reads a message. `None`: there is nothing to read, or it is in a language that cannot be.
    ///
    /// Never panics; at most [`MOST`](super::MOST) bytes are looked at.
    pub fn read(&self, text: &str) -> Option<Reading> {
        self.understand(text).map(|understood| self.reading(understood, true))
    }

    /// Reads a message like [`Reader::read`], but names no words: what many are read for is a number.
    pub fn skim(&self, text: &str) -> Option<Reading> {
        self.understand(text).map(|understood| self.reading(understood, false))
    }

    /// Reads a message that is known to be in a language. `None`: there are no models for it.
    pub fn read_as(&self, text: &str, language: Language) -> Option<Reading> {
        self.understand_as(text, language).map(|understood| self.reading(understood, true))
    }

    fn reading(&self, understood: Understood, names_words: bool) -> Reading {
        let Understood { language, cut, features, sums } = understood;
        let learned = self.layer.as_ref().and_then(|layer| layer.part(cut));
        let sums = learned.map_or(sums, |part| part.adjust(&features, sums));
        let likelihoods = likelihoods(sums);
        let label = Label::ALL.into_iter().fold(Label::Neutral, |best, label| {
            if likelihoods[label as usize] > likelihoods[best as usize] { label } else { best }
        });
        let model = self.models.weights(cut).filter(|_| names_words);
        let words = model.map(|model| explain::words(&features, cut, model, learned)).unwrap_or_default();
        Reading {
            label,
            score: likelihoods[2] - likelihoods[0],
            confidence: likelihoods[label as usize],
            language,
            words,
            likelihoods,
        }
    }
}

/// The Chinese data know no neutral texts. What only asks, and says nothing else strongly, is taken for one.
fn without_neutral(sums: Sums, features: &Features) -> Sums {
    let lean = (sums[2] - sums[0]) / 2.0;
    let tally = &features.tally;
    let asks = tally.asking > 0 && tally.bad == 0 && tally.good == 0;
    [-lean, if asks { 0.5 } else { -1.2 }, lean]
}

/// Sums to likelihoods.
pub(super) fn likelihoods(sums: Sums) -> [f32; 3] {
    let most = sums.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let raised = sums.map(|sum| (sum - most).exp());
    let total: f32 = raised.iter().sum();
    raised.map(|part| part / total)
}
