#![allow(clippy::unwrap_used)]
use super::*;
use crate::connector::PulledPage;
use crate::connector::email::parse;
use crate::desk::system_clock;
use crate::engine::memory::MemoryEngine;
use crate::engine::{Commit, Engine, EngineError, Logged, Place, Row, Seq};
use crate::model::{Act, InboxFilter, InboxView, SentimentLabel};
use crate::store::Store;
use crate::worker::Workers;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};

/// A store that refuses or panics when told to.
#[derive(Default)]
struct Moody {
    memory: MemoryEngine,
    refuses: AtomicBool,
    panics: AtomicBool,
}

impl Engine for Moody {
    fn commit(&self, commit: Commit) -> Result<Seq, EngineError> {
        if self.refuses.load(Ordering::SeqCst) {
            return Err(EngineError::State("refused on purpose".to_owned()));
        }
        self.memory.commit(commit)
    }
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.memory.get(key)
    }
    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, limit: usize) -> Result<Vec<Row>, EngineError> {
        self.memory.scan(from, to, reverse, limit)
    }
    fn content(&self, place: Place) -> Result<Vec<u8>, EngineError> {
        self.memory.content(place)
    }
    fn events(&self, from: Seq, limit: usize) -> Result<Vec<Logged>, EngineError> {
        assert!(!self.panics.load(Ordering::SeqCst), "on purpose");
        self.memory.events(from, limit)
    }
    fn last(&self) -> Seq {
        self.memory.last()
    }
    fn checkpoint(&self) -> Result<(), EngineError> {
        self.memory.checkpoint()
    }
    fn room(&self) -> Result<(), EngineError> {
        self.memory.room()
    }
}

struct House {
    engine: Arc<Moody>,
    desk: Arc<Desk>,
    workers: Workers,
}

impl House {
    fn open() -> House {
        let engine = Arc::new(Moody::default());
        let desk = Arc::new(Desk::new(Store::open(engine.clone()).unwrap(), Vec::new(), system_clock()));
        let workers = Workers::start(&desk);
        House { engine, desk, workers }
    }

    /// A mail comes in.
    async fn receive(&self, number: usize, text: &str) {
        let raw = format!(
            "From: c{number}@test.example\r\nTo: support@shop.example\r\nSubject: Order\r\n\
             Message-ID: <n{number}@test.example>\r\n\r\n{text}\r\n"
        );
        let item = parse::understand_from(raw.into_bytes(), &[], None, "INBOX", self.desk.now());
        let desk = self.desk.clone();
        let page = PulledPage { items: vec![item], ..PulledPage::default() };
        blocking(move || desk.ingest("support", page)).await.unwrap();
    }

    fn mood(&self, number: usize) -> Option<i8> {
        let address = format!("c{number}@test.example");
        let page = self.desk.inbox(InboxView::All, &InboxFilter::default(), None, 100).unwrap();
        page.rows.into_iter().find(|row| row.address == address).and_then(|row| row.mood)
    }

    fn status(&self) -> WorkerStatus {
        self.workers.board().workers().remove(0)
    }
}

async fn until(what: impl Fn() -> bool) {
    let there = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), there).await.expect("it comes to that");
}

const ANGRY: &str = "This is terrible. I am very angry, the worst service ever.";

#[tokio::test]
async fn whoever_writes_is_scored_and_a_correction_counts() {
    let house = House::open();
    house.receive(1, ANGRY).await;
    until(|| house.mood(1) < Some(0) && house.mood(1).is_some()).await;
    house.receive(2, "Thank you so much, this is wonderful!").await;
    until(|| house.mood(2) > Some(0)).await;
    let id = house.desk.find("c1@test.example").unwrap().customer.id;
    let message = house.desk.timeline(id, None, 1).unwrap().rows[0].message.id;
    house.desk.act("lin", Act::CorrectSentiment { message, label: Some(SentimentLabel::Positive) }).unwrap();
    until(|| house.mood(1) > Some(0)).await;
    until(|| house.status().doing == "idle").await;
    assert_eq!(house.status().trouble, "");
    house.workers.stop().await;
}

#[tokio::test]
async fn a_store_that_refuses_is_seen_and_scoring_goes_on_later() {
    let house = House::open();
    house.receive(1, ANGRY).await;
    until(|| house.mood(1).is_some() && house.status().doing == "idle").await;
    let raw_mood = house.mood(1);
    house.receive(2, ANGRY).await;
    house.engine.refuses.store(true, Ordering::SeqCst);
    until(|| house.status().doing == "backing-off" || house.mood(2).is_some()).await;
    if house.mood(2).is_none() {
        let status = house.status();
        assert!(status.trouble.contains("refused on purpose") && status.next.is_some(), "{status:?}");
    }
    house.engine.refuses.store(false, Ordering::SeqCst);
    until(|| house.mood(2).is_some()).await;
    until(|| house.status().doing == "idle" && house.status().trouble.is_empty()).await;
    assert_eq!(house.mood(1), raw_mood);
    house.workers.stop().await;
}

#[tokio::test]
async fn a_worker_that_breaks_is_seen_and_the_inbox_goes_on() {
    let house = House::open();
    house.engine.panics.store(true, Ordering::SeqCst);
    house.receive(1, ANGRY).await;
    until(|| house.status().trouble.contains("it broke")).await;
    house.receive(2, ANGRY).await;
    assert_eq!(house.desk.inbox(InboxView::All, &InboxFilter::default(), None, 10).unwrap().rows.len(), 2);
    house.engine.panics.store(false, Ordering::SeqCst);
    until(|| house.mood(1).is_some() && house.mood(2).is_some()).await;
    until(|| house.status().trouble.is_empty()).await;
    house.workers.stop().await;
}

#[test]
fn nights_change_at_three_here() {
    let hour = |hour: i8| {
        let here = jiff::civil::date(2026, 11, 22).at(hour, 0, 0, 0).to_zoned(TimeZone::system()).unwrap();
        night_of(here.timestamp().into())
    };
    assert_eq!(hour(2) + 1, hour(3));
    assert_eq!(hour(3), hour(23));
    assert!(night_of(Timestamp(0)) < hour(2), "never fitted");
}
