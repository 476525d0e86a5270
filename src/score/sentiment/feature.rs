//! What a model looks at: hashes of words, pairs and pieces, and a few numbers for English.

use super::support::{self, Tally};
use super::token::{self, Kind, Tokens};
use super::{Language, lexicon};

/// Numbers beside the hashes.
pub const NUMBERS: usize = 12;
/// The number of the phrases of trouble.
pub const BAD: usize = 8;
/// The number of the phrases of pleasure.
pub const GOOD: usize = 9;
/// The number of questions and requests.
pub const ASKING: usize = 10;
/// Tokens behind a negation that it reaches.
const REACH: u32 = 4;
/// Pieces of words that are looked at, in letters.
const PIECES: std::ops::RangeInclusive<usize> = 2..=5;

/// How a text is taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cut {
    /// Words and pairs of words, with a mark on what is negated; VADER's numbers.
    English,
    /// Characters and pairs of characters.
    Chinese,
    /// Words and pieces of words.
    Pieces,
}

impl Cut {
    /// How a language is taken apart.
    pub fn of(language: Language) -> Cut {
        match language {
            Language::English | Language::Signs => Cut::English,
            Language::Chinese => Cut::Chinese,
            _ => Cut::Pieces,
        }
    }
}

/// One hash, and the spots of the text it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Feature {
    /// All 32 bits; a model takes the lowest.
    pub hash: u32,
    /// The first spot.
    pub from: u16,
    /// The last spot.
    pub to: u16,
}

/// What a model looks at.
#[derive(Debug)]
pub struct Features {
    /// Each hash once.
    pub hashes: Vec<Feature>,
    /// Numbers: VADER's and those of the support phrases.
    pub numbers: [f32; NUMBERS],
    /// The support phrases.
    pub tally: Tally,
    /// The spots: tokens, or single characters in Chinese.
    pub tokens: Tokens,
    /// Words VADER knows, with their valence.
    pub rated: Vec<lexicon::LexiconWord>,
}

/// FNV-1a with the last step of murmur3, which spreads it over the lowest bits.
fn hash(seed: u32, text: &str) -> u32 {
    let mut hash = 0x811C_9DC5 ^ seed;
    for byte in text.bytes() {
        hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    }
    spread(hash)
}

fn spread(mut hash: u32) -> u32 {
    hash ^= hash >> 16;
    hash = hash.wrapping_mul(0x85EB_CA6B);
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(0xC2B2_AE35);
    hash ^ (hash >> 16)
}

fn pair(first: u32, second: u32) -> u32 {
    spread(first.wrapping_mul(31).wrapping_add(second.rotate_left(9)) ^ 0x9E37_79B9)
}

/// Hashes that were seen already, by their lowest bits.
struct Seen([u64; 1 << (Seen::BITS - 6)]);

impl Seen {
    const BITS: u32 = 16;

    fn new() -> Seen {
        Seen([0; 1 << (Seen::BITS - 6)])
    }

    /// The first time this is asked for a hash. Two hashes with the same lowest bits are one, as they nearly are to a model.
    fn first(&mut self, hash: u32) -> bool {
        let at = hash & ((1 << Seen::BITS) - 1);
        let (word, bit) = (&mut self.0[(at >> 6) as usize], 1_u64 << (at & 63));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

struct Collector {
    seen: Seen,
    found: Vec<Feature>,
}

impl Collector {
    fn new(room: usize) -> Collector {
        Collector { seen: Seen::new(), found: Vec::with_capacity(room) }
    }

    fn add(&mut self, hash: u32, from: usize, to: usize) {
        if self.seen.first(hash) {
            self.found.push(Feature {
                hash,
                from: from.min(u16::MAX.into()) as u16,
                to: to.min(u16::MAX.into()) as u16,
            });
        }
    }
}

/// Takes a text apart.
pub fn features(text: &str, cut: Cut) -> Features {
    let text = token::head(text);
    match cut {
        Cut::English => english(text),
        Cut::Chinese => chinese(text),
        Cut::Pieces => pieces(text),
    }
}

fn negates(word: &str) -> bool {
    matches!(
        word,
        "not"
            | "no"
            | "never"
            | "cannot"
            | "cant"
            | "dont"
            | "doesnt"
            | "didnt"
            | "wont"
            | "isnt"
            | "wasnt"
            | "arent"
            | "without"
            | "nor"
            | "hardly"
            | "neither"
            | "nothing"
            | "none"
            | "nobody"
            | "couldnt"
            | "wouldnt"
            | "shouldnt"
            | "aint"
            | "havent"
            | "hasnt"
    ) || word.ends_with("n't")
}

/// The hashes of an English text alone, without its numbers.
pub fn english_hashes(text: &str) -> Vec<Feature> {
    hashed(&token::tokens(text))
}

/// Words and pairs of words, with a mark on what is negated.
fn hashed(tokens: &Tokens) -> Vec<Feature> {
    let mut collector = Collector::new(tokens.list.len() * 2);
    let (mut before, mut reach) = (hash(7, "^"), 0);
    for (at, token) in tokens.list.iter().enumerate() {
        if token.kind == Kind::Stop {
            reach = 0;
            continue;
        }
        let word = tokens.text(*token);
        let own = hash(if reach > 0 && token.kind == Kind::Word { 2 } else { 1 }, word);
        collector.add(own, at, at);
        let previous = at.saturating_sub(1);
        collector.add(pair(before, own), previous, at);
        before = own;
        reach = if token.kind == Kind::Mark {
            0
        } else if negates(word) {
            REACH
        } else {
            reach.saturating_sub(1)
        };
    }
    collector.found
}

fn english(text: &str) -> Features {
    let tokens = token::tokens(text);
    let courtesy = support::is_courtesy(&tokens);
    let polarity = if courtesy { lexicon::Polarity::default() } else { lexicon::polarity(text) };
    let hashes = hashed(&tokens);
    let tally = if courtesy { support::Tally { asking: 4, ..Tally::default() } } else { support::english(&tokens) };
    let (glad, sad) = polarity
        .words
        .iter()
        .fold((0, 0), |(glad, sad), word| if word.valence > 0.0 { (glad + 1, sad) } else { (glad, sad + 1) });
    let compound = polarity.compound as f32;
    let [.., bad, good, asking, much] = counted(&tally, tokens.list.len() as f32 / 40.0);
    let numbers = [
        compound,
        polarity.positive as f32,
        polarity.negative as f32,
        f32::from(u8::from(compound >= 0.05)),
        f32::from(u8::from(compound <= -0.05)),
        compound.abs(),
        few(glad),
        few(sad),
        bad,
        good,
        asking,
        much,
    ];
    Features { hashes, numbers, tally, tokens, rated: polarity.words }
}

/// Up to four, as 0..=1.
fn few(count: i32) -> f32 {
    (count.min(4) as f32) / 4.0
}

/// The numbers where VADER has none: the support phrases, and how much text there is.
fn counted(tally: &Tally, length: f32) -> [f32; NUMBERS] {
    let mut numbers = [0.0; NUMBERS];
    numbers[BAD] = few(tally.bad);
    numbers[GOOD] = few(tally.good);
    numbers[ASKING] = few(tally.asking);
    numbers[NUMBERS - 1] = length.min(1.0);
    numbers
}

fn chinese(text: &str) -> Features {
    let text = token::plain(text);
    let tokens = token::tokens_of_characters(&text);
    let mut collector = Collector::new(tokens.list.len() * 2);
    let mut before = hash(5, "^");
    for (at, token) in tokens.list.iter().enumerate() {
        let own = hash(3, tokens.text(*token));
        collector.add(own, at, at);
        collector.add(pair(before, own), at.saturating_sub(1), at);
        before = own;
    }
    let tally = support::chinese(&tokens);
    let numbers = counted(&tally, tokens.list.len() as f32 / 80.0);
    Features { hashes: collector.found, numbers, tally, tokens, rated: Vec::new() }
}

fn pieces(text: &str) -> Features {
    let tokens = token::tokens(text);
    let mut collector = Collector::new(text.len() * 4);
    let mut before = hash(7, "^");
    let mut edges: Vec<usize> = Vec::new();
    let mut framed = String::new();
    for (at, token) in tokens.list.iter().enumerate() {
        if token.kind == Kind::Stop {
            continue;
        }
        let word = tokens.text(*token);
        let own = hash(1, word);
        collector.add(own, at, at);
        collector.add(pair(before, own), at.saturating_sub(1), at);
        before = own;
        if token.kind != Kind::Word {
            continue;
        }
        framed.clear();
        framed.push(' ');
        framed.push_str(word);
        framed.push(' ');
        edges.clear();
        edges.extend(framed.char_indices().map(|(index, _)| index).take(64));
        edges.push(if edges.len() == 64 { edges[63] } else { framed.len() });
        for begin in 0..edges.len() - 1 {
            for length in PIECES {
                let Some(end) = edges.get(begin + length) else { break };
                collector.add(hash(4, &framed[edges[begin]..*end]), at, at);
            }
        }
    }
    let tally = support::other(&tokens);
    let numbers = counted(&tally, tokens.list.len() as f32 / 40.0);
    Features { hashes: collector.found, numbers, tally, tokens, rated: Vec::new() }
}
