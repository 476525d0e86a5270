//! Mail in, an answer out, by keys.

use super::open;
use crate::cli::contract;
use crate::need;
use crate::support::account::imap;
use crate::support::dovecot::Dovecot;
use crate::support::fault::{Fault, FaultServer};
use crate::support::mail;
use crate::support::profile::{Profile, account};
use crate::support::relay::{Protection, Relay};
use crate::support::tmux::{LIMIT, Tmux};
use crate::support::until;
use std::time::{Duration, Instant};

/// The one message of a folder, as text.
fn only(server: &Dovecot, user: &str, folder: &str) -> String {
    let there = until(LIMIT, || server.count(user, folder, &["ALL"]) > 0);
    assert!(there, "nothing arrives in {folder} of {user}");
    assert_eq!(server.count(user, folder, &["ALL"]), 1, "once in {folder} of {user}");
    server.doveadm(&["fetch", "-u", user, "text", "mailbox", folder, "ALL"], b"").replace('\r', "")
}

#[test]
fn a_question_arrives_is_answered_by_keys_and_the_answer_reaches_the_customer() {
    let server = need!(Dovecot::start());
    let relay = need!(Relay::start(&server, Protection::Starttls));
    let terminal = need!(Tmux::start(80, 24));
    let tables = imap(&server, "support", "") + &relay.smtp(&server, Protection::Starttls);
    let profile = Profile::new(&account("0s", &tables));
    server.deliver("support", &from_bo());
    terminal.text("echo before the screen");
    terminal.keys(&["Enter"]);
    open(&terminal, &profile);
    terminal.wait_for("Somebody else");
    terminal.wait_for("support ✓");

    let question = mail::plain("cup1", "Where is my cup?", "It should be here by now.\n");
    server.deliver("support", &question);
    let delivered = Instant::now();
    let shown = until(Duration::from_secs(5), || terminal.screen().contains("Ana"));
    let took = delivered.elapsed();
    assert!(shown, "not within {took:?}:\n{}", terminal.screen());
    eprintln!("on the screen {} ms after the server had it", took.as_millis());

    // The latest is at the top.
    terminal.keys(&["g", "g"]);
    terminal.wait_for_line(&["▌", "Ana"]);
    terminal.keys(&["Enter"]);
    terminal.wait_for("It should be here by now.");
    terminal.keys(&["r"]);
    terminal.wait_for("Reply to Ana");
    terminal.text("It left us yesterday.");
    terminal.wait_for("It left us yesterday.");
    terminal.keys(&["M-Enter"]);
    terminal.wait_for("REVIEW");
    terminal.wait_for("Re: Where is my cup?");
    terminal.keys(&["y"]);
    terminal.wait_without("REVIEW");

    let arrived = only(&server, "ana", "INBOX");
    let has = |line: &str| assert!(arrived.contains(line), "{line:?} is not in\n{arrived}");
    has("In-Reply-To: <cup1@test.example>");
    has("References: <cup1@test.example>");
    has("Subject: Re: Where is my cup?");
    has("It left us yesterday.");
    has("> It should be here by now.");
    let id = arrived.lines().find(|line| line.starts_with("Message-ID: ")).unwrap();
    assert!(id.ends_with("@shop.example>"), "{id}");
    let copy = only(&server, "support", "Sent");
    assert!(copy.contains(id), "the copy is the same message:\n{copy}");

    // The copy that comes back out of the Sent folder is not a second message.
    terminal.wait_for("sent");
    terminal.keys(&["e"]);
    terminal.wait_for("▸ Bo");
    terminal.wait_for("Somebody else's.");
    terminal.keys(&["q"]);
    terminal.wait_for("▸ inbox");
    terminal.keys(&["q"]);
    terminal.wait_for("Leave Switchboard?");
    terminal.keys(&["y"]);
    terminal.wait_for_end(0);
    assert!(terminal.screen().contains("before the screen"), "what was there is there:\n{}", terminal.screen());

    let show = profile.one(&["show", "ana@test.example"]);
    assert_eq!(show["case"]["status"], "resolved");
    assert_eq!(show["messages"].as_array().unwrap().len(), 2);
    let sent = &profile.json(&["outbox"])[0];
    assert_eq!((&sent["state"], &sent["filed"]), (&"sent".into(), &true.into()));
    profile.ok(&["sync"]);
    assert_eq!(profile.one(&["show", "ana@test.example"])["messages"].as_array().unwrap().len(), 2);
    assert_eq!(server.count("ana", "INBOX", &["ALL"]), 1, "and only one left");
    assert_eq!(server.count("support", "INBOX", &["SEEN"]), 0, "nothing is marked as read on the server");
    profile.assert_sound();
}

#[test]
fn undo_within_the_hold_keeps_the_answer_here() {
    let server = FaultServer::start(Fault::None);
    let terminal = need!(Tmux::start(80, 24));
    let profile = Profile::new(&account("60s", &server.smtp()));
    profile.import(&mail::numbered(0..1));
    open(&terminal, &profile);
    terminal.wait_for("Ana");
    terminal.keys(&["r"]);
    terminal.wait_for("Reply to Ana");
    terminal.text("too hasty");
    terminal.keys(&["M-Enter"]);
    terminal.wait_for("REVIEW");
    terminal.keys(&["y"]);
    terminal.wait_for("takes it back");
    terminal.keys(&["u"]);
    // What was written is back to be written better.
    terminal.wait_for("taken back");
    terminal.wait_for("too hasty");
    terminal.keys(&["C-x", "C-c"]);
    terminal.wait_for("Leave?");
    terminal.keys(&["y"]);
    terminal.wait_for_end(0);
    assert_eq!(profile.json(&["outbox"])[0]["state"], "cancelled");
    assert_eq!(profile.run(&["outbox", "--wait", "2"]).code, Some(0));
    assert_eq!(server.taken(), [], "nothing leaves");
    let draft = profile.one(&["drafts"]);
    contract::check("drafts", &draft, contract::DRAFT);
    assert!(draft["text"].as_str().unwrap().contains("too hasty"));
    profile.ok(&["drafts", "--discard", draft["draft"].as_str().unwrap()]);
    assert!(profile.json(&["drafts"]).is_empty());
}

#[test]
fn a_note_by_keys_stays_here() {
    let server = FaultServer::start(Fault::None);
    let terminal = need!(Tmux::start(160, 50));
    let profile = Profile::with_account(&server.smtp());
    profile.import(&mail::numbered(0..1));
    open(&terminal, &profile);
    terminal.wait_for("Ana");
    terminal.keys(&["m"]);
    terminal.wait_for("NOTE");
    terminal.text("she is angry");
    terminal.keys(&["M-Enter"]);
    terminal.wait_for("REVIEW");
    terminal.keys(&["y"]);
    terminal.wait_for("Only we see it");
    terminal.keys(&["C-c"]);
    terminal.wait_for_end(0);
    let show = profile.one(&["show", "ana"]);
    let note = show["messages"].as_array().unwrap().last().unwrap();
    assert_eq!((&note["direction"], &note["text"]), (&"note".into(), &"she is angry".into()));
    assert_eq!((profile.json(&["outbox"]).len(), server.taken().len()), (0, 0));
}

/// Somebody else's mail, there before.
fn from_bo() -> Vec<u8> {
    let text = String::from_utf8(mail::plain("bo1", "Old question", "Somebody else's.\n")).unwrap();
    text.replace("Ana <ana@", "Bo <bo@").replace("1 Jul", "1 Jun").into_bytes()
}
