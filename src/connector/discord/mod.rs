//! Discord: channels and threads of servers a bot of ours is on (API v10, <https://discord.com/developers/docs>), read
//! by polling.
//!
//! `account` holds it together and walks, `api` makes the calls, `message` understands what comes.

mod account;
mod api;
mod message;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "discord",
    doc: "a Discord bot: channels, threads, direct messages",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::Discord::open(settings)?))
}
