//! Articles and their comments at WeChat: two lists of articles of which neither is whole, comments in no order of time,
//! one answer to each.

use super::simulator::{ANA, Office, SECRET, Shared, WeChat, refuse, unknown_token};
use crate::channels::Json;
use crate::channels::contract::{self, Rig, answer, messages, open, pages};
use crate::channels::sink_error;
use crate::channels::strict::{Is, object, seconds};
use crate::support::simulator::{Fault, Simulator};
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::path::Path;
use switchboard::connector::{ConnectorError, Sighting};
use switchboard::model::{Direction, LinkKind, Way};

const DAY: i64 = 86_400;

/// An article, as WeChat counts them: the message and the number in it, from 1.
pub struct Article {
    pub id: i64,
    pub number: i64,
    pub title: &'static str,
    /// When it was published, in seconds.
    pub at: i64,
    /// In the list of what was published; else in that of what was sent.
    pub published: bool,
}

/// A comment below one.
pub struct Comment {
    pub article: (i64, i64),
    pub id: i64,
    /// Nobody, for who comments by another name than WeChat's.
    pub openid: Option<String>,
    pub text: String,
    /// When it was written, in seconds.
    pub at: i64,
    pub answer: Option<String>,
}

/// The body of a call, when it is one of ours with these fields.
fn called(
    office: &Office,
    path: &'static str,
    asked: &[(String, String)],
    bytes: &Bytes,
    fields: &[(&str, Is, bool)],
) -> Result<Value, Response> {
    if let Some(refused) = unknown_token(office, asked, &[]) {
        return Err(refused);
    }
    if office.forbidden.contains(&path) {
        return Err(refuse(48001, "api unauthorized"));
    }
    let body: Value = serde_json::from_slice(bytes).map_err(|_| refuse(47001, "data format error"))?;
    object(&body, fields).map_err(|why| refuse(47001, &why))?;
    Ok(body)
}

pub async fn published(
    State(office): State<Shared>,
    Query(asked): Query<Vec<(String, String)>>,
    bytes: Bytes,
) -> Response {
    let office = office.lock().unwrap();
    let fields = [("offset", Is::Whole, true), ("count", Is::Whole, true), ("no_content", Is::Whole, false)];
    let body = match called(&office, "freepublish", &asked, &bytes, &fields) {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let (offset, count) = (body["offset"].as_u64().unwrap() as usize, body["count"].as_u64().unwrap() as usize);
    if !(1..=20).contains(&count) {
        return refuse(40007, "invalid count");
    }
    let mut all: Vec<&Article> = office.articles.iter().filter(|article| article.published).collect();
    all.sort_by_key(|article| std::cmp::Reverse(article.at));
    let item = |article: &&Article| {
        let url = format!(
            "http://mp.weixin.qq.com/s?__biz=MzIwMTEx&mid={}&idx={}&sn=0c0ffee&chksm=96#rd",
            article.id, article.number
        );
        json!({ "article_id": format!("b5O2OUs25HBxRceL7hfReg{}", article.id), "update_time": article.at, "content": {
            "news_item": [{ "title": article.title, "author": "", "digest": "", "content": "", "need_open_comment": 1,
            "only_fans_can_comment": 0, "url": url, "is_deleted": false }], "create_time": article.at,
            "update_time": article.at } })
    };
    let page: Vec<Value> = all.iter().skip(offset).take(count).map(item).collect();
    Json(json!({ "total_count": all.len(), "item_count": page.len(), "item": page })).into_response()
}

fn day(seconds: i64) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    jiff::Timestamp::from_second(seconds).unwrap().to_zoned(zone).date().to_string()
}

pub async fn sent(State(office): State<Shared>, Query(asked): Query<Vec<(String, String)>>, bytes: Bytes) -> Response {
    let office = office.lock().unwrap();
    let fields = [("begin_date", Is::Text, true), ("end_date", Is::Text, true)];
    let body = match called(&office, "datacube", &asked, &bytes, &fields) {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let date = body["begin_date"].as_str().unwrap();
    if date.parse::<jiff::civil::Date>().is_err() {
        return refuse(61500, "date format error");
    }
    if body["end_date"] != body["begin_date"] || date >= day(seconds()).as_str() {
        return refuse(61501, "date range error");
    }
    let list: Vec<Value> = office
        .articles
        .iter()
        .filter(|article| day(article.at) == date)
        .map(|article| {
            json!({ "ref_date": date, "msgid": format!("{}_{}", article.id, article.number), "publish_type": 0,
                "detail_list": [{ "stat_date": date, "read_user": 4123 }] })
        })
        .collect();
    Json(json!({ "list": list, "is_delay": false })).into_response()
}

pub async fn comments(
    State(office): State<Shared>,
    Query(asked): Query<Vec<(String, String)>>,
    bytes: Bytes,
) -> Response {
    let office = office.lock().unwrap();
    let fields = [
        ("msg_data_id", Is::Whole, true),
        ("index", Is::Whole, false),
        ("begin", Is::Whole, true),
        ("count", Is::Whole, true),
        ("type", Is::Whole, true),
    ];
    let body = match called(&office, "comment", &asked, &bytes, &fields) {
        Ok(body) => body,
        Err(refused) => return refused,
    };
    let number = |name: &str| body[name].as_i64().unwrap_or_default();
    if !(1..50).contains(&number("count")) || !(0..=2).contains(&number("type")) {
        return refuse(88010, "count range error. cout <= 0 or count > 50");
    }
    let place = (number("msg_data_id"), number("index") + 1);
    if !office.articles.iter().any(|article| (article.id, article.number) == place) {
        return Json(json!({ "errcode": 88001, "errmsg": "msg_data is not exists rid: 1", "total": 0, "comment": [] }))
            .into_response();
    }
    let mut all: Vec<&Comment> = office.comments.iter().filter(|comment| comment.article == place).collect();
    // In no order that one could rely on; those with an answer are moved.
    all.sort_by_key(|comment| (comment.answer.is_some(), (comment.id * 7_919) % 1_000));
    let item = |comment: &&Comment| {
        let mut item = json!({ "user_comment_id": comment.id, "create_time": comment.at, "content": comment.text,
            "comment_type": 0 });
        if let Some(openid) = &comment.openid {
            item["openid"] = json!(openid);
        }
        if let Some(answer) = &comment.answer {
            item["reply"] = json!({ "content": answer, "create_time": comment.at + 1 });
        }
        item
    };
    let (begin, count) = (number("begin") as usize, number("count") as usize);
    let page: Vec<Value> = all.iter().skip(begin).take(count).map(item).collect();
    Json(json!({ "errcode": 0, "errmsg": "ok", "total": all.len(), "comment": page })).into_response()
}

fn answered(office: &mut Office, body: &Value) -> Response {
    let number = |name: &str| body[name].as_i64().unwrap_or_default();
    let place = (number("msg_data_id"), number("index") + 1);
    let text = body["content"].as_str().unwrap();
    if !office.articles.iter().any(|article| (article.id, article.number) == place) {
        return refuse(88001, "msg_data is not exists");
    }
    let ours = |comment: &&mut Comment| (comment.article, comment.id) == (place, number("user_comment_id"));
    let Some(comment) = office.comments.iter_mut().find(ours) else { return refuse(88008, "comment is not exists") };
    if comment.answer.is_some() {
        return refuse(88005, "already reply");
    }
    if text.is_empty() || text.chars().count() > 600 {
        return refuse(88007, "reply content beyond max len or content len is zero");
    }
    comment.answer = Some(text.to_owned());
    Json(json!({ "errcode": 0, "errmsg": "ok" })).into_response()
}

pub async fn reply(State(office): State<Shared>, Query(asked): Query<Vec<(String, String)>>, bytes: Bytes) -> Response {
    let mut office = office.lock().unwrap();
    let fields = [
        ("msg_data_id", Is::Whole, true),
        ("index", Is::Whole, false),
        ("user_comment_id", Is::Whole, true),
        ("content", Is::Text, true),
    ];
    match called(&office, "comment", &asked, &bytes, &fields) {
        Ok(body) => answered(&mut office, &body),
        Err(refused) => refused,
    }
}

/// An account whose comments are read: one article of this hour.
pub struct Comments(WeChat);

impl Comments {
    pub fn start() -> Comments {
        let rig = WeChat::start();
        rig.office.lock().unwrap().articles.push(Article {
            id: 2_247_483_687,
            number: 1,
            title: "新靴子到了",
            at: seconds() - 600,
            published: true,
        });
        Comments(rig)
    }

    fn comment(&self, article: (i64, i64), openid: Option<&str>, text: &str) -> i64 {
        let mut office = self.0.office.lock().unwrap();
        let id = office.comments.len() as i64 + 1;
        let openid = openid.map(str::to_owned);
        office.comments.push(Comment { article, id, openid, text: text.to_owned(), at: seconds(), answer: None });
        id
    }
}

impl Rig for Comments {
    fn simulator(&self) -> &Simulator {
        self.0.simulator()
    }
    fn account(&self, profile: &Path) -> String {
        format!("{}comments = true\n", self.0.account(profile))
    }
    fn customer_writes(&self, text: &str) {
        self.comment((2_247_483_687, 1), Some(ANA), text);
    }
    fn sent(&self) -> Vec<String> {
        let office = self.0.office.lock().unwrap();
        office.comments.iter().filter_map(|comment| comment.answer.clone()).collect()
    }
    fn reading(&self) -> &'static str {
        "/freepublish/batchget"
    }
    fn sending(&self) -> &'static str {
        "/comment/reply/add"
    }
    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Err("pages are counted: an empty one is the end")
    }
    fn long_ids(&self) -> Result<(), &'static str> {
        Err("comments are counted from 1 in each article")
    }
    fn too_many(&self) -> Fault {
        self.0.too_many()
    }
}

#[tokio::test]
async fn comments_of_both_lists_come_with_their_answers_and_are_answered_once() {
    let rig = Comments::start();
    let sent = (2_247_480_000, 2);
    rig.0.office.lock().unwrap().articles.extend([
        Article { id: sent.0, number: sent.1, title: "Sale", at: seconds() - 2 * DAY, published: false },
        Article { id: 2_247_470_000, number: 1, title: "Old", at: seconds() - 20 * DAY, published: true },
    ]);
    rig.comment((2_247_483_687, 1), Some(ANA), "有蓝色的吗？");
    rig.comment((2_247_483_687, 1), None, "nice");
    rig.comment((2_247_483_687, 1), None, "also nice");
    let answered = rig.comment(sent, Some("oIe1xJ4cBqBo00000000000000002"), "until when?");
    rig.comment((2_247_470_000, 1), Some(ANA), "too old to be looked at");
    rig.0.office.lock().unwrap().comments[answered as usize - 1].answer = Some("Until Sunday".to_owned());
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let found = messages(&pulled);
    let texts: Vec<&str> = found.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(texts.len(), 5, "{texts:?}");
    assert!(found.iter().all(|message| message.way == Way::Public));
    let of = |text: &str| *found.iter().find(|message| message.text == text).unwrap();
    let blue = of("有蓝色的吗？");
    assert_eq!((blue.from.address.as_str(), blue.subject.as_str()), (ANA, "新靴子到了"));
    assert!(blue.url.as_ref().unwrap().starts_with("https://mp.weixin.qq.com/s?"), "{:?}", blue.url);
    assert_eq!(blue.conversation, of("nice").conversation, "what is below one article is one conversation");
    assert_ne!(of("nice").from.address, of("also nice").from.address, "who is not told is not made one person");
    let (asked, said) = (of("until when?"), of("Until Sunday"));
    assert_eq!((said.direction, &said.references), (Direction::Outbound, &vec![asked.remote_id.clone()]));
    for message in &found {
        let again = account.connector.parse(message.raw.clone(), "", message.received);
        let switchboard::connector::Item::Message(again) = again else { panic!("{again:?}") };
        assert_eq!((&again.remote_id, &again.text), (&message.remote_id, &message.text), "it is understood again");
    }
    // Answered here, and then it is what is read back.
    let outgoing = answer(account.connector.as_ref(), blue, "有的");
    let original = account.connector.render(&outgoing, &[]).unwrap();
    let mut sink = account.connector.sink().unwrap();
    let receipt = sink.deliver(&outgoing, &original).await.unwrap();
    assert_eq!(sink.find_sent(&outgoing).await.unwrap(), Sighting::Sent(receipt.remote_id.clone()));
    let second = sink_error(sink.deliver(&outgoing, &original).await);
    assert!(matches!(&second, ConnectorError::Reject { reason } if reason.contains("answered already")), "{second:?}");
    assert!(rig.0.texts().is_empty(), "nothing went to the chat");
    // A comment that is gone is said to be.
    let gone = answer(account.connector.as_ref(), of("nice"), "thanks");
    let original = account.connector.render(&gone, &[]).unwrap();
    rig.0.office.lock().unwrap().comments.clear();
    let refused = sink_error(sink.deliver(&gone, &original).await);
    assert!(matches!(refused, ConnectorError::Gone { .. }), "{refused:?}");
}

#[tokio::test]
async fn an_idle_round_costs_one_call_for_each_article() {
    let rig = Comments::start();
    (0..120).for_each(|number| rig.customer_writes(&format!("comment {number}")));
    let account = open(&rig);
    let mut source = account.connector.source().unwrap();
    let first = pages(source.as_mut(), Vec::new()).await;
    assert_eq!(messages(&first).len(), 120);
    let before = rig.simulator().faults.calls().len();
    let second = pages(source.as_mut(), first.last().unwrap().cursor.clone()).await;
    assert_eq!(rig.simulator().faults.calls().len() - before, 1, "{:?}", rig.simulator().faults.calls());
    rig.customer_writes("one more");
    let third = pages(source.as_mut(), second.last().unwrap().cursor.clone()).await;
    assert!(messages(&third).iter().any(|message| message.text == "one more"));
    // An article that is deleted is not asked for again.
    rig.0.office.lock().unwrap().articles.clear();
    let fourth = pages(source.as_mut(), third.last().unwrap().cursor.clone()).await;
    let before = rig.simulator().faults.count("comment/list");
    pages(source.as_mut(), fourth.last().unwrap().cursor.clone()).await;
    assert_eq!(rig.simulator().faults.count("comment/list"), before);
}

#[tokio::test]
async fn what_the_account_may_not_do_is_said_when_nothing_else_is_left() {
    let rig = Comments::start();
    rig.customer_writes("hello");
    rig.0.office.lock().unwrap().articles[0].at = seconds() - DAY;
    for forbidden in [vec!["freepublish"], vec!["datacube"]] {
        rig.0.office.lock().unwrap().forbidden = forbidden;
        let account = open(&rig);
        let found = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
        assert_eq!(messages(&found).len(), 1, "the other list has it");
    }
    for forbidden in [vec!["freepublish", "datacube"], vec!["comment"]] {
        rig.0.office.lock().unwrap().forbidden = forbidden;
        let account = open(&rig);
        let mut source = account.connector.source().unwrap();
        let mut page = source.pull(&[]).await;
        if let Ok(lists) = &page {
            page = source.pull(&lists.cursor.clone()).await;
        }
        assert!(matches!(&page, Err(ConnectorError::Reconnect { reason }) if reason.contains("48001")), "{page:?}");
    }
    let profile = tempfile::tempdir().unwrap();
    let table = format!("{}article_days = 31\n", rig.account(profile.path()));
    assert!(crate::channels::try_table(&table, profile.path()).is_err_and(|said| said.contains("1 to 30")));
    contract::keeps_its_secrets(&rig, &[SECRET], &[]);
}

#[tokio::test]
async fn who_comments_is_the_one_who_chats() {
    let rig = Comments::start();
    rig.0.office.lock().unwrap().followers.push((ANA.to_owned(), "Ana, red boots".to_owned(), "o6_ana".to_owned()));
    rig.customer_writes("hello");
    let account = open(&rig);
    let found = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let comment = messages(&found)[0];
    assert_eq!((comment.from.address.as_str(), comment.from.name.as_str()), (ANA, "Ana, red boots"));
    assert_eq!(comment.links.len(), 1);
    let link = &comment.links[0];
    assert_eq!((link.kind, link.value.as_str(), link.proven), (LinkKind::Platform, "wechat:o6_ana", true));
}
