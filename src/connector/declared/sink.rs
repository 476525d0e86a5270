//! The sink: the reply that fits, filled once when it is written down, and sent as it stands there.

use super::access::{Access, Filled, now};
use super::mapper::{self, Known, Piece};
use super::predicate::{Facts, about, all};
use super::spec::{Reply, Verify};
use super::{place, verdict};
use crate::connector::http::Body;
use crate::connector::{ConnectorError, Receipt, Sighting, Sink};
use crate::model::{Outgoing, Timestamp, clean_line};
use futures::future::BoxFuture;
use serde_json::{Value, json};
use std::sync::Arc;

/// How far the platform's clock may be behind ours.
const SKEW: i64 = 5 * 60_000;

fn reject(reason: impl Into<String>) -> ConnectorError {
    ConnectorError::Reject { reason: reason.into() }
}

/// The reply that fits an outgoing.
pub(super) fn reply_for<'s>(access: &'s Access, outgoing: &Outgoing) -> Result<(usize, &'s Reply), ConnectorError> {
    let name = &access.settings.name;
    let was = outgoing.context.get("way");
    let msg = |name: &str| value(access, outgoing, &format!("msg.{name}")).as_ref().and_then(super::template::plain);
    let fits = |reply: &Reply| {
        let of_way = match was {
            Some(was) => reply.answers.is_none_or(|answers| super::account::way_word(answers) == was),
            // Nothing is answered: a first message.
            None => reply.first_contact,
        };
        let none = Value::Null;
        let facts = Facts { body: &none, status: None, header: &|_| None, msg: &msg, near: &|_| None };
        of_way && reply.way == outgoing.way && all(&reply.when, &facts)
    };
    let found = access.spec.replies.iter().enumerate().find(|(_, reply)| fits(reply));
    let (number, reply) = found.ok_or_else(|| {
        reject(format!(
            "the account \"{name}\" has no {} answer to this kind of message",
            super::account::way_word(outgoing.way)
        ))
    })?;
    if let Some(lacking) = reply.needs.iter().find(|need| !outgoing.context.contains_key(*need)) {
        return Err(reject(format!("the message that is answered lacks what an answer needs ({lacking})")));
    }
    Ok((number, reply))
}

/// What a placeholder of a reply stands for.
fn value(access: &Access, outgoing: &Outgoing, name: &str) -> Option<Value> {
    let to = outgoing.to.first();
    let text = match name {
        "text" => outgoing.text.clone(),
        "key" => outgoing.id.to_string(),
        "key_uuid" => uuid::Uuid::from_bytes(outgoing.id.0).to_string(),
        "to" => to?.address.clone(),
        "to_name" => to?.name.clone(),
        "now" => outgoing.date.to_string(),
        "msg.id" => outgoing.answers.clone()?,
        "msg.age" => {
            // Since they wrote last, where the desk knows: it may be later than what is answered.
            let at = outgoing.context.get(Outgoing::LAST_AT).or_else(|| outgoing.context.get("at"))?;
            let at = super::state::readable_moment(at)?;
            (now().since(Timestamp(at)) / 1_000).to_string()
        }
        _ => match name.strip_prefix("msg.") {
            Some(name) => outgoing.context.get(name)?.clone(),
            None => return access.setting(name),
        },
    };
    Some(Value::String(text))
}

/// `{key_number}`: a number of 31 bits made of the outgoing's id, for platforms that number answers.
fn values<'a>(access: &'a Access, outgoing: &'a Outgoing) -> impl Fn(&str) -> Option<Value> + 'a {
    move |name| {
        if name == "key_number" {
            let hash = blake3::hash(outgoing.id.to_string().as_bytes());
            let [a, b, c, d] = [0, 1, 2, 3].map(|at| hash.as_bytes()[at]);
            return Some(Value::from(u32::from_be_bytes([a, b, c, d]) >> 1));
        }
        value(access, outgoing, name)
    }
}

/// The call of an outgoing, as it is kept.
pub(super) fn render(access: &Access, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
    let (number, reply) = reply_for(access, outgoing)?;
    let filled = access.fill(&reply.request, &values(access, outgoing))?;
    let body = match filled.body {
        Body::Json(json) => json!({ "json": json }),
        Body::Form(fields) => json!({ "form": fields }),
        _ => json!({}),
    };
    let call = json!({
        "reply": number, "method": filled.method, "path": filled.path, "query": filled.query,
        "headers": filled.headers, "body": body,
    });
    serde_json::to_vec_pretty(&call).map_err(|error| reject(format!("it cannot be written down ({error})")))
}

fn reread(original: &[u8], reply: &Reply) -> Option<Filled> {
    let call: Value = serde_json::from_slice(original).ok()?;
    let pairs =
        |value: Option<&Value>| -> Option<Vec<(String, String)>> { serde_json::from_value(value?.clone()).ok() };
    let text = |key: &str| call.get(key).and_then(Value::as_str).map(str::to_owned);
    let body = match (call.pointer("/body/json"), call.pointer("/body/form")) {
        (Some(json), _) => Body::Json(json.clone()),
        (None, Some(form)) => Body::Form(pairs(Some(form))?),
        (None, None) => Body::None,
    };
    Some(Filled {
        method: text("method")?,
        path: text("path")?,
        query: pairs(call.get("query"))?,
        headers: pairs(call.get("headers"))?,
        body,
        cost: reply.request.cost,
    })
}

pub(super) struct DeclaredSink {
    pub access: Arc<Access>,
    pub known: Known,
}

impl DeclaredSink {
    async fn send(&self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let access = &self.access;
        let (_, reply) = reply_for(access, outgoing)?;
        let filled = reread(original, reply).ok_or_else(|| reject("what was written down is no call any more"))?;
        let call = access.signed(filled).await?;
        let idempotent = reply.idempotent.is_some_and(|span| now().since(outgoing.date) < span);
        let asked = access.http.ask(call, now()).await;
        let answer = asked.map_err(|failure| verdict::unanswered(failure, idempotent))?;
        access.told(reply.request.cost.map(|(name, _)| name), &answer);
        let body = match verdict::verdict(&access.spec, &answer, true, now()) {
            Ok(body) => body,
            Err(ConnectorError::Unknown { reason }) if idempotent => return Err(ConnectorError::Retry { reason }),
            Err(error) => return Err(error),
        };
        let remote_id = reply.sent.as_ref().and_then(|sent| {
            if sent.items.is_empty() {
                return place::at(&body, &sent.id).and_then(place::text_of);
            }
            let found = place::items(&body, &sent.items)?.into_iter();
            let mut found = found.map(|found| found.item).filter(|item| all(&sent.keep, &about(item)));
            found.find_map(|item| place::at(item, &sent.id)).and_then(place::text_of)
        });
        let remote_id = remote_id.map(|id| clean_line(&id)).filter(|id| !id.is_empty() && id.len() <= 512);
        let said = match &remote_id {
            Some(id) => format!("taken as {id}"),
            None => format!("taken (HTTP {})", answer.status),
        };
        Ok(Receipt { said, to_file: false, remote_id })
    }

    async fn look(&self, outgoing: &Outgoing, verify: &Verify) -> Result<Sighting, ConnectorError> {
        let access = &self.access;
        let filled = access.fill(&verify.request, &values(access, outgoing))?;
        let (_, body) = access.read(filled).await?;
        let same = |text: &str| text.split_whitespace().eq(outgoing.text.split_whitespace());
        for found in place::items(&body, &verify.items).unwrap_or_default() {
            let piece = Piece::alone(found.item);
            // The customer may have written the same words: of what both sides wrote, ours alone counts.
            let ours = |author: Option<String>| author.is_some_and(|author| self.known.own.contains(&author));
            if !verify.from.is_empty() && !ours(piece.pick(&verify.from, &self.known)) {
                continue;
            }
            let text = piece.pick(&verify.text, &self.known).unwrap_or_default();
            let at = piece.pick(&verify.time, &self.known).and_then(|text| mapper::time(&text, &verify.time_format));
            let new_enough = at.is_none_or(|at: Timestamp| at >= access.http.theirs(outgoing.date).plus_millis(-SKEW));
            if new_enough && same(&crate::model::clean_block(&mapper::words(text, verify.text_is))) {
                return Ok(Sighting::Sent(piece.pick(&verify.id, &self.known).map(|id| clean_line(&id))));
            }
        }
        // It may be on another page, or not shown yet.
        Ok(Sighting::CannotTell)
    }
}

impl Sink for DeclaredSink {
    fn offer<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            let (_, reply) = reply_for(&self.access, outgoing)?;
            // Whatever can be missing is missed now: secrets, tokens, what the call needs.
            let filled = self.access.fill(&reply.request, &values(&self.access, outgoing))?;
            self.access.signed(filled).await.map(|_| ())
        })
    }

    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
        Box::pin(self.send(outgoing, original))
    }

    fn find_sent<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>> {
        Box::pin(async move {
            let (_, reply) = reply_for(&self.access, outgoing)?;
            match &reply.verify {
                Some(verify) => self.look(outgoing, verify).await,
                None => Ok(Sighting::CannotTell),
            }
        })
    }
}
