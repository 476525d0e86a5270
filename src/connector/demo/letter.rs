//! A written message as mail: RFC 5322 with MIME, so that the mail parser reads it like any other.

use super::writer::Written;
use crate::model::Timestamp;

/// A picture of one pixel: what customers' photos are made of here.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E\r\n\
                     rkJggg==";

/// The name under which the invented mail server says what it thinks of senders.
pub(super) const SERVER: &str = "mx.demo.example";

/// The original of a mail.
pub(super) fn original(written: &Written) -> Vec<u8> {
    let date = Timestamp(written.at).to_jiff().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let mut text = format!(
        "Message-ID: <{}>\r\nDate: {date}\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\n",
        written.id,
        mailbox(&written.from),
        mailbox(&written.to),
        header_words(&written.subject),
    );
    if let Some(last) = written.references.last() {
        text.push_str(&format!("In-Reply-To: <{last}>\r\n"));
        let all: Vec<String> = written.references.iter().map(|id| format!("<{id}>")).collect();
        text.push_str(&format!("References: {}\r\n", all.join("\r\n ")));
    }
    text.push_str(&written.headers);
    if written.customer
        && let Some((_, domain)) = written.from.1.split_once('@')
    {
        text = format!("Authentication-Results: {SERVER}; dmarc=pass header.from={domain}\r\n{text}");
    }
    text.push_str("MIME-Version: 1.0\r\n");
    let body = written.text.replace('\n', "\r\n");
    const PLAIN: &str = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
    match &written.photo {
        None => text.push_str(&format!("{PLAIN}{body}\r\n")),
        Some(name) => text.push_str(&format!(
            "Content-Type: multipart/mixed; boundary=\"=_picture\"\r\n\r\n--=_picture\r\n{PLAIN}{body}\r\n\
             --=_picture\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n{PIXEL}\r\n--=_picture--\r\n"
        )),
    }
    text.into_bytes()
}

fn mailbox((name, address): &(String, String)) -> String {
    if name.is_empty() {
        return address.clone();
    }
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || " '-".contains(c));
    if plain { format!("{name} <{address}>") } else { format!("{} <{address}>", header_words(name)) }
}

/// Words of a header: as they are in ASCII, else as encoded words (RFC 2047, Q).
fn header_words(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = vec![String::new()];
    for letter in text.chars() {
        let mut bytes = [0; 4];
        let coded = match letter {
            ' ' => "_".to_owned(),
            letter if letter.is_ascii_alphanumeric() => letter.to_string(),
            letter => letter.encode_utf8(&mut bytes).bytes().map(|byte| format!("={byte:02X}")).collect(),
        };
        // An encoded word has at most 75 characters, and none is cut within a letter.
        if words.last().is_some_and(|word| word.len() + coded.len() > 60) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push_str(&coded);
        }
    }
    let words: Vec<String> = words.iter().map(|word| format!("=?utf-8?Q?{word}?=")).collect();
    words.join("\r\n ")
}
