//! Discord against its simulator.

mod simulator;

use super::contract::{self, Rig, answer, messages, open, pages};
use super::{only_error, sink_error};
use crate::support::profile::Profile;
use serde_json::json;
pub use simulator::Discord;
use simulator::{CHANNEL, THREAD, TOKEN};
use switchboard::connector::{Changed, ConnectorError, Item, PulledPage};
use switchboard::model::{ChangeKind, Direction, Way};

fn changes(pages: &[PulledPage]) -> Vec<&Changed> {
    let items = pages.iter().flat_map(|page| &page.items);
    items.filter_map(|item| if let Item::Change(change) = item { Some(change.as_ref()) } else { None }).collect()
}

#[tokio::test]
async fn threads_of_the_channels_are_read_and_answered_in_place() {
    let rig = Discord::start();
    rig.server.lock().unwrap().thread = true;
    rig.writes(CHANNEL, "in the channel");
    let id = rig.writes(THREAD, "in the thread @everyone");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled);
    assert_eq!(found.len(), 2);
    let parent = found.iter().find(|message| message.text.contains("thread")).unwrap();
    assert_eq!((parent.conversation.as_deref(), parent.way), (Some(THREAD.to_string().as_str()), Way::Public));
    assert_eq!((parent.from.name.as_str(), parent.handle.as_deref()), ("Ana Silva", Some("@ana")));
    let outgoing = answer(account.connector.as_ref(), parent, "as you said: @everyone");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    account.connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
    let posted = rig.server.lock().unwrap().posted[0].clone();
    assert_eq!(posted["message_reference"]["message_id"], json!(id.to_string()));
    assert_eq!(posted["allowed_mentions"], json!({ "parse": [] }), "nobody is called by an answer");
    let again = pages(account.connector.source().unwrap().as_mut(), pulled.last().unwrap().cursor.clone()).await;
    let own = messages(&again)[0];
    assert_eq!((own.direction, own.to[0].address.as_str()), (Direction::Outbound, parent.from.address.as_str()));
}

#[tokio::test]
async fn edits_deletions_and_reactions_are_recorded() {
    let rig = Discord { recheck: "0s", ..Discord::start() };
    let (kept, gone) = (rig.writes(CHANNEL, "first"), rig.writes(CHANNEL, "second"));
    let account = open(&rig);
    let first = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    assert!(changes(&first).is_empty());
    {
        let mut server = rig.server.lock().unwrap();
        server.messages.remove(&gone);
        let message = server.messages.get_mut(&kept).unwrap();
        message["content"] = "first, mended".into();
        message["edited_timestamp"] = "2026-11-27T10:00:00.000000+00:00".into();
        message["reactions"] = json!([{ "count": 2, "emoji": { "name": "👍" } }]);
    }
    let second = pages(account.connector.source().unwrap().as_mut(), first.last().unwrap().cursor.clone()).await;
    let found = changes(&second);
    let kinds: Vec<_> = found.iter().map(|change| change.kind.word()).collect();
    assert_eq!(kinds, ["edited", "likes", "deleted"]);
    assert_eq!((found[0].text.as_str(), found[0].remote_id.clone()), ("first, mended", kept.to_string()));
    assert_eq!((&found[2].kind, found[2].remote_id.clone()), (&ChangeKind::Deleted, gone.to_string()));
    let third = pages(account.connector.source().unwrap().as_mut(), second.last().unwrap().cursor.clone()).await;
    assert!(changes(&third).is_empty(), "told once");
}

#[tokio::test]
async fn a_refused_token_is_not_tried_again() {
    let rig = Discord::start();
    let account = open(&rig);
    super::secret_file(account.profile.path(), "discord.token", "wrong.token.value");
    let mut source = account.connector.source().unwrap();
    let refused = only_error(source.pull(&[]).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    let lost = account.connector.refresh().await.unwrap_err();
    let calls = rig.simulator.faults.calls().len();
    for _ in 0..5 {
        let error = only_error(source.pull(&[]).await);
        assert!(matches!(error, ConnectorError::Reconnect { .. }), "{error:?}");
    }
    assert_eq!(rig.simulator.faults.calls().len(), calls, "10,000 of those ban the machine");
    contract::keeps_its_secrets(&rig, &["wrong.token.value", TOKEN], &[refused, lost]);
    super::secret_file(account.profile.path(), "discord.token", TOKEN);
    source.pull(&[]).await.unwrap();
}

#[tokio::test]
async fn a_channel_that_may_not_be_read_and_a_closed_thread_are_said() {
    let rig = Discord::start();
    rig.customer_writes("hi");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let outgoing = answer(account.connector.as_ref(), messages(&pulled)[0], "late");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    rig.server.lock().unwrap().closed = true;
    let closed = sink_error(account.connector.sink().unwrap().deliver(&outgoing, &original).await);
    assert!(matches!(&closed, ConnectorError::Gone { reason } if reason.contains("closed")), "{closed:?}");
    rig.server.lock().unwrap().forbidden = true;
    let error = only_error(account.connector.source().unwrap().pull(&[]).await);
    assert!(matches!(&error, ConnectorError::Reconnect { reason } if reason.contains("View Channels")), "{error:?}");
}

#[test]
fn from_the_first_message_to_the_answer_by_command() {
    let rig = Discord::start();
    let profile = Profile::new("");
    profile.configure(&rig.account(&profile.path));
    rig.customer_writes("where is my parcel?");
    let tested = profile.ok(&["account", "test"]).out();
    assert!(tested.contains("Message Content Intent"), "{tested}");
    assert_eq!(profile.one(&["sync"])["new"], 1);
    profile.ok(&["reply", "Ana Silva", "--text", "On its way."]);
    profile.ok(&["outbox", "--wait", "30"]);
    assert_eq!(rig.sent(), ["On its way."]);
    let again = profile.one(&["sync"]);
    assert_eq!((&again["new"], &again["duplicate"]), (&0.into(), &1.into()), "our own message is known: {again}");
    profile.assert_sound();
}
