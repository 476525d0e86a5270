//! Answers by command, seen at the other end.

use super::{from, with_attachment};
use crate::support::fault::{Fault, FaultServer};
use crate::support::profile::{Profile, account};
use serde_json::json;

/// The first message the server took, as text, and its unfolded header lines.
fn taken(server: &FaultServer) -> (Vec<String>, String, Vec<String>) {
    let taken = server.taken();
    assert_eq!(taken.len(), 1, "exactly one leaves");
    let text = String::from_utf8(taken[0].content.clone()).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    (taken[0].to.clone(), body.to_owned(), head.lines().map(str::to_owned).collect())
}

fn header<'a>(head: &'a [String], name: &str) -> &'a str {
    let found: Vec<_> = head.iter().filter_map(|line| line.split_once(": ")).filter(|(n, _)| *n == name).collect();
    assert_eq!(found.len(), 1, "{name} once in {head:?}");
    found[0].1
}

#[test]
fn an_answer_is_threaded_and_carries_its_file() {
    let server = FaultServer::start(Fault::None);
    let profile = Profile::with_account(&server.smtp());
    profile.import(&[with_attachment()]);
    let file = profile.home().join("Rücksendung.pdf");
    std::fs::write(&file, b"%PDF-1.4 tiny").unwrap();
    let words =
        ["reply", "ana@test.example", "--text", "Grüße\n.\nlin", "--attach", file.to_str().unwrap(), "--resolve"];
    let reply = profile.one(&words);
    assert_eq!(reply["state"], "queued");
    assert_eq!(profile.one(&["show", "ana@test.example"])["case"]["status"], "resolved");
    // Durable before it leaves: the file may go.
    std::fs::remove_file(&file).unwrap();
    assert_eq!(server.taken(), []);
    profile.ok(&["outbox", "--wait", "20"]);
    let (to, body, head) = taken(&server);
    assert_eq!(to, ["ana.private@test.example"], "Reply-To is respected");
    assert_eq!(header(&head, "Message-ID"), format!("<{}>", reply["remote_id"].as_str().unwrap()));
    assert!(reply["remote_id"].as_str().unwrap().ends_with("@shop.example"), "our own domain");
    assert_eq!(header(&head, "In-Reply-To"), "<cup@test.example>");
    assert_eq!(header(&head, "References"), "<first@test.example> <cup@test.example>");
    assert_eq!(header(&head, "Subject"), "Re: Broken cup");
    assert!(header(&head, "From").contains("support@shop.example"));
    assert!(body.contains("JVBERi0xLjQgdGlueQ=="), "the file, in base64: {body}");
    let row = profile.outgoing(reply["remote_id"].as_str().unwrap());
    assert_eq!((&row["state"], &row["attempts"], &row["reason"]), (&"sent".into(), &1.into(), &json!(null)));
    assert!(row["receipt"].as_str().unwrap().contains("4F1"), "what the server said is kept: {row}");
    let show = profile.one(&["show", "ana@test.example"]);
    let sent = show["messages"].as_array().unwrap().last().unwrap();
    assert_eq!((&sent["delivery"], &sent["agent"]), (&"sent".into(), &"lin".into()));
    // What left is kept byte for byte, and it is what the server took.
    let original = profile.ok(&["original", sent["id"].as_str().unwrap()]).bytes;
    assert_eq!(original, server.taken()[0].content);
    profile.ok(&["outbox", "--wait", "5"]);
    assert_eq!(server.taken().len(), 1, "never again");
}

#[test]
fn a_thread_can_be_chosen() {
    let server = FaultServer::start(Fault::None);
    let profile = Profile::with_account(&server.smtp());
    profile.import(&[
        from("old", "Ana <ana@test.example>", "Cup", "broken\n"),
        from("new", "Ana <ana@test.example>", "Pot", "lost\n"),
    ]);
    let show = profile.one(&["show", "ana"]);
    let messages = show["messages"].as_array().unwrap();
    let cup = messages.iter().find(|message| message["subject"] == "Cup").unwrap();
    assert_ne!(messages[0]["thread"], messages[1]["thread"], "two conversations");
    profile.ok(&["reply", "ana", "--text", "about the cup", "--thread", cup["thread"].as_str().unwrap()]);
    profile.ok(&["outbox", "--wait", "20"]);
    let (_, _, head) = taken(&server);
    assert_eq!((header(&head, "In-Reply-To"), header(&head, "Subject")), ("<old@test.example>", "Re: Cup"));
    let show = profile.one(&["show", "ana"]);
    assert_eq!(show["messages"].as_array().unwrap().last().unwrap()["thread"], cup["thread"]);
}

#[test]
fn a_forward_takes_the_attachments_along_and_starts_a_thread_of_its_own() {
    let server = FaultServer::start(Fault::None);
    let profile = Profile::with_account(&server.smtp());
    profile.import(&[with_attachment()]);
    profile.ok(&["forward", "ana@test.example", "--to", "Maker <maker@cups.example>", "--text", "Please replace it."]);
    profile.ok(&["outbox", "--wait", "20"]);
    let (to, body, head) = taken(&server);
    assert_eq!(to, ["maker@cups.example"], "and not the customer");
    assert_eq!(header(&head, "Subject"), "Fwd: Broken cup");
    assert!(!head.iter().any(|line| line.starts_with("In-Reply-To") || line.starts_with("References")));
    assert!(body.contains("Please replace it.") && body.contains("The cup arrived broken"), "{body}");
    assert!(body.contains("cup.png") && body.contains("iVBORw0KGgo="), "{body}");
}

#[test]
fn what_is_held_can_be_taken_back_or_sent_at_once() {
    let server = FaultServer::start(Fault::None);
    let profile = Profile::new(&account("1h", &server.smtp()));
    profile.import(&[with_attachment()]);
    let first = profile.one(&["reply", "ana@test.example", "--text", "too hasty"]);
    assert_eq!(first["state"], "held");
    assert!(first["leaves"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() > jiff::Timestamp::now());
    let done = profile.run(&["outbox", "--wait", "0"]);
    assert_eq!(done.code, Some(1), "something is still held: {done:?}");
    assert_eq!(server.taken(), [], "the undo time is respected");
    profile.ok(&["outbox", "--cancel", first["outgoing"].as_str().unwrap()]);
    assert_eq!(profile.outgoing(first["remote_id"].as_str().unwrap())["state"], "cancelled");
    let second = profile.one(&["reply", "ana@test.example", "--text", "better"]);
    profile.ok(&["outbox", "--retry", second["outgoing"].as_str().unwrap(), "--wait", "20"]);
    assert_eq!(server.count(second["remote_id"].as_str().unwrap()), 1);
    assert_eq!(server.count(first["remote_id"].as_str().unwrap()), 0, "what was taken back never leaves");
    let said = profile.refused(&["outbox", "--cancel", second["outgoing"].as_str().unwrap()]);
    assert!(said.contains("sent already"), "{said}");
}
