//! What people say, by language: the data of `texts/*.toml`.

use super::settings::Role;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Names and sentences of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Speech {
    /// ISO 639-1.
    pub code: String,
    /// How many of a hundred customers speak it.
    pub share: u32,
    /// The family name stands first; between the two this stands.
    #[serde(default)]
    pub family_first: Option<String>,
    /// `名|latin`: the name, and how it stands in an address where that differs.
    pub given: Vec<String>,
    pub family: Vec<String>,
    /// Domains of mail addresses; companies are in `firms` as `Name|domain`.
    pub domains: Vec<String>,
    pub firms: Vec<String>,
    /// Decimal sign of amounts.
    pub decimal: String,
    /// First names of those who answer.
    pub agents: Vec<String>,
    /// Lists by slot name.
    pub slots: BTreeMap<String, Vec<String>>,
    /// First and last lines of customers' mails; may be empty.
    pub greeting: Vec<String>,
    pub closing: Vec<String>,
    /// First and last lines of ours.
    pub our_greeting: Vec<String>,
    pub our_closing: Vec<String>,
    /// What stands under some mails.
    pub signature: Vec<String>,
    /// The line over a quote.
    pub quoted: String,
    /// How a customer answers our answer.
    pub answer_mail: Vec<String>,
    pub answer_chat: Vec<String>,
    pub answer_comments: Vec<String>,
    /// How a customer asks again.
    pub nudge: Vec<String>,
    /// Our last word when a customer has thanked.
    pub last_word: Vec<String>,
    /// An out-of-office answer: subject and text.
    pub away: Vec<[String; 2]>,
    /// Newsletters: sender, subject, text.
    pub newsletter: Vec<[String; 3]>,
    /// Posts and videos of ours that people comment on.
    pub posts: Vec<String>,
    /// The conversations.
    pub script: Vec<Script>,
}

/// A conversation. Turns begin with `c: ` (the customer) or `a: ` (our answer).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    pub role: Role,
    #[serde(default)]
    pub subject: String,
    /// Only from companies.
    #[serde(default)]
    pub firm: bool,
    /// Somebody known from another channel.
    #[serde(default)]
    pub twin: bool,
    /// It ends with the customer's turn and is not settled: our last word would not fit.
    #[serde(default)]
    pub unsettled: bool,
    /// The first message has a picture with it.
    #[serde(default)]
    pub photo: bool,
    pub turns: Vec<String>,
}

impl Script {
    /// Whether the customer says turn `turn`, and its template.
    pub fn turn(&self, turn: usize) -> Option<(bool, &str)> {
        let text = self.turns.get(turn)?;
        let customer = text.starts_with("c: ");
        Some((customer, text.get(3..).unwrap_or_default()))
    }
}

impl Speech {
    /// How customers answer in this place.
    pub fn answers(&self, role: Role) -> &[String] {
        match role {
            Role::Mail => &self.answer_mail,
            Role::Chat => &self.answer_chat,
            Role::Comments => &self.answer_comments,
        }
    }
}

const FILES: [(&str, &str); 5] = [
    ("en", include_str!("texts/en.toml")),
    ("de", include_str!("texts/de.toml")),
    ("es", include_str!("texts/es.toml")),
    ("zh", include_str!("texts/zh.toml")),
    ("ja", include_str!("texts/ja.toml")),
];

/// All languages.
///
/// # Errors
/// When the data built into this program cannot be read; a test keeps that from happening.
pub(super) fn speeches() -> Result<&'static [Speech], String> {
    static SPEECHES: LazyLock<Result<Vec<Speech>, String>> = LazyLock::new(|| {
        let read = |(name, text): &(&str, &str)| {
            toml::from_str(text).map_err(|error| format!("the demo's texts/{name}.toml: {error}"))
        };
        FILES.iter().map(read).collect()
    });
    SPEECHES.as_deref().map_err(Clone::clone)
}
