//! The network round the real server: everything goes to the server as it is, but for what only the network's index
//! knows. Notifications are made from the records that are really in the repositories; direct messages are kept here.
//! Both check requests as the lexicons do: unknown parameters, limits, who asks.

use crate::support::atproto::Atproto;
use crate::support::simulator::Simulator;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Default)]
pub struct Kept {
    /// DIDs with their handles.
    people: BTreeMap<String, String>,
    /// When a record was first seen, by URI.
    seen: BTreeMap<String, i64>,
    clock: i64,
    /// The log of direct messages.
    log: Vec<Value>,
}

#[derive(Clone)]
pub struct Network {
    base: String,
    client: reqwest::Client,
    kept: Arc<Mutex<Kept>>,
}

/// A person with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub did: String,
    pub handle: String,
    token: String,
}

fn wrong(status: u16, error: &str, message: &str) -> Response {
    let body = json!({ "error": error, "message": message }).to_string();
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn fine(answer: Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string()).into_response()
}

fn iso(millis: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(millis).unwrap();
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

impl Network {
    /// The people of this server.
    pub fn at(base: &str) -> Network {
        switchboard::connector::init();
        let now = jiff::Timestamp::now().as_millisecond() - 3_600_000;
        let kept = Kept { clock: now, ..Kept::default() };
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Network { base: base.to_owned(), client, kept: Arc::new(Mutex::new(kept)) }
    }

    /// A front for this server.
    pub fn front(server: &Atproto) -> (Network, Simulator) {
        let network = Network::at(&server.base);
        let router = Router::new()
            .route("/xrpc/app.bsky.notification.listNotifications", get(notifications))
            .route("/xrpc/chat.bsky.convo.getLog", get(log))
            .route("/xrpc/chat.bsky.convo.getConvo", get(conversation))
            .route("/xrpc/chat.bsky.convo.getMessages", get(latest))
            .route("/xrpc/chat.bsky.convo.sendMessage", axum::routing::post(say))
            .fallback(forward)
            .with_state(network.clone());
        (network, Simulator::start(router))
    }

    async fn call(&self, method: &str, token: Option<&str>, body: Value) -> Value {
        let request = self.client.post(format!("{}/xrpc/{method}", self.base)).json(&body);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// What the server, or what stands behind it, says to this person; `None` when it refuses.
    pub async fn ask(&self, who: &Person, method: &str, query: &[(&str, &str)]) -> Option<Value> {
        let url = format!("{}/xrpc/{method}", self.base);
        let answer = self.client.get(url).query(query).bearer_auth(&who.token).send().await.unwrap();
        let fine = answer.status().is_success();
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).ok().filter(|_| fine)
    }

    /// A new account.
    pub async fn join(&self, name: &str) -> Person {
        let handle = format!("{name}.test");
        let body = json!({ "email": format!("{name}@mail.test"), "handle": handle, "password": "app-password" });
        let made = self.call("com.atproto.server.createAccount", None, body).await;
        let word = |name: &str| made[name].as_str().unwrap().to_owned();
        let person = Person { did: word("did"), handle: handle.clone(), token: word("accessJwt") };
        self.kept.lock().unwrap().people.insert(person.did.clone(), handle);
        person
    }

    /// Writes a record; gives its URI and CID.
    pub async fn write(&self, who: &Person, collection: &str, mut record: Value) -> (String, String) {
        record["$type"] = json!(collection);
        record["createdAt"] = json!(iso(jiff::Timestamp::now().as_millisecond()));
        let body = json!({ "repo": who.did, "collection": collection, "record": record });
        let made = self.call("com.atproto.repo.createRecord", Some(&who.token), body).await;
        (made["uri"].as_str().unwrap().to_owned(), made["cid"].as_str().unwrap().to_owned())
    }

    /// What is in a repository, oldest first.
    pub async fn records(&self, did: &str, collection: &str) -> Vec<Value> {
        let url = format!("{}/xrpc/com.atproto.repo.listRecords", self.base);
        let mut records = Vec::new();
        let mut cursor = String::new();
        loop {
            let query =
                [("repo", did), ("collection", collection), ("limit", "100"), ("reverse", "true"), ("cursor", &cursor)];
            let query: Vec<_> = query.into_iter().filter(|(_, value)| !value.is_empty()).collect();
            let answer = self.client.get(&url).query(&query).send().await.unwrap().text().await.unwrap();
            let page: Value = serde_json::from_str(&answer).unwrap();
            records.extend(page["records"].as_array().cloned().unwrap_or_default());
            match page["cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return records,
            }
        }
    }

    /// A direct message.
    pub fn writes_directly(&self, from: &Person, text: &str) {
        let mut kept = self.kept.lock().unwrap();
        let number = kept.log.len();
        let message = json!({ "$type": "chat.bsky.convo.defs#messageView", "id": format!("m{number}"), "rev": format!("{number:04}"),
            "text": text, "sender": { "did": from.did }, "sentAt": iso(jiff::Timestamp::now().as_millisecond()) });
        kept.log.push(json!({ "$type": "chat.bsky.convo.defs#logCreateMessage", "rev": format!("{number:04}"), "convoId": "c1", "message": message }));
    }

    /// The texts of direct messages by this person.
    pub fn said_directly(&self, did: &str) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        let own = kept.log.iter().filter(|line| line["message"]["sender"]["did"] == did);
        own.map(|line| line["message"]["text"].as_str().unwrap().to_owned()).collect()
    }

    /// Who asks; the real server says whether the token is good.
    async fn who(&self, token: String) -> Result<String, Response> {
        let url = format!("{}/xrpc/com.atproto.server.getSession", self.base);
        let answer = self.client.get(url).header("authorization", token).send().await.unwrap();
        let (status, text) = (answer.status().as_u16(), answer.text().await.unwrap());
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        match body["did"].as_str() {
            Some(did) if status == 200 => Ok(did.to_owned()),
            _ => Err((StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "application/json")], text)
                .into_response()),
        }
    }
}

fn query(request: &Request) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://x{}", request.uri())).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

async fn notifications(State(network): State<Network>, request: Request) -> Response {
    let us = match network.who(token(&request)).await {
        Ok(did) => did,
        Err(refused) => return refused,
    };
    let (mut limit, mut before, mut reasons) = (50, i64::MAX, Vec::new());
    for (name, value) in query(&request) {
        match name.as_str() {
            "limit" => match value.parse() {
                Ok(asked @ 1..=100) => limit = asked,
                _ => return wrong(400, "InvalidRequest", "Error: limit must be between 1 and 100"),
            },
            "cursor" => match value.parse() {
                Ok(at) => before = at,
                Err(_) => return wrong(400, "InvalidRequest", "Malformed cursor"),
            },
            "reasons" if ["like", "repost", "follow", "mention", "reply", "quote"].contains(&value.as_str()) => {
                reasons.push(value)
            }
            _ => return wrong(400, "InvalidRequest", &format!("Error: Params must not have the property \"{name}\"")),
        }
    }
    let people = network.kept.lock().unwrap().people.clone();
    let mut found = Vec::new();
    for (did, handle) in people.iter().filter(|(did, _)| **did != us) {
        for (collection, what) in
            [("app.bsky.feed.post", ""), ("app.bsky.feed.like", "like"), ("app.bsky.feed.repost", "repost")]
        {
            for record in network.records(did, collection).await {
                let value = &record["value"];
                let ours = |uri: &Value| uri.as_str().is_some_and(|uri| uri.contains(&us));
                let mentions = value["facets"].to_string().contains(&us);
                // Told once, by the first that holds, as the AppView of @atproto/dev-env 0.3.215 does.
                let reason = match what {
                    "" if mentions => "mention",
                    "" if ours(&value["embed"]["record"]["uri"]) => "quote",
                    "" if ours(&value["reply"]["parent"]["uri"]) || ours(&value["reply"]["root"]["uri"]) => "reply",
                    "" => continue,
                    what if ours(&value["subject"]["uri"]) => what,
                    _ => continue,
                };
                let uri = record["uri"].as_str().unwrap().to_owned();
                let at = {
                    let mut kept = network.kept.lock().unwrap();
                    let next = kept.clock + 1_000;
                    let at = *kept.seen.entry(uri.clone()).or_insert(next);
                    kept.clock = kept.clock.max(at);
                    at
                };
                let author = json!({ "did": did, "handle": handle, "displayName": "Ana Silva" });
                found.push((
                    at,
                    json!({ "uri": uri, "cid": record["cid"], "author": author, "reason": reason, "record": value,
                    "reasonSubject": value["subject"]["uri"], "isRead": false, "indexedAt": iso(at) }),
                ));
            }
        }
    }
    found.retain(|(at, one)| {
        *at < before && (reasons.is_empty() || reasons.iter().any(|reason| one["reason"] == reason.as_str()))
    });
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    found.truncate(limit);
    let mut answer = json!({ "notifications": found.iter().map(|(_, one)| one).collect::<Vec<_>>(), "seenAt": iso(0) });
    if found.len() == limit {
        answer["cursor"] = json!(found.last().unwrap().0.to_string());
    }
    fine(answer)
}

fn token(request: &Request) -> String {
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    token.unwrap_or_default().to_owned()
}

/// Direct messages are served by another service, which the header must name.
fn proxied(request: &Request) -> Result<String, Response> {
    if request.headers().get("atproto-proxy").is_none_or(|value| value != "did:web:api.bsky.chat#bsky_chat") {
        return Err(wrong(501, "MethodNotImplemented", "Method Not Implemented"));
    }
    Ok(token(request))
}

async fn chats(network: &Network, token: Result<String, Response>) -> Result<String, Response> {
    network.who(token?).await
}

async fn log(State(network): State<Network>, request: Request) -> Response {
    if let Err(refused) = chats(&network, proxied(&request)).await {
        return refused;
    }
    let from: usize =
        query(&request).iter().find(|(name, _)| name == "cursor").map_or(0, |(_, value)| value.parse().unwrap());
    let kept = network.kept.lock().unwrap();
    let page: Vec<_> = kept.log.iter().skip(from).take(10).cloned().collect();
    fine(json!({ "cursor": (from + page.len()).to_string(), "logs": page }))
}

async fn conversation(State(network): State<Network>, request: Request) -> Response {
    if let Err(refused) = chats(&network, proxied(&request)).await {
        return refused;
    }
    let kept = network.kept.lock().unwrap();
    let members: Vec<_> = kept
        .people
        .iter()
        .map(|(did, handle)| json!({ "did": did, "handle": handle, "displayName": handle }))
        .collect();
    fine(json!({ "convo": { "id": "c1", "members": members } }))
}

async fn latest(State(network): State<Network>, request: Request) -> Response {
    if let Err(refused) = chats(&network, proxied(&request)).await {
        return refused;
    }
    let kept = network.kept.lock().unwrap();
    let messages: Vec<_> = kept.log.iter().rev().take(100).map(|line| line["message"].clone()).collect();
    fine(json!({ "messages": messages }))
}

async fn say(State(network): State<Network>, request: Request) -> Response {
    let us = match chats(&network, proxied(&request)).await {
        Ok(did) => did,
        Err(refused) => return refused,
    };
    let body: Bytes = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (Some("c1"), Some(text)) = (body["convoId"].as_str(), body["message"]["text"].as_str()) else {
        return wrong(400, "InvalidRequest", "Input must have the property \"convoId\"");
    };
    let person = Person { did: us, handle: String::new(), token: String::new() };
    network.writes_directly(&person, text);
    let sent = network.kept.lock().unwrap().log.last().unwrap()["message"].clone();
    fine(sent)
}

/// Everything else goes to the real server.
async fn forward(State(network): State<Network>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 8 << 20).await.unwrap();
    let url = format!("{}{}", network.base, parts.uri);
    let mut call = network.client.request(parts.method, url).body(body);
    for name in ["authorization", "content-type"] {
        if let Some(value) = parts.headers.get(name) {
            call = call.header(name, value);
        }
    }
    let answer = call.send().await.unwrap();
    let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
    let bytes = answer.bytes().await.unwrap();
    (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}
