//! X's API v2 as <https://docs.x.com/x-api> describes it: one account of ours, whoever mentions it, and its direct
//! messages.

use crate::channels::contract::Rig;
use crate::channels::strict::{Is, object, parameter, query};
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::path::Path as FilePath;
use std::sync::{Arc, Mutex};

pub const FIRST: &str = "first-refresh-token";
pub const ME: &str = "2244994945";
pub const ANA: &str = "6253282";

type Parameters = Query<Vec<(String, String)>>;

pub struct Place {
    pub next: u64,
    pub refresh: String,
    pub access: String,
    pub renewals: u32,
    pub mentions: Vec<Value>,
    pub events: Vec<Value>,
    pub own: Vec<Value>,
    pub posted: Vec<Value>,
    /// Names as in the specification, not as in most of the documentation.
    pub new_names: bool,
    pub unsummoned: bool,
    pub loops: bool,
}

pub type Shared = Arc<Mutex<Place>>;

pub struct X {
    pub simulator: Simulator,
    pub place: Shared,
    pub more: String,
}

impl Place {
    fn id(&mut self) -> u64 {
        self.next += 3;
        self.next
    }
}

fn answer(status: u16, body: &Value) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response();
    let reset = jiff::Timestamp::now().as_second() + 600;
    let headers = response.headers_mut();
    headers.insert("content-type", "application/json".parse().unwrap());
    headers.insert("x-rate-limit-limit", "300".parse().unwrap());
    headers.insert("x-rate-limit-remaining", "14".parse().unwrap());
    headers.insert("x-rate-limit-reset", reset.to_string().parse().unwrap());
    response
}

fn problem(status: u16, kind: &str, title: &str, detail: &str) -> Response {
    let kind =
        if kind.is_empty() { "about:blank".to_owned() } else { format!("https://api.twitter.com/2/problems/{kind}") };
    answer(status, &json!({ "type": kind, "title": title, "detail": detail, "status": status }))
}

fn invalid(why: &str) -> Response {
    let body = json!({
        "errors": [{ "message": why }], "title": "Invalid Request", "detail": "One or more parameters to your request was invalid.",
        "type": "https://api.twitter.com/2/problems/invalid-request",
    });
    answer(400, &body)
}

fn allowed(headers: &HeaderMap, place: &Place) -> Result<(), Response> {
    match headers.get("authorization").and_then(|value| value.to_str().ok()) {
        Some(value) if !place.access.is_empty() && value == format!("Bearer {}", place.access) => Ok(()),
        _ => Err(problem(401, "", "Unauthorized", "Unauthorized")),
    }
}

async fn token(State(place): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let mut place = place.lock().unwrap();
    let is_form = headers.get("content-type").is_some_and(|kind| kind == "application/x-www-form-urlencoded");
    let Query(form): Parameters = Query::try_from_uri(&format!("/?{body}").parse().unwrap()).unwrap();
    let refuse = |why: &str| answer(400, &json!({ "error": "invalid_request", "error_description": why }));
    if !is_form
        || query(&form, &[("grant_type", true), ("refresh_token", true), ("client_id", true)]).is_err()
        || parameter(&form, "grant_type") != Some("refresh_token")
        || parameter(&form, "client_id") != Some("eW91ci1jbGllbnQtaWQ")
    {
        return refuse("Value passed for the client or grant was invalid.");
    }
    if parameter(&form, "refresh_token") != Some(place.refresh.as_str()) {
        return refuse("Value passed for the token was invalid.");
    }
    place.renewals += 1;
    place.refresh = format!("refresh-{}", place.renewals);
    place.access = format!("access-{}", place.renewals);
    answer(
        200,
        &json!({
            "token_type": "bearer", "expires_in": 7200, "access_token": place.access, "refresh_token": place.refresh,
            "scope": "tweet.read users.read tweet.write dm.read dm.write offline.access",
        }),
    )
}

async fn me(State(place): State<Shared>, headers: HeaderMap) -> Result<Response, Response> {
    allowed(&headers, &place.lock().unwrap())?;
    Ok(answer(200, &json!({ "data": { "id": ME, "name": "Shop", "username": "shop" } })))
}

fn users() -> Value {
    json!({ "users": [
        { "id": ANA, "name": "Ana Silva", "username": "ana" }, { "id": ME, "name": "Shop", "username": "shop" },
    ] })
}

/// A page, newest first, by a token that is a place in the list.
fn page(
    found: Vec<&Value>,
    asked: &[(String, String)],
    range: std::ops::RangeInclusive<usize>,
    cap: usize,
    loops: bool,
) -> Result<Response, Response> {
    let max: usize = match parameter(asked, "max_results").map(str::parse) {
        None => 100.min(*range.end()),
        Some(Ok(max)) if range.contains(&max) => max,
        _ => return Err(invalid("The `max_results` query parameter value is not valid.")),
    };
    let max = max.min(cap);
    let at: usize = match parameter(asked, "pagination_token") {
        None => 0,
        Some(token) => token
            .strip_prefix("7140w")
            .and_then(|at| at.parse().ok())
            .ok_or_else(|| invalid("The `pagination_token` is not valid."))?,
    };
    let rows: Vec<&Value> = found.iter().skip(at).take(max).copied().collect();
    let mut meta = json!({ "result_count": rows.len() });
    if let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) {
        meta["newest_id"] = newest["id"].clone();
        meta["oldest_id"] = oldest["id"].clone();
    }
    if loops || at + max < found.len() {
        meta["next_token"] = format!("7140w{}", if loops { max } else { at + max }).into();
    }
    // Nothing there is told by leaving `data` out.
    let mut body = json!({ "meta": meta });
    if !rows.is_empty() {
        body["data"] = json!(rows);
        body["includes"] = users();
        body["errors"] = json!([{ "resource_type": "user", "type": "https://api.twitter.com/2/problems/resource-not-found", "title": "Not Found Error" }]);
    }
    Ok(answer(200, &body))
}

async fn mentions(
    State(place): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    let place = place.lock().unwrap();
    allowed(&headers, &place)?;
    let fields = if place.new_names { "post.fields" } else { "tweet.fields" };
    let known = [
        ("max_results", false),
        ("since_id", false),
        ("start_time", false),
        ("pagination_token", false),
        ("expansions", false),
        ("user.fields", false),
        (fields, false),
    ];
    query(&asked, &known).map_err(|why| invalid(&why))?;
    if id != ME {
        return Err(problem(403, "client-forbidden", "Client Forbidden", "only the account itself"));
    }
    if parameter(&asked, "start_time").is_some_and(|start| start.parse::<jiff::Timestamp>().is_err()) {
        return Err(invalid("The `start_time` query parameter value is not a valid time."));
    }
    let since: u64 = match parameter(&asked, "since_id").map(str::parse) {
        None => 0,
        Some(Ok(since)) => since,
        Some(Err(_)) => return Err(invalid("The `since_id` query parameter value is not valid.")),
    };
    let later = |post: &&Value| post["id"].as_str().unwrap().parse::<u64>().unwrap() > since;
    let found: Vec<&Value> = place.mentions.iter().rev().filter(later).collect();
    page(found, &asked, 5..=100, 10, place.loops)
}

async fn own(State(place): State<Shared>, headers: HeaderMap, Query(asked): Parameters) -> Result<Response, Response> {
    let place = place.lock().unwrap();
    allowed(&headers, &place)?;
    query(&asked, &[("max_results", false), ("tweet.fields", false), ("post.fields", false)])
        .map_err(|why| invalid(&why))?;
    page(place.own.iter().rev().collect(), &asked, 5..=100, 100, false)
}

async fn events(
    State(place): State<Shared>,
    headers: HeaderMap,
    Query(asked): Parameters,
) -> Result<Response, Response> {
    let place = place.lock().unwrap();
    allowed(&headers, &place)?;
    let known = [
        ("max_results", false),
        ("pagination_token", false),
        ("event_types", false),
        ("dm_event.fields", false),
        ("expansions", false),
        ("user.fields", false),
    ];
    query(&asked, &known).map_err(|why| invalid(&why))?;
    page(place.events.iter().rev().collect(), &asked, 1..=100, 10, false)
}

async fn tweet(State(place): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, Response> {
    let mut place = place.lock().unwrap();
    allowed(&headers, &place)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| invalid("the body is no JSON"))?;
    object(&body, &[("text", Is::Text, true), ("reply", Is::Object, false)]).map_err(|why| invalid(&why))?;
    let parent_field = if place.new_names { "in_reply_to_post_id" } else { "in_reply_to_tweet_id" };
    if let Some(reply) = body.get("reply") {
        object(reply, &[(parent_field, Is::Text, true)]).map_err(|why| invalid(&why))?;
    }
    let text = body["text"].as_str().unwrap();
    if switchboard::model::Count::Weighted.of(text) > 280 {
        return Err(problem(400, "invalid-request", "Invalid Request", "Your Tweet text is too long."));
    }
    if place.unsummoned {
        let said = "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author of the post you are replying to.";
        return Err(problem(403, "", "Forbidden", said));
    }
    if place.own.iter().any(|post| post["text"] == body["text"]) {
        return Err(problem(403, "", "Forbidden", "You are not allowed to create a Tweet with duplicate content."));
    }
    let id = place.id().to_string();
    let post = json!({
        "id": id, "text": text, "author_id": ME, "created_at": jiff::Timestamp::now().to_string(), "conversation_id": id,
        "referenced_tweets": [{ "type": "replied_to", "id": body["reply"][parent_field] }],
    });
    place.own.push(post);
    place.posted.push(body.clone());
    Ok(answer(201, &json!({ "data": { "id": id, "text": text, "edit_history_tweet_ids": [id] } })))
}

async fn message(
    State(place): State<Shared>,
    headers: HeaderMap,
    Path(conversation): Path<String>,
    body: Bytes,
) -> Result<Response, Response> {
    let mut place = place.lock().unwrap();
    allowed(&headers, &place)?;
    let body: Value = serde_json::from_slice(&body).map_err(|_| invalid("the body is no JSON"))?;
    object(&body, &[("text", Is::Text, true)]).map_err(|why| invalid(&why))?;
    if conversation != format!("{ME}-{ANA}") {
        return Err(problem(403, "", "Forbidden", "You do not have permission to DM one or more participants."));
    }
    let id = place.id().to_string();
    let event = json!({
        "id": id, "event_type": "MessageCreate", "text": body["text"], "sender_id": ME, "dm_conversation_id": conversation,
        "created_at": jiff::Timestamp::now().to_string(),
    });
    place.events.push(event);
    place.posted.push(body);
    Ok(answer(201, &json!({ "data": { "dm_conversation_id": conversation, "dm_event_id": id } })))
}

impl X {
    pub fn start() -> X {
        let place = Arc::new(Mutex::new(Place {
            next: 1_900_000_000_000_000_000,
            refresh: FIRST.to_owned(),
            access: String::new(),
            renewals: 0,
            mentions: Vec::new(),
            events: Vec::new(),
            own: Vec::new(),
            posted: Vec::new(),
            new_names: false,
            unsummoned: false,
            loops: false,
        }));
        let router = Router::new()
            .route("/oauth2/token", post(token))
            .route("/users/me", get(me))
            .route("/users/{id}/mentions", get(mentions))
            .route("/users/{id}/tweets", get(own))
            .route("/dm_events", get(events))
            .route("/dm_conversations/{id}/dm_events", get(events))
            .route("/dm_conversations/{id}/messages", post(message))
            .route("/tweets", post(tweet))
            .with_state(place.clone());
        X { simulator: Simulator::start(router), place, more: String::new() }
    }

    /// Only direct messages are read.
    pub fn direct() -> X {
        X { more: "reads = \"messages\"\n".to_owned(), ..X::start() }
    }

    /// Only mentions are read.
    pub fn public() -> X {
        X { more: "reads = \"mentions\"\n".to_owned(), ..X::start() }
    }

    fn is_direct(&self) -> bool {
        self.more.contains("\"messages\"")
    }

    /// Ana mentions us; gives the id.
    pub fn mentioned(&self, text: &str) -> String {
        let mut place = self.place.lock().unwrap();
        let id = place.id().to_string();
        let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let versions = if place.new_names { "edit_history_post_ids" } else { "edit_history_tweet_ids" };
        let post = json!({
            "id": id, "text": text, "author_id": ANA, "created_at": jiff::Timestamp::now().to_string(), "conversation_id": id,
            "lang": "en", versions: [id],
        });
        place.mentions.push(post);
        id
    }

    /// Ana writes directly; gives the id.
    pub fn written(&self, text: &str) -> String {
        let mut place = self.place.lock().unwrap();
        let id = place.id().to_string();
        let event = json!({
            "id": id, "event_type": "MessageCreate", "text": text, "sender_id": ANA, "dm_conversation_id": format!("{ME}-{ANA}"),
            "created_at": jiff::Timestamp::now().to_string(),
        });
        place.events.push(event);
        id
    }
}

impl Rig for X {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &FilePath) -> String {
        crate::channels::secret_file(profile, "x.refresh", &self.place.lock().unwrap().refresh);
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"x\"\nrefresh_token_file = \"x.refresh\"\nhold = \"0s\"\n\
             client_id = \"eW91ci1jbGllbnQtaWQ\"\nbase_url = \"{}\"\n{}",
            self.simulator.base, self.more
        )
    }

    fn customer_writes(&self, text: &str) {
        if self.is_direct() {
            self.written(text)
        } else {
            self.mentioned(text)
        };
    }

    fn sent(&self) -> Vec<String> {
        self.place.lock().unwrap().posted.iter().map(|body| body["text"].as_str().unwrap().to_owned()).collect()
    }

    fn reading(&self) -> &'static str {
        if self.is_direct() { "GET /dm_events" } else { "/mentions" }
    }

    fn sending(&self) -> &'static str {
        if self.is_direct() { "POST /dm_conversations" } else { "POST /tweets" }
    }

    fn too_many(&self) -> Fault {
        let reset = jiff::Timestamp::now().as_second() + 90;
        let headers = vec![
            ("content-type", "application/problem+json".to_owned()),
            ("x-rate-limit-remaining", "0".to_owned()),
            ("x-rate-limit-reset", reset.to_string()),
        ];
        let body = json!({ "title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429 });
        Fault::Instead(429, headers, body.to_string())
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/data")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Ok(())
    }
}
