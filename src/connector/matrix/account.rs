//! One Matrix account as a connector.

use super::check::check;
use super::client::Client;
use super::cursor::Cursor;
use super::event::{Event, Meaning, Place, media, still_left_out, unreadable};
use super::room::Room;
use super::settings::MatrixSettings;
use super::sink::{MatrixSink, content};
use super::source::MatrixSource;
use crate::connector::http::{Call, Failure, MOST_MEDIA};
use crate::connector::{
    AccountSettings, Check, Connector, ConnectorError, Item, Reach, SettingsError, Sink, Source, Watcher,
};
use crate::model::{Abilities, AccountFacts, Count, Idempotency, Length, Outgoing, Timestamp, Way};
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a text that fit into an event with room for what is around it.
const MOST_TEXT: usize = 40_000;
/// Synapse forgets transactions after a day (`EVENT_TXN_ID` cleanup); we rely on half of that.
const TRANSACTIONS: i64 = 12 * 3_600_000;
/// A file may take longer than other calls.
const FETCH: Duration = Duration::from_secs(180);

/// A Matrix account.
pub(super) struct Matrix {
    client: Arc<Client>,
}

impl Matrix {
    /// From its settings. Reaches for nothing.
    pub fn open(settings: &AccountSettings) -> Result<Matrix, SettingsError> {
        let wrong = |problem: String| SettingsError { account: settings.name.clone(), problem };
        let client = Client::new(MatrixSettings::read(settings)?).map_err(wrong)?;
        Ok(Matrix { client: Arc::new(client) })
    }

    async fn download(&self, raw: &[u8]) -> Result<Vec<u8>, ConnectorError> {
        let (server, id) = media(raw).map_err(|reason| ConnectorError::Reject { reason })?;
        let [server, id] = [server, id].map(|part| super::client::segment(&part));
        let mut call = Call::get(format!("/_matrix/client/v1/media/download/{server}/{id}")).within(FETCH);
        call.most = MOST_MEDIA;
        let answer = match self.client.ask(call).await? {
            Err(Failure::TooLarge { most, .. }) => {
                return Err(ConnectorError::Reject { reason: format!("the file is larger than {} MB", most >> 20) });
            }
            other => other.map_err(Failure::reading)?,
        };
        match self.client.trouble(&answer, false) {
            Some(error) => Err(error),
            None => Ok(answer.body),
        }
    }
}

impl Connector for Matrix {
    fn facts(&self) -> AccountFacts {
        let settings = &self.client.settings;
        AccountFacts {
            name: settings.name.clone(),
            channel: "matrix".to_owned(),
            address: settings.user.clone(),
            display_name: settings.display_name.clone(),
            own: vec![settings.user.clone()],
            hold: settings.hold,
            // The homeserver gives the ids.
            id_domain: None,
            can_send: true,
            abilities: Abilities {
                direct: vec![Way::Direct],
                public: vec![Way::Public],
                lengths: vec![Length { most: MOST_TEXT, count: Count::Bytes }],
                idempotency: Idempotency::For(TRANSACTIONS),
                ..Abilities::default()
            },
        }
    }

    fn source(&self) -> Option<Box<dyn Source>> {
        Some(Box::new(MatrixSource::new(self.client.clone())))
    }

    fn sink(&self) -> Option<Box<dyn Sink>> {
        Some(Box::new(MatrixSink { client: self.client.clone() }))
    }

    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        let text = String::from_utf8_lossy(&raw).into_owned();
        let event = match Event::read(&text) {
            Ok(event) => event,
            Err(reason) => {
                let gap = still_left_out(&text, received);
                return gap.unwrap_or_else(|| unreadable(folder, &text, reason, received));
            }
        };
        let room = Room::default();
        let place = Place { id: folder, room: &room, me: &self.client.settings.user, now: received };
        match place.understand(&event, &text, &mut Cursor::default()) {
            Meaning::Item(item) => *item,
            _ => unreadable(folder, &text, "it is no message".to_owned(), received),
        }
    }

    fn attachment(&self, _: &[u8], _: u32) -> Result<Vec<u8>, ConnectorError> {
        Err(ConnectorError::Reject { reason: "the file is at the homeserver and is not fetched yet".to_owned() })
    }

    fn fetch<'a>(&'a self, raw: &'a [u8], _: u32) -> BoxFuture<'a, Result<Vec<u8>, ConnectorError>> {
        Box::pin(async move {
            match self.download(raw).await {
                Err(ConnectorError::Refresh { .. }) => self.download(raw).await,
                other => other,
            }
        })
    }

    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        let reject = |reason: String| ConnectorError::Reject { reason };
        if !attachments.is_empty() {
            return Err(reject("files cannot be sent to Matrix from here; leave them out".to_owned()));
        }
        content(outgoing).map_err(reject)
    }

    fn refresh(&self) -> BoxFuture<'_, Result<(), ConnectorError>> {
        Box::pin(self.client.refresh())
    }

    fn try_out<'a>(&'a self, reach: Reach, tell: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(check(&self.client, reach, tell))
    }
}
