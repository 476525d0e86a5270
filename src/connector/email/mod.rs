//! E-mail: IMAP in (RFC 3501, IDLE RFC 2177, CONDSTORE RFC 7162), SMTP out (RFC 5321, RFC 6409).

mod automated;
mod body;
mod bounce;
mod flowed;
mod headers;
mod html;
pub mod import;
mod language;
pub mod parse;
mod parts;
pub mod render;
mod transfer;

use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind { name: "email", doc: "a mailbox: IMAP in, SMTP out", help: "", open };

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Err(SettingsError { account: settings.name.clone(), problem: "not built yet".to_owned() })
}
