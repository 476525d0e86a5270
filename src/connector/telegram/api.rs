//! Calls to the Bot API, and what its refusals mean.

use crate::connector::http::{Answer, Body, Call, Http};
use crate::connector::platform::{Held, json, now};
use crate::connector::{ConnectorError, Secret};
use crate::model::{Timestamp, clean_line};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The API of one bot.
pub(super) struct Api {
    pub http: Http,
    pub token: Arc<Held>,
}

/// A refusal, as Telegram puts it.
pub(super) struct Refused {
    /// What it means.
    pub error: ConnectorError,
    /// The group has this id by now.
    pub migrated_to: Option<i64>,
}

impl From<ConnectorError> for Refused {
    fn from(error: ConnectorError) -> Self {
        Refused { error, migrated_to: None }
    }
}

/// The token as it goes into a path: `123456:ABC-DEF`.
fn path(token: &Secret, before: &str, after: &str) -> Result<String, ConnectorError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-');
    if !token.expose().contains(':') || !token.expose().chars().all(plain) {
        let reason = "what the token settings give is no bot token; @BotFather shows it as 123456:ABC-DEF".to_owned();
        return Err(ConnectorError::Reconnect { reason });
    }
    Ok(format!("/{before}bot{}/{after}", token.expose()))
}

impl Api {
    /// A call that may be made twice; gives `result`.
    pub async fn read(&self, method: &str, body: Value, limit: Duration) -> Result<Value, ConnectorError> {
        let call = Call::post(path(&self.token.get().await?, "", method)?, Body::Json(body)).within(limit);
        let answer = self.http.ask(call, now()).await.map_err(crate::connector::http::Failure::reading)?;
        if let Some(refused) = refused(&answer, false, now()) {
            return Err(refused.error);
        }
        let mut value = answer.json().map_err(crate::connector::http::Failure::reading)?;
        match value.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(ConnectorError::Retry { reason: "Telegram's answer has no result".to_owned() }),
        }
    }

    /// Sends; gives `result`.
    pub async fn send(&self, method: &str, body: Vec<u8>) -> Result<Value, Refused> {
        let call = Call::post(path(&self.token.get().await?, "", method)?, Body::Bytes(body, "application/json"));
        let answer = self.http.ask(call, now()).await.map_err(|failure| Refused::from(failure.sending()))?;
        if let Some(refused) = refused(&answer, true, now()) {
            return Err(refused);
        }
        let mut value = answer.json().map_err(|failure| Refused::from(failure.sending()))?;
        Ok(value.get_mut("result").map(Value::take).unwrap_or_default())
    }

    /// The bytes of a file by the path that `getFile` gave.
    pub async fn download(&self, file_path: &str, most: usize) -> Result<Vec<u8>, ConnectorError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.');
        if !file_path.chars().all(plain) || file_path.split('/').any(|part| part.trim_matches('.').is_empty()) {
            let reason = "Telegram names a path for the file that is none".to_owned();
            return Err(ConnectorError::Reject { reason });
        }
        let mut call = Call::get(path(&self.token.get().await?, "file/", file_path)?);
        call.most = most;
        let answer = self.http.ask(call, now()).await.map_err(crate::connector::http::Failure::reading)?;
        match answer.trouble("", false, now()) {
            None => Ok(answer.body),
            Some(error) => Err(error),
        }
    }
}

/// What a refusal means; `None` for `ok: true`.
fn refused(answer: &Answer, sending: bool, now: Timestamp) -> Option<Refused> {
    let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
    if answer.is_success() && value.as_ref().is_none_or(|value| value.get("ok") != Some(&Value::Bool(false))) {
        return None;
    }
    let value = value.unwrap_or_default();
    let said = clean_line(&json::text(&value, "/description").chars().take(200).collect::<String>());
    let code = json::number(&value, "/error_code").unwrap_or_else(|| i64::from(answer.status));
    let has = |words: &[&str]| {
        let said = said.to_lowercase();
        words.iter().any(|word| said.contains(word))
    };
    let migrated_to = json::number(&value, "/parameters/migrate_to_chat_id");
    let because = |text: &str| format!("{text} ({said})");
    let error = match code {
        401 | 404 if said.is_empty() || has(&["unauthorized", "not found"]) && !has(&["chat", "message", "user"]) => {
            ConnectorError::Refresh { reason: because("Telegram does not know this bot token") }
        }
        409 if has(&["webhook"]) => ConnectorError::Reconnect {
            reason: because(
                "a webhook is set for this bot, so it cannot be polled: remove it with deleteWebhook, or write receive = \"webhook\"",
            ),
        },
        409 => ConnectorError::Reconnect {
            reason: because("another program reads this bot's messages; stop it, or make a bot of our own"),
        },
        429 => {
            let seconds = json::number(&value, "/parameters/retry_after").unwrap_or(60).clamp(1, 90_000);
            ConnectorError::Wait { reason: because("too many calls"), until: now.plus_millis(seconds * 1_000) }
        }
        403 => ConnectorError::Gone { reason: because("they blocked the bot or removed it from the group") },
        400 if has(&[
            "chat not found",
            "user not found",
            "peer_id_invalid",
            "deactivated",
            "upgraded to a supergroup",
        ]) =>
        {
            ConnectorError::Gone { reason: because("the chat is not there any more") }
        }
        400 if has(&["message to be replied not found", "message to reply not found"]) => {
            ConnectorError::Gone { reason: because("the message you answer was deleted; write to the chat anew") }
        }
        400..=499 => ConnectorError::Reject { reason: because("Telegram refuses it") },
        _ => return answer.trouble(&said, sending, now).map(Refused::from),
    };
    Some(Refused { error, migrated_to })
}
