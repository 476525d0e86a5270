//! Calls to WeCom, and what its codes mean. Everything but a file is answered with 200 and JSON with an `errcode`.

use crate::connector::http::{Answer, Body, Call, Failure, Http, MOST_MEDIA};
use crate::connector::platform::{Held, json, now};
use crate::connector::{Access, ConnectorError, Secret, Tokens};
use crate::model::Timestamp;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// How long a limit is waited out when nobody says how long it holds, in milliseconds.
const MINUTE: i64 = 60_000;

/// The API for one company.
pub(super) struct Api {
    http: Http,
    /// Whose calls these are.
    pub corpid: String,
    secret: Arc<Held>,
    tokens: Tokens,
    /// The token last used.
    used: Mutex<Option<Secret>>,
}

impl Api {
    /// Nothing is fetched yet.
    pub fn new(http: Http, corpid: String, secret: Arc<Held>, tokens: Tokens) -> Api {
        Api { http, corpid, secret, tokens, used: Mutex::default() }
    }

    /// The token to use now.
    ///
    /// # Errors
    /// As the call that fetches one.
    pub async fn token(&self) -> Result<Secret, ConnectorError> {
        let token = self.tokens.get(now(), |_| self.fetch()).await?;
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    /// The token last used is not taken any more.
    pub async fn refuse(&self) {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(used) = used {
            self.tokens.refuse(&used).await;
        }
    }

    async fn fetch(&self) -> Result<Access, ConnectorError> {
        let secret = self.secret.get().await?;
        let call = Call::get("/cgi-bin/gettoken").query("corpid", &self.corpid).query("corpsecret", secret.expose());
        let answer = self.http.ask(call, now()).await.map_err(Failure::reading)?;
        let value = understood(&answer, false)?;
        let seconds = json::number(&value, "/expires_in").filter(|seconds| (1..=86_400).contains(seconds));
        match (json::text(&value, "/access_token"), seconds) {
            ("", _) | (_, None) => {
                Err(ConnectorError::Retry { reason: "WeCom answers without an access token".to_owned() })
            }
            (token, Some(seconds)) => Ok(Access {
                token: Secret::new(token.to_owned()),
                until: Some(now().plus_millis(seconds * 1_000)),
                refresh: None,
            }),
        }
    }

    /// Asks for something, which may be done again.
    ///
    /// # Errors
    /// By what the code means.
    pub async fn ask(&self, path: &str, body: &Value) -> Result<Value, ConnectorError> {
        let token = self.token().await?;
        let call = Call::post(path, Body::Json(body.clone())).query("access_token", token.expose());
        let answer = self.http.ask(call, now()).await.map_err(Failure::reading)?;
        understood(&answer, false)
    }

    /// Sends something that must not be sent twice.
    ///
    /// # Errors
    /// By what the code means.
    pub async fn send(&self, path: &str, body: Vec<u8>) -> Result<Value, ConnectorError> {
        let token = self.token().await?;
        let body = Body::Bytes(body, "application/json; charset=utf-8");
        let call = Call::post(path, body).query("access_token", token.expose());
        let answer = self.http.ask(call, now()).await.map_err(Failure::sending)?;
        understood(&answer, true)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// By what the code means.
    pub async fn file(&self, media: &str) -> Result<Vec<u8>, ConnectorError> {
        let token = self.token().await?;
        let call = Call::get("/cgi-bin/media/get").query("access_token", token.expose()).query("media_id", media);
        let answer = self.http.ask(Call { most: MOST_MEDIA, ..call }, now()).await.map_err(Failure::reading)?;
        if let Some(error) = answer.trouble("", false, now()) {
            return Err(error);
        }
        // Trouble comes as JSON in place of the file.
        match answer.json().ok().and_then(|value| json::number(&value, "/errcode")) {
            Some(code) if code != 0 => Err(meaning(code, &answer.said("/errmsg"), now())),
            _ => Ok(answer.body),
        }
    }
}

/// What an answer says, when it is not an error.
fn understood(answer: &Answer, sending: bool) -> Result<Value, ConnectorError> {
    if let Some(error) = answer.trouble(&answer.said("/errmsg"), sending, now()) {
        return Err(error);
    }
    let value = answer.json().map_err(|failure| if sending { failure.sending() } else { failure.reading() })?;
    let reason = "the answer is none that WeCom gives".to_owned();
    match json::number(&value, "/errcode") {
        Some(0) => Ok(value),
        Some(code) => Err(meaning(code, &answer.said("/errmsg"), now())),
        None if sending => Err(ConnectorError::Unknown { reason }),
        None => Err(ConnectorError::Retry { reason }),
    }
}

/// What an `errcode` means (developer.work.weixin.qq.com/document/path/90313). WeCom names a code only for what it did not
/// do.
fn meaning(code: i64, said: &str, now: Timestamp) -> ConnectorError {
    let reason = |plain: &str| format!("{plain} (WeCom: {code} {said})");
    match code {
        -1 => ConnectorError::Retry { reason: reason("the platform is busy") },
        40014 | 41001 | 42001 => ConnectorError::Refresh { reason: reason("the access token is not taken any more") },
        40001 | 40013 | 41002 | 41004 => ConnectorError::Reconnect {
            reason: reason("corpid or secret are wrong; look at both, and at the secret's file"),
        },
        60020 => ConnectorError::Reconnect {
            reason: reason("this machine's address is not among the trusted ones; add it in WeCom's settings"),
        },
        48002 | 60011 | 95000 | 95004 => ConnectorError::Reconnect {
            reason: reason("the secret's application may not see this service account; allow it in WeCom's settings"),
        },
        45009 | 45033 => ConnectorError::Wait { reason: reason("too many calls"), until: now.plus_millis(MINUTE) },
        95001 => ConnectorError::WindowClosed {
            reason: reason(
                "five answers were sent since their last message, or it is older than 48 hours; wait for one, or write by \
                 another channel",
            ),
        },
        95011 | 95012 | 95017 => ConnectorError::Reconnect {
            reason: reason(
                "the service account is not managed by API; let the application manage it in WeCom's settings",
            ),
        },
        95018 => ConnectorError::Reject {
            reason: reason("the conversation is with somebody in WeCom, or is ended there; take it over there first"),
        },
        _ => ConnectorError::Reject { reason: reason("the platform refuses") },
    }
}
