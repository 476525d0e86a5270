//! The Bot API as <https://core.telegram.org/bots/api> describes it: one bot, its chats, its updates.

use crate::channels::contract::Rig;
use crate::channels::strict::{Is, object, seconds};
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex};

pub const TOKEN: &str = "4839574812:AAFD39kkdpWt3ywyRZergyOLMaJhac60qc";
/// Larger than what a float is exact for.
pub const ANA: i64 = 9_007_199_254_740_993;

pub struct Bot {
    pub updates: Vec<Value>,
    pub next: i64,
    pub message: i64,
    pub sent: Vec<Value>,
    pub blocked: BTreeSet<i64>,
    pub migrated: Option<(i64, i64)>,
    pub webhook: bool,
    pub revoked: bool,
    pub file: Vec<u8>,
    /// The offset each `getUpdates` asked with.
    pub offsets: Vec<Option<i64>>,
}

pub type Shared = Arc<Mutex<Bot>>;

pub struct Telegram {
    pub simulator: Simulator,
    pub bot: Shared,
}

fn refuse(code: u16, description: &str, parameters: Value) -> Response {
    let mut body = json!({ "ok": false, "error_code": code, "description": description });
    if !parameters.is_null() {
        body["parameters"] = parameters;
    }
    let kind = [("content-type", "application/json")];
    (StatusCode::from_u16(code).unwrap(), kind, body.to_string()).into_response()
}

fn bad(description: &str) -> Response {
    refuse(400, &format!("Bad Request: {description}"), Value::Null)
}

fn ok(result: Value) -> Response {
    ([("content-type", "application/json")], json!({ "ok": true, "result": result }).to_string()).into_response()
}

async fn call(State(bot): State<Shared>, Path((token, method)): Path<(String, String)>, body: Bytes) -> Response {
    let mut bot = bot.lock().unwrap();
    if token != format!("bot{TOKEN}") || bot.revoked {
        return refuse(401, "Unauthorized", Value::Null);
    }
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return bad("object expected as JSON") };
    match method.as_str() {
        "getMe" => ok(json!({ "id": 4_839_574_812_i64, "is_bot": true, "first_name": "Shop", "username": "shop_bot" })),
        "getUpdates" => updates(&mut bot, &body),
        "sendMessage" => send(&mut bot, &body),
        "getFile" => match object(&body, &[("file_id", Is::Text, true)]) {
            Err(why) => bad(&why),
            Ok(()) if body["file_id"] != "AgACAgIAAxk" => bad("wrong file_id or the file is temporarily unavailable"),
            Ok(()) => {
                let size = bot.file.len();
                ok(
                    json!({ "file_id": "AgACAgIAAxk", "file_unique_id": "u", "file_size": size, "file_path": "photos/file_0.jpg" }),
                )
            }
        },
        _ => refuse(404, "Not Found", Value::Null),
    }
}

fn updates(bot: &mut Bot, body: &Value) -> Response {
    let fields = [
        ("offset", Is::Whole, false),
        ("limit", Is::Whole, false),
        ("timeout", Is::Whole, false),
        ("allowed_updates", Is::List, false),
    ];
    if let Err(why) = object(body, &fields) {
        return bad(&why);
    }
    if bot.webhook {
        let said = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
        return refuse(409, said, Value::Null);
    }
    let limit = body["limit"].as_i64().unwrap_or(100);
    if !(1..=100).contains(&limit) {
        return bad("limit must be between 1 and 100");
    }
    let offset = body["offset"].as_i64();
    bot.offsets.push(offset);
    if let Some(offset) = offset {
        // Everything before it is confirmed, and gone.
        bot.updates.retain(|update| update["update_id"].as_i64().unwrap() >= offset);
    }
    let asked: BTreeSet<&str> =
        body["allowed_updates"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let wanted = |update: &&Value| update.as_object().unwrap().keys().any(|key| asked.contains(key.as_str()));
    ok(bot.updates.iter().filter(wanted).take(limit as usize).cloned().collect())
}

fn send(bot: &mut Bot, body: &Value) -> Response {
    let fields = [
        ("chat_id", Is::Whole, true),
        ("text", Is::Text, true),
        ("reply_parameters", Is::Object, false),
        ("message_thread_id", Is::Whole, false),
        ("business_connection_id", Is::Text, false),
    ];
    if let Err(why) = object(body, &fields) {
        return bad(&why);
    }
    if let Some(reply) = body.get("reply_parameters") {
        let fields = [("message_id", Is::Whole, true), ("allow_sending_without_reply", Is::Flag, false)];
        if let Err(why) = object(reply, &fields) {
            return bad(&why);
        }
    }
    let (text, chat) = (body["text"].as_str().unwrap(), body["chat_id"].as_i64().unwrap());
    if text.trim().is_empty() {
        return bad("message text is empty");
    }
    if text.encode_utf16().count() > 4096 {
        return bad("message is too long");
    }
    if bot.blocked.contains(&chat) {
        return refuse(403, "Forbidden: bot was blocked by the user", Value::Null);
    }
    if let Some((old, new)) = bot.migrated
        && old == chat
    {
        let said = "Bad Request: group chat was upgraded to a supergroup chat";
        return refuse(400, said, json!({ "migrate_to_chat_id": new }));
    }
    bot.message += 1;
    let message = json!({
        "message_id": bot.message, "date": seconds(), "text": text, "chat": { "id": chat, "type": "private" },
        "from": { "id": 4_839_574_812_i64, "is_bot": true, "first_name": "Shop", "username": "shop_bot" },
    });
    bot.sent.push(body.clone());
    ok(message)
}

async fn file(State(bot): State<Shared>, Path((token, _)): Path<(String, String)>) -> Response {
    if token != format!("bot{TOKEN}") {
        return refuse(401, "Unauthorized", Value::Null);
    }
    bot.lock().unwrap().file.clone().into_response()
}

impl Telegram {
    pub fn start() -> Telegram {
        let bot = Arc::new(Mutex::new(Bot {
            updates: Vec::new(),
            next: 870_000_001,
            message: 100,
            sent: Vec::new(),
            blocked: BTreeSet::new(),
            migrated: None,
            webhook: false,
            revoked: false,
            file: b"jpeg".to_vec(),
            offsets: Vec::new(),
        }));
        let router = Router::new()
            .route("/{token}/{method}", post(call))
            .route("/file/{token}/{*path}", get(file))
            .with_state(bot.clone());
        Telegram { simulator: Simulator::start(router), bot }
    }

    /// An update of this kind.
    pub fn update(&self, kind: &str, value: Value) {
        let mut bot = self.bot.lock().unwrap();
        let number = bot.next;
        bot.next += 1;
        bot.updates.push(json!({ "update_id": number, kind: value }));
    }

    /// A message of Ana's to the bot.
    pub fn message(&self, text: &str) -> Value {
        let mut bot = self.bot.lock().unwrap();
        bot.message += 1;
        json!({
            "message_id": bot.message, "date": seconds(), "text": text,
            "from": { "id": ANA, "is_bot": false, "first_name": "Ana", "last_name": "Silva", "username": "ana" },
            "chat": { "id": ANA, "type": "private", "first_name": "Ana", "username": "ana" },
        })
    }
}

impl Rig for Telegram {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &FilePath) -> String {
        crate::channels::secret_file(profile, "telegram.token", TOKEN);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"telegram\"\ntoken_file = \"telegram.token\"\nhold = \"0s\"\n\
             base_url = \"{}\"\naddress = \"@shop_bot\"\n",
            self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        let message = self.message(text);
        self.update("message", message);
    }

    fn sent(&self) -> Vec<String> {
        self.bot.lock().unwrap().sent.iter().map(|body| body["text"].as_str().unwrap().to_owned()).collect()
    }

    fn reading(&self) -> &'static str {
        "/getUpdates"
    }

    fn sending(&self) -> &'static str {
        "/sendMessage"
    }

    fn too_many(&self) -> Fault {
        let body = json!({
            "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 35", "parameters": { "retry_after": 35 },
        });
        Fault::Instead(429, vec![("content-type", "application/json".to_owned())], body.to_string())
    }

    fn reads_back(&self) -> bool {
        false
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Err("updates are numbered, and an empty answer is the end")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Err("the Bot API promises ids of at most 52 significant bits")
    }

    fn several_pages(&self) -> usize {
        130
    }
}
