//! An answer as a record: `app.bsky.feed.post` under a key of our own, with its place in the thread and its links.

use super::session::text;
use crate::connector::ConnectorError;
use crate::model::{Outgoing, OutgoingId, Timestamp};
use serde_json::{Value, json};

const COLLECTION: &str = "app.bsky.feed.post";
/// <https://atproto.com/specs/tid>
const ALPHABET: &[u8; 32] = b"234567abcdefghijklmnopqrstuvwxyz";

/// The record key of an outgoing: a TID made of its time and of its id, the same each time.
pub(super) fn key(id: OutgoingId, date: Timestamp) -> String {
    let hash = blake3::hash(&id.0);
    let bytes = hash.as_bytes();
    // Microseconds: those below a millisecond, and the clock's number, come from the id.
    let below = u64::from(u16::from_le_bytes([bytes[0], bytes[1]])) % 1_000;
    let clock = u64::from(u16::from_le_bytes([bytes[2], bytes[3]])) % 1_024;
    let number = ((date.0.max(0) as u64 * 1_000 + below) << 10) | clock;
    (0..13).rev().map(|place| ALPHABET[(number >> (5 * place)) as usize & 31] as char).collect()
}

/// The exact bytes that leave. `repo` is ours and is added where they leave.
pub(super) fn render(outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
    let context = |name: &str| outgoing.context.get(name).cloned().unwrap_or_default();
    if !context("convo").is_empty() {
        return Ok(json!({ "convoId": context("convo"), "message": { "text": outgoing.text } })
            .to_string()
            .into_bytes());
    }
    if context("uri").is_empty() || context("cid").is_empty() {
        let reason = "this account answers posts and direct messages; open one and answer it".to_owned();
        return Err(ConnectorError::Reject { reason });
    }
    let created = jiff::Timestamp::from_millisecond(outgoing.date.0).unwrap_or_default().to_string();
    let mut record = json!({
        "$type": COLLECTION,
        "text": outgoing.text,
        "createdAt": created,
        "reply": {
            "root": { "uri": context("root_uri"), "cid": context("root_cid") },
            "parent": { "uri": context("uri"), "cid": context("cid") },
        },
    });
    let facets = facets(&outgoing.text, &context("handle"), &context("did"));
    if !facets.is_empty() {
        record["facets"] = Value::Array(facets);
    }
    let body = json!({ "collection": COLLECTION, "rkey": key(outgoing.id, outgoing.date), "record": record });
    Ok(body.to_string().into_bytes())
}

/// The body of `com.atproto.repo.putRecord` from what was rendered.
pub(super) fn body(original: &[u8], repo: &str) -> Option<Value> {
    let mut body: Value = serde_json::from_slice(original).ok()?;
    body.as_object_mut()?.insert("repo".to_owned(), json!(repo));
    Some(body)
}

/// Where in the text links and the mention of the one answered are. Places are bytes of UTF-8
/// (`app.bsky.richtext.facet`).
fn facets(text: &str, handle: &str, did: &str) -> Vec<Value> {
    let facet = |start: usize, end: usize, feature: Value| json!({ "index": { "byteStart": start, "byteEnd": end }, "features": [feature] });
    let mut facets = Vec::new();
    let mention = format!("@{handle}");
    if !handle.is_empty() && !did.is_empty() {
        for (start, found) in text.match_indices(&mention) {
            let end = start + found.len();
            let ends = !text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '-' || c == '_');
            let begins = !text[..start].ends_with(|c: char| c.is_alphanumeric());
            // `@ana.test.evil.example` is another one; `@ana.test.` ends a sentence.
            let longer = text[end..].strip_prefix('.').is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
            if begins && ends && !longer {
                facets.push(facet(start, end, json!({ "$type": "app.bsky.richtext.facet#mention", "did": did })));
            }
        }
    }
    let mut from = 0;
    while let Some(at) = text[from..].find("https://").or_else(|| text[from..].find("http://")) {
        let start = from + at;
        let rest = &text[start..];
        let long = rest.find(|c: char| c.is_whitespace() || "<>\"'，。、；）】".contains(c)).unwrap_or(rest.len());
        let link = rest[..long].trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
        let end = start + link.len();
        if link.len() > "https://".len() {
            facets.push(facet(start, end, json!({ "$type": "app.bsky.richtext.facet#link", "uri": link })));
        }
        from = start + long.max(1);
    }
    facets
}

/// The URI of a record that was put.
pub(super) fn uri(answer: &Value) -> Option<String> {
    let uri = text(&answer["uri"], 512);
    uri.starts_with("at://").then_some(uri)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_key_is_a_tid_and_the_same_each_time() {
        let (one, other) = (OutgoingId::of(&[b"1"]), OutgoingId::of(&[b"2"]));
        let at = Timestamp(1_764_000_000_123);
        assert_eq!(key(one, at), key(one, at));
        assert_ne!(key(one, at), key(other, at));
        assert_eq!(key(one, at).len(), 13);
        assert!("234567abcdefghij".contains(key(one, at).chars().next().unwrap()), "the top bit is never set");
        assert!(key(one, at) < key(one, Timestamp(at.0 + 1)), "keys sort by time");
    }

    #[test]
    fn links_and_mentions_are_counted_in_bytes() {
        let text = "退款 @ana.test, see https://shop.example/a_(b). Not @ana.test.evil.example";
        let found = facets(text, "ana.test", "did:plc:ana");
        let cut = |facet: &Value| {
            let place = |name: &str| facet["index"][name].as_u64().unwrap() as usize;
            text[place("byteStart")..place("byteEnd")].to_owned()
        };
        assert_eq!(found.iter().map(cut).collect::<Vec<_>>(), ["@ana.test", "https://shop.example/a_(b"]);
    }
}
