//! The QQ bot, which only pushes: deliveries as QQ signs them, and sends to a strict stand-in.

use super::contract::answer;
use super::{Json, open_table, secret_file, sink_error, strict, until_known};
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
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

fn signed(secret: &str, text: &str) -> String {
    let seed: Vec<u8> = secret.bytes().cycle().take(32).collect();
    let key = SigningKey::from_bytes(&seed.try_into().unwrap());
    key.sign(text.as_bytes()).to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn delivery(secret: &str, ts: &str, body: &Value) -> HookRequest {
    let signature = signed(secret, &format!("{ts}{body}"));
    let headers =
        vec![("x-signature-ed25519".to_owned(), signature), ("x-signature-timestamp".to_owned(), ts.to_owned())];
    HookRequest { method: "POST".to_owned(), headers, body: body.to_string().into_bytes(), ..HookRequest::default() }
}

fn open(profile: &Path, base: &str) -> Box<dyn Connector> {
    secret_file(profile, "s", SECRET);
    let text = format!(
        "[[account]]\nname = \"it\"\nconnector = \"qq\"\naddress = \"102000001\"\napp_secret_file = \"s\"\n\
         base_url = \"{base}\"\n"
    );
    open_table(&text, profile)
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
async fn qq_is_believed_by_its_signature_and_its_question_is_answered() {
    let profile = tempfile::tempdir().unwrap();
    let account = open(profile.path(), "http://127.0.0.1:9");
    let hook = account.hook().unwrap();
    let right = delivery(SECRET, "1700000000", &person());
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
    assert_eq!(hook.receive(&delivery("other", "1700000000", &person()), NOW), Err(Refusal::Forged));
    assert_eq!(hook.receive(&delivery(SECRET, "1690000000", &person()), NOW), Err(Refusal::Stale));
    assert_eq!(hook.receive(&HookRequest { headers: Vec::new(), ..right }, NOW), Err(Refusal::Unsigned));
    let question = json!({ "op": 13, "d": { "plain_token": "Arq0D5A61EgUu4OxUvOp", "event_ts": "1725442341" } });
    match hook.receive(&delivery(SECRET, "1700000000", &question), NOW).unwrap() {
        HookAnswer::Challenge { body, .. } => {
            let body: Value = serde_json::from_slice(&body).unwrap();
            let signature = signed(SECRET, "1725442341Arq0D5A61EgUu4OxUvOp");
            assert_eq!(body, json!({ "plain_token": "Arq0D5A61EgUu4OxUvOp", "signature": signature }));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn qq_takes_answers_once() {
    type Taken = Arc<Mutex<Vec<(String, String, u64, String)>>>;
    let taken = Taken::default();
    let list = taken.clone();
    let send = move |to: &'static str, headers: HeaderMap, body: String| -> Response {
        let refuse = |status: u16, code: u64, words: &str| -> Response {
            let body = json!({ "message": words, "code": code, "err_code": code });
            (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
        };
        if headers.get("authorization").is_none_or(|value| value != "QQBot tok") {
            return refuse(401, 11_243, "token is not valid");
        }
        let body: Value = serde_json::from_str(&body).unwrap();
        let text = [("content", strict::Is::Text, true), ("msg_id", strict::Is::Text, true)];
        let whole = [("msg_type", strict::Is::Whole, true), ("msg_seq", strict::Is::Whole, true)];
        if let Err(why) = strict::object(&body, &[text, whole].concat()) {
            return refuse(400, 40_034_001, &why);
        }
        let content = body["content"].as_str().unwrap().to_owned();
        if content == "late" {
            return refuse(400, 304_027, "message expired");
        }
        if content == "looked at" {
            return refuse(202, 304_023, "push message is waiting for audit");
        }
        let (id, seq) = (body["msg_id"].as_str().unwrap().to_owned(), body["msg_seq"].as_u64().unwrap());
        let mut list = list.lock().unwrap();
        if list.iter().any(|(_, known, number, _)| *known == id && *number == seq) {
            return refuse(400, 40_054_005, "消息被去重，请检查请求msgseq");
        }
        list.push((to.to_owned(), id, seq, content));
        Json(json!({ "id": "ROBOT1.0_out", "timestamp": "2023-11-14T22:13:20+08:00" })).into_response()
    };
    let other = send.clone();
    let token = |body: String| async move {
        let right = json!({ "appId": "102000001", "clientSecret": SECRET });
        match serde_json::from_str::<Value>(&body).is_ok_and(|body| body == right) {
            true => Json(json!({ "access_token": "tok", "expires_in": "7200" })),
            false => Json(json!({ "code": 100_016, "message": "invalid appid or secret" })),
        }
    };
    let router = Router::new()
        .route("/app/getAppAccessToken", post(token))
        .route(
            "/v2/users/UANA/messages",
            post(|headers: HeaderMap, body: String| async move { send("UANA", headers, body) }),
        )
        .route(
            "/v2/groups/G1/messages",
            post(|headers: HeaderMap, body: String| async move { other("G1", headers, body) }),
        );
    let simulator = Simulator::start(router);
    let profile = tempfile::tempdir().unwrap();
    let account = open(profile.path(), &simulator.base);
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
    simulator.faults.next("POST /v2/users", Fault::LoseAnswer);
    let lost = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(lost, ConnectorError::Retry { .. }), "QQ knows it again: {lost:?}");
    let again = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(again, ConnectorError::Duplicate { .. }), "{again:?}");
    let outgoing = answer(account.as_ref(), &bo, "Hello all");
    let receipt = sink.deliver(&outgoing, &account.render(&outgoing, &[]).unwrap()).await.unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some("ROBOT1.0_out"));
    let sent: Vec<_> = taken.lock().unwrap().iter().map(|(to, id, _, text)| format!("{to} {id} {text}")).collect();
    assert_eq!(sent, ["UANA ROBOT1.0_a Good day", "G1 ROBOT1.0_b Hello all"]);
    let late = answer(account.as_ref(), &ana, "late");
    let refused = sink_error(sink.deliver(&late, &account.render(&late, &[]).unwrap()).await);
    assert!(matches!(refused, ConnectorError::WindowClosed { .. }), "{refused:?}");
    let audited = answer(account.as_ref(), &ana, "looked at");
    let pending = sink_error(sink.deliver(&audited, &account.render(&audited, &[]).unwrap()).await);
    assert!(matches!(pending, ConnectorError::Pending { .. }), "{pending:?}");
}
