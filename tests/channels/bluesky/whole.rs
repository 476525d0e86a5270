//! Bluesky on a whole network with a real AppView, which `tests/dev-env/run` starts: what makes notifications is not ours.

use super::network::{Network, Person};
use crate::channels::contract::{answer, messages, pages};
use crate::channels::{open_table, secret_file};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use switchboard::connector::{Connector, Incoming, Item, PulledPage};
use switchboard::model::{ChangeKind, Way};

/// The AppView follows the server's stream, and takes its time.
const LIMIT: Duration = Duration::from_secs(60);

/// Pulls from there until what is pulled holds.
async fn until(account: &dyn Connector, cursor: &[u8], holds: impl Fn(&[PulledPage]) -> bool) -> Vec<PulledPage> {
    let end = Instant::now() + LIMIT;
    loop {
        let pulled = pages(account.source().unwrap().as_mut(), cursor.to_vec()).await;
        if holds(&pulled) {
            return pulled;
        }
        assert!(Instant::now() < end, "it does not come: {pulled:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What happened to messages, in words.
fn changes(pulled: &[PulledPage]) -> Vec<(String, String)> {
    let items = pulled.iter().flat_map(|page| &page.items);
    let mut found: Vec<(String, String)> = items
        .filter_map(|item| match item {
            Item::Change(change) => match &change.kind {
                ChangeKind::Reaction { symbol, .. } => Some((change.remote_id.clone(), symbol.clone())),
                other => panic!("{other:?}"),
            },
            _ => None,
        })
        .collect();
    found.sort();
    found
}

fn mention(of: &Person, text: &str) -> Value {
    let handle = format!("@{}", of.handle);
    let facet = json!({ "index": { "byteStart": 0, "byteEnd": handle.len() },
        "features": [{ "$type": "app.bsky.richtext.facet#mention", "did": of.did }] });
    json!({ "text": format!("{handle} {text}"), "facets": [facet] })
}

#[tokio::test]
#[ignore = "tests/dev-env/run starts the network and runs it"]
async fn notifications_of_a_whole_network() {
    let base = std::env::var("SWITCHBOARD_ATPROTO_NETWORK").expect("tests/dev-env/run says where the network is");
    let network = Network::at(&base);
    let number = jiff::Timestamp::now().as_millisecond() % 10_000_000;
    let (us, ana) = (network.join(&format!("shop{number}")).await, network.join(&format!("ana{number}")).await);
    let profile = tempfile::tempdir().unwrap();
    secret_file(profile.path(), "secret", "app-password\n");
    let table = format!(
        "[[account]]\nname = \"it\"\nconnector = \"bluesky\"\nhandle = \"{}\"\npassword_file = \"secret\"\nbase_url = \"{base}\"\n",
        us.handle
    );
    let account = open_table(&table, profile.path());
    assert!(account.test().await.iter().all(|check| check.outcome.is_ok()), "{:?}", account.test().await);

    // Ana does everything that one can do about somebody's post.
    let post = "app.bsky.feed.post";
    let root = network.write(&us, post, json!({ "text": "Our new boots" })).await;
    let place = json!({ "uri": root.0, "cid": root.1 });
    let mentioned = network.write(&ana, post, mention(&us, "do you ship to 上海？")).await;
    let replied = json!({ "text": "Do they come in blue?", "reply": { "root": place, "parent": place } });
    let replied = network.write(&ana, post, replied).await;
    let quoted = json!({ "text": "Look at these", "embed": { "$type": "app.bsky.embed.record", "record": place } });
    let quoted = network.write(&ana, post, quoted).await;
    network.write(&ana, "app.bsky.feed.like", json!({ "subject": place })).await;
    network.write(&ana, "app.bsky.feed.repost", json!({ "subject": place })).await;
    let all = |pulled: &[PulledPage]| messages(pulled).len() == 3 && changes(pulled).len() == 2;
    let pulled = until(account.as_ref(), &[], all).await;
    let found = messages(&pulled);
    let of = |uri: &str| -> &Incoming { found.iter().copied().find(|message| message.remote_id == uri).unwrap() };
    for (uri, text) in [
        (&mentioned.0, format!("@{} do you ship to 上海？", us.handle)),
        (&replied.0, "Do they come in blue?".to_owned()),
        (&quoted.0, "Look at these".to_owned()),
    ] {
        let message = of(uri);
        assert!(message.text.contains(&text), "{message:?}");
        assert_eq!((message.from.address.as_str(), message.way), (ana.did.as_str(), Way::Public));
        assert_eq!(message.handle.as_deref(), Some(format!("@{}", ana.handle).as_str()));
    }
    let liked = [(root.0.clone(), "like".to_owned()), (root.0.clone(), "repost".to_owned())];
    assert_eq!(changes(&pulled), liked);

    // Our answer stands in the thread, as the AppView shows it to everybody, and Ana is told.
    let outgoing = answer(account.as_ref(), of(&replied.0), &format!("@{} they do.", ana.handle));
    let original = account.render(&outgoing, &[]).unwrap();
    let mut sink = account.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    let again = sink.deliver(&outgoing, &original).await.unwrap();
    assert_eq!(receipt.remote_id, again.remote_id, "a second one changes nothing");
    let sent = receipt.remote_id.unwrap();
    let end = Instant::now() + LIMIT;
    // An answer that names her is a mention to the AppView, whatever else it is.
    loop {
        let told = network.ask(&ana, "app.bsky.notification.listNotifications", &[("limit", "50")]).await;
        let told = told.unwrap_or_default()["notifications"].as_array().cloned().unwrap_or_default();
        if told.iter().any(|one| one["uri"] == sent.as_str() && one["reason"] == "mention") {
            break;
        }
        assert!(Instant::now() < end, "Ana is not told of {sent}: {told:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let shown = network.ask(&ana, "app.bsky.feed.getPostThread", &[("uri", &sent)]).await.unwrap();
    assert_eq!(shown["thread"]["parent"]["post"]["uri"], replied.0.as_str());
    assert_eq!(shown["thread"]["parent"]["parent"]["post"]["uri"], root.0.as_str());
    let facet = &shown["thread"]["post"]["record"]["facets"][0]["features"][0];
    assert_eq!(facet["did"], ana.did.as_str(), "the name leads to her");

    // From where we were, what is new comes; what overlaps is known by its id.
    let cursor = pulled.last().unwrap().cursor.clone();
    let parent = json!({ "uri": sent, "cid": shown["thread"]["post"]["cid"] });
    let last = json!({ "text": "Wonderful", "reply": { "root": place, "parent": parent } });
    let last = network.write(&ana, post, last).await;
    let is_last = |message: &&Incoming| message.remote_id == last.0;
    let new = until(account.as_ref(), &cursor, |pulled| messages(pulled).iter().any(is_last)).await;
    let came = messages(&new).into_iter().find(is_last).unwrap();
    assert_eq!(came.conversation, of(&replied.0).conversation, "it is the same thread");
    assert_eq!(came.references.last(), Some(&sent));

    // More than a page of them comes whole, by the AppView's own cursors.
    let text = |number: usize| format!("and number {number}?");
    for number in 0..120 {
        let more = json!({ "text": text(number), "reply": { "root": place, "parent": place } });
        network.write(&ana, post, more).await;
    }
    let has = |pulled: &[PulledPage], number: usize| messages(pulled).iter().any(|one| one.text == text(number));
    let cursor = new.last().unwrap().cursor.clone();
    let rest = until(account.as_ref(), &cursor, |pulled| (0..120).all(|number| has(pulled, number))).await;
    assert!(rest.len() > 2, "{} pages", rest.len());
}
