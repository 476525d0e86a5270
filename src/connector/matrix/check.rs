//! `switchboard account test`: each step by itself, in plain words.

use super::client::{Client, V3, now, short};
use super::settings::{Proof, server_of};
use crate::connector::http::{Call, Http};
use crate::connector::{Check, Reach, Watcher};
use crate::model::Half;
use serde_json::Value;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

pub(super) async fn check(client: &Client, reach: Reach, tell: Watcher<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut done = |what: String, outcome: Result<String, String>| {
        let check = Check { what, outcome };
        tell(Half::Receiving, &check);
        let well = check.outcome.is_ok();
        checks.push(check);
        well
    };
    let (Proof::Password(secret) | Proof::Token(secret)) = &client.settings.proof;
    let found = secret.resolve().await.map(|_| "found".to_owned()).map_err(|error| error.to_string());
    if !done("the secret".to_owned(), found) || reach == Reach::Secrets {
        return checks;
    }
    if !done(format!("reach {}", client.http.origin()), versions(client).await) {
        return checks;
    }
    done(format!("sign in as {}", client.settings.user), whoami(client).await);
    checks
}

/// Is it a homeserver at all?
async fn versions(client: &Client) -> Result<String, String> {
    let problem = match client.http.ask(Call::get("/_matrix/client/versions").within(LIMIT), now()).await {
        Ok(answer) => {
            let versions = answer.json().ok().and_then(|value| {
                let last = value.get("versions")?.as_array()?.iter().filter_map(Value::as_str).next_back()?;
                Some(short(last))
            });
            match versions {
                Some(last) if answer.is_success() => return Ok(format!("a Matrix homeserver, up to {last}")),
                _ => format!("what answers there (HTTP {}) is no Matrix homeserver", answer.status),
            }
        }
        Err(failure) => failure.to_string(),
    };
    match elsewhere(client).await {
        Some(base) => Err(format!("{problem}; its domain says the homeserver is at {base}: set base_url = \"{base}\"")),
        None => Err(format!("{problem}; set base_url to where the homeserver is")),
    }
}

/// Where the domain of our user id says that its homeserver is.
async fn elsewhere(client: &Client) -> Option<String> {
    let server = server_of(&client.settings.user)?;
    let http = Http::new(&format!("https://{server}"), false, None).ok()?;
    let answer = http.ask(Call::get("/.well-known/matrix/client").within(LIMIT), now()).await.ok()?;
    let base = answer.said("/m.homeserver/base_url");
    (answer.is_success() && !base.is_empty()).then_some(base)
}

/// Who are we, by the token?
async fn whoami(client: &Client) -> Result<String, String> {
    let me = || async {
        let call = Call::get(format!("{V3}/account/whoami")).within(LIMIT);
        client.read(call).await
    };
    let mut answer = me().await;
    if matches!(answer, Err(crate::connector::ConnectorError::Refresh { .. })) {
        answer = me().await;
    }
    let answer = answer.map_err(|error| error.to_string())?;
    let (user, device) = (answer.said("/user_id"), answer.said("/device_id"));
    if user != client.settings.user {
        return Err(format!("the token is that of {user}; set user = \"{user}\""));
    }
    Ok(format!("signed in, device {device}"))
}
