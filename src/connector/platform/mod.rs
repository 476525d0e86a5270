//! What the connectors of platforms with an HTTP API share, so that each of them only says what is its own: the settings
//! ([`Basics`]), secrets held in memory ([`Held`]), reading JSON ([`json`]), cursors ([`cursor`]), and the way from
//! [`Platform`] to the [`Connector`] the workers drive.

mod basics;
pub(super) mod cursor;
mod held;
pub(super) mod json;

pub(super) use basics::{Basics, Kind, Secrets};
pub(super) use held::Held;

use super::{
    Check, Connector, ConnectorError, Hook, Item, Ledger, PulledPage, Reach, Receipt, Sighting, Sink, Source,
    Unreadable, Watcher,
};
use crate::model::{Abilities, AccountFacts, Half, Outgoing, Timestamp};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// How long all checks of one account may take together.
const CHECKS: Duration = Duration::from_secs(30);
/// How long after a send its absence proves something: platforms list what they took with a delay.
const SETTLED: i64 = 60_000;

/// The time by this machine's clock.
pub(super) fn now() -> Timestamp {
    jiff::Timestamp::now().into()
}

/// One account on a platform. Calls may come from a source and a sink at once.
pub(super) trait Platform: Send + Sync + 'static {
    /// The settings that all platforms have.
    fn basics(&self) -> &Basics;

    /// What the channel lets us do.
    fn abilities(&self) -> Abilities;

    /// The secrets of the account, by what they are called in settings.
    fn secrets(&self) -> Vec<(&'static str, &Held)>;

    /// False for an account whose messages only come by [`Platform::hook`].
    fn pulls(&self) -> bool {
        true
    }

    /// As [`Source::pull`].
    fn pull(&self, cursor: &[u8]) -> impl Future<Output = Result<PulledPage, ConnectorError>> + Send;

    /// As [`Source::wait`].
    fn wait(&self, _cursor: &[u8], limit: Duration) -> impl Future<Output = Result<(), ConnectorError>> + Send {
        let pause = self.basics().poll.min(limit);
        async move {
            tokio::time::sleep(pause).await;
            Ok(())
        }
    }

    /// Understands one original, as it is filed with its message; `None` when there is nothing in it to show.
    fn understand(&self, raw: &[u8], received: Timestamp) -> Option<Item>;

    /// The exact body of the request that sends it.
    ///
    /// # Errors
    /// [`ConnectorError::Reject`] when it cannot be sent as it is.
    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError>;

    /// As [`Sink::offer`].
    fn offer(&self, outgoing: &Outgoing) -> impl Future<Output = Result<(), ConnectorError>> + Send;

    /// As [`Sink::deliver`].
    fn deliver(
        &self,
        outgoing: &Outgoing,
        original: &[u8],
    ) -> impl Future<Output = Result<Receipt, ConnectorError>> + Send;

    /// As [`Sink::find_sent`].
    fn find_sent(&self, _outgoing: &Outgoing) -> impl Future<Output = Result<Sighting, ConnectorError>> + Send {
        async { Ok(Sighting::CannotTell) }
    }

    /// As [`Connector::fetch`].
    fn fetch(&self, _raw: &[u8], _part: u32) -> impl Future<Output = Result<Vec<u8>, ConnectorError>> + Send {
        async { Err(no_file()) }
    }

    /// As [`Connector::refresh`]. By itself it looks whether another token is there by now.
    fn refresh(&self) -> impl Future<Output = Result<(), ConnectorError>> + Send {
        async {
            let mut changed = false;
            for (_, held) in self.secrets() {
                changed |= held.renew().await?;
            }
            if changed {
                return Ok(());
            }
            Err(ConnectorError::Reconnect {
                reason: format!(
                    "{} does not take the account's token any more; make a new one there and put it where the account's \
                     token settings point",
                    self.basics().channel
                ),
            })
        }
    }

    /// As [`Connector::hook`].
    fn hook(self: &Arc<Self>) -> Option<Arc<dyn Hook>> {
        None
    }

    /// As [`Connector::ledger`].
    fn ledger(&self) -> Option<Arc<Ledger>> {
        None
    }

    /// Asks the platform who we are: what `account test` shows.
    fn greet(&self) -> impl Future<Output = Result<String, ConnectorError>> + Send;
}

/// A file that is not there.
pub(super) fn no_file() -> ConnectorError {
    ConnectorError::Reject { reason: "there is no such file with this message".to_owned() }
}

/// What a look at all that was sent since an outgoing was written says of it.
pub(super) fn sighting(found: Option<String>, whole: bool, outgoing: &Outgoing, now: Timestamp) -> Sighting {
    match found {
        Some(id) => Sighting::Sent(Some(id)),
        None if whole && now.since(outgoing.changed) > SETTLED => Sighting::Absent,
        None => Sighting::CannotTell,
    }
}

/// True when two texts differ by white space at most: platforms trim and re-wrap.
pub(super) fn same_words(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// A platform's account as a connector.
pub(super) struct Account<P>(pub Arc<P>);

impl<P: Platform> Account<P> {
    /// Boxed, as the table of connectors wants it.
    pub fn boxed(platform: P) -> Box<dyn Connector> {
        Box::new(Account(Arc::new(platform)))
    }
}

impl<P: Platform> Connector for Account<P> {
    fn facts(&self) -> AccountFacts {
        let (basics, abilities) = (self.0.basics(), self.0.abilities());
        AccountFacts {
            name: basics.name.clone(),
            channel: basics.channel.to_owned(),
            address: basics.address.clone(),
            display_name: basics.display_name.clone(),
            own: vec![basics.address.clone()],
            hold: i64::try_from(basics.hold.as_millis()).unwrap_or(i64::MAX),
            id_domain: None,
            can_send: !(abilities.direct.is_empty() && abilities.public.is_empty()),
            abilities,
        }
    }

    fn source(&self) -> Option<Box<dyn Source>> {
        self.0.pulls().then(|| Box::new(Polled(self.0.clone())) as Box<dyn Source>)
    }

    fn sink(&self) -> Option<Box<dyn Sink>> {
        self.facts().can_send.then(|| Box::new(Polled(self.0.clone())) as Box<dyn Sink>)
    }

    fn parse(&self, raw: Vec<u8>, _folder: &str, received: Timestamp) -> Item {
        self.0.understand(&raw, received).unwrap_or_else(|| {
            let (reason, folder) = ("there is nothing in it to show".to_owned(), String::new());
            Item::Unreadable(Unreadable { reason, folder, received, hint: String::new(), partial: false, raw })
        })
    }

    fn attachment(&self, _raw: &[u8], _part: u32) -> Result<Vec<u8>, ConnectorError> {
        Err(ConnectorError::Reject { reason: "the file is at the platform and must be fetched from there".to_owned() })
    }

    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        if !attachments.is_empty() {
            let reason = "this channel takes text alone; leave the files out, or write by another way".to_owned();
            return Err(ConnectorError::Reject { reason });
        }
        if outgoing.text.trim().is_empty() {
            return Err(ConnectorError::Reject { reason: "the answer is empty; write something".to_owned() });
        }
        let terms = self.0.abilities().terms(outgoing.way, outgoing.way, &outgoing.context);
        if let Some(why) = terms.too_long(&outgoing.text) {
            return Err(ConnectorError::Reject { reason: format!("{why}; make it shorter, or send it in two") });
        }
        self.0.render(outgoing)
    }

    fn fetch<'a>(&'a self, raw: &'a [u8], part: u32) -> BoxFuture<'a, Result<Vec<u8>, ConnectorError>> {
        Box::pin(self.0.fetch(raw, part))
    }

    fn refresh(&self) -> BoxFuture<'_, Result<(), ConnectorError>> {
        Box::pin(self.0.refresh())
    }

    fn hook(&self) -> Option<Arc<dyn Hook>> {
        self.0.hook()
    }

    fn ledger(&self) -> Option<Arc<Ledger>> {
        self.0.ledger()
    }

    fn try_out<'a>(&'a self, reach: Reach, tell: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(async move {
            let mut made = Vec::new();
            let mut add = |what: String, outcome: Result<String, String>| {
                let check = Check { what, outcome };
                tell(Half::Receiving, &check);
                made.push(check.clone());
                check.outcome.is_ok()
            };
            let mut well = true;
            for (name, held) in self.0.secrets() {
                let found = held.get().await.map(|_| "found".to_owned());
                well &= add(format!("get the {name}"), found.map_err(|error| error.to_string()));
            }
            if well && reach == Reach::Servers {
                let greeted = match tokio::time::timeout(CHECKS, self.0.greet()).await {
                    Ok(greeted) => greeted.map_err(|error| error.to_string()),
                    Err(_) => Err(format!("no answer within {} s", CHECKS.as_secs())),
                };
                add(format!("ask {} who we are", self.0.basics().channel), greeted);
            }
            made
        })
    }
}

/// A source and sink: all state is in the platform and in the cursor.
struct Polled<P>(Arc<P>);

impl<P: Platform> Source for Polled<P> {
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        Box::pin(self.0.pull(cursor))
    }

    fn wait<'a>(&'a mut self, cursor: &'a [u8], limit: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(self.0.wait(cursor, limit))
    }
}

impl<P: Platform> Sink for Polled<P> {
    fn offer<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(self.0.offer(outgoing))
    }

    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
        Box::pin(self.0.deliver(outgoing, original))
    }

    fn find_sent<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>> {
        Box::pin(self.0.find_sent(outgoing))
    }
}
