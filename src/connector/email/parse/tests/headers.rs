//! Who, when, which id, and the digest.

use super::*;

#[test]
fn encoded_names_and_subjects_are_decoded() {
    for (subject, expected) in [
        ("=?utf-8?B?5L2g5aW9?=", "你好"),
        ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?Q?K=F6ln?=", "Grüße aus Köln"),
        ("=?gb2312?B?tqm1pQ==?=", "订单"),
        ("=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "こん"),
        ("Raw Grüße", "Raw Grüße"),
        ("folded\n over lines", "folded over lines"),
        ("folded\n \n with a line of white space", "folded with a line of white space"),
    ] {
        assert_eq!(read_ok(mail(&format!("Subject: {subject}"), "")).subject, expected, "{subject}");
    }
    let mut raw = b"From: =?utf-8?B?546L?= <wang@example.cn>\r\nTo: \"Doe, Jane\" <j@example.com>, team: a@example.com, b@example.com;\r\n\
        Content-Type: text/plain; charset=gbk\r\nSubject: ".to_vec();
    raw.extend_from_slice(b"\xb6\xa9\xb5\xa5\r\n\r\nx");
    let read = read_ok(raw);
    assert_eq!((read.from.name.as_str(), read.subject.as_str()), ("王", "订单"));
    let to: Vec<(&str, &str)> = read.to.iter().map(|p| (p.name.as_str(), p.address.as_str())).collect();
    assert_eq!(to, [("Doe, Jane", "j@example.com"), ("", "a@example.com"), ("", "b@example.com")]);
}

#[test]
fn reply_to_shows_only_when_it_leads_elsewhere() {
    assert_eq!(read_ok(mail("Reply-To: ANA@example.com", "")).reply_to, None);
    assert_eq!(read_ok(mail("Reply-To: Other <o@example.com>", "")).reply_to.unwrap().address, "o@example.com");
}

#[test]
fn a_sender_is_found_or_the_mail_is_unreadable() {
    assert_eq!(read_ok(b"Sender: s@example.com\r\nSubject: x\r\n\r\n").from.address, "s@example.com");
    assert_eq!(read_ok(b"Return-Path: <r@example.com>\r\nSubject: x\r\n\r\n").from.address, "r@example.com");
    for nobody in ["From: MAILER-DAEMON", "From: <>\r\nReturn-Path: <>", "Return-Path: <>"] {
        let read = read_ok(format!("{nobody}\r\nSubject: failure\r\n\r\n"));
        assert_eq!(read.from.address.to_lowercase(), "mailer-daemon", "{nobody}");
        assert_eq!(read.automated, Some(Automated::Bounce), "{nobody}");
    }
    assert!(unreadable(b"From: \r\nSubject: x\r\n\r\n").reason.contains("no sender"));
}

#[test]
fn our_own_mail_is_outbound_and_never_automatic() {
    let raw = b"From: Shop <SUPPORT@Shop.Example>\r\nAuto-Submitted: auto-replied\r\nPrecedence: bulk\r\n\r\nhi";
    let read = read_ok(raw);
    assert_eq!((read.direction, read.automated, read.bounce), (Direction::Outbound, None, None));
}

#[test]
fn dates_are_believed_within_a_day() {
    let at = |date: &str| read_ok(mail(&format!("Date: {date}"), "")).at.map(|at| at.to_string());
    // Received 2023-11-14T22:13:20Z.
    assert_eq!(at("Wed, 15 Nov 2023 20:00:00 GMT").as_deref(), Some("2023-11-15T20:00:00Z"));
    assert_eq!(at("Thu, 16 Nov 2023 20:00:00 GMT"), None);
    assert_eq!(at("Mon, 1 Jan 2001 00:00:00 -0800").as_deref(), Some("2001-01-01T08:00:00Z"));
    for odd in ["yesterday", "Tue, 99 Nov 2023 00:00:00 GMT", "Fri, 1 Jan 1960 00:00:00 GMT", ""] {
        assert_eq!(at(odd), None, "{odd}");
    }
}

#[test]
fn ids_and_references_are_sound_or_left_out() {
    let read = read_ok(mail("References: <a@x> <b@x>\n <a@x> <bad id@x> <c@x>\nIn-Reply-To: <d@x> (of Tuesday)", ""));
    assert_eq!(read.references, ["a@x", "b@x", "c@x", "d@x"]);
    let read = read_ok(mail("In-Reply-To: message of Ana <b@x>\nReferences: <b@x>", ""));
    assert_eq!(read.references, ["b@x"]);
    let many: String = (0..100).map(|n| format!(" <{n}@x>")).collect();
    let read = read_ok(mail(&format!("References:{many}"), ""));
    assert_eq!((read.references.len(), read.references[0].as_str(), read.references[30].as_str()), (31, "0@x", "99@x"));
}

#[test]
fn a_missing_or_odd_message_id_is_replaced_by_the_hash() {
    let none = read_ok(b"From: a@b.example\r\n\r\nx");
    assert_eq!(none.remote_id.len(), "sha256:".len() + 64);
    assert!(none.remote_id.starts_with("sha256:"), "{}", none.remote_id);
    let long = format!("From: a@b.example\r\nMessage-ID: <{}@x>\r\n\r\nx", "a".repeat(1_000));
    assert!(read_ok(long).remote_id.starts_with("sha256:"));
    let twice = read_ok(b"From: a@b.example\r\nMessage-ID: <one@x>\r\nMessage-ID: <two@x>\r\n\r\nx");
    assert_eq!(twice.remote_id, "one@x");
    let bare = read_ok(b"From: a@b.example\r\nMessage-ID: bare@x\r\n\r\nx");
    assert_eq!(bare.remote_id, "bare@x");
    let control = read_ok(b"From: a@b.example\r\nMessage-ID: <a\x1b[31m@x>\r\n\r\nx");
    assert!(control.remote_id.starts_with("sha256:"));
}

#[test]
fn the_digest_stays_on_the_way_and_changes_with_the_message() {
    let digest = |raw: &str| read_ok(raw).digest;
    let sent = "From: Ana <a@b.example>\r\nSubject: long\r\n subject\r\nMessage-ID: <1@x>\r\n\r\nbody\r\nmore\r\n";
    let same = "Received: by mx\nX-Spam: no\nSubject: long subject\nFrom:  Ana <a@b.example>\nMessage-ID: <1@x>\n\nbody\nmore\n\n";
    assert_eq!(digest(sent), digest(same));
    for (from, to) in
        [("body", "Body"), ("Ana", "Eve"), ("long", "short"), ("<1@x>", "<2@x>"), ("Subject", "Date: x\r\nSubject")]
    {
        assert_ne!(digest(sent), digest(&sent.replacen(from, to, 1)), "{from} -> {to}");
    }
    // Moving a word between fields is another message.
    let one = "From: a@b.example\r\nMessage-ID: <1@x>\r\nSubject: x\r\n\r\ny";
    assert_ne!(digest(one), digest("From: a@b.example\r\nMessage-ID: <1@x>\r\nSubject: \r\n\r\nxy"));
}
