//! Servers that say less than they have: an index that lags, answers that leave messages out. What is passed over once is
//! never looked at again, so it must be an error and not an end.

use super::hostile::{account, mailbox, serve};
use crate::support::account::{connector, original};
use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use switchboard::connector::{ConnectorError, Item};

fn text(uid: &str) -> String {
    format!("From: {uid}@test.example\r\nSubject: {uid}\r\n\r\nx")
}

/// The bodies of messages 1 and 2 that `command` asks for.
fn bodies(command: &str, stream: &mut TcpStream) {
    let asked = command.split(' ').nth(2).unwrap_or_default();
    for uid in ["1", "2"].iter().filter(|uid| asked == "1:2" || asked == **uid) {
        let text = text(uid);
        let answer = format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n", text.len());
        let _ = stream.write_all(answer.as_bytes());
    }
}

/// Pulls to the end; gives the originals, whether each was understood, and the reasons of the pulls that failed.
async fn pull_on(port: u16) -> (Vec<(bool, String)>, Vec<String>) {
    let account = connector(&account(port, "none"));
    let mut source = account.source().unwrap();
    let (mut cursor, mut items, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..20 {
        match source.pull(&cursor).await {
            Ok(page) => {
                cursor = page.cursor;
                items.extend(page.items);
                if !page.more {
                    let told = |item: &Item| {
                        (matches!(item, Item::Message(_)), String::from_utf8_lossy(original(item).1).into_owned())
                    };
                    return (items.iter().map(told).collect(), reasons);
                }
            }
            Err(ConnectorError::Retry { reason }) => reasons.push(reason),
            Err(other) => panic!("{other:?}"),
        }
    }
    panic!("never comes to an end: {reasons:?}");
}

fn both() -> Vec<(bool, String)> {
    ["1", "2"].map(|uid| (true, text(uid))).into()
}

#[tokio::test]
async fn a_message_left_out_of_an_answer_is_asked_for_again() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        mailbox(tag, command, stream, 100, |command, stream| {
            // Twice, the second message is missing.
            let first = ASKED.fetch_add(1, Ordering::SeqCst) < 2;
            bodies(if first { "UID FETCH 1 " } else { command }, stream);
        })
    });
    let (items, reasons) = pull_on(port).await;
    assert_eq!(items, both(), "whole, and none is a dead letter");
    assert_eq!(reasons.len(), 2);
    assert!(reasons.iter().all(|reason| reason.contains("leaves out 1 of the messages")), "{reasons:?}");
}

#[tokio::test]
async fn a_message_always_left_out_becomes_a_dead_letter_and_the_others_are_filed() {
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        mailbox(tag, command, stream, 100, |_, stream| bodies("UID FETCH 1 ", stream))
    });
    let (items, reasons) = pull_on(port).await;
    assert_eq!(items, [both()[0].clone(), (false, "Subject: 2\r\n\r\n".to_owned())]);
    assert_eq!(reasons.len(), 2, "three attempts");
}

#[tokio::test]
async fn a_search_that_finds_nothing_where_there_is_something_is_no_end() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        if command.starts_with("UID SEARCH") && ASKED.fetch_add(1, Ordering::SeqCst) < 2 {
            return stream.write_all(format!("* SEARCH\r\n{tag} OK done\r\n").as_bytes()).is_ok();
        }
        if command == "FETCH 2 (UID)" {
            return stream.write_all(format!("* 2 FETCH (UID 2)\r\n{tag} OK done\r\n").as_bytes()).is_ok();
        }
        mailbox(tag, command, stream, 100, bodies)
    });
    let (items, reasons) = pull_on(port).await;
    assert_eq!(items, both());
    assert_eq!(reasons.len(), 2);
    assert!(reasons[0].contains("finds no message in INBOX where there is one (UID 2)"), "{reasons:?}");
}

#[tokio::test]
async fn a_search_that_finds_half_of_a_folder_is_asked_once_more() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        if command.starts_with("UID SEARCH") && ASKED.fetch_add(1, Ordering::SeqCst) == 0 {
            return stream.write_all(format!("* SEARCH 2\r\n{tag} OK done\r\n").as_bytes()).is_ok();
        }
        if command == "FETCH 2 (UID)" {
            return stream.write_all(format!("* 2 FETCH (UID 2)\r\n{tag} OK done\r\n").as_bytes()).is_ok();
        }
        mailbox(tag, command, stream, 100, bodies)
    });
    assert_eq!(pull_on(port).await, (both(), Vec::new()));
}

#[tokio::test]
async fn a_folder_said_to_be_full_and_opened_empty_is_no_end() {
    static OPENED: AtomicUsize = AtomicUsize::new(0);
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        if command.starts_with("EXAMINE") && OPENED.fetch_add(1, Ordering::SeqCst) == 0 {
            let state = "* 0 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 3] x\r\n";
            return stream.write_all(format!("{state}{tag} OK done\r\n").as_bytes()).is_ok();
        }
        mailbox(tag, command, stream, 100, bodies)
    });
    let (items, reasons) = pull_on(port).await;
    assert_eq!(items, both());
    assert!(reasons.len() == 1 && reasons[0].contains("tells of 2 messages"), "{reasons:?}");
}

#[tokio::test]
async fn a_next_uid_of_zero_is_not_believed() {
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        let said = match command {
            "FETCH 2 (UID)" => "* 2 FETCH (UID 2)\r\n",
            _ if command.starts_with("STATUS") => "* STATUS INBOX (MESSAGES 2 UIDNEXT 0 UIDVALIDITY 7)\r\n",
            _ if command.starts_with("EXAMINE") => "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 0] x\r\n",
            _ => return mailbox(tag, command, stream, 100, bodies),
        };
        stream.write_all(format!("{said}{tag} OK done\r\n").as_bytes()).is_ok()
    });
    assert_eq!(pull_on(port).await, (both(), Vec::new()));
}

#[tokio::test]
async fn messages_that_came_and_went_hold_nothing_up() {
    // UIDNEXT has moved on from 3 to 9, and nothing of it is left.
    static STATE: AtomicUsize = AtomicUsize::new(3);
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        let next = STATE.load(Ordering::SeqCst);
        let said = match command {
            "FETCH 2 (UID)" => "* 2 FETCH (UID 2)\r\n".to_owned(),
            "UID SEARCH UID 3:8" => "* SEARCH\r\n".to_owned(),
            _ if command.starts_with("STATUS") => {
                format!("* STATUS INBOX (MESSAGES 2 UIDNEXT {next} UIDVALIDITY 7)\r\n")
            }
            _ if command.starts_with("EXAMINE") => {
                format!("* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {next}] x\r\n")
            }
            _ => return mailbox(tag, command, stream, 100, bodies),
        };
        stream.write_all(format!("{said}{tag} OK done\r\n").as_bytes()).is_ok()
    });
    let account = connector(&account(port, "none"));
    let mut source = account.source().unwrap();
    let first = source.pull(&[]).await.unwrap();
    assert_eq!(first.items.len(), 2);
    STATE.store(9, Ordering::SeqCst);
    let second = source.pull(&first.cursor).await.unwrap();
    assert!(second.items.is_empty() && !second.more && second.cursor != first.cursor);
}
