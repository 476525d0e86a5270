//! FETCH: sizes first, then bodies, always by UID and never setting `\Seen`.

use super::session::{BODY_LIMIT, COMMAND_LIMIT, SMALL, Session};
use crate::connector::email::trouble::Trouble;
use crate::model::Timestamp;
use async_imap::imap_proto::{AttributeValue, MessageSection, Response, SectionPath};
use std::collections::BTreeMap;

/// Larger messages are not taken: only their header is.
pub(super) const MOST_MESSAGE: u64 = 50 * 1024 * 1024;
/// What a page of bodies may bring at most: a message of the largest size, and some more, since sizes are often wrong.
const MOST_PAGE: usize = 64 * 1024 * 1024;
/// The largest header taken of a message that is too large itself.
const MOST_HEADER: usize = 2 * 1024 * 1024;

/// What is known of a message before it is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    /// Size in bytes, as the server says.
    pub(super) size: u64,
    /// When the server received it.
    pub(super) received: Timestamp,
}

/// Sizes and dates of these UIDs. Those that are gone meanwhile are left out.
pub(super) async fn sizes(session: &mut Session, uids: &[u32]) -> Result<BTreeMap<u32, Facts>, Trouble> {
    let mut found = BTreeMap::new();
    let line = format!("UID FETCH {} (UID RFC822.SIZE INTERNALDATE)", set(uids));
    session
        .command("UID FETCH sizes", &line, COMMAND_LIMIT, SMALL, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let (mut uid, mut size, mut received) = (None, None, None);
            for attribute in attributes {
                match attribute {
                    AttributeValue::Uid(value) => uid = Some(*value),
                    AttributeValue::Rfc822Size(value) => size = Some(u64::from(*value)),
                    AttributeValue::InternalDate(date) => received = internal_date(date),
                    _ => {}
                }
            }
            // News of flags come as FETCH too; they have no size.
            if let (Some(uid), Some(size)) = (uid, size) {
                found.insert(uid, Facts { size, received: received.unwrap_or_else(now) });
            }
        })
        .await?;
    found.retain(|uid, _| uids.contains(uid));
    Ok(found)
}

/// The originals of these UIDs; those without one are left out.
pub(super) async fn bodies(session: &mut Session, uids: &[u32]) -> Result<BTreeMap<u32, Vec<u8>>, Trouble> {
    let line = format!("UID FETCH {} (UID BODY.PEEK[])", set(uids));
    collect(session, "UID FETCH bodies", &line, MOST_PAGE, uids, false).await
}

/// Only the header of these UIDs.
pub(super) async fn headers(session: &mut Session, uids: &[u32]) -> Result<BTreeMap<u32, Vec<u8>>, Trouble> {
    let line = format!("UID FETCH {} (UID BODY.PEEK[HEADER])", set(uids));
    collect(session, "UID FETCH headers", &line, MOST_HEADER, uids, true).await
}

async fn collect(
    session: &mut Session,
    name: &'static str,
    line: &str,
    allowed: usize,
    uids: &[u32],
    header: bool,
) -> Result<BTreeMap<u32, Vec<u8>>, Trouble> {
    let mut found = BTreeMap::new();
    session
        .command(name, line, BODY_LIMIT, allowed, |response| {
            let Response::Fetch(_, attributes) = response else { return };
            let uid = attributes.iter().find_map(|attribute| match attribute {
                AttributeValue::Uid(uid) => Some(*uid),
                _ => None,
            });
            let bytes = attributes.iter().find_map(|attribute| match attribute {
                AttributeValue::BodySection { section: None, data: Some(data), .. } if !header => Some(data.to_vec()),
                AttributeValue::BodySection {
                    section: Some(SectionPath::Full(MessageSection::Header)),
                    data: Some(data),
                    ..
                } if header => Some(data.to_vec()),
                _ => None,
            });
            if let (Some(uid), Some(bytes)) = (uid, bytes) {
                found.insert(uid, bytes);
            }
        })
        .await?;
    found.retain(|uid, _| uids.contains(uid));
    Ok(found)
}

/// A sequence set of sorted UIDs, runs drawn together: `3:5,9`.
pub(super) fn set(uids: &[u32]) -> String {
    let mut parts: Vec<String> = Vec::new();
    for run in uids.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
        match run {
            [only] => parts.push(only.to_string()),
            [first, .., last] => parts.push(format!("{first}:{last}")),
            [] => {}
        }
    }
    parts.join(",")
}

/// `17-Jul-1996 02:44:25 -0700` (RFC 3501 date-time; the day may have a leading space).
fn internal_date(text: &str) -> Option<Timestamp> {
    let time = jiff::Zoned::strptime("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?;
    Some(time.timestamp().into())
}

pub(super) fn now() -> Timestamp {
    jiff::Timestamp::now().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_uids_are_drawn_together() {
        assert_eq!(set(&[1, 2, 3, 7, 9, 10]), "1:3,7,9:10");
        assert_eq!(set(&[u32::MAX]), "4294967295");
    }

    #[test]
    fn the_date_a_server_gives_is_read() {
        let date = |text| internal_date(text).map(|time| time.to_string());
        assert_eq!(date("17-Jul-1996 02:44:25 -0700").as_deref(), Some("1996-07-17T09:44:25Z"));
        assert_eq!(date(" 1-Jan-2026 00:00:00 +0000").as_deref(), Some("2026-01-01T00:00:00Z"));
        assert_eq!(date("yesterday"), None);
    }
}
