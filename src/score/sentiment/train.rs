//! The trainer: labelled rows to weights.

use super::feature::{ASKING, BAD, Cut, Features, GOOD, NUMBERS, features};
use super::fit::{Patience, Problem};
use super::weights::Weights;
use super::{Label, SentimentError, language};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A row to learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The text.
    pub text: String,
    /// What people said of it; not needed for [`Kind::Language`].
    pub label: Option<Label>,
    /// How strongly it is felt, −4..=4, where the set says so.
    pub strength: Option<f32>,
    /// What it is written in, as the set names it: `en`, `zh`, … or `other`.
    pub language: String,
    /// The set it is from, as the report names it.
    pub set: String,
    /// How much it counts.
    pub weight: f32,
}

/// Which of the models is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// English.
    English,
    /// Chinese.
    Chinese,
    /// Arabic, French, German, Hindi, Italian, Portuguese, Spanish.
    Multilingual,
    /// Which language a text in Latin letters is in.
    Language,
}

impl Kind {
    /// All.
    pub const ALL: [Kind; 4] = [Kind::English, Kind::Chinese, Kind::Multilingual, Kind::Language];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::English => "english",
            Kind::Chinese => "chinese",
            Kind::Multilingual => "multilingual",
            Kind::Language => "language",
        }
    }

    fn cut(self) -> Cut {
        match self {
            Kind::English => Cut::English,
            Kind::Chinese => Cut::Chinese,
            Kind::Multilingual | Kind::Language => Cut::Pieces,
        }
    }
}

/// How a model is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Recipe {
    /// Which model.
    pub kind: Kind,
    /// Decides which fifth of the rows the report is measured on.
    pub seed: u64,
    /// The buckets are two to this power.
    pub bits: u32,
    /// How strongly the weights of words are held to zero.
    pub penalty: f32,
    /// How strongly the weights of the numbers are held to what they start from.
    pub number_penalty: f32,
    /// A rating nearer to zero than this is about as much neutral as not; zero takes the labels as they are.
    pub soft: f32,
    /// How much the classes count together, the worst first; zeros leave them as they are.
    pub balance: [f32; 3],
    /// Steps at most.
    pub steps: usize,
}

impl Recipe {
    /// The recipe of the shipped models.
    pub fn of(kind: Kind) -> Recipe {
        let (bits, penalty) = match kind {
            Kind::English => (17, 1.0),
            Kind::Chinese => (17, 0.5),
            Kind::Multilingual => (17, 0.5),
            Kind::Language => (14, 0.3),
        };
        let balance = if kind == Kind::English { [0.42, 0.28, 0.3] } else { [0.0; 3] };
        Recipe { kind, seed: 1, bits, penalty, number_penalty: 1.0, soft: 0.5, balance, steps: 100 }
    }
}

/// How much stronger the weights of the support phrases are held to their prior than those of other numbers.
const HELD: f32 = 100.0;

/// What each support phrase says before anything is learned: rows are the numbers, columns the classes.
pub fn prior(kind: Kind) -> [f32; NUMBERS * 3] {
    let mut prior = [0.0; NUMBERS * 3];
    let mut set = |number: usize, weights: [f32; 3]| prior[number * 3..number * 3 + 3].copy_from_slice(&weights);
    match kind {
        Kind::English => {
            set(BAD, [3.0, 0.0, -3.0]);
            set(GOOD, [-2.25, -0.75, 3.0]);
            set(ASKING, [-0.75, 1.5, -0.75]);
        }
        Kind::Chinese => {
            set(BAD, [2.5, 0.0, -2.5]);
            set(GOOD, [-2.5, 0.0, 2.5]);
        }
        Kind::Multilingual => {
            set(BAD, [1.5, -0.5, -1.5]);
            set(GOOD, [-1.5, -0.5, 1.5]);
        }
        Kind::Language => {}
    }
    prior
}

/// What came of a training.
#[derive(Clone, Debug)]
pub struct Report {
    /// The rows of each set.
    pub sets: BTreeMap<String, usize>,
    /// How right the model is on a fifth of the rows it was not shown, by set.
    pub measures: BTreeMap<String, (usize, f64, f64)>,
    /// Steps taken at the end.
    pub steps: usize,
    /// The seed.
    pub seed: u64,
    /// Bytes of the weights before they are packed.
    pub size: usize,
    /// Which model.
    pub kind: Kind,
}

impl Report {
    /// As text.
    pub fn text(&self) -> String {
        let mut text = format!(
            "model {}, seed {}, {} bytes unpacked, {} steps\nset, rows, then on a fifth held back: rows, accuracy, macro-F1\n",
            self.kind.name(),
            self.seed,
            self.size,
            self.steps
        );
        for (set, rows) in &self.sets {
            let (held, accuracy, f1) = self.measures.get(set).copied().unwrap_or_default();
            let _ = writeln!(text, "{set:<20} {rows:>6} {held:>6}   {accuracy:.3}   {f1:.3}");
        }
        text
    }
}

struct Ready {
    row: usize,
    hashes: Vec<u32>,
    numbers: [f32; NUMBERS],
    share: f32,
    target: Vec<f32>,
    class: usize,
    weight: f32,
}

/// Trains a model. `progress` is told the part done, 0..=1, and answers whether to go on.
///
/// # Errors
/// There are too few rows, or it was cancelled.
pub fn train(
    rows: &[Row],
    recipe: &Recipe,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Result<(Weights, Report), SentimentError> {
    let classes = if recipe.kind == Kind::Language { language::CLASSES } else { 3 };
    let ready: Vec<Ready> = rows.iter().enumerate().filter_map(|(at, row)| prepare(at, row, recipe, classes)).collect();
    let mut present: Vec<usize> = ready.iter().map(|row| row.class).collect();
    present.sort_unstable();
    present.dedup();
    if present.len() < 2 {
        return Err(SentimentError::TooLittle("rows with at least two different labels are needed".to_owned()));
    }
    let ready = balanced(ready, recipe, classes);
    let held = |row: &Ready| {
        let mixed =
            (row.row as u64 ^ recipe.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_mul(0xD134_2543_DE82_EF95);
        (mixed >> 40).is_multiple_of(5)
    };
    let shown: Vec<&Ready> = ready.iter().filter(|row| !held(row)).collect();
    let trial = weights(&shown, recipe, classes, &mut |step| progress(0.45 * step as f32 / recipe.steps as f32));
    let all: Vec<&Ready> = ready.iter().collect();
    let mut steps = 0;
    let mut going = true;
    let weights = weights(&all, recipe, classes, &mut |step| {
        steps = step + 1;
        going = progress(0.5 + 0.5 * step as f32 / recipe.steps as f32);
        going
    });
    if !going {
        return Err(SentimentError::Cancelled);
    }
    let mut sets: BTreeMap<String, usize> = BTreeMap::new();
    let mut confusions: BTreeMap<String, Vec<Vec<u32>>> = BTreeMap::new();
    for row in &ready {
        let set = &rows[row.row].set;
        *sets.entry(set.clone()).or_default() += 1;
        if held(row) {
            let guessed = best(&trial, row, classes);
            let table = confusions.entry(set.clone()).or_insert_with(|| vec![vec![0; classes]; classes]);
            table[row.class][guessed] += 1;
        }
    }
    let measures = confusions.into_iter().map(|(set, table)| (set, figures(&table))).collect();
    let size = weights.to_plain().len();
    Ok((weights, Report { sets, measures, steps, seed: recipe.seed, size, kind: recipe.kind }))
}

fn figures(table: &[Vec<u32>]) -> (usize, f64, f64) {
    let total: u32 = table.iter().flatten().sum();
    let right: u32 = (0..table.len()).map(|class| table[class][class]).sum();
    let mut scores = Vec::new();
    for class in 0..table.len() {
        let said: u32 = table[class].iter().sum();
        let read: u32 = table.iter().map(|row| row[class]).sum();
        if said > 0 {
            scores.push(2.0 * f64::from(table[class][class]) / f64::from(said + read));
        }
    }
    (
        total as usize,
        f64::from(right) / f64::from(total.max(1)),
        scores.iter().sum::<f64>() / scores.len().max(1) as f64,
    )
}

fn best(weights: &Weights, row: &Ready, classes: usize) -> usize {
    let sums: Vec<f32> = (0..classes)
        .map(|class| {
            let table: i32 = row.hashes.iter().map(|hash| i32::from(weights.of(*hash)[class])).sum();
            let numbers: f32 = row
                .numbers
                .iter()
                .enumerate()
                .map(|(at, value)| value * weights.numbers.get(at * classes + class).copied().unwrap_or_default())
                .sum();
            table as f32 * weights.scale * row.share + numbers + weights.bias[class]
        })
        .collect();
    (0..classes).fold(0, |best, class| if sums[class] > sums[best] { class } else { best })
}

fn prepare(at: usize, row: &Row, recipe: &Recipe, classes: usize) -> Option<Ready> {
    if recipe.kind == Kind::Language {
        let class = language::LATIN
            .iter()
            .position(|known| known.code() == row.language)
            .or((row.language == "other").then_some(classes - 1))?;
        let mut hashes = Vec::new();
        language::hashes(&row.text, |hash| hashes.push(hash));
        let share = 1.0 / (hashes.len().max(1) as f32).sqrt();
        let target = (0..classes).map(|other| f32::from(u8::from(other == class))).collect();
        return (!hashes.is_empty()).then_some(Ready {
            row: at,
            hashes,
            numbers: [0.0; NUMBERS],
            share,
            target,
            class,
            weight: row.weight,
        });
    }
    let Features { hashes, numbers, .. } = &features(&row.text, recipe.kind.cut());
    let label = row.label?;
    let share = 1.0 / (hashes.len().max(1) as f32).sqrt();
    let mut target = vec![0.0; classes];
    match row.strength {
        Some(strength) if recipe.soft > 0.0 => {
            let neutral = (-(strength / recipe.soft).powi(2)).exp();
            target[Label::Neutral as usize] = neutral;
            target[if strength < 0.0 { Label::Negative } else { Label::Positive } as usize] += 1.0 - neutral;
        }
        _ => target[label as usize] = 1.0,
    }
    let hashes = hashes.iter().map(|feature| feature.hash).collect();
    Some(Ready { row: at, hashes, numbers: *numbers, share, target, class: label as usize, weight: row.weight })
}

fn balanced(mut ready: Vec<Ready>, recipe: &Recipe, classes: usize) -> Vec<Ready> {
    if classes != 3 || recipe.balance.iter().sum::<f32>() <= 0.0 {
        return ready;
    }
    let mut have = [0.0_f32; 3];
    let mut total = 0.0;
    for row in &ready {
        for (have, target) in have.iter_mut().zip(&row.target) {
            *have += target * row.weight;
        }
        total += row.weight;
    }
    let wanted: f32 = recipe.balance.iter().sum();
    let factor: Vec<f32> = (0..3)
        .map(|class| if have[class] > 0.0 { recipe.balance[class] / wanted * total / have[class] } else { 0.0 })
        .collect();
    for row in &mut ready {
        let by: f32 = row.target.iter().zip(&factor).map(|(target, factor)| target * factor).sum();
        row.weight *= by;
    }
    ready
}

fn weights(rows: &[&Ready], recipe: &Recipe, classes: usize, step: &mut dyn FnMut(usize) -> bool) -> Weights {
    let mask = (1_u32 << recipe.bits) - 1;
    let numbers = if recipe.kind == Kind::Language { 0 } else { NUMBERS };
    let prior = prior(recipe.kind);
    let mut penalties = vec![recipe.number_penalty; numbers];
    // What the phrases say is known beforehand; the data are of other trades.
    for held in penalties.iter_mut().skip(BAD).take(ASKING - BAD + 1) {
        *held = HELD * recipe.number_penalty;
    }
    // The bias is all but free.
    penalties.push(0.01);
    let bias_column = numbers as u32;
    let mut problem = Problem::new(classes, penalties);
    let mut columns: BTreeMap<u32, u32> = BTreeMap::new();
    let mut buckets: Vec<u32> = rows.iter().flat_map(|row| row.hashes.iter().map(|hash| hash & mask)).collect();
    buckets.sort_unstable();
    buckets.dedup();
    for bucket in &buckets {
        columns.insert(*bucket, problem.column(recipe.penalty));
    }
    let mut column_of = vec![u32::MAX; 1 << recipe.bits];
    columns.iter().for_each(|(bucket, column)| column_of[*bucket as usize] = *column);
    for row in rows {
        let words = row.hashes.iter().map(|hash| (column_of[(hash & mask) as usize], row.share));
        let numbered = row.numbers.iter().take(numbers).enumerate().filter(|(_, value)| **value != 0.0);
        let mut offset = vec![0.0; classes];
        if numbers > 0 {
            for (number, value) in row.numbers.iter().enumerate() {
                for (class, offset) in offset.iter_mut().enumerate() {
                    *offset += value * prior[number * 3 + class];
                }
            }
        }
        let all = words.chain(numbered.map(|(number, value)| (number as u32, *value))).chain([(bias_column, 1.0)]);
        problem.push(all, &row.target, row.weight, Some(&offset));
    }
    let solved = problem.solve(Patience { steps: recipe.steps, enough: 1e-4 }, step);
    let mut exact = vec![0.0; classes << recipe.bits];
    for (bucket, column) in &columns {
        let (to, from) = (*bucket as usize * classes, *column as usize * classes);
        exact[to..to + classes].copy_from_slice(&solved[from..from + classes]);
    }
    let mut learned: Vec<f32> = solved[..numbers * classes].to_vec();
    learned.iter_mut().zip(&prior).for_each(|(weight, prior)| *weight += prior);
    let bias = solved[numbers * classes..(numbers + 1) * classes].to_vec();
    Weights::rounded(classes, recipe.bits, &exact, learned, bias)
}
