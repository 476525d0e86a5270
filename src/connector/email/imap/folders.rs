//! Which folders there are, and which of them is Sent.

use super::mutf7;
use super::session::{COMMAND_LIMIT, LONG, Session};
use crate::connector::email::settings::ImapSettings;
use crate::connector::email::trouble::Trouble;
use async_imap::imap_proto::{MailboxDatum, NameAttribute, Response};

/// Names of the Sent folder where the server does not mark it (RFC 6154), lower case, in the order they are tried.
const SENT_NAMES: &[&str] = &[
    "sent",
    "sent items",
    "sent messages",
    "sent mail",
    "[gmail]/sent mail",
    "[google mail]/sent mail",
    "inbox.sent",
    "inbox.sent items",
    "inbox/sent",
    "gesendet",
    "gesendete objekte",
    "envoyés",
    "éléments envoyés",
    "enviados",
    "elementos enviados",
    "itens enviados",
    "posta inviata",
    "отправленные",
    "已发送",
    "已发送邮件",
    "送信済み",
];

/// A folder as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::connector::email) struct Folder {
    /// Its name, as people write it.
    pub(in crate::connector::email) name: String,
    /// Marked as the one for sent mail (RFC 6154).
    pub(in crate::connector::email) sent: bool,
}

/// All folders that can hold mail.
pub(in crate::connector::email) async fn list(session: &mut Session) -> Result<Vec<Folder>, Trouble> {
    let mut found = Vec::new();
    // SPECIAL-USE attributes come by themselves with most servers; the others must be asked.
    let extra = if session.can("SPECIAL-USE") && session.can("LIST-EXTENDED") { " RETURN (SPECIAL-USE)" } else { "" };
    session
        .command("LIST", &format!("LIST \"\" \"*\"{extra}"), COMMAND_LIMIT, LONG, |response| {
            let Response::MailboxData(MailboxDatum::List(folder)) = response else { return };
            let gone = |attribute: &NameAttribute<'_>| match attribute {
                NameAttribute::NoSelect => true,
                NameAttribute::Extension(name) => name.eq_ignore_ascii_case("\\NonExistent"),
                _ => false,
            };
            if !folder.name_attributes.iter().any(gone) {
                let sent = folder.name_attributes.contains(&NameAttribute::Sent);
                found.push(Folder { name: mutf7::decode(&folder.name), sent });
            }
        })
        .await?;
    // In the order a person looks for them.
    found.sort_by_cached_key(|folder| (folder.name != "INBOX", folder.name.to_lowercase()));
    Ok(found)
}

/// The Sent folder: as configured, else as marked, else by its name; `None` when there is none.
pub(in crate::connector::email) fn sent_folder(settings: &ImapSettings, folders: &[Folder]) -> Option<String> {
    match settings.sent.as_deref() {
        Some("") => None,
        Some(name) => Some(name.to_owned()),
        None => folders.iter().find(|folder| folder.sent).map(|folder| folder.name.clone()).or_else(|| {
            SENT_NAMES
                .iter()
                .find_map(|name| folders.iter().find(|folder| folder.name.to_lowercase() == *name))
                .map(|folder| folder.name.clone())
        }),
    }
}

/// Names for a sentence: the first dozen.
pub(in crate::connector::email) fn names(folders: &[Folder]) -> String {
    let mut names: Vec<String> = folders.iter().take(12).map(|folder| crate::model::clean_line(&folder.name)).collect();
    if folders.len() > names.len() {
        names.push("…".to_owned());
    }
    names.join(", ")
}
