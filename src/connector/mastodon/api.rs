//! Calls to the server, and what its refusals mean.

use crate::connector::http::{Answer, Body, Call, Failure, Http, Reset, until};
use crate::connector::platform::{Held, json, now};
use crate::connector::{Allowance, ConnectorError, Ledger};
use crate::model::clean_line;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// What calls are paid from.
pub(super) const CALLS: Allowance = Allowance { name: "call", most: 300, span: 300_000 };

/// Who we are on the server.
#[derive(Clone, Debug)]
pub(super) struct Me {
    pub id: String,
    pub acct: String,
}

/// The API of one account.
pub(super) struct Api {
    pub http: Http,
    pub token: Arc<Held>,
    pub ledger: Arc<Ledger>,
    pub me: Mutex<Option<Me>>,
}

impl Api {
    async fn ask(&self, call: Call) -> Result<Result<Answer, Failure>, ConnectorError> {
        let call = call.bearer(&self.token.get().await?).costs(CALLS.name, 1);
        let answer = self.http.ask(call, now()).await;
        if let Ok(answer) = &answer {
            let left = answer.header("x-ratelimit-remaining").and_then(|left| left.trim().parse().ok());
            let reset = until(&answer.headers, "x-ratelimit-reset", Reset::Iso, now());
            if let Some((left, reset)) = left.zip(reset) {
                self.ledger.told(CALLS.name, left, reset, now());
            }
        }
        Ok(answer)
    }

    /// A call that may be made twice; gives the answer, whatever its status.
    pub async fn look(&self, call: Call) -> Result<Answer, ConnectorError> {
        self.ask(call).await?.map_err(Failure::reading)
    }

    /// A call that may be made twice; gives the headers' owner and the value.
    pub async fn read(&self, call: Call) -> Result<(Answer, Value), ConnectorError> {
        let answer = self.look(call).await?;
        if let Some(error) = answer.trouble(&answer.said("/error"), false, now()) {
            return Err(error);
        }
        let value = answer.json().map_err(Failure::reading)?;
        Ok((answer, value))
    }

    /// Posts a status.
    pub async fn send(&self, key: &str, body: Vec<u8>) -> Result<Value, ConnectorError> {
        let call = Call::post("/api/v1/statuses", Body::Bytes(body, "application/json")).header("idempotency-key", key);
        let answer = self.ask(call).await?.map_err(Failure::sending)?;
        match answer.trouble(&answer.said("/error"), true, now()) {
            Some(ConnectorError::Gone { .. }) => {
                Err(ConnectorError::Gone { reason: "the post you answer is not there any more".to_owned() })
            }
            Some(error) => Err(error),
            None => answer.json().map_err(Failure::sending),
        }
    }

    /// Who we are; asked once.
    pub async fn me(&self) -> Result<Me, ConnectorError> {
        if let Some(me) = self.me.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(me);
        }
        let (_, found) = self.read(Call::get("/api/v1/accounts/verify_credentials")).await?;
        let id = json::id(&found, "/id")
            .ok_or_else(|| ConnectorError::Retry { reason: "the server does not say who we are".to_owned() })?;
        let me = Me { id, acct: clean_line(json::text(&found, "/acct")) };
        *self.me.lock().unwrap_or_else(PoisonError::into_inner) = Some(me.clone());
        Ok(me)
    }
}
