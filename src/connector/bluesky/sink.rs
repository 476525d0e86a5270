//! The sink: an answer is put under its own key, so that a lost answer can be asked for and put again. Direct messages
//! have no key: a lost one is looked for among the latest of its conversation.

use super::conversations::through;
use super::post;
use super::session::{Session, now, text, time, trouble};
use crate::connector::http::{Body, Call, Failure};
use crate::connector::platform::sighting;
use crate::connector::{ConnectorError, Receipt, Sighting, Sink};
use crate::model::Outgoing;
use futures::future::BoxFuture;
use serde_json::Value;

/// How often a record whose answer was lost is put, all in all.
const PUTS: u32 = 3;
/// How far a server's clock may be behind ours when a direct message is looked for, in milliseconds.
const SKEW: i64 = 5 * 60_000;
/// Messages looked at.
const LISTED: usize = 100;

/// Sends for one account.
pub(super) struct BlueskySink {
    session: Session,
}

impl BlueskySink {
    pub fn new(session: Session) -> BlueskySink {
        BlueskySink { session }
    }

    async fn hand_over(&mut self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        if outgoing.context.contains_key("convo") {
            return self.say(original).await;
        }
        let repo = self.session.did().await?;
        let body = post::body(original, &repo).ok_or_else(|| ConnectorError::Reject {
            reason: "what was written down to be sent is no post".to_owned(),
        })?;
        let mut lost = None;
        for _ in 0..PUTS {
            let call = Call::post("/xrpc/com.atproto.repo.putRecord", Body::Json(body.clone()));
            let answer = match self.session.ask(call).await? {
                Ok(answer) => answer,
                Err(failure @ (Failure::Lost { .. } | Failure::Garbled { .. } | Failure::TooLarge { .. })) => {
                    lost = Some(failure);
                    continue;
                }
                Err(failure) => return Err(if lost.is_some() { unknown(&failure) } else { failure.sending() }),
            };
            if !answer.is_success() {
                return Err(trouble(&answer, true));
            }
            match answer.json() {
                Ok(body) => {
                    let remote_id = post::uri(&body);
                    return Ok(Receipt { said: "posted".to_owned(), to_file: false, remote_id });
                }
                Err(failure) => lost = Some(failure),
            }
        }
        let reason = lost.map_or_else(|| "the server did not answer".to_owned(), |failure| failure.to_string());
        Err(ConnectorError::Unknown { reason })
    }

    async fn say(&mut self, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let body: Value = serde_json::from_slice(original).map_err(|_| ConnectorError::Reject {
            reason: "what was written down to be sent is no message".to_owned(),
        })?;
        let call = through(&self.session, Call::post("/xrpc/chat.bsky.convo.sendMessage", Body::Json(body)));
        let answer = self.session.ask(call).await?.map_err(Failure::sending)?;
        if !answer.is_success() {
            return Err(trouble(&answer, true));
        }
        let body = answer.json().map_err(Failure::sending)?;
        let id = text(&body["id"], 256);
        Ok(Receipt { said: "sent".to_owned(), to_file: false, remote_id: (!id.is_empty()).then_some(id) })
    }

    async fn find(&mut self, outgoing: &Outgoing) -> Result<Sighting, ConnectorError> {
        let us = self.session.did().await?;
        if let Some(conversation) = outgoing.context.get("convo") {
            let call = Call::get("/xrpc/chat.bsky.convo.getMessages")
                .query("convoId", conversation)
                .query("limit", LISTED.to_string());
            let answer = self.session.read(through(&self.session, call)).await?;
            let listed = answer["messages"].as_array().cloned().unwrap_or_default();
            let same = |message: &&Value| {
                message["sender"]["did"] == us.as_str()
                    && message["text"].as_str().is_some_and(|text| text.trim() == outgoing.text.trim())
                    && time(&message["sentAt"])
                        .is_some_and(|at| at.0 >= self.session.settings.http.theirs(outgoing.date).0 - SKEW)
            };
            let found = listed.iter().find(same).map(|message| text(&message["id"], 256));
            return Ok(sighting(found, listed.len() < LISTED, outgoing, now()));
        }
        let call = Call::get("/xrpc/com.atproto.repo.getRecord")
            .query("repo", us)
            .query("collection", "app.bsky.feed.post")
            .query("rkey", post::key(outgoing.id, outgoing.date));
        let answer = self.session.ask(call).await?.map_err(Failure::reading)?;
        match answer.status {
            200 => Ok(Sighting::Sent(answer.json().ok().as_ref().and_then(post::uri))),
            400 if answer.said("/error") == "RecordNotFound" => Ok(Sighting::Absent),
            _ => Err(trouble(&answer, false)),
        }
    }
}

fn unknown(failure: &Failure) -> ConnectorError {
    ConnectorError::Unknown { reason: failure.to_string() }
}

impl Sink for BlueskySink {
    fn offer<'a>(&'a mut self, _: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async { self.session.token().await.map(|_| ()) })
    }

    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
        Box::pin(self.hand_over(outgoing, original))
    }

    fn find_sent<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>> {
        Box::pin(self.find(outgoing))
    }
}
