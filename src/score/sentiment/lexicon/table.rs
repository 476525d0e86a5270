//! The rated words, the words that change others, and the names of emoji.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

/// How much a word of degree adds or takes away.
const DEGREE: f64 = 0.293;

const NEGATIONS: &str = "aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't didn't doesn't \
    dont hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't isn't mightn't mustn't neednt needn't never \
    none nope nor not nothing nowhere oughtnt shant shouldnt uhuh wasnt werent oughtn't shan't shouldn't uh-uh wasn't weren't \
    without wont wouldnt won't wouldn't rarely seldom despite";

const RAISING: &str = "absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous \
    enormously entirely especially exceptional exceptionally extreme extremely fabulously flipping flippin frackin fracking \
    fricking frickin frigging friggin fully fuckin fucking fuggin fugging greatly hella highly hugely incredible incredibly \
    intensely major majorly more most particularly purely quite really remarkably so substantially thoroughly total totally \
    tremendous tremendously uber unbelievably unusually utter utterly very";

const LOWERING: &str = "almost barely hardly kinda kindof kind-of less little marginal marginally occasional occasionally partly \
    scarce scarcely slight slightly somewhat sorta sortof sort-of";

/// What a word means to VADER.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Meaning {
    /// Its rating, about −4..=4.
    pub valence: Option<f64>,
    /// How much it adds to the word it stands before, if it is a word of degree.
    pub degree: Option<f64>,
    /// It negates.
    pub negates: bool,
}

/// FNV-1a: words are short.
#[derive(Clone)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }
}

type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

static WORDS: LazyLock<Map<&'static str, Meaning>> = LazyLock::new(|| {
    let mut words: Map<&'static str, Meaning> = Map::default();
    for line in include_str!("../data/vader-lexicon.txt").lines() {
        if let Some((word, tenths)) = line.split_once('\t')
            && let Ok(tenths) = tenths.parse::<i32>()
        {
            words.entry(word).or_default().valence = Some(f64::from(tenths) / 10.0);
        }
    }
    for (list, degree) in [(RAISING, DEGREE), (LOWERING, -DEGREE)] {
        for word in list.split_whitespace() {
            words.entry(word).or_default().degree = Some(degree);
        }
    }
    for word in NEGATIONS.split_whitespace() {
        words.entry(word).or_default().negates = true;
    }
    words.iter_mut().filter(|(word, _)| word.contains("n't")).for_each(|(_, meaning)| meaning.negates = true);
    words
});

static EMOJI: LazyLock<Map<char, &'static str>> = LazyLock::new(|| {
    let lines = include_str!("../data/vader-emoji.txt").lines();
    lines
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(sign, name)| Some((sign.chars().next()?, name)))
        .collect()
});

/// What a word means that is in no list, and one that ends another with "n't".
static NOTHING: Meaning = Meaning { valence: None, degree: None, negates: false };
static NEGATION: Meaning = Meaning { valence: None, degree: None, negates: true };

/// What a word in lower case means.
pub fn meaning(word: &str) -> &'static Meaning {
    match WORDS.get(word) {
        Some(known) => known,
        None if word.contains('\'') && word.contains("n't") => &NEGATION,
        None => &NOTHING,
    }
}

/// The name of an emoji.
pub fn emoji(sign: char) -> Option<&'static str> {
    // The first two are © and ®, all others stand far behind the alphabets.
    if sign < '\u{A9}' { None } else { EMOJI.get(&sign).copied() }
}
