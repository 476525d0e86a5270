//! A desk with a chat account beside the mailbox: short answers, for a while, a few of them.

use super::paper::{MINUTE, NOON};
use crate::connector::{
    Changed, Check, Connector, ConnectorError, Incoming, Item, PulledPage, Reach, Sink, Source, Watcher,
};
use crate::desk::{Desk, IngestReport};
use crate::engine::memory::MemoryEngine;
use crate::model::*;
use crate::store::Store;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub const HOUR: i64 = 60 * MINUTE;

/// A chat; the ids of what is sent are ours, or the channel gives them.
struct Chat(Option<&'static str>);

impl Connector for Chat {
    fn facts(&self) -> AccountFacts {
        AccountFacts {
            name: "chat".to_owned(),
            channel: "chat".to_owned(),
            address: "shop".to_owned(),
            display_name: "Shop".to_owned(),
            own: vec!["shop".to_owned()],
            hold: 0,
            id_domain: self.0.map(str::to_owned),
            can_send: true,
            abilities: Abilities {
                direct: vec![Way::Direct],
                public: vec![Way::Public, Way::Direct],
                lengths: vec![Length { most: 20, count: Count::Characters }],
                window: Some(Window { millis: Some(48 * HOUR), answers: Some(2), way_out: "write by mail".to_owned() }),
                ..Abilities::default()
            },
        }
    }
    fn source(&self) -> Option<Box<dyn Source>> {
        None
    }
    fn sink(&self) -> Option<Box<dyn Sink>> {
        None
    }
    fn parse(&self, raw: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        crate::connector::email::parse::understand(raw, &self.facts().own, folder, received)
    }
    fn attachment(&self, _: &[u8], _: u32) -> Result<Vec<u8>, ConnectorError> {
        Err(ConnectorError::Reject { reason: "there is none".to_owned() })
    }
    fn render(&self, outgoing: &Outgoing, _: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        Ok(outgoing.text.clone().into_bytes())
    }
    fn try_out<'a>(&'a self, _: Reach, _: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(async { Vec::new() })
    }
}

pub struct Room {
    pub desk: Desk,
    time: Arc<AtomicI64>,
}

impl Room {
    pub fn new() -> Room {
        Room::with(Some("chat.example"))
    }

    fn with(id_domain: Option<&'static str>) -> Room {
        let time = Arc::new(AtomicI64::new(NOON));
        let clock = time.clone();
        let store = Store::open(Arc::new(MemoryEngine::new())).unwrap();
        let clock = Arc::new(move || Timestamp(clock.load(Ordering::SeqCst)));
        Room { desk: Desk::new(store, vec![Arc::new(Chat(id_domain))], clock), time }
    }

    pub fn pass(&self, millis: i64) {
        self.time.fetch_add(millis, Ordering::SeqCst);
    }

    pub fn file(&self, items: Vec<Item>) -> IngestReport {
        self.desk.ingest("chat", PulledPage { items, ..PulledPage::default() }).unwrap()
    }

    /// Ana says something now.
    pub fn hears(&self, remote_id: &str, text: &str) -> IngestReport {
        self.file(vec![said(remote_id, text, Way::Direct, self.desk.now())])
    }

    pub fn customer(&self) -> CustomerId {
        self.desk.find("ana").unwrap().customer.id
    }

    pub fn timeline(&self) -> Vec<TimelineEntry> {
        self.desk.timeline(self.customer(), None, 100).unwrap().rows
    }

    pub fn reply(&self, text: &str, way: Option<Way>) -> Result<Acted, String> {
        let compose = Compose { text: text.to_owned(), way, ..Compose::new(ReplyKind::Reply, Some(self.customer())) };
        self.desk.act("lin", Act::Send(Box::new(compose))).map_err(|error| error.to_string())
    }
}

pub fn said(remote_id: &str, text: &str, way: Way, at: Timestamp) -> Item {
    let from = Party { address: "ana".to_owned(), name: "Ana".to_owned() };
    let mut incoming = Incoming::new(remote_id, Direction::Inbound, from, at, text, text.as_bytes().to_vec());
    incoming.conversation = Some("room".to_owned());
    incoming.way = way;
    Item::Message(Box::new(incoming))
}

pub fn changed(remote_id: &str, key: &str, kind: ChangeKind, text: &str, minutes: i64) -> Item {
    let at = Timestamp(NOON + minutes * MINUTE);
    let (remote_id, key, text) = (remote_id.to_owned(), key.to_owned(), text.to_owned());
    Item::Change(Box::new(Changed { remote_id, key, kind, text, at, by: None }))
}

#[test]
fn a_text_that_is_too_long_is_refused_with_the_way_out() {
    let room = Room::new();
    room.hears("1", "Hello?");
    let why = room.reply("far too long for such a channel", None).unwrap_err();
    assert!(why.contains("31 characters") && why.contains("20") && why.contains("send it in two"), "{why}");
    assert_eq!(room.timeline().len(), 1, "nothing is queued");
    room.reply("exactly twenty chars", None).unwrap();
}

#[test]
fn what_everybody_can_read_has_no_window_and_spends_none() {
    let room = Room::new();
    room.file(vec![said("1", "Is it blue?", Way::Public, room.desk.now())]);
    for text in ["one", "two", "three"] {
        room.pass(MINUTE);
        room.reply(text, Some(Way::Public)).unwrap();
    }
    room.reply("privately", Some(Way::Direct)).unwrap();
    room.pass(49 * HOUR);
    room.reply("at any time", Some(Way::Public)).unwrap();
    let why = room.reply("too late", Some(Way::Direct)).unwrap_err();
    assert!(why.contains("48 h") && why.contains("write by mail"), "{why}");
}

#[test]
fn a_comment_has_a_window_of_its_own() {
    let room = Room::new();
    let say = |id: &str| room.file(vec![said(id, "Is it blue?", Way::Public, room.desk.now())]);
    let newest = |room: &Room| {
        let theirs = |entry: &&TimelineEntry| entry.message.direction == Direction::Inbound;
        room.timeline().iter().filter(theirs).max_by_key(|entry| entry.message.at).unwrap().message.id
    };
    say("1");
    let first = newest(&room);
    room.reply("one", Some(Way::Direct)).unwrap();
    room.reply("two", Some(Way::Direct)).unwrap();
    let why = room.reply("three", Some(Way::Direct)).unwrap_err();
    assert!(why.contains("2 answers"), "{why}");
    // Another comment below the same post: its own answers, its own time, and nothing for the first.
    room.pass(47 * HOUR);
    say("2");
    let second = newest(&room);
    assert_ne!(first, second);
    let left = |id| room.desk.window_of(id, Way::Direct).unwrap();
    let closes = Some(Timestamp(NOON + 95 * HOUR));
    assert_eq!(left(second), Ok(Some(WindowLeft { closes, answers: Some(2), opens: None })));
    assert!(left(first).unwrap_err().contains("2 answers"));
    room.reply("three", Some(Way::Direct)).unwrap();
    assert_eq!(left(second), Ok(Some(WindowLeft { closes, answers: Some(1), opens: None })));
    room.pass(2 * HOUR);
    assert!(left(first).unwrap_err().contains("48 h"));
}

#[test]
fn an_answer_to_an_older_message_says_when_they_wrote_last() {
    let room = Room::new();
    room.hears("1", "Hello?");
    let first = room.timeline()[0].message.id;
    room.pass(47 * HOUR);
    room.hears("2", "Are you there?");
    room.pass(HOUR);
    let compose = Compose {
        text: "Yes".to_owned(),
        parent: Some(first),
        ..Compose::new(ReplyKind::Reply, Some(room.customer()))
    };
    room.desk.act("lin", Act::Send(Box::new(compose))).unwrap();
    let outgoing = room.desk.outbox(1).unwrap().remove(0).outgoing;
    assert_eq!(outgoing.answers.as_deref(), Some("1"));
    let last = (NOON + 47 * HOUR).to_string();
    assert_eq!(outgoing.context.get(Outgoing::LAST_AT), Some(&last));
}

#[test]
fn a_window_closes_by_number_and_by_time_and_opens_when_they_write() {
    let room = Room::new();
    room.hears("1", "Hello?");
    let left = |room: &Room| {
        let last = room.timeline().iter().rev().find(|e| e.message.direction == Direction::Inbound).unwrap().message.id;
        room.desk.window_of(last, Way::Direct).unwrap()
    };
    let closes = Some(Timestamp(NOON + 48 * HOUR));
    assert_eq!(left(&room), Ok(Some(WindowLeft { closes, answers: Some(2), opens: None })));
    room.pass(MINUTE);
    room.reply("one", None).unwrap();
    assert_eq!(left(&room), Ok(Some(WindowLeft { closes, answers: Some(1), opens: None })));
    room.reply("two", None).unwrap();
    let why = room.reply("three", None).unwrap_err();
    assert!(why.contains("2 answers") && why.contains("write by mail"), "{why}");
    assert!(left(&room).is_err());
    room.pass(MINUTE);
    room.hears("2", "Still there?");
    room.reply("three", None).unwrap();
    room.pass(48 * HOUR);
    let why = room.reply("late", None).unwrap_err();
    assert!(why.contains("48 h") && why.contains("write by mail"), "{why}");
}

/// Something the platform tells of Ana by itself.
fn told(remote_id: &str, text: &str, opens: Option<Opens>, at: Timestamp) -> Item {
    let Item::Message(mut incoming) = said(remote_id, text, Way::Direct, at) else { unreachable!() };
    incoming.automated = Some(Automated::Generated);
    incoming.context.extend(opens.map(|opens| (Opens::KEY.to_owned(), opens.to_text())));
    Item::Message(incoming)
}

#[test]
fn what_a_platform_tells_opens_what_it_says_and_closes_nothing() {
    let room = Room::new();
    let answer = |room: &Room, text: &str| {
        let last = room.timeline().iter().rev().find(|e| e.message.direction == Direction::Inbound).unwrap().message.id;
        let compose = Compose::new(ReplyKind::Reply, Some(room.customer()));
        let compose = Compose { text: text.to_owned(), parent: Some(last), ..compose };
        room.desk.act("lin", Act::Send(Box::new(compose))).map_err(|error| error.to_string())
    };
    // Somebody wrote long ago. What is told since opens nothing.
    room.hears("0", "Hello?");
    room.pass(49 * HOUR);
    room.file(vec![told("1", "[does not follow the account any more]", Some(Opens::Nothing), room.desk.now())]);
    let why = answer(&room, "Please stay").unwrap_err();
    assert!(why.contains("48 h"), "{why}");
    room.pass(MINUTE);
    room.file(vec![told("2", "[something]", None, room.desk.now())]);
    assert!(answer(&room, "What?").is_err(), "an event of which nothing is known opens nothing");
    // A visit: a minute, three answers.
    room.pass(MINUTE);
    room.file(vec![told("3", "[chose in the menu]", Some(Opens::Only(MINUTE, 3)), room.desk.now())]);
    room.pass(30_000);
    for number in 1..=3 {
        answer(&room, &format!("answer {number}")).unwrap();
    }
    let why = answer(&room, "answer 4").unwrap_err();
    assert!(why.contains("3 answers to one visit"), "{why}");
    // A message: 48 hours; a visit after it takes none of that away, and gives none.
    room.pass(HOUR);
    room.hears("4", "Hello?");
    room.pass(HOUR);
    room.file(vec![told("5", "[chose in the menu]", Some(Opens::Only(MINUTE, 3)), room.desk.now())]);
    room.pass(HOUR);
    answer(&room, "hello").unwrap();
    room.pass(47 * HOUR);
    room.file(vec![told("6", "[chose in the menu]", Some(Opens::Only(MINUTE, 3)), room.desk.now())]);
    room.pass(2 * MINUTE);
    let why = answer(&room, "late").unwrap_err();
    assert!(why.contains("over"), "{why}");
}

#[test]
fn a_message_that_waited_at_the_platform_is_as_old_as_it_says() {
    let room = Room::new();
    let Item::Message(mut incoming) = said("1", "Hello?", Way::Direct, room.desk.now()) else { unreachable!() };
    incoming.at = Some(room.desk.now().plus_millis(-47 * HOUR));
    room.file(vec![Item::Message(incoming)]);
    let last = room.timeline()[0].message.id;
    let closes = Some(room.desk.now().plus_millis(HOUR));
    let left = WindowLeft { closes, answers: Some(2), opens: None };
    assert_eq!(room.desk.window_of(last, Way::Direct).unwrap(), Ok(Some(left)));
}

#[test]
fn what_is_read_back_is_the_answer_of_its_own_conversation() {
    let room = Room::with(None);
    let in_conversation = |id: &str, conversation: &str, direction| {
        let Item::Message(mut incoming) = said(id, "Thanks!", Way::Direct, room.desk.now()) else { unreachable!() };
        (incoming.conversation, incoming.direction) = (Some(conversation.to_owned()), direction);
        if direction == Direction::Outbound {
            incoming.to =
                vec![std::mem::replace(&mut incoming.from, Party { address: "shop".to_owned(), name: String::new() })];
        }
        Item::Message(incoming)
    };
    let mut sending = Vec::new();
    for conversation in ["one", "two"] {
        room.file(vec![in_conversation(conversation, conversation, Direction::Inbound)]);
        let parent = room.timeline().last().unwrap().message.id;
        let compose = Compose::new(ReplyKind::Reply, Some(room.customer()));
        let compose = Compose { text: "You are welcome".to_owned(), parent: Some(parent), ..compose };
        let message = room.desk.act("lin", Act::Send(Box::new(compose))).unwrap().message.unwrap();
        let outgoing =
            room.timeline().iter().find(|entry| entry.message.id == message).unwrap().message.outgoing.unwrap();
        room.desk.begin_sending(outgoing).unwrap().unwrap();
        sending.push(message);
        room.pass(MINUTE);
    }
    // Both are under way when the second is seen.
    let Item::Message(mut seen) = in_conversation("m-two", "two", Direction::Outbound) else { unreachable!() };
    seen.text = "You are welcome".to_owned();
    let report = room.file(vec![Item::Message(seen)]);
    assert_eq!((report.new, report.duplicate), (0, 1));
    let timeline = room.timeline();
    let of = |id| &timeline.iter().find(|entry| entry.message.id == id).unwrap().message;
    assert_eq!(of(sending[1]).remote_id, "m-two");
    assert_eq!(of(sending[0]).remote_id, "", "the first is still under way");
}

#[test]
fn an_answer_taken_back_does_not_count() {
    let room = Room::new();
    room.hears("1", "Hello?");
    room.pass(MINUTE);
    let acted = room.reply("one", None).unwrap();
    room.desk.act("lin", Act::CancelOutgoing(acted.outgoing.unwrap())).unwrap();
    room.reply("one", None).unwrap();
    room.reply("two", None).unwrap();
    assert!(room.reply("three", None).is_err());
}

#[test]
fn the_way_follows_the_message_and_can_be_chosen_where_there_is_a_choice() {
    let room = Room::new();
    room.hears("1", "Hello?");
    let why = room.reply("hi", Some(Way::Public)).unwrap_err();
    assert!(why.contains("public message"), "{why}");
    room.pass(MINUTE);
    room.file(vec![said("2", "Nice!", Way::Public, room.desk.now())]);
    room.pass(MINUTE);
    room.reply("thanks", None).unwrap();
    room.pass(MINUTE);
    room.reply("psst", Some(Way::Direct)).unwrap();
    let ways: Vec<Way> = room.timeline().iter().map(|entry| entry.message.way).collect();
    assert_eq!(ways, [Way::Direct, Way::Public, Way::Public, Way::Direct]);
    assert!(room.timeline().iter().all(|entry| entry.message.subject.is_empty()), "no subjects here");
}

fn call(room: &Room, direction: Direction, number: Option<&str>) -> Result<Acted, String> {
    let call = Call {
        customer: room.customer(),
        direction,
        duration: 185_000,
        text: "Wants the\u{1b}[2J invoice".to_owned(),
        at: None,
        number: number.map(str::to_owned),
    };
    room.desk.act("lin", Act::LogCall(Box::new(call))).map_err(|error| error.to_string())
}

#[test]
fn a_call_is_a_message_that_moves_the_case_and_stays() {
    let room = Room::new();
    room.hears("1", "Hello?");
    room.desk.act("lin", Act::Resolve(room.customer())).unwrap();
    room.pass(MINUTE);
    let acted = call(&room, Direction::Inbound, Some("+49 (151) 123-45678")).unwrap();
    assert!(acted.undo.is_empty() && acted.said.contains("a note puts it right"), "{acted:?}");
    let view = room.desk.customer(room.customer()).unwrap().unwrap();
    assert_eq!(view.customer.case.as_ref().unwrap().status, CaseStatus::Open, "they called: the case is open again");
    assert_eq!(view.customer.cases_before, 1);
    assert!(view.identities.iter().any(|identity| identity.address == "+4915112345678"));
    let last = room.timeline().pop().unwrap();
    assert_eq!((last.message.channel.as_str(), last.message.subject.as_str()), ("phone", "phone call, 3 min"));
    assert!(last.text.is_ok_and(|text| text.starts_with("Wants the") && !text.contains('\u{1b}')));
    room.pass(MINUTE);
    call(&room, Direction::Outbound, None).unwrap();
    assert_eq!(room.timeline().len(), 3, "also without a number it is on the timeline");
    let view = room.desk.customer(room.customer()).unwrap().unwrap();
    assert_eq!(view.customer.case.unwrap().status, CaseStatus::Waiting, "we called: now they have it");
    // An answer goes to what can be answered.
    room.reply("as promised", None).unwrap();
    let refused = call(&room, Direction::Inbound, Some("0151 123")).unwrap_err();
    assert!(refused.contains("with its country"), "{refused}");
}

#[test]
fn a_number_that_is_somebody_elses_is_not_taken_from_them() {
    let room = Room::new();
    room.hears("1", "Hello?");
    call(&room, Direction::Inbound, Some("+4915112345678")).unwrap();
    let from = Party { address: "bo".to_owned(), name: "Bo".to_owned() };
    let incoming = Incoming::new("9", Direction::Inbound, from, room.desk.now(), "Hi", b"Hi".to_vec());
    room.file(vec![Item::Message(Box::new(incoming))]);
    let bo = room.desk.find("bo").unwrap().customer.id;
    let call = Call {
        customer: bo,
        direction: Direction::Inbound,
        duration: 0,
        text: "Hi".to_owned(),
        at: None,
        number: Some("+4915112345678".to_owned()),
    };
    let why = room.desk.act("lin", Act::LogCall(Box::new(call))).unwrap_err().to_string();
    assert!(why.contains("the number of ana"), "{why}");
}
