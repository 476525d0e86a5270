//! Understanding a message.

use crate::connector::platform::json;
use crate::connector::{Incoming, Item, Unreadable, first_words};
use crate::model::{Attachment, Automated, Direction, Party, Timestamp, Way, clean_line};
use serde_json::Value;

/// When Discord's ids begin: 2015-01-01, in milliseconds since 1970.
const BEGINNING: i64 = 1_420_070_400_000;

/// The kinds that somebody wrote: plain, reply, answer of a command, the beginning of a thread.
const WRITTEN: [i64; 4] = [0, 19, 20, 21];

/// The id that messages of this moment have.
pub(super) fn id_at(time: Timestamp) -> String {
    ((time.0 - BEGINNING).max(0) as u64).checked_shl(22).unwrap_or_default().to_string()
}

/// The moment an id was made.
pub(super) fn time_of(id: &str) -> Option<Timestamp> {
    let number: u64 = id.parse().ok()?;
    Some(Timestamp(BEGINNING + (number >> 22) as i64))
}

/// A channel or thread, as far as it matters for its messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Channel {
    /// Its id.
    pub id: String,
    /// The server it is on; empty for a direct message.
    pub guild: String,
    /// Everybody on the server can read it.
    pub open: bool,
}

impl Channel {
    /// As the API tells it.
    pub fn read(channel: &Value) -> Option<Channel> {
        let kind = json::number(channel, "/type").unwrap_or(0);
        let guild = json::id(channel, "/guild_id").unwrap_or_default();
        // 1 and 3 are direct messages, 12 is a private thread.
        let open = !guild.is_empty() && !matches!(kind, 1 | 3 | 12);
        Some(Channel { id: json::id(channel, "/id")?, guild, open })
    }
}

/// Somebody, by their id and the name they show.
pub(super) fn party(user: &Value) -> Option<Party> {
    let name = ["/global_name", "/username"].iter().map(|at| json::text(user, at)).find(|name| !name.is_empty());
    Some(Party { address: json::id(user, "/id")?, name: clean_line(name.unwrap_or_default()) })
}

/// The files of a message: as they are listed. Where they are is asked anew, since the addresses expire.
pub(super) fn files(message: &Value) -> Vec<Attachment> {
    let one = |(number, file): (usize, &Value)| Attachment {
        name: clean_line(json::text(file, "/filename")),
        media_type: clean_line(json::text(file, "/content_type")),
        size: json::number(file, "/size").and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        part: number as u32 + 1,
    };
    json::list(message, "/attachments").iter().enumerate().map(one).collect()
}

/// The text, with people by their names; else what is there instead.
pub(super) fn text(message: &Value) -> String {
    let mut text = String::new();
    let mut rest = json::text(message, "/content");
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let shown = rest.find('>').and_then(|end| Some((reference(&rest[1..end], message)?, end)));
        match shown {
            Some((shown, end)) => {
                text.push_str(&shown);
                rest = &rest[end + 1..];
            }
            None => {
                text.push('<');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    if text.is_empty() {
        let stickers =
            json::list(message, "/sticker_items").iter().map(|one| format!("[sticker {}]", json::text(one, "/name")));
        let embeds = json::list(message, "/embeds")
            .iter()
            .map(|one| format!("{} {}", json::text(one, "/title"), json::text(one, "/description")).trim().to_owned());
        text = stickers.chain(embeds).take(10).collect::<Vec<_>>().join("\n");
    }
    text
}

/// `<@123>`, `<:smile:123>`; `None` for what only looks like one.
fn reference(inner: &str, message: &Value) -> Option<String> {
    let digits = |text: &str| !text.is_empty() && text.len() < 25 && text.chars().all(|c| c.is_ascii_digit());
    if let Some(user) = inner.strip_prefix('@') {
        let id = user.trim_start_matches('!');
        let mentions = json::list(message, "/mentions");
        let named = mentions.iter().filter_map(party).find(|party| party.address == id);
        return digits(id).then(|| format!("@{}", named.map_or_else(|| id.to_owned(), |party| party.name)));
    }
    if let Some(channel) = inner.strip_prefix('#') {
        return digits(channel).then(|| format!("#{channel}"));
    }
    let (name, id) = inner.trim_start_matches('a').strip_prefix(':')?.split_once(':')?;
    (digits(id) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')).then(|| format!(":{name}:"))
}

/// A message as an item; `None` for "has joined the server".
pub(super) fn understand(message: &Value, channel: &Channel, ours: &[String], received: Timestamp) -> Option<Item> {
    if !WRITTEN.contains(&json::number(message, "/type").unwrap_or(0)) {
        return None;
    }
    let raw = json::bytes(message);
    let known = json::id(message, "/id").zip(message.get("author").and_then(party));
    let Some((id, from)) = known else {
        return Some(Item::Unreadable(Unreadable {
            reason: "a message without its id or its author".to_owned(),
            folder: String::new(),
            received,
            hint: first_words(json::text(message, "/content")),
            partial: false,
            raw,
        }));
    };
    let at = json::iso(message, "/timestamp").or_else(|| time_of(&id)).unwrap_or(received);
    let is_ours = ours.contains(&from.address);
    let direction = if is_ours { Direction::Outbound } else { Direction::Inbound };
    let mut incoming = Incoming::new(&id, direction, from, at, &text(message), raw);
    incoming.handle = Some(format!("@{}", clean_line(json::text(message, "/author/username"))));
    incoming.attachments = files(message);
    if !is_ours && json::flag(message, "/author/bot") {
        incoming.automated = Some(Automated::Generated);
    }
    if is_ours {
        let answered = message.pointer("/referenced_message/author").and_then(party);
        incoming.to.extend(answered.filter(|party| !ours.contains(&party.address)));
    }
    incoming.references.extend(json::id(message, "/message_reference/message_id"));
    incoming.conversation = Some(channel.id.clone());
    incoming.way = if channel.open { Way::Public } else { Way::Direct };
    let server = if channel.guild.is_empty() { "@me" } else { &channel.guild };
    incoming.url = json::page(&format!("https://discord.com/channels/{server}/{}/{id}", channel.id));
    incoming.context.insert("channel".to_owned(), channel.id.clone());
    incoming.context.insert("message".to_owned(), id);
    Some(Item::Message(Box::new(incoming)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_times() {
        assert_eq!(time_of("175928847299117063"), Some(Timestamp(1_462_015_105_796)));
        assert_eq!(time_of(&id_at(Timestamp(1_462_015_105_796))), Some(Timestamp(1_462_015_105_796)));
        assert_eq!(time_of("x"), None);
    }

    #[test]
    fn references_become_words_and_what_only_looks_like_one_stays() {
        let message = json!({
            "content": "<@!12> see <#34> <a:wave:56> 1 < 2 <b> <@x>",
            "mentions": [{ "id": "12", "username": "ana", "global_name": "Ana" }],
        });
        assert_eq!(text(&message), "@Ana see #34 :wave: 1 < 2 <b> <@x>");
    }
}
