//! Slack against its simulator.

mod simulator;

use super::contract::{self, Rig, answer, messages, open, pages};
use super::{only_error, sink_error};
use crate::support::profile::Profile;
use serde_json::json;
pub use simulator::Slack;
use simulator::{ANA, CHANNEL, DIRECT, TOKEN};
use switchboard::connector::signature::{hex, hmac_sha256};
use switchboard::connector::{Changed, ConnectorError, HookAnswer, HookRequest, Item, PulledPage, Refusal};
use switchboard::model::{ChangeKind, Direction, Timestamp, Way};

fn changes(pages: &[PulledPage]) -> Vec<&Changed> {
    let items = pages.iter().flat_map(|page| &page.items);
    items.filter_map(|item| if let Item::Change(change) = item { Some(change.as_ref()) } else { None }).collect()
}

fn end(pages: &[PulledPage]) -> Vec<u8> {
    pages.last().unwrap().cursor.clone()
}

#[tokio::test]
async fn threads_are_followed_and_answered_in_place() {
    let rig = Slack::start();
    let root = rig.writes(CHANNEL, ANA, "where is <https://a.example/?x=1&amp;y|my parcel>?", None);
    rig.writes(CHANNEL, "UCOLLEAGUE", "let me look", Some(&root));
    let account = open(&rig);
    let first = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&first);
    let texts: Vec<_> = found.iter().map(|message| (message.text.as_str(), message.direction)).collect();
    let expected =
        [("where is my parcel (https://a.example/?x=1&y)?", Direction::Inbound), ("let me look", Direction::Outbound)];
    assert_eq!(texts, expected);
    assert_eq!((found[0].from.address.as_str(), found[0].from.name.as_str()), ("T1/U024BE7LH", "Ana Silva"));
    assert_eq!((found[0].handle.as_deref(), found[0].links[0].value.as_str()), (Some("@ana.s"), "ana@example.com"));
    assert_eq!(found[1].to[0].address, found[0].from.address, "ours is for who opened the thread");
    assert_eq!(found[0].conversation, found[1].conversation);
    // A reply to an old message shows only as its newer latest_reply.
    (0..30).for_each(|number| drop(rig.writes(CHANNEL, ANA, &format!("other {number}"), None)));
    let second = pages(account.connector.source().unwrap().as_mut(), end(&first)).await;
    rig.writes(CHANNEL, ANA, "any news?", Some(&root));
    let third = pages(account.connector.source().unwrap().as_mut(), end(&second)).await;
    let found = messages(&third);
    assert_eq!(found.len(), 1, "{found:?}");
    let parent = found[0];
    let outgoing = answer(account.connector.as_ref(), parent, "It <left> & <@U1> knows");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    account.connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
    let posted = rig.workspace.lock().unwrap().posted[0].clone();
    assert_eq!(
        (&posted["thread_ts"], &posted["text"]),
        (&json!(root), &json!("It &lt;left&gt; &amp; &lt;@U1&gt; knows"))
    );
}

#[tokio::test]
async fn direct_conversations_are_found_and_flat() {
    let rig = Slack::start();
    rig.workspace.lock().unwrap().direct = true;
    rig.writes(DIRECT, ANA, "psst", None);
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = messages(&pulled)[0];
    assert_eq!((parent.way, parent.conversation.as_deref()), (Way::Direct, Some(DIRECT)));
    let outgoing = answer(account.connector.as_ref(), parent, "yes?");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    account.connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
    assert!(rig.workspace.lock().unwrap().posted[0].get("thread_ts").is_none());
    let again = pages(account.connector.source().unwrap().as_mut(), end(&pulled)).await;
    assert_eq!(messages(&again)[0].to[0].address, parent.from.address);
}

#[tokio::test]
async fn edits_and_reactions_are_recorded_once() {
    let rig = Slack::start();
    let ts = rig.writes(CHANNEL, ANA, "frist", None);
    let account = open(&rig);
    let first = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    {
        let mut workspace = rig.workspace.lock().unwrap();
        let message = workspace.messages.get_mut(CHANNEL).unwrap().get_mut(&ts).unwrap();
        message["text"] = "first".into();
        message["edited"] = json!({ "user": ANA, "ts": "1795000000.000000" });
        message["reactions"] = json!([{ "name": "thumbsup", "count": 1, "users": ["UCOLLEAGUE"] }]);
    }
    let second = pages(account.connector.source().unwrap().as_mut(), end(&first)).await;
    let found = changes(&second);
    assert_eq!(found.iter().map(|change| change.kind.word()).collect::<Vec<_>>(), ["edited", "reaction"]);
    assert_eq!((found[0].text.as_str(), found[0].at), ("first", Timestamp(1_795_000_000_000)));
    let third = pages(account.connector.source().unwrap().as_mut(), end(&second)).await;
    assert!(changes(&third).is_empty());
}

#[tokio::test]
async fn pages_that_lead_nowhere_and_refusals_with_status_200_are_said() {
    let rig = Slack::start();
    (0..40).for_each(|number| rig.customer_writes(&format!("message {number}")));
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    rig.workspace.lock().unwrap().loops = true;
    let first = source.pull(&[]).await.unwrap();
    let error = only_error(source.pull(&first.cursor).await);
    assert!(matches!(&error, ConnectorError::Retry { reason } if reason.contains("nowhere")), "{error:?}");
    rig.workspace.lock().unwrap().loops = false;
    rig.workspace.lock().unwrap().kicked = true;
    let error = only_error(source.pull(&first.cursor).await);
    assert!(matches!(&error, ConnectorError::Reconnect { reason } if reason.contains("/invite")), "{error:?}");
    rig.workspace.lock().unwrap().revoked = true;
    let refused = only_error(open(&rig).connector.source().unwrap().pull(&[]).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    contract::keeps_its_secrets(&rig, &[TOKEN], &[error, refused]);
}

#[tokio::test]
async fn an_archived_channel_takes_no_answer() {
    let rig = Slack::start();
    rig.customer_writes("hi");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    rig.workspace.lock().unwrap().archived = true;
    let outgoing = answer(account.connector.as_ref(), messages(&pulled)[0], "late");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let gone = sink_error(account.connector.sink().unwrap().deliver(&outgoing, &original).await);
    assert!(matches!(&gone, ConnectorError::Gone { reason } if reason.contains("is_archived")), "{gone:?}");
}

#[tokio::test]
async fn deliveries_are_believed_by_their_signature_alone() {
    let rig = Slack::start();
    let profile = tempfile::tempdir().unwrap();
    super::secret_file(profile.path(), "signing.secret", "8f742231b10e8888abcd99yyyzzz85a5");
    let table = format!("{}signing_secret_file = \"signing.secret\"\n", rig.account(profile.path()));
    let connector = super::open_table(&table, profile.path());
    let hook = connector.hook().unwrap();
    let now = Timestamp(1_531_420_618_000);
    let request = |body: &str, signature: &str| HookRequest {
        method: "POST".to_owned(),
        headers: vec![
            ("x-slack-request-timestamp".to_owned(), "1531420618".to_owned()),
            ("x-slack-signature".to_owned(), signature.to_owned()),
        ],
        body: body.as_bytes().to_vec(),
        ..HookRequest::default()
    };
    let sign = |body: &str| {
        let mac = hmac_sha256(b"8f742231b10e8888abcd99yyyzzz85a5", &[b"v0:1531420618:", body.as_bytes()]);
        format!("v0={}", hex(&mac))
    };
    let hello =
        json!({ "type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P" })
            .to_string();
    assert_eq!(hook.receive(&HookRequest::default(), now), Err(Refusal::NotConfigured), "fails closed");
    hook.prepare().await.unwrap();
    let Ok(HookAnswer::Challenge { body, .. }) = hook.receive(&request(&hello, &sign(&hello)), now) else { panic!() };
    assert_eq!(body, b"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P");
    assert_eq!(hook.receive(&request(&hello, "v0=00"), now), Err(Refusal::Forged));
    assert_eq!(hook.receive(&HookRequest::default(), now), Err(Refusal::Unsigned));
    let late = now.plus_millis(301_000);
    assert_eq!(hook.receive(&request(&hello, &sign(&hello)), late), Err(Refusal::Stale));

    let deleted = json!({
        "type": "event_callback", "team_id": "T1", "event_id": "Ev08MFMKH6",
        "event": { "type": "message", "subtype": "message_deleted", "channel": CHANNEL, "deleted_ts": "1531420600.000001", "ts": "1531420610.000002" },
    })
    .to_string();
    let Ok(HookAnswer::Delivery { key, raw, .. }) = hook.receive(&request(&deleted, &sign(&deleted)), now) else {
        panic!()
    };
    assert_eq!(key, "Ev08MFMKH6");
    let items = hook.understand(&raw, now);
    let [Item::Change(change)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(
        (change.remote_id.clone(), &change.kind),
        (format!("{CHANNEL}:1531420600.000001"), &ChangeKind::Deleted)
    );

    let written = json!({
        "type": "event_callback", "team_id": "T1", "event_id": "Ev2",
        "event": { "type": "message", "channel": CHANNEL, "channel_type": "channel", "user": ANA, "text": "pushed", "ts": "1531420611.000002" },
    });
    let items = hook.understand(written.to_string().as_bytes(), now);
    let [Item::Message(message)] = &items[..] else { panic!("{items:?}") };
    assert_eq!(
        (message.remote_id.as_str(), message.from.address.as_str()),
        ("C024BE91L:1531420611.000002", "T1/U024BE7LH")
    );
}

#[test]
fn from_the_first_message_to_the_answer_by_command() {
    let rig = Slack::start();
    let profile = Profile::new("");
    profile.configure(&rig.account(&profile.path));
    rig.customer_writes("where is my parcel?");
    assert!(profile.ok(&["account", "test"]).out().contains("@shop in Shop, 1 channels"));
    assert_eq!(profile.one(&["sync"])["new"], 1);
    profile.ok(&["reply", "Ana Silva", "--text", "On its way."]);
    profile.ok(&["outbox", "--wait", "30"]);
    assert_eq!(rig.sent(), ["On its way."]);
    let again = profile.one(&["sync"]);
    assert_eq!((&again["new"], &again["duplicate"]), (&0.into(), &1.into()), "our own message is known: {again}");
    profile.assert_sound();
}
