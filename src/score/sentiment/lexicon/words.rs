//! A text as VADER takes it apart: emoji by their names, words between spaces.

use super::table::{self, Meaning};
use std::borrow::Cow;

/// A word that carries something.
#[derive(Clone, Debug, PartialEq)]
pub struct LexiconWord {
    /// The word in lower case.
    pub text: String,
    /// Its valence after all rules, about −4..=4, more under emphasis.
    pub valence: f32,
}

/// A word of a text.
#[derive(Debug)]
pub struct Word<'a> {
    lower: Cow<'a, str>,
    /// What it means by itself.
    pub meaning: &'static Meaning,
    /// It is written in capitals.
    pub capitals: bool,
    /// It is written in capitals and others are not.
    pub shouted: bool,
}

impl Word<'_> {
    /// The word in lower case.
    pub fn lower(&self) -> &str {
        &self.lower
    }
}

/// What Python takes for a space.
fn is_space(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{1C}'..='\u{1F}')
}

/// Without the spaces at its ends.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The text with its emoji replaced by their names.
pub fn with_emoji_named(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|letter| table::emoji(letter).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut named = String::with_capacity(text.len() * 2);
    let mut after_space = true;
    for letter in text.chars() {
        match table::emoji(letter) {
            Some(name) => {
                if !after_space {
                    named.push(' ');
                }
                named.push_str(name);
                after_space = false;
            }
            None => {
                named.push(letter);
                after_space = letter == ' ';
            }
        }
    }
    Cow::Owned(named)
}

/// The words of a text, without the punctuation around them; what is little but punctuation stays whole, as it may be
/// an emoticon.
pub fn split(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(text.len() / 5 + 1);
    for piece in text.split(is_space).filter(|piece| !piece.is_empty()) {
        let bare = piece.trim_matches(|letter: char| letter.is_ascii_punctuation());
        let bare = if bare.chars().nth(2).is_none() { piece } else { bare };
        let lower = lower(bare);
        words.push(Word { meaning: table::meaning(&lower), capitals: is_capitals(bare), shouted: false, lower });
    }
    let capitals = words.iter().filter(|word| word.capitals).count();
    if capitals > 0 && capitals < words.len() {
        words.iter_mut().for_each(|word| word.shouted = word.capitals);
    }
    words
}

fn lower(word: &str) -> Cow<'_, str> {
    if word.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(word)
    } else if word.is_ascii() {
        Cow::Owned(word.to_ascii_lowercase())
    } else {
        Cow::Owned(word.to_lowercase())
    }
}

/// At least one capital letter and no small one.
fn is_capitals(word: &str) -> bool {
    let mut found = false;
    for letter in word.chars() {
        if letter.is_lowercase() {
            return false;
        }
        found |= letter.is_uppercase();
    }
    found
}
