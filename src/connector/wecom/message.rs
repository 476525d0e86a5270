//! What `sync_msg` gives: messages and events (developer.work.weixin.qq.com/document/path/94670).

use crate::connector::platform::json;
use crate::connector::{Changed, Incoming, Item, Unreadable};
use crate::model::{Attachment, ChangeKind, Direction, Link, LinkKind, Party, Timestamp, clean_line};
use serde_json::Value;
use std::collections::HashMap;

/// Who wrote it.
const CUSTOMER: i64 = 3;
const EVENT: i64 = 4;
const SERVICER: i64 = 5;

/// Who somebody is.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub name: String,
    pub unionid: String,
}

/// What an entry says; `None` for events that are of no use to anybody who answers customers.
pub(super) fn item(entry: &Value, people: &HashMap<String, Person>, received: Timestamp) -> Option<Item> {
    let raw = json::bytes(entry);
    let kind = json::text(entry, "/msgtype");
    let unreadable = |reason: &str| {
        Item::Unreadable(Unreadable {
            reason: reason.to_owned(),
            folder: String::new(),
            received,
            hint: clean_line(kind),
            partial: false,
            raw: json::bytes(entry),
        })
    };
    let at = json::epoch(entry, "/send_time");
    let Some(id) = json::id(entry, "/msgid") else { return Some(unreadable("it has no id")) };
    let origin = json::number(entry, "/origin");
    if origin == Some(EVENT) {
        let change = |pointer: &str, kind: ChangeKind| {
            let (remote_id, text) = (json::id(entry, pointer)?, String::new());
            Some(Item::Change(Box::new(Changed {
                remote_id,
                key: id.clone(),
                kind,
                text,
                at: at.unwrap_or(received),
                by: None,
            })))
        };
        return match json::text(entry, "/event/event_type") {
            "user_recall_msg" => change("/event/recall_msgid", ChangeKind::Deleted),
            "msg_send_fail" => {
                let why = json::number(entry, "/event/fail_type").unwrap_or_default();
                change("/event/fail_msgid", ChangeKind::Failed { reason: failure(why) })
            }
            _ => None,
        };
    }
    let (Some(user), Some(kf)) = (json::id(entry, "/external_userid"), json::id(entry, "/open_kfid")) else {
        return Some(unreadable("it does not say who wrote to whom"));
    };
    let known = people.get(&user).cloned().unwrap_or_default();
    let them = Party { address: user.clone(), name: clean_line(&known.name) };
    let (direction, from) = match origin {
        Some(CUSTOMER) => (Direction::Inbound, them.clone()),
        Some(SERVICER) => {
            let servicer = json::id(entry, "/servicer_userid").unwrap_or_else(|| kf.clone());
            (Direction::Outbound, Party { address: servicer, name: String::new() })
        }
        _ => return Some(unreadable("it does not say whether they or we wrote it")),
    };
    let mut incoming = Incoming::new(&id, direction, from, received, &text(entry, kind), raw);
    if direction == Direction::Outbound {
        incoming.to = vec![them];
    }
    incoming.at = at;
    incoming.conversation = Some(format!("{kf}/{user}"));
    incoming.context.insert("user".to_owned(), user);
    incoming.context.insert("kf".to_owned(), kf);
    if media(entry).is_some() {
        let name = match kind {
            "image" => "image.jpg",
            "voice" => "voice.amr",
            "video" => "video.mp4",
            _ => "file",
        };
        incoming.attachments.push(Attachment {
            name: name.to_owned(),
            media_type: media_type(kind).to_owned(),
            size: 0,
            part: 0,
        });
    }
    // The platform's own join key for one person in all accounts of a company.
    if direction == Direction::Inbound && !known.unionid.is_empty() {
        let value = format!("wechat:{}", clean_line(&known.unionid));
        incoming.links.push(Link { kind: LinkKind::Platform, value, proven: true });
    }
    Some(Item::Message(Box::new(incoming)))
}

/// The id of the file that comes with an entry.
pub(super) fn media(entry: &Value) -> Option<String> {
    let kind = json::text(entry, "/msgtype");
    ["image", "voice", "video", "file"].contains(&kind).then(|| json::id(entry, &format!("/{kind}/media_id")))?
}

fn media_type(kind: &str) -> &'static str {
    match kind {
        "image" => "image/jpeg",
        "voice" => "audio/amr",
        "video" => "video/mp4",
        _ => "application/octet-stream",
    }
}

fn text(entry: &Value, kind: &str) -> String {
    let said = |field: &str| json::text(entry, &format!("/{kind}/{field}"));
    match kind {
        "text" => said("content").to_owned(),
        "link" => format!("{}\n{}\n{}", said("title"), said("desc"), said("url")),
        "location" => format!("[location] {} {}", said("name"), said("address")),
        "miniprogram" => format!("[mini program] {}", said("title")),
        other => format!("[{}]", clean_line(other)),
    }
}

fn failure(code: i64) -> String {
    let why = match code {
        1 => "the service account is closed",
        2 => "the customer does not take messages any more",
        4 => "the conversation ended, or is older than 48 hours",
        5 => "it is with somebody in WeCom",
        6 => "they were sent five answers, or their last message is older than 48 hours",
        8 => "the company is not verified",
        10 => "the customer refuses messages",
        _ => "WeCom could not deliver it",
    };
    format!("{why} (WeCom: {code})")
}
