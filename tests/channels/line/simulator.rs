//! The Messaging API of LINE, as <https://developers.line.biz/en/reference/messaging-api/> describes it: push messages
//! with retry keys, and the deliveries it signs.

use crate::channels::Json;
use crate::channels::strict::Is;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const TOKEN: &str = "channel-access-token";
pub const SECRET: &str = "8c570fa6dd201bb328f1c1eac23a96d8";
pub const BOT: &str = "Uf9b1c3d5e7f90123456789abcdef0123";
pub const ANA: &str = "U4af4980629af4980629af4980629af49";
/// UTF-16 units in a text, messages in a call.
const LONGEST: usize = 5_000;
const MOST: usize = 5;

#[derive(Default)]
pub struct World {
    /// What was taken, in order.
    pub sent: Vec<String>,
    /// To whom, and what each message quotes.
    pub to: Vec<(String, Option<String>)>,
    /// What was taken with a retry key: the request's id and its messages' ids.
    taken: BTreeMap<String, (String, Value)>,
    /// Messages that the month's plan still has; without end when `None`.
    pub left: Option<usize>,
    /// Tokens by which messages of theirs may be quoted.
    pub quotes: Vec<String>,
    next: u64,
}

pub type Shared = Arc<Mutex<World>>;

/// What is wrong with a call.
struct Wrong(u16, &'static str, Vec<(String, String)>);

impl IntoResponse for Wrong {
    fn into_response(self) -> Response {
        let details: Vec<Value> = self.2.iter().map(|(what, at)| json!({ "message": what, "property": at })).collect();
        let message = match (details.len(), self.1) {
            (0, said) => said.to_owned(),
            (number, _) => format!("The request body has {number} error(s)"),
        };
        let mut body = json!({ "message": message });
        if !details.is_empty() {
            body["details"] = details.into();
        }
        (StatusCode::from_u16(self.0).unwrap(), Json(body)).into_response()
    }
}

fn wrong(at: impl Into<String>, what: impl Into<String>) -> Wrong {
    Wrong(400, "", vec![(what.into(), at.into())])
}

/// Holds an object to its fields; LINE says where something is wrong, not what is expected of the whole.
fn fields(value: &Value, at: &str, known: &[(&str, Is, bool)]) -> Result<(), Wrong> {
    let place = |name: &str| if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") };
    let Some(object) = value.as_object() else { return Err(wrong(at, "Must be an object")) };
    for (name, value) in object {
        match known.iter().find(|(known, _, _)| known == name) {
            None => return Err(wrong(place(name), "Unknown field")),
            Some((_, is, _)) if !is.holds(value) => return Err(wrong(place(name), format!("Must be {is:?}"))),
            Some(_) => {}
        }
    }
    match known.iter().find(|(name, _, must)| *must && !object.contains_key(*name)) {
        Some((name, _, _)) => Err(wrong(place(name), "May not be empty")),
        None => Ok(()),
    }
}

/// A user, a group or a room.
fn is_id(id: &str) -> bool {
    let rest = id.strip_prefix(['U', 'C', 'R']).unwrap_or_default();
    rest.len() == 32 && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn message(world: &World, value: &Value, at: &str) -> Result<(), Wrong> {
    fields(value, at, &[("type", Is::Text, true), ("text", Is::Text, true), ("quoteToken", Is::Text, false)])?;
    if value["type"] != "text" {
        return Err(wrong(format!("{at}.type"), "Must be one of the following values: [text]"));
    }
    let text = value["text"].as_str().unwrap();
    if text.is_empty() {
        return Err(wrong(format!("{at}.text"), "May not be empty"));
    }
    if text.encode_utf16().count() > LONGEST {
        return Err(wrong(format!("{at}.text"), format!("Length must be between 0 and {LONGEST}")));
    }
    match value["quoteToken"].as_str() {
        Some(token) if !world.quotes.iter().any(|known| known == token) => {
            Err(Wrong(400, "Invalid quote token", vec![]))
        }
        _ => Ok(()),
    }
}

async fn push(State(world): State<Shared>, headers: HeaderMap, body: String) -> Result<Response, Wrong> {
    let world = &mut *world.lock().unwrap();
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("authorization") != Some(format!("Bearer {TOKEN}").as_str()) {
        let said = "Authentication failed. Confirm that the access token in the authorization header is valid.";
        return Err(Wrong(401, said, vec![]));
    }
    if header("content-type").is_none_or(|kind| !kind.starts_with("application/json")) {
        return Err(Wrong(415, "Unsupported media type", vec![]));
    }
    let key = header("x-line-retry-key").map(str::to_ascii_lowercase);
    if key.as_ref().is_some_and(|key| key.len() != 36 || uuid::Uuid::parse_str(key).is_err()) {
        return Err(Wrong(400, "Invalid retry key", vec![]));
    }
    let body: Value =
        serde_json::from_str(&body).map_err(|_| Wrong(400, "The request body could not be parsed as JSON", vec![]))?;
    fields(
        &body,
        "",
        &[
            ("to", Is::Text, true),
            ("messages", Is::List, true),
            ("notificationDisabled", Is::Flag, false),
            ("customAggregationUnits", Is::List, false),
        ],
    )?;
    let to = body["to"].as_str().unwrap();
    if !is_id(to) {
        return Err(Wrong(400, "The property, 'to', in the request body is invalid (line: -, column: -)", vec![]));
    }
    let messages = body["messages"].as_array().unwrap();
    if messages.is_empty() || messages.len() > MOST {
        return Err(wrong("messages", format!("Size must be between 1 and {MOST}")));
    }
    for (number, value) in messages.iter().enumerate() {
        message(world, value, &format!("messages[{number}]"))?;
    }
    let request = format!("request-{}", world.next);
    if let Some((accepted, sent)) = key.as_ref().and_then(|key| world.taken.get(key)) {
        let body = json!({ "message": "The retry key is already accepted", "sentMessages": sent });
        let headers = [("x-line-request-id", request), ("x-line-accepted-request-id", accepted.clone())];
        return Ok((StatusCode::CONFLICT, headers, Json(body)).into_response());
    }
    if let Some(left) = &mut world.left {
        if *left < messages.len() {
            return Err(Wrong(429, "You have reached your monthly limit.", vec![]));
        }
        *left -= messages.len();
    }
    let mut sent = Vec::new();
    for value in messages {
        world.next += 1;
        world.sent.push(value["text"].as_str().unwrap().to_owned());
        world.to.push((to.to_owned(), value["quoteToken"].as_str().map(str::to_owned)));
        let id = (461_230_966_842_064_897 + world.next).to_string();
        sent.push(json!({ "id": id, "quoteToken": format!("own-{}", world.next) }));
    }
    let sent = Value::Array(sent);
    if let Some(key) = key {
        world.taken.insert(key, (request.clone(), sent.clone()));
    }
    Ok(([("x-line-request-id", request)], Json(json!({ "sentMessages": sent }))).into_response())
}

pub fn router(world: Shared) -> Router {
    Router::new().route("/v2/bot/message/push", post(push)).with_state(world)
}

/// A message of Ana's, as an event.
pub fn event(id: &str, text: &str, quote: &str) -> Value {
    json!({
        "type": "message", "mode": "active", "timestamp": jiff::Timestamp::now().as_millisecond(),
        "webhookEventId": format!("01H810YECXQQZ37VAXPF6H9E{id}"), "deliveryContext": { "isRedelivery": false },
        "source": { "type": "user", "userId": ANA }, "replyToken": "38ef843bde154d9b91c21320ffd17a0f",
        "message": { "id": id, "type": "text", "quoteToken": quote, "text": text },
    })
}
