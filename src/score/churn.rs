//! Churn risk: how long they have been silent, as a percentile among customers who came as often; their own usual gap
//! moves the band. Never "probability alive": on CDNOW that ranks customers the wrong way round (AUC 0.32), since its
//! model believes everybody alive who came once; days of silence rank them at 0.76, against own rhythm at 0.70.

use super::activity::Activity;
use super::history::{DAY, History, View};
use super::peers::{FEW, Peers};
use super::reading::{Reading, band, compose, length, plural, sureness};
use crate::model::{Level, Score, ScoreKind};

/// So many usual gaps of silence are remarkable.
const LONG: f64 = 2.0;

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(ScoreKind::Churn, history, peers, version, churn, read)
}

fn churn(view: &View<'_>, peers: &Peers) -> Option<f64> {
    let activity = Activity::of(view);
    let (count, percentile) = peers.silence(activity.days(view.now)?, activity.count);
    (count >= FEW).then_some(percentile)
}

fn read(view: &View<'_>, peers: &Peers) -> Reading {
    let activity = Activity::of(view);
    let Some(last) = activity.last else {
        return Reading::missing(0, Activity::absence(view));
    };
    let silent = view.now.since(last).max(0);
    let newest = view.inbound().next_back().map(|contact| contact.message);
    let rhythm = activity.gap.map(|gap| (gap, silent as f64 / gap.max(1) as f64));
    let own = rhythm.map(|(gap, times)| {
        if times >= 1.0 {
            format!("silent for {}: {times:.1} times their usual gap of {}", length(silent), length(gap))
        } else {
            format!("silent for {}, within their usual gap of {}", length(silent), length(gap))
        }
    });
    let days = (silent / DAY).min(i64::from(u32::MAX)) as u32;
    let (count, _) = peers.silence(days, activity.count);
    let Some(value) = churn(view, peers) else {
        let missing = format!("{} came as often; {FEW} are needed", plural(count as usize, "customer"));
        let reading = Reading::missing(activity.count as usize, missing);
        return match own {
            Some(own) => reading.because(0.5, own, newest),
            None => reading,
        };
    };
    let over = rhythm.is_some_and(|(_, times)| times > LONG);
    let (word, level) = match value {
        v if v >= 90.0 => ("drifting off", Level::Bad),
        v if v >= 70.0 && over => ("drifting off", Level::Bad),
        v if v >= 70.0 || over => ("at risk", Level::Watch),
        v if v >= 30.0 => ("as usual", Level::Fair),
        _ => ("low", Level::Good),
    };
    let mut reading = Reading {
        value: Some(value),
        shown: format!("{value:.0} of 100, silent {}", length(silent)),
        band: band(word, level),
        sample: count as usize,
        confidence: sureness(count as usize, 50.0) * if rhythm.is_some() { 1.0 } else { 0.7 },
        next: match level {
            Level::Bad => Some("write to them yourself, and say why".to_owned()),
            Level::Watch => Some("ask whether all is well".to_owned()),
            _ => None,
        },
        ..Reading::default()
    };
    reading = reading.because(
        3.0,
        format!("silent longer than {value:.0} % of the {count} customers who came as often"),
        newest,
    );
    match own {
        Some(own) => reading.because(if over { 4.0 } else { 2.0 }, own, newest),
        None => reading.because(1.0, "they came too seldom to have a rhythm of their own", None),
    }
}
