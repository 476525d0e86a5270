//! What an answer means: the file's error table first, body before status, then what statuses mean by themselves.

use super::place;
use super::predicate::{Facts, all};
use super::spec::{Class, Spec, Until};
use super::template::plain;
use crate::connector::http::{Answer, Failure, retry_after, until};
use crate::connector::{ConnectorError, Ledger};
use crate::model::{Timestamp, clean_line};
use serde_json::Value;

/// How long is waited when nobody says how long, in milliseconds.
const UNNAMED: i64 = 60_000;
const DAY: i64 = 86_400_000;
/// The longest wait a platform is believed.
const LONGEST: i64 = 25 * 3_600_000;

/// The body of an answer that says yes.
///
/// # Errors
/// What went wrong, by the file's table.
pub(super) fn verdict(spec: &Spec, answer: &Answer, sending: bool, now: Timestamp) -> Result<Value, ConnectorError> {
    let read = if answer.body.is_empty() { Ok(Value::Null) } else { answer.json() };
    let none = Value::Null;
    let body = read.as_ref().unwrap_or(&none);
    let header = |name: &str| answer.header(name).map(str::to_owned);
    let facts = Facts { body, status: Some(answer.status), header: &header, msg: &|_| None, near: &|_| None };
    let said = spec.said.iter().find_map(|pointer| place::at(body, pointer).and_then(plain)).unwrap_or_default();
    let said: String = clean_line(&said).chars().take(200).collect();
    let rule =
        spec.errors.iter().find(|rule| rule.sends.is_none_or(|sends| sends == sending) && all(&rule.when, &facts));
    let class = rule.map(|rule| rule.class);
    if class.is_none_or(|class| class == Class::Ok) {
        if class.is_none()
            && let Some(trouble) = answer.trouble(&said, sending, now)
        {
            return Err(trouble);
        }
        return match read {
            Ok(body) => Ok(body),
            Err(failure) if sending => Err(failure.sending()),
            Err(failure) => Err(failure.reading()),
        };
    }
    let why = rule.map(|rule| rule.why.as_str()).unwrap_or_default();
    let reason = match (said.is_empty(), why.is_empty()) {
        (true, true) => format!("the platform answers {}", answer.status),
        (false, true) => format!("the platform says: {said}"),
        (true, false) => why.to_owned(),
        (false, false) => format!("{why} (the platform says: {said})"),
    };
    Err(match class.unwrap_or(Class::Reject) {
        Class::Ok | Class::Reject => ConnectorError::Reject { reason },
        Class::Retry => ConnectorError::Retry { reason },
        Class::Wait => {
            let wait = rule.map_or(&Until::Headers, |rule| &rule.until);
            ConnectorError::Wait { reason, until: not_before(wait, answer, body, now) }
        }
        Class::Refresh => ConnectorError::Refresh { reason },
        Class::Reconnect => ConnectorError::Reconnect { reason },
        Class::Window => ConnectorError::WindowClosed { reason },
        Class::Duplicate => ConnectorError::Duplicate { reason },
        Class::Gone => ConnectorError::Gone { reason },
        Class::Pending => ConnectorError::Pending { reason },
        Class::Unknown if sending => ConnectorError::Unknown { reason },
        Class::Unknown => ConnectorError::Retry { reason },
    })
}

fn not_before(wait: &Until, answer: &Answer, body: &Value, now: Timestamp) -> Timestamp {
    let named = match wait {
        Until::Headers => retry_after(&answer.headers, now),
        Until::Header(name, reset) => until(&answer.headers, name, *reset, now),
        Until::Body(pointer, factor) => {
            let text = place::at(body, pointer).and_then(plain);
            let number = text.and_then(|text| text.trim().parse::<f64>().ok()).filter(|number| *number >= 0.0);
            number.map(|number| now.plus_millis((number * *factor as f64).min(LONGEST as f64) as i64))
        }
        Until::Fixed(millis) => Some(now.plus_millis(*millis)),
        Until::Midnight(east) => {
            let local = now.0.saturating_add(i64::from(*east) * 1_000);
            Some(now.plus_millis(DAY - local.rem_euclid(DAY)))
        }
    };
    named.unwrap_or_else(|| now.plus_millis(UNNAMED))
}

/// What the platform says is left, for the ledger.
pub(super) fn told(spec: &Spec, ledger: &Ledger, name: &str, answer: &Answer, now: Timestamp) {
    let left = spec.limits.remaining.as_ref().and_then(|name| answer.header(name)?.trim().parse::<f64>().ok());
    let reset = spec.limits.reset.as_ref().and_then(|(name, is)| until(&answer.headers, name, *is, now));
    if let (Some(left), Some(reset)) = (left, reset) {
        ledger.told(name, left.max(0.0) as u64, reset, now);
    }
}

/// What no answer means, for a send that the platform would know again until `idempotent`.
pub(super) fn unanswered(failure: Failure, idempotent: bool) -> ConnectorError {
    match (failure.sending(), idempotent) {
        (ConnectorError::Unknown { reason }, true) => ConnectorError::Retry { reason },
        (other, _) => other,
    }
}
