//! A chat line or public comment: the little JSON object its place would send, and how it is understood.

use super::settings::Role;
use super::writer::Written;
use crate::connector::{Incoming, Item, Unreadable};
use crate::identity::normalise_address;
use crate::model::{Direction, Link, LinkKind, Outgoing, Party, Timestamp, Trust, Way, clean_block, clean_line};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest original understood, in bytes.
const MAX_BYTES: usize = 256 * 1024;
/// Most ids a post may answer.
const MAX_REFERENCES: usize = 40;
const MAX_PREVIEW: usize = 200;
const MAX_CONFIRMED: usize = 5;

/// Somebody on a post.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Author {
    pub address: String,
    pub name: String,
}

/// The JSON object.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Post {
    pub id: String,
    pub from: Author,
    pub to: Vec<Author>,
    /// RFC 3339.
    pub sent: String,
    /// The post that is commented on; empty in a chat.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub on: String,
    /// What it answers, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    pub text: String,
    /// Only those who are named can read it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// The language the author has set, ISO 639-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Mail addresses of the author that this place has confirmed by a mail with a code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confirmed: Vec<String>,
}

impl Post {
    /// The bytes of it.
    pub fn bytes(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| format!("it cannot be written as JSON: {error}"))
    }
}

/// The fact of a comment that its answers need: what it stands under.
const UNDER: &str = "on";

/// What an answer of ours stands under.
pub(super) fn under(outgoing: &Outgoing) -> String {
    outgoing.context.get(UNDER).cloned().unwrap_or_default()
}

/// The original of a written message.
pub(super) fn original(written: &Written) -> Vec<u8> {
    let author = |(name, address): &(String, String)| Author { address: address.clone(), name: name.clone() };
    let post = Post {
        id: written.id.clone(),
        from: author(&written.from),
        to: vec![author(&written.to)],
        sent: Timestamp(written.at).to_string(),
        on: written.subject.clone(),
        answers: written.references.clone(),
        text: written.text.clone(),
        private: written.private,
        language: (!written.language.is_empty()).then(|| written.language.clone()),
        confirmed: written.confirmed.clone(),
    };
    // Strings alone: JSON can write them all.
    post.bytes().unwrap_or_default()
}

/// Understands one original. What cannot be understood comes back whole.
pub(super) fn understand(raw: Vec<u8>, role: Role, folder: &str, received: Timestamp) -> Item {
    match read(&raw, role, folder, received) {
        Ok(mut incoming) => {
            incoming.raw = raw;
            Item::Message(Box::new(incoming))
        }
        Err(reason) => {
            let start = String::from_utf8_lossy(&raw[..raw.len().min(600)]);
            let hint: String = clean_line(&start).chars().take(MAX_PREVIEW).collect();
            Item::Unreadable(Unreadable { reason, folder: folder.to_owned(), received, hint, partial: false, raw })
        }
    }
}

fn read(raw: &[u8], role: Role, folder: &str, received: Timestamp) -> Result<Incoming, String> {
    if raw.len() > MAX_BYTES {
        return Err(format!("it has {} kB; at most {} kB are read", raw.len() / 1024, MAX_BYTES / 1024));
    }
    let post: Post = serde_json::from_slice(raw).map_err(|error| format!("it is no whole post: {error}"))?;
    let from = party(post.from);
    if post.id.trim().is_empty() || from.address.is_empty() {
        return Err("it has no id or no author".to_owned());
    }
    let text = clean_block(&post.text);
    let mut hasher = blake3::Hasher::new();
    for part in [&post.id, &from.address, &post.text] {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    let mut digest = [0; 16];
    digest.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    let own = from.address.eq_ignore_ascii_case(role.address());
    let public = role == Role::Comments && !post.private;
    let on = clean_line(&post.on);
    let context = if on.is_empty() { BTreeMap::new() } else { BTreeMap::from([(UNDER.to_owned(), on.clone())]) };
    let number = post.id.split('.').next().unwrap_or_default();
    let plain = !number.is_empty() && number.bytes().all(|letter| letter.is_ascii_alphanumeric());
    let url = (public && plain).then(|| format!("https://plaza.example/c/{number}"));
    let words = clean_line(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    Ok(Incoming {
        remote_id: clean_line(&post.id),
        digest,
        direction: if own { Direction::Outbound } else { Direction::Inbound },
        from,
        to: post.to.into_iter().take(20).map(party).collect(),
        cc: Vec::new(),
        reply_to: None,
        at: post.sent.parse::<jiff::Timestamp>().ok().map(Timestamp::from),
        received,
        subject: on,
        references: post.answers.iter().take(MAX_REFERENCES).map(|id| clean_line(id)).collect(),
        preview: clean_line(&words.chars().take(MAX_PREVIEW).collect::<String>()),
        text,
        attachments: Vec::new(),
        automated: None,
        bounce: None,
        folder: folder.to_owned(),
        language: post.language.filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase())),
        handle: None,
        conversation: None,
        way: if public { Way::Public } else { Way::Direct },
        context,
        url,
        trust: Trust::Verified,
        links: post
            .confirmed
            .iter()
            .take(MAX_CONFIRMED)
            .map(|address| Link { kind: LinkKind::Email, value: normalise_address(&clean_line(address)), proven: true })
            .collect(),
        raw: Vec::new(),
    })
}

fn party(author: Author) -> Party {
    Party { address: clean_line(&author.address).to_lowercase(), name: clean_line(&author.name) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_hostile_or_broken_stays_harmless() {
        let hostile = br#"{"id":"1","from":{"address":"A@b.example","name":"x\u001b[2J"},"to":[],"sent":"?",
            "text":"a\u202eb\u0007","language":"<<"}"#;
        let Item::Message(incoming) = understand(hostile.to_vec(), Role::Chat, "chat", Timestamp(5)) else {
            panic!("not understood")
        };
        assert!(!incoming.from.name.contains('\u{1b}') && !incoming.text.contains(['\u{202e}', '\u{7}']));
        assert_eq!((incoming.at, incoming.language.clone(), incoming.raw.as_slice()), (None, None, &hostile[..]));
        for broken in
            [&b""[..], b"{", b"[]", br#"{"id":"","from":{"address":"","name":""},"to":[],"sent":"","text":""}"#]
        {
            assert!(matches!(understand(broken.to_vec(), Role::Chat, "", Timestamp(5)), Item::Unreadable(_)));
        }
        let large = understand(vec![b' '; MAX_BYTES + 1], Role::Chat, "", Timestamp(5));
        assert!(matches!(large, Item::Unreadable(dead) if dead.reason.contains("256 kB")));
    }
}
