//! Slack: the channels, threads and direct messages a bot of ours is in (<https://docs.slack.dev/apis/web-api/>).
//!
//! `account` holds it together, `walk` goes through channels and threads, `api` makes the calls, `message` and `words`
//! understand what comes, `event` and `hook` take what the Events API pushes.

mod account;
mod api;
mod event;
mod hook;
mod message;
mod walk;
mod words;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "slack",
    doc: "a Slack bot: channels, threads, direct messages",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::Slack::open(settings)?))
}
