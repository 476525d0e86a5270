//! What WeChat pushes ("Start development", "Receive messages", "Message encryption and decryption").

use super::message::{self, item};
use super::people::People;
use super::xml::Xml;
use super::{api, envelope};
use crate::connector::platform::Held;
use crate::connector::{Hook, HookAnswer, HookRequest, Item, Refusal, Unreadable};
use crate::model::Timestamp;
use futures::future::BoxFuture;
use std::sync::Arc;

/// Longer handshakes are none.
const MOST_ECHO: usize = 256;

/// Takes what one account's people write.
pub(super) struct WeChatHook {
    /// Whom envelopes must be for.
    pub appid: String,
    /// The token that both sides know.
    pub token: Arc<Held>,
    /// What opens envelopes; without it they come open.
    pub key: Option<Arc<Held>>,
    /// Who wrote; `None` when nobody is asked for.
    pub people: Option<Arc<People>>,
}

impl WeChatHook {
    /// The message of a request whose signature is right.
    fn opened(&self, request: &HookRequest, token: &str, now: Timestamp) -> Result<Vec<u8>, Refusal> {
        let Some(key) = &self.key else {
            envelope::verify(request, "signature", token, None, now)?;
            return Ok(request.body.clone());
        };
        let key = envelope::key(key.known().ok_or(Refusal::NotConfigured)?.expose())?;
        let outer = Xml::read(&request.body).ok_or(Refusal::Malformed)?;
        // Where there is a key, nothing is taken without an envelope.
        let encrypted = outer.some("Encrypt").ok_or(Refusal::Unsigned)?;
        envelope::verify(request, "msg_signature", token, Some(encrypted), now)?;
        envelope::open(&key, encrypted, &self.appid)
    }
}

impl Hook for WeChatHook {
    fn prepare(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            self.token.get().await.map_err(|error| error.to_string())?;
            let Some(key) = &self.key else { return Ok(()) };
            let key = key.get().await.map_err(|error| error.to_string())?;
            let is_key = envelope::key(key.expose()).is_ok();
            is_key.then_some(()).ok_or_else(|| {
                "what aes_key names is no EncodingAESKey: copy its 43 characters from the platform's settings"
                    .to_owned()
            })
        })
    }

    fn receive(&self, request: &HookRequest, now: Timestamp) -> Result<HookAnswer, Refusal> {
        let token = self.token.known().ok_or(Refusal::NotConfigured)?;
        if request.method == "GET" {
            envelope::verify(request, "signature", token.expose(), None, now)?;
            let echo = request.parameter("echostr").filter(|echo| echo.len() <= MOST_ECHO).ok_or(Refusal::Malformed)?;
            return Ok(HookAnswer::Challenge { content_type: "text/plain", body: echo.as_bytes().to_vec() });
        }
        let raw = self.opened(request, token.expose(), now)?;
        let key = Xml::read(&raw).as_ref().and_then(message::key).ok_or(Refusal::Malformed)?;
        Ok(HookAnswer::Delivery { key, raw, content_type: "text/plain", body: api::TAKEN.to_vec() })
    }

    fn meet<'a>(&'a self, raws: &'a [&'a [u8]]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(people) = &self.people else { return };
            let openid = |raw: &&[u8]| Xml::read(raw)?.some("FromUserName").map(str::to_owned);
            people.meet(raws.iter().filter_map(openid).collect()).await;
        })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Vec<Item> {
        let mut item = understood(raw, received);
        if let (Some(Item::Message(incoming)), Some(people)) = (&mut item, &self.people) {
            people.introduce(incoming);
        }
        item.into_iter().collect()
    }
}

/// What an original says; `None` when it is of no use to anybody who answers customers.
pub(super) fn understood(raw: &[u8], received: Timestamp) -> Option<Item> {
    match Xml::read(raw) {
        Some(xml) => item(&xml, raw, received),
        None => Some(Item::Unreadable(Unreadable {
            reason: "a delivery that is no XML of WeChat's".to_owned(),
            folder: String::new(),
            received,
            hint: String::new(),
            partial: false,
            raw: raw.to_vec(),
        })),
    }
}
