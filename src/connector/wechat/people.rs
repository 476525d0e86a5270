//! Who somebody is. WeChat tells no names since December 2021; what it tells of a follower is the `unionid`, and the remark
//! that a colleague gave them in WeChat ("Get basic user information", `/cgi-bin/user/info`).

use super::api::Api;
use crate::connector::http::Call;
use crate::connector::platform::{json, now};
use crate::connector::{ConnectorError, Incoming};
use crate::model::{Link, LinkKind, Timestamp, clean_line};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// People asked for at once, at most.
const LOOKUPS: usize = 100;
/// People remembered; then all are forgotten.
const MOST: usize = 10_000;
/// What was said of somebody is asked again after so long, in milliseconds: they may follow by now, or the account may
/// be bound.
const OLD: i64 = 24 * 3_600_000;
/// How long nobody is asked for after a refusal, and after passing trouble.
const REFUSED: i64 = 3_600_000;
const TROUBLE: i64 = 60_000;
/// How long is waited for what is told of one of them: less than a delivery waits for all
/// ([`MOST_MEETING`](crate::connector::MOST_MEETING)), so that a platform that hangs is known to hang.
const MOST_ASKING: Duration = Duration::from_secs(5);

/// What is told of somebody; both may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Person {
    remark: String,
    unionid: String,
    asked: Timestamp,
}

#[derive(Default)]
struct Known {
    people: HashMap<String, Person>,
    /// Before this nobody is asked for.
    quiet: Timestamp,
}

/// Those who wrote to one account.
pub(super) struct People {
    api: Arc<Api>,
    known: Mutex<Known>,
}

impl People {
    /// Nobody is known yet.
    pub fn new(api: Arc<Api>) -> People {
        People { api, known: Mutex::default() }
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks for those who are not known yet. They are a comfort: without what is told here, messages come all the same.
    pub async fn meet(&self, mut openids: Vec<String>) {
        let at = now();
        openids.sort();
        openids.dedup();
        let strangers = self.known(|known| {
            if at < known.quiet {
                return Vec::new();
            }
            openids.retain(|id| known.people.get(id).is_none_or(|person| at.since(person.asked) > OLD));
            openids.truncate(LOOKUPS);
            openids
        });
        for openid in strangers {
            let asked = tokio::time::timeout(MOST_ASKING, self.ask(&openid)).await;
            let late = || ConnectorError::Retry { reason: "WeChat does not answer in time".to_owned() };
            let person = match asked.unwrap_or_else(|_| Err(late())) {
                Ok(person) => person,
                // Not one of this account's people: nothing is told of them, now or later.
                Err(ConnectorError::Reject { .. }) => Person { asked: at, ..Person::default() },
                Err(error) => {
                    let until = match &error {
                        ConnectorError::Wait { until, .. } => *until,
                        ConnectorError::Reconnect { .. } => at.plus_millis(REFUSED),
                        _ => at.plus_millis(TROUBLE),
                    };
                    self.known(|known| known.quiet = until);
                    tracing::warn!(account = self.api.appid, %error, "who wrote is not told; messages are filed without");
                    return;
                }
            };
            self.known(|known| {
                if known.people.len() >= MOST {
                    known.people.clear();
                }
                known.people.insert(openid, person)
            });
        }
    }

    async fn ask(&self, openid: &str) -> Result<Person, ConnectorError> {
        let call = || Call::get("/cgi-bin/user/info").query("openid", openid).query("lang", "zh_CN");
        let mut found = self.api.get(call()).await;
        if matches!(found, Err(ConnectorError::Refresh { .. })) {
            self.api.refuse().await;
            found = self.api.get(call()).await;
        }
        let found = found?;
        let word = |pointer: &str| clean_line(json::text(&found, pointer)).trim().to_owned();
        Ok(Person { remark: word("/remark"), unionid: word("/unionid"), asked: now() })
    }

    /// Adds what is known of who wrote it.
    pub fn introduce(&self, incoming: &mut Incoming) {
        let Some(person) = self.known(|known| known.people.get(&incoming.from.address).cloned()) else { return };
        if incoming.from.name.is_empty() {
            incoming.from.name = person.remark;
        }
        // The same person has the same one in all that is bound to one account of the WeChat Open Platform.
        if !person.unionid.is_empty() {
            let value = format!("wechat:{}", person.unionid);
            incoming.links.push(Link { kind: LinkKind::Platform, value, proven: true });
        }
    }
}
