//! One event of a room, understood.

use super::client::short;
use super::cursor::{Cursor, Gap, Reaction};
use super::room::Room;
use super::text::words;
use crate::connector::{Changed, Incoming, Item, Unreadable, first_words};
use crate::model::{Attachment, Automated, ChangeKind, Direction, Party, Timestamp, Way, clean_block, clean_line};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An event may have 65,536 bytes (spec, "Size limits"); what the server adds comes on top.
const MOST_BYTES: usize = 256 * 1024;
/// A clock so far ahead of ours is not believed, in milliseconds.
const SKEW: i64 = 5 * 60_000;
const ENCRYPTED: &str = "[encrypted message, cannot be read here]";

/// An event, taken apart and not yet understood.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub id: String,
    pub kind: String,
    pub sender: String,
    /// Milliseconds since 1970, as the sender's server says.
    pub at: i64,
    pub state_key: Option<String>,
    pub content: Value,
    /// What a redaction takes away.
    redacts: Option<String>,
    /// It was redacted: there is nothing in it any more.
    redacted: bool,
}

/// What an event comes to.
#[derive(Debug)]
pub(super) enum Meaning {
    Item(Box<Item>),
    Nothing,
    /// Of a kind we do not know.
    Skipped,
}

impl Event {
    /// Takes an event apart.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(raw: &str) -> Result<Event, String> {
        if raw.len() > MOST_BYTES {
            return Err(format!("the event is larger than {} kB", MOST_BYTES / 1024));
        }
        let value: Value = serde_json::from_str(raw).map_err(|error| format!("the event is no JSON ({error})"))?;
        let text =
            |key: &str| value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty() && text.len() <= 512);
        let need = |key: &str| text(key).map(str::to_owned).ok_or_else(|| format!("the event has no {key}"));
        let content = value.get("content").filter(|content| content.is_object()).cloned();
        let redacts = text("redacts").or_else(|| value.pointer("/content/redacts").and_then(Value::as_str));
        Ok(Event {
            id: need("event_id")?,
            kind: need("type")?,
            sender: need("sender")?,
            // A float, a text or nothing at all count as no time.
            at: value.get("origin_server_ts").and_then(Value::as_i64).unwrap_or_default(),
            state_key: value.get("state_key").and_then(Value::as_str).map(str::to_owned),
            redacts: redacts.map(str::to_owned),
            redacted: value.pointer("/unsigned/redacted_because").is_some(),
            content: content.ok_or_else(|| "the event has no content".to_owned())?,
        })
    }

    /// When it happened, held to what is possible.
    fn when(&self, now: Timestamp) -> Timestamp {
        let at = Timestamp(self.at);
        if self.at <= 0 || at > now.plus_millis(SKEW) { now } else { at }
    }

    fn relation(&self, kind: &str) -> Option<&str> {
        let relates = self.content.get("m.relates_to")?;
        let is = relates.get("rel_type").and_then(Value::as_str) == Some(kind);
        relates.get("event_id").and_then(Value::as_str).filter(|_| is)
    }

    /// The event whose words this one replaces.
    pub fn edits(&self) -> Option<&str> {
        self.relation("m.replace").filter(|_| matches!(self.kind.as_str(), "m.room.message" | "m.room.encrypted"))
    }

    fn answers(&self) -> Option<&str> {
        self.content.pointer("/m.relates_to/m.in_reply_to/event_id")?.as_str()
    }

    fn is_message(&self) -> bool {
        matches!(self.kind.as_str(), "m.room.message" | "m.sticker" | "m.room.encrypted")
    }
}

/// Where an event was found.
pub(super) struct Place<'a> {
    pub id: &'a str,
    pub room: &'a Room,
    /// Our own user id.
    pub me: &'a str,
    pub now: Timestamp,
}

impl Place<'_> {
    /// What an event comes to. Edits must have been checked to be by the author of what they edit.
    pub fn understand(&self, event: &Event, raw: &str, cursor: &mut Cursor) -> Meaning {
        let by = Some(self.party(&event.sender));
        let change = |remote_id: &str, kind: ChangeKind, text: String| {
            let (key, at, by) = (event.id.clone(), event.when(self.now), by.clone());
            Meaning::Item(Box::new(Item::Change(Box::new(Changed {
                remote_id: remote_id.to_owned(),
                key,
                kind,
                text,
                at,
                by,
            }))))
        };
        if let Some(target) = event.edits() {
            let Some(text) = edited(event) else { return self.unreadable(event, raw, "an edit without a text") };
            return change(target, ChangeKind::Edited { preview: first_words(&text) }, text);
        }
        match event.kind.as_str() {
            _ if event.redacted => Meaning::Nothing,
            _ if event.is_message() => self.message(event, raw),
            "m.reaction" => {
                let symbol = event.content.pointer("/m.relates_to/key").and_then(Value::as_str).map(short);
                let (Some(target), Some(symbol)) = (event.relation("m.annotation"), symbol) else {
                    return Meaning::Skipped;
                };
                let (event, target) = (event.id.clone(), target.to_owned());
                cursor.reaction(Reaction { event, target: target.clone(), symbol: symbol.clone() });
                change(&target, ChangeKind::Reaction { symbol, added: true }, String::new())
            }
            "m.room.redaction" => {
                let Some(target) = &event.redacts else { return Meaning::Skipped };
                match cursor.take_reaction(target) {
                    Some(Reaction { target, symbol, .. }) => {
                        change(&target, ChangeKind::Reaction { symbol, added: false }, String::new())
                    }
                    None => change(target, ChangeKind::Deleted, String::new()),
                }
            }
            _ if event.state_key.is_some() => Meaning::Nothing,
            _ => Meaning::Skipped,
        }
    }

    fn party(&self, user: &str) -> Party {
        Party { address: clean_line(user), name: self.room.name_of(user) }
    }

    fn message(&self, event: &Event, raw: &str) -> Meaning {
        let msgtype = event.content.get("msgtype").and_then(Value::as_str).unwrap_or_default();
        if msgtype.starts_with("m.key.verification.") {
            return Meaning::Skipped;
        }
        let encrypted = event.kind == "m.room.encrypted";
        let attachment = attachment(&event.content, &event.kind, msgtype);
        let text = match words(&event.content, event.answers().is_some()) {
            _ if encrypted => ENCRYPTED.to_owned(),
            Some(text) if msgtype == "m.emote" => format!("* {text}"),
            // The body of a file is its name, unless it says a name of its own.
            Some(text) if attachment.as_ref().is_some_and(|file| file.name == clean_line(&text)) => String::new(),
            Some(text) => text,
            None if attachment.is_some() => String::new(),
            None => return self.unreadable(event, raw, "a message without a text"),
        };
        let direction = if event.sender == self.me { Direction::Outbound } else { Direction::Inbound };
        let (from, when) = (self.party(&event.sender), event.when(self.now));
        let mut incoming = Incoming::new(&event.id, direction, from, when, &text, raw.as_bytes().to_vec());
        if let (true, Some(file)) = (incoming.text.is_empty(), &attachment) {
            incoming.preview = first_words(&file.name);
        }
        let thread = event.relation("m.thread");
        incoming.references = references(thread, event.answers());
        incoming.attachments = attachment.into_iter().collect();
        incoming.automated = (msgtype == "m.notice").then_some(Automated::Generated);
        incoming.folder = self.room.name.clone();
        incoming.conversation = Some(self.id.to_owned());
        incoming.way = if self.room.public { Way::Public } else { Way::Direct };
        incoming.url = Some(format!(
            "https://matrix.to/#/{}/{}",
            super::client::segment(self.id),
            super::client::segment(&event.id)
        ));
        incoming.context = context(self.id, thread, self.room.encrypted || encrypted);
        incoming.to = match direction {
            Direction::Outbound => {
                let others = self.room.others.iter().flatten();
                others.take(20).map(|user| self.party(user)).collect()
            }
            _ => vec![Party { address: self.me.to_owned(), name: String::new() }],
        };
        Meaning::Item(Box::new(Item::Message(Box::new(incoming))))
    }

    fn unreadable(&self, event: &Event, raw: &str, reason: &str) -> Meaning {
        let item = unreadable(self.id, raw, reason.to_owned(), event.when(self.now));
        Meaning::Item(Box::new(item))
    }
}

/// What goes to the dead letters. The folder is the room: that is all an event does not say itself.
pub(super) fn unreadable(room: &str, raw: &str, reason: String, received: Timestamp) -> Item {
    let hint = short(raw);
    Item::Unreadable(Unreadable {
        reason,
        folder: room.to_owned(),
        received,
        hint,
        partial: false,
        raw: raw.as_bytes().to_vec(),
    })
}

/// What `/sync` left out of a room and could not be fetched afterwards: a dead letter, so that it is told where an agent looks
/// for what did not arrive. What is kept names the place: [`still_left_out`].
pub(super) fn left_out(gap: &Gap, why: &str, received: Timestamp) -> Item {
    let reason = format!(
        "messages of the room {} are missing: a part of its past could not be fetched ({}). Look at the room in another Matrix \
         program",
        short(&gap.room),
        short(why)
    );
    let raw = json!({ "switchboard_gap": {
        "room": gap.room, "from": gap.from, "to": gap.to, "pages": gap.pages, "why": clean_line(why),
    }});
    let hint = format!("a gap after {} pages", gap.pages);
    let (folder, raw) = (gap.room.clone(), raw.to_string().into_bytes());
    Item::Unreadable(Unreadable { reason, folder, received, hint, partial: false, raw })
}

/// The dead letter of a gap, looked at again: there is nothing in it to understand.
pub(super) fn still_left_out(raw: &str, received: Timestamp) -> Option<Item> {
    let mut value: Value = serde_json::from_str(raw).ok()?;
    let kept = value.get_mut("switchboard_gap").map(Value::take)?;
    let text = |name: &str| kept.get(name).and_then(Value::as_str).map(str::to_owned);
    let pages = kept.get("pages").and_then(Value::as_u64).and_then(|pages| u32::try_from(pages).ok());
    let (room, from, to) = (text("room")?, text("from")?, text("to"));
    let gap = Gap { room, from, to, pages: pages.unwrap_or_default(), ..Gap::default() };
    Some(left_out(&gap, &text("why").unwrap_or_default(), received))
}

/// The new cleaned words of an edit.
fn edited(event: &Event) -> Option<String> {
    if event.kind == "m.room.encrypted" {
        return Some(ENCRYPTED.to_owned());
    }
    words(event.content.get("m.new_content")?, false).map(|text| clean_block(&text))
}

/// The thread's first message, then what is answered.
fn references(thread: Option<&str>, answers: Option<&str>) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for id in thread.into_iter().chain(answers) {
        let plain = id.len() <= 255 && id.chars().all(|c| c.is_ascii_graphic());
        if plain && !list.iter().any(|old| old == id) {
            list.push(id.to_owned());
        }
    }
    list
}

fn context(room: &str, thread: Option<&str>, encrypted: bool) -> BTreeMap<String, String> {
    let mut context = BTreeMap::from([("room".to_owned(), room.to_owned())]);
    if let Some(thread) = thread.filter(|thread| thread.len() <= 255) {
        context.insert("thread".to_owned(), thread.to_owned());
    }
    if encrypted {
        context.insert("encrypted".to_owned(), "yes".to_owned());
    }
    context
}

/// The file of an event.
fn attachment(content: &Value, kind: &str, msgtype: &str) -> Option<Attachment> {
    let is_file = matches!(msgtype, "m.image" | "m.file" | "m.video" | "m.audio") || kind == "m.sticker";
    if !is_file {
        return None;
    }
    let text = |key: &str| content.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let media_type = content.pointer("/info/mimetype").and_then(Value::as_str).unwrap_or("application/octet-stream");
    Some(Attachment {
        name: short(text("filename").or_else(|| text("body")).unwrap_or("file")),
        media_type: short(media_type),
        size: content.pointer("/info/size").and_then(Value::as_u64).unwrap_or_default(),
        part: 0,
    })
}

/// Where the file of an original is: server and media id.
///
/// # Errors
/// Why there is none.
pub(super) fn media(raw: &[u8]) -> Result<(String, String), String> {
    let value: Value = serde_json::from_slice(raw).map_err(|_| "the original is damaged".to_owned())?;
    if value.pointer("/content/file").is_some() {
        return Err("the file is encrypted end to end; open it in a Matrix client".to_owned());
    }
    let url = value.pointer("/content/url").and_then(Value::as_str).unwrap_or_default();
    let parts = url.strip_prefix("mxc://").and_then(|rest| rest.split_once('/'));
    let plain =
        |text: &str| !text.is_empty() && text.len() <= 255 && text.chars().all(|c| c.is_ascii_graphic() && c != '/');
    match parts {
        Some((server, id)) if plain(server) && plain(id) && server != ".." && id != ".." => {
            Ok((server.to_owned(), id.to_owned()))
        }
        _ => Err("the message says no place where its file could be".to_owned()),
    }
}
