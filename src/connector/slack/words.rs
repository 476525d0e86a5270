//! Slack's way of writing (mrkdwn) as text, and text as Slack wants it.

use std::collections::BTreeMap;

/// Text as it is sent: three letters have a meaning of their own.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// The text of a message, with people by their names where those are known.
pub(super) fn plain(text: &str, names: &BTreeMap<String, String>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        plain.push_str(&unescape(&rest[..start]));
        let Some(length) = rest[start..].find('>') else {
            rest = &rest[start..];
            break;
        };
        plain.push_str(&reference(&rest[start + 1..start + length], names));
        rest = &rest[start + length + 1..];
    }
    plain.push_str(&unescape(rest));
    plain
}

/// What stands between `<` and `>`.
fn reference(inner: &str, names: &BTreeMap<String, String>) -> String {
    let (target, label) = inner.split_once('|').map_or((inner, ""), |(target, label)| (target, label));
    let label = unescape(label);
    match target.chars().next() {
        Some('@') => {
            let known = names.get(&target[1..]).filter(|name| !name.is_empty()).cloned();
            format!(
                "@{}",
                known.or(Some(label).filter(|label| !label.is_empty())).unwrap_or_else(|| target[1..].to_owned())
            )
        }
        Some('#') if label.is_empty() => target.to_owned(),
        Some('#') => format!("#{label}"),
        Some('!') if label.is_empty() => format!("@{}", target[1..].split('^').next().unwrap_or_default()),
        Some('!') => label,
        _ => {
            let target = unescape(target);
            // A label that only shortens the address says nothing.
            if label.is_empty() || target.ends_with(&label) { target } else { format!("{label} ({target})") }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_words_and_where_links_lead_is_said() {
        let names = BTreeMap::from([("U1".to_owned(), "Ana".to_owned())]);
        let text = "<@U1> and <@U2> in <#C1|help>: &lt;b&gt; &amp;amp; <https://a.example/?x=1&amp;y|bank.example> <!here> \
                    <mailto:a@b.example|a@b.example> 1 < 2";
        assert_eq!(
            plain(text, &names),
            "@Ana and @U2 in #help: <b> &amp; bank.example (https://a.example/?x=1&y) @here mailto:a@b.example 1 < 2"
        );
    }

    #[test]
    fn what_is_sent_reads_as_it_was_written() {
        let written = "a < b && c > d <@U1> &amp;";
        assert_eq!(plain(&escape(written), &BTreeMap::new()), written);
    }
}
