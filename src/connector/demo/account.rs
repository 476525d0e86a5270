//! One demo account as a connector.

use super::post::{self, Author, Post};
use super::settings::{DemoSettings, Role};
use super::sink::DemoSink;
use super::source::DemoSource;
use super::speech::speeches;
use super::world::{Clock, World};
use crate::connector::email::{parse, render};
use crate::connector::{
    AccountSettings, Check, Connector, ConnectorError, Item, Reach, SettingsError, Sink, Source, Watcher,
};
use crate::model::{Abilities, AccountFacts, Count, Half, Length, Outgoing, Party, Timestamp, Way, Window};
use futures::future::BoxFuture;
use std::sync::Arc;

/// Undo time before an answer leaves, at speed 1.
const HOLD: i64 = 5_000;

/// What the invented places let us do.
fn abilities(role: Role) -> Abilities {
    match role {
        Role::Mail => Abilities::mail(),
        Role::Chat => Abilities {
            direct: vec![Way::Direct],
            lengths: vec![Length { most: 1_000, count: Count::Utf16 }],
            window: Some(Window {
                millis: Some(48 * 3_600_000),
                answers: Some(5),
                way_out: "wait until they write again, or write by another channel".to_owned(),
            }),
            ..Abilities::default()
        },
        Role::Comments => Abilities {
            public: vec![Way::Public, Way::Direct],
            direct: vec![Way::Direct],
            lengths: vec![Length { most: 500, count: Count::Characters }],
            ..Abilities::default()
        },
    }
}

pub(super) struct Demo {
    pub world: Arc<World>,
}

impl Demo {
    /// From its settings, with the machine's clock.
    pub fn open(settings: &AccountSettings) -> Result<Demo, SettingsError> {
        Demo::with_clock(settings, Arc::new(|| jiff::Timestamp::now().as_millisecond()))
    }

    /// From its settings, with a clock of one's own.
    pub fn with_clock(settings: &AccountSettings, clock: Clock) -> Result<Demo, SettingsError> {
        let own = DemoSettings::read(settings)?;
        let speeches = speeches().map_err(|problem| SettingsError { account: settings.name.clone(), problem })?;
        Ok(Demo { world: Arc::new(World::new(own, speeches, clock)) })
    }
}

impl Connector for Demo {
    fn facts(&self) -> AccountFacts {
        let settings = &self.world.settings;
        AccountFacts {
            name: settings.name.clone(),
            channel: settings.role.channel().to_owned(),
            address: settings.role.address().to_owned(),
            display_name: "Tolva & Wren".to_owned(),
            own: vec![settings.role.address().to_owned()],
            hold: settings.real(HOLD),
            id_domain: Some(settings.role.domain().to_owned()),
            can_send: true,
            abilities: abilities(settings.role),
        }
    }

    fn source(&self) -> Option<Box<dyn Source>> {
        Some(Box::new(DemoSource { world: self.world.clone() }))
    }

    fn sink(&self) -> Option<Box<dyn Sink>> {
        Some(Box::new(DemoSink { world: self.world.clone() }))
    }

    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        self.world.parse(raw, folder, received)
    }

    fn attachment(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        match self.world.settings.role {
            Role::Mail => parse::attachment(raw, part),
            _ => Err(ConnectorError::Reject { reason: "there is no such attachment".to_owned() }),
        }
    }

    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        if self.world.settings.role == Role::Mail {
            return render::render(outgoing, attachments);
        }
        let reject = |reason: String| ConnectorError::Reject { reason };
        if !attachments.is_empty() {
            return Err(reject("this place takes text alone; leave the files out".to_owned()));
        }
        let author = |party: &Party| Author { address: party.address.clone(), name: party.name.clone() };
        let post = Post {
            id: outgoing.remote_id.clone(),
            from: author(&outgoing.from),
            to: outgoing.to.iter().chain(&outgoing.cc).map(author).collect(),
            sent: outgoing.date.to_string(),
            on: post::under(outgoing),
            private: outgoing.way == Way::Direct,
            answers: outgoing.references.clone(),
            text: outgoing.text.clone(),
            language: None,
            confirmed: Vec::new(),
        };
        post.bytes().map_err(reject)
    }

    fn try_out<'a>(&'a self, _: Reach, tell: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        let found =
            format!("invented people, the same with seed {}; nothing leaves this machine", self.world.settings.seed);
        let check = Check { what: "the demo".to_owned(), outcome: Ok(found) };
        tell(Half::Receiving, &check);
        Box::pin(async move { vec![check] })
    }
}
