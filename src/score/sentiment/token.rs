//! A text as the models take it apart: tokens in lower case.

use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick, is_nfkc_quick};

/// How much of a message is read, in bytes. Nobody's mood changes after a thousand words; the time is bounded by it.
pub const MOST: usize = 6 << 10;

/// What is read of a text: its beginning, at most [`MOST`] bytes.
pub fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(MOST)]
}

/// The text in Unicode NFC.
pub fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfc().collect())
    }
}

/// The text in Unicode NFKC, which makes full-width letters plain.
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || is_nfkc_quick(text.chars()) == IsNormalized::Yes {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.nfkc().collect())
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A word, a number, or the stand-in for a link or a name.
    Word,
    /// An emoji or another sign that is no punctuation.
    Sign,
    /// An exclamation or a question mark, or several.
    Mark,
    /// Punctuation at which a negation ends.
    Stop,
}

/// A token: where it stands in [`Tokens::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    // A text is far shorter than these can say, see [`MOST`].
    begin: u16,
    end: u16,
    /// What it is.
    pub kind: Kind,
}

/// The tokens of a text.
#[derive(Debug, Default)]
pub struct Tokens {
    text: String,
    /// In the order of the text.
    pub list: Vec<Token>,
}

impl Tokens {
    /// The letters of a token.
    pub fn text(&self, token: Token) -> &str {
        self.text.get(usize::from(token.begin)..usize::from(token.end)).unwrap_or_default()
    }

    fn push(&mut self, from: usize, kind: Kind) {
        let place = |at: usize| at.min(usize::from(u16::MAX)) as u16;
        self.list.push(Token { begin: place(from), end: place(self.text.len()), kind });
    }
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}' | '\u{02BC}')
}

/// Marks that belong to the letter before them, such as the vowels of Devanagari.
fn is_part(letter: char) -> bool {
    letter.is_alphanumeric()
        || letter == '_'
        || matches!(letter, '\u{300}'..='\u{36F}' | '\u{64B}'..='\u{65F}' | '\u{900}'..='\u{903}' | '\u{93A}'..='\u{94F}')
}

/// Takes a text apart: lower case; three and more of the same letter in a row are two; a link is `url`, a name with an at
/// sign before it `user`.
pub fn tokens(text: &str) -> Tokens {
    let text = composed(head(text));
    let mut tokens =
        Tokens { text: String::with_capacity(text.len() + 16), list: Vec::with_capacity(text.len() / 4 + 1) };
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let from = tokens.text.len();
        if letter == '@' || letter.is_alphanumeric() {
            let rest = &text[at..];
            let stand_in = if letter == '@' {
                rest[1..].starts_with(|next: char| next.is_alphanumeric() || next == '_').then_some("user")
            } else {
                let link = letter.eq_ignore_ascii_case(&'h') && is_link(rest)
                    || letter.eq_ignore_ascii_case(&'w')
                        && rest.get(..4).is_some_and(|r| r.eq_ignore_ascii_case("www."));
                link.then_some("url")
            };
            if let Some(name) = stand_in {
                let goes_on = |next: char| if name == "url" { !next.is_whitespace() } else { is_part(next) };
                while letters.next_if(|(_, next)| goes_on(*next)).is_some() {}
                tokens.text.push_str(name);
                tokens.push(from, Kind::Word);
                continue;
            }
        }
        if letter.is_alphanumeric() {
            word(&mut tokens.text, letter, &mut letters);
            tokens.push(from, Kind::Word);
        } else if letter == '!' || letter == '?' {
            tokens.text.push(letter);
            let mut more = false;
            while letters.next_if(|(_, next)| *next == letter).is_some() {
                more = true;
            }
            if more {
                tokens.text.push(letter);
            }
            tokens.push(from, Kind::Mark);
        } else if matches!(letter, '.' | ',' | ';' | ':' | '(' | ')' | '\n') {
            // Emoticons: eyes, perhaps a nose, a mouth.
            if letter == ':' || letter == ';' {
                let mut ahead = text[at + 1..].chars();
                let mut mouth = ahead.next();
                let nose = mouth == Some('-');
                if nose {
                    mouth = ahead.next();
                }
                if let Some(mouth @ (')' | '(' | 'D' | 'P' | 'p' | '/' | '|' | 'o' | 'O' | '*')) = mouth
                    && !ahead.next().is_some_and(char::is_alphanumeric)
                {
                    tokens.text.extend([letter, mouth]);
                    letters.next();
                    if nose {
                        letters.next();
                    }
                    tokens.push(from, Kind::Sign);
                    continue;
                }
            }
            tokens.text.push(letter);
            tokens.push(from, Kind::Stop);
        } else if letter > '\u{203B}' && !is_invisible(letter) && !letter.is_whitespace() {
            tokens.text.push(letter);
            tokens.push(from, Kind::Sign);
        }
    }
    tokens
}

fn is_link(rest: &str) -> bool {
    let scheme = |name: &str| rest.get(..name.len()).is_some_and(|r| r.eq_ignore_ascii_case(name));
    scheme("http://")
        || scheme("https://")
        || (scheme("http") && rest[4..].chars().next().is_none_or(char::is_whitespace))
}

fn word(out: &mut String, first: char, letters: &mut std::iter::Peekable<std::str::CharIndices<'_>>) {
    let (mut last, mut times) = ('\0', 0);
    let mut push = |letter: char| {
        let mut put = |letter: char| {
            times = if letter == last { times + 1 } else { 1 };
            last = letter;
            if times <= 2 {
                out.push(letter);
            }
        };
        if letter.is_ascii() { put(letter.to_ascii_lowercase()) } else { letter.to_lowercase().for_each(&mut put) }
    };
    push(first);
    while let Some((_, letter)) = letters.peek().copied() {
        if is_part(letter) {
            letters.next();
            push(letter);
        } else if is_apostrophe(letter) {
            let mut ahead = letters.clone();
            ahead.next();
            if !ahead.peek().is_some_and(|(_, next)| next.is_alphabetic()) {
                break;
            }
            letters.next();
            push('\'');
        } else {
            break;
        }
    }
}

/// Signs that only change how others look.
pub fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}' | '\u{1F3FB}'..='\u{1F3FF}')
}

/// The characters of a text that say something, in lower case, each a token; a row of Latin letters or digits is one.
pub fn tokens_of_characters(text: &str) -> Tokens {
    let mut tokens = Tokens { text: String::with_capacity(text.len()), list: Vec::with_capacity(text.len() / 3 + 1) };
    let mut letters = text.chars().peekable();
    let (mut last, mut times) = ('\0', 0);
    while let Some(letter) = letters.next() {
        if letter.is_whitespace() || letter.is_control() || is_invisible(letter) {
            continue;
        }
        times = if letter == last { times + 1 } else { 1 };
        last = letter;
        if times > 2 {
            continue;
        }
        let from = tokens.text.len();
        if letter.is_ascii_alphanumeric() {
            tokens.text.push(letter.to_ascii_lowercase());
            while let Some(next) = letters.next_if(char::is_ascii_alphanumeric) {
                tokens.text.push(next.to_ascii_lowercase());
            }
            tokens.push(from, Kind::Word);
        } else {
            tokens.text.push(letter);
            let kind = if letter.is_alphanumeric() {
                Kind::Word
            } else if letter > '\u{2190}' && !('\u{3000}'..='\u{303F}').contains(&letter) {
                Kind::Sign
            } else {
                Kind::Stop
            };
            tokens.push(from, kind);
        }
    }
    tokens
}
