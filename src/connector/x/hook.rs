//! What X pushes (<https://docs.x.com/x-api/webhooks/introduction>): a challenge now and then, and signed deliveries.

use super::post::{message, post};
use crate::connector::platform::{Held, json};
use crate::connector::signature::{base64, hmac_sha256, must_be_base64};
use crate::connector::{Hook, HookAnswer, HookRequest, Item, Refusal, Unreadable};
use crate::model::Timestamp;
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what X delivers.
pub(super) struct XHook {
    pub secret: Arc<Held>,
    /// Who we are, once it is known.
    pub me: Arc<Mutex<Option<String>>>,
}

impl Hook for XHook {
    fn prepare(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { self.secret.get().await.map(|_| ()).map_err(|error| error.to_string()) })
    }

    fn receive(&self, request: &HookRequest, _now: Timestamp) -> Result<HookAnswer, Refusal> {
        let secret = self.secret.known().ok_or(Refusal::NotConfigured)?;
        let secret = secret.expose().as_bytes();
        if request.method == "GET" {
            let token = request.parameter("crc_token").filter(|token| token.len() <= 512).ok_or(Refusal::Malformed)?;
            let signed = base64(&hmac_sha256(secret, &[token.as_bytes()]));
            let body = json::bytes(&json!({ "response_token": format!("sha256={signed}") }));
            return Ok(HookAnswer::Challenge { content_type: "application/json", body });
        }
        let given = request.header("x-twitter-webhooks-signature").ok_or(Refusal::Unsigned)?;
        let given = given.strip_prefix("sha256=").ok_or(Refusal::Forged)?;
        must_be_base64(given, &hmac_sha256(secret, &[&request.body]))?;
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
