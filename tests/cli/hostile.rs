//! A hostile mail reaches no terminal as anything but text, whatever verb prints it.

use super::from;
use crate::support::profile::Profile;
use serde_json::Value;

/// Clipboard writes, colours, title changes, C1 controls, reordering, invisible letters.
const NASTY: &str = "A\u{1b}]52;c;cm0gLXJm\u{7}B\u{1b}[31m\u{1b}[2JC\u{9b}31mD\u{90}E\u{202e}txt.exe\u{202c}\
    \u{2066}F\u{2069}\u{e0041}\u{e0042}G\u{200b}\u{feff}H\u{8}\u{8}I\u{7f}J\u{200f}K";

/// Characters that act on a terminal, or on what a person believes to read.
fn is_dangerous(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(c, '\u{e0000}'..='\u{e007f}' | '\u{200b}' | '\u{feff}' | '\u{2028}' | '\u{2029}')
}

fn assert_harmless(what: &[&str], text: &str) {
    if let Some(at) = text.find(is_dangerous) {
        let shown: String = text[at..].chars().take(30).flat_map(char::escape_debug).collect();
        panic!("{what:?} prints {shown}");
    }
}

fn strings(value: &Value, all: &mut Vec<String>) {
    match value {
        Value::String(text) => all.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| strings(value, all)),
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            all.push(key.clone());
            strings(value, all);
        }),
        _ => {}
    }
}

fn encoded(text: &str) -> String {
    let pieces: Vec<String> = text
        .chars()
        .map(|c| {
            let mut bytes = [0; 4];
            let quoted: String = c.encode_utf8(&mut bytes).bytes().map(|byte| format!("={byte:02X}")).collect();
            format!("=?utf-8?Q?{quoted}?=")
        })
        .collect();
    pieces.join("\r\n ")
}

/// The nasty text raw and encoded, wherever a stranger can put text.
fn nasty_mail(id: &str, wrap: fn(&str) -> String) -> Vec<u8> {
    let nasty = wrap(NASTY);
    format!(
        "From: {nasty} <ana@test.example>\r\nTo: {nasty} <support@shop.example>\r\n\
         Reply-To: {nasty} <other@test.example>\r\nSubject: Hello {nasty}\r\nMessage-ID: <{id}@test.example>\r\n\
         Date: Wed, 1 Jul 2026 10:00:00 +0200\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\nText {NASTY}\r\nsecond\tline\r\n--b\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<p>Hi {NASTY} &#27;[31m &#x9b;31m <a href=\"http://x/{NASTY}\">l</a>\r\n\
         --b\r\nContent-Type: application/pdf; name=\"{NASTY}.pdf\"\r\n\
         Content-Disposition: attachment; filename=\"../../{NASTY}.pdf\"\r\n\r\nx\r\n--b--\r\n"
    )
    .into_bytes()
}

#[test]
fn no_verb_prints_a_control_character() {
    let profile = Profile::offline();
    let dead = format!("no header {NASTY}\r\nat all {NASTY}\r\n").into_bytes();
    let bulk = [&b"Precedence: bulk\r\n"[..], &nasty_mail("bulk", str::to_owned)].concat();
    let report = profile.import(&[nasty_mail("raw", str::to_owned), nasty_mail("encoded", encoded), bulk, dead]);
    assert_eq!(report["read"], 4);
    let ana = "ana@test.example";
    profile.ok(&["note", ana, "--text", NASTY]);
    profile.ok(&["tag", ana, NASTY]);
    profile.ok(&["edit", ana, "--notes", NASTY, "--field", &format!("{NASTY}={NASTY}")]);
    profile.ok(&["reply", ana, "--text", NASTY]);
    profile.ok(&["forward", ana, "--to", "maker@cups.example", "--text", NASTY]);
    profile.ok(&["compose", "--to", &format!("{NASTY} <bo@test.example>"), "--subject", NASTY, "--text", NASTY]);
    profile.ok(&["--agent", NASTY, "assign", ana, NASTY]);
    let dead = profile.json(&["dead", "list"]);
    let dead = dead[0]["dead"].as_str().unwrap();
    let mut printed = String::new();
    for words in [
        &["inbox", "--view", "all"][..],
        &["show", ana],
        &["show", "bo@test.example"],
        &["outbox"],
        &["automated"],
        &["dead", "list"],
        &["dead", "show", dead],
        &["log"],
        &["export"],
        &["drafts"],
        &["show", NASTY],
        &["sync", "--account", NASTY],
    ] {
        for json in [false, true] {
            let mut all = words.to_vec();
            all.extend(json.then_some("--json"));
            let done = profile.run(&all);
            let out = done.out();
            assert_harmless(&all, &out);
            assert_harmless(&all, &done.err);
            if json {
                let mut texts = Vec::new();
                done.rows().iter().for_each(|row| strings(row, &mut texts));
                texts.iter().for_each(|text| assert_harmless(&all, text));
            }
            printed.push_str(&out);
        }
    }
    assert!(printed.contains("second") && printed.contains("Hello"), "the text itself is there");
    assert!(!printed.contains("../"), "no path in a file name");
}

#[test]
fn a_stranger_cannot_pass_for_one_of_us() {
    let profile = Profile::offline();
    // Headers smuggled through an encoded subject end up as text in ours, never as headers of the answer.
    let smuggled = "=?utf-8?Q?Hello=0D=0ABcc:_victim@test.example=0D=0A=0D=0Abody?=";
    profile.import(&[from("s", "Ana <ana@test.example>", smuggled, "hi\n")]);
    profile.ok(&["reply", "ana@test.example", "--text", "Dear Ana"]);
    let row = &profile.json(&["outbox"])[0];
    assert_eq!((&row["to"], &row["cc"]), (&serde_json::json!(["ana@test.example"]), &serde_json::json!([])));
    assert!(!row["subject"].as_str().unwrap().contains('\n'), "{row}");
}
