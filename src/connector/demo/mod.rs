//! The living demo: invented customers of an invented shop, who write by mail, chat and public comments, while you
//! watch. A source and a sink like any other: no network, no files.
//!
//! Everything follows from the seed. `plan` lays the past out, `writer` finds the words (`texts/*.toml`, `speech`,
//! `phrase`), `letter`, `post` and `robot` give them the form of their place, `live` says what comes next, and
//! `later` says what
//! happens to messages afterwards, and `mailroom` lets customers answer what we send. `world` holds them together for one account.

mod account;
mod chance;
mod cursor;
mod later;
mod letter;
mod live;
mod mailroom;
mod person;
mod phrase;
mod plan;
mod post;
mod robot;
mod settings;
mod sink;
mod source;
mod speech;
#[cfg(test)]
mod tests;
mod world;
mod writer;

pub use person::{FOG, FRIEND, FULL};

use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "demo",
    doc: "invented customers, to try things out: no network",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Box::new(account::Demo::open(settings)?))
}

/// True when this cursor of a demo account says that the past is told, the live stream is at its end, and no customer
/// is about to answer. Never true while `live_seconds` is 0.
pub fn at_rest(cursor: &[u8]) -> bool {
    cursor::Cursor::from_bytes(cursor).is_some_and(|cursor| cursor.at_rest)
}

/// The `config.toml` of a demo profile with its three accounts.
pub fn config(seed: u32, speed: f64, live_seconds: u32) -> String {
    let mut text = "# The demo: invented customers, no network. `switchboard account help demo` explains.\n".to_owned();
    for (name, role) in [("mail", "mail"), ("chat", "chat"), ("comments", "comments")] {
        text.push_str(&format!(
            "\n[[account]]\nname = \"{name}\"\nconnector = \"demo\"\nrole = \"{role}\"\nseed = {seed}\nspeed = {speed:?}\n"
        ));
        if live_seconds > 0 {
            text.push_str(&format!("live_seconds = {live_seconds}\n"));
        }
    }
    text
}
