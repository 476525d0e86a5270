//! `config.toml` and the profile folder.

mod edit;
mod place;
mod profile;
mod service;
mod webhook;

pub use edit::remove_account;
pub use profile::{default_profile, expand, home};
pub use webhook::WebhookSettings;

use crate::connector::AccountSettings;
use crate::model::{Comforts, Notify, Targets};
use place::Place;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {problem}")]
    Unreadable {
        /// The file.
        path: String,
        /// The system's answer, and what to do.
        problem: String,
    },
    /// Something in it is wrong.
    #[error("{path}:{}:{}: {}", .mistake.line, .mistake.column, .mistake.what)]
    Wrong {
        /// The file.
        path: String,
        /// What.
        mistake: Mistake,
    },
}

/// Something wrong in the text of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} (line {line}, column {column} of config.toml)")]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub what: String,
}

impl Mistake {
    fn new(Place { line, column }: Place, what: impl Into<String>) -> Mistake {
        Mistake { line, column, what: what.into() }
    }
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
    /// Whoever comes for the first time is shown the keys that matter.
    pub tour: bool,
    /// What screens may do with their terminals.
    pub comforts: Comforts,
    /// Where platforms push to; `None` when nothing is to come in that way.
    pub webhook: Option<WebhookSettings>,
    /// What cases are to be done in.
    pub service: Targets,
    /// The accounts, in their order.
    pub accounts: Vec<AccountSettings>,
    /// The line of `config.toml` each of them begins in.
    pub account_lines: Vec<usize>,
}

/// A longer `config.toml` is none.
const LONGEST: u64 = 1 << 20;

const NOT_A_LIST: &str = "accounts are written as [[account]], with two brackets";

/// The keys of the top level.
const KEYS: &[&str] = &[
    "agent",
    "theme",
    "keymap",
    "keep_free",
    "downloads",
    "tour",
    "mouse",
    "clipboard",
    "links",
    "moods",
    "plain",
    "notify",
    "webhook",
    "service",
    "account",
];

/// The first bytes of a file that a person wrote, at most so many. A pipe would be waited for, and a device has no end.
///
/// # Errors
/// When it cannot be read, or is no file.
pub fn beginning_of(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    use std::io::{Error, Read};
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "is no file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn read(path: &Path) -> std::io::Result<String> {
    use std::io::Error;
    let bytes = beginning_of(path, LONGEST + 1)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is larger than 1 MB"));
    }
    String::from_utf8(bytes).map_err(|error| Error::new(ErrorKind::InvalidData, error))
}

impl Config {
    /// Reads `config.toml` of a profile; what is not there has its default, the file included.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the file and the line.
    pub fn load(profile: &Path) -> Result<Config, ConfigError> {
        let path = profile.join("config.toml");
        let shown = || path.display().to_string();
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ConfigError::Unreadable { path: shown(), problem: unreadable(&error) }),
        };
        Config::parse(&text, profile).map_err(|mistake| ConfigError::Wrong { path: shown(), mistake })
    }

    /// Reads the text of a configuration for the profile folder `profile`.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str, profile: &Path) -> Result<Config, Mistake> {
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let place = place::at(text, error.span().map_or(0, |span| span.start));
            Mistake::new(place, error.message().trim().replace('\n', ", "))
        })?;
        let wrong = |key: &str, what: String| Mistake::new(place::of_key(text, key), what);
        if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(wrong(unknown, format!("unknown setting \"{unknown}\"; there are {}", KEYS.join(", "))));
        }
        let text_of = |key: &str| match table.get(key) {
            None => Ok(None),
            Some(toml::Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong(key, format!("\"{key}\" must be text in quotes"))),
        };
        let switch = |key: &str, otherwise: bool| match table.get(key) {
            None => Ok(otherwise),
            Some(toml::Value::Boolean(on)) => Ok(*on),
            Some(_) => Err(wrong(key, format!("\"{key}\" is true or false, without quotes"))),
        };
        let otherwise = Comforts::default();
        let comforts = Comforts {
            mouse: switch("mouse", otherwise.mouse)?,
            clipboard: switch("clipboard", otherwise.clipboard)?,
            links: switch("links", otherwise.links)?,
            moods: switch("moods", otherwise.moods)?,
            plain: switch("plain", otherwise.plain)?,
            notify: match text_of("notify")? {
                None => otherwise.notify,
                Some(word) => Notify::from_word(&word)
                    .ok_or_else(|| wrong("notify", format!("notify = \"{word}\" is not off, bell, osc9 or osc777")))?,
            },
        };
        let keep_free = match text_of("keep_free")? {
            None => 64,
            Some(size) => parse_megabytes(&size).map_err(|what| wrong("keep_free", what))?,
        };
        let webhook = table.get("webhook").map(WebhookSettings::read).transpose();
        let webhook = webhook.map_err(|what| wrong("webhook", what))?;
        let service = table.get("service").map_or(Ok(Targets::ORDINARY), service::read);
        let service = service.map_err(|what| wrong("service", what))?;
        let accounts = match table.get("account") {
            None => Vec::new(),
            Some(toml::Value::Array(tables)) => accounts(text, tables, profile)?,
            Some(_) => return Err(wrong("account", NOT_A_LIST.to_owned())),
        };
        let account_lines = (0..accounts.len()).map(|number| place::of_account(text, number, None).line).collect();
        Ok(Config {
            agent: text_of("agent")?.filter(|name| !name.trim().is_empty()).unwrap_or_else(profile::user),
            theme: text_of("theme")?.unwrap_or_else(|| "dark".to_owned()),
            keymap: text_of("keymap")?.unwrap_or_else(|| "default".to_owned()),
            keep_free,
            downloads: text_of("downloads")?.map_or_else(profile::downloads, |path| profile::expand(&path)),
            tour: switch("tour", true)?,
            comforts,
            webhook,
            service,
            accounts,
            account_lines,
        })
    }
}

/// Why the file cannot be read, and what to do.
fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            "it may not be read by you; is this another user's profile? Name your own with --profile DIR".to_owned()
        }
        ErrorKind::InvalidData => "it is not UTF-8 text; save it again as UTF-8".to_owned(),
        _ => error.to_string(),
    }
}

fn accounts(text: &str, tables: &[toml::Value], profile: &Path) -> Result<Vec<AccountSettings>, Mistake> {
    let mut accounts: Vec<AccountSettings> = Vec::new();
    for (number, value) in tables.iter().enumerate() {
        let wrong = |key: Option<&str>, what: String| Mistake::new(place::of_account(text, number, key), what);
        let toml::Value::Table(table) = value else {
            return Err(wrong(None, NOT_A_LIST.to_owned()));
        };
        let text_of = |key: &str| match table.get(key) {
            Some(toml::Value::String(text)) if !text.trim().is_empty() => Ok(text.clone()),
            _ => Err(wrong(Some(key), format!("an [[account]] needs {key} = \"…\""))),
        };
        let name = text_of("name")?;
        if name.chars().any(|c| c.is_control() || c.is_whitespace()) || name.len() > 64 {
            return Err(wrong(Some("name"), format!("the account name {name:?} must be one short word")));
        }
        if accounts.iter().any(|account| account.name == name) {
            return Err(wrong(Some("name"), format!("two accounts are called \"{name}\"; names must differ")));
        }
        let connector = text_of("connector")?;
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
        Config::parse(text, Path::new("/p")).map_err(|mistake| mistake.to_string())
    }

    /// Line and column of what is wrong.
    fn place(text: &str) -> (usize, usize) {
        let mistake = Config::parse(text, Path::new("/p")).unwrap_err();
        (mistake.line, mistake.column)
    }

    #[test]
    fn mistakes_are_named_by_line_and_column() {
        assert_eq!(place("agent = \"lin\"\ntheme = = 1\n"), (2, 9));
        assert_eq!(place("agent = \"lin\"\n  agnet = \"lin\"\n"), (2, 3));
        assert_eq!(place("\nkeep_free = 7\n"), (2, 1));
        let account = "[[account]]\nname = \"a\"\nconnector = \"email\"\n";
        assert_eq!(place(&format!("# ü\n{account}\n{account}")), (7, 1), "the second name");
        assert_eq!(place("[[account]]\nname = \"a\"\n"), (1, 1), "what is missing is missing in this account");
        let said = Config::parse("tour = 1", Path::new("/p")).unwrap_err();
        assert_eq!((said.line, said.what.as_str()), (1, "\"tour\" is true or false, without quotes"));
        let config = Config::parse(&format!("agent = \"x\"\n\n{account}"), Path::new("/p")).unwrap();
        assert_eq!(config.account_lines, [3]);
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
