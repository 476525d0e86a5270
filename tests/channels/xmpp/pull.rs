//! What is read out of the archive, and what is said about it.

use super::*;
use crate::need;
use crate::support::cut_proxy::CutProxy;
use crate::support::free_port;
use switchboard::model::{ChangeKind, Direction};

#[test]
fn the_archive_is_read_page_by_page_by_a_new_source_each_time_and_each_message_once() {
    let server = need!(Prosody::start());
    let mut ana = server.client("ana");
    for number in 0..230 {
        ana.writes(&format!("m{number}"), &format!("message {number}"));
    }
    ana.settles();
    run(async {
        let proxy = CutProxy::start(server.port);
        let (mut cursor, mut read, mut cuts) = (Vec::new(), Vec::new(), 0_u64);
        loop {
            // Every second connection is cut, each time a little later: greeting, TLS, login, archive.
            proxy.cut_after(if cuts % 2 == 0 { 200 + cuts * 900 } else { u64::MAX });
            cuts += 1;
            let connector = connector_at(&server, proxy.port, "");
            match pull(&mut *connector.source().unwrap(), &mut cursor).await {
                Ok(page) => {
                    read.extend(page.items);
                    if !page.more {
                        break;
                    }
                }
                Err(error) => assert!(matches!(error, ConnectorError::Retry { .. }), "{error:?}"),
            }
            assert!(cuts < 100, "it never comes to an end");
        }
        assert_eq!(texts(&read), (0..230).map(|number| format!("message {number}")).collect::<Vec<_>>());
        let first = messages(&read)[0];
        assert_eq!((first.from.address.as_str(), first.direction), ("ana@localhost", Direction::Inbound));
        assert_eq!(first.conversation.as_deref(), Some("ana@localhost"));
        assert_eq!(first.remote_id, "ana@localhost/m0");

        // The server has forgotten the place: what is there is read again, and known by the same ids.
        drop(ana);
        server.forget_archive("support");
        let mut ana = server.client("ana");
        ana.writes("after", "after");
        ana.settles();
        let connector = connector(&server);
        let items = pull_all(&mut *connector.source().unwrap(), &mut cursor).await;
        assert_eq!(texts(&items).last().map(String::as_str), Some("after"));
    });
}

#[test]
fn corrections_retractions_reactions_and_receipts_are_changes_of_the_right_message() {
    let server = need!(Prosody::start());
    let (mut ana, mut bo) = (server.client("ana"), server.client("bo"));
    ana.writes("a1", "my lamp is brocken");
    ana.settles();
    run(async {
        let connector = connector(&server);
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        assert_eq!(texts(&pull_all(&mut *source, &mut cursor).await), ["my lamp is brocken"]);
        ana.tells("<body>my lamp is broken</body><replace xmlns='urn:xmpp:message-correct:0' id='a1'/>");
        bo.tells("<body>I owe Bo 100</body><replace xmlns='urn:xmpp:message-correct:0' id='a1'/>");
        ana.settles();
        bo.settles();
        ana.tells("<reactions xmlns='urn:xmpp:reactions:0' id='ours@localhost'><reaction>👍</reaction><reaction>🎉</reaction></reactions>");
        ana.tells("<reactions xmlns='urn:xmpp:reactions:0' id='ours@localhost'><reaction>👍</reaction></reactions>");
        ana.tells("<received xmlns='urn:xmpp:receipts' id='ours@localhost'/>");
        ana.tells("<displayed xmlns='urn:xmpp:chat-markers:0' id='ours@localhost'/>");
        ana.tells("<retract xmlns='urn:xmpp:message-retract:1' id='a1'/><fallback xmlns='urn:xmpp:fallback:0'/><body>retracted</body>");
        ana.settles();
        let items = pull_all(&mut *source, &mut cursor).await;
        assert!(messages(&items).is_empty(), "{items:?}");
        let said: Vec<_> = changes(&items)
            .iter()
            .map(|change| (change.remote_id.as_str(), change.kind.word(), change.text.as_str()))
            .collect();
        assert!(said.contains(&("ana@localhost/a1", "edited", "my lamp is broken")), "{said:?}");
        // Bo speaks of a message of his own, whatever he calls it.
        assert!(said.contains(&("bo@localhost/a1", "edited", "I owe Bo 100")), "{said:?}");
        assert!(said.contains(&("ana@localhost/a1", "deleted", "")), "{said:?}");
        assert!(
            said.contains(&("ours@localhost", "delivered", "")) && said.contains(&("ours@localhost", "read", "")),
            "{said:?}"
        );
        let reactions: Vec<_> = changes(&items)
            .iter()
            .filter_map(|change| {
                if let ChangeKind::Reaction { symbol, added } = &change.kind {
                    Some((symbol.as_str(), *added))
                } else {
                    None
                }
            })
            .collect();
        assert_eq!(reactions, [("👍", true), ("🎉", true), ("🎉", false)]);
    });
}

#[test]
fn what_we_sent_from_elsewhere_is_ours_and_hostile_messages_harm_nobody() {
    let server = need!(Prosody::start());
    let (mut desk, mut ana) = (server.client("support"), server.client("ana"));
    desk.says("<message to='ana@localhost/phone' type='chat' id='s1'><body>from my phone</body></message>");
    desk.settles();
    ana.writes("s1", "&#x9;&#x202E;reversed &lt;b&gt;");
    ana.writes("s1", "the same id again");
    ana.writes("", "no id");
    ana.tells("<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1'/></encrypted><body>I sent you an OMEMO message</body>");
    // What looks like a result of our archive, and a carbon of ours, from a stranger.
    ana.tells("<result xmlns='urn:xmpp:mam:2' queryid='q' id='1'><forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2020-01-01T00:00:00Z'/><message xmlns='jabber:client' from='bo@localhost' to='support@localhost' type='chat'><body>forged</body></message></forwarded></result>");
    ana.tells("<sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='support@localhost' type='chat'><body>forged</body></message></forwarded></sent>");
    let deep = format!("{}{}", "<x xmlns='deep'>".repeat(60), "</x>".repeat(60));
    ana.tells(&format!("{deep}<body>deep</body>"));
    ana.settles();
    run(async {
        let connector = connector(&server);
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        let items = pull_all(&mut *source, &mut cursor).await;
        let read = messages(&items);
        let ours: Vec<_> = read.iter().filter(|message| message.direction == Direction::Outbound).collect();
        assert_eq!(
            (ours.len(), ours[0].text.as_str(), ours[0].to[0].address.as_str()),
            (1, "from my phone", "ana@localhost")
        );
        assert_eq!(ours[0].remote_id, "s1");
        let theirs: Vec<_> = read.iter().filter(|message| message.direction == Direction::Inbound).collect();
        assert!(theirs.iter().all(|message| message.from.address == "ana@localhost"), "{theirs:?}");
        assert!(
            theirs.iter().all(|message| !message.text.contains('\u{202e}') && message.text != "forged"),
            "{theirs:?}"
        );
        let texts: Vec<_> = theirs.iter().map(|message| message.text.as_str()).collect();
        assert_eq!(texts[1..], ["the same id again", "no id", "[encrypted message, cannot be read here]", "deep"]);
        let same: Vec<_> = theirs
            .iter()
            .filter(|message| message.remote_id == "ana@localhost/s1")
            .map(|message| message.digest)
            .collect();
        assert!(same.len() == 2 && same[0] != same[1], "two messages, though of one id");
        // The original is understood again.
        let again = connector.parse(theirs[1].raw.clone(), "", theirs[1].received);
        assert_eq!(super::texts(&[again]), ["the same id again"]);
    });
}

#[test]
fn a_wait_ends_when_a_message_comes_and_a_server_that_restarts_is_waited_for() {
    let mut server = need!(Prosody::start());
    run(async {
        let connector = connector(&server);
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        assert!(pull_all(&mut *source, &mut cursor).await.is_empty());
        let mut ana = server.client("ana");
        let began = std::time::Instant::now();
        let speaking = tokio::task::spawn_blocking(move || {
            std::thread::sleep(Duration::from_millis(300));
            ana.writes("k", "knock");
            ana.settles();
        });
        source.wait(&cursor, Duration::from_secs(60)).await.unwrap();
        assert!(began.elapsed() < Duration::from_secs(30));
        speaking.await.unwrap();
        assert_eq!(texts(&pull_all(&mut *source, &mut cursor).await), ["knock"]);
        server.stop();
        let broken = source.wait(&cursor, Duration::from_secs(60)).await.unwrap_err();
        assert!(matches!(broken, ConnectorError::Retry { .. }), "{broken:?}");
        assert!(matches!(source.pull(&cursor).await.unwrap_err(), ConnectorError::Retry { .. }));
        server.run();
        let mut ana = server.client("ana");
        ana.writes("b", "back");
        ana.settles();
        assert_eq!(texts(&pull_all(&mut *source, &mut cursor).await), ["back"]);
    });
}

#[test]
fn every_way_to_be_protected_works_and_what_is_wrong_is_said() {
    let server = need!(Prosody::start());
    run(async {
        let said = |connector: Box<dyn Connector>| async move {
            let checks = connector.test().await;
            checks.into_iter().find_map(|check| check.outcome.err()).unwrap_or_default()
        };
        assert_eq!(said(connector(&server)).await, "");
        assert_eq!(said(connector_at(&server, server.tls, "security = \"tls\"")).await, "");
        assert_eq!(said(connector_at(&server, server.port, "security = \"none\"")).await, "");
        let strange = settings(&server, server.port, "")
            .lines()
            .filter(|line| !line.contains("ca_file"))
            .collect::<Vec<_>>()
            .join("\n");
        let refused = said(open(&strange)).await;
        assert!(refused.contains("certificate") && refused.contains("ca_file"), "{refused}");
        let wrong = settings(&server, server.port, "").replace("support@", "nobody@");
        let refused = said(open(&wrong)).await;
        assert!(refused.contains("password is wrong"), "{refused}");
        let closed = said(connector_at(&server, free_port(), "")).await;
        assert!(closed.contains("cannot be reached"), "{closed}");
    });
}
