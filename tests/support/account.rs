//! Accounts at the test servers.

use super::dovecot::{Dovecot, PASSWORD};
use super::mail;
use std::path::PathBuf;
use std::time::Duration;
use switchboard::connector::{AccountSettings, Connector, ConnectorError, Item, PulledPage, Source, kind};

/// The connector of an account with these settings; `[imap]` and `[smtp]` tables as text.
pub fn connector(tables: &str) -> Box<dyn Connector> {
    try_connector(tables).unwrap_or_else(|problem| panic!("{problem}"))
}

/// As [`connector`], or what is wrong with the settings.
pub fn try_connector(tables: &str) -> Result<Box<dyn Connector>, String> {
    let text = format!(
        "name = \"support\"\nconnector = \"email\"\naddress = \"support@shop.example\"\nhold = \"0s\"\n{tables}"
    );
    let settings = AccountSettings {
        name: "support".to_owned(),
        connector: "email".to_owned(),
        table: text.parse().unwrap(),
        profile: PathBuf::from("/nonexistent"),
    };
    (kind("email").unwrap().open)(&settings).map_err(|problem| problem.to_string())
}

/// The line that names the password of every user.
pub fn password() -> String {
    format!("password_command = {:?}", format!("printf %s '{PASSWORD}'"))
}

/// The `[imap]` table of a user at this Dovecot, over TLS; `more` lines follow.
pub fn imap(server: &Dovecot, user: &str, more: &str) -> String {
    imap_at(server, user, server.imaps, more)
}

/// As [`imap`], at another port.
pub fn imap_at(server: &Dovecot, user: &str, port: u16, more: &str) -> String {
    format!(
        "[imap]\nhost = \"localhost\"\nport = {port}\nca_file = \"{}\"\nuser = \"{user}\"\n{}\n{more}\n",
        server.authority.display(),
        password(),
    )
}

/// The original and the folder of an item, understood or not.
pub fn original(item: &Item) -> (&str, &[u8]) {
    match item {
        Item::Message(message) => (&message.folder, &message.raw),
        Item::Unreadable(unreadable) => (&unreadable.folder, &unreadable.raw),
        Item::Change(_) => panic!("mail changes nothing"),
    }
}

/// The short ids of a page, in order.
pub fn ids(page: &PulledPage) -> Vec<String> {
    page.items.iter().map(|item| mail::id(original(item).1)).collect()
}

/// Pulls to the end; gives all pages.
pub async fn pull_all(source: &mut dyn Source, cursor: &mut Vec<u8>) -> Result<Vec<PulledPage>, ConnectorError> {
    let mut pages = Vec::new();
    loop {
        let page = tokio::time::timeout(Duration::from_secs(60), source.pull(cursor)).await.unwrap()?;
        *cursor = page.cursor.clone();
        let more = page.more;
        pages.push(page);
        if !more {
            return Ok(pages);
        }
        assert!(pages.len() < 10_000, "the source never comes to an end");
    }
}
