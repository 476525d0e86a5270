//! One account: the two feeds it walks, and what it sends.
//!
//! Both feeds come newest first. A mark moves only after the whole walk; until then the cursor holds where the walk is,
//! so that one that is interrupted leaves no gap.

use super::api::{Api, MENTION, MESSAGE, POST, POST_WITH_LINK, allowances};
use super::dialect::{Dialect, references, text};
use super::hook::XHook;
use super::post::{message, message_id, post};
use crate::connector::http::{Call, Http};
use crate::connector::platform::{Basics, Held, Kind, Platform, Secrets, cursor, json, now, same_words, sighting};
use crate::connector::settings::duration;
use crate::connector::{
    AccountSettings, ConnectorError, Hook, Item, Ledger, PulledPage, Receipt, SettingsError, Sighting, Tokens,
};
use crate::model::{Abilities, Apart, Count, Length, Outgoing, Terms, Timestamp, Way, clean_line};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const KIND: Kind = Kind {
    channel: "x",
    base_url: Some("https://api.x.com/2"),
    needs: &["refresh_token"],
    may_have: &["client_secret", "consumer_secret"],
    poll: Duration::from_secs(300),
    shortest_poll: Duration::from_secs(60),
};
/// The longest post, as X counts, and the longest direct message.
const LONGEST_POST: usize = 280;
const LONGEST_MESSAGE: usize = 10_000;
/// Mentions a page. Direct messages cost ten times as much, and those that are known come again.
const MENTIONS: &str = "100";
const MESSAGES: &str = "20";
/// How far X's clock may be behind ours, in milliseconds.
const SKEW: i64 = 5 * 60_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reads {
    Mentions,
    Messages,
    #[default]
    Both,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    client_id: String,
    #[serde(default)]
    reads: Reads,
    #[serde(default)]
    dialect: Dialect,
    #[serde(default = "twenty")]
    budget: u64,
    history: Option<String>,
}

fn twenty() -> u64 {
    20
}

/// How far one feed is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Walk {
    /// The latest of the last whole walk.
    #[serde(default)]
    last: String,
    /// The latest of this walk.
    #[serde(default)]
    top: String,
    /// The page to ask for next.
    #[serde(default)]
    page: String,
    /// The walk takes more than one page: what came meanwhile is asked for right after it.
    #[serde(default)]
    long: bool,
    /// Where the first walk begins.
    #[serde(default)]
    start: String,
    /// The pages of this walk.
    #[serde(default, skip_serializing_if = "cursor::Trail::is_empty")]
    trail: cursor::Trail,
}

impl Walk {
    /// Takes note of a page; true when the walk is over, and nothing can have come meanwhile.
    fn note(&mut self, ids: &[String], next: &str, known: bool) -> Result<bool, ConnectorError> {
        for id in ids {
            if cursor::later(id, &self.top) {
                self.top = id.clone();
            }
        }
        if !next.is_empty() && !known {
            self.trail.leads_to(next, "X")?;
        }
        self.page = if known { String::new() } else { next.chars().take(1_000).collect() };
        if !self.page.is_empty() {
            self.long = true;
            return Ok(false);
        }
        if cursor::later(&self.top, &self.last) {
            self.last = std::mem::take(&mut self.top);
        }
        self.top.clear();
        self.trail.end();
        Ok(!std::mem::take(&mut self.long))
    }
}

/// How far the account has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    #[serde(default)]
    mentions: Walk,
    #[serde(default)]
    messages: Walk,
    /// The mentions are walked through, the messages are next.
    #[serde(default)]
    heard: bool,
}

/// An account.
pub(super) struct X {
    basics: Basics,
    secrets: Secrets,
    api: Api,
    own: Own,
    history: Duration,
    me: Arc<Mutex<Option<String>>>,
    hook: Option<Arc<XHook>>,
}

impl X {
    /// From its settings. Reaches for nothing.
    pub fn open(account: &AccountSettings) -> Result<X, SettingsError> {
        let (basics, secrets, own) = Basics::read::<Own>(account, &KIND)?;
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        if own.client_id.is_empty() || !own.client_id.chars().all(|c| c.is_ascii_graphic()) {
            return Err(wrong("client_id is not what X shows as OAuth 2.0 client id".to_owned()));
        }
        if !(1..=1_000_000).contains(&own.budget) {
            return Err(wrong("budget is dollars in 30 days, 1 to 1000000".to_owned()));
        }
        let ledger = Arc::new(Ledger::new(&allowances(own.budget)));
        let http = Http::new(&basics.base_url, basics.chosen, Some(ledger.clone()));
        let http = http.map_err(|why| wrong(format!("base_url: {why}")))?;
        let first = secrets.get("refresh_token").ok_or_else(|| wrong("has no refresh_token".to_owned()))?;
        let history =
            own.history.as_deref().map_or(Ok(Duration::from_secs(168 * 3_600)), |text| duration("history", text));
        let history = history.map_err(wrong)?;
        let me = Arc::new(Mutex::new(None));
        let hook = secrets.get("consumer_secret").map(|secret| Arc::new(XHook { secret, me: me.clone() }));
        let api = Api {
            http,
            client_id: own.client_id.clone(),
            client_secret: secrets.get("client_secret"),
            first,
            tokens: Tokens::new(&basics.profile, &basics.name),
            used: Mutex::default(),
            ledger,
        };
        Ok(X { basics, secrets, api, own, history, me, hook })
    }

    /// Who we are; asked once.
    async fn me(&self) -> Result<String, ConnectorError> {
        if let Some(me) = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(me);
        }
        let found = self.api.read(Call::get("/users/me"), "look at mentions", MENTION).await?;
        let id = json::id(&found, "/data/id")
            .ok_or_else(|| ConnectorError::Retry { reason: "X does not say who we are".to_owned() })?;
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.clone());
        Ok(id)
    }

    fn with_users(call: Call, expansion: &str) -> Call {
        call.query("expansions", expansion).query("user.fields", "name,username")
    }

    /// One page of mentions; true when the walk is over.
    async fn hear(&self, me: &str, walk: &mut Walk, items: &mut Vec<Item>) -> Result<bool, ConnectorError> {
        let (fields, names) = self.own.dialect.fields();
        let call = Call::get(format!("/users/{me}/mentions")).query("max_results", MENTIONS).query(fields, names);
        let mut call = X::with_users(call, "author_id");
        if walk.last.is_empty() {
            if walk.start.is_empty() {
                let start = now().plus_millis(-(self.history.as_millis() as i64));
                walk.start = start.to_jiff().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            }
            call = call.query("start_time", walk.start.as_str());
        } else {
            call = call.query("since_id", walk.last.as_str());
        }
        if !walk.page.is_empty() {
            call = call.query("pagination_token", walk.page.as_str());
        }
        let found = self.api.read(call, "look at mentions", MENTION).await?;
        let (posts, users) = (json::list(&found, "/data"), json::list(&found, "/includes/users"));
        // Newest first; filed the other way round.
        items.extend(posts.iter().rev().flat_map(|one| post(one, users, me, now())));
        let ids: Vec<String> = posts.iter().filter_map(|post| json::id(post, "/id")).collect();
        walk.note(&ids, json::text(&found, "/meta/next_token"), false)
    }

    fn events(path: String) -> Call {
        let fields = "id,event_type,text,sender_id,dm_conversation_id,created_at,entities";
        let call = Call::get(path).query("dm_event.fields", fields).query("event_types", "MessageCreate");
        X::with_users(call, "sender_id")
    }

    /// One page of direct messages, down to those that are known; true when the walk is over.
    async fn listen(&self, me: &str, walk: &mut Walk, items: &mut Vec<Item>) -> Result<bool, ConnectorError> {
        let mut call = X::events("/dm_events".to_owned()).query("max_results", MESSAGES);
        if !walk.page.is_empty() {
            call = call.query("pagination_token", walk.page.as_str());
        }
        let found = self.api.read(call, "look at messages", MESSAGE).await?;
        let (events, users) = (json::list(&found, "/data"), json::list(&found, "/includes/users"));
        let ids: Vec<String> = events.iter().filter_map(|event| json::id(event, "/id")).collect();
        let known = ids.iter().any(|id| !cursor::later(id, &walk.last));
        let new = |event: &&Value| json::id(event, "/id").is_none_or(|id| cursor::later(&id, &walk.last));
        items.extend(events.iter().rev().filter(new).flat_map(|event| message(event, users, me, now())));
        walk.note(&ids, json::text(&found, "/meta/next_token"), known)
    }
}

/// True when one was sent with the words of the other: X changes links.
fn same_but_links(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        let kept = text.split_whitespace().filter(|word| !word.starts_with("http://") && !word.starts_with("https://"));
        kept.collect::<Vec<_>>().join(" ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    };
    same_words(&words(one), &words(other))
}

impl Platform for X {
    fn basics(&self) -> &Basics {
        &self.basics
    }

    fn abilities(&self) -> Abilities {
        let message = Length { most: LONGEST_MESSAGE, count: Count::Characters };
        let messages =
            Apart { way: Some(Way::Direct), terms: Terms { lengths: vec![message], window: None }, ..Apart::default() };
        Abilities {
            direct: vec![Way::Direct],
            public: vec![Way::Public],
            lengths: vec![Length { most: LONGEST_POST, count: Count::Weighted }],
            apart: vec![messages],
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

    async fn refresh(&self) -> Result<(), ConnectorError> {
        self.api.refused().await
    }

    async fn pull(&self, at: &[u8]) -> Result<PulledPage, ConnectorError> {
        let mut cursor: Cursor = cursor::read(at);
        let me = self.me().await?;
        let mut items = Vec::new();
        let mut more = true;
        if self.own.reads != Reads::Messages && !cursor.heard {
            let over = self.hear(&me, &mut cursor.mentions, &mut items).await?;
            match self.own.reads {
                Reads::Both => cursor.heard = over,
                _ => more = !over,
            }
        }
        // A page of its own when there was something: what is there is filed first.
        if more
            && items.is_empty()
            && self.own.reads != Reads::Mentions
            && (cursor.heard || self.own.reads == Reads::Messages)
        {
            more = !self.listen(&me, &mut cursor.messages, &mut items).await?;
            cursor.heard = cursor.heard && more;
        }
        Ok(PulledPage { items, cursor: cursor::write(&cursor), more, progress: None })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Option<Item> {
        let kept: Value = serde_json::from_slice(raw).unwrap_or_default();
        let me = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
        let (thing, users) = (kept.get("data").unwrap_or(&kept), json::list(&kept, "/includes/users"));
        let items = match thing.get("dm_conversation_id") {
            Some(_) => message(thing, users, &me, received),
            None => post(thing, users, &me, received),
        };
        items.into_iter().next()
    }

    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
        if outgoing.context.contains_key("conversation") {
            return Ok(json::bytes(&json!({ "text": outgoing.text })));
        }
        let post = outgoing.context.get("post").ok_or_else(|| ConnectorError::Reject {
            reason: "here only posts and direct messages can be answered; answer one of theirs".to_owned(),
        })?;
        Ok(json::bytes(&json!({ "text": outgoing.text, "reply": { self.own.dialect.in_reply_to(): post } })))
    }

    async fn offer(&self, _outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.api.token().await.map(|_| ())
    }

    async fn deliver(&self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let lost = || ConnectorError::Unknown { reason: "X answers without saying what it made".to_owned() };
        if let Some(conversation) = outgoing.context.get("conversation") {
            let path = format!("/dm_conversations/{conversation}/messages");
            let sent = self.api.send(path, original.to_vec(), "message", POST).await?;
            let id = json::id(&sent, "/data/dm_event_id").ok_or_else(lost)?;
            return Ok(Receipt { said: format!("message {id}"), to_file: false, remote_id: Some(message_id(&id)) });
        }
        let has_link = outgoing.text.contains("https://") || outgoing.text.contains("http://");
        let price = if has_link { POST_WITH_LINK } else { POST };
        let sent = self.api.send("/tweets".to_owned(), original.to_vec(), "post", price).await?;
        let id = json::id(&sent, "/data/id").ok_or_else(lost)?;
        Ok(Receipt { said: format!("post {id}"), to_file: false, remote_id: Some(id) })
    }

    async fn find_sent(&self, outgoing: &Outgoing) -> Result<Sighting, ConnectorError> {
        let me = self.me().await?;
        // X's clock is known once it has answered: asked for at the comparison, not before.
        let recent = |thing: &Value| {
            let since = self.api.http.theirs(outgoing.date).plus_millis(-SKEW);
            json::iso(thing, "/created_at").is_some_and(|at| at >= since)
        };
        if let Some(conversation) = outgoing.context.get("conversation") {
            let call = X::events(format!("/dm_conversations/{conversation}/dm_events")).query("max_results", MESSAGES);
            let found = self.api.read(call, "look at messages", MESSAGE).await?;
            let is_it = |event: &&Value| {
                json::text(event, "/sender_id") == me && recent(event) && same_but_links(text(event), &outgoing.text)
            };
            let id = json::list(&found, "/data").iter().find(is_it).and_then(|event| json::id(event, "/id"));
            let whole = json::text(&found, "/meta/next_token").is_empty();
            return Ok(sighting(id.map(|id| message_id(&id)), whole, outgoing, now()));
        }
        let (fields, names) = self.own.dialect.fields();
        let call = Call::get(format!("/users/{me}/tweets")).query("max_results", "10").query(fields, names);
        let found = self.api.read(call, "look at mentions", MENTION).await?;
        let is_it = |post: &&Value| {
            let answered = references(post).into_iter().find(|(kind, _)| *kind == "replied_to").map(|(_, id)| id);
            // X may put the mention of whom we answer before our words.
            let said =
                text(post).split_whitespace().skip_while(|word| word.starts_with('@')).collect::<Vec<_>>().join(" ");
            answered.as_ref() == outgoing.context.get("post")
                && recent(post)
                && (same_but_links(&said, &outgoing.text) || same_but_links(text(post), &outgoing.text))
        };
        let posts = json::list(&found, "/data");
        let id = posts.iter().find(is_it).and_then(|post| json::id(post, "/id"));
        let whole = posts.last().is_none_or(|oldest| !recent(oldest));
        Ok(sighting(id, whole, outgoing, now()))
    }

    async fn greet(&self) -> Result<String, ConnectorError> {
        let me = self.api.read(Call::get("/users/me"), "look at mentions", MENTION).await?;
        let (name, user) = (json::text(&me, "/data/name"), json::text(&me, "/data/username"));
        Ok(clean_line(&format!("{name}, @{user}")))
    }
}
