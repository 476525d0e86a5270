//! Calls to WeChat, and what its codes mean. Everything but a file is answered with 200 and JSON with an `errcode`.

use crate::connector::http::{Answer, Body, Call, Failure, Http, MOST_MEDIA};
use crate::connector::platform::{Held, json, now};
use crate::connector::{Access, ConnectorError, Secret, Tokens};
use crate::model::Timestamp;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// How long a minute's limit is waited out, in milliseconds.
const MINUTE: i64 = 60_000;
/// Chinese days begin 8 hours before those of UTC.
const BEIJING: i64 = 8 * 3_600_000;
const DAY: i64 = 24 * 3_600_000;

/// What WeChat wants to hear when a delivery is taken.
pub(super) const TAKEN: &[u8] = b"success";

/// Whether a call sends something that must not be sent twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// It may be made again.
    Read,
    /// It may not.
    Send,
}

/// How access tokens are had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fetch {
    /// `stable_token`: other programs of the same account keep theirs.
    Stable,
    /// `token`: each new one ends the one before.
    Plain,
}

/// The API for one account.
pub(super) struct Api {
    http: Http,
    /// Whose calls these are.
    pub appid: String,
    secret: Arc<Held>,
    tokens: Tokens,
    fetch: Fetch,
    /// What the platform refused is not to be given again.
    force: AtomicBool,
    /// The token last used.
    used: Mutex<Option<Secret>>,
}

impl Api {
    /// Nothing is fetched yet.
    pub fn new(http: Http, appid: String, secret: Arc<Held>, tokens: Tokens, fetch: Fetch) -> Api {
        Api { http, appid, secret, tokens, fetch, force: AtomicBool::new(false), used: Mutex::default() }
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
            self.force.store(true, Ordering::SeqCst);
            self.tokens.refuse(&used).await;
        }
    }

    async fn fetch(&self) -> Result<Access, ConnectorError> {
        let secret = self.secret.get().await?;
        let call = match self.fetch {
            Fetch::Stable => Call::post(
                "/cgi-bin/stable_token",
                Body::Json(json!({
                    "grant_type": "client_credential",
                    "appid": self.appid,
                    "secret": secret.expose(),
                    "force_refresh": self.force.load(Ordering::SeqCst),
                })),
            ),
            Fetch::Plain => Call::get("/cgi-bin/token")
                .query("grant_type", "client_credential")
                .query("appid", &self.appid)
                .query("secret", secret.expose()),
        };
        let answer = self.http.ask(call, now()).await.map_err(Failure::reading)?;
        let value = understood(&answer, Purpose::Read)?;
        self.force.store(false, Ordering::SeqCst);
        let token = json::text(&value, "/access_token");
        let seconds = json::number(&value, "/expires_in").filter(|seconds| (1..=86_400).contains(seconds));
        match (token, seconds) {
            ("", _) | (_, None) => {
                Err(ConnectorError::Retry { reason: "WeChat answers without an access token".to_owned() })
            }
            (token, Some(seconds)) => Ok(Access {
                token: Secret::new(token.to_owned()),
                until: Some(now().plus_millis(seconds * 1_000)),
                refresh: None,
            }),
        }
    }

    /// Posts JSON; gives what is answered when all is well.
    ///
    /// # Errors
    /// By what the code means.
    pub async fn post(&self, path: &str, body: Vec<u8>, purpose: Purpose) -> Result<Value, ConnectorError> {
        let call = Call::post(path, Body::Bytes(body, "application/json; charset=utf-8"));
        self.call(call, purpose).await
    }

    /// Gets JSON.
    ///
    /// # Errors
    /// By what the code means.
    pub async fn get(&self, call: Call) -> Result<Value, ConnectorError> {
        self.call(call, Purpose::Read).await
    }

    async fn call(&self, call: Call, purpose: Purpose) -> Result<Value, ConnectorError> {
        let token = self.token().await?;
        let asked = self.http.ask(call.query("access_token", token.expose()), now()).await;
        let answer = asked.map_err(|failure| match purpose {
            Purpose::Read => failure.reading(),
            Purpose::Send => failure.sending(),
        })?;
        understood(&answer, purpose)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// By what the code means.
    pub async fn file(&self, call: Call) -> Result<Vec<u8>, ConnectorError> {
        let token = self.token().await?;
        let call = Call { most: MOST_MEDIA, ..call };
        let asked = self.http.ask(call.query("access_token", token.expose()), now()).await;
        let answer = asked.map_err(Failure::reading)?;
        if let Some(error) = answer.trouble("", false, now()) {
            return Err(error);
        }
        // Trouble comes as JSON in place of the file, and so does a video's address.
        let Some(value) = answer.json().ok().filter(Value::is_object) else { return Ok(answer.body) };
        if let Some(code) = json::number(&value, "/errcode") {
            return Err(meaning(code, &answer.said("/errmsg"), now()));
        }
        let address = json::text(&value, "/video_url").replacen("http://", "https://", 1);
        self.http.fetch(&address, MOST_MEDIA).await.map(|answer| answer.body).map_err(Failure::reading)
    }
}

/// What an answer says, when it is not an error.
fn understood(answer: &Answer, purpose: Purpose) -> Result<Value, ConnectorError> {
    let sending = purpose == Purpose::Send;
    if let Some(error) = answer.trouble(&answer.said("/errmsg"), sending, now()) {
        return Err(error);
    }
    let value = answer.json().map_err(|failure| if sending { failure.sending() } else { failure.reading() })?;
    match json::number(&value, "/errcode") {
        Some(0) => Ok(value),
        // Tokens and lists come without a code; that something was sent is only said with one.
        None if value.is_object() && !sending => Ok(value),
        Some(code) => Err(meaning(code, &answer.said("/errmsg"), now())),
        _ if sending => Err(ConnectorError::Unknown { reason: "the answer is none that WeChat gives".to_owned() }),
        _ => Err(ConnectorError::Retry { reason: "the answer is none that WeChat gives".to_owned() }),
    }
}

/// What an `errcode` means ("Global return codes", developers.weixin.qq.com/doc/offiaccount/en/Getting_Started/Global_Return_Code.html).
/// WeChat names a code only for what it did not do.
fn meaning(code: i64, said: &str, now: Timestamp) -> ConnectorError {
    let reason = |plain: &str| format!("{plain} (WeChat: {code} {said})");
    match code {
        -1 => ConnectorError::Retry { reason: reason("the platform is busy") },
        40001 | 40014 | 41001 | 42001 | 42007 => {
            ConnectorError::Refresh { reason: reason("the access token is not taken any more") }
        }
        40013 | 40125 | 41002 | 41004 => ConnectorError::Reconnect {
            reason: reason("appid or secret are wrong; look at both, and at the secret's file"),
        },
        40164 | 61004 => ConnectorError::Reconnect {
            reason: reason(
                "this machine's address is not on the list that may call; add it in the platform's settings",
            ),
        },
        48001..=48008 | 50001 => ConnectorError::Reconnect {
            reason: reason("the account may not do this; ask for it in the platform's settings"),
        },
        // The counts begin anew at midnight in Beijing.
        45009 => ConnectorError::Wait {
            reason: reason("the calls of this day are spent"),
            until: Timestamp(((now.0 + BEIJING).div_euclid(DAY) + 1) * DAY - BEIJING),
        },
        45011 | 45033 => ConnectorError::Wait { reason: reason("too many calls"), until: now.plus_millis(MINUTE) },
        45015 => ConnectorError::WindowClosed {
            reason: reason("the last 48 hours brought no message of theirs; write by another channel"),
        },
        45047 => ConnectorError::WindowClosed {
            reason: reason(
                "five answers were sent since their last message; wait for one, or write by another channel",
            ),
        },
        43004 | 50002 => {
            ConnectorError::Gone { reason: reason("they do not follow the account any more, or their own is closed") }
        }
        88000 => ConnectorError::Reconnect {
            reason: reason("the account has no comments, or may not read them; leave comments = true out"),
        },
        88001 | 88004 | 88008 => ConnectorError::Gone { reason: reason("the article or the comment is gone") },
        88005 => ConnectorError::Reject {
            reason: reason("the comment is answered already; WeChat takes one answer, change it at mp.weixin.qq.com"),
        },
        88007 => ConnectorError::Reject { reason: reason("the answer is too long for a comment, or empty") },
        45002 => ConnectorError::Reject { reason: reason("the text is too long") },
        _ => ConnectorError::Reject { reason: reason("the platform refuses") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spent_day_ends_at_midnight_in_beijing() {
        // 2026-11-27T10:00Z is 18:00 there.
        let now = Timestamp(1_795_773_600_000);
        let ConnectorError::Wait { until, reason } = meaning(45009, "reach max api daily quota limit", now) else {
            panic!("it is waited for")
        };
        assert_eq!(until.to_string(), "2026-11-27T16:00:00Z");
        assert!(reason.contains("45009"));
    }
}
