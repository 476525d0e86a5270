//! The words that decided.

use super::feature::{BAD, Cut, Features, GOOD};
use super::layer::Part;
use super::reader::Word;
use super::token::Kind;
use super::weights::{Weights, length};
use crate::model::clean_line;

/// Words that are named.
const NAMED: usize = 5;
/// A word is not named when it weighs less than this share of the strongest.
const FAINT: f32 = 0.1;
/// The longest word that is named, in characters.
const LONGEST: usize = 40;
/// Chinese characters that are named together.
const TOGETHER: usize = 4;

/// The words that moved a reading most.
pub fn words(features: &Features, cut: Cut, model: &Weights, layer: Option<&Part>) -> Vec<Word> {
    let mut spots = vec![0.0_f32; features.tokens.list.len()];
    let share = model.scale * length(&features.hashes);
    let classes = model.classes;
    for feature in &features.hashes {
        let weights = model.of(feature.hash);
        let mut lean = match weights {
            [negative, _, positive] => (i32::from(*positive) - i32::from(*negative)) as f32 * share,
            _ => 0.0,
        };
        if let Some(part) = layer {
            lean += part.lean(feature.hash) * length(&features.hashes);
        }
        let (from, to) = (usize::from(feature.from), usize::from(feature.to));
        if from == to {
            if let Some(spot) = spots.get_mut(to) {
                *spot += lean;
            }
        } else {
            for at in [from, to] {
                if let Some(spot) = spots.get_mut(at) {
                    *spot += lean / 2.0;
                }
            }
        }
    }
    let number = |at: usize| {
        let of = |class: usize| model.numbers.get(at * classes + class).copied().unwrap_or_default();
        of(2) - of(0)
    };
    // A phrase counts a quarter of its number's weight (`feature.rs`: four are the most).
    for (from, to, weight) in &features.tally.found {
        let each = number(if *weight < 0.0 { BAD } else { GOOD }) * weight.abs() / 4.0 / (to - from + 1) as f32;
        for at in *from..=*to {
            if let Some(spot) = spots.get_mut(at) {
                *spot += each;
            }
        }
    }
    rate(features, &mut spots, (0..BAD).map(|at| number(at) * features.numbers[at]).sum::<f32>());
    strongest(features, cut, &spots)
}

/// Hands what VADER's numbers did out to the words it rated.
fn rate(features: &Features, spots: &mut [f32], total: f32) {
    let all: f32 = features.rated.iter().map(|word| word.valence.abs()).sum();
    if all <= 0.0 {
        return;
    }
    let mut from = 0;
    for rated in &features.rated {
        let worth = total.abs() * rated.valence / all;
        let stands = |at: &usize| features.tokens.text(features.tokens.list[*at]) == rated.text;
        if let Some(at) = (from..spots.len()).find(stands) {
            spots[at] += worth;
            from = at + 1;
        }
    }
}

fn strongest(features: &Features, cut: Cut, spots: &[f32]) -> Vec<Word> {
    let tokens = &features.tokens;
    // A support phrase is named as a whole.
    let phrase = |at: usize| features.tally.found.iter().position(|(from, to, _)| (*from..=*to).contains(&at));
    let most = spots.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
    let mut found: Vec<(usize, usize, f32)> = Vec::new();
    for (at, weight) in spots.iter().copied().enumerate() {
        if (weight.abs() <= most * FAINT && phrase(at).is_none()) || tokens.list[at].kind == Kind::Stop {
            continue;
        }
        let joins = cut == Cut::Chinese && tokens.list[at].kind == Kind::Word;
        let within = phrase(at);
        match found.last_mut() {
            Some((from, to, sum))
                if joins
                    && *to + 1 == at
                    && tokens.list[*to].kind == Kind::Word
                    && within == phrase(*to)
                    && (within.is_some() || (at - *from < TOGETHER && sum.signum() == weight.signum())) =>
            {
                *to = at;
                *sum += weight;
            }
            _ => found.push((at, at, weight)),
        }
    }
    found.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()).then(a.0.cmp(&b.0)));
    let mut words: Vec<Word> = Vec::with_capacity(NAMED);
    for (from, to, weight) in found {
        let mut text = String::new();
        for token in &tokens.list[from..=to] {
            text.extend(tokens.text(*token).chars().take(LONGEST));
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            text = clean_line(&text);
        }
        if let Some(word) = words.iter_mut().find(|word| word.text == text) {
            word.weight += weight;
        } else if words.len() < NAMED && !text.is_empty() {
            words.push(Word { text, weight });
        }
    }
    words.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
    words
}
