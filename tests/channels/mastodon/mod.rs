//! Mastodon against its simulator.

pub mod simulator;

use super::contract::{self, Rig, answer, messages, open, pages};
use super::{only_error, sink_error, try_table};
use crate::support::profile::Profile;
use serde_json::json;
pub use simulator::Mastodon;
use simulator::TOKEN;
use switchboard::connector::{Changed, ConnectorError, Item, PulledPage};
use switchboard::model::{ChangeKind, Direction, Way};

fn changes(pages: &[PulledPage]) -> Vec<&Changed> {
    let items = pages.iter().flat_map(|page| &page.items);
    items.filter_map(|item| if let Item::Change(change) = item { Some(change.as_ref()) } else { None }).collect()
}

fn end(pages: &[PulledPage]) -> Vec<u8> {
    pages.iter().rev().find(|page| !page.cursor.is_empty()).unwrap().cursor.clone()
}

#[tokio::test]
async fn a_reply_is_as_public_as_what_it_answers_and_never_more() {
    let rig = Mastodon::start();
    let account = open(&rig);
    let connector = account.connector.as_ref();
    for (visibility, way) in
        [("public", Way::Public), ("unlisted", Way::Public), ("private", Way::Direct), ("direct", Way::Direct)]
    {
        rig.mentioned("ana", &format!("hello {visibility}"), visibility);
        let pulled = pages(connector.source().unwrap().as_mut(), Vec::new()).await;
        let parent = *messages(&pulled).iter().find(|message| message.text.contains(visibility)).unwrap();
        assert_eq!(parent.way, way, "{visibility}");
        let outgoing = answer(connector, parent, "yes");
        let original = connector.render(&outgoing, &[]).unwrap();
        connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
        let posted = rig.server.lock().unwrap().posted.last().unwrap().clone();
        let expected = if visibility == "private" { "direct" } else { visibility };
        assert_eq!((&posted["visibility"], &posted["status"]), (&json!(expected), &json!("@ana@far.example yes")));
        assert_eq!(posted["in_reply_to_id"], json!(parent.remote_id));
        let raised = switchboard::model::Outgoing { way: Way::Public, ..answer(connector, parent, "yes") };
        assert_eq!(connector.render(&raised, &[]).is_ok(), way == Way::Public, "{visibility}");
    }
}

#[tokio::test]
async fn who_wrote_is_known_everywhere_and_their_words_are_text() {
    let rig = Mastodon::start();
    rig.mentioned("ana", "@shop where <b> & \"it\" is?", "public");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled)[0];
    assert_eq!(found.text, "@shop where <b> & \"it\" is?");
    assert_eq!(
        (found.from.address.as_str(), found.handle.as_deref()),
        ("https://far.example/@ana", Some("@ana@far.example"))
    );
    assert!(found.remote_id.parse::<u64>().unwrap() > 1 << 53);
}

#[tokio::test]
async fn edits_deletions_and_likes_are_recorded() {
    let rig = Mastodon { recheck: "0s", ..Mastodon::start() };
    let (kept, gone) = (rig.mentioned("ana", "first", "public"), rig.mentioned("ana", "second", "public"));
    let account = open(&rig);
    let first = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    assert!(changes(&first).is_empty(), "nothing happened yet: {:?}", changes(&first));
    {
        let mut server = rig.server.lock().unwrap();
        server.statuses.remove(&gone.parse().unwrap());
        let status = server.statuses.get_mut(&kept.parse().unwrap()).unwrap();
        status["content"] = "<p>first, mended</p>".into();
        status["edited_at"] = "2026-11-27T10:00:00.000Z".into();
    }
    rig.happened("favourite", &kept);
    let second = pages(account.connector.source().unwrap().as_mut(), end(&first)).await;
    let found = changes(&second);
    let kinds: Vec<_> = found.iter().map(|change| change.kind.word()).collect();
    assert_eq!(kinds, ["reaction", "edited", "deleted"]);
    assert_eq!((found[1].remote_id.as_str(), found[1].text.as_str()), (kept.as_str(), "first, mended"));
    assert_eq!((found[2].remote_id.as_str(), &found[2].kind), (gone.as_str(), &ChangeKind::Deleted));
    let third = pages(account.connector.source().unwrap().as_mut(), end(&second)).await;
    assert!(changes(&third).is_empty(), "told once: {:?}", changes(&third));
}

#[tokio::test]
async fn an_answer_given_elsewhere_is_ours() {
    let rig = Mastodon::start();
    let parent = rig.mentioned("ana", "anyone there?", "public");
    {
        let mut server = rig.server.lock().unwrap();
        let id = server.id();
        let status = json!({
            "id": id.to_string(), "created_at": "2026-11-27T10:00:00.000Z", "content": "<p>@ana we are</p>", "visibility": "public",
            "in_reply_to_id": parent, "mentions": [{ "id": "2", "acct": "ana@far.example", "url": "https://far.example/@ana" }],
            "account": { "id": "1", "acct": "shop", "url": "https://m.example/@shop" }, "media_attachments": [],
        });
        server.statuses.insert(id, status);
    }
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled);
    let own = found.iter().find(|message| message.direction == Direction::Outbound).unwrap();
    let theirs = found.iter().find(|message| message.direction == Direction::Inbound).unwrap();
    assert_eq!((own.text.as_str(), own.to[0].address.as_str()), ("we are", theirs.from.address.as_str()));
    assert_eq!(own.references, [parent]);
}

#[tokio::test]
async fn sending_twice_is_one_post_and_a_gone_parent_is_said() {
    let rig = Mastodon::start();
    rig.customer_writes("hello");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let outgoing = answer(account.connector.as_ref(), messages(&pulled)[0], "once");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    let first = sink.deliver(&outgoing, &original).await.unwrap();
    let second = sink.deliver(&outgoing, &original).await.unwrap();
    assert_eq!((first.remote_id, rig.sent().len()), (second.remote_id, 1));
    rig.server.lock().unwrap().statuses.clear();
    let other = answer(account.connector.as_ref(), messages(&pulled)[0], "late");
    let original = account.connector.render(&other, &[]).unwrap();
    let gone = sink_error(sink.deliver(&other, &original).await);
    assert!(matches!(&gone, ConnectorError::Gone { reason } if reason.contains("not there")), "{gone:?}");
}

#[tokio::test]
async fn the_budget_is_what_the_server_says() {
    let rig = Mastodon::start();
    let account = open(&rig);
    pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let (left, until) = account.connector.ledger().unwrap().left(jiff::Timestamp::now().into()).unwrap();
    assert_eq!(left, "250 of 300 calls");
    assert!(until.is_some());
}

#[tokio::test]
async fn a_wrong_token_is_for_a_person_and_stays_secret() {
    let rig = Mastodon::start();
    let account = open(&rig);
    super::secret_file(account.profile.path(), "mastodon.token", "wrong-token");
    let refused = only_error(account.connector.source().unwrap().pull(&[]).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    let lost = account.connector.refresh().await.unwrap_err();
    assert!(matches!(lost, ConnectorError::Reconnect { .. }));
    contract::keeps_its_secrets(&rig, &["wrong-token", TOKEN], &[refused, lost]);
}

#[test]
fn settings_are_read_strictly() {
    let profile = tempfile::tempdir().unwrap();
    let rig = Mastodon::start();
    let text = rig.account(profile.path());
    let wrong = |from: &str, to: &str| match try_table(&text.replace(from, to), profile.path()) {
        Err(error) => error,
        Ok(_) => panic!("{to} is taken"),
    };
    assert!(wrong("recheck", "rechek").contains("`rechek`"));
    assert!(wrong("base_url", "base").contains("`base`") || wrong("base_url", "base").contains("base_url"));
    assert!(wrong("\"5m\"", "\"5\"").contains("recheck"));
    let plain = format!("base_url = \"{}\"", rig.simulator().base);
    assert!(wrong(&plain, "base_url = \"http://m.example\"").contains("https://"));
}

#[test]
fn from_the_first_mention_to_the_answer_by_command() {
    let rig = Mastodon::start();
    let profile = Profile::new("");
    profile.configure(&rig.account(&profile.path));
    rig.customer_writes("@shop where is my parcel?");
    let tested = profile.ok(&["account", "test"]).out();
    assert!(tested.contains("500 characters"), "{tested}");
    assert_eq!(profile.one(&["sync"])["new"], 1);
    profile.ok(&["reply", "Ana Silva", "--text", "On its way."]);
    profile.ok(&["outbox", "--wait", "30"]);
    assert_eq!(rig.sent(), ["@ana@far.example On its way."]);
    assert_eq!(profile.json(&["outbox"]).remove(0)["state"], "sent");
    let again = profile.one(&["sync"]);
    assert_eq!((&again["new"], &again["duplicate"]), (&0.into(), &1.into()), "our own post is known: {again}");
    profile.assert_sound();
}
