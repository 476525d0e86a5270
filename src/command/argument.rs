//! Arguments that need reading: when a snooze ends, which tags to add and remove.

use crate::model::{Snooze, Timestamp};
use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan};

/// Why an argument cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentError {
    /// Not a time.
    #[error("`{0}` is no time to come: say 30m, 2h, 3d, tomorrow, monday, reply, or 2026-12-01 09:00")]
    Time(String),
    /// Not a tag.
    #[error("a tag is one word of at most 40 letters, not `{0}`")]
    Tag(String),
}

/// The hour at which a day begins that was named without a time.
const MORNING: i8 = 9;

/// Reads when a snooze ends: `30m`, `2h`, `3d`, `1w`, `tomorrow`, `monday`, `2026-12-01`, `2026-12-01 09:00`, `17:30`,
/// or `reply`. Days without a time begin at nine in the agent's time zone.
///
/// # Errors
/// [`ArgumentError::Time`] when it is none of these, or not in the future.
pub fn snooze(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Snooze, ArgumentError> {
    let wrong = || ArgumentError::Time(text.to_owned());
    let word = text.trim().to_lowercase();
    if matches!(word.as_str(), "reply" | "answer" | "until reply") {
        return Ok(Snooze::UntilReply);
    }
    let today = now.to_jiff().to_zoned(zone.clone()).datetime();
    let local = if let Some(span) = span(&word) {
        // Hours are real hours, also over a change of the clocks.
        let until = now.to_jiff().to_zoned(zone.clone()).checked_add(span).map_err(|_| wrong())?;
        return after(until.timestamp().into(), now).ok_or_else(wrong);
    } else if word == "tomorrow" {
        Some(at_morning(today.checked_add(1.day()).map_err(|_| wrong())?))
    } else if let Some(weekday) = weekday(&word) {
        let days = (weekday.to_monday_zero_offset() - today.date().weekday().to_monday_zero_offset()).rem_euclid(7);
        let days = if days == 0 { 7 } else { days };
        Some(at_morning(today.checked_add(i64::from(days).days()).map_err(|_| wrong())?))
    } else if let Ok(datetime) = word.replacen(' ', "T", 1).parse::<DateTime>() {
        // A bare date parses as midnight.
        Some(if word.contains(':') { datetime } else { at_morning(datetime) })
    } else if let Ok(time) = word.parse::<Time>() {
        let at = today.date().to_datetime(time);
        Some(if at > today { at } else { at.checked_add(1.day()).map_err(|_| wrong())? })
    } else {
        None
    };
    let until = local.ok_or_else(wrong)?.to_zoned(zone.clone()).map_err(|_| wrong())?;
    after(until.timestamp().into(), now).ok_or_else(wrong)
}

fn after(until: Timestamp, now: Timestamp) -> Option<Snooze> {
    (until > now && until <= Timestamp::MAX).then_some(Snooze::Until(until))
}

fn at_morning(day: DateTime) -> DateTime {
    day.date().at(MORNING, 0, 0, 0)
}

fn span(word: &str) -> Option<Span> {
    let unit = word.chars().last()?;
    let count: i64 = word.strip_suffix(unit)?.trim().parse().ok().filter(|count| (1..=10_000).contains(count))?;
    match unit {
        'm' => Some(count.minutes()),
        'h' => Some(count.hours()),
        'd' => Some(count.days()),
        'w' => Some(count.weeks()),
        _ => None,
    }
}

fn weekday(word: &str) -> Option<Weekday> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    [
        ("monday", Monday),
        ("tuesday", Tuesday),
        ("wednesday", Wednesday),
        ("thursday", Thursday),
        ("friday", Friday),
        ("saturday", Saturday),
        ("sunday", Sunday),
    ]
    .into_iter()
    .find(|(name, _)| *name == word || &name[..3] == word)
    .map(|(_, day)| day)
}

/// Reads tags to add and, with a `-` before them, to remove.
///
/// # Errors
/// [`ArgumentError::Tag`] for one that is too long.
pub fn tags(text: &str) -> Result<(Vec<String>, Vec<String>), ArgumentError> {
    let (mut add, mut remove) = (Vec::new(), Vec::new());
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let (list, tag) = match word.strip_prefix('-') {
            Some(tag) => (&mut remove, tag),
            None => (&mut add, word.strip_prefix('+').unwrap_or(word)),
        };
        let tag = tag.trim_start_matches('#');
        if tag.is_empty() || tag.chars().count() > 40 {
            return Err(ArgumentError::Tag(word.to_owned()));
        }
        list.push(tag.to_owned());
    }
    Ok((add, remove))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn until(text: &str) -> String {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        // Saturday 24 October 2026, 10:00 in Madrid; the clocks go back that night.
        let now: jiff::Timestamp = "2026-10-24T08:00:00Z".parse().unwrap();
        match snooze(text, now.into(), &zone) {
            Ok(Snooze::Until(at)) => at.to_string(),
            Ok(Snooze::UntilReply) => "reply".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_snooze_is_said_in_many_ways() {
        assert_eq!(until("2h"), "2026-10-24T10:00:00Z");
        assert_eq!(until("reply"), "reply");
        assert_eq!(until("tomorrow"), "2026-10-25T08:00:00Z", "nine o'clock, after the clocks went back");
        assert_eq!(until("Monday"), "2026-10-26T08:00:00Z");
        assert_eq!(until("sat"), "2026-10-31T08:00:00Z", "today's name means in a week");
        assert_eq!(until("2026-12-01"), "2026-12-01T08:00:00Z");
        assert_eq!(until("2026-12-01 17:30"), "2026-12-01T16:30:00Z");
        assert_eq!(until("09:30"), "2026-10-25T08:30:00Z", "already past today");
    }

    #[test]
    fn what_is_no_time_to_come_is_refused_with_examples() {
        for text in ["", "h", "-2h", "99999999999999d", "2020-01-01", "soon", "25:00", "2026-13-01", "€"] {
            assert!(until(text).contains("is no time to come"), "{text:?} gave {}", until(text));
        }
    }

    #[test]
    fn tags_are_added_and_removed() {
        assert_eq!(tags("vip, -old #gold").unwrap(), (vec!["vip".into(), "gold".into()], vec!["old".into()]));
        assert!(tags("-").is_err());
    }
}
