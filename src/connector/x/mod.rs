//! X: mentions, replies and direct messages (API v2, <https://docs.x.com/x-api>). Calls cost money.
//!
//! `account` holds it together and walks the feeds, `api` makes the calls and renews the token, `dialect` knows the two
//! sets of names the API has, `post` understands what comes, `hook` takes what X pushes.

mod account;
mod api;
mod dialect;
mod hook;
mod post;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "x",
    doc: "an X (Twitter) account: mentions and direct messages",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::X::open(settings)?))
}
