//! Text with placeholders: `{since}`, `{msg.id}`, `{/user/id}`. Nothing is computed in them.
//!
//! A value that is exactly one placeholder keeps its type, and is dropped when there is nothing to put there. `{{` and
//! `}}` are braces.

use super::place;
use crate::model::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// How a value is written where it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cast {
    /// A whole number.
    Int,
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// `2026-11-27`, in UTC, of a time.
    Date,
    /// Seconds since 1970 of a time.
    Epoch,
    /// RFC 3339 of a time.
    Rfc3339,
    /// `3 min 5 s`, of a number of seconds.
    Span,
}

const CASTS: &[(&str, Cast)] = &[
    ("int", Cast::Int),
    ("text", Cast::Text),
    ("bool", Cast::Bool),
    ("date", Cast::Date),
    ("epoch", Cast::Epoch),
    ("rfc3339", Cast::Rfc3339),
    ("span", Cast::Span),
];

/// One placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    /// `since`, `msg.id`, `/user/id`, `parent/id`, `around/x`.
    pub name: String,
    pub cast: Option<Cast>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Words(String),
    Hole(Hole),
}

/// A text with its placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

/// Gives the value of a placeholder; `None` when there is none.
pub(super) trait Values {
    fn value(&self, name: &str) -> Option<Value>;
}

impl<F: Fn(&str) -> Option<Value>> Values for F {
    fn value(&self, name: &str) -> Option<Value> {
        self(name)
    }
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn read(text: &str) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut words = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            words.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                words.push_str(&from[..1]);
                rest = after;
                continue;
            }
            let end = from.find('}').filter(|_| from.starts_with('{'));
            let Some(end) = end else {
                return Err(
                    "a \"{\" without its \"}\", or the other way round; a brace itself is written {{ or }}".to_owned()
                );
            };
            if !words.is_empty() {
                parts.push(Part::Words(std::mem::take(&mut words)));
            }
            parts.push(Part::Hole(Hole::read(&from[1..end])?));
            rest = &from[end + 1..];
        }
        words.push_str(rest);
        if !words.is_empty() || parts.is_empty() {
            parts.push(Part::Words(words));
        }
        Ok(Template { parts })
    }

    /// Its placeholders.
    pub fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole),
            Part::Words(_) => None,
        })
    }

    /// The words between them, one by one, and whether a placeholder follows.
    pub fn beside(&self) -> Vec<(&str, bool)> {
        let words = self.parts.iter().enumerate().filter_map(|(at, part)| match part {
            Part::Words(words) => Some((words.as_str(), at + 1 < self.parts.len())),
            Part::Hole(_) => None,
        });
        words.collect()
    }

    /// The words between them, in one.
    pub fn words(&self) -> String {
        let words = self.parts.iter().filter_map(|part| match part {
            Part::Words(words) => Some(words.as_str()),
            Part::Hole(_) => None,
        });
        words.collect()
    }

    /// The value: typed when it is exactly one placeholder, text otherwise. `None` when something it needs is missing.
    pub fn fill(&self, values: &dyn Values) -> Option<Value> {
        if let [Part::Hole(hole)] = self.parts.as_slice() {
            return hole.fill(values);
        }
        self.text(values).map(Value::String)
    }

    /// As text.
    pub fn text(&self, values: &dyn Values) -> Option<String> {
        self.text_with(values, &|text| text.to_owned())
    }

    /// As text that goes into a path: what is put in is percent-encoded.
    pub fn path(&self, values: &dyn Values) -> Option<String> {
        self.text_with(values, &encoded)
    }

    fn text_with(&self, values: &dyn Values, write: &dyn Fn(&str) -> String) -> Option<String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Hole(hole) => text.push_str(&write(&plain(&hole.fill(values)?)?)),
            }
        }
        Some(text)
    }
}

impl Hole {
    fn read(text: &str) -> Result<Hole, String> {
        let (name, cast) = match text.rsplit_once(':') {
            Some((name, word)) => match CASTS.iter().find(|(known, _)| *known == word) {
                Some((_, cast)) => (name, Some(*cast)),
                None => {
                    let known: Vec<&str> = CASTS.iter().map(|(known, _)| *known).collect();
                    return Err(format!("{{{text}}} asks for \"{word}\"; there are {}", known.join(", ")));
                }
            },
            None => (text, None),
        };
        let pointer = name.find('/').map(|at| &name[at..]);
        if let Some(why) = pointer.and_then(place::is_wrong) {
            return Err(format!("{{{text}}}: {why}"));
        }
        if name.is_empty() || name.chars().any(|c| c.is_control()) {
            return Err(format!("{{{text}}} names nothing"));
        }
        Ok(Hole { name: name.to_owned(), cast })
    }

    fn fill(&self, values: &dyn Values) -> Option<Value> {
        let value = values.value(&self.name).filter(|value| !value.is_null())?;
        let Some(cast) = self.cast else { return Some(value) };
        let text = plain(&value)?;
        let time = || {
            text.parse::<jiff::Timestamp>().ok().or_else(|| jiff::Timestamp::from_millisecond(text.parse().ok()?).ok())
        };
        Some(match cast {
            Cast::Int => {
                let number = text.trim();
                let whole = number.parse::<u64>().map(Value::from).or_else(|_| number.parse::<i64>().map(Value::from));
                whole.ok()?
            }
            Cast::Text => Value::String(text),
            Cast::Bool => Value::Bool(text == "true" || text == "1"),
            Cast::Date => Value::String(time()?.strftime("%Y-%m-%d").to_string()),
            Cast::Epoch => Value::from(time()?.as_second()),
            Cast::Rfc3339 => Value::String(Timestamp::from(time()?).to_string()),
            Cast::Span => Value::String(span(text.trim().parse().ok()?)),
        })
    }
}

/// Seconds as people say them: `2 h 5 min`, `3 min 5 s`, `40 s`.
fn span(seconds: u64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let (first, second) = match (hours, minutes) {
        (0, 0) => ((rest, "s"), (0, "")),
        (0, _) => ((minutes, "min"), (rest, "s")),
        _ => ((hours, "h"), (minutes, "min")),
    };
    let (mut words, (more, unit)) = (format!("{} {}", first.0, first.1), second);
    if more > 0 {
        words.push_str(&format!(" {more} {unit}"));
    }
    words
}

/// A value in a text: lists and objects as JSON.
pub(super) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Array(_) | Value::Object(_) => Some(value.to_string()),
        other => place::text_of(other).or_else(|| Some(other.to_string())),
    }
}

/// Percent-encoded for a path segment (RFC 3986, unreserved characters stay).
fn encoded(text: &str) -> String {
    // "." and ".." would climb.
    if text == "." || text == ".." {
        return text.replace('.', "%2E");
    }
    let mut path = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// JSON with placeholders in its texts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// As it is.
    Plain(Value),
    Text(Template),
    List(Vec<Shape>),
    Object(BTreeMap<String, Shape>),
}

impl Shape {
    /// Filled; what is missing is dropped.
    pub fn fill(&self, values: &dyn Values) -> Option<Value> {
        match self {
            Shape::Plain(value) => Some(value.clone()),
            Shape::Text(template) => template.fill(values),
            Shape::List(list) => Some(Value::Array(list.iter().filter_map(|shape| shape.fill(values)).collect())),
            Shape::Object(fields) => {
                let filled: Map<String, Value> =
                    fields.iter().filter_map(|(name, shape)| Some((name.clone(), shape.fill(values)?))).collect();
                // An object that lost all it had says nothing; one that was written empty does.
                (!filled.is_empty() || fields.is_empty()).then_some(Value::Object(filled))
            }
        }
    }

    /// Every template in it.
    pub fn each(&self, look: &mut dyn FnMut(&Template)) {
        match self {
            Shape::Plain(_) => {}
            Shape::Text(template) => look(template),
            Shape::List(list) => list.iter().for_each(|shape| shape.each(look)),
            Shape::Object(fields) => fields.values().for_each(|shape| shape.each(look)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn values(name: &str) -> Option<Value> {
        match name {
            "id" => Some(json!("42")),
            "big" => Some(json!(9_007_199_254_740_993_u64)),
            "odd" => Some(json!("a/b ?")),
            "at" => Some(json!("2026-11-27T09:00:00Z")),
            _ => None,
        }
    }

    fn fill(text: &str) -> Option<Value> {
        Template::read(text).unwrap().fill(&values)
    }

    #[test]
    fn one_placeholder_keeps_its_type_and_is_dropped_when_missing() {
        assert_eq!(fill("{big}"), Some(json!(9_007_199_254_740_993_u64)));
        assert_eq!(fill("{id:int}"), Some(json!(42)));
        assert_eq!(fill("{big:text}"), Some(json!("9007199254740993")));
        assert_eq!(fill("{nothing}"), None);
        assert_eq!(fill("x-{id}"), Some(json!("x-42")));
        assert_eq!(fill("x-{nothing}"), None);
        assert_eq!(fill("{{id}}"), Some(json!("{id}")));
        assert_eq!(fill("{at:date}"), Some(json!("2026-11-27")));
        assert_eq!(fill("{at:epoch}"), Some(json!(1_795_770_000)));
        assert_eq!(fill(""), Some(json!("")));
    }

    #[test]
    fn what_goes_into_a_path_cannot_climb() {
        let path = |text: &str| Template::read(text).unwrap().path(&values);
        assert_eq!(path("/x/{odd}/y").as_deref(), Some("/x/a%2Fb%20%3F/y"));
        assert_eq!(encoded(".."), "%2E%2E");
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for wrong in ["{", "}", "{a", "{a:float}", "{}", "{/a~}"] {
            assert!(Template::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_shape_drops_what_is_missing_and_keeps_literals() {
        let text = |text: &str| Shape::Text(Template::read(text).unwrap());
        let shape = Shape::Object(BTreeMap::from([
            ("limit".to_owned(), Shape::Plain(json!(100))),
            ("since".to_owned(), text("{nothing}")),
            ("reply".to_owned(), Shape::Object(BTreeMap::from([("to".to_owned(), text("{nothing}"))]))),
        ]));
        assert_eq!(shape.fill(&values), Some(json!({"limit": 100})));
    }
}
