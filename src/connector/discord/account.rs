//! One bot: the channels it walks, and what it sends.
//!
//! A channel is read forward (`after`), so its mark moves with every page. Nobody tells a polling bot of edits and
//! deletions: the last messages of each channel are looked at again now and then.

use super::api::{Api, CALLS};
use super::message::{Channel, files, id_at, party, text, time_of, understand};
use crate::connector::http::{Failure, Http, MOST_MEDIA};
use crate::connector::platform::{
    Basics, Held, Kind, Platform, Secrets, cursor, json, no_file, now, same_words, sighting,
};
use crate::connector::settings::duration;
use crate::connector::{
    AccountSettings, Changed, ConnectorError, Item, Ledger, PulledPage, Receipt, SettingsError, Sighting, first_words,
};
use crate::model::{
    Abilities, ChangeKind, Count, Idempotency, Length, Outgoing, Timestamp, Way, clean_block, clean_line,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const KIND: Kind = Kind {
    channel: "discord",
    base_url: Some("https://discord.com/api/v10"),
    needs: &["token"],
    may_have: &[],
    poll: Duration::from_secs(20),
    shortest_poll: Duration::from_secs(5),
};
/// Messages a page: the most the API gives.
const PAGE: usize = 100;
/// Calls one pull may make before it gives what it has.
const STEPS: usize = 20;
/// Messages of a channel that are looked at again.
const WATCHED: usize = 20;
/// The longest text.
const LONGEST: usize = 2_000;
/// How long a repeated message is recognised ("the past few minutes"), in milliseconds.
const RECOGNISED: i64 = 120_000;
/// The longest nonce.
const NONCE: usize = 25;
/// How long the list of threads is believed, in milliseconds.
const LISTED: i64 = 300_000;
/// How far Discord's clock may be behind ours, in milliseconds.
const SKEW: i64 = 5 * 60_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    channels: Vec<String>,
    #[serde(default)]
    colleagues: Vec<String>,
    recheck: Option<String>,
    history: Option<String>,
}

/// How far the bot has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    /// The channel that is read; empty between two rounds.
    #[serde(default)]
    at: String,
    #[serde(default)]
    channels: BTreeMap<String, Place>,
}

/// How far one channel is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Place {
    /// The last message.
    #[serde(default)]
    last: String,
    /// The last messages, with what was seen of them.
    #[serde(default)]
    watched: Vec<Watched>,
    /// When they were last looked at.
    #[serde(default)]
    looked: i64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Watched {
    id: String,
    #[serde(default)]
    edited: String,
    #[serde(default)]
    reactions: u64,
}

impl Watched {
    fn of(message: &Value) -> Option<Watched> {
        let count = |reaction: &Value| json::number(reaction, "/count").unwrap_or(0).max(0) as u64;
        Some(Watched {
            id: json::id(message, "/id")?,
            edited: json::text(message, "/edited_timestamp").to_owned(),
            reactions: json::list(message, "/reactions").iter().map(count).sum(),
        })
    }
}

/// What is asked once and believed for a while.
#[derive(Default)]
struct Known {
    me: String,
    channels: Vec<Channel>,
    at: i64,
}

/// A bot.
pub(super) struct Discord {
    basics: Basics,
    secrets: Secrets,
    api: Api,
    own: Own,
    recheck: Duration,
    history: Duration,
    known: Mutex<Known>,
}

impl Discord {
    /// From its settings. Reaches for nothing.
    pub fn open(account: &AccountSettings) -> Result<Discord, SettingsError> {
        let (basics, secrets, own) = Basics::read::<Own>(account, &KIND)?;
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let plain = |id: &&String| id.is_empty() || id.len() > 24 || !id.chars().all(|c| c.is_ascii_digit());
        if let Some(bad) = own.channels.iter().chain(&own.colleagues).find(plain) {
            return Err(wrong(format!("\"{}\" is no id; Discord's ids are long numbers in quotes", clean_line(bad))));
        }
        if own.channels.is_empty() {
            return Err(wrong("channels is empty; name the ids of the channels to read".to_owned()));
        }
        let ledger = Arc::new(Ledger::new(&[CALLS]));
        let http = Http::new(&basics.base_url, basics.chosen, Some(ledger.clone()));
        let http = http.map_err(|why| wrong(format!("base_url: {why}")))?;
        let token = secrets.get("token").ok_or_else(|| wrong("has no token".to_owned()))?;
        let span = |key: &str, text: &Option<String>, seconds: u64| match text {
            Some(text) => duration(key, text).map_err(wrong),
            None => Ok(Duration::from_secs(seconds)),
        };
        let (recheck, history) = (span("recheck", &own.recheck, 300)?, span("history", &own.history, 720 * 3_600)?);
        let api = Api { http, token, ledger, refused: Mutex::default(), closed: Mutex::default() };
        Ok(Discord { basics, secrets, api, own, recheck, history, known: Mutex::default() })
    }

    /// Those whose messages are ours.
    fn ours(&self, me: &str) -> Vec<String> {
        self.own.colleagues.iter().cloned().chain([me.to_owned()]).collect()
    }

    /// Who we are, and what there is to read: the channels named, and the threads that are active in them.
    async fn known(&self) -> Result<(String, Vec<Channel>), ConnectorError> {
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.me.is_empty() && (0..LISTED).contains(&(now().0 - known.at)) {
                return Ok((known.me.clone(), known.channels.clone()));
            }
        }
        let me = self.api.read("/users/@me", &[]).await?;
        let me = json::id(&me, "/id")
            .ok_or_else(|| ConnectorError::Retry { reason: "Discord does not say who we are".to_owned() })?;
        let mut channels: Vec<Channel> = Vec::new();
        for id in &self.own.channels {
            let found = match self.api.read(&format!("/channels/{id}"), &[]).await {
                Err(ConnectorError::Gone { .. }) => {
                    let reason = format!("the channel {id} is not there, or the bot is not on its server");
                    return Err(ConnectorError::Reconnect { reason });
                }
                found => found?,
            };
            let channel = Channel::read(&found).ok_or_else(|| ConnectorError::Retry {
                reason: "Discord tells of a channel without its id".to_owned(),
            })?;
            // A forum has posts, which are threads, and no messages of its own.
            if !matches!(json::number(&found, "/type"), Some(15 | 16)) {
                channels.push(channel.clone());
            }
            if !channel.guild.is_empty() {
                let active = self.api.read(&format!("/guilds/{}/threads/active", channel.guild), &[]).await?;
                let here = |thread: &&Value| json::text(thread, "/parent_id") == *id;
                channels.extend(json::must_list(&active, "/threads")?.iter().filter(here).filter_map(Channel::read));
            }
        }
        channels.sort_by(|one, other| one.id.cmp(&other.id));
        channels.dedup_by(|one, other| one.id == other.id);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Known { me: me.clone(), channels: channels.clone(), at: now().0 };
        Ok((me, channels))
    }

    /// One page of a channel; true when there is no more.
    async fn step(
        &self,
        channel: &Channel,
        ours: &[String],
        place: &mut Place,
        items: &mut Vec<Item>,
    ) -> Result<bool, ConnectorError> {
        if place.last.is_empty() {
            place.last = id_at(now().plus_millis(-(self.history.as_millis() as i64)));
        }
        let path = format!("/channels/{}/messages", channel.id);
        let query = [("after", place.last.as_str()), ("limit", "100")];
        let found = match self.api.read(&path, &query).await {
            // A thread that was deleted is no trouble of the account's.
            Err(ConnectorError::Gone { .. }) if !self.own.channels.contains(&channel.id) => return Ok(true),
            found => found?,
        };
        let mut messages: Vec<&Value> = json::must_list(&found, "")?.iter().collect();
        let id = |message: &Value| json::id(message, "/id").unwrap_or_default();
        messages.sort_by_key(|message| (id(message).len(), id(message)));
        let newest = messages.last().map(|message| id(message)).unwrap_or_default();
        if !messages.is_empty() && !cursor::later(&newest, &place.last) {
            return Err(ConnectorError::Retry { reason: "Discord's pages lead nowhere new".to_owned() });
        }
        items.extend(messages.iter().filter_map(|message| understand(message, channel, ours, now())));
        place.watched.extend(messages.iter().filter_map(|message| Watched::of(message)));
        let many = place.watched.len().saturating_sub(WATCHED);
        place.watched.drain(..many);
        if !messages.is_empty() {
            // However short the page: only an empty one is the end.
            place.last = newest;
            return Ok(false);
        }
        let since = now().0 - place.looked;
        if place.looked == 0 {
            // They were read this moment.
            place.looked = now().0;
        } else if !place.watched.is_empty() && !(0..self.recheck.as_millis() as i64).contains(&since) {
            place.looked = now().0;
            self.recheck(channel, place, items).await?;
        }
        Ok(true)
    }

    /// What became of the last messages.
    async fn recheck(&self, channel: &Channel, place: &mut Place, items: &mut Vec<Item>) -> Result<(), ConnectorError> {
        let path = format!("/channels/{}/messages", channel.id);
        let found = self.api.read(&path, &[("limit", "50")]).await?;
        let found = json::must_list(&found, "")?;
        let oldest = found
            .iter()
            .filter_map(|message| json::id(message, "/id"))
            .reduce(|one, other| if cursor::later(&one, &other) { other } else { one });
        let change = |id: &str, key: String, kind: ChangeKind, at: Timestamp, text: String| {
            Item::Change(Box::new(Changed { remote_id: id.to_owned(), key, kind, text, at, by: None }))
        };
        let mut kept = Vec::new();
        for old in std::mem::take(&mut place.watched) {
            let Some(message) = found.iter().find(|message| json::id(message, "/id").as_deref() == Some(&old.id))
            else {
                let within = found.len() < 50 || oldest.as_ref().is_some_and(|oldest| cursor::later(&old.id, oldest));
                if within {
                    items.push(change(&old.id, "deleted".to_owned(), ChangeKind::Deleted, now(), String::new()));
                } else {
                    kept.push(old);
                }
                continue;
            };
            let Some(new) = Watched::of(message) else { continue };
            if new.edited != old.edited && !new.edited.is_empty() {
                let text = clean_block(&text(message));
                let at = json::iso(message, "/edited_timestamp").unwrap_or_else(now);
                let kind = ChangeKind::Edited { preview: first_words(&text) };
                items.push(change(&old.id, new.edited.clone(), kind, at, text));
            }
            if new.reactions != old.reactions {
                let kind = ChangeKind::Likes { count: new.reactions };
                items.push(change(&old.id, format!("{} reactions", new.reactions), kind, now(), String::new()));
            }
            kept.push(new);
        }
        place.watched = kept;
        Ok(())
    }
}

impl Platform for Discord {
    fn basics(&self) -> &Basics {
        &self.basics
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            direct: vec![Way::Direct],
            public: vec![Way::Public],
            lengths: vec![Length { most: LONGEST, count: Count::Characters }],
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
        let (me, channels) = self.known().await?;
        let ours = self.ours(&me);
        let mut items = Vec::new();
        let mut index = channels.iter().position(|channel| channel.id == cursor.at).unwrap_or(0);
        let mut more = true;
        for _ in 0..STEPS {
            let Some(channel) = channels.get(index) else {
                (cursor.at, more) = (String::new(), false);
                break;
            };
            cursor.at = channel.id.clone();
            let place = cursor.channels.entry(channel.id.clone()).or_default();
            if self.step(channel, &ours, place, &mut items).await? {
                index += 1;
                cursor.at = channels.get(index).map(|next| next.id.clone()).unwrap_or_default();
                more = index < channels.len();
            }
            if !items.is_empty() || !more {
                break;
            }
        }
        Ok(PulledPage { items, cursor: cursor::write(&cursor), more, progress: None })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Option<Item> {
        let message: Value = serde_json::from_slice(raw).unwrap_or_default();
        let channel = Channel { id: json::id(&message, "/channel_id").unwrap_or_default(), ..Channel::default() };
        let me = self.known.lock().unwrap_or_else(PoisonError::into_inner).me.clone();
        understand(&message, &channel, &self.ours(&me), received)
    }

    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
        let Some(message) = outgoing.context.get("message").filter(|_| outgoing.context.contains_key("channel")) else {
            let reason = "here only messages can be answered; answer one of theirs".to_owned();
            return Err(ConnectorError::Reject { reason });
        };
        let nonce: String = blake3::hash(outgoing.id.to_string().as_bytes()).to_hex().chars().take(NONCE).collect();
        Ok(json::bytes(&json!({
            "content": outgoing.text,
            // A message that is gone by now must not keep the answer from leaving.
            "message_reference": { "message_id": message, "fail_if_not_exists": false },
            // What an agent quotes must not call a whole server.
            "allowed_mentions": { "parse": [] },
            "nonce": nonce, "enforce_nonce": true,
        })))
    }

    async fn offer(&self, _outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.api.token.get().await.map(|_| ())
    }

    async fn deliver(&self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let channel = outgoing
            .context
            .get("channel")
            .ok_or_else(|| ConnectorError::Reject { reason: "the answer names no channel".to_owned() })?;
        let sent = self.api.send(channel, original.to_vec()).await?;
        let id = json::id(&sent, "/id").ok_or_else(|| ConnectorError::Unknown {
            reason: "Discord answers without saying which message it made".to_owned(),
        })?;
        Ok(Receipt { said: format!("message {id}"), to_file: false, remote_id: Some(id) })
    }

    async fn find_sent(&self, outgoing: &Outgoing) -> Result<Sighting, ConnectorError> {
        let Some(channel) = outgoing.context.get("channel") else { return Ok(Sighting::CannotTell) };
        let (me, _) = self.known().await?;
        // Ids hold Discord's time; the earlier of the two is looked from, whoever's clock is wrong.
        let after = id_at(self.api.http.theirs(outgoing.date).min(outgoing.date).plus_millis(-SKEW));
        let path = format!("/channels/{channel}/messages");
        let found = self.api.read(&path, &[("after", after.as_str()), ("limit", "100")]).await?;
        let found = json::must_list(&found, "")?;
        let is_it = |message: &&Value| {
            message.get("author").and_then(party).is_some_and(|author| author.address == me)
                && json::id(message, "/message_reference/message_id").as_ref() == outgoing.context.get("message")
                && same_words(json::text(message, "/content"), &outgoing.text)
        };
        let id = found.iter().find(is_it).and_then(|message| json::id(message, "/id"));
        Ok(sighting(id, found.len() < PAGE, outgoing, now()))
    }

    async fn fetch(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        let message: Value = serde_json::from_slice(raw).map_err(|_| no_file())?;
        if !files(&message).iter().any(|file| file.part == part) {
            return Err(no_file());
        }
        let (channel, id) = json::id(&message, "/channel_id").zip(json::id(&message, "/id")).ok_or_else(no_file)?;
        if time_of(&id).is_none() || time_of(&channel).is_none() {
            return Err(no_file());
        }
        // The addresses of files expire: the message is asked for a fresh one.
        let fresh = self.api.read(&format!("/channels/{channel}/messages/{id}"), &[]).await?;
        let url = json::text(&fresh, &format!("/attachments/{}/url", part - 1));
        let answer = self.api.http.fetch(url, MOST_MEDIA).await;
        Ok(answer.map_err(Failure::reading)?.body)
    }

    async fn greet(&self) -> Result<String, ConnectorError> {
        let me = self.api.read("/users/@me", &[]).await?;
        let application = self.api.read("/applications/@me", &[]).await?;
        // GATEWAY_MESSAGE_CONTENT, and the same for bots on few servers.
        let flags = json::number(&application, "/flags").unwrap_or(0);
        let (_, channels) = self.known().await?;
        let hint = match flags & (1 << 18 | 1 << 19) {
            0 => "; messages will come empty: turn on the Message Content Intent of the bot",
            _ => "",
        };
        Ok(clean_line(&format!("@{}, {} channels and threads{hint}", json::text(&me, "/username"), channels.len())))
    }
}
