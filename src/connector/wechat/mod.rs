//! WeChat: people who write to an Official Account (<https://developers.weixin.qq.com/doc/offiaccount/en/>).
//!
//! `account` holds it together, `api` makes the calls, `hook` takes what WeChat pushes, `envelope` and `xml` open it,
//! `message` understands it.

mod account;
mod api;
mod article;
mod comment;
pub(super) mod envelope;
mod hook;
mod message;
mod people;
mod xml;

pub(super) use xml::Xml;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "wechat",
    doc: "a WeChat Official Account: what people write to it",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::WeChat::open(settings)?))
}
