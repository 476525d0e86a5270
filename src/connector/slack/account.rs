//! One bot in one workspace.

use super::api::{Api, CALLS, POSTS};
use super::hook::SlackHook;
use super::message::{
    Around, People, author, edited, files, is_later, is_written, reactions, read_original, remote_id, understand,
};
use super::walk::{Cursor, Place};
use super::words::escape;
use crate::connector::http::Http;
use crate::connector::platform::{Basics, Held, Kind, Platform, Secrets, cursor, json, no_file, now, sighting};
use crate::connector::settings::duration;
use crate::connector::{
    AccountSettings, ConnectorError, Hook, Item, Ledger, PulledPage, Receipt, SettingsError, Sighting,
};
use crate::model::{Abilities, Count, Length, Outgoing, Timestamp, Way, clean_line};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const KIND: Kind = Kind {
    channel: "slack",
    base_url: Some("https://slack.com/api"),
    needs: &["token"],
    may_have: &["signing_secret"],
    poll: Duration::from_secs(30),
    shortest_poll: Duration::from_secs(10),
};
const FILES: &str = "https://files.slack.com";
/// Messages a page.
const PAGE: &str = "200";
/// Calls one pull may make before it gives what it has.
const STEPS: usize = 20;
/// People looked up for one page.
const LOOKUPS: usize = 30;
/// The longest text Slack shows as one message.
const LONGEST: usize = 4_000;
const MOST_FILE: usize = 25 << 20;
/// How long the list of channels is believed, in milliseconds.
const LISTED: i64 = 600_000;
/// How far Slack's clock may be behind ours, in milliseconds.
const SKEW: i64 = 5 * 60_000;
/// What tells our own messages when they are read back.
const MARK: &str = "switchboard_outgoing";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    colleagues: Vec<String>,
    lookback: Option<String>,
    history: Option<String>,
}

/// A channel we are in.
#[derive(Clone, Debug, Default)]
struct Channel {
    id: String,
    open: bool,
    direct: bool,
    with: Option<String>,
}

/// What is asked once and believed for a while.
#[derive(Default)]
struct Known {
    team: String,
    channels: Vec<Channel>,
    at: i64,
}

/// A bot in a workspace.
pub(super) struct Slack {
    basics: Basics,
    secrets: Secrets,
    api: Api,
    own: Own,
    lookback: Duration,
    history: Duration,
    people: Arc<Mutex<People>>,
    known: Mutex<Known>,
    hook: Option<Arc<SlackHook>>,
}

impl Slack {
    /// From its settings. Reaches for nothing.
    pub fn open(account: &AccountSettings) -> Result<Slack, SettingsError> {
        let (basics, secrets, own) = Basics::read::<Own>(account, &KIND)?;
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let ledger = Arc::new(Ledger::new(&[CALLS, POSTS]));
        let plain = |id: &&String| id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric());
        if let Some(bad) = own.channels.iter().chain(&own.colleagues).find(plain) {
            return Err(wrong(format!("\"{}\" is no id; Slack shows ids as C024BE91L, U024BE7LH", clean_line(bad))));
        }
        let http = Http::new(&basics.base_url, basics.chosen, Some(ledger.clone()));
        let http = http.map_err(|why| wrong(format!("base_url: {why}")))?;
        let files = (!basics.chosen).then(|| Http::new(FILES, false, None)).transpose().map_err(wrong)?;
        let token = secrets.get("token").ok_or_else(|| wrong("has no token".to_owned()))?;
        let span = |key: &str, text: &Option<String>, hours: u64| match text {
            Some(text) => duration(key, text).map_err(wrong),
            None => Ok(Duration::from_secs(hours * 3_600)),
        };
        let (lookback, history) = (span("lookback", &own.lookback, 72)?, span("history", &own.history, 720)?);
        let people = Arc::new(Mutex::new(People { ours: own.colleagues.clone(), ..People::default() }));
        let hook = secrets.get("signing_secret").map(|secret| Arc::new(SlackHook { secret, people: people.clone() }));
        let api = Api { http, files, token, ledger };
        Ok(Slack { basics, secrets, api, own, lookback, history, people, known: Mutex::default(), hook })
    }

    fn people(&self) -> People {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The workspace, and the channels we are in.
    async fn known(&self) -> Result<(String, Vec<Channel>), ConnectorError> {
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if !known.team.is_empty() && (0..LISTED).contains(&(now().0 - known.at)) {
                return Ok((known.team.clone(), known.channels.clone()));
            }
        }
        let me = self.api.read("auth.test", &[]).await?;
        let team = json::text(&me, "/team_id").to_owned();
        {
            let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
            people.bot = json::text(&me, "/bot_id").to_owned();
            people.ours = self.own.colleagues.iter().cloned().chain(json::id(&me, "/user_id")).collect();
        }
        let mut channels = Vec::new();
        let mut page = String::new();
        for _ in 0..20 {
            let query = [("types", "public_channel,private_channel,im"), ("limit", PAGE), ("cursor", &page)];
            let given = if page.is_empty() { &query[..2] } else { &query[..] };
            let found = self.api.read("users.conversations", given).await?;
            let one = |channel: &Value| {
                let (direct, closed) = (json::flag(channel, "/is_im"), json::flag(channel, "/is_private"));
                let (id, with) = (json::id(channel, "/id")?, json::id(channel, "/user"));
                Some(Channel { id, open: !direct && !closed, direct, with })
            };
            channels.extend(json::must_list(&found, "/channels")?.iter().filter_map(one));
            let next = json::text(&found, "/response_metadata/next_cursor");
            if next.is_empty() || next == page {
                break;
            }
            page = next.to_owned();
        }
        if !self.own.channels.is_empty() {
            // What is named and not listed is asked for all the same: Slack says what is wrong with it.
            let named = |id: &String| {
                let listed = channels.iter().find(|channel| channel.id == *id).cloned();
                listed.unwrap_or_else(|| Channel { id: id.clone(), ..Channel::default() })
            };
            channels = self.own.channels.iter().map(named).collect();
        }
        channels.sort_by(|one, other| one.id.cmp(&other.id));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Known { team: team.clone(), channels: channels.clone(), at: now().0 };
        Ok((team, channels))
    }

    /// Looks up who is not known yet. Names are a comfort: without them the messages come all the same.
    async fn meet<'a>(&self, messages: impl Iterator<Item = &'a Value>) {
        let people = self.people();
        let mut strangers: Vec<String> = messages.filter_map(|message| json::id(message, "/user")).collect();
        strangers.sort();
        strangers.dedup();
        strangers.retain(|id| !people.names.contains_key(id));
        for id in strangers.into_iter().take(LOOKUPS) {
            match self.api.read("users.info", &[("user", &id)]).await {
                Ok(found) => {
                    let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
                    let name = ["/user/profile/display_name", "/user/real_name", "/user/name"];
                    let name = name.iter().map(|at| clean_line(json::text(&found, at))).find(|name| !name.is_empty());
                    let real = clean_line(json::text(&found, "/user/real_name"));
                    people
                        .names
                        .insert(id.clone(), if real.is_empty() { name.clone().unwrap_or_default() } else { real });
                    people.handles.extend(name.map(|name| (id.clone(), format!("@{name}"))));
                    let email = json::text(&found, "/user/profile/email").trim().to_lowercase();
                    if json::flag(&found, "/user/is_email_confirmed") && email.contains('@') {
                        people.emails.insert(id, email);
                    }
                }
                // Not asked again and again for each message of theirs.
                Err(ConnectorError::Gone { .. } | ConnectorError::Reconnect { .. } | ConnectorError::Reject { .. }) => {
                    self.people.lock().unwrap_or_else(PoisonError::into_inner).names.insert(id, String::new());
                }
                Err(_) => return,
            }
        }
    }

    /// One call of the walk through `channel`; true when the walk is over.
    async fn step(
        &self,
        channel: &Channel,
        team: &str,
        place: &mut Place,
        items: &mut Vec<Item>,
    ) -> Result<bool, ConnectorError> {
        let mut around = Around {
            team: team.to_owned(),
            channel: channel.id.clone(),
            open: channel.open,
            direct: channel.direct,
            opener: channel.with.clone(),
        };
        if place.from.is_empty() {
            let back = if place.last.is_empty() { self.history } else { self.lookback };
            let back = format!("{}.000000", (now().0 / 1_000).saturating_sub(back.as_secs() as i64).max(0));
            place.from = if !place.last.is_empty() && (place.peek || is_later(&back, &place.last)) {
                place.last.clone()
            } else {
                back
            };
        }
        if !place.listed {
            let query =
                [("channel", channel.id.as_str()), ("oldest", &place.from), ("limit", PAGE), ("cursor", &place.page)];
            let given = if place.page.is_empty() { &query[..3] } else { &query[..] };
            let found = self.asked(self.api.read("conversations.history", given).await, &channel.id, place)?;
            let messages = json::must_list(&found, "/messages")?;
            self.meet(messages.iter()).await;
            let people = self.people();
            // Newest first; filed the other way round.
            for message in messages.iter().rev() {
                let news = place.note(message);
                if !is_written(message) {
                    continue;
                }
                if news.message {
                    items.push(understand(message, &around, &people, now()));
                }
                if news.edit {
                    items.extend(edited(message, &around, &people));
                }
                if news.reactions {
                    items.extend(reactions(message, &around, &people));
                }
            }
            place.page = next(&found, &mut place.trail)?;
            place.listed = place.page.is_empty();
            place.long |= !place.listed;
            return Ok(place.listed && place.threads.is_empty());
        }
        let Some(thread) = place.threads.first().cloned() else { return Ok(true) };
        let oldest = if thread.after.is_empty() { "0" } else { &thread.after };
        let query = [
            ("channel", channel.id.as_str()),
            ("ts", &thread.ts),
            ("oldest", oldest),
            ("limit", PAGE),
            ("cursor", &thread.page),
        ];
        let given = if thread.page.is_empty() { &query[..4] } else { &query[..] };
        let found = match self.api.read("conversations.replies", given).await {
            // The thread was deleted meanwhile.
            Err(ConnectorError::Gone { .. }) => {
                place.threads.remove(0);
                return Ok(place.threads.is_empty());
            }
            found => found?,
        };
        let messages = json::must_list(&found, "/messages")?;
        self.meet(messages.iter()).await;
        let people = self.people();
        let root = messages.iter().find(|message| json::text(message, "/ts") == thread.ts);
        around.opener = root.map(author).filter(|opener| !opener.is_empty()).or(around.opener);
        let fresh = |message: &&Value| {
            let ts = json::text(message, "/ts");
            ts != thread.ts && is_later(ts, &thread.after) && is_written(message)
        };
        items.extend(messages.iter().filter(fresh).map(|message| understand(message, &around, &people, now())));
        let mut trail = thread.trail;
        let page = next(&found, &mut trail)?;
        match place.threads.first_mut() {
            Some(first) if !page.is_empty() => (first.page, first.trail) = (page, trail),
            _ => {
                place.threads.remove(0);
            }
        }
        Ok(place.threads.is_empty())
    }

    /// A page's cursor that is not taken any more begins the walk anew; a channel that is gone is named.
    fn asked(
        &self,
        found: Result<Value, ConnectorError>,
        channel: &str,
        place: &mut Place,
    ) -> Result<Value, ConnectorError> {
        match found {
            Err(ConnectorError::Gone { .. } | ConnectorError::Reject { .. }) => Err(ConnectorError::Reconnect {
                reason: format!(
                    "the channel {channel} cannot be read: /invite the bot there, or take it out of channels"
                ),
            }),
            Err(error @ ConnectorError::Retry { .. }) => {
                if error.to_string().contains("invalid_cursor") {
                    place.page.clear();
                    place.trail.end();
                }
                Err(error)
            }
            found => found,
        }
    }
}

/// The next page.
fn next(found: &Value, trail: &mut cursor::Trail) -> Result<String, ConnectorError> {
    let next = json::text(found, "/response_metadata/next_cursor");
    if !next.is_empty() {
        trail.leads_to(next, "Slack")?;
    }
    Ok(next.chars().take(1_000).collect())
}

impl Platform for Slack {
    fn basics(&self) -> &Basics {
        &self.basics
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            direct: vec![Way::Direct],
            public: vec![Way::Public],
            lengths: vec![Length { most: LONGEST, count: Count::Characters }],
            ..Abilities::default()
        }
    }

    fn secrets(&self) -> Vec<(&'static str, &Held)> {
        self.secrets.all().collect()
    }

    fn ledger(&self) -> Option<Arc<Ledger>> {
        Some(self.api.ledger.clone())
    }

    fn hook(self: &Arc<Self>) -> Option<Arc<dyn Hook>> {
        self.hook.clone().map(|hook| hook as Arc<dyn Hook>)
    }

    async fn pull(&self, at: &[u8]) -> Result<PulledPage, ConnectorError> {
        let mut cursor: Cursor = cursor::read(at);
        let (team, channels) = self.known().await?;
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
            if self.step(channel, &team, place, &mut items).await? {
                // Somebody may have written while we walked.
                index += usize::from(!place.long);
                place.finish();
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
        let (message, around) = read_original(raw)?;
        Some(understand(&message, &around, &self.people(), received))
    }

    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
        let channel = outgoing.context.get("channel").ok_or_else(|| ConnectorError::Reject {
            reason: "here only messages can be answered; answer one of theirs".to_owned(),
        })?;
        let mut body = json!({
            "channel": channel, "text": escape(&outgoing.text), "mrkdwn": false, "unfurl_links": false, "unfurl_media": false,
            "metadata": { "event_type": MARK, "event_payload": { "id": outgoing.id.to_string() } },
        });
        if let Some(thread) = outgoing.context.get("thread") {
            body["thread_ts"] = thread.as_str().into();
        }
        Ok(json::bytes(&body))
    }

    async fn offer(&self, _outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.api.token.get().await.map(|_| ())
    }

    async fn deliver(&self, _outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let sent = self.api.send(original.to_vec()).await?;
        let (channel, ts) = (json::text(&sent, "/channel"), json::text(&sent, "/ts"));
        if channel.is_empty() || ts.is_empty() {
            return Err(ConnectorError::Unknown {
                reason: "Slack answers without saying which message it made".to_owned(),
            });
        }
        Ok(Receipt { said: format!("message {ts}"), to_file: false, remote_id: Some(remote_id(channel, ts)) })
    }

    async fn find_sent(&self, outgoing: &Outgoing) -> Result<Sighting, ConnectorError> {
        let Some(channel) = outgoing.context.get("channel") else { return Ok(Sighting::CannotTell) };
        // Slack's clock is known once it has answered.
        self.known().await?;
        let oldest = format!("{}.000000", (self.api.http.theirs(outgoing.date).0 - SKEW) / 1_000);
        let thread = outgoing.context.get("thread").map_or("", String::as_str);
        let query = [
            ("channel", channel.as_str()),
            ("oldest", &oldest),
            ("limit", PAGE),
            ("include_all_metadata", "true"),
            ("ts", thread),
        ];
        let found = match thread {
            "" => self.api.read("conversations.history", &query[..4]).await?,
            _ => self.api.read("conversations.replies", &query).await?,
        };
        let id = outgoing.id.to_string();
        let is_it = |message: &&Value| {
            json::text(message, "/metadata/event_type") == MARK
                && json::text(message, "/metadata/event_payload/id") == id
        };
        let found_ts =
            json::must_list(&found, "/messages")?.iter().find(is_it).map(|message| json::text(message, "/ts"));
        let whole = !json::flag(&found, "/has_more");
        Ok(sighting(found_ts.map(|ts| remote_id(channel, ts)), whole, outgoing, now()))
    }

    async fn fetch(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        let kept: Value = serde_json::from_slice(raw).map_err(|_| no_file())?;
        // As it was pulled, or as it was delivered.
        let message = kept.get("message").or_else(|| kept.get("event")).ok_or_else(no_file)?;
        let (url, _) = files(message).into_iter().find(|(_, listed)| listed.part == part).ok_or_else(no_file)?;
        self.api.download(&url, MOST_FILE).await
    }

    async fn greet(&self) -> Result<String, ConnectorError> {
        let me = self.api.read("auth.test", &[]).await?;
        let (_, channels) = self.known().await?;
        let (user, team) = (json::text(&me, "/user"), json::text(&me, "/team"));
        Ok(clean_line(&format!("@{user} in {team}, {} channels", channels.len())))
    }
}
