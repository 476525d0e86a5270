//! Weibo, declared in `platforms/weibo.toml`, against a simulator.

mod simulator;

use super::contract::{Rig, answer, messages, open, pages};
use super::secret_file;
use crate::support::simulator::{Fault, Simulator};
use simulator::{OWN, STATUS, Shared, TOKEN};
use std::path::Path;
use switchboard::connector::ConnectorError;

pub struct Weibo {
    world: Shared,
    simulator: Simulator,
}

impl Weibo {
    pub fn new() -> Weibo {
        let world = Shared::default();
        Weibo { simulator: Simulator::start(simulator::router(world.clone())), world }
    }
}

impl Rig for Weibo {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        secret_file(profile, "weibo.secret", TOKEN);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"weibo\"\naddress = \"{OWN}\"\ntoken_file = \"weibo.secret\"\nbase_url = \"{}\"\n",
            self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        self.world.lock().unwrap().add(1_000_000_007, text);
    }

    fn sent(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        world.comments.iter().filter(|comment| comment.user == OWN).map(|comment| comment.text.clone()).collect()
    }

    fn reading(&self) -> &'static str {
        "GET /2/"
    }

    fn sending(&self) -> &'static str {
        "POST /2/comments/reply"
    }

    fn too_many(&self) -> Fault {
        let body = r#"{"request":"/2/x","error_code":"10023","error":"User requests out of rate limit!"}"#;
        Fault::Instead(403, vec![], body.to_owned())
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Err("pages are asked for by the last id: an empty one is the end")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

#[tokio::test]
async fn ids_longer_than_2_to_the_53_and_times_of_its_own_are_kept() {
    let rig = Weibo::new();
    rig.customer_writes("请问什么时候发货？");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let message = messages(&pulled)[0];
    assert_eq!(message.remote_id, (STATUS + 1).to_string());
    assert_eq!(message.conversation.as_deref(), Some(STATUS.to_string().as_str()));
    assert_eq!((message.from.address.as_str(), message.from.name.as_str()), ("1000000007", "王小明"));
    let age = jiff::Timestamp::now().as_millisecond() - message.at.unwrap().0;
    assert!((0..60_000).contains(&age), "{age}");
}

#[tokio::test]
async fn the_day_s_hundred_calls_are_counted_before_they_are_made() {
    let rig = Weibo::new();
    rig.world.lock().unwrap().left = Some(100);
    let account = open(&rig);
    let mut refused = None;
    for _ in 0..50 {
        let mut source = account.connector.source().unwrap();
        for _ in 0..3 {
            if let Err(error) = source.pull(&[]).await {
                refused = Some(error);
            }
        }
    }
    assert!(matches!(refused, Some(ConnectorError::Wait { .. })), "{refused:?}");
    assert_eq!(rig.simulator.faults.count("GET "), 100, "not one call more than Weibo gives");
}

#[tokio::test]
async fn a_dead_token_asks_for_a_person_and_a_new_one_in_the_file_is_taken() {
    let rig = Weibo::new();
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    source.pull(&[]).await.unwrap();
    rig.world.lock().unwrap().expired = true;
    let refused = source.pull(&[]).await.unwrap_err();
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    let stuck = account.connector.refresh().await.unwrap_err();
    assert!(matches!(&stuck, ConnectorError::Reconnect { reason } if reason.contains("token")), "{stuck:?}");
    secret_file(account.profile.path(), "weibo.secret", "another");
    account.connector.refresh().await.unwrap();
}

#[tokio::test]
async fn the_same_words_twice_count_as_sent_and_what_is_gone_is_said() {
    let rig = Weibo::new();
    rig.customer_writes("hello");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = messages(&pulled)[0];
    let outgoing = answer(account.connector.as_ref(), parent, "Thanks!");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    sink.deliver(&outgoing, &original).await.unwrap();
    let again = sink.deliver(&outgoing, &original).await.unwrap_err();
    assert!(matches!(again, ConnectorError::Duplicate { .. }), "{again:?}");
    rig.world.lock().unwrap().comments.clear();
    let gone = sink.deliver(&outgoing, &original).await.unwrap_err();
    assert!(matches!(&gone, ConnectorError::Gone { reason } if reason.contains("does not exist")), "{gone:?}");
}
