//! E-mail: IMAP in (RFC 3501, IDLE RFC 2177, CONDSTORE RFC 7162), SMTP out (RFC 5321, RFC 6409).

mod account;
mod automated;
mod body;
mod bounce;
mod check;
mod flowed;
mod headers;
mod html;
mod imap;
pub mod import;
mod language;
mod net;
pub mod parse;
mod parts;
pub mod render;
pub mod settings;
mod smtp;
mod transfer;
mod trouble;
mod trust;
mod verdict;
mod wire;

use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind =
    ConnectorKind { name: "email", doc: "a mailbox: IMAP in, SMTP out", help: include_str!("help.txt"), open };

/// The words of an HTML text, not cleaned, with its links listed.
pub(in crate::connector) fn html_text(html: &str) -> String {
    html::to_text(html)
}

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    super::init();
    Ok(Box::new(account::Email::open(settings)?))
}
