//! Where a value stands in JSON: JSON Pointer (RFC 6901), with `*` for "each element" where items are looked for.

use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Most items taken out of one answer.
pub(super) const MOST_ITEMS: usize = 5_000;

/// Why a text is no pointer, as the end of a sentence; `None` when it is one.
pub(super) fn is_wrong(pointer: &str) -> Option<&'static str> {
    if !(pointer.is_empty() || pointer.starts_with('/')) {
        return Some("a JSON pointer begins with \"/\" (RFC 6901)");
    }
    let mut letters = pointer.chars();
    while let Some(letter) = letters.next() {
        if letter == '~' && !matches!(letters.next(), Some('0' | '1')) {
            return Some("in a JSON pointer \"~\" is written ~0");
        }
    }
    None
}

/// The value at a pointer; a `null` is as good as none.
pub(super) fn at<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    value.pointer(pointer).filter(|found| !found.is_null())
}

/// One item, with what is around the list it stands in.
pub(super) struct Found<'v> {
    pub item: &'v Value,
    pub around: &'v Value,
}

/// The items at a pointer whose `*` stand for each element of a list. A list at its end is taken apart, anything else
/// is one item. `None` when nothing is there.
pub(super) fn items<'v>(root: &'v Value, pointer: &str) -> Option<Vec<Found<'v>>> {
    let mut present = vec![Found { item: root, around: root }];
    let mut parts = pointer.split("/*").peekable();
    let mut any = false;
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let mut next = Vec::new();
        for Found { item, .. } in present {
            let Some(found) = at(item, part) else { continue };
            any = true;
            // What is around an item is the object that holds its list.
            let holder = part.rfind('/').and_then(|cut| item.pointer(&part[..cut])).unwrap_or(item);
            match found {
                Value::Array(list) => {
                    let room = MOST_ITEMS.saturating_sub(next.len());
                    next.extend(list.iter().take(room).map(|element| Found { item: element, around: holder }));
                }
                other if is_last => next.push(Found { item: other, around: holder }),
                _ => {}
            }
        }
        present = next;
    }
    any.then_some(present)
}

/// The bytes of what [`items`] gives, in the same order, as the platform wrote them. `None` when they cannot be told.
pub(super) fn raw_items<'b>(body: &'b [u8], pointer: &str, count: usize) -> Option<Vec<&'b RawValue>> {
    let mut present: Vec<&RawValue> = vec![serde_json::from_slice(body).ok()?];
    let mut parts = pointer.split("/*").peekable();
    while let Some(part) = parts.next() {
        let is_last = parts.peek().is_none();
        let mut next = Vec::new();
        for raw in present {
            let Some(found) = raw_at(raw, part).filter(|found| found.get() != "null") else { continue };
            match found.get().starts_with('[') {
                true => {
                    let list: Vec<&RawValue> = serde_json::from_str(found.get()).ok()?;
                    let room = MOST_ITEMS.saturating_sub(next.len());
                    next.extend(list.into_iter().take(room));
                }
                false if is_last => next.push(found),
                false => {}
            }
        }
        present = next;
    }
    (present.len() == count).then_some(present)
}

/// The bytes of the value at a pointer.
fn raw_at<'b>(raw: &'b RawValue, pointer: &str) -> Option<&'b RawValue> {
    let mut present = raw;
    for part in pointer.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        present = match present.get().as_bytes().first() {
            Some(b'{') => {
                let fields: BTreeMap<String, &RawValue> = serde_json::from_str(present.get()).ok()?;
                fields.get(&name).copied()?
            }
            Some(b'[') => {
                let list: Vec<&RawValue> = serde_json::from_str(present.get()).ok()?;
                list.get(name.parse::<usize>().ok()?).copied()?
            }
            _ => return None,
        };
    }
    Some(present)
}

/// Text of a value that may be an id: strings and whole numbers. A number that JSON could only hold as a fraction has
/// lost digits, and is none.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(on) => Some(on.to_string()),
        Value::Number(number) if number.is_f64() => {
            // 1.7e9 as a time is written like this by some; beyond 2^53 digits are gone.
            let float = number.as_f64()?;
            (float.abs() < 9_007_199_254_740_992.0).then(|| number.to_string())
        }
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_star_goes_through_lists_and_remembers_what_is_around() {
        let root = json!({"entry": [{"changes": [{"value": {"who": "A", "messages": [1, 2]}}]},
            {"changes": [{"value": {"who": "B", "messages": [3]}}, {"value": {"who": "C"}}]}]});
        let found = items(&root, "/entry/*/changes/*/value/messages").unwrap();
        let seen: Vec<_> =
            found.iter().map(|found| (found.item.to_string(), found.around["who"].to_string())).collect();
        assert_eq!(seen, [("1", "\"A\""), ("2", "\"A\""), ("3", "\"B\"")].map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(items(&json!([1, 2]), "").unwrap().len(), 2, "the root itself");
        assert_eq!(items(&json!({"a": {"b": 1}}), "/a").unwrap().len(), 1, "one object is one item");
        assert!(items(&json!({"a": null}), "/a").is_none());
    }

    #[test]
    fn the_bytes_of_items_are_the_platforms_own() {
        let body = br#" {"entry": [ {"list": [ {"a" : 1.10, "\u0061b":"\u4f60"},null ]}, {"list":{"x":12345678901234567890123}} , 7 ]} "#;
        let pointer = "/entry/*/list";
        let root: Value = serde_json::from_slice(body).unwrap();
        let found = items(&root, pointer).unwrap();
        let raw = raw_items(body, pointer, found.len()).unwrap();
        let texts: Vec<&str> = raw.iter().map(|raw| raw.get()).collect();
        assert_eq!(texts, [r#"{"a" : 1.10, "\u0061b":"\u4f60"}"#, "null", r#"{"x":12345678901234567890123}"#]);
        for (found, raw) in found.iter().zip(&raw) {
            assert_eq!(*found.item, serde_json::from_str::<Value>(raw.get()).unwrap());
        }
        assert!(raw_items(body, pointer, 2).is_none(), "other items than were counted");
        assert_eq!(raw_items(b"[1,2]", "", 2).unwrap().len(), 2);
    }

    #[test]
    fn ids_keep_their_digits_or_are_none() {
        let read: Value =
            serde_json::from_str("[9007199254740993, 18446744073709551615, 99999999999999999999999, 1.5]").unwrap();
        let texts: Vec<_> = read.as_array().unwrap().iter().map(text_of).collect();
        assert_eq!(texts[0].as_deref(), Some("9007199254740993"));
        assert_eq!(texts[1].as_deref(), Some("18446744073709551615"));
        assert_eq!(texts[2], None);
        assert_eq!(texts[3].as_deref(), Some("1.5"));
    }

    #[test]
    fn pointers_are_checked() {
        assert!(is_wrong("").is_none() && is_wrong("/a~1b/0").is_none());
        assert!(is_wrong("a").is_some() && is_wrong("/a~2").is_some() && is_wrong("/a~").is_some());
    }
}
