//! One request: read, looked at, written down, answered.

use super::tally::{Kind, Tally};
use super::{READ, Wake};
use crate::connector::{Hook, HookAnswer, HookRequest, MOST_HOOK_BYTES, Refusal, signature};
use crate::desk::Desk;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// How long writing down may take. Slack waits 3 s for the answer, WeChat 5.
const DEADLINE: Duration = Duration::from_secs(2);
/// Deliveries being written down at the same time, late ones included.
const WRITERS: usize = 64;
/// How often an account that lacks its secret looks for it again.
const AGAIN: Duration = Duration::from_secs(30);

/// Sees to every request.
pub(super) struct Clerk {
    desk: Arc<Desk>,
    public_url: Option<String>,
    tally: Arc<Tally>,
    wake: Wake,
    writers: Arc<Semaphore>,
    /// When accounts that lacked their secret last looked for it.
    tried: Mutex<HashMap<String, Instant>>,
}

impl Clerk {
    pub fn new(desk: Arc<Desk>, public_url: Option<String>, tally: Arc<Tally>, wake: Wake) -> Clerk {
        let writers = Arc::new(Semaphore::new(WRITERS));
        Clerk { desk, public_url, tally, wake, writers, tried: Mutex::default() }
    }

    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Gets at hand what the hooks need, now and whenever the accounts change.
    pub async fn prepare(&self) {
        let mut roster = self.desk.follow_roster();
        loop {
            let now = roster.borrow_and_update().clone();
            let hooks = now.accounts.iter().zip(&now.connectors);
            let hooks = hooks.filter_map(|(facts, connector)| Some((facts.name.clone(), connector.hook()?)));
            futures::future::join_all(hooks.map(|(account, hook)| prepare(account, hook))).await;
            if roster.changed().await.is_err() {
                return;
            }
        }
    }

    /// The answer to a request.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let account = account_of(request.uri().path());
        let hooked = account.and_then(|account| Some((self.desk.connector(&account)?.hook()?, account)));
        let Some((hook, account)) = hooked else {
            return self.turned_away(None, Kind::UnknownAccount);
        };
        match self.take(&account, hook.as_ref(), request).await {
            Ok((kind, content_type, body)) => {
                self.tally.count(Some(&account), kind);
                let mut response = Response::new(Full::new(Bytes::from(body)));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
                response
            }
            Err(kind) => {
                if kind == Kind::Refused(Refusal::NotConfigured) && self.may_try(&account) {
                    tokio::spawn(prepare(account.clone(), hook));
                }
                self.turned_away(Some(&account), kind)
            }
        }
    }

    fn may_try(&self, account: &str) -> bool {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        let may = tried.get(account).is_none_or(|last| last.elapsed() >= AGAIN);
        if may {
            tried.insert(account.to_owned(), Instant::now());
        }
        may
    }

    fn turned_away(&self, account: Option<&str>, kind: Kind) -> Response<Full<Bytes>> {
        self.tally.count(account, kind);
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::BAD_REQUEST);
        if kind == Kind::Method {
            response.headers_mut().insert(hyper::header::ALLOW, HeaderValue::from_static("GET, POST"));
        }
        response
    }

    async fn take(
        &self,
        account: &str,
        hook: &dyn Hook,
        request: Request<Incoming>,
    ) -> Result<(Kind, &'static str, Vec<u8>), Kind> {
        if ![Method::GET, Method::POST].contains(request.method()) {
            return Err(Kind::Method);
        }
        let request = read(request, self.public_url.as_deref()).await?;
        let now = self.desk.now();
        let looked = catch_unwind(AssertUnwindSafe(|| hook.receive(&request, now)));
        let looked = looked.map_err(|_| Kind::Refused(Refusal::Malformed))?;
        match looked.map_err(Kind::Refused)? {
            HookAnswer::Challenge { content_type, body } => Ok((Kind::Challenge, content_type, body)),
            HookAnswer::Delivery { key, raw, content_type, body } => {
                let kind = self.write_down(account, key, raw).await?;
                Ok((kind, content_type, body))
            }
        }
    }

    /// Writes a delivery down in time. One that takes longer may be durable all the same: it is recognised when it comes
    /// again.
    async fn write_down(&self, account: &str, key: String, raw: Vec<u8>) -> Result<Kind, Kind> {
        let (desk, writers, to) = (self.desk.clone(), self.writers.clone(), account.to_owned());
        let wake = self.wake.clone();
        let writing = async move {
            let permit = writers.acquire_owned().await.map_err(|_| Kind::Trouble)?;
            let written = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                let written = desk.receive_push(&to, &key, raw);
                if matches!(written, Ok(true)) {
                    wake(&to);
                }
                written
            });
            match written.await {
                Ok(Ok(true)) => Ok(Kind::Accepted),
                Ok(Ok(false)) => Ok(Kind::Duplicate),
                Ok(Err(error)) if error.is_disk_full() => Err(Kind::DiskFull),
                Ok(Err(error)) => {
                    tracing::error!(%error, "a push cannot be written down");
                    Err(Kind::Trouble)
                }
                Err(_) => Err(Kind::Trouble),
            }
        };
        tokio::time::timeout(DEADLINE, writing).await.unwrap_or(Err(Kind::Busy))
    }
}

/// Gets at hand what a hook needs.
async fn prepare(account: String, hook: Arc<dyn Hook>) {
    if let Err(why) = hook.prepare().await {
        tracing::error!(account, why, "what is pushed to this account is turned away");
    }
}

/// The account that a path names: `/hook/ACCOUNT`.
fn account_of(path: &str) -> Option<String> {
    let name = path.strip_prefix("/hook/")?;
    let name = name.strip_suffix('/').unwrap_or(name);
    if name.is_empty() || name.contains('/') {
        return None;
    }
    percent_encoding::percent_decode_str(name).decode_utf8().ok().map(Into::into)
}

/// Reads a whole request.
async fn read(request: Request<Incoming>, public_url: Option<&str>) -> Result<HookRequest, Kind> {
    let (head, body) = request.into_parts();
    let declared = body.size_hint().lower();
    if declared > MOST_HOOK_BYTES as u64 {
        return Err(Kind::TooLarge);
    }
    let body = match tokio::time::timeout(READ, Limited::new(body, MOST_HOOK_BYTES).collect()).await {
        Ok(Ok(body)) => body.to_bytes().to_vec(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Kind::TooLarge),
        Ok(Err(_)) | Err(_) => return Err(Kind::Unfinished),
    };
    let text = |(name, value): (&hyper::header::HeaderName, &HeaderValue)| {
        // A value that is no text cannot be what a platform signs with.
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let place = head.uri.path_and_query().map_or("/", |place| place.as_str());
    Ok(HookRequest {
        method: head.method.as_str().to_owned(),
        url: format!("{}{place}", base(&head.headers, public_url)),
        query: signature::form(head.uri.query().unwrap_or_default().as_bytes()),
        headers: head.headers.iter().filter(|(name, _)| *name != CONTENT_LENGTH).filter_map(text).collect(),
        body,
    })
}

/// How the platform reaches us: scheme, host, and a path before ours if there is one.
fn base(headers: &HeaderMap, public_url: Option<&str>) -> String {
    if let Some(url) = public_url {
        return url.to_owned();
    }
    // With several proxies the first one was reached by the platform.
    let first = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        value.split(',').next().map(str::trim).filter(|value| !value.is_empty())
    };
    let scheme = first("x-forwarded-proto").unwrap_or("http");
    let host = first("x-forwarded-host").or_else(|| headers.get(HOST)?.to_str().ok()).unwrap_or_default();
    format!("{scheme}://{host}")
}
