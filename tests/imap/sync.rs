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
