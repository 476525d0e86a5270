//! Potential: what customers who stood as they stand did in the 90 days after, less what they did in the last 90: money
//! where orders are known, else days they wrote on.

use super::activity::{Activity, frequency_bin, frequency_words};
use super::history::{History, View};
use super::peers::{FEW, PERIOD_DAYS, Peers, period, recency_step, recency_words};
use super::reading::{Reading, band, compose, sureness};
use crate::model::{Level, Money, Score, ScoreKind};

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(
        ScoreKind::Potential,
        history,
        peers,
        version,
        |view, peers| measure(view, peers).map(|found| found.more),
        read,
    )
}

struct Measured {
    /// Theirs less own: whole units of money, or days.
    more: f64,
    own: f64,
    theirs: f64,
    peers: u32,
}

fn measure(view: &View<'_>, peers: &Peers) -> Option<Measured> {
    let activity = Activity::of(view);
    let (count, minor, contacts) = peers.next(view, &activity)?;
    if count < FEW {
        return None;
    }
    let currency = activity.spent.map(|money| money.currency);
    let (own_minor, own_days) = period(view, currency);
    let (theirs, own) = match currency {
        Some(currency) => {
            let unit = 10_f64.powi(currency.digits() as i32);
            (minor / unit, own_minor as f64 / unit)
        }
        None => (contacts, f64::from(own_days)),
    };
    Some(Measured { more: theirs - own, own, theirs, peers: count })
}

fn read(view: &View<'_>, peers: &Peers) -> Reading {
    let activity = Activity::of(view);
    let Some(days) = activity.days(view.now) else {
        return Reading::missing(0, Activity::absence(view));
    };
    let like = format!(
        "who came {}, last {}",
        frequency_words(frequency_bin(activity.count)),
        recency_words(recency_step(days))
    );
    let Some(found) = measure(view, peers) else {
        let known = peers.next(view, &activity).map_or(0, |(count, ..)| count);
        return Reading::missing(
            known as usize,
            format!("{known} customers {like} whose next {PERIOD_DAYS} days are known; {FEW} are needed"),
        );
    };
    let say = |amount: f64| match activity.spent {
        Some(money) => {
            let unit = 10_f64.powi(money.currency.digits() as i32);
            // Shown in whole units: an average has no cents worth reading.
            Money { minor: (amount.round() * unit) as i64, ..money }.to_string()
        }
        None => format!("{amount:.1} days"),
    };
    let scale = found.theirs.abs().max(found.own.abs()).max(f64::MIN_POSITIVE);
    let (word, level) = match found.more / scale {
        part if part >= 0.25 => ("room to grow", Level::Good),
        part if part > -0.25 => ("as their peers", Level::Fair),
        _ => ("above their peers", Level::Fair),
    };
    let sign = if found.more > 0.0 { "+" } else { "" };
    let reading = Reading {
        value: Some(found.more),
        shown: format!("{sign}{} in {PERIOD_DAYS} days", say(found.more)),
        band: band(word, level),
        sample: found.peers as usize,
        confidence: sureness(found.peers as usize, 50.0),
        next: (word == "room to grow").then(|| "offer what their peers come for".to_owned()),
        ..Reading::default()
    };
    let verb = if activity.spent.is_some() { "spent" } else { "wrote on" };
    let reading = reading
        .because(
            3.0,
            format!("{} customers {like} {verb} {} in the next {PERIOD_DAYS} days", found.peers, say(found.theirs)),
            None,
        )
        .because(2.0, format!("this one {verb} {} in the last {PERIOD_DAYS} days", say(found.own)), None);
    if activity.other_currencies > 0 {
        return reading.because(1.0, "only orders in their main currency are compared", None);
    }
    reading
}
