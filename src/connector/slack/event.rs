//! Understanding what the Events API delivers.

use super::message::{Around, People, at, edited, is_written, remote_id, understand};
use crate::connector::platform::json;
use crate::connector::{Changed, Item};
use crate::model::{ChangeKind, Party, Timestamp, clean_line};
use serde_json::Value;

/// What one delivery says; nothing for what nobody needs to read.
pub(super) fn items(delivery: &Value, people: &People, received: Timestamp) -> Vec<Item> {
    let Some(event) = delivery.get("event") else { return Vec::new() };
    let around = Around {
        team: json::text(delivery, "/team_id").to_owned(),
        channel: ["/channel", "/item/channel"].iter().find_map(|at| json::id(event, at)).unwrap_or_default(),
        open: json::text(event, "/channel_type") == "channel",
        direct: json::text(event, "/channel_type") == "im",
        opener: json::id(event, "/parent_user_id"),
    };
    match (json::text(event, "/type"), json::text(event, "/subtype")) {
        ("message", "message_changed") => {
            let Some(message) = event.get("message") else { return Vec::new() };
            // Slack says so too when it unfolds a link: only an edit carries its own time.
            edited(message, &around, people).into_iter().collect()
        }
        ("message", "message_deleted") => {
            let when = at(json::text(event, "/ts")).unwrap_or(received);
            json::id(event, "/deleted_ts")
                .map(|ts| change(&around, &ts, "deleted".to_owned(), ChangeKind::Deleted, when, None))
                .into_iter()
                .collect()
        }
        ("message" | "app_mention", _) => {
            let mut message = event.clone();
            message["type"] = "message".into();
            if is_written(&message) { vec![understand(&message, &around, people, received)] } else { Vec::new() }
        }
        (kind @ ("reaction_added" | "reaction_removed"), _) => {
            let added = kind == "reaction_added";
            let symbol = format!(":{}:", clean_line(json::text(event, "/reaction")));
            let user = json::text(event, "/user");
            let by = Party {
                address: format!("{}/{user}", around.team),
                name: people.names.get(user).cloned().unwrap_or_default(),
            };
            let Some(ts) = json::id(event, "/item/ts") else { return Vec::new() };
            // As the listing tells it, so that the same is told once; what is taken back has a time of its own.
            let (key, when) = match added {
                true => (format!("{user} {symbol}"), at(&ts)),
                false => (format!("{user} {symbol} removed"), at(json::text(event, "/event_ts"))),
            };
            vec![change(&around, &ts, key, ChangeKind::Reaction { symbol, added }, when.unwrap_or(received), Some(by))]
        }
        _ => Vec::new(),
    }
}

fn change(around: &Around, ts: &str, key: String, kind: ChangeKind, at: Timestamp, by: Option<Party>) -> Item {
    let remote_id = remote_id(&around.channel, ts);
    Item::Change(Box::new(Changed { remote_id, key, kind, text: String::new(), at, by }))
}
