//! Zendesk Support: the incremental export of tickets by cursor, comments of a ticket with the users beside them, and
//! the update of a ticket that adds one.

use crate::channels::strict::{self, Is};
use crate::channels::{Json, strict::seconds};
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

/// Our own user, a colleague, two customers.
pub const OWN: u64 = 9_001;
pub const LIN: u64 = 9_002;
pub const ANA: u64 = 360_786_799_676;
pub const BO: u64 = 360_786_799_677;
/// Zendesk may give fewer than were asked for.
const TICKETS: usize = 3;
const COMMENTS: usize = 4;

pub struct Comment {
    pub id: u64,
    pub author: u64,
    pub body: String,
    pub public: bool,
    pub at: jiff::Timestamp,
    pub files: Vec<Value>,
}

pub struct Ticket {
    pub id: u64,
    pub requester: u64,
    pub status: &'static str,
    /// When it changed last, in the order of the export.
    pub changed: u64,
    pub at: jiff::Timestamp,
    pub comments: Vec<Comment>,
}

#[derive(Default)]
pub struct World {
    pub tickets: Vec<Ticket>,
    /// Cursors below this one are no longer known.
    pub forgotten: u64,
    /// The start times that were asked for.
    pub starts: Vec<i64>,
    /// The keys that came with answers.
    pub keys: Vec<String>,
    /// The last number that was given.
    pub next: u64,
}

pub type Shared = Arc<Mutex<World>>;

impl World {
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Somebody writes into a ticket, which is opened for it when there is none yet.
    pub fn comment(&mut self, ticket: u64, author: u64, body: &str, public: bool) -> u64 {
        let (id, changed, at) = (20_978_392_000 + self.number(), self.number(), jiff::Timestamp::now());
        if !self.tickets.iter().any(|known| known.id == ticket) {
            let requester = if [OWN, LIN].contains(&author) { ANA } else { author };
            self.tickets.push(Ticket { id: ticket, requester, status: "new", changed, at, comments: Vec::new() });
        }
        let found = self.tickets.iter_mut().find(|known| known.id == ticket).unwrap();
        (found.changed, found.at) = (changed, at);
        found.comments.push(Comment { id, author, body: body.to_owned(), public, at, files: Vec::new() });
        id
    }
}

fn user(id: u64) -> Value {
    let (name, email, role) = match id {
        OWN => ("Switchboard", "desk@shop.example", "admin"),
        LIN => ("Lin", "lin@shop.example", "agent"),
        ANA => ("Ana Müller", "ana@example.com", "end-user"),
        _ => ("Bo", "bo@example.com", "end-user"),
    };
    json!({ "id": id, "name": name, "email": email, "role": role, "verified": true, "phone": null })
}

fn refuse(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

fn bad(what: &str) -> Response {
    let message = format!("You passed an invalid value for the {what} attribute. Invalid parameter: {what}");
    refuse(400, json!({ "error": { "title": "Invalid attribute", "message": message } }))
}

#[allow(clippy::result_large_err)]
fn known(headers: &HeaderMap) -> Result<(), Response> {
    let basic = base64::engine::general_purpose::STANDARD.encode("desk@shop.example/token:hush");
    let right = [format!("Basic {basic}"), "Bearer open".to_owned()];
    let given = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match right.iter().any(|right| right == given) {
        true => Ok(()),
        false => Err(refuse(401, json!({ "error": "Couldn't authenticate you" }))),
    }
}

fn not_found() -> Response {
    refuse(404, json!({ "error": "RecordNotFound", "description": "Not found" }))
}

type Words = Vec<(String, String)>;

async fn export(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap) -> Response {
    if let Err(refused) = known(&headers) {
        return refused;
    }
    let words = [("start_time", false), ("cursor", false), ("per_page", false), ("exclude_deleted", false)];
    if let Err(why) = strict::query(&query, &words) {
        return bad(&why);
    }
    let most = strict::parameter(&query, "per_page").map_or(Ok(1_000), str::parse::<usize>);
    let Some(most) = most.ok().filter(|most| (1..=1_000).contains(most)) else { return bad("per_page") };
    if strict::parameter(&query, "exclude_deleted").is_some_and(|word| !["true", "false"].contains(&word)) {
        return bad("exclude_deleted");
    }
    let mut world = world.lock().unwrap();
    let after = match (strict::parameter(&query, "cursor"), strict::parameter(&query, "start_time")) {
        (Some(cursor), None) => {
            let read = base64::engine::general_purpose::STANDARD.decode(cursor).ok();
            let read = read.and_then(|bytes| String::from_utf8(bytes).ok()?.strip_suffix("|")?.parse::<u64>().ok());
            match read.filter(|after| *after >= world.forgotten) {
                Some(after) => after,
                None => return bad("cursor"),
            }
        }
        (None, Some(start)) => {
            let Ok(start) = start.parse::<i64>() else { return bad("start_time") };
            if start > seconds() - 60 {
                let words = "Too recent start_time. Use a start_time older than 1 minute";
                return refuse(422, json!({ "error": "InvalidValue", "description": words }));
            }
            world.starts.push(start);
            let early = world.tickets.iter().filter(|ticket| ticket.at.as_second() < start);
            early.map(|ticket| ticket.changed).max().unwrap_or(0)
        }
        _ => return bad("start_time"),
    };
    let mut changed: Vec<&Ticket> = world.tickets.iter().filter(|ticket| ticket.changed > after).collect();
    changed.sort_by_key(|ticket| ticket.changed);
    let page: Vec<&Ticket> = changed.iter().take(most.min(TICKETS)).copied().collect();
    let last = page.last().map_or(after, |ticket| ticket.changed);
    let cursor = base64::engine::general_purpose::STANDARD.encode(format!("{last}|"));
    let shown = |ticket: &&Ticket| {
        json!({ "id": ticket.id, "subject": format!("Ticket {}", ticket.id), "status": ticket.status,
            "requester_id": ticket.requester, "updated_at": ticket.at.to_string(), "is_public": true,
            "created_at": ticket.comments[0].at.to_string() })
    };
    let tickets: Vec<Value> = page.iter().map(shown).collect();
    Json(json!({ "tickets": tickets, "after_cursor": cursor, "after_url": null, "before_cursor": null,
        "end_of_stream": page.len() == changed.len() }))
    .into_response()
}

/// As Zendesk writes it: the bytes are its own, not those of some library.
fn comment_text(comment: &Comment) -> String {
    let plain = |value: &str| json!(value).to_string();
    format!(
        "{{\"id\": {}, \"type\":\"Comment\",\"author_id\":{}, \"body\":{},\"plain_body\":{},\"public\":{},\
         \"attachments\":{},\"audit_id\":1,\"metadata\":{{\"system\":{{\"latitude\":1.50}}}},\"created_at\":\"{}\"}}",
        comment.id,
        comment.author,
        plain(&comment.body),
        plain(&comment.body),
        comment.public,
        json!(comment.files),
        comment.at
    )
}

async fn comments(
    State(world): State<Shared>,
    Path(name): Path<String>,
    Query(query): Query<Words>,
    headers: HeaderMap,
) -> Response {
    if let Err(refused) = known(&headers) {
        return refused;
    }
    let words = ["include", "page[size]", "page[after]", "sort_order", "per_page"].map(|name| (name, false));
    if let Err(why) = strict::query(&query, &words) {
        return bad(&why);
    }
    let by_cursor = strict::parameter(&query, "page[size]");
    if by_cursor.is_some() && (strict::parameter(&query, "per_page").is_some()) {
        return bad("per_page");
    }
    let most = by_cursor.or(strict::parameter(&query, "per_page")).map_or(Ok(100), str::parse::<usize>);
    let Some(most) = most.ok().filter(|most| (1..=100).contains(most)) else { return bad("page[size]") };
    if strict::parameter(&query, "include").is_some_and(|word| word != "users") {
        return bad("include");
    }
    let world = world.lock().unwrap();
    let ticket = name.parse().ok().and_then(|id: u64| world.tickets.iter().find(|ticket| ticket.id == id));
    let Some(ticket) = ticket else { return not_found() };
    let mut list: Vec<&Comment> = ticket.comments.iter().collect();
    match strict::parameter(&query, "sort_order") {
        None | Some("asc") => {}
        Some("desc") => list.reverse(),
        Some(_) => return bad("sort_order"),
    }
    let after = strict::parameter(&query, "page[after]").map_or(Ok(0), str::parse::<usize>);
    let Ok(after) = after else { return bad("page[after]") };
    let page: Vec<&Comment> = list.iter().skip(after).take(most.min(COMMENTS)).copied().collect();
    let more = after + page.len() < list.len();
    let mut authors: Vec<u64> = page.iter().map(|comment| comment.author).collect();
    authors.sort_unstable();
    authors.dedup();
    let texts: Vec<String> = page.iter().map(|comment| comment_text(comment)).collect();
    let users: Vec<Value> = match strict::parameter(&query, "include") {
        Some(_) => authors.into_iter().map(user).collect(),
        None => Vec::new(),
    };
    let meta = match by_cursor {
        Some(_) => json!({ "has_more": more, "after_cursor": (after + page.len()).to_string() }),
        None => Value::Null,
    };
    let body = format!("{{\"comments\":[{}],\"users\":{},\"meta\":{meta}}}", texts.join(", "), json!(users));
    ([("content-type", "application/json; charset=utf-8")], body).into_response()
}

async fn update(State(world): State<Shared>, Path(name): Path<String>, headers: HeaderMap, body: String) -> Response {
    if let Err(refused) = known(&headers) {
        return refused;
    }
    let wrong = |field: &str, why: &str| {
        let details = json!({ field: [{ "description": why, "error": "InvalidValue" }] });
        refuse(422, json!({ "error": "RecordInvalid", "description": "Record validation errors", "details": details }))
    };
    if headers.get("content-type").is_none_or(|kind| kind != "application/json") {
        return refuse(415, json!({ "error": "Unsupported Media Type" }));
    }
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    let whole = strict::object(&body, &[("ticket", Is::Object, true)]).and_then(|()| {
        strict::object(&body["ticket"], &[("comment", Is::Object, true), ("metadata", Is::Object, false)])?;
        strict::object(&body["ticket"]["comment"], &[("body", Is::Text, true), ("public", Is::Flag, true)])
    });
    if let Err(why) = whole {
        return wrong("base", &why);
    }
    let mut world = world.lock().unwrap();
    let Some(id) = name.strip_suffix(".json").and_then(|id| id.parse::<u64>().ok()) else { return not_found() };
    let Some(ticket) = world.tickets.iter().find(|ticket| ticket.id == id) else { return not_found() };
    if ticket.status == "closed" {
        return wrong("status", "Status: closed prevents ticket update");
    }
    let text = body["ticket"]["comment"]["body"].as_str().unwrap_or_default().to_owned();
    if text.trim().is_empty() {
        return wrong("base", "Description: cannot be blank");
    }
    let public = body["ticket"]["comment"]["public"] == true;
    let key = body["ticket"]["metadata"]["switchboard"].as_str().unwrap_or_default().to_owned();
    world.keys.push(key);
    let comment = world.comment(id, OWN, &text, public);
    let events = json!([
        { "id": comment + 500_000, "type": "Change", "field_name": "status", "value": "open", "previous_value": "new" },
        { "id": comment, "type": "Comment", "author_id": OWN, "body": text, "public": public },
        { "id": comment + 500_001, "type": "Notification", "subject": "Re" }]);
    Json(json!({ "ticket": { "id": id, "status": "open" },
        "audit": { "id": comment + 1, "ticket_id": id, "author_id": OWN, "events": events } }))
    .into_response()
}

async fn file(headers: HeaderMap, Path(token): Path<String>) -> Response {
    match (known(&headers), token.as_str()) {
        (Err(refused), _) => refused,
        // Zendesk gives files out from another place.
        (Ok(()), "here") => (StatusCode::FOUND, [("location", "/files/a")]).into_response(),
        (Ok(()), other) => (StatusCode::FOUND, [("location", format!("http://{other}/steal"))]).into_response(),
    }
}

pub fn router(world: Shared) -> Router {
    Router::new()
        .route("/api/v2/incremental/tickets/cursor.json", get(export))
        .route("/api/v2/tickets/{id}/comments.json", get(comments))
        .route("/api/v2/tickets/{id}", axum::routing::put(update))
        .route("/attachments/token/{token}", get(file))
        .route("/files/a", get(|| async { "the bytes of a picture" }))
        .with_state(world)
}
