//! Matrix: the Client-Server API (spec.matrix.org, v1.11 and later) over plain HTTP. `/sync` in, `/send` out.
//!
//! `client` speaks to the homeserver and keeps the access token, `source` walks `/sync` and fills its gaps, `event`
//! understands one event, `sink` sends with a transaction id that makes sending twice harmless. End-to-end encryption
//! is not spoken: encrypted events are shown as what they are.

mod account;
mod check;
mod client;
mod cursor;
mod event;
mod room;
mod settings;
mod sink;
mod source;
mod sync;
#[cfg(test)]
mod tests;
mod text;

use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind =
    ConnectorKind { name: "matrix", doc: "Matrix rooms and direct chats", help: include_str!("help.txt"), open };

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Box::new(account::Matrix::open(settings)?))
}
