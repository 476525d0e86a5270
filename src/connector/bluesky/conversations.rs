//! Direct messages: `chat.bsky.convo.getLog` is a true log with a cursor. Who is who is asked once a conversation.

use super::cursor::Cursor;
use super::session::{Session, now, text, time};
use crate::connector::http::Call;
use crate::connector::{Changed, ConnectorError, Incoming, Item, Unreadable};
use crate::model::{ChangeKind, Direction, Party};
use serde_json::Value;
use std::collections::BTreeMap;

/// Conversations whose members are kept at hand.
const KNOWN: usize = 500;

/// Name and handle by DID.
pub(super) type Members = BTreeMap<String, (String, String)>;

/// Members by conversation.
#[derive(Default)]
pub(super) struct Known(BTreeMap<String, Members>);

/// With the header that leads to who serves direct messages.
pub(super) fn through(session: &Session, call: Call) -> Call {
    call.header("atproto-proxy", session.settings.chat_service.clone())
}

/// One page of the log, and the cursor after it. `true` when there is more.
pub(super) async fn page(
    session: &Session,
    known: &mut Known,
    cursor: &mut Cursor,
) -> Result<(Vec<Item>, bool), ConnectorError> {
    let mut call = through(session, Call::get("/xrpc/chat.bsky.convo.getLog"));
    if let Some(log) = &cursor.log {
        call = call.query("cursor", log.clone());
    }
    let answer = session.read(call).await?;
    let Some(logs) = answer["logs"].as_array() else {
        return Err(ConnectorError::Retry { reason: "the server's answer has no log".to_owned() });
    };
    let us = session.did().await?;
    let mut items = Vec::new();
    for line in logs {
        let conversation = text(&line["convoId"], 256);
        let kind = line["$type"].as_str().unwrap_or_default().rsplit('#').next().unwrap_or_default();
        if kind == "logCreateMessage" && !conversation.is_empty() {
            let members = members(session, known, &conversation).await?;
            items.push(message(line, &conversation, members, &us));
        } else {
            items.extend(change(line, kind));
        }
    }
    let next = answer["cursor"].as_str().filter(|next| !next.is_empty() && next.len() <= 1_000);
    let moved = next.is_some() && next != cursor.log.as_deref();
    let more = moved && !logs.is_empty();
    match next.filter(|_| more) {
        Some(next) => cursor.log_trail.leads_to(next, "the server")?,
        None => cursor.log_trail.end(),
    }
    if let Some(next) = next {
        cursor.log = Some(next.to_owned());
    }
    Ok((items, more))
}

async fn members<'a>(
    session: &Session,
    known: &'a mut Known,
    conversation: &str,
) -> Result<&'a Members, ConnectorError> {
    if !known.0.contains_key(conversation) {
        if known.0.len() >= KNOWN {
            known.0.clear();
        }
        let call = Call::get("/xrpc/chat.bsky.convo.getConvo").query("convoId", conversation);
        let answer = session.read(through(session, call)).await?;
        let listed = answer["convo"]["members"].as_array().cloned().unwrap_or_default();
        let one = |member: &Value| {
            (text(&member["did"], 2_048), (text(&member["displayName"], 640), text(&member["handle"], 253)))
        };
        known.0.insert(conversation.to_owned(), listed.iter().take(50).map(one).collect());
    }
    Ok(&known.0[conversation])
}

fn message(line: &Value, conversation: &str, members: &Members, us: &str) -> Item {
    let message = &line["message"];
    let (id, sender) = (text(&message["id"], 256), text(&message["sender"]["did"], 2_048));
    let at = time(&message["sentAt"]).map_or(now(), |at| at.min(now()));
    let raw = line.to_string().into_bytes();
    let (Some(words), false, false) = (message["text"].as_str(), id.is_empty(), sender.is_empty()) else {
        let (reason, folder) = ("a message without id, sender or text".to_owned(), "direct messages".to_owned());
        return Item::Unreadable(Unreadable { reason, folder, received: at, hint: String::new(), partial: false, raw });
    };
    let party = |did: &str| {
        let (name, handle) = members.get(did).cloned().unwrap_or_default();
        Party { address: did.to_owned(), name: if name.is_empty() { handle } else { name } }
    };
    let direction = if sender == us { Direction::Outbound } else { Direction::Inbound };
    let mut incoming = Incoming::new(&id, direction, party(&sender), at, words, raw);
    incoming.to = members.keys().filter(|did| **did != sender).map(|did| party(did)).collect();
    incoming.handle = members.get(&sender).map(|(_, handle)| format!("@{handle}")).filter(|handle| handle.len() > 1);
    incoming.conversation = Some(format!("convo:{conversation}"));
    incoming.context = BTreeMap::from([("convo".to_owned(), conversation.to_owned())]);
    incoming.folder = "direct messages".to_owned();
    Item::Message(Box::new(incoming))
}

fn change(line: &Value, kind: &str) -> Option<Item> {
    let message = &line["message"];
    let at = time(&message["sentAt"]).or_else(|| time(&line["reaction"]["createdAt"])).unwrap_or_else(now).min(now());
    let reaction = |added| ChangeKind::Reaction { symbol: text(&line["reaction"]["value"], 40), added };
    let what = match kind {
        "logDeleteMessage" => ChangeKind::Deleted,
        "logAddReaction" => reaction(true),
        "logRemoveReaction" => reaction(false),
        _ => return None,
    };
    let remote_id = text(&message["id"], 256);
    let by =
        line["reaction"]["sender"]["did"].as_str().map(|did| Party { address: did.to_owned(), name: String::new() });
    let changed = Changed { key: text(&line["rev"], 64), remote_id, kind: what, text: String::new(), at, by };
    (!changed.remote_id.is_empty()).then(|| Item::Change(Box::new(changed)))
}
