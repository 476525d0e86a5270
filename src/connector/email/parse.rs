//! One original understood: headers, text, attachments, robots and bounces.
//!
//! Everything here is bounded before it is done: size, headers, parts, depth, addresses, text. What breaks a bound, or
//! is no mail at all, comes back whole as [`Item::Unreadable`] with the reason in plain words.

use super::headers::{self, Headers, MAX_ADDRESSES, MAX_LISTED};
use super::parts::{self, Breach};
use super::{automated, body, bounce, language, verdict};
use crate::connector::signature::{hex, sha256};
use crate::connector::{ConnectorError, Incoming, Item, Unreadable};
use crate::model::{Automated, BlockKind, Direction, Party, Timestamp, Way, clean_line, fold};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Longest preview, in characters.
const MAX_PREVIEW: usize = 200;
/// References kept: the first, which names the conversation, and the last of these.
const LAST_REFERENCES: usize = 30;
/// How much later than received a message may claim to have been written, in milliseconds.
const CLOCK_SKEW: i64 = 24 * 60 * 60 * 1_000;

/// Understands one original. `own` are our own normalised addresses: what they wrote is outbound. Never panics; what
/// cannot be understood comes back as [`Item::Unreadable`] with the original in it.
///
/// Nothing is believed of who the sender is; [`understand_from`] does.
pub fn understand(raw: Vec<u8>, own: &[String], folder: &str, received: Timestamp) -> Item {
    understand_from(raw, own, None, folder, received)
}

/// The same for mail that a server took in that puts its verdict on top under the name `authserv_id` (RFC 8601).
pub fn understand_from(
    raw: Vec<u8>,
    own: &[String],
    authserv_id: Option<&str>,
    folder: &str,
    received: Timestamp,
) -> Item {
    // The crates below promise not to panic; a stranger's mail is not where to find out.
    let understood = catch_unwind(AssertUnwindSafe(|| read(&raw, own, authserv_id, received)));
    let reason = match understood {
        Ok(Ok(mut incoming)) => {
            incoming.folder = folder.to_owned();
            incoming.raw = raw;
            return Item::Message(Box::new(incoming));
        }
        Ok(Err(Breach(reason))) => reason,
        Err(_) => "the mail parser failed on it; please report this with the original".to_owned(),
    };
    let hint = catch_unwind(|| hint_of(&raw)).unwrap_or_default();
    // Files are read up to one byte beyond the cap: what is longer is not all here.
    let partial = raw.len() > super::parts::MAX_RAW;
    Item::Unreadable(Unreadable { reason, folder: folder.to_owned(), received, hint, partial, raw })
}

/// The decoded bytes of attachment `part` of an original.
///
/// # Errors
/// [`ConnectorError::Reject`] when there is no such part or it is over the size cap.
pub fn attachment(raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
    let reject = |reason: String| ConnectorError::Reject { reason };
    let found = catch_unwind(|| {
        let parts = parts::split(raw).map_err(|Breach(reason)| reason)?;
        let found = parts.get(part as usize).filter(|found| !found.multipart).ok_or("there is no such attachment")?;
        Ok(found.kind.transfer.decode(raw.get(found.body.clone()).unwrap_or_default()))
    });
    match found {
        Ok(result) => result.map_err(|reason: String| reject(format!("cannot take attachment {part} out: {reason}"))),
        Err(_) => Err(reject(format!("cannot take attachment {part} out: the mail parser failed on the original"))),
    }
}

/// The cleaned subject of an original; empty when it has none or cannot be read.
pub(super) fn subject_of(raw: &[u8]) -> String {
    let Ok((block, _)) = parts::header_block(raw) else { return String::new() };
    let block = headers::decode_block(&raw[block]);
    subject(&Headers::parse(&block))
}

fn read(raw: &[u8], own: &[String], authserv_id: Option<&str>, received: Timestamp) -> Result<Incoming, Breach> {
    if raw.trim_ascii().is_empty() {
        return Err(Breach("it is empty".to_owned()));
    }
    let parts = parts::split(raw)?;
    let (block, body_start) = parts::header_block(raw)?;
    let block = headers::decode_block(&raw[block]);
    let headers = Headers::parse(&block);
    if headers.count() == 0 {
        return Err(Breach("it has no mail headers: it is no mail, or damaged".to_owned()));
    }
    let from = sender(&headers)
        .ok_or_else(|| Breach("it names no sender: From, Sender and Return-Path are missing or empty".to_owned()))?;

    let (mut to, mut cc) = (headers.parties("To", MAX_LISTED), headers.parties("Cc", MAX_LISTED));
    if to.1 + cc.1 > MAX_ADDRESSES {
        return Err(Breach(format!("it names more than {MAX_ADDRESSES} recipients")));
    }
    distinct(&mut to.0);
    distinct(&mut cc.0);
    let reply_to =
        headers.parties("Reply-To", 1).0.into_iter().find(|party| !same_address(&party.address, &from.address));

    let subject = subject(&headers);
    let ids = headers.ids("Message-ID");
    let remote_id = ids.first().cloned().unwrap_or_else(|| format!("sha256:{}", hex(&sha256(raw))));
    let references = references(&headers, &remote_id);

    let content = body::read(raw, &parts);
    let new = new_text(&content.text);
    let outbound = own.contains(&from.address.trim().to_lowercase());
    let report = parts.iter().any(|part| part.kind.is("multipart", "report"));
    let bounce = if outbound { None } else { bounce::read(raw, &parts, &headers, &from, &content.text) };
    let automated = if outbound {
        None
    } else if bounce.is_some() {
        Some(Automated::Bounce)
    } else {
        automated::classify(&headers, &from, &subject, report, own)
    };

    let trust = verdict::verdict(&headers, authserv_id, &from.address);
    Ok(Incoming {
        digest: digest(&headers, &raw[body_start..]),
        remote_id,
        direction: if outbound { Direction::Outbound } else { Direction::Inbound },
        from,
        to: to.0,
        cc: cc.0,
        reply_to,
        at: headers.date().filter(|at| at.since(received) <= CLOCK_SKEW),
        received,
        subject,
        references,
        preview: preview(&new, &content.text),
        language: language::detect(&new),
        text: content.text,
        attachments: content.attachments,
        automated,
        bounce,
        folder: String::new(),
        handle: None,
        conversation: None,
        way: Way::Direct,
        context: BTreeMap::new(),
        url: None,
        trust,
        links: Vec::new(),
        raw: Vec::new(),
    })
}

/// Who wrote it: `From`, else `Sender`, else where bounces go; mail that wants no bounce is from the mail system.
fn sender(headers: &Headers<'_>) -> Option<Party> {
    if let Some(party) = ["From", "Sender"].iter().find_map(|name| headers.parties(name, 1).0.into_iter().next()) {
        return Some(party);
    }
    // What a server puts in front of anything it is given makes no mail of it.
    if !["Date", "Subject", "Message-ID", "To", "MIME-Version"].iter().any(|name| headers.has(name)) {
        return None;
    }
    if automated::has_null_return_path(headers) {
        return Some(Party { address: "mailer-daemon".to_owned(), name: String::new() });
    }
    let path = headers.raw("Return-Path").next()?;
    let address = clean_line(&String::from_utf8_lossy(path)).trim_matches(['<', '>']).trim().to_owned();
    (address.contains('@') && !address.contains(char::is_whitespace)).then(|| Party { address, name: String::new() })
}

fn subject(headers: &Headers<'_>) -> String {
    headers.text("Subject").map(|subject| clean_line(&subject)).unwrap_or_default()
}

fn same_address(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Leaves the first of each address.
fn distinct(parties: &mut Vec<Party>) {
    let mut seen = std::collections::HashSet::new();
    parties.retain(|party| seen.insert(party.address.to_lowercase()));
}

/// `References`, then `In-Reply-To`: each once, oldest first, bounded.
fn references(headers: &Headers<'_>, own_id: &str) -> Vec<String> {
    let mut seen = std::collections::HashSet::from([own_id.to_owned()]);
    let mut ids = headers.ids("References");
    ids.extend(headers.ids("In-Reply-To"));
    ids.retain(|id| seen.insert(id.clone()));
    if ids.len() > 1 + LAST_REFERENCES {
        ids.drain(1..ids.len() - LAST_REFERENCES);
    }
    ids
}

/// What is the same when the same message is delivered twice: on its way only headers are added, white space in
/// headers is refolded, and line ends change.
fn digest(headers: &Headers<'_>, body: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for name in ["Message-ID", "From", "Date", "Subject"] {
        let value = headers.raw(name).next().unwrap_or_default();
        let words: Vec<&[u8]> =
            value.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty()).collect();
        let value = words.join(&b' ');
        hasher.update(&(value.len() as u64).to_be_bytes());
        hasher.update(&value);
    }
    for line in body.trim_ascii_end().split(|&byte| byte == b'\n') {
        hasher.update(line.strip_suffix(b"\r").unwrap_or(line));
        hasher.update(b"\n");
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    digest
}

/// The text without quotes and signature.
fn new_text(text: &str) -> String {
    let blocks = fold(text);
    let lines = blocks.iter().filter(|block| block.kind == BlockKind::Text).flat_map(|block| &block.lines);
    lines.map(String::as_str).collect::<Vec<_>>().join("\n")
}

/// The first words of what is new, on one line; of the whole text when nothing is new.
fn preview(new: &str, text: &str) -> String {
    let words = |text: &str| {
        let mut line = String::new();
        for word in text.split_whitespace() {
            if line.len() > MAX_PREVIEW * 8 {
                break;
            }
            line.push_str(word);
            line.push(' ');
        }
        clean_line(&line)
    };
    let line = match words(new) {
        line if line.is_empty() => words(text),
        line => line,
    };
    match line.char_indices().nth(MAX_PREVIEW) {
        // Cleaned again: the cut may have left half a picture behind.
        Some(_) => {
            let kept: String = line.chars().take(MAX_PREVIEW - 1).collect();
            clean_line(&format!("{}…", kept.trim_end()))
        }
        None => line,
    }
}

/// Something to recognise an unreadable original by.
fn hint_of(raw: &[u8]) -> String {
    let head = &raw[..raw.len().min(64_000)];
    let subject = subject_of(head);
    if !subject.is_empty() {
        return subject;
    }
    let text = String::from_utf8_lossy(&head[..head.len().min(2_000)]);
    let line = text.lines().map(clean_line).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().take(MAX_PREVIEW).collect()
}

#[cfg(test)]
mod tests;
