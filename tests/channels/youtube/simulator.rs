//! YouTube Data API v3: threads newest first, replies below each, quota in units, reasons in errors.

use crate::channels::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const OWN: &str = "UCown";
const PAGE: usize = 12;

#[derive(Clone)]
pub struct Comment {
    pub id: String,
    pub parent: Option<String>,
    pub author: String,
    pub text: String,
    pub at: jiff::Timestamp,
}

#[derive(Default)]
pub struct World {
    pub comments: Vec<Comment>,
    pub units: u64,
}

pub type Shared = Arc<Mutex<World>>;

impl World {
    pub fn add(&mut self, parent: Option<&str>, author: &str, text: &str) -> String {
        let number = self.comments.len();
        let id = parent.map_or_else(|| format!("Ug{number}"), |parent| format!("{parent}.{number}"));
        let parent = parent.map(str::to_owned);
        let (author, text) = (author.to_owned(), text.to_owned());
        self.comments.push(Comment { id: id.clone(), parent, author, text, at: jiff::Timestamp::now() });
        id
    }
}

fn shown(comment: &Comment) -> Value {
    let mut snippet = json!({ "authorDisplayName": comment.author, "authorChannelId": { "value": comment.author },
        "textDisplay": comment.text, "textOriginal": comment.text, "publishedAt": comment.at.to_string(),
        "updatedAt": comment.at.to_string(), "likeCount": 0, "canRate": true });
    if let Some(parent) = &comment.parent {
        snippet["parentId"] = json!(parent);
    }
    json!({ "kind": "youtube#comment", "etag": "e", "id": comment.id, "snippet": snippet })
}

pub fn refuse(status: u16, reason: &str) -> Response {
    let body = json!({ "error": { "code": status, "message": format!("refused: {reason}"),
        "errors": [{ "message": reason, "domain": "youtube.quota", "reason": reason }] } });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

type Words = BTreeMap<String, String>;

/// Refuses what the API does not know; spends.
fn allowed(
    world: &mut World,
    headers: &HeaderMap,
    query: &Words,
    known: &[&str],
    cost: u64,
) -> Result<(), Box<Response>> {
    if headers.get("authorization").is_none_or(|value| value != "Bearer ya-token") {
        return Err(Box::new(refuse(401, "authError")));
    }
    if query.keys().any(|name| !known.contains(&name.as_str())) {
        return Err(Box::new(refuse(400, "unknownParameter")));
    }
    let limit = query.get("maxResults").map(|text| text.parse::<u32>());
    if limit.is_some_and(|limit| !limit.is_ok_and(|limit| (1..=100).contains(&limit))) {
        return Err(Box::new(refuse(400, "invalidParameter")));
    }
    world.units += cost;
    Ok(())
}

fn page(found: Vec<Value>, query: &Words) -> Response {
    let begin: usize = query.get("pageToken").and_then(|token| token.strip_prefix("p")?.parse().ok()).unwrap_or(0);
    let items: Vec<Value> = found.iter().skip(begin).take(PAGE).cloned().collect();
    let mut body = json!({ "kind": "list", "items": items, "pageInfo": { "totalResults": found.len() } });
    if begin + PAGE < found.len() {
        body["nextPageToken"] = json!(format!("p{}", begin + PAGE));
    }
    Json(body).into_response()
}

async fn threads(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    let known = ["part", "allThreadsRelatedToChannelId", "order", "maxResults", "pageToken", "textFormat"];
    if let Err(refused) = allowed(&mut world, &headers, &query, &known, 1) {
        return *refused;
    }
    if query.get("allThreadsRelatedToChannelId").map(String::as_str) != Some(OWN) {
        return refuse(404, "channelNotFound");
    }
    let tops = world.comments.iter().rev().filter(|comment| comment.parent.is_none());
    let thread = |top: &Comment| {
        let count = world.comments.iter().filter(|reply| reply.parent.as_ref() == Some(&top.id)).count();
        json!({ "kind": "youtube#commentThread", "id": top.id, "snippet": { "channelId": OWN, "videoId": "v1",
            "topLevelComment": shown(top), "totalReplyCount": count, "canReply": true } })
    };
    page(tops.map(thread).collect(), &query)
}

async fn replies(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap) -> Response {
    let mut world = world.lock().unwrap();
    let known = ["part", "parentId", "maxResults", "pageToken", "textFormat"];
    if let Err(refused) = allowed(&mut world, &headers, &query, &known, 1) {
        return *refused;
    }
    let parent = query.get("parentId");
    let found = world.comments.iter().filter(|comment| parent.is_some() && comment.parent.as_ref() == parent);
    page(found.map(shown).collect(), &query)
}

async fn insert(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap, body: String) -> Response {
    let mut world = world.lock().unwrap();
    if let Err(refused) = allowed(&mut world, &headers, &query, &["part"], 50) {
        return *refused;
    }
    let Ok(body) = serde_json::from_str::<Value>(&body) else { return refuse(400, "parseError") };
    let only = crate::channels::strict::object(&body, &[("snippet", crate::channels::strict::Is::Object, true)]);
    let (Ok(()), Some(parent), Some(text)) = (
        only,
        body.pointer("/snippet/parentId").and_then(Value::as_str),
        body.pointer("/snippet/textOriginal").and_then(Value::as_str),
    ) else {
        return refuse(400, "processingFailure");
    };
    if !world.comments.iter().any(|comment| comment.id == parent && comment.parent.is_none()) {
        return refuse(404, "parentCommentNotFound");
    }
    world.add(Some(parent), OWN, text);
    Json(shown(world.comments.last().unwrap())).into_response()
}

async fn token(body: String) -> Response {
    let form = crate::channels::form(&body);
    let right = [("grant_type", "refresh_token"), ("client_id", "c"), ("client_secret", "s"), ("refresh_token", "r")];
    if form.len() != 4 || right.iter().any(|(name, value)| form.get(*name).map(String::as_str) != Some(*value)) {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    }
    Json(json!({ "access_token": "ya-token", "expires_in": 3599, "token_type": "Bearer" })).into_response()
}

pub fn router(world: Shared) -> Router {
    Router::new()
        .route("/token", post(token))
        .route("/youtube/v3/commentThreads", get(threads))
        .route("/youtube/v3/comments", get(replies).post(insert))
        .with_state(world)
}
