//! Support phrases: what customers write when a service failed them, which lexicons of feeling do not know ("still waiting",
//! "on hold", 没送到). Two lists written by hand, see `data/support-*.txt`.

use super::token::{Kind, Tokens};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What phrases were found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Trouble; strong phrases count double.
    pub bad: i32,
    /// Pleasure.
    pub good: i32,
    /// Questions and requests.
    pub asking: i32,
    /// The phrases of trouble (negative) and of pleasure, and the spots they stand at, first and last.
    pub found: Vec<(usize, usize, f32)>,
}

impl Tally {
    fn count(&mut self, phrase: &Phrase, negated: bool, from: usize, to: usize) {
        match (phrase.weight, negated) {
            (0, _) => self.asking += 1,
            // "not fixed" is trouble; "no problem" is no pleasure yet.
            (weight, true) if weight > 0 => {
                self.bad += 1;
                self.found.push((from, to, -1.0));
            }
            (_, true) => {}
            (weight, false) => {
                if weight > 0 {
                    self.good += weight;
                } else {
                    self.bad -= weight;
                }
                self.found.push((from, to, weight as f32));
            }
        }
    }
}

struct Phrase {
    parts: Vec<&'static str>,
    weight: i32,
}

fn phrases(list: &'static str) -> impl Iterator<Item = (i32, &'static str)> {
    list.lines().filter_map(|line| {
        let (sign, phrase) = line.split_once(' ')?;
        let weight = match sign {
            "-" => -1,
            "--" => -2,
            "+" => 1,
            "++" => 2,
            "?" => 0,
            _ => return None,
        };
        Some((weight, phrase))
    })
}

type List<K> = HashMap<K, Vec<Phrase>, std::hash::BuildHasherDefault<super::lexicon::Fnv>>;

fn longest_first<K>(list: &mut List<K>) {
    for phrases in list.values_mut() {
        phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.parts.iter().map(|part| part.len()).sum::<usize>()));
    }
}

/// Phrases of words by their first, and beginnings of words.
struct WordList {
    phrases: List<&'static str>,
    /// By their first [`SHORTEST`] bytes, the longest first; the only part is the beginning.
    beginnings: List<[u8; SHORTEST]>,
}

/// Bytes of the shortest beginning.
const SHORTEST: usize = 3;

fn word_list(files: &[&'static str]) -> WordList {
    let mut list = WordList { phrases: List::default(), beginnings: List::default() };
    for (weight, phrase) in files.iter().flat_map(|file| phrases(file)) {
        if let Some(beginning) = phrase.strip_suffix('*').filter(|rest| !rest.ends_with(' ')) {
            if let Some(first) = beginning.as_bytes().first_chunk() {
                list.beginnings.entry(*first).or_default().push(Phrase { parts: vec![beginning], weight });
            }
            continue;
        }
        let mut parts = phrase.split(' ');
        if let Some(first) = parts.next() {
            list.phrases.entry(first).or_default().push(Phrase { parts: parts.collect(), weight });
        }
    }
    longest_first(&mut list.phrases);
    longest_first(&mut list.beginnings);
    list
}

const SIGNS: &str = include_str!("data/support-signs.txt");

static ENGLISH: LazyLock<WordList> = LazyLock::new(|| word_list(&[include_str!("data/support-english.txt"), SIGNS]));

static OTHER: LazyLock<WordList> = LazyLock::new(|| word_list(&[include_str!("data/support-other.txt"), SIGNS]));

static CHINESE: LazyLock<List<char>> = LazyLock::new(|| {
    let mut list: List<char> = List::default();
    for (weight, phrase) in phrases(include_str!("data/support-chinese.txt")).chain(phrases(SIGNS)) {
        if let Some(first) = phrase.chars().next() {
            list.entry(first).or_default().push(Phrase { parts: vec![&phrase[first.len_utf8()..]], weight });
        }
    }
    longest_first(&mut list);
    list
});

/// Words that say nothing by themselves; an answer of nothing else is neutral.
const COURTESIES: &str = "ok okay k kk yes yeah yep yup no nope nah hi hello hey hiya sure good morning afternoon evening day there \
    please sir madam team bye goodbye hmm well alright fine";

/// A short answer of nothing but courtesies.
pub fn is_courtesy(tokens: &Tokens) -> bool {
    let mut words = tokens.list.iter().filter(|token| token.kind != Kind::Stop);
    let few = tokens.list.len() <= 6 && tokens.list.iter().any(|token| token.kind == Kind::Word);
    few && words.all(|token| {
        token.kind == Kind::Word && COURTESIES.split_whitespace().any(|known| known == tokens.text(*token))
    })
}

/// Looks for English phrases, the longest at each place.
pub fn english(tokens: &Tokens) -> Tally {
    look(tokens, &ENGLISH)
}

/// Looks for words of the other languages, the longest phrase at each place.
pub fn other(tokens: &Tokens) -> Tally {
    look(tokens, &OTHER)
}

impl WordList {
    /// The phrase that stands at a place, and how many words it has behind its first.
    fn find(&self, tokens: &Tokens, at: usize, word: &str) -> Option<(&Phrase, usize)> {
        let follows = |(offset, part): (usize, &&str)| {
            tokens
                .list
                .get(at + 1 + offset)
                .is_some_and(|token| token.kind == Kind::Word && (*part == "*" || tokens.text(*token) == *part))
        };
        let found = self
            .phrases
            .get(word)
            .and_then(|list| list.iter().find(|phrase| phrase.parts.iter().enumerate().all(follows)));
        found.map(|phrase| (phrase, phrase.parts.len())).or_else(|| {
            let begins = |phrase: &&Phrase| word.starts_with(phrase.parts[0]);
            let list = self.beginnings.get(word.as_bytes().first_chunk::<SHORTEST>()?)?;
            list.iter().find(begins).map(|phrase| (phrase, 0))
        })
    }
}

/// Words that turn what follows around.
fn negates(word: &str) -> bool {
    matches!(
        word,
        "not"
            | "no"
            | "never"
            | "without"
            | "nicht"
            | "kein"
            | "keine"
            | "nie"
            | "pas"
            | "jamais"
            | "sans"
            | "ne"
            | "sin"
            | "nunca"
            | "não"
            | "nao"
            | "sem"
            | "non"
            | "mai"
            | "senza"
            | "لا"
            | "لم"
            | "ليس"
            | "مش"
            | "غير"
            | "नहीं"
            | "nahi"
            | "nahin"
    ) || word.ends_with("n't")
}

fn look(tokens: &Tokens, list: &WordList) -> Tally {
    let mut tally = Tally::default();
    let (mut at, mut negated) = (0, 0_usize);
    while at < tokens.list.len() {
        let token = tokens.list[at];
        let word = tokens.text(token);
        match list.find(tokens, at, word) {
            Some((phrase, more)) => {
                tally.count(phrase, negated > 0, at, at + more);
                at += more;
                negated = 0;
            }
            None if token.kind != Kind::Word => negated = 0,
            None if negates(word) => negated = 3,
            None => negated = negated.saturating_sub(1),
        }
        at += 1;
    }
    tally
}

/// Looks for Chinese phrases in the characters of a text, the longest at each place.
pub fn chinese(tokens: &Tokens) -> Tally {
    let mut tally = Tally::default();
    let (mut at, mut before) = (0, "");
    while at < tokens.list.len() {
        let token = tokens.list[at];
        let own = tokens.text(token);
        let found = own.chars().next().and_then(|first| CHINESE.get(&first)).and_then(|list| {
            list.iter().find_map(|phrase| stands(tokens, at, phrase.parts[0]).map(|more| (phrase, more)))
        });
        match found {
            Some((phrase, more)) => {
                let negated = matches!(before, "不" | "没" | "未" | "无" | "别");
                tally.count(phrase, negated, at, at + more);
                at += more + 1;
                before = "";
            }
            None => {
                before = own;
                at += 1;
            }
        }
    }
    tally
}

/// How many tokens behind one make up the rest of a phrase.
fn stands(tokens: &Tokens, at: usize, rest: &str) -> Option<usize> {
    let (mut rest, mut more) = (rest, 0);
    while !rest.is_empty() {
        more += 1;
        rest = rest.strip_prefix(tokens.text(*tokens.list.get(at + more)?))?;
    }
    Some(more)
}
