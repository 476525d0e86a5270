//! The words of a message event.

use crate::connector::email::html_text;
use serde_json::Value;

/// The text of a content, not cleaned: its `body`, or its `formatted_body` where that is all there is. `None` when it has
/// neither.
pub(super) fn words(content: &Value, answers: bool) -> Option<String> {
    let body = content.get("body").and_then(Value::as_str).filter(|body| !body.trim().is_empty());
    if let Some(body) = body {
        return Some(if answers { without_fallback(body) } else { body }.to_owned());
    }
    let html = content.get("format").and_then(Value::as_str) == Some("org.matrix.custom.html");
    let formatted = content.get("formatted_body").and_then(Value::as_str).filter(|_| html);
    match formatted {
        Some(formatted) => Some(html_text(without_quote(formatted))),
        None => content.get("body").and_then(Value::as_str).map(str::to_owned),
    }
}

/// A text without the quote of what it answers, which clients put before it until v1.13 of the specification.
fn without_fallback(body: &str) -> &str {
    if !(body.starts_with("> <") || body.starts_with("> * <")) {
        return body;
    }
    let mut rest = body;
    while rest.starts_with("> ") || rest.starts_with(">\n") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    let rest = rest.strip_prefix('\n').unwrap_or(rest);
    if rest.trim().is_empty() { body } else { rest }
}

/// HTML without its `<mx-reply>`.
fn without_quote(html: &str) -> &str {
    match (html.trim_start().starts_with("<mx-reply>"), html.split_once("</mx-reply>")) {
        (true, Some((_, rest))) => rest,
        _ => html,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_quote_before_an_answer_is_not_its_text() {
        let said = |body: &str| words(&json!({ "body": body }), true);
        assert_eq!(said("> <@ana:a.example> hello\n> there\n\nyes").as_deref(), Some("yes"));
        assert_eq!(said("> * <@ana:a.example> waves\n\nyes\n\n> no").as_deref(), Some("yes\n\n> no"));
        assert_eq!(said("> a quote of mine\n\nyes").as_deref(), Some("> a quote of mine\n\nyes"));
        assert_eq!(said("> <@ana:a.example> all quote").as_deref(), Some("> <@ana:a.example> all quote"));
    }

    #[test]
    fn html_is_read_only_where_there_is_no_text() {
        let both = json!({ "body": "plain", "format": "org.matrix.custom.html", "formatted_body": "<b>bold</b>" });
        assert_eq!(words(&both, false).as_deref(), Some("plain"));
        let html = json!({ "body": "", "format": "org.matrix.custom.html", "formatted_body": "<mx-reply>old</mx-reply><p>new</p>" });
        assert_eq!(words(&html, false).map(|text| text.trim().to_owned()).as_deref(), Some("new"));
        assert_eq!(words(&json!({ "body": 7 }), false), None);
    }
}
