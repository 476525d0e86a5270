#![allow(clippy::unwrap_used)]

mod bounces;
mod charsets;
mod headers;
mod limits;
mod structure;

use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn item(raw: impl AsRef<[u8]>) -> Item {
    understand(raw.as_ref().to_vec(), &["support@shop.example".to_owned()], "INBOX", NOW)
}

fn read_ok(raw: impl AsRef<[u8]>) -> Incoming {
    match item(raw) {
        Item::Message(incoming) => *incoming,
        other => panic!("no message: {other:?}"),
    }
}

fn unreadable(raw: impl AsRef<[u8]>) -> Unreadable {
    match item(raw) {
        Item::Unreadable(unreadable) => unreadable,
        other => panic!("read: {other:?}"),
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
