//! Comments below articles ("View comment data for a specified article", "Response to comments"): read again and again,
//! since WeChat pushes none and tells no order. One comment takes one answer, and that can be read back.

use super::api::{Api, Purpose};
use super::article::{Article, Shelf};
use crate::connector::platform::{cursor, json, same_words, sighting};
use crate::connector::{ConnectorError, Incoming, Item, PulledPage, Sighting, Unreadable};
use crate::model::{Direction, Outgoing, Party, Timestamp, Way, clean_line};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Comments a page: "50 and more are refused".
const PAGE: usize = 49;
/// More pages below one article are not read.
const MOST_PAGES: usize = 200;
/// How often the lists of articles are read, in milliseconds.
const LISTS: i64 = 3_600_000;
/// How often all comments of an article are read though its first page is as it was.
const WHOLE: i64 = 6 * 3_600_000;

/// How far the reading has come: through the articles, and below one of them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    #[serde(default)]
    shelf: Shelf,
    #[serde(default)]
    turn: usize,
    #[serde(default)]
    begin: usize,
    /// What the first page of this walk looked like.
    #[serde(default)]
    mark: String,
}

/// The next page. `own` is what we are called.
///
/// # Errors
/// By what the code means.
pub(super) async fn pull(
    api: &Api,
    at: &[u8],
    days: i64,
    own: &str,
    now: Timestamp,
) -> Result<PulledPage, ConnectorError> {
    let mut at: Cursor = cursor::read(at);
    if (at.turn, at.begin) == (0, 0) && now.0 - at.shelf.listed >= LISTS {
        at.shelf.fill(api, days, now).await?;
        let more = !at.shelf.articles.is_empty();
        return Ok(PulledPage { items: Vec::new(), cursor: cursor::write(&at), more, progress: None });
    }
    let Some(article) = at.shelf.articles.get_mut(at.turn) else {
        (at.turn, at.begin) = (0, 0);
        return Ok(PulledPage { items: Vec::new(), cursor: cursor::write(&at), more: false, progress: None });
    };
    let found = match page(api, article, at.begin).await {
        Ok(found) => found,
        // Deleted, or never one with comments.
        Err(ConnectorError::Gone { .. }) => {
            at.shelf.articles.remove(at.turn);
            at.begin = 0;
            let more = at.turn < at.shelf.articles.len();
            at.turn = if more { at.turn } else { 0 };
            return Ok(PulledPage { items: Vec::new(), cursor: cursor::write(&at), more, progress: None });
        }
        Err(error) => return Err(error),
    };
    let comments = json::must_list(&found, "/comment")?;
    let items = comments.iter().flat_map(|comment| understood(&whole(article, comment), own, now)).collect();
    if at.begin == 0 {
        at.mark = blake3::hash(&json::bytes(&found)).to_hex()[..16].to_owned();
    }
    let known = at.begin == 0 && at.mark == article.mark && now.0 - article.read < WHOLE;
    at.begin += comments.len();
    if known || comments.len() < PAGE || at.begin >= MOST_PAGES * PAGE {
        if !known {
            (article.mark, article.read) = (std::mem::take(&mut at.mark), now.0);
        }
        (at.turn, at.begin) = (at.turn + 1, 0);
    }
    let more = at.turn < at.shelf.articles.len();
    if !more {
        at.turn = 0;
    }
    Ok(PulledPage { items, cursor: cursor::write(&at), more, progress: None })
}

async fn page(api: &Api, article: &Article, begin: usize) -> Result<Value, ConnectorError> {
    let asked = json!({ "msg_data_id": article.id, "index": article.index, "begin": begin, "count": PAGE, "type": 0 });
    api.post("/cgi-bin/comment/list", json::bytes(&asked), Purpose::Read).await
}

/// What is kept of a comment: itself, and below what it stands.
fn whole(article: &Article, comment: &Value) -> Value {
    json!({
        "article": { "id": article.id, "index": article.index, "title": article.title, "url": article.url },
        "comment": comment,
    })
}

/// True for an original that is a comment.
pub(super) fn is_one(raw: &[u8]) -> bool {
    raw.first() == Some(&b'{')
}

/// What an original says.
pub(super) fn reopened(raw: &[u8], own: &str, received: Timestamp) -> Item {
    let whole: Value = serde_json::from_slice(raw).unwrap_or_default();
    let mut items = understood(&whole, own, received);
    // A comment and its answer are one original each; which of the two this is stands in it.
    let at = usize::from(json::flag(&whole, "/answer") && items.len() > 1);
    items.swap_remove(at)
}

/// A comment, and the answer it was given; never empty.
fn understood(whole: &Value, own: &str, received: Timestamp) -> Vec<Item> {
    let raw = |answer: bool| {
        let mut raw = whole.clone();
        if answer {
            raw["answer"] = true.into();
        }
        json::bytes(&raw)
    };
    let unreadable = |reason: &str| {
        vec![Item::Unreadable(Unreadable {
            reason: reason.to_owned(),
            folder: String::new(),
            received,
            hint: clean_line(json::text(whole, "/comment/content")).chars().take(200).collect(),
            partial: false,
            raw: json::bytes(whole),
        })]
    };
    let ids = ["/article/id", "/article/index", "/comment/user_comment_id"].map(|pointer| json::id(whole, pointer));
    let [Some(article), Some(index), Some(id)] = ids else { return unreadable("it does not say which comment it is") };
    let key = format!("{article}_{index}:{id}");
    // Who comments by another name than that of WeChat is not told apart.
    let openid = json::id(whole, "/comment/openid");
    let address = openid.unwrap_or_else(|| format!("comment:{key}"));
    let them = Party { address, name: String::new() };
    let text = json::text(whole, "/comment/content");
    let title = clean_line(json::text(whole, "/article/title"));
    let place = |incoming: &mut Incoming| {
        incoming.conversation = Some(format!("article:{article}_{index}"));
        incoming.subject = title.clone();
        incoming.url = json::page(json::text(whole, "/article/url"));
        incoming.way = Way::Public;
    };
    let mut comment =
        Incoming::new(&format!("comment:{key}"), Direction::Inbound, them.clone(), received, text, raw(false));
    place(&mut comment);
    comment.at = json::epoch(whole, "/comment/create_time");
    for (name, value) in [("article", &article), ("index", &index), ("comment", &id)] {
        comment.context.insert(name.to_owned(), value.clone());
    }
    let mut items = vec![Item::Message(Box::new(comment))];
    let said = json::text(whole, "/comment/reply/content");
    if !said.is_empty() {
        let us = Party { address: own.to_owned(), name: String::new() };
        let mut answer = Incoming::new(&answer_id(&key), Direction::Outbound, us, received, said, raw(true));
        place(&mut answer);
        answer.to = vec![them];
        answer.at = json::epoch(whole, "/comment/reply/create_time");
        answer.references = vec![format!("comment:{key}")];
        items.push(Item::Message(Box::new(answer)));
    }
    items
}

fn answer_id(key: &str) -> String {
    format!("answer:{key}")
}

/// The ids of the comment that an outgoing answers; `None` when it answers none.
fn target(outgoing: &Outgoing) -> Option<[i64; 3]> {
    let part = |name: &str| outgoing.context.get(name)?.parse().ok();
    Some([part("article")?, part("index")?, part("comment")?])
}

/// The body that answers a comment; `None` when it answers none.
pub(super) fn render(outgoing: &Outgoing) -> Option<Vec<u8>> {
    let [article, index, comment] = target(outgoing)?;
    Some(json::bytes(&json!({
        "msg_data_id": article, "index": index, "user_comment_id": comment, "content": outgoing.text,
    })))
}

/// The id by which the answer comes back when comments are read; `None` when it answers none.
pub(super) fn sent_id(outgoing: &Outgoing) -> Option<String> {
    let [article, index, comment] = target(outgoing)?;
    Some(answer_id(&format!("{article}_{index}:{comment}")))
}

/// Looks whether a comment has our answer.
///
/// # Errors
/// By what the code means.
pub(super) async fn find_sent(api: &Api, outgoing: &Outgoing, now: Timestamp) -> Result<Sighting, ConnectorError> {
    let Some([id, index, comment]) = target(outgoing) else { return Ok(Sighting::CannotTell) };
    let article = Article { id, index, ..Article::default() };
    for number in 0..MOST_PAGES {
        let found = page(api, &article, number * PAGE).await?;
        let comments = json::must_list(&found, "/comment")?;
        let ours = comments.iter().find(|one| json::number(one, "/user_comment_id") == Some(comment));
        if let Some(ours) = ours {
            let said = json::text(ours, "/reply/content");
            let found = same_words(said, &outgoing.text).then(|| sent_id(outgoing)).flatten();
            return Ok(sighting(found, true, outgoing, now));
        }
        if comments.len() < PAGE {
            break;
        }
    }
    Ok(Sighting::CannotTell)
}
