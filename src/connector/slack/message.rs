//! Understanding a message.

use super::words::plain;
use crate::connector::platform::json;
use crate::connector::{Changed, Incoming, Item, Unreadable, first_words};
use crate::model::{Attachment, Automated, ChangeKind, Direction, Party, Timestamp, Way, clean_block, clean_line};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is known around a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    /// The workspace.
    pub team: String,
    /// The channel.
    pub channel: String,
    /// Everybody in the workspace may read the channel.
    pub open: bool,
    /// A conversation of the bot with somebody, not a channel with threads.
    pub direct: bool,
    /// Who wrote what the thread begins with.
    pub opener: Option<String>,
}

/// Who is who.
#[derive(Clone, Debug, Default)]
pub(super) struct People {
    /// Ours: the bot, and colleagues.
    pub ours: Vec<String>,
    /// The app of the bot.
    pub bot: String,
    /// Names by id.
    pub names: BTreeMap<String, String>,
    /// What others call them, by id.
    pub handles: BTreeMap<String, String>,
    /// Addresses their workspace has confirmed, by id.
    pub emails: BTreeMap<String, String>,
}

/// A Slack time (`1355517523.000005`) is an id; its seconds say when.
pub(super) fn at(ts: &str) -> Option<Timestamp> {
    let (seconds, micros) = ts.split_once('.').unwrap_or((ts, "0"));
    let (seconds, millis): (i64, i64) = (seconds.parse().ok()?, micros.get(..3).unwrap_or("0").parse().ok()?);
    (0..=Timestamp::MAX.0 / 1_000).contains(&seconds).then_some(Timestamp(seconds * 1_000 + millis))
}

/// The order of two times, digit by digit: as numbers they would lose their ends.
pub(super) fn is_later(one: &str, other: &str) -> bool {
    let key = |ts: &str| {
        let (seconds, micros) = ts.split_once('.').unwrap_or((ts, ""));
        (seconds.trim_start_matches('0').len(), seconds.trim_start_matches('0').to_owned(), format!("{micros:0<9}"))
    };
    key(one) > key(other)
}

/// The id of a message: its time is unique in its channel alone.
pub(super) fn remote_id(channel: &str, ts: &str) -> String {
    format!("{channel}:{ts}")
}

/// Who wrote it, as Slack knows them; empty when nobody is named.
pub(super) fn author(message: &Value) -> String {
    json::id(message, "/user").or_else(|| json::id(message, "/bot_id")).unwrap_or_default()
}

fn person(id: &str, around: &Around, people: &People) -> Party {
    let name = people.names.get(id).cloned().unwrap_or_default();
    Party { address: format!("{}/{id}", around.team), name }
}

/// The files of a message: where each is, as it is listed.
pub(super) fn files(message: &Value) -> Vec<(String, Attachment)> {
    let one = |(number, file): (usize, &Value)| {
        let url = ["/url_private_download", "/url_private"]
            .iter()
            .map(|at| json::text(file, at))
            .find(|url| !url.is_empty())?;
        let listed = Attachment {
            name: clean_line(json::text(file, "/name")),
            media_type: clean_line(json::text(file, "/mimetype")),
            size: json::number(file, "/size").and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
            part: number as u32 + 1,
        };
        Some((url.to_owned(), listed))
    };
    json::list(message, "/files").iter().enumerate().filter_map(one).collect()
}

/// The text of a message, with what apps hang below it.
pub(super) fn text(message: &Value, people: &People) -> String {
    let mut parts = vec![plain(json::text(message, "/text"), &people.names)];
    if parts[0].is_empty() {
        let fallback =
            json::list(message, "/attachments").iter().map(|one| plain(json::text(one, "/fallback"), &people.names));
        parts.extend(fallback.take(10));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// True for what somebody wrote, false for "has joined the channel".
pub(super) fn is_written(message: &Value) -> bool {
    matches!(json::text(message, "/subtype"), "" | "thread_broadcast" | "file_share" | "bot_message" | "me_message")
        && json::text(message, "/type") == "message"
}

/// A message with what was known around it, as it is kept.
pub(super) fn original(message: &Value, around: &Around) -> Vec<u8> {
    json::bytes(&json!({
        "message": message, "team": around.team, "channel": around.channel, "open": around.open, "direct": around.direct,
        "opener": around.opener,
    }))
}

/// A message as it was kept.
pub(super) fn read_original(raw: &[u8]) -> Option<(Value, Around)> {
    let mut kept: Value = serde_json::from_slice(raw).ok()?;
    let around = Around {
        team: json::text(&kept, "/team").to_owned(),
        channel: json::id(&kept, "/channel")?,
        open: json::flag(&kept, "/open"),
        direct: json::flag(&kept, "/direct"),
        opener: json::id(&kept, "/opener"),
    };
    Some((kept.get_mut("message")?.take(), around))
}

/// A message as an item.
pub(super) fn understand(message: &Value, around: &Around, people: &People, received: Timestamp) -> Item {
    let raw = original(message, around);
    let ts = json::text(message, "/ts");
    let author = author(message);
    let (Some(at), false) = (at(ts), author.is_empty()) else {
        return Item::Unreadable(Unreadable {
            reason: "a message without its time or its author".to_owned(),
            folder: String::new(),
            received,
            hint: first_words(json::text(message, "/text")),
            partial: false,
            raw,
        });
    };
    let app = json::text(message, "/app_id");
    let ours =
        people.ours.contains(&author) || (!people.bot.is_empty() && json::text(message, "/bot_id") == people.bot);
    let direction = if ours { Direction::Outbound } else { Direction::Inbound };
    let from = person(&author, around, people);
    let id = remote_id(&around.channel, ts);
    let mut incoming = Incoming::new(&id, direction, from, at, &text(message, people), raw);
    incoming.handle = people.handles.get(&author).cloned();
    incoming.attachments = files(message).into_iter().map(|(_, listed)| listed).collect();
    if !ours && (json::id(message, "/bot_id").is_some() || !app.is_empty()) {
        incoming.automated = Some(Automated::Generated);
    }
    if let Some(email) = people.emails.get(&author) {
        let (kind, value) = (crate::model::LinkKind::Email, email.clone());
        incoming.links.push(crate::model::Link { kind, value, proven: true });
    }
    let root = json::text(message, "/thread_ts");
    let threaded = !root.is_empty() && root != ts;
    if threaded {
        incoming.references.push(remote_id(&around.channel, root));
    }
    if ours {
        incoming.to.extend(
            around.opener.iter().filter(|opener| !people.ours.contains(opener)).map(|id| person(id, around, people)),
        );
    }
    incoming.conversation = Some(match (around.direct, threaded) {
        (true, false) => around.channel.clone(),
        (false, false) => id,
        (_, true) => remote_id(&around.channel, root),
    });
    incoming.way = if around.open { Way::Public } else { Way::Direct };
    let thread = match (around.direct, threaded) {
        (true, false) => String::new(),
        (false, false) => ts.to_owned(),
        (_, true) => root.to_owned(),
    };
    let context = [("channel", around.channel.as_str()), ("thread", thread.as_str())];
    let context = context.into_iter().filter(|(_, value)| !value.is_empty());
    incoming.context.extend(context.map(|(key, value)| (key.to_owned(), clean_line(value))));
    Item::Message(Box::new(incoming))
}

/// An edit.
pub(super) fn edited(message: &Value, around: &Around, people: &People) -> Option<Item> {
    let edit = json::text(message, "/edited/ts");
    let text = clean_block(&text(message, people));
    Some(Item::Change(Box::new(Changed {
        remote_id: remote_id(&around.channel, json::text(message, "/ts")),
        key: edit.to_owned(),
        kind: ChangeKind::Edited { preview: first_words(&text) },
        text,
        at: at(edit)?,
        by: json::id(message, "/edited/user").map(|id| person(&id, around, people)),
    })))
}

/// The reactions on a message. Slack says who and which, and not when: the time of the message stands for it, so that
/// the same is told once.
pub(super) fn reactions(message: &Value, around: &Around, people: &People) -> Vec<Item> {
    let ts = json::text(message, "/ts");
    let Some(at) = at(ts) else { return Vec::new() };
    let mut items = Vec::new();
    for reaction in json::list(message, "/reactions") {
        let symbol = format!(":{}:", clean_line(json::text(reaction, "/name")));
        for user in json::list(reaction, "/users").iter().filter_map(|user| json::id(user, "")).take(50) {
            items.push(Item::Change(Box::new(Changed {
                remote_id: remote_id(&around.channel, ts),
                key: format!("{user} {symbol}"),
                kind: ChangeKind::Reaction { symbol: symbol.clone(), added: true },
                text: String::new(),
                at,
                by: Some(person(&user, around, people)),
            })));
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_compared_digit_by_digit() {
        assert!(is_later("1355517523.000008", "1355517523.000005"));
        assert!(is_later("10000000000.000001", "9999999999.999999"));
        assert!(!is_later("1355517523.000005", "1355517523.000005"));
        assert!(is_later("1.1", ""));
        assert_eq!(at("1355517523.123005"), Some(Timestamp(1_355_517_523_123)));
        assert_eq!(at("x"), None);
    }
}
