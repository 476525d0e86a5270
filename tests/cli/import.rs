//! Files in, the same bytes out.

use super::{broken, from, with_attachment};
use crate::support::mail;
use crate::support::profile::{Profile, maildir, mbox};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hashes(rows: &[Value]) -> BTreeSet<String> {
    rows.iter().map(|row| row["raw_sha256"].as_str().unwrap().to_owned()).collect()
}

fn counts(report: &Value) -> [u64; 4] {
    ["read", "new", "duplicate", "dead"].map(|name| report[name].as_u64().unwrap())
}

#[test]
fn a_maildir_twice_changes_nothing_and_every_byte_comes_back() {
    let profile = Profile::offline();
    let mut originals = mail::numbered(0..20);
    originals.push(with_attachment());
    // Bytes that no text editor would leave alone.
    originals.push([&from("odd", "Odd <odd@test.example>", "Odd", "tail")[..], b"\0\xff\r\r\n\n  "].concat());
    assert_eq!(counts(&profile.import(&originals)), [22, 22, 0, 0]);
    let exported = profile.export();
    assert_eq!(hashes(&exported), originals.iter().map(|raw| hash(raw)).collect());
    for row in &exported {
        let bytes = profile.ok(&["original", row["id"].as_str().unwrap()]).bytes;
        assert_eq!(hash(&bytes), row["raw_sha256"], "{}", row["remote_id"]);
    }
    let folder = profile.home().join("again");
    maildir(&folder, &originals);
    let before = profile.ok(&["log", "--json"]).out();
    let again = profile.one(&["import", "maildir", folder.to_str().unwrap(), "--account", "support"]);
    assert_eq!(counts(&again), [22, 0, 22, 0]);
    assert_eq!(profile.export(), exported);
    assert_eq!(profile.ok(&["log", "--json"]).out(), before, "not even a line in the log");
    profile.assert_sound();
}

#[test]
fn an_mbox_twice_changes_nothing_and_hashes_are_those_of_the_file() {
    let profile = Profile::offline();
    let unix = |raw: Vec<u8>| String::from_utf8(raw).unwrap().replace("\r\n", "\n").into_bytes();
    let mut originals: Vec<Vec<u8>> = mail::numbered(0..10).into_iter().map(unix).collect();
    originals.push(unix(with_attachment()));
    let file = profile.home().join("mail.mbox");
    mbox(&file, &originals);
    let words = ["import", "mbox", file.to_str().unwrap(), "--account", "support"];
    assert_eq!(counts(&profile.one(&words)), [11, 11, 0, 0]);
    let exported = profile.export();
    assert_eq!(hashes(&exported), originals.iter().map(|raw| hash(raw)).collect());
    assert_eq!(counts(&profile.one(&words)), [11, 0, 11, 0]);
    assert_eq!(profile.export(), exported);
}

#[test]
fn originals_and_attachments_can_be_saved_but_never_over_a_file() {
    let profile = Profile::offline();
    profile.import(&[with_attachment()]);
    let message = profile.one(&["show", "ana@test.example"])["messages"][0].clone();
    let (id, part) = (message["id"].as_str().unwrap(), message["attachments"][0]["part"].to_string());
    let picture = profile.ok(&["original", id, "--attachment", &part]).bytes;
    assert_eq!(picture, b"\x89PNG\r\n\x1a\n");
    let out = profile.home().join("cup.eml");
    let words = ["original", id, "--out", out.to_str().unwrap()];
    profile.ok(&words);
    assert_eq!(std::fs::read(&out).unwrap(), with_attachment());
    profile.refused(&words);
    let folder = profile.home().join("originals");
    profile.ok(&["export", "--originals", folder.to_str().unwrap()]);
    assert_eq!(std::fs::read(folder.join(format!("{id}.eml"))).unwrap(), with_attachment());
}

#[test]
fn what_is_no_maildir_and_no_account_is_said() {
    let profile = Profile::offline();
    let empty = profile.home().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let said = profile.refused(&["import", "maildir", empty.to_str().unwrap(), "--account", "support"]);
    assert!(said.contains("Maildir") && said.contains("empty"), "{said}");
    maildir(&empty, &[broken()]);
    let said = profile.refused(&["import", "maildir", empty.to_str().unwrap(), "--account", "sales"]);
    assert!(said.contains("\"sales\"") && said.contains("support"), "{said}");
    let said = profile.refused(&["import", "mbox", empty.to_str().unwrap(), "--account", "support"]);
    assert!(said.contains("import maildir"), "{said}");
}

#[test]
fn every_charset_is_read() {
    // What the text says, how mail names the charset, and the bytes.
    let cases: &[(&str, &str, &[u8])] = &[
        ("你好", "gb18030", b"\xc4\xe3\xba\xc3"),
        ("你好", "gb2312", b"\xc4\xe3\xba\xc3"),
        ("你好", "big5", b"\xa7\x41\xa6\x6e"),
        ("日本", "iso-2022-jp", b"\x1b$B\x46\x7c\x4b\x5c\x1b(B"),
        ("日本", "shift_jis", b"\x93\xfa\x96\x7b"),
        ("日本", "euc-jp", b"\xc6\xfc\xcb\xdc"),
        ("안녕", "euc-kr", b"\xbe\xc8\xb3\xe7"),
        ("Привет", "windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2"),
        ("Привет", "koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4"),
        ("“5 €”", "windows-1252", b"\x935 \x80\x94"),
        ("café", "iso-8859-1", b"caf\xe9"),
        ("5 €", "iso-8859-15", b"5 \xa4"),
        ("Łódź", "iso-8859-2", b"\xa3\xf3d\xbc"),
        ("Łódź", "windows-1250", b"\xa3\xf3d\x9f"),
        ("Grüße", "utf-8", "Grüße".as_bytes()),
    ];
    let profile = Profile::offline();
    let originals: Vec<Vec<u8>> = cases
        .iter()
        .enumerate()
        .map(|(number, (_, charset, bytes))| {
            let quoted: String = bytes.iter().map(|byte| format!("={byte:02X}")).collect();
            let head = format!(
                "From: =?{charset}?Q?{quoted}?= <c{number}@test.example>\r\nTo: support@shop.example\r\n\
                 Subject: =?{charset}?Q?{quoted}?=\r\nMessage-ID: <c{number}@test.example>\r\n\
                 Date: Wed, 1 Jul 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
                 Content-Type: text/plain; charset=\"{charset}\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            );
            [head.as_bytes(), bytes, b"\r\n"].concat()
        })
        .collect();
    profile.import(&originals);
    let rows = profile.export();
    for (number, (wanted, charset, _)) in cases.iter().enumerate() {
        let id = format!("c{number}@test.example");
        let row = rows.iter().find(|row| row["remote_id"] == id.as_str()).unwrap();
        assert_eq!(row["text"].as_str().unwrap().trim(), *wanted, "text in {charset}");
        assert_eq!(row["subject"], *wanted, "subject in {charset}");
        assert_eq!(row["from_name"], *wanted, "name in {charset}");
    }
}
