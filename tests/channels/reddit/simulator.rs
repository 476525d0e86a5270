//! Reddit as its API page and PRAW's cassettes show it: OAuth with Basic, a User-Agent of one's own, listings newest
//! first, errors of sends with status 200.

use crate::channels::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const CLIENT: &str = "p-jcoLKBynTLew";
pub const SECRET: &str = "client-secret";
pub const OWN: &str = "shop_support";
/// Listings hold at most so many here, whatever is asked for: Reddit may give fewer too.
const PAGE: usize = 10;

#[derive(Clone)]
pub struct Thing {
    pub name: String,
    pub author: String,
    pub text: String,
    pub at: f64,
}

pub struct World {
    pub things: Vec<Thing>,
    pub token: String,
    pub tokens: u32,
    /// What renews; it changes with each use.
    pub refresh: String,
}

pub type Shared = Arc<Mutex<World>>;

pub fn new() -> Shared {
    let (token, refresh) = ("none yet".to_owned(), "refresh-0".to_owned());
    Arc::new(Mutex::new(World { things: Vec::new(), token, tokens: 0, refresh }))
}

impl World {
    pub fn add(&mut self, kind: &str, author: &str, text: &str) -> String {
        let name = format!("{kind}_k{:05}", self.things.len());
        let at = (jiff::Timestamp::now().as_millisecond() / 1_000) as f64;
        self.things.push(Thing { name: name.clone(), author: author.to_owned(), text: text.to_owned(), at });
        name
    }
}

fn data(thing: &Thing) -> Value {
    let comment = thing.name.starts_with("t1");
    let kind = if comment { "t1" } else { "t4" };
    json!({ "kind": kind, "data": {
        "id": &thing.name[3..], "name": thing.name, "author": thing.author, "author_fullname": "t2_x",
        "body": thing.text, "created_utc": thing.at, "was_comment": comment, "new": true, "dest": OWN,
        "parent_id": Value::Null, "link_id": "t3_post1", "link_title": "Our new product",
        "subject": if comment { "comment reply" } else { "a question" },
        "context": format!("/r/shop/comments/post1/x/{}/?context=3", &thing.name[3..]), "first_message_name": Value::Null,
    }})
}

fn refuse(status: u16, words: &str) -> Response {
    let body = json!({ "message": words, "error": status });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

fn allowed(world: &World, headers: &HeaderMap) -> Result<(), Box<Response>> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let agent = header("user-agent");
    if !agent.contains(&format!("/u/{OWN}")) {
        return Err(Box::new(refuse(429, "Too Many Requests")));
    }
    if header("authorization") != format!("Bearer {}", world.token) {
        return Err(Box::new(refuse(401, "Unauthorized")));
    }
    Ok(())
}

type Words = BTreeMap<String, String>;

fn listing(found: Vec<&Thing>, query: &Words) -> Response {
    for (name, value) in query {
        match name.as_str() {
            "limit" if value.parse().is_ok_and(|limit: u32| (1..=100).contains(&limit)) => {}
            "raw_json" | "mark" | "after" => {}
            _ => return refuse(400, "Bad Request"),
        }
    }
    let begin = match query.get("after") {
        None => 0,
        Some(after) => match found.iter().position(|thing| thing.name == *after) {
            Some(at) => at + 1,
            None => found.len(),
        },
    };
    let page: Vec<&&Thing> = found.iter().skip(begin).take(PAGE).collect();
    let after = (begin + page.len() < found.len()).then(|| page.last().map(|thing| thing.name.clone())).flatten();
    let children: Vec<Value> = page.iter().map(|thing| data(thing)).collect();
    let body = json!({ "kind": "Listing", "data": { "after": after, "before": Value::Null, "dist": children.len(),
        "modhash": Value::Null, "geo_filter": "", "children": children } });
    let mut response = Json(body).into_response();
    for (name, value) in [("x-ratelimit-used", "1"), ("x-ratelimit-remaining", "99.0"), ("x-ratelimit-reset", "300")] {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

async fn inbox(
    State(world): State<Shared>,
    Path(place): Path<String>,
    Query(query): Query<Words>,
    headers: HeaderMap,
) -> Response {
    let world = world.lock().unwrap();
    if let Err(refused) = allowed(&world, &headers) {
        return *refused;
    }
    let ours = place == "sent";
    let kind = if place == "inbox" { "t" } else { "t4" };
    let fits = |thing: &&Thing| (thing.author == OWN) == ours && thing.name.starts_with(kind);
    listing(world.things.iter().rev().filter(fits).collect(), &query)
}

async fn own(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap) -> Response {
    let world = world.lock().unwrap();
    if let Err(refused) = allowed(&world, &headers) {
        return *refused;
    }
    listing(world.things.iter().rev().filter(|thing| thing.author == OWN).collect(), &query)
}

async fn comment(State(world): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(refused) = allowed(&world, &headers) {
        return *refused;
    }
    let form = crate::channels::form(&body);
    let errors = |code: &str, words: &str, field: &str| {
        Json(json!({ "json": { "errors": [[code, words, field]] } })).into_response()
    };
    if form.get("api_type").map(String::as_str) != Some("json") {
        return refuse(400, "Bad Request");
    }
    if form.keys().any(|key| !["api_type", "thing_id", "text"].contains(&key.as_str())) {
        return refuse(400, "Bad Request");
    }
    let text = form.get("text").cloned().unwrap_or_default();
    let parent = form.get("thing_id").cloned().unwrap_or_default();
    if text.is_empty() {
        return errors("NO_TEXT", "we need something here", "text");
    }
    if text.chars().count() > 10_000 {
        return errors("TOO_LONG", "this is too long (max: 10000)", "text");
    }
    let Some(thing) = world.things.iter().find(|thing| thing.name == parent) else {
        return errors("DELETED_COMMENT", "that comment has been deleted", "parent");
    };
    let kind = thing.name[..2].to_owned();
    world.add(&kind, OWN, &text);
    let thing = data(world.things.last().unwrap());
    Json(json!({ "json": { "errors": [], "data": { "things": [thing] } } })).into_response()
}

async fn token(State(world): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let mut world = world.lock().unwrap();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT}:{SECRET}"));
    if headers.get("authorization").is_none_or(|value| *value != format!("Basic {basic}")) {
        return refuse(401, "Unauthorized");
    }
    let form = crate::channels::form(&body);
    if form.get("grant_type").map(String::as_str) != Some("refresh_token") {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "unsupported_grant_type" }))).into_response();
    }
    if form.get("refresh_token") != Some(&world.refresh) {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    world.tokens += 1;
    world.token = format!("token-{}", world.tokens);
    world.refresh = format!("refresh-{}", world.tokens);
    Json(json!({ "access_token": world.token, "token_type": "bearer", "expires_in": 86_400, "scope": "*",
        "refresh_token": world.refresh }))
    .into_response()
}

pub fn router(world: Shared) -> Router {
    Router::new()
        .route("/api/v1/access_token", post(token))
        .route("/api/comment", post(comment))
        .route("/message/{place}", get(inbox))
        .route(&format!("/user/{OWN}/comments"), get(own))
        .with_state(world)
}
