//! The Events API (<https://docs.slack.dev/authentication/verifying-requests-from-slack/>): signed over the time and the
//! body as they came.

use super::event::items;
use super::message::People;
use crate::connector::platform::{Held, json};
use crate::connector::signature::{hmac_sha256, must_be_fresh, must_be_hex};
use crate::connector::{Hook, HookAnswer, HookRequest, Item, Refusal, Unreadable};
use crate::model::{Timestamp, clean_line};
use futures::future::BoxFuture;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what the Events API delivers.
pub(super) struct SlackHook {
    pub secret: Arc<Held>,
    pub people: Arc<Mutex<People>>,
}

impl Hook for SlackHook {
    fn prepare(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { self.secret.get().await.map(|_| ()).map_err(|error| error.to_string()) })
    }

    fn receive(&self, request: &HookRequest, now: Timestamp) -> Result<HookAnswer, Refusal> {
        let secret = self.secret.known().ok_or(Refusal::NotConfigured)?;
        let (given, time) = request
            .header("x-slack-signature")
            .zip(request.header("x-slack-request-timestamp"))
            .ok_or(Refusal::Unsigned)?;
        let given = given.strip_prefix("v0=").ok_or(Refusal::Forged)?;
        let signed = [&b"v0:"[..], time.as_bytes(), b":", &request.body];
        must_be_hex(given, &hmac_sha256(secret.expose().as_bytes(), &signed))?;
        must_be_fresh(time, now)?;
        let delivery: Value = serde_json::from_slice(&request.body).map_err(|_| Refusal::Malformed)?;
        match json::text(&delivery, "/type") {
            "url_verification" => {
                let challenge = clean_line(json::text(&delivery, "/challenge"));
                Ok(HookAnswer::Challenge { content_type: "text/plain", body: challenge.into_bytes() })
            }
            "event_callback" => {
                let key = json::id(&delivery, "/event_id").ok_or(Refusal::Malformed)?;
                Ok(HookAnswer::Delivery {
                    key,
                    raw: request.body.clone(),
                    content_type: "text/plain",
                    body: Vec::new(),
                })
            }
            _ => Err(Refusal::Malformed),
        }
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Vec<Item> {
        match serde_json::from_slice::<Value>(raw) {
            Ok(delivery) => {
                let people = self.people.lock().unwrap_or_else(PoisonError::into_inner).clone();
                items(&delivery, &people, received)
            }
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
