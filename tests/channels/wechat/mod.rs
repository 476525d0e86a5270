//! WeChat against its simulator, and what it pushes through the door of the real program.

mod articles;
mod door;
mod simulator;

use super::contract::{self, Opened, Rig, open};
use super::{sink_error, try_table};
use crate::channels::strict::seconds;
use crate::support::simulator::Fault;
pub use articles::Comments;
pub use simulator::{AES_KEY, Push, TOKEN, closed_echo, closed_push, handshake};
use simulator::{ANA, APPID, SECRET, WeChat, open_push};
use std::sync::Arc;
use switchboard::connector::{ConnectorError, Hook, HookAnswer, HookRequest, Incoming, Item, Reach, Refusal, Sighting};
use switchboard::model::{Outgoing, Timestamp};

fn now() -> Timestamp {
    Timestamp(seconds() * 1_000)
}

fn request(method: &str, query: Vec<(String, String)>, body: Vec<u8>) -> HookRequest {
    HookRequest { method: method.to_owned(), query, body, ..HookRequest::default() }
}

fn posted(push: Push) -> HookRequest {
    request("POST", push.query, push.body)
}

async fn hook(account: &Opened) -> Arc<dyn Hook> {
    let hook = account.connector.hook().unwrap();
    hook.prepare().await.unwrap();
    hook
}

fn message(hook: &dyn Hook, xml: &str) -> Incoming {
    match hook.understand(xml.as_bytes(), now()).remove(0) {
        Item::Message(incoming) => *incoming,
        other => panic!("no message: {other:?}"),
    }
}

/// An answer to a text of Ana's, and its original.
async fn answer(rig: &WeChat, account: &Opened, text: &str) -> (Outgoing, Vec<u8>) {
    let parent = message(account.connector.hook().unwrap().as_ref(), &rig.text("where is my parcel?"));
    let outgoing = contract::answer(account.connector.as_ref(), &parent, text);
    let original = account.connector.render(&outgoing, &[]).unwrap();
    (outgoing, original)
}

#[tokio::test]
async fn a_handshake_is_answered_when_it_is_signed() {
    let rig = WeChat::start();
    let account = open(&rig);
    let unready = account.connector.hook().unwrap();
    let asked = request("GET", handshake(seconds()), Vec::new());
    assert_eq!(unready.receive(&asked, now()), Err(Refusal::NotConfigured), "fails closed");
    let hook = hook(&account).await;
    let body = b"8475129036127836512".to_vec();
    assert_eq!(hook.receive(&asked, now()), Ok(HookAnswer::Challenge { content_type: "text/plain", body }));
    let old = request("GET", handshake(seconds() - 600), Vec::new());
    assert_eq!(hook.receive(&old, now()), Err(Refusal::Stale));
    for (name, refusal) in [("signature", Refusal::Forged), ("nonce", Refusal::Forged), ("timestamp", Refusal::Forged)]
    {
        let mut bent = asked.clone();
        bent.query.iter_mut().filter(|(known, _)| known == name).for_each(|(_, value)| value.push('1'));
        assert_eq!(hook.receive(&bent, now()), Err(refusal), "{name}");
        let mut bare = asked.clone();
        bare.query.retain(|(known, _)| known != name);
        assert_eq!(hook.receive(&bare, now()), Err(Refusal::Unsigned), "{name}");
    }
}

#[tokio::test]
async fn an_envelope_is_opened_when_it_is_for_us_and_nothing_comes_without_one() {
    let rig = WeChat::start();
    let account = open(&rig);
    let hook = hook(&account).await;
    let xml = rig.text("你好 &lt;b>");
    let delivered = hook.receive(&posted(closed_push(&xml, APPID, seconds())), now());
    let Ok(HookAnswer::Delivery { key, raw, content_type, body }) = delivered else { panic!("{delivered:?}") };
    assert_eq!((key.as_str(), content_type, body.as_slice()), ("6054768590064713729", "text/plain", &b"success"[..]));
    assert_eq!(raw, xml.as_bytes(), "what is kept is what was in it");
    let incoming = message(hook.as_ref(), &xml);
    assert_eq!((incoming.remote_id.as_str(), incoming.from.address.as_str()), (key.as_str(), ANA));
    let refused = |push: Push| hook.receive(&posted(push), now()).unwrap_err();
    assert_eq!(refused(closed_push(&xml, "wx0000000000000000", seconds())), Refusal::Forged, "for somebody else");
    assert_eq!(refused(closed_push(&xml, APPID, seconds() - 301)), Refusal::Stale);
    assert_eq!(refused(open_push(&xml, seconds())), Refusal::Unsigned, "plain, and signed as plain");
    let mut swapped = closed_push(&xml, APPID, seconds());
    swapped.body = closed_push(&rig.text("another"), APPID, seconds()).body;
    assert_eq!(refused(swapped), Refusal::Forged, "the signature of another message");
    let mut unsigned = closed_push(&xml, APPID, seconds());
    unsigned.query.retain(|(name, _)| name != "msg_signature");
    assert_eq!(refused(unsigned), Refusal::Unsigned, "the plain signature does not cover the body");
    assert_eq!(refused(closed_push("hello", APPID, seconds())), Refusal::Malformed, "no XML in it");
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><xml><FromUserName>&a;</FromUserName><MsgId>1</MsgId></xml>";
    assert_eq!(refused(closed_push(bomb, APPID, seconds())), Refusal::Malformed, "entities");
    assert_eq!(refused(Push { query: Vec::new(), body: vec![b'<'; 1 << 20] }), Refusal::Malformed);
}

#[tokio::test]
async fn without_a_key_messages_come_open() {
    let rig = WeChat::start();
    let profile = tempfile::tempdir().unwrap();
    let table = rig.account(profile.path()).replace("aes_key_file = \"wechat.aes\"\n", "");
    let connector = super::open_table(&table, profile.path());
    assert!(connector.source().is_none(), "WeChat cannot be asked for messages");
    let hook = connector.hook().unwrap();
    hook.prepare().await.unwrap();
    let event = format!(
        "<xml><FromUserName>{ANA}</FromUserName><CreateTime>1409735668</CreateTime><MsgType>event</MsgType>\
         <Event>subscribe</Event></xml>"
    );
    for (xml, known) in [(rig.text("hi"), "6054768590064713729"), (event, &format!("{ANA}:1409735668:subscribe"))] {
        let delivered = hook.receive(&posted(open_push(&xml, seconds())), now());
        assert!(matches!(&delivered, Ok(HookAnswer::Delivery { key, .. }) if key == known), "{delivered:?}");
    }
    let mut forged = open_push(&rig.text("hi"), seconds());
    forged.query[0].1 = forged.query[0].1.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(hook.receive(&posted(forged), now()), Err(Refusal::Forged));
}

#[tokio::test]
async fn an_answer_arrives_as_written_and_the_token_is_asked_for_once() {
    let rig = WeChat::start();
    let account = open(&rig);
    let (outgoing, original) = answer(&rig, &account, "On its way. 在路上 \"quoted\" & <b> 😀").await;
    assert_eq!(original, account.connector.render(&outgoing, &[]).unwrap(), "the same outgoing, the same bytes");
    let (mut one, mut other) = (account.connector.sink().unwrap(), account.connector.sink().unwrap());
    let (offered, too) = tokio::join!(one.offer(&outgoing), other.offer(&outgoing));
    offered.and(too).unwrap();
    let receipt = one.deliver(&outgoing, &original).await.unwrap();
    assert_eq!(receipt.remote_id, Some(format!("sent:{}", outgoing.id)), "WeChat gives none");
    assert_eq!(rig.texts(), ["On its way. 在路上 \"quoted\" & <b> 😀"]);
    let sent = rig.office.lock().unwrap().sent[0].clone();
    assert!(sent.contains("在路上") && !sent.contains("\\u"), "WeChat shows escapes as such: {sent}");
    assert_eq!(rig.simulator().faults.count("stable_token"), 1);
    // A restart goes on with the token it has.
    let table = rig.account(account.profile.path());
    let again = super::open_table(&table, account.profile.path());
    again.sink().unwrap().deliver(&outgoing, &original).await.unwrap();
    assert_eq!(rig.simulator().faults.count("stable_token"), 1);
}

#[tokio::test]
async fn a_token_that_another_program_ended_is_fetched_anew_once() {
    for stable in [true, false] {
        let rig = WeChat::start();
        let profile = tempfile::tempdir().unwrap();
        let table = format!("{}stable_token = {stable}\n", rig.account(profile.path()));
        let account = Opened { connector: super::open_table(&table, profile.path()), profile };
        let (outgoing, original) = answer(&rig, &account, "hello").await;
        let mut sink = account.connector.sink().unwrap();
        sink.offer(&outgoing).await.unwrap();
        rig.office.lock().unwrap().given += 1;
        let refused = sink_error(sink.deliver(&outgoing, &original).await);
        assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
        account.connector.refresh().await.unwrap();
        sink.deliver(&outgoing, &original).await.unwrap();
        assert_eq!((rig.texts().len(), rig.office.lock().unwrap().given), (1, 3));
        assert_eq!(rig.office.lock().unwrap().plain > 0, !stable);
    }
}

#[tokio::test]
async fn a_lost_answer_is_for_a_person_and_what_was_refused_is_not() {
    let rig = WeChat::start();
    let account = open(&rig);
    let (outgoing, original) = answer(&rig, &account, "Yes.").await;
    let mut sink = account.connector.sink().unwrap();
    for fault in [
        Fault::LoseAnswer,
        Fault::Half,
        Fault::Answer(200, "<html>".to_owned()),
        Fault::Answer(200, "{}".to_owned()),
        Fault::Instead(502, Vec::new(), "bad gateway".to_owned()),
    ] {
        rig.simulator().faults.next(rig.sending(), fault.clone());
        let lost = sink_error(sink.deliver(&outgoing, &original).await);
        assert!(matches!(lost, ConnectorError::Unknown { .. }), "{fault:?}: {lost:?}");
    }
    assert_eq!(sink.find_sent(&outgoing).await, Ok(Sighting::CannotTell));
    assert_eq!(rig.texts().len(), 4, "each was sent once, and nobody sent it again");
    // A token that cannot be had stops it before anything leaves.
    let account = open(&rig);
    rig.simulator().faults.next("stable_token", Fault::LoseAnswer);
    let before = account.connector.sink().unwrap().deliver(&outgoing, &original).await.unwrap_err();
    assert!(matches!(before, ConnectorError::Retry { .. }), "{before:?}");
    assert_eq!(rig.texts().len(), 4);
}

#[tokio::test]
async fn every_code_means_what_it_says() {
    let rig = WeChat::start();
    let account = open(&rig);
    let (outgoing, original) = answer(&rig, &account, "Yes.").await;
    let mut sink = account.connector.sink().unwrap();
    for _ in 0..5 {
        sink.deliver(&outgoing, &original).await.unwrap();
    }
    let full = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(&full, ConnectorError::WindowClosed { reason } if reason.contains("five")), "{full:?}");
    rig.office.lock().unwrap().left = None;
    let late = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(&late, ConnectorError::WindowClosed { reason } if reason.contains("another channel")), "{late:?}");
    for (code, kind) in [(-1, "Retry"), (45009, "Wait"), (48001, "Reconnect"), (43004, "Gone"), (40003, "Reject")] {
        let body = format!("{{\"errcode\":{code},\"errmsg\":\"no\"}}");
        rig.simulator().faults.next(rig.sending(), Fault::Instead(200, Vec::new(), body));
        let said = sink_error(sink.deliver(&outgoing, &original).await);
        assert!(format!("{said:?}").starts_with(kind) && format!("{said:?}").contains(&code.to_string()), "{said:?}");
    }
    let long = Outgoing { text: "退".repeat(683), ..outgoing.clone() };
    let refused = account.connector.render(&long, &[]).unwrap_err().to_string();
    assert!(refused.contains("2049 bytes") && refused.contains("2048"), "{refused}");
    let stranger = Outgoing { context: Default::default(), ..outgoing };
    assert!(account.connector.render(&stranger, &[]).is_err(), "an account cannot write first");
}

#[tokio::test]
async fn who_wrote_is_asked_once_and_linked_by_the_unionid() {
    let rig = WeChat::start();
    rig.office.lock().unwrap().followers.push((ANA.to_owned(), "Ana (wholesale)".to_owned(), "o6_ana".to_owned()));
    let account = open(&rig);
    let hook = account.connector.hook().unwrap();
    let xml = rig.text("hello");
    let links = |incoming: &Incoming| -> Vec<(String, bool)> {
        incoming.links.iter().map(|link| (link.value.clone(), link.proven)).collect()
    };
    assert_eq!(links(&message(hook.as_ref(), &xml)), [], "nobody was asked yet, and it is filed all the same");
    for _ in 0..3 {
        hook.meet(&[xml.as_bytes(), xml.as_bytes(), b"no XML"]).await;
    }
    assert_eq!(rig.simulator().faults.count("user/info"), 1);
    let incoming = message(hook.as_ref(), &xml);
    assert_eq!(links(&incoming), [("wechat:o6_ana".to_owned(), true)]);
    assert_eq!(incoming.from.name, "Ana (wholesale)", "WeChat tells no names, but what a colleague noted");
    // A token that another program ended is renewed on the way.
    let stranger = xml.replace(ANA, "oIe1xJ4cBqBo00000000000000002");
    rig.office.lock().unwrap().given += 1;
    hook.meet(&[stranger.as_bytes()]).await;
    let stranger = message(hook.as_ref(), &stranger);
    assert_eq!(
        (links(&stranger), stranger.from.name.as_str()),
        (Vec::new(), ""),
        "of who does not follow nothing is told"
    );
    assert_eq!(rig.simulator().faults.count("user/info"), 3);
}

#[tokio::test]
async fn an_account_that_may_not_ask_who_wrote_does_not_ask_again_and_again() {
    let rig = WeChat::start();
    rig.office.lock().unwrap().forbidden.push("user/info");
    let account = open(&rig);
    let hook = account.connector.hook().unwrap();
    for number in 0..3 {
        let xml = rig.text("hello").replace(ANA, &format!("oIe1xJ-{number}"));
        hook.meet(&[xml.as_bytes()]).await;
        assert!(message(hook.as_ref(), &xml).links.is_empty());
    }
    assert_eq!(rig.simulator().faults.count("user/info"), 1);
    let profile = tempfile::tempdir().unwrap();
    let table = format!("{}unionid = false\n", rig.account(profile.path()));
    let silent = super::open_table(&table, profile.path());
    silent.hook().unwrap().meet(&[rig.text("hello").as_bytes()]).await;
    assert_eq!(rig.simulator().faults.count("user/info"), 1);
}

#[tokio::test]
async fn a_platform_that_hangs_holds_up_one_delivery_and_no_more() {
    let rig = WeChat::start();
    rig.office.lock().unwrap().hangs = true;
    let account = open(&rig);
    let hook = account.connector.hook().unwrap();
    let xmls: Vec<String> = (0..4).map(|number| rig.text("hello").replace(ANA, &format!("oIe1xJ-{number}"))).collect();
    // As long as the worker waits, which lets go of it then.
    for xml in &xmls {
        let met = tokio::time::timeout(switchboard::connector::MOST_MEETING, hook.meet(&[xml.as_bytes()])).await;
        assert!(met.is_ok(), "it ends by itself, before it is let go");
        assert!(message(hook.as_ref(), xml).links.is_empty(), "and it is filed all the same");
    }
    assert_eq!(rig.simulator().faults.count("user/info"), 1, "whoever hangs is left alone for a while");
}

#[tokio::test]
async fn a_picture_is_fetched_when_asked_for() {
    let rig = WeChat::start();
    let account = open(&rig);
    let hook = account.connector.hook().unwrap();
    let picture = |id: &str| {
        let elements =
            format!("<MsgType>image</MsgType><PicUrl>http://mmbiz.example/1</PicUrl><MediaId>{id}</MediaId>");
        message(hook.as_ref(), &rig.message(&elements))
    };
    let found = picture("media-1");
    assert_eq!((found.text.as_str(), found.attachments[0].name.as_str()), ("[image]", "image.jpg"));
    assert_eq!(account.connector.fetch(&found.raw, 0).await.unwrap(), b"jpeg");
    assert!(account.connector.fetch(&found.raw, 1).await.is_err());
    let gone = account.connector.fetch(&picture("media-9").raw, 0).await.unwrap_err();
    assert!(gone.to_string().contains("40007"), "{gone}");
}

#[tokio::test]
async fn a_wrong_secret_or_address_is_told_and_no_secret_is_printed() {
    let rig = WeChat::start();
    let account = open(&rig);
    assert!(account.connector.test().await.iter().all(|check| check.outcome.is_ok()));
    rig.office.lock().unwrap().listed = false;
    let fresh = open(&rig);
    let checks = fresh.connector.try_out(Reach::Servers, &|_, _| {}).await;
    let said = checks.last().unwrap().outcome.clone().unwrap_err();
    assert!(said.contains("203.0.113.9") && said.contains("list"), "{said}");
    rig.office.lock().unwrap().listed = true;
    let fresh = open(&rig);
    super::secret_file(fresh.profile.path(), "wechat.secret", "wrong-secret");
    let (outgoing, _) = answer(&rig, &fresh, "Yes.").await;
    let lost = fresh.connector.sink().unwrap().offer(&outgoing).await.unwrap_err();
    assert!(matches!(&lost, ConnectorError::Reconnect { reason } if reason.contains("40125")), "{lost:?}");
    contract::keeps_its_secrets(&rig, &[SECRET, TOKEN, AES_KEY, "wrong-secret"], &[lost]);
    let table = rig.account(fresh.profile.path());
    for (from, to, said) in [
        ("appid = \"wx", "appid = \"../", "appid"),
        ("callback_token_file", "#", "callback_token"),
        ("secret_file = \"wechat.secret\"", "secret = \"x\"", "not written"),
        ("hold =", "hodl =", "hodl"),
    ] {
        let Err(wrong) = try_table(&table.replacen(from, to, 1), fresh.profile.path()) else { panic!("{to} is taken") };
        assert!(wrong.contains(said), "{wrong}");
    }
    super::secret_file(fresh.profile.path(), "wechat.aes", "short");
    let why = fresh.connector.hook().unwrap().prepare().await.unwrap_err();
    assert!(why.contains("43 characters"), "{why}");
}
