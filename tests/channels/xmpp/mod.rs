//! XMPP, against a real Prosody.

mod journey;
mod pull;
mod send;

use crate::support::prosody::{PASSWORD, Prosody};
use std::path::PathBuf;
use std::time::Duration;
use switchboard::connector::{
    AccountSettings, Changed, Connector, ConnectorError, Incoming, Item, PulledPage, Source, kind,
};

/// The settings of `support`, as `config.toml` has them, at this port.
pub fn settings(server: &Prosody, port: u16, more: &str) -> String {
    let password = format!("printf %s '{PASSWORD}'");
    format!(
        "name = \"chat\"\nconnector = \"xmpp\"\nuser = \"support@localhost\"\nserver = \"127.0.0.1:{port}\"\n\
         ca_file = {:?}\nhold = \"0s\"\npassword_command = {password:?}\n{more}\n",
        server.authority
    )
}

pub fn connector_at(server: &Prosody, port: u16, more: &str) -> Box<dyn Connector> {
    open(&settings(server, port, more))
}

pub fn open(settings: &str) -> Box<dyn Connector> {
    let settings = AccountSettings {
        name: "chat".to_owned(),
        connector: "xmpp".to_owned(),
        table: settings.parse().unwrap(),
        profile: PathBuf::from("/nonexistent"),
    };
    (kind("xmpp").unwrap().open)(&settings).unwrap()
}

pub fn connector(server: &Prosody) -> Box<dyn Connector> {
    connector_at(server, server.port, "")
}

pub async fn pull(source: &mut dyn Source, cursor: &mut Vec<u8>) -> Result<PulledPage, ConnectorError> {
    let page = tokio::time::timeout(Duration::from_secs(90), source.pull(cursor)).await.unwrap()?;
    *cursor = page.cursor.clone();
    Ok(page)
}

/// Pulls to the end; gives all items.
pub async fn pull_all(source: &mut dyn Source, cursor: &mut Vec<u8>) -> Vec<Item> {
    let mut items = Vec::new();
    for _ in 0..1_000 {
        let page = pull(source, cursor).await.unwrap();
        items.extend(page.items);
        if !page.more {
            return items;
        }
    }
    panic!("the source never comes to an end");
}

pub fn messages(items: &[Item]) -> Vec<&Incoming> {
    items.iter().filter_map(|item| if let Item::Message(message) = item { Some(&**message) } else { None }).collect()
}

pub fn changes(items: &[Item]) -> Vec<&Changed> {
    items.iter().filter_map(|item| if let Item::Change(change) = item { Some(&**change) } else { None }).collect()
}

pub fn texts(items: &[Item]) -> Vec<String> {
    messages(items).iter().map(|message| message.text.clone()).collect()
}

/// A runtime for a test that also speaks to Prosody in the plain way.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}
