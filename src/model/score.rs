//! Scores as plain data: a number is never without its band, reasons, sample size, confidence and time.

use super::{CustomerId, MessageId, Timestamp};
use minicbor::{Decode, Encode};

/// What a message or a customer sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum SentimentLabel {
    /// Unhappy.
    #[n(0)]
    Negative,
    /// Neither.
    #[n(1)]
    Neutral,
    /// Happy.
    #[n(2)]
    Positive,
}

impl SentimentLabel {
    /// All of them, the unhappiest first.
    pub const ALL: [SentimentLabel; 3] = [SentimentLabel::Negative, SentimentLabel::Neutral, SentimentLabel::Positive];

    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            SentimentLabel::Negative => "negative",
            SentimentLabel::Neutral => "neutral",
            SentimentLabel::Positive => "positive",
        }
    }

    /// The label with this word.
    pub fn from_word(word: &str) -> Option<SentimentLabel> {
        SentimentLabel::ALL.into_iter().find(|label| label.word() == word)
    }
}

/// The sentiment of one message, as a timeline shows it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Sentiment {
    /// Which way.
    #[n(0)]
    pub label: SentimentLabel,
    /// From -100, as unhappy as can be, to 100.
    #[n(1)]
    pub percent: i8,
    /// How sure, 0 to 100.
    #[n(2)]
    pub confidence: u8,
    /// The agent who said so; `None` when the model did.
    #[n(3)]
    pub corrected: Option<String>,
    /// The words that decided for this label, the strongest first.
    #[n(4)]
    #[cbor(default)]
    pub words: Vec<String>,
}

/// Which score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ScoreKind {
    /// How they feel now: -1 to 1.
    #[n(0)]
    Mood,
    /// What they want now: how sure, 0 to 1. The band names it.
    #[n(1)]
    Need,
    /// What they are worth to us: percentile, 0 to 100.
    #[n(2)]
    Value,
    /// What customers like them do next, less what they do: money or contacts in 90 days.
    #[n(3)]
    Potential,
    /// How likely they are drifting off: percentile among peers, 0 to 100.
    #[n(4)]
    Churn,
    /// How content they are: 0 to 100.
    #[n(5)]
    Satisfaction,
    /// What it costs them to get something done: contacts for each resolved case, from 1.
    #[n(6)]
    Effort,
    /// What our messages bring about: share of them that are answered, 0 to 1.
    #[n(7)]
    Effect,
    /// How well the service clocks are kept: share of targets met, 0 to 1.
    #[n(8)]
    Service,
}

impl ScoreKind {
    /// All of them, in the order shown.
    pub const ALL: [ScoreKind; 9] = [
        ScoreKind::Mood,
        ScoreKind::Need,
        ScoreKind::Value,
        ScoreKind::Potential,
        ScoreKind::Churn,
        ScoreKind::Satisfaction,
        ScoreKind::Effort,
        ScoreKind::Effect,
        ScoreKind::Service,
    ];

    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            ScoreKind::Mood => "mood",
            ScoreKind::Need => "need",
            ScoreKind::Value => "value",
            ScoreKind::Potential => "potential",
            ScoreKind::Churn => "churn risk",
            ScoreKind::Satisfaction => "satisfaction",
            ScoreKind::Effort => "effort",
            ScoreKind::Effect => "effect",
            ScoreKind::Service => "service",
        }
    }

    /// A change of its value in words: `+0.12`, `-3 points`.
    pub fn change(self, by: f64) -> String {
        match self {
            ScoreKind::Mood | ScoreKind::Need => format!("{by:+.2}"),
            // Shown as parts of a hundred.
            ScoreKind::Effect | ScoreKind::Service => format!("{:+.0} points", by * 100.0),
            ScoreKind::Value | ScoreKind::Churn | ScoreKind::Satisfaction => format!("{by:+.0} points"),
            ScoreKind::Potential | ScoreKind::Effort => format!("{by:+.1}"),
        }
    }

    /// The range its values keep to, ends included.
    pub fn range(self) -> (f64, f64) {
        match self {
            ScoreKind::Mood => (-1.0, 1.0),
            ScoreKind::Need | ScoreKind::Effect | ScoreKind::Service => (0.0, 1.0),
            ScoreKind::Value | ScoreKind::Churn | ScoreKind::Satisfaction => (0.0, 100.0),
            ScoreKind::Potential => (f64::MIN, f64::MAX),
            ScoreKind::Effort => (1.0, f64::MAX),
        }
    }
}

/// How good a band is for us, so that a screen can say it by a sign and not by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Level {
    /// Somebody should look.
    #[n(0)]
    Bad,
    /// Worth an eye.
    #[n(1)]
    Watch,
    /// As usual.
    #[n(2)]
    Fair,
    /// Good.
    #[n(3)]
    Good,
}

/// A value in words: `content`, `at risk`, `refund`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Band {
    /// The words.
    #[n(0)]
    pub word: String,
    /// How good that is.
    #[n(1)]
    pub level: Level,
}

/// One fact a score rests on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reason {
    /// In plain words, one line, cleaned.
    #[n(0)]
    pub text: String,
    /// The message it is about, to jump to.
    #[n(1)]
    pub message: Option<MessageId>,
}

/// One score of one customer.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Score {
    /// Which.
    #[n(0)]
    pub kind: ScoreKind,
    /// The number, within [`ScoreKind::range`]; `None` is "not enough data".
    #[n(1)]
    pub value: Option<f64>,
    /// The number as shown, with its unit: `-0.42`, `87th percentile, $612`. Empty when there is none.
    #[n(2)]
    pub shown: String,
    /// In words; `None` when there is no number.
    #[n(3)]
    pub band: Option<Band>,
    /// Change against 30 days before.
    #[n(4)]
    pub trend_30: Option<f64>,
    /// Change against 90 days before.
    #[n(5)]
    pub trend_90: Option<f64>,
    /// The latest values over time, oldest first, at most 24: a line to draw.
    #[n(6)]
    #[cbor(default)]
    pub line: Vec<f32>,
    /// How many facts it rests on.
    #[n(7)]
    pub sample: u32,
    /// How sure, 0 to 1.
    #[n(8)]
    pub confidence: f32,
    /// At most three, the weightiest first. When there is no number: what is missing.
    #[n(9)]
    #[cbor(default)]
    pub reasons: Vec<Reason>,
    /// What to do next, if anything.
    #[n(10)]
    pub next: Option<String>,
    /// When it was computed.
    #[n(11)]
    pub at: Timestamp,
    /// The version of what computed it: of another version, it is stale.
    #[n(12)]
    pub version: u64,
}

/// Where a segment comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum SegmentKind {
    /// By recency, frequency and money, under the names everybody knows.
    #[n(0)]
    Rfm,
    /// Found by k-means.
    #[n(1)]
    KMeans,
    /// Found by DBSCAN.
    #[n(2)]
    Dbscan,
}

impl SegmentKind {
    /// All, in the order they are shown and gone through.
    pub const ALL: [SegmentKind; 3] = [SegmentKind::Rfm, SegmentKind::KMeans, SegmentKind::Dbscan];

    /// The kind with this word: `rfm`, `k-means` (`kmeans` is understood), `dbscan`.
    pub fn from_word(word: &str) -> Option<SegmentKind> {
        let word = if word == "kmeans" { "k-means" } else { word };
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            SegmentKind::Rfm => "rfm",
            SegmentKind::KMeans => "k-means",
            SegmentKind::Dbscan => "dbscan",
        }
    }
}

/// A named set of customers.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Segment {
    /// Where it comes from.
    #[n(0)]
    pub kind: SegmentKind,
    /// Its name, unique within its kind and the same across refits: `champions`, `frequent, recent, large orders`.
    #[n(1)]
    pub name: String,
    /// Its plainest traits, at most three, in words with figures.
    #[n(2)]
    #[cbor(default)]
    pub traits: Vec<String>,
    /// How many customers.
    #[n(3)]
    pub size: u32,
    /// Its size at earlier fits, oldest first, at most 24.
    #[n(4)]
    #[cbor(default)]
    pub sizes: Vec<u32>,
    /// The middle of its customers: median days since the last contact or order, count of them, money.
    #[n(5)]
    pub centre: [f64; 3],
    /// When it was fitted.
    #[n(6)]
    pub at: Timestamp,
}

/// The scores and segments of one customer, as the screen shows them.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    /// Whose.
    pub customer: CustomerId,
    /// In the order of [`ScoreKind::ALL`]; a score that was never computed is missing.
    pub scores: Vec<Score>,
    /// The names of the segments they are in, with their kinds.
    pub segments: Vec<(SegmentKind, String)>,
    /// Computed by another version than the present one, or before the last message, order or rating.
    pub stale: bool,
    /// What corrections have taught the present sentiment model.
    pub taught: Taught,
}

/// What corrections have taught, as an agent wants to know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taught {
    /// How many corrections the model in use has learned from; 0 when the shipped model reads alone.
    pub learned_from: u32,
    /// How many corrections there are, as far as they were counted.
    pub made: u32,
    /// There are more than were counted.
    pub more: bool,
    /// How many corrections of messages in one language it takes before anything is learned.
    pub begins_at: u32,
    /// An agent switched off what is learned, whether there is any yet or not.
    pub off: bool,
}

impl Taught {
    /// As half a sentence: `learned from 212 corrections`, `1 correction, learning begins at 5`.
    pub fn words(self) -> String {
        let count = |number: u32| format!("{number} correction{}", if number == 1 { "" } else { "s" });
        let (mut made, begins_at) = (count(self.made), self.begins_at);
        if self.more {
            made.insert_str(0, "more than ");
        }
        match self {
            Taught { off: true, made: 0, .. } => "no corrections yet, and what they teach is switched off".to_owned(),
            Taught { off: true, .. } => format!("{made}, what they taught is switched off"),
            Taught { learned_from: some @ 1.., .. } => format!("learned from {}", count(some)),
            Taught { made: 0, .. } => "no corrections yet".to_owned(),
            Taught { made: few, .. } if few < begins_at => format!("{made}, learning begins at {begins_at}"),
            _ => format!(
                "{made}, nothing learned from them: it takes {begins_at} in one language, and a gain over the shipped model"
            ),
        }
    }
}
