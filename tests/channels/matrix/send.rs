//! What is sent: once, into the room and thread of what it answers, whatever breaks.

use super::*;
use crate::need;
use crate::support::cut_proxy::CutProxy;
use serde_json::json;
use switchboard::connector::Sighting;
use switchboard::model::{
    ChangeKind, CustomerId, MessageId, OutboxState, Outgoing, OutgoingId, Party, ThreadId, Timestamp, Way,
};

/// An answer to this message.
pub(super) fn answer(to: &Incoming, text: &str) -> Outgoing {
    let now = Timestamp(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64);
    Outgoing {
        id: OutgoingId::new(),
        account: "chat".to_owned(),
        message: MessageId::new(),
        customer: CustomerId::new(),
        thread: ThreadId::of(&[b"thread"]),
        state: OutboxState::Sending,
        due: now,
        attempts: 1,
        reason: String::new(),
        remote_id: String::new(),
        from: Party::default(),
        to: vec![to.from.clone()],
        cc: Vec::new(),
        subject: String::new(),
        text: text.to_owned(),
        in_reply_to: Some(to.remote_id.clone()),
        references: Vec::new(),
        attachments: Vec::new(),
        date: now,
        agent: "lin".to_owned(),
        sent: None,
        to_file: false,
        changed: now,
        receipt: String::new(),
        way: Way::Direct,
        context: to.context.clone(),
        answers: Some(to.remote_id.clone()),
    }
}

#[test]
fn an_answer_whose_receipt_is_lost_arrives_once_and_is_found() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    ana.says(&room, "hello?");
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let proxy = CutProxy::start(server.port);
        let connector = connector_at(&desk, proxy.port, folder.path(), "");
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        let outgoing = answer(messages(&items)[0], "we are here");
        let original = connector.render(&outgoing, &[]).unwrap();
        let mut sink = connector.sink().unwrap();
        sink.offer(&outgoing).await.unwrap();
        assert_eq!(sink.find_sent(&outgoing).await.unwrap(), Sighting::Absent);

        // A new connector has no connection in hand: each of its calls meets the proxy, which lets no answer through.
        proxy.cut_after(1);
        let cut = connector_at(&desk, proxy.port, folder.path(), "");
        let lost = cut.sink().unwrap().deliver(&outgoing, &original).await.unwrap_err();
        assert!(matches!(lost, ConnectorError::Unknown { .. }), "{lost:?}");
        assert!(proxy.connections() > 3, "it was asked again with the same transaction");
        proxy.cut_after(u64::MAX);
        let seen = sink.find_sent(&outgoing).await.unwrap();
        let Sighting::Sent(Some(id)) = seen else { panic!("{seen:?}") };
        // An agent who sends it again does no harm.
        let receipt = sink.deliver(&outgoing, &original).await.unwrap();
        assert_eq!(receipt.remote_id.as_deref(), Some(id.as_str()));
        let there: Vec<_> =
            ana.reads(&room).into_iter().filter(|event| event["content"]["body"] == "we are here").collect();
        assert_eq!(there.len(), 1);
        assert_eq!(there[0]["event_id"], id.as_str());
        assert_eq!(
            there[0]["content"]["m.relates_to"]["m.in_reply_to"]["event_id"],
            messages(&items)[0].remote_id.as_str()
        );

        // She reads it, and it comes back as ours.
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        assert_eq!(messages(&items)[0].direction, switchboard::model::Direction::Outbound);
        assert_eq!(messages(&items)[0].to[0].address, ana.id);
        use crate::support::synapse::encode;
        ana.ok("POST", &format!("/rooms/{}/receipt/m.read/{}", encode(&room), encode(&id)), json!({}));
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        let read: Vec<_> =
            changes(&items).iter().map(|change| (change.remote_id.clone(), change.kind.clone())).collect();
        assert_eq!(read, [(id, ChangeKind::Read)]);
    });
}

#[test]
fn an_answer_goes_into_the_thread_and_not_into_an_encrypted_or_lost_room() {
    let server = need!(Synapse::shared());
    let (desk, ana) = (server.user("desk"), server.user("ana"));
    let room = ana.room("", &[&desk.id]);
    let root = ana.says(&room, "root");
    let relates = json!({ "rel_type": "m.thread", "event_id": root });
    ana.send(&room, "m.room.message", json!({ "msgtype": "m.text", "body": "in it", "m.relates_to": relates }));
    let folder = tempfile::tempdir().unwrap();
    run(async {
        let connector = connector(&server, &desk, folder.path());
        let (mut source, mut cursor) = (connector.source().unwrap(), Vec::new());
        let items = pull_all(&*connector, &mut *source, &mut cursor).await;
        let threaded = messages(&items).into_iter().find(|message| message.text == "in it").unwrap();
        let outgoing = answer(threaded, "answered");
        let mut sink = connector.sink().unwrap();
        sink.offer(&outgoing).await.unwrap();
        sink.deliver(&outgoing, &connector.render(&outgoing, &[]).unwrap()).await.unwrap();
        let event = ana.reads(&room).into_iter().find(|event| event["content"]["body"] == "answered").unwrap();
        let relates = &event["content"]["m.relates_to"];
        assert_eq!((&relates["rel_type"], &relates["event_id"]), (&json!("m.thread"), &json!(root)));
        assert_eq!(relates["m.in_reply_to"]["event_id"], threaded.remote_id.as_str());

        let mut secret = outgoing.clone();
        secret.context.insert("encrypted".to_owned(), "yes".to_owned());
        let refused = connector.render(&secret, &[]).unwrap_err().to_string();
        assert!(refused.contains("encrypted"), "{refused}");
        let long = Outgoing { text: "\u{1}".repeat(30_000), ..outgoing.clone() };
        assert!(connector.render(&long, &[]).is_err());

        use crate::support::synapse::encode;
        ana.ok("POST", &format!("/rooms/{}/kick", encode(&room)), json!({ "user_id": desk.id }));
        let gone = sink.offer(&answer(threaded, "too late")).await.unwrap_err();
        assert!(matches!(gone, ConnectorError::Gone { .. }), "{gone:?}");
    });
}
