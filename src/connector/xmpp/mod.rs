//! XMPP (RFC 6120, RFC 6121): chats of one account. The archive of its own server (XEP-0313) is the source of truth;
//! what comes live, carbons (XEP-0280) included, only says that there is something in it.
//!
//! `wire` is one connection: TLS, SASL, requests and their answers. `archive` asks for pages, `stanza` understands one
//! message, `sink` sends and looks for what was sent.

mod account;
mod archive;
mod check;
mod cursor;
mod settings;
mod sink;
mod source;
mod stanza;
#[cfg(test)]
mod tests;
mod wire;
mod xml;

use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind =
    ConnectorKind { name: "xmpp", doc: "XMPP (Jabber) chats", help: include_str!("help.txt"), open };

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    super::init();
    Ok(Box::new(account::Xmpp::open(settings)?))
}
