//! What breaks a limit, what is just inside, what was made to break things.

use super::*;
use proptest::prelude::*;

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
    let long = read_ok(mail("", &"many words \r\n".repeat(180_000)));
    assert!(long.text.len() <= 2_000_000 && long.text.ends_with("the text goes on"));
}

#[test]
fn bombs_cost_one_pass() {
    // Each of these would take a tree builder quadratic time, gigabytes, or the stack.
    let bombs: Vec<Vec<u8>> = vec![
        mail("Content-Type: message/rfc822", &"Content-Type: message/rfc822\r\n\r\n".repeat(50_000)),
        mail(
            "Content-Type: multipart/mixed; boundary=b",
            &"--b\r\nContent-Type: multipart/mixed; boundary=never\r\n\r\n".repeat(60),
        ),
        mail("Content-Type: text/html", &"<div><b><table><tr><td><a href=x>".repeat(50_000)),
        mail("Content-Type: text/html", &"<a href=\"".repeat(50_000)),
        mail("Content-Type: text/html", &"<!--<script>&#&amp".repeat(50_000)),
        mail("Content-Type: text/html", &"<p style=\"display:none\">".repeat(50_000)),
        mail("Content-Type: multipart/mixed; boundary=\"-\"", &"-".repeat(1_000_000)),
        mail("", &"-- \r\n".repeat(50_000)),
        mail("Content-Type: text/plain; format=flowed", &"> \r\n".repeat(50_000)),
        mail(&format!("Subject: {}", "=?utf-8?Q?a?= ".repeat(50_000)), ""),
        mail(&format!("To: {}", "<".repeat(500_000)), ""),
        mail(&format!("To: {}", "((((".repeat(50_000)), ""),
        mail(&format!("Content-Type: text/plain; {}", "a*0=b; ".repeat(50_000)), ""),
        mail(&format!("References: {}", "<".repeat(500_000)), ""),
        mail("", &"e\u{301}".repeat(20).replace('e', "\u{301}").repeat(10_000)),
    ];
    for bomb in bombs {
        let len = bomb.len();
        match item(bomb) {
            Item::Message(incoming) => assert_eq!(incoming.raw.len(), len),
            Item::Unreadable(dead) => assert_eq!(dead.raw.len(), len),
            Item::Change(_) => panic!("mail changes nothing"),
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
            Item::Change(_) => prop_assert!(false, "mail changes nothing"),
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
            Item::Change(_) => panic!("mail changes nothing"),
        };
        prop_assert_eq!(kept, raw);
    }
}
