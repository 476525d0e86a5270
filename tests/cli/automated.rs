//! Robots' mail: filed, never in the inbox, never answered; a bounce marks what bounced.

use super::from;
use crate::support::fault::{Fault, FaultServer};
use crate::support::mail;
use crate::support::profile::Profile;
use serde_json::Value;

#[test]
fn a_bounce_marks_the_answer_that_bounced() {
    let server = FaultServer::start(Fault::None);
    let profile = Profile::with_account(&server.smtp());
    profile.import(&mail::numbered(0..1));
    let reply = profile.one(&["reply", "ana@test.example", "--text", "Dear Ana"]);
    let remote_id = reply["remote_id"].as_str().unwrap();
    profile.ok(&["outbox", "--wait", "20"]);
    let bounce = format!(
        "Return-Path: <>\nFrom: Mail Delivery System <mailer-daemon@mx.example>\nTo: support@shop.example\n\
         Subject: Undelivered Mail Returned to Sender\nMessage-ID: <dsn@mx.example>\n\
         Date: Sun, 22 Nov 2026 08:00:00 +0000\nMIME-Version: 1.0\nAuto-Submitted: auto-replied\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\n\n--b\n\
         Content-Type: text/plain\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; ana@test.example\nAction: failed\n\
         Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 mailbox is gone\n\n--b\nContent-Type: message/rfc822\n\n\
         Message-ID: <{remote_id}>\nFrom: support@shop.example\nTo: ana@test.example\nSubject: Re: Question 0\n\n\
         Dear Ana\n--b--\n"
    );
    let report = profile.import(&[bounce.replace('\n', "\r\n").into_bytes()]);
    assert_eq!(report["new"], 1);
    let show = profile.one(&["show", "ana@test.example"]);
    let messages = show["messages"].as_array().unwrap();
    let answer = messages.iter().find(|message| message["remote_id"] == remote_id).unwrap();
    assert_eq!(answer["delivery"], "bounced");
    assert!(answer["reason"].as_str().unwrap().contains("mailbox is gone"), "{answer}");
    assert_eq!(profile.one(&["inbox"])["trouble"], true, "somebody is told");
    assert_eq!(profile.run(&["show", "mailer-daemon@mx.example"]).code, Some(1), "no robot becomes a customer");
    assert_eq!(server.taken().len(), 1, "and nothing answers it");
}

#[test]
fn robots_open_no_case_and_are_never_answered() {
    let server = FaultServer::start(Fault::None);
    let profile = Profile::with_account(&server.smtp());
    profile.import(&mail::numbered(0..1));
    profile.ok(&["resolve", "ana@test.example"]);
    let away = from("away", "Ana <ana@test.example>", "Automatic reply: away", "Back on Monday.\n");
    let away = [&b"Auto-Submitted: auto-replied\r\n"[..], &away].concat();
    let list = from("list", "News <news@list.example>", "Sale", "Buy!\n");
    let list =
        [&b"List-Unsubscribe: <mailto:out@list.example>\r\nList-Id: <news.list.example>\r\n"[..], &list].concat();
    let robot = from("robot", "Shop <no-reply@maker.example>", "Your order", "Do not answer.\n");
    let report = profile.import(&[away, list, robot]);
    assert_eq!(report["new"], 3);
    assert_eq!(profile.one(&["show", "ana@test.example"])["case"]["status"], "resolved", "still");
    assert_eq!(profile.json(&["inbox"]), Vec::<Value>::new());
    let kinds: Vec<_> = profile.json(&["automated"]).iter().map(|row| row["automated"].clone()).collect();
    assert_eq!(kinds, vec![Value::Bool(true); 3]);
    profile.ok(&["outbox", "--wait", "2"]);
    assert_eq!((profile.json(&["outbox"]).len(), server.taken().len()), (0, 0));
}
