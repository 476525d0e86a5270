//! YouTube, declared in `platforms/youtube.toml`, against a simulator.

mod simulator;

use super::contract::{Rig, messages, open, pages};
use super::secret_file;
use crate::support::simulator::{Fault, Simulator};
use simulator::{OWN, Shared};
use std::path::Path;
use switchboard::connector::ConnectorError;

pub struct YouTube {
    world: Shared,
    simulator: Simulator,
}

impl YouTube {
    pub fn new() -> YouTube {
        let world = Shared::default();
        YouTube { simulator: Simulator::start(simulator::router(world.clone())), world }
    }
}

impl Rig for YouTube {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        secret_file(profile, "client.secret", "s");
        secret_file(profile, "refresh.secret", "r");
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"youtube\"\naddress = \"{OWN}\"\nclient_id = \"c\"\n\
             client_secret_file = \"client.secret\"\nrefresh_token_file = \"refresh.secret\"\nbase_url = \"{}\"\n",
            self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        self.world.lock().unwrap().add(None, "UCana", text);
    }

    fn sent(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        world.comments.iter().filter(|comment| comment.author == OWN).map(|comment| comment.text.clone()).collect()
    }

    fn reading(&self) -> &'static str {
        "GET /youtube/v3/comment"
    }

    fn sending(&self) -> &'static str {
        "POST /youtube/v3/comments"
    }

    fn too_many(&self) -> Fault {
        let body = r#"{"error":{"code":403,"message":"quota","errors":[{"reason":"quotaExceeded"}]}}"#;
        Fault::Instead(403, vec![], body.to_owned())
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/items")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Err("ids are text that YouTube makes")
    }
}

fn last(pulled: &[switchboard::connector::PulledPage]) -> Vec<u8> {
    pulled.iter().rev().find(|page| !page.cursor.is_empty()).unwrap().cursor.clone()
}

#[tokio::test]
async fn replies_are_read_below_threads_whose_number_of_replies_changed() {
    let rig = YouTube::new();
    let first = rig.world.lock().unwrap().add(None, "UCana", "first");
    rig.world.lock().unwrap().add(None, "UCbo", "second");
    for number in 0..13 {
        rig.world.lock().unwrap().add(Some(&first), "UCbo", &format!("reply {number}"));
    }
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let replies: Vec<_> = messages(&pulled).into_iter().filter(|m| m.text.starts_with("reply")).collect();
    assert_eq!(replies.len(), 13, "over two pages");
    assert!(replies.iter().all(|reply| reply.conversation.as_deref() == Some(first.as_str())));
    let calls = rig.simulator.faults.count("GET /youtube/v3/comments");
    let second = pages(account.connector.source().unwrap().as_mut(), last(&pulled)).await;
    assert_eq!(rig.simulator.faults.count("GET /youtube/v3/comments"), calls, "nothing changed, nothing is paid");
    rig.world.lock().unwrap().add(Some(&first), "UCbo", "a late one");
    let third = pages(account.connector.source().unwrap().as_mut(), last(&second)).await;
    assert!(messages(&third).iter().any(|message| message.text == "a late one"), "an old thread with a new reply");
}

#[tokio::test]
async fn a_spent_day_is_over_at_midnight_in_california() {
    let rig = YouTube::new();
    let account = open(&rig);
    rig.simulator.faults.next(rig.reading(), rig.too_many());
    match account.connector.source().unwrap().pull(&[]).await {
        Err(ConnectorError::Wait { until, .. }) => {
            assert_eq!(until.0.rem_euclid(86_400_000), 8 * 3_600_000);
        }
        other => panic!("{other:?}"),
    }
}
