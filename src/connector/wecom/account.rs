//! One company's service accounts.

use super::api::Api;
use super::hook::{Nudges, WeComHook};
use super::message::{Person, item, media};
use crate::connector::http::Http;
use crate::connector::platform::{Basics, Held, Kind, Platform, Secrets, cursor, json, no_file, now};
use crate::connector::{AccountSettings, ConnectorError, Hook, Item, PulledPage, Receipt, SettingsError, Tokens};
use crate::model::{Abilities, Count, Length, Outgoing, Timestamp, Way, Window};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const KIND: Kind = Kind {
    channel: "wecom",
    base_url: Some("https://qyapi.weixin.qq.com"),
    needs: &["secret"],
    may_have: &["callback_token", "aes_key"],
    // Without a nudge's token WeCom counts strictly.
    poll: Duration::from_secs(120),
    shortest_poll: Duration::from_secs(30),
};
/// Entries a page; WeCom gives at most 1,000.
const PAGE: usize = 200;
/// People asked for at once, at most.
const LOOKUPS: usize = 100;
/// People remembered; then all are forgotten.
const MOST_PEOPLE: usize = 10_000;
/// The longest text, in bytes of UTF-8.
const LONGEST: usize = 2_048;
/// How long answers are taken after somebody's last message, in milliseconds, and how many.
const WINDOW: i64 = 48 * 3_600_000;
const ANSWERS: u32 = 5;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    corpid: String,
    open_kfids: Vec<String>,
}

/// How far each service account has come, and whose turn it is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    #[serde(default)]
    next: BTreeMap<String, String>,
    #[serde(default)]
    turn: usize,
    /// The pages of the walk that is under way.
    #[serde(default, skip_serializing_if = "cursor::Trail::is_empty")]
    trail: cursor::Trail,
}

/// A company.
pub(super) struct WeCom {
    basics: Basics,
    secrets: Secrets,
    api: Api,
    accounts: Vec<String>,
    nudges: Arc<Nudges>,
    people: Mutex<HashMap<String, Person>>,
    hook: Option<Arc<WeComHook>>,
}

impl WeCom {
    /// From its settings. Reaches for nothing.
    pub fn open(account: &AccountSettings) -> Result<WeCom, SettingsError> {
        let (basics, secrets, own) = Basics::read::<Own>(account, &KIND)?;
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let is_id = |id: &String| {
            (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        };
        if !is_id(&own.corpid) {
            return Err(wrong("corpid is none; WeCom's settings show it as ww and 16 digits".to_owned()));
        }
        if own.open_kfids.is_empty() || !own.open_kfids.iter().all(is_id) {
            return Err(wrong("open_kfids lists the service accounts, as [\"wkAJ2GCAAA…\"]".to_owned()));
        }
        let http = Http::new(&basics.base_url, basics.chosen, None).map_err(|why| wrong(format!("base_url: {why}")))?;
        let secret = secrets.get("secret").ok_or_else(|| wrong("has no secret".to_owned()))?;
        let nudges = Arc::new(Nudges::default());
        let hook = match (secrets.get("callback_token"), secrets.get("aes_key")) {
            (Some(token), Some(key)) => {
                Some(Arc::new(WeComHook { corpid: own.corpid.clone(), token, key, nudges: nudges.clone() }))
            }
            (None, None) => None,
            _ => return Err(wrong("callback_token and aes_key go together; write both, or neither".to_owned())),
        };
        let tokens = Tokens::new(&basics.profile, &basics.name);
        let api = Api::new(http, own.corpid, secret, tokens);
        Ok(WeCom { basics, secrets, api, accounts: own.open_kfids, nudges, people: Mutex::default(), hook })
    }

    fn people(&self) -> HashMap<String, Person> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks for the names of who is not known yet. They are a comfort: without them the messages come all the same.
    async fn meet(&self, entries: &[Value]) {
        let known = self.people();
        let mut strangers: Vec<String> =
            entries.iter().filter_map(|entry| json::id(entry, "/external_userid")).collect();
        strangers.sort();
        strangers.dedup();
        strangers.retain(|id| !known.contains_key(id));
        for some in strangers.chunks(LOOKUPS) {
            let asked = json!({ "external_userid_list": some, "need_enter_session_context": 0 });
            let found = match self.api.ask("/cgi-bin/kf/customer/batchget", &asked).await {
                Ok(found) => found,
                Err(error) => {
                    tracing::warn!(account = self.basics.name, %error, "who wrote is not told; messages are filed without");
                    return;
                }
            };
            let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
            if people.len() >= MOST_PEOPLE {
                people.clear();
            }
            for customer in json::list(&found, "/customer_list") {
                let Some(id) = json::id(customer, "/external_userid") else { continue };
                let (name, unionid) = (json::text(customer, "/nickname"), json::text(customer, "/unionid"));
                people.insert(id, Person { name: name.to_owned(), unionid: unionid.to_owned() });
            }
        }
    }
}

impl Platform for WeCom {
    fn basics(&self) -> &Basics {
        &self.basics
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            direct: vec![Way::Direct],
            lengths: vec![Length { most: LONGEST, count: Count::Bytes }],
            window: Some(Window {
                millis: Some(WINDOW),
                answers: Some(ANSWERS),
                way_out: "write by another channel".to_owned(),
            }),
            ..Abilities::default()
        }
    }

    fn secrets(&self) -> Vec<(&'static str, &Held)> {
        self.secrets.all().collect()
    }

    async fn pull(&self, at: &[u8]) -> Result<PulledPage, ConnectorError> {
        let mut cursor: Cursor = cursor::read(at);
        let turn = cursor.turn % self.accounts.len();
        let kf = &self.accounts[turn];
        let from = cursor.next.get(kf).cloned().unwrap_or_default();
        let mut asked = json!({ "open_kfid": kf, "limit": PAGE, "voice_format": 0 });
        if !from.is_empty() {
            asked["cursor"] = from.as_str().into();
        }
        if let Some(token) = self.nudges.token(kf, now()) {
            asked["token"] = token.into();
        }
        let found = self.api.ask("/cgi-bin/kf/sync_msg", &asked).await?;
        let entries = json::must_list(&found, "/msg_list")?;
        // What ends the walk is this flag; a page may be empty in the middle.
        let more = json::number(&found, "/has_more") == Some(1);
        let next = json::text(&found, "/next_cursor").to_owned();
        if more && (next.is_empty() || next == from) {
            let reason = "WeCom says there is more and does not say from where".to_owned();
            return Err(ConnectorError::Retry { reason });
        }
        match more {
            true => cursor.trail.leads_to(&next, "WeCom")?,
            false => cursor.trail.end(),
        }
        self.meet(entries).await;
        let (people, received) = (self.people(), now());
        let items = entries.iter().filter_map(|entry| item(entry, &people, received)).collect();
        if !next.is_empty() {
            cursor.next.insert(kf.clone(), next);
        }
        let last = turn + 1 == self.accounts.len();
        cursor.turn = match (more, last) {
            (true, _) => turn,
            (false, false) => turn + 1,
            (false, true) => 0,
        };
        Ok(PulledPage { items, cursor: cursor::write(&cursor), more: more || !last, progress: None })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Option<Item> {
        let entry: Value = serde_json::from_slice(raw).unwrap_or_default();
        item(&entry, &self.people(), received)
    }

    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
        let Some((user, kf)) = outgoing.context.get("user").zip(outgoing.context.get("kf")) else {
            let reason = "a service account cannot write first; answer a message of theirs".to_owned();
            return Err(ConnectorError::Reject { reason });
        };
        Ok(json::bytes(&json!({
            "touser": user, "open_kfid": kf, "msgid": msgid(outgoing), "msgtype": "text",
            "text": { "content": outgoing.text },
        })))
    }

    async fn offer(&self, _outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.api.token().await.map(|_| ())
    }

    async fn deliver(&self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let answer = self.api.send("/cgi-bin/kf/send_msg", original.to_vec()).await?;
        let id = json::id(&answer, "/msgid").unwrap_or_else(|| msgid(outgoing));
        Ok(Receipt { said: format!("message {id}"), to_file: false, remote_id: Some(id) })
    }

    async fn fetch(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        let entry: Value = serde_json::from_slice(raw).map_err(|_| no_file())?;
        let id = media(&entry).filter(|_| part == 0).ok_or_else(no_file)?;
        self.api.file(&id).await
    }

    async fn refresh(&self) -> Result<(), ConnectorError> {
        for (_, held) in self.secrets() {
            held.renew().await?;
        }
        self.api.refuse().await;
        self.api.token().await.map(|_| ())
    }

    fn hook(self: &Arc<Self>) -> Option<Arc<dyn Hook>> {
        self.hook.clone().map(|hook| hook as Arc<dyn Hook>)
    }

    async fn greet(&self) -> Result<String, ConnectorError> {
        self.api.token().await?;
        Ok(format!("{}, the secret is right", self.api.corpid))
    }
}

/// Our id for an answer, at most 32 of `0-9a-zA-Z_-`. Reports of failure name it.
fn msgid(outgoing: &Outgoing) -> String {
    outgoing.id.to_string().chars().filter(char::is_ascii_alphanumeric).take(32).collect()
}
