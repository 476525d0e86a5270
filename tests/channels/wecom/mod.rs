//! WeCom's customer service against its simulator, and a nudge through the door of the real program.

mod simulator;

use super::contract::{self, Rig, messages, open, pages};
use super::wechat::{Push, closed_echo, closed_push};
use super::{sink_error, try_table};
use crate::channels::strict::seconds;
use crate::support::profile::Profile;
use crate::support::push::push;
use crate::support::serve::Serve;
use crate::support::{free_port, until};
use rustix::process::Signal;
use serde_json::json;
use simulator::{ANA, CORPID, KF, SECOND, SECRET};
pub use simulator::{UNIONID, WeCom};
use std::time::Duration;
use switchboard::connector::{ConnectorError, HookAnswer, HookRequest, Item, Refusal};
use switchboard::model::{ChangeKind, Direction, Timestamp};

const LIMIT: Duration = Duration::from_secs(30);

fn nudge(receiver: &str) -> Push {
    let xml = format!(
        "<xml><ToUserName><![CDATA[{CORPID}]]></ToUserName><CreateTime>{}</CreateTime><MsgType><![CDATA[event]]></MsgType>\
         <Event><![CDATA[kf_msg_or_event]]></Event><Token><![CDATA[ENC-nudge]]></Token><OpenKfId><![CDATA[{KF}]]></OpenKfId></xml>",
        seconds()
    );
    closed_push(&xml, receiver, seconds())
}

#[tokio::test]
async fn colleagues_recalls_and_failures_are_told_and_names_come_with_the_join_key() {
    let rig = WeCom::with(&[KF, SECOND]);
    let asked = rig.entry(json!({ "msgtype": "text", "text": { "content": "订单在哪里？" } }));
    rig.entry(json!({ "origin": 5, "servicer_userid": "LiSi", "msgtype": "text", "text": { "content": "稍等" } }));
    rig.entry(json!({ "msgtype": "image", "image": { "media_id": "m1" }, "open_kfid": SECOND }));
    let event = |fields| json!({ "origin": 4, "msgtype": "event", "event": fields });
    rig.entry(event(json!({ "event_type": "enter_session", "open_kfid": KF, "external_userid": ANA })));
    rig.entry(event(json!({ "event_type": "user_recall_msg", "open_kfid": KF, "recall_msgid": asked })));
    rig.entry(event(json!({ "event_type": "msg_send_fail", "open_kfid": KF, "fail_msgid": "ours", "fail_type": 10 })));
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled);
    assert_eq!(found.len(), 3);
    assert_eq!((found[0].from.name.as_str(), found[0].from.address.as_str()), ("安娜", ANA));
    assert_eq!(found[0].links[0].value, "wechat:ozynqsulJFCZ2z1aYeS8h-nuasdAAA");
    assert!(found[0].links[0].proven);
    assert_eq!((found[1].direction, found[1].to[0].address.as_str()), (Direction::Outbound, ANA));
    assert_eq!((found[2].attachments.len(), &found[2].context["kf"]), (1, &SECOND.to_owned()));
    assert_ne!(found[0].conversation, found[2].conversation, "two desks, two conversations");
    let changes: Vec<_> = pulled
        .iter()
        .flat_map(|page| &page.items)
        .filter_map(|item| if let Item::Change(change) = item { Some(change) } else { None })
        .collect();
    assert_eq!((changes[0].remote_id.as_str(), &changes[0].kind), (asked.as_str(), &ChangeKind::Deleted));
    assert!(matches!(&changes[1].kind, ChangeKind::Failed { reason } if reason.contains("refuses")), "{changes:?}");
    assert_eq!(changes[1].remote_id, "ours");
}

#[tokio::test]
async fn without_a_bound_account_there_is_no_join_key() {
    let rig = WeCom::start();
    rig.company.lock().unwrap().bound = false;
    rig.customer_writes("hi");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled)[0];
    assert_eq!((found.from.name.as_str(), found.links.len()), ("安娜", 0));
}

#[tokio::test]
async fn a_nudge_needs_its_envelope_and_makes_pulling_cheap() {
    let rig = WeCom::with(&[KF, SECOND]);
    let account = open(&rig);
    let hook = account.connector.hook().unwrap();
    let request = |method: &str, push: Push| HookRequest {
        method: method.to_owned(),
        query: push.query,
        body: push.body,
        ..HookRequest::default()
    };
    let now = || Timestamp(seconds() * 1_000);
    assert_eq!(hook.receive(&request("POST", nudge(CORPID)), now()), Err(Refusal::NotConfigured));
    hook.prepare().await.unwrap();
    let shaken = hook.receive(&request("GET", closed_echo("1616140317555161061", CORPID, seconds())), now());
    let body = b"1616140317555161061".to_vec();
    assert_eq!(shaken, Ok(HookAnswer::Challenge { content_type: "text/plain", body }));
    let open_echo = super::wechat::handshake(seconds());
    assert_eq!(
        hook.receive(&request("GET", Push { query: open_echo, body: Vec::new() }), now()),
        Err(Refusal::Unsigned)
    );
    assert_eq!(hook.receive(&request("POST", nudge("ww0000000000000000")), now()), Err(Refusal::Forged));
    let taken = hook.receive(&request("POST", nudge(CORPID)), now());
    assert!(matches!(&taken, Ok(HookAnswer::Delivery { body, .. }) if body == b"success"), "{taken:?}");
    assert!(hook.only_nudges() && hook.understand(b"anything", now()).is_empty());
    rig.customer_writes("hi");
    pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let asked = rig.company.lock().unwrap().asked.clone();
    assert_eq!((&asked[0]["token"], asked[1].get("token")), (&json!("ENC-nudge"), None), "each with its own");
}

#[tokio::test]
async fn a_walk_without_an_end_is_given_up_and_codes_mean_what_they_say() {
    let rig = WeCom::start();
    rig.customer_writes("hi");
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    let stuck = json!({ "errcode": 0, "errmsg": "ok", "next_cursor": "", "has_more": 1, "msg_list": [] }).to_string();
    rig.simulator().faults.next(rig.reading(), crate::support::simulator::Fault::Answer(200, stuck));
    assert!(matches!(source.pull(&[]).await, Err(ConnectorError::Retry { .. })));
    let pulled = pages(source.as_mut(), Vec::new()).await;
    let outgoing = contract::answer(account.connector.as_ref(), messages(&pulled)[0], "yes");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    rig.company.lock().unwrap().left = 0;
    let closed = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(&closed, ConnectorError::WindowClosed { reason } if reason.contains("95001")), "{closed:?}");
    rig.company.lock().unwrap().left = 5;
    rig.company.lock().unwrap().ours = false;
    let taken = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(&taken, ConnectorError::Reject { reason } if reason.contains("take it over")), "{taken:?}");
    rig.company.lock().unwrap().ours = true;
    rig.company.lock().unwrap().given += 1;
    let refused = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(refused, ConnectorError::Refresh { .. }), "{refused:?}");
    account.connector.refresh().await.unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    assert_eq!(receipt.remote_id.unwrap(), rig.company.lock().unwrap().sent[0]["msgid"].as_str().unwrap());
    contract::keeps_its_secrets(&rig, &[SECRET], &[closed, refused]);
    let table = rig.account(account.profile.path());
    for (from, to, said) in
        [("open_kfids = [", "open_kfids = [] # ", "open_kfids"), ("aes_key_file", "# ", "go together")]
    {
        let Err(wrong) = try_table(&table.replacen(from, to, 1), account.profile.path()) else {
            panic!("{to} is taken")
        };
        assert!(wrong.contains(said), "{wrong}");
    }
}

#[test]
fn a_nudge_at_the_door_brings_the_message_and_its_answer_goes_out() {
    let rig = WeCom::start();
    let (profile, port) = (Profile::new(""), free_port());
    let account = rig.account(&profile.path);
    profile.configure(&format!("[webhook]\nlisten = \"127.0.0.1:{port}\"\n\n{account}poll = \"1h\"\n"));
    let serve = Serve::start(&profile);
    // Nothing but the nudge asks again within the hour.
    assert!(until(LIMIT, || !rig.company.lock().unwrap().asked.is_empty()), "it is not asked at first");
    rig.customer_writes("订单在哪里？");
    let knock = || {
        let nudge = nudge(CORPID);
        let encode = |text: &str| text.replace('+', "%2B");
        let query: Vec<_> = nudge.query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        push(port, &format!("POST /hook/it?{}", query.join("&")), &[], &nudge.body)
    };
    assert!(until(LIMIT, || knock() == Some((200, "success".to_owned()))), "the nudge is not taken");
    assert!(until(LIMIT, || !profile.json(&["inbox"]).is_empty()), "it is not pulled");
    let inbox = profile.one(&["inbox"]);
    assert_eq!((&inbox["last_text"], &inbox["name"]), (&json!("订单在哪里？"), &json!("安娜")));
    profile.ok(&["reply", ANA, "--text", "在路上 😀"]);
    profile.ok(&["outbox", "--wait", "50"]);
    assert_eq!(rig.sent(), ["在路上 😀"]);
    assert_eq!(serve.end(Signal::TERM).code, Some(0));
    profile.assert_sound();
}
