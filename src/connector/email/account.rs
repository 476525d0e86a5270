//! One e-mail account as a connector.

use super::check::check;
use super::imap::{ImapSource, SentFolder};
use super::settings::EmailSettings;
use super::smtp::SmtpSink;
use super::{parse, render};
use crate::connector::{
    AccountSettings, Check, Connector, ConnectorError, Item, Reach, SettingsError, Sink, Source, Watcher,
};
use crate::model::{Abilities, AccountFacts, Outgoing, Timestamp};
use futures::future::BoxFuture;
use std::sync::Arc;

/// An e-mail account.
pub(super) struct Email {
    settings: EmailSettings,
    own: Vec<String>,
}

impl Email {
    /// From its settings. Reaches for nothing.
    pub(super) fn open(settings: &AccountSettings) -> Result<Email, SettingsError> {
        let settings = EmailSettings::read(settings)?;
        let mut own = Vec::new();
        for address in std::iter::once(&settings.address).chain(&settings.aliases) {
            let address = address.trim().to_lowercase();
            if !own.contains(&address) {
                own.push(address);
            }
        }
        Ok(Email { settings, own })
    }
}

impl Connector for Email {
    fn facts(&self) -> AccountFacts {
        let settings = &self.settings;
        AccountFacts {
            name: settings.name.clone(),
            channel: "email".to_owned(),
            address: settings.address.clone(),
            display_name: settings.display_name.clone(),
            own: self.own.clone(),
            hold: i64::try_from(settings.hold.as_millis()).unwrap_or(i64::MAX),
            id_domain: settings.address.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()),
            can_send: settings.smtp.is_some(),
            abilities: Abilities::mail(),
        }
    }

    fn source(&self) -> Option<Box<dyn Source>> {
        let imap = self.settings.imap.clone()?;
        Some(Box::new(ImapSource::new(Arc::new(imap), self.own.clone())))
    }

    fn sink(&self) -> Option<Box<dyn Sink>> {
        let smtp = self.settings.smtp.clone()?;
        let sent = self.settings.imap.clone().map(|imap| SentFolder::new(Arc::new(imap)));
        Some(Box::new(SmtpSink::new(Arc::new(smtp), self.settings.address.clone(), sent)))
    }

    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        parse::understand_from(raw, &self.own, self.settings.authserv_id.as_deref(), folder, received)
    }

    fn attachment(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        parse::attachment(raw, part)
    }

    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        render::render(outgoing, attachments)
    }

    fn try_out<'a>(&'a self, reach: Reach, tell: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(check(&self.settings, reach, tell))
    }
}
