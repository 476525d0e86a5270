//! What every connector must bear. A channel's tests bring a [`Rig`] and run these over it.
#![allow(dead_code)]

use crate::support::simulator::{Fault, Simulator};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use switchboard::connector::{
    self, AccountSettings, Connector, ConnectorError, Incoming, Item, PulledPage, Sighting, Source,
};
use switchboard::model::{
    CustomerId, Direction, MessageId, OutboxState, Outgoing, OutgoingId, Party, ThreadId, Timestamp,
};

/// More pages than any of these walks needs.
const MOST_PAGES: usize = 400;
/// Pages of a platform that goes round after which that must have been noticed.
const MOST_ROUNDS: usize = 60;

/// A platform with one account of ours on it.
pub trait Rig {
    /// The simulator.
    fn simulator(&self) -> &Simulator;

    /// The `[[account]]` table as `config.toml` has it, named `it`. Secret files may be written into the profile.
    fn account(&self, profile: &Path) -> String;

    /// A customer writes this, now.
    fn customer_writes(&self, text: &str);

    /// The texts the platform has from us, in order.
    fn sent(&self) -> Vec<String>;

    /// A part of `METHOD /path` that only the call that fetches messages has.
    fn reading(&self) -> &'static str;

    /// A part of `METHOD /path` that only the call that sends has.
    fn sending(&self) -> &'static str;

    /// The platform's own "too many calls", with how long: `None` where it is not by HTTP.
    fn too_many(&self) -> Fault;

    /// A part of `METHOD /path` that only the call for the pages with messages has.
    fn listing(&self) -> &'static str {
        self.reading()
    }

    /// Where a page has its list, by JSON pointer, when it may be empty and not the last; otherwise why it may not.
    fn empty_page(&self) -> Result<&'static str, &'static str>;

    /// Ids of what is written from now on are longer than 2^53; otherwise why they never are.
    fn long_ids(&self) -> Result<(), &'static str>;

    /// As many messages as are several pages.
    fn several_pages(&self) -> usize {
        57
    }

    /// A second send of the same outgoing is recognised.
    fn recognises_twice(&self) -> bool {
        false
    }

    /// What was sent can be read back, so that an unknown one is settled.
    fn reads_back(&self) -> bool {
        true
    }
}

/// A profile folder with the account opened.
pub struct Opened {
    pub profile: tempfile::TempDir,
    pub connector: Box<dyn Connector>,
}

/// Opens the rig's account.
pub fn open(rig: &dyn Rig) -> Opened {
    let profile = tempfile::tempdir().unwrap();
    let text = rig.account(profile.path());
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    let table = table["account"][0].as_table().unwrap().clone();
    let word = |name: &str| table[name].as_str().unwrap().to_owned();
    let settings = AccountSettings {
        name: word("name"),
        connector: word("connector"),
        table: table.clone(),
        profile: profile.path().to_owned(),
    };
    let kind = connector::kind(&settings.connector).expect("the connector is in the table");
    let connector = (kind.open)(&settings).unwrap_or_else(|error| panic!("{error}"));
    Opened { profile, connector }
}

/// Pulls to the end from a cursor; gives the pages. Passing trouble is tried again a few times.
pub async fn pages(source: &mut dyn Source, mut cursor: Vec<u8>) -> Vec<PulledPage> {
    let mut pages = Vec::new();
    let mut tries = 0;
    for _ in 0..MOST_PAGES {
        match source.pull(&cursor).await {
            Ok(page) => {
                if !page.cursor.is_empty() {
                    cursor = page.cursor.clone();
                }
                let more = page.more;
                pages.push(page);
                if !more {
                    return pages;
                }
            }
            Err(error) if tries < 5 => {
                tries += 1;
                assert!(is_passing(&error), "{error:?}");
            }
            Err(error) => panic!("{error}"),
        }
    }
    panic!("no end after {MOST_PAGES} pages");
}

fn is_passing(error: &ConnectorError) -> bool {
    matches!(error, ConnectorError::Retry { .. } | ConnectorError::Wait { .. })
}

/// The messages of pages.
pub fn messages(pages: &[PulledPage]) -> Vec<&Incoming> {
    let items = pages.iter().flat_map(|page| &page.items);
    items.filter_map(|item| if let Item::Message(message) = item { Some(message.as_ref()) } else { None }).collect()
}

fn inbound_texts(pages: &[PulledPage]) -> BTreeSet<String> {
    let theirs = messages(pages).into_iter().filter(|message| message.direction == Direction::Inbound);
    theirs.map(|message| message.text.trim().to_owned()).collect()
}

fn last_cursor(pages: &[PulledPage]) -> Vec<u8> {
    pages.iter().rev().find(|page| !page.cursor.is_empty()).map(|page| page.cursor.clone()).unwrap_or_default()
}

fn numbered(range: std::ops::Range<usize>) -> BTreeSet<String> {
    range.map(|number| format!("message number {number} 退款")).collect()
}

fn write(rig: &dyn Rig, range: std::ops::Range<usize>) {
    range.for_each(|number| rig.customer_writes(&format!("message number {number} 退款")));
}

/// Everything there is comes, with ids that tell messages apart, and once the cursor has moved it does not come again.
pub async fn comes_whole_and_once(rig: &dyn Rig, count: usize) {
    write(rig, 0..count);
    let account = open(rig);
    let mut source = account.connector.source().unwrap();
    let first = pages(source.as_mut(), Vec::new()).await;
    assert_eq!(inbound_texts(&first), numbered(0..count));
    let ids: BTreeSet<&str> = messages(&first).iter().map(|message| message.remote_id.as_str()).collect();
    assert!(ids.len() >= count && !ids.contains(""), "every message has an id of its own");
    write(rig, count..count + 3);
    // Another source: what counts is in the cursor alone.
    let mut source = account.connector.source().unwrap();
    let second = pages(source.as_mut(), last_cursor(&first)).await;
    assert!(inbound_texts(&second).is_superset(&numbered(count..count + 3)), "what came since: {second:?}");
    let third = pages(source.as_mut(), last_cursor(&second)).await;
    assert!(messages(&third).len() <= messages(&second).len(), "an idle platform does not grow");
}

/// Killed after any page: whoever goes on from the last cursor misses nothing.
pub async fn goes_on_after_a_kill(rig: &dyn Rig, count: usize) {
    write(rig, 0..count);
    let account = open(rig);
    let whole = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    for stop in 0..whole.len() {
        // Who goes on after a kill is another process: it knows what is in the cursor, and nothing else.
        let account = open(rig);
        let mut had = Vec::new();
        let mut cursor = Vec::new();
        let mut source = account.connector.source().unwrap();
        for _ in 0..=stop {
            let page = source.pull(&cursor).await.unwrap();
            if !page.cursor.is_empty() {
                cursor = page.cursor.clone();
            }
            had.push(page);
        }
        drop(source);
        // Somebody writes while we are away.
        rig.customer_writes(&format!("written while away {stop}"));
        had.extend(pages(account.connector.source().unwrap().as_mut(), cursor).await);
        let texts = inbound_texts(&had);
        assert!(texts.is_superset(&numbered(0..count)), "killed after page {stop}");
        assert!(texts.contains(&format!("written while away {stop}")), "killed after page {stop}");
    }
}

/// The same cursor gives the same messages with the same ids.
pub async fn twice_is_the_same(rig: &dyn Rig) {
    write(rig, 0..5);
    let account = open(rig);
    let key = |pages: &[PulledPage]| {
        let mut keys: Vec<_> = messages(pages)
            .iter()
            .map(|m| (m.remote_id.clone(), m.digest, m.text.clone(), m.from.address.clone()))
            .collect();
        keys.sort();
        keys
    };
    let first = key(&pages(account.connector.source().unwrap().as_mut(), Vec::new()).await);
    assert_eq!(first, key(&pages(account.connector.source().unwrap().as_mut(), Vec::new()).await));
}

/// Half an answer, a page of a proxy, an error with status 200 or 500, too many calls: said as what it is, and nothing is
/// lost afterwards.
pub async fn bears_a_bad_platform(rig: &dyn Rig) {
    write(rig, 0..4);
    let account = open(rig);
    let html = "<html>502 Bad Gateway</html>".to_owned();
    let bad = [
        Fault::Half,
        Fault::Answer(200, html.clone()),
        Fault::Instead(500, vec![], html),
        Fault::LoseAnswer,
        Fault::Answer(200, "[".repeat(200_000)),
        Fault::Answer(200, "{\"a\":".to_owned()),
    ];
    let mut source = account.connector.source().unwrap();
    for fault in bad {
        rig.simulator().faults.next(rig.reading(), fault.clone());
        match source.pull(&[]).await {
            Err(error) => assert!(is_passing(&error), "{fault:?}: {error:?}"),
            Ok(page) => {
                assert!(page.items.iter().all(|item| !matches!(item, Item::Unreadable(_))), "{fault:?}: {page:?}")
            }
        }
    }
    rig.simulator().faults.next(rig.reading(), rig.too_many());
    match source.pull(&[]).await {
        Err(ConnectorError::Wait { until, .. }) => {
            let ahead = until.0 - jiff::Timestamp::now().as_millisecond();
            assert!((0..26 * 3_600_000).contains(&ahead), "waits {ahead} ms");
        }
        other => panic!("too many calls is waited for: {other:?}"),
    }
    // The account itself may rightly not ask again before that time.
    let account = open(rig);
    let after = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!(inbound_texts(&after), numbered(0..4));
}

/// An outgoing that answers this message.
pub fn answer(account: &dyn Connector, parent: &Incoming, text: &str) -> Outgoing {
    let facts = account.facts();
    let id = OutgoingId::new();
    Outgoing {
        id,
        account: facts.name.clone(),
        message: MessageId::new(),
        customer: CustomerId::new(),
        thread: ThreadId::new(),
        state: OutboxState::Sending,
        due: Timestamp(0),
        attempts: 1,
        reason: String::new(),
        remote_id: facts.id_domain.map(|domain| format!("{id}@{domain}")).unwrap_or_default(),
        from: Party { address: facts.address, name: facts.display_name },
        to: vec![parent.from.clone()],
        cc: Vec::new(),
        subject: String::new(),
        text: text.to_owned(),
        in_reply_to: Some(parent.remote_id.clone()),
        references: vec![parent.remote_id.clone()],
        attachments: Vec::new(),
        date: Timestamp(jiff::Timestamp::now().as_millisecond()),
        agent: "lin".to_owned(),
        sent: None,
        to_file: false,
        changed: Timestamp(0),
        receipt: String::new(),
        way: parent.way,
        context: parent.context.clone(),
        answers: Some(parent.remote_id.clone()),
    }
}

/// An answer arrives once, as written; what is read back is ours, and known by the id the receipt gave.
pub async fn an_answer_arrives(rig: &dyn Rig) {
    rig.customer_writes("where is my parcel?");
    let account = open(rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = *messages(&pulled).iter().find(|message| message.text.contains("parcel")).unwrap();
    let text = "On its way. 在路上 \"quoted\" & <b>";
    let outgoing = answer(account.connector.as_ref(), parent, text);
    let original = account.connector.render(&outgoing, &[]).unwrap();
    assert_eq!(original, account.connector.render(&outgoing, &[]).unwrap(), "the same outgoing, the same bytes");
    let mut sink = account.connector.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    assert_eq!(rig.sent().iter().filter(|sent| sent.contains("On its way. 在路上 \"quoted\" & <b>")).count(), 1);
    if rig.reads_back() {
        let again = pages(account.connector.source().unwrap().as_mut(), last_cursor(&pulled)).await;
        for own in messages(&again).into_iter().filter(|message| message.direction == Direction::Outbound) {
            let id = receipt.remote_id.clone().unwrap_or_else(|| outgoing.remote_id.clone());
            assert_eq!(own.remote_id, id, "what is read back is known");
        }
        assert!(!inbound_texts(&again).iter().any(|text| text.contains("On its way")), "ours is not theirs");
    }
}

/// The answer to a send is lost: nobody claims that it was not sent, and it is there once in the end.
pub async fn a_lost_answer_is_never_sent_twice(rig: &dyn Rig) {
    rig.customer_writes("are you there?");
    let account = open(rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = *messages(&pulled).iter().find(|message| message.text.contains("there")).unwrap();
    let outgoing = answer(account.connector.as_ref(), parent, "Yes, we are here.");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    rig.simulator().faults.next(rig.sending(), Fault::LoseAnswer);
    match sink.deliver(&outgoing, &original).await {
        Err(ConnectorError::Unknown { .. }) => {}
        // Where the channel recognises a second one, the connector may have asked again by itself.
        Ok(_) if rig.recognises_twice() => {}
        other => panic!("a lost answer is unknown: {other:?}"),
    }
    assert_eq!(rig.sent().iter().filter(|sent| sent.contains("Yes, we are here.")).count(), 1);
    if rig.reads_back() {
        let found = tokio::time::timeout(Duration::from_secs(20), sink.find_sent(&outgoing)).await.unwrap();
        assert!(matches!(found, Ok(Sighting::Sent(_) | Sighting::CannotTell)), "{found:?}");
    }
    assert_eq!(rig.sent().iter().filter(|sent| sent.contains("Yes, we are here.")).count(), 1);
}

/// The answer to a send is lost before the platform had it, and the customer wrote the same words just then: theirs is not
/// taken for ours.
pub async fn their_words_are_not_taken_for_ours(rig: &dyn Rig) {
    rig.customer_writes("may I come?");
    let account = open(rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = *messages(&pulled).iter().find(|message| message.text.contains("come")).unwrap();
    let outgoing = answer(account.connector.as_ref(), parent, "Thank you!");
    (0..7).for_each(|_| rig.customer_writes("Thank you!"));
    let mut sink = account.connector.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    let found = tokio::time::timeout(Duration::from_secs(20), sink.find_sent(&outgoing)).await.unwrap();
    assert!(!matches!(found, Ok(Sighting::Sent(_))), "theirs is taken for ours: {found:?}");
    // What we wrote is still found.
    let original = account.connector.render(&outgoing, &[]).unwrap();
    rig.simulator().faults.next(rig.sending(), Fault::LoseAnswer);
    let lost = sink.deliver(&outgoing, &original).await;
    assert!(matches!(lost, Err(ConnectorError::Unknown { .. })), "{lost:?}");
    let found = tokio::time::timeout(Duration::from_secs(20), sink.find_sent(&outgoing)).await.unwrap();
    assert!(matches!(found, Ok(Sighting::Sent(Some(_)))), "{found:?}");
}

/// Too many calls and a broken server while sending: waited for, or unknown, never claimed as sent.
pub async fn bears_a_bad_platform_while_sending(rig: &dyn Rig) {
    rig.customer_writes("hello?");
    let account = open(rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let parent = *messages(&pulled).iter().find(|message| message.text.contains("hello")).unwrap();
    let outgoing = answer(account.connector.as_ref(), parent, "Not yet.");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    rig.simulator().faults.next(rig.sending(), rig.too_many());
    let refused = sink.deliver(&outgoing, &original).await;
    assert!(matches!(refused, Err(ConnectorError::Wait { .. })), "{refused:?}");
    let account = open(rig);
    let mut sink = account.connector.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    rig.simulator().faults.next(rig.sending(), Fault::Instead(502, vec![], "bad gateway".to_owned()));
    let fell = sink.deliver(&outgoing, &original).await;
    let knows = matches!(fell, Err(ConnectorError::Unknown { .. }));
    assert!(
        knows || (rig.recognises_twice() && (fell.is_ok() || matches!(fell, Err(ConnectorError::Retry { .. })))),
        "{fell:?}"
    );
}

/// A platform whose pages go round, for ever the same one or two in turn: the walk ends, with a clear sentence or at an
/// end, and when the platform is well again nothing is missing.
pub async fn a_round_of_pages_ends(rig: &dyn Rig, answers: usize) {
    write(rig, 0..rig.several_pages());
    let account = open(rig);
    rig.simulator().faults.go_round(rig.reading(), answers);
    let mut source = account.connector.source().unwrap();
    let (mut had, mut cursor, mut said, mut calm) = (Vec::new(), Vec::new(), String::new(), false);
    for _ in 0..MOST_ROUNDS {
        match source.pull(&cursor).await {
            Ok(page) => {
                if !page.cursor.is_empty() {
                    cursor = page.cursor.clone();
                }
                calm = !page.more;
                had.push(page);
            }
            Err(error) => {
                assert!(matches!(error, ConnectorError::Retry { .. }), "{error:?}");
                said = error.to_string();
            }
        }
        if calm || !said.is_empty() {
            break;
        }
    }
    assert!(calm || !said.is_empty(), "it goes round without end");
    assert!(
        calm || ["again and again", "nowhere new", "not say from where"].iter().any(|words| said.contains(words)),
        "{said}"
    );
    assert!(rig.simulator().faults.count(rig.reading()) <= 2 * MOST_ROUNDS, "calls are not wasted");
    rig.simulator().faults.mend();
    let account = open(rig);
    had.extend(pages(account.connector.source().unwrap().as_mut(), cursor).await);
    if calm {
        // What it took for the end was one: only the next that is new shows that there is more.
        rig.customer_writes("after the round");
        had.extend(pages(account.connector.source().unwrap().as_mut(), last_cursor(&had)).await);
        assert!(inbound_texts(&had).contains("after the round"));
    } else {
        let missing: Vec<_> = numbered(0..rig.several_pages()).difference(&inbound_texts(&had)).cloned().collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}

/// A page with nothing on it that leads on: the walk goes on.
pub async fn an_empty_page_is_not_the_end(rig: &dyn Rig) {
    let Ok(list) = rig.empty_page() else { return };
    write(rig, 0..57);
    let account = open(rig);
    rig.simulator().faults.empty_second(rig.listing(), list);
    let had = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let hidden = rig.simulator().faults.emptied();
    assert!(hidden.contains("message number"), "a page was emptied");
    let left: BTreeSet<String> = numbered(0..57).into_iter().filter(|text| !hidden.contains(text.as_str())).collect();
    let missing: Vec<_> = left.difference(&inbound_texts(&had)).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Ids that no `double` holds are kept to the last digit, and are gone on from.
pub async fn long_ids_are_exact(rig: &dyn Rig) {
    if rig.long_ids().is_err() {
        return;
    }
    write(rig, 0..23);
    let account = open(rig);
    let first = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!(inbound_texts(&first), numbered(0..23));
    let ids: BTreeSet<String> = messages(&first).iter().map(|message| message.remote_id.clone()).collect();
    assert_eq!(ids.len(), 23, "{ids:?}");
    let long =
        |id: &String| id.split(|c: char| !c.is_ascii_digit()).any(|n| n.parse::<u128>().is_ok_and(|n| n > 1 << 53));
    assert!(ids.iter().all(long), "{ids:?}");
    rig.customer_writes("one more");
    let second = pages(account.connector.source().unwrap().as_mut(), last_cursor(&first)).await;
    assert!(inbound_texts(&second).contains("one more"));
    let parent = *messages(&second).iter().find(|message| message.text.trim() == "one more").unwrap();
    let outgoing = answer(account.connector.as_ref(), parent, "to the right one");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    sink.deliver(&outgoing, &original).await.unwrap();
}

/// A clock that is hours ahead or behind: everything comes once all the same, too many calls is waited for as long as was
/// meant, and what was sent is not taken for absent.
pub async fn bears_another_clock(rig: &dyn Rig, hours: i64) {
    let ahead = hours * 3_600_000;
    rig.simulator().faults.clock(ahead);
    write(rig, 0..23);
    let account = open(rig);
    let first = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!(inbound_texts(&first), numbered(0..23), "{hours} hours");
    write(rig, 23..26);
    let second = pages(account.connector.source().unwrap().as_mut(), last_cursor(&first)).await;
    assert!(inbound_texts(&second).is_superset(&numbered(23..26)), "{hours} hours: {second:?}");
    let third = pages(account.connector.source().unwrap().as_mut(), last_cursor(&second)).await;
    assert!(messages(&third).len() <= messages(&second).len(), "an idle platform does not grow");
    let parent = *messages(&second).first().unwrap();
    let mut outgoing = answer(account.connector.as_ref(), parent, "Yes, by our clock.");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    rig.simulator().faults.next(rig.sending(), Fault::LoseAnswer);
    let lost = sink.deliver(&outgoing, &original).await;
    assert!(matches!(lost, Err(ConnectorError::Unknown { .. })) || rig.recognises_twice(), "{lost:?}");
    // Long settled: what is not found now would be sent again.
    outgoing.changed = Timestamp(outgoing.date.0 - 3_600_000);
    let another = open(rig);
    let found = another.connector.sink().unwrap().find_sent(&outgoing).await;
    if rig.reads_back() {
        assert!(matches!(found, Ok(Sighting::Sent(_) | Sighting::CannotTell)), "{hours} hours: {found:?}");
    }
}

/// No secret in anything that is printed.
pub fn keeps_its_secrets(rig: &dyn Rig, secrets: &[&str], errors: &[ConnectorError]) {
    let account = open(rig);
    let said = format!("{:?} {errors:?}", account.connector.facts());
    secrets.iter().for_each(|secret| assert!(!said.contains(secret), "a secret is printed"));
}

/// All of it, for a platform that is polled.
pub async fn run(make: impl Fn() -> Box<dyn Rig>) {
    for answers in [1, 2] {
        a_round_of_pages_ends(make().as_ref(), answers).await;
    }
    an_empty_page_is_not_the_end(make().as_ref()).await;
    long_ids_are_exact(make().as_ref()).await;
    for hours in [7, -7] {
        bears_another_clock(make().as_ref(), hours).await;
    }
    comes_whole_and_once(make().as_ref(), 57).await;
    goes_on_after_a_kill(make().as_ref(), 23).await;
    twice_is_the_same(make().as_ref()).await;
    bears_a_bad_platform(make().as_ref()).await;
    an_answer_arrives(make().as_ref()).await;
    a_lost_answer_is_never_sent_twice(make().as_ref()).await;
    bears_a_bad_platform_while_sending(make().as_ref()).await;
}
