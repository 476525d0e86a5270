//! Pulling: news by `/sync`, then the gaps it left by `/messages`, a page each in turn. A gap is in the cursor from the
//! commit that files its newer end until the commit that files its last page, so that a walk that is killed goes on.

use super::client::{Client, POLL, V3, code, now, segment, short};
use super::cursor::{Cursor, Gap, Invite};
use super::event::{Event, Meaning, Place, left_out, unreadable};
use super::room::Rooms;
use super::settings::server_of;
use super::sync::{Joined, Messages, Sync};
use crate::connector::http::{Body, Call, Failure};
use crate::connector::platform::cursor::Trail;
use crate::connector::{Changed, ConnectorError, Item, PulledPage, Source};
use crate::model::{ChangeKind, Party, Progress, Timestamp};
use futures::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::{Value, json, value::RawValue};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events of a room in one `/sync`; more make a gap.
const TIMELINE: u32 = 50;
/// Events in one page of a gap.
const PAGE: u32 = 100;
/// The longest gap that is walked, in pages.
const MOST_PAGES: u32 = 2_000;
/// The largest `/sync` taken: the first one of an account in many rooms.
const MOST_SYNC: usize = 64 << 20;
/// The longest the server may think about it, over what it was asked to wait.
const THINKING: Duration = Duration::from_secs(120);
/// Invitations accepted in one page, and how often each is tried.
const MOST_JOINS: usize = 20;
const JOIN_TRIES: u32 = 5;

/// The source of one account.
pub(super) struct MatrixSource {
    client: Arc<Client>,
    rooms: Rooms,
    /// The rooms are known: one whole `/sync` was read.
    knows_rooms: bool,
    /// What a wait brought, for the pull that follows, with the place it was asked from.
    ahead: Option<(String, Sync)>,
}

/// A page in the making.
#[derive(Default)]
struct Page {
    items: Vec<Item>,
    skipped: BTreeMap<String, u32>,
}

/// Which of a room's events are taken.
#[derive(Clone, Copy)]
struct Taking<'a> {
    room: &'a str,
    /// Nothing older, in milliseconds since 1970.
    horizon: i64,
    /// They are the newest of the room.
    newest: bool,
}

impl MatrixSource {
    pub fn new(client: Arc<Client>) -> MatrixSource {
        MatrixSource { client, rooms: Rooms::default(), knows_rooms: false, ahead: None }
    }

    fn filter() -> String {
        let state =
            ["m.room.name", "m.room.canonical_alias", "m.room.encryption", "m.room.join_rules", "m.room.member"];
        json!({
            "presence": { "types": [] },
            "account_data": { "types": [] },
            "room": {
                "account_data": { "types": [] },
                "ephemeral": { "types": ["m.receipt"] },
                "state": { "types": state, "lazy_load_members": true, "include_redundant_members": true },
                "timeline": { "limit": TIMELINE, "lazy_load_members": true },
            },
        })
        .to_string()
    }

    /// One `/sync`, held open by the server for so long when there is nothing.
    async fn sync(&self, since: Option<&str>, hold: Duration) -> Result<Sync, ConnectorError> {
        let mut call = Call::get(format!("{V3}/sync"))
            .query("filter", Self::filter())
            .query("timeout", hold.as_millis().to_string())
            .query("set_presence", "offline")
            .within(hold + THINKING);
        call.most = MOST_SYNC;
        if let Some(since) = since {
            call = call.query("since", since);
            if !self.knows_rooms {
                call = call.query("full_state", "true");
            }
        }
        let answer = self.client.ask(call).await?.map_err(Failure::reading)?;
        if since.is_some() && answer.status == 400 && code(&answer) != "M_LIMIT_EXCEEDED" {
            // The server was set back, or has forgotten: the place means nothing to it any more.
            return Err(ConnectorError::Gone { reason: format!("the place in /sync is not known: {}", code(&answer)) });
        }
        match self.client.trouble(&answer, false) {
            Some(error) => Err(error),
            None => read(&answer.body, "/sync"),
        }
    }

    /// What is new.
    async fn news(&mut self, cursor: &mut Cursor) -> Result<Page, ConnectorError> {
        let since = cursor.since.clone();
        let answer = match self.ahead.take() {
            Some((from, answer)) if since.as_ref() == Some(&from) => answer,
            _ => match self.sync(since.as_deref(), Duration::ZERO).await {
                Err(ConnectorError::Gone { reason }) => {
                    tracing::warn!(account = self.client.settings.name, reason, "looking at everything again");
                    cursor.since = None;
                    self.knows_rooms = false;
                    self.sync(None, Duration::ZERO).await?
                }
                other => other?,
            },
        };
        let whole = !self.knows_rooms;
        self.knows_rooms = true;
        let since = cursor.since.clone();
        let mut page = Page::default();
        for (room, joined) in answer.rooms.join.iter().chain(&answer.rooms.leave) {
            self.room(room, joined, since.as_deref(), whole, cursor, &mut page).await?;
        }
        for (room, invited) in &answer.rooms.invite {
            let me = &self.client.settings.user;
            let events =
                invited.invite_state.events.iter().filter_map(|raw| serde_json::from_str::<Value>(raw.get()).ok());
            let inviter = events
                .filter(|event| event["type"] == "m.room.member" && event["state_key"] == me.as_str())
                .find_map(|event| event["sender"].as_str().map(str::to_owned));
            let Some(inviter) = inviter else { continue };
            if self.client.settings.join.accepts(&inviter) {
                let server = server_of(&inviter).unwrap_or_default().to_owned();
                cursor.invite(Invite { room: room.clone(), server, tries: 0 });
            } else {
                tracing::info!(
                    account = self.client.settings.name,
                    inviter = short(&inviter),
                    "an invitation is not accepted"
                );
            }
        }
        cursor.since = Some(answer.next_batch);
        Ok(page)
    }

    /// One room of a `/sync`.
    async fn room(
        &mut self,
        id: &str,
        joined: &Joined,
        since: Option<&str>,
        whole: bool,
        cursor: &mut Cursor,
        page: &mut Page,
    ) -> Result<(), ConnectorError> {
        let room = self.rooms.at(id);
        for raw in &joined.state.events {
            if let Ok(Event { kind, state_key: Some(key), content, .. }) = Event::read(raw.get()) {
                room.learn(&kind, &key, &content);
            }
        }
        let me = self.client.settings.user.clone();
        // A whole state names our own membership in every room; else it is there because it is new.
        let state = joined.state.events.iter().filter(|_| !whole);
        let is_new = since.is_none() || joined.timeline.events.iter().chain(state).any(|raw| enters(raw.get(), &me));
        let horizon = if is_new { now().plus_millis(-self.client.settings.history).0 } else { 0 };
        let taking = Taking { room: id, horizon, newest: true };
        let oldest = self.take(taking, &joined.timeline.events, cursor, page).await?;
        // Synapse calls every room that is new to us limited, also one whose beginning is here.
        let begins = joined.timeline.events.iter().any(|raw| begins(raw.get()));
        if joined.timeline.limited
            && !begins
            && let Some(from) = &joined.timeline.prev_batch
            && oldest.is_none_or(|oldest| oldest >= horizon)
        {
            let to = since.filter(|_| !is_new).map(str::to_owned);
            let (room, from) = (id.to_owned(), from.clone());
            let forgotten = cursor.gap(Gap { room, from, to, horizon, pages: 0, trail: Trail::default() });
            for gap in forgotten {
                page.items.push(left_out(&gap, "there are too many such gaps", now()));
            }
        }
        self.receipts(id, joined, cursor, page);
        Ok(())
    }

    /// Understands events, in their order. Gives the time of the oldest.
    async fn take(
        &mut self,
        taking: Taking<'_>,
        events: &[Box<RawValue>],
        cursor: &mut Cursor,
        page: &mut Page,
    ) -> Result<Option<i64>, ConnectorError> {
        let me = self.client.settings.user.clone();
        let mut oldest = None;
        for raw in events {
            let raw = raw.get();
            let event = match Event::read(raw) {
                Ok(event) => event,
                Err(reason) => {
                    page.items.push(unreadable(taking.room, raw, reason, now()));
                    continue;
                }
            };
            if oldest.is_none_or(|oldest| event.at < oldest) {
                oldest = Some(event.at);
            }
            if let Some(key) = &event.state_key {
                let room = self.rooms.at(taking.room);
                if taking.newest || (event.kind == "m.room.member" && room.name_of(key).is_empty()) {
                    room.learn(&event.kind, key, &event.content);
                }
            }
            // A time that makes no sense is no reason to leave a message out.
            if event.at > 0 && event.at < taking.horizon {
                continue;
            }
            if let Some(target) = event.edits()
                && self.author(taking.room, target).await?.as_deref() != Some(event.sender.as_str())
            {
                *page.skipped.entry("an edit of another's words".to_owned()).or_default() += 1;
                continue;
            }
            let ours = event.sender == me;
            if ours && event.kind == "m.room.message" && self.rooms.at(taking.room).others.is_none() {
                let others = self.others(taking.room).await?;
                self.rooms.at(taking.room).others = Some(others);
            }
            self.rooms.wrote(&event.id, &event.sender);
            let place = Place { id: taking.room, room: self.rooms.at(taking.room), me: &me, now: now() };
            match place.understand(&event, raw, cursor) {
                Meaning::Item(item) => {
                    if taking.newest && matches!(*item, Item::Message(_)) {
                        cursor.saw(taking.room, &event.id, ours);
                    }
                    page.items.push(*item);
                }
                Meaning::Nothing => {}
                Meaning::Skipped => *page.skipped.entry(short(&event.kind)).or_default() += 1,
            }
        }
        Ok(oldest)
    }

    /// Who wrote an event: only they may edit it, and the server passes edits by others on all the same.
    async fn author(&mut self, room: &str, event: &str) -> Result<Option<String>, ConnectorError> {
        if let Some(author) = self.rooms.author(event) {
            return Ok(Some(author.to_owned()));
        }
        let call = Call::get(format!("{V3}/rooms/{}/event/{}", segment(room), segment(event)));
        let author = match self.client.read(call).await {
            Ok(answer) => answer.said("/sender"),
            Err(ConnectorError::Gone { .. } | ConnectorError::Reject { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        self.rooms.wrote(event, &author);
        Ok(Some(author))
    }

    /// The others in a room: to whom a message of ours there went. Nobody when that cannot be told.
    async fn others(&self, room: &str) -> Result<Vec<String>, ConnectorError> {
        let call = Call::get(format!("{V3}/rooms/{}/joined_members", segment(room)));
        let answer = match self.client.ask(call).await? {
            Ok(answer) if answer.is_success() => answer,
            Ok(_) | Err(Failure::TooLarge { .. }) => return Ok(Vec::new()),
            Err(failure) => return Err(failure.reading()),
        };
        let value = answer.json().map_err(Failure::reading)?;
        let members = value.get("joined").and_then(Value::as_object);
        let others = members.into_iter().flat_map(|members| members.keys());
        let others: Vec<String> = others.filter(|user| **user != self.client.settings.user).cloned().collect();
        // In a room of many a message is to nobody in particular.
        Ok(if others.len() == 1 { others } else { Vec::new() })
    }

    /// Read receipts for messages of ours.
    fn receipts(&mut self, id: &str, joined: &Joined, cursor: &mut Cursor, page: &mut Page) {
        let events = joined.ephemeral.events.iter().filter_map(|raw| serde_json::from_str::<Value>(raw.get()).ok());
        for content in events.filter(|event| event["type"] == "m.receipt").map(|mut event| event["content"].take()) {
            for (event, readers) in content.as_object().into_iter().flatten() {
                let readers = readers.get("m.read").and_then(Value::as_object);
                let Some((user, receipt)) =
                    readers.into_iter().flatten().find(|(user, _)| **user != self.client.settings.user)
                else {
                    continue;
                };
                let at = receipt.get("ts").and_then(Value::as_i64).map_or(now(), |ts| Timestamp(ts.max(0)).min(now()));
                let by = Party { address: user.clone(), name: self.rooms.at(id).name_of(user) };
                for remote_id in cursor.read(id, event) {
                    let key = format!("read:{user}");
                    let (kind, by, text) = (ChangeKind::Read, Some(by.clone()), String::new());
                    page.items.push(Item::Change(Box::new(Changed { remote_id, key, kind, text, at, by })));
                }
            }
        }
    }

    /// Accepts invitations; true when one was.
    async fn join(&self, cursor: &mut Cursor) -> Result<bool, ConnectorError> {
        let mut joined = false;
        let waiting: Vec<Invite> = cursor.invites.drain(..).collect();
        for (at, mut invite) in waiting.into_iter().enumerate() {
            if at >= MOST_JOINS {
                cursor.invites.push(invite);
                continue;
            }
            let call = Call::post(format!("{V3}/join/{}", segment(&invite.room)), Body::Json(json!({})))
                .query("server_name", &invite.server)
                .query("via", &invite.server);
            match self.client.read(call).await {
                Ok(_) => joined = true,
                Err(error @ (ConnectorError::Refresh { .. } | ConnectorError::Reconnect { .. })) => return Err(error),
                Err(error) => {
                    invite.tries += 1;
                    tracing::warn!(account = self.client.settings.name, %error, tries = invite.tries, "an invitation");
                    let passing = matches!(error, ConnectorError::Retry { .. } | ConnectorError::Wait { .. });
                    if passing && invite.tries < JOIN_TRIES {
                        cursor.invites.push(invite);
                    }
                }
            }
        }
        Ok(joined)
    }

    /// One page of the newest gap.
    async fn fill(&mut self, cursor: &mut Cursor) -> Result<Page, ConnectorError> {
        let mut page = Page::default();
        let Some(mut gap) = cursor.gaps.pop() else { return Ok(page) };
        let mut call = Call::get(format!("{V3}/rooms/{}/messages", segment(&gap.room)))
            .query("dir", "b")
            .query("from", &gap.from)
            .query("limit", PAGE.to_string())
            .query("filter", json!({ "lazy_load_members": true }).to_string());
        call.most = MOST_SYNC;
        if let Some(to) = &gap.to {
            call = call.query("to", to);
        }
        let answer = match self.client.read(call).await {
            Ok(answer) => answer,
            Err(error @ (ConnectorError::Gone { .. } | ConnectorError::Reject { .. })) => {
                // We were put out of the room: what was said before is not given out any more.
                page.items.push(left_out(&gap, &error.to_string(), now()));
                return Ok(page);
            }
            Err(error) => return Err(error),
        };
        let mut answer: Messages = read(&answer.body, "/messages")?;
        for raw in &answer.state {
            let room = self.rooms.at(&gap.room);
            if let Ok(Event { kind, state_key: Some(key), content, .. }) = Event::read(raw.get())
                && kind == "m.room.member"
                && room.name_of(&key).is_empty()
            {
                room.learn(&kind, &key, &content);
            }
        }
        answer.chunk.reverse();
        let taking = Taking { room: &gap.room, horizon: gap.horizon, newest: false };
        let oldest = self.take(taking, &answer.chunk, cursor, &mut page).await?;
        cursor.filled += page.items.len() as u64;
        gap.pages += 1;
        let past = oldest.is_some_and(|oldest| oldest > 0 && oldest < gap.horizon);
        let full = !answer.chunk.is_empty();
        // Without an end the server has nothing older; what is past the horizon is not wanted.
        let Some(end) = answer.end.filter(|end| !past && (full || *end != gap.from)) else { return Ok(page) };
        // Given up rather than kept, so that it keeps nothing else waiting.
        if gap.pages >= MOST_PAGES {
            let why = format!("it is longer than {} messages", MOST_PAGES * PAGE);
            page.items.push(left_out(&gap, &why, now()));
        } else if end == gap.from || gap.trail.leads_to(&end, "the homeserver").is_err() {
            page.items.push(left_out(&gap, "the homeserver's pages lead nowhere new", now()));
        } else {
            gap.from = end;
            cursor.gaps.push(gap);
        }
        Ok(page)
    }

    async fn page(&mut self, bytes: &[u8]) -> Result<PulledPage, ConnectorError> {
        let mut cursor = Cursor::from_bytes(bytes);
        let fills = self.knows_rooms && !cursor.gaps.is_empty() && !cursor.gap_last;
        let page = if fills { self.fill(&mut cursor).await? } else { self.news(&mut cursor).await? };
        let joined = !fills && self.join(&mut cursor).await?;
        let walking = !cursor.gaps.is_empty();
        cursor.gap_last = fills && walking;
        if !page.skipped.is_empty() {
            tracing::info!(account = self.client.settings.name, skipped = ?page.skipped, "events that are no messages");
        }
        let done = cursor.filled;
        let progress =
            (fills || walking).then(|| Progress { done, total: done + cursor.gaps.len() as u64 * u64::from(PAGE) });
        if !walking {
            cursor.filled = 0;
        }
        Ok(PulledPage { items: page.items, cursor: cursor.to_bytes(), more: walking || joined, progress })
    }
}

/// The event by which we come into a room.
fn enters(raw: &str, me: &str) -> bool {
    let Ok(event) = serde_json::from_str::<Value>(raw) else { return false };
    event["type"] == "m.room.member"
        && event["state_key"] == me
        && event["content"]["membership"] == "join"
        && event["unsigned"]["prev_content"]["membership"] != "join"
}

/// The first event of every room.
fn begins(raw: &str) -> bool {
    serde_json::from_str::<Value>(raw).is_ok_and(|event| event["type"] == "m.room.create" && event["state_key"] == "")
}

fn read<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, ConnectorError> {
    serde_json::from_slice(body)
        .map_err(|error| ConnectorError::Retry { reason: format!("the answer to {what} cannot be read ({error})") })
}

impl Source for MatrixSource {
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        Box::pin(self.page(cursor))
    }

    fn wait<'a>(&'a mut self, cursor: &'a [u8], limit: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            let end = Instant::now() + limit;
            let cursor = Cursor::from_bytes(cursor);
            let Some(since) = cursor.since.filter(|_| cursor.gaps.is_empty()) else { return Ok(()) };
            loop {
                let left = end.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return Ok(());
                }
                let answer = match self.sync(Some(&since), left.min(POLL)).await {
                    // The pull that follows meets it too, and knows what to do.
                    Err(ConnectorError::Gone { .. }) => return Ok(()),
                    other => other?,
                };
                if answer.next_batch != since {
                    self.ahead = Some((since, answer));
                    return Ok(());
                }
            }
        })
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        self.ahead = None;
        Box::pin(async {})
    }
}
