//! The valence of each word, by what stands before and behind it.

use super::words::Word;

/// What capitals add, where not all is in capitals.
const CAPITALS: f64 = 0.733;
/// What a negation makes of a valence.
const NEGATED: f64 = -0.74;
/// What "kind of" and its like take away.
const SOFTENED: f64 = -0.293;

/// Phrases whose valence is not that of their words.
const IDIOMS: &[(&[&str], f64)] = &[
    (&["the", "shit"], 3.0),
    (&["the", "bomb"], 3.0),
    (&["bad", "ass"], 1.5),
    (&["bus", "stop"], 0.0),
    (&["yeah", "right"], -2.0),
    (&["kiss", "of", "death"], -1.5),
    (&["to", "die", "for"], 3.0),
    (&["beating", "heart"], 3.5),
];

/// Pairs that soften what follows.
const SOFTENERS: &[[&str; 2]] = &[["just", "enough"], ["kind", "of"], ["sort", "of"]];

/// The valence of every word.
pub fn valences(words: &[Word<'_>]) -> Vec<f64> {
    (0..words.len()).map(|at| valence(words, at)).collect()
}

fn is(words: &[Word<'_>], at: usize, text: &str) -> bool {
    words.get(at).is_some_and(|word| word.lower() == text)
}

fn valence(words: &[Word<'_>], at: usize) -> f64 {
    let word = &words[at];
    let Some(rating) = word.meaning.valence else { return 0.0 };
    if word.meaning.degree.is_some() || (word.lower() == "kind" && is(words, at + 1, "of")) {
        return 0.0;
    }
    let mut valence = rating;
    let rated_next = words.get(at + 1).is_some_and(|next| next.meaning.valence.is_some());
    if word.lower() == "no" && rated_next {
        // It negates its neighbour and says nothing itself.
        valence = 0.0;
    }
    let before = |back: usize, text: &str| at >= back && is(words, at - back, text);
    if before(1, "no") || before(2, "no") || (before(3, "no") && (before(1, "or") || before(1, "nor"))) {
        valence = rating * NEGATED;
    }
    if word.shouted {
        valence += if valence > 0.0 { CAPITALS } else { -CAPITALS };
    }
    for back in 1..=3 {
        if at < back || words[at - back].meaning.valence.is_some() {
            continue;
        }
        let fading = [1.0, 0.95, 0.9][back - 1];
        valence += degree(&words[at - back], valence) * fading;
        valence = negated(words, at, back, valence);
        if back == 3 {
            valence = idiom(words, at, valence);
        }
    }
    if before(1, "least") && words[at - 1].meaning.valence.is_none() && !before(2, "at") && !before(2, "very") {
        valence *= NEGATED;
    }
    valence
}

/// What a word of degree adds to a valence behind it.
fn degree(word: &Word<'_>, valence: f64) -> f64 {
    let Some(mut degree) = word.meaning.degree else { return 0.0 };
    if valence < 0.0 {
        degree = -degree;
    }
    if word.shouted {
        degree += if valence > 0.0 { CAPITALS } else { -CAPITALS };
    }
    degree
}

fn negated(words: &[Word<'_>], at: usize, back: usize, valence: f64) -> f64 {
    let before = |back: usize, text: &str| is(words, at - back, text);
    let so_or_this = |back: usize| before(back, "so") || before(back, "this");
    let negates = words[at - back].meaning.negates;
    match back {
        2 if before(2, "never") && so_or_this(1) => valence * 1.25,
        2 if before(2, "without") && before(1, "doubt") => valence,
        // As the package has it: "so" or "this" right before a word counts without a "never" too.
        3 if (before(3, "never") && so_or_this(2)) || so_or_this(1) => valence * 1.25,
        3 if before(3, "without") && (before(2, "doubt") || before(1, "doubt")) => valence,
        _ if negates => valence * NEGATED,
        _ => valence,
    }
}

/// Whether these words stand in the text from a place on.
fn stands(words: &[Word<'_>], from: usize, phrase: &[&str]) -> bool {
    words.get(from..from + phrase.len()).is_some_and(|part| part.iter().zip(phrase).all(|(a, b)| a.lower() == *b))
}

fn special(words: &[Word<'_>], from: usize, length: usize) -> Option<f64> {
    IDIOMS.iter().find(|(phrase, _)| phrase.len() == length && stands(words, from, phrase)).map(|(_, valence)| *valence)
}

fn idiom(words: &[Word<'_>], at: usize, valence: f64) -> f64 {
    let mut valence = [(at - 1, 2), (at - 2, 3), (at - 2, 2), (at - 3, 3), (at - 3, 2)]
        .iter()
        .find_map(|(from, length)| special(words, *from, *length))
        .unwrap_or(valence);
    for length in [2, 3] {
        if let Some(found) = special(words, at, length) {
            valence = found;
        }
    }
    for from in [at - 3, at - 2] {
        if SOFTENERS.iter().any(|pair| stands(words, from, pair)) {
            valence += SOFTENED;
        }
    }
    valence
}
