//! VADER 3.3.2, the rule-based reading of English: a lexicon of rated words, and rules for what stands around them.
//!
//! Written anew from the published rules (C.J. Hutto and E.E. Gilbert, *VADER: A Parsimonious Rule-based Model for Sentiment
//! Analysis of Social Media Text*, ICWSM 2014) and from what version 3.3.2 of the Python package answers, its oddities
//! included: `golden.tsv` holds some hundred of its answers, and every number here is within 0.0001 of them. The ratings of words
//! and the names of emoji are the package's data, MIT licence, see `data/LICENSE-vader.txt`.

mod contrast;
mod rules;
mod table;
mod words;

pub use table::Fnv;
pub use words::LexiconWord;

/// What VADER says of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Polarity {
    /// All in one number, −1..=1.
    pub compound: f64,
    /// The share of what is positive, 0..=1.
    pub positive: f64,
    /// The share of what is neutral, 0..=1.
    pub neutral: f64,
    /// The share of what is negative, 0..=1.
    pub negative: f64,
    /// The words that carry something, as they stand in the text, with their valence after all rules.
    pub words: Vec<LexiconWord>,
}

/// Reads a text. Time grows with the square of its length where it repeats itself: callers bound it.
pub fn polarity(text: &str) -> Polarity {
    let replaced = words::with_emoji_named(text);
    let text = words::strip(&replaced);
    let found = words::split(text);
    let mut valences = rules::valences(&found);
    if let Some(but) = found.iter().position(|word| word.lower() == "but") {
        contrast::weigh(&mut valences, but);
    }
    if valences.is_empty() {
        return Polarity::default();
    }
    let emphasis = emphasis(text);
    let mut sum: f64 = valences.iter().sum();
    if sum > 0.0 {
        sum += emphasis;
    } else if sum < 0.0 {
        sum -= emphasis;
    }
    // A neutral word counts 1, so every other is given 1 more.
    let mut positive: f64 = valences.iter().filter(|v| **v > 0.0).map(|v| v + 1.0).sum();
    let mut negative: f64 = valences.iter().filter(|v| **v < 0.0).map(|v| v - 1.0).sum();
    let neutral = valences.iter().filter(|v| **v == 0.0).count() as f64;
    if positive > negative.abs() {
        positive += emphasis;
    } else if positive < negative.abs() {
        negative -= emphasis;
    }
    let total = positive + negative.abs() + neutral;
    let words = found
        .iter()
        .zip(&valences)
        .filter(|(_, valence)| **valence != 0.0)
        .map(|(word, valence)| LexiconWord { text: word.lower().to_owned(), valence: *valence as f32 })
        .collect();
    Polarity {
        compound: (sum / (sum * sum + 15.0).sqrt()).clamp(-1.0, 1.0),
        positive: (positive / total).abs(),
        neutral: (neutral / total).abs(),
        negative: (negative / total).abs(),
        words,
    }
}

/// What exclamation and question marks add.
fn emphasis(text: &str) -> f64 {
    let (mut calls, mut questions) = (0_u32, 0_u32);
    for byte in text.bytes() {
        calls += u32::from(byte == b'!');
        questions += u32::from(byte == b'?');
    }
    let asked = match questions {
        0 | 1 => 0.0,
        2 | 3 => f64::from(questions) * 0.18,
        _ => 0.96,
    };
    f64::from(calls.min(4)) * 0.292 + asked
}

#[cfg(test)]
mod tests;
