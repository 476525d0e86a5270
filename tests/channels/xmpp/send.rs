//! What is sent: once, or known not to have been.

use super::*;
use crate::need;
use crate::support::cut_proxy::CutProxy;
use std::collections::BTreeMap;
use switchboard::connector::Sighting;
use switchboard::model::{CustomerId, MessageId, OutboxState, Outgoing, OutgoingId, Party, ThreadId, Timestamp, Way};

fn outgoing(to: &str, text: &str) -> Outgoing {
    let now = Timestamp(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64);
    let id = OutgoingId::new();
    Outgoing {
        remote_id: format!("{id}@localhost"),
        id,
        account: "chat".to_owned(),
        message: MessageId::new(),
        customer: CustomerId::new(),
        thread: ThreadId::of(&[b"thread"]),
        state: OutboxState::Sending,
        due: now,
        attempts: 1,
        reason: String::new(),
        from: Party::default(),
        to: vec![Party { address: to.to_owned(), name: String::new() }],
        cc: Vec::new(),
        subject: String::new(),
        text: text.to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        attachments: Vec::new(),
        date: now,
        agent: "lin".to_owned(),
        sent: None,
        to_file: false,
        changed: now,
        receipt: String::new(),
        way: Way::Direct,
        context: BTreeMap::new(),
        answers: None,
    }
}

#[test]
fn an_answer_arrives_with_our_id_and_is_found_in_the_archive() {
    let server = need!(Prosody::start());
    let mut ana = server.client("ana");
    run(async {
        let connector = connector(&server);
        let mut sink = connector.sink().unwrap();
        let message = outgoing("ana@localhost", "a < b & \"c\"\u{1}\nsecond line");
        sink.offer(&message).await.unwrap();
        assert_eq!(sink.find_sent(&message).await.unwrap(), Sighting::Absent);
        sink.deliver(&message, &connector.render(&message, &[]).unwrap()).await.unwrap();
        let came = ana.waits_for("</message>");
        assert!(
            came.contains("a &lt; b &amp; ") && came.contains(&message.remote_id) && came.contains("origin-id"),
            "{came}"
        );
        assert_eq!(sink.find_sent(&message).await.unwrap(), Sighting::Sent(None));
        let items = pull_all(&mut *connector.source().unwrap(), &mut Vec::new()).await;
        assert_eq!(messages(&items)[0].remote_id, message.remote_id, "read back, it is known by our id");

        let nobody = outgoing("nobody@localhost", "hello?");
        sink.offer(&nobody).await.unwrap();
        let refused = sink.deliver(&nobody, &connector.render(&nobody, &[]).unwrap()).await.unwrap_err();
        assert!(matches!(refused, ConnectorError::Gone { .. }), "{refused:?}");
        sink.close().await;
    });
}

#[test]
fn a_line_that_breaks_leaves_an_unknown_that_the_archive_settles() {
    let server = need!(Prosody::start());
    run(async {
        let proxy = CutProxy::start(server.port);
        let connector = connector_at(&server, proxy.port, "");
        // How much the server says until a message is offered; a little more, and the line breaks in its answer.
        let (mut sent, mut unknown) = (0, 0);
        for cut in (500..9_000).step_by(250) {
            let message = outgoing("ana@localhost", &format!("cut after {cut}"));
            let mut sink = connector.sink().unwrap();
            proxy.cut_after(cut);
            if let Err(error) = sink.offer(&message).await {
                assert!(matches!(error, ConnectorError::Retry { .. }), "{error:?}");
                continue;
            }
            let outcome = sink.deliver(&message, &connector.render(&message, &[]).unwrap()).await;
            proxy.cut_after(u64::MAX);
            let seen = connector.sink().unwrap().find_sent(&message).await.unwrap();
            match outcome {
                Ok(_) => {
                    assert_eq!(seen, Sighting::Sent(None));
                    sent += 1;
                }
                Err(ConnectorError::Unknown { .. }) => {
                    assert_ne!(seen, Sighting::CannotTell);
                    unknown += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
            if sent > 0 {
                break;
            }
        }
        assert!(sent > 0, "in the end nothing is cut any more");
        println!("{unknown} unknown");
    });
}
