//! Value: what they are worth to us. The sum of recency, frequency and money, each from 1 to 5, as a percentile among all
//! customers; frequency in bins by value (1, 2, 3-4, 5-7, 8 and more), since most come once and ranks would part equals.
//! Measured on CDNOW: the sum orders customers by what they spend in the next nine months as well as BG/NBD with
//! Gamma-Gamma does, and fits one line.

use super::activity::Activity;
use super::history::{History, View};
use super::peers::{FEW, Peers};
use super::reading::{Reading, band, compose, plural, sureness};
use crate::model::{Level, Score, ScoreKind};

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(ScoreKind::Value, history, peers, version, value, read)
}

fn value(view: &View<'_>, peers: &Peers) -> Option<f64> {
    let activity = Activity::of(view);
    let days = activity.days(view.now)?;
    (peers.customers() >= FEW).then(|| peers.standing(days, &activity).1)
}

fn read(view: &View<'_>, peers: &Peers) -> Reading {
    let activity = Activity::of(view);
    let Some(days) = activity.days(view.now) else {
        return Reading::missing(0, Activity::absence(view));
    };
    let sample = activity.count as usize;
    let done = match activity.spent {
        Some(money) => format!("{}, {money}, the last {}", plural(sample, "order"), ago(days)),
        None => format!("no orders known; they wrote on {}, the last {}", plural(sample, "day"), ago(days)),
    };
    let newest = view.inbound().next_back().map(|contact| contact.message);
    let Some(value) = value(view, peers) else {
        let missing = format!("{} to compare with; {FEW} are needed", plural(peers.customers() as usize, "customer"));
        let reading = Reading::missing(sample, missing).because(0.5, done, newest);
        return with_undone(reading, view);
    };
    let (sum, _) = peers.standing(days, &activity);
    let (word, level) = match value {
        v if v >= 90.0 => ("top tenth", Level::Good),
        v if v >= 70.0 => ("high", Level::Good),
        v if v >= 30.0 => ("middle", Level::Fair),
        _ => ("low", Level::Fair),
    };
    let percentile = format!("{} percentile", ordinal(value));
    let mut reading = Reading {
        value: Some(value),
        shown: activity.spent.map_or(percentile.clone(), |money| format!("{percentile}, {money}")),
        band: band(word, level),
        sample,
        // Words alone say less of worth than orders do.
        confidence: sureness(sample, 1.0) * if activity.spent.is_some() { 1.0 } else { 0.5 },
        next: (value >= 70.0 && days > 90).then(|| "a good customer who has been silent: write to them".to_owned()),
        ..Reading::default()
    };
    reading = reading.because(3.0, done, newest);
    reading = reading.because(
        2.0,
        format!("recency, frequency and money add up to {sum} of 15, compared with {} customers", peers.customers()),
        None,
    );
    if activity.other_currencies > 0 {
        let others = plural(activity.other_currencies, "other currency").replace("currencys", "currencies");
        reading = reading.because(2.5, format!("orders in {others} are not added up"), None);
    }
    if activity.spent.is_none() && view.undone == 0 {
        reading = reading.because(1.0, "import their orders to know what they spend", None);
    }
    with_undone(reading, view)
}

/// Says how many orders are left out.
fn with_undone(reading: Reading, view: &View<'_>) -> Reading {
    if view.undone == 0 {
        return reading;
    }
    let undone = plural(view.undone, "order");
    let words = format!("{undone} came to nothing (cancelled, refunded, returned or void) and count for nothing");
    reading.because(2.2, words, None)
}

fn ago(days: u32) -> String {
    match days {
        0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}

fn ordinal(percentile: f64) -> String {
    let number = percentile.round().clamp(0.0, 100.0) as u32;
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
