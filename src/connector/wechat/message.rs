//! What WeChat pushes about people: messages and events, as XML.

use super::xml::Xml;
use crate::connector::{Incoming, Item, Unreadable};
use crate::model::{Attachment, Automated, Direction, Opens, Party, Timestamp, clean_line};

/// Longer ids are none.
const MOST_ID: usize = 128;

/// What tells a push from all others: the message's id, else who did what when ("Receive messages": events carry no id and
/// are told apart by `FromUserName` and `CreateTime`).
pub(super) fn key(xml: &Xml) -> Option<String> {
    let from = xml.some("FromUserName")?;
    Some(match xml.some("MsgId") {
        Some(id) => id.to_owned(),
        None => format!("{from}:{}:{}", xml.some("CreateTime")?, xml.text("Event")),
    })
    .filter(|key| key.len() <= 2 * MOST_ID)
}

/// A file of a message, as the platform keeps it for three days.
pub(super) struct File<'a> {
    pub media: &'a str,
    pub name: &'static str,
    pub media_type: &'static str,
}

/// The file that comes with a message.
pub(super) fn file(xml: &Xml) -> Option<File<'_>> {
    let (name, media_type) = match xml.text("MsgType") {
        "image" => ("image.jpg", "image/jpeg"),
        "voice" if xml.text("Format") == "speex" => ("voice.speex", "audio/speex"),
        "voice" => ("voice.amr", "audio/amr"),
        "video" | "shortvideo" => ("video.mp4", "video/mp4"),
        _ => return None,
    };
    Some(File { media: xml.some("MediaId")?, name, media_type })
}

/// What a push says. `None` for events that are of no use to anybody who answers customers.
pub(super) fn item(xml: &Xml, raw: &[u8], received: Timestamp) -> Option<Item> {
    let unreadable = |reason: &str| {
        Item::Unreadable(Unreadable {
            reason: reason.to_owned(),
            folder: String::new(),
            received,
            hint: clean_line(xml.text("MsgType")),
            partial: false,
            raw: raw.to_vec(),
        })
    };
    let (Some(openid), Some(key)) = (xml.some("FromUserName"), key(xml)) else {
        return Some(unreadable("it does not say who wrote"));
    };
    let (text, automated) = match xml.text("MsgType") {
        "text" => (xml.text("Content").to_owned(), None),
        "image" => ("[image]".to_owned(), None),
        "voice" => (voice(xml), None),
        "video" | "shortvideo" => ("[video]".to_owned(), None),
        "location" => {
            (format!("[location] {} {}, {}", xml.text("Label"), xml.text("Location_X"), xml.text("Location_Y")), None)
        }
        "link" => (format!("{}\n{}\n{}", xml.text("Title"), xml.text("Description"), xml.text("Url")), None),
        "event" => (event(xml)?, Some(Automated::Generated)),
        "" => return Some(unreadable("it has no MsgType")),
        other => (format!("[a message of a kind that is not known here: {}]", clean_line(other)), None),
    };
    let from = Party { address: openid.to_owned(), name: String::new() };
    let mut incoming = Incoming::new(&key, Direction::Inbound, from, received, &text, raw.to_vec());
    incoming.at = xml.text("CreateTime").parse().ok().map(|seconds: i64| Timestamp(seconds.saturating_mul(1_000)));
    incoming.conversation = Some(openid.to_owned());
    incoming.context.insert("openid".to_owned(), openid.to_owned());
    incoming.automated = automated;
    if automated.is_some() {
        incoming.context.insert(Opens::KEY.to_owned(), opens(xml.text("Event")).to_text());
    }
    if let Some(file) = file(xml) {
        incoming.attachments.push(Attachment {
            name: file.name.to_owned(),
            media_type: file.media_type.to_owned(),
            size: 0,
            part: 0,
        });
    }
    Some(Item::Message(Box::new(incoming)))
}

fn voice(xml: &Xml) -> String {
    match xml.some("Recognition") {
        Some(words) => format!("[voice] {words}"),
        None => "[voice]".to_owned(),
    }
}

/// What an event lets us say ("Customer service messages"): after a follow, a menu click or a scan three answers within a
/// minute. Nothing is said of other events.
fn opens(event: &str) -> Opens {
    match event {
        "subscribe" | "CLICK" | "SCAN" => Opens::Only(60_000, 3),
        _ => Opens::Nothing,
    }
}

fn event(xml: &Xml) -> Option<String> {
    let what = xml.text("EventKey");
    Some(match xml.text("Event") {
        "subscribe" if what.is_empty() => "[follows the account]".to_owned(),
        "subscribe" => format!("[follows the account] {what}"),
        "unsubscribe" => "[does not follow the account any more]".to_owned(),
        "CLICK" => format!("[chose in the menu] {what}"),
        "SCAN" => format!("[scanned a code] {what}"),
        // Positions sent all the while, pages opened, reports of mass messages.
        "LOCATION"
        | "VIEW"
        | "view_miniprogram"
        | "TEMPLATESENDJOBFINISH"
        | "MASSSENDJOBFINISH"
        | "PUBLISHJOBFINISH" => {
            return None;
        }
        other => format!("[event {}] {what}", clean_line(other)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Item> {
        let xml = Xml::read(text.as_bytes()).expect("it is XML");
        item(&xml, text.as_bytes(), Timestamp(1_409_735_670_000))
    }

    fn message(text: &str) -> Incoming {
        match read(text) {
            Some(Item::Message(incoming)) => *incoming,
            other => panic!("no message: {other:?}"),
        }
    }

    const HEAD: &str =
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>oAna</FromUserName><CreateTime>1409735668</CreateTime>";

    #[test]
    fn a_text_is_a_message_of_its_writer() {
        let text = format!(
            "{HEAD}<MsgType>text</MsgType><Content><![CDATA[你好 <b>]]></Content><MsgId>6054768590064713728</MsgId></xml>"
        );
        let incoming = message(&text);
        assert_eq!((incoming.remote_id.as_str(), incoming.text.as_str()), ("6054768590064713728", "你好 <b>"));
        assert_eq!((incoming.from.address.as_str(), incoming.at), ("oAna", Some(Timestamp(1_409_735_668_000))));
        assert_eq!((incoming.automated, incoming.context["openid"].as_str()), (None, "oAna"));
    }

    #[test]
    fn files_are_listed_and_speech_is_read() {
        let picture = message(&format!("{HEAD}<MsgType>image</MsgType><MediaId>m1</MediaId><MsgId>1</MsgId></xml>"));
        assert_eq!(picture.attachments[0].media_type, "image/jpeg");
        let spoken = format!(
            "{HEAD}<MsgType>voice</MsgType><MediaId>m</MediaId><Format>amr</Format><Recognition>退款</Recognition><MsgId>2</MsgId></xml>"
        );
        assert_eq!(message(&spoken).text, "[voice] 退款");
    }

    #[test]
    fn events_open_no_case_and_noise_is_left_out() {
        let event = |event: &str| format!("{HEAD}<MsgType>event</MsgType><Event>{event}</Event></xml>");
        let follows = message(&event("subscribe"));
        assert_eq!(follows.automated, Some(Automated::Generated));
        assert_eq!(follows.remote_id, "oAna:1409735668:subscribe");
        for opening in ["subscribe", "CLICK", "SCAN"] {
            assert_eq!(Opens::read(&message(&event(opening)).context), Some(Opens::Only(60_000, 3)), "{opening}");
        }
        for nothing in ["unsubscribe", "something_new"] {
            assert_eq!(Opens::read(&message(&event(nothing)).context), Some(Opens::Nothing), "{nothing}");
        }
        assert_eq!(read(&event("TEMPLATESENDJOBFINISH")), None);
        assert!(message(&event("something_new")).text.contains("something_new"), "what is new is shown");
    }

    #[test]
    fn what_says_not_who_or_what_is_kept_whole() {
        for text in ["<xml><MsgType>text</MsgType><MsgId>1</MsgId></xml>", &format!("{HEAD}<MsgId>1</MsgId></xml>")] {
            assert!(matches!(read(text), Some(Item::Unreadable(_))), "{text}");
        }
        let new = message(&format!("{HEAD}<MsgType>hologram</MsgType><MsgId>1</MsgId></xml>"));
        assert!(new.text.contains("hologram"));
    }
}
