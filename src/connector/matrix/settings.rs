//! The settings of a Matrix account, read strictly: a misspelt key is an error that names it.

use crate::connector::settings::{mistake, span_millis};
use crate::connector::{AccountSettings, SecretRef, SettingsError};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// Whose invitations are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Join {
    All,
    None,
    /// Those of people of these servers.
    Servers(Vec<String>),
}

impl Join {
    /// True when an invitation by this user is accepted.
    pub fn accepts(&self, inviter: &str) -> bool {
        match self {
            Join::All => true,
            Join::None => false,
            Join::Servers(servers) => servers.iter().any(|server| server_of(inviter) == Some(server.as_str())),
        }
    }
}

/// What proves who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// A password to log in with.
    Password(SecretRef),
    /// An access token made elsewhere.
    Token(SecretRef),
}

/// A whole account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MatrixSettings {
    pub name: String,
    pub user: String,
    pub base_url: String,
    pub display_name: String,
    pub device_id: String,
    pub proof: Proof,
    pub join: Join,
    /// Milliseconds the first look goes back.
    pub history: i64,
    /// Milliseconds.
    pub hold: i64,
    pub profile: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    #[serde(rename = "connector")]
    _connector: String,
    user: String,
    base_url: Option<String>,
    #[serde(default)]
    display_name: String,
    device_id: Option<String>,
    join: Option<RawJoin>,
    history: Option<String>,
    hold: Option<String>,
    password_command: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    token_command: Option<String>,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawJoin {
    Word(String),
    Servers(Vec<String>),
}

/// What follows the first colon of a user id.
pub(super) fn server_of(user: &str) -> Option<&str> {
    user.split_once(':').map(|(_, server)| server)
}

/// A user id as the grammar of the specification has it, as far as it matters here (historical ids included).
fn is_user_id(user: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    let parts = user.strip_prefix('@').and_then(|rest| rest.split_once(':'));
    user.len() <= 255 && parts.is_some_and(|(local, server)| plain(local) && plain(server))
}

impl MatrixSettings {
    /// Reads the table of an account.
    ///
    /// # Errors
    /// What is wrong and what to write instead.
    pub fn read(account: &AccountSettings) -> Result<MatrixSettings, SettingsError> {
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let raw: Raw = toml::Value::Table(account.table.clone()).try_into().map_err(|error| wrong(mistake(&error)))?;
        raw.check(&account.profile).map_err(wrong)
    }
}

impl Raw {
    fn check(self, profile: &Path) -> Result<MatrixSettings, String> {
        if !is_user_id(&self.user) {
            return Err(format!(
                "user = \"{}\" is not a Matrix user id; write \"@support:shop.example\"",
                self.user.escape_default()
            ));
        }
        let server = server_of(&self.user).unwrap_or_default();
        let base_url = self.base_url.unwrap_or_else(|| format!("https://{server}"));
        let join = match self.join {
            None => Join::All,
            Some(RawJoin::Word(word)) if word == "all" => Join::All,
            Some(RawJoin::Word(word)) if word == "none" => Join::None,
            Some(RawJoin::Word(word)) => {
                return Err(format!(
                    "join = \"{}\" is not known; write \"all\", \"none\" or a list of servers",
                    word.escape_default()
                ));
            }
            Some(RawJoin::Servers(servers)) => Join::Servers(servers),
        };
        let secrets = [
            ("password_command", self.password_command.map(SecretRef::Command), false),
            ("password_env", self.password_env.map(SecretRef::Env), false),
            ("password_file", self.password_file.map(|path| SecretRef::File(profile.join(path))), false),
            ("token_command", self.token_command.map(SecretRef::Command), true),
            ("token_env", self.token_env.map(SecretRef::Env), true),
            ("token_file", self.token_file.map(|path| SecretRef::File(profile.join(path))), true),
        ];
        let mut given = secrets.into_iter().filter_map(|(key, secret, token)| Some((key, secret?, token)));
        let proof = match (given.next(), given.next()) {
            (None, _) => {
                return Err(
                    "has no password; add password_command = \"…\" (or password_env, password_file, or a token_…)"
                        .to_owned(),
                );
            }
            (Some((_, secret, false)), None) => Proof::Password(secret),
            (Some((_, secret, true)), None) => Proof::Token(secret),
            (Some((one, ..)), Some((other, ..))) => return Err(format!("has {one} and {other}: keep exactly one")),
        };
        let device_id = match self.device_id {
            Some(device)
                if device.is_empty() || device.len() > 100 || !device.chars().all(|c| c.is_ascii_graphic()) =>
            {
                return Err("device_id is a short word of letters and digits".to_owned());
            }
            Some(device) => device,
            None => own_device(profile, &self.name, &self.user),
        };
        Ok(MatrixSettings {
            join,
            proof,
            device_id,
            history: span_millis("history", self.history.as_deref().unwrap_or("30d"))?,
            hold: span_millis("hold", self.hold.as_deref().unwrap_or("10s"))?.min(86_400_000),
            name: self.name,
            user: self.user,
            base_url,
            display_name: self.display_name.trim().to_owned(),
            profile: profile.to_owned(),
        })
    }
}

/// The same for this account of this profile on this machine, and another one everywhere else: a second login with the
/// same device ends the first one's.
fn own_device(profile: &Path, name: &str, user: &str) -> String {
    // A machine without this file has one profile at one path all the same.
    let machine = std::fs::read("/etc/machine-id").unwrap_or_default();
    let mut hash = blake3::Hasher::new();
    for part in [&machine[..], profile.as_os_str().as_encoded_bytes(), name.as_bytes(), user.as_bytes()] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("SWITCHBOARD{}", hash.finalize().to_hex()[..10].to_ascii_uppercase())
}
