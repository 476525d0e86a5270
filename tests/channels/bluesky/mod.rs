//! Bluesky on a real personal data server.

mod network;
mod whole;

use crate::channels::contract::{self, Rig, answer, messages, open, pages};
use crate::need;
use crate::support::atproto::Atproto;
use crate::support::profile::Profile;
use crate::support::simulator::{Fault, Simulator};
use network::{Network, Person};
use serde_json::json;
use std::path::Path;
use switchboard::connector::{ConnectorError, Item};
use switchboard::model::ChangeKind;

struct Bluesky<'a> {
    network: &'a Network,
    front: Simulator,
    us: Person,
    ana: Person,
    root: (String, String),
}

impl<'a> Bluesky<'a> {
    /// Our account with one post, and a customer's, both new.
    async fn new(network: &'a Network, front: Simulator, number: usize) -> Bluesky<'a> {
        let us = network.join(&format!("shop{number}")).await;
        let ana = network.join(&format!("ana{number}")).await;
        let root = network.write(&us, "app.bsky.feed.post", json!({ "text": "Our new boots" })).await;
        Bluesky { network, front, us, ana, root }
    }

    fn settings(&self, profile: &Path, more: &str) -> String {
        std::fs::write(profile.join("secret"), "app-password\n").unwrap();
        std::fs::set_permissions(profile.join("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"bluesky\"\nhandle = \"{}\"\npassword_file = \"secret\"\nbase_url = \"{}\"\nhold = \"0s\"\n{more}",
            self.us.handle, self.front.base
        )
    }

    async fn replies(&self, text: &str) -> (String, String) {
        let root = json!({ "uri": self.root.0, "cid": self.root.1 });
        let post = json!({ "text": text, "reply": { "root": root, "parent": root } });
        self.network.write(&self.ana, "app.bsky.feed.post", post).await
    }
}

/// The rig is asked from within a runtime: the platform's own work is done on another thread.
fn wait<T: Send>(work: impl Future<Output = T> + Send) -> T {
    let run = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
    std::thread::scope(|scope| scope.spawn(run).join().unwrap())
}

impl Rig for Bluesky<'_> {
    fn simulator(&self) -> &Simulator {
        &self.front
    }
    fn account(&self, profile: &Path) -> String {
        self.settings(profile, "")
    }
    fn customer_writes(&self, text: &str) {
        wait(self.replies(text));
    }
    fn sent(&self) -> Vec<String> {
        let records = wait(self.network.records(&self.us.did, "app.bsky.feed.post"));
        records.iter().map(|record| record["value"]["text"].as_str().unwrap().to_owned()).collect()
    }
    fn reading(&self) -> &'static str {
        "listNotifications"
    }
    fn sending(&self) -> &'static str {
        "putRecord"
    }
    fn too_many(&self) -> Fault {
        let reset = jiff::Timestamp::now().as_second() + 60;
        let body = json!({ "error": "RateLimitExceeded", "message": "Rate Limit Exceeded" }).to_string();
        Fault::Instead(
            429,
            vec![("ratelimit-reset", reset.to_string()), ("content-type", "application/json".to_owned())],
            body,
        )
    }
    fn recognises_twice(&self) -> bool {
        true
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/notifications")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Err("posts are known by at:// addresses, which are text")
    }
}

/// One server for all of it: starting one takes longer than everything it is asked here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bluesky_on_a_real_server() {
    let server = need!(Atproto::start());
    let mut number = 0;
    let mut fresh = async || {
        number += 1;
        let (network, front) = Network::front(&server);
        // Kept for the length of the test: the rigs borrow it.
        let network: &'static Network = Box::leak(Box::new(network));
        Bluesky::new(network, front, number).await
    };
    contract::comes_whole_and_once(&fresh().await, 57).await;
    contract::goes_on_after_a_kill(&fresh().await, 60).await;
    contract::twice_is_the_same(&fresh().await).await;
    contract::bears_a_bad_platform(&fresh().await).await;
    contract::an_answer_arrives(&fresh().await).await;
    contract::a_lost_answer_is_never_sent_twice(&fresh().await).await;
    contract::bears_a_bad_platform_while_sending(&fresh().await).await;
    for answers in [1, 2] {
        contract::a_round_of_pages_ends(&fresh().await, answers).await;
    }
    contract::an_empty_page_is_not_the_end(&fresh().await).await;
    for hours in [7, -7] {
        contract::bears_another_clock(&fresh().await, hours).await;
    }
    an_answer_has_its_place_in_the_thread_and_its_links(&fresh().await).await;
    likes_show_beside_our_post_and_wrong_passwords_are_said(&fresh().await).await;
    direct_messages_are_read_and_answered(&fresh().await).await;
    a_token_that_is_no_longer_taken_is_renewed(&fresh().await).await;
    the_program_reads_and_answers(&fresh().await).await;
}

async fn an_answer_has_its_place_in_the_thread_and_its_links(rig: &Bluesky<'_>) {
    let (uri, cid) = rig.replies("Do they come in blue?").await;
    let account = open(rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = *messages(&pulled).first().unwrap();
    assert_eq!(
        (parent.from.address.as_str(), parent.handle.as_deref()),
        (rig.ana.did.as_str(), Some(format!("@{}", rig.ana.handle).as_str()))
    );
    let text = format!("@{} yes: https://shop.example/蓝 .", rig.ana.handle);
    let outgoing = answer(account.connector.as_ref(), parent, &text);
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    // Put again, as after a crash: the same record.
    let again = sink.deliver(&outgoing, &original).await.unwrap();
    assert_eq!(receipt.remote_id, again.remote_id);
    let records = rig.network.records(&rig.us.did, "app.bsky.feed.post").await;
    assert_eq!(records.len(), 2);
    let posted = &records[1];
    assert_eq!(posted["uri"].as_str(), receipt.remote_id.as_deref());
    let value = &posted["value"];
    assert_eq!(
        (value["reply"]["parent"]["uri"].as_str(), value["reply"]["parent"]["cid"].as_str()),
        (Some(uri.as_str()), Some(cid.as_str()))
    );
    assert_eq!(value["reply"]["root"]["uri"].as_str(), Some(rig.root.0.as_str()));
    let cut = |facet: &serde_json::Value| {
        let place = |name: &str| facet["index"][name].as_u64().unwrap() as usize;
        text[place("byteStart")..place("byteEnd")].to_owned()
    };
    let facets: Vec<_> = value["facets"].as_array().unwrap().iter().map(cut).collect();
    assert_eq!(facets, [format!("@{}", rig.ana.handle), "https://shop.example/蓝".to_owned()]);
    assert_eq!(value["facets"][0]["features"][0]["did"].as_str(), Some(rig.ana.did.as_str()));
}

async fn likes_show_beside_our_post_and_wrong_passwords_are_said(rig: &Bluesky<'_>) {
    let subject = json!({ "subject": { "uri": rig.root.0, "cid": rig.root.1 } });
    rig.network.write(&rig.ana, "app.bsky.feed.like", subject).await;
    let account = open(rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let changes: Vec<_> = pulled.iter().flat_map(|page| &page.items).collect();
    assert!(
        matches!(changes.as_slice(), [Item::Change(changed)] if changed.remote_id == rig.root.0
            && changed.kind == ChangeKind::Reaction { symbol: "like".to_owned(), added: true }),
        "{changes:?}"
    );
    let account = open(rig);
    std::fs::write(account.profile.path().join("secret"), "wrong-password\n").unwrap();
    let refused = account.connector.source().unwrap().pull(&[]).await.unwrap_err();
    assert!(matches!(refused, ConnectorError::Reconnect { .. }), "{refused:?}");
    assert!(
        refused.to_string().contains("app password") && !refused.to_string().contains("wrong-password"),
        "{refused}"
    );
}

async fn direct_messages_are_read_and_answered(rig: &Bluesky<'_>) {
    for number in 0..23 {
        rig.network.writes_directly(&rig.ana, &format!("direct {number}"));
    }
    let profile = Profile::new("");
    profile.configure(&rig.settings(&profile.path, "direct_messages = true\n"));
    let synced = profile.one(&["sync"]);
    assert_eq!((&synced["new"], &synced["dead"]), (&json!(23), &json!(0)), "{synced}");
    assert_eq!(profile.one(&["sync"])["new"], 0);
    profile.ok(&["reply", &rig.ana.did, "--text", "A direct answer"]);
    profile.ok(&["outbox", "--wait", "30"]);
    assert_eq!(rig.network.said_directly(&rig.us.did), ["A direct answer"]);
    // Its copy comes back in the log, and is known.
    assert_eq!(profile.one(&["sync"])["new"], 0);
}

async fn a_token_that_is_no_longer_taken_is_renewed(rig: &Bluesky<'_>) {
    rig.replies("one").await;
    let account = open(rig);
    let mut source = account.connector.source().unwrap();
    pages(source.as_mut(), Vec::new()).await;
    let expired = json!({ "error": "ExpiredToken", "message": "Token has expired" }).to_string();
    rig.front
        .faults
        .next("listNotifications", Fault::Instead(400, vec![("content-type", "application/json".to_owned())], expired));
    let refused = source.pull(&[]).await.unwrap_err();
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    account.connector.refresh().await.unwrap();
    assert_eq!(rig.front.faults.count("refreshSession"), 1);
    assert_eq!(messages(&pages(source.as_mut(), Vec::new()).await).len(), 1);
    assert_eq!(rig.front.faults.count("createSession"), 1, "the password is needed once");
}

async fn the_program_reads_and_answers(rig: &Bluesky<'_>) {
    rig.replies("Is it 退款 or not?").await;
    let profile = Profile::new("");
    profile.configure(&rig.settings(&profile.path, ""));
    assert_eq!(profile.one(&["sync"])["new"], 1);
    let shown = profile.one(&["show", "Ana Silva"]);
    assert_eq!(shown["messages"][0]["text"], "Is it 退款 or not?");
    assert_eq!(shown["messages"][0]["channel"], "bluesky");
    let long = "x".repeat(301);
    assert!(profile.refused(&["reply", "Ana", "--text", &long]).contains("300"));
    profile.ok(&["reply", "Ana", "--text", "It is."]);
    profile.ok(&["outbox", "--wait", "30"]);
    assert_eq!(rig.sent(), ["Our new boots", "It is."]);
    assert_eq!(profile.one(&["sync"])["new"], 0);
    let shown = profile.one(&["show", "Ana Silva"]);
    let last = &shown["messages"][1];
    assert_eq!((last["direction"].as_str(), last["delivery"].as_str()), (Some("outbound"), Some("sent")));
    assert!(last["remote_id"].as_str().unwrap().starts_with("at://"));
    profile.assert_sound();
}
