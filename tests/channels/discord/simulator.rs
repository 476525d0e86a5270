//! Discord as <https://discord.com/developers/docs/resources/message> describes it: one server with a channel and a
//! thread, one bot.

use crate::channels::contract::Rig;
use crate::channels::strict::{Is, object, parameter, query};
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex};

pub const TOKEN: &str = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs";
pub const CHANNEL: u64 = 1_100_000_000_000_000_001;
pub const THREAD: u64 = 1_100_000_000_000_000_777;
pub const GUILD: u64 = 1_000_000_000_000_000_009;
const ME: &str = "198622483471925248";

type Parameters = Query<Vec<(String, String)>>;

pub struct Server {
    pub count: u64,
    pub messages: BTreeMap<u64, Value>,
    pub nonces: BTreeMap<String, u64>,
    pub posted: Vec<Value>,
    pub thread: bool,
    pub forbidden: bool,
    pub closed: bool,
}

pub type Shared = Arc<Mutex<Server>>;

pub struct Discord {
    pub simulator: Simulator,
    pub server: Shared,
    pub recheck: &'static str,
}

impl Server {
    /// A snowflake of this moment.
    fn id(&mut self) -> u64 {
        self.count += 1;
        let millis = jiff::Timestamp::now().as_millisecond() as u64 - 1_420_070_400_000;
        (millis << 22) + (self.count << 12)
    }
}

fn answer(status: u16, body: &Value) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-ratelimit-limit", "5"),
        ("x-ratelimit-remaining", "4"),
        ("x-ratelimit-reset-after", "1.250"),
        ("x-ratelimit-bucket", "abcd1234"),
    ] {
        headers.insert(name, value.parse().unwrap());
    }
    response
}

fn refuse(status: u16, code: u64, message: &str) -> Response {
    answer(status, &json!({ "code": code, "message": message }))
}

fn invalid(field: &str, why: &str) -> Response {
    let errors = json!({ field: { "_errors": [{ "code": "BASE_TYPE", "message": why }] } });
    answer(400, &json!({ "code": 50035, "message": "Invalid Form Body", "errors": errors }))
}

fn allowed(headers: &HeaderMap) -> Result<(), Response> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    if !said("user-agent").starts_with("DiscordBot (") {
        return Err(refuse(403, 40333, "internal network error"));
    }
    if said("authorization") != format!("Bot {TOKEN}") {
        return Err(refuse(401, 0, "401: Unauthorized"));
    }
    Ok(())
}

async fn me(headers: HeaderMap) -> Result<Response, Response> {
    allowed(&headers)?;
    Ok(answer(200, &json!({ "id": ME, "username": "shop", "bot": true })))
}

async fn application(headers: HeaderMap) -> Result<Response, Response> {
    allowed(&headers)?;
    Ok(answer(200, &json!({ "id": ME, "flags": 0 })))
}

async fn channel(State(_): State<Shared>, headers: HeaderMap, Path(id): Path<u64>) -> Result<Response, Response> {
    allowed(&headers)?;
    match id {
        CHANNEL => Ok(answer(
            200,
            &json!({ "id": CHANNEL.to_string(), "type": 0, "guild_id": GUILD.to_string(), "name": "help" }),
        )),
        _ => Err(refuse(404, 10003, "Unknown Channel")),
    }
}

async fn threads(State(server): State<Shared>, headers: HeaderMap, Path(id): Path<u64>) -> Result<Response, Response> {
    allowed(&headers)?;
    if id != GUILD {
        return Err(refuse(404, 10004, "Unknown Guild"));
    }
    let thread = json!({ "id": THREAD.to_string(), "type": 11, "guild_id": GUILD.to_string(), "parent_id": CHANNEL.to_string() });
    let other = json!({ "id": "5", "type": 11, "guild_id": GUILD.to_string(), "parent_id": "6" });
    let threads = if server.lock().unwrap().thread { vec![thread, other] } else { vec![other] };
    Ok(answer(200, &json!({ "threads": threads, "members": [] })))
}

async fn list(
    State(server): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<u64>,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    allowed(&headers)?;
    query(&asked, &[("after", false), ("before", false), ("around", false), ("limit", false)])
        .map_err(|why| invalid("query", &why))?;
    let server = server.lock().unwrap();
    if id != CHANNEL && !(id == THREAD && server.thread) {
        return Err(refuse(404, 10003, "Unknown Channel"));
    }
    if server.forbidden {
        return Err(refuse(403, 50001, "Missing Access"));
    }
    let limit: usize = match parameter(&asked, "limit").map(str::parse) {
        None => 50,
        Some(Ok(limit)) if (1..=100).contains(&limit) => limit,
        _ => return Err(invalid("limit", "int value should be between 1 and 100.")),
    };
    let here = |message: &&Value| message["channel_id"] == json!(id.to_string());
    // A page is cut short so that tests see several.
    let limit = limit.min(30);
    let mut found: Vec<Value> = match parameter(&asked, "after") {
        Some(after) => {
            let after: u64 = after.parse().map_err(|_| invalid("after", "Value is not snowflake."))?;
            server.messages.range(after + 1..).map(|(_, message)| message).filter(here).take(limit).cloned().collect()
        }
        None => {
            let mut newest: Vec<Value> = server.messages.values().rev().filter(here).take(limit).cloned().collect();
            newest.reverse();
            newest
        }
    };
    // Newest first, whatever was asked for.
    found.reverse();
    Ok(answer(200, &Value::Array(found)))
}

async fn one(
    State(server): State<Shared>,
    headers: HeaderMap,
    Path((_, id)): Path<(u64, u64)>,
) -> Result<Response, Response> {
    allowed(&headers)?;
    let server = server.lock().unwrap();
    server.messages.get(&id).map(|message| answer(200, message)).ok_or_else(|| refuse(404, 10008, "Unknown Message"))
}

async fn post(
    State(server): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<u64>,
    body: Bytes,
) -> Result<Response, Response> {
    allowed(&headers)?;
    let body: Value =
        serde_json::from_slice(&body).map_err(|_| refuse(400, 50109, "The request body contains invalid JSON."))?;
    let fields = [
        ("content", Is::Text, true),
        ("message_reference", Is::Object, false),
        ("allowed_mentions", Is::Object, false),
        ("nonce", Is::Text, false),
        ("enforce_nonce", Is::Flag, false),
    ];
    object(&body, &fields).map_err(|why| invalid("body", &why))?;
    let mut server = server.lock().unwrap();
    if id != CHANNEL && !(id == THREAD && server.thread) {
        return Err(refuse(404, 10003, "Unknown Channel"));
    }
    if server.closed {
        return Err(refuse(400, 50083, "Thread is archived"));
    }
    let content = body["content"].as_str().unwrap();
    if content.trim().is_empty() {
        return Err(refuse(400, 50006, "Cannot send an empty message"));
    }
    if content.chars().count() > 2_000 {
        return Err(invalid("content", "Must be 2000 or fewer in length."));
    }
    let nonce = body["nonce"].as_str().unwrap_or_default().to_owned();
    if nonce.chars().count() > 25 {
        return Err(invalid("nonce", "Must be 25 or fewer in length."));
    }
    if body["enforce_nonce"] == true
        && let Some(known) = server.nonces.get(&nonce)
    {
        return Ok(answer(200, &server.messages[known]));
    }
    let mut referenced = Value::Null;
    if let Some(reference) = body.get("message_reference") {
        object(reference, &[("message_id", Is::Text, true), ("fail_if_not_exists", Is::Flag, false)])
            .map_err(|why| invalid("message_reference", &why))?;
        let parent: u64 = reference["message_id"]
            .as_str()
            .unwrap()
            .parse()
            .map_err(|_| invalid("message_reference", "Value is not snowflake."))?;
        referenced = server.messages.get(&parent).cloned().unwrap_or(Value::Null);
        if referenced.is_null() && reference["fail_if_not_exists"] != false {
            return Err(invalid("message_reference", "Unknown message"));
        }
    }
    let number = server.id();
    let message = json!({
        "id": number.to_string(), "channel_id": id.to_string(), "type": 19, "content": content, "attachments": [], "mentions": [],
        "timestamp": jiff::Timestamp::now().to_string(), "edited_timestamp": null,
        "author": { "id": ME, "username": "shop", "bot": true },
        "message_reference": body["message_reference"], "referenced_message": referenced,
    });
    server.messages.insert(number, message.clone());
    server.nonces.insert(nonce, number);
    server.posted.push(body);
    Ok(answer(200, &message))
}

impl Discord {
    pub fn start() -> Discord {
        let server = Arc::new(Mutex::new(Server {
            count: 0,
            messages: BTreeMap::new(),
            nonces: BTreeMap::new(),
            posted: Vec::new(),
            thread: false,
            forbidden: false,
            closed: false,
        }));
        let router = Router::new()
            .route("/users/@me", get(me))
            .route("/applications/@me", get(application))
            .route("/channels/{id}", get(channel))
            .route("/guilds/{id}/threads/active", get(threads))
            .route("/channels/{id}/messages", get(list).post(post))
            .route("/channels/{id}/messages/{message}", get(one))
            .with_state(server.clone());
        Discord { simulator: Simulator::start(router), server, recheck: "5m" }
    }

    /// Ana writes in a channel; gives the id.
    pub fn writes(&self, channel: u64, text: &str) -> u64 {
        let mut server = self.server.lock().unwrap();
        let id = server.id();
        let message = json!({
            "id": id.to_string(), "channel_id": channel.to_string(), "type": 0, "content": text, "attachments": [], "mentions": [],
            "timestamp": jiff::Timestamp::now().to_string(), "edited_timestamp": null,
            "author": { "id": "80351110224678912", "username": "ana", "global_name": "Ana Silva" },
        });
        server.messages.insert(id, message);
        id
    }
}

impl Rig for Discord {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &FilePath) -> String {
        crate::channels::secret_file(profile, "discord.token", TOKEN);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"discord\"\ntoken_file = \"discord.token\"\nhold = \"0s\"\n\
             base_url = \"{}\"\nchannels = [\"{CHANNEL}\"]\nrecheck = \"{}\"\n",
            self.simulator.base, self.recheck
        )
    }

    fn customer_writes(&self, text: &str) {
        self.writes(CHANNEL, text);
    }

    fn sent(&self) -> Vec<String> {
        self.server.lock().unwrap().posted.iter().map(|body| body["content"].as_str().unwrap().to_owned()).collect()
    }

    fn reading(&self) -> &'static str {
        "/messages?after"
    }

    fn sending(&self) -> &'static str {
        "POST /channels"
    }

    fn too_many(&self) -> Fault {
        let body = json!({ "message": "You are being rate limited.", "retry_after": 64.57, "global": false });
        Fault::Instead(
            429,
            vec![("content-type", "application/json".to_owned()), ("retry-after", "65".to_owned())],
            body.to_string(),
        )
    }

    fn recognises_twice(&self) -> bool {
        true
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Err("there is no cursor beside a page: an empty one is the end")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Ok(())
    }
}
