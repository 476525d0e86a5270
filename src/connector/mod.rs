//! The outside world: sources that pull, sinks that send, and the table of connectors.
//!
//! A connector knows its channel and nothing of the store. Workers decide from the variant of [`ConnectorError`] alone.

pub mod bluesky;
pub mod declared;
pub mod demo;
pub mod discord;
pub mod email;
mod error;
mod hook;
pub mod http;
mod item;
mod ledger;
pub mod mastodon;
pub mod matrix;
mod platform;
mod secret;
mod settings;
pub mod signature;
pub mod slack;
pub mod telegram;
mod tokens;
pub mod wechat;
pub mod wecom;
pub mod x;
pub mod xmpp;

pub use error::ConnectorError;
pub use hook::{
    Hook, HookAnswer, HookRequest, MOST_BYTES as MOST_HOOK_BYTES, MOST_MEETING, MOST_SKEW as MOST_HOOK_SKEW, Refusal,
};
pub use item::{BounceReport, Changed, Incoming, Item, PulledPage, Unreadable, first_words};
pub use ledger::{Allowance, Ledger};
pub use secret::{Secret, SecretError, SecretRef};
pub use settings::{AccountSettings, SettingsError};
pub use tokens::{Access, TokenError, Tokens};

use crate::model::{AccountFacts, Half, Outgoing, Timestamp};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// One line of `switchboard account test`: what was tried and how it went, in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What was tried: `reach imap.shop.example:993`.
    pub what: String,
    /// `Ok` with what was found, `Err` with what is wrong and the likely remedy.
    pub outcome: Result<String, String>,
}

/// How far a test goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Only what is on this machine: the passwords.
    Secrets,
    /// The servers too.
    Servers,
}

/// Hears of every check as it is made.
pub type Watcher<'a> = &'a (dyn Fn(Half, &Check) + Send + Sync);

/// What the channel said when it took a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The channel's words, cleaned: `250 2.0.0 Ok: queued as 4F1`.
    pub said: String,
    /// True when the worker shall file a copy ([`Sink::file_sent`]).
    pub to_file: bool,
    /// The id the channel gave it, where ids are not made by us.
    pub remote_id: Option<String>,
}

/// Whether an outgoing is at the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sighting {
    /// It is there, with the id the channel gave it, where ids are not made by us.
    Sent(Option<String>),
    /// It is not where it would be.
    Absent,
    /// This account cannot tell.
    CannotTell,
}

/// One configured account's connector.
pub trait Connector: Send + Sync {
    /// Facts for desk and screen.
    fn facts(&self) -> AccountFacts;

    /// A new source; `None` when the account only sends.
    fn source(&self) -> Option<Box<dyn Source>>;

    /// A new sink; `None` when the account only reads.
    fn sink(&self) -> Option<Box<dyn Sink>>;

    /// Understands one original (an import, or a dead letter tried again). Never panics.
    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item;

    /// The decoded bytes of attachment `part` of an original.
    ///
    /// # Errors
    /// [`ConnectorError::Reject`] when there is no such part or it is over the size cap.
    fn attachment(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError>;

    /// The original of an outgoing: the bytes that leave. The same outgoing gives the same bytes.
    ///
    /// # Errors
    /// [`ConnectorError::Reject`] when it cannot be sent as it is, with the reason.
    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError>;

    /// The bytes of attachment `part` of an original that lists it and does not hold it: fetched from where it says, with
    /// all guards of [`http`]. Bounded in time and size.
    fn fetch<'a>(&'a self, raw: &'a [u8], part: u32) -> BoxFuture<'a, Result<Vec<u8>, ConnectorError>> {
        Box::pin(async move { self.attachment(raw, part) })
    }

    /// Gets a new access token, after [`ConnectorError::Refresh`]. However many workers ask, it is fetched once.
    fn refresh(&self) -> BoxFuture<'_, Result<(), ConnectorError>> {
        Box::pin(async {
            Err(ConnectorError::Reconnect { reason: "the access is refused, and there is nothing to renew".to_owned() })
        })
    }

    /// What takes deliveries that the platform pushes; `None` for accounts that only pull.
    fn hook(&self) -> Option<Arc<dyn Hook>> {
        None
    }

    /// What may be spent, where calls are counted or cost money.
    fn ledger(&self) -> Option<Arc<Ledger>> {
        None
    }

    /// Tries what the account needs and says what is wrong; `tell` hears of each step. Bounded in time, safe to drop.
    fn try_out<'a>(&'a self, reach: Reach, tell: Watcher<'a>) -> BoxFuture<'a, Vec<Check>>;

    /// Tries everything, with nobody watching.
    fn test(&self) -> BoxFuture<'_, Vec<Check>> {
        self.try_out(Reach::Servers, &|_, _| {})
    }
}

/// Pulls from one account. Owned by one worker; keeps its connection between calls.
pub trait Source: Send {
    /// The next page after `cursor` (empty: from the beginning). Pulling the same cursor again gives the same items.
    /// An error drops the connection; the next call connects anew. Every step inside has a time limit.
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>>;

    /// Returns when something may have come, at the latest after `limit`. Safe to drop.
    fn wait<'a>(&'a mut self, cursor: &'a [u8], limit: Duration) -> BoxFuture<'a, Result<(), ConnectorError>>;

    /// Says good-bye to the server, briefly. Nothing is to be said where every call stands for itself.
    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Sends through one account. Two steps, so that the worker can write down *sending* exactly where it stops being safe
/// to try again.
pub trait Sink: Send {
    /// Everything before the point of no return: connect, authenticate, name sender and recipients. Nothing has been
    /// handed over when this fails or when the process dies after it.
    fn offer<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>>;

    /// Hands the original over. [`ConnectorError::Unknown`] when it is not certain that the channel did not take it.
    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>>;

    /// Looks for an outgoing at the channel. `Absent` must be certain: nothing but a look at the whole place where it
    /// would be, after the channel's own delay.
    fn find_sent<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>>;

    /// Files a copy where the channel keeps what was sent, unless it is there already. Asked for only by a
    /// [`Receipt::to_file`]: most channels keep what they send.
    fn file_sent<'a>(
        &'a mut self,
        _remote_id: &'a str,
        _original: &'a [u8],
    ) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async { Ok(()) })
    }

    /// Says good-bye, briefly.
    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// A kind of connector.
pub struct ConnectorKind {
    /// The word in `config.toml`: `email`.
    pub name: &'static str,
    /// What it is, in one line.
    pub doc: &'static str,
    /// What `switchboard account help NAME` prints: every setting with an example.
    pub help: &'static str,
    /// Makes the connector of one account from its settings. Does not reach for the network or run commands.
    pub open: fn(&AccountSettings) -> Result<Box<dyn Connector>, SettingsError>,
}

/// All kinds of connectors.
pub const CONNECTORS: &[ConnectorKind] = &[
    email::KIND,
    bluesky::KIND,
    demo::KIND,
    discord::KIND,
    mastodon::KIND,
    matrix::KIND,
    slack::KIND,
    telegram::KIND,
    wechat::KIND,
    wecom::KIND,
    x::KIND,
    xmpp::KIND,
    declared::platforms::EXAMPLE,
    declared::platforms::FACEBOOK,
    declared::platforms::INSTAGRAM,
    declared::platforms::LINE,
    declared::platforms::MESSENGER,
    declared::platforms::QQ,
    declared::platforms::QZONE,
    declared::platforms::REDDIT,
    declared::platforms::TWILIO,
    declared::platforms::TWILIO_CALLS,
    declared::platforms::WEIBO,
    declared::platforms::WHATSAPP,
    declared::platforms::YOUTUBE,
    declared::platforms::ZENDESK,
];

/// The kind with this name.
pub fn kind(name: &str) -> Option<&'static ConnectorKind> {
    CONNECTORS.iter().find(|kind| kind.name == name)
}

/// Makes the connector of one account: of a kind in [`CONNECTORS`], or declared in a file of the profile.
///
/// # Errors
/// When there is no such connector, or its settings or its file are wrong.
pub fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    match kind(&settings.connector) {
        Some(kind) => (kind.open)(settings),
        None => declared::open(settings),
    }
}

/// Must run once before anything speaks TLS; further calls do nothing.
pub fn init() {
    // Fails only when a provider is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
