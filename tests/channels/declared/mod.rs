//! The language of connector files, against a platform that knows every way of giving out pages, and ways to misbehave.

mod platform;
mod pushed;
mod tried;

use super::contract::{messages, pages};
use super::only_error;
use crate::support::simulator::{Fault, Simulator};
use platform::{PAGE, Shared, file, open};
use serde_json::json;
use std::collections::BTreeSet;
use switchboard::connector::{Connector, ConnectorError, Incoming, PulledPage, Source};

/// Each kind of page, as a file says it.
const KINDS: [(&str, &str); 8] = [
    ("cursor", "path = \"/list\"\nquery = { token = \"{cursor}\" }\npage = { type = \"cursor\", from = \"/next\" }"),
    ("url", "path = \"/list\"\npage = { type = \"url\", from = \"/url\" }"),
    ("link", "path = \"/list\"\npage = { type = \"link\" }"),
    ("offset", "path = \"/list\"\nquery = { offset = \"{cursor}\" }\npage = { type = \"offset\", size = 3 }"),
    ("number", "path = \"/list\"\nquery = { page = \"{cursor}\" }\npage = { type = \"number\", size = 3 }"),
    (
        "last",
        "path = \"/list\"\nquery = { offset = \"{cursor}\" }\npage = { type = \"last\", from = \"/id\", size = 3 }",
    ),
    (
        "again",
        "path = \"/after\"\nquery = { since = \"{since}\" }\nresume = { from = \"/id\" }\n\
         page = { type = \"again\", stop_unless = \"/more = true\" }",
    ),
    ("log", "path = \"/log\"\nquery = { cursor = \"{cursor}\" }\nresume = { cursor = \"/cursor\" }"),
];

struct Rig {
    world: Shared,
    simulator: Simulator,
    profile: tempfile::TempDir,
}

impl Rig {
    fn new(items: usize) -> Rig {
        let world = Shared::default();
        (0..items).for_each(|number| world.lock().unwrap().write(&format!("text {number}")));
        let simulator = Simulator::start(platform::router(world.clone()));
        Rig { world, simulator, profile: tempfile::tempdir().unwrap() }
    }

    fn open(&self, text: &str) -> Box<dyn Connector> {
        open(text, &self.simulator.base, self.profile.path())
    }
}

fn texts(pulled: &[PulledPage]) -> BTreeSet<String> {
    messages(pulled).into_iter().map(|message| message.text.clone()).collect()
}

fn all(count: usize) -> BTreeSet<String> {
    (0..count).map(|number| format!("text {number}")).collect()
}

fn last_cursor(pulled: &[PulledPage]) -> Vec<u8> {
    pulled.iter().rev().find(|page| !page.cursor.is_empty()).map(|page| page.cursor.clone()).unwrap_or_default()
}

#[tokio::test]
async fn every_kind_of_page_is_walked_to_its_end_and_no_further() {
    for (kind, stream) in KINDS {
        // Full pages alone, a rest, and one page.
        for count in [2 * PAGE, 2 * PAGE + 1, 1, 0] {
            let rig = Rig::new(count);
            let account = rig.open(&file(stream, ""));
            let pulled = pages(account.source().unwrap().as_mut(), Vec::new()).await;
            assert_eq!(texts(&pulled), all(count), "{kind} of {count}");
            let calls = rig.simulator.faults.calls().len();
            assert!(calls <= count.div_ceil(PAGE).max(1) + 1, "{kind} of {count}: {calls} calls");
        }
    }
}

#[tokio::test]
async fn killed_after_any_page_a_walk_goes_on() {
    for (kind, stream) in KINDS {
        for stop in 1..4 {
            let rig = Rig::new(3 * PAGE + 1);
            let account = rig.open(&file(stream, ""));
            let mut source = account.source().unwrap();
            let (mut had, mut cursor) = (Vec::new(), Vec::new());
            for _ in 0..stop {
                let page = source.pull(&cursor).await.unwrap();
                cursor = if page.cursor.is_empty() { cursor } else { page.cursor.clone() };
                had.push(page);
            }
            let calls = rig.simulator.faults.calls().len();
            drop(source);
            had.extend(pages(account.source().unwrap().as_mut(), cursor).await);
            assert_eq!(texts(&had), all(3 * PAGE + 1), "{kind}, killed after {stop}");
            let more = rig.simulator.faults.calls().len() - calls;
            // The old walk is ended, and then what came since is looked for.
            assert!(more <= 10, "{kind}, killed after {stop}: {more} more calls");
        }
    }
}

#[tokio::test]
async fn the_platforms_own_cursor_is_kept_and_brings_only_what_is_new() {
    let rig = Rig::new(2 * PAGE);
    let account = rig.open(&file(KINDS[7].1, ""));
    let first = pages(account.source().unwrap().as_mut(), Vec::new()).await;
    rig.world.lock().unwrap().write("text 6");
    let second = pages(account.source().unwrap().as_mut(), last_cursor(&first)).await;
    assert_eq!(messages(&second).iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["text 6"]);
    let calls = rig.simulator.faults.calls();
    assert!(calls.last().unwrap().contains("cursor=0.7"), "{calls:?}");
}

#[tokio::test]
async fn a_place_the_platform_has_lost_is_given_up_and_nothing_with_it() {
    for (kind, stream) in KINDS.iter().filter(|(kind, _)| ["cursor", "url", "link", "log"].contains(kind)) {
        let rig = Rig::new(3 * PAGE);
        let account = rig.open(&file(stream, ""));
        let mut source = account.source().unwrap();
        let mut had = vec![source.pull(&[]).await.unwrap()];
        // Every token given out so far is void.
        rig.world.lock().unwrap().making = 1;
        rig.world.lock().unwrap().write("text 9");
        let cursor = had[0].cursor.clone();
        had.extend(pages(source.as_mut(), cursor).await);
        assert_eq!(texts(&had), all(3 * PAGE + 1), "{kind}");
    }
}

#[tokio::test]
async fn a_page_that_is_always_refused_is_no_lost_place() {
    let rig = Rig::new(3 * PAGE);
    let account = rig.open(&file(KINDS[0].1, ""));
    let body = "{\"error\": \"too deep\"}".to_owned();
    for _ in 0..50 {
        rig.simulator.faults.next("token=", Fault::Instead(400, vec![], body.clone()));
    }
    let mut source = account.source().unwrap();
    let mut cursor = Vec::new();
    let error = walked_to_an_error(source.as_mut(), &mut cursor).await;
    assert!(matches!(error, ConnectorError::Reject { .. }), "{error:?}");
    assert!(rig.simulator.faults.calls().len() <= 5, "it is not begun again and again");
}

#[tokio::test]
async fn a_stored_state_that_is_rubbish_begins_anew() {
    let rig = Rig::new(4);
    for (kind, stream) in KINDS {
        let account = rig.open(&file(stream, ""));
        for rubbish in [b"\xff\x00".as_slice(), b"{}", b"{\"streams\":{\"all\":{\"walk\":7}}}", b"[]"] {
            let pulled = pages(account.source().unwrap().as_mut(), rubbish.to_vec()).await;
            assert_eq!(texts(&pulled), all(4), "{kind}");
        }
    }
}

#[tokio::test]
async fn a_platform_that_goes_round_in_circles_is_told_from_one_with_much_to_say() {
    for (kind, stream) in &KINDS[..3] {
        let rig = Rig::new(PAGE);
        rig.world.lock().unwrap().circles = true;
        let account = rig.open(&file(stream, ""));
        let mut source = account.source().unwrap();
        let mut cursor = Vec::new();
        let error = walked_to_an_error(source.as_mut(), &mut cursor).await;
        assert!(rig.simulator.faults.calls().len() < 5, "{kind} goes round");
        assert!(matches!(&error, ConnectorError::Retry { reason } if reason.contains("again and again")), "{error:?}");
    }
    let rig = Rig::new(PAGE);
    rig.world.lock().unwrap().endless = true;
    let account = rig.open(&file(&KINDS[0].1.replace("\"/next\"", "\"/next\", max_pages = 20"), ""));
    // The first walk only goes so far back.
    let first = pages(account.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!(rig.simulator.faults.calls().len(), 20);
    let mut source = account.source().unwrap();
    let mut cursor = last_cursor(&first);
    let error = walked_to_an_error(source.as_mut(), &mut cursor).await;
    assert!(matches!(&error, ConnectorError::Retry { reason } if reason.contains("no end after 20")), "{error:?}");
}

/// Pulls until something goes wrong.
async fn walked_to_an_error(source: &mut dyn Source, cursor: &mut Vec<u8>) -> ConnectorError {
    for _ in 0..100 {
        match source.pull(cursor).await {
            Ok(page) if page.cursor.is_empty() => {}
            Ok(page) => *cursor = page.cursor,
            Err(error) => return error,
        }
    }
    panic!("nothing goes wrong in 100 pages");
}

#[tokio::test]
async fn a_next_page_at_another_server_is_not_asked_for() {
    let canary = Simulator::start(platform::router(Shared::default()));
    for (kind, stream) in &KINDS[1..3] {
        let rig = Rig::new(2 * PAGE);
        rig.world.lock().unwrap().elsewhere = Some(canary.base.clone());
        let account = rig.open(&file(stream, ""));
        let mut source = account.source().unwrap();
        let first = source.pull(&[]).await.unwrap();
        let error = only_error(source.pull(&first.cursor).await);
        assert!(error.to_string().contains("another server"), "{kind}: {error}");
    }
    assert_eq!(canary.faults.calls(), Vec::<String>::new(), "our token never went there");
}

#[tokio::test]
async fn redirects_of_calls_are_not_followed() {
    let rig = Rig::new(1);
    let account = rig.open(&file("path = \"/around\"", ""));
    let error = only_error(account.source().unwrap().pull(&[]).await);
    assert!(error.to_string().contains("set base_url to where it is"), "{error}");
    assert_eq!(rig.simulator.faults.calls().len(), 1);
}

async fn with_file(rig: &Rig, lines: &str, url: &str) -> (Box<dyn Connector>, Incoming) {
    rig.world.lock().unwrap().items = vec![json!({ "id": 1, "at": 1_700_000_000, "from": "ana", "text": "see",
        "files": [{ "href": url, "name": "a.txt", "mime": "text/plain", "bytes": 8 }] })];
    let map = format!(
        "attachments = {{ items = \"/files\", url = \"/href\", name = \"/name\", type = \"/mime\", size = \"/bytes\"{lines} }}"
    );
    let account = rig.open(&file("path = \"/list\"", &map));
    let pulled = pages(account.source().unwrap().as_mut(), Vec::new()).await;
    let message = messages(&pulled)[0].clone();
    (account, message)
}

#[tokio::test]
async fn a_file_is_fetched_when_it_is_asked_for_and_only_from_where_it_may_be() {
    let rig = Rig::new(0);
    let (account, message) = with_file(&rig, "", &format!("{}/file", rig.simulator.base)).await;
    let listed = &message.attachments[0];
    assert_eq!((listed.name.as_str(), listed.media_type.as_str(), listed.size), ("a.txt", "text/plain", 8));
    assert_eq!(rig.simulator.faults.count("/file"), 0, "nothing is fetched unasked");
    assert_eq!(account.fetch(&message.raw, 0).await.unwrap(), b"the file");
    assert!(matches!(account.fetch(&message.raw, 1).await, Err(ConnectorError::Reject { .. })));
    let canary = Simulator::start(platform::router(Shared::default()));
    for url in [
        format!("{}/file", canary.base),
        canary.base.replace("127.0.0.1", "localhost"),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://10.0.0.1/x".to_owned(),
        "https://[::1]/x".to_owned(),
        "https://[::ffff:127.0.0.1]/x".to_owned(),
        "https://0x7f000001/x".to_owned(),
        "https://2130706433/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        "//evil.example/x".to_owned(),
        "ftp://example.com/x".to_owned(),
    ] {
        let (account, message) = with_file(&rig, "", &url).await;
        let refused = account.fetch(&message.raw, 0).await.unwrap_err();
        assert!(matches!(refused, ConnectorError::Reject { .. }), "{url}: {refused:?}");
    }
    assert_eq!(canary.faults.calls(), Vec::<String>::new());
    // With hosts of its own, no other host is asked at all.
    let (account, message) = with_file(&rig, ", hosts = [\"files.pages.example\"]", "https://example.com/x").await;
    let refused = account.fetch(&message.raw, 0).await.unwrap_err();
    assert!(refused.to_string().contains("none of the platform's hosts"), "{refused}");
}

#[tokio::test]
async fn an_address_that_leads_round_in_circles_is_given_up() {
    let rig = Rig::new(0);
    let (account, message) = with_file(&rig, "", &format!("{}/around", rig.simulator.base)).await;
    let refused = account.fetch(&message.raw, 0).await.unwrap_err();
    assert!(refused.to_string().contains("leads to another one, 3 times over"), "{refused}");
    assert_eq!(rig.simulator.faults.count("/around"), 4);
}
