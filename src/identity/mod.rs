//! Who is who, pure: addresses in their normal form, robots told from people, names chosen.

mod clue;
mod combine;
mod suggest;

pub use clue::{Clue, ClueKind, LinkClues, clues, mentioned, own_link};
pub use combine::{combine, settle};
pub use suggest::{Hit, together, weigh};

use crate::model::IdentityId;

/// The normal form of an address: what two spellings of the same place have in common. For mail: trimmed, lower case,
/// without a closing dot. The part before a `+` is kept: that somebody shares a mailbox is not ours to guess.
pub fn normalise_address(address: &str) -> String {
    address.trim().trim_matches(['<', '>']).trim_end_matches('.').to_lowercase()
}

/// The normal form of an address on a channel. Where addresses are names that people type (mail, XMPP) case does not
/// count; everywhere else the platform's own id is taken as it is (`openid`s differ by case alone).
pub fn normalise(channel: &str, address: &str) -> String {
    match channel {
        "email" | "xmpp" => normalise_address(address),
        _ => address.trim().to_owned(),
    }
}

/// The identity of an address on a channel. The address need not be normalised.
pub fn identity_id(channel: &str, address: &str) -> IdentityId {
    IdentityId::of(&[channel.as_bytes(), normalise(channel, address).as_bytes()])
}

/// The identity under which mail is kept that says it is from this address and, says our own server, is not.
pub fn suspect_id(channel: &str, address: &str) -> IdentityId {
    IdentityId::of(&[channel.as_bytes(), normalise(channel, address).as_bytes(), b"suspect"])
}

/// True for addresses nobody reads: they never become customers. Only names that say so themselves, since a customer
/// taken for a robot would be lost from the inbox.
pub fn is_robot(channel: &str, address: &str) -> bool {
    if channel != "email" {
        return false;
    }
    let local = local_part(address);
    ROBOTS.iter().any(|robot| local.starts_with(robot) || local.ends_with(robot)) || SYSTEM.contains(&local.as_str())
}

/// True for the address of a mail system itself: where reports on deliveries come from.
pub fn is_mail_system(address: &str) -> bool {
    SYSTEM.contains(&local_part(address).as_str())
}

/// Local parts that only robots use, without what [`local_part`] removes.
const ROBOTS: &[&str] = &["noreply", "donotreply", "dontreply", "nepasrepondre", "noresponder", "nichtantworten"];
/// Local parts that mail systems use for reports.
const SYSTEM: &[&str] = &["mailerdaemon", "postmaster", "bounce", "bounces"];

/// The part of an address before the `@` without `-`, `_`, `.`, in lower case, and without what follows a `+` or `=`.
pub fn local_part(address: &str) -> String {
    let address = normalise_address(address);
    let local = address.rsplit_once('@').map_or(address.as_str(), |(local, _)| local);
    local.split(['+', '=']).next().unwrap_or_default().chars().filter(|c| !matches!(c, '-' | '_' | '.')).collect()
}

/// True when `address` can be written to: for mail one `@` and something on both sides; nothing a header or a terminal
/// would take for something else.
pub fn is_deliverable(channel: &str, address: &str) -> bool {
    if channel != "email" {
        return !address.is_empty() && address.len() <= 512 && !address.chars().any(char::is_control);
    }
    let plain = !address.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>' | ',' | ';'));
    let parts = address.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    plain && parts && address.len() <= 320
}

/// The better of two names for a customer at `address`: a name that says more than the address does wins; the one we
/// have stays otherwise, so that a stranger's spelling does not rename a customer.
pub fn better_name<'a>(present: &'a str, incoming: &'a str, address: &str) -> &'a str {
    let says_nothing = |name: &str| {
        let name = name.trim().trim_matches(['"', '\'']);
        name.is_empty() || name.eq_ignore_ascii_case(address)
    };
    if says_nothing(present) && !says_nothing(incoming) && !incoming.contains('@') { incoming } else { present }
}

/// A subject without the marks of answers and forwards, in lower case and with single spaces: what mails of one
/// conversation share when nothing better ties them. Empty when nothing is left.
pub fn normalise_subject(subject: &str) -> String {
    let mut rest = strip_reply_marks(subject).to_lowercase();
    if rest.contains(char::is_whitespace) {
        rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    rest
}

/// A subject without leading `Re:`, `AW:`, `Fwd:`, `回复：` and their like.
pub fn strip_reply_marks(subject: &str) -> &str {
    const MARKS: &[&str] = &[
        "re", "aw", "wg", "fw", "fwd", "sv", "vs", "antw", "rv", "res", "enc", "tr", "ref", "odp", "回复", "答复",
        "回覆", "转发", "轉寄", "返信", "転送",
    ];
    let mut rest = subject.trim();
    // Bounded: a subject has at most 1,000 characters and each turn takes at least three.
    while let Some((mark, after)) = rest.split_once([':', '：']) {
        let word = mark.trim().to_lowercase();
        // `Re[2]:` and `Re(2):` count as `Re:`.
        let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || "[]()".contains(c));
        if !MARKS.contains(&word) {
            break;
        }
        rest = after.trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_are_one_identity() {
        assert_eq!(identity_id("email", " Ana@Example.COM. "), identity_id("email", "ana@example.com"));
        assert_ne!(identity_id("email", "ana+shop@example.com"), identity_id("email", "ana@example.com"));
        assert_ne!(identity_id("email", "ana@example.com"), identity_id("matrix", "ana@example.com"));
        assert_ne!(identity_id("wechat", "oAbC"), identity_id("wechat", "oabc"), "openids differ by case alone");
    }

    #[test]
    fn robots_say_so_and_people_are_left_alone() {
        for robot in [
            "no-reply@a.b",
            "NoReply@a.b",
            "do_not_reply@a.b",
            "MAILER-DAEMON@a.b",
            "bounces+12@a.b",
            "orders-noreply@a.b",
        ] {
            assert!(is_robot("email", robot), "{robot}");
        }
        for person in ["ana@a.b", "nora.reply@a.b", "info@a.b", "bouncer.joe@a.b", "sales@a.b", "norma@a.b"] {
            assert!(!is_robot("email", person), "{person}");
        }
    }

    #[test]
    fn reply_marks_fall_away_in_many_languages() {
        for subject in ["Re: Order", "RE: re: order", "AW: WG: Order", "回复：Order", "Re[2]: Order", "  Fwd: Order  "]
        {
            assert_eq!(normalise_subject(subject), "order", "{subject}");
        }
        assert_eq!(strip_reply_marks("Note: Re: Order"), "Note: Re: Order");
    }

    #[test]
    fn a_name_does_not_change_with_a_strangers_spelling() {
        assert_eq!(better_name("ana@a.b", "Ana Silva", "ana@a.b"), "Ana Silva");
        assert_eq!(better_name("Ana Silva", "PayPal", "ana@a.b"), "Ana Silva");
        assert_eq!(better_name("ana@a.b", "ceo@bank.example", "ana@a.b"), "ana@a.b");
    }
}
