//! Which part is read, which is attached; preview and language.

use super::*;

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
