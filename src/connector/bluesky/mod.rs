//! Bluesky, and every other server of the AT Protocol (<https://atproto.com/specs/xrpc>, lexicons `app.bsky.*`,
//! `chat.bsky.convo.*`, `com.atproto.*`).
//!
//! `session` signs in and keeps the tokens, `notifications` walks what others did to our posts, newest first,
//! `conversations` follows the log of direct messages, `post` writes an answer as a record whose key is ours, so that
//! putting it twice is putting it once.

mod account;
mod conversations;
mod cursor;
mod notifications;
mod post;
mod session;
mod settings;
mod sink;
mod source;

use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "bluesky",
    doc: "Bluesky: mentions, replies, quotes, direct messages",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Box::new(account::Bluesky::open(settings)?))
}
