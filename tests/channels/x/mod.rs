//! X against its simulator.

mod simulator;

use super::contract::{self, Rig, answer, messages, open, pages};
use super::{only_error, sink_error};
use crate::support::profile::Profile;
use serde_json::json;
pub use simulator::X;
use simulator::{ANA, FIRST, ME};
use switchboard::connector::signature::{base64, hmac_sha256};
use switchboard::connector::{ConnectorError, HookAnswer, HookRequest, Item, Refusal};
use switchboard::model::{ChangeKind, Direction, Timestamp, Way};

fn now() -> Timestamp {
    jiff::Timestamp::now().into()
}

#[tokio::test]
async fn direct_messages_are_walked_down_to_what_is_known_and_answered() {
    let rig = X::direct();
    (0..25).for_each(|number| drop(rig.written(&format!("direct {number}"))));
    let account = open(&rig);
    let first = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!((messages(&first).len(), first.len()), (25, 4), "three pages, and a look at what came meanwhile");
    // The mark moves only at the end of the walk: from the middle, nothing is missed.
    rig.written("while away");
    let rest = pages(account.connector.source().unwrap().as_mut(), first[0].cursor.clone()).await;
    let mut source = account.connector.source().unwrap();
    let after = pages(source.as_mut(), rest.last().unwrap().cursor.clone()).await;
    let texts: Vec<_> = messages(&rest).iter().chain(&messages(&after)).map(|message| message.text.clone()).collect();
    assert!(texts.contains(&"while away".to_owned()) && texts.contains(&"direct 0".to_owned()), "{texts:?}");
    let parent = messages(&first)[0];
    assert_eq!((parent.way, parent.from.name.as_str(), parent.from.address.as_str()), (Way::Direct, "Ana Silva", ANA));
    let outgoing = answer(account.connector.as_ref(), parent, "hello back");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let receipt = account.connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
    let again = pages(source.as_mut(), after.last().unwrap().cursor.clone()).await;
    let own = messages(&again)[0];
    assert_eq!((own.direction, Some(own.remote_id.clone())), (Direction::Outbound, receipt.remote_id));
    assert_eq!(own.to[0].address, ANA);
}

#[tokio::test]
async fn both_sets_of_names_are_understood_and_either_can_be_sent() {
    for (new_names, more) in [(false, ""), (true, "dialect = \"post\"\n")] {
        let rig = X { more: more.to_owned(), ..X::start() };
        rig.place.lock().unwrap().new_names = new_names;
        let first = rig.mentioned("wher is it?");
        let second = rig.mentioned("where is it?");
        let versions = if new_names { "edit_history_post_ids" } else { "edit_history_tweet_ids" };
        rig.place.lock().unwrap().mentions[1][versions] = json!([first, second]);
        let account = open(&rig);
        let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
        let edit = pulled.iter().flat_map(|page| &page.items).find_map(|item| match item {
            Item::Change(change) => Some(change),
            _ => None,
        });
        let edit = edit.unwrap();
        assert_eq!((edit.remote_id.clone(), edit.text.as_str()), (first, "where is it?"));
        assert!(matches!(edit.kind, ChangeKind::Edited { .. }));
        let outgoing = answer(account.connector.as_ref(), messages(&pulled).last().unwrap(), "here");
        let original = account.connector.render(&outgoing, &[]).unwrap();
        account.connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
    }
}

#[tokio::test]
async fn the_token_renews_itself_once_and_outlives_a_restart() {
    let rig = X::start();
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    pages(source.as_mut(), Vec::new()).await;
    assert_eq!(rig.place.lock().unwrap().renewals, 1);
    // X ends the access early: whoever hears of it renews, once.
    rig.place.lock().unwrap().access = "another".to_owned();
    let refused = only_error(source.pull(&[]).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    account.connector.refresh().await.unwrap();
    source.pull(&[]).await.unwrap();
    assert_eq!(rig.place.lock().unwrap().renewals, 2);
    // The first refresh token is long dead; what was kept goes on.
    super::secret_file(account.profile.path(), "x.refresh", FIRST);
    let table = rig.account(account.profile.path());
    super::secret_file(account.profile.path(), "x.refresh", FIRST);
    let again = super::open_table(&table, account.profile.path());
    again.source().unwrap().pull(&[]).await.unwrap();
    // When that is gone too, a person must sign in.
    rig.place.lock().unwrap().access = "another".to_owned();
    rig.place.lock().unwrap().refresh = "elsewhere".to_owned();
    assert!(matches!(only_error(again.source().unwrap().pull(&[]).await), ConnectorError::Refresh { .. }));
    let lost = again.refresh().await.unwrap_err();
    assert!(
        matches!(&lost, ConnectorError::Reconnect { reason } if reason.contains("sign the account in anew")),
        "{lost:?}"
    );
    // And when one did, that is taken up.
    super::secret_file(account.profile.path(), "x.refresh", "elsewhere");
    again.refresh().await.unwrap();
    contract::keeps_its_secrets(&rig, &[FIRST, "refresh-1", "refresh-2", "access-2", "elsewhere"], &[refused, lost]);
}

#[tokio::test]
async fn what_x_does_not_let_us_answer_has_a_way_out() {
    let rig = X::start();
    rig.customer_writes("hello");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = messages(&pulled)[0];
    let deliver = async |text: &str| {
        let outgoing = answer(account.connector.as_ref(), parent, text);
        let original = account.connector.render(&outgoing, &[]).unwrap();
        account.connector.sink().unwrap().deliver(&outgoing, &original).await
    };
    deliver("once").await.unwrap();
    assert!(matches!(sink_error(deliver("once").await), ConnectorError::Duplicate { .. }));
    rig.place.lock().unwrap().unsummoned = true;
    let closed = sink_error(deliver("twice").await);
    assert!(
        matches!(&closed, ConnectorError::WindowClosed { reason } if reason.contains("direct message")),
        "{closed:?}"
    );
    let long = answer(account.connector.as_ref(), parent, &"退".repeat(141));
    let refused = account.connector.render(&long, &[]).unwrap_err().to_string();
    assert!(refused.contains("282") && refused.contains("280"), "{refused}");
}

#[tokio::test]
async fn money_is_counted_and_not_overspent() {
    let rig = X { more: "budget = 1\nreads = \"mentions\"\n".to_owned(), ..X::start() };
    (0..40).for_each(|number| rig.customer_writes(&format!("mention {number}")));
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let ledger = account.connector.ledger().unwrap();
    // Forty mentions, and who we are.
    assert_eq!(ledger.affords("thousandth dollar", 1_000 - 41, now()), Ok(()));
    assert!(ledger.affords("thousandth dollar", 1_000 - 40, now()).is_err());
    let with_link = answer(account.connector.as_ref(), messages(&pulled)[0], "see https://shop.example/1");
    let original = account.connector.render(&with_link, &[]).unwrap();
    account.connector.sink().unwrap().deliver(&with_link, &original).await.unwrap();
    assert!(ledger.affords("thousandth dollar", 1_000 - 240, now()).is_err());
    ledger.charge("thousandth dollar", 900, now());
    let calls = rig.simulator.faults.calls().len();
    let error = only_error(account.connector.source().unwrap().pull(&[]).await);
    assert!(matches!(&error, ConnectorError::Wait { reason, .. } if reason.contains("budget")), "{error:?}");
    assert_eq!(rig.simulator.faults.calls().len(), calls, "nothing was asked");
    assert!(ledger.to_bytes().is_some(), "a month outlives a restart");
}

#[tokio::test]
async fn pages_that_lead_nowhere_are_an_error() {
    let rig = X { more: "reads = \"mentions\"\n".to_owned(), ..X::start() };
    (0..30).for_each(|number| rig.customer_writes(&format!("mention {number}")));
    rig.place.lock().unwrap().loops = true;
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    let first = source.pull(&[]).await.unwrap();
    let error = only_error(source.pull(&first.cursor).await);
    assert!(matches!(&error, ConnectorError::Retry { reason } if reason.contains("nowhere")), "{error:?}");
}

#[tokio::test]
async fn the_challenge_is_answered_and_deliveries_need_a_signature() {
    let rig = X::start();
    let profile = tempfile::tempdir().unwrap();
    super::secret_file(profile.path(), "consumer.secret", "consumer-secret");
    let table = format!("{}consumer_secret_file = \"consumer.secret\"\n", rig.account(profile.path()));
    let connector = super::open_table(&table, profile.path());
    connector.source().unwrap().pull(&[]).await.unwrap();
    let hook = connector.hook().unwrap();
    let sign = |text: &[u8]| format!("sha256={}", base64(&hmac_sha256(b"consumer-secret", &[text])));
    assert_eq!(hook.receive(&HookRequest::default(), now()), Err(Refusal::NotConfigured), "fails closed");
    hook.prepare().await.unwrap();
    let challenge = HookRequest {
        method: "GET".to_owned(),
        query: vec![("crc_token".to_owned(), "9b4507b3-9040-4669-9ca3-6b94edb50553".to_owned())],
        ..HookRequest::default()
    };
    let Ok(HookAnswer::Challenge { body, .. }) = hook.receive(&challenge, now()) else { panic!() };
    let said: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(said["response_token"], json!(sign(b"9b4507b3-9040-4669-9ca3-6b94edb50553")));
    let event = json!({ "data": { "event_type": "dm.received", "event_uuid": "e1", "payload": {
        "id": "1900000000000000009", "event_type": "MessageCreate", "text": "pushed", "sender_id": ANA,
        "dm_conversation_id": format!("{ME}-{ANA}"), "created_at": "2026-11-27T10:00:00.000Z",
    } } })
    .to_string();
    let delivery = |signature: Option<String>| HookRequest {
        method: "POST".to_owned(),
        headers: signature
            .map(|signature| ("x-twitter-webhooks-signature".to_owned(), signature))
            .into_iter()
            .collect(),
        body: event.clone().into_bytes(),
        ..HookRequest::default()
    };
    assert_eq!(hook.receive(&delivery(None), now()), Err(Refusal::Unsigned));
    assert_eq!(hook.receive(&delivery(Some(sign(b"other"))), now()), Err(Refusal::Forged));
    let signed = delivery(Some(sign(event.as_bytes())));
    let Ok(HookAnswer::Delivery { key, raw, .. }) = hook.receive(&signed, now()) else { panic!() };
    assert_eq!(key, "e1");
    let items = hook.understand(&raw, now());
    let [Item::Message(message)] = &items[..] else { panic!("{items:?}") };
    assert_eq!((message.text.as_str(), message.remote_id.as_str()), ("pushed", "dm:1900000000000000009"));
}

#[test]
fn from_the_first_mention_to_the_answer_by_command() {
    let rig = X::start();
    let profile = Profile::new("");
    profile.configure(&rig.account(&profile.path));
    rig.customer_writes("where is my parcel?");
    assert!(profile.ok(&["account", "test"]).out().contains("Shop, @shop"));
    assert_eq!(profile.one(&["sync"])["new"], 1);
    profile.ok(&["reply", "Ana Silva", "--text", "On its way."]);
    profile.ok(&["outbox", "--wait", "30"]);
    assert_eq!(rig.sent(), ["On its way."]);
    assert_eq!(profile.json(&["outbox"]).remove(0)["state"], "sent");
    profile.assert_sound();
}
