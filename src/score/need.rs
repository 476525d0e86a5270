//! Need: what they want now, how sure that is, and the past cases it resembles. Under the threshold there is none.

use super::history::{DAY, History, NeedReading, View};
use super::peers::Peers;
use super::reading::{Reading, band, compose, plural};
use crate::model::{Level, Score, ScoreKind, Timestamp};

/// Less sure than this is no need at all.
const THRESHOLD: f64 = 0.4;
/// Sure enough to act on.
const SURE: f64 = 0.7;
/// What was wanted longer ago is not what they want now.
const OLDEST: i64 = 90 * DAY;

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(ScoreKind::Need, history, peers, version, |view, _| need(view), |view, _| read(view))
}

impl NeedReading {
    /// Whether it is a need at this time: sure enough, and not too long ago.
    pub fn is_need(&self, now: Timestamp) -> bool {
        self.confidence >= THRESHOLD && now.since(self.at) <= OLDEST
    }
}

fn need(view: &View<'_>) -> Option<f64> {
    view.need.filter(|need| need.is_need(view.now)).map(|need| need.confidence.min(1.0))
}

fn read(view: &View<'_>) -> Reading {
    let Some(found) = view.need else {
        let open = view.cases.last().is_some_and(|case| view.resolved(case).is_none());
        let why = match open {
            true => "no need was recognised in what they wrote",
            false => "no case is open; a need is read from what they wrote in an open one",
        };
        return Reading::missing(0, why);
    };
    let Some(value) = need(view) else {
        let why = if found.confidence < THRESHOLD {
            format!(
                "none: \"{}\" is likeliest, but only {:.2} sure (under {THRESHOLD})",
                found.name,
                found.confidence.max(0.0)
            )
        } else {
            format!("none now: \"{}\" was more than {} days ago", found.name, OLDEST / DAY)
        };
        return Reading::missing(1, why).because(0.5, "their last message with a need", Some(found.message));
    };
    let open = view.cases.last().is_some_and(|case| view.resolved(case).is_none());
    let level = if open && value >= SURE { Level::Watch } else { Level::Fair };
    let alike = &view.facts.alike;
    let mut reading = Reading {
        value: Some(value),
        shown: format!("{} {value:.2}", found.name),
        band: band(&found.name, level),
        sample: 1 + alike.len(),
        confidence: value,
        next: match alike.first() {
            Some(_) if value >= SURE => Some("look at how the most similar case was answered".to_owned()),
            _ if value < SURE => Some("ask what they need; this is a guess".to_owned()),
            _ => None,
        },
        ..Reading::default()
    };
    reading =
        reading.because(3.0, format!("read from their message: {} ({value:.2} sure)", found.name), Some(found.message));
    if let Some(most) = alike.first() {
        let words = format!("like {}: {}", plural(alike.len(), "past case"), most.about);
        reading = reading.because(2.0, words, Some(most.message));
    }
    if let Some(second) = alike.get(1) {
        reading = reading.because(1.0, format!("and: {}", second.about), Some(second.message));
    }
    reading
}
