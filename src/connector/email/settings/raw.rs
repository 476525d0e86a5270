//! The settings as they are written, and the checks that make them usable.

use super::{Append, EmailSettings, ImapSettings, Login, Security, Server, SmtpSettings};
use crate::connector::SecretRef;
use crate::connector::settings::duration;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAccount {
    name: String,
    #[serde(rename = "connector")]
    _connector: String,
    address: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    aliases: Vec<String>,
    authserv_id: Option<String>,
    hold: Option<String>,
    #[serde(default)]
    archive: bool,
    imap: Option<RawImap>,
    smtp: Option<RawSmtp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawImap {
    host: String,
    port: Option<u16>,
    security: Option<Security>,
    #[serde(default)]
    allow_plaintext: bool,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password_command: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    token_command: Option<String>,
    folders: Option<Vec<String>>,
    sent: Option<String>,
    #[serde(default)]
    mark_seen: bool,
    poll: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSmtp {
    host: String,
    port: Option<u16>,
    security: Option<Security>,
    #[serde(default)]
    allow_plaintext: bool,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    password_command: Option<String>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    token_command: Option<String>,
    #[serde(default)]
    append: Append,
    timeout: Option<String>,
}

/// The part of a server that both directions share.
struct RawServer {
    host: String,
    port: u16,
    security: Security,
    allow_plaintext: bool,
    ca_file: Option<PathBuf>,
    user: Option<String>,
    secrets: [(&'static str, Option<SecretRef>); 4],
}

impl RawAccount {
    /// Checks all of it. The error is the end of a sentence that names the account.
    pub(super) fn check(self, profile: &Path) -> Result<EmailSettings, String> {
        for address in std::iter::once(&self.address).chain(&self.aliases) {
            check_address(address)?;
        }
        if self.display_name.chars().any(char::is_control) {
            return Err("display_name must be one line".to_owned());
        }
        let servers = self.imap.is_some() || self.smtp.is_some();
        if !servers && !self.archive {
            return Err("needs [account.imap] to read, [account.smtp] to send, or both (or archive = true for \
                        imported mail alone)"
                .to_owned());
        }
        if servers && self.archive {
            return Err("has archive = true and a server; keep one".to_owned());
        }
        let hold = self.hold.as_deref().map_or(Ok(Duration::from_secs(10)), |text| duration("hold", text))?;
        if hold > Duration::from_secs(24 * 3600) {
            return Err("hold is at most \"24h\"".to_owned());
        }
        let authserv_id = self.authserv_id.map(|id| id.trim().to_owned());
        if authserv_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > 255 || id.contains([';', ' ', '('])) {
            return Err("authserv_id is one word: the first of your server's Authentication-Results headers".to_owned());
        }
        let imap =
            self.imap.map(|raw| raw.check(profile)).transpose().map_err(|why| format!("[account.imap] {why}"))?;
        Ok(EmailSettings {
            name: self.name,
            address: self.address,
            display_name: self.display_name.trim().to_owned(),
            aliases: self.aliases,
            hold,
            imap: imap.map(|imap| ImapSettings { authserv_id: authserv_id.clone(), ..imap }),
            authserv_id,
            smtp: self.smtp.map(|raw| raw.check(profile)).transpose().map_err(|why| format!("[account.smtp] {why}"))?,
        })
    }
}

impl RawImap {
    fn check(self, profile: &Path) -> Result<ImapSettings, String> {
        let security = self.security.unwrap_or(Security::Tls);
        let server = RawServer {
            host: self.host,
            port: self.port.unwrap_or(if security == Security::Tls { 993 } else { 143 }),
            security,
            allow_plaintext: self.allow_plaintext,
            ca_file: self.ca_file,
            user: self.user,
            secrets: secrets(profile, self.password_command, self.password_env, self.password_file, self.token_command),
        }
        .check(profile)?;
        if server.login.is_none() {
            return Err(
                "needs user = \"…\" and one of password_command, password_env, password_file, token_command".to_owned()
            );
        }
        let mut folders: Vec<String> = Vec::new();
        for folder in self.folders.unwrap_or_else(|| vec!["INBOX".to_owned()]) {
            // RFC 3501 5.1: INBOX is the same in any case.
            let folder = if folder.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { folder };
            check_folder("folders", &folder)?;
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        if folders.is_empty() {
            return Err("folders must name at least one folder".to_owned());
        }
        if let Some(sent) = self.sent.as_deref().filter(|sent| !sent.is_empty()) {
            check_folder("sent", sent)?;
        }
        let poll = self.poll.as_deref().map_or(Ok(Duration::from_secs(60)), |text| duration("poll", text))?;
        if poll < Duration::from_secs(1) {
            return Err("poll is at least \"1s\"".to_owned());
        }
        Ok(ImapSettings { server, folders, sent: self.sent, mark_seen: self.mark_seen, poll, authserv_id: None })
    }
}

impl RawSmtp {
    fn check(self, profile: &Path) -> Result<SmtpSettings, String> {
        let security = self.security.unwrap_or(Security::Starttls);
        let server = RawServer {
            host: self.host,
            port: self.port.unwrap_or(match security {
                Security::Tls => 465,
                Security::Starttls => 587,
                Security::None => 25,
            }),
            security,
            allow_plaintext: self.allow_plaintext,
            ca_file: self.ca_file,
            user: self.user,
            secrets: secrets(profile, self.password_command, self.password_env, self.password_file, self.token_command),
        }
        .check(profile)?;
        // RFC 5321 4.5.3.2.6 allows a server ten minutes; five are more than any is known to take.
        let timeout = self.timeout.as_deref().map_or(Ok(Duration::from_secs(300)), |text| duration("timeout", text))?;
        if timeout < Duration::from_secs(1) {
            return Err("timeout is at least \"1s\"".to_owned());
        }
        Ok(SmtpSettings { server, append: self.append, timeout })
    }
}

fn secrets(
    profile: &Path,
    command: Option<String>,
    env: Option<String>,
    file: Option<PathBuf>,
    token: Option<String>,
) -> [(&'static str, Option<SecretRef>); 4] {
    [
        ("password_command", command.map(SecretRef::Command)),
        ("password_env", env.map(SecretRef::Env)),
        ("password_file", file.map(|path| SecretRef::File(profile.join(path)))),
        ("token_command", token.map(SecretRef::Command)),
    ]
}

impl RawServer {
    fn check(self, profile: &Path) -> Result<Server, String> {
        if self.host.is_empty() || self.host.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(format!("host = \"{}\" is not a host name", self.host.escape_default()));
        }
        if self.security == Security::None && !self.allow_plaintext && !is_loopback(&self.host) {
            return Err(format!(
                "security = \"none\" would send the password to {} unprotected; use \"tls\" or \"starttls\" \
                 (or allow_plaintext = true if that network is truly safe)",
                self.host
            ));
        }
        let given: Vec<&str> =
            self.secrets.iter().filter(|(_, secret)| secret.is_some()).map(|(key, _)| *key).collect();
        if given.len() > 1 {
            return Err(format!("has {}: keep exactly one", given.join(" and ")));
        }
        let secret = self.secrets.into_iter().find_map(|(key, secret)| Some((key, secret?)));
        let login = match (self.user, secret) {
            (None, None) => None,
            (Some(user), Some((key, secret))) => {
                if user.is_empty() || user.chars().any(char::is_control) {
                    return Err("user must be one line and not empty".to_owned());
                }
                Some(Login { user, secret, token: key == "token_command" })
            }
            (Some(_), None) => {
                return Err(
                    "has a user but no password; add one of password_command, password_env, password_file, token_command"
                        .to_owned(),
                );
            }
            (None, Some((key, _))) => return Err(format!("has {key} but no user")),
        };
        let ca_file = self.ca_file.map(|path| profile.join(path));
        Ok(Server { host: self.host, port: self.port, security: self.security, ca_file, login })
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn check_address(address: &str) -> Result<(), String> {
    address
        .parse::<lettre::Address>()
        .map(|_| ())
        .map_err(|_| format!("\"{}\" is not an e-mail address (write name@domain)", address.escape_default()))
}

fn check_folder(key: &str, name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > 1000 || name.chars().any(char::is_control) {
        return Err(format!("{key}: \"{}\" is not a folder name", name.escape_default()));
    }
    Ok(())
}
