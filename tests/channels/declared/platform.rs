//! A platform that knows every way of giving out pages, and its connector file for each of them.

use crate::channels::{Json, secret_file};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use switchboard::connector::declared::ConnectorFile;
use switchboard::connector::{AccountSettings, Connector};

/// How many of them there are on a page.
pub const PAGE: usize = 3;

/// What the platform has, and how it misbehaves.
#[derive(Default)]
pub struct World {
    pub items: Vec<Value>,
    /// Cursors are of this making; older ones are refused.
    pub making: u32,
    /// Every page leads to itself.
    pub circles: bool,
    /// Every page leads to yet another one.
    pub endless: bool,
    /// Where the next page is said to be, instead of here.
    pub elsewhere: Option<String>,
}

pub type Shared = Arc<Mutex<World>>;

impl World {
    /// Somebody writes.
    pub fn write(&mut self, text: &str) {
        let id = self.items.len() + 1;
        self.items.push(json!({ "id": id, "at": 1_700_000_000 + id, "from": "ana", "text": text }));
    }
}

type Words = BTreeMap<String, String>;

fn number(query: &Words, name: &str) -> usize {
    query.get(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The items from a place on, and whether there are more.
fn page(world: &World, from: usize) -> (Vec<Value>, bool) {
    let items: Vec<Value> = world.items.iter().skip(from).take(PAGE).cloned().collect();
    let more = world.endless || world.circles || world.items.len() > from + PAGE;
    (items, more)
}

fn known(headers: &HeaderMap) -> bool {
    headers.get("authorization").is_some_and(|value| value == "Bearer hush")
}

async fn list(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap) -> Response {
    if !known(&headers) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let world = world.lock().unwrap();
    let (base, making) = (&world.elsewhere, world.making);
    // A page token is the making and the place.
    let token = query.get("token").map(|token| token.split_once('.').map(|(a, b)| (a.to_owned(), b.parse().ok())));
    let from = match token {
        None => number(&query, "offset") + number(&query, "page").saturating_sub(1) * PAGE,
        Some(Some((made, Some(from)))) if made == making.to_string() => from,
        Some(_) => return (StatusCode::GONE, Json(json!({ "error": "no such token" }))).into_response(),
    };
    let (items, more) = page(&world, from);
    let next = if world.circles { from } else { from + PAGE };
    let token = format!("{making}.{next}");
    let url = format!("{}/list?token={token}", base.clone().unwrap_or_default());
    let link = if more { format!("<{url}>; rel=\"next\"") } else { String::new() };
    let body = json!({ "items": items, "next": more.then(|| token.clone()), "url": more.then_some(url) });
    ([("link", link)], Json(body)).into_response()
}

/// What came after an id: the same call again, until there is no more.
async fn after(State(world): State<Shared>, Query(query): Query<Words>) -> Response {
    let world = world.lock().unwrap();
    let (items, more) = page(&world, number(&query, "since"));
    Json(json!({ "items": items, "more": more })).into_response()
}

/// The platform's own cursor, which is there even when there is nothing new.
async fn log(State(world): State<Shared>, Query(query): Query<Words>) -> Response {
    let world = world.lock().unwrap();
    let from = match query.get("cursor").map(|cursor| cursor.split_once('.')) {
        None => 0,
        Some(Some((made, from))) if made == world.making.to_string() => from.parse().unwrap_or(0),
        Some(_) => return (StatusCode::BAD_REQUEST, Json(json!({ "error": "unknown cursor" }))).into_response(),
    };
    let (items, _) = page(&world, from);
    let cursor = format!("{}.{}", world.making, from + items.len());
    Json(json!({ "items": items, "cursor": cursor })).into_response()
}

async fn around() -> Response {
    (StatusCode::FOUND, [("location", "/around")]).into_response()
}

pub fn router(world: Shared) -> Router {
    Router::new()
        .route("/list", get(list))
        .route("/after", get(after))
        .route("/log", get(log))
        .route("/around", get(around))
        .route("/file", get(|| async { "the file" }))
        .with_state(world)
}

/// A connector file with this piece of `[[stream]]`, and these lines of `[stream.map]`.
pub fn file(stream: &str, map: &str) -> String {
    format!(
        "[connector]\nname = \"pages\"\ndoc = \"pages\"\nkind = \"im\"\nbase_url = \"https://api.pages.example\"\n\
         [secrets.token]\ndoc = \"the token\"\n[auth]\ntype = \"bearer\"\n\
         [[stream]]\nname = \"all\"\nitems = \"/items\"\n{stream}\n\
         [stream.map]\nid = \"/id\"\ntime = \"/at\"\ntime_format = \"epoch\"\nauthor_id = \"/from\"\ntext = \"/text\"\n{map}\n"
    )
}

/// The account of a connector file at this server.
pub fn open(text: &str, base: &str, profile: &Path) -> Box<dyn Connector> {
    secret_file(profile, "token", "hush");
    let table = format!("connector = \"pages\"\naddress = \"us\"\ntoken_file = \"token\"\nbase_url = \"{base}\"\n");
    let settings = AccountSettings {
        name: "it".to_owned(),
        connector: "pages".to_owned(),
        table: table.parse().unwrap(),
        profile: profile.to_owned(),
    };
    let file = ConnectorFile::read("pages.toml", text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    file.open(&settings).unwrap_or_else(|error| panic!("{error}"))
}
