//! WeCom's customer service, as its documentation says. Everything is answered with 200.

use crate::channels::Json;
use crate::channels::contract::Rig;
use crate::channels::strict::{Is, object, parameter, query, seconds};
use crate::channels::wechat::{AES_KEY, TOKEN};
use crate::support::simulator::{Fault, Simulator};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};

pub const CORPID: &str = "ww2c2769f8efd9abc2";
pub const SECRET: &str = "Xm3-SeCrEt-of-the-application";
pub const KF: &str = "wkAJ2GCAAASSm4_FhToWMFea0xAFfd3Q";
pub const SECOND: &str = "wkAJ2GCAAAsecondDeskOfTheShop0001";
pub const ANA: &str = "wmAJ2GCAAAme1XQRC-NI-q0_ZM9ukoAw";

pub const UNIONID: &str = "ozynqsulJFCZ2z1aYeS8h-nuasdAAA";

/// The company at the platform.
pub struct Company {
    /// Tokens given so far; the last one is right.
    pub given: usize,
    pub entries: Vec<Value>,
    /// What was sent, as it came.
    pub sent: Vec<Value>,
    /// What was asked of `sync_msg`.
    pub asked: Vec<Value>,
    /// Answers left until somebody writes again.
    pub left: u32,
    /// The conversation is with the API; else with somebody in WeCom, or ended.
    pub ours: bool,
    /// An Official Account or mini program of the company is bound, and itself to the WeChat Open Platform.
    pub bound: bool,
}

type Shared = Arc<Mutex<Company>>;

/// The simulator and what it knows.
pub struct WeCom {
    simulator: Simulator,
    pub company: Shared,
    /// What the account lists as its service accounts.
    desks: Vec<&'static str>,
}

fn refuse(code: i64, said: &str) -> Response {
    Json(json!({ "errcode": code, "errmsg": format!("{said}, hint: [1655713825]") })).into_response()
}

fn well(mut more: Value) -> Response {
    more["errcode"] = 0.into();
    more["errmsg"] = "ok".into();
    Json(more).into_response()
}

async fn token(State(company): State<Shared>, Query(asked): Query<Vec<(String, String)>>) -> Response {
    let mut company = company.lock().unwrap();
    if let Err(why) = query(&asked, &[("corpid", true), ("corpsecret", true)]) {
        return refuse(41002, &why);
    }
    if parameter(&asked, "corpid") != Some(CORPID) {
        return refuse(40013, "invalid corpid");
    }
    if parameter(&asked, "corpsecret") != Some(SECRET) {
        return refuse(40001, "invalid credential");
    }
    company.given = company.given.max(1);
    well(json!({ "access_token": format!("access-{}", company.given), "expires_in": 7200 }))
}

/// The body of a call by somebody who may.
fn body(
    company: &Company,
    asked: &[(String, String)],
    bytes: &[u8],
    fields: &[(&str, Is, bool)],
) -> Result<Value, Box<Response>> {
    query(asked, &[("access_token", false)]).map_err(|why| Box::new(refuse(40035, &why)))?;
    match parameter(asked, "access_token") {
        None => return Err(Box::new(refuse(41001, "access_token missing"))),
        Some(token) if company.given == 0 || token != format!("access-{}", company.given) => {
            return Err(Box::new(refuse(40014, "invalid access_token")));
        }
        Some(_) => {}
    }
    let body: Value = serde_json::from_slice(bytes).map_err(|_| Box::new(refuse(47001, "data format error")))?;
    object(&body, fields).map_err(|why| Box::new(refuse(40058, &why)))?;
    Ok(body)
}

async fn sync(State(company): State<Shared>, Query(asked): Query<Vec<(String, String)>>, bytes: Bytes) -> Response {
    let mut company = company.lock().unwrap();
    let fields = [
        ("cursor", Is::Text, false),
        ("token", Is::Text, false),
        ("limit", Is::Whole, false),
        ("voice_format", Is::Whole, false),
        ("open_kfid", Is::Text, true),
    ];
    let body = match body(&company, &asked, &bytes, &fields) {
        Ok(body) => body,
        Err(refused) => return *refused,
    };
    let limit = body["limit"].as_u64().unwrap_or(1000);
    let cursor = body["cursor"].as_str().unwrap_or_default();
    match () {
        () if body["open_kfid"] != KF && body["open_kfid"] != SECOND => return refuse(95004, "invalid open_kfid"),
        () if !(1..=1000).contains(&limit) => return refuse(40058, "limit"),
        () if cursor.len() > 64 => return refuse(40058, "cursor"),
        () if body.get("token").is_some_and(|token| token != "ENC-nudge") => return refuse(95007, "invalid msg token"),
        () => {}
    }
    company.asked.push(body.clone());
    let start: usize = cursor.strip_prefix("at-").and_then(|at| at.parse().ok()).unwrap_or(0);
    // Small pages, and one in the middle with nothing in it.
    let of_this =
        |entry: &&Value| entry["open_kfid"] == body["open_kfid"] || entry["event"]["open_kfid"] == body["open_kfid"];
    let end = (start + (limit as usize).min(10)).min(company.entries.len());
    let page: Vec<Value> = company.entries[start.min(end)..end].iter().filter(of_this).cloned().collect();
    let more = u8::from(end < company.entries.len());
    well(json!({ "next_cursor": format!("at-{end}"), "has_more": more, "msg_list": page }))
}

async fn send(State(company): State<Shared>, Query(asked): Query<Vec<(String, String)>>, bytes: Bytes) -> Response {
    let mut company = company.lock().unwrap();
    let fields = [
        ("touser", Is::Text, true),
        ("open_kfid", Is::Text, true),
        ("msgid", Is::Text, false),
        ("msgtype", Is::Text, true),
        ("text", Is::Object, true),
    ];
    let body = match body(&company, &asked, &bytes, &fields) {
        Ok(body) => body,
        Err(refused) => return *refused,
    };
    let id = body["msgid"].as_str().unwrap_or("made-by-wecom");
    let content = body["text"]["content"].as_str().unwrap_or_default();
    match () {
        () if body["touser"] != ANA => return refuse(40096, "invalid external userid"),
        () if body["open_kfid"] != KF && body["open_kfid"] != SECOND => return refuse(95004, "invalid open_kfid"),
        () if id.len() > 32 || !id.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) => {
            return refuse(40058, "msgid");
        }
        () if content.is_empty() || content.len() > 2048 => return refuse(40058, "content"),
        () if !company.ours => return refuse(95018, "send msg session status invalid"),
        () if company.left == 0 => return refuse(95001, "send msg count limit"),
        () => {}
    }
    company.left -= 1;
    company.sent.push(body.clone());
    well(json!({ "msgid": id }))
}

async fn people(State(company): State<Shared>, Query(asked): Query<Vec<(String, String)>>, bytes: Bytes) -> Response {
    let company = company.lock().unwrap();
    let fields = [("external_userid_list", Is::List, true), ("need_enter_session_context", Is::Whole, false)];
    match body(&company, &asked, &bytes, &fields) {
        Err(refused) => *refused,
        Ok(body) if body["external_userid_list"].as_array().unwrap().len() > 100 => refuse(40058, "too many"),
        // Those who wrote or came within 48 hours; others are named as invalid.
        Ok(body) => {
            let wrote = |id: &Value| company.entries.iter().any(|entry| entry["external_userid"] == *id);
            let (known, invalid): (Vec<&Value>, Vec<&Value>) =
                body["external_userid_list"].as_array().unwrap().iter().partition(|id| wrote(id));
            let told = |id: &&Value| {
                let mut told = json!({ "external_userid": id, "nickname": "安娜", "avatar": "http://x", "gender": 2 });
                if company.bound {
                    told["unionid"] = UNIONID.into();
                }
                told
            };
            let known: Vec<Value> = known.iter().map(told).collect();
            well(json!({ "customer_list": known, "invalid_external_userid": invalid }))
        }
    }
}

impl WeCom {
    /// With one service account.
    pub fn start() -> WeCom {
        WeCom::with(&[KF])
    }

    /// With these.
    pub fn with(desks: &[&'static str]) -> WeCom {
        let company = Arc::new(Mutex::new(Company {
            given: 0,
            entries: Vec::new(),
            sent: Vec::new(),
            asked: Vec::new(),
            left: 5,
            ours: true,
            bound: true,
        }));
        let router = Router::new()
            .route("/cgi-bin/gettoken", get(token))
            .route("/cgi-bin/kf/sync_msg", post(sync))
            .route("/cgi-bin/kf/send_msg", post(send))
            .route("/cgi-bin/kf/customer/batchget", post(people))
            .with_state(company.clone());
        WeCom { simulator: Simulator::start(router), company, desks: desks.to_vec() }
    }

    /// An entry with these fields over those that all have; gives its id.
    pub fn entry(&self, fields: Value) -> String {
        let mut company = self.company.lock().unwrap();
        let id = format!("msg_{}", company.entries.len() + 1);
        let mut entry = json!({ "msgid": id, "send_time": seconds(), "origin": 3 });
        if fields.get("event").is_none() {
            entry["open_kfid"] = KF.into();
            entry["external_userid"] = ANA.into();
        }
        entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        company.entries.push(entry);
        company.left = 5;
        id
    }
}

impl Rig for WeCom {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        let secrets = [("wecom.secret", SECRET), ("wecom.callback", TOKEN), ("wecom.aes", AES_KEY)];
        secrets.iter().for_each(|(name, secret)| crate::channels::secret_file(profile, name, secret));
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"wecom\"\ncorpid = \"{CORPID}\"\nopen_kfids = {:?}\n\
             secret_file = \"wecom.secret\"\ncallback_token_file = \"wecom.callback\"\naes_key_file = \"wecom.aes\"\n\
             hold = \"0s\"\nbase_url = \"{}\"\n",
            self.desks, self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        self.entry(json!({ "msgtype": "text", "text": { "content": text } }));
    }

    fn sent(&self) -> Vec<String> {
        let company = self.company.lock().unwrap();
        company.sent.iter().map(|body| body["text"]["content"].as_str().unwrap().to_owned()).collect()
    }

    fn reading(&self) -> &'static str {
        "/kf/sync_msg"
    }

    fn sending(&self) -> &'static str {
        "/kf/send_msg"
    }

    fn too_many(&self) -> Fault {
        Fault::Instead(200, Vec::new(), json!({ "errcode": 45009, "errmsg": "api freq out of limit" }).to_string())
    }

    fn reads_back(&self) -> bool {
        false
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/msg_list")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Err("ids are text that WeCom makes")
    }
}
