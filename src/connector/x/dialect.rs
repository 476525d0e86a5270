//! The two sets of names: the specification says `post.fields` and `referenced_posts`, most of the documentation and the
//! API itself `tweet.fields` and `referenced_tweets`. Both are understood; which is sent is a setting.

use crate::connector::platform::json;
use serde::Deserialize;
use serde_json::Value;

/// The names that are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Dialect {
    #[default]
    Tweet,
    Post,
}

impl Dialect {
    /// The parameter that names the fields, and the fields.
    pub fn fields(self) -> (&'static str, &'static str) {
        match self {
            Dialect::Tweet => (
                "tweet.fields",
                "created_at,conversation_id,referenced_tweets,edit_history_tweet_ids,entities,lang,note_tweet",
            ),
            Dialect::Post => (
                "post.fields",
                "created_at,conversation_id,referenced_posts,edit_history_post_ids,entities,lang,note_post",
            ),
        }
    }

    /// What a reply is told by.
    pub fn in_reply_to(self) -> &'static str {
        match self {
            Dialect::Tweet => "in_reply_to_tweet_id",
            Dialect::Post => "in_reply_to_post_id",
        }
    }
}

/// What a post refers to: kind and id.
pub(super) fn references(post: &Value) -> Vec<(&str, String)> {
    let lists = ["/referenced_tweets", "/referenced_posts"].iter().flat_map(|at| json::list(post, at));
    lists.filter_map(|one| Some((json::text(one, "/type"), json::id(one, "/id")?))).collect()
}

/// The ids a post had, the first one first; itself alone when it was never edited.
pub(super) fn versions(post: &Value) -> Vec<String> {
    let lists = ["/edit_history_tweet_ids", "/edit_history_post_ids"].iter().flat_map(|at| json::list(post, at));
    lists.filter_map(|id| json::id(id, "")).collect()
}

/// The whole text of a post, long ones too.
pub(super) fn text(post: &Value) -> &str {
    let texts = ["/note_tweet/text", "/note_post/text", "/text"].map(|at| json::text(post, at));
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}
