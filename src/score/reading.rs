//! How a score is put together: its value now, 30 and 90 days before and week by week, computed from the same history;
//! its words.

use super::history::{DAY, History, View};
use super::peers::Peers;
use crate::model::{Band, Level, MessageId, Reason, Score, ScoreKind, clean_line};

/// Points of the line to draw, a week apart.
const POINTS: i64 = 13;
/// Reasons shown.
const REASONS: usize = 3;
/// Characters of a reason.
const REASON: usize = 160;

/// What a score is at one time, in words too.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The number; `None` is "not enough data".
    pub value: Option<f64>,
    pub shown: String,
    pub band: Option<Band>,
    pub sample: usize,
    /// 0 to 1.
    pub confidence: f64,
    /// With their weight: the three heaviest are kept. When there is no number: what is missing.
    pub reasons: Vec<(f64, Reason)>,
    pub next: Option<String>,
}

impl Reading {
    /// Not enough data, and what is missing.
    pub fn missing(sample: usize, what: impl Into<String>) -> Reading {
        Reading { sample, ..Reading::default() }.because(1.0, what, None)
    }

    /// One more reason.
    pub fn because(mut self, weight: f64, text: impl Into<String>, message: Option<MessageId>) -> Reading {
        let text: String = clean_line(&text.into()).chars().take(REASON).collect();
        self.reasons.push((weight, Reason { text, message }));
        self
    }
}

/// A band.
pub(super) fn band(word: &str, level: Level) -> Option<Band> {
    Some(Band { word: word.to_owned(), level })
}

/// Puts a score together. `number` is the value alone, cheap, for other times; `read` the whole.
pub(super) fn compose(
    kind: ScoreKind,
    history: &History,
    peers: &Peers,
    version: u64,
    number: fn(&View<'_>, &Peers) -> Option<f64>,
    read: fn(&View<'_>, &Peers) -> Reading,
) -> Score {
    let now = history.now();
    let mut reading = read(&history.at(now), peers);
    let (least, most) = kind.range();
    let held = |value: Option<f64>| value.filter(|value| value.is_finite()).map(|value| value.clamp(least, most));
    let value = held(reading.value);
    let before = |days: i64| held(number(&history.at(now.plus_millis(-days * DAY)), peers));
    let trend = |days: i64| Some(value? - before(days)?).filter(|trend| trend.is_finite());
    let line = match value {
        Some(_) => (0..POINTS).rev().filter_map(|week| before(7 * week)).map(|value| value as f32).collect(),
        None => Vec::new(),
    };
    reading.reasons.sort_by(|one, other| other.0.total_cmp(&one.0));
    reading.reasons.truncate(REASONS);
    Score {
        kind,
        value,
        shown: if value.is_some() { reading.shown } else { String::new() },
        band: reading.band.filter(|_| value.is_some()),
        trend_30: trend(30),
        trend_90: trend(90),
        line,
        sample: reading.sample.min(u32::MAX as usize) as u32,
        confidence: if value.is_some() { reading.confidence.clamp(0.0, 1.0) as f32 } else { 0.0 },
        reasons: reading.reasons.into_iter().map(|(_, reason)| reason).collect(),
        next: reading.next,
        at: now,
        version,
    }
}

/// How sure so many facts make: half at `half`, nearing 1.
pub(super) fn sureness(facts: usize, half: f64) -> f64 {
    facts as f64 / (facts as f64 + half)
}

/// `1 order`, `3 orders`.
pub(super) fn plural(count: usize, one: &str) -> String {
    crate::model::count(count as u64, one, &format!("{one}s"))
}

/// A length of time in words: `40 min`, `5 h`, `3 d`.
pub(super) fn length(millis: i64) -> String {
    let minutes = millis.max(0) / 60_000;
    match minutes {
        0 => "under a minute".to_owned(),
        1..=119 => format!("{minutes} min"),
        120..=2_879 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1_440),
    }
}
