//! Every stage at which a server can fail, and what the worker is told.

use super::outgoing;
use crate::support::account::connector;
use crate::support::fault::{Fault, FaultServer, Stage};
use crate::support::mail;
use switchboard::connector::{ConnectorError, Receipt, Sink};

async fn send(sink: &mut dyn Sink, to: &[&str], original: &[u8]) -> Result<Receipt, ConnectorError> {
    let outgoing = outgoing("f1", to);
    sink.offer(&outgoing).await?;
    sink.deliver(&outgoing, original).await
}

fn class(result: &Result<Receipt, ConnectorError>) -> &'static str {
    match result {
        Ok(_) => "sent",
        Err(ConnectorError::Retry { .. }) => "retry",
        Err(ConnectorError::Reject { .. }) => "reject",
        Err(ConnectorError::Unknown { .. }) => "unknown",
        Err(ConnectorError::Reconnect { .. }) => "reconnect",
        Err(_) => "other",
    }
}

#[tokio::test]
async fn each_fault_has_its_class_and_the_next_attempt_succeeds() {
    let original = mail::plain("f1", "Question", "text\n");
    let cases = [
        (Fault::Say(Stage::Greeting, "421 too busy"), "retry", 0),
        (Fault::Close(Stage::Greeting), "retry", 0),
        (Fault::Close(Stage::Ehlo), "retry", 0),
        (Fault::Say(Stage::Mail, "451 4.3.0 later"), "retry", 0),
        (Fault::Say(Stage::Mail, "550 5.7.1 sender refused"), "reject", 0),
        (Fault::Close(Stage::Mail), "retry", 0),
        (Fault::Say(Stage::Rcpt, "451 4.3.0 later"), "retry", 0),
        (Fault::Say(Stage::Rcpt, "550 5.1.1 unknown"), "reject", 0),
        (Fault::Close(Stage::Rcpt), "retry", 0),
        (Fault::Say(Stage::Data, "451 4.3.0 later"), "retry", 0),
        (Fault::Say(Stage::Data, "554 5.5.1 no"), "reject", 0),
        (Fault::Close(Stage::Data), "retry", 0),
        (Fault::Say(Stage::Dot, "451 4.3.0 later"), "retry", 0),
        (Fault::Say(Stage::Dot, "550 5.7.1 spam"), "reject", 0),
        (Fault::Say(Stage::Dot, "gibberish"), "unknown", 0),
        (Fault::Say(Stage::Dot, "354 go on"), "unknown", 0),
        // Taken, and nobody said so.
        (Fault::Close(Stage::Dot), "unknown", 1),
        (Fault::Hang(Stage::Dot), "unknown", 1),
    ];
    for (fault, expected, taken) in cases {
        let server = FaultServer::start(fault);
        let account = connector(&server.smtp());
        let mut sink = account.sink().unwrap();
        let result = send(sink.as_mut(), &["ana@test.example"], &original).await;
        assert_eq!(class(&result), expected, "{fault:?}: {result:?}");
        assert_eq!(server.taken().len(), taken, "{fault:?}");
        server.set(Fault::None);
        let result = send(sink.as_mut(), &["ana@test.example"], &original).await;
        assert_eq!(class(&result), "sent", "after {fault:?}: {result:?}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_utf8_is_understood_at_every_stage() {
    let original = mail::plain("f1", "Question", "text\n");
    for stage in [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot] {
        let server = FaultServer::start(Fault::Append(stage, b" bient\xf4t \xff \xc3\xa9"));
        let account = connector(&server.smtp());
        let mut sink = account.sink().unwrap();
        let receipt = send(sink.as_mut(), &["ana@test.example"], &original).await;
        let receipt = receipt.unwrap_or_else(|error| panic!("{stage:?}: {error:?}"));
        assert!(server.taken().len() == 1 && server.hits() > 0, "{stage:?}");
        if stage == Stage::Dot {
            assert_eq!(receipt.said, "250 2.0.0 Ok: queued as 4F1 bient?t ? é");
        }
    }
}

#[tokio::test]
async fn content_that_was_not_ended_is_not_taken_and_may_be_sent_again() {
    // Larger than all buffers on the way, so that the end is certainly not written when the server stops reading.
    let long = mail::plain("f1", "Question", &"a line of the text\n".repeat(1_000_000));
    for fault in [Fault::Close(Stage::Content), Fault::Hang(Stage::Content)] {
        let server = FaultServer::start_with(fault, &["8BITMIME"]);
        let account = connector(&server.smtp());
        let mut sink = account.sink().unwrap();
        let outgoing = outgoing("f1", &["ana@test.example"]);
        sink.offer(&outgoing).await.unwrap();
        let result = sink.deliver(&outgoing, &long).await;
        assert_eq!(class(&result), "retry", "{fault:?}: {result:?}");
        assert!(server.taken().is_empty());
    }
}

#[tokio::test]
async fn one_refused_recipient_refuses_all_and_is_named() {
    let server = FaultServer::start(Fault::None);
    let account = connector(&server.smtp());
    let mut sink = account.sink().unwrap();
    let original = mail::plain("f1", "Question", "text\n");
    let result = send(sink.as_mut(), &["ana@test.example", "bad@test.example"], &original).await;
    let Err(ConnectorError::Reject { reason }) = &result else { panic!("{result:?}") };
    assert!(reason.contains("bad@test.example") && reason.contains("user unknown"), "{reason}");
    let result = send(sink.as_mut(), &["later@test.example", "ana@test.example"], &original).await;
    let Err(ConnectorError::Retry { reason }) = &result else { panic!("{result:?}") };
    assert!(reason.contains("later@test.example") && reason.contains("greylisted"), "{reason}");
    assert!(server.taken().is_empty(), "nobody got it");
    // The same connection goes on, and nothing of the refused ones is left in it.
    let receipt = send(sink.as_mut(), &["bo@test.example"], &original).await.unwrap();
    assert_eq!(receipt.said, "250 2.0.0 Ok: queued as 4F1");
    assert_eq!(server.taken()[0].to, ["bo@test.example"]);
}

#[tokio::test]
async fn the_content_arrives_as_it_is_dots_and_all() {
    let server = FaultServer::start(Fault::None);
    let account = connector(&server.smtp());
    let mut sink = account.sink().unwrap();
    let original = mail::plain("f1", "Grüße", "a\n.\n..\n.b\n\n");
    send(sink.as_mut(), &["ana@test.example", "ANA@test.example"], &original).await.unwrap();
    let taken = server.taken().remove(0);
    assert_eq!(String::from_utf8(taken.content).unwrap(), String::from_utf8(original).unwrap());
    assert_eq!((taken.from.as_str(), taken.to.len()), ("support@shop.example", 1), "each recipient once");
}

#[tokio::test]
async fn what_the_server_cannot_take_is_refused_before_a_byte_leaves() {
    let server = FaultServer::start_with(Fault::None, &["SIZE 1000"]);
    let account = connector(&server.smtp());
    let mut sink = account.sink().unwrap();
    for (to, original, word) in [
        ("ana@test.example", mail::plain("f1", "s", &"x".repeat(2000)), "attachments"),
        ("ana@test.example", mail::plain("f1", "Grüße", "text"), "7-bit"),
        ("änne@test.example", mail::plain("f1", "s", "text"), "ASCII"),
        ("not an address", mail::plain("f1", "s", "text"), "not an e-mail address"),
        ("ana@test.example", b"Subject: x\r\n\r\na\n.\nMAIL FROM:<evil@x>\r\n".to_vec(), "lone line end"),
    ] {
        let result = send(sink.as_mut(), &[to], &original).await;
        let Err(ConnectorError::Reject { reason }) = &result else { panic!("{word}: {result:?}") };
        assert!(reason.contains(word), "{reason}");
    }
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn a_message_is_only_handed_over_after_it_was_offered() {
    let server = FaultServer::start(Fault::None);
    let account = connector(&server.smtp());
    let mut sink = account.sink().unwrap();
    sink.offer(&outgoing("f1", &["ana@test.example"])).await.unwrap();
    let another = outgoing("f2", &["bo@test.example"]);
    let result = sink.deliver(&another, &mail::plain("f2", "s", "text")).await;
    assert_eq!(class(&result), "retry");
    assert!(server.taken().is_empty(), "never to somebody else's recipients");
}
