//! Effort: what it costs them to get something done: how often they write for each case that is resolved, each reopening
//! counted once more. 1 is the least.

use super::history::{CaseFacts, DAY, History, View};
use super::peers::Peers;
use super::reading::{Reading, band, compose, plural, sureness};
use crate::model::{Level, Score, ScoreKind, Timestamp};

/// How far back.
const WINDOW: i64 = 365 * DAY;

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(ScoreKind::Effort, history, peers, version, |view, _| effort(view), |view, _| read(view))
}

/// The cases resolved within the window, with how often they wrote in each, the latest first.
fn resolved<'a>(view: &View<'a>) -> Vec<(&'a CaseFacts, usize)> {
    let oldest = view.now.plus_millis(-WINDOW);
    let done = view.cases.iter().rev().filter_map(|case| {
        let end = view.resolved(case).filter(|end| *end >= oldest)?;
        Some((case, written(view, case.opened, end)))
    });
    done.collect()
}

fn written(view: &View<'_>, from: Timestamp, to: Timestamp) -> usize {
    let contacts = view.contacts;
    let first = contacts.partition_point(|contact| contact.at < from);
    let within = contacts.get(first..).unwrap_or_default().iter().take_while(|contact| contact.at <= to);
    within.filter(|contact| contact.direction == crate::model::Direction::Inbound).count()
}

fn effort(view: &View<'_>) -> Option<f64> {
    let done = resolved(view);
    if done.is_empty() {
        return None;
    }
    let all: usize = done.iter().map(|(case, written)| (*written).max(1) + view.reopened(case)).sum();
    Some((all as f64 / done.len() as f64).max(1.0))
}

fn read(view: &View<'_>) -> Reading {
    let done = resolved(view);
    let Some(value) = effort(view) else {
        let open = view.cases.iter().filter(|case| view.resolved(case).is_none()).count();
        let what = if open > 0 {
            "their first case is not resolved yet"
        } else {
            "no case of theirs was resolved within a year"
        };
        return Reading::missing(0, what);
    };
    let (word, level) = match value {
        v if v <= 1.5 => ("easy", Level::Good),
        v if v <= 3.0 => ("as usual", Level::Fair),
        v if v <= 5.0 => ("laborious", Level::Watch),
        _ => ("hard", Level::Bad),
    };
    let reopened: usize = done.iter().map(|(case, _)| view.reopened(case)).sum();
    let wrote: usize = done.iter().map(|(_, written)| written).sum();
    let mut reading = Reading {
        value: Some(value),
        shown: format!("{value:.1} for each resolved case"),
        band: band(word, level),
        sample: done.len(),
        confidence: sureness(done.len(), 2.0),
        next: (level <= Level::Watch)
            .then(|| "answer so that they need not ask again: say what comes next and when".to_owned()),
        ..Reading::default()
    };
    reading = reading.because(
        3.0,
        format!("they wrote {} for {}", plural(wrote, "time"), plural(done.len(), "resolved case")),
        None,
    );
    if reopened > 0 {
        let case = done.iter().find(|(case, _)| view.reopened(case) > 0).and_then(|(case, _)| case.opened_by);
        reading = reading.because(2.0, format!("opened again {}", plural(reopened, "time")), case);
    }
    let worst = done.iter().max_by_key(|(case, written)| (written + view.reopened(case), case.opened));
    if let Some((case, written)) = worst
        && *written > 1
    {
        let words = format!("the case of {} took them {}", case.opened.day(), plural(*written, "message"));
        reading = reading.because(1.0, words, case.opened_by);
    }
    reading
}
