//! One account: the feeds it walks, and what it sends.
//!
//! Three things are looked at in turn: notifications and our own posts, both forward by `min_id`, which leaves no gaps
//! (`since_id` does when more than a page is new); then, now and then, the last mentions, since nobody tells of edits and
//! deletions.

use super::answer;
use super::api::{Api, CALLS};
use super::status::{edited, full, liked, media, text, understand, without_mentions};
use crate::connector::http::{Answer, Call, Http, MOST_MEDIA};
use crate::connector::platform::{
    Basics, Held, Kind, Platform, Secrets, cursor, json, no_file, now, same_words, sighting,
};
use crate::connector::settings::duration;
use crate::connector::{
    AccountSettings, Changed, ConnectorError, Item, Ledger, PulledPage, Receipt, SettingsError, Sighting,
};
use crate::model::{Abilities, ChangeKind, Count, Direction, Idempotency, Length, Outgoing, Timestamp, Way};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const KIND: Kind = Kind {
    channel: "mastodon",
    base_url: None,
    needs: &["token"],
    may_have: &[],
    poll: Duration::from_secs(30),
    shortest_poll: Duration::from_secs(5),
};
/// Notifications a page, and posts a page: the most the API gives.
const NOTIFICATIONS: usize = 80;
const STATUSES: usize = 40;
/// Mentions that are looked at again for edits and deletions: what one call may ask for.
const WATCHED: usize = 20;
/// How long a repeated post is recognised, in milliseconds.
const RECOGNISED: i64 = 3_600_000;
/// How far the server's clock may be behind ours, in milliseconds.
const SKEW: i64 = 5 * 60_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    recheck: Option<String>,
    max_characters: Option<usize>,
}

/// How far the account has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    /// The last notification.
    #[serde(default)]
    heard: String,
    /// The last post of ours.
    #[serde(default)]
    wrote: String,
    /// The last mentions, with when they were last edited.
    #[serde(default)]
    watched: Vec<(String, String)>,
    /// When they were last looked at.
    #[serde(default)]
    looked: i64,
}

/// An account.
pub(super) struct Mastodon {
    basics: Basics,
    secrets: Secrets,
    api: Api,
    host: String,
    recheck: Duration,
    most: usize,
}

impl Mastodon {
    /// From its settings. Reaches for nothing.
    pub fn open(account: &AccountSettings) -> Result<Mastodon, SettingsError> {
        let (basics, secrets, own) = Basics::read::<Own>(account, &KIND)?;
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let ledger = Arc::new(Ledger::new(&[CALLS]));
        let http = Http::new(&basics.base_url, basics.chosen, Some(ledger.clone()));
        let http = http.map_err(|why| wrong(format!("base_url: {why}")))?;
        let token = secrets.get("token").ok_or_else(|| wrong("has no token".to_owned()))?;
        let recheck = own.recheck.map_or(Ok(Duration::from_secs(300)), |text| duration("recheck", &text));
        let most = own.max_characters.unwrap_or(500);
        if !(1..=100_000).contains(&most) {
            return Err(wrong("max_characters is between 1 and 100000".to_owned()));
        }
        let host = http.origin().split_once("://").map_or_else(String::new, |(_, host)| host.to_owned());
        let api = Api { http, token, ledger, me: Mutex::new(None) };
        Ok(Mastodon { basics, secrets, api, host, recheck: recheck.map_err(wrong)?, most })
    }

    /// A page of a feed, oldest first, with the id to go on from.
    async fn page(&self, call: Call, after: &str) -> Result<(Vec<Value>, String), ConnectorError> {
        let after = if after.is_empty() { "0" } else { after };
        let (answer, found) = self.api.read(call.query("min_id", after)).await?;
        let mut items = json::must_list(&found, "")?.to_vec();
        let newest = items
            .iter()
            .filter_map(|item| json::id(item, "/id"))
            .reduce(|one, other| if cursor::later(&one, &other) { one } else { other });
        let next = previous(&answer).or(newest).filter(|next| cursor::later(next, after));
        if !items.is_empty() && next.is_none() {
            return Err(ConnectorError::Retry { reason: "the server's pages lead nowhere new".to_owned() });
        }
        items.sort_by_key(|item| {
            let id = json::id(item, "/id").unwrap_or_default();
            (id.len(), id)
        });
        Ok((items, next.unwrap_or_default()))
    }

    fn heard(&self, notification: &Value, cursor: &mut Cursor) -> Option<Item> {
        let received = now();
        let status = notification.get("status").filter(|status| status.is_object())?;
        match json::text(notification, "/type") {
            "mention" => {
                if let Some(id) = json::id(status, "/id") {
                    cursor.watched.retain(|(known, _)| *known != id);
                    cursor.watched.push((id, json::text(status, "/edited_at").to_owned()));
                    let many = cursor.watched.len().saturating_sub(WATCHED);
                    cursor.watched.drain(..many);
                }
                Some(understand(status, Direction::Inbound, &self.host, received))
            }
            "favourite" => liked(notification, "★", received),
            "reblog" => liked(notification, "boost", received),
            _ => None,
        }
    }

    /// What became of the last mentions.
    async fn recheck(&self, cursor: &mut Cursor) -> Result<Vec<Item>, ConnectorError> {
        let mut call = Call::get("/api/v1/statuses");
        for (id, _) in &cursor.watched {
            call = call.query("id[]", id.as_str());
        }
        let answer = self.api.look(call).await?;
        // Servers before 4.3 cannot be asked for several.
        if matches!(answer.status, 404 | 405) {
            return Ok(Vec::new());
        }
        if let Some(error) = answer.trouble(&answer.said("/error"), false, now()) {
            return Err(error);
        }
        let found = answer.json().map_err(crate::connector::http::Failure::reading)?;
        let found = json::must_list(&found, "")?;
        let mut items = Vec::new();
        let mut gone = Vec::new();
        for (id, edit) in &mut cursor.watched {
            let Some(status) = found.iter().find(|status| json::id(status, "/id").as_ref() == Some(id)) else {
                // A block hides posts as well; only the post itself says that it is gone.
                let single = self.api.look(Call::get(format!("/api/v1/statuses/{id}"))).await?;
                if matches!(single.status, 404 | 410) {
                    let (remote_id, key, kind) = (id.clone(), "deleted".to_owned(), ChangeKind::Deleted);
                    let change = Changed { remote_id, key, kind, text: String::new(), at: now(), by: None };
                    items.push(Item::Change(Box::new(change)));
                    gone.push(id.clone());
                }
                continue;
            };
            let newer = json::text(status, "/edited_at");
            if !newer.is_empty() && newer != edit {
                items.extend(edited(status, json::iso(status, "/edited_at").unwrap_or_else(now)));
                *edit = newer.to_owned();
            }
        }
        cursor.watched.retain(|(id, _)| !gone.contains(id));
        Ok(items)
    }
}

/// Where the feed goes on, by `Link: <…min_id=…>; rel="prev"`.
fn previous(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?.split(',').find(|link| link.contains("rel=\"prev\""))?;
    let url = link.split_once('<')?.1.split_once('>')?.0;
    let pairs = url.split_once('?')?.1.split('&');
    let id = pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == "min_id")?.1;
    (!id.is_empty() && id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric())).then(|| id.to_owned())
}

impl Platform for Mastodon {
    fn basics(&self) -> &Basics {
        &self.basics
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            direct: vec![Way::Direct],
            public: vec![Way::Public, Way::Direct],
            lengths: vec![Length { most: self.most, count: Count::Characters }],
            idempotency: Idempotency::For(RECOGNISED),
            ..Abilities::default()
        }
    }

    fn secrets(&self) -> Vec<(&'static str, &Held)> {
        self.secrets.all().collect()
    }

    fn ledger(&self) -> Option<Arc<Ledger>> {
        Some(self.api.ledger.clone())
    }

    async fn pull(&self, at: &[u8]) -> Result<PulledPage, ConnectorError> {
        let mut cursor: Cursor = cursor::read(at);
        let call = Call::get("/api/v1/notifications").query("limit", NOTIFICATIONS.to_string());
        let call = ["mention", "favourite", "reblog"].iter().fold(call, |call, kind| call.query("types[]", *kind));
        let (notifications, next) = self.page(call, &cursor.heard).await?;
        // A page may be short and not the last: the server leaves out what we do not want to see.
        if !notifications.is_empty() {
            cursor.heard = next;
            let items = notifications.iter().filter_map(|one| self.heard(one, &mut cursor)).collect();
            return Ok(PulledPage { items, cursor: cursor::write(&cursor), more: true, progress: None });
        }
        let me = self.api.me().await?;
        let call = Call::get(format!("/api/v1/accounts/{}/statuses", me.id))
            .query("limit", STATUSES.to_string())
            .query("exclude_reblogs", "true");
        let (own, next) = self.page(call, &cursor.wrote).await?;
        if !own.is_empty() {
            cursor.wrote = next;
            let to_others = |status: &&Value| {
                json::id(status, "/in_reply_to_id").is_some() && !json::list(status, "/mentions").is_empty()
            };
            let understood = |status: &Value| understand(status, Direction::Outbound, &self.host, now());
            let items = own.iter().filter(to_others).map(understood).collect();
            return Ok(PulledPage { items, cursor: cursor::write(&cursor), more: true, progress: None });
        }
        let since = now().0 - cursor.looked;
        if cursor.watched.is_empty() || (0..self.recheck.as_millis() as i64).contains(&since) {
            return Ok(PulledPage::default());
        }
        cursor.looked = now().0;
        let items = self.recheck(&mut cursor).await?;
        Ok(PulledPage { items, cursor: cursor::write(&cursor), more: false, progress: None })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Option<Item> {
        let status: Value = serde_json::from_slice(raw).unwrap_or_default();
        Some(understand(&status, Direction::Inbound, &self.host, received))
    }

    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
        answer::render(outgoing, self.most)
    }

    async fn offer(&self, _outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.api.token.get().await.map(|_| ())
    }

    async fn deliver(&self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let status = self.api.send(&outgoing.id.to_string(), original.to_vec()).await?;
        let id = json::id(&status, "/id").ok_or_else(|| ConnectorError::Unknown {
            reason: "the server answers without saying which post it made".to_owned(),
        })?;
        Ok(Receipt { said: format!("post {id}"), to_file: false, remote_id: Some(id) })
    }

    async fn find_sent(&self, outgoing: &Outgoing) -> Result<Sighting, ConnectorError> {
        let me = self.api.me().await?;
        let call = Call::get(format!("/api/v1/accounts/{}/statuses", me.id))
            .query("limit", STATUSES.to_string())
            .query("exclude_reblogs", "true");
        let (_, found) = self.api.read(call).await?;
        let found = json::must_list(&found, "")?;
        let since = self.api.http.theirs(outgoing.date).plus_millis(-SKEW);
        let is_it = |status: &&Value| {
            json::id(status, "/in_reply_to_id") == outgoing.context.get("status").cloned()
                && json::iso(status, "/created_at").is_some_and(|at| at >= since)
                && same_words(without_mentions(&text(status)), without_mentions(&outgoing.text))
        };
        let id = found.iter().find(is_it).and_then(|status| json::id(status, "/id"));
        let oldest = found.last().and_then(|status| json::iso(status, "/created_at"));
        let whole = found.len() < STATUSES || oldest.is_some_and(|oldest| oldest < since);
        Ok(sighting(id, whole, outgoing, now()))
    }

    async fn fetch(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        let status: Value = serde_json::from_slice(raw).map_err(|_| no_file())?;
        let found = media(&status).into_iter().find(|(_, listed)| listed.part == part);
        let (url, _) = found.ok_or_else(no_file)?;
        let answer = self.api.http.fetch(&url, MOST_MEDIA).await;
        Ok(answer.map_err(crate::connector::http::Failure::reading)?.body)
    }

    async fn greet(&self) -> Result<String, ConnectorError> {
        let me = self.api.me().await?;
        let (_, instance) = self.api.read(Call::get("/api/v2/instance")).await?;
        let most = json::number(&instance, "/configuration/statuses/max_characters").unwrap_or(500);
        let fits = usize::try_from(most).is_ok_and(|most| most == self.most);
        let hint = if fits { String::new() } else { format!("; write max_characters = {most}") };
        Ok(format!("{}; posts have at most {most} characters{hint}", full(&me.acct, &self.host)))
    }
}
