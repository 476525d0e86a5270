//! The header block of a message or part, read by mail-parser inside our limits.

use crate::model::{Party, Timestamp, clean_line};
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::{Addr, Address, ContentType, HeaderValue, Message, MessageParser};
use std::borrow::Cow;

/// The longest id kept (RFC 5322 limits a line to 998 characters).
pub(super) const MAX_ID: usize = 998;
/// Most recipients listed of `To` or `Cc`.
pub(super) const MAX_LISTED: usize = 200;
/// Most addresses a message may name at all.
pub(super) const MAX_ADDRESSES: usize = 5_000;
/// Longest address kept (RFC 5321: 64 + 1 + 255).
const MAX_ADDRESS: usize = 320;

/// A header block that was parsed.
pub(super) struct Headers<'a> {
    bytes: &'a [u8],
    parsed: Option<Message<'a>>,
}

impl<'a> Headers<'a> {
    /// Parses a block; `bytes` ends with or without its empty line.
    pub(super) fn parse(bytes: &'a [u8]) -> Headers<'a> {
        Headers { bytes, parsed: MessageParser::default().parse_headers(bytes) }
    }

    /// The header of this name (the first, should a message repeat it), as mail-parser understood it.
    pub(super) fn get(&self, name: &str) -> Option<&HeaderValue<'a>> {
        self.fields().find(|(field, ..)| field.eq_ignore_ascii_case(name)).map(|(_, value, _)| value)
    }

    /// The raw bytes of every header of this name.
    pub(super) fn raw<'b>(&'b self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        self.fields().filter(move |(field, ..)| field.eq_ignore_ascii_case(name)).map(|(_, _, raw)| raw)
    }

    /// The text of the first header of this name: unfolded, encoded words decoded where the header may have them,
    /// not cleaned.
    pub(super) fn text<'b>(&'b self, name: &str) -> Option<Cow<'b, str>> {
        match self.get(name)? {
            HeaderValue::Text(text) => Some(Cow::Borrowed(text)),
            _ => self.raw(name).next().map(String::from_utf8_lossy),
        }
    }

    /// Whether there is such a header.
    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// How many headers were understood.
    pub(super) fn count(&self) -> usize {
        self.fields().count()
    }

    /// `Content-Type` or `Content-Disposition`.
    pub(super) fn structured(&self, name: &str) -> Option<&ContentType<'a>> {
        self.get(name)?.as_content_type()
    }

    /// The addresses of a header as parties, at most `limit`, and how many there were.
    pub(super) fn parties(&self, name: &str, limit: usize) -> (Vec<Party>, usize) {
        let mut parties = Vec::new();
        let mut count = 0;
        for (_, value, _) in self.fields().filter(|(field, ..)| field.eq_ignore_ascii_case(name)) {
            let Some(addresses) = value.as_address() else { continue };
            let mut take = |addr: &Addr<'_>| {
                count += 1;
                if parties.len() < limit
                    && let Some(party) = party(addr)
                {
                    parties.push(party);
                }
            };
            match addresses {
                Address::List(list) => list.iter().for_each(&mut take),
                Address::Group(groups) => groups.iter().flat_map(|group| &group.addresses).for_each(&mut take),
            }
        }
        (parties, count)
    }

    /// The ids of a header, in order, without brackets. What cannot be an id is left out.
    pub(super) fn ids(&self, name: &str) -> Vec<String> {
        self.raw(name).flat_map(ids).collect()
    }

    /// `Date`, when it is one.
    pub(super) fn date(&self) -> Option<Timestamp> {
        let date = self.get("Date")?.as_datetime().filter(|date| date.is_valid())?;
        let millis = date.to_timestamp().checked_mul(1_000)?;
        (0..=Timestamp::MAX.0).contains(&millis).then_some(Timestamp(millis))
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &HeaderValue<'a>, &[u8])> {
        let headers = self.parsed.as_ref().map(Message::headers).unwrap_or_default();
        headers.iter().map(|header| {
            let range = header.offset_start as usize..header.offset_end as usize;
            (header.name.as_str(), &header.value, self.bytes.get(range).unwrap_or_default())
        })
    }
}

/// The block as UTF-8. Headers must be ASCII or UTF-8; old programs write them in the charset of their country, which
/// the body may name.
pub(super) fn decode_block(block: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(block).is_ok() {
        return Cow::Borrowed(block);
    }
    let headers = Headers::parse(block);
    let charset = headers.structured("Content-Type").and_then(|content| content.attribute("charset"));
    let decoder = charset
        .filter(|charset| !charset.to_ascii_lowercase().starts_with("utf") && !charset.eq_ignore_ascii_case("us-ascii"))
        .and_then(|charset| charset_decoder(charset.as_bytes()))
        .or_else(|| charset_decoder(if looks_like_gb18030(block) { b"gb18030" } else { b"windows-1252" }));
    match decoder {
        Some(decode) => Cow::Owned(decode(block).into_bytes()),
        None => Cow::Borrowed(block),
    }
}

/// Raw eight-bit headers of Chinese programs come as pairs in A1–FE; Western text hardly ever pairs them all.
fn looks_like_gb18030(block: &[u8]) -> bool {
    let mut rest = block;
    while let Some(at) = rest.iter().position(|byte| !byte.is_ascii()) {
        match &rest[at..] {
            [0xA1..=0xFE, 0xA1..=0xFE, after @ ..] => rest = after,
            _ => return false,
        }
    }
    true
}

fn party(addr: &Addr<'_>) -> Option<Party> {
    let name = addr.name.as_deref().map(clean_line).unwrap_or_default();
    let address = addr.address.as_deref().map(clean_line).unwrap_or_default();
    let (address, name) = if address.is_empty() { (name, String::new()) } else { (address, name) };
    let usable =
        !address.is_empty() && address.chars().count() <= MAX_ADDRESS && !address.contains(char::is_whitespace);
    usable.then(|| Party { name: if name == address { String::new() } else { name }, address })
}

/// The ids in a raw header value: all in angle brackets, or, where there are none, the words.
fn ids(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let mut found = Vec::new();
    let mut rest = text.as_ref();
    let mut bracketed = false;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((id, after)) = after.split_once('>') else { break };
        bracketed = true;
        found.extend(id_of(id));
        rest = after;
    }
    if !bracketed {
        found.extend(text.split_whitespace().filter(|word| word.contains('@')).filter_map(id_of));
    }
    found
}

/// An id that can be kept and sent back: no white space, control characters or brackets, at most [`MAX_ID`] long.
pub(super) fn id_of(text: &str) -> Option<String> {
    let id = text.trim();
    let sound = !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(|byte| byte.is_ascii_graphic());
    (sound && !id.contains(['<', '>'])).then(|| id.to_owned())
}
