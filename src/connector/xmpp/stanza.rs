//! One archived message, understood.

use super::archive::Archived;
use super::cursor::Cursor;
use super::xml;
use crate::connector::{Changed, Incoming, Item, Unreadable, first_words};
use crate::model::{Attachment, ChangeKind, Direction, Party, Timestamp, Way, clean_block, clean_line};
use std::collections::BTreeMap;
use tokio_xmpp::jid::Jid;
use tokio_xmpp::minidom::Element;

const CLIENT: &str = "jabber:client";
const ENCRYPTED: &str = "[encrypted message, cannot be read here]";
const OMEMO: [&str; 2] = ["eu.siacs.conversations.axolotl", "urn:xmpp:omemo:2"];
const FALLBACK: &str = "urn:xmpp:fallback:0";
const REPLY: &str = "urn:xmpp:reply:0";
/// Reactions of one person to one message that are taken.
const MOST_REACTIONS: usize = 20;
/// An id longer than this is none.
const MOST_ID: usize = 512;
/// A larger message is not taken apart.
const MOST_BYTES: usize = 512 * 1024;

/// A bare address, as the server compares them.
fn bare(text: &str) -> Option<String> {
    Jid::new(text).ok().map(|jid| jid.to_bare().to_string())
}

fn id_of<'a>(element: &'a Element, name: &'a str) -> Option<&'a str> {
    element.attr(name).filter(|id| !id.is_empty() && id.len() <= MOST_ID && !id.chars().any(char::is_control))
}

/// The id by which a message is known here. Those of others carry their address: they choose their ids themselves, and
/// must not be able to speak of anybody else's.
pub(super) fn remote_id(author: &str, me: &str, id: &str) -> String {
    if author == me { id.to_owned() } else { format!("{author}/{id}") }
}

/// What an archived message comes to; empty when it says nothing to a person.
pub(super) fn understand(archived: &Archived, me: &str, cursor: &mut Cursor) -> Vec<Item> {
    let message = &archived.message;
    let address = |name: &str| message.attr(name).and_then(bare);
    let from = address("from").unwrap_or_else(|| me.to_owned());
    let to = address("to").unwrap_or_else(|| me.to_owned());
    if matches!(message.attr("type"), Some("groupchat" | "error" | "headline")) {
        return Vec::new();
    }
    let ours = from == me;
    let other = if ours { to } else { from.clone() };
    let raw = xml::bytes(message);
    if raw.len() > MOST_BYTES {
        let reason = format!("the message is larger than {} kB", MOST_BYTES / 1024);
        return vec![unreadable(reason, raw[..MOST_BYTES].to_vec(), archived.at, &other, true)];
    }
    let changes = changes(message, archived, me, &from, &other, cursor);
    if !changes.is_empty() {
        return changes;
    }
    let encrypted = OMEMO.iter().any(|namespace| message.has_child("encrypted", *namespace));
    let body = message.get_child("body", CLIENT).map(Element::text).filter(|body| !body.trim().is_empty());
    let Some(body) = body.or_else(|| encrypted.then(String::new)) else { return Vec::new() };
    let own_id = id_of(message, "id")
        .or_else(|| message.get_child("origin-id", "urn:xmpp:sid:0").and_then(|id| id_of(id, "id")));
    let id = own_id.map_or_else(|| format!("archive:{}", archived.id), str::to_owned);
    let file =
        message.get_child("x", "jabber:x:oob").and_then(|x| x.get_child("url", "jabber:x:oob")).map(Element::text);
    let file = file.filter(|url| url.starts_with("https://") && url.len() <= 2_000);
    let reply = message.get_child("reply", REPLY);
    let text = match &file {
        _ if encrypted => ENCRYPTED.to_owned(),
        Some(url) if body.trim() == url => String::new(),
        _ => without_fallback(message, &body, reply.is_some()),
    };
    let direction = if ours { Direction::Outbound } else { Direction::Inbound };
    let party = |address: &str| Party { address: address.to_owned(), name: String::new() };
    let known_as = remote_id(&from, me, &id);
    let mut incoming = Incoming::new(&known_as, direction, party(&from), archived.at, &text, raw);
    // The same id twice with other words is another message: simple clients begin counting anew with each start.
    incoming.digest.copy_from_slice(&blake3::hash(format!("{known_as}\n{body}").as_bytes()).as_bytes()[..16]);
    incoming.subject =
        message.get_child("subject", CLIENT).map(|subject| clean_line(&subject.text())).unwrap_or_default();
    incoming.to = vec![party(if ours { &other } else { me })];
    incoming.conversation = Some(other.clone());
    incoming.way = Way::Direct;
    incoming.references = reply.and_then(|reply| answered(reply, me, &other)).into_iter().collect();
    if let Some(url) = file {
        let name = clean_line(url.split(['?', '#']).next().unwrap_or_default().rsplit('/').next().unwrap_or("file"));
        let media_type = "application/octet-stream".to_owned();
        incoming.preview = if incoming.text.is_empty() { first_words(&name) } else { incoming.preview };
        incoming.attachments = vec![Attachment { name, media_type, size: 0, part: 0 }];
    }
    incoming.context = BTreeMap::from([("with".to_owned(), other)]);
    if let Some(id) = own_id {
        incoming.context.insert("id".to_owned(), id.to_owned());
    }
    if let Some(thread) = message
        .get_child("thread", CLIENT)
        .map(Element::text)
        .filter(|thread| !thread.is_empty() && thread.len() <= 255)
    {
        incoming.context.insert("thread".to_owned(), thread);
    }
    if encrypted {
        incoming.context.insert("encrypted".to_owned(), "yes".to_owned());
    }
    vec![Item::Message(Box::new(incoming))]
}

/// What a message says about another: a correction, a retraction, reactions, a receipt, a marker.
fn changes(
    message: &Element,
    archived: &Archived,
    me: &str,
    from: &str,
    other: &str,
    cursor: &mut Cursor,
) -> Vec<Item> {
    let changed = |remote_id: String, kind: ChangeKind, text: String, more: &str| {
        let key = format!("{}{more}", archived.id);
        let by = Some(Party { address: from.to_owned(), name: String::new() });
        Item::Change(Box::new(Changed { remote_id, key, kind, text, at: archived.at, by }))
    };
    // Their own earlier message: nobody else's can be named.
    let own = |id: &str| remote_id(from, me, id);
    // The message of the other side.
    let theirs = |id: &str| remote_id(if from == me { other } else { me }, me, id);
    if let Some(id) = message.get_child("replace", "urn:xmpp:message-correct:0").and_then(|it| id_of(it, "id")) {
        let body = message.get_child("body", CLIENT).map(Element::text).unwrap_or_default();
        let text = clean_block(&body);
        return vec![changed(own(id), ChangeKind::Edited { preview: first_words(&text) }, text, "")];
    }
    let applied = message.get_child("apply-to", "urn:xmpp:fasten:0");
    let applied = applied.filter(|it| it.has_child("retract", "urn:xmpp:message-retract:0"));
    let retracted = message.get_child("retract", "urn:xmpp:message-retract:1").or(applied);
    if let Some(id) = retracted.and_then(|it| id_of(it, "id")) {
        return vec![changed(own(id), ChangeKind::Deleted, String::new(), "")];
    }
    if let Some(reactions) = message.get_child("reactions", "urn:xmpp:reactions:0")
        && let Some(id) = id_of(reactions, "id")
    {
        let symbols = reactions.children().filter(|child| child.name() == "reaction").take(MOST_REACTIONS);
        let symbols = symbols.map(|child| clean_line(&child.text().chars().take(40).collect::<String>()));
        let symbols: Vec<String> = symbols.filter(|symbol| !symbol.is_empty()).collect();
        let target = theirs(id);
        let told = cursor.react(from, &target, symbols).into_iter().enumerate();
        return told
            .map(|(at, (symbol, added))| {
                changed(target.clone(), ChangeKind::Reaction { symbol, added }, String::new(), &format!(":{at}"))
            })
            .collect();
    }
    // Receipts of our own clients say nothing about our own messages.
    if from == me || message.has_child("body", CLIENT) {
        return Vec::new();
    }
    let receipts = [
        ("received", "urn:xmpp:receipts", ChangeKind::Delivered),
        ("received", "urn:xmpp:chat-markers:0", ChangeKind::Delivered),
        ("displayed", "urn:xmpp:chat-markers:0", ChangeKind::Read),
        ("acknowledged", "urn:xmpp:chat-markers:0", ChangeKind::Read),
    ];
    let told = receipts.into_iter().filter_map(|(name, namespace, kind)| {
        let id = message.get_child(name, namespace).and_then(|it| id_of(it, "id"))?;
        let (key, at, by) = (
            format!("{}:{from}", kind.word()),
            archived.at,
            Some(Party { address: from.to_owned(), name: String::new() }),
        );
        Some(Item::Change(Box::new(Changed { remote_id: theirs(id), key, kind, text: String::new(), at, by })))
    });
    told.collect()
}

/// What an answer answers (XEP-0461).
fn answered(reply: &Element, me: &str, other: &str) -> Option<String> {
    let id = id_of(reply, "id")?;
    let author = reply.attr("to").and_then(bare).unwrap_or_else(|| other.to_owned());
    Some(remote_id(&author, me, id))
}

/// A text without the quote that stands in it for clients that know no replies (XEP-0428).
fn without_fallback(message: &Element, body: &str, answers: bool) -> String {
    let fallback = message.children().find(|child| child.is("fallback", FALLBACK) && child.attr("for") == Some(REPLY));
    let part = fallback.and_then(|fallback| fallback.get_child("body", FALLBACK)).filter(|_| answers);
    let Some(part) = part else { return body.to_owned() };
    let place = |name: &str| part.attr(name).and_then(|text| text.parse::<usize>().ok());
    let (Some(start), Some(end)) = (place("start"), place("end")) else { return body.to_owned() };
    // Counted in code points.
    body.chars().enumerate().filter(|(at, _)| *at < start || *at >= end).map(|(_, c)| c).collect()
}

/// What goes to the dead letters.
pub(super) fn unreadable(reason: String, raw: Vec<u8>, received: Timestamp, folder: &str, partial: bool) -> Item {
    let hint = clean_line(&String::from_utf8_lossy(&raw[..raw.len().min(200)]));
    Item::Unreadable(Unreadable { reason, folder: folder.to_owned(), received, hint, partial, raw })
}

/// Where the file of an original is.
pub(super) fn file(raw: &[u8]) -> Result<String, String> {
    let message = xml::read(raw)?;
    let url =
        message.get_child("x", "jabber:x:oob").and_then(|x| x.get_child("url", "jabber:x:oob")).map(Element::text);
    url.filter(|url| url.starts_with("https://"))
        .ok_or_else(|| "the message says no place where its file could be".to_owned())
}
