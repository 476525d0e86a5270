//! Conditions: `selector op literal`. No `and`, no `or`, no arithmetic: a list of conditions holds when all do.
//!
//! | selector | |
//! | --- | --- |
//! | `/a/b` | a value in the item or answer |
//! | `NAME/a/b` | a value beside the item: `parent`, `around`, or what is joined |
//! | `http` | the status |
//! | `header:NAME` | a header |
//! | `msg.NAME` | what is kept of the message that is answered |
//! | `account.NAME` | a setting of the account |

use super::{place, template::plain};
use serde_json::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Exists,
    Is,
    IsNot,
    In,
    Has,
    Less,
    More,
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Predicate {
    /// What is looked at.
    pub selector: String,
    op: Op,
    literals: Vec<String>,
}

/// What conditions look at.
pub(super) struct Facts<'a> {
    pub body: &'a Value,
    pub status: Option<u16>,
    pub header: &'a dyn Fn(&str) -> Option<String>,
    pub msg: &'a dyn Fn(&str) -> Option<String>,
    /// A value beside the item, by the whole selector.
    pub near: &'a dyn Fn(&str) -> Option<String>,
}

/// Only a value.
pub(super) fn about(body: &Value) -> Facts<'_> {
    Facts { body, status: None, header: &|_| None, msg: &|_| None, near: &|_| None }
}

impl Predicate {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong with it, as the end of a sentence.
    pub fn read(text: &str) -> Result<Predicate, String> {
        const FORM: &str = "write \"/pointer exists\", \"/pointer = word\", or with !=, in, ~, < or >";
        let text = text.trim();
        let (selector, rest) = text.split_once(char::is_whitespace).ok_or(FORM)?;
        let rest = rest.trim();
        let (op, literal) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let literal = literal.trim();
        let op = match op {
            "exists" if literal.is_empty() => Op::Exists,
            "=" => Op::Is,
            "!=" => Op::IsNot,
            "in" => Op::In,
            "~" => Op::Has,
            "<" => Op::Less,
            ">" => Op::More,
            _ => return Err(FORM.to_owned()),
        };
        let known = selector == "http"
            || selector.strip_prefix("header:").is_some_and(|name| !name.is_empty())
            || ["msg.", "account."].iter().any(|of| selector.strip_prefix(of).is_some_and(|name| !name.is_empty()))
            || selector.contains('/');
        if !known {
            return Err(format!(
                "\"{selector}\" is nothing to look at; there are /pointer, NAME/pointer, http, header:NAME, msg.NAME, account.NAME"
            ));
        }
        let pointer = selector.find('/').filter(|_| !selector.starts_with("header:") && !selector.starts_with("msg."));
        if let Some(why) = pointer.and_then(|at| place::is_wrong(&selector[at..])) {
            return Err(why.to_owned());
        }
        let literals: Vec<String> = match op {
            Op::Exists => Vec::new(),
            Op::In => literal.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect(),
            _ => vec![literal.trim_matches('"').to_owned()],
        };
        if op == Op::In && literals.is_empty() {
            return Err("\"in\" needs words, with commas between them".to_owned());
        }
        if matches!(op, Op::Less | Op::More) && literals[0].parse::<f64>().is_err() {
            return Err(format!("\"{}\" is no number", literals[0]));
        }
        Ok(Predicate { selector: selector.to_owned(), op, literals })
    }

    /// The setting of the account it looks at.
    pub fn setting(&self) -> Option<&str> {
        self.selector.strip_prefix("account.")
    }

    /// What beside the item it looks at: `parent`, `around`, the name of a join; `None` when at nothing of the kind.
    pub fn root(&self) -> Option<&str> {
        let other = self.selector.starts_with("header:") || self.selector.starts_with("msg.");
        self.selector.find('/').filter(|at| *at > 0 && !other).map(|at| &self.selector[..at])
    }

    /// Whether it holds.
    pub fn holds(&self, facts: &Facts<'_>) -> bool {
        let found = if self.selector == "http" {
            facts.status.map(|status| status.to_string())
        } else if let Some(name) = self.selector.strip_prefix("header:") {
            (facts.header)(name)
        } else if let Some(name) = self.selector.strip_prefix("msg.") {
            (facts.msg)(name)
        } else if !self.selector.is_empty() && !self.selector.starts_with('/') {
            (facts.near)(&self.selector)
        } else {
            place::at(facts.body, &self.selector).and_then(plain)
        };
        let first = self.literals.first().map(String::as_str).unwrap_or_default();
        match (self.op, found) {
            (Op::Exists, found) => found.is_some(),
            (Op::IsNot, found) => found.as_deref() != Some(first),
            (_, None) => false,
            (Op::Is, Some(found)) => found == first,
            (Op::In, Some(found)) => self.literals.contains(&found),
            (Op::Has, Some(found)) => found.contains(first),
            (Op::Less | Op::More, Some(found)) => match (found.parse::<f64>(), first.parse::<f64>()) {
                (Ok(found), Ok(limit)) if self.op == Op::Less => found < limit,
                (Ok(found), Ok(limit)) => found > limit,
                _ => false,
            },
        }
    }
}

/// True when all hold.
pub(super) fn all(predicates: &[Predicate], facts: &Facts<'_>) -> bool {
    predicates.iter().all(|predicate| predicate.holds(facts))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_hold_or_not() {
        let body =
            json!({"code": 10022, "word": "10023", "ok": false, "name": "outbound-api", "none": null, "left": 0});
        let holds = |text: &str| Predicate::read(text).unwrap().holds(&about(&body));
        for text in [
            "/code in 10022,10023",
            "/word in 10022, 10023",
            "/ok = false",
            "/name ~ outbound",
            "/left < 1",
            "/code > 5",
            "/nothing != x",
            "/ok exists",
            "/name != x",
            "/name = \"outbound-api\"",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in ["/none exists", "/nothing = x", "/code < 5", "/name > 5", "/name ~ inbound", "http = 200"] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused() {
        for text in ["", "/a", "/a is b", "a = b", "/a < x", "/a in", "/a~ = b", "header: = x", "/a exists b"] {
            assert!(Predicate::read(text).is_err(), "{text}");
        }
    }
}
