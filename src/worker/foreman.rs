//! One crew an account, a puller, a courier, and who files what is pushed. Accounts may come, change and go while others are at work.

use super::pull::Puller;
use super::pushed::{Filer, Pushing};
use super::{StatusBoard, Stop, deliver, keep_running};
use crate::connector::Connector;
use crate::desk::{Desk, Roster};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// Those who work for one account.
struct Crew {
    /// What it was started with: another one is another account, whatever its name.
    connector: Arc<dyn Connector>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Keeps a crew at work for every account of the desk.
pub(super) struct Foreman {
    pub desk: Arc<Desk>,
    pub status: StatusBoard,
    pub nudge: Arc<Notify>,
    pub pushing: Arc<Pushing>,
}

impl Foreman {
    /// Leads until told to stop, and then until all have ended.
    pub(super) async fn lead(self, mut stop: Stop) {
        let mut roster = self.desk.follow_roster();
        let mut crews: HashMap<String, Crew> = HashMap::new();
        // Crews told to stop that may still have a message in hand.
        let mut leaving: HashMap<String, JoinSet<()>> = HashMap::new();
        loop {
            let now = roster.borrow_and_update().clone();
            self.follow(&now, &mut crews, &mut leaving);
            tokio::select! {
                Ok(()) = roster.changed() => {}
                _ = stop.wait_for(|stop| *stop) => break,
            }
        }
        for crew in crews.values() {
            crew.stop.send_replace(true);
        }
        for mut tasks in crews.into_values().map(|crew| crew.tasks).chain(leaving.into_values()) {
            while tasks.join_next().await.is_some() {}
        }
    }

    /// Crews of accounts that are as they were work on; others are told to stop, and new ones begin.
    fn follow(&self, now: &Roster, crews: &mut HashMap<String, Crew>, leaving: &mut HashMap<String, JoinSet<()>>) {
        leaving.retain(|_, tasks| {
            while tasks.try_join_next().is_some() {}
            !tasks.is_empty()
        });
        let stays = |name: &String, crew: &mut Crew| {
            now.connector(name).is_some_and(|connector| Arc::ptr_eq(connector, &crew.connector))
        };
        let gone: Vec<(String, Crew)> = crews.extract_if(|name, crew| !stays(name, crew)).collect();
        let ended: Vec<String> = gone.iter().map(|(name, _)| name.clone()).collect();
        self.status.show(now.accounts.iter().map(|facts| facts.name.clone()), &ended);
        for (name, crew) in gone {
            tracing::info!(account = name, "its workers stop");
            crew.stop.send_replace(true);
            leaving.insert(name, crew.tasks);
        }
        for (facts, connector) in now.accounts.iter().zip(&now.connectors) {
            if !crews.contains_key(&facts.name) {
                let before = leaving.remove(&facts.name).unwrap_or_default();
                crews.insert(facts.name.clone(), self.crew(facts.name.clone(), connector.clone(), before));
            }
        }
    }

    /// Begins to work for an account once those before have ended: one courier an account is what keeps an answer from
    /// leaving twice.
    fn crew(&self, account: String, connector: Arc<dyn Connector>, mut before: JoinSet<()>) -> Crew {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let puller = Puller {
            desk: self.desk.clone(),
            account: account.clone(),
            status: self.status.clone(),
            nudge: self.nudge.clone(),
            own: self.pushing.bells(&account).pull,
        };
        let (filing, hooked, pushing, ends) =
            (puller.clone(), connector.clone(), self.pushing.clone(), stopped.clone());
        let file = keep_running(
            move || Some(Filer::new(&filing, &hooked, pushing.clone())?.run(ends.clone())),
            || {},
            stopped.clone(),
        );
        let (connecting, pulling, ends) = (connector.clone(), puller.clone(), stopped.clone());
        let pull = keep_running(
            move || Some(pulling.clone().run(connecting.source()?, ends.clone())),
            move || puller.broke(),
            stopped.clone(),
        );
        let (delivering, sending, ends) = (self.desk.clone(), connector.clone(), stopped.clone());
        let deliver = keep_running(
            move || Some(deliver::run(delivering.clone(), account.clone(), sending.sink()?, ends.clone())),
            || {},
            stopped,
        );
        tasks.spawn(async move {
            while before.join_next().await.is_some() {}
            tokio::join!(pull, deliver, file);
        });
        Crew { connector, stop, tasks }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::connector::{
        Check, ConnectorError, Item, PulledPage, Reach, Receipt, Sighting, Sink, Source, Watcher, email,
    };
    use crate::desk::system_clock;
    use crate::engine::memory::MemoryEngine;
    use crate::model::{AccountFacts, Activity, Outgoing, Timestamp};
    use crate::store::Store;
    use crate::worker::Workers;
    use futures::future::BoxFuture;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::time::Duration;

    /// An account where nothing happens. It counts who works for it, and how many ever did.
    #[derive(Default)]
    struct Counts {
        at_work: AtomicUsize,
        ever: AtomicUsize,
    }

    struct Quiet(&'static str, Arc<Counts>);

    struct Worker(Arc<Counts>);

    impl Worker {
        fn begin(counts: &Arc<Counts>) -> Box<Worker> {
            counts.at_work.fetch_add(1, SeqCst);
            counts.ever.fetch_add(1, SeqCst);
            Box::new(Worker(counts.clone()))
        }
    }

    impl Drop for Worker {
        fn drop(&mut self) {
            self.0.at_work.fetch_sub(1, SeqCst);
        }
    }

    impl Source for Worker {
        fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
            let cursor = cursor.to_vec();
            Box::pin(async { Ok(PulledPage { cursor, ..PulledPage::default() }) })
        }
        fn wait<'a>(&'a mut self, _: &'a [u8], _: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
            Box::pin(std::future::pending())
        }
        fn close(&mut self) -> BoxFuture<'_, ()> {
            Box::pin(async {})
        }
    }

    impl Sink for Worker {
        fn offer<'a>(&'a mut self, _: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
            Box::pin(async { Ok(()) })
        }
        fn deliver<'a>(&'a mut self, _: &'a Outgoing, _: &'a [u8]) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
            Box::pin(async { Ok(Receipt::default()) })
        }
        fn find_sent<'a>(&'a mut self, _: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>> {
            Box::pin(async { Ok(Sighting::CannotTell) })
        }
        fn file_sent<'a>(&'a mut self, _: &'a str, _: &'a [u8]) -> BoxFuture<'a, Result<(), ConnectorError>> {
            Box::pin(async { Ok(()) })
        }
        fn close(&mut self) -> BoxFuture<'_, ()> {
            Box::pin(async {})
        }
    }

    impl Connector for Quiet {
        fn facts(&self) -> AccountFacts {
            AccountFacts {
                name: self.0.to_owned(),
                channel: "email".to_owned(),
                address: format!("{}@shop.example", self.0),
                display_name: String::new(),
                own: Vec::new(),
                hold: 0,
                id_domain: None,
                can_send: true,
                abilities: crate::model::Abilities::mail(),
            }
        }
        fn source(&self) -> Option<Box<dyn Source>> {
            Some(Worker::begin(&self.1))
        }
        fn sink(&self) -> Option<Box<dyn Sink>> {
            Some(Worker::begin(&self.1))
        }
        fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
            email::parse::understand(raw, &[], folder, received)
        }
        fn attachment(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
            email::parse::attachment(raw, part)
        }
        fn render(&self, _: &Outgoing, _: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
            Ok(Vec::new())
        }
        fn try_out<'a>(&'a self, _: Reach, _: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
            Box::pin(async { Vec::new() })
        }
    }

    fn quiet(name: &'static str) -> (Arc<dyn Connector>, Arc<Counts>) {
        let counts = Arc::<Counts>::default();
        (Arc::new(Quiet(name, counts.clone())), counts)
    }

    async fn until(what: impl Fn() -> bool) {
        let there = async {
            while !what() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), there).await.expect("it comes to that");
    }

    #[tokio::test]
    async fn accounts_come_change_and_go_while_others_work_on() {
        let ((a, of_a), (b, of_b), (c, of_c), (b2, of_b2)) = (quiet("a"), quiet("b"), quiet("c"), quiet("b"));
        let store = Store::open(Arc::new(MemoryEngine::new())).unwrap();
        let desk = Arc::new(Desk::new(store, vec![a.clone(), b], system_clock()));
        let workers = Workers::start(&desk);
        let rows = || workers.board().status().listen().borrow().clone();
        let at_work = |counts: &Counts| counts.at_work.load(SeqCst);
        until(|| at_work(&of_a) == 2 && at_work(&of_b) == 2).await;
        until(|| rows().iter().all(|row| row.activity == Activity::Watching)).await;
        // B's settings change, c is new.
        desk.set_connectors(vec![a, b2, c]);
        until(|| at_work(&of_b) == 0 && at_work(&of_b2) == 2 && at_work(&of_c) == 2).await;
        until(|| rows().iter().map(|row| row.name.as_str()).eq(["a", "b", "c"])).await;
        assert_eq!((at_work(&of_a), of_a.ever.load(SeqCst)), (2, 2), "a was never interrupted");
        // All go.
        desk.set_connectors(Vec::new());
        until(|| at_work(&of_a) + at_work(&of_b2) + at_work(&of_c) == 0).await;
        until(|| rows().is_empty()).await;
        workers.stop().await;
    }

    #[tokio::test]
    async fn nobody_begins_before_those_who_were_there_have_ended() {
        let ((a, of_a), (again, of_again)) = (quiet("a"), quiet("a"));
        let store = Store::open(Arc::new(MemoryEngine::new())).unwrap();
        let desk = Arc::new(Desk::new(store, vec![a], system_clock()));
        let foreman = Foreman {
            desk: desk.clone(),
            status: StatusBoard::new(std::iter::empty()),
            nudge: Arc::default(),
            pushing: Arc::default(),
        };
        let (mut crews, mut leaving) = (HashMap::new(), HashMap::new());
        foreman.follow(&desk.roster(), &mut crews, &mut leaving);
        until(|| of_a.at_work.load(SeqCst) == 2).await;
        // One that does not end at once, as a courier with a message in hand.
        let held = Arc::new(Notify::new());
        let holding = held.clone();
        crews.get_mut("a").unwrap().tasks.spawn(async move { holding.notified().await });
        desk.set_connectors(Vec::new());
        foreman.follow(&desk.roster(), &mut crews, &mut leaving);
        desk.set_connectors(vec![again]);
        foreman.follow(&desk.roster(), &mut crews, &mut leaving);
        until(|| of_a.at_work.load(SeqCst) == 0).await;
        assert_eq!(of_again.ever.load(SeqCst), 0, "one is still there");
        held.notify_one();
        until(|| of_again.at_work.load(SeqCst) == 2).await;
    }
}
