//! One XMPP account as a connector.

use super::archive::Archived;
use super::check::check;
use super::cursor::Cursor;
use super::settings::XmppSettings;
use super::sink::{XmppSink, stanza};
use super::source::XmppSource;
use super::stanza::{file, understand, unreadable};
use super::xml;
use crate::connector::http::{Http, MOST_MEDIA};
use crate::connector::{
    AccountSettings, Check, Connector, ConnectorError, Item, Reach, SettingsError, Sink, Source, Watcher,
};
use crate::model::{Abilities, AccountFacts, Count, Length, Outgoing, Timestamp, Way};
use futures::future::BoxFuture;
use std::sync::Arc;

/// Servers take at least 10,000 bytes a stanza (RFC 6120, 13.12) and mostly far more.
const MOST_TEXT: usize = 50_000;

/// An XMPP account.
pub(super) struct Xmpp {
    settings: Arc<XmppSettings>,
}

impl Xmpp {
    /// From its settings. Reaches for nothing.
    pub fn open(settings: &AccountSettings) -> Result<Xmpp, SettingsError> {
        Ok(Xmpp { settings: Arc::new(XmppSettings::read(settings)?) })
    }
}

impl Connector for Xmpp {
    fn facts(&self) -> AccountFacts {
        let settings = &self.settings;
        AccountFacts {
            name: settings.name.clone(),
            channel: "xmpp".to_owned(),
            address: settings.user.to_string(),
            display_name: settings.display_name.clone(),
            own: vec![settings.user.to_string()],
            hold: settings.hold,
            // The ids of what we send are ours: origin-id (XEP-0359).
            id_domain: Some(settings.user.domain().as_str().to_owned()),
            can_send: true,
            abilities: Abilities {
                direct: vec![Way::Direct],
                lengths: vec![Length { most: MOST_TEXT, count: Count::Bytes }],
                first_contact: true,
                ..Abilities::default()
            },
        }
    }

    fn source(&self) -> Option<Box<dyn Source>> {
        Some(Box::new(XmppSource::new(self.settings.clone())))
    }

    fn sink(&self) -> Option<Box<dyn Sink>> {
        Some(Box::new(XmppSink::new(self.settings.clone())))
    }

    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        let message = match xml::read(&raw) {
            Ok(message) => message,
            Err(reason) => return unreadable(reason, raw, received, folder, false),
        };
        let id = blake3::hash(&raw).to_hex()[..32].to_owned();
        let archived = Archived { id, at: received, message };
        let understood = understand(&archived, self.settings.user.as_str(), &mut Cursor::default());
        let nothing = || unreadable("it is no message".to_owned(), raw, received, folder, false);
        understood.into_iter().next().unwrap_or_else(nothing)
    }

    fn attachment(&self, _: &[u8], _: u32) -> Result<Vec<u8>, ConnectorError> {
        Err(ConnectorError::Reject { reason: "the file is on the web and is not fetched yet".to_owned() })
    }

    fn fetch<'a>(&'a self, raw: &'a [u8], _: u32) -> BoxFuture<'a, Result<Vec<u8>, ConnectorError>> {
        Box::pin(async move {
            let reject = |reason: String| ConnectorError::Reject { reason };
            let url = file(raw).map_err(reject)?;
            let base = format!("https://{}", self.settings.user.domain());
            let http = Http::new(&base, false, None).map_err(reject)?;
            Ok(http.fetch(&url, MOST_MEDIA).await.map_err(crate::connector::http::Failure::reading)?.body)
        })
    }

    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        let reject = |reason: String| ConnectorError::Reject { reason };
        if !attachments.is_empty() {
            return Err(reject("files cannot be sent over XMPP from here; leave them out".to_owned()));
        }
        stanza(outgoing).map_err(reject)
    }

    fn try_out<'a>(&'a self, reach: Reach, tell: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(check(&self.settings, reach, tell))
    }
}
