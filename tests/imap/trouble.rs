//! Connections that break at every place: nothing is lost, nothing is skipped.

use crate::need;
use crate::support::account::{connector, ids, imap_at};
use crate::support::cut_proxy::CutProxy;
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use std::collections::BTreeSet;
use switchboard::connector::ConnectorError;

#[tokio::test]
async fn a_connection_cut_anywhere_loses_and_skips_nothing() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &mail::numbered(0..130));
    let proxy = CutProxy::start(server.imap);
    // Without TLS, so that the cuts fall at every place of the protocol.
    let account = connector(&imap_at(&server, "support", proxy.port, "security = \"none\""));
    let mut cut = 0;
    let mut failures = 0;
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut cursor: Vec<u8> = Vec::new();
    // Steps that are no multiple of anything in the protocol; then freely to the end.
    while cut < 60_000 {
        cut += if cut < 3_000 { 61 } else { 1_499 };
        proxy.cut_after(cut);
        let mut source = account.source().unwrap();
        loop {
            match source.pull(&cursor).await {
                Ok(page) => {
                    let span = ids(&page);
                    assert!(span.iter().all(|id| seen.insert(id.clone())), "committed twice: {span:?}");
                    cursor = page.cursor;
                    if !page.more {
                        break;
                    }
                }
                Err(ConnectorError::Retry { reason }) => {
                    assert!(!reason.is_empty());
                    failures += 1;
                    break;
                }
                Err(other) => panic!("cut after {cut}: {other:?}"),
            }
        }
        if seen.len() == 130 {
            // All is there: from the beginning again, so that later cuts fall into pages too.
            assert_eq!(seen, (0..130).map(|n| format!("n{n}")).collect());
            seen.clear();
            cursor.clear();
        }
    }
    assert!(failures > 50, "the proxy cut only {failures} times");
    proxy.cut_after(u64::MAX);
    let mut source = account.source().unwrap();
    loop {
        let page = source.pull(&cursor).await.unwrap();
        assert!(ids(&page).into_iter().all(|id| seen.insert(id)), "committed twice");
        cursor = page.cursor;
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, (0..130).map(|n| format!("n{n}")).collect(), "nothing is missing in the end");
}

#[tokio::test]
async fn a_wrong_password_stops_the_worker_and_a_missing_folder_names_those_there() {
    let server = need!(Dovecot::start());
    let text = imap_at(&server, "support", server.imaps, "");
    let line = text.lines().find(|line| line.starts_with("password_command")).unwrap();
    let account = connector(&text.replace(line, "password_command = \"echo wrong-one\""));
    let error = account.source().unwrap().pull(&[]).await.unwrap_err();
    let ConnectorError::Reconnect { reason } = error else { panic!("{error:?}") };
    assert!(reason.contains("refuses the login of \"support\"") && !reason.contains("wrong-one"), "{reason}");

    let account = connector(&imap_at(&server, "support", server.imaps, "folders = [\"Inbox\", \"Ordres\"]"));
    let error = account.source().unwrap().pull(&[]).await.unwrap_err();
    let ConnectorError::Reconnect { reason } = error else { panic!("{error:?}") };
    assert!(reason.contains("\"Ordres\"") && reason.contains("INBOX") && reason.contains("Sent"), "{reason}");
}

#[tokio::test]
async fn a_kept_connection_that_is_gone_is_made_anew_without_a_word() {
    let mut server = need!(Dovecot::start());
    let account = connector(&imap_at(&server, "support", server.imaps, ""));
    let mut source = account.source().unwrap();
    let cursor = source.pull(&[]).await.unwrap().cursor;
    server.stop();
    server.run();
    server.deliver("support", &mail::plain("new", "s", "text\n"));
    assert_eq!(ids(&source.pull(&cursor).await.unwrap()), ["new"]);
}
