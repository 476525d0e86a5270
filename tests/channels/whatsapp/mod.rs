//! WhatsApp, which only pushes: deliveries as Meta signs them, and sends to a strict stand-in.

use super::contract::answer;
use super::pushed::Pusher;
use super::{Json, open_table, secret_file, sink_error, strict, until_known};
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use switchboard::connector::signature::{hex, hmac_sha256};
use switchboard::connector::{Connector, ConnectorError, HookAnswer, HookRequest, Item, Refusal};
use switchboard::model::{ChangeKind, Timestamp};

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn account(profile: &Path, base: &str) -> String {
    secret_file(profile, "t", "token");
    secret_file(profile, "a", "app");
    secret_file(profile, "v", "verify");
    format!(
        "[[account]]\nname = \"it\"\nconnector = \"whatsapp\"\naddress = \"15550001\"\nphone_number_id = \"42\"\n\
         token_file = \"t\"\napp_secret_file = \"a\"\nverify_token_file = \"v\"\nbase_url = \"{base}\"\n"
    )
}

fn whatsapp(profile: &Path, base: &str) -> Box<dyn Connector> {
    open_table(&account(profile, base), profile)
}

type Shared = Arc<Mutex<Vec<String>>>;

pub struct WhatsApp {
    sent: Shared,
    simulator: Simulator,
}

impl WhatsApp {
    pub fn start() -> WhatsApp {
        let sent = Shared::default();
        let router = Router::new().route("/v23.0/42/messages", post(send)).with_state(sent.clone());
        WhatsApp { sent, simulator: Simulator::start(router) }
    }
}

impl Pusher for WhatsApp {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        account(profile, &self.simulator.base)
    }

    fn news(&self, messages: &[(u64, &str)]) -> Vec<Value> {
        let at = strict::seconds().to_string();
        let one = |(id, text): &(u64, &str)| {
            json!({ "from": "16505551234", "id": format!("wamid.{id}"), "timestamp": at, "type": "text",
                "text": { "body": text } })
        };
        let mut delivery = news();
        let value = &mut delivery["entry"][0]["changes"][0]["value"];
        value["messages"] = messages.iter().map(one).collect();
        value.as_object_mut().unwrap().remove("statuses");
        vec![delivery]
    }

    fn item(&self) -> &'static str {
        "/entry/0/changes/0/value/messages/0"
    }

    fn signed(&self, body: &[u8], by_the_platform: bool) -> HookRequest {
        let secret = if by_the_platform { "app" } else { "another" };
        let signature = format!("sha256={}", hex(&hmac_sha256(secret.as_bytes(), &[body])));
        let headers = vec![("x-hub-signature-256".to_owned(), signature)];
        HookRequest { method: "POST".to_owned(), headers, body: body.to_vec(), ..HookRequest::default() }
    }

    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap().clone()
    }

    fn sending(&self) -> &'static str {
        "POST /v23.0/42/messages"
    }

    fn too_many(&self) -> Fault {
        let words = "(#130429) Rate limit hit";
        let body = json!({ "error": { "message": words, "type": "OAuthException", "code": 130_429 } });
        Fault::Instead(400, vec![], body.to_string())
    }

    fn wrong_token(&self) -> Fault {
        let words = "Invalid OAuth access token";
        let body = json!({ "error": { "message": words, "type": "OAuthException", "code": 190 } });
        Fault::Instead(401, vec![], body.to_string())
    }

    fn recognises_twice(&self) -> bool {
        false
    }
}

async fn send(State(sent): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let refuse = |status: u16, code: u32, words: &str| -> Response {
        let body = json!({ "error": { "message": words, "type": "OAuthException", "code": code } });
        (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
    };
    if headers.get("authorization").is_none_or(|value| value != "Bearer token") {
        return refuse(401, 190, "Invalid OAuth access token");
    }
    let Ok(body) = serde_json::from_str::<Value>(&body) else { return refuse(400, 100, "(#100) no JSON") };
    let words = ["messaging_product", "recipient_type", "to", "type", "biz_opaque_callback_data"];
    let mut fields: Vec<_> = words.iter().map(|name| (*name, strict::Is::Text, true)).collect();
    fields.extend([("context", strict::Is::Object, false), ("text", strict::Is::Object, true)]);
    let inside = [("body", strict::Is::Text, true), ("preview_url", strict::Is::Flag, false)];
    let checked = strict::object(&body, &fields).and_then(|()| strict::object(&body["text"], &inside));
    if let Err(why) = checked {
        return refuse(400, 100, &format!("(#100) {why}"));
    }
    let text = body["text"]["body"].as_str().unwrap().to_owned();
    if text.chars().count() > 4_096 {
        return refuse(400, 100, "(#100) Param text['body'] must be at most 4096 characters long.");
    }
    if text.contains("late") {
        return refuse(400, 131_047, "Re-engagement message");
    }
    let mut sent = sent.lock().unwrap();
    sent.push(text);
    let id = format!("wamid.out{}", sent.len());
    Json(json!({ "messaging_product": "whatsapp", "contacts": [{ "input": "1", "wa_id": "1" }],
        "messages": [{ "id": id }] }))
    .into_response()
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
async fn the_question_of_meta_is_answered_to_who_knows_the_words() {
    let profile = tempfile::tempdir().unwrap();
    let account = whatsapp(profile.path(), "http://127.0.0.1:9");
    let hook = account.hook().unwrap();
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
async fn whatsapp_says_when_the_window_is_closed_and_a_text_too_long() {
    let rig = WhatsApp::start();
    let profile = tempfile::tempdir().unwrap();
    let account = whatsapp(profile.path(), &rig.simulator.base);
    let items = account.hook().unwrap().understand(news().to_string().as_bytes(), NOW);
    let Item::Message(parent) = &items[0] else { panic!("{items:?}") };
    let mut sink = account.sink().unwrap();
    let long = answer(account.as_ref(), parent, &"长".repeat(4_097));
    let refused = sink_error(sink.deliver(&long, &account.render(&long, &[]).unwrap()).await);
    assert!(matches!(&refused, ConnectorError::Reject { reason } if reason.contains("4096")), "{refused:?}");
    let late = answer(account.as_ref(), parent, "too late");
    let refused = sink_error(sink.deliver(&late, &account.render(&late, &[]).unwrap()).await);
    assert!(matches!(refused, ConnectorError::WindowClosed { .. }), "{refused:?}");
    let facts = account.facts();
    let windows = facts.abilities.apart.into_iter().filter_map(|apart| apart.terms.window?.millis);
    assert_eq!(windows.collect::<Vec<_>>(), [24 * 3_600_000]);
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
