//! The original of an outgoing: what leaves, byte for byte, and the same each time it is made.

use super::headers::id_of;
use crate::connector::ConnectorError;
use crate::model::{Outgoing, Party};
use lettre::Address;
use lettre::message::header::{
    ContentTransferEncoding, ContentType, HeaderName, HeaderValue, InReplyTo, MessageId, References,
};
use lettre::message::{Attachment, Body, Mailbox, Message, MessageBuilder, MultiPart, SinglePart};
use std::time::{Duration, UNIX_EPOCH};

/// References sent: the first, which names the conversation, and the last of these. Long lists break mail systems.
const LAST_REFERENCES: usize = 20;
/// Largest original made, in bytes; mail systems refuse more.
const MAX_BYTES: usize = 50_000_000;
/// Longest id sent: with its header name it must fit into a line of 998 characters.
const MAX_ID: usize = 980;
/// Longest subject, in bytes.
const MAX_SUBJECT: usize = 4_000;

/// Makes the original. The same outgoing gives the same bytes.
///
/// # Errors
/// [`ConnectorError::Reject`] when it cannot be sent as it is, with the reason.
pub fn render(outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
    message(outgoing, attachments).map_err(|reason| ConnectorError::Reject { reason })
}

fn message(outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, String> {
    check(outgoing, attachments)?;
    let mut builder = Message::builder()
        .raw_header(folded::<MessageId>(vec![format!("<{}>", outgoing.remote_id)]))
        .date(UNIX_EPOCH + Duration::from_millis(outgoing.date.0.max(0) as u64))
        .from(mailbox(&outgoing.from, "the sender")?);
    for party in &outgoing.to {
        builder = builder.to(mailbox(party, "the recipient")?);
    }
    for party in &outgoing.cc {
        builder = builder.cc(mailbox(party, "the copy recipient")?);
    }
    builder = builder.subject(single_spaced(&outgoing.subject));
    builder = thread(builder, outgoing)?;
    let text = text_part(&outgoing.text);
    let message = if attachments.is_empty() {
        builder.singlepart(text)
    } else {
        let mut parts = MultiPart::mixed().boundary(boundary(&outgoing.remote_id)).singlepart(text);
        for (listed, content) in outgoing.attachments.iter().zip(attachments) {
            let media_type = media_type(&listed.media_type);
            // Always base64: a text file arrives byte for byte, line ends and charset included.
            let body = Body::new_with_encoding(content.clone(), ContentTransferEncoding::Base64)
                .map_err(|_| format!("the attachment {} cannot be encoded", listed.name))?;
            parts = parts.singlepart(Attachment::new(listed.name.clone()).body(body, media_type));
        }
        builder.multipart(parts)
    };
    let bytes = message.map_err(|error| format!("the message cannot be made: {error}"))?.formatted();
    if bytes.len() > MAX_BYTES {
        return Err(format!(
            "the message would be {} MB large, mail systems take at most {} MB: leave attachments out",
            bytes.len() / 1_000_000,
            MAX_BYTES / 1_000_000
        ));
    }
    Ok(bytes)
}

/// Refuses what must not be put into headers, and what is not complete.
fn check(outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<(), String> {
    if outgoing.to.is_empty() && outgoing.cc.is_empty() {
        return Err("it has no recipients: name at least one".to_owned());
    }
    if attachments.len() != outgoing.attachments.len() {
        return Err(format!(
            "it lists {} attachments but {} were found: attach them again",
            outgoing.attachments.len(),
            attachments.len()
        ));
    }
    one_line(&outgoing.subject, "the subject")?;
    if outgoing.subject.len() > MAX_SUBJECT {
        return Err("the subject is too long: shorten it".to_owned());
    }
    for attachment in &outgoing.attachments {
        one_line(&attachment.name, "the name of an attachment")?;
        one_line(&attachment.media_type, "the type of an attachment")?;
        if attachment.name.trim().is_empty() || attachment.name.contains(['/', '\\']) {
            return Err("an attachment needs a file name without folders".to_owned());
        }
    }
    if id_of(&outgoing.remote_id).is_none_or(|id| id != outgoing.remote_id || id.len() > MAX_ID) {
        return Err("its Message-ID is not sound; this is a defect of switchboard".to_owned());
    }
    if outgoing.text.contains('\0') {
        return Err("the text has a NUL character: remove it".to_owned());
    }
    Ok(())
}

/// Header values with line breaks could smuggle in headers of their own.
fn one_line(value: &str, what: &str) -> Result<(), String> {
    if value.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        return Err(format!("{what} has a line break or control character: remove it"));
    }
    Ok(())
}

/// Readers drop the space between two encoded words, so of two spaces in a row both could get lost.
fn single_spaced(value: &str) -> String {
    value.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn mailbox(party: &Party, what: &str) -> Result<Mailbox, String> {
    one_line(&party.address, &format!("the address of {what}"))?;
    one_line(&party.name, &format!("the name of {what}"))?;
    let shown = crate::model::clean_line(&party.address);
    if !party.address.is_ascii() {
        let hint = match party.address.rsplit_once('@') {
            Some((local, _)) if local.is_ascii() => "write its domain in the xn-- form",
            _ => "such addresses (SMTPUTF8) cannot be sent to",
        };
        return Err(format!("{what} {shown} has letters beyond ASCII in the address: {hint}"));
    }
    let address: Address =
        party.address.parse().map_err(|_| format!("{what} {shown} is not a mail address: correct it"))?;
    let name = single_spaced(&party.name);
    Ok(Mailbox::new((!name.is_empty() && name != party.address).then_some(name), address))
}

/// `In-Reply-To` and `References`, folded so that no line grows long.
fn thread(mut builder: MessageBuilder, outgoing: &Outgoing) -> Result<MessageBuilder, String> {
    let sound = |id: &String| match id_of(id) {
        Some(found) if found == *id => Ok(format!("<{id}>")),
        _ => Err("the message it answers has an id that cannot be sent: send it as a new message".to_owned()),
    };
    // Mail without an id of its own was given one by us, which means nothing to others; and a stranger's id that fits
    // no line must not keep an answer from leaving.
    let known = |id: &&String| !id.starts_with("sha256:") && id.len() <= MAX_ID;
    if let Some(parent) = outgoing.in_reply_to.as_ref().filter(known) {
        builder = builder.raw_header(folded::<InReplyTo>(vec![sound(parent)?]));
    }
    let mut references = outgoing.references.iter().filter(known).map(sound).collect::<Result<Vec<_>, _>>()?;
    if references.len() > 1 + LAST_REFERENCES {
        references.drain(1..references.len() - LAST_REFERENCES);
    }
    if !references.is_empty() {
        builder = builder.raw_header(folded::<References>(references));
    }
    Ok(builder)
}

/// A header of ids, one on a line: encoders would otherwise turn a long id into encoded words, which no program reads.
fn folded<H: lettre::message::header::Header>(ids: Vec<String>) -> HeaderValue {
    let name: HeaderName = H::name();
    HeaderValue::dangerous_new_pre_encoded(name, ids.join(" "), ids.join("\r\n "))
}

fn text_part(text: &str) -> SinglePart {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let short = text.lines().all(|line| line.len() <= 998);
    let body = if text.is_ascii()
        && short
        && !text.bytes().any(|byte| byte.is_ascii_control() && byte != b'\n' && byte != b'\t')
    {
        Body::new(text)
    } else {
        // Quoted-printable stays readable for Western text; for the others base64 is shorter.
        let foreign = text.chars().filter(|c| !c.is_ascii()).count();
        let encoding = if foreign * 4 < text.chars().count() {
            ContentTransferEncoding::QuotedPrintable
        } else {
            ContentTransferEncoding::Base64
        };
        Body::new_with_encoding(text.clone(), encoding).unwrap_or_else(|_| Body::new(text))
    };
    SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body)
}

fn media_type(named: &str) -> ContentType {
    let plain = named.split(';').next().unwrap_or_default().trim();
    // A multipart or message type would be read as structure.
    let structure = plain.to_ascii_lowercase();
    let structure = structure.starts_with("multipart/") || structure.starts_with("message/");
    let octets = || ContentType::parse("application/octet-stream").unwrap_or(ContentType::TEXT_PLAIN);
    if structure { octets() } else { ContentType::parse(plain).unwrap_or_else(|_| octets()) }
}

/// A boundary of the message's own id: the same each time, and in no encoded body (it has characters that neither
/// base64 nor quoted-printable lines begin with).
fn boundary(remote_id: &str) -> String {
    let digest = blake3::hash(remote_id.as_bytes()).to_hex();
    format!("=_{}", &digest[..32])
}

#[cfg(test)]
mod tests;
