//! A message leaves through a real SMTP server and arrives in a real mailbox; its copy is filed once.

use super::outgoing;
use crate::need;
use crate::support::account::{connector, ids, imap, pull_all};
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use crate::support::relay::{Protection, Relay};
use switchboard::connector::{ConnectorError, Sighting};
use switchboard::model::Outgoing;

/// An outgoing whose id is looked for.
fn sought(remote_id: &str) -> Outgoing {
    Outgoing { remote_id: remote_id.to_owned(), ..outgoing("", &[]) }
}

#[tokio::test]
async fn a_message_leaves_protected_and_arrives() {
    let server = need!(Dovecot::start());
    let relay = need!(Relay::start(&server, Protection::Starttls));
    let account = connector(&(imap(&server, "support", "") + &relay.smtp(&server, Protection::Starttls)));
    let mut sink = account.sink().unwrap();
    let message = outgoing("d1", &["ana@shop.example", "bo@shop.example"]);
    let original = mail::plain("d1", "Grüße", ".\nyour parcel\n");
    sink.offer(&message).await.unwrap();
    let receipt = sink.deliver(&message, &original).await.unwrap();
    assert_eq!((receipt.said.as_str(), receipt.to_file), ("250 2.0.0 Ok: queued as TEST", true));
    for user in ["ana", "bo"] {
        let mailbox = connector(&imap(&server, user, ""));
        let mut source = mailbox.source().unwrap();
        let pages = pull_all(source.as_mut(), &mut Vec::new()).await.unwrap();
        assert_eq!(pages.iter().flat_map(ids).collect::<Vec<_>>(), ["d1"], "{user}");
    }
    // The connection is kept for the next one.
    let next = outgoing("d2", &["ana@shop.example"]);
    sink.offer(&next).await.unwrap();
    sink.deliver(&next, &mail::plain("d2", "s", "text\n")).await.unwrap();
    let refused = sink.offer(&outgoing("d3", &["nobody@shop.example"])).await.unwrap_err();
    let ConnectorError::Reject { reason } = refused else { panic!("{refused:?}") };
    assert!(reason.contains("nobody@shop.example") && reason.contains("no such user"), "{reason}");
    sink.close().await;
}

#[tokio::test]
async fn a_wrong_password_is_for_a_person() {
    let server = need!(Dovecot::start());
    let relay = need!(Relay::start(&server, Protection::Starttls));
    let smtp = relay.smtp(&server, Protection::Starttls);
    let line = smtp.lines().find(|line| line.starts_with("password_command")).unwrap();
    let account = connector(&smtp.replace(line, "password_command = \"echo wrong-one\""));
    let error = account.sink().unwrap().offer(&outgoing("d1", &["ana@shop.example"])).await.unwrap_err();
    let ConnectorError::Reconnect { reason } = error else { panic!("{error:?}") };
    assert!(reason.contains("refuses the login of \"support\"") && reason.contains("535"), "{reason}");
    assert!(!reason.contains("wrong-one"), "{reason}");
}

#[tokio::test]
async fn the_copy_is_filed_once_and_found_again() {
    let server = need!(Dovecot::start());
    let smtp = "[smtp]\nhost = \"127.0.0.1\"\nsecurity = \"none\"\n";
    let account = connector(&(imap(&server, "support", "") + smtp));
    let mut sink = account.sink().unwrap();
    let original = mail::plain("s1", "Grüße", "your parcel\n");
    assert_eq!(sink.find_sent(&sought("s1@test.example")).await, Ok(Sighting::Absent));
    sink.file_sent("s1@test.example", &original).await.unwrap();
    assert_eq!(sink.find_sent(&sought("s1@test.example")).await, Ok(Sighting::Sent(None)));
    sink.file_sent("s1@test.example", &original).await.unwrap();
    assert_eq!(server.count("support", "Sent", &["ALL"]), 1, "filed twice, there once");
    assert_eq!(server.count("support", "Sent", &["SEEN"]), 1, "as read");
    assert_eq!(server.count("support", "Sent", &["SAVEDBEFORE", "2020-01-01"]), 0);
    assert_eq!(server.count("support", "Sent", &["ON", "2026-07-01"]), 1, "with its own date");
    // A part of an id is not the id, though SEARCH finds it.
    assert_eq!(sink.find_sent(&sought("1@test.example")).await, Ok(Sighting::Absent));
    // Another sink, as after a restart, and a server that was away in between.
    let mut server = server;
    server.stop();
    let error = sink.find_sent(&sought("s1@test.example")).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Retry { .. }), "{error:?}");
    server.run();
    assert_eq!(sink.find_sent(&sought("s1@test.example")).await, Ok(Sighting::Sent(None)));
}

#[tokio::test]
async fn an_account_without_a_sent_folder_cannot_tell() {
    let server = need!(Dovecot::start());
    let smtp = "[smtp]\nhost = \"127.0.0.1\"\nsecurity = \"none\"\n";
    let account = connector(&(imap(&server, "support", "sent = \"\"") + smtp));
    assert_eq!(account.sink().unwrap().find_sent(&sought("x@test.example")).await, Ok(Sighting::CannotTell));
    let only_sends = connector(smtp);
    assert!(only_sends.source().is_none());
    assert_eq!(only_sends.sink().unwrap().find_sent(&sought("x@test.example")).await, Ok(Sighting::CannotTell));
}
