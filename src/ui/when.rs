//! Times as an agent reads them.

use crate::model::Timestamp;
use jiff::tz::TimeZone;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What stands for a time that never was.
const NEVER: &str = "–";

/// How long ago, in at most four columns: `now`, `5m`, `3h`, `2d`, `7w`, `1y`; `–` for never.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    if at.known().is_none() {
        return NEVER.to_owned();
    }
    match now.since(at) {
        ..MINUTE => "now".to_owned(),
        past @ MINUTE..HOUR => format!("{}m", past / MINUTE),
        past @ HOUR..DAY => format!("{}h", past / HOUR),
        past if past < 14 * DAY => format!("{}d", past / DAY),
        past if past < 365 * DAY => format!("{}w", past / (7 * DAY)),
        past => format!("{}y", past / (365 * DAY)),
    }
}

/// The time of day: `14:05`.
pub(super) fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// The day: `Mon 23 Nov 2026`.
pub(super) fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%a %d %b %Y").to_string()
}

/// Day and time: `Mon 23 Nov 2026 14:05`.
pub(super) fn full(at: Timestamp, zone: &TimeZone) -> String {
    format!("{} {}", day(at, zone), clock(at, zone))
}

/// A time near enough to leave out what is the same as now: `14:05`, `Mon 14:05` within a week, `1 Dec`, `1 Dec 2027`;
/// `–` for never.
pub(super) fn short(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    if at.known().is_none() {
        return NEVER.to_owned();
    }
    let at_zoned = at.to_jiff().to_zoned(zone.clone());
    let now_zoned = now.to_jiff().to_zoned(zone.clone());
    let format = if at_zoned.date() == now_zoned.date() {
        "%H:%M"
    } else if now.since(at).abs() < 6 * DAY {
        "%a %H:%M"
    } else if at_zoned.year() == now_zoned.year() {
        "%-d %b"
    } else {
        "%-d %b %Y"
    };
    at_zoned.strftime(format).to_string()
}

/// Whole seconds until a time, at least 0; what a countdown shows.
pub(super) fn seconds_until(at: Timestamp, now: Timestamp) -> i64 {
    ((at.since(now) + SECOND - 1) / SECOND).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short_and_the_future_is_now() {
        let now = Timestamp(400 * DAY);
        let ago = |millis: i64| age(now.plus_millis(-millis), now);
        assert_eq!([ago(-DAY), ago(59 * SECOND)], ["now", "now"], "a sender's clock may be ahead");
        assert_eq!([ago(5 * MINUTE), ago(3 * HOUR), ago(13 * DAY)], ["5m", "3h", "13d"]);
        assert_eq!([ago(14 * DAY), ago(366 * DAY)], ["2w", "1y"]);
        assert_eq!([age(Timestamp(0), now), short(Timestamp(0), now, &TimeZone::UTC)], ["–", "–"], "never");
        assert_eq!(seconds_until(now.plus_millis(1), now), 1);
        assert_eq!(seconds_until(now, now.plus_millis(5_000)), 0);
    }
}
