//! Meta's Graph API: the edges of a Page, its conversations and an Instagram account that we use. One token, codes in
//! errors, cursors in `paging`, times in whole seconds, parameters held to what each edge knows.

use crate::channels::{Json, strict};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub const PAGE_ID: &str = "108000000000001";
pub const INSTAGRAM: &str = "17841400000000001";
/// Items of one page, however many are asked for.
const PAGE: usize = 12;

/// A comment, or a message of a conversation.
#[derive(Clone)]
pub struct Entry {
    pub id: String,
    pub below: String,
    /// The comment it answers.
    pub parent: Option<String>,
    pub from: String,
    pub text: String,
    pub at: jiff::Timestamp,
}

#[derive(Default)]
pub struct World {
    pub entries: Vec<Entry>,
    /// Answers in private, as `comment: text`.
    pub private: Vec<String>,
    /// Who wrote a comment is not said.
    pub hides_authors: bool,
    /// "Require App Secret" is on: calls need the proof.
    pub wants_proof: bool,
    /// Customers whose window is closed.
    pub late: Vec<String>,
    /// The app was reviewed, and may say that a person writes.
    pub human_agent: bool,
    /// Of each direct message that could be delivered: whether it said that a person writes.
    pub tagged: Vec<bool>,
}

pub type Shared = Arc<Mutex<World>>;

impl World {
    /// Somebody writes below a post, a medium or into a conversation.
    pub fn add(&mut self, below: &str, parent: Option<&str>, from: &str, text: &str) -> String {
        let id = format!("{below}_{}", 900_000_000_000_000_000 + self.entries.len());
        let parent = parent.map(str::to_owned);
        let (below, from, text) = (below.to_owned(), from.to_owned(), text.to_owned());
        self.entries.push(Entry { id: id.clone(), below, parent, from, text, at: jiff::Timestamp::now() });
        id
    }

    fn below(&self, place: &str) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.below == place).collect()
    }
}

/// As Graph writes times.
fn time(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string()
}

pub fn refusal(code: u32, subcode: Option<u32>, words: &str) -> String {
    let mut error = json!({ "message": format!("(#{code}) {words}"), "type": "OAuthException", "code": code,
        "fbtrace_id": "A0" });
    if let Some(subcode) = subcode {
        error["error_subcode"] = json!(subcode);
    }
    json!({ "error": error }).to_string()
}

type Refused = Box<Response>;

fn refuse(status: u16, code: u32, subcode: Option<u32>, words: &str) -> Refused {
    let headers = [("content-type", "application/json; charset=UTF-8")];
    Box::new((StatusCode::from_u16(status).unwrap(), headers, refusal(code, subcode, words)).into_response())
}

fn gone(id: &str) -> Refused {
    refuse(400, 100, Some(33), &format!("Unsupported request. Object with ID '{id}' does not exist"))
}

type Query = Vec<(String, String)>;

/// A page of a list with its cursors.
fn page(found: Vec<Value>, query: &Query) -> Result<Value, Refused> {
    if let Some(limit) = strict::parameter(query, "limit")
        && !limit.parse::<u32>().is_ok_and(|limit| (1..=100).contains(&limit))
    {
        return Err(refuse(400, 100, None, "param limit must be between 1 and 100"));
    }
    let begin: usize = match strict::parameter(query, "after") {
        None => 0,
        Some(after) => after
            .strip_prefix("QVF")
            .and_then(|after| after.parse().ok())
            .ok_or_else(|| refuse(400, 100, None, "Invalid cursors values"))?,
    };
    let items: Vec<Value> = found.iter().skip(begin).take(PAGE).cloned().collect();
    if items.is_empty() {
        return Ok(json!({ "data": [] }));
    }
    let after = format!("QVF{}", begin + items.len());
    let mut paging = json!({ "cursors": { "before": "QVE", "after": after } });
    if begin + items.len() < found.len() {
        paging["next"] = json!(format!("https://graph.facebook.com/next?after={after}"));
    }
    Ok(json!({ "data": items, "paging": paging }))
}

/// Holds a call to its parameters and its fields, which are separated by commas outside of braces.
fn holds(query: &Query, parameters: &[(&str, bool)], fields: &[&str]) -> Result<(), Refused> {
    strict::query(query, parameters).map_err(|why| refuse(400, 100, None, &why))?;
    let asked = strict::parameter(query, "fields").unwrap_or_default();
    let mut deep = 0;
    let parts = asked.split(|letter| {
        deep += i32::from(matches!(letter, '{' | '(')) - i32::from(matches!(letter, '}' | ')'));
        letter == ',' && deep == 0
    });
    for part in parts {
        if !fields.contains(&part) {
            return Err(refuse(400, 100, None, &format!("Tried accessing nonexisting field ({part})")));
        }
    }
    Ok(())
}

const LIST: [(&str, bool); 3] = [("fields", true), ("limit", false), ("after", false)];

fn comment(world: &World, entry: &Entry) -> Value {
    let mut shown = json!({ "id": entry.id, "message": entry.text, "created_time": time(entry.at), "like_count": 0,
        "permalink_url": format!("https://www.facebook.com/{}", entry.id) });
    if !world.hides_authors {
        shown["from"] = json!({ "id": entry.from, "name": format!("Name of {}", entry.from) });
    }
    if let Some(parent) = &entry.parent {
        shown["parent"] = json!({ "id": parent });
    }
    shown
}

fn instagram_comment(entry: &Entry) -> Value {
    let mut shown = json!({ "id": entry.id, "text": entry.text, "timestamp": time(entry.at), "username": entry.from,
        "from": { "id": entry.from, "username": entry.from }, "like_count": 0 });
    if let Some(parent) = &entry.parent {
        shown["parent_id"] = json!(parent);
    }
    shown
}

fn message(entry: &Entry) -> Value {
    let own = [PAGE_ID, INSTAGRAM].contains(&entry.from.as_str());
    let to = if own { entry.below.trim_start_matches("t_") } else { PAGE_ID };
    json!({ "id": entry.id, "message": entry.text, "created_time": time(entry.at),
        "from": { "id": entry.from, "name": entry.from }, "to": { "data": [{ "id": to, "name": to }] } })
}

fn conversations(world: &World, query: &Query) -> Result<Value, Refused> {
    let platform = strict::parameter(query, "platform");
    let prefix = match platform {
        Some("MESSENGER") => "t_m",
        Some("INSTAGRAM") => "t_i",
        _ => return Err(refuse(400, 100, None, "Param platform must be one of {INSTAGRAM, MESSENGER}")),
    };
    let mut names: Vec<&str> = Vec::new();
    for entry in world.entries.iter().rev().filter(|entry| entry.below.starts_with(prefix)) {
        if !names.contains(&entry.below.as_str()) {
            names.push(&entry.below);
        }
    }
    if let Some(user) = strict::parameter(query, "user_id") {
        holds(
            query,
            &[("platform", true), ("user_id", true), ("fields", true)],
            &["messages.limit(20){id,message,created_time,from}"],
        )?;
        names.retain(|name| name.trim_start_matches("t_") == user);
        let shown = |name: &&str| {
            let messages: Vec<Value> = world.below(name).into_iter().rev().take(20).map(message).collect();
            json!({ "id": name, "messages": { "data": messages } })
        };
        return page(names.iter().map(shown).collect(), query);
    }
    let mut parameters = LIST.to_vec();
    parameters.push(("platform", true));
    holds(query, &parameters, &["id", "updated_time", "messages.limit(1)"])?;
    let shown = |name: &&str| {
        let below = world.below(name);
        let newest = below.last().unwrap();
        json!({ "id": name, "updated_time": time(newest.at),
            "messages": { "data": [{ "id": newest.id, "created_time": time(newest.at) }] } })
    };
    page(names.iter().map(shown).collect(), query)
}

fn read(world: &World, id: &str, edge: &str, query: &Query) -> Result<Value, Refused> {
    match (id, edge) {
        (PAGE_ID, "conversations") => conversations(world, query),
        (PAGE_ID, "published_posts") => {
            let newest = "comments.filter(stream).order(reverse_chronological).limit(1)";
            holds(query, &LIST, &["id", "created_time", newest])?;
            let below = world.below("post");
            let mut post = json!({ "id": "post", "created_time": time(jiff::Timestamp::now()) });
            if let Some(newest) = below.last() {
                post["comments"] = json!({ "data": [comment(world, newest)] });
            }
            page(vec![post], query)
        }
        (INSTAGRAM, "media") => {
            holds(query, &LIST, &["id", "timestamp", "comments_count"])?;
            let count = world.below("medium").len();
            let medium = json!({ "id": "medium", "timestamp": time(jiff::Timestamp::now()), "comments_count": count });
            page(vec![medium], query)
        }
        ("medium", "comments") => {
            let replies = "replies.limit(50){id,text,timestamp,username,from,parent_id,like_count}";
            holds(query, &LIST, &["id", "text", "timestamp", "username", "from", "like_count", replies])?;
            let with_replies = strict::parameter(query, "fields").unwrap_or_default().contains("replies");
            let below = world.below("medium");
            let shown = |top: &&&Entry| {
                let mut shown = instagram_comment(top);
                let found: Vec<Value> = below
                    .iter()
                    .filter(|entry| entry.parent.as_ref() == Some(&top.id))
                    .map(|entry| instagram_comment(entry))
                    .collect();
                if with_replies && !found.is_empty() {
                    shown["replies"] = json!({ "data": found });
                }
                shown
            };
            let tops = below.iter().rev().filter(|entry| entry.parent.is_none());
            page(tops.map(|top| shown(&top)).collect(), query)
        }
        (comment, "replies") => {
            holds(query, &LIST, &["id", "text", "timestamp", "from"])?;
            let found = world.entries.iter().rev().filter(|entry| entry.parent.as_deref() == Some(comment));
            page(found.map(instagram_comment).collect(), query)
        }
        (place, "comments") => {
            let mut parameters = LIST.to_vec();
            parameters.extend([("filter", false), ("order", false), ("since", false)]);
            let fields =
                ["id", "message", "created_time", "from", "parent", "attachment", "permalink_url", "like_count"];
            holds(query, &parameters, &fields)?;
            let is = |name: &str, words: [&str; 2]| {
                strict::parameter(query, name).is_none_or(|value| words.contains(&value))
            };
            if !is("filter", ["stream", "toplevel"]) || !is("order", ["chronological", "reverse_chronological"]) {
                return Err(refuse(400, 100, None, "Param filter or order is none of the enumeration"));
            }
            let since = match strict::parameter(query, "since").map(str::parse::<i64>) {
                None => 0,
                Some(Ok(since)) => since,
                Some(Err(_)) => return Err(refuse(400, 100, None, "Param since must be a unix timestamp")),
            };
            let known = place == "post" || world.entries.iter().any(|entry| entry.id == place);
            if !known {
                return Err(gone(place));
            }
            let within = |entry: &&Entry| entry.below == place || entry.parent.as_deref() == Some(place);
            let found = world.entries.iter().filter(within).filter(|entry| entry.at.as_second() >= since);
            let mut found: Vec<Value> = found.map(|entry| comment(world, entry)).collect();
            if strict::parameter(query, "order") == Some("reverse_chronological") {
                found.reverse();
            }
            page(found, query)
        }
        (conversation, "messages") if conversation.starts_with("t_") => {
            let fields = ["id", "message", "from", "to", "created_time", "attachments"];
            holds(query, &LIST, &fields)?;
            page(world.below(conversation).into_iter().rev().map(message).collect(), query)
        }
        _ => Err(gone(id)),
    }
}

/// The text of `{message: text}`.
fn words(body: &Value, most: usize) -> Result<String, Refused> {
    strict::object(body, &[("message", strict::Is::Text, true)]).map_err(|why| refuse(400, 100, None, &why))?;
    let text = body["message"].as_str().unwrap().to_owned();
    if text.is_empty() || text.chars().count() > most {
        return Err(refuse(400, 100, None, "Param message has no such length"));
    }
    Ok(text)
}

fn send(world: &mut World, body: &Value) -> Result<Value, Refused> {
    use strict::Is::{Object, Text};
    let bad = |why: String| refuse(400, 100, None, &why);
    let fields =
        [("recipient", Object, true), ("messaging_type", Text, false), ("tag", Text, false), ("message", Object, true)];
    strict::object(body, &fields).map_err(bad)?;
    strict::object(&body["message"], &[("text", Text, true)]).map_err(bad)?;
    strict::object(&body["recipient"], &[("id", Text, false), ("comment_id", Text, false)]).map_err(bad)?;
    let text = body["message"]["text"].as_str().unwrap();
    let on_instagram = body["recipient"]["id"].as_str().is_some_and(|id| id.starts_with('i'));
    if text.is_empty() || text.chars().count() > 2_000 || (on_instagram && text.len() > 1_000) {
        return Err(bad("Length of param message[text] must be less than or equal to 2000 (1000)".to_owned()));
    }
    if let Some(comment) = body["recipient"]["comment_id"].as_str() {
        if world.private.iter().any(|sent| sent.starts_with(&format!("{comment}: "))) {
            return Err(refuse(400, 10_900, None, "Activity already replied to"));
        }
        world.private.push(format!("{comment}: {text}"));
        return Ok(json!({ "recipient_id": "1", "message_id": "m_private" }));
    }
    let tagged = match (body["messaging_type"].as_str(), body["tag"].as_str()) {
        (Some("RESPONSE"), None) => false,
        (Some("MESSAGE_TAG"), Some("HUMAN_AGENT")) if world.human_agent => true,
        (Some("MESSAGE_TAG"), Some("HUMAN_AGENT")) => {
            let words = "To use 'Human Agent', your use of this endpoint must be reviewed and approved by Facebook.";
            return Err(refuse(400, 200, None, words));
        }
        (Some("MESSAGE_TAG"), _) => return Err(bad("Param tag must be one of {HUMAN_AGENT}".to_owned())),
        _ => {
            let words = "Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}";
            return Err(bad(words.to_owned()));
        }
    };
    let person = body["recipient"]["id"].as_str().unwrap_or_default();
    let below = format!("t_{person}");
    if world.below(&below).is_empty() {
        return Err(refuse(400, 100, Some(2_018_001), "No matching user found"));
    }
    world.tagged.push(tagged);
    if !tagged && world.late.iter().any(|late| late == person) {
        return Err(refuse(400, 10, Some(2_018_278), "This message is sent outside of allowed window."));
    }
    let own = if person.starts_with('i') { INSTAGRAM } else { PAGE_ID };
    let id = world.add(&below, None, own, text);
    Ok(json!({ "recipient_id": person, "message_id": id }))
}

fn write(world: &mut World, id: &str, edge: &str, body: &Value) -> Result<Value, Refused> {
    if (id, edge) == (PAGE_ID, "messages") {
        return send(world, body);
    }
    let parent = world.entries.iter().find(|entry| entry.id == id).cloned().ok_or_else(|| gone(id))?;
    let own = match (parent.below.as_str(), edge) {
        ("post", "comments") => PAGE_ID,
        // Below a comment of Instagram it is `replies`, and below a reply nothing.
        ("medium", "replies") if parent.parent.is_none() => INSTAGRAM,
        _ => return Err(refuse(400, 100, None, "Unsupported post request")),
    };
    let text = words(body, if own == PAGE_ID { 8_000 } else { 2_200 })?;
    Ok(json!({ "id": world.add(&parent.below, Some(id), own, &text) }))
}

/// As "Securing Graph API requests" says: hex HMAC-SHA256 of the token, by the app's secret.
fn proof_of(token: &str, secret: &str) -> String {
    let mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(secret.as_bytes()).unwrap();
    mac.chain_update(token).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn graph(State(world): State<Shared>, method: Method, uri: Uri, headers: HeaderMap, body: String) -> Response {
    if headers.get("authorization").is_none_or(|value| value != "Bearer page-token") {
        return *refuse(401, 190, None, "Invalid OAuth access token - Cannot parse access token");
    }
    let parts: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    let ["v23.0", id, edge] = parts.as_slice() else {
        return *refuse(404, 2_500, None, "Unknown path components");
    };
    let mut query = axum::extract::Query::<Query>::try_from_uri(&uri).map(|query| query.0).unwrap_or_default();
    let mut world = world.lock().unwrap();
    match strict::parameter(&query, "appsecret_proof") {
        Some(proof) if proof != proof_of("page-token", "app") => {
            return *refuse(400, 100, None, "Invalid appsecret_proof provided in the API argument");
        }
        None if world.wants_proof => {
            return *refuse(400, 100, None, "API calls from the server require an appsecret_proof argument");
        }
        _ => query.retain(|(name, _)| name != "appsecret_proof"),
    }
    let answered = match method {
        Method::GET => read(&world, id, edge, &query),
        Method::POST if query.is_empty() => match serde_json::from_str(&body) {
            Ok(body) => write(&mut world, id, edge, &body),
            Err(_) => Err(refuse(400, 100, None, "the body is no JSON")),
        },
        _ => Err(refuse(400, 100, None, "Unsupported method")),
    };
    answered.map_or_else(|refused| *refused, |body| Json(body).into_response())
}

pub fn router(world: Shared) -> Router {
    Router::new().fallback(graph).with_state(world)
}
