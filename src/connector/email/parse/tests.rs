#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn item(raw: impl AsRef<[u8]>) -> Item {
    understand(raw.as_ref().to_vec(), &["support@shop.example".to_owned()], "INBOX", NOW)
}

fn read_ok(raw: impl AsRef<[u8]>) -> Incoming {
    match item(raw) {
        Item::Message(incoming) => *incoming,
        Item::Unreadable(unreadable) => panic!("unreadable: {}", unreadable.reason),
    }
}

fn unreadable(raw: impl AsRef<[u8]>) -> Unreadable {
    match item(raw) {
        Item::Unreadable(unreadable) => unreadable,
        Item::Message(incoming) => panic!("read: {incoming:?}"),
    }
}

/// A mail from Ana with these headers and body.
fn mail(headers: &str, body: &str) -> Vec<u8> {
    let headers: String = headers.lines().map(|line| format!("{line}\r\n")).collect();
    format!(
        "From: Ana <ana@example.com>\r\nTo: support@shop.example\r\nMessage-ID: <m1@example.com>\r\n{headers}\r\n{body}"
    )
    .into_bytes()
}

#[test]
fn a_plain_mail_is_understood() {
    let read = read_ok(mail(
        "Subject: Order 7\nDate: Tue, 14 Nov 2023 22:00:00 +0100\nCc: Bo <bo@example.com>",
        "Where is it?\r\n",
    ));
    assert_eq!((read.from.address.as_str(), read.from.name.as_str()), ("ana@example.com", "Ana"));
    assert_eq!(read.cc, [Party { address: "bo@example.com".into(), name: "Bo".into() }]);
    assert_eq!(
        (read.subject.as_str(), read.text.as_str(), read.preview.as_str()),
        ("Order 7", "Where is it?", "Where is it?")
    );
    assert_eq!(read.remote_id, "m1@example.com");
    assert_eq!(read.at.unwrap().to_string(), "2023-11-14T21:00:00Z");
    assert_eq!((read.direction, read.folder.as_str()), (Direction::Inbound, "INBOX"));
}

#[test]
fn what_is_no_mail_is_kept_whole_with_the_reason() {
    for (raw, word) in [
        (&b""[..], "empty"),
        (b" \r\n\r\n", "empty"),
        (b"Subject: lost\r\n\r\nbody", "no sender"),
        (b"\x00\x01\xFF\xFE rubbish \n more\n", "no mail headers"),
    ] {
        let dead = unreadable(raw);
        assert!(dead.reason.contains(word), "{raw:?}: {}", dead.reason);
        assert_eq!((dead.raw.as_slice(), dead.folder.as_str(), dead.received), (raw, "INBOX", NOW));
    }
    assert_eq!(unreadable(b"Subject: lost\r\n\r\nbody").hint, "lost");
}

fn b64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let sextet = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize] as char;
            out.push(if at <= chunk.len() { sextet } else { '=' });
        }
    }
    out
}

/// A body of parts with boundary `b`.
fn parts_of(parts: &[&str]) -> String {
    let mut body = String::new();
    for part in parts {
        body.push_str(&format!("--b\r\n{part}\r\n"));
    }
    body + "--b--\r\n"
}

fn multipart(sub: &str, parts: &[&str]) -> Vec<u8> {
    mail(&format!("Content-Type: multipart/{sub}; boundary=b"), &parts_of(parts))
}

fn text(headers: &str, body: impl AsRef<[u8]>) -> String {
    let mut raw = mail(headers, "");
    raw.extend_from_slice(body.as_ref());
    read_ok(raw).text
}

// Charsets: the bytes were made by each charset's own tables.

#[test]
fn all_the_charsets_of_the_world_are_read() {
    let cases: &[(&str, &[u8], &str)] = &[
        ("gb18030", b"\xc4\xe3\xba\xc3\x81\x30\x89\x38", "你好ß"),
        ("GBK", b"\xc4\xe3\xba\xc3", "你好"),
        ("gb2312", b"\xb6\xa9\xb5\xa5", "订单"),
        ("big5", b"\xa7\x41\xa6\x6e", "你好"),
        ("iso-2022-jp", b"\x1b$B$3$s\x1b(B!", "こん!"),
        ("shift_jis", b"\x82\xb1\x82\xf1", "こん"),
        ("euc-jp", b"\xa4\xb3\xa4\xf3", "こん"),
        ("euc-kr", b"\xbe\xc8\xb3\xe7", "안녕"),
        ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
        ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
        ("windows-1252", b"\x93Gr\xfc\xdfe\x94 \x80", "“Grüße” €"),
        ("iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("iso-8859-15", b"\xa4", "€"),
        ("windows-1250", b"\x9elu\x9d", "žluť"),
        ("windows-1253", b"\xc3\xe5", "Γε"),
        ("windows-1254", b"\xfd\xfe", "ış"),
        ("windows-1255", b"\xf9\xec\xe5\xed", "שלום"),
        ("windows-1256", b"\xe3\xd1\xcd\xc8\xc7", "مرحبا"),
        ("windows-874", b"\xca\xc7\xd1\xca", "สวัส"),
        ("utf-16le", b"h\0i\0", "hi"),
        ("utf-7", b"Hi +AOk-!", "Hi é!"),
        ("utf-8", "你好".as_bytes(), "你好"),
    ];
    for (charset, bytes, expected) in cases {
        let headers = format!("Content-Type: text/plain; charset=\"{charset}\"");
        assert_eq!(text(&headers, bytes), *expected, "{charset}");
        // The same through an encoding.
        let encoded = format!("{headers}\nContent-Transfer-Encoding: base64");
        assert_eq!(text(&encoded, b64(bytes)), *expected, "{charset} in base64");
    }
}

#[test]
fn wrong_or_missing_charsets_are_guessed() {
    for (headers, bytes, expected) in [
        ("Content-Type: text/plain", "Grüße".as_bytes(), "Grüße"),
        ("Content-Type: text/plain; charset=us-ascii", "Grüße".as_bytes(), "Grüße"),
        ("Content-Type: text/plain", b"Gr\xfc\xdfe", "Grüße"),
        ("Content-Type: text/plain; charset=x-made-up", b"Gr\xfc\xdfe", "Grüße"),
        ("Content-Type: text/plain; charset=x-made-up", "Grüße".as_bytes(), "Grüße"),
        (
            "Content-Type: text/plain; charset=utf-8",
            b"mostly sound utf-8 \xe4\xbd\xa0 \xff",
            "mostly sound utf-8 你 \u{fffd}",
        ),
    ] {
        assert_eq!(text(headers, bytes), expected, "{headers}");
    }
}

#[test]
fn escapes_hidden_in_encodings_are_cleaned_after_decoding() {
    for (headers, body) in [
        ("Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable", "a=1B[31mb=9B=E2=80=AEc".to_owned()),
        ("Content-Type: text/plain; charset=utf-7", "a+ABs-[31mb".to_owned()),
        ("Content-Type: text/html", "a&#27;[31mb&#x9b;&#x202e;c".to_owned()),
        ("Content-Type: text/plain\nContent-Transfer-Encoding: base64", b64(b"a\x1b]0;t\x07b")),
    ] {
        let text = text(headers, body);
        assert!(text.starts_with("a[31m") || text.starts_with("a]0;"), "{text:?}");
        assert!(text.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{text:?}");
    }
    let read = read_ok(mail(
        "Subject: =?utf-8?Q?a=1B[31mb=0Ac=E2=80=AEd?=\nReply-To: =?utf-8?Q?x=1B]0;t=07?= <r@example.com>",
        "",
    ));
    assert_eq!(read.subject, "a[31mb c⟨RLO⟩d");
    assert!(!read.reply_to.unwrap().name.contains(char::is_control));
}

// Headers.

#[test]
fn encoded_names_and_subjects_are_decoded() {
    for (subject, expected) in [
        ("=?utf-8?B?5L2g5aW9?=", "你好"),
        ("=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= aus =?iso-8859-1?Q?K=F6ln?=", "Grüße aus Köln"),
        ("=?gb2312?B?tqm1pQ==?=", "订单"),
        ("=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "こん"),
        ("Raw Grüße", "Raw Grüße"),
        ("folded\n over lines", "folded over lines"),
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
    assert!(unreadable(b"Return-Path: <>\r\nSubject: x\r\n\r\n").reason.contains("no sender"));
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

// Structure.

#[test]
fn the_plain_alternative_is_read_unless_it_says_nothing() {
    let html = "Content-Type: text/html\r\n\r\n<p>Rich <b>words</b></p>";
    let plain = multipart("alternative", &["Content-Type: text/plain\r\n\r\nPlain words", html]);
    assert_eq!(read_ok(plain).text, "Plain words");
    for stub in ["", "  \r\n", "Please view this message in an HTML client.", "Your mail reader does not support HTML."]
    {
        let read = read_ok(multipart("alternative", &[&format!("Content-Type: text/plain\r\n\r\n{stub}"), html]));
        assert_eq!(read.text, "Rich words", "{stub:?}");
        assert!(read.attachments.is_empty());
    }
    let calendar = "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR";
    let invited = read_ok(multipart("alternative", &["Content-Type: text/plain\r\n\r\nMeet?", html, calendar]));
    assert_eq!((invited.text.as_str(), invited.attachments.len()), ("Meet?", 1));
    assert_eq!(
        (invited.attachments[0].media_type.as_str(), invited.attachments[0].name.as_str()),
        ("text/calendar", "part-3.ics")
    );
}

#[test]
fn pictures_inside_html_are_attachments() {
    let related = "Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n<p>See <img src='cid:1'></p>\r\n\
                   --r\r\nContent-Type: image/png; name=\"cat.png\"\r\nContent-Disposition: inline\r\nContent-ID: <1>\r\n\
                   Content-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--r--";
    let raw = multipart("alternative", &["Content-Type: text/plain\r\n\r\nSee", related]);
    let read = read_ok(&raw);
    assert_eq!(read.text, "See");
    assert_eq!(read.attachments.len(), 1);
    let listed = &read.attachments[0];
    assert_eq!((listed.name.as_str(), listed.media_type.as_str(), listed.size), ("cat.png", "image/png", 4));
    assert_eq!(attachment(&raw, listed.part).unwrap(), [0, 1, 2, 3]);
}

#[test]
fn texts_of_a_mixed_mail_are_joined_and_files_listed() {
    let raw = multipart(
        "mixed",
        &[
            "Content-Type: text/plain\r\n\r\nBefore",
            "Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=UTF-8''Rechnung%20M%C3%A4rz.pdf\r\n\r\npdf",
            "Content-Type: text/plain\r\n\r\nAfter",
            "Content-Type: text/plain; name=log.txt\r\nContent-Disposition: attachment\r\n\r\nlog",
            "Content-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\nSubject: Inner mail\r\n\r\ninner",
            "Content-Type: application/octet-stream; name=\"=?utf-8?B?5paH5Lu2?=.bin\"\r\n\r\nx",
            "Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename*0=\"very \"; filename*1=\"long.jpg\"\r\n\r\nx",
        ],
    );
    let read = read_ok(&raw);
    assert_eq!(read.text, "Before\n\nAfter");
    let names: Vec<&str> = read.attachments.iter().map(|listed| listed.name.as_str()).collect();
    assert_eq!(names, ["Rechnung März.pdf", "log.txt", "Inner mail.eml", "文件.bin", "very long.jpg"]);
    assert_eq!(
        attachment(&raw, read.attachments[2].part).unwrap(),
        b"From: x@y.example\r\nSubject: Inner mail\r\n\r\ninner"
    );
    assert!(matches!(attachment(&raw, 0), Err(ConnectorError::Reject { .. })), "a multipart is no file");
    assert!(matches!(attachment(&raw, 99), Err(ConnectorError::Reject { .. })));
}

#[test]
fn names_of_attachments_cannot_lead_astray() {
    for (given, shown) in [
        ("../../etc/passwd", "passwd"),
        ("..\\\\..\\\\boot.ini", "boot.ini"),
        ("/abs/olute.txt", "olute.txt"),
        (".bashrc", "bashrc"),
        ("a\u{202e}gpj.exe", "a⟨RLO⟩gpj.exe"),
        ("con\u{7}trol.txt", "control.txt"),
        ("..", "part-1.png"),
        ("   ", "part-1.png"),
        ("a<b>c|d.txt", "a_b_c_d.txt"),
    ] {
        let part = format!("Content-Type: image/png; name=\"{given}\"\r\nContent-Disposition: attachment\r\n\r\nx");
        assert_eq!(read_ok(multipart("mixed", &[&part])).attachments[0].name, shown, "{given:?}");
    }
    let long = format!("Content-Type: image/png; name=\"{}.png\"\r\n\r\nx", "n".repeat(500));
    let name = read_ok(multipart("mixed", &[&long])).attachments[0].name.clone();
    assert!(name.chars().count() <= 120 && name.ends_with("….png"), "{name}");
}

#[test]
fn broken_structure_still_shows_its_text() {
    // Never closed.
    assert_eq!(read_ok(mail("Content-Type: multipart/mixed; boundary=b", "--b\r\n\r\nHello\r\n")).text, "Hello");
    // No boundary named.
    assert!(read_ok(mail("Content-Type: multipart/mixed", "--b\r\n\r\nHello\r\n")).text.contains("Hello"));
    // Boundary named but never used: nothing to show, the original is kept.
    assert_eq!(read_ok(mail("Content-Type: multipart/mixed; boundary=zzz", "Hello\r\n")).text, "Hello");
    // A part that ends inside its headers.
    assert_eq!(
        read_ok(mail("Content-Type: multipart/mixed; boundary=b", "--b\r\n\r\nHello\r\n--b\r\nContent-Type: te")).text,
        "Hello"
    );
    // An inner boundary that begins like the outer.
    let inner = "Content-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\n\r\nInner\r\n--bb--\r\n";
    assert_eq!(read_ok(multipart("mixed", &[inner, "\r\nOuter"])).text, "Inner\n\nOuter");
    // An empty part before the end does not take the epilogue for its own.
    assert_eq!(
        read_ok(mail(
            "Content-Type: multipart/mixed; boundary=b",
            "pre\r\n--b\r\n\r\nHi\r\n--b\r\n\r\n--b--\r\nepilogue"
        ))
        .text,
        "Hi"
    );
}

#[test]
fn flowed_text_is_joined() {
    let flowed = text("Content-Type: text/plain; format=flowed", "a long \r\nline\r\n> quo \r\n> ted\r\n");
    assert_eq!(flowed, "a long line\n> quo ted");
}

#[test]
fn the_preview_is_what_is_new() {
    let read = read_ok(mail(
        "",
        "On 14.11.2023 support@shop.example wrote:\r\n> old words\r\n\r\nNew words\r\nhere.\r\n-- \r\nAna\r\n",
    ));
    assert_eq!(read.preview, "New words here.");
    assert!(read.text.contains("old words") && read.text.contains("Ana"));
    let only_quote = read_ok(mail("", "> old words\r\n"));
    assert_eq!(only_quote.preview, "> old words");
    let long = read_ok(mail("", &"word ".repeat(200)));
    assert!(long.preview.chars().count() <= 200 && long.preview.ends_with('…'), "{}", long.preview);
}

#[test]
fn the_language_is_that_of_the_new_text() {
    let english =
        "> this is a long English quotation that would decide the language if one counted it, would it not\r\n"
            .repeat(5);
    assert_eq!(
        read_ok(mail("Content-Type: text/plain; charset=utf-8", &format!("请问我的订单到哪里了？\r\n{english}")))
            .language
            .as_deref(),
        Some("zh")
    );
    assert_eq!(read_ok(mail("", "ok")).language, None);
}

// Bounces.

fn report(status: &str, returned: &str) -> Vec<u8> {
    let body = parts_of(&[
        "Content-Type: text/plain\r\n\r\nYour message could not be delivered.",
        &format!("Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n{status}"),
        returned,
    ]);
    format!(
        "From: Mail Delivery <MAILER-DAEMON@mx.example>\r\nReturn-Path: <>\r\nTo: support@shop.example\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n{body}"
    )
    .into_bytes()
}

const RETURNED: &str =
    "Content-Type: message/rfc822\r\n\r\nFrom: support@shop.example\r\nMessage-ID: <sb.1@shop.example>\r\n\r\nhi";

#[test]
fn a_delivery_report_names_message_recipient_and_reason() {
    let failed = "Final-Recipient: rfc822; Gone@Example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n\
                  Diagnostic-Code: smtp; 550 5.1.1\r\n <gone@example.com>: user\x1b[31m unknown";
    for returned in [RETURNED, "Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <sb.1@shop.example>\r\n"] {
        let read = read_ok(report(failed, returned));
        assert_eq!(read.automated, Some(Automated::Bounce));
        let bounce = read.bounce.unwrap();
        assert_eq!(bounce.remote_id.as_deref(), Some("sb.1@shop.example"));
        assert_eq!(bounce.recipient.as_deref(), Some("gone@example.com"));
        assert_eq!(bounce.reason, "550 5.1.1 <gone@example.com>: user[31m unknown");
        assert!(bounce.permanent);
    }
}

#[test]
fn a_delay_is_not_permanent_and_a_success_is_no_bounce() {
    let delayed = "Final-Recipient: rfc822; a@example.com\r\nAction: delayed\r\nStatus: 4.4.1\r\n";
    let bounce = read_ok(report(delayed, RETURNED)).bounce.unwrap();
    assert_eq!((bounce.permanent, bounce.reason.as_str()), (false, "4.4.1"));
    let mixed = format!(
        "Final-Recipient: rfc822; ok@example.com\r\nAction: relayed\r\nStatus: 2.0.0\r\n\r\n{}",
        delayed.replace("delayed", "failed").replace("4.4.1", "5.4.1")
    );
    assert_eq!(read_ok(report(&mixed, RETURNED)).bounce.unwrap().recipient.as_deref(), Some("a@example.com"));
    let delivered = "Final-Recipient: rfc822; a@example.com\r\nAction: delivered\r\nStatus: 2.0.0\r\n";
    let read = read_ok(report(delivered, RETURNED));
    assert_eq!((read.bounce, read.automated), (None, Some(Automated::Generated)));
}

#[test]
fn a_report_without_readable_status_is_still_a_bounce() {
    let bounce = read_ok(report("rubbish", RETURNED)).bounce.unwrap();
    assert_eq!((bounce.remote_id.as_deref(), bounce.permanent), (Some("sb.1@shop.example"), true));
}

#[test]
fn a_read_receipt_is_automatic_but_no_bounce() {
    let body = parts_of(&[
        "Content-Type: text/plain\r\n\r\nYour message was displayed.",
        "Content-Type: message/disposition-notification\r\n\r\nFinal-Recipient: rfc822; ana@example.com\r\n",
    ]);
    let read = read_ok(mail("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", &body));
    assert_eq!((read.bounce, read.automated), (None, Some(Automated::Generated)));
}

#[test]
fn plain_bounces_of_older_systems_are_understood() {
    let qmail = b"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nSubject: failure notice\r\n\r\n\
        Hi. This is the qmail-send program at mx.example.\r\nI'm afraid I wasn't able to deliver your message.\r\n\r\n\
        <gone@example.com>:\r\n192.0.2.1 does not like recipient.\r\nRemote host said: 550 no such user\r\n\r\n\
        --- Below this line is a copy of the message.\r\n\r\nFrom: support@shop.example\r\nMessage-ID: <sb.1@shop.example>\r\n\r\nhi";
    let bounce = read_ok(qmail).bounce.unwrap();
    assert_eq!(bounce.remote_id.as_deref(), Some("sb.1@shop.example"));
    assert_eq!(bounce.recipient.as_deref(), Some("gone@example.com"));
    assert_eq!(bounce.reason, "Remote host said: 550 no such user");
    let exim = b"From: Mail Delivery System <Mailer-Daemon@mx.example>\r\nX-Failed-Recipients: gone@example.com\r\nAuto-Submitted: auto-replied\r\n\r\n\
        A message that you sent could not be delivered to one or more of its recipients.\r\n\r\n  gone@example.com\r\n    all relevant MX records point to non-existent hosts\r\n\r\n\
        ------ This is a copy of the message, including all the headers. ------\r\n\r\nMessage-Id: <sb.2@shop.example>\r\n";
    let bounce = read_ok(exim).bounce.unwrap();
    assert_eq!((bounce.remote_id.as_deref(), bounce.permanent), (Some("sb.2@shop.example"), true));
    // A customer who quotes a bounce is a customer.
    let read = read_ok(mail(
        "Subject: help",
        "I got: could not be delivered, 550 no such user\r\nMessage-ID: <sb.1@shop.example>\r\n",
    ));
    assert_eq!((read.bounce, read.automated), (None, None));
}

// Limits.

#[test]
fn what_breaks_a_limit_is_parked_with_the_reason_and_its_subject() {
    let big = [mail("Subject: big", ""), vec![b'x'; parts::MAX_RAW]].concat();
    let headers = mail(&format!("Subject: many\n{}", "X: y\n".repeat(2_000)), "");
    let wide = mail(&format!("Subject: wide\nX: {}", "y".repeat(1_000_000)), "");
    let part = "--b\r\n\r\n";
    let parts = mail("Subject: parts\nContent-Type: multipart/mixed; boundary=b", &part.repeat(1_001));
    let mut deep = mail("Subject: deep\nContent-Type: multipart/mixed; boundary=b0", "");
    for n in 0..70 {
        deep.extend(format!("--b{n}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", n + 1).into_bytes());
    }
    let crowd = mail(&format!("Subject: crowd\nCc: {}x@example.com", "a@example.com,".repeat(5_001)), "");
    for (raw, reason, hint) in [
        (big, "larger than 50 MB", "big"),
        (headers, "more than 2000 headers", ""),
        (wide, "headers are larger", ""),
        (parts, "more than 1000 parts", "parts"),
        (deep, "nested more than 64 deep", "deep"),
        (crowd, "more than 5000 recipients", "crowd"),
    ] {
        let dead = unreadable(&raw);
        assert!(dead.reason.contains(reason), "{}", dead.reason);
        assert!(dead.hint.contains(hint), "{}", dead.hint);
        assert_eq!(dead.raw.len(), raw.len());
    }
}

#[test]
fn just_inside_the_limits_is_read() {
    let read = read_ok(mail(
        &format!("Cc: {}z@example.com", (0..4_990).map(|n| format!("a{n}@example.com,")).collect::<String>()),
        "hi",
    ));
    assert_eq!(read.cc.len(), 200);
    let parts = format!("{}--b--", "--b\r\n\r\nx\r\n".repeat(999));
    assert!(read_ok(mail("Content-Type: multipart/mixed; boundary=b", &parts)).text.starts_with("x\n\nx"));
    let long = read_ok(mail("", &"many words \r\n".repeat(300_000)));
    assert!(long.text.len() <= 2_000_000 && long.text.ends_with("the text goes on"));
}

#[test]
fn bombs_cost_one_pass() {
    // Each of these would take a tree builder quadratic time, gigabytes, or the stack.
    let bombs: Vec<Vec<u8>> = vec![
        mail("Content-Type: message/rfc822", &"Content-Type: message/rfc822\r\n\r\n".repeat(100_000)),
        mail(
            "Content-Type: multipart/mixed; boundary=b",
            &"--b\r\nContent-Type: multipart/mixed; boundary=never\r\n\r\n".repeat(60),
        ),
        mail("Content-Type: text/html", &"<div><b><table><tr><td><a href=x>".repeat(50_000)),
        mail("Content-Type: text/html", &"<a href=\"".repeat(100_000)),
        mail("Content-Type: text/html", &"<!--<script>&#&amp".repeat(50_000)),
        mail("Content-Type: text/html", &"<p style=\"display:none\">".repeat(50_000)),
        mail("Content-Type: multipart/mixed; boundary=\"-\"", &"-".repeat(1_000_000)),
        mail("", &"-- \r\n".repeat(200_000)),
        mail("Content-Type: text/plain; format=flowed", &"> \r\n".repeat(200_000)),
        mail(&format!("Subject: {}", "=?utf-8?Q?a?= ".repeat(50_000)), ""),
        mail(&format!("To: {}", "<".repeat(500_000)), ""),
        mail(&format!("To: {}", "((((".repeat(100_000)), ""),
        mail(&format!("Content-Type: text/plain; {}", "a*0=b; ".repeat(50_000)), ""),
        mail(&format!("References: {}", "<".repeat(500_000)), ""),
        mail("", &"e\u{301}".repeat(20).replace('e', "\u{301}").repeat(10_000)),
    ];
    for bomb in bombs {
        let len = bomb.len();
        match item(bomb) {
            Item::Message(incoming) => assert_eq!(incoming.raw.len(), len),
            Item::Unreadable(dead) => assert_eq!(dead.raw.len(), len),
        }
    }
}

/// Pieces that mean something to the parser, in any order.
fn scraps() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "From: Ana <a@b.example>\r\n",
        "To: x\r\n",
        "Subject: =?utf-8?Q?=\r\n",
        "Date: Tue\r\n",
        "Message-ID: <\r\n",
        "\r\n",
        "\n",
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "Content-Type: multipart/alternative; boundary=\"b\r\n",
        "Content-Type: text/html; charset=utf-7\r\n",
        "Content-Type: message/rfc822\r\n",
        "--b\r\n",
        "--b--\r\n",
        "--b",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "=3D=\r\n",
        "<p>&#1;<a href='",
        "AAEC\r\n",
        "Content-Disposition: attachment; filename*=utf-8''%\r\n",
        " folded\r\n",
        "\u{301}",
        "> x\r\n",
        "-- \r\n",
        "Content-Type: message/delivery-status\r\n",
        "Final-Recipient: rfc822;\r\n",
        "Return-Path: <>\r\n",
        "From x\r\n",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() })]
    #[test]
    fn scraps_of_mail_never_break_the_parser(raw in scraps()) {
        match item(&raw) {
            Item::Message(read) => {
                prop_assert_eq!(&crate::model::clean_block(&read.text), &read.text);
                prop_assert_eq!(&clean_line(&read.subject), &read.subject);
                prop_assert_eq!(&clean_line(&read.preview), &read.preview);
                for listed in &read.attachments {
                    prop_assert_eq!(attachment(&raw, listed.part).unwrap().len() as u64, listed.size);
                    prop_assert!(!listed.name.contains(['/', '\\']));
                }
            }
            Item::Unreadable(dead) => {
                prop_assert!(!dead.reason.is_empty() && !dead.reason.contains("failed on it"), "{}", dead.reason);
                prop_assert_eq!(&dead.raw, &raw);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() })]
    #[test]
    fn any_bytes_give_an_item_with_the_original_in_it(raw in prop::collection::vec(any::<u8>(), 0..2_000)) {
        let kept = match item(&raw) {
            Item::Message(incoming) => incoming.raw,
            Item::Unreadable(unreadable) => unreadable.raw,
        };
        prop_assert_eq!(kept, raw);
    }
}
