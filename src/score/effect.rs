//! Communication effect: the share of our messages that they answer within a week; how soon, by channel and hour; how
//! their mood changes after our reply. What a campaign brings about is called "uplift" only against a held-back group of
//! at least 100, with its 95 % interval (Newcombe's method 10); everything else is "change".

use super::history::{Contact, DAY, History, View};
use super::peers::{ANSWER_TIME, Arms, Peers};
use super::reading::{Reading, band, compose, length, plural, sureness};
use crate::model::{Direction, Level, MessageId, Score, ScoreKind};
use std::collections::BTreeMap;

/// How far back.
const WINDOW: i64 = 365 * DAY;
/// Fewer of our messages say nothing.
const FEW_SENT: usize = 3;
/// The smallest group that may be compared.
const GROUP: u32 = 100;
/// Fewer answers do not make a habit.
const HABIT: usize = 3;

/// The score.
pub(super) fn score(history: &History, peers: &Peers, version: u64) -> Score {
    compose(ScoreKind::Effect, history, peers, version, |view, _| effect(view), read)
}

/// A message of ours, the last before they wrote or it is their turn, and how long they took.
struct Turn<'a> {
    ours: &'a Contact,
    answer: Option<&'a Contact>,
}

/// What we wrote and they could answer: a run of ours counts once, and one still within its week not at all.
fn turns<'a>(view: &View<'a>) -> Vec<Turn<'a>> {
    let oldest = view.now.plus_millis(-WINDOW);
    let from = view.contacts.partition_point(|contact| contact.at < oldest);
    let recent = view.contacts.get(from..).unwrap_or_default();
    let mut turns = Vec::new();
    for (at, ours) in recent.iter().enumerate() {
        if ours.direction != Direction::Outbound {
            continue;
        }
        match recent.get(at + 1) {
            Some(next) if next.direction == Direction::Outbound => {}
            Some(next) if next.at.since(ours.at) <= ANSWER_TIME => turns.push(Turn { ours, answer: Some(next) }),
            _ if view.now.since(ours.at) > ANSWER_TIME => turns.push(Turn { ours, answer: None }),
            _ => {}
        }
    }
    turns
}

fn effect(view: &View<'_>) -> Option<f64> {
    let turns = turns(view);
    if turns.len() < FEW_SENT {
        return None;
    }
    Some(turns.iter().filter(|turn| turn.answer.is_some()).count() as f64 / turns.len() as f64)
}

fn read(view: &View<'_>, peers: &Peers) -> Reading {
    let turns = turns(view);
    let campaign = uplift_words(view, peers);
    let Some(value) = effect(view) else {
        let what =
            format!("{} of ours that had a week to be answered; {FEW_SENT} are needed", plural(turns.len(), "message"));
        let reading = Reading::missing(turns.len(), what);
        return match campaign {
            Some(words) => reading.because(0.5, words, None),
            None => reading,
        };
    };
    let (word, level) = match value {
        v if v >= 0.6 => ("answers", Level::Good),
        v if v >= 0.3 => ("answers at times", Level::Fair),
        v if v > 0.0 => ("seldom answers", Level::Watch),
        _ => ("does not answer", Level::Watch),
    };
    let answered: Vec<(&Contact, &Contact)> = turns.iter().filter_map(|turn| Some((turn.ours, turn.answer?))).collect();
    let best = soonest(view, &answered);
    let mut reading = Reading {
        value: Some(value),
        shown: format!("{:.0} % answered", 100.0 * value),
        band: band(word, level),
        sample: turns.len(),
        confidence: sureness(turns.len(), 5.0),
        next: best.as_ref().map(|(_, place, ..)| format!("write by {place}")),
        ..Reading::default()
    };
    reading = reading.because(
        3.0,
        format!("{} of {} answered within a week", answered.len(), plural(turns.len(), "message")),
        answered.last().map(|(ours, _)| ours.message),
    );
    if let Some((delay, place, count, message)) = best {
        let words = format!("answers soonest by {place}: {} (median of {count})", length(delay));
        reading = reading.because(2.0, words, Some(message));
    }
    if let Some((change, count, message)) = mood_change(view) {
        let words = format!(
            "their mood after our reply: change of {change:+.2} over {}",
            plural(count, "reply").replace("replys", "replies")
        );
        reading = reading.because(1.5, words, Some(message));
    }
    match campaign {
        Some(words) => reading.because(2.5, words, None),
        None => reading,
    }
}

/// Where and when they answer soonest: the median delay, the place in words, how many answers, one of them.
fn soonest(view: &View<'_>, answered: &[(&Contact, &Contact)]) -> Option<(i64, String, usize, MessageId)> {
    let mut places: BTreeMap<(&str, i64), Vec<(i64, MessageId)>> = BTreeMap::new();
    for (ours, theirs) in answered {
        let hour = (ours.at.0 / 60_000 + i64::from(view.facts.offset_minutes)).rem_euclid(1_440) / 60;
        let delay = theirs.at.since(ours.at).max(0);
        places.entry((&ours.channel, hour / 6)).or_default().push((delay, theirs.message));
    }
    let mut found = Vec::new();
    for ((channel, part), mut delays) in places {
        if delays.len() >= HABIT {
            delays.sort_unstable();
            let (delay, message) = delays[delays.len() / 2];
            found.push((delay, format!("{channel} from {} to {} h", part * 6, part * 6 + 6), delays.len(), message));
        }
    }
    found.into_iter().min()
}

/// The mean change from the last two messages before our reply to the next two after it, over at least three replies.
fn mood_change(view: &View<'_>) -> Option<(f64, usize, MessageId)> {
    let value =
        |contact: &Contact| contact.sentiment.as_ref().map(|s| f64::from(s.percent).clamp(-100.0, 100.0) / 100.0);
    let contacts = view.contacts;
    let mut changes = Vec::new();
    let mut last = None;
    for (at, ours) in contacts.iter().enumerate().rev().take(400) {
        let first_of_run = at > 0 && contacts[at - 1].direction == Direction::Inbound;
        if ours.direction != Direction::Outbound || !first_of_run {
            continue;
        }
        let mean = |values: Vec<f64>| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        let theirs = |contact: &&Contact| contact.direction == Direction::Inbound;
        let before = mean(contacts[..at].iter().rev().filter(theirs).take(2).filter_map(value).collect());
        let after = mean(contacts[at..].iter().filter(theirs).take(2).filter_map(value).collect());
        if let (Some(before), Some(after)) = (before, after) {
            changes.push(after - before);
            last = last.or(Some(ours.message));
        }
    }
    let mean = changes.iter().sum::<f64>() / changes.len().max(1) as f64;
    (changes.len() >= HABIT).then_some((mean, changes.len(), last?))
}

/// What is known of the latest campaign they have a part in.
fn uplift_words(view: &View<'_>, peers: &Peers) -> Option<String> {
    let part = view.facts.enrolments.iter().rev().find(|part| part.at <= view.now)?;
    let arms = peers.campaign(&part.campaign)?;
    let name = &part.campaign;
    Some(match uplift(&arms) {
        Some((uplift, low, high)) => format!(
            "campaign {name}: uplift {:+.1} points (95 % interval {:+.1} to {:+.1}) against {} held back",
            100.0 * uplift,
            100.0 * low,
            100.0 * high,
            arms.held
        ),
        None => format!(
            "campaign {name}: not enough data for an uplift, {} written to and {} held back; {GROUP} each are needed",
            arms.written, arms.held
        ),
    })
}

/// The difference of two shares and its 95 % interval; `None` under [`GROUP`] customers on either side.
///
/// Newcombe, "Interval estimation for the difference between independent proportions", method 10 (Wilson's score
/// intervals squared and added), Statistics in Medicine 17 (1998), 873-890.
pub(super) fn uplift(arms: &Arms) -> Option<(f64, f64, f64)> {
    if arms.written < GROUP || arms.held < GROUP {
        return None;
    }
    let share = |part: u32, all: u32| f64::from(part.min(all)) / f64::from(all);
    let (one, other) = (share(arms.written_answered, arms.written), share(arms.held_answered, arms.held));
    let (one_low, one_high) = wilson(one, arms.written);
    let (other_low, other_high) = wilson(other, arms.held);
    let difference = one - other;
    let low = difference - ((one - one_low).powi(2) + (other_high - other).powi(2)).sqrt();
    let high = difference + ((one_high - one).powi(2) + (other - other_low).powi(2)).sqrt();
    Some((difference, low, high))
}

/// Wilson's score interval of a share among so many, 95 %.
fn wilson(share: f64, all: u32) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    let all = f64::from(all);
    let middle = (share + Z * Z / (2.0 * all)) / (1.0 + Z * Z / all);
    let half = Z / (1.0 + Z * Z / all) * (share * (1.0 - share) / all + Z * Z / (4.0 * all * all)).sqrt();
    (middle - half, middle + half)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_interval_is_newcombes_and_small_groups_have_none() {
        // Newcombe 1998, table II, contrast 56/70 against 48/80, method 10: 0.0524 to 0.3339. The groups there are smaller
        // than ours may be; the interval is checked all the same.
        let (low, high) = {
            let (one, other) = (0.8, 0.6);
            let ((one_low, one_high), (other_low, other_high)) = (wilson(one, 70), wilson(other, 80));
            (
                one - other - ((one - one_low).powi(2) + (other_high - other).powi(2)).sqrt(),
                one - other + ((one_high - one).powi(2) + (other - other_low).powi(2)).sqrt(),
            )
        };
        assert!((low - 0.0524).abs() < 5e-5 && (high - 0.3339).abs() < 5e-5, "{low} {high}");
        let arms = Arms { written: 100, written_answered: 30, held: 100, held_answered: 10 };
        let (difference, low, high) = uplift(&arms).unwrap();
        assert!((difference - 0.2).abs() < 1e-12 && low > 0.0 && high < 0.4, "{low} {high}");
        assert_eq!(uplift(&Arms { held: 99, ..arms }), None);
    }
}
