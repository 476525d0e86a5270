//! Understanding an update: a message, an edit, a deletion, a reaction.

use super::message::{ids, party, remote_id, understand, words};
use crate::connector::platform::json;
use crate::connector::{Changed, Item, Unreadable, first_words};
use crate::model::{ChangeKind, Timestamp, clean_block, clean_line};
use serde_json::Value;

/// The kinds that are asked for.
pub(super) const KINDS: &[&str] = &[
    "message",
    "edited_message",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
];

/// What one update says. What is not understood is [`Item::Unreadable`].
pub(super) fn items(update: &Value, received: Timestamp) -> Vec<Item> {
    let raw = json::bytes(update);
    match read(update, &raw, received) {
        Ok(items) => items,
        Err(reason) => vec![Item::Unreadable(Unreadable {
            reason,
            folder: String::new(),
            received,
            hint: first_words(json::text(update, "/message/text")),
            partial: false,
            raw,
        })],
    }
}

fn read(update: &Value, raw: &[u8], received: Timestamp) -> Result<Vec<Item>, String> {
    let part = |kind: &str| update.get(kind);
    if let Some(message) = part("message").or_else(|| part("business_message")) {
        return Ok(understand(message, raw, received)?.into_iter().collect());
    }
    if let Some(message) = part("edited_message").or_else(|| part("edited_business_message")) {
        return Ok(vec![edited(message, received)?]);
    }
    if let Some(deleted) = part("deleted_business_messages") {
        let business = json::id(deleted, "/business_connection_id").unwrap_or_default();
        let chat = json::id(deleted, "/chat/id").ok_or("a deletion without its chat")?;
        let one = |number: &Value| {
            let remote_id = remote_id(&business, &chat, &json::id(number, "")?);
            let (key, kind) = ("deleted".to_owned(), ChangeKind::Deleted);
            Some(Item::Change(Box::new(Changed { remote_id, key, kind, text: String::new(), at: received, by: None })))
        };
        return Ok(json::list(deleted, "/message_ids").iter().filter_map(one).collect());
    }
    if let Some(reaction) = part("message_reaction") {
        return reactions(reaction, received);
    }
    if let Some(counts) = part("message_reaction_count") {
        let (chat, number) = place(counts)?;
        let count =
            json::list(counts, "/reactions").iter().filter_map(|one| json::number(one, "/total_count")).sum::<i64>();
        let at = json::epoch(counts, "/date").unwrap_or(received);
        let kind = ChangeKind::Likes { count: count.max(0) as u64 };
        return Ok(vec![change(remote_id("", &chat, &number), format!("count:{count}"), kind, at)]);
    }
    Err("an update of a kind that was not asked for".to_owned())
}

fn change(remote_id: String, key: String, kind: ChangeKind, at: Timestamp) -> Item {
    Item::Change(Box::new(Changed { remote_id, key, kind, text: String::new(), at, by: None }))
}

fn place(value: &Value) -> Result<(String, String), String> {
    let place = json::id(value, "/chat/id").zip(json::id(value, "/message_id"));
    place.ok_or_else(|| "a reaction without its message".to_owned())
}

fn edited(message: &Value, received: Timestamp) -> Result<Item, String> {
    let (business, chat, number) = ids(message).ok_or("an edit without its ids")?;
    let text = clean_block(&words(message).unwrap_or_default());
    Ok(Item::Change(Box::new(Changed {
        remote_id: remote_id(&business, &chat, &number),
        // Two edits may fall into one second.
        key: blake3::hash(text.as_bytes()).to_hex()[..16].to_owned(),
        kind: ChangeKind::Edited { preview: first_words(&text) },
        text,
        at: json::epoch(message, "/edit_date").unwrap_or(received),
        by: message.get("from").and_then(party),
    })))
}

/// The emoji, or a word for what has none.
fn symbol(reaction: &Value) -> String {
    match json::text(reaction, "/type") {
        "emoji" => clean_line(json::text(reaction, "/emoji")),
        "paid" => "⭐".to_owned(),
        _ => "custom emoji".to_owned(),
    }
}

fn reactions(reaction: &Value, received: Timestamp) -> Result<Vec<Item>, String> {
    let (chat, number) = place(reaction)?;
    let by = reaction.get("user").or_else(|| reaction.get("actor_chat")).and_then(party);
    let at = json::epoch(reaction, "/date").unwrap_or(received);
    let symbols = |pointer: &str| json::list(reaction, pointer).iter().map(symbol).collect::<Vec<_>>();
    let (old, new) = (symbols("/old_reaction"), symbols("/new_reaction"));
    let gone = old.iter().filter(|symbol| !new.contains(symbol)).map(|symbol| (symbol, false));
    let come = new.iter().filter(|symbol| !old.contains(symbol)).map(|symbol| (symbol, true));
    let who = by.as_ref().map(|by| by.address.clone()).unwrap_or_default();
    let one = |(symbol, added): (&String, bool)| {
        let kind = ChangeKind::Reaction { symbol: symbol.clone(), added };
        Item::Change(Box::new(Changed {
            remote_id: remote_id("", &chat, &number),
            key: format!("{who} {symbol} {added}"),
            kind,
            text: String::new(),
            at,
            by: by.clone(),
        }))
    };
    Ok(gone.chain(come).map(one).collect())
}
