//! What of a message is its text, and what is attached.

use super::flowed;
use super::html;
use super::parts::Part;
use super::transfer::Transfer;
use crate::model::{Attachment, MAX_BLOCK, clean_block, clean_line};
use mail_parser::decoders::charsets::map::charset_decoder;

/// Longest name of an attachment, in characters.
const MAX_NAME: usize = 120;
/// Most of a text part that is decoded, in bytes: far more than the cleaner takes, so that its cut still shows.
const MAX_SOURCE: usize = 24_000_000;
/// A plain alternative shorter than this may be a stub that points at the HTML.
const STUB: usize = 300;

/// Text and attachments of a message.
#[derive(Debug, Default)]
pub(super) struct Body {
    /// Cleaned text.
    pub(super) text: String,
    /// What is attached, in the order of the parts.
    pub(super) attachments: Vec<Attachment>,
}

/// Reads the text and lists the attachments.
pub(super) fn read(raw: &[u8], parts: &[Part]) -> Body {
    let mut reader =
        Reader { raw, parts, children: vec![Vec::new(); parts.len()], texts: Vec::new(), attached: Vec::new() };
    for (index, part) in parts.iter().enumerate() {
        if let Some(parent) = part.parent {
            reader.children[parent].push(index);
        }
    }
    reader.visit(0);
    let text = reader.texts.iter().map(|text| text.trim_matches('\n')).collect::<Vec<_>>().join("\n\n");
    reader.attached.sort_unstable();
    Body {
        text: clean_block(&text),
        attachments: reader.attached.iter().map(|&index| reader.attachment(index)).collect(),
    }
}

/// The decoded text of a leaf, not cleaned.
pub(super) fn text_of(raw: &[u8], part: &Part) -> String {
    let body = raw.get(part.body.clone()).unwrap_or_default();
    let bytes = part.kind.transfer.decode(&body[..body.len().min(MAX_SOURCE)]);
    let text = decode_charset(&bytes, part.kind.charset.as_deref());
    if part.kind.is("text", "html") {
        html::to_text(&text)
    } else if part.kind.flowed {
        flowed::unwrap(&text.replace("\r\n", "\n"), part.kind.delete_space)
    } else {
        text
    }
}

/// Decodes text: by its charset when that is known; else as UTF-8 when it is, else as the charset Western programs
/// forget to name.
fn decode_charset(bytes: &[u8], charset: Option<&str>) -> String {
    let named = charset.map(|name| name.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    let unicode = matches!(named.as_deref(), None | Some("utf-8" | "utf8" | "us-ascii" | "ascii" | ""));
    // What says it is ASCII or UTF-8 and is valid UTF-8 is taken at its word.
    if unicode && let Ok(text) = std::str::from_utf8(bytes) {
        return text.to_owned();
    }
    let decoder = named.as_deref().filter(|_| !unicode).and_then(|name| charset_decoder(name.as_bytes()));
    match decoder {
        Some(decode) => decode(bytes),
        None if looks_like_utf8(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        None => match charset_decoder(b"windows-1252") {
            Some(western) => western(bytes),
            None => String::from_utf8_lossy(bytes).into_owned(),
        },
    }
}

/// Damaged UTF-8 has more sound characters beyond ASCII than breaks; bytes that never were UTF-8 have hardly any.
fn looks_like_utf8(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0usize, 0usize);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    sound >= broken
}

struct Reader<'a> {
    raw: &'a [u8],
    parts: &'a [Part],
    children: Vec<Vec<usize>>,
    texts: Vec<String>,
    attached: Vec<usize>,
}

impl Reader<'_> {
    /// Recursion is as deep as multiparts are nested, which `parts` bounds.
    fn visit(&mut self, index: usize) {
        let part = &self.parts[index];
        if !part.multipart {
            if self.is_text(index) {
                self.take_text(index);
            } else {
                self.attached.push(index);
            }
            return;
        }
        let children = self.children[index].clone();
        if children.is_empty() {
            // Its boundary never came: what is there is better than nothing.
            self.take_text(index);
            return;
        }
        match part.kind.sub.as_str() {
            "alternative" => self.alternative(&children),
            "related" => {
                // The first is the text, the others are its pictures (RFC 2387).
                for (at, child) in children.into_iter().enumerate() {
                    if at == 0 || self.parts[child].multipart { self.visit(child) } else { self.attached.push(child) }
                }
            }
            _ => children.into_iter().for_each(|child| self.visit(child)),
        }
    }

    /// Chooses among versions of the same: the plain one, unless it says nothing.
    fn alternative(&mut self, children: &[usize]) {
        let is = |index: &usize, sub: &str| self.is_text(*index) && self.parts[*index].kind.sub == sub;
        let plain = children.iter().copied().find(|index| is(index, "plain"));
        let rich = children.iter().copied().find(|index| is(index, "html") || self.parts[*index].multipart);
        let chosen = match (plain, rich) {
            (Some(plain), Some(rich)) if is_stub(&text_of(self.raw, &self.parts[plain])) => Some(rich),
            (Some(plain), _) => Some(plain),
            (None, Some(rich)) => Some(rich),
            (None, None) => children.iter().copied().find(|index| self.is_text(*index)),
        };
        for &child in children {
            if Some(child) == chosen {
                self.visit(child);
            } else if self.parts[child].multipart {
                // The version not shown may carry pictures and files.
                let texts = self.texts.len();
                self.visit(child);
                self.texts.truncate(texts);
            } else if !self.is_text(child) {
                self.attached.push(child);
            }
        }
    }

    /// True for a leaf that is read rather than saved.
    fn is_text(&self, index: usize) -> bool {
        let part = &self.parts[index];
        let readable = part.kind.main == "text"
            && matches!(part.kind.sub.as_str(), "plain" | "html" | "enriched" | "richtext" | "markdown");
        // A multipart without a boundary cannot be taken apart; its source is better than nothing.
        let broken = part.kind.main == "multipart" && !part.multipart;
        let alone = index == 0;
        (readable || broken) && !part.multipart && (alone || !part.kind.attached && part.kind.name.is_none())
    }

    fn take_text(&mut self, index: usize) {
        let held: usize = self.texts.iter().map(String::len).sum();
        // The cleaner cuts and says so; more than it takes need not be decoded.
        if held <= MAX_BLOCK {
            let text = text_of(self.raw, &self.parts[index]);
            if !text.trim().is_empty() {
                self.texts.push(text.replace("\r\n", "\n"));
            }
        }
    }

    fn attachment(&self, index: usize) -> Attachment {
        let part = &self.parts[index];
        let body = self.raw.get(part.body.clone()).unwrap_or_default();
        let size = match part.kind.transfer {
            Transfer::Plain => body.len(),
            transfer => transfer.decode(body).len(),
        };
        let media_type = clean_line(&format!("{}/{}", part.kind.main, part.kind.sub));
        Attachment {
            name: name_of(self.raw, part, index),
            media_type: if part.kind.sub.is_empty() { "application/octet-stream".to_owned() } else { media_type },
            size: size as u64,
            part: index as u32,
        }
    }
}

/// A name to show: the sender's without folders and odd characters, or one made from the type.
fn name_of(raw: &[u8], part: &Part, index: usize) -> String {
    let given = part.kind.name.as_deref().map(clean_name).filter(|name| !name.is_empty());
    if let Some(name) = given {
        return name;
    }
    if part.kind.main == "message" && matches!(part.kind.sub.as_str(), "rfc822" | "global") {
        let inner = part.kind.transfer.decode(raw.get(part.body.clone()).unwrap_or_default());
        let subject = super::parse::subject_of(&inner);
        return clean_name(&format!("{}.eml", if subject.is_empty() { "message" } else { &subject }));
    }
    let ending = match (part.kind.main.as_str(), part.kind.sub.as_str()) {
        ("text", "calendar") => "ics",
        ("text", "html") => "html",
        ("text", "csv") => "csv",
        ("text" | "message", _) => "txt",
        ("image", "jpeg") => "jpg",
        ("application", "pgp-signature") => "asc",
        ("application", "pkcs7-signature" | "x-pkcs7-signature") => "p7s",
        ("image" | "audio" | "video" | "application", sub)
            if sub.len() <= 5 && sub.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            sub
        }
        _ => "bin",
    };
    format!("part-{index}.{ending}")
}

/// A file name fit to be shown: the last step of a path, cleaned, without leading dots, its ending kept when cut.
fn clean_name(name: &str) -> String {
    let line = clean_line(name);
    let base = line.rsplit(['/', '\\']).find(|step| !step.trim().is_empty()).unwrap_or_default();
    let base = base.trim().trim_start_matches('.').replace(['<', '>', ':', '"', '|', '?', '*'], "_");
    if base.chars().count() <= MAX_NAME {
        return base;
    }
    let ending = base.rsplit_once('.').map(|(_, ending)| ending).filter(|ending| ending.chars().count() <= 10);
    let ending = ending.map(|ending| format!(".{ending}")).unwrap_or_default();
    let kept: String = base.chars().take(MAX_NAME - 1 - ending.chars().count()).collect();
    clean_line(&format!("{}…{ending}", kept.trim_end()))
}

/// True for a plain version that only sends the reader to the HTML.
fn is_stub(text: &str) -> bool {
    let text = clean_block(text);
    let text = text.trim();
    if text.is_empty() {
        return true;
    }
    let lower = text.to_lowercase();
    text.chars().count() < STUB
        && lower.contains("html")
        && [
            "view",
            "display",
            "support",
            "enable",
            "client",
            "compatible",
            "reader",
            "anzeigen",
            "browser",
            "支持",
            "查看",
        ]
        .iter()
        .any(|word| lower.contains(word))
}
