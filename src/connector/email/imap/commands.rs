//! The commands on folders: open, state, search, append, and waiting in IDLE.

use super::mutf7;
use super::session::{BODY_LIMIT, COMMAND_LIMIT, End, SMALL, Session, Turn, quoted};
use crate::connector::email::trouble::Trouble;
use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response, ResponseCode, StatusAttribute};
use std::time::Duration;
use tokio::time::timeout;

/// Unasked-for news between two moments of IDLE.
const NEWS: usize = 1024 * 1024;

/// A folder's state, as STATUS or EXAMINE tell it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::connector::email) struct FolderState {
    /// Changes when UIDs start anew.
    pub(in crate::connector::email) validity: u32,
    /// The UID the next message will have; `None` when the server does not say.
    pub(in crate::connector::email) next: Option<u32>,
    /// Messages in it.
    pub(in crate::connector::email) messages: u32,
    /// CONDSTORE: changes with every change (RFC 7162).
    pub(in crate::connector::email) modseq: Option<u64>,
}

impl FolderState {
    /// True when it tells whether something came: UIDNEXT, or at least HIGHESTMODSEQ.
    pub(super) fn tells(&self) -> bool {
        self.next.is_some() || self.modseq.is_some()
    }
}

impl Session {
    /// Opens a folder: read-only unless `writable`.
    pub(in crate::connector::email) async fn select(
        &mut self,
        folder: &str,
        writable: bool,
    ) -> Result<FolderState, Trouble> {
        let name = if writable { "SELECT" } else { "EXAMINE" };
        self.selected = None;
        self.exists = 0;
        let mut state = FolderState::default();
        let condstore = if self.can("CONDSTORE") { " (CONDSTORE)" } else { "" };
        let line = format!("{name} {}{condstore}", mailbox(folder));
        self.command(name, &line, COMMAND_LIMIT, SMALL, |response| match response {
            Response::MailboxData(MailboxDatum::Exists(count)) => state.messages = *count,
            Response::Data { outcome, .. } => match outcome.code {
                Some(ResponseCode::UidValidity(validity)) => state.validity = validity,
                // Zero cannot be (RFC 3501 nz-number): as good as not said.
                Some(ResponseCode::UidNext(next)) => state.next = Some(next).filter(|next| *next > 0),
                Some(ResponseCode::HighestModSeq(modseq)) => state.modseq = Some(modseq),
                _ => {}
            },
            _ => {}
        })
        .await?;
        self.selected = Some(folder.to_owned());
        Ok(state)
    }

    /// Asks for a folder's state without opening it.
    pub(super) async fn status(&mut self, folder: &str) -> Result<FolderState, Trouble> {
        let mut state = FolderState::default();
        let modseq = if self.can("CONDSTORE") { " HIGHESTMODSEQ" } else { "" };
        let line = format!("STATUS {} (MESSAGES UIDNEXT UIDVALIDITY{modseq})", mailbox(folder));
        let mut seen = false;
        self.command("STATUS", &line, COMMAND_LIMIT, SMALL, |response| {
            if let Response::MailboxData(MailboxDatum::Status { status, .. }) = response {
                seen = true;
                for attribute in status {
                    match attribute {
                        StatusAttribute::Messages(count) => state.messages = *count,
                        StatusAttribute::UidNext(next) => state.next = Some(*next).filter(|next| *next > 0),
                        StatusAttribute::UidValidity(validity) => state.validity = *validity,
                        StatusAttribute::HighestModSeq(modseq) => state.modseq = Some(*modseq),
                        _ => {}
                    }
                }
            }
        })
        .await?;
        if !seen {
            return Err(Trouble::Answer(format!("{} did not tell the state of folder {folder}", self.place)));
        }
        Ok(state)
    }

    /// UIDs that match a search, sorted. Not for more than some ten thousand: the parser reads an answer anew with every
    /// few kilobytes that come.
    pub(super) async fn search(&mut self, query: &str) -> Result<Vec<u32>, Trouble> {
        let mut found = Vec::new();
        self.command("UID SEARCH", &format!("UID SEARCH {query}"), BODY_LIMIT, SMALL, |response| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = response {
                found.extend_from_slice(uids);
            }
        })
        .await?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The newest message with a UID below `bound` in the selected folder: how many there are up to it, and its UID.
    /// `None` when there is none. Found by sequence numbers, which ascend with the UIDs, so that neither the server's
    /// search nor its UIDNEXT has to be believed.
    pub(super) async fn last_below(&mut self, bound: u32) -> Result<Option<(u32, u32)>, Trouble> {
        let (mut low, mut high) = (0, self.exists);
        let mut found = None;
        let mut probe = high;
        while low < high {
            let uid = self.uid_at(probe).await?;
            if uid < bound {
                low = probe;
                found = Some((probe, uid));
            } else {
                high = probe - 1;
            }
            probe = low + (high - low).div_ceil(2);
        }
        Ok(found)
    }

    /// The UID of the message with this sequence number. FETCH by number may not renumber (RFC 3501 7.4.1).
    async fn uid_at(&mut self, number: u32) -> Result<u32, Trouble> {
        let mut found = None;
        self.command("FETCH UID", &format!("FETCH {number} (UID)"), COMMAND_LIMIT, SMALL, |response| {
            if let Response::Fetch(told, attributes) = response
                && *told == number
            {
                for attribute in attributes {
                    if let AttributeValue::Uid(uid) = attribute {
                        found = Some(*uid);
                    }
                }
            }
        })
        .await?;
        found.ok_or_else(|| {
            Trouble::Answer(format!("{} counts {number} messages but does not give the last of them", self.place))
        })
    }

    /// Hands a message over to a folder (RFC 3501 6.3.11), already read.
    pub(super) async fn append(&mut self, folder: &str, date: Option<&str>, message: &[u8]) -> Result<(), Trouble> {
        let date = date.map(|date| format!(" \"{date}\"")).unwrap_or_default();
        let line = format!("APPEND {} (\\Seen){date} {{{}}}", mailbox(folder), message.len());
        let run = async {
            let tag = self.send("APPEND", &line, SMALL).await?;
            let mut given = false;
            loop {
                match self.turn(&tag).await? {
                    Turn::Go if given => {
                        return Err(Trouble::Answer(format!("{} asks for the copy twice", self.place)));
                    }
                    Turn::Go => {
                        given = true;
                        self.write(message).await?;
                        self.write(b"\r\n").await?;
                    }
                    Turn::End(end) => return Ok(end),
                    Turn::Other => {}
                }
            }
        };
        let ended = timeout(BODY_LIMIT, run).await;
        match ended.map_err(|_| Trouble::Network(format!("{} did not take the copy in time", self.place)))?? {
            End::Ok(_) => Ok(()),
            End::No(said) => Err(Trouble::Refused(format!("{} does not file in {folder}: {said}", self.place))),
        }
    }

    /// Waits in IDLE (RFC 2177) until the number of messages grows, at most `limit`. True when it did. A server that
    /// offers IDLE and then refuses it is not asked again.
    pub(super) async fn idle(&mut self, known: u32, limit: Duration) -> Result<bool, Trouble> {
        let begin = async {
            let tag = self.send("IDLE", "IDLE", NEWS).await?;
            // Whatever happens from here on, the next command must end it first.
            self.idling = Some(tag.clone());
            loop {
                match self.turn(&tag).await? {
                    Turn::Go => return Ok(true),
                    Turn::End(_) => {
                        self.idling = None;
                        self.forget("IDLE");
                        return Ok(false);
                    }
                    Turn::Other => {}
                }
            }
        };
        let begun: Result<bool, Trouble> = timeout(COMMAND_LIMIT, begin)
            .await
            .map_err(|_| Trouble::Network(format!("{} did not answer IDLE", self.place)))?;
        if !begun? {
            return Ok(false);
        }
        let news = async {
            // Removed messages lower the count, so it is compared with the last one and not with the first.
            let mut known = known;
            while self.exists <= known {
                known = self.exists;
                self.read(|_| ()).await?;
            }
            Ok::<(), Trouble>(())
        };
        let grown = match timeout(limit, news).await {
            Ok(done) => done.map(|()| true)?,
            Err(_) => false,
        };
        self.end_idle().await?;
        Ok(grown)
    }

    /// Ends an IDLE, if there is one.
    pub(super) async fn end_idle(&mut self) -> Result<(), Trouble> {
        let Some(tag) = self.idling.clone() else { return Ok(()) };
        self.client.get_mut().allow(NEWS);
        let run = async {
            self.write(b"DONE\r\n").await?;
            // Ended twice when the first time was dropped: the server may then complain, but with its own tag.
            self.finish(&tag, |_| ()).await
        };
        timeout(COMMAND_LIMIT, run)
            .await
            .map_err(|_| Trouble::Network(format!("{} did not come back from IDLE", self.place)))??;
        self.idling = None;
        Ok(())
    }
}

/// A folder's name as it goes over the wire.
pub(super) fn mailbox(folder: &str) -> String {
    quoted(&mutf7::encode(folder))
}
