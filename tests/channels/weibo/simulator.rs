//! Weibo as open.weibo.com/wiki describes it: tokens in the query, forms, codes of its own, 100 calls a day.

use crate::channels::Json;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const TOKEN: &str = "2.00weiboToken";
pub const OWN: u64 = 1_964_356_285;
/// Our post, whose id is larger than 2^53.
pub const STATUS: u64 = 9_100_000_000_000_000;

#[derive(Clone)]
pub struct Comment {
    pub id: u64,
    pub text: String,
    pub user: u64,
    pub at: jiff::Timestamp,
}

#[derive(Default)]
pub struct World {
    pub comments: Vec<Comment>,
    /// Read calls left today.
    pub left: Option<u32>,
    /// The token is not taken any more.
    pub expired: bool,
}

pub type Shared = Arc<Mutex<World>>;

impl World {
    pub fn add(&mut self, user: u64, text: &str) -> u64 {
        let id = STATUS + 1 + self.comments.len() as u64;
        self.comments.push(Comment { id, text: text.to_owned(), user, at: jiff::Timestamp::now() });
        id
    }
}

pub fn error(request: &str, status: u16, code: u32, words: &str) -> Response {
    let body = json!({ "request": request, "error_code": code, "error": words });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

fn shown(comment: &Comment) -> Value {
    let at = comment.at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
    let own = comment.user == OWN;
    json!({
        "created_at": at.strftime("%a %b %d %H:%M:%S %z %Y").to_string(),
        "id": comment.id, "mid": comment.id.to_string(), "idstr": comment.id.to_string(), "text": comment.text,
        "source": "<a href=\"http://weibo.com/\" rel=\"nofollow\">微博</a>",
        "user": { "id": comment.user, "idstr": comment.user.to_string(),
            "screen_name": if own { "小店" } else { "王小明" }, "name": "n", "verified": false },
        "status": { "id": STATUS, "idstr": STATUS.to_string(), "text": "新品" },
    })
}

type Words = BTreeMap<String, String>;

fn allowed(world: &mut World, request: &str, query: &Words, known: &[&str]) -> Result<(), Box<Response>> {
    let refused = |status, code, words| Err(Box::new(error(request, status, code, words)));
    match query.get("access_token") {
        None => return refused(400, 10_006, "source paramter(appkey) is missing"),
        Some(token) if token != TOKEN || world.expired => return refused(403, 21_332, "invalid_access_token"),
        Some(_) => {}
    }
    if let Some(unknown) = query.keys().find(|key| *key != "access_token" && !known.contains(&key.as_str())) {
        return refused(400, 10_008, &format!("param error, {unknown} is unknown, see doc for more info."));
    }
    if let Some(left) = &mut world.left {
        if *left == 0 {
            return refused(403, 10_023, "User requests out of rate limit!");
        }
        *left -= 1;
    }
    Ok(())
}

fn number(request: &str, query: &Words, name: &str, otherwise: u64) -> Result<u64, Box<Response>> {
    let Some(text) = query.get(name) else { return Ok(otherwise) };
    let wrong = || error(request, 400, 10_008, &format!("param error, {name} is wrong, see doc for more info."));
    text.parse().map_err(|_| Box::new(wrong()))
}

fn feed(world: &mut World, request: &str, query: &Words, name: &str, mine: bool) -> Result<Response, Box<Response>> {
    let known = ["since_id", "max_id", "count", "page", "filter_by_author", "filter_by_source", "id"];
    allowed(world, request, query, &known)?;
    let since = number(request, query, "since_id", 0)?;
    let most = number(request, query, "max_id", u64::MAX)?;
    let count = number(request, query, "count", 50)?.min(200) as usize;
    let found: Vec<Value> = world
        .comments
        .iter()
        .rev()
        .filter(|comment| (mine || comment.user != OWN) && comment.id > since && comment.id <= most)
        .take(count)
        .map(shown)
        .collect();
    let total = world.comments.len();
    Ok(Json(json!({ name: found, "previous_cursor": 0, "next_cursor": 0, "total_number": total })).into_response())
}

fn or(answer: Result<Response, Box<Response>>) -> Response {
    answer.unwrap_or_else(|refused| *refused)
}

async fn reply(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap, body: String) -> Response {
    let request = "/2/comments/reply.json";
    let mut world = world.lock().unwrap();
    let left = world.left.take();
    let allowed = allowed(&mut world, request, &query, &[]);
    world.left = left;
    if let Err(refused) = allowed {
        return *refused;
    }
    if headers.get("content-type").is_none_or(|kind| kind != "application/x-www-form-urlencoded") {
        return error(request, 400, 10_012, "Illegal request!");
    }
    let form = crate::channels::form(&body);
    let fields = ["cid", "id", "comment", "without_mention", "comment_ori", "rip"];
    if form.keys().any(|key| !fields.contains(&key.as_str())) {
        return error(request, 400, 10_008, "param error, see doc for more info.");
    }
    let [cid, id, text] = ["cid", "id", "comment"].map(|name| form.get(name).cloned().unwrap_or_default());
    let known = world.comments.iter().any(|comment| comment.id.to_string() == cid);
    match () {
        () if id != STATUS.to_string() => error(request, 400, 20_101, "target weibo does not exist!"),
        () if !known => error(request, 400, 20_201, "target weibo comment does not exist!"),
        () if text.is_empty() => error(request, 400, 20_008, "content is null!"),
        () if text.chars().count() > 140 => error(request, 400, 20_012, "Text too long!"),
        () if world.comments.iter().any(|comment| comment.user == OWN && comment.text == text) => {
            error(request, 400, 20_019, "repeat content!")
        }
        () => {
            world.add(OWN, &text);
            Json(shown(world.comments.last().unwrap())).into_response()
        }
    }
}

pub fn router(world: Shared) -> Router {
    let feeds = [("/2/comments/to_me.json", "comments", false), ("/2/comments/show.json", "comments", true)];
    let mut router = Router::new();
    for (path, name, mine) in feeds {
        let handler = move |State(world): State<Shared>, Query(query): Query<Words>| async move {
            or(feed(&mut world.lock().unwrap(), path, &query, name, mine))
        };
        router = router.route(path, get(handler));
    }
    for (path, name) in [("/2/comments/mentions.json", "comments"), ("/2/statuses/mentions.json", "statuses")] {
        let handler = move |State(world): State<Shared>, Query(query): Query<Words>| async move {
            let mut empty = World { comments: Vec::new(), ..*world.lock().unwrap() };
            let answer = or(feed(&mut empty, path, &query, name, false));
            world.lock().unwrap().left = empty.left;
            answer
        };
        router = router.route(path, get(handler));
    }
    router.route("/2/comments/reply.json", post(reply)).with_state(world)
}
