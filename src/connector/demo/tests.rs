//! The demo, looked at from outside: what its sources bring, and what becomes of what is sent.
#![allow(clippy::unwrap_used)]

use super::account::Demo;
use super::cursor::Cursor;
use crate::connector::{AccountSettings, Connector, ConnectorError, Incoming, Item, PulledPage, Source};
use crate::model::{
    Automated, Direction, OutboxState, Outgoing, OutgoingId, Party, Timestamp, clean_block, clean_line,
};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// 2026-11-22T12:00:00Z.
const NOON: i64 = 1_795_348_800_000;
const ROLES: [&str; 3] = ["mail", "chat", "comments"];

struct Account {
    demo: Demo,
    time: Arc<AtomicI64>,
}

fn settings(text: &str) -> AccountSettings {
    let table: toml::Table = format!("name = \"demo\"\nconnector = \"demo\"\n{text}").parse().unwrap();
    AccountSettings { name: "demo".to_owned(), connector: "demo".to_owned(), table, profile: PathBuf::from("/p") }
}

fn account(text: &str) -> Account {
    account_at(NOON, text)
}

fn account_at(now: i64, text: &str) -> Account {
    let time = Arc::new(AtomicI64::new(now));
    let clock = time.clone();
    let demo = Demo::with_clock(&settings(text), Arc::new(move || clock.load(Ordering::SeqCst))).unwrap();
    Account { demo, time }
}

impl Account {
    fn source(&self) -> Box<dyn Source> {
        self.demo.source().unwrap()
    }

    fn pass(&self, millis: i64) {
        self.time.fetch_add(millis, Ordering::SeqCst);
    }

    /// Everything from this cursor on, and the last cursor.
    async fn all(&self, mut cursor: Vec<u8>) -> (Vec<Item>, Vec<u8>) {
        let mut source = self.source();
        let mut items = Vec::new();
        loop {
            let PulledPage { items: page, cursor: next, more, .. } = source.pull(&cursor).await.unwrap();
            items.extend(page);
            cursor = next;
            if !more {
                return (items, cursor);
            }
        }
    }
}

fn messages(items: &[Item]) -> impl Iterator<Item = &Incoming> {
    items.iter().filter_map(|item| match item {
        Item::Message(incoming) => Some(incoming.as_ref()),
        Item::Change(_) | Item::Unreadable(_) => None,
    })
}

fn answer(to: &str, text: &str) -> Outgoing {
    let id = OutgoingId::new();
    Outgoing {
        id,
        account: "demo".to_owned(),
        message: crate::model::MessageId::new(),
        customer: crate::model::CustomerId::new(),
        thread: crate::model::ThreadId::of(&[b"thread"]),
        state: OutboxState::Sending,
        due: Timestamp(NOON),
        attempts: 0,
        reason: String::new(),
        remote_id: format!("{id}@tolvawren.example"),
        from: Party { address: "help@tolvawren.example".to_owned(), name: "Mara".to_owned() },
        to: vec![Party { address: to.to_owned(), name: String::new() }],
        cc: Vec::new(),
        subject: "Re: my order".to_owned(),
        text: text.to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        attachments: Vec::new(),
        date: Timestamp(NOON),
        agent: "mara".to_owned(),
        sent: None,
        to_file: false,
        changed: Timestamp(NOON),
        receipt: String::new(),
        way: crate::model::Way::Direct,
        context: Default::default(),
        answers: None,
    }
}

#[tokio::test]
async fn the_same_seed_tells_the_same_and_another_does_not() {
    for role in ROLES {
        let text = format!("role = \"{role}\"\nhistory = 200\ncustomers = 40\n");
        let (one, _) = account(&text).all(Vec::new()).await;
        let (other, _) = account(&text).all(Vec::new()).await;
        assert_eq!(one, other);
        let (third, _) = account(&format!("{text}seed = 8")).all(Vec::new()).await;
        let ids: HashSet<&str> = messages(&one).map(|incoming| incoming.remote_id.as_str()).collect();
        assert!(messages(&third).all(|incoming| !ids.contains(incoming.remote_id.as_str())), "{role}");
    }
}

#[tokio::test]
async fn the_past_is_rich_and_clean_and_in_five_languages() {
    let (mut customers, mut count, mut dead, mut bounces) = (BTreeSet::new(), 0, 0, 0);
    let mut languages: BTreeMap<String, u32> = BTreeMap::new();
    let mut automated = BTreeSet::new();
    let mut wrong = Vec::new();
    for role in ROLES {
        let (items, _) = account(&format!("role = \"{role}\"\nhistory = 1200")).all(Vec::new()).await;
        let mut ids = HashSet::new();
        let known: HashSet<&str> = messages(&items).map(|incoming| incoming.remote_id.as_str()).collect();
        let mut outbound = 0;
        for incoming in messages(&items) {
            assert!(ids.insert(&incoming.remote_id), "{} came twice", incoming.remote_id);
            assert_eq!(clean_block(&incoming.text), incoming.text);
            assert_eq!(clean_line(&incoming.subject), incoming.subject);
            assert!(!incoming.text.trim().is_empty() && !incoming.preview.is_empty(), "{incoming:?}");
            assert!(!incoming.text.contains(['{', '}', '|']), "a template shows: {}", incoming.text);
            for address in incoming.text.split_whitespace().filter(|word| word.contains('@') && word.contains('.')) {
                assert!(address.trim_matches(['<', '>', ':', '：', '，', ',']).ends_with(".example"), "{address}");
            }
            assert!(incoming.from.address.ends_with(".example"), "{}", incoming.from.address);
            let at = incoming.at.unwrap();
            assert!(at.0 < NOON && at.0 > NOON - 130 * 24 * 3_600_000, "{at}");
            assert!(incoming.references.iter().all(|id| known.contains(id.as_str())), "{incoming:?}");
            bounces += u32::from(incoming.bounce.is_some());
            if let Some(kind) = incoming.automated {
                automated.insert(kind.word());
                continue;
            }
            if incoming.direction == Direction::Outbound {
                outbound += 1;
                continue;
            }
            customers.insert(incoming.from.address.clone());
            if let Some(language) = &incoming.language {
                *languages.entry(language.clone()).or_default() += 1;
                if !["en", "de", "es", "zh", "ja"].contains(&language.as_str()) {
                    wrong.push((language.clone(), incoming.text.clone()));
                }
            }
        }
        let filed = messages(&items).count();
        count += filed;
        dead += items.iter().filter(|item| matches!(item, Item::Unreadable(_))).count();
        assert!(outbound * 4 > filed, "{role}: {outbound} answers of ours in {filed}");
        let mut kinds = BTreeSet::new();
        for item in &items {
            let Item::Change(changed) = item else { continue };
            assert!(known.contains(changed.remote_id.as_str()), "{changed:?}");
            assert!(changed.at.0 < NOON, "it has not happened yet: {changed:?}");
            kinds.insert(changed.kind.word());
        }
        let wanted: &[&str] = match role {
            "mail" => &[],
            "chat" => &["deleted", "delivered", "edited", "reaction", "read"],
            _ => &["deleted", "edited", "hidden", "likes", "reaction"],
        };
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), wanted, "{role}");
    }
    assert!(customers.len() >= 300, "{} customers", customers.len());
    assert!(count >= 1_200, "{count} messages");
    assert_eq!((dead, bounces), (1, 1));
    assert_eq!(automated.into_iter().collect::<Vec<_>>(), ["bounce", "list", "out-of-office"]);
    for code in ["en", "de", "es", "zh", "ja"] {
        assert!(languages.get(code).is_some_and(|count| *count > 20), "{languages:?}");
    }
    assert_eq!(wrong, Vec::new(), "taken for another language");
}

#[tokio::test]
async fn without_settings_there_are_five_thousand_messages() {
    let mut total = 0;
    for role in ROLES {
        let page = account(&format!("role = \"{role}\"")).source().pull(b"").await.unwrap();
        let there = page.progress.unwrap().total;
        assert!(there > 400, "{role}: {there}");
        total += there;
    }
    assert!(total >= 5_000, "{total} messages");
}

#[tokio::test]
async fn the_latest_come_first_and_every_cursor_goes_on_where_it_stood() {
    for role in ROLES {
        let account = account(&format!("role = \"{role}\"\nhistory = 500\ncustomers = 60\n"));
        let (whole, end) = account.all(Vec::new()).await;
        let mut source = account.source();
        let first = source.pull(b"").await.unwrap();
        let newest = messages(&whole).filter_map(|incoming| incoming.at).max();
        assert!(messages(&first.items).any(|incoming| incoming.at == newest));
        assert_eq!(first, source.pull(b"").await.unwrap(), "a second pull gave something else");
        // Another program, started later, goes on from the same place.
        let restarted = account_at(NOON + 5_000, &format!("role = \"{role}\"\nhistory = 500\ncustomers = 60\n"));
        let (rest, _) = restarted.all(first.cursor.clone()).await;
        assert_eq!(rest[..], whole[first.items.len()..]);
        assert_eq!(account.all(first.cursor).await, (rest, end));
    }
}

#[tokio::test]
async fn new_messages_come_while_time_passes_and_go_on_after_a_restart() {
    let text = "role = \"chat\"\nhistory = 100\ncustomers = 20\n";
    let first_run = account(text);
    let (_, cursor) = first_run.all(Vec::new()).await;
    first_run.pass(60_000);
    let (live, cursor) = first_run.all(cursor).await;
    let came = messages(&live).count();
    assert!((3..=20).contains(&came), "{came} in a minute");
    assert!(messages(&live).all(|incoming| incoming.direction == Direction::Inbound));
    let times: Vec<_> = messages(&live).map(|incoming| incoming.at.unwrap().0).collect();
    assert!(times.is_sorted() && times[0] > NOON && times.iter().all(|at| *at <= NOON + 60_000));

    let second_run = account_at(NOON + 3_600_000, text);
    let (nothing, cursor) = second_run.all(cursor).await;
    assert_eq!(nothing, [], "what was given out came again, or what was missed came at once");
    second_run.pass(60_000);
    let (more, _) = second_run.all(cursor).await;
    let ids = |items: &[Item]| messages(items).map(|incoming| incoming.remote_id.clone()).collect::<HashSet<_>>();
    assert!(!more.is_empty() && ids(&more).is_disjoint(&ids(&live)));
}

#[tokio::test]
async fn twice_the_speed_brings_the_same_in_half_the_time_and_the_stream_can_end() {
    let text = "role = \"mail\"\nhistory = 100\ncustomers = 20\nlive_seconds = 60\n";
    let (slow, fast) = (account(text), account(&format!("{text}speed = 2.0")));
    let ids = |items: &[Item]| messages(items).map(|incoming| incoming.remote_id.clone()).collect::<Vec<_>>();
    let (mut slow_cursor, mut fast_cursor) = (slow.all(Vec::new()).await.1, fast.all(Vec::new()).await.1);
    assert!(!super::at_rest(&slow_cursor));
    slow.pass(60_000);
    fast.pass(30_000);
    let (slow_live, end) = slow.all(slow_cursor).await;
    slow_cursor = end;
    let (fast_live, end) = fast.all(fast_cursor).await;
    fast_cursor = end;
    assert_eq!(ids(&slow_live), ids(&fast_live));
    assert!(!slow_live.is_empty() && super::at_rest(&slow_cursor) && super::at_rest(&fast_cursor));
    slow.pass(3_600_000);
    assert_eq!(slow.all(slow_cursor).await.0, []);
}

#[tokio::test]
async fn a_wait_ends_when_something_comes_and_not_before_its_limit_else() {
    let account = account("role = \"mail\"\nhistory = 100\ncustomers = 20\nlive_seconds = 1\nspeed = 100.0\n");
    let (_, cursor) = account.all(Vec::new()).await;
    let mut source = account.source();
    let (short, limit) = (Duration::from_millis(50), Duration::from_secs(30));
    let before = Instant::now();
    source.wait(&cursor, short).await.unwrap();
    assert!(before.elapsed() >= short, "nothing was to come");

    let mut sink = account.demo.sink().unwrap();
    let outgoing = answer(super::FRIEND, "It leaves today.");
    sink.offer(&outgoing).await.unwrap();
    sink.deliver(&outgoing, b"").await.unwrap();
    let before = Instant::now();
    source.wait(&cursor, limit).await.unwrap();
    assert!(before.elapsed() < limit, "the answer to come was not noticed");
}

#[tokio::test]
async fn a_customer_answers_what_was_delivered_in_the_same_conversation() {
    let account = account("role = \"mail\"\nhistory = 100\ncustomers = 20\nlive_seconds = 1\nspeed = 100.0\n");
    let (_, cursor) = account.all(Vec::new()).await;
    let mut sink = account.demo.sink().unwrap();
    let outgoing = answer(super::FRIEND, "It leaves today.");
    sink.offer(&outgoing).await.unwrap();
    let receipt = sink.deliver(&outgoing, b"").await.unwrap();
    assert!(receipt.said.starts_with("250 "), "{receipt:?}");
    account.pass(20_000);
    let (items, cursor) = account.all(cursor).await;
    let answers: Vec<_> = messages(&items).collect();
    assert_eq!(answers.len(), 1, "{items:?}");
    assert_eq!(answers[0].references, std::slice::from_ref(&outgoing.remote_id));
    assert_eq!((answers[0].from.address.as_str(), answers[0].automated), (super::FRIEND, None::<Automated>));
    assert!(answers[0].text.contains("> It leaves today."), "{}", answers[0].text);
    let again = account.all(Cursor { answers: 0, ..Cursor::from_bytes(&cursor).unwrap() }.to_bytes()).await.0;
    assert_eq!(again, items, "the same cursor gave another answer");
    assert_eq!(account.all(cursor).await.0, []);
}

#[tokio::test]
async fn the_third_answer_fails_the_fifth_is_unknown_and_a_second_try_gets_through() {
    for role in ROLES {
        let account = account(&format!("role = \"{role}\"\nhistory = 100\ncustomers = 20\nspeed = 100.0\n"));
        let mut sink = account.demo.sink().unwrap();
        let mut outcomes = Vec::new();
        for number in 0..6 {
            let mut outgoing = answer(&format!("someone{number}@post.example"), "Hello");
            sink.offer(&outgoing).await.unwrap();
            let outcome = sink.deliver(&outgoing, b"").await;
            if outcome.is_err() {
                outgoing.attempts = 1;
                assert!(sink.deliver(&outgoing, b"").await.is_ok());
            }
            outcomes.push(match outcome {
                Ok(_) => "sent",
                Err(ConnectorError::Unknown { .. }) => "unknown",
                Err(
                    ConnectorError::Reject { .. } | ConnectorError::Gone { .. } | ConnectorError::WindowClosed { .. },
                ) => "failed",
                Err(error) => panic!("{error}"),
            });
        }
        assert_eq!(outcomes, ["sent", "sent", "failed", "sent", "unknown", "sent"], "{role}");
    }
}

#[test]
fn what_is_sent_is_rendered_in_the_form_of_its_place_and_read_back_the_same() {
    for role in ROLES {
        let demo = account(&format!("role = \"{role}\"\n")).demo;
        let mut outgoing = answer("ana@chat.example", "Grüße, 你好\nsecond line");
        outgoing.from.address = demo.facts().address;
        let bytes = demo.render(&outgoing, &[]).unwrap();
        assert_eq!(bytes, demo.render(&outgoing, &[]).unwrap());
        let Item::Message(read) = demo.parse(bytes, "Sent", Timestamp(NOON)) else { panic!("not understood: {role}") };
        assert_eq!((read.direction, &read.remote_id), (Direction::Outbound, &outgoing.remote_id));
        assert_eq!(read.text.trim_end(), outgoing.text);
        if role != "mail" {
            let error = demo.render(&outgoing, &[vec![1]]).unwrap_err().to_string();
            assert!(error.contains("files"), "{error}");
        }
    }
}

#[test]
fn somebody_known_from_one_place_says_so_in_another() {
    let world = account("role = \"mail\"").demo.world;
    let cast = &world.plan().cast;
    let twins = cast.people[..320].iter().filter(|person| person.second.is_some());
    let mut count = 0;
    for person in twins {
        let (role, address) = person.second.as_ref().unwrap();
        assert_ne!(*role, person.role);
        assert_eq!(cast.at(address), cast.at(&person.address));
        count += 1;
    }
    assert!(count >= 3, "{count}");
}

#[test]
fn settings_are_read_strictly_and_the_help_names_them_all() {
    let wrong = |text: &str| Demo::open(&settings(text)).err().unwrap().to_string();
    assert!(wrong("sped = 2.0").contains("sped"));
    assert!(wrong("speed = 0.0").contains("between"));
    assert!(wrong("speed = nan").contains("between"));
    assert!(wrong("customers = 3").contains("between"));
    assert!(wrong("role = \"fax\"").contains("fax"));
    for name in wrong("odd = 1").split('`').skip(3).step_by(2) {
        assert!(super::KIND.help.contains(name), "{name} is not in the help");
    }
}

#[test]
fn there_are_stories_enough_in_every_language_and_place() {
    let mut count = 0;
    for speech in super::speech::speeches().unwrap() {
        let mut places = HashSet::new();
        for script in &speech.script {
            count += 1;
            places.insert((script.role, script.twin));
            assert!(!script.turns.is_empty() && script.turns.len() <= 8);
            for (at, turn) in script.turns.iter().enumerate() {
                assert!(turn.starts_with("c: ") || turn.starts_with("a: "), "{turn}");
                assert!(at > 0 || turn.starts_with("c: "), "{turn}");
            }
        }
        assert_eq!(places.len(), 6, "{}", speech.code);
    }
    assert!(count >= 60, "{count}");
}
