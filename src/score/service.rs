//! Service clock: the share of targets met: the first answer, the next ones, the end of the case.

use super::history::{CaseFacts, DAY, History, View};
use super::peers::Peers;
use super::reading::{Reading, band, compose, length, plural, sureness};
use crate::model::{Direction, Level, MessageId, Score, ScoreKind, Timestamp};

/// How far back.
const WINDOW: i64 = 365 * DAY;

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(ScoreKind::Service, history, peers, version, |view, _| service(view), |view, _| read(view))
}

/// One clock that has stopped, or ran past its target.
struct Clock {
    what: &'static str,
    took: i64,
    target: i64,
    running: bool,
    message: Option<MessageId>,
}

impl Clock {
    fn met(&self) -> bool {
        self.took <= self.target
    }
}

/// All clocks of the window that stopped or are overdue, the latest last. One that still runs within its target says
/// nothing yet.
fn clocks(view: &View<'_>) -> Vec<Clock> {
    let oldest = view.now.plus_millis(-WINDOW);
    let mut clocks = Vec::new();
    for case in view.cases.iter().filter(|case| view.resolved(case).unwrap_or(view.now) >= oldest) {
        let end = view.resolved(case);
        let mut add = |what, from: Timestamp, to: Option<Timestamp>, target: Option<i64>, message| {
            let Some(target) = target.filter(|target| *target > 0) else { return };
            let took = to.unwrap_or(view.now).since(from).max(0);
            if to.is_some() || took > target {
                clocks.push(Clock { what, took, target, running: to.is_none(), message });
            }
        };
        // A case that ends without an answer needs none: the clock stops with it.
        let first = view.first_reply(case);
        add("first answer", case.opened, first.or(end), case.targets.first, case.opened_by);
        for (asked, answered, message) in first.map(|first| later(view, case, first)).unwrap_or_default() {
            add("next answer", asked, answered.or(end), case.targets.next, Some(message));
        }
        add("resolution", case.opened, end, case.targets.resolution, case.opened_by);
    }
    clocks
}

/// What they wrote after our first answer, a run at a time, and when we answered it.
fn later(view: &View<'_>, case: &CaseFacts, first: Timestamp) -> Vec<(Timestamp, Option<Timestamp>, MessageId)> {
    let until = view.resolved(case).unwrap_or(view.now);
    let from = view.contacts.partition_point(|contact| contact.at <= first);
    let mut found = Vec::new();
    let mut asked: Option<(Timestamp, MessageId)> = None;
    for contact in view.contacts.get(from..).unwrap_or_default().iter().take_while(|contact| contact.at <= until) {
        if contact.direction == Direction::Inbound {
            asked = asked.or(Some((contact.at, contact.message)));
        } else if let Some((at, message)) = asked.take() {
            found.push((at, Some(contact.at), message));
        }
    }
    found.extend(asked.map(|(at, message)| (at, None, message)));
    found
}

fn service(view: &View<'_>) -> Option<f64> {
    let clocks = clocks(view);
    let met = clocks.iter().filter(|clock| clock.met()).count();
    (!clocks.is_empty()).then(|| met as f64 / clocks.len() as f64)
}

fn read(view: &View<'_>) -> Reading {
    let clocks = clocks(view);
    let Some(value) = service(view) else {
        let what = match view.cases.last() {
            None => "they have had no case yet",
            Some(case) if case.targets == Default::default() => "no targets are set",
            Some(_) => "no clock has stopped yet, and none is overdue",
        };
        return Reading::missing(0, what);
    };
    let (word, level) = match value {
        v if v >= 0.95 => ("kept", Level::Good),
        v if v >= 0.8 => ("mostly kept", Level::Fair),
        v if v >= 0.5 => ("often missed", Level::Watch),
        _ => ("missed", Level::Bad),
    };
    let overdue = clocks.iter().rev().find(|clock| clock.running);
    let met = clocks.iter().filter(|clock| clock.met()).count();
    let mut reading = Reading {
        value: Some(value),
        shown: format!("{:.0} % of targets met", 100.0 * value),
        band: band(word, level),
        sample: clocks.len(),
        confidence: sureness(clocks.len(), 3.0),
        next: overdue.map(|clock| format!("the {} is overdue: answer now", clock.what)),
        ..Reading::default()
    };
    reading = reading.because(2.0, format!("{met} of {} met", plural(clocks.len(), "target")), None);
    if let Some(clock) = overdue {
        let words = format!("{} overdue: {} of {}", clock.what, length(clock.took), length(clock.target));
        reading = reading.because(4.0, words, clock.message);
    }
    let worst = clocks.iter().filter(|clock| !clock.met() && !clock.running);
    let worst = worst.max_by(|one, other| {
        let over = |clock: &Clock| clock.took as f64 / clock.target as f64;
        over(one).total_cmp(&over(other))
    });
    if let Some(clock) = worst {
        let words = format!("{} took {}, target {}", clock.what, length(clock.took), length(clock.target));
        reading = reading.because(3.0, words, clock.message);
    }
    let first = clocks.iter().rev().find(|clock| clock.what == "first answer" && !clock.running);
    if let Some(clock) = first {
        let words = format!("last first answer after {} (target {})", length(clock.took), length(clock.target));
        reading = reading.because(1.0, words, clock.message);
    }
    reading
}
