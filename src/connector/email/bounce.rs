//! Delivery reports: RFC 3464, and what older mail systems write instead.

use super::automated::has_null_return_path;
use super::body;
use super::headers::Headers;
use super::parts::Part;
use crate::connector::BounceReport;
use crate::identity::is_mail_system;
use crate::model::{Party, clean_line};

/// Longest reason kept, in characters.
const MAX_REASON: usize = 300;
/// How much of a plain report is searched, in bytes.
const MAX_SEARCH: usize = 64_000;

/// Reads the report, if the message is one.
pub(super) fn read(
    raw: &[u8],
    parts: &[Part],
    headers: &Headers<'_>,
    from: &Party,
    text: &str,
) -> Option<BounceReport> {
    let status = parts.iter().find(|part| {
        part.kind.main == "message" && matches!(part.kind.sub.as_str(), "delivery-status" | "global-delivery-status")
    });
    match status.map_or(Status::Nothing, |status| delivery_status(raw, parts, status)) {
        Status::Failed(report) => Some(report),
        Status::Arrived => None,
        Status::Nothing => plain(raw, parts, headers, from, text),
    }
}

/// What a delivery status says.
enum Status {
    /// It did not arrive, or not yet.
    Failed(BounceReport),
    /// It arrived.
    Arrived,
    /// Nothing that can be read.
    Nothing,
}

/// RFC 3464: fields about the message, then a group of fields for each recipient.
fn delivery_status(raw: &[u8], parts: &[Part], status: &Part) -> Status {
    let decoded = status.kind.transfer.decode(raw.get(status.body.clone()).unwrap_or_default());
    let text = String::from_utf8_lossy(&decoded).replace("\r\n", "\n");
    let groups: Vec<Vec<(String, String)>> = text.split("\n\n").take(200).map(fields).collect();
    let of = |group: &[(String, String)], name: &str| {
        group.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone())
    };
    let recipients =
        || groups.iter().filter(|group| of(group, "final-recipient").is_some() || of(group, "action").is_some());
    let action = |group: &[(String, String)]| of(group, "action").unwrap_or_default().to_ascii_lowercase();
    // The worst news first: of several recipients the one that failed is the one to tell of.
    let Some(group) = recipients().find(|group| action(group) == "failed").or_else(|| recipients().next()) else {
        return Status::Nothing;
    };
    let action = action(group);
    if matches!(action.as_str(), "delivered" | "relayed" | "expanded") {
        return Status::Arrived;
    }
    let typed = |value: String| value.split_once(';').map_or(value.clone(), |(_, rest)| rest.trim().to_owned());
    let code = of(group, "status").unwrap_or_default();
    let code = code.split_whitespace().next().unwrap_or_default().to_owned();
    let diagnostic = of(group, "diagnostic-code").map(typed).unwrap_or_default();
    let reason = match (code.is_empty(), diagnostic.contains(&code)) {
        (false, false) => format!("{code} {diagnostic}"),
        _ => diagnostic,
    };
    let recipient = of(group, "final-recipient").or_else(|| of(group, "original-recipient")).map(typed);
    Status::Failed(BounceReport {
        remote_id: returned_id(raw, parts),
        recipient: recipient.and_then(|address| normal(&address)),
        reason: reason_line(&reason, if action == "delayed" { "delayed" } else { "could not be delivered" }),
        permanent: action != "delayed" && !code.starts_with("4."),
    })
}

/// Header-like fields of a group, names in lower case, folded lines joined.
fn fields(group: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in group.lines().take(500) {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut()
                && value.len() < 4_000
            {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    fields
}

/// The id of our message in the copy that came back.
fn returned_id(raw: &[u8], parts: &[Part]) -> Option<String> {
    parts.iter().rev().find_map(|part| {
        let kind = &part.kind;
        let copy = (kind.main == "message" && matches!(kind.sub.as_str(), "rfc822" | "global" | "global-headers"))
            || kind.is("text", "rfc822-headers");
        if !copy {
            return None;
        }
        let decoded = kind.transfer.decode(raw.get(part.body.clone()).unwrap_or_default());
        let head = &decoded[..decoded.len().min(MAX_SEARCH)];
        Headers::parse(head).ids("Message-ID").into_iter().next()
    })
}

/// Reports without structure (qmail, Exim, many gateways): believed only from a mail system, and only with a sign that
/// a message came back.
fn plain(raw: &[u8], parts: &[Part], headers: &Headers<'_>, from: &Party, text: &str) -> Option<BounceReport> {
    let failed_recipients = headers.text("X-Failed-Recipients").map(|text| text.into_owned());
    if !(is_mail_system(&from.address)
        && (has_null_return_path(headers) || failed_recipients.is_some() || speaks_of_failure(text)))
    {
        return None;
    }
    let source = match parts.first() {
        Some(part) if !part.multipart => body::text_of(raw, part),
        _ => text.to_owned(),
    };
    let source = &source[..source.floor_char_boundary(MAX_SEARCH)];
    let in_text = source
        .lines()
        .map(|line| line.trim_start_matches(['>', ' ', '\t']))
        .filter(|line| line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case("message-id:")))
        .find_map(|line| super::headers::id_of(line[11..].trim().trim_matches(['<', '>'])));
    let remote_id = returned_id(raw, parts).or(in_text);
    let recipient = failed_recipients
        .as_deref()
        .and_then(|list| list.split(',').next())
        .and_then(normal)
        .or_else(|| source.lines().find_map(|line| normal(line.trim().strip_suffix(':').unwrap_or(line.trim()))));
    let reason = source.lines().map(str::trim).find(|line| has_status_code(line)).unwrap_or_default();
    let delayed = ["warning: message", "still being retried", "delayed", "will be retried", "delay notification"]
        .iter()
        .any(|sign| source.to_lowercase().contains(sign));
    Some(BounceReport {
        remote_id,
        recipient,
        reason: reason_line(reason, "could not be delivered"),
        permanent: !delayed,
    })
}

fn speaks_of_failure(text: &str) -> bool {
    let head = text[..text.floor_char_boundary(4_000)].to_lowercase();
    [
        "undeliver",
        "not be delivered",
        "wasn't able to deliver",
        "unable to deliver",
        "delivery fail",
        "returned mail",
        "permanent error",
        "delivery to the following",
    ]
    .iter()
    .any(|sign| head.contains(sign))
}

/// A line with an SMTP reply code (`550 `) or an enhanced one (`5.1.1`).
fn has_status_code(line: &str) -> bool {
    line.split(|c: char| c.is_whitespace() || matches!(c, '#' | '(' | ')' | ':')).any(|word| {
        let enhanced = word.split('.').collect::<Vec<_>>();
        let digits =
            |text: &&str| !text.is_empty() && text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let code = |text: &str| text.len() == 3 && matches!(text.as_bytes(), [b'4' | b'5', b'0'..=b'5', b'0'..=b'9']);
        code(word.split('-').next().unwrap_or_default())
            || (enhanced.len() == 3 && matches!(enhanced[0], "4" | "5") && enhanced.iter().all(digits))
    })
}

fn normal(address: &str) -> Option<String> {
    let address = clean_line(address.trim().trim_matches(['<', '>'])).to_lowercase();
    let (local, domain) = address.rsplit_once('@')?;
    let sound =
        !local.is_empty() && domain.contains('.') && !address.contains(char::is_whitespace) && address.len() <= 320;
    sound.then_some(address)
}

fn reason_line(reason: &str, otherwise: &str) -> String {
    let reason = clean_line(reason);
    if reason.is_empty() {
        return otherwise.to_owned();
    }
    match reason.char_indices().nth(MAX_REASON) {
        Some((at, _)) => format!("{}…", reason[..at].trim_end()),
        None => reason,
    }
}
