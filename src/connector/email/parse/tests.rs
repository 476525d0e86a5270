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
