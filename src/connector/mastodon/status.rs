//! Understanding a post.

use crate::connector::email::html_text;
use crate::connector::platform::json;
use crate::connector::{Changed, Incoming, Item, Unreadable, first_words};
use crate::model::{
    Attachment, Automated, ChangeKind, Direction, Link, LinkKind, Party, Timestamp, Way, clean_block, clean_line,
};
use serde_json::Value;

/// The longest address of a person.
const LONGEST: usize = 400;

/// Who can read a post, in the API's words.
pub(super) fn way(visibility: &str) -> Way {
    match visibility {
        "public" | "unlisted" => Way::Public,
        _ => Way::Direct,
    }
}

/// A person: known by the page of their account, since the server's own number for them says nothing on another server,
/// and mentions name nothing better.
pub(super) fn party(account: &Value) -> Option<Party> {
    let address =
        ["/url", "/uri", "/acct"].iter().map(|pointer| json::text(account, pointer)).find(|text| !text.is_empty());
    let address = address.filter(|address| address.len() <= LONGEST)?.to_owned();
    Some(Party { address, name: clean_line(json::text(account, "/display_name")) })
}

/// The words of a post. Mentions and hashtags are links too, but lead nowhere that says more than they do.
fn words(html: &str) -> String {
    let mut plain = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<a ") {
        let (before, tag) = rest.split_at(start);
        let end = tag.find('>').map_or(tag.len(), |end| end + 1);
        plain.push_str(before);
        plain.push_str(if tag[..end].contains("mention") { "<span>" } else { &tag[..end] });
        rest = &tag[end..];
    }
    plain.push_str(rest);
    html_text(&plain)
}

/// The text of a post: its warning, its words, what can be voted for.
pub(super) fn text(status: &Value) -> String {
    let mut parts = Vec::new();
    let warning = json::text(status, "/spoiler_text");
    if !warning.is_empty() {
        parts.push(format!("CW: {warning}"));
    }
    parts.push(words(json::text(status, "/content")).trim().to_owned());
    let options =
        json::list(status, "/poll/options").iter().map(|option| format!("○ {}", json::text(option, "/title")));
    parts.push(options.collect::<Vec<_>>().join("\n"));
    parts.retain(|part| !part.is_empty());
    parts.join("\n\n")
}

/// The words without the mentions they begin with.
pub(super) fn without_mentions(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('@') {
        rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start());
    }
    rest
}

/// The media of a post: where each is, as it is listed.
pub(super) fn media(status: &Value) -> Vec<(String, Attachment)> {
    let one = |(number, media): (usize, &Value)| {
        let url = json::page(json::text(media, "/url"))?;
        let file = url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        let media_type = match json::text(media, "/type") {
            "image" => "image/*",
            "video" | "gifv" => "video/*",
            "audio" => "audio/*",
            _ => "application/octet-stream",
        };
        let listed =
            Attachment { name: clean_line(file), media_type: media_type.to_owned(), size: 0, part: number as u32 + 1 };
        Some((url, listed))
    };
    json::list(status, "/media_attachments").iter().enumerate().filter_map(one).collect()
}

/// Pages that link back to the profile: the server has looked.
fn links(account: &Value) -> Vec<Link> {
    let verified = |field: &&Value| !json::text(field, "/verified_at").is_empty();
    let page = |field: &Value| {
        let value = json::text(field, "/value");
        let from = value.find("href=\"https://")? + "href=\"https://".len();
        let page = value[from..].split('"').next()?.trim_end_matches('/').to_lowercase();
        let plain = !page.is_empty() && page.len() <= 200 && !page.contains(['<', '>', ' ', '&']);
        plain.then_some(Link { kind: LinkKind::Profile, value: page, proven: true })
    };
    json::list(account, "/fields").iter().filter(verified).filter_map(page).take(4).collect()
}

/// A post as a message. `host` is our own server's: accounts there are called without it.
pub(super) fn understand(status: &Value, direction: Direction, host: &str, received: Timestamp) -> Item {
    let raw = json::bytes(status);
    let known = json::id(status, "/id").zip(status.get("account").and_then(party));
    let Some((id, from)) = known else {
        return Item::Unreadable(Unreadable {
            reason: "a post without its id or its author".to_owned(),
            folder: String::new(),
            received,
            hint: first_words(&text(status)),
            partial: false,
            raw,
        });
    };
    let at = json::iso(status, "/created_at").unwrap_or(received);
    let mut text = text(status);
    if direction == Direction::Outbound {
        text = without_mentions(&text).to_owned();
    }
    let mut incoming = Incoming::new(&id, direction, from, at, &text, raw);
    let acct = clean_line(json::text(status, "/account/acct"));
    incoming.handle = Some(full(&acct, host));
    if direction == Direction::Outbound {
        let named = |mention: &Value| {
            let address =
                ["/url", "/acct"].iter().map(|pointer| json::text(mention, pointer)).find(|text| !text.is_empty());
            Some(Party { address: clean_line(address?), name: String::new() })
        };
        incoming.to = json::list(status, "/mentions").iter().filter_map(named).collect();
    }
    if json::flag(status, "/account/bot") {
        incoming.automated = Some(Automated::Generated);
    }
    incoming.references.extend(json::id(status, "/in_reply_to_id"));
    incoming.attachments = media(status).into_iter().map(|(_, listed)| listed).collect();
    let visibility = json::text(status, "/visibility");
    incoming.way = way(visibility);
    incoming.url = json::page(json::text(status, "/url"));
    incoming.language = Some(json::text(status, "/language").to_owned()).filter(|code| code.len() == 2);
    incoming.links = status.get("account").map(links).unwrap_or_default();
    let warning = clean_line(json::text(status, "/spoiler_text"));
    let context = [("status", id), ("acct", acct), ("visibility", clean_line(visibility)), ("warning", warning)];
    let context = context.into_iter().filter(|(_, value)| !value.is_empty());
    incoming.context.extend(context.map(|(key, value)| (key.to_owned(), value)));
    Item::Message(Box::new(incoming))
}

/// `@ana@host`.
pub(super) fn full(acct: &str, host: &str) -> String {
    if acct.contains('@') { format!("@{acct}") } else { format!("@{acct}@{host}") }
}

/// An edit of a post.
pub(super) fn edited(status: &Value, at: Timestamp) -> Option<Item> {
    let text = clean_block(&text(status));
    Some(Item::Change(Box::new(Changed {
        remote_id: json::id(status, "/id")?,
        key: json::text(status, "/edited_at").to_owned(),
        kind: ChangeKind::Edited { preview: first_words(&text) },
        text,
        at,
        by: status.get("account").and_then(party),
    })))
}

/// Somebody likes, or hands on, a post of ours.
pub(super) fn liked(notification: &Value, symbol: &str, received: Timestamp) -> Option<Item> {
    Some(Item::Change(Box::new(Changed {
        remote_id: json::id(notification, "/status/id")?,
        key: json::id(notification, "/id")?,
        kind: ChangeKind::Reaction { symbol: symbol.to_owned(), added: true },
        text: String::new(),
        at: json::iso(notification, "/created_at").unwrap_or(received),
        by: notification.get("account").and_then(party),
    })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn mentions_are_words_and_links_are_listed() {
        let status = json!({
            "spoiler_text": "parcels",
            "content": "<p><span class=\"h-card\"><a href=\"https://m.example/@shop\" class=\"u-url mention\">@<span>shop</span></a></span> \
                where is it?<br />see <a href=\"https://p.example/1\" rel=\"nofollow\"><span class=\"invisible\">https://</span>\
                <span class=\"\">p.example/1</span></a></p><p>Ana</p>",
        });
        assert_eq!(text(&status), "CW: parcels\n\n@shop where is it?\nsee https://p.example/1\n\nAna");
        assert_eq!(without_mentions("@ana @bob@x.example  On its way"), "On its way");
        assert_eq!(without_mentions("@ana"), "");
    }

    #[test]
    fn only_what_the_server_has_looked_at_is_proven() {
        let field =
            |value: &str, verified: Option<&str>| json!({ "name": "x", "value": value, "verified_at": verified });
        let account = json!({ "fields": [
            field("<a href=\"https://Ana.example/\" rel=\"me\">ana.example</a>", Some("2026-01-01T00:00:00.000Z")),
            field("<a href=\"https://bank.example/\" rel=\"me\">bank.example</a>", None),
        ]});
        let found = links(&account);
        assert_eq!(found.iter().map(|link| link.value.as_str()).collect::<Vec<_>>(), ["ana.example"]);
    }
}
