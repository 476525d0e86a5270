//! A platform on loopback, with faults that can be ordered: the answer lost after the work, too many calls, half an
//! answer. What the platform does is the router of its own file under `tests/channels/`.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What goes wrong with one call.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The work is done, then the connection breaks before the answer.
    LoseAnswer,
    /// The work is not done; this is answered instead.
    Instead(u16, Vec<(&'static str, String)>, String),
    /// The work is done, and half of the answer arrives.
    Half,
    /// The work is done, and this is answered all the same.
    Answer(u16, String),
}

/// An answer that was given, to be given again.
type Given = (u16, HeaderMap, Bytes);

#[derive(Default)]
struct Log {
    faults: Vec<(String, Fault)>,
    calls: Vec<String>,
    bends: Bends,
}

/// What is wrong with every answer, until it is taken back.
#[derive(Clone, Default)]
struct Bends {
    /// Calls that contain this go round: only so many different answers are given, then the same ones in turn.
    round: Option<(String, usize)>,
    /// The answers so far, by method and path.
    given: BTreeMap<String, (usize, Vec<Given>)>,
    /// The list at this pointer of the second answer to such a call that has one is empty.
    empty: Option<(String, &'static str)>,
    lists: usize,
    emptied: String,
    /// How far the platform's clock is ahead of ours, in milliseconds.
    clock: i64,
}

/// The faults that wait, and what was called.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<Log>>);

impl Faults {
    /// The next call whose `METHOD /path?query` contains `what` goes wrong like this.
    pub fn next(&self, what: &str, fault: Fault) {
        self.0.lock().unwrap().faults.push((what.to_owned(), fault));
    }

    /// Every call so far, as `METHOD /path?query`.
    pub fn calls(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.clone()
    }

    /// How many calls contain `what`.
    pub fn count(&self, what: &str) -> usize {
        self.calls().iter().filter(|call| call.contains(what)).count()
    }

    /// Calls that contain `what` go round from now on: `answers` different ones for each path, then the same in turn, for
    /// ever.
    pub fn go_round(&self, what: &str, answers: usize) {
        self.0.lock().unwrap().bends.round = Some((what.to_owned(), answers));
    }

    /// Of the calls that contain `what`, the second that has anything in the list at `pointer` has nothing there: whoever
    /// wrote it was blocked meanwhile. What leads to the next page stays.
    pub fn empty_second(&self, what: &str, pointer: &'static str) {
        self.0.lock().unwrap().bends.empty = Some((what.to_owned(), pointer));
    }

    /// What was taken out of an emptied page, as JSON.
    pub fn emptied(&self) -> String {
        self.0.lock().unwrap().bends.emptied.clone()
    }

    /// The platform's clock is so far ahead of ours, in milliseconds: its `Date`, and every time it tells or is told.
    pub fn clock(&self, ahead: i64) {
        self.0.lock().unwrap().bends.clock = ahead;
    }

    /// Answers are as they should be again.
    pub fn mend(&self) {
        self.0.lock().unwrap().bends = Bends::default();
    }

    fn take(&self, call: &str) -> Option<Fault> {
        let mut log = self.0.lock().unwrap();
        log.calls.push(call.to_owned());
        let at = log.faults.iter().position(|(what, _)| call.contains(what.as_str()))?;
        Some(log.faults.remove(at).1)
    }
}

/// A running platform. It ends when dropped.
pub struct Simulator {
    /// `http://127.0.0.1:PORT`
    pub base: String,
    /// What goes wrong.
    pub faults: Faults,
    /// A runtime of its own, so that it answers whatever the test waits for; taken out at the end.
    runtime: Option<tokio::runtime::Runtime>,
}

impl Simulator {
    /// Serves this router on a free port of loopback.
    pub fn start(router: Router) -> Simulator {
        let faults = Faults::default();
        let router = router.layer(from_fn_with_state(faults.clone(), fail));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, router).await.unwrap();
        });
        Simulator { base, faults, runtime: Some(runtime) }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // A runtime may not be waited for inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn fail(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let call = format!("{} {}", request.method(), request.uri());
    let bends = faults.0.lock().unwrap().bends.clone();
    let request = if bends.clock == 0 { request } else { retimed(request, -bends.clock).await };
    let path = format!("{} {}", request.method(), request.uri().path());
    let Some(fault) = faults.take(&call) else {
        let response = next.run(request).await;
        let bent = bends.clock != 0 || bends.round.is_some() || bends.empty.is_some();
        return if bent { bend(&faults, &call, path, response).await } else { response };
    };
    if let Fault::Instead(status, headers, body) = fault {
        return answer(status, &headers, body);
    }
    let (parts, body) = next.run(request).await.into_parts();
    let bytes: Bytes = to_bytes(body, 64 << 20).await.unwrap();
    match fault {
        Fault::Answer(status, body) => answer(status, &[], body),
        Fault::Half => cut(parts.headers, bytes.slice(..bytes.len() / 2), bytes.len()),
        _ => cut(HeaderMap::new(), Bytes::new(), 100),
    }
}

/// An answer with what is wrong with all of them.
async fn bend(faults: &Faults, call: &str, path: String, response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let mut bytes: Bytes = to_bytes(body, 64 << 20).await.unwrap();
    let mut log = faults.0.lock().unwrap();
    let bends = &mut log.bends;
    if let Some((what, answers)) = &bends.round
        && call.contains(what.as_str())
        && parts.status.is_success()
    {
        let (count, given) = bends.given.entry(path).or_default();
        if given.len() < *answers {
            given.push((parts.status.as_u16(), parts.headers.clone(), bytes.clone()));
        }
        let (_, headers, again) = given[*count % *answers].clone();
        (parts.headers, bytes) = (headers, again);
        *count += 1;
    }
    if let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) {
        if let Some((what, pointer)) = &bends.empty
            && call.contains(what.as_str())
            && let Some(list @ Value::Array(_)) = value.pointer_mut(pointer)
            && list.as_array().is_some_and(|list| !list.is_empty())
        {
            bends.lists += 1;
            if bends.lists == 2 {
                bends.emptied = std::mem::replace(list, Value::Array(Vec::new())).to_string();
                bytes = value.to_string().into();
            }
        }
        if bends.clock != 0 {
            shift(&mut value, bends.clock);
            bytes = value.to_string().into();
        }
    }
    if bends.clock != 0 {
        let date = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(bends.clock);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&date).unwrap();
        parts.headers.insert("date", date.parse().unwrap());
    }
    parts.headers.remove("content-length");
    Response::from_parts(parts, Body::from(bytes))
}

/// Moves every time in it: RFC 3339, RFC 2822, Weibo's, and seconds or milliseconds since 1970, as number or as text.
fn shift(value: &mut Value, by: i64) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|one| shift(one, by)),
        Value::Object(fields) => fields.values_mut().for_each(|one| shift(one, by)),
        Value::String(text) => *text = shifted(text, by),
        Value::Number(number) => {
            if let Some(whole) = number.as_i64() {
                *value = match whole {
                    1_700_000_000..1_900_000_000 => (whole + by / 1_000).into(),
                    1_700_000_000_000..1_900_000_000_000 => (whole + by).into(),
                    _ => whole.into(),
                };
            } else if let Some(seconds) = number.as_f64().filter(|seconds| (1.7e9..1.9e9).contains(seconds)) {
                *value = (seconds + by as f64 / 1_000.0).into();
            }
        }
        _ => {}
    }
}

fn shifted(text: &str, by: i64) -> String {
    const WEIBO: &str = "%a %b %d %H:%M:%S %z %Y";
    let by = jiff::SignedDuration::from_millis(by);
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return (time + by).to_string();
    }
    // Facebook's has no colon in its offset.
    if let Ok(time) = jiff::fmt::strtime::parse("%Y-%m-%dT%H:%M:%S%z", text).and_then(|time| time.to_timestamp()) {
        return (time + by).strftime("%Y-%m-%dT%H:%M:%S+0000").to_string();
    }
    if let Ok(time) = jiff::fmt::rfc2822::parse(text) {
        return (time.timestamp() + by).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    }
    if let Ok(time) = jiff::fmt::strtime::parse(WEIBO, text).and_then(|time| time.to_timestamp()) {
        return (time + by).strftime("%a %b %d %H:%M:%S +0000 %Y").to_string();
    }
    let (whole, rest) = text.split_once('.').map_or((text, ""), |(whole, _)| (whole, &text[whole.len()..]));
    match whole.parse::<i64>() {
        Ok(seconds @ 1_700_000_000..1_900_000_000) => format!("{}{rest}", seconds + by.as_secs()),
        Ok(millis @ 1_700_000_000_000..1_900_000_000_000) => format!("{}{rest}", millis + by.as_millis() as i64),
        _ => text.to_owned(),
    }
}

/// A call with the times in its query and its JSON moved.
async fn retimed(mut request: Request, by: i64) -> Request {
    let url = reqwest::Url::parse(&format!("http://x{}", request.uri())).unwrap();
    let pairs: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), shifted(&value, by))).collect();
    if !pairs.is_empty() {
        let mut moved = url.clone();
        moved.query_pairs_mut().clear().extend_pairs(pairs);
        *request.uri_mut() = format!("{}?{}", moved.path(), moved.query().unwrap_or_default()).parse().unwrap();
    }
    let (mut parts, body) = request.into_parts();
    let mut bytes = to_bytes(body, 64 << 20).await.unwrap();
    if let Ok(mut value @ Value::Object(_)) = serde_json::from_slice(&bytes) {
        shift(&mut value, by);
        bytes = value.to_string().into();
        parts.headers.remove("content-length");
    }
    Request::from_parts(parts, Body::from(bytes))
}

fn answer(status: u16, headers: &[(&'static str, String)], body: String) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}

/// An answer that promises `length` bytes and breaks off after these.
fn cut(headers: HeaderMap, bytes: Bytes, length: usize) -> Response {
    let pieces = futures::stream::iter([Ok(bytes), Err(std::io::Error::other("cut"))]);
    let mut response = Body::from_stream(pieces).into_response();
    if let Some(kind) = headers.get("content-type") {
        response.headers_mut().insert("content-type", kind.clone());
    }
    response.headers_mut().insert("content-length", HeaderValue::from(length));
    response
}
