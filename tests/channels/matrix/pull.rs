//! What is read: messages, what happens to them, gaps, hostile rooms, lost tokens and lines.

use super::*;
use crate::need;
use crate::support::cut_proxy::CutProxy;
use crate::support::synapse::encode;
use serde_json::json;
use switchboard::model::{ChangeKind, Direction};

#[test]
fn a_room_is_joined_and_its_messages_come_with_names_replies_and_threads() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    ana.ok("PUT", &format!("/profile/{}/displayname", encode(&ana.id)), json!({ "displayname": "Ana 安娜\u{202e}" }));
    let room = ana.room("Lamp\u{7} order", &[&desk.id]);
    let first = ana.says(&room, "my lamp is broken");
    let reply = json!({
        "msgtype": "m.text", "body": format!("> <{}> my lamp is broken\n\nstill broken", ana.id),
        "m.relates_to": { "m.in_reply_to": { "event_id": first } },
    });
    let second = ana.send(&room, "m.room.message", reply);
    let threaded = json!({
        "msgtype": "m.text", "body": "in the thread",
        "m.relates_to": { "rel_type": "m.thread", "event_id": first, "is_falling_back": true, "m.in_reply_to": { "event_id": second } },
    });
    ana.send(&room, "m.room.message", threaded);
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let connector = connector(&server, &desk, folder.path());
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        assert_eq!(texts(&items), ["my lamp is broken", "still broken", "in the thread"]);
        let read = messages(&items);
        assert!(read.iter().all(|message| message.direction == Direction::Inbound && message.from.address == ana.id));
        assert_eq!((read[0].from.name.as_str(), read[0].folder.as_str()), ("Ana 安娜⟨RLO⟩", "Lamp order"));
        assert_eq!(read[0].conversation.as_deref(), Some(room.as_str()));
        assert_eq!(read[1].references, std::slice::from_ref(&first));
        assert_eq!(read[2].references, [first.clone(), second]);
        assert_eq!(read[2].context["thread"], first);
        assert_eq!(read[0].remote_id, first);
        // The original is the event, byte for byte, and is understood again.
        let again = connector.parse(read[1].raw.clone(), &room, read[1].received);
        assert_eq!(texts(&[again]), ["still broken"]);

        // Another pull of the same place brings the same; the next place brings what is new.
        assert!(pull_all(&*connector, &mut *source, &mut cursor).await.is_empty());
        ana.says(&room, "and now?");
        assert_eq!(texts(&pull_all(&*connector, &mut *source, &mut cursor.clone()).await), ["and now?"]);
        assert_eq!(texts(&pull_all(&*connector, &mut *source, &mut cursor).await), ["and now?"]);
    });
}

#[test]
fn edits_deletions_and_reactions_are_changes_and_nobody_edits_anothers_words() {
    let server = need!(Synapse::shared());
    let (desk, ana, eve) = (server.user("desk"), server.user("ana"), server.user("eve"));
    let room = ana.room("", &[&desk.id, &eve.id]);
    eve.join(&room);
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let connector = connector(&server, &desk, folder.path());
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        let one = ana.says(&room, "one");
        assert_eq!(texts(&pull_all(&*connector, &mut *source, &mut cursor).await), ["one"]);
        let edit = |text: &str| {
            json!({
                "msgtype": "m.text", "body": format!("* {text}"), "m.new_content": { "msgtype": "m.text", "body": text },
                "m.relates_to": { "rel_type": "m.replace", "event_id": one },
            })
        };
        ana.send(&room, "m.room.message", edit("one, really"));
        eve.send(&room, "m.room.message", edit("I owe Eve 100"));
        let thumb = json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": one, "key": "👍" } });
        let thumb = eve.send(&room, "m.reaction", thumb);
        // A new source, as after a restart, knows no author by heart.
        let mut source = connector.source().unwrap();
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        assert!(messages(&items).is_empty(), "{items:?}");
        let said: Vec<_> = changes(&items).iter().map(|change| (change.kind.clone(), change.text.as_str())).collect();
        let edited = ChangeKind::Edited { preview: "one, really".to_owned() };
        let added = |added| ChangeKind::Reaction { symbol: "👍".to_owned(), added };
        assert_eq!(said, [(edited, "one, really"), (added(true), "")]);
        assert!(changes(&items).iter().all(|change| change.remote_id == one));

        eve.redact(&room, &thumb);
        ana.redact(&room, &one);
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        let kinds: Vec<_> =
            changes(&items).iter().map(|change| (change.remote_id.as_str(), change.kind.clone())).collect();
        assert_eq!(kinds, [(one.as_str(), added(false)), (one.as_str(), ChangeKind::Deleted)]);
    });
}

#[test]
fn a_gap_is_filled_page_by_page_also_when_it_is_cut_short_and_the_line_breaks() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("many", &[&desk.id]);
    let folder = tempfile::tempdir().unwrap();
    // By hand more, to see it at its real size: SWITCHBOARD_TEST_MESSAGES=2000.
    let count: usize = std::env::var("SWITCHBOARD_TEST_MESSAGES").ok().map_or(260, |text| text.parse().unwrap());
    let said = |range: std::ops::Range<usize>| range.map(|at| format!("message {at}")).collect::<Vec<_>>();
    run(async {
        let proxy = CutProxy::start(server.port);
        let connector = connector_at(&desk, proxy.port, folder.path(), "");
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        pull_all(&*connector, &mut *source, &mut cursor).await;
        for text in said(0..count) {
            ana.says(&room, &text);
        }
        // Killed after every page, with the line cut in the middle of every second one.
        let (mut read, mut cuts, mut first) = (Vec::new(), 0, None);
        loop {
            let fresh = super::connector_at(&desk, proxy.port, folder.path(), "");
            let mut source = fresh.source().unwrap();
            proxy.cut_after(if cuts % 2 == 0 { 3_000 } else { u64::MAX });
            cuts += 1;
            let page = match pull(&*fresh, &mut *source, &mut cursor).await {
                Ok(page) => page,
                Err(error) => {
                    assert!(matches!(error, ConnectorError::Retry { .. }), "{error:?}");
                    continue;
                }
            };
            first.get_or_insert(page.items.len());
            read.extend(page.items);
            // The rooms are asked for first by each new source, so it takes a second pull to go on with the gap.
            proxy.cut_after(u64::MAX);
            // (Its connection may be one that is cut later on.)
            let Ok(page) = pull(&*fresh, &mut *source, &mut cursor).await else { continue };
            read.extend(page.items);
            if !page.more {
                break;
            }
            assert!(cuts < 1_000, "it never comes to an end");
        }
        assert_eq!(first, Some(50), "the newest come first");
        let mut texts = texts(&read);
        texts.sort_by_key(|text| text["message ".len()..].parse::<usize>().unwrap());
        assert_eq!(texts, said(0..count), "all of them, each once");
    });
}

#[test]
fn a_room_of_hostile_events_harms_nobody() {
    let server = need!(Synapse::shared());
    let (desk, eve) = (server.user("desk"), server.user("eve"));
    let room = eve.room("\u{1b}]0;owned\u{7}\u{202e}room", &[&desk.id]);
    eve.ok(
        "PUT",
        &format!("/rooms/{}/state/m.room.member/{}", encode(&room), encode(&eve.id)),
        json!({ "membership": "join", "displayname": format!("\u{1b}[31mBoss\n{}", "x".repeat(200)) }),
    );
    let large = "ü".repeat(30_000);
    let mut deep = json!("bottom");
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let broken = [
        json!({}),
        json!({ "msgtype": "m.text" }),
        json!({ "msgtype": "m.text", "body": 7 }),
        json!({ "msgtype": "m.text", "body": { "a": [1, 2] } }),
    ];
    let contents = [
        json!({ "msgtype": "m.text", "body": large }),
        json!({ "msgtype": "m.text", "body": "deep", "x": deep }),
        json!({ "msgtype": "m.text", "body": "self", "m.relates_to": { "m.in_reply_to": { "event_id": 9_007_199_254_740_991_i64 } } }),
        json!({ "msgtype": "m.text", "body": "\u{1b}[2Jcleared\u{1}\u{202e}" }),
        json!({ "msgtype": "m.image", "body": "../../etc/passwd", "url": "mxc://../..", "info": { "size": -1, "mimetype": "\u{1b}[0m" } }),
        json!({ "msgtype": "m.key.verification.request", "body": "verify me" }),
    ];
    // This Synapse refuses messages without words from its own users; others let them through.
    let put = |at: usize, content: &serde_json::Value| {
        eve.call("PUT", &format!("/rooms/{}/send/m.room.message/broken{at}", encode(&room)), content.clone()).0
    };
    let accepted = broken.iter().enumerate().filter(|(at, content)| put(*at, content) == 200).count();
    // Nor an edit of nothing, which would change nothing here.
    put(
        broken.len(),
        &json!({ "msgtype": "m.text", "body": "* fake", "m.new_content": { "body": "fake" }, "m.relates_to": { "rel_type": "m.replace", "event_id": "$nowhere" } }),
    );
    for content in contents {
        eve.send(&room, "m.room.message", content);
    }
    eve.send(&room, "org.example.unheard.of", json!({ "body": "?" }));
    eve.send(
        &room,
        "m.room.encrypted",
        json!({ "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "s" }),
    );
    eve.send(&room, "m.reaction", json!({ "m.relates_to": "nothing" }));
    let last = eve.says(&room, "the end");
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let connector = connector(&server, &desk, folder.path());
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        let read = messages(&items);
        assert_eq!(read.last().unwrap().remote_id, last);
        let texts = texts(&items);
        for text in ["deep", "self", "[encrypted message, cannot be read here]", "the end"] {
            assert!(texts.iter().any(|read| read == text), "{text}: {texts:?}");
        }
        assert_eq!(texts.iter().filter(|text| text.contains("cleared")).count(), 1);
        for message in &read {
            let shown = [&message.text, &message.preview, &message.from.name, &message.folder];
            let clean = |text: &String| !text.contains(['\u{1b}', '\u{7}', '\u{1}', '\u{202e}']);
            assert!(shown.into_iter().all(clean), "{message:?}");
            assert!(message.from.name.chars().count() <= 200 && message.from.address == eve.id);
        }
        // Messages without words are dead letters, whole.
        let dead: Vec<_> =
            items.iter().filter_map(|item| if let Item::Unreadable(dead) = item { Some(dead) } else { None }).collect();
        assert_eq!(dead.len(), accepted, "{dead:?}");
        assert!(
            dead.iter()
                .all(|dead| dead.folder == room && String::from_utf8_lossy(&dead.raw).contains("m.room.message"))
        );
        assert!(changes(&items).is_empty(), "an edit of what does not exist");
        let image = read.iter().find(|message| !message.attachments.is_empty()).unwrap();
        let refused = connector.fetch(&image.raw, 0).await.unwrap_err();
        assert!(matches!(refused, ConnectorError::Reject { .. }), "{refused:?}");
    });
}

#[test]
fn a_session_that_was_ended_elsewhere_is_begun_again_with_the_same_device() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let connector = connector_at(&desk, server.port, folder.path(), "device_id = \"DESK1\"");
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        ana.says(&room, "before");
        assert_eq!(texts(&pull_all(&*connector, &mut *source, &mut cursor).await), ["before"]);
        // Out of all sessions, ours too.
        desk.ok("POST", "/logout/all", json!({}));
        ana.says(&room, "after");
        let refused = source.pull(&cursor).await.unwrap_err();
        assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
        assert_eq!(texts(&pull_all(&*connector, &mut *source, &mut cursor).await), ["after"]);
        let checks = connector.test().await;
        assert!(checks.iter().all(|check| check.outcome.is_ok()), "{checks:?}");
        assert!(checks.iter().any(|check| check.outcome.as_ref().unwrap().contains("DESK1")), "{checks:?}");
    });
}

#[test]
fn a_server_that_goes_down_is_waited_for_and_nothing_is_lost() {
    let mut server = need!(Synapse::own());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let connector = connector(&server, &desk, folder.path());
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        pull_all(&*connector, &mut *source, &mut cursor).await;
        ana.says(&room, "before");
        server.stop();
        let error = source.pull(&cursor).await.unwrap_err();
        assert!(matches!(error, ConnectorError::Retry { .. }), "{error:?}");
        server.run();
        ana.says(&room, "after");
        assert_eq!(texts(&pull_all(&*connector, &mut *source, &mut cursor).await), ["before", "after"]);
    });
}

#[test]
fn a_wait_ends_when_something_comes_and_what_it_brought_is_pulled() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let connector = connector(&server, &desk, folder.path());
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        pull_all(&*connector, &mut *source, &mut cursor).await;
        let speaking = tokio::task::spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(300));
            ana.says(&room, "knock")
        });
        let began = std::time::Instant::now();
        let mut read = Vec::new();
        while read.is_empty() && began.elapsed() < Duration::from_secs(60) {
            source.wait(&cursor, Duration::from_secs(60)).await.unwrap();
            read = texts(&pull_all(&*connector, &mut *source, &mut cursor).await);
        }
        assert_eq!(read, ["knock"]);
        assert!(began.elapsed() < Duration::from_secs(30), "it came by the long poll, not by its end");
        speaking.await.unwrap();
    });
}

#[test]
fn invitations_are_accepted_from_those_who_may_invite() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    ana.says(&room, "let me in");
    let folder = tempfile::tempdir().unwrap();
    run(async {
        for (join, read) in [("\"none\"", 0), ("[\"shop.example\"]", 0), ("[\"localhost\"]", 1)] {
            let connector = connector_at(&desk, server.port, folder.path(), &format!("join = {join}"));
            let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
            assert_eq!(pull_all(&*connector, &mut *source, &mut cursor).await.len(), read, "{join}");
        }
    });
}

#[test]
fn what_is_wrong_with_an_account_is_said_in_plain_words() {
    let server = need!(Synapse::shared());
    let desk = server.user("desk");
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let said = |connector: Box<dyn Connector>| async move {
            let checks = connector.test().await;
            checks.into_iter().find_map(|check| check.outcome.err()).unwrap_or_default()
        };
        let wrong = User { id: desk.id.replace("desk", "nobody"), ..desk.clone() };
        let refused = said(connector_at(&wrong, server.port, folder.path(), "")).await;
        assert!(refused.contains("password is wrong"), "{refused}");
        let port = crate::support::free_port();
        let closed = said(connector_at(&desk, port, folder.path(), "")).await;
        assert!(closed.contains("base_url"), "{closed}");
    });
}
