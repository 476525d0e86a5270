//! The command line as scripts use it: the real program, run as a process.
#![allow(clippy::unwrap_used)]

mod account;
mod automated;
mod bad_input;
mod bench;
mod case;
mod connector;
pub mod contract;
mod damage;
mod dead;
mod doctor;
mod facts;
mod full;
mod hostile;
mod import;
mod keys;
mod manual;
mod people;
mod process;
mod scores;
mod sentiment;
mod writing;

use crate::support::mail;

/// A mail of Ana's with a picture, a copy to somebody, and another address for answers.
fn with_attachment() -> Vec<u8> {
    let text = "From: Ana Silva <ana@test.example>\nTo: support@shop.example\nCc: bo@test.example\n\
        Reply-To: ana.private@test.example\nSubject: Broken cup\nMessage-ID: <cup@test.example>\n\
        In-Reply-To: <first@test.example>\nReferences: <first@test.example>\n\
        Date: Wed, 1 Jul 2026 11:00:00 +0200\nMIME-Version: 1.0\n\
        Content-Type: multipart/mixed; boundary=\"b\"\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n\
        The cup arrived broken, see the picture.\n--b\nContent-Type: image/png; name=\"cup.png\"\n\
        Content-Disposition: attachment; filename=\"cup.png\"\nContent-Transfer-Encoding: base64\n\n\
        iVBORw0KGgo=\n--b--\n";
    text.replace('\n', "\r\n").into_bytes()
}

/// An original that no parser can make a message of.
fn broken() -> Vec<u8> {
    b"this is no mail at all\r\nnot one header\r\n".to_vec()
}

/// A plain mail of this customer's.
pub fn from(id: &str, who: &str, subject: &str, text: &str) -> Vec<u8> {
    let raw = String::from_utf8(mail::plain(id, subject, text)).unwrap();
    raw.replace("Ana <ana@test.example>", who).into_bytes()
}
