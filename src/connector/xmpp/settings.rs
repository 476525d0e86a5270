//! The settings of an XMPP account, read strictly: a misspelt key is an error that names it.

use crate::connector::settings::{mistake, span_millis};
use crate::connector::{AccountSettings, SecretRef, SettingsError};
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use tokio_xmpp::jid::BareJid;

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Security {
    Tls,
    Starttls,
    None,
}

/// A whole account.
#[derive(Clone, Debug)]
pub(super) struct XmppSettings {
    pub name: String,
    /// Our own address, normalised.
    pub user: BareJid,
    /// Where the server is; `None` asks the domain.
    pub server: Option<(String, u16)>,
    pub security: Security,
    pub ca_file: Option<PathBuf>,
    pub display_name: String,
    pub password: SecretRef,
    /// Milliseconds the first look goes back.
    pub history: i64,
    /// Milliseconds.
    pub hold: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    #[serde(rename = "connector")]
    _connector: String,
    user: String,
    server: Option<String>,
    security: Option<Security>,
    ca_file: Option<PathBuf>,
    #[serde(default)]
    display_name: String,
    history: Option<String>,
    hold: Option<String>,
    password_command: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
}

impl XmppSettings {
    /// Reads the table of an account.
    ///
    /// # Errors
    /// What is wrong and what to write instead.
    pub fn read(account: &AccountSettings) -> Result<XmppSettings, SettingsError> {
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let raw: Raw = toml::Value::Table(account.table.clone()).try_into().map_err(|error| wrong(mistake(&error)))?;
        raw.check(&account.profile).map_err(wrong)
    }
}

impl Raw {
    fn check(self, profile: &Path) -> Result<XmppSettings, String> {
        let wrong = || {
            format!("user = \"{}\" is not an XMPP address; write \"support@shop.example\"", self.user.escape_default())
        };
        let user = BareJid::new(&self.user).map_err(|_| wrong())?;
        if user.node().is_none() {
            return Err(wrong());
        }
        let security = self.security.unwrap_or(Security::Starttls);
        let port = if security == Security::Tls { 5223 } else { 5222 };
        let server = self.server.as_deref().map(|text| place(text, port)).transpose()?;
        let is_here =
            |host: &str| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if security == Security::None && !server.as_ref().is_some_and(|(host, _)| is_here(host)) {
            return Err("security = \"none\" is for a server on this machine; use \"starttls\" or \"tls\"".to_owned());
        }
        let secrets = [
            self.password_command.map(SecretRef::Command),
            self.password_env.map(SecretRef::Env),
            self.password_file.map(|path| SecretRef::File(profile.join(path))),
        ];
        let mut given = secrets.into_iter().flatten();
        let password = match (given.next(), given.next()) {
            (Some(secret), None) => secret,
            (None, _) => {
                return Err("has no password; add password_command = \"…\" (or password_env, password_file)".to_owned());
            }
            _ => return Err("has several passwords: keep exactly one".to_owned()),
        };
        Ok(XmppSettings {
            name: self.name,
            user,
            server,
            security,
            ca_file: self.ca_file.map(|path| profile.join(path)),
            display_name: self.display_name.trim().to_owned(),
            password,
            history: span_millis("history", self.history.as_deref().unwrap_or("30d"))?,
            hold: span_millis("hold", self.hold.as_deref().unwrap_or("10s"))?.min(86_400_000),
        })
    }
}

/// `HOST` or `HOST:PORT`.
fn place(text: &str, port: u16) -> Result<(String, u16), String> {
    let wrong = || format!("server = \"{}\" is not HOST or HOST:PORT", text.escape_default());
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, port.parse().map_err(|_| wrong())?),
        _ => (text, port),
    };
    let host = host.trim_matches(['[', ']']);
    if host.is_empty() || host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(wrong());
    }
    Ok((host.to_owned(), port))
}
