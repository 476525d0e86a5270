//! Satisfaction: their own answer when there is one, else a sum of visible facts: 50, 30 for the mood of their last five
//! messages, 10 for a resolved case, -10 for one opened again, -10 for a reply that takes longer than its target. Words
//! alone predict satisfaction weakly (r 0.25 to 0.39 on four sets), so no model is hidden in here.

use super::history::{DAY, History, View};
use super::mood::{fading, felt};
use super::peers::Peers;
use super::reading::{Reading, band, compose, length, sureness};
use crate::model::{Direction, Level, MessageId, Rating, Score, ScoreKind, Targets};

/// How long an answer of theirs counts.
const COUNTS_DAYS: i64 = 90;
const ANSWER_COUNTS: i64 = COUNTS_DAYS * DAY;

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(ScoreKind::Satisfaction, history, peers, version, |view, _| satisfaction(view), |view, _| read(view))
}

fn answered<'a>(view: &View<'a>) -> Option<&'a Rating> {
    view.ratings.last().filter(|rating| view.now.since(rating.at) <= ANSWER_COUNTS)
}

/// The visible facts, in points.
struct Facts {
    mood: Option<(f64, MessageId)>,
    resolved: bool,
    reopened: usize,
    /// How long our last reply took, or they have been waiting, and the message that waits or waited.
    wait: Option<(i64, i64, MessageId)>,
}

impl Facts {
    fn of(view: &View<'_>) -> Facts {
        let newest = felt(view).next().map(|(contact, _)| contact.message);
        let mood = fading(felt(view).take(5).map(|(_, value)| value));
        let case = view.cases.last();
        let target = case.and_then(|case| case.targets.next.or(case.targets.first)).or(Targets::ORDINARY.first);
        Facts {
            mood: mood.zip(newest),
            resolved: case.is_some_and(|case| view.resolved(case).is_some()),
            reopened: case.map_or(0, |case| view.reopened(case)),
            wait: last_wait(view)
                .and_then(|(wait, message)| Some((wait, target?.max(1), message)))
                // A wait that costs no point is no fact yet: they may have written a minute ago.
                .filter(|(wait, target, _)| wait_points(*wait, *target) <= -0.5),
        }
    }

    fn mood_points(&self) -> f64 {
        30.0 * self.mood.map_or(0.0, |(mood, _)| mood)
    }

    fn wait_points(&self) -> f64 {
        self.wait.map_or(0.0, |(wait, target, _)| wait_points(wait, target))
    }

    fn sum(&self) -> Option<f64> {
        // Without a word of theirs that has a mood, and without a case, there is nothing to add up.
        if self.mood.is_none() && !self.resolved && self.reopened == 0 && self.wait.is_none() {
            return None;
        }
        let resolved = if self.resolved { 10.0 } else { 0.0 };
        let reopened = if self.reopened > 0 { -10.0 } else { 0.0 };
        Some((50.0 + self.mood_points() + resolved + reopened + self.wait_points()).clamp(0.0, 100.0))
    }
}

/// A reply that takes its target's time costs ten points.
fn wait_points(wait: i64, target: i64) -> f64 {
    -10.0 * (wait as f64 / target as f64).clamp(0.0, 1.0)
}

/// The wait of the last thing they wrote that was or is to be answered.
fn last_wait(view: &View<'_>) -> Option<(i64, MessageId)> {
    let mut waiting = None;
    let mut last = None;
    for contact in view.contacts {
        if contact.direction == Direction::Inbound {
            waiting = waiting.or(Some(contact));
        } else if let Some(first) = waiting.take() {
            last = Some((contact.at.since(first.at), first.message));
        }
    }
    let done = view.cases.last().is_some_and(|case| view.resolved(case).is_some());
    match waiting {
        Some(first) if !done => Some((view.now.since(first.at), first.message)),
        _ => last,
    }
}

fn satisfaction(view: &View<'_>) -> Option<f64> {
    match answered(view) {
        Some(rating) => Some(100.0 * rating.share()),
        None => Facts::of(view).sum(),
    }
}

fn read(view: &View<'_>) -> Reading {
    let facts = Facts::of(view);
    let newest = view.inbound().next_back().map(|contact| contact.message);
    let Some(value) = satisfaction(view) else {
        let words = match view.ratings.last() {
            Some(old) => format!("their last answer is of {}; {COUNTS_DAYS} days count", old.at.day()),
            None => "no answer to \"how was it?\", no message with a mood and no case".to_owned(),
        };
        return Reading::missing(0, words);
    };
    let (word, level) = match value {
        v if v < 25.0 => ("dissatisfied", Level::Bad),
        v if v < 45.0 => ("not content", Level::Watch),
        v if v < 65.0 => ("fair", Level::Fair),
        v if v < 85.0 => ("content", Level::Good),
        _ => ("very content", Level::Good),
    };
    let mut reading = Reading {
        value: Some(value),
        shown: format!("{value:.0} of 100"),
        band: band(word, level),
        next: (level <= Level::Watch).then(|| "ask what would have been better".to_owned()),
        ..Reading::default()
    };
    if let Some(rating) = answered(view) {
        reading.sample = view.ratings.len();
        reading.confidence = 0.9;
        reading =
            reading.because(9.0, format!("they said {} of {} on {}", rating.value, rating.of, rating.at.day()), None);
        if !rating.comment.is_empty() {
            let comment: String = rating.comment.chars().take(100).collect();
            reading = reading.because(8.0, format!("and: \"{comment}\""), None);
        }
        // What they said counts, but not as if nothing had happened since.
        if let Some((mood, message)) = facts.mood.filter(|(mood, _)| *mood < -0.2 && value >= 45.0)
            && felt(view).next().is_some_and(|(contact, _)| contact.at > rating.at)
        {
            reading.confidence = 0.45;
            reading.next = Some("read what they wrote since: it may be worse by now".to_owned());
            reading =
                reading.because(8.5, format!("since then they wrote, and sounded unhappy ({mood:+.2})"), Some(message));
        }
        return reading;
    }
    let felt_count = felt(view).take(5).count();
    reading.sample = felt_count + usize::from(facts.wait.is_some()) + view.cases.len().min(1);
    // Visible facts, not their own word.
    reading.confidence = 0.5 * sureness(reading.sample, 2.0);
    let asked = match view.ratings.last() {
        Some(old) => format!("their last answer is of {}, {COUNTS_DAYS} days count", old.at.day()),
        None => "they were not asked".to_owned(),
    };
    reading = reading.because(0.5, format!("{asked}; this is a sum of visible facts from 50"), None);
    if let Some((_, message)) = facts.mood {
        let points = facts.mood_points();
        reading =
            reading.because(points.abs(), format!("{points:+.0} for the mood of what they last wrote"), Some(message));
    }
    if facts.resolved {
        reading = reading.because(9.9, "+10: the last case is resolved", newest);
    }
    if facts.reopened > 0 {
        reading =
            reading.because(10.0, "-10: the case was opened again", view.cases.last().and_then(|case| case.opened_by));
    }
    if let Some((wait, target, message)) = facts.wait {
        let points = facts.wait_points();
        let words = format!("{points:+.0}: a reply took or takes {} (target {})", length(wait), length(target));
        reading = reading.because(points.abs(), words, Some(message));
    }
    reading
}
