//! The QQ bot, which only pushes: deliveries as QQ signs them, and sends to a strict stand-in.

use super::contract::answer;
use super::pushed::Pusher;
use super::{Json, open_table, secret_file, sink_error, strict, until_known};
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
use axum::extract::{Path as Segment, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use switchboard::connector::{Connector, ConnectorError, HookAnswer, HookRequest, Item, Refusal};
use switchboard::model::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const SECRET: &str = "naOC0ocQE3shWLAfffVLB1rhYPG7";

/// One answer that QQ took: to whom, to which message, under which number, and the text.
struct Taken {
    to: String,
    id: String,
    seq: u64,
    text: String,
}

type Shared = Arc<Mutex<Vec<Taken>>>;

pub struct Qq {
    taken: Shared,
    simulator: Simulator,
}

fn signed(secret: &str, text: &[u8]) -> String {
    let seed: Vec<u8> = secret.bytes().cycle().take(32).collect();
    let key = SigningKey::from_bytes(&seed.try_into().unwrap());
    key.sign(text).to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn delivery(secret: &str, ts: &str, body: &[u8]) -> HookRequest {
    let signature = signed(secret, &[ts.as_bytes(), body].concat());
    let headers =
        vec![("x-signature-ed25519".to_owned(), signature), ("x-signature-timestamp".to_owned(), ts.to_owned())];
    HookRequest { method: "POST".to_owned(), headers, body: body.to_vec(), ..HookRequest::default() }
}

fn refuse(status: u16, code: u64, words: &str) -> Response {
    let body = json!({ "message": words, "code": code, "err_code": code });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

async fn token(body: String) -> Json {
    let right = json!({ "appId": "102000001", "clientSecret": SECRET });
    match serde_json::from_str::<Value>(&body).is_ok_and(|body| body == right) {
        true => Json(json!({ "access_token": "tok", "expires_in": "7200" })),
        false => Json(json!({ "code": 100_016, "message": "invalid appid or secret" })),
    }
}

async fn send(
    State(taken): State<Shared>,
    Segment((kind, to)): Segment<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if headers.get("authorization").is_none_or(|value| value != "QQBot tok") {
        return refuse(401, 11_243, "token is not valid");
    }
    if ![("users", "UANA"), ("groups", "G1")].contains(&(kind.as_str(), to.as_str())) {
        return refuse(404, 11_255, "invalid request");
    }
    let Ok(body) = serde_json::from_str::<Value>(&body) else { return refuse(400, 11_241, "no json") };
    let text = [("content", strict::Is::Text, true), ("msg_id", strict::Is::Text, true)];
    let whole = [("msg_type", strict::Is::Whole, true), ("msg_seq", strict::Is::Whole, true)];
    if let Err(why) = strict::object(&body, &[text, whole].concat()) {
        return refuse(400, 40_034_001, &why);
    }
    let text = body["content"].as_str().unwrap().to_owned();
    if text == "late" {
        return refuse(400, 304_027, "message expired");
    }
    if text == "looked at" {
        return refuse(202, 304_023, "push message is waiting for audit");
    }
    let (id, seq) = (body["msg_id"].as_str().unwrap().to_owned(), body["msg_seq"].as_u64().unwrap());
    let mut list = taken.lock().unwrap();
    if list.iter().any(|known| known.id == id && known.seq == seq) {
        return refuse(400, 40_054_005, "消息被去重，请检查请求msgseq");
    }
    list.push(Taken { to, id, seq, text });
    Json(json!({ "id": "ROBOT1.0_out", "timestamp": "2023-11-14T22:13:20+08:00" })).into_response()
}

impl Qq {
    pub fn start() -> Qq {
        let taken = Shared::default();
        let router = Router::new()
            .route("/app/getAppAccessToken", post(token))
            .route("/v2/{kind}/{to}/messages", post(send))
            .with_state(taken.clone());
        Qq { taken, simulator: Simulator::start(router) }
    }

    fn open(&self, profile: &Path) -> Box<dyn Connector> {
        open_table(&self.account(profile), profile)
    }
}

impl Pusher for Qq {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        secret_file(profile, "s", SECRET);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"qq\"\naddress = \"102000001\"\napp_secret_file = \"s\"\n\
             base_url = \"{}\"\n",
            self.simulator.base
        )
    }

    fn news(&self, messages: &[(u64, &str)]) -> Vec<Value> {
        let at = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        let one = |(id, text): &(u64, &str)| {
            let mut body = person();
            body["d"]["id"] = format!("ROBOT1.0_{id}").into();
            body["d"]["content"] = (*text).into();
            body["d"]["timestamp"] = at.clone().into();
            body
        };
        messages.iter().map(one).collect()
    }

    fn again(&self, delivery: &Value) -> Value {
        let mut delivery = delivery.clone();
        delivery["s"] = 43.into();
        delivery
    }

    fn item(&self) -> &'static str {
        ""
    }

    fn signed(&self, body: &[u8], by_the_platform: bool) -> HookRequest {
        let secret = if by_the_platform { SECRET } else { "another secret" };
        delivery(secret, &strict::seconds().to_string(), body)
    }

    fn sent(&self) -> Vec<String> {
        self.taken.lock().unwrap().iter().map(|taken| taken.text.clone()).collect()
    }

    fn sending(&self) -> &'static str {
        "POST /v2/users"
    }

    fn too_many(&self) -> Fault {
        Fault::Instead(400, vec![], r#"{"message":"msg limit exceed","code":22009,"err_code":22009}"#.to_owned())
    }

    fn wrong_token(&self) -> Fault {
        Fault::Instead(401, vec![], r#"{"message":"token is not valid","code":11243,"err_code":11243}"#.to_owned())
    }

    fn recognises_twice(&self) -> bool {
        true
    }
}

fn person() -> Value {
    json!({ "id": "C2C_MESSAGE_CREATE:1", "op": 0, "s": 42, "t": "C2C_MESSAGE_CREATE", "d": {
        "id": "ROBOT1.0_a", "author": { "id": "UANA", "user_openid": "UANA" }, "content": "你好",
        "timestamp": "2023-11-14T22:13:10+08:00", "attachments": [{ "content_type": "image/png",
        "filename": "a.png", "size": 12, "url": "https://multimedia.nt.qq.com.cn/a.png" }] } })
}

fn group() -> Value {
    json!({ "id": "GROUP_AT_MESSAGE_CREATE:1", "op": 0, "s": 43, "t": "GROUP_AT_MESSAGE_CREATE", "d": {
        "id": "ROBOT1.0_b", "author": { "id": "MBO", "member_openid": "MBO" }, "group_openid": "G1",
        "content": " hello", "timestamp": "2023-11-14T22:13:10+08:00" } })
}

#[tokio::test]
async fn what_is_signed_long_ago_is_stale_and_the_question_of_qq_is_answered() {
    let rig = Qq::start();
    let profile = tempfile::tempdir().unwrap();
    let account = rig.open(profile.path());
    let hook = account.hook().unwrap();
    let body = person().to_string().into_bytes();
    let right = delivery(SECRET, "1700000000", &body);
    until_known(|| hook.receive(&right, NOW) != Err(Refusal::NotConfigured)).await;
    match hook.receive(&right, NOW).unwrap() {
        HookAnswer::Delivery { key, body, .. } => {
            assert_eq!(
                (key.as_str(), serde_json::from_slice::<Value>(&body).unwrap()),
                ("ROBOT1.0_a", json!({ "op": 12, "d": 0 }))
            );
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(hook.receive(&delivery(SECRET, "1690000000", &body), NOW), Err(Refusal::Stale));
    let question = json!({ "op": 13, "d": { "plain_token": "Arq0D5A61EgUu4OxUvOp", "event_ts": "1725442341" } });
    match hook.receive(&delivery(SECRET, "1700000000", question.to_string().as_bytes()), NOW).unwrap() {
        HookAnswer::Challenge { body, .. } => {
            let body: Value = serde_json::from_slice(&body).unwrap();
            let signature = signed(SECRET, b"1725442341Arq0D5A61EgUu4OxUvOp");
            assert_eq!(body, json!({ "plain_token": "Arq0D5A61EgUu4OxUvOp", "signature": signature }));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn qq_takes_answers_once() {
    let rig = Qq::start();
    let profile = tempfile::tempdir().unwrap();
    let account = rig.open(profile.path());
    let hook = account.hook().unwrap();
    let first = |body: Value| match hook.understand(body.to_string().as_bytes(), NOW).remove(0) {
        Item::Message(message) => message,
        other => panic!("{other:?}"),
    };
    let (ana, bo) = (first(person()), first(group()));
    assert_eq!((ana.text.as_str(), ana.from.address.as_str(), ana.attachments.len()), ("你好", "UANA", 1));
    assert_eq!((bo.from.address.as_str(), bo.conversation.as_deref()), ("MBO", Some("G1")));
    let mut sink = account.sink().unwrap();
    let outgoing = answer(account.as_ref(), &ana, "Good day");
    let original = account.render(&outgoing, &[]).unwrap();
    rig.simulator.faults.next("POST /v2/users", Fault::LoseAnswer);
    let lost = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(lost, ConnectorError::Retry { .. }), "QQ knows it again: {lost:?}");
    let again = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(again, ConnectorError::Duplicate { .. }), "{again:?}");
    let outgoing = answer(account.as_ref(), &bo, "Hello all");
    let receipt = sink.deliver(&outgoing, &account.render(&outgoing, &[]).unwrap()).await.unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some("ROBOT1.0_out"));
    let sent: Vec<_> =
        rig.taken.lock().unwrap().iter().map(|taken| format!("{} {} {}", taken.to, taken.id, taken.text)).collect();
    assert_eq!(sent, ["UANA ROBOT1.0_a Good day", "G1 ROBOT1.0_b Hello all"]);
    let late = answer(account.as_ref(), &ana, "late");
    let refused = sink_error(sink.deliver(&late, &account.render(&late, &[]).unwrap()).await);
    assert!(matches!(refused, ConnectorError::WindowClosed { .. }), "{refused:?}");
    let audited = answer(account.as_ref(), &ana, "looked at");
    let pending = sink_error(sink.deliver(&audited, &account.render(&audited, &[]).unwrap()).await);
    assert!(matches!(pending, ConnectorError::Pending { .. }), "{pending:?}");
}
