#![allow(missing_docs, clippy::unwrap_used)]
//! Stand-in.
use std::sync::LazyLock;
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    Negative,
    Neutral,
    Positive,
}
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Language {
    English,
}
impl Language {
    pub fn code(self) -> &'static str {
        "en"
    }
}
#[derive(Clone, Debug, PartialEq)]
pub struct Word {
    pub text: String,
    pub weight: f32,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    pub label: Label,
    pub score: f32,
    pub confidence: f32,
    pub language: Language,
    pub words: Vec<Word>,
}
#[derive(Debug)]
pub struct Reader {
    layer: Option<Layer>,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    n: u32,
    word: String,
}
#[derive(Debug, thiserror::Error)]
#[error("the layer cannot be read: {0}")]
pub struct SentimentError(String);
static READER: LazyLock<Reader> = LazyLock::new(|| Reader { layer: None });
impl Reader {
    pub fn shipped() -> &'static Reader {
        &READER
    }
    pub fn with_layer(layer: Layer) -> Reader {
        Reader { layer: Some(layer) }
    }
    pub fn version(&self) -> u64 {
        self.layer.as_ref().map_or(1, |l| 100 + u64::from(l.n))
    }
    pub fn read(&self, text: &str) -> Option<Reading> {
        let bad = text.contains("bad")
            || text.contains("angry")
            || self.layer.as_ref().is_some_and(|l| text.contains(&l.word));
        let good = text.contains("thank");
        let score = if bad {
            -0.7
        } else if good {
            0.7
        } else {
            0.0
        };
        let label = if bad {
            Label::Negative
        } else if good {
            Label::Positive
        } else {
            Label::Neutral
        };
        (!text.is_empty()).then(|| Reading {
            label,
            score,
            confidence: 0.8,
            language: Language::English,
            words: vec![],
        })
    }
}
impl Layer {
    pub fn learn(_: &Reader, corrections: &[(String, Label)]) -> Option<Layer> {
        (corrections.len() >= 5).then(|| Layer {
            n: corrections.len() as u32,
            word: corrections[0].0.split_whitespace().next().unwrap_or("x").to_owned(),
        })
    }
    pub fn len(&self) -> usize {
        self.n as usize
    }
    pub fn is_empty(&self) -> bool {
        self.n == 0
    }
    pub fn fits(&self, _: &Reader) -> bool {
        true
    }
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut b = b"SBLY".to_vec();
        b.extend(self.n.to_le_bytes());
        b.extend(self.word.as_bytes());
        b
    }
    pub fn from_bytes(bytes: &[u8]) -> Result<Layer, SentimentError> {
        if bytes.len() < 8 || &bytes[..4] != b"SBLY" {
            return Err(SentimentError("damaged".into()));
        }
        Ok(Layer {
            n: u32::from_le_bytes(bytes[4..8].try_into().unwrap()),
            word: String::from_utf8_lossy(&bytes[8..]).into(),
        })
    }
}
