//! The source: one page at a time, the newest first, from exactly where the cursor is.

use super::commands::FolderState;
use super::cursor::Cursor;
use super::fetch;
use super::folders::{list, names, sent_folder};
use super::page::{PAGE, Pages};
use super::session::{COMMAND_LIMIT, SMALL, Session};
use crate::connector::email::settings::ImapSettings;
use crate::connector::email::trouble::Trouble;
use crate::connector::{ConnectorError, PulledPage, Source};
use crate::model::Progress;
use futures::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// IDLE is renewed at least so often: devices between us forget silent connections (RFC 2177 asks for 29 minutes).
const IDLE_RENEWAL: Duration = Duration::from_secs(5 * 60);

/// Pulls from one mailbox.
pub(in crate::connector::email) struct ImapSource {
    settings: Arc<ImapSettings>,
    session: Option<Session>,
    /// The folders to file, Sent last; known once connected.
    folders: Vec<String>,
    /// Takes the pages.
    pages: Pages,
    /// The page handed out last: once its cursor comes back it was committed and may be marked as read.
    handed: Option<Handed>,
}

struct Handed {
    cursor: Vec<u8>,
    folder: String,
    uids: Vec<u32>,
}

impl ImapSource {
    /// A source that is not connected yet. `own` are our normalised addresses.
    pub(in crate::connector::email) fn new(settings: Arc<ImapSettings>, own: Vec<String>) -> ImapSource {
        let pages = Pages::new(own, settings.authserv_id.clone());
        ImapSource { settings, session: None, folders: Vec::new(), pages, handed: None }
    }

    /// The open connection, made when there is none. It is taken out for the time of a call, so that a call that fails
    /// or is dropped leaves none behind.
    async fn connect(&mut self) -> Result<Session, Trouble> {
        if let Some(session) = self.session.take()
            && session.is_whole()
        {
            return Ok(session);
        }
        self.pages.forget();
        let mut session = Session::open(&self.settings.server).await?;
        let all = list(&mut session).await?;
        self.folders = self.settings.folders.clone();
        let sent = sent_folder(&self.settings, &all);
        self.pages.sent = sent.clone();
        if let Some(sent) = sent
            && !self.folders.contains(&sent)
        {
            self.folders.push(sent);
        }
        Ok(session)
    }

    async fn pull_page(&mut self, cursor: &[u8]) -> Result<PulledPage, Trouble> {
        let mut session = self.connect().await?;
        self.mark_seen(&mut session, cursor).await?;
        let mut cursor = Cursor::read(cursor);
        let told = self.look(&mut session, &mut cursor).await?;
        let mut items = Vec::new();
        let mut taken = None;
        while let Some(folder) = self.choose(&cursor) {
            let Some(state) = cursor.folders.get_mut(&folder) else { break };
            if session.selected.as_deref() != Some(&folder) {
                let opened = session.select(&folder, self.settings.mark_seen).await?;
                if opened.validity != state.validity {
                    return Err(Trouble::Refused(format!("the folder {folder} was made anew this moment")));
                }
                let messages = told.get(&folder).copied().unwrap_or_default();
                if opened.messages == 0 && messages > 0 {
                    // Emptied this moment, or kept from us? If the former, STATUS says so too the next time.
                    let place = &session.place;
                    return Err(Trouble::Answer(format!(
                        "{place} tells of {messages} messages in {folder}, and opens it with none"
                    )));
                }
            }
            let (uids, found) = self.pages.take(&mut session, &folder, state).await?;
            if !uids.is_empty() {
                items = found;
                taken = Some((folder, uids));
                break;
            }
        }
        let more = cursor.folders.iter().any(|(name, state)| self.folders.contains(name) && !state.todo.is_empty());
        let progress = if more || !items.is_empty() { self.progress(&cursor) } else { None };
        let cursor = cursor.write();
        self.handed = taken.map(|(folder, uids)| Handed { cursor: cursor.clone(), folder, uids });
        self.session = Some(session);
        Ok(PulledPage { items, cursor, more, progress })
    }

    /// How far a walk of more than one page has come.
    fn progress(&self, cursor: &Cursor) -> Option<Progress> {
        let (mut done, mut left) = (0, 0);
        for state in self.folders.iter().filter_map(|name| cursor.folders.get(name)) {
            done += state.done;
            left += state.todo.iter().map(|span| span.left).sum::<u64>();
        }
        let total = done + left;
        (total > PAGE as u64).then_some(Progress { done, total })
    }

    /// Takes note of what is new in every folder. Gives how many messages each is said to have.
    async fn look(&mut self, session: &mut Session, cursor: &mut Cursor) -> Result<BTreeMap<String, u32>, Trouble> {
        let mut told = BTreeMap::new();
        for folder in self.folders.clone() {
            let state = self.state(session, &folder).await?;
            told.insert(folder.clone(), state.messages);
            let known = cursor.folders.entry(folder.clone()).or_default();
            let Some(next) = state.next else {
                // RFC 3501 lets a server leave UIDNEXT out; then the highest UID there is tells.
                if known.is_behind(&state) {
                    session.select(&folder, self.settings.mark_seen).await?;
                    let last = session.last_below(u32::MAX).await?.map_or(0, |(_, uid)| uid);
                    let floor = if known.validity == state.validity { known.next } else { 1 };
                    known.look(&state, last.saturating_add(1).max(floor));
                }
                continue;
            };
            known.look(&state, next);
        }
        Ok(told)
    }

    /// A folder's state. STATUS is not for the selected folder (RFC 3501 6.3.10): that one is opened again.
    async fn state(&mut self, session: &mut Session, folder: &str) -> Result<FolderState, Trouble> {
        let asked = if session.selected.as_deref() == Some(folder) {
            session.select(folder, self.settings.mark_seen).await
        } else {
            session.status(folder).await
        };
        match asked {
            Err(Trouble::Refused(said)) => Err(self.missing(session, folder, said).await?),
            other => other,
        }
    }

    /// Tells a folder that is not there from a server that is not well.
    async fn missing(&self, session: &mut Session, folder: &str, said: String) -> Result<Trouble, Trouble> {
        let all = list(session).await?;
        if all.iter().any(|known| known.name == folder) {
            return Ok(Trouble::Refused(said));
        }
        Ok(Trouble::Setup(format!("there is no folder \"{folder}\"; there are: {}", names(&all))))
    }

    /// The folder to take the next page from: new mail before old, then in the configured order.
    fn choose(&self, cursor: &Cursor) -> Option<String> {
        let behind = |fresh: bool| {
            self.folders.iter().find(|name| {
                let last = cursor.folders.get(*name).and_then(|state| state.todo.last());
                last.is_some_and(|span| span.fresh || !fresh)
            })
        };
        behind(true).or_else(|| behind(false)).cloned()
    }

    /// Marks the last page as read at the server, once the cursor says that it was committed.
    async fn mark_seen(&mut self, session: &mut Session, cursor: &[u8]) -> Result<(), Trouble> {
        let Some(handed) = &self.handed else { return Ok(()) };
        if !self.settings.mark_seen || handed.cursor != cursor {
            self.handed = None;
            return Ok(());
        }
        if session.selected.as_deref() != Some(&handed.folder) {
            session.select(&handed.folder, true).await?;
        }
        let line = format!("UID STORE {} +FLAGS.SILENT (\\Seen)", fetch::set(&handed.uids));
        match session.command("UID STORE", &line, COMMAND_LIMIT, SMALL, |_| ()).await {
            // Shared folders may be read-only; that is no reason to stop filing.
            Err(Trouble::Refused(said)) => {
                tracing::warn!(folder = %handed.folder, said, "cannot mark as read");
            }
            other => other?,
        }
        self.handed = None;
        Ok(())
    }

    async fn wait_for_news(&mut self, cursor: &[u8], limit: Duration) -> Result<(), Trouble> {
        let end = Instant::now() + limit;
        let mut session = self.connect().await?;
        self.mark_seen(&mut session, cursor).await?;
        let cursor = Cursor::read(cursor);
        let behind = |folder: &str, state: &FolderState| {
            state.tells() && cursor.folders.get(folder).is_none_or(|known| known.is_behind(state))
        };
        let first = self.settings.folders.first().cloned().unwrap_or_default();
        loop {
            let mut blind = false;
            for folder in self.folders.clone() {
                let state = self.state(&mut session, &folder).await?;
                blind |= !state.tells();
                if behind(&folder, &state) {
                    self.session = Some(session);
                    return Ok(());
                }
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            if session.selected.as_deref() != Some(&first) {
                let state = session.select(&first, self.settings.mark_seen).await?;
                // It may have come between the look above and now.
                if behind(&first, &state) {
                    break;
                }
            }
            let watch = session.can("IDLE") && !blind;
            let polled = blind || self.folders.len() > 1 || !watch;
            let turn = if polled { self.settings.poll.min(IDLE_RENEWAL) } else { IDLE_RENEWAL }.min(left);
            // Kept where it outlives this call, which may be dropped while it waits.
            let held = self.session.insert(session);
            if watch {
                let known = held.exists;
                let grown = held.idle(known, turn).await;
                if grown.is_err() {
                    self.session = None;
                }
                if grown? {
                    return Ok(());
                }
            } else {
                tokio::time::sleep(turn).await;
                if blind {
                    return Ok(());
                }
            }
            session = self.connect().await?;
        }
        self.session = Some(session);
        Ok(())
    }
}

impl Source for ImapSource {
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        Box::pin(async move {
            let kept = self.session.is_some();
            match self.pull_page(cursor).await {
                // The server closed a connection that was not used for a while: no reason to worry anybody.
                Err(Trouble::Network(why)) if kept => {
                    tracing::debug!(why, "the kept connection was gone; connecting anew");
                    self.pull_page(cursor).await.map_err(ConnectorError::from)
                }
                pulled => pulled.map_err(ConnectorError::from),
            }
        })
    }

    fn wait<'a>(&'a mut self, cursor: &'a [u8], limit: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move { self.wait_for_news(cursor, limit).await.map_err(ConnectorError::from) })
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(session) = self.session.take() {
                session.close().await;
            }
        })
    }
}
