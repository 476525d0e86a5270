//! Zendesk, declared in `platforms/zendesk.toml`, against a simulator.

mod simulator;

use super::contract::{Rig, answer, messages, open, pages, their_words_are_not_taken_for_ours};
use super::{only_error, secret_file, sink_error, try_table};
use crate::support::simulator::{Fault, Simulator};
use serde_json::json;
use simulator::{ANA, BO, LIN, OWN, Shared};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use switchboard::connector::ConnectorError;
use switchboard::model::{Direction, LinkKind};

pub struct Zendesk {
    world: Shared,
    simulator: Simulator,
    written: AtomicU64,
}

impl Zendesk {
    pub fn new() -> Zendesk {
        let world = Shared::default();
        let simulator = Simulator::start(simulator::router(world.clone()));
        Zendesk { simulator, world, written: AtomicU64::new(0) }
    }

    fn comment(&self, ticket: u64, author: u64, body: &str, public: bool) -> u64 {
        self.world.lock().unwrap().comment(ticket, author, body, public)
    }
}

const TOKEN: &str = "agent = \"desk@shop.example\"\napi_token_file = \"key\"\n";

impl Rig for Zendesk {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        secret_file(profile, "key", "hush");
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"zendesk\"\naddress = \"{OWN}\"\nsubdomain = \"shop\"\n{TOKEN}\
             base_url = \"{}\"\n",
            self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        let number = self.written.fetch_add(1, Ordering::SeqCst);
        self.comment(100 + number % 7, ANA, text, true);
    }

    fn sent(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        let all = world.tickets.iter().flat_map(|ticket| &ticket.comments);
        all.filter(|comment| comment.author == OWN).map(|comment| comment.body.clone()).collect()
    }

    fn reading(&self) -> &'static str {
        "GET /api/v2/incremental/tickets"
    }

    fn sending(&self) -> &'static str {
        "PUT /api/v2/tickets/"
    }

    fn listing(&self) -> &'static str {
        "GET /api/v2/tickets/"
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/comments")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        self.world.lock().unwrap().next = 1 << 53;
        Ok(())
    }

    fn too_many(&self) -> Fault {
        let body =
            r#"{"error":"APIRateLimitExceeded","description":"Number of allowed API requests per minute exceeded"}"#;
        Fault::Instead(429, vec![("retry-after", "93".to_owned())], body.to_owned())
    }
}

#[tokio::test]
async fn a_comment_comes_with_who_wrote_it_and_notes_stay_there() {
    let rig = Zendesk::new();
    rig.comment(7, ANA, "where is my parcel?", true);
    rig.comment(7, LIN, "she is right", false);
    rig.comment(7, LIN, "On its way", true);
    rig.comment(8, BO, "hello", true);
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled);
    let texts: Vec<(&str, Direction)> =
        found.iter().map(|message| (message.text.as_str(), message.direction)).collect();
    assert_eq!(
        texts,
        [
            ("where is my parcel?", Direction::Inbound),
            ("On its way", Direction::Outbound),
            ("hello", Direction::Inbound)
        ]
    );
    let ana = found[0];
    assert_eq!((ana.from.address.as_str(), ana.from.name.as_str()), ("360786799676", "Ana Müller"));
    assert_eq!((ana.subject.as_str(), ana.conversation.as_deref()), ("Ticket 7", Some("7")));
    assert_eq!(ana.url.as_deref(), Some("https://shop.zendesk.com/agent/tickets/7"));
    let link = &ana.links[0];
    assert_eq!((link.kind, link.value.as_str(), link.proven), (LinkKind::Email, "ana@example.com", false));
    assert_eq!(found[1].to[0].address, ana.from.address, "what a colleague wrote is the requester's");
    // What is kept is what Zendesk wrote, byte for byte.
    let raw = String::from_utf8(ana.raw.clone()).unwrap();
    assert!(raw.contains("\"latitude\":1.50}}") && raw.contains("{\"id\": 2"), "{raw}");
    let again = account.connector.parse(ana.raw.clone(), &ana.folder, ana.received);
    let switchboard::connector::Item::Message(again) = again else { panic!("{again:?}") };
    assert_eq!(*again, *ana, "it can be understood again from the original alone");
}

#[tokio::test]
async fn an_answer_carries_its_key_and_a_closed_ticket_takes_none() {
    let rig = Zendesk::new();
    rig.comment(7, ANA, "where is my parcel?", true);
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = messages(&pulled)[0];
    let outgoing = answer(account.connector.as_ref(), parent, "On its way");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    let (comment, key) = {
        let world = rig.world.lock().unwrap();
        (world.tickets[0].comments[1].id, world.keys[0].clone())
    };
    assert_eq!(receipt.remote_id, Some(comment.to_string()), "the comment among all that the audit tells");
    assert_eq!(key, outgoing.id.to_string());
    rig.simulator.faults.next(rig.sending(), rig.too_many());
    let busy = sink_error(sink.deliver(&outgoing, &original).await);
    let ConnectorError::Wait { until, .. } = busy else { panic!("{busy:?}") };
    let ahead = until.0 - jiff::Timestamp::now().as_millisecond();
    assert!((85_000..=93_000).contains(&ahead), "as long as Zendesk says: {ahead}");
    rig.world.lock().unwrap().tickets[0].status = "closed";
    let refused = sink_error(sink.deliver(&outgoing, &original).await);
    let ConnectorError::Gone { reason } = &refused else { panic!("{refused:?}") };
    assert!(reason.contains("the ticket is closed") && reason.contains("closed prevents ticket update"), "{reason}");
    assert_eq!(rig.sent(), ["On its way"]);
}

#[tokio::test]
async fn a_lost_answer_on_zendesk_is_not_what_the_customer_wrote() {
    their_words_are_not_taken_for_ours(&Zendesk::new()).await;
}

#[tokio::test]
async fn a_lost_cursor_begins_an_hour_before_it_was_last_good() {
    let rig = Zendesk::new();
    for number in 0..8 {
        rig.comment(number, ANA, &format!("first {number}"), true);
    }
    let account = open(&rig);
    let first = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!(messages(&first).len(), 8);
    let cursor = first.iter().rev().find(|page| !page.cursor.is_empty()).unwrap().cursor.clone();
    rig.comment(99, BO, "while it was lost", true);
    rig.world.lock().unwrap().forgotten = 1_000;
    let second = account.connector.source().unwrap().pull(&cursor).await.unwrap();
    rig.world.lock().unwrap().forgotten = 0;
    let second = pages(account.connector.source().unwrap().as_mut(), second.cursor).await;
    assert!(messages(&second).iter().any(|message| message.text == "while it was lost"), "{second:?}");
    let starts = rig.world.lock().unwrap().starts.clone();
    let now = super::strict::seconds();
    let ago: Vec<i64> = starts.iter().map(|start| now - start).collect();
    assert!(ago.len() == 2 && (2_591_900..2_592_100).contains(&ago[0]), "30 days the first time: {ago:?}");
    assert!((3_590..3_700).contains(&ago[1]), "then an hour: {ago:?}");
}

#[tokio::test]
async fn a_ticket_that_cannot_be_read_keeps_no_other_waiting() {
    let rig = Zendesk::new();
    for number in 1..=5 {
        rig.comment(number, ANA, &format!("ticket {number}"), true);
    }
    let body = "{\"error\":{\"title\":\"Oops\",\"message\":\"broken ticket\"}}".to_owned();
    rig.simulator.faults.next("/tickets/2/comments", Fault::Instead(400, vec![], body));
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    let (mut cursor, mut texts, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..12 {
        match source.pull(&cursor).await {
            Ok(page) => {
                texts.extend(messages(std::slice::from_ref(&page)).iter().map(|message| message.text.clone()));
                cursor = if page.cursor.is_empty() { cursor } else { page.cursor };
            }
            Err(error) => errors.push(error.to_string()),
        }
    }
    assert_eq!(texts, ["ticket 1", "ticket 3", "ticket 4", "ticket 5"]);
    assert!(errors.len() == 1 && errors[0].contains("broken ticket"), "{errors:?}");
    // It is still to be read, by this source and by the next.
    let rest = pages(account.connector.source().unwrap().as_mut(), cursor).await;
    assert_eq!(messages(&rest).iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["ticket 2"]);
}

#[tokio::test]
async fn files_are_given_to_us_and_lead_nowhere_else() {
    let rig = Zendesk::new();
    rig.comment(7, ANA, "see the pictures", true);
    let canary = Simulator::start(axum::Router::new());
    let inside = canary.base.trim_start_matches("http://").to_owned();
    let file = |token: &str| {
        let url = format!("{}/attachments/token/{token}", rig.simulator.base);
        json!({ "id": 1, "file_name": "a.png", "content_url": url, "content_type": "image/png", "size": 22 })
    };
    rig.world.lock().unwrap().tickets[0].comments[0].files = vec![file("here"), file(&inside)];
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let message = messages(&pulled)[0];
    let listed = &message.attachments[0];
    assert_eq!((listed.name.as_str(), listed.media_type.as_str(), listed.size), ("a.png", "image/png", 22));
    let bytes = account.connector.fetch(&message.raw, 0).await.unwrap();
    assert_eq!(bytes, b"the bytes of a picture");
    let refused = account.connector.fetch(&message.raw, 1).await.unwrap_err();
    assert!(matches!(refused, ConnectorError::Reject { .. }), "{refused:?}");
    assert_eq!(canary.faults.calls(), Vec::<String>::new(), "nobody inside was asked");
}

#[tokio::test]
async fn an_oauth_token_will_do_and_one_of_the_two_must_be_there() {
    let rig = Zendesk::new();
    rig.comment(7, ANA, "hello", true);
    let profile = tempfile::tempdir().unwrap();
    let table = rig.account(profile.path());
    secret_file(profile.path(), "oauth", "open");
    let oauth = table.replace(TOKEN, "oauth_token_file = \"oauth\"\n");
    let connector = try_table(&oauth, profile.path()).unwrap();
    let pulled = pages(connector.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!(messages(&pulled).len(), 1);
    let neither = try_table(&table.replace(TOKEN, ""), profile.path()).err().unwrap();
    assert!(neither.contains("api_token") && neither.contains("oauth_token"), "{neither}");
    secret_file(profile.path(), "key", "wrong");
    let connector = try_table(&table, profile.path()).unwrap();
    let refused = only_error(connector.source().unwrap().pull(&[]).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
}

#[test]
fn the_subdomain_is_one_word_and_leads_nowhere_else() {
    let profile = tempfile::tempdir().unwrap();
    secret_file(profile.path(), "key", "hush");
    for subdomain in ["evil.example/", "a.b", "", "x@y", "127.0.0.1:80#"] {
        let table = format!(
            "[[account]]\nname = \"it\"\nconnector = \"zendesk\"\naddress = \"1\"\nsubdomain = \"{subdomain}\"\n{TOKEN}"
        );
        let refused = try_table(&table, profile.path()).err().unwrap();
        assert!(refused.contains("subdomain"), "{subdomain}: {refused}");
    }
}
