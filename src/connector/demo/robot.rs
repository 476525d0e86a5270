//! What robots send: newsletters, out-of-office answers, a bounce, and something nobody can read.

use super::chance::{chance, number};
use super::letter;
use super::settings::Role;
use super::speech::Speech;
use super::writer::{Scene, Written};
use crate::model::Timestamp;

/// A newsletter nobody asked for.
pub(super) fn newsletter(seed: u64, which: u32, at: i64, speeches: &[Speech]) -> Vec<u8> {
    let mut chance = chance(seed, &[b"newsletter", &which.to_le_bytes()]);
    let lists: Vec<&[String; 3]> = speeches.iter().flat_map(|speech| &speech.newsletter).collect();
    let Some([sender, subject, text]) = lists.get(chance.usize(..lists.len().max(1))) else { return Vec::new() };
    let local: String = sender.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let local = if local.is_empty() { "news".to_owned() } else { local };
    letter::original(&Written {
        id: format!("{:016x}@{local}.example", number(seed, &[b"newsletter id", &which.to_le_bytes()])),
        customer: true,
        from: (sender.clone(), format!("news@{local}.example")),
        to: (String::new(), Role::Mail.address().to_owned()),
        at,
        subject: subject.replace("<n>", &(which + 12).to_string()),
        text: text.clone(),
        headers: format!(
            "List-Id: <news.{local}.example>\r\nList-Unsubscribe: <https://{local}.example/leave>\r\nPrecedence: bulk\r\n"
        ),
        ..Written::default()
    })
}

/// The customer is not there: a robot answers our turn `turn`.
pub(super) fn away(scene: &Scene<'_>, turn: u32, at: i64) -> Vec<u8> {
    let mut chance = chance(scene.seed, &[b"away", &scene.conversation.number.to_le_bytes()]);
    let Some([subject, text]) = scene.speech.away.get(chance.usize(..scene.speech.away.len().max(1))) else {
        return Vec::new();
    };
    let mut written = scene.message(true, turn + 1, "", at, None);
    written.id = scene.id_of("away", true);
    written.subject = scene.sentence(subject, "away subject");
    written.text = scene.sentence(text, "away");
    written.headers = "Auto-Submitted: auto-replied\r\nPrecedence: bulk\r\n".to_owned();
    letter::original(&written)
}

/// Our turn `turn` came back (RFC 3464).
pub(super) fn bounce(scene: &Scene<'_>, turn: u32, at: i64) -> Vec<u8> {
    let (_, address) = scene.customer();
    let ours = scene.id(turn);
    let date = Timestamp(at).to_jiff().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let domain = address.split('@').nth(1).unwrap_or("post.example");
    let lines = [
        "Return-Path: <>".to_owned(),
        format!("Message-ID: <{}>", scene.id_of("bounce", true)),
        format!("Date: {date}"),
        format!("From: Mail Delivery System <mailer-daemon@{domain}>"),
        format!("To: {}", Role::Mail.address()),
        "Subject: Undelivered Mail Returned to Sender".to_owned(),
        "Auto-Submitted: auto-replied".to_owned(),
        "MIME-Version: 1.0".to_owned(),
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"=_report\"".to_owned(),
        String::new(),
        "--=_report".to_owned(),
        "Content-Type: text/plain; charset=utf-8".to_owned(),
        String::new(),
        "This is the mail system. Your message could not be delivered.".to_owned(),
        format!("<{address}>: 552 5.2.2 The mailbox is full"),
        "--=_report".to_owned(),
        "Content-Type: message/delivery-status".to_owned(),
        String::new(),
        format!("Reporting-MTA: dns; mx.{domain}"),
        String::new(),
        format!("Final-Recipient: rfc822; {address}"),
        "Action: failed".to_owned(),
        "Status: 5.2.2".to_owned(),
        "Diagnostic-Code: smtp; 552 5.2.2 The mailbox is full".to_owned(),
        "--=_report".to_owned(),
        "Content-Type: text/rfc822-headers".to_owned(),
        String::new(),
        format!("Message-ID: <{ours}>"),
        format!("From: {}", Role::Mail.address()),
        format!("To: {address}"),
        String::new(),
        "--=_report--".to_owned(),
        String::new(),
    ];
    lines.join("\r\n").into_bytes()
}

/// A post that was cut on its way.
pub(super) fn broken() -> Vec<u8> {
    br#"{"id":"5d20c1.0@chat.example","from":{"address":"lena.k@chat.example","name":"Lena K"},"to":[{"addr"#.to_vec()
}
