//! What others did to our posts: `app.bsky.notification.listNotifications`, newest first. There is no "since": a walk ends
//! at what is filed already, and the mark moves when the whole walk is done.

use super::cursor::{Cursor, Walk};
use super::session::{Session, now, text, time};
use crate::connector::http::Call;
use crate::connector::{Changed, ConnectorError, Incoming, Item, Unreadable};
use crate::model::{Attachment, ChangeKind, Direction, Party, Timestamp, Way, clean_block};
use serde_json::Value;

/// Notifications of one page.
const PAGE: usize = 50;
/// Pages of one walk; what lies deeper was seen long ago or never will be.
const MOST_PAGES: u32 = 400;
/// Notifications may be indexed a little out of order, in milliseconds.
const OVERLAP: i64 = 2 * 60_000;
const REASONS: [&str; 5] = ["mention", "reply", "quote", "like", "repost"];

/// One page, and the cursor after it. `true` when the walk goes on.
pub(super) async fn page(session: &Session, cursor: &mut Cursor) -> Result<(Vec<Item>, bool), ConnectorError> {
    let oldest = match cursor.filed {
        0 => now().0 - session.settings.history.as_millis() as i64,
        filed if cursor.peek => filed,
        filed => filed - OVERLAP,
    };
    let mut call = Call::get("/xrpc/app.bsky.notification.listNotifications").query("limit", PAGE.to_string());
    for reason in REASONS {
        call = call.query("reasons", reason);
    }
    if let Some(walk) = &cursor.walk {
        call = call.query("cursor", walk.next.clone());
    }
    let answer = session.read(call).await?;
    let Some(listed) = answer["notifications"].as_array() else {
        return Err(ConnectorError::Retry { reason: "the server's answer has no notifications".to_owned() });
    };
    let mut items = Vec::new();
    let mut reached = false;
    let mut newest = cursor.walk.as_ref().map_or(0, |walk| walk.newest);
    for notification in listed.iter().take(PAGE) {
        let at = time(&notification["indexedAt"]).map_or(0, |at| at.0.min(now().0));
        newest = newest.max(at);
        if at <= oldest {
            reached = true;
            continue;
        }
        items.extend(understand(notification));
    }
    let next = answer["cursor"].as_str().filter(|next| !next.is_empty() && next.len() <= 1_000);
    let pages = cursor.walk.as_ref().map_or(0, |walk| walk.pages) + 1;
    let goes_round = next.is_some() && next == cursor.walk.as_ref().map(|walk| walk.next.as_str());
    if goes_round {
        return Err(ConnectorError::Retry { reason: "the server offers the same page again and again".to_owned() });
    }
    match next {
        Some(next) if !reached && pages < MOST_PAGES => {
            let mut trail = cursor.walk.take().map(|walk| walk.trail).unwrap_or_default();
            trail.leads_to(next, "the server")?;
            cursor.walk = Some(Walk { next: next.to_owned(), newest, pages, trail });
            Ok((items, true))
        }
        _ => {
            // A long walk may have been overtaken by what came meanwhile.
            let again = pages > 1;
            cursor.peek = again;
            cursor.walk = None;
            cursor.filed = cursor.filed.max(newest);
            Ok((items, again))
        }
    }
}

/// One notification, as the lexicon has it.
pub(super) fn understand(notification: &Value) -> Option<Item> {
    let reason = notification["reason"].as_str().unwrap_or_default();
    let at = time(&notification["indexedAt"]).map_or(now(), |at| at.min(now()));
    match reason {
        "like" | "repost" => change(notification, reason, at),
        "mention" | "reply" | "quote" => Some(message(notification, at).unwrap_or_else(|reason| {
            let raw = notification.to_string().into_bytes();
            let hint = text(&notification["record"]["text"], 80);
            Item::Unreadable(Unreadable {
                reason,
                folder: "notifications".to_owned(),
                received: at,
                hint,
                partial: false,
                raw,
            })
        })),
        _ => None,
    }
}

fn change(notification: &Value, reason: &str, at: Timestamp) -> Option<Item> {
    let changed = Changed {
        remote_id: text(&notification["reasonSubject"], 512),
        key: text(&notification["uri"], 512),
        kind: ChangeKind::Reaction { symbol: reason.to_owned(), added: true },
        text: String::new(),
        at,
        by: Some(author(&notification["author"]).0),
    };
    (!changed.remote_id.is_empty() && !changed.key.is_empty()).then(|| Item::Change(Box::new(changed)))
}

/// Who: the DID, which stays, and the handle, which may change.
fn author(author: &Value) -> (Party, Option<String>) {
    let handle = text(&author["handle"], 253);
    let name = text(&author["displayName"], 640);
    let name = if name.is_empty() { handle.clone() } else { name };
    (Party { address: text(&author["did"], 2_048), name }, (!handle.is_empty()).then(|| format!("@{handle}")))
}

fn message(notification: &Value, at: Timestamp) -> Result<Item, String> {
    let (from, handle) = author(&notification["author"]);
    let (uri, cid) = (text(&notification["uri"], 512), text(&notification["cid"], 256));
    let record = &notification["record"];
    if uri.is_empty() || cid.is_empty() || from.address.is_empty() {
        return Err("a notification without uri, cid or author".to_owned());
    }
    let Some(words) = record["text"].as_str() else { return Err("a post without text".to_owned()) };
    let raw = notification.to_string().into_bytes();
    let mut incoming = Incoming::new(&uri, Direction::Inbound, from.clone(), at, words, raw);
    incoming.at = time(&record["createdAt"]).filter(|claimed| claimed.0 <= at.0 + 300_000).or(Some(at));
    let root = &record["reply"]["root"];
    let (root_uri, root_cid) = match (root["uri"].as_str(), root["cid"].as_str()) {
        (Some(_), Some(_)) => (text(&root["uri"], 512), text(&root["cid"], 256)),
        _ => (uri.clone(), cid.clone()),
    };
    if let Some(parent) = record["reply"]["parent"]["uri"].as_str() {
        incoming.references = vec![crate::model::clean_line(parent)];
    }
    incoming.conversation = Some(root_uri.clone());
    incoming.way = Way::Public;
    incoming.folder = text(&notification["reason"], 20);
    let page = uri.rsplit('/').next().filter(|key| key.chars().all(|c| c.is_ascii_alphanumeric()));
    incoming.url = page.map(|key| format!("https://bsky.app/profile/{}/post/{key}", from.address));
    incoming.attachments = images(record);
    incoming.language = record["langs"][0]
        .as_str()
        .and_then(|tag| tag.split('-').next())
        .filter(|code| code.len() == 2)
        .map(str::to_lowercase);
    let context = [("uri", uri), ("cid", cid), ("root_uri", root_uri), ("root_cid", root_cid)];
    incoming.context = context.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    if let Some(handle) = &handle {
        incoming.context.insert("handle".to_owned(), handle.trim_start_matches('@').to_owned());
        incoming.context.insert("did".to_owned(), from.address);
    }
    incoming.handle = handle;
    Ok(Item::Message(Box::new(incoming)))
}

/// The pictures of a post. They are blobs of its author's server.
fn images(record: &Value) -> Vec<Attachment> {
    let embed = &record["embed"];
    let images = embed["images"].as_array().or_else(|| embed["media"]["images"].as_array());
    let one = |(part, image): (usize, &Value)| Attachment {
        name: match clean_block(image["alt"].as_str().unwrap_or_default()) {
            alt if alt.trim().is_empty() => format!("image {}", part + 1),
            alt => crate::model::clean_line(&alt.chars().take(60).collect::<String>()),
        },
        media_type: text(&image["image"]["mimeType"], 60),
        size: image["image"]["size"].as_u64().unwrap_or(0),
        part: part as u32,
    };
    images.map(|images| images.iter().take(10).enumerate().map(one).collect()).unwrap_or_default()
}

/// Where a picture of a notification is fetched from: the author's DID and the blob's id.
pub(super) fn blob(raw: &[u8], part: u32) -> Option<(String, String)> {
    let notification: Value = serde_json::from_slice(raw).ok()?;
    let embed = &notification["record"]["embed"];
    let images = embed["images"].as_array().or_else(|| embed["media"]["images"].as_array())?;
    let link = images.get(part as usize)?["image"]["ref"]["$link"].as_str()?;
    Some((notification["author"]["did"].as_str()?.to_owned(), link.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn reply() -> Value {
        json!({ "uri": "at://did:plc:ana/app.bsky.feed.post/3kabc", "cid": "bafyana", "reason": "reply",
            "author": { "did": "did:plc:ana", "handle": "ana.test", "displayName": "Ana \u{1b}[2J" },
            "indexedAt": "2026-11-01T10:00:05.000Z",
            "record": { "$type": "app.bsky.feed.post", "text": "Where is it? \u{202e}", "createdAt": "2099-01-01T00:00:00Z",
                "langs": ["en-US"],
                "reply": { "root": { "uri": "at://did:plc:us/app.bsky.feed.post/1", "cid": "bafyroot" },
                    "parent": { "uri": "at://did:plc:bo/app.bsky.feed.post/2", "cid": "bafyparent" } } } })
    }

    #[test]
    fn a_reply_is_a_public_message_that_knows_its_root() {
        let Some(Item::Message(read)) = understand(&reply()) else { panic!("no message") };
        assert_eq!(read.from.address, "did:plc:ana");
        assert_eq!(read.handle.as_deref(), Some("@ana.test"));
        assert_eq!(read.conversation.as_deref(), Some("at://did:plc:us/app.bsky.feed.post/1"));
        assert_eq!((read.context["root_cid"].as_str(), read.context["cid"].as_str()), ("bafyroot", "bafyana"));
        assert_eq!(read.at, Some(read.received), "a post from the future is as old as the server says");
        assert_eq!(read.way, Way::Public);
        assert!(!read.text.contains('\u{202e}') && !read.from.name.contains('\u{1b}'));
    }

    #[test]
    fn a_like_is_something_that_happened_to_our_post_and_rubbish_is_kept() {
        let like = json!({ "uri": "at://did:plc:ana/app.bsky.feed.like/1", "reason": "like", "author": { "did": "did:plc:ana" },
            "reasonSubject": "at://did:plc:us/app.bsky.feed.post/1", "indexedAt": "2026-11-01T10:00:05Z" });
        assert!(matches!(understand(&like), Some(Item::Change(changed)) if changed.remote_id.ends_with("/1")));
        let mut broken = reply();
        broken["record"] = json!({ "text": 7 });
        assert!(matches!(understand(&broken), Some(Item::Unreadable(_))));
        assert_eq!(understand(&json!({ "reason": "follow" })), None);
    }
}
