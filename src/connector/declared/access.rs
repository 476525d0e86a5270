//! Making calls as the account: its secrets, its tokens, its budget.

use super::files::FileAt;
use super::settings::Settings;
use super::spec::Files;
use super::spec::{Auth, BodyShape, Placement, Refresh, Request, Spec};
use super::template::{Template, Values};
use super::{place, verdict};
use crate::connector::http::{Answer, Body, Call, Failure, Http, MOST_MEDIA, Method, Proof};
use crate::connector::{Access as Token, ConnectorError, Ledger, Secret, Tokens, signature};
use crate::model::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The time now.
pub(super) fn now() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}

/// What one account needs to call its platform.
pub(super) struct Access {
    pub spec: Arc<Spec>,
    pub settings: Settings,
    pub http: Http,
    /// Which way to sign in is taken.
    way: usize,
    token_http: Option<Http>,
    pub ledger: Option<Arc<Ledger>>,
    tokens: Tokens,
    /// Secrets, as they were last read.
    secrets: Mutex<BTreeMap<String, Secret>>,
    /// The token that went out last.
    last: Mutex<Option<Secret>>,
}

/// A call with everything filled in but what proves who we are.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Body,
    pub cost: Option<(&'static str, u64)>,
}

impl Access {
    pub fn new(spec: Arc<Spec>, settings: Settings, profile: &std::path::Path) -> Result<Access, String> {
        let ledger = (!spec.limits.allowances.is_empty()).then(|| Arc::new(Ledger::new(&spec.limits.allowances)));
        let (base, chosen) = match &settings.base_url {
            Some(base) => (base.clone(), true),
            None => (origin(&spec.base_url, &settings)?, false),
        };
        let http = Http::new(&base, chosen, ledger.clone()).map_err(|why| format!("base_url: {why}"))?;
        let has_all = |auth: &Auth| auth.secrets.iter().all(|name| settings.secrets.contains_key(name));
        let way = spec.auth.iter().position(has_all);
        if way.is_none() && spec.auth.len() > 1 {
            let ways: Vec<String> = spec.auth.iter().map(|auth| auth.secrets.join(" and ")).collect();
            return Err(format!("there is nothing to sign in with: name {}", ways.join(", or ")));
        }
        let way = way.unwrap_or(0);
        let token_http = spec.auth.get(way).and_then(|auth| auth.refresh.as_ref()).map(|refresh| {
            let (base, chosen) = match (&settings.token_url, &settings.base_url) {
                (Some(url), _) => (url.clone(), true),
                // A rig that stands in for the platform gives its tokens too.
                (None, Some(base)) => (base.clone(), true),
                (None, None) => (origin(&refresh.base, &settings)?, false),
            };
            Http::new(&base, chosen, None).map_err(|why| format!("token_url: {why}"))
        });
        let tokens = Tokens::new(profile, &settings.name);
        let (secrets, last) = Default::default();
        Ok(Access { spec, settings, http, way, token_http: token_http.transpose()?, ledger, tokens, secrets, last })
    }

    fn auth(&self) -> Option<&Auth> {
        self.spec.auth.get(self.way)
    }

    fn refresh(&self) -> Option<&Refresh> {
        self.auth()?.refresh.as_ref()
    }

    /// A secret of the account; `None` where it has none.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn secret(&self, name: &str) -> Result<Option<Secret>, ConnectorError> {
        if let Some(secret) = self.known_secret(name) {
            return Ok(Some(secret));
        }
        let Some(reference) = self.settings.secrets.get(name) else { return Ok(None) };
        let secret = reference.resolve().await.map_err(|error| ConnectorError::Reconnect {
            reason: format!("{name} of the account \"{}\": {error}", self.settings.name),
        })?;
        self.lock(&self.secrets).insert(name.to_owned(), secret.clone());
        Ok(Some(secret))
    }

    /// A secret that was read already.
    pub fn known_secret(&self, name: &str) -> Option<Secret> {
        self.lock(&self.secrets).get(name).cloned()
    }

    fn lock<'m, T>(&self, mutex: &'m Mutex<T>) -> std::sync::MutexGuard<'m, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A template with secrets in it.
    async fn filled(&self, template: &Template, extra: &[(&str, &Secret)]) -> Result<Option<String>, ConnectorError> {
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        for hole in template.holes() {
            if let Some(name) = hole.name.strip_prefix("secret.")
                && let Some(secret) = self.secret(name).await?
            {
                values.insert(hole.name.clone(), secret.expose().to_owned());
            }
        }
        for (name, secret) in extra {
            values.insert((*name).to_owned(), secret.expose().to_owned());
        }
        let value = |name: &str| self.setting(name).or_else(|| values.get(name).cloned().map(Value::String));
        Ok(template.text(&value))
    }

    /// `account.NAME`.
    pub fn setting(&self, name: &str) -> Option<Value> {
        self.settings.values.get(name.strip_prefix("account.")?).cloned().map(Value::String)
    }

    async fn token(&self, refresh: &Refresh) -> Result<Secret, ConnectorError> {
        let token = self.tokens.get(now(), |kept| self.fetch(refresh, kept)).await?;
        *self.lock(&self.last) = Some(token.clone());
        Ok(token)
    }

    async fn fetch(&self, refresh: &Refresh, kept: Option<Token>) -> Result<Token, ConnectorError> {
        let Some(http) = &self.token_http else {
            return Err(ConnectorError::Reconnect { reason: "there is no server to get a token from".to_owned() });
        };
        let renews = match kept.and_then(|kept| kept.refresh) {
            Some(kept) => Some(kept),
            None => self.secret("refresh_token").await?,
        };
        let extra: Vec<(&str, &Secret)> = renews.iter().map(|secret| ("refresh", secret)).collect();
        let body = match &refresh.body {
            BodyShape::None => Body::None,
            BodyShape::Form(fields) => {
                let mut filled = Vec::new();
                for (name, template) in fields {
                    if let Some(text) = self.filled(template, &extra).await? {
                        filled.push((name.clone(), text));
                    }
                }
                Body::Form(filled)
            }
            BodyShape::Json(shape) => {
                let mut templates = Vec::new();
                shape.each(&mut |template| templates.push(template.clone()));
                let mut values = BTreeMap::new();
                for hole in templates.iter().flat_map(Template::holes) {
                    if let Some(name) = hole.name.strip_prefix("secret.")
                        && let Some(secret) = self.secret(name).await?
                    {
                        values.insert(hole.name.clone(), Value::String(secret.expose().to_owned()));
                    }
                }
                if let Some(renews) = &renews {
                    values.insert("refresh".to_owned(), Value::String(renews.expose().to_owned()));
                }
                let value = |name: &str| self.setting(name).or_else(|| values.get(name).cloned());
                Body::Json(shape.fill(&value).unwrap_or_default())
            }
        };
        let mut call = Call::post(refresh.path.clone(), body);
        for (name, template) in &refresh.headers {
            if let Some(text) = self.filled(template, &extra).await? {
                call = call.header(name.clone(), text);
            }
        }
        if let Some((user, password)) = &refresh.basic {
            let user = self.filled(user, &extra).await?.unwrap_or_default();
            let password = self.filled(password, &extra).await?.unwrap_or_default();
            call = call.header("authorization", basic(&user, &password));
        }
        call = self.dressed(call);
        let answer = http.ask(call, now()).await.map_err(Failure::reading)?;
        let again = |reason: String| ConnectorError::Reconnect {
            reason: format!(
                "the platform gives no new access: {reason}; sign in there anew, and put the new secret where the account says"
            ),
        };
        let body = verdict::verdict(&self.spec, &answer, false, now()).map_err(|error| match error {
            ConnectorError::Refresh { reason }
            | ConnectorError::Reject { reason }
            | ConnectorError::Gone { reason }
            | ConnectorError::Duplicate { reason } => again(reason),
            other => other,
        })?;
        let text = |pointer: &str| place::at(&body, pointer).and_then(place::text_of);
        let token = text(&refresh.token).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| again(format!("its answer has no {}", refresh.token)))?;
        let seconds = refresh.expires_in.as_deref().and_then(text).and_then(|text| text.trim().parse::<f64>().ok());
        let until = seconds.map(|seconds| now().plus_millis((seconds.clamp(0.0, 1e9) * 1_000.0) as i64));
        let next = refresh.refresh_token.as_deref().and_then(text).map(Secret::new).or(renews);
        Ok(Token { token: Secret::new(token), until, refresh: next })
    }

    /// Gets new access after a refusal.
    ///
    /// # Errors
    /// When a person must act.
    pub async fn renew(&self) -> Result<(), ConnectorError> {
        if let Some(refresh) = self.refresh() {
            let last = self.lock(&self.last).clone();
            if let Some(last) = last {
                self.tokens.refuse(&last).await;
            }
            self.lock(&self.secrets).clear();
            return self.token(refresh).await.map(|_| ());
        }
        // Somebody may have put a new one where the account says.
        let before = std::mem::take(&mut *self.lock(&self.secrets));
        for name in self.settings.secrets.keys() {
            let fresh = self.secret(name).await?;
            if before.get(name).is_some_and(|old| fresh.as_ref() != Some(old)) {
                return Ok(());
            }
        }
        let names: Vec<&str> = self.settings.secrets.keys().map(String::as_str).collect();
        Err(ConnectorError::Reconnect {
            reason: format!("the platform refuses the access; put a new {} where the account says", names.join(" or ")),
        })
    }

    /// Everything that goes with each call.
    fn dressed(&self, mut call: Call) -> Call {
        for (name, template) in &self.spec.headers {
            if let Some(text) = template.text(&|name: &str| self.setting(name)) {
                call = call.header(name.clone(), text);
            }
        }
        call
    }

    /// Fills a call.
    ///
    /// # Errors
    /// [`ConnectorError::Reject`] when something its path needs is missing.
    pub fn fill(&self, request: &Request, values: &dyn Values) -> Result<Filled, ConnectorError> {
        let path = request.path.path(values).ok_or_else(|| ConnectorError::Reject {
            reason: "something the call needs is missing; was the message filed by an older connector file?".to_owned(),
        })?;
        let texts = |list: &[(String, Template)]| -> Vec<(String, String)> {
            list.iter().filter_map(|(name, template)| Some((name.clone(), template.text(values)?))).collect()
        };
        let body = match &request.body {
            BodyShape::None => Body::None,
            BodyShape::Json(shape) => Body::Json(shape.fill(values).unwrap_or_default()),
            BodyShape::Form(fields) => Body::Form(
                fields.iter().filter_map(|(name, template)| Some((name.clone(), template.text(values)?))).collect(),
            ),
        };
        let (query, headers) = (texts(&request.query), texts(&request.headers));
        Ok(Filled { method: request.method.clone(), path, query, headers, body, cost: request.cost })
    }

    /// The call with what proves who we are. Fetches a token when there is none.
    ///
    /// # Errors
    /// When secrets or tokens cannot be had.
    pub async fn signed(&self, filled: Filled) -> Result<Call, ConnectorError> {
        let method = Method::from_bytes(filled.method.as_bytes()).unwrap_or(Method::GET);
        let mut call = Call::new(method, filled.path);
        (call.query, call.body, call.cost) = (filled.query, filled.body, filled.cost);
        call = self.dressed(call);
        for (name, value) in filled.headers {
            call = call.header(name, value);
        }
        let token = match self.refresh() {
            Some(refresh) => Some(self.token(refresh).await?),
            None => None,
        };
        let extra: Vec<(&str, &Secret)> = token.iter().map(|token| ("token", token)).collect();
        let missing = || ConnectorError::Reconnect { reason: "the account has no secret to sign in with".to_owned() };
        if let Some(proof) = self.auth().and_then(|auth| auth.proof.as_ref())
            && let Some(key) = self.filled(&proof.secret, &extra).await?
        {
            let over = self.filled(&proof.over, &extra).await?.ok_or_else(missing)?;
            let mac = signature::hmac_sha256(key.as_bytes(), &[over.as_bytes()]);
            call = call.query(&proof.query, signature::hex(&mac));
        }
        Ok(match self.auth().map(|auth| &auth.placement) {
            Some(Placement::None) | None => call,
            Some(Placement::Header(name, template)) => {
                let value = self.filled(template, &extra).await?.ok_or_else(missing)?;
                call.header(name.clone(), value)
            }
            Some(Placement::Query(name, template)) => {
                let value = self.filled(template, &extra).await?.ok_or_else(missing)?;
                call.query(name, value)
            }
            Some(Placement::Basic(user, password)) => {
                let user = self.filled(user, &extra).await?.unwrap_or_default();
                let password = self.filled(password, &extra).await?.ok_or_else(missing)?;
                call.header("authorization", basic(&user, &password))
            }
        })
    }

    /// Asks for something that may be asked twice.
    ///
    /// # Errors
    /// By the file's error table.
    pub async fn read(&self, filled: Filled) -> Result<(Answer, Value), ConnectorError> {
        let answer = self.ask(filled).await?;
        let body = self.judge(&answer)?;
        Ok((answer, body))
    }

    /// Asks for something that may be asked twice, whatever the answer says.
    ///
    /// # Errors
    /// When there is none.
    pub async fn ask(&self, filled: Filled) -> Result<Answer, ConnectorError> {
        let budget = filled.cost.map(|(name, _)| name);
        let call = self.signed(filled).await?;
        let answer = self.http.ask(call, now()).await.map_err(Failure::reading)?;
        self.told(budget, &answer);
        Ok(answer)
    }

    /// What an answer to [`Access::ask`] says.
    ///
    /// # Errors
    /// By the file's error table.
    pub fn judge(&self, answer: &Answer) -> Result<Value, ConnectorError> {
        verdict::verdict(&self.spec, answer, false, now())
    }

    /// Fetches a file of a message.
    ///
    /// # Errors
    /// When it is not where the platform's files are, or not given out.
    pub async fn file(&self, at: FileAt, files: &Files) -> Result<Vec<u8>, ConnectorError> {
        let none = Filled { method: "GET".to_owned(), path: String::new(), ..Filled::default() };
        let url = match at {
            FileAt::Url(url) => url,
            FileAt::Ask(path) => {
                let (_, body) = self.read(Filled { path, ..none.clone() }).await?;
                let found = files.ask.as_ref().and_then(|ask| place::at(&body, &ask.url)).and_then(place::text_of);
                found.ok_or_else(|| ConnectorError::Reject {
                    reason: "the platform does not say where the file is".to_owned(),
                })?
            }
        };
        let mut proof = Proof { hosts: files.hosts.clone(), only: !files.hosts.is_empty(), ..Proof::default() };
        if files.signed {
            let call = self.signed(none).await?;
            // The platform's addresses of files are signed by themselves: nothing but the token goes with them.
            let wanted = self.auth().map(|auth| &auth.placement);
            let is_token = |name: &str| matches!(wanted, Some(Placement::Query(token, _)) if token == name);
            proof.query = call.query.into_iter().filter(|(name, _)| is_token(name)).collect();
            proof.headers = call.headers;
        }
        let fetched = self.http.fetch_with(&url, MOST_MEDIA, &proof).await;
        fetched.map(|answer| answer.body).map_err(Failure::reading)
    }

    /// What the platform's headers say of the budget.
    pub fn told(&self, budget: Option<&'static str>, answer: &Answer) {
        if let (Some(name), Some(ledger)) = (budget, &self.ledger) {
            verdict::told(&self.spec, ledger, name, answer, now());
        }
    }
}

/// A URL of the file with the account's settings in its host.
fn origin(url: &str, settings: &Settings) -> Result<String, String> {
    let template = Template::read(url)?;
    for hole in template.holes() {
        let name = hole.name.strip_prefix("account.").unwrap_or_default();
        let value = settings.values.get(name).map(String::as_str).unwrap_or_default();
        let is_label = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        if !is_label || value.is_empty() || value.len() > 63 {
            return Err(format!("{name} becomes a part of {url}: one word of letters, digits and \"-\" is wanted"));
        }
    }
    let value = |name: &str| settings.values.get(name.strip_prefix("account.")?).cloned().map(Value::String);
    template.text(&value).ok_or_else(|| format!("{url} cannot be filled"))
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", crate::connector::signature::base64(format!("{user}:{password}").as_bytes()))
}
