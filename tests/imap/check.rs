//! `account test` says in plain words what is wrong.

use crate::need;
use crate::support::account::{connector, imap, imap_at};
use crate::support::dovecot::Dovecot;
use crate::support::fault::{Fault, FaultServer};
use crate::support::free_port;
use crate::support::relay::{Protection, Relay};
use std::time::{Duration, Instant};

/// All checks as lines: `ok what: found` or `no what: why`.
async fn lines(tables: &str) -> Vec<String> {
    let begin = Instant::now();
    let checks = connector(tables).test().await;
    assert!(begin.elapsed() < Duration::from_secs(25), "took {:?}", begin.elapsed());
    checks
        .into_iter()
        .map(|check| match check.outcome {
            Ok(found) => format!("ok {}: {found}", check.what),
            Err(why) => format!("no {}: {why}", check.what),
        })
        .collect()
}

/// The one thing that is wrong, which must be the last line.
async fn wrong(tables: &str) -> String {
    let lines = lines(tables).await;
    let bad: Vec<&String> = lines.iter().filter(|line| line.starts_with("no ")).collect();
    assert_eq!(bad.len(), 1, "{lines:#?}");
    bad[0].clone()
}

fn assert_says(line: &str, words: &[&str]) {
    for word in words {
        assert!(line.contains(word), "{word:?} is not in: {line}");
    }
}

#[tokio::test]
async fn a_working_account_is_told_step_by_step() {
    let server = need!(Dovecot::start());
    let relay = need!(Relay::start(&server, Protection::Starttls));
    let all = lines(&(imap(&server, "support", "") + &relay.smtp(&server, Protection::Starttls))).await;
    assert!(all.iter().all(|line| line.starts_with("ok ")), "{all:#?}");
    let text = all.join("\n");
    for word in
        ["reach localhost", "certificate is trusted", "log in as support", "INBOX", "it is Sent", "IDLE", "STARTTLS"]
    {
        assert_says(&text, &[word]);
    }
    assert!(!text.contains("sesame"));
}

#[tokio::test]
async fn each_mistake_is_named_with_its_remedy() {
    let server = need!(Dovecot::start());
    let good = imap(&server, "support", "");
    let line = |start: &str| good.lines().find(|line| line.starts_with(start)).unwrap().to_owned();
    let with = |start: &str, new: &str| good.replace(&line(start), new);

    let said = wrong(&with("password_command", "password_command = \"echo wrong-one\"")).await;
    assert_says(&said, &["log in as support", "Check user and password"]);
    assert!(!said.contains("wrong-one"), "{said}");
    let said = wrong(&with("password_command", "password_command = \"echo secret; echo locked >&2; exit 1\"")).await;
    assert_says(&said, &["get the password", "locked"]);
    assert!(!said.contains("secret;") && !said.contains(": secret"), "{said}");
    let said = wrong(&with("ca_file", "")).await;
    assert_says(&said, &["agree on TLS", "not trusted", "ca_file"]);
    let said = wrong(&with("ca_file", "ca_file = \"/nonexistent/ca.pem\"")).await;
    assert_says(&said, &["/nonexistent/ca.pem", "cannot be read"]);
    let said = wrong(&with("host", "host = \"127.0.0.2\"")).await;
    assert_says(&said, &["127.0.0.2", "refuses connections"]);
    let said = wrong(&with("host", "host = \"no-such-host.invalid\"")).await;
    assert_says(&said, &["no-such-host.invalid", "cannot be found", "spelt right"]);
    let said = wrong(&with("port", &format!("port = {}", free_port()))).await;
    assert_says(&said, &["refuses connections", "port"]);
    let said = wrong(&imap(&server, "support", "folders = [\"INBOX\", \"Ordres\"]")).await;
    assert_says(&said, &["open folder Ordres", "INBOX, Sent"]);
    let said = wrong(&imap(&server, "support", "sent = \"Gone\"")).await;
    assert_says(&said, &["Sent folder", "Gone", "INBOX, Sent"]);
    // TLS at the port for STARTTLS.
    let said = wrong(&imap_at(&server, "support", server.imap, "")).await;
    assert_says(&said, &["agree on TLS", "starttls"]);
}

#[tokio::test]
async fn a_server_without_starttls_is_never_spoken_to_unprotected() {
    let server = FaultServer::start(Fault::None);
    let smtp = server.smtp().replace("security = \"none\"", "security = \"starttls\"");
    let said = wrong(&smtp.replace("127.0.0.1", "localhost")).await;
    assert_says(&said, &["does not offer STARTTLS", "\"tls\""]);
    let user = "\nuser = \"support\"\npassword_command = \"echo x\"\n";
    let said = wrong(&(server.smtp() + user)).await;
    assert_says(&said, &["takes no login"]);
}

#[tokio::test]
async fn a_server_that_says_nothing_does_not_hold_the_test_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = format!(
        "[imap]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nuser = \"a\"\npassword_command = \"echo x\"\n"
    );
    let said = wrong(&silent).await;
    assert_says(&said, &[&port.to_string()]);
}
