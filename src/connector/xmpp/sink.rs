//! Sending: a message with an id of its own, and a request behind it. The server takes stanzas in their order, so the
//! answer to the request says that the message was taken, or is preceded by the error that says why not.

use super::archive::{Outcome, Query, ask};
use super::settings::XmppSettings;
use super::wire::{Refusal, Wire, trouble};
use super::xml::{self, escape};
use crate::connector::{ConnectorError, Receipt, Sighting, Sink};
use crate::model::Outgoing;
use futures::future::BoxFuture;
use std::sync::Arc;
use tokio_xmpp::jid::Jid;
use tokio_xmpp::minidom::Element;
use tokio_xmpp::parsers::stanza_error::StanzaError;

/// How far the server's clock may be behind ours, in milliseconds.
const SKEW: i64 = 26 * 3_600_000;
/// Pages of a conversation that are looked through for a message of ours.
const MOST_PAGES: usize = 50;

/// The sink of one account.
pub(super) struct XmppSink {
    settings: Arc<XmppSettings>,
    wire: Option<Wire>,
}

/// To whom an outgoing goes: one person, without their device.
fn recipient(outgoing: &Outgoing) -> Result<String, String> {
    let [to] = outgoing.to.as_slice() else { return Err("an XMPP message goes to one person; name one".to_owned()) };
    if !outgoing.cc.is_empty() {
        return Err("an XMPP message has no copies; leave them out".to_owned());
    }
    let jid = Jid::new(&to.address).map_err(|_| format!("\"{}\" is not an XMPP address", to.address))?;
    Ok(jid.to_bare().to_string())
}

/// The exact stanza that leaves.
///
/// # Errors
/// Why it cannot be sent as it is.
pub(super) fn stanza(outgoing: &Outgoing) -> Result<Vec<u8>, String> {
    if outgoing.context.contains_key("encrypted") {
        return Err("they write encrypted (OMEMO), which is not spoken here; answer in an XMPP client".to_owned());
    }
    let (to, id) = (escape(&recipient(outgoing)?), escape(&outgoing.remote_id));
    let thread =
        outgoing.context.get("thread").map(|thread| format!("<thread>{}</thread>", escape(thread))).unwrap_or_default();
    let reply = match (outgoing.context.get("id"), outgoing.context.get("with")) {
        (Some(id), Some(with)) => {
            format!("<reply xmlns='urn:xmpp:reply:0' to='{}' id='{}'/>", escape(with), escape(id))
        }
        _ => String::new(),
    };
    Ok(format!(
        "<message xmlns='jabber:client' type='chat' to='{to}' id='{id}'><body>{}</body>{thread}{reply}\
         <origin-id xmlns='urn:xmpp:sid:0' id='{id}'/><request xmlns='urn:xmpp:receipts'/>\
         <markable xmlns='urn:xmpp:chat-markers:0'/></message>",
        escape(&outgoing.text)
    )
    .into_bytes())
}

impl XmppSink {
    pub fn new(settings: Arc<XmppSettings>) -> XmppSink {
        XmppSink { settings, wire: None }
    }

    async fn hand_over(&mut self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let unknown = |reason: String| ConnectorError::Unknown { reason };
        let message = xml::read(original).map_err(|reason| ConnectorError::Reject { reason })?;
        let mut wire =
            self.wire.take().ok_or_else(|| ConnectorError::Retry { reason: "there is no connection".to_owned() })?;
        wire.forget();
        let sent = wire.send(message).await;
        sent.map_err(|refusal| unknown(format!("the connection broke while it was handed over ({refusal:?})")))?;
        let mut refused: Option<ConnectorError> = None;
        let answer = wire
            .ask("get", "<ping xmlns='urn:xmpp:ping'/>", |message| {
                let ours = message.attr("type") == Some("error") && message.attr("id") == Some(&outgoing.remote_id);
                if ours {
                    refused = Some(refusal(message));
                }
            })
            .await;
        match (refused, answer) {
            (Some(error), _) => Err(error),
            // A server that knows no ping says so, after it took the message.
            (None, Ok(_) | Err(Refusal::Said(_))) => {
                self.wire = Some(wire);
                Ok(Receipt { said: "taken by the server".to_owned(), ..Receipt::default() })
            }
            (None, Err(Refusal::Lost(reason))) => {
                Err(unknown(format!("{reason}; nobody said whether the message was taken")))
            }
        }
    }

    async fn look(&mut self, outgoing: &Outgoing) -> Result<Sighting, ConnectorError> {
        let with = recipient(outgoing).map_err(|reason| ConnectorError::Reject { reason })?;
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::connect(&self.settings).await?,
        };
        let (me, start) = (self.settings.user.to_string(), outgoing.date.plus_millis(-SKEW));
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let begin = after.is_none().then_some(start);
            let query = Query { after: after.as_deref(), start: begin, with: Some(&with), most: 100 };
            let page = match ask(&mut wire, &me, query).await.map_err(Refusal::reading)? {
                Outcome::Page(page) => page,
                Outcome::Forgotten => return Ok(Sighting::CannotTell),
            };
            let is_it = |message: &Element| message.attr("id") == Some(&outgoing.remote_id);
            if page.found.iter().any(|archived| is_it(&archived.message)) {
                self.wire = Some(wire);
                return Ok(Sighting::Sent(None));
            }
            if page.complete || page.last.is_none() || page.last == after {
                self.wire = Some(wire);
                return Ok(Sighting::Absent);
            }
            after = page.last;
        }
        Ok(Sighting::CannotTell)
    }
}

/// Why a message of ours came back.
fn refusal(message: &Element) -> ConnectorError {
    let error = message.get_child("error", "jabber:client").cloned();
    match error.and_then(|error| StanzaError::try_from(error).ok()) {
        Some(error) => trouble(&error),
        None => ConnectorError::Reject { reason: "the server sends it back and does not say why".to_owned() },
    }
}

impl Sink for XmppSink {
    fn offer<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            recipient(outgoing).map_err(|reason| ConnectorError::Reject { reason })?;
            let mut wire = match self.wire.take() {
                Some(wire) => wire,
                None => Wire::connect(&self.settings).await?,
            };
            // A connection that was kept may be dead without anybody having noticed.
            match wire.ask("get", "<ping xmlns='urn:xmpp:ping'/>", |_| {}).await {
                Ok(_) | Err(Refusal::Said(_)) => {}
                Err(Refusal::Lost(_)) => wire = Wire::connect(&self.settings).await?,
            }
            self.wire = Some(wire);
            Ok(())
        })
    }

    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
        Box::pin(self.hand_over(outgoing, original))
    }

    fn find_sent<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>> {
        Box::pin(self.look(outgoing))
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        let wire = self.wire.take();
        Box::pin(async move {
            if let Some(wire) = wire {
                wire.close().await;
            }
        })
    }
}
