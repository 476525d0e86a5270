//! Clues: what an identity has that another may have too. The store keeps one row a clue, so that those who share one are
//! found without looking at anybody else.

use super::{local_part, normalise_address};
use crate::model::{Basis, Identity, Link, LinkKind, Trust};

/// The kind of a clue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClueKind {
    /// A key of a person: an address, a number, a page.
    Link(LinkKind),
    /// A display name.
    Name,
    /// What others call them, or what stands before the `@` of their address.
    Handle,
}

impl ClueKind {
    /// Its number in the store.
    pub fn number(self) -> u8 {
        match self {
            ClueKind::Link(kind) => kind as u8,
            ClueKind::Name => 32,
            ClueKind::Handle => 33,
        }
    }
}

/// How somebody has a clue. Sorted: the strongest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkClues {
    /// They named it in a message.
    Mentioned,
    /// It follows from their name.
    Derived,
    /// Their profile says so.
    Claimed,
    /// The channel vouches for it.
    Proven,
}

impl LinkClues {
    /// Its number in the store.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The one with this number.
    pub fn from_number(number: u8) -> LinkClues {
        match number {
            0 => LinkClues::Mentioned,
            1 => LinkClues::Derived,
            3 => LinkClues::Proven,
            _ => LinkClues::Claimed,
        }
    }
}

/// One clue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clue {
    /// Of which kind.
    pub kind: ClueKind,
    /// In its normal form.
    pub value: String,
    /// How they have it.
    pub how: LinkClues,
}

/// Letters a name or a handle must have to say anything.
const LEAST: usize = 5;
/// Text that is looked through for what it mentions, in bytes.
const LOOKED_AT: usize = 16 * 1024;
/// Mentions taken from one message.
const MENTIONS: usize = 8;
/// Local parts that many have.
const COMMON: &[&str] = &[
    "admin",
    "billing",
    "contact",
    "hello",
    "info",
    "kontakt",
    "mail",
    "office",
    "orders",
    "post",
    "sales",
    "service",
    "shop",
    "support",
    "team",
    "webmaster",
];

/// A telephone number in E.164, when this is one: `+` and 8 to 15 digits, with what people put between them.
pub fn phone(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix('+')?;
    let plain = digits.chars().all(|c| c.is_ascii_digit() || " -./()".contains(c));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    (plain && (8..=15).contains(&digits.len()) && !digits.starts_with('0')).then(|| format!("+{digits}"))
}

/// The key that an address is by itself: the mail address, or the number on channels that go by numbers. Mail proves it
/// only when our own server vouches for the sender; a number is the network's word.
pub fn own_link(channel: &str, address: &str, trust: &Trust) -> Option<Link> {
    match channel {
        "email" => {
            let value = normalise_address(address);
            value.contains('@').then(|| Link { kind: LinkKind::Email, value, proven: *trust == Trust::Verified })
        }
        "sms" | "whatsapp" | "phone" | "call" | "signal" => {
            let bare = address.trim().trim_start_matches("whatsapp:");
            // WhatsApp writes its numbers without the plus.
            let value = phone(bare).or_else(|| phone(&format!("+{bare}")))?;
            Some(Link { kind: LinkKind::Phone, value, proven: true })
        }
        _ => None,
    }
}

/// All clues of an identity. A suspect has none: what a forger writes proves nothing and suggests nothing.
pub fn clues(identity: &Identity) -> Vec<Clue> {
    if identity.is_suspect() {
        return Vec::new();
    }
    let mut found: Vec<Clue> = Vec::new();
    let mut own = own_link(&identity.channel, &identity.address, &identity.trust);
    if let Some(own) = own.as_mut().filter(|own| own.kind == LinkKind::Phone) {
        // The network vouches for a number that reached us. One from a file, or that an agent noted, is their word.
        own.proven &= !matches!(identity.basis, Basis::Import | Basis::Agent);
    }
    for link in own.into_iter().chain(identity.links.iter().cloned()) {
        let how = if link.proven { LinkClues::Proven } else { LinkClues::Claimed };
        found.push(Clue { kind: ClueKind::Link(link.kind), value: link.value, how });
    }
    let mut handles = Vec::new();
    if let Some(handle) = &identity.handle {
        let bare = handle.trim_start_matches('@');
        handles.push((bare.split(['@', '/']).next().unwrap_or_default().to_owned(), LinkClues::Claimed));
    }
    if identity.address.contains('@') {
        handles.push((local_part(&identity.address), LinkClues::Claimed));
    }
    if let Some(name) = name_key(&identity.name) {
        let joined: String = identity.name.chars().filter(|c| c.is_alphanumeric()).collect();
        handles.push((joined, LinkClues::Derived));
        found.push(Clue { kind: ClueKind::Name, value: name, how: LinkClues::Claimed });
    }
    for (handle, how) in handles {
        let value: String = handle.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        let says = value.chars().count() >= LEAST && value.chars().any(char::is_alphabetic);
        if says && !COMMON.contains(&value.as_str()) {
            found.push(Clue { kind: ClueKind::Handle, value, how });
        }
    }
    found.sort_by(|one, other| (one.kind, &one.value, other.how).cmp(&(other.kind, &other.value, one.how)));
    found.dedup_by(|later, first| (later.kind, &later.value) == (first.kind, &first.value));
    found
}

/// A display name in a form in which two spellings meet: words in lower case, sorted. `None` for what many are called: a
/// single word, or too few letters.
fn name_key(name: &str) -> Option<String> {
    if name.contains('@') {
        return None;
    }
    let lower = name.to_lowercase();
    let mut words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty()).collect();
    let letters: usize = words.iter().map(|word| word.chars().count()).sum();
    let whole = words.iter().any(|word| word.chars().any(|c| c > '\u{2e80}'));
    if (whole && letters < 3) || (!whole && (words.len() < 2 || letters < LEAST + 1)) {
        return None;
    }
    words.sort_unstable();
    Some(words.join(" "))
}

/// The addresses, numbers and pages that a message names in its own words, quotes left out. `own` are our addresses.
pub fn mentioned(text: &str, own: &[String]) -> Vec<Clue> {
    let mut found: Vec<Clue> = Vec::new();
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    if !text.contains(['@', '+']) && !text.contains("://") {
        return found;
    }
    for line in text.lines().filter(|line| !line.trim_start().starts_with('>')) {
        for word in line.split(|c: char| c.is_whitespace() || "<>()[]\"',;".contains(c)) {
            let word = word.trim_end_matches(['.', ':', '!', '?']).trim_start_matches("mailto:");
            let link = if let Some(page) = word.strip_prefix("https://").or_else(|| word.strip_prefix("http://")) {
                profile(page).map(|value| (LinkKind::Profile, value))
            } else if is_mail(word) {
                Some((LinkKind::Email, normalise_address(word))).filter(|(_, value)| !own.contains(value))
            } else {
                None
            };
            found.extend(link.map(|(kind, value)| Clue {
                kind: ClueKind::Link(kind),
                value,
                how: LinkClues::Mentioned,
            }));
        }
        if let Some(at) = line.find('+') {
            let number: String = line[at..]
                .char_indices()
                .take_while(|(at, c)| *at == 0 || c.is_ascii_digit() || " -./()".contains(*c))
                .map(|(_, c)| c)
                .collect();
            if let Some(value) = phone(number.trim_end_matches(|c: char| !c.is_ascii_digit())) {
                found.push(Clue { kind: ClueKind::Link(LinkKind::Phone), value, how: LinkClues::Mentioned });
            }
        }
        if found.len() >= MENTIONS {
            break;
        }
    }
    found.sort();
    found.dedup();
    found.truncate(MENTIONS);
    found
}

fn is_mail(word: &str) -> bool {
    let plain = word.len() <= 254 && word.chars().all(|c| c.is_alphanumeric() || "@.-_+".contains(c));
    plain
        && word.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.contains('@') && !domain.starts_with('.')
        })
}

/// A page of a person, without scheme and `www.`: one or two words after the host. A shop's long links are none.
fn profile(page: &str) -> Option<String> {
    let page = page.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let page = page.trim_start_matches("www.");
    let (host, path) = page.split_once('/')?;
    let plain = page.len() <= 200 && host.contains('.') && path.split('/').count() <= 2 && !path.contains('.');
    (plain && !path.is_empty()).then(|| page.to_lowercase())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn numbers_meet_across_channels_and_mail_proves_only_when_vouched_for() {
        let sms = own_link("sms", "+49 151 1234-5678", &Trust::Verified).unwrap();
        assert_eq!(sms.value, "+4915112345678");
        assert_eq!(own_link("whatsapp", "4915112345678", &Trust::Verified).unwrap(), sms);
        assert!(sms.proven);
        assert!(own_link("email", "Ana@Example.com", &Trust::Verified).unwrap().proven);
        assert!(!own_link("email", "ana@example.com", &Trust::Unverified).unwrap().proven);
        assert_eq!(own_link("telegram", "4711", &Trust::Verified), None);
        assert_eq!(phone("+1 555"), None);
        assert_eq!(phone("4915112345678"), None);
    }

    #[test]
    fn names_that_say_something_meet_in_any_order() {
        assert_eq!(name_key("Ana Silva"), name_key("Silva, Ana"));
        assert_eq!(name_key("Ana"), None, "many are called so");
        assert_eq!(name_key("王小明"), Some("王小明".to_owned()));
        assert_eq!(name_key("ana@example.com"), None);
    }

    #[test]
    fn a_message_mentions_addresses_numbers_and_pages_of_people() {
        let own = ["support@shop.example".to_owned()];
        let text = "I wrote from ana.s@work.example too (support@shop.example did not answer).\n\
                    Call +49 151 1234 5678, or look at https://www.github.com/Ana/.\n\
                    > old@quote.example\nhttps://shop.example/a/b/c/order.html";
        let found = mentioned(text, &own);
        let values: Vec<&str> = found.iter().map(|clue| clue.value.as_str()).collect();
        assert_eq!(values, ["ana.s@work.example", "+4915112345678", "github.com/ana"]);
        assert!(mentioned("Hello", &own).is_empty());
    }
}
