//! Slack's Web API as <https://docs.slack.dev/reference/methods> describes it: one workspace with a channel and a direct
//! conversation, one bot. A refusal has status 200.

use crate::channels::contract::Rig;
use crate::channels::strict::{Is, object, parameter, query};
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex};

/// In the form of a bot's token, and none.
pub const TOKEN: &str = "xoxb-not-a-real-token";
pub const CHANNEL: &str = "C024BE91L";
pub const DIRECT: &str = "D024BFF1M";
pub const ANA: &str = "U024BE7LH";
const ME: &str = "U0BOT";

type Parameters = Query<Vec<(String, String)>>;

pub struct Workspace {
    pub count: u64,
    /// By channel, then by time.
    pub messages: BTreeMap<String, BTreeMap<String, Value>>,
    pub posted: Vec<Value>,
    pub direct: bool,
    pub kicked: bool,
    pub revoked: bool,
    pub archived: bool,
    /// Every page has the same next cursor.
    pub loops: bool,
}

pub type Shared = Arc<Mutex<Workspace>>;

pub struct Slack {
    pub simulator: Simulator,
    pub workspace: Shared,
}

impl Workspace {
    fn ts(&mut self) -> String {
        self.count += 1;
        format!("{}.{:06}", jiff::Timestamp::now().as_second(), self.count)
    }

    /// Adds a message; gives its time.
    pub fn add(&mut self, channel: &str, user: &str, text: &str, thread: Option<&str>) -> String {
        let ts = self.ts();
        let mut message = json!({ "type": "message", "user": user, "text": text, "ts": ts, "team": "T1" });
        if let Some(root) = thread {
            message["thread_ts"] = root.into();
            let parent = self.messages.get_mut(channel).unwrap().get_mut(root).unwrap();
            parent["thread_ts"] = root.into();
            parent["latest_reply"] = ts.as_str().into();
            let count = parent["reply_count"].as_i64().unwrap_or(0);
            parent["reply_count"] = (count + 1).into();
        }
        self.messages.entry(channel.to_owned()).or_default().insert(ts.clone(), message);
        ts
    }
}

fn say(body: &Value) -> Response {
    ([("content-type", "application/json; charset=utf-8")], body.to_string()).into_response()
}

fn refuse(error: &str) -> Response {
    say(&json!({ "ok": false, "error": error }))
}

fn allowed(headers: &HeaderMap, workspace: &Workspace) -> Result<(), Response> {
    match headers.get("authorization").and_then(|value| value.to_str().ok()) {
        None => Err(refuse("not_authed")),
        Some(value) if value == format!("Bearer {TOKEN}") && !workspace.revoked => Ok(()),
        Some(_) => Err(refuse("invalid_auth")),
    }
}

async fn test(State(workspace): State<Shared>, headers: HeaderMap) -> Result<Response, Response> {
    allowed(&headers, &workspace.lock().unwrap())?;
    Ok(say(&json!({ "ok": true, "team": "Shop", "team_id": "T1", "user": "shop", "user_id": ME, "bot_id": "B1" })))
}

async fn conversations(
    State(workspace): State<Shared>,
    headers: HeaderMap,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    let workspace = workspace.lock().unwrap();
    allowed(&headers, &workspace)?;
    query(&asked, &[("types", false), ("limit", false), ("cursor", false)]).map_err(|_| refuse("invalid_arguments"))?;
    let mut channels =
        vec![json!({ "id": CHANNEL, "name": "help", "is_channel": true, "is_private": false, "is_im": false })];
    if workspace.direct && parameter(&asked, "types").is_some_and(|types| types.contains("im")) {
        channels.push(json!({ "id": DIRECT, "is_im": true, "user": ANA }));
    }
    // One a page.
    let at: usize = parameter(&asked, "cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let next = if at + 1 < channels.len() { (at + 1).to_string() } else { String::new() };
    Ok(say(&json!({ "ok": true, "channels": [channels[at]], "response_metadata": { "next_cursor": next } })))
}

async fn user(
    State(workspace): State<Shared>,
    headers: HeaderMap,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    allowed(&headers, &workspace.lock().unwrap())?;
    query(&asked, &[("user", true)]).map_err(|_| refuse("invalid_arguments"))?;
    match parameter(&asked, "user").unwrap() {
        ANA => Ok(say(&json!({ "ok": true, "user": {
            "id": ANA, "name": "ana", "real_name": "Ana Silva", "is_email_confirmed": true,
            "profile": { "display_name": "ana.s", "email": "Ana@Example.com" },
        } }))),
        ME => {
            Ok(say(&json!({ "ok": true, "user": { "id": ME, "name": "shop", "real_name": "Shop", "is_bot": true } })))
        }
        "UCOLLEAGUE" => {
            Ok(say(&json!({ "ok": true, "user": { "id": "UCOLLEAGUE", "name": "lin", "real_name": "Lin" } })))
        }
        _ => Err(refuse("user_not_found")),
    }
}

fn is_time(text: &str) -> bool {
    text == "0"
        || text.split_once('.').is_some_and(|(seconds, micros)| seconds.parse::<u64>().is_ok() && micros.len() == 6)
}

/// A page of a list, by a cursor that is a place in it.
fn page(found: Vec<Value>, asked: &[(String, String)], loops: bool) -> Result<Response, Response> {
    let limit: usize = match parameter(asked, "limit").map(str::parse) {
        None => 100,
        Some(Ok(limit)) if (1..=999).contains(&limit) => limit,
        _ => return Err(refuse("invalid_limit")),
    };
    // Cut short so that tests see several pages.
    let limit = limit.min(12);
    let at: usize = match parameter(asked, "cursor") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix("bmV4dF90czox")
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| refuse("invalid_cursor"))?,
    };
    let more = at + limit < found.len();
    let messages: Vec<&Value> = found.iter().skip(at).take(limit).collect();
    let next = if loops { at.max(12) } else { at + limit };
    let next = if more || loops { format!("bmV4dF90czox{next}") } else { String::new() };
    Ok(say(
        &json!({ "ok": true, "messages": messages, "has_more": more, "response_metadata": { "next_cursor": next } }),
    ))
}

fn after(asked: &[(String, String)]) -> Result<String, Response> {
    let oldest = parameter(asked, "oldest").unwrap_or("0");
    if is_time(oldest) { Ok(oldest.to_owned()) } else { Err(refuse("invalid_ts_oldest")) }
}

async fn history(
    State(workspace): State<Shared>,
    headers: HeaderMap,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    let workspace = workspace.lock().unwrap();
    allowed(&headers, &workspace)?;
    let known =
        [("channel", true), ("oldest", false), ("limit", false), ("cursor", false), ("include_all_metadata", false)];
    query(&asked, &known).map_err(|_| refuse("invalid_arguments"))?;
    let channel = parameter(&asked, "channel").unwrap();
    if workspace.kicked {
        return Err(refuse("not_in_channel"));
    }
    if channel != CHANNEL && !(channel == DIRECT && workspace.direct) {
        return Err(refuse("channel_not_found"));
    }
    let oldest = after(&asked)?;
    let empty = BTreeMap::new();
    let all = workspace.messages.get(channel).unwrap_or(&empty);
    // Newest first, without replies, `oldest` itself left out.
    let top = |message: &&Value| message.get("thread_ts").is_none_or(|root| *root == message["ts"]);
    let found = all.values().rev().filter(top).filter(|message| *message["ts"].as_str().unwrap() > *oldest.as_str());
    page(found.cloned().collect(), &asked, workspace.loops)
}

async fn replies(
    State(workspace): State<Shared>,
    headers: HeaderMap,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    let workspace = workspace.lock().unwrap();
    allowed(&headers, &workspace)?;
    let known = [
        ("channel", true),
        ("ts", true),
        ("oldest", false),
        ("limit", false),
        ("cursor", false),
        ("include_all_metadata", false),
    ];
    query(&asked, &known).map_err(|_| refuse("invalid_arguments"))?;
    let all =
        workspace.messages.get(parameter(&asked, "channel").unwrap()).ok_or_else(|| refuse("channel_not_found"))?;
    let root = parameter(&asked, "ts").unwrap();
    let parent = all.get(root).ok_or_else(|| refuse("thread_not_found"))?;
    let oldest = after(&asked)?;
    let reply = |message: &&Value| {
        message["thread_ts"] == *root && message["ts"] != *root && *message["ts"].as_str().unwrap() > *oldest
    };
    // The message it begins with comes first, always.
    let found = std::iter::once(parent).chain(all.values().filter(reply));
    page(found.cloned().collect(), &asked, false)
}

async fn send(State(workspace): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, Response> {
    let mut workspace = workspace.lock().unwrap();
    allowed(&headers, &workspace)?;
    if headers.get("content-type").is_none_or(|kind| kind != "application/json; charset=utf-8") {
        return Err(refuse("missing_charset"));
    }
    let body: Value = serde_json::from_slice(&body).map_err(|_| refuse("invalid_json"))?;
    let fields = [
        ("channel", Is::Text, true),
        ("text", Is::Text, true),
        ("thread_ts", Is::Text, false),
        ("mrkdwn", Is::Flag, false),
        ("unfurl_links", Is::Flag, false),
        ("unfurl_media", Is::Flag, false),
        ("metadata", Is::Object, false),
    ];
    object(&body, &fields).map_err(|_| refuse("invalid_arguments"))?;
    if let Some(metadata) = body.get("metadata") {
        let fields = [("event_type", Is::Text, true), ("event_payload", Is::Object, true)];
        object(metadata, &fields).map_err(|_| refuse("invalid_metadata_format"))?;
    }
    if workspace.archived {
        return Err(refuse("is_archived"));
    }
    let (channel, text) = (body["channel"].as_str().unwrap().to_owned(), body["text"].as_str().unwrap().to_owned());
    if channel != CHANNEL && channel != DIRECT {
        return Err(refuse("channel_not_found"));
    }
    if text.trim().is_empty() {
        return Err(refuse("no_text"));
    }
    if text.chars().count() > 40_000 {
        return Err(refuse("msg_too_long"));
    }
    let thread = body["thread_ts"].as_str().map(str::to_owned);
    if let Some(thread) = &thread
        && !workspace.messages.get(&channel).is_some_and(|all| all.contains_key(thread))
    {
        return Err(refuse("thread_not_found"));
    }
    let ts = workspace.add(&channel, ME, &text, thread.as_deref());
    let message = workspace.messages.get_mut(&channel).unwrap().get_mut(&ts).unwrap();
    message["bot_id"] = "B1".into();
    message["metadata"] = body["metadata"].clone();
    let message = message.clone();
    workspace.posted.push(body);
    Ok(say(&json!({ "ok": true, "channel": channel, "ts": ts, "message": message })))
}

impl Slack {
    pub fn start() -> Slack {
        let workspace = Arc::new(Mutex::new(Workspace {
            count: 0,
            messages: BTreeMap::new(),
            posted: Vec::new(),
            direct: false,
            kicked: false,
            revoked: false,
            archived: false,
            loops: false,
        }));
        let router = Router::new()
            .route("/auth.test", get(test))
            .route("/users.conversations", get(conversations))
            .route("/users.info", get(user))
            .route("/conversations.history", get(history))
            .route("/conversations.replies", get(replies))
            .route("/chat.postMessage", post(send))
            .with_state(workspace.clone());
        Slack { simulator: Simulator::start(router), workspace }
    }

    pub fn writes(&self, channel: &str, user: &str, text: &str, thread: Option<&str>) -> String {
        self.workspace.lock().unwrap().add(channel, user, text, thread)
    }
}

impl Rig for Slack {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &FilePath) -> String {
        crate::channels::secret_file(profile, "slack.token", TOKEN);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"slack\"\ntoken_file = \"slack.token\"\nhold = \"0s\"\n\
             base_url = \"{}\"\ncolleagues = [\"UCOLLEAGUE\"]\n",
            self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        self.writes(CHANNEL, ANA, &text, None);
    }

    fn sent(&self) -> Vec<String> {
        let text = |body: &Value| {
            body["text"].as_str().unwrap().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
        };
        self.workspace.lock().unwrap().posted.iter().map(text).collect()
    }

    fn reading(&self) -> &'static str {
        "/conversations.history"
    }

    fn sending(&self) -> &'static str {
        "/chat.postMessage"
    }

    fn too_many(&self) -> Fault {
        let headers = vec![("content-type", "application/json".to_owned()), ("retry-after", "30".to_owned())];
        Fault::Instead(429, headers, json!({ "ok": false, "error": "ratelimited" }).to_string())
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/messages")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Err("ids are text: seconds, a point and microseconds")
    }
}
