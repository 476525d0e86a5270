//! The dialects in which platforms say "not now".

use crate::model::Timestamp;
use reqwest::header::HeaderMap;

/// The longest wait a platform is believed, in milliseconds: a day and an hour.
const LONGEST: i64 = 25 * 3_600_000;

/// What a header's number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Seconds since 1970.
    Epoch,
    /// Seconds from now, whole or not.
    Seconds,
    /// RFC 3339.
    Iso,
}

/// A difference of clocks that is none, in milliseconds: `Date` has whole seconds, and an answer is under way for some.
const SAME: i64 = 60_000;

/// How far the clock of whoever answers is ahead of ours, in milliseconds, by its `Date` (RFC 9110, section 6.6.1); 0
/// where it does not say, and where it is a matter of seconds. Never more than a day and an hour.
pub fn ahead(headers: &HeaderMap, now: Timestamp) -> i64 {
    let date = headers.get("date").and_then(|date| date.to_str().ok());
    let Some(Ok(date)) = date.map(jiff::fmt::rfc2822::parse) else { return 0 };
    let ahead = date.timestamp().as_millisecond().saturating_sub(now.0);
    if ahead.abs() <= SAME { 0 } else { ahead.clamp(-LONGEST, LONGEST) }
}

/// The time a header names, by our clock; `None` when it is not there or makes no sense. Never further away than a day
/// and an hour.
pub fn until(headers: &HeaderMap, name: &str, reset: Reset, now: Timestamp) -> Option<Timestamp> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    let ours = |theirs: i64| Timestamp(theirs.saturating_sub(ahead(headers, now)));
    let at = match reset {
        Reset::Epoch => ours((text.parse::<f64>().ok()? * 1000.0) as i64),
        Reset::Seconds => now.plus_millis((text.parse::<f64>().ok()?.max(0.0) * 1000.0) as i64),
        Reset::Iso => ours(text.parse::<jiff::Timestamp>().ok()?.as_millisecond()),
    };
    Some(at.max(now).min(now.plus_millis(LONGEST)))
}

/// `Retry-After` in both its forms (RFC 9110, section 10.2.3), else the commonest rate limit headers.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    if let Some(at) = until(headers, "retry-after", Reset::Seconds, now) {
        return Some(at);
    }
    if let Some(date) = headers.get("retry-after").and_then(|value| value.to_str().ok())
        && let Ok(zoned) = jiff::fmt::rfc2822::parse(date)
    {
        let at = Timestamp(zoned.timestamp().as_millisecond().saturating_sub(ahead(headers, now)));
        return Some(at.max(now).min(now.plus_millis(LONGEST)));
    }
    let dialects = [
        ("x-ratelimit-reset-after", Reset::Seconds),
        ("x-rate-limit-reset", Reset::Epoch),
        ("x-ratelimit-reset", Reset::Iso),
        ("x-ratelimit-reset", Reset::Epoch),
        ("ratelimit-reset", Reset::Epoch),
        ("ratelimit-reset", Reset::Seconds),
    ];
    dialects.into_iter().find_map(|(name, reset)| {
        // A small number cannot be a time of day: those are seconds from now.
        let small = headers.get(name)?.to_str().ok()?.trim().parse::<f64>().is_ok_and(|number| number < 1e8);
        let reset = if reset == Reset::Epoch && small { Reset::Seconds } else { reset };
        until(headers, name, reset, now)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_dialect_of_not_now_is_understood() {
        let now = Timestamp(1_700_000_000_000);
        let said = [
            ("retry-after", "30", 30_000),
            ("retry-after", "0.5", 500),
            ("retry-after", "Tue, 14 Nov 2023 22:14:20 GMT", 60_000),
            ("x-rate-limit-reset", "1700000090", 90_000),
            ("x-ratelimit-reset", "2023-11-14T22:15:20Z", 120_000),
            ("x-ratelimit-reset", "7", 7_000),
            ("x-ratelimit-reset-after", "1.5", 1_500),
            ("ratelimit-reset", "1700000010", 10_000),
            ("retry-after", "99999999999", LONGEST),
        ];
        for (name, value, later) in said {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            assert_eq!(retry_after(&headers, now), Some(now.plus_millis(later)), "{name}: {value}");
        }
        // The same words of a server whose clock is seven hours ahead.
        for (name, value) in [
            ("x-rate-limit-reset", "1700025290"),
            ("x-ratelimit-reset", "2023-11-15T05:14:50Z"),
            ("retry-after", "Wed, 15 Nov 2023 05:14:50 GMT"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("date", "Wed, 15 Nov 2023 05:13:20 GMT".parse().unwrap());
            headers.insert(name, value.parse().unwrap());
            assert_eq!(retry_after(&headers, now), Some(now.plus_millis(90_000)), "{name}: {value}");
        }
        let mut headers = HeaderMap::new();
        assert_eq!(retry_after(&headers, now), None);
        headers.insert("retry-after", "soon".parse().unwrap());
        assert_eq!(retry_after(&headers, now), None);
    }
}
