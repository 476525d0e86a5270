//! Every answer a server can give, and what becomes of the message.

use crate::need;
use crate::support::account::imap;
use crate::support::dovecot::Dovecot;
use crate::support::fault::{Fault, FaultServer, Stage};
use crate::support::mail;
use crate::support::profile::Profile;
use crate::support::until;
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;

/// A profile at this server with one answer queued; its remote id and its id.
fn answered(tables: &str) -> (Profile, String, String) {
    let profile = Profile::with_account(tables);
    profile.import(&mail::numbered(0..1));
    let reply = profile.one(&["reply", "ana@test.example", "--text", "Dear Ana"]);
    let text = |name: &str| reply[name].as_str().unwrap().to_owned();
    (profile, text("remote_id"), text("outgoing"))
}

fn not_now(fault: Fault) {
    let server = FaultServer::start(fault);
    let (profile, remote_id, _) = answered(&server.smtp());
    let mut command = profile.command(&["outbox", "--wait", "40", "--json"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    assert!(until(Duration::from_secs(20), || server.hits() > 0), "{fault:?} was not reached");
    server.set(Fault::None);
    assert!(until(Duration::from_secs(40), || child.try_wait().unwrap().is_some()), "{fault:?}: no end");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{fault:?}");
    let row = profile.outgoing(&remote_id);
    assert_eq!((&row["state"], &row["attempts"]), (&"sent".into(), &2.into()), "{fault:?}: {row}");
    assert_eq!(server.count(&remote_id), 1, "{fault:?}");
}

#[test]
fn not_now_at_any_stage_is_tried_again_and_leaves_once() {
    let faults = [
        Fault::Say(Stage::Greeting, "421 4.3.2 too busy"),
        Fault::Say(Stage::Mail, "451 4.3.0 later"),
        Fault::Say(Stage::Rcpt, "451 4.2.0 greylisted"),
        Fault::Say(Stage::Data, "451 4.3.0 later"),
        Fault::Say(Stage::Dot, "451 4.3.0 later"),
        Fault::Close(Stage::Data),
    ];
    // At the same time: each waits some seconds before it tries again.
    std::thread::scope(|scope| {
        let all: Vec<_> = faults.map(|fault| scope.spawn(move || not_now(fault))).into_iter().collect();
        all.into_iter().for_each(|one| one.join().unwrap());
    });
}

#[test]
fn a_refusal_comes_back_to_the_agent_with_its_reason() {
    let server = FaultServer::start(Fault::Say(Stage::Dot, "550 5.7.1 this looks like spam"));
    let (profile, remote_id, id) = answered(&server.smtp());
    profile.ok(&["resolve", "ana"]);
    profile.ok(&["outbox", "--wait", "20"]);
    let row = profile.outgoing(&remote_id);
    assert_eq!(row["state"], "failed");
    assert!(row["reason"].as_str().unwrap().contains("this looks like spam"), "{row}");
    let inbox = profile.one(&["inbox"]);
    assert_eq!((&inbox["status"], &inbox["trouble"]), (&"open".into(), &true.into()), "it is back");
    let show = profile.one(&["show", "ana"]);
    let message = show["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(message["delivery"], "failed");
    assert!(message["reason"].as_str().unwrap().contains("spam"), "{message}");
    server.set(Fault::None);
    profile.ok(&["outbox", "--wait", "5"]);
    assert_eq!(server.taken(), [], "not again by itself");
    profile.ok(&["outbox", "--retry", &id, "--wait", "20"]);
    assert_eq!((server.count(&remote_id), &profile.outgoing(&remote_id)["state"]), (1, &"sent".into()));
    assert_eq!(profile.one(&["inbox"])["trouble"], false);
}

/// An answer whose last word from the server was lost: taken, and nobody knows.
fn lost(tables: &str, server: &FaultServer) -> (Profile, String, String) {
    let (profile, remote_id, id) = answered(tables);
    profile.ok(&["outbox", "--wait", "20"]);
    let row = profile.outgoing(&remote_id);
    assert_eq!((&row["state"], server.count(&remote_id)), (&"unknown".into(), 1), "{row}");
    (profile, remote_id, id)
}

#[test]
fn a_lost_answer_is_unknown_and_only_a_person_sends_it_again() {
    let server = FaultServer::start(Fault::Close(Stage::Dot));
    let (profile, remote_id, id) = lost(&server.smtp(), &server);
    assert_eq!(profile.one(&["inbox"])["trouble"], true, "somebody is told");
    server.set(Fault::None);
    for _ in 0..3 {
        profile.ok(&["outbox", "--wait", "5"]);
    }
    assert_eq!((server.count(&remote_id), &profile.outgoing(&remote_id)["state"]), (1, &"unknown".into()));
    profile.ok(&["outbox", "--retry", &id, "--wait", "20"]);
    let (taken, row) = (server.taken(), profile.outgoing(&remote_id));
    assert_eq!((taken.len(), &row["state"]), (2, &"sent".into()));
    assert_eq!(taken[0].content, taken[1].content, "the same bytes, so that the other side can tell");
}

#[test]
fn a_person_can_say_that_it_arrived() {
    let server = FaultServer::start(Fault::Hang(Stage::Dot));
    let (profile, remote_id, id) = lost(&server.smtp(), &server);
    profile.ok(&["outbox", "--mark-sent", &id]);
    server.set(Fault::None);
    profile.ok(&["outbox", "--wait", "5"]);
    let row = profile.outgoing(&remote_id);
    assert_eq!((&row["state"], server.count(&remote_id)), (&"sent".into(), 1));
    let said = profile.refused(&["outbox", "--mark-sent", &id]);
    assert!(said.contains("only an unknown one"), "{said}");
    assert_eq!(profile.one(&["inbox"])["trouble"], false);
}

#[test]
fn what_is_found_in_the_sent_folder_was_sent() {
    let dovecot = need!(Dovecot::start());
    let server = FaultServer::start(Fault::Close(Stage::Dot));
    let tables = imap(&dovecot, "support", "") + &server.smtp();
    // By looking there …
    let (profile, remote_id, _) = lost(&tables, &server);
    dovecot.append("support", "Sent", &server.taken()[0].content);
    profile.ok(&["outbox", "--wait", "5"]);
    assert_eq!((server.count(&remote_id), &profile.outgoing(&remote_id)["state"]), (1, &"sent".into()));
    // … and by what comes in from there.
    let (profile, remote_id, _) = lost(&tables, &server);
    dovecot.append("support", "Sent", &server.taken()[1].content);
    let report = profile.one(&["sync"]);
    assert_eq!(report["error"], Value::Null);
    assert_eq!(profile.outgoing(&remote_id)["state"], "sent");
    let own: Vec<_> = profile.export().into_iter().filter(|row| row["remote_id"] == remote_id.as_str()).collect();
    assert_eq!(own.len(), 1, "the copy is not a message of its own");
    assert_eq!(own[0]["delivery"], "sent");
    assert_eq!(dovecot.count("support", "Sent", &["ALL"]), 2, "and no further copy is filed");
}
