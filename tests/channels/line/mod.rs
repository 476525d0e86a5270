//! LINE, declared in `platforms/line.toml`, against a simulator. LINE only pushes.

mod simulator;

use super::contract::answer;
use super::pushed::Pusher;
use super::{open_table, secret_file, sink_error};
use crate::support::simulator::{Fault, Simulator};
use serde_json::{Value, json};
use simulator::{ANA, BOT, SECRET, Shared, TOKEN, event};
use std::path::Path;
use switchboard::connector::signature::{base64, hmac_sha256};
use switchboard::connector::{Connector, ConnectorError, HookRequest, Incoming, Item};
use switchboard::model::{ChangeKind, Count, Timestamp};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub struct Line {
    world: Shared,
    simulator: Simulator,
}

impl Line {
    pub fn start() -> Line {
        let world = Shared::default();
        let simulator = Simulator::start(simulator::router(world.clone()));
        Line { world, simulator }
    }

    fn open(&self, profile: &Path) -> Box<dyn Connector> {
        open_table(&self.account(profile), profile)
    }

    /// What came of one event.
    fn understood(&self, account: &dyn Connector, event: Value) -> Vec<Item> {
        let body = json!({ "destination": BOT, "events": [event] }).to_string();
        account.hook().unwrap().understand(body.as_bytes(), NOW)
    }

    /// A message of Ana's.
    fn written(&self, account: &dyn Connector, text: &str) -> Incoming {
        let delivery = &self.news(&[(7, text)])[0];
        match account.hook().unwrap().understand(delivery.to_string().as_bytes(), NOW).remove(0) {
            Item::Message(message) => *message,
            other => panic!("{other:?}"),
        }
    }
}

impl Pusher for Line {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        secret_file(profile, "c", TOKEN);
        secret_file(profile, "s", SECRET);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"line\"\naddress = \"{BOT}\"\nchannel_token_file = \"c\"\n\
             channel_secret_file = \"s\"\nbase_url = \"{}\"\n",
            self.simulator.base
        )
    }

    fn news(&self, messages: &[(u64, &str)]) -> Vec<Value> {
        let events: Vec<Value> = messages
            .iter()
            .map(|(id, text)| {
                let quote = format!("quote-{id}");
                self.world.lock().unwrap().quotes.push(quote.clone());
                event(&id.to_string(), text, &quote)
            })
            .collect();
        vec![json!({ "destination": BOT, "events": events })]
    }

    fn again(&self, delivery: &Value) -> Value {
        let mut delivery = delivery.clone();
        for event in delivery["events"].as_array_mut().unwrap() {
            event["deliveryContext"]["isRedelivery"] = true.into();
        }
        delivery
    }

    fn item(&self) -> &'static str {
        "/events/0"
    }

    fn signed(&self, body: &[u8], by_the_platform: bool) -> HookRequest {
        let secret = if by_the_platform { SECRET } else { "another secret" };
        let signature = base64(&hmac_sha256(secret.as_bytes(), &[body]));
        let headers = vec![("x-line-signature".to_owned(), signature)];
        HookRequest { method: "POST".to_owned(), headers, body: body.to_vec(), ..HookRequest::default() }
    }

    fn sent(&self) -> Vec<String> {
        self.world.lock().unwrap().sent.clone()
    }

    fn sending(&self) -> &'static str {
        "POST /v2/bot/message/push"
    }

    fn too_many(&self) -> Fault {
        let body = r#"{"message":"The API rate limit has been exceeded. Try again later."}"#;
        Fault::Instead(429, vec![], body.to_owned())
    }

    fn wrong_token(&self) -> Fault {
        let body = r#"{"message":"Authentication failed. Confirm that the access token in the authorization header is valid."}"#;
        Fault::Instead(401, vec![], body.to_owned())
    }

    fn recognises_twice(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn an_answer_quotes_what_it_answers_and_is_taken_once() {
    let rig = Line::start();
    let profile = tempfile::tempdir().unwrap();
    let account = rig.open(profile.path());
    let parent = rig.written(account.as_ref(), "where is my parcel?");
    let outgoing = answer(account.as_ref(), &parent, "On its way");
    let original = account.render(&outgoing, &[]).unwrap();
    let mut sink = account.sink().unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some("461230966842064898"));
    // Asked again by whoever was killed before it heard: the same key, not a second message.
    let again = sink_error(rig.open(profile.path()).sink().unwrap().deliver(&outgoing, &original).await);
    assert!(matches!(again, ConnectorError::Duplicate { .. }), "{again:?}");
    let world = rig.world.lock().unwrap();
    assert_eq!(world.to, [(ANA.to_owned(), Some("quote-7".to_owned()))]);
}

#[tokio::test]
async fn a_wrong_token_and_a_spent_month_are_said_as_what_they_are() {
    let rig = Line::start();
    let profile = tempfile::tempdir().unwrap();
    let account = rig.open(profile.path());
    let parent = rig.written(account.as_ref(), "hello");
    let outgoing = answer(account.as_ref(), &parent, "Good day");
    let original = account.render(&outgoing, &[]).unwrap();
    rig.world.lock().unwrap().left = Some(0);
    let spent = sink_error(account.sink().unwrap().deliver(&outgoing, &original).await);
    let ConnectorError::Reject { reason } = &spent else { panic!("{spent:?}") };
    assert!(reason.contains("the month's messages") && reason.contains("monthly limit"), "{reason}");
    secret_file(profile.path(), "c", "another token");
    let text = rig.account(tempfile::tempdir().unwrap().path());
    let refused = sink_error(open_table(&text, profile.path()).sink().unwrap().deliver(&outgoing, &original).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    assert!(refused.to_string().contains("Authentication failed"), "{refused}");
    assert!(!refused.to_string().contains("another token"), "no secret is printed");
    assert_eq!(rig.sent(), Vec::<String>::new());
}

#[tokio::test]
async fn a_text_is_counted_as_line_counts_it() {
    let rig = Line::start();
    let profile = tempfile::tempdir().unwrap();
    let account = rig.open(profile.path());
    let parent = rig.written(account.as_ref(), "hello");
    let length = account.facts().abilities.apart[0].terms.lengths[0];
    assert_eq!((length.most, length.count), (5_000, Count::Utf16));
    let mut sink = account.sink().unwrap();
    let longest = "😀".repeat(2_500);
    assert_eq!(length.count.of(&longest), 5_000);
    let outgoing = answer(account.as_ref(), &parent, &longest);
    sink.deliver(&outgoing, &account.render(&outgoing, &[]).unwrap()).await.unwrap();
    // What is over it is refused before it is sent; LINE would say this.
    let outgoing = answer(account.as_ref(), &parent, &format!("{longest}x"));
    assert_eq!(length.count.of(&outgoing.text), 5_001);
    let refused = sink_error(sink.deliver(&outgoing, &account.render(&outgoing, &[]).unwrap()).await);
    let ConnectorError::Reject { reason } = &refused else { panic!("{refused:?}") };
    assert!(reason.contains("Length must be between 0 and 5000"), "{reason}");
}

#[tokio::test]
async fn groups_pictures_and_what_was_taken_back() {
    let rig = Line::start();
    let profile = tempfile::tempdir().unwrap();
    let account = rig.open(profile.path());
    let group = "C4af4980629af4980629af4980629af49";
    let mut written = event("325708", "hello all", "q");
    written["source"] = json!({ "type": "group", "groupId": group, "userId": ANA });
    let [Item::Message(message)] = &rig.understood(account.as_ref(), written)[..] else { panic!("no message") };
    assert_eq!((message.from.address.as_str(), message.conversation.as_deref()), (ANA, Some(group)));
    assert_eq!(message.context["chat"], group, "the answer goes to the group");
    let mut picture = event("325709", "", "q");
    picture["message"] =
        json!({ "id": "325709", "type": "image", "quoteToken": "q", "contentProvider": { "type": "line" } });
    let [Item::Message(message)] = &rig.understood(account.as_ref(), picture)[..] else { panic!("no message") };
    assert_eq!(message.text, "(image)");
    let mut unsent = event("1", "", "q");
    unsent["type"] = "unsend".into();
    unsent["unsend"] = json!({ "messageId": "325708" });
    let [Item::Change(change)] = &rig.understood(account.as_ref(), unsent)[..] else { panic!("no change") };
    assert_eq!((change.remote_id.as_str(), &change.kind), ("325708", &ChangeKind::Deleted));
    for kind in ["follow", "unfollow", "postback", "a kind of next year"] {
        let mut other = event("2", "", "q");
        other["type"] = kind.into();
        assert!(rig.understood(account.as_ref(), other).is_empty(), "{kind}");
    }
    let ping = json!({ "destination": BOT, "events": [] }).to_string();
    assert!(account.hook().unwrap().understand(ping.as_bytes(), NOW).is_empty(), "LINE tries out the address");
}
