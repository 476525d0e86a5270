//! Which articles there are. WeChat has no list of what comments need, the `msg_data_id` of an article and its number
//! within what was sent together; two lists tell it by the way:
//!
//! - what was published (`freepublish/batchget`): the address of an article holds both, as `mid` and `idx`;
//! - what was sent on a day (`datacube/getarticletotaldetail`): `msgid` is both, and comes the day after.

use super::api::{Api, Purpose};
use crate::connector::ConnectorError;
use crate::connector::platform::json;
use crate::model::{Timestamp, clean_line};
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Articles a page; WeChat gives at most 20.
const PAGE: usize = 20;
/// Pages of what was published, at most.
const MOST_PAGES: usize = 10;
/// More articles are not looked at.
const MOST: usize = 300;
const DAY: i64 = 24 * 3_600_000;

/// An article and how far its comments were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Article {
    /// The `msg_data_id`.
    pub id: i64,
    /// Its number among those sent together, from 0.
    pub index: i64,
    #[serde(default)]
    pub title: String,
    /// Where it stands on the web; may be empty.
    #[serde(default)]
    pub url: String,
    /// When it was published, in milliseconds.
    #[serde(default)]
    pub at: i64,
    /// What its first page of comments looked like, and when all of them were last read.
    #[serde(default)]
    pub mark: String,
    #[serde(default)]
    pub read: i64,
}

/// The articles known, and how far the lists were read.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Shelf {
    #[serde(default)]
    pub articles: Vec<Article>,
    /// The last day whose list was whole, as `2026-11-27`.
    #[serde(default)]
    day: String,
    /// When the lists were last read, in milliseconds.
    #[serde(default)]
    pub listed: i64,
}

impl Shelf {
    /// Reads both lists, as far as `days` back, and forgets what is older. One of them may be refused to the account.
    ///
    /// # Errors
    /// By what the code means; a refusal only when both are refused.
    pub async fn fill(&mut self, api: &Api, days: i64, now: Timestamp) -> Result<(), ConnectorError> {
        let since = now.0 - days * DAY;
        let published = self.published(api, since).await;
        let sent = self.sent(api, days, now).await;
        match (published, sent) {
            (Err(refused @ ConnectorError::Reconnect { .. }), Err(ConnectorError::Reconnect { .. })) => {
                return Err(refused);
            }
            (Err(error @ ConnectorError::Reconnect { .. }), Ok(()))
            | (Ok(()), Err(error @ ConnectorError::Reconnect { .. })) => {
                tracing::info!(account = api.appid, %error, "one of the two lists of articles is not given");
            }
            (Err(error), _) | (_, Err(error)) => return Err(error),
            (Ok(()), Ok(())) => {}
        }
        self.articles.retain(|article| article.at >= since);
        self.articles.sort_by_key(|article| std::cmp::Reverse(article.at));
        self.articles.truncate(MOST);
        self.listed = now.0;
        Ok(())
    }

    fn add(&mut self, found: Article) {
        let known = self.articles.iter_mut().find(|known| (known.id, known.index) == (found.id, found.index));
        match known {
            Some(known) if known.title.is_empty() => (known.title, known.url) = (found.title, found.url),
            Some(_) => {}
            None => self.articles.push(found),
        }
    }

    /// `freepublish/batchget`, newest first.
    async fn published(&mut self, api: &Api, since: i64) -> Result<(), ConnectorError> {
        for page in 0..MOST_PAGES {
            let asked = json!({ "offset": page * PAGE, "count": PAGE, "no_content": 1 });
            let found = api.post("/cgi-bin/freepublish/batchget", json::bytes(&asked), Purpose::Read).await?;
            let items = json::must_list(&found, "/item")?;
            let mut old = items.len() < PAGE;
            for item in items {
                let at = json::epoch(item, "/update_time").unwrap_or_default().0;
                old |= at < since;
                for news in json::list(item, "/content/news_item") {
                    if let Some(article) = published(news, at) {
                        self.add(article);
                    }
                }
            }
            if old {
                break;
            }
        }
        Ok(())
    }

    /// `datacube/getarticletotaldetail`, day by day until yesterday.
    async fn sent(&mut self, api: &Api, days: i64, now: Timestamp) -> Result<(), ConnectorError> {
        for back in (1..=days).rev() {
            let Some(date) = day_in_beijing(now.plus_millis(-back * DAY)) else { continue };
            let day = date.to_string();
            if day <= self.day {
                continue;
            }
            let asked = json!({ "begin_date": day, "end_date": day });
            let asked = api.post("/datacube/getarticletotaldetail", json::bytes(&asked), Purpose::Read).await;
            let found = match asked {
                // The figures of a day are made in the morning after; before that the day is out of range.
                Err(ConnectorError::Reject { .. }) => break,
                found => found?,
            };
            let at = date.to_zoned(beijing()).map_or(0, |at| at.timestamp().as_millisecond());
            for row in json::list(&found, "/list") {
                if let Some((id, index)) = numbers(json::text(row, "/msgid")) {
                    let title = clean_line(json::text(row, "/title"));
                    self.add(Article { id, index: index - 1, title, at, ..Article::default() });
                }
            }
            if json::flag(&found, "/is_delay") {
                break;
            }
            self.day = day;
        }
        Ok(())
    }
}

fn beijing() -> TimeZone {
    TimeZone::fixed(offset(8))
}

fn day_in_beijing(at: Timestamp) -> Option<Date> {
    Some(jiff::Timestamp::from_millisecond(at.0).ok()?.to_zoned(beijing()).date())
}

/// `12003_3`: the message, and the third article of it.
fn numbers(msgid: &str) -> Option<(i64, i64)> {
    let (id, index) = msgid.split_once('_')?;
    let (id, index) = (id.parse().ok()?, index.parse().ok()?);
    (id > 0 && (1..=8).contains(&index)).then_some((id, index))
}

/// An article as it was published; `None` for those without comments, and where the address does not say which it is.
fn published(news: &Value, at: i64) -> Option<Article> {
    if json::flag(news, "/is_deleted") || json::number(news, "/need_open_comment") == Some(0) {
        return None;
    }
    let url = json::text(news, "/url").replace("&amp;", "&");
    let query = url.split_once('?')?.1.split('#').next()?;
    let part = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    let (id, index) = numbers(&format!("{}_{}", part("mid")?, part("idx")?))?;
    let url = json::page(&url.replacen("http://", "https://", 1)).unwrap_or_default();
    let title = clean_line(json::text(news, "/title"));
    Some(Article { id, index: index - 1, title, url, at, ..Article::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_article_is_known_by_its_address() {
        let news = |url: &str| json!({ "title": "新靴子", "url": url, "need_open_comment": 1, "is_deleted": false });
        let long = "http://mp.weixin.qq.com/s?__biz=MzI=&amp;mid=2247483687&amp;idx=2&amp;sn=ab&amp;chksm=cd#rd";
        let found = published(&news(long), 5).map(|article| (article.id, article.index, article.title, article.url));
        let url = "https://mp.weixin.qq.com/s?__biz=MzI=&mid=2247483687&idx=2&sn=ab&chksm=cd#rd".to_owned();
        assert_eq!(found, Some((2_247_483_687, 1, "新靴子".to_owned(), url)));
        for other in ["http://mp.weixin.qq.com/s/abcDEF", "http://x/s?mid=a&idx=1", "http://x/s?mid=1&idx=0", ""] {
            assert_eq!(published(&news(other), 5), None, "{other}");
        }
        let mut closed = news(long);
        closed["need_open_comment"] = json!(0);
        assert_eq!(published(&closed, 5), None);
    }

    #[test]
    fn days_are_those_of_beijing() {
        // 2026-11-27T17:00Z is the next day there.
        let day = day_in_beijing(Timestamp(1_795_798_800_000)).map(|day| day.to_string());
        assert_eq!(day.as_deref(), Some("2026-11-28"));
        assert_eq!(
            (numbers("12003_3"), numbers("12003"), numbers("0_1"), numbers("5_9")),
            (Some((12003, 3)), None, None, None)
        );
    }
}
