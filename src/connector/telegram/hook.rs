//! What Telegram pushes: `setWebhook` with a `secret_token`, which comes back in a header of every delivery.

use super::update::items;
use crate::connector::platform::{Held, json};
use crate::connector::signature::same;
use crate::connector::{Hook, HookAnswer, HookRequest, Item, Refusal, Unreadable};
use crate::model::Timestamp;
use futures::future::BoxFuture;
use serde_json::Value;
use std::sync::Arc;

/// Takes a bot's updates.
pub(super) struct TelegramHook {
    pub secret: Arc<Held>,
}

impl Hook for TelegramHook {
    fn prepare(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { self.secret.get().await.map(|_| ()).map_err(|error| error.to_string()) })
    }

    fn receive(&self, request: &HookRequest, _now: Timestamp) -> Result<HookAnswer, Refusal> {
        let secret = self.secret.known().ok_or(Refusal::NotConfigured)?;
        let given = request.header("x-telegram-bot-api-secret-token").ok_or(Refusal::Unsigned)?;
        if !same(given.as_bytes(), secret.expose().as_bytes()) {
            return Err(Refusal::Forged);
        }
        let update: Value = serde_json::from_slice(&request.body).map_err(|_| Refusal::Malformed)?;
        let key = json::id(&update, "/update_id").filter(|_| request.method == "POST").ok_or(Refusal::Malformed)?;
        Ok(HookAnswer::Delivery {
            key,
            raw: request.body.clone(),
            content_type: "application/json",
            body: b"{}".to_vec(),
        })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Vec<Item> {
        match serde_json::from_slice::<Value>(raw) {
            Ok(update) => items(&update, received),
            Err(error) => vec![Item::Unreadable(Unreadable {
                reason: format!("a delivery that is no JSON ({error})"),
                folder: String::new(),
                received,
                hint: String::new(),
                partial: false,
                raw: raw.to_vec(),
            })],
        }
    }
}
