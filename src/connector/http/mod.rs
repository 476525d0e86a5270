//! Speaking HTTP to a platform: one client an account, with a time limit and a size limit on every call, no redirects
//! (files may lead on three times, each address checked like the first), no way to addresses inside the house, and every call paid for from the account's [`Ledger`].
//!
//! What a failed call means is in [`Failure`]: a send that may have arrived is never mistaken for one that did not.

mod answer;
mod failure;
mod guard;
mod limits;

pub use answer::Answer;
pub use failure::Failure;
pub use guard::{Reach, is_public};
pub use limits::{Reset, retry_after, until};
pub use reqwest::Method;
pub use reqwest::header::HeaderMap;

use super::Ledger;
use crate::model::Timestamp;
use guard::{Guarded, check};
use reqwest::Url;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// The longest one call may take, unless it says otherwise (long polls do).
const LIMIT: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(15);
/// The largest answer taken, unless the call says otherwise.
const MOST_BYTES: usize = 8 << 20;
/// The largest file fetched.
pub const MOST_MEDIA: usize = 25 << 20;

/// How often the address of a file may lead to another one.
const MOST_HOPS: usize = 3;

/// What goes along when a file is fetched.
#[derive(Clone, Default)]
pub struct Proof {
    /// Headers that prove who we are.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// Parameters that do.
    pub query: Vec<(String, String)>,
    /// The platform's hosts besides the base.
    pub hosts: Vec<String>,
    /// Files come from the platform's hosts and from no others.
    pub only: bool,
}

/// What goes with a call.
#[derive(Clone, Debug, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// JSON, as `application/json`.
    Json(serde_json::Value),
    /// A form, as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// These bytes, of this type.
    Bytes(Vec<u8>, &'static str),
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// What follows the base, beginning with `/`; or a whole URL of the same origin (next-page links).
    pub path: String,
    /// The query, in its order; encoded here.
    pub query: Vec<(String, String)>,
    /// Further headers. Values that hold secrets are marked so that nothing prints them.
    pub headers: Vec<(Cow<'static, str>, String)>,
    /// The body.
    pub body: Body,
    /// What it is paid from, and how many units.
    pub cost: Option<(&'static str, u64)>,
    /// The longest it may take.
    pub limit: Duration,
    /// The largest answer taken, in bytes.
    pub most: usize,
}

impl Call {
    /// A call with nothing else yet.
    pub fn new(method: Method, path: impl Into<String>) -> Call {
        let (query, headers) = (Vec::new(), Vec::new());
        Call { method, path: path.into(), query, headers, body: Body::None, cost: None, limit: LIMIT, most: MOST_BYTES }
    }

    /// `GET path`.
    pub fn get(path: impl Into<String>) -> Call {
        Call::new(Method::GET, path)
    }

    /// `POST path` with a body.
    pub fn post(path: impl Into<String>, body: Body) -> Call {
        Call { body, ..Call::new(Method::POST, path) }
    }

    /// With one more query parameter.
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Call {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// With one more header.
    pub fn header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Call {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With `Authorization: Bearer …`.
    pub fn bearer(self, token: &super::Secret) -> Call {
        self.header("authorization", format!("Bearer {}", token.expose()))
    }

    /// Paid from an allowance.
    pub fn costs(self, name: &'static str, units: u64) -> Call {
        Call { cost: Some((name, units)), ..self }
    }

    /// With another time limit.
    pub fn within(self, limit: Duration) -> Call {
        Call { limit, ..self }
    }
}

/// The client of one account.
#[derive(Clone)]
pub struct Http {
    client: reqwest::Client,
    base: Url,
    reach: Reach,
    ledger: Option<Arc<Ledger>>,
    /// How far the server's clock was ahead of ours when it answered last, in milliseconds.
    ahead: Arc<AtomicI64>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The base may hold a token in its path (Telegram).
        write!(f, "Http({})", self.base.origin().ascii_serialization())
    }
}

impl Http {
    /// A client for what lies under `base`. `chosen` is true when a person wrote the base into `config.toml`: then it may
    /// be a server on this machine, without TLS there alone. One that comes with a connector must be public and `https`.
    ///
    /// # Errors
    /// Why the base cannot be used, as the end of a sentence.
    pub fn new(base: &str, chosen: bool, ledger: Option<Arc<Ledger>>) -> Result<Http, String> {
        super::init();
        let mut base = Url::parse(base).map_err(|error| format!("it is not a URL ({error})"))?;
        let reach = guard::reach_of(&base, chosen)?;
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(60))
            .dns_resolver(Arc::new(Guarded(reach)))
            .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no HTTP client can be made ({error})"))?;
        Ok(Http { client, base, reach, ledger, ahead: Arc::default() })
    }

    /// The base, for messages: scheme and host, without path.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// A time by our clock as the server's clock had it, as far as its answers told; for looking at what it dates.
    pub fn theirs(&self, ours: Timestamp) -> Timestamp {
        ours.plus_millis(self.ahead.load(Ordering::Relaxed))
    }

    /// Where a call goes.
    fn place(&self, path: &str) -> Result<Url, Failure> {
        let refused = |why: String| Failure::Refused { reason: why };
        let url = if path.starts_with("https://") || path.starts_with("http://") {
            let url = Url::parse(path).map_err(|error| refused(format!("a link that is no URL ({error})")))?;
            if url.origin() != self.base.origin() {
                let host = url.host_str().unwrap_or_default();
                return Err(refused(format!("the answer leads to another server ({host}); the call is not made")));
            }
            url
        } else {
            let joined = format!("{}{}", self.base, path.trim_start_matches('/'));
            Url::parse(&joined).map_err(|error| refused(format!("a call to no URL ({error})")))?
        };
        check(&url, self.reach).map_err(refused)?;
        Ok(url)
    }

    /// Makes a call at `now`.
    ///
    /// # Errors
    /// [`Failure`], when there is no answer. An answer that says no is an [`Answer`].
    pub async fn ask(&self, call: Call, now: Timestamp) -> Result<Answer, Failure> {
        let mut url = self.place(&call.path)?;
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        let mut request = self.client.request(call.method, url).timeout(call.limit);
        for (name, value) in call.headers {
            let mut value = reqwest::header::HeaderValue::try_from(value)
                .map_err(|_| Failure::Refused { reason: format!("the header {name} would hold what no header may") })?;
            value.set_sensitive(true);
            request = request.header(&*name, value);
        }
        request = match call.body {
            Body::None => request,
            Body::Json(value) => request.json(&value),
            Body::Form(fields) => request.form(&fields),
            Body::Bytes(bytes, kind) => request.header("content-type", kind).body(bytes),
        };
        let request = request.build().map_err(|error| Failure::Refused { reason: failure::words(error) })?;
        if let (Some((name, units)), Some(ledger)) = (call.cost, &self.ledger) {
            ledger.spend(name, units, now).map_err(|until| Failure::Spent { what: name, until })?;
        }
        let answer = self.client.execute(request).await.map_err(Failure::from)?;
        self.ahead.store(limits::ahead(answer.headers(), jiff::Timestamp::now().into()), Ordering::Relaxed);
        Answer::read(answer, call.most).await
    }

    /// Fetches a file that a message points to. Only from the platform itself, or from a public `https` address; nothing
    /// that proves who we are goes along.
    ///
    /// # Errors
    /// [`Failure`], also for anything but 200.
    pub async fn fetch(&self, url: &str, most: usize) -> Result<Answer, Failure> {
        self.fetch_with(url, most, &Proof::default()).await
    }

    /// As [`Http::fetch`], with what proves who we are where the platform wants that for files. It goes to the platform's
    /// own hosts alone, also when one of them sends us on.
    ///
    /// # Errors
    /// As [`Http::fetch`]; also for hosts that are none of the platform's, when files come from no others.
    pub async fn fetch_with(&self, url: &str, most: usize, proof: &Proof) -> Result<Answer, Failure> {
        let refused = |reason: String| Failure::Refused { reason };
        let mut url = Url::parse(url).map_err(|error| refused(format!("its address is no URL ({error})")))?;
        for _ in 0..=MOST_HOPS {
            let answer = self.fetch_once(url.clone(), most, proof).await?;
            match answer.status {
                200 => return Ok(answer),
                301 | 302 | 303 | 307 | 308 => {
                    let next = answer.header("location").and_then(|next| url.join(next).ok());
                    url = next.ok_or_else(|| refused("the file is said to be elsewhere, and not where".to_owned()))?;
                }
                status => return Err(refused(format!("the file is not given out (HTTP {status})"))),
            }
        }
        Err(refused(format!("the file's address leads to another one, {MOST_HOPS} times over; it is given up")))
    }

    async fn fetch_once(&self, url: Url, most: usize, proof: &Proof) -> Result<Answer, Failure> {
        let refused = |reason: String| Failure::Refused { reason };
        let own = url.origin() == self.base.origin();
        let host = url.host_str().unwrap_or_default();
        let theirs = own || proof.hosts.iter().any(|known| known == host);
        if proof.only && !theirs {
            let host = crate::model::clean_line(host);
            return Err(refused(format!("{host} is none of the platform's hosts; nothing is fetched from there")));
        }
        let reach = if own { self.reach } else { Reach::Public };
        check(&url, reach).map_err(refused)?;
        let client = if own {
            self.client.clone()
        } else {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT)
                .dns_resolver(Arc::new(Guarded(Reach::Public)))
                .build()
                .map_err(|error| refused(failure::words(error)))?
        };
        let mut url = url;
        if theirs && !proof.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&proof.query);
        }
        let mut request = client.get(url).timeout(LIMIT);
        for (name, value) in proof.headers.iter().filter(|_| theirs) {
            let mut value = reqwest::header::HeaderValue::try_from(value)
                .map_err(|_| refused(format!("the header {name} would hold what no header may")))?;
            value.set_sensitive(true);
            request = request.header(&**name, value);
        }
        let answer = request.send().await.map_err(Failure::from)?;
        Answer::read(answer, most).await
    }
}

#[cfg(test)]
mod tests;
