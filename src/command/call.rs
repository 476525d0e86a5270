//! What a phone call was, as it is said in one line: `in 3m Wants the invoice again`.

use crate::model::{Call, CustomerId, Direction};

/// Why a line is no call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No direction.
    #[error("say first whether they called (in) or we did (out), not `{0}`: in 3m Wants the invoice")]
    Direction(String),
    /// No length.
    #[error("`{0}` is no length of a call: say 40s, 3m or 1h")]
    Duration(String),
    /// Nothing was said.
    #[error("say what the call was about: in 3m Wants the invoice")]
    Text,
}

/// The longest call, in milliseconds: a day.
const LONGEST: i64 = 86_400_000;

/// Reads how long a call was: `40s`, `3m`, `1h`, in milliseconds.
///
/// # Errors
/// [`CallError::Duration`] when it is no length, or longer than a day.
pub fn duration(word: &str) -> Result<i64, CallError> {
    let wrong = || CallError::Duration(word.to_owned());
    let unit = word.chars().last().ok_or_else(wrong)?;
    let each = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        _ => return Err(wrong()),
    };
    let number: i64 = word.strip_suffix(unit).and_then(|number| number.trim().parse().ok()).ok_or_else(wrong)?;
    Some(number).filter(|number| (0..=LONGEST / each).contains(number)).map(|number| number * each).ok_or_else(wrong)
}

/// Reads who called: `in` or `out`.
///
/// # Errors
/// [`CallError::Direction`] when it is neither.
pub fn direction(word: &str) -> Result<Direction, CallError> {
    match word {
        "in" => Ok(Direction::Inbound),
        "out" => Ok(Direction::Outbound),
        other => Err(CallError::Direction(other.to_owned())),
    }
}

/// Reads a whole call.
///
/// # Errors
/// [`CallError`] that says which part is missing.
pub fn call(line: &str, customer: CustomerId) -> Result<Call, CallError> {
    let (first, rest) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
    let direction = direction(first)?;
    let (second, text) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let duration = duration(second)?;
    if text.trim().is_empty() {
        return Err(CallError::Text);
    }
    Ok(Call { customer, direction, duration, text: text.trim().to_owned(), at: None, number: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_said_in_one_line_and_what_is_missing_is_named() {
        let id = CustomerId::of(&[b"ana"]);
        let read = call("in 3m  Wants the invoice again ", id);
        assert!(read.is_ok_and(|call| call.duration == 180_000
            && call.direction == Direction::Inbound
            && call.text == "Wants the invoice again"));
        assert_eq!(call("hello", id), Err(CallError::Direction("hello".to_owned())));
        assert_eq!(call("out long talk", id), Err(CallError::Duration("long".to_owned())));
        assert_eq!(call("out 5m", id), Err(CallError::Text));
        assert_eq!(duration("90000s"), Err(CallError::Duration("90000s".to_owned())), "a day at most");
        assert_eq!(duration("-1m"), Err(CallError::Duration("-1m".to_owned())));
        assert_eq!(duration("9999999999999999999h"), Err(CallError::Duration("9999999999999999999h".to_owned())));
        assert!(call("in 3€ x", id).is_err());
    }
}
