//! The sink: everything up to the recipients first, then the content.

use super::connection::{Connection, Refusal, before_content, refusal};
use super::content::{Pieces, Taken, check_content, in_time};
use crate::connector::email::imap::SentFolder;
use crate::connector::email::settings::{Append, SmtpSettings};
use crate::connector::email::trouble::{Trouble, words};
use crate::connector::{ConnectorError, Receipt, Sighting, Sink};
use crate::model::{Outgoing, OutgoingId};
use futures::future::BoxFuture;
use lettre::Address;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Sends for one account.
pub(in crate::connector::email) struct SmtpSink {
    settings: Arc<SmtpSettings>,
    address: String,
    sent: Option<SentFolder>,
    connection: Option<Connection>,
    /// The outgoing whose sender and recipients the server has accepted.
    offered: Option<OutgoingId>,
}

/// Refused for good, by ourselves.
pub(super) fn reject(reason: impl Into<String>) -> ConnectorError {
    ConnectorError::Reject { reason: reason.into() }
}

impl SmtpSink {
    /// A sink that is not connected yet. `address` is the envelope's sender.
    pub(in crate::connector::email) fn new(
        settings: Arc<SmtpSettings>,
        address: String,
        sent: Option<SentFolder>,
    ) -> SmtpSink {
        SmtpSink { settings, address, sent, connection: None, offered: None }
    }

    async fn connect(&mut self) -> Result<Connection, Trouble> {
        if let Some(mut connection) = self.connection.take() {
            if connection.alive().await {
                return Ok(connection);
            }
            connection.close().await;
        }
        Connection::open(&self.settings.server).await
    }

    async fn name_recipients(&mut self, outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.offered = None;
        let sender = address(&self.address)?;
        let recipients = recipients(outgoing)?;
        // Taken out while in use: a call that fails or is dropped leaves no half-spoken connection behind.
        let mut connection = self.connect().await?;
        let place = connection.place.clone();
        let mut parameters = Vec::new();
        if connection.can("8BITMIME") {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        if let Some(foreign) =
            recipients.iter().chain([&sender]).find(|address| !AsRef::<str>::as_ref(*address).is_ascii())
        {
            if !connection.can("SMTPUTF8") {
                return Err(reject(format!("{place} cannot send to or from {foreign}: it knows ASCII addresses only")));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let named: Result<(), ConnectorError> = async {
            let at = format!("the sender {sender}");
            connection
                .say(Mail::new(Some(sender), parameters))
                .await
                .map_err(|why| before_content(&place, &at, why))?;
            for recipient in recipients {
                let at = format!("the recipient {recipient}");
                let said = connection.say(Rcpt::new(recipient, Vec::new())).await;
                said.map_err(|why| before_content(&place, &at, why))?;
            }
            Ok(())
        }
        .await;
        if named.is_err() {
            // All or nobody: recipients the server did accept are forgotten.
            if connection.reset().await {
                self.connection = Some(connection);
            }
            return named;
        }
        self.connection = Some(connection);
        self.offered = Some(outgoing.id);
        Ok(())
    }

    async fn hand_over(&mut self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        if self.offered.take() != Some(outgoing.id) {
            return Err(ConnectorError::Retry {
                reason: "the recipients were not named to the server before".to_owned(),
            });
        }
        let Some(mut connection) = self.connection.take() else {
            return Err(ConnectorError::Retry { reason: "the connection was lost before the content".to_owned() });
        };
        check_content(&connection, original)?;
        let place = connection.place.clone();
        let go_on = connection.say(Data).await.map_err(|why| before_content(&place, "the message", why))?;
        if !go_on.has_code(354) {
            return Err(ConnectorError::Retry { reason: format!("{place} does not want the content") });
        }
        // lettre ends the content with a line end of its own.
        let content = original.strip_suffix(b"\r\n").unwrap_or(original);
        let taken = Arc::new(Taken::default());
        let limit = self.settings.timeout;
        let pieces = Pieces { rest: content, taken: Arc::clone(&taken) };
        let answer = in_time(limit, &taken, connection.smtp.message_iter(pieces)).await;
        let lost = |why: String| {
            // Until the last piece was written the final dot was not, and a server forgets what has no end.
            if taken.all.load(Ordering::SeqCst) {
                ConnectorError::Unknown {
                    reason: format!("{place} was given the whole message but did not say whether it took it ({why})"),
                }
            } else {
                ConnectorError::Retry { reason: format!("the connection to {place} broke within the content: {why}") }
            }
        };
        match answer {
            // 3xx is no answer to a final dot: whatever it means, it is not "taken".
            Some(Ok(response)) if response.code().severity != Severity::PositiveCompletion => {
                Err(lost(format!("it said {}", response.code())))
            }
            Some(Ok(response)) => {
                connection.delivered += 1;
                self.connection = Some(connection);
                Ok(self.receipt(&response))
            }
            Some(Err(error)) => Err(match refusal(&error) {
                Refusal::Lost(why) => lost(why),
                answered => before_content(&place, "the message", answered),
            }),
            None => Err(lost(format!("nothing happened for {} s", limit.as_secs()))),
        }
    }

    fn receipt(&self, response: &Response) -> Receipt {
        let lines: Vec<&str> = response.message().collect();
        Receipt {
            said: words(&format!("{} {}", response.code(), lines.join(" "))),
            to_file: self.sent.is_some() && self.settings.append != Append::Never,
            remote_id: None,
        }
    }
}

fn address(text: &str) -> Result<Address, ConnectorError> {
    text.trim().parse().map_err(|_| reject(format!("\"{}\" is not an e-mail address", words(text))))
}

/// Each recipient once, in order.
fn recipients(outgoing: &Outgoing) -> Result<Vec<Address>, ConnectorError> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for party in outgoing.to.iter().chain(&outgoing.cc) {
        let address = address(&party.address)?;
        if seen.insert(address.to_string().to_lowercase()) {
            found.push(address);
        }
    }
    if found.is_empty() { Err(reject("the message has no recipient")) } else { Ok(found) }
}

impl Sink for SmtpSink {
    fn offer<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(self.name_recipients(outgoing))
    }

    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
        Box::pin(self.hand_over(outgoing, original))
    }

    fn find_sent<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>> {
        Box::pin(async move {
            let Some(sent) = &mut self.sent else { return Ok(Sighting::CannotTell) };
            Ok(match sent.find(&outgoing.remote_id).await.map_err(ConnectorError::from)? {
                Some(true) => Sighting::Sent(None),
                Some(false) => Sighting::Absent,
                None => Sighting::CannotTell,
            })
        })
    }

    fn file_sent<'a>(
        &'a mut self,
        remote_id: &'a str,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            match (&mut self.sent, self.settings.append) {
                (None, _) | (_, Append::Never) => Ok(()),
                (Some(sent), append) => {
                    sent.file(remote_id, original, append == Append::Auto).await.map_err(ConnectorError::from)
                }
            }
        })
    }

    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.offered = None;
            if let Some(connection) = self.connection.take() {
                connection.close().await;
            }
            if let Some(sent) = &mut self.sent {
                sent.close().await;
            }
        })
    }
}
