//! Servers that lie, flood and inject.

use crate::support::account::connector;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use switchboard::connector::{ConnectorError, Item};

/// A server that greets with `greeting` and answers each command, given as `(tag, command)`, by `answer`.
/// A line without a space comes as the command, with an empty tag.
pub fn serve(greeting: &'static [u8], answer: fn(&str, &str, &mut TcpStream) -> bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = stream.write_all(greeting);
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                while lines.read_line(&mut line).is_ok_and(|count| count > 0) {
                    let (tag, command) = line.trim_end().split_once(' ').unwrap_or(("", line.trim_end()));
                    if !answer(tag, command, &mut stream) {
                        return;
                    }
                    line.clear();
                }
            });
        }
    });
    port
}

pub fn account(port: u16, security: &str) -> String {
    format!(
        "[imap]\nhost = \"localhost\"\nport = {port}\nsecurity = \"{security}\"\nuser = \"a\"\n\
         password_command = \"echo x\"\nsent = \"\"\n"
    )
}

/// A mailbox with the messages 1 and 2 of `size` bytes each; `fetch` answers for the bodies.
pub fn mailbox(
    tag: &str,
    command: &str,
    stream: &mut TcpStream,
    size: u64,
    fetch: impl Fn(&str, &mut TcpStream),
) -> bool {
    let untagged = if command.starts_with("CAPABILITY") {
        "* CAPABILITY IMAP4rev1\r\n".to_owned()
    } else if command.starts_with("LIST") {
        "* LIST () \"/\" INBOX\r\n".to_owned()
    } else if command.starts_with("STATUS") {
        "* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 7)\r\n".to_owned()
    } else if command.starts_with("EXAMINE") {
        "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 3] x\r\n".to_owned()
    } else if command.starts_with("UID SEARCH") {
        "* SEARCH 1 2\r\n".to_owned()
    } else if command.contains("RFC822.SIZE") {
        let date = "INTERNALDATE \" 1-Jul-2026 10:00:00 +0000\"";
        format!("* 1 FETCH (UID 1 RFC822.SIZE {size} {date})\r\n* 2 FETCH (UID 2 RFC822.SIZE {size} {date})\r\n")
    } else if command.contains("BODY.PEEK[HEADER]") {
        let uid = command.split(' ').nth(2).unwrap_or_default();
        format!("* {uid} FETCH (UID {uid} BODY[HEADER] {{14}}\r\nSubject: {uid}\r\n\r\n)\r\n")
    } else if command.contains("BODY.PEEK[]") {
        fetch(command, stream);
        String::new()
    } else {
        String::new()
    };
    stream.write_all(format!("{untagged}{tag} OK done\r\n").as_bytes()).is_ok()
}

async fn pull(port: u16) -> Result<Vec<Item>, ConnectorError> {
    let account = connector(&account(port, "none"));
    Ok(account.source().unwrap().pull(&[]).await?.items)
}

#[tokio::test]
async fn a_literal_bomb_and_an_endless_line_end_the_connection_and_not_the_memory() {
    for bomb in [&b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n"[..], b"* OK "] {
        fn flood(stream: &mut TcpStream, begin: &[u8]) -> bool {
            let _ = stream.write_all(begin);
            let piece = [b'x'; 65536];
            while stream.write_all(&piece).is_ok() {}
            false
        }
        let port = if bomb.starts_with(b"* 1") {
            serve(b"* OK hello\r\n", |tag, command, stream| {
                let bomb = b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\n";
                mailbox(tag, command, stream, 100, |_, stream| {
                    flood(stream, bomb);
                })
            })
        } else {
            serve(b"* OK hello\r\n", |_, _, stream| flood(stream, b"* OK "))
        };
        let error = pull(port).await.unwrap_err();
        let ConnectorError::Retry { reason } = error else { panic!("{error:?}") };
        assert!(reason.contains("larger than it may be") || reason.contains("cannot be understood"), "{reason}");
    }
}

#[tokio::test]
async fn a_message_said_to_be_huge_is_not_downloaded_but_not_dropped_either() {
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        mailbox(tag, command, stream, 60 * 1024 * 1024, |_, _| panic!("nobody may ask for the body"))
    });
    let items = pull(port).await.unwrap();
    assert_eq!(items.len(), 2);
    for item in items {
        let Item::Unreadable(item) = item else { panic!("{item:?}") };
        assert!(item.reason.contains("larger than 50 MB (60 MB)"), "{}", item.reason);
        assert!(item.raw.starts_with(b"Subject: "), "its header is there");
    }
}

#[tokio::test]
async fn one_message_the_server_cannot_give_does_not_hold_up_the_others() {
    // It refuses every FETCH that has message 2 in it.
    let port = serve(b"* OK hello\r\n", |tag, command, stream| {
        if command.contains("BODY.PEEK[]") && !command.starts_with("UID FETCH 1 ") {
            return stream.write_all(format!("{tag} NO damaged\r\n").as_bytes()).is_ok();
        }
        mailbox(tag, command, stream, 100, |_, stream| {
            let _ = stream.write_all(b"* 1 FETCH (UID 1 BODY[] {15}\r\nSubject: 1\r\n\r\nx)\r\n");
        })
    });
    let account = connector(&account(port, "none"));
    let mut source = account.source().unwrap();
    let mut cursor = Vec::new();
    let mut items = Vec::new();
    for _ in 0..20 {
        match source.pull(&cursor).await {
            Ok(page) => {
                cursor = page.cursor;
                items.extend(page.items);
                if !page.more {
                    break;
                }
            }
            Err(ConnectorError::Retry { reason }) => assert!(reason.contains("damaged"), "{reason}"),
            Err(other) => panic!("{other:?}"),
        }
    }
    let raws: Vec<&[u8]> = items.iter().map(|item| crate::support::account::original(item).1).collect();
    assert_eq!(raws, [&b"Subject: 2\r\n\r\n"[..], b"Subject: 1\r\n\r\nx"]);
}

#[tokio::test]
async fn nothing_said_before_starttls_is_believed() {
    // Somebody in the middle puts words behind the OK.
    let port = serve(b"* OK hello\r\n", |tag, _, stream| {
        stream.write_all(format!("{tag} OK begin\r\n* CAPABILITY IMAP4rev1\r\nW1 OK done\r\n").as_bytes()).is_ok()
    });
    let error = connector(&account(port, "starttls")).source().unwrap().pull(&[]).await.unwrap_err();
    assert!(error.to_string().contains("TLS"), "{error}");
    // Already somebody else's session.
    for security in ["starttls", "none"] {
        let port = serve(b"* PREAUTH welcome\r\n", |_, _, _| true);
        let error = connector(&account(port, security)).source().unwrap().pull(&[]).await.unwrap_err();
        assert!(matches!(&error, ConnectorError::Reconnect { .. }), "{error:?}");
    }
    let port =
        serve(b"* OK hello\r\n", |tag, _, stream| stream.write_all(format!("{tag} BAD what\r\n").as_bytes()).is_ok());
    let error = connector(&account(port, "starttls")).source().unwrap().pull(&[]).await.unwrap_err();
    let ConnectorError::Reconnect { reason } = error else { panic!("{error:?}") };
    assert!(reason.contains("does not offer STARTTLS"), "{reason}");
}

#[tokio::test]
async fn words_that_crash_the_parser_are_an_error_like_any_other() {
    let port = serve("* OK [UNSEEN 1]élan\r\n".as_bytes(), |_, _, _| true);
    let error = pull(port).await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Retry { .. }), "{error:?}");
}

#[tokio::test]
async fn nested_parentheses_end_the_connection_and_not_the_program() {
    // Before the login, and in the middle of a mailbox; a message may have as many as it likes.
    let before = serve(b"* OK hello\r\n", |_, _, stream| {
        stream.write_all(&[&b"* 1 FETCH (BODYSTRUCTURE "[..], &b"(".repeat(100_000)].concat()).is_ok()
    });
    let within = serve(b"* OK hello\r\n", |tag, command, stream| {
        mailbox(tag, command, stream, 100, |_, stream| {
            let _ = stream.write_all(&[&b"* 1 FETCH (BODYSTRUCTURE (X "[..], &b"(".repeat(5_000), b"\r\n"].concat());
        })
    });
    for port in [before, within] {
        let error = pull(port).await.unwrap_err();
        let ConnectorError::Retry { reason } = error else { panic!("{error:?}") };
        assert!(reason.contains("parentheses"), "{reason}");
    }
    let content = serve(b"* OK hello\r\n", |tag, command, stream| {
        mailbox(tag, command, stream, 100, |_, stream| {
            for uid in [1, 2] {
                let text = format!("Subject: {uid}\r\n\r\n{}", "(".repeat(10_000));
                let _ = stream
                    .write_all(format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n{text})\r\n", text.len()).as_bytes());
            }
        })
    });
    assert_eq!(pull(content).await.unwrap().len(), 2);
}
