//! WeChat, as its documentation says: tokens of which one is right, customer service messages with their window, media,
//! followers, articles with comments (`articles`), and pushes in envelopes. Everything is answered with 200.

use super::articles;
use crate::channels::Json;
use crate::channels::contract::Rig;
use crate::channels::strict::{Is, object, parameter, query, seconds};
use crate::support::simulator::{Fault, Simulator};
use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockEncryptMut, KeyIvInit};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use switchboard::connector::signature::{hex, sha1_of_sorted};

pub const APPID: &str = "wx2c2769f8efd9abc2";
pub const SECRET: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
pub const TOKEN: &str = "spamtest";
pub const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
pub const ANA: &str = "oIe1xJ4cBqAnA000000000000001";

/// The account at the platform.
pub struct Office {
    /// Tokens given so far; the last one is right.
    pub given: usize,
    /// When the token is given by the older call, which always makes a new one.
    pub plain: usize,
    /// The bodies taken, as they came.
    pub sent: Vec<String>,
    /// Answers left until somebody writes again; `None` when the window is closed.
    pub left: Option<u32>,
    /// Whether this machine may call.
    pub listed: bool,
    /// Calls that the account may not make: parts of their paths.
    pub forbidden: Vec<&'static str>,
    /// Whether who somebody is, is never answered.
    pub hangs: bool,
    /// What is told of followers: openid, remark, unionid. Others are known, and do not follow.
    pub followers: Vec<(String, String, String)>,
    pub articles: Vec<articles::Article>,
    pub comments: Vec<articles::Comment>,
    next: u64,
}

pub(super) type Shared = Arc<Mutex<Office>>;

/// The simulator and what it knows.
pub struct WeChat {
    simulator: Simulator,
    pub office: Shared,
}

pub(super) fn refuse(code: i64, said: &str) -> Response {
    Json(json!({ "errcode": code, "errmsg": format!("{said} rid: 6745a1b2-0c0ffee0-1") })).into_response()
}

fn token_of(office: &Office) -> String {
    format!("90_access-{}", office.given)
}

fn give(office: &Office) -> Response {
    Json(json!({ "access_token": token_of(office), "expires_in": 7200 })).into_response()
}

/// What is wrong with who calls.
fn stranger(office: &Office, appid: &Value, secret: &Value) -> Option<Response> {
    match () {
        () if appid != APPID => Some(refuse(40013, "invalid appid")),
        () if secret != SECRET => Some(refuse(40125, "invalid appsecret")),
        () if !office.listed => Some(refuse(40164, "invalid ip 203.0.113.9, not in whitelist")),
        () => None,
    }
}

async fn stable(State(office): State<Shared>, body: Bytes) -> Response {
    let mut office = office.lock().unwrap();
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return refuse(47001, "data format error") };
    let fields = [
        ("grant_type", Is::Text, true),
        ("appid", Is::Text, true),
        ("secret", Is::Text, true),
        ("force_refresh", Is::Flag, false),
    ];
    if let Err(why) = object(&body, &fields) {
        return refuse(47001, &why);
    }
    if body["grant_type"] != "client_credential" {
        return refuse(40002, "invalid grant_type");
    }
    if let Some(refused) = stranger(&office, &body["appid"], &body["secret"]) {
        return refused;
    }
    if office.given == 0 || body["force_refresh"] == true {
        office.given += 1;
    }
    give(&office)
}

async fn plain(State(office): State<Shared>, Query(asked): Query<Vec<(String, String)>>) -> Response {
    let mut office = office.lock().unwrap();
    if let Err(why) = query(&asked, &[("grant_type", true), ("appid", true), ("secret", true)]) {
        return refuse(41002, &why);
    }
    let said = |name| Value::from(parameter(&asked, name).unwrap());
    if let Some(refused) = stranger(&office, &said("appid"), &said("secret")) {
        return refused;
    }
    office.given += 1;
    office.plain += 1;
    give(&office)
}

pub(super) fn unknown_token(office: &Office, asked: &[(String, String)], others: &[(&str, bool)]) -> Option<Response> {
    if let Err(why) = query(asked, &[&[("access_token", false)], others].concat()) {
        return Some(refuse(40035, &why));
    }
    match parameter(asked, "access_token") {
        None => Some(refuse(41001, "access_token missing")),
        Some(token) if token != token_of(office) || office.given == 0 => {
            Some(refuse(40001, "invalid credential, access_token is invalid or not latest"))
        }
        Some(_) => None,
    }
}

async fn send(
    State(office): State<Shared>,
    Query(asked): Query<Vec<(String, String)>>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let mut office = office.lock().unwrap();
    if let Some(refused) = unknown_token(&office, &asked, &[]) {
        return refused;
    }
    let is_json =
        headers.get("content-type").is_some_and(|kind| kind.to_str().unwrap().starts_with("application/json"));
    let text = String::from_utf8(bytes.to_vec()).unwrap_or_default();
    let Some(body) = serde_json::from_str::<Value>(&text).ok().filter(|_| is_json) else {
        return refuse(47001, "data format error");
    };
    let fields = [("touser", Is::Text, true), ("msgtype", Is::Text, true), ("text", Is::Object, true)];
    if let Err(why) = object(&body, &fields).and_then(|()| object(&body["text"], &[("content", Is::Text, true)])) {
        return refuse(47001, &why);
    }
    let content = body["text"]["content"].as_str().unwrap();
    match () {
        () if body["msgtype"] != "text" => return refuse(40008, "invalid message type"),
        () if body["touser"] != ANA => return refuse(40003, "invalid openid"),
        () if content.is_empty() => return refuse(44004, "empty content"),
        () if content.len() > 2048 => return refuse(45002, "content size out of limit"),
        () => {}
    }
    match office.left {
        None => return refuse(45015, "response out of time limit or subscription is canceled"),
        Some(0) => return refuse(45047, "out of response count limit"),
        Some(left) => office.left = Some(left - 1),
    }
    office.sent.push(text);
    Json(json!({ "errcode": 0, "errmsg": "ok" })).into_response()
}

async fn domains(State(office): State<Shared>, Query(asked): Query<Vec<(String, String)>>) -> Response {
    let office = office.lock().unwrap();
    unknown_token(&office, &asked, &[])
        .unwrap_or_else(|| Json(json!({ "ip_list": ["101.226.1.1", "101.226.1.2"] })).into_response())
}

async fn follower(State(office): State<Shared>, Query(asked): Query<Vec<(String, String)>>) -> Response {
    let hangs = office.lock().unwrap().hangs;
    if hangs {
        std::future::pending::<()>().await;
    }
    let office = office.lock().unwrap();
    if let Some(refused) = unknown_token(&office, &asked, &[("openid", true), ("lang", false)]) {
        return refused;
    }
    if office.forbidden.contains(&"user/info") {
        return refuse(48001, "api unauthorized");
    }
    let openid = parameter(&asked, "openid").unwrap();
    if !["zh_CN", "zh_TW", "en"].contains(&parameter(&asked, "lang").unwrap_or("zh_CN")) {
        return refuse(40035, "invalid parameter lang");
    }
    if !openid.starts_with("oIe1xJ") {
        return refuse(40003, "invalid openid");
    }
    let Some((_, remark, unionid)) = office.followers.iter().find(|(known, _, _)| known == openid) else {
        return Json(json!({ "subscribe": 0, "openid": openid, "tagid_list": [] })).into_response();
    };
    // Since December 2021 name and picture are empty.
    let mut told = json!({ "subscribe": 1, "openid": openid, "nickname": "", "sex": 0, "language": "zh_CN", "city": "",
        "province": "", "country": "", "headimgurl": "", "subscribe_time": 1_716_533_081, "remark": remark, "groupid": 0,
        "tagid_list": [], "subscribe_scene": "ADD_SCENE_OTHERS", "qr_scene": 0, "qr_scene_str": "" });
    // Only where the account is bound to one of the WeChat Open Platform.
    if !unionid.is_empty() {
        told["unionid"] = json!(unionid);
    }
    Json(told).into_response()
}

async fn media(State(office): State<Shared>, Query(asked): Query<Vec<(String, String)>>) -> Response {
    let office = office.lock().unwrap();
    if let Some(refused) = unknown_token(&office, &asked, &[("media_id", true)]) {
        return refused;
    }
    match parameter(&asked, "media_id") {
        Some("media-1") => ([("content-type", "image/jpeg")], b"jpeg".to_vec()).into_response(),
        _ => refuse(40007, "invalid media_id"),
    }
}

/// What WeChat pushes: query and body.
pub struct Push {
    pub query: Vec<(String, String)>,
    pub body: Vec<u8>,
}

fn signed(name: &str, time: i64, more: Option<&str>) -> Vec<(String, String)> {
    let (time, nonce) = (time.to_string(), "1320562132");
    let mut parts = vec![TOKEN, time.as_str(), nonce];
    parts.extend(more);
    let pairs = [(name, hex(&sha1_of_sorted(&parts))), ("timestamp", time.clone()), ("nonce", nonce.to_owned())];
    pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

/// The handshake when the URL is saved.
pub fn handshake(time: i64) -> Vec<(String, String)> {
    let mut query = signed("signature", time, None);
    query.push(("echostr".to_owned(), "8475129036127836512".to_owned()));
    query
}

/// A message as it comes in plaintext mode.
pub fn open_push(xml: &str, time: i64) -> Push {
    Push { query: signed("signature", time, None), body: xml.as_bytes().to_vec() }
}

/// A text in its envelope, for `receiver`.
fn seal(text: &str, receiver: &str) -> String {
    let key = STANDARD.decode(format!("{}=", AES_KEY.replace('G', "E"))).unwrap();
    let mut plain = b"0123456789abcdef".to_vec();
    plain.extend((text.len() as u32).to_be_bytes());
    plain.extend(text.as_bytes());
    plain.extend(receiver.as_bytes());
    let filling = 32 - plain.len() % 32;
    plain.extend(vec![filling as u8; filling]);
    let length = plain.len();
    let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(&key, &key[..16]).unwrap();
    STANDARD.encode(cipher.encrypt_padded_mut::<NoPadding>(&mut plain, length).unwrap())
}

/// A message in its envelope, for `receiver`.
pub fn closed_push(xml: &str, receiver: &str, time: i64) -> Push {
    let encrypted = seal(xml, receiver);
    let mut query = signed("signature", time, None);
    query.extend(signed("msg_signature", time, Some(&encrypted)).into_iter().take(1));
    query.push(("encrypt_type".to_owned(), "aes".to_owned()));
    let body = format!(
        "<xml>\n    <ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName>\n    \
         <Encrypt><![CDATA[{encrypted}]]></Encrypt>\n</xml>"
    );
    Push { query, body: body.into_bytes() }
}

/// The handshake as WeCom makes it: in an envelope too.
pub fn closed_echo(echo: &str, receiver: &str, time: i64) -> Push {
    let encrypted = seal(echo, receiver);
    let mut query = signed("msg_signature", time, Some(&encrypted));
    query.push(("echostr".to_owned(), encrypted));
    Push { query, body: Vec::new() }
}

impl WeChat {
    pub fn start() -> WeChat {
        let office = Arc::new(Mutex::new(Office {
            given: 0,
            plain: 0,
            sent: Vec::new(),
            left: None,
            listed: true,
            forbidden: Vec::new(),
            hangs: false,
            followers: Vec::new(),
            articles: Vec::new(),
            comments: Vec::new(),
            next: 6_054_768_590_064_713_728,
        }));
        let router = Router::new()
            .route("/cgi-bin/stable_token", post(stable))
            .route("/cgi-bin/token", get(plain))
            .route("/cgi-bin/message/custom/send", post(send))
            .route("/cgi-bin/get_api_domain_ip", get(domains))
            .route("/cgi-bin/media/get", get(media))
            .route("/cgi-bin/user/info", get(follower))
            .route("/cgi-bin/freepublish/batchget", post(articles::published))
            .route("/datacube/getarticletotaldetail", post(articles::sent))
            .route("/cgi-bin/comment/list", post(articles::comments))
            .route("/cgi-bin/comment/reply/add", post(articles::reply))
            .with_state(office.clone());
        WeChat { simulator: Simulator::start(router), office }
    }

    /// What Ana writes, as XML: these elements after who, whom and when. The window opens.
    pub fn message(&self, elements: &str) -> String {
        let mut office = self.office.lock().unwrap();
        office.left = Some(5);
        office.next += 1;
        format!(
            "<xml><ToUserName><![CDATA[gh_10f6c3c3ac5a]]></ToUserName><FromUserName><![CDATA[{ANA}]]></FromUserName>\
             <CreateTime>{}</CreateTime>{elements}<MsgId>{}</MsgId></xml>",
            seconds(),
            office.next
        )
    }

    /// A text of Ana's.
    pub fn text(&self, text: &str) -> String {
        self.message(&format!("<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{text}]]></Content>"))
    }

    /// What was sent, read.
    pub fn texts(&self) -> Vec<String> {
        let office = self.office.lock().unwrap();
        let text = |body: &String| {
            serde_json::from_str::<Value>(body).unwrap()["text"]["content"].as_str().unwrap().to_owned()
        };
        office.sent.iter().map(text).collect()
    }
}

impl Rig for WeChat {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        let secrets = [("wechat.secret", SECRET), ("wechat.callback", TOKEN), ("wechat.aes", AES_KEY)];
        secrets.iter().for_each(|(name, secret)| crate::channels::secret_file(profile, name, secret));
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"wechat\"\nappid = \"{APPID}\"\nsecret_file = \"wechat.secret\"\n\
             callback_token_file = \"wechat.callback\"\naes_key_file = \"wechat.aes\"\nhold = \"0s\"\nbase_url = \"{}\"\n",
            self.simulator.base
        )
    }

    fn customer_writes(&self, _text: &str) {
        unreachable!("WeChat pushes")
    }

    fn sent(&self) -> Vec<String> {
        self.texts()
    }

    fn reading(&self) -> &'static str {
        "/cgi-bin/get_api_domain_ip"
    }

    fn sending(&self) -> &'static str {
        "/message/custom/send"
    }

    fn too_many(&self) -> Fault {
        Fault::Instead(
            200,
            Vec::new(),
            json!({ "errcode": 45009, "errmsg": "reach max api daily quota limit" }).to_string(),
        )
    }

    fn reads_back(&self) -> bool {
        false
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Err("WeChat pushes: there are no pages")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Err("WeChat pushes: there is no walk to go on with")
    }
}
