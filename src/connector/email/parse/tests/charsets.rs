//! Charsets and encodings. The bytes were made by each charset's own tables.

use super::*;

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
