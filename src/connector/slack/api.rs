//! Calls to the Web API. A refusal comes with status 200 and `ok: false`.

use crate::connector::http::{Answer, Body, Call, Failure, Http};
use crate::connector::platform::{Held, json, now};
use crate::connector::{Allowance, ConnectorError, Ledger};
use crate::model::{Timestamp, clean_line};
use serde_json::Value;
use std::sync::Arc;

/// What calls are paid from: tier 3, for an app of one's own.
pub(super) const CALLS: Allowance = Allowance { name: "call", most: 50, span: 60_000 };
/// Posts are counted apart: about one a second.
pub(super) const POSTS: Allowance = Allowance { name: "post", most: 60, span: 60_000 };

/// The API of one bot.
pub(super) struct Api {
    pub http: Http,
    /// Where files are, when that is another server.
    pub files: Option<Http>,
    pub token: Arc<Held>,
    pub ledger: Arc<Ledger>,
}

impl Api {
    /// A call that may be made twice.
    pub async fn read(&self, method: &str, query: &[(&str, &str)]) -> Result<Value, ConnectorError> {
        let mut call = Call::get(format!("/{method}")).bearer(&self.token.get().await?).costs(CALLS.name, 1);
        for (name, value) in query {
            call = call.query(name, *value);
        }
        let answer = self.http.ask(call, now()).await.map_err(Failure::reading)?;
        understood(&answer, false)
    }

    /// Posts a message.
    pub async fn send(&self, body: Vec<u8>) -> Result<Value, ConnectorError> {
        let call = Call::post("/chat.postMessage", Body::Bytes(body, "application/json; charset=utf-8"));
        let call = call.bearer(&self.token.get().await?).costs(POSTS.name, 1);
        let answer = self.http.ask(call, now()).await.map_err(Failure::sending)?;
        understood(&answer, true)
    }

    /// The bytes of a file; the token goes to Slack's own servers alone.
    pub async fn download(&self, url: &str, most: usize) -> Result<Vec<u8>, ConnectorError> {
        let mut call = Call::get(url).bearer(&self.token.get().await?);
        call.most = most;
        let http = match &self.files {
            Some(files) if url.starts_with(&format!("{}/", files.origin())) => files,
            _ => &self.http,
        };
        let answer = http.ask(call, now()).await.map_err(Failure::reading)?;
        match answer.trouble("", false, now()) {
            None => Ok(answer.body),
            Some(error) => Err(error),
        }
    }
}

/// The body of an answer that says `ok`.
fn understood(answer: &Answer, sending: bool) -> Result<Value, ConnectorError> {
    let word = answer.said("/error");
    if let Some(error) = answer.trouble(&word, sending, now()) {
        return Err(error);
    }
    let value = answer.json().map_err(if sending { Failure::sending } else { Failure::reading })?;
    match value.get("ok") {
        Some(Value::Bool(true)) => Ok(value),
        Some(Value::Bool(false)) => Err(refused(&word, &value, sending, now())),
        _ if sending => Err(ConnectorError::Unknown { reason: "Slack's answer does not say how it went".to_owned() }),
        _ => Err(ConnectorError::Retry { reason: "Slack's answer does not say how it went".to_owned() }),
    }
}

/// What Slack's word for an error means.
fn refused(word: &str, value: &Value, sending: bool, now: Timestamp) -> ConnectorError {
    let because = |text: &str| format!("{text} ({word})");
    match word {
        "invalid_auth" | "not_authed" | "account_inactive" | "token_revoked" | "token_expired" => {
            ConnectorError::Refresh { reason: because("Slack does not take the token") }
        }
        "missing_scope" | "not_allowed_token_type" | "no_permission" | "access_denied" => {
            let needed = clean_line(json::text(value, "/needed"));
            let scope = if needed.is_empty() { String::new() } else { format!(" {needed}") };
            ConnectorError::Reconnect {
                reason: because(&format!("the bot may not do that; give it the scope{scope} and install it again")),
            }
        }
        "ratelimited" | "rate_limited" => {
            ConnectorError::Wait { reason: because("too many calls"), until: now.plus_millis(60_000) }
        }
        "channel_not_found" | "is_archived" | "user_not_found" | "thread_not_found" | "message_not_found"
        | "cannot_dm_bot" | "user_disabled" => ConnectorError::Gone {
            reason: because("the channel, thread or person is not there any more, or the bot is not in it"),
        },
        "not_in_channel" => {
            ConnectorError::Reject { reason: because("the bot is not in that channel; /invite it there") }
        }
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" if sending => {
            ConnectorError::Unknown { reason: because("Slack broke off") }
        }
        "internal_error" | "fatal_error" | "service_unavailable" | "request_timeout" | "invalid_cursor" => {
            ConnectorError::Retry { reason: because("Slack is in trouble") }
        }
        _ => ConnectorError::Reject { reason: because("Slack refuses it") },
    }
}
