//! Waiting for news: IDLE, and asking where there is no IDLE.

use crate::need;
use crate::support::account::{connector, ids, imap, imap_at, pull_all};
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use std::time::{Duration, Instant};
use switchboard::connector::Source;

const LONG: Duration = Duration::from_secs(60);

async fn settled(source: &mut dyn Source) -> Vec<u8> {
    let mut cursor = Vec::new();
    pull_all(source, &mut cursor).await.unwrap();
    cursor
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_ends_the_wait_within_a_second() {
    let server = need!(Dovecot::start());
    server.deliver("support", &mail::plain("old", "s", "text\n"));
    let account = connector(&imap(&server, "support", ""));
    let mut source = account.source().unwrap();
    let mut cursor = settled(source.as_mut()).await;
    for round in 0..3 {
        // Long enough for the wait to be in IDLE; when it is not, it must notice all the same.
        let delivery = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            tokio::task::block_in_place(|| {
                server.deliver("support", &mail::plain(&format!("new{round}"), "s", "text\n"))
            });
            Instant::now()
        };
        let (waited, delivered) = tokio::join!(source.wait(&cursor, LONG), delivery);
        waited.unwrap();
        let page = source.pull(&cursor).await.unwrap();
        // Join returns when both ended, so that this counts from the delivery to the message in hand.
        assert!(delivered.elapsed() < Duration::from_secs(1), "took {:?}", delivered.elapsed());
        assert_eq!(ids(&page), [format!("new{round}")]);
        cursor = page.cursor;
    }
}

#[tokio::test]
async fn what_came_before_the_wait_ends_it_at_once() {
    let server = need!(Dovecot::start());
    let account = connector(&imap(&server, "support", ""));
    let mut source = account.source().unwrap();
    let cursor = settled(source.as_mut()).await;
    server.deliver("support", &mail::plain("new", "s", "text\n"));
    let begin = Instant::now();
    source.wait(&cursor, LONG).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(5), "took {:?}", begin.elapsed());
}

#[tokio::test]
async fn a_wait_without_news_ends_at_its_limit_and_a_dropped_one_harms_nothing() {
    let server = need!(Dovecot::start());
    let account = connector(&imap(&server, "support", ""));
    let mut source = account.source().unwrap();
    let cursor = settled(source.as_mut()).await;
    let begin = Instant::now();
    source.wait(&cursor, Duration::from_secs(1)).await.unwrap();
    assert!((1..10).contains(&begin.elapsed().as_secs()), "took {:?}", begin.elapsed());
    // Dropped at different moments: while it looks, while it idles.
    for millis in [0, 1, 5, 20, 400] {
        let dropped = tokio::time::timeout(Duration::from_millis(millis), source.wait(&cursor, LONG)).await;
        assert!(dropped.is_err(), "there was no news");
        let page = source.pull(&cursor).await.unwrap();
        assert!(page.items.is_empty());
    }
    server.deliver("support", &mail::plain("new", "s", "text\n"));
    assert_eq!(ids(&source.pull(&cursor).await.unwrap()), ["new"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_without_idle_is_asked_now_and_then_and_other_folders_too() {
    let server = need!(Dovecot::start_with("imap_capability = IMAP4rev1 SASL-IR LITERAL+ UIDPLUS\n"));
    let more = "security = \"starttls\"\npoll = \"1s\"\nfolders = [\"INBOX\", \"Sent\"]";
    let account = connector(&imap_at(&server, "support", server.imap, more));
    let mut source = account.source().unwrap();
    let mut cursor = settled(source.as_mut()).await;
    for folder in ["INBOX", "Sent"] {
        let delivery = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            tokio::task::block_in_place(|| server.append("support", folder, &mail::plain(folder, "s", "text\n")));
        };
        let begin = Instant::now();
        let (waited, ()) = tokio::join!(source.wait(&cursor, LONG), delivery);
        waited.unwrap();
        assert!(begin.elapsed() < Duration::from_secs(10), "took {:?}", begin.elapsed());
        let page = source.pull(&cursor).await.unwrap();
        assert_eq!(ids(&page), [folder]);
        cursor = page.cursor;
    }
}

#[tokio::test]
async fn a_server_that_goes_away_is_an_error_and_its_return_is_noticed() {
    let mut server = need!(Dovecot::start());
    let account = connector(&imap(&server, "support", ""));
    let mut source = account.source().unwrap();
    let cursor = settled(source.as_mut()).await;
    let wait = tokio::spawn(async move {
        let mut source = source;
        let ended = source.wait(&cursor, LONG).await;
        (source, cursor, ended)
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.stop();
    let (mut source, cursor, ended) = tokio::time::timeout(LONG, wait).await.unwrap().unwrap();
    let reason = ended.unwrap_err().to_string();
    assert!(reason.contains("localhost"), "{reason}");
    assert!(source.pull(&cursor).await.is_err(), "nobody is there");
    server.run();
    server.deliver("support", &mail::plain("new", "s", "text\n"));
    assert_eq!(ids(&source.pull(&cursor).await.unwrap()), ["new"]);
}
