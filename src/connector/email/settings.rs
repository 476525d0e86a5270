//! The settings of an e-mail account, read strictly: a misspelt key is an error that names it.

mod raw;

use crate::connector::settings::mistake;
use crate::connector::{AccountSettings, SecretRef, SettingsError};
use raw::RawAccount;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// TLS from the first byte.
    Tls,
    /// Plain, then upgraded; never goes on without the upgrade.
    Starttls,
    /// Not at all: this machine only, unless `allow_plaintext`.
    None,
}

/// When a copy goes to the Sent folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Append {
    /// Unless the server has filed it by itself.
    #[default]
    Auto,
    /// Also at servers known to file by themselves.
    Always,
    /// Never.
    Never,
}

/// Where one server is, and how to get in.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Protection.
    pub security: Security,
    /// A private authority's certificates (PEM), trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// How to log in; `None` for an SMTP server that asks for nothing.
    pub login: Option<Login>,
}

impl Server {
    /// `host:port`, for people.
    pub fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Who logs in, and with what.
#[derive(Clone, Debug, PartialEq)]
pub struct Login {
    /// The user name.
    pub user: String,
    /// Where the password or token is.
    pub secret: SecretRef,
    /// The secret is an OAuth access token (XOAUTH2).
    pub token: bool,
}

/// Mail in.
#[derive(Clone, Debug, PartialEq)]
pub struct ImapSettings {
    /// The server.
    pub server: Server,
    /// Folders to file, the one to watch first.
    pub folders: Vec<String>,
    /// The Sent folder: `None` finds it, empty for none.
    pub sent: Option<String>,
    /// Mark as read at the server what was filed here.
    pub mark_seen: bool,
    /// How often folders are looked at that the server does not report by itself.
    pub poll: Duration,
    /// As [`EmailSettings::authserv_id`].
    pub authserv_id: Option<String>,
}

/// Mail out.
#[derive(Clone, Debug, PartialEq)]
pub struct SmtpSettings {
    /// The server.
    pub server: Server,
    /// When a copy goes to the Sent folder.
    pub append: Append,
    /// How long to wait for the last word on a message.
    pub timeout: Duration,
}

/// A whole e-mail account.
#[derive(Clone, Debug, PartialEq)]
pub struct EmailSettings {
    /// Its name.
    pub name: String,
    /// The address answers come from.
    pub address: String,
    /// The name answers come from; may be empty.
    pub display_name: String,
    /// Other addresses that are ours.
    pub aliases: Vec<String>,
    /// The name under which our own server says what it thinks of senders (RFC 8601); `None` believes nobody.
    pub authserv_id: Option<String>,
    /// Undo time.
    pub hold: Duration,
    /// Mail in; `None` for an account that only sends.
    pub imap: Option<ImapSettings>,
    /// Mail out; `None` for an account that only reads.
    pub smtp: Option<SmtpSettings>,
}

impl EmailSettings {
    /// Reads the settings of one account.
    ///
    /// # Errors
    /// Names the key that is wrong and says what to write.
    pub fn read(settings: &AccountSettings) -> Result<EmailSettings, SettingsError> {
        let problem = |problem: String| SettingsError { account: settings.name.clone(), problem };
        let raw: RawAccount =
            toml::Value::Table(settings.table.clone()).try_into().map_err(|error| problem(mistake(&error)))?;
        raw.check(&settings.profile).map_err(problem)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<EmailSettings, SettingsError> {
        let table: toml::Table = text.parse().unwrap();
        EmailSettings::read(&AccountSettings {
            name: "support".to_owned(),
            connector: "email".to_owned(),
            table,
            profile: PathBuf::from("/profile"),
        })
    }

    const FULL: &str = r#"
        name = "support"
        connector = "email"
        address = "support@shop.example"
        aliases = ["help@shop.example"]
        hold = "2m"
        [imap]
        host = "imap.shop.example"
        user = "support"
        password_file = "imap.secret"
        folders = ["inbox", "Orders"]
        [smtp]
        host = "smtp.shop.example"
        user = "support"
        token_command = "token"
    "#;

    fn problem(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_left_out_has_sensible_values() {
        let settings = read(FULL).unwrap();
        let imap = settings.imap.unwrap();
        assert_eq!((imap.server.port, imap.server.security), (993, Security::Tls));
        assert_eq!(imap.folders, ["INBOX", "Orders"]);
        assert_eq!((imap.sent, imap.mark_seen, imap.poll), (None, false, Duration::from_secs(60)));
        let login = imap.server.login.unwrap();
        assert_eq!(login.secret, SecretRef::File(PathBuf::from("/profile/imap.secret")));
        let smtp = settings.smtp.unwrap();
        assert_eq!((smtp.server.port, smtp.server.security), (587, Security::Starttls));
        assert!(smtp.server.login.unwrap().token);
        assert_eq!(settings.hold, Duration::from_secs(120));
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = problem(&FULL.replace("folders =", "folder ="));
        assert!(error.contains("`folder`") && error.contains("folders") && error.contains("support"), "{error}");
    }

    #[test]
    fn plaintext_is_only_for_this_machine() {
        let plain = FULL.replace("host = \"imap", "security = \"none\"\nhost = \"imap");
        let error = problem(&plain);
        assert!(error.contains("unprotected") && error.contains("[account.imap]"), "{error}");
        assert!(read(&plain.replace("imap.shop.example", "127.0.0.1")).is_ok());
        assert!(read(&plain.replace("security = \"none\"", "security = \"none\"\nallow_plaintext = true")).is_ok());
    }

    #[test]
    fn exactly_one_secret_is_asked_for() {
        let error = problem(&FULL.replace("password_file", "password_env = \"X\"\npassword_file"));
        assert!(error.contains("password_env and password_file"), "{error}");
        let error = problem(&FULL.replace("password_file = \"imap.secret\"", ""));
        assert!(error.contains("no password"), "{error}");
    }

    #[test]
    fn spans_and_addresses_are_read_strictly() {
        for bad in ["10", "ten s", "1.5s", "10 s", "-1s", "99999999999999999999s", "1d", ""] {
            let error = problem(&FULL.replace("\"2m\"", &format!("\"{bad}\"")));
            assert!(error.contains("hold"), "{bad}: {error}");
        }
        let error = problem(&FULL.replace("help@shop.example", "help shop"));
        assert!(error.contains("help shop"), "{error}");
        assert_eq!(read(&FULL.replace("\"2m\"", "\"0s\"")).unwrap().hold, Duration::ZERO);
    }

    #[test]
    fn an_account_may_only_send_or_only_read_but_not_neither() {
        let head = FULL.split("[imap]").next().unwrap();
        assert!(problem(head).contains("[account.imap]"));
        let smtp = FULL.split("[smtp]").nth(1).unwrap();
        assert!(read(&format!("{head}[smtp]{smtp}")).unwrap().imap.is_none());
        let archive = read(&format!("{head}archive = true")).unwrap();
        assert!(archive.imap.is_none() && archive.smtp.is_none());
        assert!(problem(&format!("{head}archive = true\n[smtp]{smtp}")).contains("archive"));
    }

    #[test]
    fn the_help_names_every_setting() {
        let help = crate::connector::email::KIND.help;
        // An unknown key is answered with the list of all known ones.
        for table in
            [FULL.replace("hold", "odd"), FULL.replace("folders", "odd"), FULL.replace("[smtp]", "[smtp]\nodd = 1")]
        {
            let error = problem(&table);
            let (_, known) = error.split_once("expected").unwrap();
            let keys: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
            assert!(keys.len() > 5, "{error}");
            for key in keys {
                assert!(help.contains(key), "{key} is not in the help");
            }
        }
    }

    #[test]
    fn the_example_of_the_help_can_be_used() {
        let help = crate::connector::email::KIND.help;
        let example = help.split("\n\n").skip(1).take(3).collect::<Vec<_>>().join("\n");
        let file: toml::Table = example.parse().unwrap();
        let table = file["account"][0].as_table().unwrap().clone();
        let settings = AccountSettings {
            name: "support".to_owned(),
            connector: "email".to_owned(),
            table,
            profile: PathBuf::from("/profile"),
        };
        assert!(EmailSettings::read(&settings).unwrap().smtp.is_some());
    }
}
