//! Reddit, declared in `platforms/reddit.toml`, against a simulator.

mod simulator;

use super::contract::{Rig, answer, messages, open, pages};
use super::secret_file;
use crate::support::simulator::{Fault, Simulator};
use simulator::{CLIENT, OWN, SECRET, Shared};
use std::path::Path;
use switchboard::connector::{self, AccountSettings, ConnectorError};
use switchboard::model::Way;

pub struct Reddit {
    world: Shared,
    simulator: Simulator,
}

impl Reddit {
    pub fn new() -> Reddit {
        let world = simulator::new();
        Reddit { simulator: Simulator::start(simulator::router(world.clone())), world }
    }
}

impl Rig for Reddit {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        secret_file(profile, "client.secret", SECRET);
        let refresh = self.world.lock().unwrap().refresh.clone();
        secret_file(profile, "refresh.secret", &refresh);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"reddit\"\naddress = \"{OWN}\"\nclient_id = \"{CLIENT}\"\n\
             client_secret_file = \"client.secret\"\nrefresh_token_file = \"refresh.secret\"\nbase_url = \"{}\"\n",
            self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        self.world.lock().unwrap().add("t1", "ana", text);
    }

    fn sent(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        world.things.iter().filter(|thing| thing.author == OWN).map(|thing| thing.text.clone()).collect()
    }

    fn reading(&self) -> &'static str {
        "GET /message/"
    }

    fn sending(&self) -> &'static str {
        "POST /api/comment"
    }

    fn too_many(&self) -> Fault {
        let body = r#"{"message": "Too Many Requests", "error": 429}"#.to_owned();
        Fault::Instead(429, vec![("x-ratelimit-reset", "120".to_owned())], body)
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/data/children")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Err("names are text: numbers to base 36 behind the kind")
    }
}

#[tokio::test]
async fn comments_are_public_and_messages_are_not() {
    let rig = Reddit::new();
    rig.customer_writes("a comment");
    rig.world.lock().unwrap().add("t4", "bo", "a message");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let mut seen: Vec<_> = messages(&pulled).iter().map(|m| (m.text.clone(), m.way)).collect();
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(seen, [("a comment".to_owned(), Way::Public), ("a message".to_owned(), Way::Direct)]);
    let comment = messages(&pulled).into_iter().find(|message| message.way == Way::Public).unwrap();
    assert_eq!(comment.url.as_deref(), Some("https://www.reddit.com/r/shop/comments/post1/x/k00000/?context=3"));
    assert_eq!(comment.handle.as_deref(), Some("u/ana"));
}

#[tokio::test]
async fn an_expired_token_is_renewed_with_what_rotates_over_a_restart_too() {
    let rig = Reddit::new();
    rig.customer_writes("hello");
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    source.pull(&[]).await.unwrap();
    rig.world.lock().unwrap().token = "expired".to_owned();
    let refused = source.pull(&[]).await.unwrap_err();
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    account.connector.refresh().await.unwrap();
    source.pull(&[]).await.unwrap();
    assert_eq!(rig.world.lock().unwrap().tokens, 2);
    // A new process knows the new renewal token, which replaced that of the file.
    rig.world.lock().unwrap().token = "expired again".to_owned();
    let text = rig.account(account.profile.path());
    secret_file(account.profile.path(), "refresh.secret", "refresh-0");
    let table: toml::Table = text.parse().unwrap();
    let table = table["account"][0].as_table().unwrap().clone();
    let (name, connector, profile) = ("it".to_owned(), "reddit".to_owned(), account.profile.path().to_owned());
    let next = connector::open(&AccountSettings { name, connector, table, profile }).unwrap();
    assert!(matches!(next.source().unwrap().pull(&[]).await, Err(ConnectorError::Refresh { .. })));
    next.refresh().await.unwrap();
    assert_eq!(rig.world.lock().unwrap().tokens, 3);
}

#[tokio::test]
async fn errors_with_status_200_are_errors() {
    let rig = Reddit::new();
    rig.customer_writes("hello");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = messages(&pulled)[0];
    let outgoing = answer(account.connector.as_ref(), parent, "Hi there");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    let limit = r#"{"json":{"ratelimit":533.4,"errors":[["RATELIMIT","you are doing that too much.","ratelimit"]]}}"#;
    rig.simulator.faults.next("POST /api/comment", Fault::Instead(200, vec![], limit.to_owned()));
    match sink.deliver(&outgoing, &original).await.unwrap_err() {
        ConnectorError::Wait { until, reason } => {
            let ahead = until.0 - jiff::Timestamp::now().as_millisecond();
            assert!((500_000..540_000).contains(&ahead) && reason.contains("too much"), "{ahead} {reason}");
        }
        other => panic!("{other:?}"),
    }
    rig.world.lock().unwrap().things.clear();
    let gone = sink.deliver(&outgoing, &original).await.unwrap_err();
    assert!(matches!(gone, ConnectorError::Gone { .. }), "{gone:?}");
}
