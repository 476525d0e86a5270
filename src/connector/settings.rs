//! The settings of one account, as `config.toml` has them.

use crate::model::clean_line;
use std::path::PathBuf;
use std::time::Duration;

/// One `[[account]]` of `config.toml`, not yet understood by its connector.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountSettings {
    /// Its name.
    pub name: String,
    /// The kind of connector.
    pub connector: String,
    /// The whole table, `name` and `connector` included.
    pub table: toml::Table,
    /// The profile folder: relative paths start there.
    pub profile: PathBuf,
}

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("account \"{account}\": {problem}")]
pub struct SettingsError {
    /// Which account.
    pub account: String,
    /// What is wrong and what to write instead.
    pub problem: String,
}

/// What is wrong with a table, with the setting it is about: ``recheck`: invalid type: integer `5`, expected a string``.
pub(in crate::connector) fn mistake(error: &toml::de::Error) -> String {
    let said = error.to_string();
    let (what, key) = said.trim().rsplit_once("\nin ").map_or((said.trim(), None), |(what, key)| (what, Some(key)));
    clean_line(&match key {
        Some(key) => format!("{key}: {}", what.replace('\n', " ")),
        None => what.replace('\n', " "),
    })
}

/// A span of time as people write it: `500ms`, `10s`, `2m`, `1h`.
pub(in crate::connector) fn duration(key: &str, text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| duration_help(key, text))?;
    let millis = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => None,
    };
    millis.map(Duration::from_millis).ok_or_else(|| duration_help(key, text))
}

/// A span as written, `10s`, `2m`, `12h`, `30d`, in milliseconds; a hundred years at most.
pub(in crate::connector) fn span_millis(key: &str, text: &str) -> Result<i64, String> {
    let wrong = || {
        format!(
            "{key} = \"{}\" is not a span of time; write \"10s\", \"2m\", \"12h\" or \"30d\"",
            text.escape_default()
        )
    };
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: i64 = number.parse().map_err(|_| wrong())?;
    let millis = match unit {
        "ms" => Some(number),
        "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        "d" => number.checked_mul(86_400_000),
        _ => None,
    };
    millis.filter(|millis| *millis <= 100 * 366 * 86_400_000).ok_or_else(wrong)
}

fn duration_help(key: &str, text: &str) -> String {
    format!(
        "{key} = \"{}\" is not a span of time; write for instance \"500ms\", \"10s\", \"2m\" or \"1h\"",
        text.escape_default()
    )
}
