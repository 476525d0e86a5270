//! One account of a declared connector.

use super::access::Access;
use super::hook::DeclaredHook;
use super::mapper::{self, Known};
use super::predicate::{Facts, about, all};
use super::settings::Settings;
use super::sink::{DeclaredSink, render};
use super::source::DeclaredSource;
use super::spec::{Reply, Spec};
use crate::connector::{
    AccountSettings, Check, Connector, ConnectorError, Hook, Item, Ledger, Reach, SettingsError, Sink, Source,
    Unreadable, Watcher,
};
use crate::model::{Abilities, AccountFacts, Apart, Half, Idempotency, Outgoing, Terms, Timestamp, Way, clean_line};
use futures::future::BoxFuture;
use std::sync::Arc;

/// A way as contexts keep it.
pub(super) fn way_word(way: Way) -> &'static str {
    way.word()
}

/// The file as it holds for one account: without the answers that its settings rule out.
fn of_account(spec: Arc<Spec>, settings: &Settings) -> Arc<Spec> {
    let setting = |selector: &str| settings.values.get(selector.strip_prefix("account.")?).cloned();
    let none = serde_json::Value::Null;
    let facts = Facts { near: &setting, ..about(&none) };
    let holds = |reply: &Reply| all(&reply.given, &facts);
    if spec.replies.iter().all(holds) {
        return spec;
    }
    let replies = spec.replies.iter().filter(|reply| holds(reply)).cloned().collect();
    Arc::new(Spec { replies, ..(*spec).clone() })
}

pub(super) struct Declared {
    access: Arc<Access>,
    known: Known,
}

impl Declared {
    /// From its file and its settings. Reaches for nothing.
    pub fn open(spec: Arc<Spec>, account: &AccountSettings) -> Result<Declared, SettingsError> {
        let settings = Settings::read(&spec, account)?;
        let known = Known { settings: settings.values.clone(), own: vec![settings.address.clone()] };
        let spec = of_account(spec, &settings);
        let access = Access::new(spec, settings, &account.profile)
            .map_err(|problem| SettingsError { account: account.name.clone(), problem })?;
        Ok(Declared { access: Arc::new(access), known })
    }

    fn abilities(&self) -> Abilities {
        let replies = &self.access.spec.replies;
        let ways = |answered: Way| {
            let mut ways = Vec::new();
            for reply in replies.iter().filter(|reply| reply.answers.is_none_or(|answers| answers == answered)) {
                if !ways.contains(&reply.way) {
                    ways.push(reply.way);
                }
            }
            ways
        };
        let apart = |reply: &Reply| Apart {
            answers: reply.answers,
            way: Some(reply.way),
            needs: reply.needs.clone(),
            terms: Terms { lengths: reply.lengths.clone(), window: reply.window.clone() },
        };
        // What holds for one of several replies is promised only where it holds for all.
        let idempotent = replies.iter().map(|reply| reply.idempotent.unwrap_or(0)).min().unwrap_or(0);
        Abilities {
            direct: ways(Way::Direct),
            public: ways(Way::Public),
            lengths: Vec::new(),
            window: None,
            apart: replies.iter().map(apart).collect(),
            idempotency: match idempotent {
                0 => Idempotency::None,
                i64::MAX => Idempotency::Forever,
                span => Idempotency::For(span),
            },
            attachments: None,
            first_contact: replies.iter().any(|reply| reply.first_contact),
            subject: false,
        }
    }

    async fn checks(&self, reach: Reach, tell: Watcher<'_>) -> Vec<Check> {
        let mut checks = Vec::new();
        let mut note = |half: Half, what: String, outcome: Result<String, String>| {
            let check = Check { what, outcome };
            tell(half, &check);
            checks.push(check);
        };
        let access = &self.access;
        let mut well = true;
        for name in access.settings.secrets.keys() {
            let outcome = match access.secret(name).await {
                Ok(_) => Ok("it is there".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            well &= outcome.is_ok();
            note(Half::Receiving, format!("read the secret {name}"), outcome);
        }
        if reach == Reach::Secrets || !well {
            return checks;
        }
        let origin = access.http.origin();
        let first = self.source();
        let what = format!("ask {origin} (one call of the budget)");
        match first {
            Some(mut source) => {
                let pulled = source.pull(&[]).await;
                let outcome = match pulled {
                    Ok(page) => Ok(format!("{} items on the first page", page.items.len())),
                    Err(ConnectorError::Refresh { .. }) => match access.renew().await {
                        Ok(()) => match source.pull(&[]).await {
                            Ok(page) => Ok(format!("{} items on the first page", page.items.len())),
                            Err(error) => Err(error.to_string()),
                        },
                        Err(error) => Err(error.to_string()),
                    },
                    Err(error) => Err(error.to_string()),
                };
                note(Half::Receiving, what, outcome);
            }
            None => {
                let said =
                    "this platform pushes what is new: `switchboard serve` takes it; nothing can be asked".to_owned();
                note(Half::Receiving, "receive".to_owned(), Ok(said));
            }
        }
        checks
    }
}

impl Connector for Declared {
    fn facts(&self) -> AccountFacts {
        let settings = &self.access.settings;
        AccountFacts {
            name: settings.name.clone(),
            channel: self.access.spec.channel.clone(),
            address: settings.address.clone(),
            display_name: settings.display_name.clone(),
            own: vec![settings.address.clone()],
            hold: settings.hold,
            id_domain: None,
            can_send: !self.access.spec.replies.is_empty(),
            abilities: self.abilities(),
        }
    }

    fn source(&self) -> Option<Box<dyn Source>> {
        let none = self.access.spec.streams.is_empty();
        (!none).then(|| Box::new(DeclaredSource::new(self.access.clone(), self.known.clone())) as Box<dyn Source>)
    }

    fn sink(&self) -> Option<Box<dyn Sink>> {
        let none = self.access.spec.replies.is_empty();
        let sink = DeclaredSink { access: self.access.clone(), known: self.known.clone() };
        (!none).then(|| Box::new(sink) as Box<dyn Sink>)
    }

    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        let understood = mapper::reopened(&raw, &self.access.spec, &self.known, received);
        let reason = match understood {
            Ok((_, mut items)) if !items.is_empty() => return items.swap_remove(0),
            Ok(_) => "the connector file no longer keeps this".to_owned(),
            Err(reason) => reason,
        };
        let start = String::from_utf8_lossy(raw.get(..600).unwrap_or(&raw));
        let hint: String = clean_line(&start).chars().take(200).collect();
        Item::Unreadable(Unreadable { reason, folder: folder.to_owned(), received, hint, partial: false, raw })
    }

    fn attachment(&self, _raw: &[u8], _part: u32) -> Result<Vec<u8>, ConnectorError> {
        Err(ConnectorError::Reject { reason: "the file is still at the platform; it has to be fetched".to_owned() })
    }

    fn fetch<'a>(&'a self, raw: &'a [u8], part: u32) -> BoxFuture<'a, Result<Vec<u8>, ConnectorError>> {
        Box::pin(async move {
            let file = super::files::file_at(raw, &self.access.spec, &self.known, part);
            let none = || ConnectorError::Reject { reason: "there is no such attachment".to_owned() };
            let (at, files) = file.ok_or_else(none)?;
            self.access.file(at, &files).await
        })
    }

    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        if !attachments.is_empty() {
            let reason = "this account sends text alone; leave the files out".to_owned();
            return Err(ConnectorError::Reject { reason });
        }
        render(&self.access, outgoing)
    }

    fn refresh(&self) -> BoxFuture<'_, Result<(), ConnectorError>> {
        Box::pin(self.access.renew())
    }

    fn hook(&self) -> Option<Arc<dyn Hook>> {
        self.access.spec.webhook.as_ref()?;
        Some(Arc::new(DeclaredHook::new(self.access.clone(), self.known.clone())))
    }

    fn ledger(&self) -> Option<Arc<Ledger>> {
        self.access.ledger.clone()
    }

    fn try_out<'a>(&'a self, reach: Reach, tell: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(self.checks(reach, tell))
    }
}
