//! What every connector must bear to which its platform pushes. A channel's tests bring a [`Pusher`] and run these over it;
//! what is pulled is held to `contract`.

use super::contract::answer;
use super::{open_table, sink_error, until_known};
use crate::support::profile::Profile;
use crate::support::push::push;
use crate::support::serve::Serve;
use crate::support::simulator::{Fault, Simulator};
use crate::support::{free_port, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use switchboard::connector::{Connector, ConnectorError, Hook, HookAnswer, HookRequest, Incoming, Item, Refusal};
use switchboard::model::Timestamp;

/// How long a loaded machine may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Two ids that no `double` tells apart.
const LONG: [u64; 2] = [444_573_844_083_572_737, 444_573_844_083_572_738];

/// A platform with one account of ours on it, to which it pushes.
pub trait Pusher: Send {
    /// The simulator of the calls that we make.
    fn simulator(&self) -> &Simulator;

    /// The `[[account]]` table as `config.toml` has it, named `it`. Secret files may be written into the profile.
    fn account(&self, profile: &Path) -> String;

    /// The deliveries of messages of one customer, written now, each with the number in its id: several to a delivery
    /// where the platform does that.
    fn news(&self, messages: &[(u64, &str)]) -> Vec<Value>;

    /// A delivery as the platform writes it when it did not hear the answer to the first one.
    fn again(&self, delivery: &Value) -> Value {
        delivery.clone()
    }

    /// Where a delivery has its first message.
    fn item(&self) -> &'static str;

    /// A request with these bytes, signed by the platform, or by somebody who does not know the secret.
    fn signed(&self, body: &[u8], by_the_platform: bool) -> HookRequest;

    /// The texts the platform has from us, in order.
    fn sent(&self) -> Vec<String>;

    /// A part of `METHOD /path` that only the call that sends has.
    fn sending(&self) -> &'static str;

    /// The platform's own "too many calls".
    fn too_many(&self) -> Fault;

    /// The platform's own "this token is not valid".
    fn wrong_token(&self) -> Fault;

    /// A second send of the same outgoing is recognised.
    fn recognises_twice(&self) -> bool;
}

fn now() -> Timestamp {
    jiff::Timestamp::now().into()
}

fn bytes(delivery: &Value) -> Vec<u8> {
    delivery.to_string().into_bytes()
}

/// The rig's account, and its door when it has what it needs to tell who pushes.
async fn open(rig: &dyn Pusher) -> (tempfile::TempDir, Box<dyn Connector>, Arc<dyn Hook>) {
    let profile = tempfile::tempdir().unwrap();
    let connector = open_table(&rig.account(profile.path()), profile.path());
    let hook = connector.hook().unwrap();
    let request = rig.signed(b"{}", true);
    until_known(|| hook.receive(&request, now()) != Err(Refusal::NotConfigured)).await;
    (profile, connector, hook)
}

fn messages(items: &[Item]) -> Vec<&Incoming> {
    items.iter().filter_map(|item| if let Item::Message(message) = item { Some(&**message) } else { None }).collect()
}

/// The one message of a delivery.
fn only(hook: &dyn Hook, delivery: &Value) -> Incoming {
    let items = hook.understand(&bytes(delivery), now());
    let [Item::Message(message)] = items.as_slice() else { panic!("{delivery}: {items:?}") };
    message.as_ref().clone()
}

/// What the platform signed is taken byte for byte; what it did not is not, down to the last bit.
pub async fn is_believed_by_its_signature_alone(rig: &dyn Pusher) {
    let (_profile, _connector, hook) = open(rig).await;
    let body = bytes(&rig.news(&[(7, "where is my parcel?")])[0]);
    match hook.receive(&rig.signed(&body, true), now()) {
        Ok(HookAnswer::Delivery { key, raw, .. }) => assert!(raw == body && !key.is_empty()),
        other => panic!("{other:?}"),
    }
    assert_eq!(hook.receive(&rig.signed(&body, false), now()), Err(Refusal::Forged));
    let bare = HookRequest { headers: Vec::new(), ..rig.signed(&body, true) };
    assert_eq!(hook.receive(&bare, now()), Err(Refusal::Unsigned));
    let mut bent = rig.signed(&body, true);
    *bent.body.last_mut().unwrap() ^= 1;
    assert_eq!(hook.receive(&bent, now()), Err(Refusal::Forged));
    let longer = HookRequest { body: [body.as_slice(), b" "].concat(), ..rig.signed(&body, true) };
    assert_eq!(hook.receive(&longer, now()), Err(Refusal::Forged));
    let headers = rig.signed(&body, true).headers.into_iter().map(|(name, _)| (name, "\u{7f}!=".to_owned())).collect();
    let rubbish = HookRequest { headers, ..rig.signed(&body, true) };
    assert!(hook.receive(&rubbish, now()).is_err());
    let asked = HookRequest { method: "GET".to_owned(), ..rig.signed(&body, true) };
    assert_eq!(hook.receive(&asked, now()), Err(Refusal::Malformed));
}

/// What comes again is the same message, whatever the platform writes around it, and other messages are others.
pub async fn twice_is_the_same(rig: &dyn Pusher) {
    let (_profile, _connector, hook) = open(rig).await;
    let (one, other) = (&rig.news(&[(7, "hello")])[0], &rig.news(&[(8, "hello")])[0]);
    let key = |delivery: &Value| match hook.receive(&rig.signed(&bytes(delivery), true), now()) {
        Ok(HookAnswer::Delivery { key, .. }) => key,
        other => panic!("{other:?}"),
    };
    assert_eq!(key(one), key(one));
    assert_ne!(key(one), key(other));
    let told = |message: Incoming| (message.remote_id, message.digest, message.from.address, message.text);
    assert_eq!(told(only(hook.as_ref(), one)), told(only(hook.as_ref(), &rig.again(one))));
    let (first, second) = (only(hook.as_ref(), one), only(hook.as_ref(), other));
    assert_ne!((&first.remote_id, first.digest), (&second.remote_id, second.digest));
    assert_eq!(first.from.address, second.from.address);
}

/// Half a delivery, a page of a proxy, nothing at all: never filed as news, kept whole when it was written down all the
/// same, and never the end of the program.
pub async fn bears_what_is_no_delivery(rig: &dyn Pusher) {
    let (_profile, _connector, hook) = open(rig).await;
    let body = bytes(&rig.news(&[(7, "half of it 退款")])[0]);
    for end in [1, body.len() / 3, body.len() / 2, body.len() - 1] {
        let half = &body[..end];
        assert_eq!(hook.receive(&rig.signed(half, true), now()), Err(Refusal::Malformed), "{end} bytes");
        let items = hook.understand(half, now());
        let [Item::Unreadable(dead)] = items.as_slice() else { panic!("{end} bytes: {items:?}") };
        assert_eq!(dead.raw, half, "nothing of it is lost");
        assert!(dead.reason.contains("no whole JSON"), "{}", dead.reason);
    }
    let deep = ["[".repeat(200_000), format!("{{\"a\":{}", "{\"a\":".repeat(200_000))];
    for rubbish in deep.iter().map(String::as_str).chain(["", "<html>502 Bad Gateway</html>", "\u{0}", "{}}"]) {
        assert_eq!(hook.receive(&rig.signed(rubbish.as_bytes(), true), now()), Err(Refusal::Malformed));
        let items = hook.understand(rubbish.as_bytes(), now());
        assert!(matches!(items.as_slice(), [Item::Unreadable(_)]), "{items:?}");
    }
    assert!(hook.receive(&rig.signed(b"\xff\xfe\x00{", true), now()).is_err());
    for empty in ["null", "{}", "[]", "0", "\"\"", "{\"events\":null,\"entry\":[null,{}],\"d\":[],\"t\":{}}"] {
        let items = hook.understand(empty.as_bytes(), now());
        assert!(messages(&items).is_empty(), "{empty}: {items:?}");
    }
}

/// Ids that no `double` holds are kept to the last digit.
pub async fn long_ids_are_exact(rig: &dyn Pusher) {
    let (_profile, _connector, hook) = open(rig).await;
    let ids = LONG.map(|id| only(hook.as_ref(), &rig.news(&[(id, "the same words")])[0]).remote_id);
    assert!(ids[0] != ids[1], "{ids:?}");
    LONG.iter().zip(&ids).for_each(|(long, id)| assert!(id.contains(&long.to_string()), "{id}"));
    // Where a platform, or whoever stands between, writes an id as a number, not a digit is lost either.
    let written = bytes(&rig.news(&[(LONG[1], "as a number")])[0]);
    let text = String::from_utf8(written).unwrap().replace(&format!("\"{}\"", LONG[1]), &LONG[1].to_string());
    let found = hook.understand(text.as_bytes(), now());
    assert!(messages(&found)[0].remote_id.contains(&LONG[1].to_string()), "{found:?}");
}

/// Every pointer to something that is neither list nor object, and to those as well.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    if !at.is_empty() {
        found.push(at.to_owned());
    }
    match value {
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(number, one)| places(one, &format!("{at}/{number}"), found))
        }
        Value::Object(fields) => fields.iter().for_each(|(name, one)| places(one, &format!("{at}/{name}"), found)),
        _ => {}
    }
}

fn is_clean(text: &str) -> bool {
    !text.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c))
}

/// Whatever stands where in one message: nothing that reaches a terminal is what it should not be, nothing is lost without
/// a word, and the message beside it comes.
pub async fn bears_a_hostile_message(rig: &dyn Pusher) {
    let (_profile, _connector, hook) = open(rig).await;
    let news = rig.news(&[(7, "the first one"), (8, "the one beside it")]);
    let together = news.len() == 1;
    let mut found = Vec::new();
    places(news[0].pointer(rig.item()).unwrap(), "", &mut found);
    assert!(found.len() > 4, "{found:?}");
    let hostile = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e300),
        json!([]),
        json!({}),
        json!([["x"]]),
        json!({ "/": { "": "x" } }),
        json!(""),
        json!("\u{0}\u{7f}\u{200b}"),
        json!("\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}gnp.exe\r\u{0}\u{9b}31m"),
        json!("x".repeat(600_000)),
        json!("😀".repeat(70_000)),
        json!("../../../etc/passwd"),
        json!("{text}{secret.token}"),
    ];
    for place in &found {
        for value in &hostile {
            let mut delivery = news[0].clone();
            *delivery.pointer_mut(&format!("{}{place}", rig.item())).unwrap() = value.clone();
            let items = hook.understand(&bytes(&delivery), now());
            let shown = format!("{place} = {}", value.to_string().chars().take(40).collect::<String>());
            for item in &items {
                match item {
                    Item::Message(message) => {
                        let facts = [&message.remote_id, &message.from.address];
                        assert!(facts.iter().all(|fact| (1..=512).contains(&fact.len())), "{shown}");
                        let context = message.context.values().map(String::as_str);
                        let lines = context
                            .chain([message.remote_id.as_str(), &message.from.address, &message.from.name])
                            .chain(message.conversation.as_deref())
                            .chain(message.attachments.iter().map(|file| file.name.as_str()));
                        lines.for_each(|line| assert!(is_clean(line) && !line.contains('\n'), "{shown}: {line:?}"));
                        assert!(is_clean(&message.text) && message.text.len() <= 600_000, "{shown}");
                    }
                    Item::Change(change) => assert!(is_clean(&change.text) && change.remote_id.len() <= 512, "{shown}"),
                    Item::Unreadable(dead) => {
                        assert!(!dead.raw.is_empty() && !dead.reason.is_empty(), "{shown}");
                        assert!(is_clean(&dead.reason) && is_clean(&dead.hint), "{shown}: {dead:?}");
                    }
                }
            }
            if together {
                let beside = messages(&items).iter().any(|message| message.text == "the one beside it");
                assert!(beside, "{shown} keeps its neighbour from coming: {items:?}");
            }
        }
    }
}

/// An answer arrives as written; one whose own answer is lost is there once in the end; too many calls are waited for; a
/// wrong token is said to be one.
pub async fn is_answered(rig: &dyn Pusher) {
    let (_profile, connector, hook) = open(rig).await;
    let parent = only(hook.as_ref(), &rig.news(&[(7, "where is my parcel?")])[0]);
    let text = "On its way. 在路上 \"quoted\" & <b>";
    let outgoing = answer(connector.as_ref(), &parent, text);
    let original = connector.render(&outgoing, &[]).unwrap();
    assert_eq!(original, connector.render(&outgoing, &[]).unwrap(), "the same outgoing, the same bytes");
    let mut sink = connector.sink().unwrap();
    sink.offer(&outgoing).await.unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    assert!(receipt.remote_id.is_some_and(|id| !id.is_empty()));
    assert_eq!(rig.sent(), [text]);

    let outgoing = answer(connector.as_ref(), &parent, "Are you there?");
    let original = connector.render(&outgoing, &[]).unwrap();
    rig.simulator().faults.next(rig.sending(), Fault::LoseAnswer);
    let lost = sink_error(sink.deliver(&outgoing, &original).await);
    if rig.recognises_twice() {
        assert!(matches!(lost, ConnectorError::Retry { .. }), "it is known again: {lost:?}");
        let again = sink_error(sink.deliver(&outgoing, &original).await);
        assert!(matches!(again, ConnectorError::Duplicate { .. }), "{again:?}");
    } else {
        assert!(matches!(lost, ConnectorError::Unknown { .. }), "a lost answer is unknown: {lost:?}");
    }
    assert_eq!(rig.sent(), [text, "Are you there?"]);

    let outgoing = answer(connector.as_ref(), &parent, "Not yet.");
    let original = connector.render(&outgoing, &[]).unwrap();
    rig.simulator().faults.next(rig.sending(), rig.too_many());
    let refused = sink_error(sink.deliver(&outgoing, &original).await);
    let ConnectorError::Wait { until, .. } = refused else { panic!("{refused:?}") };
    assert!((0..26 * 3_600_000).contains(&until.since(now())), "{until:?}");

    let (_profile, connector, _) = open(rig).await;
    let mut sink = connector.sink().unwrap();
    rig.simulator().faults.next(rig.sending(), Fault::Instead(502, vec![], "bad gateway".to_owned()));
    let fell = sink_error(sink.deliver(&outgoing, &original).await);
    let knows = matches!(fell, ConnectorError::Unknown { .. });
    assert!(knows || rig.recognises_twice() && matches!(fell, ConnectorError::Retry { .. }), "{fell:?}");
    rig.simulator().faults.next(rig.sending(), rig.wrong_token());
    let refused = sink_error(sink.deliver(&outgoing, &original).await);
    let said = matches!(refused, ConnectorError::Refresh { .. } | ConnectorError::Reconnect { .. });
    assert!(said, "{refused:?}");
    assert_eq!(rig.sent().len(), 2, "nothing of that was sent");
}

/// Delivers, as a platform does, until it is answered.
fn insist(port: u16, request: &HookRequest) -> (u16, String) {
    let mut last = None;
    let configured = until(LIMIT, || {
        last = deliver(port, request);
        last.as_ref().is_some_and(|(status, _)| *status != 503)
    });
    assert!(configured, "{last:?}");
    last.unwrap()
}

fn deliver(port: u16, request: &HookRequest) -> Option<(u16, String)> {
    let headers: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    push(port, "POST /hook/it", &headers, &request.body)
}

/// The whole way, through the real program: what is pushed is there once, however often it comes; what is no delivery is
/// refused and counted; an answer goes out.
pub fn through_the_door(rig: &dyn Pusher) {
    let (profile, port) = (Profile::new(""), free_port());
    let account = rig.account(&profile.path);
    profile.configure(&format!("[webhook]\nlisten = \"127.0.0.1:{port}\"\n\n{account}"));
    let serve = Serve::start(&profile);
    let news = rig.news(&[(LONG[0], "number 0 退款"), (LONG[1], "number 1 退款")]);
    let signed = |delivery: &Value| rig.signed(&bytes(delivery), true);
    for delivery in &news {
        assert_eq!(insist(port, &signed(delivery)).0, 200);
    }
    for delivery in &news {
        assert_eq!(insist(port, &signed(delivery)).0, 200, "again is well");
        assert_eq!(insist(port, &signed(&rig.again(delivery))).0, 200, "also in other words");
    }
    let body = bytes(&news[0]);
    assert_eq!(deliver(port, &rig.signed(&body[..body.len() / 2], true)).map(|answer| answer.0), Some(400));
    assert_eq!(deliver(port, &rig.signed(&body, false)), Some((401, String::new())));
    let known = || profile.json(&["webhook"]).into_iter().find(|row| row["account"] == "it").unwrap();
    assert!(until(LIMIT, || known()["queued"] == 0 && !profile.json(&["inbox"]).is_empty()), "it is not filed");
    let mut copies = BTreeMap::new();
    for row in profile.export() {
        *copies.entry(row["text"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    assert_eq!(copies, BTreeMap::from([("number 0 退款".to_owned(), 1), ("number 1 退款".to_owned(), 1)]));
    let row = known();
    assert!(row["duplicate"].as_u64() >= Some(news.len() as u64), "{row}");
    assert_eq!((&row["refused"]["forged"], &row["refused"]["malformed"]), (&json!(1), &json!(1)), "{row}");
    let inbox = profile.one(&["inbox"]);
    assert_eq!(inbox["unread"], 2);
    profile.ok(&["reply", inbox["address"].as_str().unwrap(), "--text", "on its way 在路上"]);
    profile.ok(&["outbox", "--wait", "50"]);
    assert_eq!(rig.sent(), ["on its way 在路上"]);
    assert!(profile.json(&["dead", "list"]).is_empty());
    assert_eq!(serve.end(rustix::process::Signal::TERM).code, Some(0));
    profile.assert_sound();
}

/// All of it, for a platform that pushes.
pub async fn run(make: impl Fn() -> Box<dyn Pusher>) {
    is_believed_by_its_signature_alone(make().as_ref()).await;
    twice_is_the_same(make().as_ref()).await;
    bears_what_is_no_delivery(make().as_ref()).await;
    long_ids_are_exact(make().as_ref()).await;
    bears_a_hostile_message(make().as_ref()).await;
    is_answered(make().as_ref()).await;
    let rig = make();
    tokio::task::spawn_blocking(move || through_the_door(rig.as_ref())).await.unwrap();
}
