//! What our own server says of a sender: `Authentication-Results` (RFC 8601). Anybody can write such a header into a
//! mail, so only the topmost counts (our server puts its own on top), and only when it carries the name the account is
//! pinned to. Without a pinned name nothing is believed.

use super::headers::Headers;
use crate::model::{Trust, clean_line};

/// Bytes of one header that are read.
const MAX: usize = 8 * 1024;
/// Results of one header that are read.
const MAX_RESULTS: usize = 50;
/// Characters of the words that are kept.
const MAX_WORDS: usize = 200;

/// One `method=result` with what it is about.
struct Outcome {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Outcome {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// How far the server named `authserv_id` vouches for the sender `from` (an address).
pub(super) fn verdict(headers: &Headers<'_>, authserv_id: Option<&str>, from: &str) -> Trust {
    let Some(pinned) = authserv_id else { return Trust::Unverified };
    let Some(raw) = headers.raw("Authentication-Results").next() else { return Trust::Unverified };
    let text = String::from_utf8_lossy(&raw[..raw.len().min(MAX)]);
    let Some((id, outcomes)) = read(&text) else { return Trust::Unverified };
    if !id.eq_ignore_ascii_case(pinned.trim()) {
        return Trust::Unverified;
    }
    let domain = domain_of(from);
    match judge(&outcomes, &domain) {
        // Two senders make it unclear whom the verdict is about.
        Trust::Verified if headers.raw("From").count() != 1 || headers.parties("From", 2).1 != 1 => Trust::Unverified,
        Trust::Refuted(words) => {
            let words = clean_line(&format!("{words}, says {pinned}"));
            Trust::Refuted(words.chars().take(MAX_WORDS).collect())
        }
        trust => trust,
    }
}

fn domain_of(address: &str) -> String {
    let domain = address.rsplit_once('@').map_or(address, |(_, domain)| domain);
    domain.trim().trim_end_matches(['.', '>']).to_lowercase()
}

/// Whether `domain` speaks for mail from `from`: it is the same, or the one above it. What lies below is not: on many
/// domains strangers get names below.
fn is_aligned(domain: &str, from: &str) -> bool {
    let domain = domain_of(domain);
    domain.contains('.') && (domain == from || from.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.')))
}

fn judge(outcomes: &[Outcome], from: &str) -> Trust {
    let of = |method: &'static str| outcomes.iter().filter(move |outcome| outcome.method == method);
    let about_from =
        |outcome: &&Outcome| outcome.property("header.from").is_none_or(|domain| domain_of(domain) == from);
    if of("dmarc").any(|outcome| outcome.result == "fail") {
        return Trust::Refuted(format!("dmarc=fail for {from}"));
    }
    if of("dmarc").filter(about_from).any(|outcome| outcome.result == "pass") {
        return Trust::Verified;
    }
    let signer = |outcome: &Outcome| {
        let named = outcome.property("header.d").or_else(|| outcome.property("header.i"));
        named.is_some_and(|domain| is_aligned(domain, from))
    };
    let envelope = |outcome: &Outcome| outcome.property("smtp.mailfrom").is_some_and(|domain| is_aligned(domain, from));
    let dkim: Vec<&Outcome> = of("dkim").filter(|outcome| signer(outcome)).collect();
    let spf: Vec<&Outcome> = of("spf").filter(|outcome| envelope(outcome)).collect();
    let mut aligned = dkim.iter().chain(&spf);
    if aligned.clone().any(|outcome| outcome.result == "pass") {
        return Trust::Verified;
    }
    match aligned.find(|outcome| outcome.result == "fail" || outcome.result == "hardfail") {
        Some(outcome) => Trust::Refuted(format!("{}=fail for {from}", outcome.method)),
        None => Trust::Unverified,
    }
}

/// The name and the results of one header. `None` when it is not one.
fn read(text: &str) -> Option<(String, Vec<Outcome>)> {
    let mut parts = split(text).into_iter();
    let id = parts.next()?.into_iter().next()?;
    let outcomes = parts.take(MAX_RESULTS).filter_map(|words| outcome(&words)).collect();
    Some((id, outcomes))
}

fn outcome(words: &[String]) -> Option<Outcome> {
    let mut pairs = words.iter().filter_map(|word| word.split_once('='));
    let (method, result) = pairs.next()?;
    // `dkim/1=pass`: the method's version says nothing here.
    let method = method.split('/').next().unwrap_or_default().to_lowercase();
    let properties = pairs.map(|(name, value)| (name.to_lowercase(), value.trim_start_matches('@').to_owned()));
    Some(Outcome { method, result: result.to_lowercase(), properties: properties.collect() })
}

/// The words of the parts between `;`: comments are left out, quoted strings are one word without their quotes, and what
/// stands around `=`, `.` and `/` is joined (RFC 8601 allows white space there).
fn split(text: &str) -> Vec<Vec<String>> {
    let mut parts = vec![Vec::new()];
    let mut word = String::new();
    let mut depth = 0_u32;
    let mut quoted = false;
    let mut gap = false;
    let mut characters = text.chars();
    let end = |word: &mut String, parts: &mut Vec<Vec<String>>| {
        if !word.is_empty()
            && let Some(part) = parts.last_mut()
        {
            part.push(std::mem::take(word));
        }
    };
    while let Some(c) = characters.next() {
        match c {
            '\\' if depth > 0 => drop(characters.next()),
            '\\' if quoted => word.extend(characters.next()),
            '(' if !quoted => depth += 1,
            ')' if depth > 0 => {
                depth -= 1;
                gap = true;
            }
            _ if depth > 0 => {}
            '"' => quoted = !quoted,
            ';' if !quoted => {
                end(&mut word, &mut parts);
                parts.push(Vec::new());
                gap = false;
            }
            c if c.is_whitespace() && !quoted => gap = true,
            c => {
                let joins = |c: char| matches!(c, '=' | '/');
                if gap && !joins(c) && !word.ends_with(joins) {
                    end(&mut word, &mut parts);
                }
                gap = false;
                word.push(c);
            }
        }
    }
    end(&mut word, &mut parts);
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn trust(block: &str) -> Trust {
        let block =
            format!("{}\r\nFrom: Ana <ana@bank.example>\r\nSubject: Hi\r\n\r\n", block.trim().replace('\n', "\r\n"));
        verdict(&Headers::parse(block.as_bytes()), Some("mx.shop.example"), "ana@bank.example")
    }

    fn refuted(block: &str) -> String {
        match trust(block) {
            Trust::Refuted(words) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn our_own_servers_word_counts() {
        assert_eq!(
            trust("Authentication-Results: mx.shop.example; dmarc=pass header.from=bank.example"),
            Trust::Verified
        );
        assert_eq!(
            refuted("Authentication-Results: mx.shop.example; dmarc=fail (p=reject) header.from=bank.example"),
            "dmarc=fail for bank.example, says mx.shop.example"
        );
        assert_eq!(trust("Authentication-Results: MX.Shop.Example 1; none"), Trust::Unverified);
        assert_eq!(trust("Subject: nothing"), Trust::Unverified);
    }

    #[test]
    fn folds_comments_and_quotes_are_read_as_they_are_meant() {
        let folded = "Authentication-Results: (the (outer\\) one) server) mx.shop.example (really; dmarc=fail)\n\
                      \t1;\n spf = pass (sender ; dmarc=fail) smtp.mailfrom=\"ana@bank.example\";\n\
                      \tdmarc (a comment) = pass (p=none dis=none)\n header.from = bank.example";
        assert_eq!(trust(folded), Trust::Verified);
        let quoted =
            "Authentication-Results: \"mx.shop.example\"; dkim=fail reason=\"; dmarc=pass\" header.d=bank.example";
        assert_eq!(refuted(quoted), "dkim=fail for bank.example, says mx.shop.example");
    }

    #[test]
    fn only_the_topmost_counts_and_only_under_our_servers_name() {
        let forged_below = "Authentication-Results: mx.shop.example; dmarc=fail header.from=bank.example\n\
                            Received: from somewhere\n\
                            Authentication-Results: mx.shop.example; dmarc=pass header.from=bank.example";
        refuted(forged_below);
        let other_on_top = "Authentication-Results: mx.evil.example; dmarc=pass header.from=bank.example\n\
                            Authentication-Results: mx.shop.example; dmarc=pass header.from=bank.example";
        assert_eq!(trust(other_on_top), Trust::Unverified);
        for id in ["mx.shop.example.evil.example", "evil-mx.shop.example", "(mx.shop.example) mx.evil.example"] {
            assert_eq!(trust(&format!("Authentication-Results: {id}; dmarc=pass")), Trust::Unverified, "{id}");
        }
        let unpinned = b"Authentication-Results: mx.shop.example; dmarc=pass\r\nFrom: ana@bank.example\r\n\r\n";
        assert_eq!(verdict(&Headers::parse(unpinned), None, "ana@bank.example"), Trust::Unverified);
    }

    #[test]
    fn without_dmarc_an_aligned_signature_or_envelope_counts() {
        for (results, verified) in [
            ("dkim=pass header.d=bank.example", true),
            ("dkim=pass header.i=@bank.example", true),
            ("dkim=pass header.d=evil.example", false),
            ("dkim=pass header.d=bank.example.evil.example", false),
            ("dkim=pass header.d=sub.bank.example", false),
            ("dkim=pass header.d=example", false),
            ("spf=pass smtp.mailfrom=ana@bank.example", true),
            ("spf=pass smtp.mailfrom=evil.example", false),
            ("dkim=fail header.d=bank.example; spf=pass smtp.mailfrom=bank.example", true),
            ("dmarc=none header.from=bank.example", false),
            ("dmarc=pass header.from=evil.example", false),
            ("spf=softfail smtp.mailfrom=bank.example", false),
            ("dkim=fail header.d=evil.example", false),
        ] {
            let found = trust(&format!("Authentication-Results: mx.shop.example; {results}"));
            let expected = if verified { Trust::Verified } else { Trust::Unverified };
            assert_eq!(found, expected, "{results}");
        }
        refuted("Authentication-Results: mx.shop.example; spf=fail smtp.mailfrom=bank.example");
    }

    #[test]
    fn two_senders_are_never_vouched_for() {
        let two =
            "Authentication-Results: mx.shop.example; dmarc=pass header.from=bank.example\nFrom: eve@evil.example";
        assert_eq!(trust(two), Trust::Unverified);
    }
}
