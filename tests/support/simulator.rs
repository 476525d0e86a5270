//! A platform on loopback, with faults that can be ordered: the answer lost after the work, too many calls, half an
//! answer. What the platform does is the router of its own file under `tests/channels/`.

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
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

#[derive(Default)]
struct Log {
    faults: Vec<(String, Fault)>,
    calls: Vec<String>,
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
    let Some(fault) = faults.take(&call) else { return next.run(request).await };
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
