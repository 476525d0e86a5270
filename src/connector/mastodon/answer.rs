//! Writing a reply.

use super::status::way;
use crate::connector::ConnectorError;
use crate::connector::platform::json;
use crate::model::{Outgoing, Way};
use serde_json::json;

/// What an address on the web counts, however long it is.
const URL: usize = 23;

/// The length of a post as the server counts: addresses are 23, and of `@ana@host` only `@ana` counts.
pub(super) fn length(text: &str) -> usize {
    let mut count = 0;
    for piece in text.split_inclusive(char::is_whitespace) {
        let word = piece.trim_end();
        let space = piece.chars().count() - word.chars().count();
        count += space
            + match word {
                url if url.starts_with("https://") || url.starts_with("http://") => URL,
                mention if mention.starts_with('@') && mention[1..].contains('@') => {
                    1 + mention[1..].split('@').next().unwrap_or_default().chars().count()
                }
                word => word.chars().count(),
            };
    }
    count
}

/// The body of the request.
///
/// # Errors
/// [`ConnectorError::Reject`] when it cannot be sent as it is.
pub(super) fn render(outgoing: &Outgoing, most: usize) -> Result<Vec<u8>, ConnectorError> {
    let reject = |reason: &str| ConnectorError::Reject { reason: reason.to_owned() };
    let said = |key: &str| outgoing.context.get(key).map_or("", String::as_str);
    let (status, acct, visibility) = (said("status"), said("acct"), said("visibility"));
    if status.is_empty() || acct.is_empty() {
        return Err(reject("here only posts that mention us can be answered; answer a message of theirs"));
    }
    // Nobody sees it who could not see what it answers. Followers of theirs are not followers of ours: those who wrote
    // to their followers alone are answered directly.
    let visibility = match (outgoing.way, way(visibility)) {
        (Way::Public, Way::Public) => visibility,
        (Way::Public, Way::Direct) => return Err(reject("they wrote privately; a public answer would show that")),
        (Way::Direct, _) => "direct",
    };
    // Who is not named does not hear of it. The server's own people are named without it.
    let mention = format!("@{acct}");
    let named = |word: &str| word.trim_end_matches([',', '.', ':', '!', '?']).eq_ignore_ascii_case(&mention);
    let text = match outgoing.text.split_whitespace().any(named) {
        true => outgoing.text.clone(),
        false => format!("{mention} {}", outgoing.text),
    };
    let is = length(&text);
    if is > most {
        let reason = format!("with the mention of {mention} the post has {is} characters, the server takes {most}");
        return Err(ConnectorError::Reject { reason });
    }
    let mut body = json!({ "status": text, "in_reply_to_id": status, "visibility": visibility });
    if !said("warning").is_empty() {
        body["spoiler_text"] = said("warning").into();
    }
    Ok(json::bytes(&body))
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn the_server_counts_addresses_and_mentions_in_its_own_way() {
        assert_eq!(length("@ana@long.server.example hello"), 10);
        assert_eq!(length("see https://shop.example/a/very/long/path?with=much now"), 4 + 23 + 4);
        assert_eq!(length("退款 ok\n"), 6);
    }
}
