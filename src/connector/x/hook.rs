//! What X pushes (<https://docs.x.com/x-api/webhooks/introduction>): a challenge now and then, and signed deliveries.

use super::post::{message, post};
use crate::connector::platform::{Held, json, same};
use crate::connector::{Hook, HookAnswer, HookRequest, Item, Refusal, Unreadable};
use crate::model::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what X delivers.
pub(super) struct XHook {
    pub secret: Arc<Held>,
    /// Who we are, once it is known.
    pub me: Arc<Mutex<Option<String>>>,
}

/// `sha256=` and the HMAC in base64.
fn sign(secret: &[u8], text: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(text);
    Some(format!("sha256={}", STANDARD.encode(mac.finalize().into_bytes())))
}

impl Hook for XHook {
    fn receive(&self, request: &HookRequest, _now: Timestamp) -> Result<HookAnswer, Refusal> {
        let Some(secret) = self.secret.known() else {
            self.secret.warm();
            return Err(Refusal::NotConfigured);
        };
        let secret = secret.expose().as_bytes();
        if request.method == "GET" {
            let token = request.parameter("crc_token").filter(|token| token.len() <= 512).ok_or(Refusal::Malformed)?;
            let signed = sign(secret, token.as_bytes()).ok_or(Refusal::NotConfigured)?;
            let body = json::bytes(&json!({ "response_token": signed }));
            return Ok(HookAnswer::Challenge { content_type: "application/json", body });
        }
        let given = request.header("x-twitter-webhooks-signature").ok_or(Refusal::Unsigned)?;
        let signed = sign(secret, &request.body).ok_or(Refusal::NotConfigured)?;
        if !same(given.as_bytes(), signed.as_bytes()) {
            return Err(Refusal::Forged);
        }
        let delivery: Value = serde_json::from_slice(&request.body).map_err(|_| Refusal::Malformed)?;
        let key = ["/data/event_uuid", "/event_uuid", "/data/payload/id"].iter().find_map(|at| json::id(&delivery, at));
        let key = key.unwrap_or_else(|| blake3::hash(&request.body).to_hex().to_string());
        Ok(HookAnswer::Delivery {
            key,
            raw: request.body.clone(),
            content_type: "application/json",
            body: b"{}".to_vec(),
        })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Vec<Item> {
        let me = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
        let delivery: Value = serde_json::from_slice(raw).unwrap_or_default();
        let data = delivery.get("data").unwrap_or(&delivery);
        let users = [json::list(&delivery, "/includes/users"), json::list(data, "/includes/users")].concat();
        match (json::text(data, "/event_type"), data.get("payload")) {
            ("dm.received" | "dm.sent", Some(event)) => message(event, &users, &me, received),
            (kind, Some(said)) if kind.starts_with("post.") && said.get("text").is_some() => {
                post(said, &users, &me, received)
            }
            // Who follows whom, who types: nothing to read.
            (kind, Some(_)) if !kind.is_empty() && !kind.starts_with("dm.") && !kind.starts_with("post.") => Vec::new(),
            _ => vec![Item::Unreadable(Unreadable {
                reason: "a delivery of X of a kind that is not known".to_owned(),
                folder: String::new(),
                received,
                hint: String::new(),
                partial: false,
                raw: raw.to_vec(),
            })],
        }
    }
}
