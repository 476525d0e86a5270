//! Facebook, Messenger and Instagram, declared in `platforms/`, against one simulator of the Graph API.

mod simulator;

use super::contract::{Rig, answer, messages, open, pages, their_words_are_not_taken_for_ours};
use super::{only_error, secret_file, sink_error, until_known};
use crate::support::simulator::{Fault, Simulator};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use simulator::{INSTAGRAM, PAGE_ID, Shared};
use std::path::Path;
use switchboard::connector::{ConnectorError, HookAnswer, HookRequest, Item, Refusal, Sighting};
use switchboard::model::{ChangeKind, Direction, Outgoing, Timestamp, Way};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub struct Meta {
    world: Shared,
    simulator: Simulator,
    connector: &'static str,
    /// Where a customer writes: a post, a medium or a conversation; and who.
    place: &'static str,
    person: &'static str,
    token: &'static str,
}

impl Meta {
    pub fn new(connector: &'static str, place: &'static str, person: &'static str) -> Meta {
        let world = Shared::default();
        let simulator = Simulator::start(simulator::router(world.clone()));
        Meta { world, simulator, connector, place, person, token: "page-token" }
    }

    pub fn facebook() -> Meta {
        Meta::new("facebook", "post", "ana")
    }

    pub fn messenger() -> Meta {
        Meta::new("messenger", "t_mana", "mana")
    }

    pub fn comments() -> Meta {
        Meta::new("instagram", "medium", "ana")
    }

    pub fn direct() -> Meta {
        Meta::new("instagram", "t_iana", "iana")
    }
}

impl Rig for Meta {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        secret_file(profile, "t", self.token);
        secret_file(profile, "a", "app");
        secret_file(profile, "v", "verify");
        let address = match self.connector {
            "instagram" => format!("address = \"{INSTAGRAM}\"\npage_id = \"{PAGE_ID}\""),
            _ => format!("address = \"{PAGE_ID}\""),
        };
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"{}\"\n{address}\ntoken_file = \"t\"\napp_secret_file = \"a\"\n\
             verify_token_file = \"v\"\nbase_url = \"{}\"\n",
            self.connector, self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        self.world.lock().unwrap().add(self.place, None, self.person, text);
    }

    fn sent(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        let own = world.entries.iter().filter(|entry| [PAGE_ID, INSTAGRAM].contains(&entry.from.as_str()));
        own.map(|entry| entry.text.clone()).collect()
    }

    fn reading(&self) -> &'static str {
        "GET /v23.0/"
    }

    fn sending(&self) -> &'static str {
        "POST /v23.0/"
    }

    fn too_many(&self) -> Fault {
        Fault::Instead(400, vec![], simulator::refusal(32, None, "Page request limit reached"))
    }

    fn listing(&self) -> &'static str {
        if self.place.starts_with("t_") { "/messages?" } else { "/comments?" }
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/data")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

#[tokio::test]
async fn meta_refuses_in_its_own_words_and_codes() {
    let mut rig = Meta::messenger();
    rig.customer_writes("hello");
    for code in [4, 17, 32, 613] {
        let account = open(&rig);
        let limit = Fault::Instead(400, vec![], simulator::refusal(code, None, "limit reached"));
        rig.simulator.faults.next(rig.reading(), limit);
        let refused = only_error(account.connector.source().unwrap().pull(&[]).await);
        assert!(matches!(refused, ConnectorError::Wait { .. }), "{code}: {refused:?}");
    }
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let outgoing = answer(account.connector.as_ref(), messages(&pulled)[0], "late");
    rig.world.lock().unwrap().late.push("mana".to_owned());
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let closed = sink_error(account.connector.sink().unwrap().deliver(&outgoing, &original).await);
    assert!(matches!(closed, ConnectorError::WindowClosed { .. }), "{closed:?}");
    assert!(rig.sent().is_empty());
    let windows = account.connector.facts().abilities.apart.into_iter().filter_map(|apart| apart.terms.window?.millis);
    assert_eq!(windows.collect::<Vec<_>>(), [24 * 3_600_000]);
    rig.token = "old-token";
    let refused = only_error(open(&rig).connector.source().unwrap().pull(&[]).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. } | ConnectorError::Reconnect { .. }), "{refused:?}");
    assert!(!format!("{refused:?}").contains("old-token"));
}

#[tokio::test]
async fn after_a_day_a_person_may_still_answer_where_the_app_may_say_so() {
    const DAY: i64 = 24 * 3_600_000;
    for rig in [Meta::messenger(), Meta::direct()] {
        for (text, hours) in [("long ago", 25), ("just now", 0)] {
            rig.customer_writes(text);
            let mut world = rig.world.lock().unwrap();
            world.entries.last_mut().unwrap().at -= jiff::SignedDuration::from_hours(hours);
        }
        rig.world.lock().unwrap().late.push(rig.person.to_owned());
        let profile = tempfile::tempdir().unwrap();
        let table = rig.account(profile.path());
        let opened = |more: &str| super::open_table(&format!("{table}{more}"), profile.path());
        let windows = |account: &dyn switchboard::connector::Connector, parent: &switchboard::connector::Incoming| {
            let terms = account.facts().abilities.terms(parent.way, parent.way, &parent.context);
            terms.window.unwrap().millis.unwrap() / DAY
        };
        let with = opened("human_agent = true\n");
        let pulled = pages(with.source().unwrap().as_mut(), Vec::new()).await;
        let found = |text: &str| *messages(&pulled).iter().find(|message| message.text == text).unwrap();
        let deliver = async |account: &dyn switchboard::connector::Connector, text: &str| {
            let outgoing = answer(account, found(text), "Sorry for the wait");
            let original = account.render(&outgoing, &[]).unwrap();
            account.sink().unwrap().deliver(&outgoing, &original).await
        };
        // Without the review Meta refuses it, and that is for somebody to mend.
        let refused = sink_error(deliver(with.as_ref(), "long ago").await);
        assert!(matches!(refused, ConnectorError::Reconnect { .. }), "{refused:?}");
        rig.world.lock().unwrap().human_agent = true;
        deliver(with.as_ref(), "long ago").await.unwrap();
        // Within the day it is an answer like any other: to say more than is so is against Meta's rules.
        let closed = sink_error(deliver(with.as_ref(), "just now").await);
        assert!(matches!(closed, ConnectorError::WindowClosed { .. }), "{closed:?}");
        assert_eq!(rig.world.lock().unwrap().tagged, [true, false]);
        // They wrote since, or it is not known when they did: nothing is said that may not be so.
        let older = answer(with.as_ref(), found("long ago"), "Sorry for the wait");
        let hour_ago = (jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1)).as_millisecond().to_string();
        for (key, at) in [(Outgoing::LAST_AT, hour_ago.as_str()), ("at", "some day")] {
            let mut outgoing = older.clone();
            outgoing.context.insert(key.to_owned(), at.to_owned());
            let call = String::from_utf8(with.render(&outgoing, &[]).unwrap()).unwrap();
            assert!(call.contains("RESPONSE") && !call.contains("HUMAN_AGENT"), "{call}");
        }
        assert_eq!(rig.sent(), ["Sorry for the wait"]);
        assert_eq!(windows(with.as_ref(), found("just now")), 7, "what the screen counts down from");
        // Nobody says so unasked.
        for more in ["", "human_agent = false\n", "human_agent = \"false\"\n"] {
            let without = opened(more);
            let closed = sink_error(deliver(without.as_ref(), "long ago").await);
            assert!(matches!(closed, ConnectorError::WindowClosed { .. }), "{closed:?}");
            assert_eq!(windows(without.as_ref(), found("long ago")), 1);
        }
        let wrong = super::try_table(&format!("{table}human_agent = \"yes\"\n"), profile.path()).err().unwrap();
        assert!(wrong.contains("human_agent is true or false"), "{wrong}");
    }
}

#[tokio::test]
async fn a_lost_answer_on_meta_is_not_what_the_customer_wrote() {
    for rig in [Meta::messenger(), Meta::direct()] {
        their_words_are_not_taken_for_ours(&rig).await;
    }
    for rig in [Meta::facebook(), Meta::comments()] {
        rig.customer_writes("may I come?");
        let account = open(&rig);
        let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
        let parent = messages(&pulled)[0];
        let outgoing = answer(account.connector.as_ref(), parent, "Thank you!");
        rig.world.lock().unwrap().add(rig.place, Some(&parent.remote_id), rig.person, "Thank you!");
        let mut sink = account.connector.sink().unwrap();
        let found = sink.find_sent(&outgoing).await.unwrap();
        assert_eq!(found, Sighting::CannotTell, "{}: theirs is not ours", rig.connector);
        let original = account.connector.render(&outgoing, &[]).unwrap();
        let receipt = sink.deliver(&outgoing, &original).await.unwrap();
        assert_eq!(sink.find_sent(&outgoing).await.unwrap(), Sighting::Sent(receipt.remote_id));
    }
}

#[tokio::test]
async fn a_comment_is_answered_below_it_or_once_in_private() {
    let rig = Meta::facebook();
    rig.customer_writes("where is it?");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = messages(&pulled)[0];
    assert_eq!((parent.way, parent.from.name.as_str()), (Way::Public, "Name of ana"));
    let mut outgoing = answer(account.connector.as_ref(), parent, "Write to us");
    outgoing.way = Way::Direct;
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    sink.deliver(&outgoing, &original).await.unwrap();
    assert_eq!(rig.world.lock().unwrap().private, [format!("{}: Write to us", parent.remote_id)]);
    let second = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(second, ConnectorError::Reject { .. }), "{second:?}");
    let gone = answer(account.connector.as_ref(), parent, "too late");
    let original = account.connector.render(&gone, &[]).unwrap();
    rig.world.lock().unwrap().entries.clear();
    let refused = sink_error(sink.deliver(&gone, &original).await);
    assert!(matches!(refused, ConnectorError::Gone { .. }), "{refused:?}");
}

#[tokio::test]
async fn comments_without_an_author_are_not_made_one_person() {
    let rig = Meta::facebook();
    rig.world.lock().unwrap().hides_authors = true;
    rig.customer_writes("one");
    rig.customer_writes("two");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled);
    assert_eq!(found.len(), 2);
    assert_ne!(found[0].from.address, found[1].from.address);
}

#[tokio::test]
async fn a_reply_on_instagram_is_answered_below_its_comment() {
    let rig = Meta::comments();
    let top = rig.world.lock().unwrap().add("medium", None, "bo", "first");
    rig.world.lock().unwrap().add("medium", Some(&top), "ana", "and me?");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let reply = *messages(&pulled).iter().find(|message| message.text == "and me?").unwrap();
    assert_eq!((reply.conversation.as_deref(), reply.references.as_slice()), (Some("medium"), &[top.clone()][..]));
    let outgoing = answer(account.connector.as_ref(), reply, "You too");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    account.connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
    assert_eq!(rig.world.lock().unwrap().entries.last().unwrap().parent.as_deref(), Some(top.as_str()));
}

/// Status and code the simulator itself answers a call with.
async fn asked(rig: &Meta, target: &str, token: &str) -> (String, Value) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let host = rig.simulator.base.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let call =
        format!("GET {target} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n");
    stream.write_all(call.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body["error"]["code"].clone())
}

#[tokio::test]
async fn the_simulator_is_as_strict_as_graph() {
    let rig = Meta::facebook();
    rig.customer_writes("hello");
    for (call, token, status, code) in [
        ("/v23.0/post/comments?fields=id", "page-token", "200", Value::Null),
        ("/v23.0/post/comments?fields=id", "guess", "401", json!(190)),
        ("/v23.0/post/comments?fields=id&colour=red", "page-token", "400", json!(100)),
        ("/v23.0/post/comments?fields=id,colour", "page-token", "400", json!(100)),
        ("/v23.0/post/comments?fields=id&order=newest", "page-token", "400", json!(100)),
        ("/v23.0/post/comments?fields=id&limit=1000", "page-token", "400", json!(100)),
        ("/v23.0/108000000000001/conversations?platform=SMS&fields=id", "page-token", "400", json!(100)),
    ] {
        assert_eq!(asked(&rig, call, token).await, (status.to_owned(), code), "{call}");
    }
}

fn signed(body: &Value, secret: &str) -> HookRequest {
    let body = body.to_string().into_bytes();
    let mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(secret.as_bytes()).unwrap();
    let bytes = mac.chain_update(&body).finalize().into_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let headers = vec![("x-hub-signature-256".to_owned(), format!("sha256={hex}"))];
    HookRequest { method: "POST".to_owned(), headers, body, ..HookRequest::default() }
}

#[tokio::test]
async fn what_meta_pushes_is_believed_by_its_signature_alone() {
    for rig in [Meta::facebook(), Meta::messenger(), Meta::comments()] {
        let account = open(&rig);
        let hook = account.connector.hook().unwrap();
        let body = json!({ "object": "page", "entry": [] });
        until_known(|| hook.receive(&signed(&body, "app"), NOW) != Err(Refusal::NotConfigured)).await;
        assert!(matches!(hook.receive(&signed(&body, "app"), NOW), Ok(HookAnswer::Delivery { .. })));
        assert_eq!(hook.receive(&signed(&body, "other"), NOW), Err(Refusal::Forged));
        let bare = HookRequest { headers: Vec::new(), ..signed(&body, "app") };
        assert_eq!(hook.receive(&bare, NOW), Err(Refusal::Unsigned));
        let ask = |token: &str| HookRequest {
            method: "GET".to_owned(),
            query: [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", "11582")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            ..HookRequest::default()
        };
        until_known(|| hook.receive(&ask("verify"), NOW) != Err(Refusal::NotConfigured)).await;
        let given = hook.receive(&ask("verify"), NOW);
        assert!(matches!(given, Ok(HookAnswer::Challenge { body, .. }) if body == b"11582"));
        assert_eq!(hook.receive(&ask("guess"), NOW), Err(Refusal::Forged));
    }
}

/// Id, text, and whether it is inbound.
type News = (String, String, bool);

/// Messages and changes of a delivery.
fn understood(rig: &Meta, body: &Value) -> (Vec<News>, Vec<(String, ChangeKind)>) {
    let account = open(rig);
    let (mut news, mut changes) = (Vec::new(), Vec::new());
    for item in account.connector.hook().unwrap().understand(body.to_string().as_bytes(), NOW) {
        match item {
            Item::Message(message) => {
                news.push((message.remote_id, message.text, message.direction == Direction::Inbound))
            }
            Item::Change(change) => changes.push((change.remote_id, change.kind)),
            Item::Unreadable(dead) => panic!("{dead:?}"),
        }
    }
    (news, changes)
}

#[tokio::test]
async fn pushed_comments_are_new_edited_or_gone() {
    let change = |verb: &str, id: &str, text: &str| {
        json!({ "field": "feed", "value": { "item": "comment", "verb": verb, "comment_id": id, "post_id": "post",
            "parent_id": "post", "created_time": 1_699_999_990, "from": { "id": "ana", "name": "Ana" },
            "message": text } })
    };
    let body = json!({ "object": "page", "entry": [{ "id": PAGE_ID, "time": 1_699_999_991, "changes": [
        change("add", "post_1", "你好"), change("edited", "post_2", "better"), change("remove", "post_3", ""),
        { "field": "feed", "value": { "item": "reaction", "verb": "add", "post_id": "post" } }] }] });
    let (news, changes) = understood(&Meta::facebook(), &body);
    assert_eq!(news, [("post_1".to_owned(), "你好".to_owned(), true)]);
    let edited = ChangeKind::Edited { preview: "better".to_owned() };
    assert_eq!(changes, [("post_2".to_owned(), edited), ("post_3".to_owned(), ChangeKind::Deleted)]);
    let body = json!({ "object": "instagram", "entry": [{ "id": INSTAGRAM, "time": 1_699_999_991, "changes": [
        { "field": "comments", "value": { "id": "c1", "text": "nice", "from": { "id": "7", "username": "ana" },
          "media": { "id": "medium" } } }] }] });
    assert_eq!(understood(&Meta::comments(), &body).0, [("c1".to_owned(), "nice".to_owned(), true)]);
}

#[tokio::test]
async fn pushed_messages_reactions_and_what_was_unsent() {
    let event = |more: Value| {
        let mut event = json!({ "sender": { "id": "ana" }, "recipient": { "id": PAGE_ID },
            "timestamp": 1_699_999_990_123_u64 });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let body = |own: &str| {
        json!({ "object": "page", "entry": [{ "id": own, "time": 1, "messaging": [
        event(json!({ "message": { "mid": "m_1", "text": "hi" } })),
        { "sender": { "id": own }, "recipient": { "id": "ana" }, "timestamp": 1_699_999_990_500_u64,
          "message": { "mid": "m_2", "text": "ours", "is_echo": true, "app_id": 1 } },
        event(json!({ "message": { "mid": "m_3", "is_deleted": true } })),
        event(json!({ "reaction": { "mid": "m_4", "action": "react", "reaction": "love", "emoji": "❤" } })),
        event(json!({ "read": { "watermark": 1_699_999_990_000_u64 } }))] }] })
    };
    for rig in [Meta::messenger(), Meta::direct()] {
        // What a colleague wrote elsewhere comes as an echo.
        let own = if rig.connector == "messenger" { PAGE_ID } else { INSTAGRAM };
        let (news, changes) = understood(&rig, &body(own));
        assert_eq!(
            news,
            [("m_1", "hi", true), ("m_2", "ours", false)]
                .map(|(id, text, theirs)| { (id.to_owned(), text.to_owned(), theirs) })
        );
        let love = ChangeKind::Reaction { symbol: "❤".to_owned(), added: true };
        assert_eq!(changes, [("m_4".to_owned(), love), ("m_3".to_owned(), ChangeKind::Deleted)]);
    }
}

/// What tells a message and its place.
type Place = (String, [u8; 16], Option<String>, String, Direction, Option<String>);

fn place(message: &switchboard::connector::Incoming) -> Place {
    let (id, thread, from) = (message.remote_id.clone(), message.conversation.clone(), message.from.address.clone());
    (id, message.digest, thread, from, message.direction, message.context.get("psid").cloned())
}

/// What a delivery says of messages.
fn pushed(rig: &Meta, body: &Value) -> Vec<Place> {
    let items = open(rig).connector.hook().unwrap().understand(body.to_string().as_bytes(), NOW);
    items
        .iter()
        .map(|item| if let Item::Message(message) = item { place(message) } else { panic!("{item:?}") })
        .collect()
}

#[tokio::test]
async fn a_message_that_is_pushed_and_polled_is_one_and_stands_in_one_conversation() {
    for (rig, own) in [(Meta::messenger(), PAGE_ID), (Meta::direct(), INSTAGRAM)] {
        let person = rig.person;
        rig.customer_writes("pushed, and polled");
        rig.world.lock().unwrap().add(rig.place, None, own, "answered elsewhere");
        let account = open(&rig);
        let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
        let mut polled: Vec<Place> = messages(&pulled).into_iter().map(place).collect();
        polled.sort_by(|one, other| one.0.cmp(&other.0));
        let ids: Vec<String> = rig.world.lock().unwrap().entries.iter().map(|entry| entry.id.clone()).collect();
        let body = json!({ "object": "page", "entry": [{ "id": own, "time": 1, "messaging": [
            { "sender": { "id": person }, "recipient": { "id": own }, "timestamp": 1_699_999_990_123_u64,
              "message": { "mid": ids[0], "text": "pushed, and polled" } },
            { "sender": { "id": own }, "recipient": { "id": person }, "timestamp": 1_699_999_991_123_u64,
              "message": { "mid": ids[1], "text": "answered elsewhere", "is_echo": true } }] }] });
        assert_eq!(pushed(&rig, &body), polled);
        assert!(polled.iter().all(|place| place.2.as_deref() == Some(person) && place.5.as_deref() == Some(person)));
    }
}

#[tokio::test]
async fn a_comment_that_is_pushed_and_polled_is_one_and_stands_below_its_post() {
    for (rig, instagram) in [(Meta::facebook(), false), (Meta::comments(), true)] {
        rig.customer_writes("top");
        let (top, reply) = {
            let mut world = rig.world.lock().unwrap();
            let top = world.entries[0].id.clone();
            let reply = world.add(rig.place, Some(&top), "bo", "below it");
            (top, reply)
        };
        let account = open(&rig);
        let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
        let mut polled: Vec<Place> = messages(&pulled).into_iter().map(place).collect();
        polled.sort_by(|one, other| one.0.cmp(&other.0));
        let change = |id: &str, parent: Option<&str>, from: &str, text: &str| match instagram {
            true => {
                let mut value = json!({ "id": id, "text": text, "from": { "id": from, "username": from },
                    "media": { "id": "medium", "media_product_type": "FEED" } });
                if let Some(parent) = parent {
                    value["parent_id"] = json!(parent);
                }
                json!({ "field": "comments", "value": value })
            }
            false => json!({ "field": "feed", "value": { "item": "comment", "verb": "add", "comment_id": id,
                "post_id": "post", "parent_id": parent.unwrap_or("post"), "created_time": 1_699_999_990,
                "from": { "id": from, "name": from }, "message": text } }),
        };
        let body = json!({ "object": "page", "entry": [{ "id": PAGE_ID, "time": 1_699_999_991, "changes": [
            change(&top, None, "ana", "top"), change(&reply, Some(&top), "bo", "below it")] }] });
        assert_eq!(pushed(&rig, &body), polled);
        assert!(polled.iter().all(|place| place.2.as_deref() == Some(rig.place)), "{polled:?}");
    }
}

#[tokio::test]
async fn calls_carry_the_proof_when_the_account_has_the_apps_secret() {
    let rig = Meta::messenger();
    rig.customer_writes("hello");
    rig.world.lock().unwrap().wants_proof = true;
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let outgoing = answer(account.connector.as_ref(), messages(&pulled)[0], "hi");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    account.connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
    assert_eq!(rig.sent(), ["hi"]);
    // Without the secret calls go without it, and Meta's refusal is said.
    let profile = tempfile::tempdir().unwrap();
    let table = rig.account(profile.path()).replace("app_secret_file = \"a\"\n", "");
    let bare = super::open_table(&table, profile.path());
    let refused = only_error(bare.source().unwrap().pull(&[]).await);
    assert!(refused.to_string().contains("appsecret_proof"), "{refused}");
    rig.world.lock().unwrap().wants_proof = false;
    assert!(bare.source().unwrap().pull(&[]).await.is_ok());
    // A wrong one is not taken, and is not printed.
    let account = open(&rig);
    secret_file(account.profile.path(), "a", "another-app");
    let refused = only_error(account.connector.source().unwrap().pull(&[]).await);
    assert!(refused.to_string().contains("Invalid appsecret_proof"), "{refused}");
    assert!(!format!("{refused:?}").contains("another-app"));
}
