//! `config.toml` and the profile folder.

mod edit;
mod profile;

pub use edit::remove_account;
pub use profile::{default_profile, expand, home};

use crate::connector::AccountSettings;
use crate::model::{Comforts, Notify};
use std::path::{Path, PathBuf};

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct ConfigError {
    /// The file.
    pub path: String,
    /// What is wrong, with line and column where known, and what to write instead.
    pub problem: String,
}

/// What `config.toml` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The name the agent works under.
    pub agent: String,
    /// The theme of the screen.
    pub theme: String,
    /// The keymap of the screen.
    pub keymap: String,
    /// Megabytes that stay free on the disk of the profile.
    pub keep_free: u64,
    /// Where attachments and originals are saved.
    pub downloads: PathBuf,
    /// What screens may do with their terminals.
    pub comforts: Comforts,
    /// The accounts, in their order.
    pub accounts: Vec<AccountSettings>,
}

/// The keys of the top level.
const KEYS: &[&str] =
    &["agent", "theme", "keymap", "keep_free", "downloads", "mouse", "clipboard", "links", "notify", "account"];

impl Config {
    /// Reads `config.toml` of a profile; what is not there has its default, the file included.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the file and the line.
    pub fn load(profile: &Path) -> Result<Config, ConfigError> {
        let path = profile.join("config.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ConfigError { path: path.display().to_string(), problem: error.to_string() }),
        };
        Config::parse(&text, profile).map_err(|problem| ConfigError { path: path.display().to_string(), problem })
    }

    /// Reads the text of a configuration for the profile folder `profile`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str, profile: &Path) -> Result<Config, String> {
        let table: toml::Table = toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())?;
        if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(format!("unknown setting \"{unknown}\"; there are {}", KEYS.join(", ")));
        }
        let text_of = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(format!("\"{key}\" must be text in quotes")),
        };
        let switch = |key: &str, otherwise: bool| match table.get(key) {
            None => Ok(otherwise),
            Some(toml::Value::Boolean(on)) => Ok(*on),
            Some(_) => Err(format!("\"{key}\" is true or false, without quotes")),
        };
        let otherwise = Comforts::default();
        let comforts = Comforts {
            mouse: switch("mouse", otherwise.mouse)?,
            clipboard: switch("clipboard", otherwise.clipboard)?,
            links: switch("links", otherwise.links)?,
            notify: match text_of("notify")? {
                None => otherwise.notify,
                Some(word) => Notify::from_word(&word)
                    .ok_or_else(|| format!("notify = \"{word}\" is not off, bell, osc9 or osc777"))?,
            },
        };
        let keep_free = match text_of("keep_free")? {
            None => 64,
            Some(size) => parse_megabytes(&size)?,
        };
        let accounts = match table.get("account") {
            None => Vec::new(),
            Some(toml::Value::Array(tables)) => accounts(tables, profile)?,
            Some(_) => return Err("accounts are written as [[account]], with two brackets".to_owned()),
        };
        Ok(Config {
            agent: text_of("agent")?.filter(|name| !name.trim().is_empty()).unwrap_or_else(profile::user),
            theme: text_of("theme")?.unwrap_or_else(|| "dark".to_owned()),
            keymap: text_of("keymap")?.unwrap_or_else(|| "default".to_owned()),
            keep_free,
            downloads: text_of("downloads")?.map_or_else(profile::downloads, |path| profile::expand(&path)),
            comforts,
            accounts,
        })
    }
}

fn accounts(tables: &[toml::Value], profile: &Path) -> Result<Vec<AccountSettings>, String> {
    let mut accounts: Vec<AccountSettings> = Vec::new();
    for value in tables {
        let toml::Value::Table(table) = value else {
            return Err("accounts are written as [[account]], with two brackets".to_owned());
        };
        let text = |key: &str| match table.get(key) {
            Some(toml::Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
            _ => Err(format!("an [[account]] needs {key} = \"…\"")),
        };
        let name = text("name")?;
        if name.chars().any(|c| c.is_control() || c.is_whitespace()) || name.len() > 64 {
            return Err(format!("the account name {name:?} must be one short word"));
        }
        if accounts.iter().any(|account| account.name == name) {
            return Err(format!("two accounts are called \"{name}\"; names must differ"));
        }
        let connector = text("connector")?;
        accounts.push(AccountSettings { name, connector, table: table.clone(), profile: profile.to_owned() });
    }
    Ok(accounts)
}

fn parse_megabytes(size: &str) -> Result<u64, String> {
    let wrong = || format!("keep_free = \"{size}\" is not a size; write \"64MB\" or \"1GB\"");
    let upper = size.trim().to_ascii_uppercase();
    let (digits, factor) = match (upper.strip_suffix("GB"), upper.strip_suffix("MB")) {
        (Some(digits), _) => (digits, 1024),
        (None, Some(digits)) => (digits, 1),
        _ => return Err(wrong()),
    };
    digits.trim().parse::<u64>().map(|number| number.saturating_mul(factor)).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("/p"))
    }

    #[test]
    fn an_empty_file_is_a_whole_configuration() {
        let config = parse("").unwrap();
        assert_eq!(config.comforts, Comforts::default());
        assert_eq!(config.accounts, []);
        assert_eq!((config.keep_free, config.theme.as_str(), config.keymap.as_str()), (64, "dark", "default"));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(parse("agnet = \"lin\"").unwrap_err().contains("agnet"));
        assert!(parse("a = ").unwrap_err().contains("line 1"));
        assert!(parse("[account]\nname = \"a\"").unwrap_err().contains("[[account]]"));
        assert!(parse("[[account]]\nname = \"a\"").unwrap_err().contains("connector"));
        let twice = "[[account]]\nname = \"a\"\nconnector = \"email\"\n".repeat(2);
        assert!(parse(&twice).unwrap_err().contains("two accounts"));
        assert!(parse("mouse = \"yes\"").unwrap_err().contains("true or false"));
        assert!(parse("notify = \"loud\"").unwrap_err().contains("osc777"));
        assert!(parse("keep_free = \"lots\"").unwrap_err().contains("64MB"));
    }
}
