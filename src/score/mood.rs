//! Mood: how they feel now. What they last wrote, the newest weighing half, and how that changed since the case opened.

use super::history::{Contact, DAY, History, MAX_FELT, View};
use super::peers::Peers;
use super::reading::{Reading, band, compose, sureness};
use crate::model::{Level, MessageId, Score, ScoreKind};

/// Older than this says nothing of now.
const OLDEST: i64 = 365 * DAY;

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(ScoreKind::Mood, history, peers, version, |view, _| mood(view), |view, _| read(view))
}

/// What they wrote with a sentiment, the newest first, with its value from -1 to 1.
pub(super) fn felt<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a Contact, f64)> + use<'a> {
    let oldest = view.now.plus_millis(-OLDEST);
    let inbound = view.inbound().rev().take_while(move |contact| contact.at > oldest);
    inbound.filter_map(|contact| {
        let sentiment = contact.sentiment.as_ref()?;
        Some((contact, f64::from(sentiment.percent).clamp(-100.0, 100.0) / 100.0))
    })
}

/// A mean in which each value weighs half of the one before it.
pub(super) fn fading(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut weights, mut weight) = (0.0, 0.0, 1.0);
    for value in values {
        sum += weight * value;
        weights += weight;
        weight /= 2.0;
    }
    (weights > 0.0).then(|| (sum / weights).clamp(-1.0, 1.0))
}

fn mood(view: &View<'_>) -> Option<f64> {
    fading(felt(view).take(MAX_FELT).map(|(_, value)| value))
}

fn read(view: &View<'_>) -> Reading {
    let latest: Vec<(&Contact, f64)> = felt(view).take(MAX_FELT).collect();
    let (Some(value), Some((newest, newest_value))) = (mood(view), latest.first()) else {
        return Reading::missing(0, "nothing they wrote within a year has a mood");
    };
    let (word, level) = match value {
        v if v <= -0.6 => ("angry", Level::Bad),
        v if v <= -0.2 => ("unhappy", Level::Bad),
        v if v < -0.05 => ("a little unhappy", Level::Watch),
        v if v < 0.2 => ("neutral", Level::Fair),
        v if v < 0.6 => ("content", Level::Good),
        _ => ("happy", Level::Good),
    };
    let sure =
        latest.iter().filter_map(|(contact, _)| contact.sentiment.as_ref()).map(|s| f64::from(s.confidence.min(100)));
    let sure = sure.sum::<f64>() / (100.0 * latest.len() as f64);
    let mut reading = Reading {
        value: Some(value),
        shown: format!("{value:+.2}"),
        band: band(word, level),
        sample: latest.len(),
        confidence: sure * (0.4 + 0.6 * sureness(latest.len(), 1.0)),
        next: (level <= Level::Watch).then(|| "answer soon, and read what upset them first".to_owned()),
        ..Reading::default()
    };
    reading = reading.because(3.0, said("the last message", newest, *newest_value), Some(newest.message));
    if let Some(change) = since_opened(view) {
        let case = view.cases.last();
        let words = match change {
            c if c >= 0.1 => format!("better by {c:.2} since the case opened"),
            c if c <= -0.1 => format!("worse by {:.2} since the case opened", -c),
            _ => "unchanged since the case opened".to_owned(),
        };
        reading = reading.because(2.0, words, case.and_then(|case| case.opened_by));
    }
    if let Some((contact, value)) = strongest(&latest) {
        reading =
            reading.because(1.0, said(&format!("on {}", contact.at.day()), contact, *value), Some(contact.message));
    }
    reading
}

/// The messages the reasons quote: the newest, and of the others the strongest.
pub(super) fn quoted(view: &View<'_>) -> Vec<MessageId> {
    let latest: Vec<(&Contact, f64)> = felt(view).take(MAX_FELT).collect();
    latest.first().into_iter().chain(strongest(&latest)).map(|(contact, _)| contact.message).collect()
}

/// The strongest but for the newest.
fn strongest<'a, 'b>(latest: &'b [(&'a Contact, f64)]) -> Option<&'b (&'a Contact, f64)> {
    latest.iter().skip(1).max_by(|one, other| one.1.abs().total_cmp(&other.1.abs()))
}

fn said(when: &str, contact: &Contact, value: f64) -> String {
    let Some(sentiment) = &contact.sentiment else { return String::new() };
    let words = sentiment.words.iter().take(3).map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let because = if words.is_empty() { String::new() } else { format!(": {words}") };
    let by = sentiment.corrected.as_ref().map(|agent| format!(", says {agent}")).unwrap_or_default();
    format!("{when} sounds {} ({value:+.2}){by}{because}", sentiment.label.word())
}

/// What changed since the present case opened: the mean after less the mean before; `None` without both.
fn since_opened(view: &View<'_>) -> Option<f64> {
    let case = view.cases.last().filter(|case| view.resolved(case).is_none())?;
    let mean = |after: bool| {
        let values: Vec<f64> = felt(view)
            .filter(|(contact, _)| (contact.at > case.opened) == after)
            .take(MAX_FELT)
            .map(|(_, v)| v)
            .collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    Some(mean(true)? - mean(false)?)
}
