//! The ways to log in, and what a refusal becomes.

use super::hostile::serve;
use crate::support::account::connector;
use std::io::Write;
use std::net::TcpStream;
use switchboard::connector::ConnectorError;

/// `user=a^Aauth=Bearer x^A^A` in base64.
const RIGHT_TOKEN: &str = "dXNlcj1hAWF1dGg9QmVhcmVyIHgBAQ==";

fn say(stream: &mut TcpStream, text: &str) -> bool {
    stream.write_all(text.as_bytes()).is_ok()
}

/// An empty mailbox that wants a token; the login is the second command.
fn wants_token(tag: &str, command: &str, stream: &mut TcpStream) -> bool {
    match command {
        "CAPABILITY" => say(stream, &format!("* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 LOGINDISABLED\r\n{tag} OK\r\n")),
        "AUTHENTICATE XOAUTH2" => say(stream, "+ \r\n"),
        RIGHT_TOKEN => say(stream, "W2 OK welcome\r\n"),
        "" => say(stream, "W2 NO [AUTHENTICATIONFAILED] expired\r\n"),
        _ if tag.is_empty() => say(stream, "+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"),
        _ => empty_mailbox(tag, command, stream),
    }
}

/// An empty mailbox that knows LOGIN only.
fn wants_login(tag: &str, command: &str, stream: &mut TcpStream) -> bool {
    if command == "CAPABILITY" {
        return say(stream, &format!("* CAPABILITY IMAP4rev1\r\n{tag} OK\r\n"));
    }
    if command.starts_with("LOGIN") {
        let right = command == "LOGIN \"a\" \"x \\\"y\\\\\"";
        return say(stream, &format!("{tag} {}\r\n", if right { "OK welcome" } else { "NO [UNAVAILABLE] later" }));
    }
    empty_mailbox(tag, command, stream)
}

fn empty_mailbox(tag: &str, command: &str, stream: &mut TcpStream) -> bool {
    let untagged = if command.starts_with("LIST") {
        "* LIST () \"/\" INBOX\r\n"
    } else if command.starts_with("STATUS") {
        "* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 7)\r\n"
    } else {
        ""
    };
    say(stream, &format!("{untagged}{tag} OK done\r\n"))
}

async fn pull(port: u16, secret: &str) -> Result<(), ConnectorError> {
    let account = connector(&format!(
        "[imap]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nuser = \"a\"\nsent = \"\"\n{secret}\n"
    ));
    account.source().unwrap().pull(&[]).await.map(|page| assert!(page.items.is_empty() && !page.more))
}

#[tokio::test]
async fn a_token_is_accepted_or_refused_in_words() {
    let port = serve(b"* OK hello\r\n", wants_token);
    pull(port, "token_command = \"echo x\"").await.unwrap();
    let error = pull(port, "token_command = \"echo wrong-one\"").await.unwrap_err();
    let ConnectorError::Reconnect { reason } = error else { panic!("{error:?}") };
    assert!(reason.contains("expired") && reason.contains("token") && !reason.contains("wrong-one"), "{reason}");
    let error = pull(port, "password_command = \"echo x\"").await.unwrap_err();
    let ConnectorError::Reconnect { reason } = error else { panic!("{error:?}") };
    assert!(reason.contains("takes no password on this connection"), "{reason}");
}

#[tokio::test]
async fn a_password_with_quotes_arrives_as_it_is_and_a_busy_server_is_no_wrong_password() {
    let port = serve(b"* OK hello\r\n", wants_login);
    pull(port, r#"password_command = '''printf '%s' 'x "y\' '''"#).await.unwrap();
    let error = pull(port, "password_command = \"echo other\"").await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Retry { .. }), "{error:?}");
}
