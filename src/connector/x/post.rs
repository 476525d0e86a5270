//! Understanding a post and a direct message.

use super::dialect::{references, text, versions};
use crate::connector::platform::json;
use crate::connector::{Changed, Incoming, Item, Unreadable, first_words};
use crate::model::{ChangeKind, Direction, Party, Timestamp, Way, clean_block, clean_line};
use serde_json::{Value, json};

/// The author of something, among those that came with it.
fn user<'a>(id: &str, users: &'a [Value]) -> Option<&'a Value> {
    users.iter().find(|user| json::id(user, "/id").as_deref() == Some(id))
}

fn party(id: &str, users: &[Value]) -> Party {
    let name = user(id, users).map_or("", |user| json::text(user, "/name"));
    Party { address: id.to_owned(), name: clean_line(name) }
}

fn handle(id: &str, users: &[Value]) -> Option<String> {
    let name = user(id, users).map(|user| clean_line(json::text(user, "/username")))?;
    (!name.is_empty()).then(|| format!("@{name}"))
}

/// The words, with links as they lead and not as X shortens them.
fn words(post: &Value) -> String {
    let mut words = text(post).to_owned();
    for link in json::list(post, "/entities/urls").iter().take(20) {
        let (short, long) = (json::text(link, "/url"), json::text(link, "/expanded_url"));
        if !short.is_empty() && long.len() <= 2_000 && long.starts_with("http") {
            words = words.replace(short, long);
        }
    }
    // The API escapes these three, as HTML does.
    words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// An original with who wrote it beside it, as it is kept.
fn original(thing: &Value, author: &str, users: &[Value]) -> Vec<u8> {
    let author = user(author, users).cloned();
    json::bytes(&json!({ "data": thing, "includes": { "users": author.into_iter().collect::<Vec<_>>() } }))
}

fn unreadable(reason: &str, raw: Vec<u8>, hint: &str, received: Timestamp) -> Vec<Item> {
    let (reason, hint) = (reason.to_owned(), first_words(&clean_block(hint)));
    vec![Item::Unreadable(Unreadable { reason, folder: String::new(), received, hint, partial: false, raw })]
}

/// What a post says. An edit is a post of its own, with another id: it is told as an edit of the first one, and as that
/// one too, in case it was never seen.
pub(super) fn post(post: &Value, users: &[Value], me: &str, received: Timestamp) -> Vec<Item> {
    let known = json::id(post, "/id").zip(json::id(post, "/author_id"));
    let Some((id, author)) = known else {
        return unreadable("a post without its id or its author", json::bytes(post), text(post), received);
    };
    let versions = versions(post);
    let first = versions.first().cloned().unwrap_or_else(|| id.clone());
    let at = json::iso(post, "/created_at").unwrap_or(received);
    let text = words(post);
    let from = party(&author, users);
    let direction = if author == me { Direction::Outbound } else { Direction::Inbound };
    let mut incoming = Incoming::new(&first, direction, from.clone(), at, &text, original(post, &author, users));
    incoming.handle = handle(&author, users);
    incoming.conversation = json::id(post, "/conversation_id").or_else(|| Some(first.clone()));
    let answered = references(post).into_iter().find(|(kind, _)| *kind == "replied_to");
    incoming.references.extend(answered.map(|(_, id)| id));
    incoming.way = Way::Public;
    let name = incoming.handle.as_deref().unwrap_or("@i").trim_start_matches('@').to_owned();
    incoming.url = json::page(&format!("https://x.com/{name}/status/{id}"));
    incoming.language = Some(json::text(post, "/lang").to_owned()).filter(|code| code.len() == 2);
    incoming.context.insert("post".to_owned(), id.clone());
    let mut items = vec![Item::Message(Box::new(incoming))];
    if versions.len() > 1 {
        let text = clean_block(&text);
        items.push(Item::Change(Box::new(Changed {
            remote_id: first,
            key: id,
            kind: ChangeKind::Edited { preview: first_words(&text) },
            text,
            at,
            by: Some(from),
        })));
    }
    items
}

/// The id of a direct message for us.
pub(super) fn message_id(id: &str) -> String {
    format!("dm:{id}")
}

/// The other side of a conversation of two (`small-large`).
pub(super) fn other<'a>(conversation: &'a str, me: &str) -> Option<&'a str> {
    let (one, two) = conversation.split_once('-')?;
    match (one == me, two == me) {
        (true, false) => Some(two),
        (false, true) => Some(one),
        _ => None,
    }
}

/// What an event of a conversation says; nothing for who joined and left.
pub(super) fn message(event: &Value, users: &[Value], me: &str, received: Timestamp) -> Vec<Item> {
    let kind = json::text(event, "/event_type");
    if !matches!(kind, "MessageCreate" | "") {
        return Vec::new();
    }
    let (id, author) = (json::id(event, "/id"), json::id(event, "/sender_id"));
    let conversation = json::id(event, "/dm_conversation_id");
    let (Some(id), Some(author), Some(conversation)) = (id, author, conversation) else {
        let reason = "a direct message without its id, its author or its conversation";
        return unreadable(reason, json::bytes(event), text(event), received);
    };
    let at = json::iso(event, "/created_at").unwrap_or(received);
    let direction = if author == me { Direction::Outbound } else { Direction::Inbound };
    let raw = original(event, &author, users);
    let mut incoming = Incoming::new(&message_id(&id), direction, party(&author, users), at, &words(event), raw);
    incoming.handle = handle(&author, users);
    if author == me {
        incoming.to.extend(other(&conversation, me).map(|id| party(id, users)));
    }
    incoming.conversation = Some(format!("dm:{conversation}"));
    incoming.context.insert("conversation".to_owned(), conversation);
    vec![Item::Message(Box::new(incoming))]
}
