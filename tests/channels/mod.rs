//! Every channel against its platform: the real server where it can run here, else a simulator written from the
//! platform's documentation. What all of them must bear is in `contract`.
#![allow(clippy::unwrap_used)]

mod contract;
mod reddit;
mod weibo;

use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A secret in a file of the profile, as its owner would write it.
fn secret_file(profile: &Path, name: &str, secret: &str) {
    use std::io::Write;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(profile.join(name))
        .unwrap();
    writeln!(file, "{secret}").unwrap();
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
