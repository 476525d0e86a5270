//! What an agent's corrections change: a small model on top of the shipped ones.
//!
//! For every language model the corrections of its messages are fitted by logistic regression over the words, the numbers and
//! what the shipped model says. All weights are held to zero, where the reading is the shipped one: few corrections
//! change little. How strongly they are held, and whether anything is changed at all, is chosen by cross-validation on the
//! corrections themselves, so that a layer that would not help is not used.
//!
//! Agents correct what is wrong and pass over what is right. Were only that learned from, six messages called negative would
//! teach that everything is. So ordinary sentences that the shipped model reads right (`data/anchors.tsv`) are learned with
//! them, a few corrections heavy for each label, and heavier where more corrections contradict that model than agree with
//! it, or where a label hardly occurs. Among many messages labelled one after the other they weigh next to nothing.

use super::feature::{Cut, Features, NUMBERS};
use super::fit::{Patience, Problem};
use super::reader::{Reader, Understood, likelihoods};
use super::weights::{Sums, length};
use super::{Label, SentimentError};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const MAGIC: &[u8; 4] = b"SBLY";
const VERSION: u8 = 1;
/// A layer's buckets are two to this power.
const BITS: u32 = 16;
/// Corrections a language model needs before anything is learned for it: of messages in English, in Chinese, or in one of the
/// languages of the third model.
pub const FEWEST: usize = 5;
/// The most corrections that are learned from, the latest.
const MOST: usize = 20_000;
/// Numbers a part weighs: those of the features, the shipped model's sums, and one that is always 1.
const COLUMNS: usize = NUMBERS + 3 + 1;
/// The largest layer file, in bytes.
const LARGEST: usize = 16 << 20;

/// What was learned for one of the language models.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// How much of the shipped model's sums is taken over.
    kept: f32,
    /// Number by number, one weight a class.
    numbers: Vec<[f32; 3]>,
    /// By bucket.
    words: BTreeMap<u16, [f32; 3]>,
    /// The same, bucket by bucket.
    table: Vec<[f32; 3]>,
}

/// What was learned from corrections.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    learned: u32,
    base: u64,
    version: u64,
    parts: [Option<Part>; 3],
}

/// How strongly weights are held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hold {
    /// How much of the shipped model's sums is kept as they are.
    pub kept: f32,
    /// Words.
    pub words: f32,
    /// Numbers, and the shipped model's sums.
    pub numbers: f32,
    /// What each class has from the start.
    pub bias: f32,
}

/// What is tried, from what changes least to what changes most.
pub const HOLDS: &[Hold] = &[
    Hold { kept: 1.0, words: 30.0, numbers: 10.0, bias: 1.0 },
    Hold { kept: 1.0, words: 3.0, numbers: 3.0, bias: 0.3 },
    Hold { kept: 1.0, words: 1.0, numbers: 1.0, bias: 0.1 },
    Hold { kept: 0.5, words: 0.3, numbers: 0.3, bias: 0.1 },
];

/// How heavy the anchors of a label are together, in corrections.
const ANCHORED: f32 = 4.0;
/// How much heavier for each correction that contradicts the shipped model beyond those that agree.
const CONTRADICTED: f32 = 1.0;
/// The share of the corrections that a label has at least, with the anchors.
const FLOOR: f32 = 0.125;

/// Sentences that most shops get, with how they are meant.
static ANCHORS: LazyLock<Vec<(Label, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("data/anchors.tsv").lines().filter_map(|line| line.split_once('\t'));
    let labelled = lines.filter_map(|(label, text)| {
        let label = match label {
            "-" => Label::Negative,
            "0" => Label::Neutral,
            "+" => Label::Positive,
            _ => return None,
        };
        Some((label, text))
    });
    labelled.collect()
});

pub(super) struct Example {
    pub features: Features,
    pub sums: Sums,
    pub label: Label,
    /// How much it counts; 1 for a correction.
    pub weight: f32,
}

impl Example {
    /// The shipped model says the same.
    fn is_agreed(&self) -> bool {
        let likely = likelihoods(self.sums);
        likely.iter().all(|other| likely[self.label as usize] >= *other)
    }
}

/// A text as an example of one of the three models.
fn example(reader: &Reader, text: &str, label: Label) -> Option<(Cut, Example)> {
    let Understood { cut, features, sums, .. } = reader.understand(text)?;
    Some((cut, Example { features, sums, label, weight: 1.0 }))
}

/// What is learned beside so many corrections of one model: the sentences it reads right.
fn anchors(reader: &Reader, of: Cut, examples: &[Example]) -> Vec<Example> {
    let agreed = examples.iter().filter(|example| example.is_agreed()).count();
    let missing = (examples.len() - agreed).saturating_sub(agreed);
    let read = ANCHORS.iter().filter_map(|(label, text)| example(reader, text, *label));
    let mut anchors: Vec<Example> =
        read.filter(|(cut, example)| *cut == of && example.is_agreed()).map(|(_, example)| example).collect();
    for label in Label::ALL {
        let of_label = |example: &&Example| example.label == label;
        let seldom = (FLOOR * examples.len() as f32 - examples.iter().filter(of_label).count() as f32).max(0.0);
        let known = anchors.iter().filter(of_label).count().max(1);
        let weight = (ANCHORED + CONTRADICTED * missing as f32 + seldom) / known as f32;
        anchors.iter_mut().filter(|anchor| anchor.label == label).for_each(|anchor| anchor.weight = weight);
    }
    anchors
}

fn columns(features: &Features, sums: Sums) -> [f32; COLUMNS] {
    let mut columns = [0.0; COLUMNS];
    columns[..NUMBERS].copy_from_slice(&features.numbers);
    let mean = (sums[0] + sums[1] + sums[2]) / 3.0;
    for (class, sum) in sums.iter().enumerate() {
        // Beyond five there is nothing more to be sure of.
        columns[NUMBERS + class] = 0.5 * (sum - mean).clamp(-5.0, 5.0);
    }
    columns[COLUMNS - 1] = 1.0;
    columns
}

fn bucket(hash: u32) -> u16 {
    (hash & ((1 << BITS) - 1)) as u16
}

impl Part {
    pub(super) fn fit(examples: &[&Example], hold: Hold) -> Part {
        let mut penalties = vec![hold.numbers; COLUMNS];
        penalties[COLUMNS - 1] = hold.bias;
        let mut problem = Problem::new(3, penalties);
        let mut found: BTreeMap<u16, u32> = BTreeMap::new();
        for example in examples {
            let share = length(&example.features.hashes);
            let mut row: Vec<(u32, f32)> = Vec::with_capacity(example.features.hashes.len() + COLUMNS);
            for feature in &example.features.hashes {
                let column = *found.entry(bucket(feature.hash)).or_insert_with(|| problem.column(hold.words));
                row.push((column, share));
            }
            let numbers = columns(&example.features, example.sums);
            row.extend(numbers.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(at, value)| (at as u32, *value)));
            let mut target = [0.0; 3];
            target[example.label as usize] = 1.0;
            let offset = example.sums.map(|sum| sum * hold.kept);
            problem.push(row, &target, example.weight, Some(&offset));
        }
        let solved = problem.solve(Patience { steps: 30, enough: 3e-3 }, |_| true);
        let of = |column: usize| [solved[column * 3], solved[column * 3 + 1], solved[column * 3 + 2]];
        let words = found.iter().map(|(bucket, column)| (*bucket, of(*column as usize))).collect();
        Part::new(hold.kept, (0..COLUMNS).map(of).collect(), words)
    }

    fn new(kept: f32, numbers: Vec<[f32; 3]>, words: BTreeMap<u16, [f32; 3]>) -> Part {
        let mut table = vec![[0.0; 3]; 1 << BITS];
        words.iter().for_each(|(bucket, weights)| table[usize::from(*bucket)] = *weights);
        Part { kept, numbers, words, table }
    }

    fn of(&self, hash: u32) -> [f32; 3] {
        self.table.get(usize::from(bucket(hash))).copied().unwrap_or_default()
    }

    /// How much a hash moves towards positive.
    pub(super) fn lean(&self, hash: u32) -> f32 {
        let [negative, _, positive] = self.of(hash);
        positive - negative
    }

    /// The shipped model's sums, corrected.
    pub(super) fn adjust(&self, features: &Features, sums: Sums) -> Sums {
        let mut words = [0.0_f32; 3];
        for feature in &features.hashes {
            for (sum, weight) in words.iter_mut().zip(self.of(feature.hash)) {
                *sum += weight;
            }
        }
        let share = length(&features.hashes);
        let columns = columns(features, sums);
        let mut adjusted = sums.map(|sum| sum * self.kept);
        for (class, sum) in adjusted.iter_mut().enumerate() {
            *sum += words[class] * share;
            *sum += columns.iter().zip(&self.numbers).map(|(value, weights)| value * weights[class]).sum::<f32>();
        }
        adjusted
    }
}

/// The part for one model, if it is better than none.
fn best(examples: &[&Example]) -> Option<Part> {
    let folds = match examples.len() {
        0..20 => examples.len(),
        20..400 => 5,
        _ => 3,
    };
    let loss = |sums: Sums, example: &Example| {
        -f64::from(likelihoods(sums)[example.label as usize].max(1e-4)).ln() * f64::from(example.weight)
    };
    let nothing: f64 = examples.iter().map(|example| loss(example.sums, example)).sum();
    let mut chosen: Option<(f64, Hold)> = None;
    for hold in HOLDS {
        let mut total = 0.0;
        for fold in 0..folds {
            let shown: Vec<&Example> =
                examples.iter().enumerate().filter(|(at, _)| at % folds != fold).map(|(_, e)| *e).collect();
            let part = Part::fit(&shown, *hold);
            for example in examples.iter().skip(fold).step_by(folds) {
                total += loss(part.adjust(&example.features, example.sums), example);
            }
        }
        if total < chosen.map_or(nothing, |(least, _)| least) {
            chosen = Some((total, *hold));
        }
    }
    chosen.map(|(_, hold)| Part::fit(examples, hold))
}

impl Layer {
    /// Learns from corrections, the oldest first, on top of a reader's models (its own layer is not looked at). `None`: there are
    /// too few in a language that can be read, or nothing better than the shipped models was found.
    pub fn learn(reader: &Reader, corrections: &[(String, Label)]) -> Option<Layer> {
        let mut examples: [Vec<Example>; 3] = Default::default();
        for (text, label) in &corrections[corrections.len().saturating_sub(MOST)..] {
            if let Some((cut, example)) = example(reader, text, *label) {
                examples[cut as usize].push(example);
            }
        }
        let mut parts: [Option<Part>; 3] = Default::default();
        let mut learned = 0;
        for cut in [Cut::English, Cut::Chinese, Cut::Pieces] {
            let examples = &examples[cut as usize];
            if examples.len() >= FEWEST {
                let anchors = anchors(reader, cut, examples);
                let all: Vec<&Example> = examples.iter().chain(&anchors).collect();
                parts[cut as usize] = best(&all);
                learned += examples.len();
            }
        }
        if parts.iter().all(Option::is_none) {
            return None;
        }
        let mut layer = Layer { learned: learned as u32, base: reader.base_version(), version: 0, parts };
        layer.version = checksum(&layer.body());
        Some(layer)
    }

    /// Corrections it was learned from.
    pub fn len(&self) -> usize {
        self.learned as usize
    }

    /// It was learned from nothing.
    pub fn is_empty(&self) -> bool {
        self.learned == 0
    }

    /// Another one has another version.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// It was learned on top of these models; on others it should be learned again.
    pub fn fits(&self, reader: &Reader) -> bool {
        self.base == reader.base_version()
    }

    /// What was learned for texts taken apart so.
    pub(super) fn part(&self, cut: Cut) -> Option<&Part> {
        self.parts[cut as usize].as_ref()
    }

    fn body(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.learned.to_le_bytes());
        bytes.extend(self.base.to_le_bytes());
        let put = |bytes: &mut Vec<u8>, weights: &[f32; 3]| weights.iter().for_each(|w| bytes.extend(w.to_le_bytes()));
        for part in &self.parts {
            bytes.push(u8::from(part.is_some()));
            let Some(part) = part else { continue };
            bytes.extend(part.kept.to_le_bytes());
            part.numbers.iter().for_each(|weights| put(&mut bytes, weights));
            bytes.extend((part.words.len() as u32).to_le_bytes());
            for (bucket, weights) in &part.words {
                bytes.extend(bucket.to_le_bytes());
                put(&mut bytes, weights);
            }
        }
        bytes
    }

    /// As a record, with a checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.push(VERSION);
        bytes.extend(self.body());
        let sum = crc32c::crc32c(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// Reads a record.
    ///
    /// # Errors
    /// It is damaged, or of another version of the program: then the shipped models are used, and it is learned again
    /// from the corrections, which are kept apart.
    pub fn from_bytes(bytes: &[u8]) -> Result<Layer, SentimentError> {
        let damaged = |why: &str| SentimentError::Damaged { what: "layer of corrections", why: why.to_owned() };
        if bytes.len() > LARGEST {
            return Err(damaged("it is too large"));
        }
        if bytes.get(..4) != Some(MAGIC) {
            return Err(damaged("it is no layer"));
        }
        match bytes.get(4) {
            Some(&VERSION) => {}
            Some(&found) => {
                return Err(SentimentError::Version { what: "layer of corrections", found, known: VERSION });
            }
            None => return Err(damaged("it ends early")),
        }
        let (rest, sum) = bytes.split_last_chunk::<4>().ok_or_else(|| damaged("it ends early"))?;
        if crc32c::crc32c(rest).to_le_bytes() != *sum {
            return Err(damaged("its checksum is wrong"));
        }
        let body = &rest[5..];
        let mut cursor = Cursor(body);
        let layer = cursor.layer().filter(|_| cursor.0.is_empty()).ok_or_else(|| damaged("it ends early"))?;
        Ok(Layer { version: checksum(body), ..layer })
    }
}

fn checksum(body: &[u8]) -> u64 {
    u64::from(crc32c::crc32c(body)) | (body.len() as u64) << 32
}

struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn float(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes).filter(|number| number.is_finite())
    }

    fn three(&mut self) -> Option<[f32; 3]> {
        Some([self.float()?, self.float()?, self.float()?])
    }

    fn layer(&mut self) -> Option<Layer> {
        let learned = u32::from_le_bytes(self.take()?);
        let base = u64::from_le_bytes(self.take()?);
        let mut parts: [Option<Part>; 3] = Default::default();
        for part in &mut parts {
            if self.take::<1>()? == [0] {
                continue;
            }
            let kept = self.float()?;
            let numbers = (0..COLUMNS).map(|_| self.three()).collect::<Option<Vec<_>>>()?;
            let mut words = BTreeMap::new();
            for _ in 0..u32::from_le_bytes(self.take()?) {
                words.insert(u16::from_le_bytes(self.take()?), self.three()?);
            }
            *part = Some(Part::new(kept, numbers, words));
        }
        Some(Layer { learned, base, version: 0, parts })
    }
}
