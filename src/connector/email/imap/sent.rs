//! The Sent folder: was an answer filed there already, and filing one that was not.

use super::fetch;
use super::folders::{list, sent_folder};
use super::session::{Session, quoted};
use crate::connector::email::settings::ImapSettings;
use crate::connector::email::trouble::Trouble;
use crate::model::Timestamp;
use std::sync::Arc;

/// Messages looked at whose Message-ID may be the wanted one.
const MOST_CANDIDATES: usize = 20;

/// The Sent folder of an account, over a connection of its own that is made when first needed.
pub(in crate::connector::email) struct SentFolder {
    settings: Arc<ImapSettings>,
    session: Option<Session>,
}

impl SentFolder {
    /// Not connected yet.
    pub(in crate::connector::email) fn new(settings: Arc<ImapSettings>) -> SentFolder {
        SentFolder { settings, session: None }
    }

    /// Whether a message with this id is there; `None` when the account has no Sent folder.
    pub(in crate::connector::email) async fn find(&mut self, remote_id: &str) -> Result<Option<bool>, Trouble> {
        let Some((mut session, folder)) = self.open().await? else { return Ok(None) };
        let found = find_in(&mut session, &folder, remote_id).await?;
        self.session = Some(session);
        Ok(Some(found))
    }

    /// Files a copy unless it is there. `auto` leaves it to servers known to file by themselves.
    pub(in crate::connector::email) async fn file(
        &mut self,
        remote_id: &str,
        original: &[u8],
        auto: bool,
    ) -> Result<(), Trouble> {
        let Some((mut session, folder)) = self.open().await? else { return Ok(()) };
        // Gmail files what went through its SMTP server by itself, but some seconds later.
        let by_itself = auto && session.can("X-GM-EXT-1");
        if !by_itself && !find_in(&mut session, &folder, remote_id).await? {
            session.append(&folder, written(original).as_deref(), original).await?;
        }
        self.session = Some(session);
        Ok(())
    }

    async fn open(&mut self) -> Result<Option<(Session, String)>, Trouble> {
        if self.settings.sent.as_deref() == Some("") {
            return Ok(None);
        }
        if let Some(mut session) = self.session.take()
            && session.is_whole()
            && let Ok(folder) = self.folder(&mut session).await
        {
            return Ok(folder.map(|folder| (session, folder)));
        }
        // None yet, or one that the server closed while it was not used.
        let mut session = Session::open(&self.settings.server).await?;
        let folder = self.folder(&mut session).await?;
        Ok(folder.map(|folder| (session, folder)))
    }

    async fn folder(&self, session: &mut Session) -> Result<Option<String>, Trouble> {
        Ok(sent_folder(&self.settings, &list(session).await?))
    }

    /// Says good-bye, briefly.
    pub(in crate::connector::email) async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.close().await;
        }
    }
}

async fn find_in(session: &mut Session, folder: &str, remote_id: &str) -> Result<bool, Trouble> {
    session.select(folder, false).await?;
    let mut uids = session.search(&format!("HEADER Message-ID {}", quoted(remote_id))).await?;
    // SEARCH looks for a part of the field's text, so that `1@a` is found in `<11@a>`: the header itself decides.
    let newest = uids.split_off(uids.len().saturating_sub(MOST_CANDIDATES));
    for uid in newest.iter().rev() {
        let found = fetch::headers(session, &[*uid]).await?;
        if found.values().any(|header| field(header, "message-id").is_some_and(|id| same_id(&id, remote_id))) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn same_id(field: &str, remote_id: &str) -> bool {
    field.trim().trim_start_matches('<').trim_end_matches('>') == remote_id
}

/// A header field's text, unfolded (RFC 5322 2.2.3).
fn field(message: &[u8], name: &str) -> Option<String> {
    let mut lines = message.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let mut text: Option<String> = None;
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        match &mut text {
            Some(text) if line.starts_with([' ', '\t']) => text.push_str(&line),
            Some(_) => break,
            None => {
                if let Some((key, rest)) = line.split_once(':')
                    && key.trim_end().eq_ignore_ascii_case(name)
                {
                    text = Some(rest.to_owned());
                }
            }
        }
    }
    text.map(|text| text.trim().to_owned())
}

/// The date a message shows, in the form APPEND wants; `None` leaves it to the server.
fn written(original: &[u8]) -> Option<String> {
    let date = field(original, "date")?;
    let time = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(&date).ok()?;
    let time = Timestamp::from(time).to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
    Some(time.strftime("%d-%b-%Y %H:%M:%S +0000").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] =
        b"From: a@b\r\nMessage-Id:\r\n <7.x@shop.example>\r\nDate: Wed, 1 Jul 2026 10:00:00 +0200\r\n\r\nDate: no\r\n";

    #[test]
    fn the_id_is_compared_whole_and_unfolded() {
        let id = field(MAIL, "message-id");
        assert_eq!(id.as_deref(), Some("<7.x@shop.example>"));
        assert!(same_id("<7.x@shop.example>", "7.x@shop.example"));
        assert!(!same_id("<17.x@shop.example>", "7.x@shop.example"));
    }

    #[test]
    fn the_copy_gets_the_date_the_message_shows() {
        assert_eq!(written(MAIL).as_deref(), Some("01-Jul-2026 08:00:00 +0000"));
        assert_eq!(written(b"Date: never\r\n\r\n"), None);
    }
}
