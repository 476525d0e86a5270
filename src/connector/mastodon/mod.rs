//! Mastodon and what speaks its client API (<https://docs.joinmastodon.org/methods/>, version 4): mentions in, replies
//! out, what happens to both.
//!
//! `account` holds it together and walks the feeds, `api` makes the calls, `status` understands a post, `answer` writes
//! one.

mod account;
mod answer;
mod api;
mod status;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "mastodon",
    doc: "a Mastodon account: mentions and direct messages",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::Mastodon::open(settings)?))
}
