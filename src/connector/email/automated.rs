//! Is it a robot? RFC 3834 and what robots do instead.
//!
//! A robot's mail is filed apart and opens no case, so a customer taken for a robot would wait for ever: one weak sign
//! (a header that Exchange puts on ordinary mail, a subject) never decides alone.

use super::headers::Headers;
use crate::identity::{is_mail_system, is_robot, local_part, normalise_address};
use crate::model::{Automated, Party};

/// The marks of an automatic message that is no bounce. `report` is true for `multipart/report` (RFC 6522): receipts,
/// feedback, news of a delivery.
///
/// A list that is one of our own addresses (`own`, normalised) is no list: a support address that is a group marks all
/// that customers write to it.
pub(super) fn classify(
    headers: &Headers<'_>,
    from: &Party,
    subject: &str,
    report: bool,
    own: &[String],
) -> Option<Automated> {
    let value = |name: &str| headers.text(name).map(|text| text.trim().to_ascii_lowercase());
    let local = local_part(&from.address);
    let system = is_mail_system(&from.address);
    let null_path = has_null_return_path(headers);
    if report {
        return Some(Automated::Generated);
    }
    if (system && null_path && local != "postmaster") || local == "mailerdaemon" {
        return Some(Automated::Bounce);
    }

    let away = is_away_subject(subject);
    let precedence = value("Precedence").unwrap_or_default();
    let auto_reply =
        ["X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From"].iter().any(|n| headers.has(n))
            || precedence == "auto_reply";
    let submitted = value("Auto-Submitted").unwrap_or_default();
    let submitted = submitted.split([';', '(', ' ']).next().unwrap_or_default().trim();
    if submitted == "auto-replied" || auto_reply {
        return Some(Automated::OutOfOffice);
    }
    if !submitted.is_empty() && submitted != "no" {
        return Some(if away { Automated::OutOfOffice } else { Automated::Generated });
    }
    // Exchange marks its out-of-office answers only so; by itself the header stands on ordinary mail too.
    let suppress = headers.has("X-Auto-Response-Suppress");
    if away && (suppress || null_path) {
        return Some(Automated::OutOfOffice);
    }
    let list =
        ["List-Id", "List-Post", "List-Unsubscribe"].iter().any(|name| headers.has(name)) || precedence == "list";
    if list && is_our_list(headers, own) {
        return None;
    }
    if list {
        return Some(Automated::List);
    }
    if matches!(precedence.as_str(), "bulk" | "junk") {
        return Some(Automated::Bulk);
    }
    if is_robot("email", &from.address) {
        return Some(Automated::Robot);
    }
    null_path.then_some(Automated::Generated)
}

/// `List-Post` (RFC 2369) or `List-Id` (RFC 2919) names one of our own addresses.
fn is_our_list(headers: &Headers<'_>, own: &[String]) -> bool {
    let post = headers.text("List-Post").unwrap_or_default().to_lowercase();
    let post = post.split_once("mailto:").map(|(_, rest)| rest.split(['>', '?', ',', ' ']).next().unwrap_or_default());
    let id = headers.text("List-Id").unwrap_or_default().to_lowercase();
    let id = id.rsplit_once('<').map_or(id.as_str(), |(_, rest)| rest).trim_end().trim_end_matches('>').to_owned();
    own.iter().any(|address| {
        post.is_some_and(|post| normalise_address(post) == *address) || address.replacen('@', ".", 1) == id
    })
}

/// `Return-Path: <>`, the sign of a message that wants no answer.
pub(super) fn has_null_return_path(headers: &Headers<'_>) -> bool {
    headers.raw("Return-Path").next().is_some_and(|raw| raw.trim_ascii() == b"<>")
}

fn is_away_subject(subject: &str) -> bool {
    let subject = subject.to_lowercase();
    [
        "out of office",
        "out of the office",
        "automatic reply",
        "auto-reply",
        "autoreply",
        "auto reply",
        "vacation",
        "abwesenheit",
        "automatische antwort",
        "réponse automatique",
        "absence du bureau",
        "respuesta automática",
        "fuera de la oficina",
        "risposta automatica",
        "resposta automática",
        "自动回复",
        "自動回覆",
        "自動返信",
        "不在",
    ]
    .iter()
    .any(|sign| subject.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(headers: &str, from: &str, subject: &str) -> Option<Automated> {
        let party = Party { address: from.to_owned(), name: String::new() };
        classify(
            &Headers::parse(format!("{headers}\r\nSubject: x\r\n\r\n").as_bytes()),
            &party,
            subject,
            false,
            &["support@shop.example".to_owned()],
        )
    }

    #[test]
    fn robots_are_known_by_what_they_say() {
        for (headers, from, subject, expected) in [
            ("Auto-Submitted: auto-generated", "shop@a.example", "", Automated::Generated),
            ("Auto-Submitted: auto-notified; owner-email=\"a@b\"", "shop@a.example", "", Automated::Generated),
            ("Auto-Submitted: Auto-Replied (vacation)", "ana@a.example", "", Automated::OutOfOffice),
            ("X-Autoreply: yes", "ana@a.example", "", Automated::OutOfOffice),
            ("Precedence: auto_reply", "ana@a.example", "", Automated::OutOfOffice),
            ("X-Auto-Response-Suppress: All", "ana@a.example", "Automatic reply: order", Automated::OutOfOffice),
            ("Return-Path: <>", "ana@a.example", "Abwesenheitsnotiz", Automated::OutOfOffice),
            ("List-Id: Talk <talk.a.example>", "ana@a.example", "", Automated::List),
            ("List-Unsubscribe: <mailto:u@a.example>", "news@a.example", "", Automated::List),
            ("Precedence: list", "ana@a.example", "", Automated::List),
            ("Precedence: Bulk", "ana@a.example", "", Automated::Bulk),
            ("Precedence: junk", "ana@a.example", "", Automated::Bulk),
            ("Return-Path: <>", "ana@a.example", "", Automated::Generated),
            ("Return-Path: <>", "MAILER-DAEMON@a.example", "", Automated::Bounce),
            ("To: x@y", "MAILER-DAEMON", "", Automated::Bounce),
            ("To: x@y", "no-reply@a.example", "", Automated::Robot),
            ("To: x@y", "No.Reply+77@a.example", "", Automated::Robot),
            ("To: x@y", "noreply-orders@a.example", "", Automated::Robot),
            ("To: x@y", "shop-donotreply@a.example", "", Automated::Robot),
            ("To: x@y", "do_not_reply@a.example", "", Automated::Robot),
            ("To: x@y", "postmaster@a.example", "", Automated::Robot),
            ("To: x@y", "bounces+7-ana=b.example@a.example", "", Automated::Robot),
        ] {
            assert_eq!(judge(headers, from, subject), Some(expected), "{headers} {from} {subject}");
        }
    }

    #[test]
    fn people_are_not_robots_for_one_weak_sign() {
        for (headers, from, subject) in [
            ("Auto-Submitted: no", "ana@a.example", ""),
            ("X-Auto-Response-Suppress: DR, OOF, AutoReply", "ana@a.example", "Order 7"),
            ("To: x@y", "ana@a.example", "Re: Out of office"),
            ("Precedence: first-class", "ana@a.example", ""),
            ("Return-Path: <ana@a.example>", "ana@a.example", ""),
            ("To: x@y", "norbert.reply@a.example", ""),
            ("To: x@y", "notifications@a.example", ""),
            ("To: x@y", "bouncer@a.example", ""),
        ] {
            assert_eq!(judge(headers, from, subject), None, "{headers} {from} {subject}");
        }
    }
}
