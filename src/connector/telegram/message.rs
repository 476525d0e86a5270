//! Understanding a message.

use super::file::files;
use crate::connector::platform::json;
use crate::connector::{Incoming, Item};
use crate::model::{Automated, Direction, Link, LinkKind, Party, Timestamp, Way, clean_line};
use serde_json::Value;

/// What says that a message has something to read besides text and files, and how that is shown.
const SHOWN: &[(&str, &str)] = &[
    ("location", "[a place on the map]"),
    ("venue", "[a place on the map]"),
    ("contact", "[a contact]"),
    ("poll", "[a poll]"),
    ("dice", "[a dice]"),
    ("game", "[a game]"),
    ("story", "[a story]"),
    ("paid_media", "[paid media]"),
    ("invoice", "[an invoice]"),
    ("checklist", "[a checklist]"),
    ("giveaway", "[a giveaway]"),
];

/// The id of a message for us: its number alone is unique in its chat alone, and a business account's chat with somebody
/// has the same chat id as the bot's own.
pub(super) fn remote_id(business: &str, chat: &str, message: &str) -> String {
    if business.is_empty() { format!("{chat}:{message}") } else { format!("{business}/{chat}:{message}") }
}

/// Who a user or a chat is.
pub(super) fn party(who: &Value) -> Option<Party> {
    let address = json::id(who, "/id")?;
    let (first, last) = (json::text(who, "/first_name"), json::text(who, "/last_name"));
    let title = json::text(who, "/title");
    let name = if title.is_empty() { format!("{first} {last}") } else { title.to_owned() };
    Some(Party { address, name: clean_line(&name) })
}

/// The text of a message: its own, a file's caption, or words for what it is. `None` for what only says that something
/// changed in the chat.
pub(super) fn words(message: &Value) -> Option<String> {
    for pointer in ["/text", "/caption"] {
        let text = json::text(message, pointer);
        if !text.is_empty() {
            return Some(text.to_owned());
        }
    }
    if let Some(sticker) = message.get("sticker") {
        return Some(format!("[sticker {}]", json::text(sticker, "/emoji")));
    }
    if !files(message).is_empty() {
        return Some(String::new());
    }
    let (_, shown) = SHOWN.iter().find(|(key, _)| message.get(*key).is_some())?;
    let detail = match *shown {
        "[a contact]" => {
            let (name, phone) =
                (json::text(message, "/contact/first_name"), json::text(message, "/contact/phone_number"));
            format!(" {name} {phone}")
        }
        "[a poll]" => format!(" {}", json::text(message, "/poll/question")),
        "[a place on the map]" => {
            let at = |pointer: &str| message.pointer(pointer).and_then(Value::as_f64).unwrap_or_default();
            format!(" {:.5}, {:.5}", at("/location/latitude"), at("/location/longitude"))
        }
        _ => String::new(),
    };
    Some(format!("{shown}{detail}"))
}

/// The ids of a message: business connection (empty without), chat, message.
pub(super) fn ids(message: &Value) -> Option<(String, String, String)> {
    let business = json::id(message, "/business_connection_id").unwrap_or_default();
    Some((business, json::id(message, "/chat/id")?, json::id(message, "/message_id")?))
}

/// A new message; `None` when there is nothing to read in it.
///
/// # Errors
/// Why it cannot be understood.
pub(super) fn understand(message: &Value, raw: &[u8], received: Timestamp) -> Result<Option<Item>, String> {
    let (business, chat, number) = ids(message).ok_or("a message without its ids")?;
    let Some(text) = words(message) else { return Ok(None) };
    let from = message.get("sender_chat").or_else(|| message.get("from")).and_then(party);
    let from = from.ok_or("a message that says nowhere who wrote it")?;
    let at = json::epoch(message, "/date").unwrap_or(received);
    // In a business account's chats we see what the account itself writes, by hand or through a bot.
    let private = json::text(message, "/chat/type") == "private";
    let ours_in_business = !business.is_empty() && private && from.address != chat;
    // What is posted in our channel comes into the group that discusses it, and opens the comments there.
    let ours_in_channel = json::flag(message, "/is_automatic_forward");
    let ours = ours_in_business || ours_in_channel;
    let direction = if ours { Direction::Outbound } else { Direction::Inbound };
    let mut incoming = Incoming::new(&remote_id(&business, &chat, &number), direction, from, at, &text, raw.to_vec());
    if ours_in_business {
        incoming.to.extend(message.get("chat").and_then(party));
    }
    let user = json::text(
        message,
        if message.get("sender_chat").is_some() { "/sender_chat/username" } else { "/from/username" },
    );
    incoming.handle = (!user.is_empty()).then(|| clean_line(&format!("@{user}")));
    if json::flag(message, "/from/is_bot") && message.get("sender_chat").is_none() {
        incoming.automated = Some(Automated::Generated);
    }
    incoming.attachments = files(message).into_iter().map(|file| file.listed).collect();
    let topic = json::id(message, "/message_thread_id").filter(|_| json::flag(message, "/is_topic_message"));
    incoming.conversation = Some(match (&topic, business.as_str()) {
        (Some(topic), "") => format!("{chat}#{topic}"),
        (None, "") => chat.clone(),
        (_, business) => format!("{business}/{chat}"),
    });
    let public_name = json::text(message, "/chat/username");
    incoming.way = if !private && !public_name.is_empty() { Way::Public } else { Way::Direct };
    if incoming.way == Way::Public {
        incoming.url = json::page(&format!("https://t.me/{public_name}/{number}"));
    }
    if let Some(answered) = json::id(message, "/reply_to_message/message_id") {
        incoming.references.push(remote_id(&business, &chat, &answered));
    }
    let context = [("chat", Some(chat)), ("message", Some(number)), ("topic", topic)];
    incoming.context.extend(context.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
    if !business.is_empty() {
        incoming.context.insert("business".to_owned(), business);
    }
    // A contact of one's own, shared by the sender: Telegram looks the number up, but does not promise to.
    let own = json::id(message, "/contact/user_id").filter(|user| *user == incoming.from.address);
    let digits: String = json::text(message, "/contact/phone_number").chars().filter(char::is_ascii_digit).collect();
    if own.is_some() && (7..=15).contains(&digits.len()) {
        incoming.links.push(Link { kind: LinkKind::Phone, value: format!("+{digits}"), proven: false });
    }
    Ok(Some(Item::Message(Box::new(incoming))))
}
