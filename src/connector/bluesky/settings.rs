//! The settings of a Bluesky account.

use crate::connector::http::Http;
use crate::connector::settings::mistake;
use crate::connector::{AccountSettings, SecretRef, SettingsError};
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    #[serde(rename = "connector")]
    _connector: String,
    handle: String,
    password_command: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    #[serde(default)]
    direct_messages: bool,
    #[serde(default)]
    display_name: String,
    history: Option<String>,
    poll: Option<String>,
    hold: Option<String>,
    base_url: Option<String>,
    chat_service: Option<String>,
}

/// What an account is set to.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub name: String,
    pub handle: String,
    pub password: SecretRef,
    pub direct_messages: bool,
    pub display_name: String,
    /// How far the first walk goes back.
    pub history: Duration,
    pub poll: Duration,
    pub hold: Duration,
    pub chat_service: String,
    pub http: Http,
}

const DAY: u64 = 86_400;

/// A span as it is written: `30s`, `5m`, `2h`, `30d`.
fn span(name: &str, text: &str) -> Result<Duration, String> {
    let bad = || format!("{name} = \"{text}\" is no span; write \"30s\", \"5m\", \"2h\" or \"30d\"");
    let (number, unit) = text.split_at(text.trim_end_matches(char::is_alphabetic).len());
    let number: u64 = number.trim().parse().map_err(|_| bad())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => DAY,
        _ => return Err(bad()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(bad)
}

impl Settings {
    pub fn read(settings: &AccountSettings) -> Result<Settings, SettingsError> {
        let problem = |problem: String| SettingsError { account: settings.name.clone(), problem };
        let raw: Raw = settings.table.clone().try_into().map_err(|error| problem(mistake(&error)))?;
        Settings::check(raw, settings).map_err(problem)
    }

    fn check(raw: Raw, settings: &AccountSettings) -> Result<Settings, String> {
        let handle = raw.handle.trim().trim_start_matches('@').to_owned();
        if handle.is_empty() || !handle.chars().all(|c| c.is_ascii_alphanumeric() || ".:-_%".contains(c)) {
            return Err("handle must be a handle (\"shop.bsky.social\") or a DID".to_owned());
        }
        let secrets = [
            raw.password_command.map(SecretRef::Command),
            raw.password_env.map(SecretRef::Env),
            raw.password_file.map(|path| SecretRef::File(settings.profile.join(path))),
        ];
        let mut secrets = secrets.into_iter().flatten();
        let (Some(password), None) = (secrets.next(), secrets.next()) else {
            return Err(
                "needs exactly one of password_command, password_env, password_file (an app password)".to_owned()
            );
        };
        let chosen = |name: &str, text: Option<String>, usual: u64| {
            text.map_or(Ok(Duration::from_secs(usual)), |text| span(name, &text))
        };
        let hold = chosen("hold", raw.hold, 10)?;
        if hold.as_secs() > DAY {
            return Err("hold is at most \"24h\"".to_owned());
        }
        let base = raw.base_url.as_deref().unwrap_or("https://bsky.social");
        let http = Http::new(base, raw.base_url.is_some(), None).map_err(|why| format!("base_url: {why}"))?;
        Ok(Settings {
            name: raw.name,
            handle,
            password,
            direct_messages: raw.direct_messages,
            display_name: crate::model::clean_line(&raw.display_name),
            history: chosen("history", raw.history, 30 * DAY)?,
            poll: chosen("poll", raw.poll, 30)?.max(Duration::from_secs(5)),
            hold,
            chat_service: raw.chat_service.unwrap_or_else(|| "did:web:api.bsky.chat#bsky_chat".to_owned()),
            http,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Settings, SettingsError> {
        let table = format!("name = \"sky\"\nconnector = \"bluesky\"\n{text}").parse().unwrap();
        let (name, connector) = ("sky".to_owned(), "bluesky".to_owned());
        Settings::read(&AccountSettings { name, connector, table, profile: PathBuf::from("/profile") })
    }

    #[test]
    fn the_example_of_the_help_can_be_used_and_a_misspelt_key_is_named() {
        let help = include_str!("help.txt");
        let example: Vec<_> =
            help.lines().filter(|line| line.contains(" = ") && !line.starts_with(' ')).skip(2).collect();
        let settings = read(&example.join("\n")).unwrap();
        assert_eq!(settings.handle, "shop.bsky.social");
        assert_eq!(settings.history, Duration::from_secs(30 * DAY));
        let wrong = read("handle = \"a.b\"\npasword_env = \"X\"").unwrap_err().to_string();
        assert!(wrong.contains("pasword_env"), "{wrong}");
    }

    #[test]
    fn exactly_one_password_and_a_server_that_may_be_spoken_to() {
        assert!(read("handle = \"a.b\"").is_err());
        assert!(read("handle = \"a.b\"\npassword_env = \"X\"\npassword_command = \"y\"").is_err());
        assert!(read("handle = \"a.b\"\npassword_env = \"X\"\nbase_url = \"http://pds.example\"").is_err());
        assert!(read("handle = \"a b\"\npassword_env = \"X\"").is_err());
        assert!(read("handle = \"a.b\"\npassword_env = \"X\"\npoll = \"soon\"").is_err());
        assert!(read("handle = \"@a.b\"\npassword_env = \"X\"\nbase_url = \"http://127.0.0.1:9\"").is_ok());
    }
}
