//! Telegram: a bot's chats, groups and business chats (Bot API 10.1, <https://core.telegram.org/bots/api>).
//!
//! `account` holds it together, `api` makes the calls, `update` and `message` understand what comes, `file` finds what
//! is attached, `hook` takes what Telegram pushes.

mod account;
mod api;
mod file;
mod hook;
mod message;
mod update;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "telegram",
    doc: "a Telegram bot: private chats, groups, business chats",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::Telegram::open(settings)?))
}
