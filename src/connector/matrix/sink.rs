//! Sending: `PUT /send` with a transaction id. The same id on the same device is the same message, however often it is
//! put, so that an answer that was lost is asked for again.

use super::client::{Client, V3, code, segment};
use crate::connector::http::{Body, Call, Failure, Method};
use crate::connector::{ConnectorError, Receipt, Sighting, Sink};
use crate::model::{Outgoing, Timestamp};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// An event may have 65,536 bytes; the server adds its own to these.
pub(super) const MOST_EVENT: usize = 60_000;
/// Pauses before a lost answer is asked for again.
const AGAIN: [Duration; 3] = [Duration::from_millis(300), Duration::from_secs(2), Duration::from_secs(8)];
/// How far the server's clock may be behind ours, in milliseconds.
const SKEW: i64 = 10 * 60_000;
/// Pages of a room that are looked through for a message of ours.
const MOST_PAGES: usize = 50;

/// The sink of one account.
pub(super) struct MatrixSink {
    pub client: Arc<Client>,
}

/// The exact content that leaves.
///
/// # Errors
/// Why it cannot be sent as it is.
pub(super) fn content(outgoing: &Outgoing) -> Result<Vec<u8>, String> {
    if !outgoing.context.contains_key("room") {
        return Err("only a message of theirs can be answered on Matrix; choose one".to_owned());
    }
    if outgoing.context.contains_key("encrypted") {
        return Err("the room is encrypted end to end, which is not spoken here; answer in a Matrix client".to_owned());
    }
    let mut content = json!({ "msgtype": "m.text", "body": outgoing.text });
    let target = outgoing.answers.as_deref().filter(|id| id.starts_with('$'));
    let answered = target.map(|id| json!({ "event_id": id }));
    match (outgoing.context.get("thread"), answered) {
        (Some(thread), answered) => {
            let mut relation =
                json!({ "rel_type": "m.thread", "event_id": thread, "is_falling_back": answered.is_none() });
            relation["m.in_reply_to"] = answered.unwrap_or_else(|| json!({ "event_id": thread }));
            content["m.relates_to"] = relation;
        }
        (None, Some(answered)) => content["m.relates_to"] = json!({ "m.in_reply_to": answered }),
        (None, None) => {}
    }
    // Tells them that it is for them, also in a room of many.
    let users: Vec<&str> =
        outgoing.to.iter().map(|party| party.address.as_str()).filter(|user| user.starts_with('@')).collect();
    content["m.mentions"] = json!({ "user_ids": users });
    let bytes = content.to_string().into_bytes();
    if bytes.len() > MOST_EVENT {
        return Err(format!("the text is longer than the {} kB a Matrix message takes", MOST_EVENT / 1000));
    }
    Ok(bytes)
}

impl MatrixSink {
    fn room(outgoing: &Outgoing) -> Result<&str, ConnectorError> {
        let room = outgoing.context.get("room").map(String::as_str);
        room.ok_or_else(|| ConnectorError::Reject { reason: "it names no room".to_owned() })
    }

    async fn put(&self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let room = Self::room(outgoing)?;
        let path = format!("{V3}/rooms/{}/send/m.room.message/{}", segment(room), segment(&outgoing.id.to_string()));
        let mut pauses = AGAIN.iter();
        loop {
            let body = Body::Bytes(original.to_vec(), "application/json");
            let call = Call { body, ..Call::new(Method::PUT, path.clone()) };
            let outcome = match self.client.ask(call).await? {
                Err(failure) => failure.sending(),
                Ok(answer) => match self.client.trouble(&answer, true) {
                    Some(error) => error,
                    None => {
                        let id = answer.said("/event_id");
                        if id.starts_with('$') {
                            return Ok(Receipt {
                                said: format!("{} {id}", answer.status),
                                to_file: false,
                                remote_id: Some(id),
                            });
                        }
                        ConnectorError::Unknown {
                            reason: "the homeserver took it and did not say under which id".to_owned(),
                        }
                    }
                },
            };
            match (outcome, pauses.next()) {
                (ConnectorError::Unknown { reason }, Some(pause)) => {
                    tracing::warn!(account = outgoing.account, reason, "asking again with the same transaction id");
                    tokio::time::sleep(*pause).await;
                }
                (error, _) => return Err(error),
            }
        }
    }

    /// Looks back through the room, from its end to the time of writing. The server tells this device which transaction
    /// made a message.
    async fn look(&self, outgoing: &Outgoing) -> Result<Sighting, ConnectorError> {
        let (room, transaction) = (Self::room(outgoing)?, outgoing.id.to_string());
        let since = self.client.http.theirs(outgoing.date).plus_millis(-SKEW);
        let filter = json!({ "senders": [self.client.settings.user], "types": ["m.room.message"] }).to_string();
        let mut from: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut call = Call::get(format!("{V3}/rooms/{}/messages", segment(room)))
                .query("dir", "b")
                .query("limit", "100")
                .query("filter", &filter);
            if let Some(from) = &from {
                call = call.query("from", from);
            }
            let value = self.client.read(call).await?.json().map_err(Failure::reading)?;
            for event in value["chunk"].as_array().into_iter().flatten() {
                if event.pointer("/unsigned/transaction_id").and_then(Value::as_str) == Some(&transaction) {
                    return Ok(Sighting::Sent(event["event_id"].as_str().map(str::to_owned)));
                }
                if event["origin_server_ts"].as_i64().is_some_and(|at| Timestamp(at) < since) {
                    return Ok(Sighting::Absent);
                }
            }
            match value["end"].as_str() {
                Some(end) if from.as_deref() != Some(end) => from = Some(end.to_owned()),
                _ => return Ok(Sighting::Absent),
            }
        }
        Ok(Sighting::CannotTell)
    }
}

impl Sink for MatrixSink {
    fn offer<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            // The token is proved, and the room is still ours: all that can go wrong without anything having left.
            let path = format!(
                "{V3}/rooms/{}/state/m.room.member/{}",
                segment(Self::room(outgoing)?),
                segment(&self.client.settings.user)
            );
            let answer = self.client.ask(Call::get(path)).await?.map_err(Failure::reading)?;
            let gone = || ConnectorError::Gone { reason: "we are not in this room any more".to_owned() };
            if matches!(code(&answer).as_str(), "M_FORBIDDEN" | "M_NOT_FOUND") {
                return Err(gone());
            }
            if let Some(error) = self.client.trouble(&answer, false) {
                return Err(error);
            }
            if answer.said("/membership") == "join" { Ok(()) } else { Err(gone()) }
        })
    }

    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
        Box::pin(self.put(outgoing, original))
    }

    fn find_sent<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>> {
        Box::pin(self.look(outgoing))
    }
}
