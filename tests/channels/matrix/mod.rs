//! Matrix, against a real Synapse.

mod journey;
mod limits;
mod pull;
mod send;

use crate::support::synapse::{PASSWORD, Synapse, User};
use std::path::Path;
use std::time::Duration;
use switchboard::connector::{
    AccountSettings, Changed, Connector, ConnectorError, Incoming, Item, PulledPage, Source, kind,
};

/// The settings of an account of this user, as `config.toml` has them.
pub fn settings(user: &User, port: u16, more: &str) -> String {
    let password = format!("printf %s '{PASSWORD}'");
    format!(
        "name = \"chat\"\nconnector = \"matrix\"\nuser = \"{}\"\nbase_url = \"http://127.0.0.1:{port}\"\nhold = \"0s\"\npassword_command = {password:?}\n{more}\n",
        user.id
    )
}

/// The connector of this user, at another port than Synapse's where asked.
pub fn connector_at(user: &User, port: u16, profile: &Path, more: &str) -> Box<dyn Connector> {
    let settings = AccountSettings {
        name: "chat".to_owned(),
        connector: "matrix".to_owned(),
        table: settings(user, port, more).parse().unwrap(),
        profile: profile.to_owned(),
    };
    (kind("matrix").unwrap().open)(&settings).unwrap()
}

pub fn connector(server: &Synapse, user: &User, profile: &Path) -> Box<dyn Connector> {
    connector_at(user, server.port, profile, "")
}

/// Pulls once, within a minute; a token that ended is fetched anew, as the worker does it.
pub async fn pull(
    connector: &dyn Connector,
    source: &mut dyn Source,
    cursor: &mut Vec<u8>,
) -> Result<PulledPage, ConnectorError> {
    let once = async {
        match source.pull(cursor).await {
            Err(ConnectorError::Refresh { .. }) => {
                connector.refresh().await?;
                source.pull(cursor).await
            }
            other => other,
        }
    };
    let page = tokio::time::timeout(Duration::from_secs(120), once).await.unwrap()?;
    *cursor = page.cursor.clone();
    Ok(page)
}

/// Pulls to the end; gives all items.
pub async fn pull_all(connector: &dyn Connector, source: &mut dyn Source, cursor: &mut Vec<u8>) -> Vec<Item> {
    let mut items = Vec::new();
    for _ in 0..1_000 {
        let page = pull(connector, source, cursor).await.unwrap();
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

/// A runtime for a test that also calls Synapse in the plain way.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test)
}
