//! WeCom customer service, 微信客服 (<https://developer.work.weixin.qq.com/document/path/94638>): people of WeChat who write
//! to a company's service accounts.
//!
//! `account` holds it together, `api` makes the calls, `message` understands what is pulled, `hook` takes the nudge that
//! says there is something to pull.

mod account;
mod api;
mod hook;
mod message;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "wecom",
    doc: "WeCom customer service: people of WeChat who write to a company",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::WeCom::open(settings)?))
}
