//! Platforms and strangers at the door: real HTTP on loopback, a hook of paper behind it.
#![allow(clippy::unwrap_used)]

use super::{Kind, Tally, Webhook};
use crate::config::WebhookSettings;
use crate::connector::{
    Check, Connector, ConnectorError, Hook, HookAnswer, HookRequest, Incoming, Item, MOST_HOOK_BYTES, PulledPage,
    Reach, Refusal, Sink, Source, Unreadable, Watcher, signature,
};
use crate::desk::{Desk, system_clock};
use crate::engine::memory::MemoryEngine;
use crate::engine::{Commit, Engine, EngineError, Logged, Place, Row, Seq};
use crate::model::{Abilities, AccountFacts, Direction, Outgoing, Party, Timestamp};
use crate::store::Store;
use crate::worker::Workers;
use futures::future::BoxFuture;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A platform that signs `TIME:BODY` with HMAC-SHA256 and names its deliveries.
struct Paper {
    named: Option<&'static str>,
    secret: OnceLock<&'static str>,
    seen: Mutex<Vec<HookRequest>>,
    /// How often the source was asked, where deliveries only say that there is something to pull.
    nudged: Option<Arc<AtomicU64>>,
}

impl Hook for Paper {
    fn prepare(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            let named = self.named.ok_or("the account names no secret")?;
            self.secret.get_or_init(|| named);
            Ok(())
        })
    }

    fn receive(&self, request: &HookRequest, now: Timestamp) -> Result<HookAnswer, Refusal> {
        let secret = *self.secret.get().ok_or(Refusal::NotConfigured)?;
        self.seen.lock().unwrap().push(request.clone());
        if request.method == "GET" {
            let body = request.parameter("challenge").ok_or(Refusal::Malformed)?.as_bytes().to_vec();
            return Ok(HookAnswer::Challenge { content_type: "text/plain", body });
        }
        let said = request.header("x-signature").ok_or(Refusal::Unsigned)?;
        let time = request.header("x-time").ok_or(Refusal::Unsigned)?;
        let right = signature::hmac_sha256(secret.as_bytes(), &[time.as_bytes(), b":", &request.body]);
        signature::must_be_hex(said, &right)?;
        signature::must_be_fresh(time, now)?;
        if request.body == b"break receive" {
            panic!("a bad hook");
        }
        let key = signature::hex(&signature::sha256(&request.body));
        Ok(HookAnswer::Delivery { key, raw: request.body.clone(), content_type: "text/plain", body: b"taken".to_vec() })
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Vec<Item> {
        if self.only_nudges() {
            return Vec::new();
        }
        let text = String::from_utf8_lossy(raw).into_owned();
        assert!(text != "break understand", "a bad hook");
        let item = |line: &str| match line.split_once(' ') {
            Some((id, text)) => {
                let from = Party { address: "ana".to_owned(), name: "Ana".to_owned() };
                Item::Message(Box::new(Incoming::new(id, Direction::Inbound, from, received, text, line.into())))
            }
            None => Item::Unreadable(Unreadable {
                reason: "no text".to_owned(),
                folder: String::new(),
                received,
                hint: String::new(),
                partial: false,
                raw: line.into(),
            }),
        };
        text.lines().map(item).collect()
    }

    fn only_nudges(&self) -> bool {
        self.nudged.is_some()
    }
}

/// Counts how often it is asked, and never has news by itself.
struct Bell(Arc<AtomicU64>);

impl Source for Bell {
    fn pull<'a>(&'a mut self, _: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(PulledPage::default()) })
    }
    fn wait<'a>(&'a mut self, _: &'a [u8], _: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(std::future::pending())
    }
    fn close(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// The account of that platform.
struct Office(&'static str, Option<Arc<Paper>>);

impl Connector for Office {
    fn facts(&self) -> AccountFacts {
        AccountFacts {
            name: self.0.to_owned(),
            channel: "paper".to_owned(),
            address: "shop".to_owned(),
            display_name: String::new(),
            own: vec!["shop".to_owned()],
            hold: 0,
            id_domain: None,
            can_send: false,
            abilities: Abilities::default(),
        }
    }
    fn source(&self) -> Option<Box<dyn Source>> {
        let nudged = self.1.as_ref()?.nudged.clone()?;
        Some(Box::new(Bell(nudged)))
    }
    fn sink(&self) -> Option<Box<dyn Sink>> {
        None
    }
    fn hook(&self) -> Option<Arc<dyn Hook>> {
        self.1.clone().map(|hook| hook as Arc<dyn Hook>)
    }
    fn parse(&self, _: Vec<u8>, _: &str, _: Timestamp) -> Item {
        unreachable!("what was pushed is understood by the hook")
    }
    fn attachment(&self, _: &[u8], _: u32) -> Result<Vec<u8>, ConnectorError> {
        unreachable!()
    }
    fn render(&self, _: &Outgoing, _: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
        unreachable!()
    }
    fn try_out<'a>(&'a self, _: Reach, _: Watcher<'a>) -> BoxFuture<'a, Vec<Check>> {
        Box::pin(async { Vec::new() })
    }
}

/// An engine whose commits take their time.
struct Slow(MemoryEngine, AtomicU64);

impl Engine for Slow {
    fn commit(&self, commit: Commit) -> Result<Seq, EngineError> {
        std::thread::sleep(Duration::from_millis(self.1.load(Ordering::SeqCst)));
        self.0.commit(commit)
    }
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, EngineError> {
        self.0.get(key)
    }
    fn scan(&self, from: Bound<&[u8]>, to: Bound<&[u8]>, reverse: bool, limit: usize) -> Result<Vec<Row>, EngineError> {
        self.0.scan(from, to, reverse, limit)
    }
    fn content(&self, place: Place) -> Result<Vec<u8>, EngineError> {
        self.0.content(place)
    }
    fn events(&self, from: Seq, limit: usize) -> Result<Vec<Logged>, EngineError> {
        self.0.events(from, limit)
    }
    fn last(&self) -> Seq {
        self.0.last()
    }
    fn checkpoint(&self) -> Result<(), EngineError> {
        self.0.checkpoint()
    }
    fn room(&self) -> Result<(), EngineError> {
        self.0.room()
    }
}

struct House {
    desk: Arc<Desk>,
    engine: Arc<Slow>,
    paper: Arc<Paper>,
    nudged: Arc<AtomicU64>,
    tally: Arc<Tally>,
    door: Webhook,
    workers: Option<Workers>,
}

impl House {
    /// A door with the account `paper` behind it, `bare` without its secret, `mail` to which nothing is pushed,
    /// and `bell`, whose deliveries only say that there is something to pull.
    async fn open(workers: bool) -> House {
        let engine = Arc::new(Slow(MemoryEngine::new(), AtomicU64::new(0)));
        let paper_of = |named, nudged| Paper { named, secret: OnceLock::new(), seen: Mutex::default(), nudged };
        let secret = |named| Arc::new(paper_of(named, None));
        let paper = secret(Some("sesame"));
        let nudged = Arc::new(AtomicU64::new(0));
        let bell = Arc::new(paper_of(Some("sesame"), Some(nudged.clone())));
        let connectors: Vec<Arc<dyn Connector>> = vec![
            Arc::new(Office("paper", Some(paper.clone()))),
            Arc::new(Office("bare", Some(secret(None)))),
            Arc::new(Office("mail", None)),
            Arc::new(Office("bell", Some(bell))),
        ];
        let store = Store::open(engine.clone()).unwrap();
        let desk = Arc::new(Desk::new(store, connectors, system_clock()));
        let workers = workers.then(|| Workers::start(&desk));
        let board = workers.as_ref().map(|workers| workers.board().clone());
        let wake = Arc::new(move |account: &str| {
            if let Some(board) = &board {
                board.pushed(account);
            }
        });
        let settings = WebhookSettings { listen: "127.0.0.1:0".parse().unwrap(), public_url: None };
        let tally = Arc::new(Tally::default());
        let door = Webhook::open(&settings, &desk, tally.clone(), wake).unwrap();
        wait(|| paper.secret.get().is_some()).await;
        House { desk, engine, paper, nudged, tally, door, workers }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.door.address()).await.unwrap()
    }

    /// Sends bytes and reads all of the answer.
    async fn send(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        let _ = stream.write_all(request).await;
        answer(stream).await
    }

    async fn push(&self, body: &str) -> String {
        self.send(&signed("paper", body, 0)).await
    }

    fn refused(&self, account: Option<&str>, kind: Kind) -> u64 {
        self.tally.of(account).refused.get(kind.word()).copied().unwrap_or_default()
    }

    fn queued(&self) -> usize {
        self.desk.store().count_pushed("paper", 10_000).unwrap()
    }
}

async fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    let reading = stream.read_to_end(&mut bytes);
    let _ = tokio::time::timeout(Duration::from_secs(20), reading).await.expect("no answer");
    String::from_utf8(bytes).unwrap()
}

async fn wait(until: impl Fn() -> bool) {
    let began = Instant::now();
    while !until() {
        assert!(began.elapsed() < Duration::from_secs(20), "it does not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn request(head: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut text = format!("{head} HTTP/1.1\r\nhost: hooks.shop.example\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| text += &format!("{name}: {value}\r\n"));
    [text.as_bytes(), b"\r\n", body].concat()
}

/// A delivery signed `age` seconds ago.
fn signed(account: &str, body: &str, age: i64) -> Vec<u8> {
    let time = (jiff::Timestamp::now().as_second() - age).to_string();
    let mac = signature::hmac_sha256(b"sesame", &[time.as_bytes(), b":", body.as_bytes()]);
    let headers = [("x-time", time.as_str()), ("x-signature", &signature::hex(&mac))];
    request(&format!("POST /hook/{account}"), &headers, body.as_bytes())
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default()
}

/// What strangers are told: nothing.
fn is_mute(answer: &str) -> bool {
    answer.ends_with("\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_right_is_written_down_once_and_answered() {
    let house = House::open(false).await;
    let first = house.push("m1 Hello").await;
    assert!(first.starts_with("HTTP/1.1 200") && first.ends_with("\r\n\r\ntaken"), "{first}");
    let last = house.desk.store().engine().last();
    let again = house.push("m1 Hello").await;
    assert!(again.ends_with("\r\n\r\ntaken"), "{again}");
    assert_eq!(house.desk.store().engine().last(), last, "the same delivery again changes nothing");
    let tally = house.tally.of(Some("paper"));
    assert_eq!((tally.accepted, tally.duplicate, house.queued()), (1, 1, 1));
    assert_eq!(
        house.desk.store().content(house.desk.pushed("paper", 9).unwrap()[0].content.unwrap()).unwrap(),
        b"m1 Hello"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_nudges_has_the_source_asked_at_once_and_files_nothing() {
    let house = House::open(true).await;
    let asked = || house.nudged.load(Ordering::SeqCst);
    wait(|| asked() == 1).await;
    assert_eq!(status(&house.send(&signed("bell", "there is news", 0)).await), 200);
    wait(|| asked() == 2).await;
    // The same nudge again is no news.
    assert_eq!(status(&house.send(&signed("bell", "there is news", 0)).await), 200);
    assert_eq!(status(&house.send(&signed("bell", "and more", 0)).await), 200);
    wait(|| asked() == 3).await;
    assert_eq!((house.desk.dead().unwrap().len(), house.desk.store().count_pushed("bell", 9).unwrap()), (0, 0));
    assert!(house.desk.find("ana").is_err(), "no message came of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_is_answered_and_nothing_kept() {
    let house = House::open(false).await;
    let said = house.send(&request("GET /hook/paper?challenge=a%20b", &[], b"")).await;
    assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("\r\n\r\na b"), "{said}");
    assert_eq!(house.desk.store().engine().last(), 0);
    assert_eq!(house.tally.of(Some("paper")).challenge, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_turned_away_without_a_word_and_counted() {
    let house = House::open(false).await;
    let good = String::from_utf8(signed("paper", "m1 Hello", 0)).unwrap();
    let long = "x".repeat(MOST_HOOK_BYTES + 1);
    let forged = good.replace("m1 Hello", "m1 Hullo");
    let cases: Vec<(Vec<u8>, u16, Option<&str>, Kind)> = vec![
        (request("POST /hook/paper", &[], b"m1 Hello"), 401, Some("paper"), Kind::Refused(Refusal::Unsigned)),
        (forged.into_bytes(), 401, Some("paper"), Kind::Refused(Refusal::Forged)),
        (signed("paper", "m1 Hello", 301), 401, Some("paper"), Kind::Refused(Refusal::Stale)),
        (signed("paper", "m1 Hello", -302), 401, Some("paper"), Kind::Refused(Refusal::Stale)),
        (request("GET /hook/paper", &[], b""), 400, Some("paper"), Kind::Refused(Refusal::Malformed)),
        (signed("paper", "break receive", 0), 400, Some("paper"), Kind::Refused(Refusal::Malformed)),
        (signed("bare", "m1 Hello", 0), 503, Some("bare"), Kind::Refused(Refusal::NotConfigured)),
        (signed("mail", "m1 Hello", 0), 404, None, Kind::UnknownAccount),
        (signed("nobody", "m1 Hello", 0), 404, None, Kind::UnknownAccount),
        (request("GET /", &[], b""), 404, None, Kind::UnknownAccount),
        (request("GET /hook/paper/../../etc/passwd", &[], b""), 404, None, Kind::UnknownAccount),
        (request("DELETE /hook/paper", &[], b""), 405, Some("paper"), Kind::Method),
        (signed("paper", &long, 0), 413, Some("paper"), Kind::TooLarge),
    ];
    for (bytes, expected, account, kind) in cases {
        let before = house.refused(account, kind);
        let said = house.send(&bytes).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(60)]).into_owned();
        assert_eq!(status(&said), expected, "{shown}: {said}");
        assert!(is_mute(&said), "{shown}: {said}");
        assert_eq!(house.refused(account, kind), before + 1, "{shown} is counted as {}", kind.word());
    }
    assert_eq!((house.queued(), house.desk.store().engine().last()), (0, 0), "nothing is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_without_a_length_is_bounded_too() {
    let house = House::open(false).await;
    let mut stream = house.connect().await;
    stream.write_all(b"POST /hook/paper HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    let chunk = [format!("{:x}\r\n", 64 << 10).as_bytes(), &vec![b'x'; 64 << 10], b"\r\n"].concat();
    for _ in 0..40 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    drop(stream);
    wait(|| house.refused(Some("paper"), Kind::TooLarge) == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_body_and_half_a_head_are_no_delivery() {
    let house = House::open(false).await;
    let whole = signed("paper", "m1 Hello", 0);
    let mut stream = house.connect().await;
    stream.write_all(&whole[..whole.len() - 2]).await.unwrap();
    drop(stream);
    wait(|| house.refused(Some("paper"), Kind::Unfinished) == 1).await;
    let head = house.send(&[b"GET /hook/paper HTTP/1.1\r\nx: ".as_slice(), &vec![b'y'; 200_000]].concat()).await;
    assert!(head.is_empty() || status(&head) == 431, "{head}");
    assert_eq!(house.queued(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_dawdles_is_shown_out_and_keeps_nobody_waiting() {
    let house = House::open(false).await;
    let whole = signed("paper", "slow Hello", 0);
    let began = Instant::now();
    // One that sends its body a byte at a time, one its head.
    let dawdle = |mut stream: TcpStream, first: Vec<u8>| async move {
        stream.write_all(&first).await.unwrap();
        loop {
            let mut buffer = [0; 64];
            tokio::select! {
                read = stream.read(&mut buffer) => return read,
                () = tokio::time::sleep(Duration::from_millis(700)) => drop(stream.write_all(b"a").await),
            }
        }
    };
    let slow_body = String::from_utf8(whole).unwrap().replace("content-length: 10", "content-length: 1000");
    let by_body = tokio::spawn(dawdle(house.connect().await, slow_body.into_bytes()));
    let by_head = tokio::spawn(dawdle(house.connect().await, b"POST /hook/paper HTTP/1.1\r\nhost: a\r\nx-".to_vec()));
    assert_eq!(status(&house.push("m1 Hello").await), 200);
    assert!(began.elapsed() < Duration::from_secs(5), "others are served meanwhile");
    let _ = by_body.await.unwrap();
    let _ = by_head.await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(18), "{:?}", began.elapsed());
    assert_eq!(house.refused(Some("paper"), Kind::Unfinished), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_at_once_are_all_taken_each_once() {
    let house = Arc::new(House::open(true).await);
    let pushing = (0..200).map(|at| {
        let house = house.clone();
        // Each comes twice, at about the same time.
        tokio::spawn(async move { status(&house.push(&format!("m{} Hello", at / 2)).await) })
    });
    for pushed in futures::future::join_all(pushing).await {
        assert_eq!(pushed.unwrap(), 200);
    }
    let tally = house.tally.of(Some("paper"));
    assert_eq!((tally.accepted, tally.duplicate), (100, 100));
    wait(|| house.queued() == 0).await;
    let customer = house.desk.find("ana").unwrap().customer;
    assert_eq!(customer.unread, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_and_a_busy_store_have_the_platform_try_again() {
    let house = House::open(false).await;
    house.engine.0.set_full(true);
    let said = house.push("m1 Hello").await;
    assert!(status(&said) == 503 && is_mute(&said), "{said}");
    assert_eq!(house.refused(Some("paper"), Kind::DiskFull), 1);
    house.engine.0.set_full(false);
    house.engine.1.store(3_000, Ordering::SeqCst);
    let began = Instant::now();
    assert_eq!(status(&house.push("m1 Hello").await), 503);
    assert!(began.elapsed() < Duration::from_millis(2_800), "{:?}", began.elapsed());
    assert_eq!(house.refused(Some("paper"), Kind::Busy), 1);
    house.engine.1.store(0, Ordering::SeqCst);
    wait(|| house.queued() == 1).await;
    assert_eq!(status(&house.push("m1 Hello").await), 200, "it was written down late, and is recognised");
    assert_eq!(house.tally.of(Some("paper")).duplicate, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_understood_is_a_dead_letter_and_holds_up_nothing() {
    let house = House::open(true).await;
    for body in ["break understand", "m1 Hello\nrubbish", "m2 Bye"] {
        assert_eq!(status(&house.push(body).await), 200);
    }
    wait(|| house.queued() == 0).await;
    let dead = house.desk.dead().unwrap();
    let mut reasons: Vec<_> = dead.iter().map(|stored| stored.dead.reason.as_str()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["no text", "the program broke on it; please report this"]);
    assert_eq!(house.desk.find("ana").unwrap().customer.unread, 2, "what was understood is filed");
    let whole = dead.iter().find(|stored| stored.dead.reason == "no text").unwrap();
    assert_eq!(house.desk.dead_original(whole.dead.id).unwrap().1, b"m1 Hello\nrubbish");
    let again = house.desk.retry_dead("lin", whole.dead.id).unwrap();
    assert_eq!((again.new, again.dead), (0, 1), "tried again through the hook, and still dead");
    assert!(house.workers.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_see_the_request_as_the_platform_made_it() {
    let house = House::open(false).await;
    let headers = [("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "hooks.shop.example"), ("X-Odd", "a, b")];
    house.send(&request("GET /hook/paper?challenge=1&a=%C3%BC", &headers, b"")).await;
    let seen = house.paper.seen.lock().unwrap().pop().unwrap();
    assert_eq!(seen.url, "https://hooks.shop.example/hook/paper?challenge=1&a=%C3%BC");
    assert_eq!((seen.parameter("a"), seen.header("x-odd")), (Some("ü"), Some("a, b")));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_closing_nobody_comes_in() {
    let house = House::open(false).await;
    let address = house.door.address();
    house.door.close().await;
    assert!(TcpStream::connect(address).await.is_err());
    assert_eq!(house.tally.address(), None);
}
