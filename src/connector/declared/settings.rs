//! The table of an account whose connector is declared: what its file asks for, and what all have.

use super::spec::Spec;
use crate::connector::{AccountSettings, SecretRef, SettingsError};
use std::collections::BTreeMap;

/// Undo time when nothing is said, in milliseconds.
const HOLD: i64 = 10_000;

/// An account's settings, checked.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub name: String,
    pub address: String,
    pub display_name: String,
    pub hold: i64,
    pub base_url: Option<String>,
    pub token_url: Option<String>,
    /// `address` and what the file asks for.
    pub values: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretRef>,
}

impl Settings {
    /// Reads them.
    ///
    /// # Errors
    /// Names the key that is wrong and says what to write.
    pub fn read(spec: &Spec, account: &AccountSettings) -> Result<Settings, SettingsError> {
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let see = format!("`switchboard account help {}` lists the settings", spec.name);
        let mut known: Vec<String> =
            ["name", "connector", "address", "display_name", "hold", "base_url", "token_url", "public_url"]
                .map(str::to_owned)
                .to_vec();
        known.extend(spec.settings.iter().map(|setting| setting.name.clone()));
        for secret in &spec.secrets {
            known.extend(["command", "env", "file"].map(|way| format!("{}_{way}", secret.name)));
        }
        for key in account.table.keys() {
            if spec.secrets.iter().any(|secret| secret.name == *key) {
                return Err(wrong(format!(
                    "\"{key}\" is a secret and does not belong into config.toml; say where it is with {key}_command, {key}_env or {key}_file"
                )));
            }
            if !known.contains(key) {
                return Err(wrong(format!("unknown setting \"{key}\"; {see}")));
            }
        }
        let text = |key: &str| match account.table.get(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            Some(toml::Value::Integer(_)) => {
                Err(wrong(format!("{key} must be text in quotes: numbers can lose digits")))
            }
            Some(_) => Err(wrong(format!("{key} must be text in quotes"))),
        };
        let address = text("address")?.ok_or_else(|| {
            wrong(format!("address is missing: our own id or name there, so that our own messages are known; {see}"))
        })?;
        let hold = match text("hold")? {
            None => HOLD,
            Some(span) => super::sheet::span_millis(&span)
                .filter(|millis| *millis <= 86_400_000)
                .ok_or_else(|| wrong(format!("hold = \"{span}\" is no span up to a day; write \"30s\" or \"2m\"")))?,
        };
        let mut values = BTreeMap::from([("address".to_owned(), address.clone())]);
        for setting in &spec.settings {
            let given = match account.table.get(&setting.name) {
                Some(toml::Value::Boolean(on)) if setting.is_switch() => Some(on.to_string()),
                _ => text(&setting.name)?,
            };
            if setting.is_switch() && given.as_deref().is_some_and(|given| !["true", "false"].contains(&given)) {
                return Err(wrong(format!("{} is true or false: {}", setting.name, setting.doc)));
            }
            match given.or_else(|| setting.default.clone()) {
                Some(value) => {
                    values.insert(setting.name.clone(), value);
                }
                None if setting.optional => {}
                None => return Err(wrong(format!("{} is missing: {}; {see}", setting.name, setting.doc))),
            }
        }
        let mut secrets = BTreeMap::new();
        for secret in &spec.secrets {
            let name = &secret.name;
            let [command, env, file] = ["command", "env", "file"].map(|way| text(&format!("{name}_{way}")));
            let path = |file: String| account.profile.join(file);
            let found: Vec<SecretRef> = [
                command?.map(SecretRef::Command),
                env?.map(SecretRef::Env),
                file?.map(|file| SecretRef::File(path(file))),
            ]
            .into_iter()
            .flatten()
            .collect();
            match found.len() {
                0 if secret.optional => {}
                1 => {
                    secrets.extend(found.into_iter().map(|found| (name.clone(), found)));
                }
                0 => {
                    return Err(wrong(format!(
                        "there is no {name} ({}): write {name}_command, {name}_env or {name}_file",
                        secret.doc
                    )));
                }
                _ => return Err(wrong(format!("only one of {name}_command, {name}_env and {name}_file"))),
            }
        }
        Ok(Settings {
            name: account.name.clone(),
            address,
            display_name: text("display_name")?.unwrap_or_default(),
            hold,
            base_url: text("base_url")?,
            token_url: text("token_url")?,
            values,
            secrets,
        })
    }
}
