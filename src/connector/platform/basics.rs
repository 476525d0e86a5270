//! The settings that every platform's account has, read strictly.

use super::Held;
use crate::connector::settings::{duration, mistake};
use crate::connector::{AccountSettings, SecretRef, SettingsError};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Undo time unless the account says otherwise.
const HOLD: Duration = Duration::from_secs(10);
/// How seldom a platform may be asked.
const LONGEST_POLL: Duration = Duration::from_secs(24 * 3_600);

/// What a kind of connector expects of these settings.
pub(in crate::connector) struct Kind {
    /// The kind of place.
    pub channel: &'static str,
    /// Where its API is; `None` where everybody has their own.
    pub base_url: Option<&'static str>,
    /// Secrets that must be there.
    pub needs: &'static [&'static str],
    /// Secrets that may be there.
    pub may_have: &'static [&'static str],
    /// How often it is asked unless the account says otherwise.
    pub poll: Duration,
    /// How often at most.
    pub shortest_poll: Duration,
}

/// The settings that every platform's account has.
#[derive(Clone, Debug)]
pub(in crate::connector) struct Basics {
    /// Its name.
    pub name: String,
    /// The kind of place.
    pub channel: &'static str,
    /// What people call us there.
    pub address: String,
    /// The name answers come from; may be empty.
    pub display_name: String,
    /// Where the API is.
    pub base_url: String,
    /// A person wrote `base_url`.
    pub chosen: bool,
    /// Undo time.
    pub hold: Duration,
    /// How often the platform is asked.
    pub poll: Duration,
    /// The profile folder.
    pub profile: PathBuf,
}

/// The secrets of an account by their names: `token`, `signing_secret`.
#[derive(Debug, Default)]
pub(in crate::connector) struct Secrets(BTreeMap<&'static str, Arc<Held>>);

impl Secrets {
    /// The secret with this name; `None` where it is optional and not set.
    pub fn get(&self, name: &str) -> Option<Arc<Held>> {
        self.0.get(name).cloned()
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Held)> {
        self.0.iter().map(|(name, held)| (*name, held.as_ref()))
    }
}

impl Basics {
    /// Reads an account: these settings, its secrets, and what is the kind's own (`T` refuses unknown keys).
    ///
    /// # Errors
    /// Names the key that is wrong and says what to write.
    pub fn read<T: DeserializeOwned>(
        account: &AccountSettings,
        kind: &Kind,
    ) -> Result<(Basics, Secrets, T), SettingsError> {
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let mut table = account.table.clone();
        table.remove("name");
        table.remove("connector");
        let mut words = |key: &str| match table.remove(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) if !text.trim().is_empty() => Ok(Some(text)),
            Some(_) => Err(wrong(format!("{key} must be text in quotes, and not empty"))),
        };
        let mut secrets = Secrets::default();
        for name in kind.needs.iter().chain(kind.may_have) {
            if let Some(held) = secret(name, account, &mut words, &wrong)? {
                secrets.0.insert(*name, Arc::new(held));
            } else if kind.needs.contains(name) {
                return Err(wrong(format!(
                    "has no {name}: add one of {name}_command (prints it), {name}_env (a variable), {name}_file (a file \
                     only you can read)"
                )));
            }
        }
        let span = |key: &str, text: Option<String>, otherwise: Duration| {
            text.map_or(Ok(otherwise), |text| duration(key, &text)).map_err(wrong)
        };
        let chosen = words("base_url")?;
        let basics = Basics {
            name: account.name.clone(),
            channel: kind.channel,
            address: words("address")?.unwrap_or_else(|| account.name.clone()),
            display_name: words("display_name")?.unwrap_or_default(),
            chosen: chosen.is_some(),
            base_url: chosen.or(kind.base_url.map(str::to_owned)).ok_or_else(|| {
                wrong("has no base_url: write where the server is, as base_url = \"https://…\"".to_owned())
            })?,
            hold: span("hold", words("hold")?, HOLD)?,
            poll: span("poll", words("poll")?, kind.poll)?,
            profile: account.profile.clone(),
        };
        if !(kind.shortest_poll..=LONGEST_POLL).contains(&basics.poll) && !basics.chosen {
            let shortest = kind.shortest_poll.as_secs();
            return Err(wrong(format!("poll is at least \"{shortest}s\" here, and at most \"24h\"")));
        }
        let own = toml::Value::Table(table).try_into().map_err(|error: toml::de::Error| {
            let problem = mistake(&error);
            let more = if problem.contains("unknown field") { others(kind) } else { String::new() };
            wrong(format!("{problem}{more}"))
        })?;
        Ok((basics, secrets, own))
    }
}

/// The keys besides the kind's own.
fn others(kind: &Kind) -> String {
    let secrets = kind.needs.iter().chain(kind.may_have).map(|name| format!("{name}_command|_env|_file"));
    let all = ["address", "display_name", "base_url", "hold", "poll"].iter().map(|key| (*key).to_owned());
    format!("; besides there are {}", all.chain(secrets).collect::<Vec<_>>().join(", "))
}

fn secret(
    name: &str,
    account: &AccountSettings,
    words: &mut impl FnMut(&str) -> Result<Option<String>, SettingsError>,
    wrong: &impl Fn(String) -> SettingsError,
) -> Result<Option<Held>, SettingsError> {
    if account.table.contains_key(name) {
        return Err(wrong(format!(
            "a secret is not written into config.toml: put what is in {name} into a file only you can read, and name it \
             with {name}_file"
        )));
    }
    let mut found = Vec::new();
    for ending in ["command", "env", "file"] {
        let key = format!("{name}_{ending}");
        if let Some(text) = words(&key)? {
            let reference = match ending {
                "command" => SecretRef::Command(text),
                "env" => SecretRef::Env(text),
                _ => SecretRef::File(account.profile.join(text)),
            };
            found.push((key, reference));
        }
    }
    match found.len() {
        0 => Ok(None),
        1 => Ok(found.pop().map(|(_, reference)| Held::new(reference))),
        _ => {
            let keys: Vec<String> = found.into_iter().map(|(key, _)| key).collect();
            Err(wrong(format!("has {}: keep exactly one", keys.join(" and "))))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        #[serde(default)]
        own: Option<u32>,
    }

    const KIND: Kind = Kind {
        channel: "place",
        base_url: Some("https://place.example"),
        needs: &["token"],
        may_have: &["other"],
        poll: Duration::from_secs(30),
        shortest_poll: Duration::from_secs(5),
    };

    fn read(text: &str) -> Result<(Basics, Secrets, Own), String> {
        let table: toml::Table = text.parse().unwrap();
        let settings = AccountSettings {
            name: "it".to_owned(),
            connector: "place".to_owned(),
            table,
            profile: PathBuf::from("/profile"),
        };
        Basics::read(&settings, &KIND).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_sensible_values() {
        let (basics, secrets, own) = read("token_file = \"t\"\nown = 3").unwrap();
        assert_eq!((basics.address.as_str(), basics.chosen, basics.hold), ("it", false, HOLD));
        assert_eq!(basics.base_url, "https://place.example");
        assert!(secrets.get("token").is_some() && secrets.get("other").is_none());
        assert_eq!(own.own, Some(3));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_write() {
        for (text, said) in [
            ("", "token_command"),
            ("token_env = \"A\"\ntoken_file = \"t\"", "token_env and token_file"),
            ("token = \"123\"", "not written into config.toml"),
            ("token_env = \"A\"\nhodl = \"1s\"", "`hodl`"),
            ("token_env = \"A\"\nhold = 3", "hold must be text"),
            ("token_env = \"A\"\nhold = \"3\"", "hold = \"3\""),
            ("token_env = \"A\"\npoll = \"1s\"", "at least \"5s\""),
            ("token_env = \"\"", "not empty"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said) && error.contains("\"it\""), "{text}: {error}");
        }
    }
}
