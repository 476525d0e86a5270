//! A desk on paper: a memory engine, a clock that is turned by hand, one account whose connector only renders.

use crate::connector::email::{parse, render};
use crate::connector::{Check, Connector, ConnectorError, Item, PulledPage, Reach, Sink, Source, Watcher};
use crate::desk::{Desk, IngestReport};
use crate::engine::memory::MemoryEngine;
use crate::model::{
    AccountFacts, Act, Acted, Compose, CustomerId, InboxFilter, InboxRow, InboxView, Outgoing, ReplyKind,
    TimelineEntry, Timestamp,
};
use crate::store::Store;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-22T12:00:00Z: when every story begins.
pub const NOON: i64 = 1_795_348_800_000;
pub const MINUTE: i64 = 60_000;

pub struct Paper {
    pub desk: Desk,
    pub engine: Arc<MemoryEngine>,
    time: Arc<AtomicI64>,
}

struct Office {
    hold: i64,
}

impl Connector for Office {
    fn facts(&self) -> AccountFacts {
        AccountFacts {
            name: "support".to_owned(),
            channel: "email".to_owned(),
            address: "support@shop.example".to_owned(),
            display_name: "Shop".to_owned(),
            own: vec!["support@shop.example".to_owned(), "help@shop.example".to_owned()],
            hold: self.hold,
            id_domain: Some("shop.example".to_owned()),
            can_send: true,
            abilities: crate::model::Abilities::mail(),
        }
    }
    fn source(&self) -> Option<Box<dyn Source>> {
        None
    }
    fn sink(&self) -> Option<Box<dyn Sink>> {
        None
    }
    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        parse::understand_from(raw, &self.facts().own, Some("mx.shop.example"), folder, received)
    }
    fn attachment(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        parse::attachment(raw, part)
    }
    fn render(&self, outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        render::render(outgoing, attachments)
    }
    fn try_out<'a>(&'a self, _: Reach, _: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(async { Vec::new() })
    }
}

/// A mail as it comes in.
#[derive(Clone)]
pub struct Mail {
    pub id: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub subject: &'static str,
    /// Minutes from noon.
    pub at: i64,
    /// More header lines, each with its line end.
    pub more: String,
    pub text: &'static str,
}

pub fn mail(id: &'static str, from: &'static str, at: i64) -> Mail {
    Mail { id, from, to: "support@shop.example", subject: "", at, more: String::new(), text: "Hello" }
}

impl Mail {
    pub fn subject(mut self, subject: &'static str) -> Mail {
        self.subject = subject;
        self
    }
    pub fn to(mut self, to: &'static str) -> Mail {
        self.to = to;
        self
    }
    pub fn header(mut self, line: &str) -> Mail {
        self.more.push_str(line);
        self.more.push_str("\r\n");
        self
    }
    pub fn raw(&self) -> Vec<u8> {
        let date = Timestamp(NOON + self.at * MINUTE).to_jiff();
        let date = jiff::fmt::rfc2822::to_string(&date.to_zoned(jiff::tz::TimeZone::UTC)).unwrap();
        format!(
            "Message-ID: <{}>\r\nFrom: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {date}\r\n{}\r\n{}\r\n",
            self.id, self.from, self.to, self.subject, self.more, self.text
        )
        .into_bytes()
    }
}

impl Paper {
    pub fn new() -> Paper {
        Paper::holding(10_000)
    }

    pub fn holding(hold: i64) -> Paper {
        let engine = Arc::new(MemoryEngine::new());
        let time = Arc::new(AtomicI64::new(NOON));
        let clock = time.clone();
        let store = Store::open(engine.clone()).unwrap();
        let clock = Arc::new(move || Timestamp(clock.load(Ordering::SeqCst)));
        Paper { desk: Desk::new(store, vec![Arc::new(Office { hold })], clock), engine, time }
    }

    /// Time passes.
    pub fn pass(&self, millis: i64) {
        self.time.fetch_add(millis, Ordering::SeqCst);
    }

    fn item(&self, mail: &Mail) -> Item {
        let received = Timestamp(NOON + mail.at * MINUTE);
        self.desk.connector("support").unwrap().parse(mail.raw(), "INBOX", received)
    }

    /// Mails come in, each on a page of its own.
    pub fn receive(&self, mails: &[Mail]) -> IngestReport {
        let mut report = IngestReport::default();
        for mail in mails {
            report += self.page(std::slice::from_ref(mail), b"");
        }
        report
    }

    /// Mails come in on one page with a cursor.
    pub fn page(&self, mails: &[Mail], cursor: &[u8]) -> IngestReport {
        let items = mails.iter().map(|mail| self.item(mail)).collect();
        self.desk.ingest("support", PulledPage { items, cursor: cursor.to_vec(), ..PulledPage::default() }).unwrap()
    }

    pub fn customer(&self, who: &str) -> CustomerId {
        self.desk.find(who).unwrap().customer.id
    }

    pub fn row(&self, who: &str) -> InboxRow {
        let id = self.customer(who);
        let page = self.desk.inbox(InboxView::All, &InboxFilter::default(), None, 1000).unwrap();
        page.rows.into_iter().find(|row| row.customer == id).unwrap()
    }

    pub fn inbox(&self, view: InboxView) -> Vec<String> {
        let page = self.desk.inbox(view, &InboxFilter::default(), None, 1000).unwrap();
        page.rows.into_iter().map(|row| row.name).collect()
    }

    pub fn timeline(&self, who: &str) -> Vec<TimelineEntry> {
        self.desk.timeline(self.customer(who), None, 1000).unwrap().rows
    }

    pub fn act(&self, act: Act) -> Acted {
        self.desk.act("lin", act).unwrap()
    }

    pub fn refused(&self, act: Act) -> String {
        self.desk.act("lin", act).unwrap_err().to_string()
    }

    pub fn reply(&self, who: &str, text: &str) -> Acted {
        let compose = Compose { text: text.to_owned(), ..Compose::new(ReplyKind::Reply, Some(self.customer(who))) };
        self.act(Act::Send(Box::new(compose)))
    }
}
