//! Twilio's Message resource: newest first, filtered by whole days, dates as in mail, errors by number.

use crate::channels::{Json, form};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub const OWN: &str = "+15550001000";
pub const ANA: &str = "+16505551234";
/// Twilio may give fewer than were asked for.
const PAGE: usize = 12;
const PATH: &str = "/2010-04-01/Accounts/AC1/Messages.json";
const CALLS: &str = "/2010-04-01/Accounts/AC1/Calls.json";

pub struct Message {
    pub from: String,
    pub to: String,
    pub body: String,
    pub at: jiff::Timestamp,
}

pub struct PhoneCall {
    pub from: String,
    pub to: String,
    pub status: &'static str,
    /// As Twilio writes it: seconds as text, or nothing.
    pub duration: Option<&'static str>,
    pub at: jiff::Timestamp,
}

#[derive(Default)]
pub struct World {
    pub messages: Vec<Message>,
    pub calls: Vec<PhoneCall>,
}

pub type Shared = Arc<Mutex<World>>;

impl World {
    pub fn add(&mut self, from: &str, to: &str, body: &str) {
        let (from, to, body) = (from.to_owned(), to.to_owned(), body.to_owned());
        self.messages.push(Message { from, to, body, at: jiff::Timestamp::now() });
    }
}

fn shown(number: usize, message: &Message) -> Value {
    let at = message.at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    let inbound = message.to == OWN;
    json!({ "sid": format!("SM{number:032x}"), "account_sid": "AC1", "from": message.from, "to": message.to,
        "body": message.body, "direction": if inbound { "inbound" } else { "outbound-api" }, "num_media": "0",
        "num_segments": "1", "status": if inbound { "received" } else { "queued" }, "error_code": null,
        "date_created": at, "date_updated": at, "date_sent": if inbound { json!(at) } else { Value::Null },
        "api_version": "2010-04-01", "uri": format!("/2010-04-01/Accounts/AC1/Messages/SM{number:032x}.json") })
}

fn refuse(status: u16, code: u32, words: &str) -> Response {
    let more = format!("https://www.twilio.com/docs/errors/{code}");
    let body = json!({ "code": code, "message": words, "more_info": more, "status": status });
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

fn known(headers: &HeaderMap) -> bool {
    let right = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode("SK1:hush"));
    headers.get("authorization").is_some_and(|value| value.as_bytes() == right.as_bytes())
}

type Words = BTreeMap<String, String>;

async fn list(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap) -> Response {
    if !known(&headers) {
        return refuse(401, 20_003, "Authenticate");
    }
    let names = ["To", "From", "DateSent>", "PageSize", "Page", "PageToken"];
    if let Some(name) = query.keys().find(|name| !names.contains(&name.as_str())) {
        return refuse(400, 20_001, &format!("Unknown parameter {name}"));
    }
    let size = query.get("PageSize").map_or(Ok(50), |size| size.parse::<usize>());
    if !size.as_ref().is_ok_and(|size| (1..=1000).contains(size)) {
        return refuse(400, 20_001, "Page size must be between 1 and 1000");
    }
    let day = query.get("DateSent>").map(|day| day.parse::<jiff::civil::Date>());
    let Ok(day) = day.transpose() else { return refuse(400, 20_001, "DateSent must be YYYY-MM-DD") };
    let world = world.lock().unwrap();
    let fits = |message: &Message| {
        query.get("To").is_none_or(|to| *to == message.to)
            && query.get("From").is_none_or(|from| *from == message.from)
            && day.is_none_or(|day| message.at.to_zoned(jiff::tz::TimeZone::UTC).date() >= day)
    };
    let found = world.messages.iter().enumerate().filter(|(_, message)| fits(message));
    let newest: Vec<(usize, Value)> = found.map(|(number, message)| (number, shown(number, message))).rev().collect();
    // The token is a place in time: what comes meanwhile does not shift the pages.
    let below = match query.get("PageToken").map(|token| token.parse::<usize>()) {
        None => usize::MAX,
        Some(Ok(below)) => below,
        Some(Err(_)) => return refuse(400, 20_001, "Invalid page token"),
    };
    let rest: Vec<&(usize, Value)> = newest.iter().filter(|(number, _)| *number < below).collect();
    let page: Vec<&(usize, Value)> = rest.iter().take(PAGE.min(size.unwrap_or(50))).copied().collect();
    let next = page.last().filter(|_| rest.len() > page.len()).map(|(number, _)| {
        let kept = query.iter().filter(|(name, _)| *name != "PageToken" && *name != "Page");
        let kept = kept.map(|(name, value)| format!("{}={}&", name.replace('>', "%3E"), value.replace('+', "%2B")));
        format!("{PATH}?{}Page=1&PageToken={number}", kept.collect::<String>())
    });
    let messages: Vec<&Value> = page.iter().map(|(_, message)| message).collect();
    Json(json!({ "messages": messages, "next_page_uri": next, "page": 0, "page_size": PAGE, "uri": PATH }))
        .into_response()
}

async fn create(State(world): State<Shared>, headers: HeaderMap, body: String) -> Response {
    if !known(&headers) {
        return refuse(401, 20_003, "Authenticate");
    }
    if headers.get("content-type").is_none_or(|kind| kind != "application/x-www-form-urlencoded") {
        return refuse(415, 20_415, "Unsupported media type");
    }
    let fields = form(&body);
    if fields.keys().any(|name| !["To", "From", "Body", "StatusCallback"].contains(&name.as_str())) {
        return refuse(400, 20_001, "Unknown parameter");
    }
    let (Some(to), Some(text)) = (fields.get("To"), fields.get("Body")) else {
        return refuse(400, 21_604, "A 'To' phone number and a body are required.");
    };
    if fields.get("From").map(String::as_str) != Some(OWN) {
        return refuse(400, 21_606, "The 'From' phone number provided is not a valid message-capable Twilio number");
    }
    if !to.starts_with('+') || to.len() < 9 {
        return refuse(400, 21_211, "Invalid 'To' Phone Number");
    }
    if text.chars().count() > 1600 {
        return refuse(400, 21_617, "The concatenated message body exceeds the 1600 character limit");
    }
    let mut world = world.lock().unwrap();
    if world.messages.iter().rev().find(|message| message.from == *to).is_some_and(|last| last.body == "STOP") {
        return refuse(400, 21_610, "Attempt to send to unsubscribed recipient");
    }
    world.add(OWN, to, text);
    let number = world.messages.len() - 1;
    (StatusCode::CREATED, Json(shown(number, &world.messages[number]))).into_response()
}

/// `GET …/Calls.json`: newest first, filtered by whole days.
async fn calls(State(world): State<Shared>, Query(query): Query<Words>, headers: HeaderMap) -> Response {
    if !known(&headers) {
        return refuse(401, 20_003, "Authenticate");
    }
    let names = ["To", "From", "Status", "StartTime>", "PageSize", "Page", "PageToken"];
    if let Some(name) = query.keys().find(|name| !names.contains(&name.as_str())) {
        return refuse(400, 20_001, &format!("Unknown parameter {name}"));
    }
    let size = query.get("PageSize").map_or(Ok(50), |size| size.parse::<usize>());
    if !size.as_ref().is_ok_and(|size| (1..=1000).contains(size)) {
        return refuse(400, 20_001, "Page size must be between 1 and 1000");
    }
    let day = query.get("StartTime>").map(|day| day.parse::<jiff::civil::Date>());
    let Ok(day) = day.transpose() else { return refuse(400, 20_001, "StartTime must be YYYY-MM-DD") };
    let below = query.get("PageToken").map_or(Ok(usize::MAX), |token| token.parse::<usize>());
    let Ok(below) = below else { return refuse(400, 20_001, "Invalid page token") };
    let world = world.lock().unwrap();
    let fits = |call: &PhoneCall| {
        query.get("To").is_none_or(|to| *to == call.to)
            && query.get("From").is_none_or(|from| *from == call.from)
            && day.is_none_or(|day| call.at.to_zoned(jiff::tz::TimeZone::UTC).date() >= day)
    };
    let found = world.calls.iter().enumerate().rev();
    let rest: Vec<(usize, &PhoneCall)> = found.filter(|(number, call)| *number < below && fits(call)).collect();
    let page: Vec<&(usize, &PhoneCall)> = rest.iter().take(PAGE.min(size.unwrap_or(50))).collect();
    let next = page.last().filter(|_| rest.len() > page.len()).map(|(number, _)| {
        let kept = query.iter().filter(|(name, _)| *name != "PageToken" && *name != "Page");
        let kept = kept.map(|(name, value)| format!("{}={}&", name.replace('>', "%3E"), value.replace('+', "%2B")));
        format!("{CALLS}?{}Page=1&PageToken={number}", kept.collect::<String>())
    });
    let shown = |(number, call): &&(usize, &PhoneCall)| {
        let at = call.at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let direction = if call.to == OWN { "inbound" } else { "outbound-api" };
        json!({ "sid": format!("CA{number:032x}"), "account_sid": "AC1", "from": call.from, "to": call.to,
            "direction": direction, "status": call.status, "duration": call.duration, "start_time": at, "end_time": at,
            "date_created": at, "date_updated": at, "caller_name": null, "answered_by": null, "price": null,
            "parent_call_sid": null, "api_version": "2010-04-01" })
    };
    let calls: Vec<Value> = page.iter().map(shown).collect();
    Json(json!({ "calls": calls, "next_page_uri": next, "page": 0, "page_size": PAGE, "uri": CALLS })).into_response()
}

pub fn router(world: Shared) -> Router {
    Router::new().route(PATH, get(list).post(create)).route(CALLS, get(calls)).with_state(world)
}
