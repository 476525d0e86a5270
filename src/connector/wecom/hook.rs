//! The nudge: `kf_msg_or_event` says that there is something to pull, and brings a token that makes pulling cheap.

use crate::connector::platform::Held;
use crate::connector::wechat::{Xml, envelope};
use crate::connector::{Hook, HookAnswer, HookRequest, Item, Refusal};
use crate::model::Timestamp;
use futures::future::BoxFuture;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How long a token is taken, in milliseconds ("valid for 10 minutes"); a little less.
const TAKEN_FOR: i64 = 9 * 60_000;
/// Longer tokens are none.
const MOST_TOKEN: usize = 128;
/// More service accounts than any company has.
const MOST_ACCOUNTS: usize = 1_000;

/// Tokens that came with nudges, by service account.
#[derive(Default)]
pub(super) struct Nudges(Mutex<HashMap<String, (String, Timestamp)>>);

impl Nudges {
    fn keep(&self, kf: &str, token: &str, now: Timestamp) {
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !token.is_empty() && token.len() <= MOST_TOKEN && tokens.len() < MOST_ACCOUNTS {
            tokens.insert(kf.to_owned(), (token.to_owned(), now));
        }
    }

    /// The token for this service account, while it is taken.
    pub fn token(&self, kf: &str, now: Timestamp) -> Option<String> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, _) = tokens.get(kf).filter(|(_, since)| now.since(*since) < TAKEN_FOR)?;
        Some(token.clone())
    }
}

/// Takes one company's nudges.
pub(super) struct WeComHook {
    pub corpid: String,
    pub token: Arc<Held>,
    pub key: Arc<Held>,
    pub nudges: Arc<Nudges>,
}

impl Hook for WeComHook {
    fn prepare(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            self.token.get().await.map_err(|error| error.to_string())?;
            let key = self.key.get().await.map_err(|error| error.to_string())?;
            let is_key = envelope::key(key.expose()).is_ok();
            is_key.then_some(()).ok_or_else(|| {
                "what aes_key names is no EncodingAESKey: copy its 43 characters from WeCom's settings".to_owned()
            })
        })
    }

    fn receive(&self, request: &HookRequest, now: Timestamp) -> Result<HookAnswer, Refusal> {
        let (token, key) = self.token.known().zip(self.key.known()).ok_or(Refusal::NotConfigured)?;
        let key = envelope::key(key.expose())?;
        let open = |encrypted: &str| {
            envelope::verify(request, "msg_signature", token.expose(), Some(encrypted), now)?;
            envelope::open(&key, encrypted, &self.corpid)
        };
        if request.method == "GET" {
            let body = open(request.parameter("echostr").ok_or(Refusal::Unsigned)?)?;
            return Ok(HookAnswer::Challenge { content_type: "text/plain", body });
        }
        let outer = Xml::read(&request.body).ok_or(Refusal::Malformed)?;
        let raw = open(outer.some("Encrypt").ok_or(Refusal::Unsigned)?)?;
        let xml = Xml::read(&raw).ok_or(Refusal::Malformed)?;
        if xml.text("Event") == "kf_msg_or_event" {
            self.nudges.keep(xml.text("OpenKfId"), xml.text("Token"), now);
        }
        let time = xml.some("CreateTime").ok_or(Refusal::Malformed)?;
        let key = format!("{time}:{}:{}", xml.text("OpenKfId"), xml.text("Token"));
        Ok(HookAnswer::Delivery { key, raw, content_type: "text/plain", body: b"success".to_vec() })
    }

    fn understand(&self, _raw: &[u8], _received: Timestamp) -> Vec<Item> {
        Vec::new()
    }

    fn only_nudges(&self) -> bool {
        true
    }
}
