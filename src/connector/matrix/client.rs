//! The homeserver of one account: calls with its access token, and what its errors mean.

use super::settings::{MatrixSettings, Proof};
use crate::connector::http::{Answer, Body, Call, Failure, Http, retry_after};
use crate::connector::{Access, ConnectorError, Secret, Tokens};
use crate::model::{Timestamp, clean_line};
use serde_json::{Value, json};
use std::time::Duration;

/// What is waited when the server says "too many" and not for how long, in milliseconds.
const UNNAMED: i64 = 10_000;
/// The longest wait the body of a 429 is believed, in milliseconds.
const LONGEST: i64 = 3_600_000;
/// The name the session has in the user's list of sessions.
const SESSION: &str = "Switchboard";
/// Where all calls go, under the base.
pub(super) const V3: &str = "/_matrix/client/v3";

/// The client of one account, shared by its source and its sink.
pub(super) struct Client {
    pub http: Http,
    pub settings: MatrixSettings,
    tokens: Tokens,
}

/// The machine's clock.
pub(super) fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// A part of a path, with everything that has a meaning there written as `%XX`.
pub(super) fn segment(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    text.as_bytes().iter().fold(String::new(), |mut out, byte| {
        if plain(byte) {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// The error code of an answer: `M_FORBIDDEN`.
pub(super) fn code(answer: &Answer) -> String {
    answer.said("/errcode")
}

impl Client {
    /// From settings. Reaches for nothing.
    pub fn new(settings: MatrixSettings) -> Result<Client, String> {
        let http = Http::new(&settings.base_url, true, None).map_err(|why| format!("base_url: {why}"))?;
        let tokens = Tokens::new(&settings.profile, &settings.name);
        Ok(Client { http, settings, tokens })
    }

    /// The access token to use now: the one kept, a refreshed one, or one from a login with the same device.
    pub async fn token(&self) -> Result<Secret, ConnectorError> {
        match &self.settings.proof {
            Proof::Token(secret) => {
                secret.resolve().await.map_err(|error| ConnectorError::Reconnect { reason: error.to_string() })
            }
            Proof::Password(_) => self.tokens.get(now(), |old| self.fetch_token(old)).await,
        }
    }

    async fn fetch_token(&self, old: Option<Access>) -> Result<Access, ConnectorError> {
        if let Some(refresh) = old.and_then(|old| old.refresh) {
            let body = json!({ "refresh_token": refresh.expose() });
            let call = Call::post(format!("{V3}/refresh"), Body::Json(body));
            let answer = self.http.ask(call, now()).await.map_err(Failure::reading)?;
            if answer.is_success() {
                return access(&answer, Some(refresh));
            }
            // Too late for that one: a login with the same device goes on where it was.
            if answer.status != 401 && answer.status != 403 && answer.status != 400 {
                return Err(self.trouble(&answer, false).unwrap_or_else(|| broken("/refresh")));
            }
            tracing::info!(
                account = self.settings.name,
                code = code(&answer),
                "the refresh token is not taken; logging in"
            );
        }
        let Proof::Password(secret) = &self.settings.proof else {
            return Err(ConnectorError::Reconnect {
                reason: "the access token is not taken any more; make a new one".to_owned(),
            });
        };
        let password =
            secret.resolve().await.map_err(|error| ConnectorError::Reconnect { reason: error.to_string() })?;
        let body = json!({
            "type": "m.login.password",
            "identifier": { "type": "m.id.user", "user": self.settings.user },
            "password": password.expose(),
            "device_id": self.settings.device_id,
            "initial_device_display_name": SESSION,
            "refresh_token": true,
        });
        let answer = self.http.ask(Call::post(format!("{V3}/login"), Body::Json(body)), now()).await;
        let answer = answer.map_err(Failure::reading)?;
        if answer.is_success() {
            return access(&answer, None);
        }
        Err(match (answer.status, code(&answer).as_str()) {
            (_, "M_LIMIT_EXCEEDED") | (429 | 500.., _) => {
                self.trouble(&answer, false).unwrap_or_else(|| broken("/login"))
            }
            (_, "M_FORBIDDEN") => ConnectorError::Reconnect {
                reason: format!(
                    "the homeserver refuses the login of {}: user or password is wrong",
                    self.settings.user
                ),
            },
            (_, "M_USER_DEACTIVATED") => {
                ConnectorError::Reconnect { reason: format!("{} is deactivated at its homeserver", self.settings.user) }
            }
            (404, _) => ConnectorError::Reconnect {
                reason: format!("{} is no Matrix homeserver; set base_url", self.http.origin()),
            },
            (_, errcode) => {
                let said = answer.said("/error");
                ConnectorError::Reconnect {
                    reason: format!("the homeserver takes no login by password ({errcode} {said})"),
                }
            }
        })
    }

    /// Makes a call with the token. A refused token is forgotten, so that the next call fetches a new one.
    ///
    /// # Errors
    /// No answer; or one that says the token is not taken. All other answers are given back.
    pub async fn ask(&self, call: Call) -> Result<Result<Answer, Failure>, ConnectorError> {
        let token = self.token().await?;
        let answer = self.http.ask(call.bearer(&token), now()).await;
        if let Ok(answer) = &answer
            && answer.status == 401
        {
            if matches!(self.settings.proof, Proof::Token(_)) {
                let reason = "the access token is not taken any more; make a new one, or use a password".to_owned();
                return Err(ConnectorError::Reconnect { reason });
            }
            self.tokens.refuse(&token).await;
            let soft = if answer.said("/soft_logout") == "true" { "ended" } else { "was signed out" };
            return Err(ConnectorError::Refresh { reason: format!("the session {soft}; a new one is begun") });
        }
        Ok(answer)
    }

    /// A call that may be made twice, and must succeed.
    pub async fn read(&self, call: Call) -> Result<Answer, ConnectorError> {
        let answer = self.ask(call).await?.map_err(Failure::reading)?;
        match self.trouble(&answer, false) {
            Some(error) => Err(error),
            None => Ok(answer),
        }
    }

    /// What an answer that says no means.
    pub fn trouble(&self, answer: &Answer, sending: bool) -> Option<ConnectorError> {
        if answer.is_success() {
            return None;
        }
        let errcode = code(answer);
        let said = answer.said("/error");
        let why = format!("{errcode} {said}").trim().to_owned();
        Some(match errcode.as_str() {
            "M_LIMIT_EXCEEDED" => {
                // The header since v1.10, the body before.
                let body: i64 = answer.said("/retry_after_ms").parse().unwrap_or(UNNAMED);
                let until = retry_after(&answer.headers, now()).unwrap_or(now().plus_millis(body.clamp(100, LONGEST)));
                ConnectorError::Wait { reason: "the homeserver asks for a pause".to_owned(), until }
            }
            "M_USER_DEACTIVATED" | "M_USER_LOCKED" | "M_USER_SUSPENDED" | "M_CONSENT_NOT_GIVEN" => {
                ConnectorError::Reconnect {
                    reason: format!("the homeserver wants something from the owner of {}: {why}", self.settings.user),
                }
            }
            "M_FORBIDDEN" if sending => {
                ConnectorError::Gone { reason: format!("we may not write into this room (any more): {said}") }
            }
            "M_NOT_FOUND" if sending => ConnectorError::Gone { reason: format!("the room is gone: {said}") },
            "M_TOO_LARGE" => ConnectorError::Reject { reason: format!("the homeserver finds it too large: {said}") },
            _ => return answer.trouble(&why, sending, now()),
        })
    }

    /// Has a new token fetched when the present one is refused.
    pub async fn refresh(&self) -> Result<(), ConnectorError> {
        self.token().await.map(|_| ())
    }
}

fn broken(what: &str) -> ConnectorError {
    ConnectorError::Retry { reason: format!("the homeserver's answer to {what} makes no sense") }
}

/// The tokens in an answer to `/login` or `/refresh`.
fn access(answer: &Answer, old: Option<Secret>) -> Result<Access, ConnectorError> {
    let value: Value = answer.json().map_err(Failure::reading)?;
    let text = |key: &str| {
        value.get(key).and_then(Value::as_str).filter(|text| is_token(text)).map(|text| Secret::new(text.to_owned()))
    };
    let Some(token) = text("access_token") else { return Err(broken("the login")) };
    // Without `expires_in_ms` it has no end but the server's.
    let until = value.get("expires_in_ms").and_then(Value::as_i64).map(|millis| now().plus_millis(millis.max(0)));
    Ok(Access { token, until, refresh: text("refresh_token").or(old) })
}

/// What fits into a header and into a line of our file.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.len() <= 16_384 && text.chars().all(|c| c.is_ascii_graphic())
}

/// How long a `/sync` that has nothing yet is held open by the server.
pub(super) const POLL: Duration = Duration::from_secs(25);

/// One cleaned line for a reason.
pub(super) fn short(text: &str) -> String {
    clean_line(&text.chars().take(200).collect::<String>())
}
