//! The Events API (<https://docs.slack.dev/authentication/verifying-requests-from-slack/>): signed over the time and the
//! body as they came.

use super::event::items;
use super::message::People;
use crate::connector::platform::{Held, json, same};
use crate::connector::{Hook, HookAnswer, HookRequest, Item, MOST_HOOK_SKEW, Refusal, Unreadable};
use crate::model::{Timestamp, clean_line};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes what the Events API delivers.
pub(super) struct SlackHook {
    pub secret: Arc<Held>,
    pub people: Arc<Mutex<People>>,
}

/// `v0=` and the hex of the HMAC.
fn signature(secret: &[u8], time: &str, body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    for part in [b"v0:", time.as_bytes(), b":", body] {
        mac.update(part);
    }
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("v0={hex}"))
}

impl Hook for SlackHook {
    fn receive(&self, request: &HookRequest, now: Timestamp) -> Result<HookAnswer, Refusal> {
        let Some(secret) = self.secret.known() else {
            self.secret.warm();
            return Err(Refusal::NotConfigured);
        };
        let (given, time) = request
            .header("x-slack-signature")
            .zip(request.header("x-slack-request-timestamp"))
            .ok_or(Refusal::Unsigned)?;
        let signed = signature(secret.expose().as_bytes(), time, &request.body).ok_or(Refusal::NotConfigured)?;
        if !same(given.as_bytes(), signed.as_bytes()) {
            return Err(Refusal::Forged);
        }
        let seconds: i64 = time.parse().map_err(|_| Refusal::Malformed)?;
        if now.since(Timestamp(seconds.saturating_mul(1_000))).saturating_abs() > MOST_HOOK_SKEW {
            return Err(Refusal::Stale);
        }
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

#[cfg(test)]
mod tests {
    use super::signature;

    #[test]
    fn the_example_of_the_documentation_is_signed_as_there() {
        let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F\
hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIffN&trigger_id=398738663015.47445629121.\
803a0bc887a14d10d2c447fce8b6703c";
        let expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let signed = signature(b"8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body);
        assert_eq!(signed.as_deref(), Some(expected));
    }
}
