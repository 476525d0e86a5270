//! One Bluesky account as a connector.

use super::notifications::{blob, understand};
use super::post;
use super::session::Session;
use super::settings::Settings;
use super::sink::BlueskySink;
use super::source::BlueskySource;
use crate::connector::http::{Call, Failure, MOST_MEDIA};
use crate::connector::{
    AccountSettings, Check, Connector, ConnectorError, Item, Reach, SettingsError, Sink, Source, Unreadable, Watcher,
};
use crate::model::{Abilities, AccountFacts, Apart, Count, Half, Idempotency, Length, Outgoing, Terms, Timestamp, Way};
use futures::future::BoxFuture;
use serde_json::Value;

pub(super) struct Bluesky {
    session: Session,
}

impl Bluesky {
    pub fn open(settings: &AccountSettings) -> Result<Bluesky, SettingsError> {
        Ok(Bluesky { session: Session::new(Settings::read(settings)?, &settings.profile) })
    }

    async fn try_sign_in(&self, reach: Reach) -> Vec<(Half, Check)> {
        let settings = &self.session.settings;
        let mut checks = Vec::new();
        if reach == Reach::Secrets {
            let got = settings.password.resolve().await;
            let outcome = got.map(|_| "there is one".to_owned()).map_err(|error| error.to_string());
            return vec![(Half::Receiving, Check { what: "the app password".to_owned(), outcome })];
        }
        let signed = self.session.did().await;
        let in_words = |error: ConnectorError| error.to_string();
        let what = format!("sign in to {} as {}", settings.http.origin(), settings.handle);
        let went_well = signed.is_ok();
        checks.push((Half::Receiving, Check { what, outcome: signed.map_err(in_words) }));
        if went_well {
            let list = Call::get("/xrpc/app.bsky.notification.listNotifications").query("limit", "1");
            let read = self.session.read(list).await;
            let outcome = read.map(|_| "they can be read".to_owned()).map_err(in_words);
            checks.push((Half::Receiving, Check { what: "read notifications".to_owned(), outcome }));
        }
        checks
    }
}

impl Connector for Bluesky {
    fn facts(&self) -> AccountFacts {
        let settings = &self.session.settings;
        AccountFacts {
            name: settings.name.clone(),
            channel: "bluesky".to_owned(),
            address: settings.handle.clone(),
            display_name: settings.display_name.clone(),
            own: vec![settings.handle.clone()],
            hold: i64::try_from(settings.hold.as_millis()).unwrap_or(i64::MAX),
            id_domain: None,
            can_send: true,
            abilities: Abilities {
                direct: if settings.direct_messages { vec![Way::Direct] } else { Vec::new() },
                public: vec![Way::Public],
                lengths: vec![
                    Length { most: 300, count: Count::Graphemes },
                    Length { most: 3_000, count: Count::Bytes },
                ],
                // chat.bsky.convo.defs#messageInput
                apart: vec![Apart {
                    way: Some(Way::Direct),
                    terms: Terms {
                        lengths: vec![
                            Length { most: 1_000, count: Count::Graphemes },
                            Length { most: 10_000, count: Count::Bytes },
                        ],
                        window: None,
                    },
                    ..Apart::default()
                }],
                idempotency: Idempotency::Forever,
                ..Abilities::default()
            },
        }
    }

    fn source(&self) -> Option<Box<dyn Source>> {
        Some(Box::new(BlueskySource::new(self.session.clone())))
    }

    fn sink(&self) -> Option<Box<dyn Sink>> {
        Some(Box::new(BlueskySink::new(self.session.clone())))
    }

    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        let read: Option<Value> = serde_json::from_slice(&raw).ok();
        match read.as_ref().and_then(understand) {
            Some(item) => item,
            None => Item::Unreadable(Unreadable {
                reason: "it is no notification".to_owned(),
                folder: folder.to_owned(),
                received,
                hint: String::new(),
                partial: false,
                raw,
            }),
        }
    }

    fn attachment(&self, _: &[u8], _: u32) -> Result<Vec<u8>, ConnectorError> {
        Err(ConnectorError::Reject {
            reason: "pictures of posts stay at the server until they are asked for".to_owned(),
        })
    }

    fn fetch<'a>(&'a self, raw: &'a [u8], part: u32) -> BoxFuture<'a, Result<Vec<u8>, ConnectorError>> {
        Box::pin(async move {
            let (did, cid) = blob(raw, part)
                .ok_or_else(|| ConnectorError::Reject { reason: "there is no such picture in the post".to_owned() })?;
            // Our own server gives out what it has; other people's pictures come from the network's picture server.
            let own = self.session.did().await? == did;
            let http = &self.session.settings.http;
            let answer = if own {
                let call = Call::get("/xrpc/com.atproto.sync.getBlob").query("did", did).query("cid", cid);
                http.ask(Call { most: MOST_MEDIA, ..call }, super::session::now()).await
            } else {
                let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || ":.-_%".contains(c));
                if !plain(&did) || !plain(&cid) {
                    return Err(ConnectorError::Reject { reason: "the post names no picture".to_owned() });
                }
                http.fetch(&format!("https://cdn.bsky.app/img/feed_fullsize/plain/{did}/{cid}@jpeg"), MOST_MEDIA).await
            };
            let answer = answer.map_err(Failure::reading)?;
            match answer.trouble(&answer.said("/message"), false, super::session::now()) {
                None => Ok(answer.body),
                Some(error) => Err(error),
            }
        })
    }

    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        if !attachments.is_empty() {
            let reason = "answers on Bluesky are text alone here; leave the files out, or put a link".to_owned();
            return Err(ConnectorError::Reject { reason });
        }
        post::render(outgoing)
    }

    fn refresh(&self) -> BoxFuture<'_, Result<(), ConnectorError>> {
        Box::pin(self.session.renew())
    }

    fn try_out<'a>(&'a self, reach: Reach, tell: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(async move {
            let checks = self.try_sign_in(reach).await;
            checks.iter().for_each(|(half, check)| tell(*half, check));
            checks.into_iter().map(|(_, check)| check).collect()
        })
    }
}
