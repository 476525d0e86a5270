//! Telegram against its simulator.

mod door;
pub mod simulator;

use super::contract::{self, Rig, answer, messages, open, pages};
use super::{only_error, sink_error};
use crate::support::profile::Profile;
use serde_json::json;
pub use simulator::Telegram;
use simulator::{ANA, TOKEN};
use switchboard::connector::{ConnectorError, HookAnswer, HookRequest, Item, Refusal};
use switchboard::model::{ChangeKind, Direction, Timestamp, Way};

#[tokio::test]
async fn an_update_is_confirmed_only_with_the_committed_offset() {
    let rig = Telegram::start();
    (0..250).for_each(|number| rig.customer_writes(&format!("message {number}")));
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    let first = source.pull(&[]).await.unwrap();
    assert!(first.more && first.items.len() == 100);
    // The page was not committed: the same comes again, and nothing is gone.
    let again = source.pull(&[]).await.unwrap();
    assert_eq!(first.items, again.items);
    let rest = pages(source.as_mut(), first.cursor).await;
    assert_eq!(messages(&rest).len(), 150);
    let offsets = rig.bot.lock().unwrap().offsets.clone();
    assert_eq!(offsets, [None, None, Some(870_000_101), Some(870_000_201)]);
}

#[tokio::test]
async fn edits_reactions_and_deletions_are_recorded_beside_the_message() {
    let rig = Telegram::start();
    let mut message = rig.message("were is it?");
    rig.update("message", message.clone());
    message["text"] = "where is it?".into();
    message["edit_date"] = 1_795_000_100.into();
    rig.update("edited_message", message.clone());
    let number = message["message_id"].clone();
    rig.update(
        "message_reaction",
        json!({
            "chat": message["chat"], "message_id": number, "user": message["from"], "date": 1_795_000_200,
            "old_reaction": [{ "type": "emoji", "emoji": "👎" }], "new_reaction": [{ "type": "emoji", "emoji": "👍" }],
        }),
    );
    rig.update(
        "deleted_business_messages",
        json!({ "business_connection_id": "bc1", "chat": message["chat"], "message_ids": [number, 7] }),
    );
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let changes: Vec<_> = pulled
        .iter()
        .flat_map(|page| &page.items)
        .filter_map(|item| if let Item::Change(change) = item { Some(change) } else { None })
        .collect();
    let id = messages(&pulled)[0].remote_id.clone();
    assert_eq!(id, format!("{ANA}:{number}"), "no digit is lost");
    assert_eq!((changes[0].remote_id.as_str(), changes[0].text.as_str()), (id.as_str(), "where is it?"));
    let reacted = |symbol: &str, added| ChangeKind::Reaction { symbol: symbol.to_owned(), added };
    assert_eq!([&changes[1].kind, &changes[2].kind], [&reacted("👎", false), &reacted("👍", true)]);
    assert_eq!(changes[1].by.as_ref().unwrap().address, ANA.to_string());
    assert_eq!(changes[3].kind, ChangeKind::Deleted);
    assert_eq!(changes[3].remote_id, format!("bc1/{ANA}:{number}"), "another chat than the bot's own with her");
}

#[tokio::test]
async fn business_chats_groups_and_channels_are_told_apart() {
    let rig = Telegram::start();
    let mut theirs = rig.message("hello, business");
    theirs["business_connection_id"] = "bc1".into();
    rig.update("business_message", theirs.clone());
    let mut ours = rig.message("hello, Ana");
    ours["business_connection_id"] = "bc1".into();
    ours["from"] = json!({ "id": 55, "is_bot": false, "first_name": "Shop owner" });
    rig.update("business_message", ours);
    let mut group = rig.message("question in a group");
    group["chat"] =
        json!({ "id": -1_001_234_567_890_i64, "type": "supergroup", "title": "Shop", "username": "shopgroup" });
    group["is_topic_message"] = true.into();
    group["message_thread_id"] = 12.into();
    rig.update("message", group);
    let mut joined = rig.message("");
    joined.as_object_mut().unwrap().remove("text");
    joined["new_chat_members"] = json!([{ "id": 9 }]);
    rig.update("message", joined);
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled);
    assert_eq!(found.len(), 3, "that somebody joined is no message");
    assert_eq!((found[0].direction, found[1].direction), (Direction::Inbound, Direction::Outbound));
    assert_eq!(found[1].to[0].address, ANA.to_string());
    assert_eq!((found[2].way, found[2].conversation.as_deref()), (Way::Public, Some("-1001234567890#12")));
    // An answer goes by the business account, and into the topic.
    let sink = &mut account.connector.sink().unwrap();
    for (parent, key, value) in
        [(found[0], "business_connection_id", json!("bc1")), (found[2], "message_thread_id", json!(12))]
    {
        let outgoing = answer(account.connector.as_ref(), parent, "yes");
        let original = account.connector.render(&outgoing, &[]).unwrap();
        sink.deliver(&outgoing, &original).await.unwrap();
        let sent = rig.bot.lock().unwrap().sent.last().unwrap().clone();
        assert_eq!(sent[key], value);
        assert_eq!(sent["reply_parameters"]["message_id"].to_string(), parent.context["message"]);
    }
}

#[tokio::test]
async fn a_group_that_moved_gets_its_answer_and_one_who_blocked_us_does_not() {
    let rig = Telegram::start();
    rig.customer_writes("hi");
    rig.bot.lock().unwrap().migrated = Some((ANA, -1_009_999));
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let outgoing = answer(account.connector.as_ref(), messages(&pulled)[0], "moved");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    assert!(receipt.remote_id.unwrap().starts_with("-1009999:"));
    rig.bot.lock().unwrap().migrated = None;
    rig.bot.lock().unwrap().blocked.insert(ANA);
    let gone = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(&gone, ConnectorError::Gone { reason } if reason.contains("blocked")), "{gone:?}");
    // Too long is known before anything is sent: counted as Telegram counts.
    let long = answer(account.connector.as_ref(), messages(&pulled)[0], &"😀".repeat(2_049));
    let refused = account.connector.render(&long, &[]).unwrap_err().to_string();
    assert!(refused.contains("4098 UTF-16 units") && refused.contains("4096"), "{refused}");
}

#[tokio::test]
async fn a_webhook_in_the_way_and_a_revoked_token_are_for_a_person() {
    let rig = Telegram::start();
    let account = open(&rig);
    rig.bot.lock().unwrap().webhook = true;
    let error = only_error(account.connector.source().unwrap().pull(&[]).await);
    assert!(matches!(&error, ConnectorError::Reconnect { reason } if reason.contains("deleteWebhook")), "{error:?}");
    rig.bot.lock().unwrap().revoked = true;
    let refused = only_error(account.connector.source().unwrap().pull(&[]).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    let lost = account.connector.refresh().await.unwrap_err();
    assert!(matches!(lost, ConnectorError::Reconnect { .. }), "{lost:?}");
    contract::keeps_its_secrets(&rig, &[TOKEN], &[error, refused, lost]);
    // A new token in its place is taken up.
    super::secret_file(account.profile.path(), "telegram.token", &TOKEN.replace("839", "840"));
    account.connector.refresh().await.unwrap();
}

#[tokio::test]
async fn a_photo_is_listed_and_fetched_when_asked_for() {
    let rig = Telegram::start();
    let mut message = rig.message("");
    message.as_object_mut().unwrap().remove("text");
    message["caption"] = "broken".into();
    message["photo"] = json!([{ "file_id": "small", "file_size": 1 }, { "file_id": "AgACAgIAAxk", "file_size": 4 }]);
    rig.update("message", message);
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled)[0];
    assert_eq!((found.text.as_str(), found.attachments[0].name.as_str()), ("broken", "photo.jpg"));
    assert_eq!(account.connector.fetch(&found.raw, 1).await.unwrap(), b"jpeg");
    assert!(account.connector.fetch(&found.raw, 2).await.is_err());
}

#[tokio::test]
async fn a_delivery_needs_the_secret() {
    let rig = Telegram::start();
    let profile = tempfile::tempdir().unwrap();
    super::secret_file(profile.path(), "hook.secret", "s3cret");
    let table =
        format!("{}receive = \"webhook\"\nwebhook_secret_file = \"hook.secret\"\n", rig.account(profile.path()));
    let connector = super::open_table(&table, profile.path());
    assert!(connector.source().is_none(), "Telegram does not give its updates both ways");
    let hook = connector.hook().unwrap();
    let body = json!({ "update_id": 5, "message": rig.message("pushed") }).to_string().into_bytes();
    let request = |secret: Option<&str>| HookRequest {
        method: "POST".to_owned(),
        headers: secret
            .map(|secret| ("x-telegram-bot-api-secret-token".to_owned(), secret.to_owned()))
            .into_iter()
            .collect(),
        body: body.clone(),
        ..HookRequest::default()
    };
    assert_eq!(hook.receive(&request(None), Timestamp(0)), Err(Refusal::NotConfigured), "fails closed");
    hook.prepare().await.unwrap();
    assert_eq!(hook.receive(&request(None), Timestamp(0)), Err(Refusal::Unsigned));
    assert_eq!(hook.receive(&request(Some("s3creT")), Timestamp(0)), Err(Refusal::Forged));
    let Ok(HookAnswer::Delivery { key, raw, .. }) = hook.receive(&request(Some("s3cret")), Timestamp(0)) else {
        panic!()
    };
    assert_eq!(key, "5");
    assert!(matches!(&hook.understand(&raw, Timestamp(0))[..], [Item::Message(message)] if message.text == "pushed"));
    assert!(matches!(&hook.understand(b"{", Timestamp(0))[..], [Item::Unreadable(_)]));
}

#[test]
fn from_the_first_message_to_the_answer_by_command() {
    let rig = Telegram::start();
    let profile = Profile::new("");
    profile.configure(&rig.account(&profile.path));
    rig.customer_writes("where is my parcel?");
    assert!(profile.json(&["account", "test"]).iter().all(|row| row["ok"] == true));
    assert_eq!(profile.one(&["sync"])["new"], 1);
    let shown = profile.ok(&["show", "Ana Silva", "--json"]).out();
    assert!(shown.contains("where is my parcel?") && shown.contains("telegram"), "{shown}");
    profile.ok(&["reply", "Ana Silva", "--text", "On its way."]);
    profile.ok(&["outbox", "--wait", "30"]);
    assert_eq!(rig.sent(), ["On its way."]);
    let row = profile.json(&["outbox"]).remove(0);
    assert_eq!(row["state"], "sent", "{row}");
    let long = profile.refused(&["reply", "Ana Silva", "--text", &"x".repeat(4_097)]);
    assert!(long.contains("4097") && long.contains("4096"), "{long}");
    // A picture is listed, and fetched when it is asked for.
    let mut message = rig.message("");
    message.as_object_mut().unwrap().remove("text");
    message["caption"] = "broken".into();
    message["photo"] = json!([{ "file_id": "AgACAgIAAxk", "file_size": 4 }]);
    rig.update("message", message);
    profile.ok(&["sync"]);
    let shown = profile.one(&["show", "Ana Silva"]);
    let with = shown["messages"].as_array().unwrap().iter().find(|row| row["text"] == "broken").unwrap();
    let (id, part) = (with["id"].as_str().unwrap(), with["attachments"][0]["part"].to_string());
    assert_eq!(profile.ok(&["original", id, "--attachment", &part]).bytes, b"jpeg");
    profile.assert_sound();
}
