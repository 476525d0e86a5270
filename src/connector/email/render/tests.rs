#![allow(clippy::unwrap_used)]

use super::render;
use crate::connector::email::parse::{attachment, understand};
use crate::connector::{ConnectorError, Incoming, Item};
use crate::model::{Direction, OutboxState, Outgoing, OutgoingAttachment, Party, Timestamp, clean_line};
use proptest::prelude::*;

fn party(address: &str, name: &str) -> Party {
    Party { address: address.to_owned(), name: name.to_owned() }
}

fn outgoing() -> Outgoing {
    Outgoing {
        id: Default::default(),
        account: "support".to_owned(),
        message: Default::default(),
        customer: Default::default(),
        thread: Default::default(),
        state: OutboxState::Queued,
        due: Timestamp(0),
        attempts: 0,
        reason: String::new(),
        remote_id: "sb.1@shop.example".to_owned(),
        from: party("support@shop.example", "Shop"),
        to: vec![party("ana@example.com", "Ana")],
        cc: Vec::new(),
        subject: "Re: order".to_owned(),
        text: "Hello Ana,\nit is on its way.\n".to_owned(),
        in_reply_to: Some("q1@example.com".to_owned()),
        references: vec!["q0@example.com".to_owned(), "q1@example.com".to_owned()],
        attachments: Vec::new(),
        date: Timestamp(1_700_000_000_000),
        agent: "lin".to_owned(),
        sent: None,
        to_file: false,
        changed: Timestamp(0),
        receipt: String::new(),
        way: crate::model::Way::Direct,
        context: Default::default(),
        answers: None,
    }
}

fn read_back(raw: Vec<u8>) -> Incoming {
    match understand(raw, &["support@shop.example".to_owned()], "Sent", Timestamp(1_700_000_100_000)) {
        Item::Message(incoming) => *incoming,
        other => panic!("no message: {other:?}"),
    }
}

fn refused(outgoing: &Outgoing) -> String {
    match render(outgoing, &[]) {
        Err(ConnectorError::Reject { reason }) => reason,
        other => panic!("not refused: {:?}", other.map(|raw| String::from_utf8_lossy(&raw).into_owned())),
    }
}

fn assert_fit_for_smtp(raw: &[u8]) {
    let text = String::from_utf8(raw.to_vec()).unwrap();
    assert!(text.is_ascii(), "eight-bit bytes would need an extension");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "bare line feed");
    assert_eq!(text.matches('\r').count(), text.matches("\r\n").count(), "bare carriage return");
    assert!(text.lines().all(|line| line.len() <= 998), "line over 998");
}

#[test]
fn an_answer_reads_back_as_it_was_written() {
    let outgoing = outgoing();
    let raw = render(&outgoing, &[]).unwrap();
    assert_fit_for_smtp(&raw);
    let read = read_back(raw.clone());
    assert_eq!(read.remote_id, outgoing.remote_id);
    assert_eq!(read.references, outgoing.references);
    assert_eq!((read.from, read.to), (outgoing.from.clone(), outgoing.to.clone()));
    assert_eq!((read.subject, read.text.as_str()), (outgoing.subject.clone(), "Hello Ana,\nit is on its way."));
    assert_eq!(read.at, Some(outgoing.date));
    assert_eq!((read.direction, read.automated), (Direction::Outbound, None));
    let text = String::from_utf8(raw).unwrap();
    assert!(text.contains("\r\nIn-Reply-To: <q1@example.com>\r\n"), "{text}");
    assert!(!text.to_lowercase().contains("user-agent") && !text.contains("Bcc"), "{text}");
}

#[test]
fn the_same_outgoing_gives_the_same_bytes() {
    let mut outgoing = outgoing();
    outgoing.attachments = vec![OutgoingAttachment { name: "a.txt".into(), media_type: "text/plain".into(), size: 1 }];
    assert_eq!(render(&outgoing, &[b"x".to_vec()]).unwrap(), render(&outgoing, &[b"x".to_vec()]).unwrap());
}

#[test]
fn attachments_arrive_byte_for_byte_under_their_names() {
    let mut outgoing = outgoing();
    let contents: Vec<Vec<u8>> = vec![(0..=255).collect(), b"line\nline\r\nline\rend".to_vec(), Vec::new()];
    let names = ["Rechnung Müller (März).pdf", "订单 截图.png", "quote\"d; name='x'.txt"];
    outgoing.attachments = names
        .iter()
        .zip(["application/pdf", "image/png", "message/rfc822"])
        .map(|(name, media)| OutgoingAttachment { name: (*name).into(), media_type: media.into(), size: 0 })
        .collect();
    let raw = render(&outgoing, &contents).unwrap();
    assert_fit_for_smtp(&raw);
    let read = read_back(raw.clone());
    let listed: Vec<&str> = read.attachments.iter().map(|attachment| attachment.name.as_str()).collect();
    assert_eq!(listed, ["Rechnung Müller (März).pdf", "订单 截图.png", "quote_d; name='x'.txt"]);
    for (listed, content) in read.attachments.iter().zip(&contents) {
        assert_eq!(listed.size as usize, content.len());
        assert_eq!(&attachment(&raw, listed.part).unwrap(), content);
    }
    assert_eq!(read.text, "Hello Ana,\nit is on its way.");
}

#[test]
fn long_reference_lists_keep_the_first_and_the_last() {
    let mut outgoing = outgoing();
    outgoing.references = (0..60).map(|n| format!("{}-{n}@example.com", "x".repeat(90))).collect();
    let raw = render(&outgoing, &[]).unwrap();
    assert_fit_for_smtp(&raw);
    let read = read_back(raw);
    assert_eq!(read.references[0], outgoing.references[0]);
    assert_eq!(read.references[1..21], outgoing.references[40..]);
}

#[test]
fn ids_nobody_else_knows_or_could_read_are_left_out() {
    let mut outgoing = outgoing();
    outgoing.remote_id = format!("{}@shop.example", "i".repeat(200));
    outgoing.in_reply_to = Some("sha256:00".to_owned());
    outgoing.references = vec!["q0@example.com".to_owned(), format!("{}@x", "r".repeat(990)), "sha256:00".to_owned()];
    let raw = render(&outgoing, &[]).unwrap();
    assert_fit_for_smtp(&raw);
    let read = read_back(raw);
    assert_eq!((read.remote_id, read.references), (outgoing.remote_id, vec!["q0@example.com".to_owned()]));
}

#[test]
fn white_space_and_marks_of_the_text_survive_every_encoding() {
    for text in [
        "plain \n-- \nLin",
        "Grüße \n-- \nLin, mit Leerzeichen am Ende  ",
        "您好 \n-- \n林",
        ".\n..\nFrom here on\n>From there",
        &format!("{} end", "a long line ".repeat(200)),
        "=3D and = signs =\nü",
    ] {
        let mut outgoing = outgoing();
        outgoing.text = text.to_owned();
        let raw = render(&outgoing, &[]).unwrap();
        assert_fit_for_smtp(&raw);
        assert_eq!(read_back(raw).text, text);
    }
}

#[test]
fn header_injection_is_refused_everywhere() {
    type Spoil = fn(&mut Outgoing, &str);
    let places: [(&str, Spoil); 8] = [
        ("subject", |o, bad| o.subject.push_str(bad)),
        ("from name", |o, bad| o.from.name.push_str(bad)),
        ("from", |o, bad| o.from.address.push_str(bad)),
        ("to name", |o, bad| o.to[0].name.push_str(bad)),
        ("to", |o, bad| o.to[0].address.push_str(bad)),
        ("id", |o, bad| o.remote_id.push_str(bad)),
        ("parent", |o, bad| o.in_reply_to = Some(format!("a@b{bad}"))),
        ("reference", |o, bad| o.references.push(format!("a@b{bad}"))),
    ];
    for (place, spoil) in places {
        for bad in ["\r\nBcc: spy@evil.example", "\nX: y", "\rX: y", "\0"] {
            let mut outgoing = outgoing();
            spoil(&mut outgoing, bad);
            let reason = refused(&outgoing);
            assert!(!reason.contains(['\r', '\n', '\0']), "{place}: the reason itself must be one line: {reason:?}");
        }
    }
}

#[test]
fn what_cannot_be_sent_is_refused_with_the_reason() {
    let mut nobody = outgoing();
    nobody.to.clear();
    assert!(refused(&nobody).contains("recipients"));
    for (address, word) in [
        ("ana", "not a mail address"),
        ("ana@", "not a mail address"),
        ("añá@example.com", "SMTPUTF8"),
        ("ana@münchen.example", "xn--"),
    ] {
        let mut wrong = outgoing();
        wrong.to[0].address = address.to_owned();
        let reason = refused(&wrong);
        assert!(reason.contains(word), "{address}: {reason}");
    }
    let mut listed = outgoing();
    listed.attachments = vec![OutgoingAttachment { name: "a".into(), media_type: "a/b".into(), size: 1 }];
    assert!(refused(&listed).contains("attachments"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]
    #[test]
    fn any_text_subject_and_name_read_back(
        text in "(\\PC|\n){0,400}",
        subject in "\\PC{0,200}",
        name in "\\PC{0,60}",
        file in "[\\p{L}\\p{N} ._'(),;=-]{1,40}",
    ) {
        let mut outgoing = outgoing();
        outgoing.text = crate::model::clean_block(&text);
        outgoing.subject = clean_line(&subject);
        outgoing.to[0].name = clean_line(&name);
        outgoing.attachments = vec![OutgoingAttachment { name: format!("x{file}"), media_type: "image/png".into(), size: 3 }];
        let raw = render(&outgoing, &[b"abc".to_vec()]).unwrap();
        assert_fit_for_smtp(&raw);
        let read = read_back(raw.clone());
        prop_assert_eq!(read.text.trim_matches('\n'), outgoing.text.trim_matches('\n'));
        // White space inside a header carries no meaning: runs of it may shrink on the way.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        prop_assert_eq!(words(&read.subject), words(&outgoing.subject));
        prop_assert_eq!(words(&read.to[0].name), words(&outgoing.to[0].name));
        prop_assert_eq!(&read.remote_id, &outgoing.remote_id);
        prop_assert_eq!(&read.references, &outgoing.references);
        prop_assert_eq!(attachment(&raw, read.attachments[0].part).unwrap(), b"abc".to_vec());
    }
}
