//! Reading what platforms answer. Pointers are JSON Pointers (RFC 6901).

use crate::connector::ConnectorError;
use crate::model::Timestamp;
use serde_json::Value;

/// The text there; empty when there is none.
pub(in crate::connector) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The id there, a string whatever the platform writes: ids are longer than a float is exact.
pub(in crate::connector) fn id(value: &Value, pointer: &str) -> Option<String> {
    match value.pointer(pointer)? {
        Value::String(text) if !text.is_empty() && text.len() <= 256 && !text.chars().any(char::is_control) => {
            Some(text.clone())
        }
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

/// The whole number there.
pub(in crate::connector) fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer)?.as_i64()
}

/// True when it says `true` there.
pub(in crate::connector) fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// The list there; empty when there is none.
pub(in crate::connector) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The list that must be there.
///
/// # Errors
/// [`ConnectorError::Retry`]: a proxy or a platform in trouble answers otherwise.
pub(in crate::connector) fn must_list<'a>(value: &'a Value, pointer: &str) -> Result<&'a [Value], ConnectorError> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.map(Vec::as_slice).ok_or_else(|| ConnectorError::Retry {
        reason: format!("the answer lacks the list it should have at \"{pointer}\""),
    })
}

/// The time there, in seconds since 1970.
pub(in crate::connector) fn epoch(value: &Value, pointer: &str) -> Option<Timestamp> {
    number(value, pointer).map(|seconds| Timestamp(seconds.saturating_mul(1_000).clamp(0, Timestamp::MAX.0)))
}

/// The time there, by RFC 3339.
pub(in crate::connector) fn iso(value: &Value, pointer: &str) -> Option<Timestamp> {
    text(value, pointer).parse::<jiff::Timestamp>().ok().map(Timestamp::from)
}

/// The bytes of a value, as they are kept.
pub(in crate::connector) fn bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// A page on the web as it is kept: `https` alone.
pub(in crate::connector) fn page(url: &str) -> Option<String> {
    url.starts_with("https://").then(|| crate::model::clean_line(url)).filter(|url| url.len() <= 2_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_strings_and_keep_every_digit() {
        let value: Value =
            serde_json::from_str(r#"{"a":9007199254740993,"b":"x","c":1.5,"d":"","e":-100123}"#).unwrap_or_default();
        let ids = ["/a", "/b", "/c", "/d", "/e", "/f"].map(|pointer| id(&value, pointer));
        let expected = [Some("9007199254740993"), Some("x"), None, None, Some("-100123"), None];
        assert_eq!(ids, expected.map(|id| id.map(str::to_owned)));
    }

    #[test]
    fn what_is_not_there_is_empty() {
        let value = json!({ "at": "2026-11-27T10:00:00.000Z", "s": 1_700_000_000 });
        assert_eq!((text(&value, "/x"), list(&value, "/x").len(), flag(&value, "/s")), ("", 0, false));
        assert_eq!(epoch(&value, "/s"), Some(Timestamp(1_700_000_000_000)));
        assert!(iso(&value, "/at").is_some() && iso(&value, "/s").is_none());
        assert!(must_list(&value, "/x").is_err());
    }
}
