//! WhatsApp and LINE, which only push: deliveries as the platforms sign them, and sends to strict stand-ins.

use super::contract::answer;
use super::{Json, open_table, secret_file, sink_error, strict, until_known};
use crate::support::simulator::Simulator;
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use switchboard::connector::{Connector, ConnectorError, HookAnswer, HookRequest, Item, Refusal};
use switchboard::model::{ChangeKind, Timestamp};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn mac(secret: &str, body: &[u8]) -> Vec<u8> {
    let mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(secret.as_bytes()).unwrap();
    mac.chain_update(body).finalize().into_bytes().to_vec()
}

fn delivery(header: &str, signature: String, body: &Value) -> HookRequest {
    let headers = vec![(header.to_owned(), signature)];
    HookRequest { method: "POST".to_owned(), headers, body: body.to_string().into_bytes(), ..HookRequest::default() }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn whatsapp(profile: &std::path::Path, base: &str) -> Box<dyn Connector> {
    secret_file(profile, "t", "token");
    secret_file(profile, "a", "app");
    secret_file(profile, "v", "verify");
    let text = format!(
        "[[account]]\nname = \"it\"\nconnector = \"whatsapp\"\naddress = \"15550001\"\nphone_number_id = \"42\"\n\
         token_file = \"t\"\napp_secret_file = \"a\"\nverify_token_file = \"v\"\nbase_url = \"{base}\"\n"
    );
    open_table(&text, profile)
}

fn news() -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": { "display_phone_number": "15550001", "phone_number_id": "42" },
        "contacts": [{ "profile": { "name": "Ana" }, "wa_id": "16505551234" }],
        "messages": [
            { "from": "16505551234", "id": "wamid.1", "timestamp": "1699999990", "type": "text", "text": { "body": "你好" } },
            { "from": "16505551234", "id": "wamid.2", "timestamp": "1699999991", "type": "reaction",
              "reaction": { "message_id": "wamid.0", "emoji": "👍" } }],
        "statuses": [
            { "id": "wamid.8", "status": "read", "timestamp": "1699999992", "recipient_id": "16505551234" },
            { "id": "wamid.9", "status": "failed", "timestamp": "1699999993", "recipient_id": "16505551234",
              "errors": [{ "code": 131_026, "title": "Message undeliverable" }] }],
    }}]}]})
}

#[tokio::test]
async fn whatsapp_is_believed_by_its_signature_alone() {
    let profile = tempfile::tempdir().unwrap();
    let account = whatsapp(profile.path(), "http://127.0.0.1:9");
    let hook = account.hook().unwrap();
    let body = news();
    let raw = body.to_string().into_bytes();
    let signed = |signature: String| delivery("x-hub-signature-256", signature, &body);
    let right = signed(format!("sha256={}", hex(&mac("app", &raw))));
    // Secrets are read beforehand; until then nothing is believed.
    until_known(|| hook.receive(&right, NOW) != Err(Refusal::NotConfigured)).await;
    match hook.receive(&right, NOW).unwrap() {
        HookAnswer::Delivery { raw: kept, .. } => assert_eq!(kept, raw),
        other => panic!("{other:?}"),
    }
    assert_eq!(hook.receive(&signed(format!("sha256={}", hex(&mac("other", &raw)))), NOW), Err(Refusal::Forged));
    assert_eq!(hook.receive(&signed("sha256=xx".to_owned()), NOW), Err(Refusal::Forged));
    let bare = HookRequest { headers: Vec::new(), ..right.clone() };
    assert_eq!(hook.receive(&bare, NOW), Err(Refusal::Unsigned));
    let ask = |token: &str| HookRequest {
        method: "GET".to_owned(),
        query: [("hub.mode", "subscribe"), ("hub.verify_token", token), ("hub.challenge", "1158201444")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        ..HookRequest::default()
    };
    until_known(|| hook.receive(&ask("verify"), NOW) != Err(Refusal::NotConfigured)).await;
    let given = hook.receive(&ask("verify"), NOW);
    assert!(matches!(given, Ok(HookAnswer::Challenge { body, .. }) if body == b"1158201444"));
    assert_eq!(hook.receive(&ask("guess"), NOW), Err(Refusal::Forged));
}

#[tokio::test]
async fn what_whatsapp_pushes_is_messages_reactions_and_what_became_of_ours() {
    let profile = tempfile::tempdir().unwrap();
    let account = whatsapp(profile.path(), "http://127.0.0.1:9");
    let items = account.hook().unwrap().understand(news().to_string().as_bytes(), NOW);
    let mut kinds = Vec::new();
    for item in &items {
        match item {
            Item::Message(message) => {
                assert_eq!((message.text.as_str(), message.from.name.as_str()), ("你好", "Ana"));
                assert_eq!(message.links[0].value, "+16505551234");
                assert!(message.links[0].proven);
            }
            Item::Change(change) => kinds.push((change.remote_id.as_str(), change.kind.clone())),
            Item::Unreadable(dead) => panic!("{dead:?}"),
        }
    }
    let reaction = ChangeKind::Reaction { symbol: "👍".to_owned(), added: true };
    let failed = ChangeKind::Failed { reason: "Message undeliverable".to_owned() };
    assert_eq!(kinds, [("wamid.0", reaction), ("wamid.8", ChangeKind::Read), ("wamid.9", failed)]);
}

#[tokio::test]
async fn whatsapp_takes_an_answer_and_says_when_the_window_is_closed() {
    let taken: Arc<Mutex<Vec<String>>> = Arc::default();
    let list = taken.clone();
    let send = move |headers: HeaderMap, body: String| async move {
        let refuse = |status: u16, code: u32, words: &str| -> Response {
            let body = json!({ "error": { "message": words, "type": "OAuthException", "code": code } });
            (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
        };
        if headers.get("authorization").is_none_or(|value| value != "Bearer token") {
            return refuse(401, 190, "Invalid OAuth access token");
        }
        let body: Value = serde_json::from_str(&body).unwrap();
        let words = ["messaging_product", "recipient_type", "to", "type", "biz_opaque_callback_data"];
        let mut fields: Vec<_> = words.iter().map(|name| (*name, strict::Is::Text, true)).collect();
        fields.extend([("context", strict::Is::Object, false), ("text", strict::Is::Object, true)]);
        if let Err(why) = strict::object(&body, &fields) {
            return refuse(400, 100, &format!("(#100) {why}"));
        }
        if !body["text"]["preview_url"].is_boolean() {
            return refuse(400, 100, "(#100) preview_url must be a boolean");
        }
        let text = body["text"]["body"].as_str().unwrap().to_owned();
        if text.contains("late") {
            return refuse(400, 131_047, "Re-engagement message");
        }
        list.lock().unwrap().push(text);
        Json(json!({ "messaging_product": "whatsapp", "contacts": [{ "input": "1", "wa_id": "1" }],
            "messages": [{ "id": "wamid.out" }] }))
        .into_response()
    };
    let simulator = Simulator::start(Router::new().route("/v23.0/42/messages", post(send)));
    let profile = tempfile::tempdir().unwrap();
    let account = whatsapp(profile.path(), &simulator.base);
    let items = account.hook().unwrap().understand(news().to_string().as_bytes(), NOW);
    let Item::Message(parent) = &items[0] else { panic!("{items:?}") };
    let mut sink = account.sink().unwrap();
    let outgoing = answer(account.as_ref(), parent, "Hello Ana");
    let receipt = sink.deliver(&outgoing, &account.render(&outgoing, &[]).unwrap()).await.unwrap();
    assert_eq!(receipt.remote_id.as_deref(), Some("wamid.out"));
    assert_eq!(*taken.lock().unwrap(), ["Hello Ana"]);
    let late = answer(account.as_ref(), parent, "too late");
    let refused = sink_error(sink.deliver(&late, &account.render(&late, &[]).unwrap()).await);
    assert!(matches!(refused, ConnectorError::WindowClosed { .. }), "{refused:?}");
    let facts = account.facts();
    let windows = facts.abilities.apart.into_iter().filter_map(|apart| apart.terms.window?.millis);
    assert_eq!(windows.collect::<Vec<_>>(), [24 * 3_600_000]);
}

#[tokio::test]
async fn line_knows_a_second_send_by_its_retry_key() {
    let taken: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let list = taken.clone();
    let push = move |headers: HeaderMap, body: String| async move {
        let key = headers.get("x-line-retry-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
        if headers.get("authorization").is_none_or(|value| value != "Bearer channel") {
            return (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Authentication failed" }))).into_response();
        }
        if uuid::Uuid::parse_str(&key).is_err() || !key.contains('-') {
            return (StatusCode::BAD_REQUEST, Json(json!({ "message": "Invalid retry key" }))).into_response();
        }
        let body: Value = serde_json::from_str(&body).unwrap();
        let fields = [("to", strict::Is::Text, true), ("messages", strict::Is::List, true)];
        if let Err(why) = strict::object(&body, &fields) {
            return (StatusCode::BAD_REQUEST, Json(json!({ "message": why }))).into_response();
        }
        let mut list = list.lock().unwrap();
        if list.contains_key(&key) {
            let words = "The retry key is already accepted";
            return (StatusCode::CONFLICT, Json(json!({ "message": words }))).into_response();
        }
        list.insert(key, body["messages"][0]["text"].as_str().unwrap().to_owned());
        Json(json!({ "sentMessages": [{ "id": "461230966842064897", "quoteToken": "q" }] })).into_response()
    };
    let simulator = Simulator::start(Router::new().route("/v2/bot/message/push", post(push)));
    let profile = tempfile::tempdir().unwrap();
    secret_file(profile.path(), "c", "channel");
    secret_file(profile.path(), "s", "secret");
    let text = format!(
        "[[account]]\nname = \"it\"\nconnector = \"line\"\naddress = \"Ubot\"\nchannel_token_file = \"c\"\n\
         channel_secret_file = \"s\"\nbase_url = \"{}\"\n",
        simulator.base
    );
    let account = open_table(&text, profile.path());
    let hook = account.hook().unwrap();
    let body = json!({ "destination": "Ubot", "events": [
        { "type": "message", "mode": "active", "timestamp": 1_699_999_999_123_u64, "webhookEventId": "01H",
          "deliveryContext": { "isRedelivery": false }, "source": { "type": "user", "userId": "Uana" },
          "replyToken": "r", "message": { "id": "444573844083572737", "type": "text", "text": "hi", "quoteToken": "q1" } },
        { "type": "unsend", "timestamp": 1_699_999_999_999_u64, "source": { "type": "user", "userId": "Uana" },
          "unsend": { "messageId": "325708" } } ] });
    let signature = base64::engine::general_purpose::STANDARD.encode(mac("secret", body.to_string().as_bytes()));
    let request = delivery("x-line-signature", signature, &body);
    until_known(|| hook.receive(&request, NOW) != Err(Refusal::NotConfigured)).await;
    assert!(matches!(hook.receive(&request, NOW), Ok(HookAnswer::Delivery { .. })));
    let items = hook.understand(&request.body, NOW);
    let [Item::Message(parent), Item::Change(unsent)] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((parent.remote_id.as_str(), parent.text.as_str()), ("444573844083572737", "hi"));
    assert_eq!((unsent.remote_id.as_str(), &unsent.kind), ("325708", &ChangeKind::Deleted));
    let outgoing = answer(account.as_ref(), parent, "Good day");
    let original = account.render(&outgoing, &[]).unwrap();
    let mut sink = account.sink().unwrap();
    simulator.faults.next("push", crate::support::simulator::Fault::LoseAnswer);
    let lost = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(lost, ConnectorError::Retry { .. }), "it may be tried again with the same key: {lost:?}");
    let again = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(again, ConnectorError::Duplicate { .. }), "{again:?}");
    assert_eq!(taken.lock().unwrap().values().collect::<Vec<_>>(), ["Good day"]);
}

/// A picture with words below it, and a document.
fn with_media() -> Value {
    let mut body = news();
    body["entry"][0]["changes"][0]["value"]["messages"] = json!([
        { "from": "16505551234", "id": "wamid.1", "timestamp": "1699999990", "type": "image",
          "image": { "id": "2621233374848975", "mime_type": "image/jpeg", "sha256": "x", "caption": "broken" } },
        { "from": "16505551234", "id": "wamid.2", "timestamp": "1699999991", "type": "document",
          "document": { "id": "77", "mime_type": "application/pdf", "sha256": "y", "filename": "../../invoice.pdf" } },
        { "from": "16505551234", "id": "wamid.3", "timestamp": "1699999992", "type": "audio",
          "audio": { "id": "78", "mime_type": "audio/ogg; codecs=opus", "sha256": "z", "voice": true } }]);
    body
}

/// Tells where media are, to who has the token, and gives them out to nobody else either.
fn media(canary: String) -> Simulator {
    let base: Arc<Mutex<String>> = Arc::default();
    let known = |headers: &HeaderMap| headers.get("authorization").is_some_and(|value| value == "Bearer token");
    let own = base.clone();
    let tell = move |axum::extract::Path(id): axum::extract::Path<String>, headers: HeaderMap| async move {
        if !known(&headers) {
            let error = json!({ "error": { "message": "Invalid OAuth access token", "code": 190 } });
            return (StatusCode::UNAUTHORIZED, Json(error)).into_response();
        }
        let url = match id.as_str() {
            "2621233374848975" => format!("{}/whatsapp_business/attachments/?mid=1", own.lock().unwrap()),
            // A platform that was taken over would send us, and our token, elsewhere.
            "77" => format!("{canary}/steal"),
            _ => {
                let words = "Unsupported get request. Object with ID does not exist";
                let error = json!({ "error": { "message": words, "code": 100, "error_subcode": 33 } });
                return (StatusCode::BAD_REQUEST, Json(error)).into_response();
            }
        };
        Json(json!({ "messaging_product": "whatsapp", "url": url, "mime_type": "image/jpeg", "sha256": "x",
            "file_size": "12", "id": id }))
        .into_response()
    };
    let give = move |headers: HeaderMap| async move {
        match known(&headers) {
            true => (StatusCode::OK, b"jpeg bytes \xff".to_vec()),
            false => (StatusCode::UNAUTHORIZED, Vec::new()),
        }
    };
    let router = Router::new()
        .route("/v23.0/{id}", axum::routing::get(tell))
        .route("/whatsapp_business/attachments/", axum::routing::get(give));
    let simulator = Simulator::start(router);
    *base.lock().unwrap() = simulator.base.clone();
    simulator
}

#[tokio::test]
async fn media_are_asked_for_and_fetched_with_the_token_from_metas_hosts_alone() {
    let canary = Simulator::start(Router::new());
    let simulator = media(canary.base.clone());
    let profile = tempfile::tempdir().unwrap();
    let account = whatsapp(profile.path(), &simulator.base);
    let items = account.hook().unwrap().understand(with_media().to_string().as_bytes(), NOW);
    let of = |number: usize| match &items[number] {
        Item::Message(message) => message.clone(),
        other => panic!("{other:?}"),
    };
    let (picture, document, voice) = (of(0), of(1), of(2));
    assert_eq!((picture.text.as_str(), picture.attachments[0].media_type.as_str()), ("broken", "image/jpeg"));
    assert_eq!(document.attachments[0].name, "../../invoice.pdf", "as they called it; saving takes its last part");
    assert_eq!((voice.text.as_str(), voice.attachments.len()), ("(audio)", 1));
    assert_eq!(simulator.faults.calls(), Vec::<String>::new(), "nothing is fetched unasked");
    assert_eq!(account.fetch(&picture.raw, 0).await.unwrap(), b"jpeg bytes \xff");
    let calls = simulator.faults.calls();
    assert!(calls[0].contains("appsecret_proof="), "{calls:?}");
    assert_eq!(calls[1], "GET /whatsapp_business/attachments/?mid=1", "the address of a file is signed as it stands");
    let refused = account.fetch(&document.raw, 0).await.unwrap_err();
    assert!(refused.to_string().contains("none of the platform's hosts"), "{refused}");
    assert_eq!(canary.faults.calls(), Vec::<String>::new(), "neither we nor our token went there");
    let gone = account.fetch(&voice.raw, 0).await.unwrap_err();
    assert!(gone.to_string().contains("does not exist"), "{gone}");
}

#[tokio::test]
async fn what_is_kept_of_a_delivery_is_metas_own_bytes() {
    let profile = tempfile::tempdir().unwrap();
    let account = whatsapp(profile.path(), "http://127.0.0.1:9");
    let message = "{\"id\" : \"wamid.1\",\"from\":\"1650555\\u0031234\", \"timestamp\":\"1699999990\",\"type\":\"text\",\"text\":{\"body\":\"\\u4f60\"}}";
    let body = format!("{{\"entry\":[{{\"changes\":[{{\"value\":{{\"messages\":[ {message} ]}}}}]}}]}}");
    let items = account.hook().unwrap().understand(body.as_bytes(), NOW);
    let [Item::Message(found)] = items.as_slice() else { panic!("{items:?}") };
    assert_eq!((found.text.as_str(), found.from.address.as_str()), ("你", "16505551234"));
    let raw = String::from_utf8(found.raw.clone()).unwrap();
    assert!(raw.contains(message), "{raw}");
}
