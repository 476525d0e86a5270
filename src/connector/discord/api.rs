//! Calls to the API, and what its refusals mean.

use crate::connector::http::{Answer, Body, Call, Failure, Http, Method, Reset, until};
use crate::connector::platform::{Held, json, now};
use crate::connector::{Allowance, ConnectorError, Ledger, Secret};
use crate::model::{Timestamp, clean_line};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What calls are paid from.
pub(super) const CALLS: Allowance = Allowance { name: "call", most: 50, span: 1_000 };
/// A bucket that opens within this many milliseconds is waited for.
const SHORT: i64 = 5_000;
/// Buckets that are remembered.
const BUCKETS: usize = 500;
/// As Discord wants programs to name themselves.
const AGENT: &str = concat!("DiscordBot (switchboard, ", env!("CARGO_PKG_VERSION"), ")");

/// The API of one bot.
pub(super) struct Api {
    pub http: Http,
    pub token: Arc<Held>,
    pub ledger: Arc<Ledger>,
    /// The token that was refused: 10,000 refused calls in ten minutes ban the machine.
    pub refused: Mutex<Option<Secret>>,
    /// Calls that have to wait, by what they are counted by.
    pub closed: Mutex<BTreeMap<String, Timestamp>>,
}

impl Api {
    async fn token(&self) -> Result<Secret, ConnectorError> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if refused.is_some() && refused == self.token.known() {
            // Only another token is worth a call.
            self.token.renew().await?;
        }
        let token = self.token.get().await?;
        if refused.as_ref() == Some(&token) {
            let reason =
                "Discord does not take the bot's token; make a new one and put it where the token settings point";
            return Err(ConnectorError::Reconnect { reason: reason.to_owned() });
        }
        Ok(token)
    }

    async fn ask(&self, call: Call, bucket: &str) -> Result<Result<Answer, Failure>, ConnectorError> {
        let token = self.token().await?;
        let open = self.closed.lock().unwrap_or_else(PoisonError::into_inner).get(bucket).copied();
        let pause = open.map_or(0, |open| open.since(now()));
        if pause > SHORT {
            let until = now().plus_millis(pause);
            return Err(ConnectorError::Wait { reason: "Discord wants a pause here".to_owned(), until });
        }
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause as u64)).await;
        }
        let call = call.header("authorization", format!("Bot {}", token.expose())).header("user-agent", AGENT);
        let answer = self.http.ask(call.costs(CALLS.name, 1), now()).await;
        if let Ok(answer) = &answer {
            self.heed(answer, bucket);
            if answer.status == 401 {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
            }
        }
        Ok(answer)
    }

    /// Remembers that a bucket is empty.
    fn heed(&self, answer: &Answer, bucket: &str) {
        let empty = answer.header("x-ratelimit-remaining").is_some_and(|left| left.trim() == "0");
        let reset = until(&answer.headers, "x-ratelimit-reset-after", Reset::Seconds, now());
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if closed.len() > BUCKETS {
            closed.clear();
        }
        match reset.filter(|_| empty && answer.is_success()) {
            Some(reset) => closed.insert(bucket.to_owned(), reset),
            None => closed.remove(bucket),
        };
    }

    /// A call that may be made twice.
    pub async fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, ConnectorError> {
        let call = query.iter().fold(Call::get(path), |call, (name, value)| call.query(name, *value));
        let answer = self.ask(call, path).await?.map_err(Failure::reading)?;
        match refused(&answer, false, now()) {
            Some(error) => Err(error),
            None => answer.json().map_err(Failure::reading),
        }
    }

    /// Sends a message.
    pub async fn send(&self, channel: &str, body: Vec<u8>) -> Result<Value, ConnectorError> {
        let path = format!("/channels/{channel}/messages");
        let call = Call { body: Body::Bytes(body, "application/json"), ..Call::new(Method::POST, path.clone()) };
        let answer = self.ask(call, &format!("POST {path}")).await?.map_err(Failure::sending)?;
        match refused(&answer, true, now()) {
            Some(error) => Err(error),
            None => answer.json().map_err(Failure::sending),
        }
    }
}

/// What a refusal means, by Discord's own number where it has one; `None` for success.
fn refused(answer: &Answer, sending: bool, now: Timestamp) -> Option<ConnectorError> {
    if answer.is_success() {
        return None;
    }
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let said = clean_line(&json::text(&value, "/message").chars().take(200).collect::<String>());
    let because = |text: &str| format!("{text} ({said})");
    let code = json::number(&value, "/code").unwrap_or(0);
    Some(match (answer.status, code) {
        (429, _) => {
            // Seconds with a fraction, more exact than the header.
            let seconds = value.get("retry_after").and_then(Value::as_f64).filter(|seconds| seconds.is_finite());
            let seconds = seconds.map(|seconds| (seconds.clamp(0.0, 90_000.0) * 1_000.0).ceil() as i64);
            match seconds {
                Some(millis) => {
                    let which =
                        if json::flag(&value, "/global") { "too many calls by this bot" } else { "too many calls" };
                    ConnectorError::Wait { reason: because(which), until: now.plus_millis(millis) }
                }
                None => return answer.trouble(&said, sending, now),
            }
        }
        (401, _) => ConnectorError::Refresh { reason: because("Discord does not take the token") },
        (403, 50007) => ConnectorError::Gone { reason: because("they take no direct messages from the bot") },
        (403, _) if sending => {
            ConnectorError::Reject { reason: because("the bot may not write there; give it the permission") }
        }
        (403, _) => ConnectorError::Reconnect {
            reason: because("the bot may not read one of the channels; give it View Channels and Read Message History"),
        },
        (404, _) => ConnectorError::Gone { reason: because("the channel or message is not there any more") },
        (400, 50083) => ConnectorError::Gone { reason: because("the thread is closed") },
        (400, _) => ConnectorError::Reject { reason: because("Discord refuses it") },
        _ => return answer.trouble(&said, sending, now),
    })
}
