//! A Mastodon server as <https://docs.joinmastodon.org/methods/> describes it (4.x): one account of ours, and people who
//! mention it.

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

pub const TOKEN: &str = "ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0";

type Parameters = Query<Vec<(String, String)>>;

pub struct Server {
    /// Larger than what a float is exact for, as snowflakes are.
    pub next: u64,
    pub notifications: Vec<Value>,
    pub statuses: BTreeMap<u64, Value>,
    pub keys: BTreeMap<String, u64>,
    pub posted: Vec<Value>,
    pub page: usize,
}

pub type Shared = Arc<Mutex<Server>>;

pub struct Mastodon {
    pub simulator: Simulator,
    pub server: Shared,
    pub recheck: &'static str,
}

impl Server {
    pub fn id(&mut self) -> u64 {
        self.next += 7;
        self.next
    }
}

fn answer(status: u16, body: &Value, link: Option<String>) -> Response {
    let reset = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(200);
    let mut response = (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    for (name, value) in [("x-ratelimit-limit", "300"), ("x-ratelimit-remaining", "250")] {
        headers.insert(name, value.parse().unwrap());
    }
    headers.insert("x-ratelimit-reset", format!("{reset:.6}").parse().unwrap());
    if let Some(link) = link {
        headers.insert("link", link.parse().unwrap());
    }
    response
}

fn refuse(status: u16, why: &str) -> Response {
    answer(status, &json!({ "error": why }), None)
}

fn allowed(headers: &HeaderMap) -> Result<(), Response> {
    match headers.get("authorization").and_then(|value| value.to_str().ok()) {
        Some(value) if value == format!("Bearer {TOKEN}") => Ok(()),
        _ => Err(refuse(401, "The access token is invalid")),
    }
}

/// Pages as Mastodon does: `min_id` gives the next ones after it, newest first within the page.
fn page(
    items: Vec<Value>,
    asked: &[(String, String)],
    most: usize,
    cap: usize,
    path: &str,
) -> Result<Response, Response> {
    let limit: usize = match parameter(asked, "limit").map(str::parse) {
        Some(Ok(limit)) if (1..=most).contains(&limit) => limit,
        None => 40.min(most),
        _ => return Err(refuse(422, "limit is out of range")),
    };
    let number = |item: &Value| item["id"].as_str().unwrap().parse::<u64>().unwrap();
    let mut items = items;
    items.sort_by_key(number);
    if let Some(min) = parameter(asked, "min_id") {
        let min: u64 = min.parse().map_err(|_| refuse(422, "min_id is no id"))?;
        items.retain(|item| number(item) > min);
        items.truncate(limit.min(cap));
    } else {
        let skip = items.len().saturating_sub(limit.min(cap));
        items.drain(..skip);
    }
    items.reverse();
    let link = items.first().map(|newest| {
        format!("<http://127.0.0.1{path}?limit={limit}&max_id=1>; rel=\"next\", <http://127.0.0.1{path}?limit={limit}&min_id={}>; rel=\"prev\"", number(newest))
    });
    Ok(answer(200, &Value::Array(items), link))
}

async fn notifications(
    State(server): State<Shared>,
    headers: HeaderMap,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    allowed(&headers)?;
    query(&asked, &[("min_id", false), ("limit", false), ("types[]", false)]).map_err(|why| refuse(422, &why))?;
    let server = server.lock().unwrap();
    let types: Vec<&str> =
        asked.iter().filter(|(name, _)| name == "types[]").map(|(_, value)| value.as_str()).collect();
    if types.iter().any(|kind| !["mention", "favourite", "reblog", "follow", "poll", "update"].contains(kind)) {
        return Err(refuse(422, "unknown type"));
    }
    let wanted = |item: &&Value| types.is_empty() || types.contains(&item["type"].as_str().unwrap());
    let items: Vec<Value> = server.notifications.iter().filter(wanted).cloned().collect();
    page(items, &asked, 80, server.page, "/api/v1/notifications")
}

async fn me(headers: HeaderMap) -> Result<Response, Response> {
    allowed(&headers)?;
    Ok(answer(
        200,
        &json!({ "id": "1", "username": "shop", "acct": "shop", "display_name": "Shop", "url": "https://m.example/@shop" }),
        None,
    ))
}

async fn instance() -> Response {
    answer(200, &json!({ "domain": "m.example", "configuration": { "statuses": { "max_characters": 500 } } }), None)
}

async fn own(
    State(server): State<Shared>,
    headers: HeaderMap,
    Path(account): Path<String>,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    allowed(&headers)?;
    query(&asked, &[("min_id", false), ("limit", false), ("exclude_reblogs", false)])
        .map_err(|why| refuse(422, &why))?;
    if account != "1" {
        return Err(refuse(404, "Record not found"));
    }
    let server = server.lock().unwrap();
    let items = server.statuses.values().filter(|status| status["account"]["id"] == "1").cloned().collect();
    page(items, &asked, 40, server.page, "/api/v1/accounts/1/statuses")
}

async fn several(
    State(server): State<Shared>,
    headers: HeaderMap,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    allowed(&headers)?;
    query(&asked, &[("id[]", true)]).map_err(|why| refuse(422, &why))?;
    if asked.len() > 20 {
        return Err(refuse(422, "Too many statuses"));
    }
    let server = server.lock().unwrap();
    let found = asked.iter().filter_map(|(_, id)| server.statuses.get(&id.parse().ok()?).cloned()).collect();
    Ok(answer(200, &Value::Array(found), None))
}

async fn single(
    State(server): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    allowed(&headers)?;
    let server = server.lock().unwrap();
    let found = id.parse().ok().and_then(|id: u64| server.statuses.get(&id));
    found.map(|status| answer(200, status, None)).ok_or_else(|| refuse(404, "Record not found"))
}

fn html(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let word = |word: &str| match word.strip_prefix('@') {
        // The server's own people, and others, are shown by their name alone.
        Some(name) if !name.is_empty() => format!(
            "<span class=\"h-card\"><a href=\"https://x.example/@{name}\" class=\"u-url mention\">@<span>{}</span></a></span>",
            name.split('@').next().unwrap()
        ),
        _ => word.to_owned(),
    };
    format!("<p>{}</p>", text.split(' ').map(word).collect::<Vec<_>>().join(" "))
}

pub fn person(name: &str) -> Value {
    json!({
        "id": "2", "username": name, "acct": format!("{name}@far.example"), "display_name": "Ana Silva", "bot": false,
        "url": format!("https://far.example/@{name}"), "uri": format!("https://far.example/users/{name}"), "fields": [],
    })
}

async fn post(State(server): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, Response> {
    allowed(&headers)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| refuse(400, "the body is no JSON"))?;
    let fields = [
        ("status", Is::Text, true),
        ("in_reply_to_id", Is::Text, false),
        ("visibility", Is::Text, false),
        ("spoiler_text", Is::Text, false),
        ("sensitive", Is::Flag, false),
        ("language", Is::Text, false),
    ];
    object(&body, &fields).map_err(|why| refuse(422, &format!("Validation failed: {why}")))?;
    let mut server = server.lock().unwrap();
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
    if let Some(known) = key.as_ref().and_then(|key| server.keys.get(key)) {
        return Ok(answer(200, &server.statuses[known], None));
    }
    let text = body["status"].as_str().unwrap();
    if text.trim().is_empty() {
        return Err(refuse(422, "Validation failed: Text can't be blank"));
    }
    let counted = |word: &str| match word.strip_prefix('@') {
        Some(mention) => 1 + mention.split('@').next().unwrap().chars().count(),
        None if word.starts_with("https://") => 23,
        None => word.chars().count(),
    };
    if text.split(' ').map(|word| counted(word) + 1).sum::<usize>() - 1 > 500 {
        return Err(refuse(422, "Validation failed: Text character limit of 500 exceeded"));
    }
    let visibility = body["visibility"].as_str().unwrap_or("public");
    if !["public", "unlisted", "private", "direct"].contains(&visibility) {
        return Err(refuse(422, "Validation failed: Visibility is not included in the list"));
    }
    if let Some(parent) = body["in_reply_to_id"].as_str()
        && !parent.parse().is_ok_and(|id: u64| server.statuses.contains_key(&id))
    {
        return Err(refuse(404, "Record not found"));
    }
    let id = server.id();
    let mentions: Vec<Value> = text
        .split_whitespace()
        .filter_map(|word| word.strip_prefix('@'))
        .map(|acct| {
            let name = acct.split('@').next().unwrap();
            json!({ "id": "2", "username": name, "acct": acct, "url": format!("https://far.example/@{name}") })
        })
        .collect();
    let status = json!({
        "id": id.to_string(), "created_at": format!("{:.3}", jiff::Timestamp::now()), "content": html(text),
        "visibility": visibility, "spoiler_text": body["spoiler_text"].as_str().unwrap_or(""), "edited_at": null,
        "in_reply_to_id": body["in_reply_to_id"], "mentions": mentions, "media_attachments": [],
        "url": format!("https://m.example/@shop/{id}"),
        "account": { "id": "1", "acct": "shop", "username": "shop", "display_name": "Shop", "url": "https://m.example/@shop" },
    });
    server.statuses.insert(id, status.clone());
    server.posted.push(body);
    if let Some(key) = key {
        server.keys.insert(key, id);
    }
    Ok(answer(200, &status, None))
}

impl Mastodon {
    pub fn start() -> Mastodon {
        let server = Arc::new(Mutex::new(Server {
            next: 115_000_000_000_000_000,
            notifications: Vec::new(),
            statuses: BTreeMap::new(),
            keys: BTreeMap::new(),
            posted: Vec::new(),
            page: 10,
        }));
        let router = Router::new()
            .route("/api/v1/notifications", get(notifications))
            .route("/api/v1/accounts/verify_credentials", get(me))
            .route("/api/v2/instance", get(instance))
            .route("/api/v1/accounts/{id}/statuses", get(own))
            .route("/api/v1/statuses", get(several).post(post))
            .route("/api/v1/statuses/{id}", get(single))
            .with_state(server.clone());
        Mastodon { simulator: Simulator::start(router), server, recheck: "5m" }
    }

    /// Somebody mentions us; gives the id of the post.
    pub fn mentioned(&self, name: &str, text: &str, visibility: &str) -> String {
        let mut server = self.server.lock().unwrap();
        let (id, number) = (server.id(), server.id());
        let now = format!("{:.3}", jiff::Timestamp::now());
        let status = json!({
            "id": id.to_string(), "created_at": now, "content": html(text), "visibility": visibility, "spoiler_text": "",
            "edited_at": null, "in_reply_to_id": null, "media_attachments": [], "account": person(name),
            "mentions": [{ "id": "1", "acct": "shop", "url": "https://m.example/@shop" }],
            "url": format!("https://far.example/@{name}/{id}"), "language": "en",
        });
        server.statuses.insert(id, status.clone());
        let notification = json!({ "id": number.to_string(), "type": "mention", "created_at": now, "account": person(name), "status": status });
        server.notifications.push(notification);
        id.to_string()
    }

    /// Something else happens.
    pub fn happened(&self, kind: &str, status: &str) {
        let mut server = self.server.lock().unwrap();
        let number = server.id();
        let status = server.statuses[&status.parse().unwrap()].clone();
        let now = format!("{:.3}", jiff::Timestamp::now());
        server.notifications.push(
            json!({ "id": number.to_string(), "type": kind, "created_at": now, "account": person("ana"), "status": status }),
        );
    }
}

impl Rig for Mastodon {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &FilePath) -> String {
        crate::channels::secret_file(profile, "mastodon.token", TOKEN);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"mastodon\"\ntoken_file = \"mastodon.token\"\nhold = \"0s\"\n\
             base_url = \"{}\"\nrecheck = \"{}\"\n",
            self.simulator.base, self.recheck
        )
    }

    fn customer_writes(&self, text: &str) {
        self.mentioned("ana", text, "public");
    }

    fn sent(&self) -> Vec<String> {
        self.server.lock().unwrap().posted.iter().map(|body| body["status"].as_str().unwrap().to_owned()).collect()
    }

    fn reading(&self) -> &'static str {
        "/api/v1/notifications"
    }

    fn sending(&self) -> &'static str {
        "POST /api/v1/statuses"
    }

    fn too_many(&self) -> Fault {
        let reset = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(90);
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("x-ratelimit-limit", "300".to_owned()),
            ("x-ratelimit-remaining", "0".to_owned()),
            ("x-ratelimit-reset", format!("{reset:.6}")),
        ];
        Fault::Instead(429, headers, json!({ "error": "Too many requests" }).to_string())
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
