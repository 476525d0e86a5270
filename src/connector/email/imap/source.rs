//! The source: one page at a time, the newest first, from exactly where the cursor is.

use super::cursor::{Cursor, FolderCursor};
use super::fetch::{self, Facts, MOST_MESSAGE};
use super::folders::{self, list, sent_folder};
use super::session::{COMMAND_LIMIT, FolderState, SMALL, Session};
use crate::connector::email::parse;
use crate::connector::email::settings::ImapSettings;
use crate::connector::email::trouble::Trouble;
use crate::connector::{ConnectorError, Item, PulledPage, Source, Unreadable};
use crate::model::{Progress, Timestamp};
use futures::future::BoxFuture;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Messages of a page at most.
const PAGE: usize = 50;
/// Bytes of a page at most, unless its one message is larger.
const PAGE_BYTES: u64 = 8 * 1024 * 1024;
/// UIDs asked for at a time.
const PART: u32 = 10_000;
/// How often a message that cannot be fetched is tried.
const ATTEMPTS: u32 = 3;
/// IDLE is renewed at least so often: devices between us forget silent connections (RFC 2177 asks for 29 minutes).
const IDLE_RENEWAL: Duration = Duration::from_secs(5 * 60);

/// Pulls from one mailbox.
pub(in crate::connector::email) struct ImapSource {
    settings: Arc<ImapSettings>,
    own: Vec<String>,
    session: Option<Session>,
    /// The folders to file, Sent last; known once connected.
    folders: Vec<String>,
    /// UIDs of the span being taken, so that a long walk does not ask for them again with each page.
    listed: Option<Listed>,
    /// Messages of a page at present: one after a page failed, to find the message that does it.
    page: usize,
    /// Messages (folder, UIDVALIDITY, UID) whose body could not be had: how often, and why. After some attempts they
    /// are filed as unreadable with their header, so that one broken message does not hold up all others.
    unfetchable: HashMap<(String, u32, u32), (u32, String)>,
    /// The page handed out last: once its cursor comes back it was committed and may be marked as read.
    handed: Option<Handed>,
}

/// The UIDs from `bottom` up to but without `top`, the end of the span they belong to.
struct Listed {
    folder: String,
    validity: u32,
    bottom: u32,
    top: u32,
    /// Sorted; taken from the end.
    uids: Vec<u32>,
}

struct Handed {
    cursor: Vec<u8>,
    folder: String,
    uids: Vec<u32>,
}

impl ImapSource {
    /// A source that is not connected yet. `own` are our normalised addresses.
    pub(in crate::connector::email) fn new(settings: Arc<ImapSettings>, own: Vec<String>) -> ImapSource {
        ImapSource {
            settings,
            own,
            session: None,
            folders: Vec::new(),
            listed: None,
            page: PAGE,
            unfetchable: HashMap::new(),
            handed: None,
        }
    }

    /// The open connection, made when there is none. It is taken out for the time of a call, so that a call that fails
    /// or is dropped leaves none behind.
    async fn connect(&mut self) -> Result<Session, Trouble> {
        if let Some(session) = self.session.take()
            && session.is_whole()
        {
            return Ok(session);
        }
        self.listed = None;
        let mut session = Session::open(&self.settings.server).await?;
        let all = list(&mut session).await?;
        self.folders = self.settings.folders.clone();
        if let Some(sent) = sent_folder(&self.settings, &all)
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
        self.look(&mut session, &mut cursor).await?;
        let mut items = Vec::new();
        let mut taken = None;
        while let Some(folder) = self.choose(&cursor) {
            let Some(state) = cursor.folders.get_mut(&folder) else { break };
            let (uids, found) = self.take(&mut session, &folder, state).await?;
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

    /// Takes note of what is new in every folder.
    async fn look(&mut self, session: &mut Session, cursor: &mut Cursor) -> Result<(), Trouble> {
        for folder in self.folders.clone() {
            let state = self.state(session, &folder).await?;
            let known = cursor.folders.entry(folder.clone()).or_default();
            let Some(next) = state.next else {
                // RFC 3501 lets a server leave UIDNEXT out; then the highest UID there is tells.
                if known.is_behind(&state) {
                    session.select(&folder, self.settings.mark_seen).await?;
                    // `n:*` always gives the last message, even below n: harmless here.
                    let last = session.search("UID 1:*").await?.last().copied().unwrap_or(0);
                    let floor = if known.validity == state.validity { known.next } else { 1 };
                    known.look(&state, last.saturating_add(1).max(floor));
                }
                continue;
            };
            known.look(&state, next);
        }
        Ok(())
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
        Ok(Trouble::Setup(format!("there is no folder \"{folder}\"; there are: {}", folders::names(&all))))
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

    /// Takes a page from a folder's newest span and moves its cursor behind it. No UIDs: there was nothing in the span.
    async fn take(
        &mut self,
        session: &mut Session,
        folder: &str,
        state: &mut FolderCursor,
    ) -> Result<(Vec<u32>, Vec<Item>), Trouble> {
        if session.selected.as_deref() != Some(folder) {
            let opened = session.select(folder, self.settings.mark_seen).await?;
            if opened.validity != state.validity {
                return Err(Trouble::Refused(format!("the folder {folder} was made anew this moment")));
            }
        }
        let Some(listed) = self.list_span(session, folder, state).await? else {
            state.take(None, 0);
            return Ok((Vec::new(), Vec::new()));
        };
        let begin = listed.uids.len().saturating_sub(self.page);
        let candidates = listed.uids.get(begin..).unwrap_or_default().to_vec();
        self.listed = Some(listed);
        let facts = match fetch::sizes(session, &candidates).await {
            // A message so broken that not even its size can be told: whole messages may still come.
            Err(Trouble::Refused(_)) => BTreeMap::new(),
            other => other?,
        };
        let page = fitting(&candidates, &facts);
        let items = match self.items(session, folder, state.validity, &page, &facts).await {
            Err(Trouble::Refused(why) | Trouble::Answer(why)) => {
                return Err(self.narrow(folder, state.validity, &page, why));
            }
            other => other?,
        };
        self.page = (self.page * 2).min(PAGE);
        state.done += page.len() as u64;
        self.move_on(state, &page);
        Ok((page, items))
    }

    /// Moves the cursor behind a page.
    fn move_on(&mut self, state: &mut FolderCursor, page: &[u32]) {
        let (Some(mut listed), Some(span)) = (self.listed.take(), state.todo.last().copied()) else { return };
        listed.uids.truncate(listed.uids.len() - page.len());
        let here = listed.uids.len() as u64;
        let last = listed.bottom <= span.from;
        if here == 0 && last {
            state.take(None, 0);
            return;
        }
        // Nothing is between the last UID listed and the bottom of what was listed.
        listed.top = if here == 0 { listed.bottom } else { page.first().copied().unwrap_or(listed.bottom) };
        let left = if last { here } else { span.left.saturating_sub(page.len() as u64).max(here) };
        state.take(Some(listed.top), left);
        self.listed = Some(listed).filter(|listed| !listed.uids.is_empty());
    }

    /// The UIDs at the top of the folder's newest span; `None` when the span has none. They are asked for in parts,
    /// because the parser reads an answer anew with every few kilobytes that come.
    async fn list_span(
        &mut self,
        session: &mut Session,
        folder: &str,
        state: &mut FolderCursor,
    ) -> Result<Option<Listed>, Trouble> {
        let Some(span) = state.todo.last_mut() else { return Ok(None) };
        let kept = self.listed.take().filter(|listed| {
            listed.folder == folder
                && listed.validity == state.validity
                && listed.top == span.to
                && listed.bottom >= span.from
        });
        if kept.is_some() {
            return Ok(kept);
        }
        let mut part = PART;
        while span.to > span.from {
            let bottom = span.to.saturating_sub(part).max(span.from);
            let mut uids = session.search(&format!("UID {bottom}:{}", span.to - 1)).await?;
            // A server may read a set whose end is not there as `n:*` and give its last message.
            uids.retain(|uid| (bottom..span.to).contains(uid));
            if !uids.is_empty() {
                let (folder, validity) = (folder.to_owned(), state.validity);
                return Ok(Some(Listed { folder, validity, bottom, top: span.to, uids }));
            }
            span.to = bottom;
            // Where UIDs are rare, great steps; they can be four thousand millions.
            part = part.saturating_mul(4);
        }
        Ok(None)
    }

    /// After a page failed for what is in it: the next pages are of one message, and one message that fails is named.
    fn narrow(&mut self, folder: &str, validity: u32, page: &[u32], why: String) -> Trouble {
        self.listed = None;
        self.page = 1;
        if let [uid] = page {
            let known = self.unfetchable.entry((folder.to_owned(), validity, *uid)).or_insert((0, String::new()));
            *known = (known.0 + 1, why.clone());
        }
        Trouble::Answer(why)
    }

    /// The messages of a page, in the order of their UIDs. Those that are gone meanwhile are left out.
    async fn items(
        &mut self,
        session: &mut Session,
        folder: &str,
        validity: u32,
        page: &[u32],
        facts: &BTreeMap<u32, Facts>,
    ) -> Result<Vec<Item>, Trouble> {
        let mut reasons: BTreeMap<u32, String> = BTreeMap::new();
        let mut wanted = Vec::new();
        for uid in page {
            let size = facts.get(uid).map_or(0, |facts| facts.size);
            let failed = self.unfetchable.get(&(folder.to_owned(), validity, *uid));
            if size > MOST_MESSAGE {
                let size = size / 1024 / 1024;
                reasons.insert(*uid, format!("larger than 50 MB ({size} MB): only its header was taken"));
            } else if let Some((_, why)) = failed.filter(|(times, _)| *times >= ATTEMPTS) {
                reasons.insert(*uid, format!("the server does not give its content: {why}"));
            } else {
                wanted.push(*uid);
            }
        }
        let mut bodies = if wanted.is_empty() { BTreeMap::new() } else { fetch::bodies(session, &wanted).await? };
        let absent: Vec<u32> = wanted.iter().copied().filter(|uid| !bodies.contains_key(uid)).collect();
        if !absent.is_empty() {
            // Removed meanwhile, or kept from us? Only the latter is worth a dead letter.
            let still = session.search(&format!("UID {}", fetch::set(&absent))).await?;
            for uid in still.into_iter().filter(|uid| absent.contains(uid)) {
                reasons.insert(uid, "the server does not give its content".to_owned());
            }
        }
        let mut headers = BTreeMap::new();
        for uid in reasons.keys() {
            // One by one: a header that cannot be had must not keep the others away.
            if let Ok(found) = fetch::headers(session, &[*uid]).await {
                headers.extend(found);
            }
        }
        let mut items = Vec::with_capacity(page.len());
        for uid in page {
            let received = facts.get(uid).map_or_else(fetch::now, |facts| facts.received);
            if let Some(reason) = reasons.remove(uid) {
                let raw = headers.remove(uid).unwrap_or_default();
                items.push(unreadable(reason, folder, *uid, received, raw));
            } else if let Some(raw) = bodies.remove(uid) {
                let own = self.own.clone();
                let (name, spare) = (folder.to_owned(), folder.to_owned());
                let understood =
                    tokio::task::spawn_blocking(move || parse::understand(raw, &own, &name, received)).await;
                items.push(understood.unwrap_or_else(|_| {
                    unreadable("the parser failed on it".to_owned(), &spare, *uid, received, Vec::new())
                }));
            }
        }
        Ok(items)
    }

    /// Marks the last page as read at the server, once the cursor says that it was committed.
    async fn mark_seen(&mut self, session: &mut Session, cursor: &[u8]) -> Result<(), Trouble> {
        let Some(handed) = self.handed.take() else { return Ok(()) };
        if !self.settings.mark_seen || handed.cursor != cursor {
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
                Ok(())
            }
            other => other,
        }
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

/// As many of the newest as fit into a page, sorted; at least one.
fn fitting(candidates: &[u32], facts: &BTreeMap<u32, Facts>) -> Vec<u32> {
    let mut bytes = 0;
    let mut page: Vec<u32> = Vec::new();
    for uid in candidates.iter().rev() {
        let size = facts.get(uid).map_or(0, |facts| if facts.size > MOST_MESSAGE { 0 } else { facts.size });
        bytes += size;
        if bytes > PAGE_BYTES && !page.is_empty() {
            break;
        }
        page.push(*uid);
    }
    page.reverse();
    page
}

fn unreadable(reason: String, folder: &str, uid: u32, received: Timestamp, raw: Vec<u8>) -> Item {
    let hint = format!("message {uid} of folder {}", crate::model::clean_line(folder));
    Item::Unreadable(Unreadable { reason, folder: folder.to_owned(), received, hint, raw })
}

impl Source for ImapSource {
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        Box::pin(async move { self.pull_page(cursor).await.map_err(ConnectorError::from) })
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
