//! Signing in, and calls that carry the access token. `com.atproto.server.createSession` and `refreshSession`: the refresh
//! token changes with each use and is kept before the access token is used.

use super::settings::Settings;
use crate::connector::http::{Answer, Body, Call};
use crate::connector::{Access, ConnectorError, Secret, Tokens};
use crate::model::{Timestamp, clean_line};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;

/// A token without a readable end is renewed after so long, in milliseconds.
const UNNAMED: i64 = 30 * 60_000;

/// The account's way to its server.
#[derive(Clone)]
pub(super) struct Session {
    pub settings: Arc<Settings>,
    tokens: Arc<Tokens>,
}

/// The time now.
pub(super) fn now() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}

impl Session {
    pub fn new(settings: Settings, profile: &Path) -> Session {
        let tokens = Arc::new(Tokens::new(profile, &settings.name));
        Session { settings: Arc::new(settings), tokens }
    }

    /// A token that is good for a while; signs in when there is none.
    pub async fn token(&self) -> Result<Secret, ConnectorError> {
        self.tokens.get(now(), |old| self.fetch(old)).await
    }

    async fn fetch(&self, old: Option<Access>) -> Result<Access, ConnectorError> {
        if let Some(refresh) = old.and_then(|old| old.refresh) {
            let call = Call::post("/xrpc/com.atproto.server.refreshSession", Body::None).bearer(&refresh);
            let answer = self.settings.http.ask(call, now()).await.map_err(|failure| failure.reading())?;
            if answer.is_success() {
                return access(&answer);
            }
            // A refresh token that is no longer taken: the password is still there.
            if answer.status >= 500 || answer.status == 429 {
                return Err(trouble(&answer, false));
            }
        }
        let password = self.settings.password.resolve().await;
        let password = password.map_err(|error| ConnectorError::Reconnect { reason: error.to_string() })?;
        let credentials = json!({ "identifier": self.settings.handle, "password": password.expose() });
        let call = Call::post("/xrpc/com.atproto.server.createSession", Body::Json(credentials));
        let answer = self.settings.http.ask(call, now()).await.map_err(|failure| failure.reading())?;
        match answer.status {
            200 => access(&answer),
            400 | 401 => {
                let said = answer.said("/message");
                let reason = format!(
                    "{} does not let {} in ({said}); make a new app password and check the handle",
                    self.settings.http.origin(),
                    self.settings.handle
                );
                Err(ConnectorError::Reconnect { reason })
            }
            _ => Err(trouble(&answer, false)),
        }
    }

    /// The token is not taken any more, whatever its end says.
    pub async fn renew(&self) -> Result<(), ConnectorError> {
        let old = self.token().await?;
        self.tokens.refuse(&old).await;
        self.token().await.map(|_| ())
    }

    /// Our DID: the subject of our token.
    pub async fn did(&self) -> Result<String, ConnectorError> {
        let token = self.token().await?;
        let did = claims(token.expose()).and_then(|claims| claims["sub"].as_str().map(str::to_owned));
        did.ok_or_else(|| ConnectorError::Retry { reason: "the server's token does not say who we are".to_owned() })
    }

    /// A call with the access token. Error answers are answers.
    pub async fn ask(&self, call: Call) -> Result<Result<Answer, crate::connector::http::Failure>, ConnectorError> {
        let token = self.token().await?;
        Ok(self.settings.http.ask(call.bearer(&token), now()).await)
    }

    /// A call that may be made twice; its answer as JSON.
    pub async fn read(&self, call: Call) -> Result<Value, ConnectorError> {
        let answer = self.ask(call).await?.map_err(|failure| failure.reading())?;
        if answer.is_success() {
            answer.json().map_err(|failure| failure.reading())
        } else {
            Err(trouble(&answer, false))
        }
    }
}

/// What an error answer means. XRPC: `{"error": NAME, "message": WORDS}`.
pub(super) fn trouble(answer: &Answer, sending: bool) -> ConnectorError {
    let (error, message) = (answer.said("/error"), answer.said("/message"));
    let reason = if message.is_empty() { error.clone() } else { message };
    match error.as_str() {
        "ExpiredToken" | "InvalidToken" => ConnectorError::Refresh { reason },
        "AccountTakedown" | "AccountDeactivated" | "AuthFactorTokenRequired" | "AuthMissing" => {
            ConnectorError::Reconnect { reason: format!("{reason}; look at the account in its own app") }
        }
        _ => answer.trouble(&reason, sending, now()).unwrap_or(ConnectorError::Retry { reason }),
    }
}

fn access(answer: &Answer) -> Result<Access, ConnectorError> {
    let body = answer.json().map_err(|failure| failure.reading())?;
    let word = |name: &str| body[name].as_str().filter(|text| !text.contains(char::is_whitespace)).map(str::to_owned);
    let (Some(token), Some(refresh)) = (word("accessJwt"), word("refreshJwt")) else {
        return Err(ConnectorError::Retry { reason: "the server signed us in without a token".to_owned() });
    };
    let until = claims(&token).and_then(|claims| claims["exp"].as_i64());
    let until = until.map_or(now().plus_millis(UNNAMED), |seconds| Timestamp(seconds.saturating_mul(1000)));
    Ok(Access { token: Secret::new(token), until: Some(until), refresh: Some(Secret::new(refresh)) })
}

/// What a token says of itself (RFC 7519). Nothing is believed because of it: it only tells when to renew.
fn claims(token: &str) -> Option<Value> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&payload).ok()
}

/// A text of the platform, cleaned, at most so many characters.
pub(super) fn text(value: &Value, most: usize) -> String {
    clean_line(&value.as_str().unwrap_or_default().chars().take(most).collect::<String>())
}

/// A time of the platform.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse::<jiff::Timestamp>().ok().map(Timestamp::from)
}
