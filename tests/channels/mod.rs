//! Every channel against its platform: the real server where it can run here, else a simulator written from the
//! platform's documentation. What all of them must bear is in `contract`.
// A platform that refuses answers, and an answer is large.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod bluesky;
pub mod contract;
mod discord;
pub mod mastodon;
pub mod matrix;
mod meta;
mod qq;
mod reddit;
mod slack;
mod strict;
pub mod telegram;
mod twilio;
mod wechat;
mod wecom;
mod weibo;
mod whatsapp;
mod x;
mod xmpp;
mod youtube;

use std::collections::BTreeMap;
use std::path::Path;
use switchboard::connector::{self, AccountSettings, Connector, ConnectorError, PulledPage, Receipt};

/// A file that only its owner reads.
pub fn secret_file(profile: &Path, name: &str, secret: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = profile.join(name);
    std::fs::write(&path, secret).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The account `it` of a piece of `config.toml`, or what is wrong with it.
pub fn try_table(text: &str, profile: &Path) -> Result<Box<dyn Connector>, String> {
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    let table = table["account"][0].as_table().unwrap().clone();
    let connector = table["connector"].as_str().unwrap().to_owned();
    let settings =
        AccountSettings { name: "it".to_owned(), connector: connector.clone(), table, profile: profile.to_owned() };
    (connector::kind(&connector).unwrap().open)(&settings).map_err(|error| error.to_string())
}

/// As [`try_table`], for one that can be used.
pub fn open_table(text: &str, profile: &Path) -> Box<dyn Connector> {
    try_table(text, profile).unwrap_or_else(|error| panic!("{error}"))
}

/// The error of a pull.
pub fn only_error(pulled: Result<PulledPage, ConnectorError>) -> ConnectorError {
    pulled.map(|page| panic!("{page:?}")).unwrap_err()
}

/// The error of a send.
pub fn sink_error(delivered: Result<Receipt, ConnectorError>) -> ConnectorError {
    delivered.map(|receipt| panic!("{receipt:?}")).unwrap_err()
}

/// The fields of a form.
fn form(body: &str) -> BTreeMap<String, String> {
    let uri: axum::http::Uri = format!("http://x/?{body}").parse().unwrap();
    axum::extract::Query::try_from_uri(&uri).map(|query| query.0).unwrap_or_default()
}

/// JSON as an answer.
struct Json(serde_json::Value);

impl axum::response::IntoResponse for Json {
    fn into_response(self) -> axum::response::Response {
        ([("content-type", "application/json; charset=utf-8")], self.0.to_string()).into_response()
    }
}

/// Waits until it holds.
pub async fn until_known(holds: impl Fn() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !holds() {
        assert!(std::time::Instant::now() < end, "it never came to hold");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
