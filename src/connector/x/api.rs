//! Calls to the API: the token that expires and renews itself with a new renewer each time, what calls cost, and what
//! refusals mean.

use crate::connector::http::{Answer, Body, Call, Failure, Http, Reset, until};
use crate::connector::platform::{Held, json, now};
use crate::connector::signature::base64;
use crate::connector::{Access, Allowance, ConnectorError, Ledger, Secret, Tokens};
use crate::model::{Timestamp, clean_line};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// Thousandths of a dollar: what a mention, a direct message and a post cost, and one with a link.
pub(super) const MENTION: u64 = 1;
pub(super) const MESSAGE: u64 = 10;
pub(super) const POST: u64 = 15;
pub(super) const POST_WITH_LINK: u64 = 200;
/// What money is called in the ledger.
pub(super) const MONEY: &str = "thousandth dollar";
/// The month, in milliseconds.
const MONTH: i64 = 30 * 86_400_000;
/// The span of all rate limits, in milliseconds.
const QUARTER: i64 = 900_000;

/// What the account may spend.
pub(super) fn allowances(dollars: u64) -> [Allowance; 5] {
    let allowance = |name, most, span| Allowance { name, most, span };
    [
        allowance(MONEY, dollars.saturating_mul(1_000), MONTH),
        allowance("look at mentions", 300, QUARTER),
        allowance("look at messages", 15, QUARTER),
        allowance("message", 15, QUARTER),
        allowance("post", 100, QUARTER),
    ]
}

/// The API of one account.
pub(super) struct Api {
    pub http: Http,
    pub client_id: String,
    pub client_secret: Option<Arc<Held>>,
    pub first: Arc<Held>,
    pub tokens: Tokens,
    pub used: Mutex<Option<Secret>>,
    pub ledger: Arc<Ledger>,
}

impl Api {
    /// The access token; fetched or renewed when it must be.
    pub async fn token(&self) -> Result<Secret, ConnectorError> {
        let token = self.tokens.get(now(), |kept| self.renew(kept)).await?;
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
        Ok(token)
    }

    /// X refused the token: another one is fetched.
    pub async fn refused(&self) -> Result<(), ConnectorError> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(used) = used {
            self.tokens.refuse(&used).await;
        }
        self.token().await.map(|_| ())
    }

    /// Renews the access with what was kept; with what the settings give when that is not taken any more, since somebody
    /// may have signed in anew.
    async fn renew(&self, kept: Option<Access>) -> Result<Access, ConnectorError> {
        if let Some(refresh) = kept.and_then(|kept| kept.refresh) {
            match self.exchange(&refresh).await {
                Err(ConnectorError::Reconnect { reason }) => {
                    self.first.renew().await?;
                    let first = self.first.get().await?;
                    if first == refresh {
                        return Err(ConnectorError::Reconnect { reason });
                    }
                }
                outcome => return outcome,
            }
        }
        self.exchange(&self.first.get().await?).await
    }

    async fn exchange(&self, refresh: &Secret) -> Result<Access, ConnectorError> {
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let form = vec![
            field("grant_type", "refresh_token"),
            field("refresh_token", refresh.expose()),
            field("client_id", &self.client_id),
        ];
        let mut call = Call::post("/oauth2/token", Body::Form(form));
        if let Some(secret) = &self.client_secret {
            let pair = format!("{}:{}", self.client_id, secret.get().await?.expose());
            call = call.header("authorization", format!("Basic {}", base64(pair.as_bytes())));
        }
        let answer = self.http.ask(call, now()).await.map_err(Failure::reading)?;
        if matches!(answer.status, 400 | 401 | 403) {
            let said = answer.said("/error_description");
            let reason = format!(
                "X does not renew the access ({said}); sign the account in anew and put the new refresh token where \
                 refresh_token_file, _command or _env points"
            );
            return Err(ConnectorError::Reconnect { reason });
        }
        if let Some(error) = answer.trouble(&answer.said("/error"), false, now()) {
            return Err(error);
        }
        let value = answer.json().map_err(Failure::reading)?;
        let token = json::text(&value, "/access_token");
        if token.is_empty() {
            return Err(ConnectorError::Retry { reason: "X's answer holds no access token".to_owned() });
        }
        let seconds = json::number(&value, "/expires_in").unwrap_or(7_200).clamp(0, 90 * 86_400);
        let next = json::text(&value, "/refresh_token");
        let next = if next.is_empty() { refresh.clone() } else { Secret::new(next.to_owned()) };
        Ok(Access {
            token: Secret::new(token.to_owned()),
            until: Some(now().plus_millis(seconds * 1_000)),
            refresh: Some(next),
        })
    }

    /// What headers say of what is left.
    fn heed(&self, answer: &Answer, name: &str) {
        let left = answer.header("x-rate-limit-remaining").and_then(|left| left.trim().parse().ok());
        let reset = until(&answer.headers, "x-rate-limit-reset", Reset::Epoch, now());
        if let Some((left, reset)) = left.zip(reset) {
            self.ledger.told(name, left, reset, now());
        }
    }

    fn can_pay(&self, units: u64) -> Result<(), ConnectorError> {
        self.ledger.affords(MONEY, units, now()).map_err(|until| ConnectorError::Wait {
            reason: format!("the account's budget is spent until {until}; raise budget if it should go on"),
            until,
        })
    }

    /// A call that may be made twice, counted by `name`; each thing it gives costs `price`.
    pub async fn read(&self, call: Call, name: &'static str, price: u64) -> Result<Value, ConnectorError> {
        self.can_pay(price)?;
        let call = call.bearer(&self.token().await?).costs(name, 1);
        let answer = self.http.ask(call, now()).await.map_err(Failure::reading)?;
        self.heed(&answer, name);
        if let Some(error) = refused(&answer, false, now()) {
            return Err(error);
        }
        let value = answer.json().map_err(Failure::reading)?;
        // What is not there comes beside what is there; alone, it is a refusal.
        if value.get("data").is_none() && value.get("meta").is_none() {
            return match json::list(&value, "/errors").first() {
                Some(error) => Err(problem(error, answer.status, false, now())),
                None => Err(ConnectorError::Retry { reason: "X's answer holds nothing".to_owned() }),
            };
        }
        let given = match value.get("data") {
            Some(Value::Array(list)) => list.len() as u64,
            Some(_) => 1,
            None => 0,
        };
        self.ledger.charge(MONEY, given * price, now());
        Ok(value)
    }

    /// A call that sends, counted by `name`, for `price`.
    pub async fn send(
        &self,
        path: String,
        body: Vec<u8>,
        name: &'static str,
        price: u64,
    ) -> Result<Value, ConnectorError> {
        self.can_pay(price)?;
        let call = Call::post(path, Body::Bytes(body, "application/json")).bearer(&self.token().await?).costs(name, 1);
        let answer = self.http.ask(call, now()).await.map_err(|failure| {
            let error = failure.sending();
            if matches!(error, ConnectorError::Unknown { .. }) {
                // It may have been done, and paid.
                self.ledger.charge(MONEY, price, now());
            }
            error
        })?;
        self.heed(&answer, name);
        if let Some(error) = refused(&answer, true, now()) {
            return Err(error);
        }
        self.ledger.charge(MONEY, price, now());
        let value = answer.json().map_err(Failure::sending)?;
        match (value.get("data"), json::list(&value, "/errors").first()) {
            (None, Some(error)) => Err(problem(error, answer.status, true, now())),
            _ => Ok(value),
        }
    }
}

/// What a refusal means; `None` for success.
fn refused(answer: &Answer, sending: bool, now: Timestamp) -> Option<ConnectorError> {
    if answer.is_success() {
        return None;
    }
    if matches!(answer.status, 401 | 429 | 500..) {
        let said = answer.said("/detail");
        return answer.trouble(&said, sending, now);
    }
    let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    Some(problem(&value, answer.status, sending, now))
}

/// What a problem (RFC 9457) means, by its type, else by its words.
fn problem(value: &Value, status: u16, sending: bool, now: Timestamp) -> ConnectorError {
    let kind = json::text(value, "/type").rsplit('/').next().unwrap_or_default();
    let said =
        ["/detail", "/errors/0/message", "/title"].iter().map(|at| json::text(value, at)).find(|said| !said.is_empty());
    let said = clean_line(&said.unwrap_or("without a word why").chars().take(200).collect::<String>());
    let because = |text: &str| format!("{text} ({said})");
    let has = |words: &[&str]| words.iter().any(|word| said.to_lowercase().contains(word));
    match kind {
        "usage-capped" => {
            let until = now.plus_millis(6 * 3_600_000);
            return ConnectorError::Wait { reason: because("what was paid for is used up at X"), until };
        }
        "rate-limit-exceeded" => {
            return ConnectorError::Wait { reason: because("too many calls"), until: now.plus_millis(QUARTER) };
        }
        "resource-not-found" => {
            return ConnectorError::Gone { reason: because("it is not there any more") };
        }
        "invalid-request" => return ConnectorError::Reject { reason: because("X refuses it") },
        "client-forbidden" if !sending => {
            return ConnectorError::Reconnect {
                reason: because("the app may not do that; look at its plan and scopes"),
            };
        }
        _ => {}
    }
    match status {
        403 if sending && has(&["duplicate"]) => {
            ConnectorError::Duplicate { reason: because("X has this text already") }
        }
        403 if sending && has(&["reply", "mentioned", "engaged"]) => ConnectorError::WindowClosed {
            reason: because(
                "X takes replies of this account only from who was mentioned or quoted by the author; write a direct \
                 message, or answer on X itself",
            ),
        },
        403 if sending && has(&["dm ", "direct message", "permission to dm"]) => {
            ConnectorError::Gone { reason: because("they take no direct messages from the account") }
        }
        403 if !sending => ConnectorError::Reconnect {
            reason: because("the account may not read that; look at the app's plan and scopes"),
        },
        404 => ConnectorError::Gone { reason: because("it is not there any more") },
        _ => ConnectorError::Reject { reason: because("X refuses it") },
    }
}
