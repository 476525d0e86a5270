//! One Official Account.

use super::api::{Api, Fetch, Purpose};
use super::comment;
use super::hook::{WeChatHook, understood};
use super::message::file;
use super::people::People;
use super::xml::Xml;
use crate::connector::http::{Call, Http};
use crate::connector::platform::{Basics, Held, Kind, Platform, Secrets, json, no_file, now};
use crate::connector::{
    AccountSettings, ConnectorError, Hook, Item, PulledPage, Receipt, SettingsError, Sighting, Tokens,
};
use crate::model::{Abilities, Count, Direction, Length, Outgoing, Timestamp, Way, Window};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const KIND: Kind = Kind {
    channel: "wechat",
    base_url: Some("https://api.weixin.qq.com"),
    needs: &["secret", "callback_token"],
    may_have: &["aes_key"],
    poll: Duration::from_secs(600),
    shortest_poll: Duration::from_secs(10),
};
/// The longest text, in bytes of UTF-8.
const LONGEST: usize = 2_048;
/// How long answers are taken after somebody's last message, in milliseconds, and how many
/// ("Customer service messages", developers.weixin.qq.com/doc/service/en/guide/product/kf/intro.html).
const WINDOW: i64 = 48 * 3_600_000;
const ANSWERS: u32 = 5;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    appid: String,
    #[serde(default = "yes")]
    stable_token: bool,
    #[serde(default = "yes")]
    unionid: bool,
    #[serde(default)]
    comments: bool,
    #[serde(default = "week")]
    article_days: i64,
}

fn week() -> i64 {
    7
}

fn yes() -> bool {
    true
}

/// An Official Account.
pub(super) struct WeChat {
    basics: Basics,
    secrets: Secrets,
    api: Arc<Api>,
    people: Option<Arc<People>>,
    /// How far back articles are looked at for comments; `None` when comments are not read.
    days: Option<i64>,
    hook: Arc<WeChatHook>,
}

impl WeChat {
    /// From its settings. Reaches for nothing.
    pub fn open(account: &AccountSettings) -> Result<WeChat, SettingsError> {
        let (basics, secrets, own) = Basics::read::<Own>(account, &KIND)?;
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let is_plain = own.appid.len() <= 64 && own.appid.chars().all(|c| c.is_ascii_alphanumeric());
        if own.appid.is_empty() || !is_plain {
            return Err(wrong("appid is none; the platform's settings show it as wx and 16 digits".to_owned()));
        }
        let http = Http::new(&basics.base_url, basics.chosen, None).map_err(|why| wrong(format!("base_url: {why}")))?;
        let must = |name: &str| secrets.get(name).ok_or_else(|| wrong(format!("has no {name}")));
        if !(1..=30).contains(&own.article_days) {
            return Err(wrong("article_days is 1 to 30".to_owned()));
        }
        let fetch = if own.stable_token { Fetch::Stable } else { Fetch::Plain };
        let tokens = Tokens::new(&basics.profile, &basics.name);
        let api = Arc::new(Api::new(http, own.appid.clone(), must("secret")?, tokens, fetch));
        let people = own.unionid.then(|| Arc::new(People::new(api.clone())));
        let hook = Arc::new(WeChatHook {
            appid: own.appid,
            token: must("callback_token")?,
            key: secrets.get("aes_key"),
            people: people.clone(),
        });
        let days = own.comments.then_some(own.article_days);
        Ok(WeChat { basics, secrets, api, people, days, hook })
    }
}

impl WeChat {
    /// Adds what is known of those who wrote.
    fn introduce(&self, items: &mut [Item]) {
        let Some(people) = &self.people else { return };
        for item in items {
            match item {
                Item::Message(incoming) if incoming.direction == Direction::Inbound => people.introduce(incoming),
                _ => {}
            }
        }
    }
}

impl Platform for WeChat {
    fn basics(&self) -> &Basics {
        &self.basics
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            direct: vec![Way::Direct],
            public: if self.days.is_some() { vec![Way::Public] } else { Vec::new() },
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

    fn pulls(&self) -> bool {
        self.days.is_some()
    }

    async fn pull(&self, cursor: &[u8]) -> Result<PulledPage, ConnectorError> {
        // WeChat has no call that gives messages; comments have no push.
        let Some(days) = self.days else { return Ok(PulledPage::default()) };
        let mut page = comment::pull(&self.api, cursor, days, &self.basics.address, now()).await?;
        if let Some(people) = &self.people {
            let theirs = |item: &Item| match item {
                Item::Message(incoming) if incoming.direction == Direction::Inbound => {
                    Some(incoming.from.address.clone()).filter(|address| !address.contains(':'))
                }
                _ => None,
            };
            people.meet(page.items.iter().filter_map(theirs).collect()).await;
            self.introduce(&mut page.items);
        }
        Ok(page)
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Option<Item> {
        let item = if comment::is_one(raw) {
            Some(comment::reopened(raw, &self.basics.address, received))
        } else {
            understood(raw, received)
        };
        let mut items = [item?];
        self.introduce(&mut items);
        let [item] = items;
        Some(item)
    }

    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
        if let Some(answer) = comment::render(outgoing) {
            return Ok(answer);
        }
        let openid = outgoing.context.get("openid").ok_or_else(|| ConnectorError::Reject {
            reason: "an account cannot write first; answer a message of theirs".to_owned(),
        })?;
        // Characters as they are: WeChat shows \u escapes as such.
        Ok(json::bytes(&json!({ "touser": openid, "msgtype": "text", "text": { "content": outgoing.text } })))
    }

    async fn offer(&self, _outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.api.token().await.map(|_| ())
    }

    async fn deliver(&self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        if let Some(id) = comment::sent_id(outgoing) {
            self.api.post("/cgi-bin/comment/reply/add", original.to_vec(), Purpose::Send).await?;
            return Ok(Receipt { said: "stands below the comment".to_owned(), to_file: false, remote_id: Some(id) });
        }
        self.api.post("/cgi-bin/message/custom/send", original.to_vec(), Purpose::Send).await?;
        // WeChat gives no id: it is known by ours alone.
        let remote_id = Some(format!("sent:{}", outgoing.id));
        Ok(Receipt { said: "taken, without an id".to_owned(), to_file: false, remote_id })
    }

    async fn find_sent(&self, outgoing: &Outgoing) -> Result<Sighting, ConnectorError> {
        comment::find_sent(&self.api, outgoing, now()).await
    }

    async fn fetch(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        let xml = Xml::read(raw).ok_or_else(no_file)?;
        let file = file(&xml).filter(|_| part == 0).ok_or_else(no_file)?;
        self.api.file(Call::get("/cgi-bin/media/get").query("media_id", file.media)).await
    }

    async fn refresh(&self) -> Result<(), ConnectorError> {
        for (_, held) in self.secrets() {
            held.renew().await?;
        }
        self.api.refuse().await;
        self.api.token().await.map(|_| ())
    }

    fn hook(self: &Arc<Self>) -> Option<Arc<dyn Hook>> {
        Some(self.hook.clone())
    }

    async fn greet(&self) -> Result<String, ConnectorError> {
        let found: Value = self.api.get(Call::get("/cgi-bin/get_api_domain_ip")).await?;
        json::must_list(&found, "/ip_list")?;
        Ok(format!("{}, this machine may call", self.api.appid))
    }
}
