//! One Official Account.

use super::api::{Api, Fetch, Purpose};
use super::hook::{WeChatHook, understood};
use super::message::file;
use super::xml::Xml;
use crate::connector::http::{Call, Http};
use crate::connector::platform::{Basics, Held, Kind, Platform, Secrets, json, no_file};
use crate::connector::{AccountSettings, ConnectorError, Hook, Item, PulledPage, Receipt, SettingsError, Tokens};
use crate::model::{Abilities, Count, Length, Outgoing, Timestamp, Way, Window};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const KIND: Kind = Kind {
    channel: "wechat",
    base_url: Some("https://api.weixin.qq.com"),
    needs: &["secret", "callback_token"],
    may_have: &["aes_key"],
    poll: Duration::from_secs(60),
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
}

fn yes() -> bool {
    true
}

/// An Official Account.
pub(super) struct WeChat {
    basics: Basics,
    secrets: Secrets,
    api: Api,
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
        let hook = WeChatHook { appid: own.appid.clone(), token: must("callback_token")?, key: secrets.get("aes_key") };
        let fetch = if own.stable_token { Fetch::Stable } else { Fetch::Plain };
        let tokens = Tokens::new(&basics.profile, &basics.name);
        let api = Api::new(http, own.appid, must("secret")?, tokens, fetch);
        Ok(WeChat { basics, secrets, api, hook: Arc::new(hook) })
    }
}

impl Platform for WeChat {
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

    fn pulls(&self) -> bool {
        false
    }

    async fn pull(&self, _cursor: &[u8]) -> Result<PulledPage, ConnectorError> {
        // WeChat has no call that gives messages.
        Ok(PulledPage::default())
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Option<Item> {
        understood(raw, received)
    }

    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
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
        self.api.post("/cgi-bin/message/custom/send", original.to_vec(), Purpose::Send).await?;
        // WeChat gives no id: it is known by ours alone.
        let remote_id = Some(format!("sent:{}", outgoing.id));
        Ok(Receipt { said: "taken, without an id".to_owned(), to_file: false, remote_id })
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
