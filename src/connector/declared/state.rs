//! Where each stream stands. Kept as JSON in the account's cursor, committed together with the messages it covers.

use super::spec::Compare;
use crate::model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Of one account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    #[serde(default)]
    pub streams: BTreeMap<String, StreamState>,
}

/// Of one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct StreamState {
    #[serde(flatten)]
    pub spot: Spot,
    /// The things this stream found, for the streams that go through them; newest first, and those of a queue last
    /// first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<Parent>,
    /// Of a child stream: where it stands below each parent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub below: BTreeMap<String, Spot>,
}

/// Where one walk stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Spot {
    /// The watermark, or the platform's own cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// A walk that is not at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<Walk>,
    /// Of a parent: what its `changed` said when the last walk below it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    /// When the platform last took its own cursor, in milliseconds since 1970: where to begin when it no longer knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<i64>,
    /// A walk has come to its end at least once.
    #[serde(default)]
    pub done: bool,
}

/// A walk under way: after a restart it goes on from here, and what is newer waits for the next one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Walk {
    /// Which source began it. One that another began does not know of what came since.
    #[serde(default)]
    pub by: u64,
    /// When it was begun anew because the platform had lost the place, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anew: Option<i64>,
    /// What the next page is asked with.
    #[serde(default)]
    pub cursor: Option<String>,
    /// The greatest value seen: the watermark once the walk is over.
    #[serde(default)]
    pub top: Option<String>,
    /// Pages taken.
    #[serde(default)]
    pub pages: u32,
    /// Items taken.
    #[serde(default)]
    pub items: u64,
    /// What pages were asked with before, hashed: nothing is asked twice.
    #[serde(default)]
    pub seen: Vec<u32>,
}

/// Something whose children are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Parent {
    pub id: String,
    pub at: i64,
    /// What its children need of it, by pointer.
    pub of: Value,
    #[serde(default)]
    pub changed: Option<String>,
}

impl State {
    /// From a cursor. One that cannot be read begins anew: what is known changes nothing.
    pub fn read(cursor: &[u8]) -> State {
        serde_json::from_slice(cursor).unwrap_or_default()
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// Which of two values is further on. Numbers of any length are compared as what they are.
pub(super) fn compare(a: &str, b: &str, how: Compare) -> Ordering {
    match how {
        Compare::Number => {
            let (left, right) = (whole(a), whole(b));
            match (left, right) {
                (Some(left), Some(right)) => left.len().cmp(&right.len()).then_with(|| left.cmp(right)),
                _ => {
                    let (left, right) = (a.parse::<f64>(), b.parse::<f64>());
                    left.unwrap_or(f64::MIN).total_cmp(&right.unwrap_or(f64::MIN))
                }
            }
        }
        Compare::Text => a.cmp(b),
        Compare::Time => moment(a).cmp(&moment(b)),
    }
}

/// The digits of a whole number, without leading zeros.
fn whole(text: &str) -> Option<&str> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.trim_start_matches('0'))
}

/// A moment as any platform writes it: RFC 3339, or a number of seconds or milliseconds; 0 for what is none.
pub(super) fn moment(text: &str) -> i64 {
    readable_moment(text).unwrap_or(0)
}

/// A moment as any platform writes it, `None` for what is none.
pub(super) fn readable_moment(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse::<f64>() {
        let millis = if number.abs() < 1e11 { (number * 1_000.0) as i64 } else { number as i64 };
        return number.is_finite().then_some(millis);
    }
    let formats = [
        super::spec::TimeFormat::Rfc3339,
        super::spec::TimeFormat::Rfc2822,
        super::spec::TimeFormat::Pattern("%a %b %d %H:%M:%S %z %Y".to_owned()),
    ];
    formats.iter().find_map(|format| super::mapper::time(text, format)).map(|at| at.0)
}

/// A watermark, moved back by an overlap and on by a number, written as it was.
pub(super) fn moved(mark: &str, how: Compare, overlap: i64, add: i64) -> String {
    match how {
        Compare::Number => match mark.parse::<i128>() {
            Ok(number) => {
                number.saturating_sub(i128::from(overlap / 1_000)).saturating_add(i128::from(add)).max(0).to_string()
            }
            Err(_) => match mark.parse::<f64>() {
                Ok(number) => (number - overlap as f64 / 1_000.0 + add as f64).max(0.0).to_string(),
                Err(_) => mark.to_owned(),
            },
        },
        Compare::Text => mark.to_owned(),
        Compare::Time => {
            if overlap == 0 && add == 0 {
                return mark.to_owned();
            }
            let at = Timestamp(moment(mark)).plus_millis(add.saturating_mul(1_000).saturating_sub(overlap));
            match mark.parse::<f64>() {
                Ok(number) if number.abs() < 1e11 => (at.0 / 1_000).to_string(),
                Ok(_) => at.0.to_string(),
                Err(_) => at.to_string(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_compared_as_numbers() {
        let more = |a: &str, b: &str| assert_eq!(compare(a, b, Compare::Number), Ordering::Greater, "{a} {b}");
        more("9007199254740993", "9007199254740992");
        more("123456789012345678901234567890", "99999999999999999999999999999");
        more("10", "9");
        more("1700000000.5", "1700000000.0");
        assert_eq!(compare("2026-11-27T09:00:00Z", "2026-11-27T10:00:00+01:00", Compare::Time), Ordering::Equal);
        assert_eq!(compare("Fri, 27 Nov 2026 09:00:00 +0000", "1795770001", Compare::Time), Ordering::Less);
    }

    #[test]
    fn a_watermark_moves_back_in_its_own_form() {
        assert_eq!(moved("3526584588286949", Compare::Number, 0, -1), "3526584588286948");
        assert_eq!(moved("1700000600", Compare::Number, 600_000, 0), "1700000000");
        assert_eq!(moved("2026-11-27T09:10:00Z", Compare::Time, 600_000, 0), "2026-11-27T09:00:00Z");
        assert_eq!(moved("2026-11-27T09:10:00.000Z", Compare::Time, 0, 0), "2026-11-27T09:10:00.000Z");
    }
}
