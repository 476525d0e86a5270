//! First sync, going on, and what the server's folder does meanwhile.

use crate::need;
use crate::support::account::{connector, ids, imap, original, pull_all};
use crate::support::dovecot::Dovecot;
use crate::support::mail;
use std::collections::BTreeSet;

fn expected(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|n| format!("n{n}")).collect()
}

#[tokio::test]
async fn the_first_sync_brings_the_newest_first_and_then_all_the_rest() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &mail::numbered(0..300));
    let account = connector(&imap(&server, "support", ""));
    let mut source = account.source().unwrap();
    let mut cursor = Vec::new();
    let pages = pull_all(source.as_mut(), &mut cursor).await.unwrap();

    assert_eq!(ids(&pages[0]), expected(250..300), "today's mail comes first, in order");
    assert!(pages[0].more);
    let first = pages[0].progress.unwrap();
    assert_eq!((first.done, first.total), (50, 300));
    assert_eq!(ids(&pages[1]), expected(200..250));
    let last = pages.iter().rev().find(|page| !page.items.is_empty()).unwrap();
    assert_eq!(last.progress.map(|progress| (progress.done, progress.total)), Some((300, 300)));
    let all: Vec<String> = pages.iter().flat_map(ids).collect();
    assert_eq!(all.len(), 300, "nothing twice");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), expected(0..300).into_iter().collect());

    // Nothing new: the last message must not come again and again (the `n:*` trap).
    let page = source.pull(&cursor).await.unwrap();
    assert_eq!((page.items.len(), page.more, page.progress), (0, false, None));

    // The original is what was sent, byte for byte (behind what the delivery put before it).
    let (folder, raw) = original(&pages[0].items[0]);
    assert_eq!(folder, "INBOX");
    assert!(raw.ends_with(&mail::numbered(250..251)[0]));
    assert!(server.flags("support", "INBOX").iter().all(|line| !line.contains("Seen")), "nothing was marked as read");
}

#[tokio::test]
async fn a_first_sync_goes_on_where_it_was_killed_and_new_mail_goes_before_old() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &mail::numbered(0..170));
    let account = connector(&imap(&server, "support", ""));
    let mut seen = Vec::new();
    let mut cursor = Vec::new();
    for round in 0..10 {
        // A new source each time: nothing but the cursor is remembered.
        let mut source = account.source().unwrap();
        let page = source.pull(&cursor).await.unwrap();
        let again = account.source().unwrap().pull(&cursor).await.unwrap();
        assert_eq!(ids(&page), ids(&again), "the same cursor gives the same items");
        cursor = page.cursor.clone();
        seen.extend(ids(&page));
        if round == 0 {
            server.deliver_all("support", &mail::numbered(170..173));
            let next = source.pull(&cursor).await.unwrap();
            assert_eq!(ids(&next), expected(170..173), "what came meanwhile is taken first");
            assert!(next.more, "and then the old goes on");
            cursor = next.cursor.clone();
            seen.extend(ids(&next));
        }
        if !page.more {
            break;
        }
    }
    assert_eq!(seen.len(), 173, "nothing twice");
    assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), expected(0..173).into_iter().collect());
}

#[tokio::test]
async fn uids_that_start_anew_make_all_mail_be_looked_at_again() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &mail::numbered(0..5));
    let account = connector(&imap(&server, "support", ""));
    let mut source = account.source().unwrap();
    let mut cursor = Vec::new();
    pull_all(source.as_mut(), &mut cursor).await.unwrap();
    source.close().await;
    // The index is lost: Dovecot gives the folder a new UIDVALIDITY.
    let maildir = server.maildir("support");
    for entry in std::fs::read_dir(&maildir).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("dovecot") {
            let _ = std::fs::remove_file(entry.path());
        }
    }
    server.doveadm(&["mailbox", "update", "-u", "support", "--uid-validity", "77", "INBOX"], b"");
    server.deliver_all("support", &mail::numbered(5..6));
    let pages = pull_all(source.as_mut(), &mut cursor).await.unwrap();
    let all: BTreeSet<String> = pages.iter().flat_map(ids).collect();
    assert_eq!(all, expected(0..6).into_iter().collect());
    let page = source.pull(&cursor).await.unwrap();
    assert!(page.items.is_empty() && !page.more);
}

#[tokio::test]
async fn several_folders_and_the_sent_folder_are_filed() {
    let server = need!(Dovecot::start());
    server.doveadm(&["mailbox", "create", "-u", "support", "Größe & Co"], b"");
    server.deliver("support", &mail::plain("in", "s", "text\n"));
    server.append("support", "Größe & Co", &mail::plain("odd", "s", "text\n"));
    server.append("support", "Sent", &mail::plain("out", "s", "text\n"));
    let account = connector(&imap(&server, "support", "folders = [\"INBOX\", \"Größe & Co\"]"));
    let mut source = account.source().unwrap();
    let pages = pull_all(source.as_mut(), &mut Vec::new()).await.unwrap();
    let found: BTreeSet<(String, String)> = pages
        .iter()
        .flat_map(|page| &page.items)
        .map(original)
        .map(|(folder, raw)| (folder.to_owned(), mail::id(raw)))
        .collect();
    let expected = [("INBOX", "in"), ("Größe & Co", "odd"), ("Sent", "out")];
    assert_eq!(found, expected.map(|(folder, id)| (folder.to_owned(), id.to_owned())).into_iter().collect());
}

#[tokio::test]
async fn messages_removed_at_the_server_hold_nothing_up() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &mail::numbered(0..120));
    let account = connector(&imap(&server, "support", ""));
    let mut source = account.source().unwrap();
    let first = source.pull(&[]).await.unwrap();
    // Behind the source's back, in what it has listed already and not taken.
    server.doveadm(&["expunge", "-u", "support", "mailbox", "INBOX", "uid", "11:65"], b"");
    let mut cursor = first.cursor.clone();
    let rest = pull_all(source.as_mut(), &mut cursor).await.unwrap();
    let seen: BTreeSet<String> = rest.iter().flat_map(ids).collect();
    assert_eq!(seen, expected(0..10).into_iter().chain(expected(65..70)).collect());
}

#[tokio::test]
async fn mail_is_marked_as_read_only_when_configured_and_only_once_it_was_filed() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &mail::numbered(0..2));
    let account = connector(&imap(&server, "support", "mark_seen = true"));
    let mut source = account.source().unwrap();
    let page = source.pull(&[]).await.unwrap();
    assert_eq!(page.items.len(), 2);
    assert_eq!(server.count("support", "INBOX", &["SEEN"]), 0, "nobody has filed it yet");
    // Asked again from before: it was not filed.
    source.pull(&[]).await.unwrap();
    assert_eq!(server.count("support", "INBOX", &["SEEN"]), 0);
    source.pull(&page.cursor).await.unwrap();
    assert_eq!(server.count("support", "INBOX", &["SEEN"]), 2);
}

#[tokio::test]
async fn rare_uids_are_all_found() {
    let server = need!(Dovecot::start());
    server.deliver_all("support", &mail::numbered(0..3));
    // A gap larger than many steps, as folders of years have; then two more.
    server.doveadm(&["mailbox", "update", "-u", "support", "--min-next-uid", "3000000000", "INBOX"], b"");
    server.deliver_all("support", &mail::numbered(3..5));
    let account = connector(&imap(&server, "support", ""));
    let mut source = account.source().unwrap();
    let mut cursor = Vec::new();
    let pages = pull_all(source.as_mut(), &mut cursor).await.unwrap();
    assert!(pages.len() < 5, "{} pages for five messages", pages.len());
    let all: Vec<String> = pages.iter().flat_map(ids).collect();
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), expected(0..5).into_iter().collect());
}
