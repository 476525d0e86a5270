//! The trainer: labelled sentences to weights.

use super::reader::likelihoods;
use super::{NEEDS, THRESHOLD};
use crate::score::sentiment::feature::english_hashes;
use crate::score::sentiment::fit::{Patience, Problem};
use crate::score::sentiment::{SentimentError, Weights};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The table has two to this power of buckets.
const BITS: u32 = 15;
/// How strongly the weights are held to zero.
const PENALTY: f32 = 0.1;
/// A hash that fewer sentences have says nothing.
const FEWEST: u32 = 2;
const STEPS: usize = 80;

/// A sentence to learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The text.
    pub text: String,
    /// Its place in [`NEEDS`].
    pub need: usize,
    /// The set it is from, as the report names it.
    pub set: String,
    /// How much it counts.
    pub weight: f32,
}

/// How right a model is on the quarter it was not shown.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Rows of each set: all, held back, of those right.
    pub sets: BTreeMap<String, (usize, usize, usize)>,
    /// By what is right, then by what was read; under the threshold is none.
    pub table: Vec<Vec<usize>>,
    /// The seed.
    pub seed: u64,
}

impl Report {
    fn right(&self, need: usize) -> usize {
        self.table[need][need]
    }

    fn said(&self, need: usize) -> usize {
        self.table[need].iter().sum()
    }

    fn read(&self, need: usize) -> usize {
        self.table.iter().map(|row| row[need]).sum()
    }

    /// The share that was read right, none included.
    pub fn accuracy(&self) -> f64 {
        share((0..NEEDS.len()).map(|need| self.right(need)).sum(), (0..NEEDS.len()).map(|need| self.said(need)).sum())
    }

    /// F1, averaged over needs that occur, none included.
    pub fn macro_f1(&self) -> f64 {
        let present: Vec<usize> = (0..NEEDS.len()).filter(|need| self.said(*need) > 0).collect();
        let sum: f64 =
            present.iter().map(|need| share(2 * self.right(*need), self.said(*need) + self.read(*need))).sum();
        sum / present.len().max(1) as f64
    }

    /// The share of what wants nothing that is read as none.
    pub fn none_right(&self) -> f64 {
        share(self.right(0), self.said(0))
    }

    /// As text.
    pub fn text(&self) -> String {
        let mut text = format!(
            "model need, seed {}, threshold {THRESHOLD}\non a quarter held back (no text is in both parts): accuracy {:.3}, macro-F1 {:.3}, none is right {:.3}\nset, rows, held back, accuracy\n",
            self.seed,
            self.accuracy(),
            self.macro_f1(),
            self.none_right()
        );
        for (set, (rows, held, right)) in &self.sets {
            let _ = writeln!(text, "{set:<20} {rows:>6} {held:>6}   {:.3}", share(*right, *held));
        }
        text.push_str("need, held back, precision, recall\n");
        for (need, name) in NEEDS.iter().enumerate() {
            let (right, said, read) = (self.right(need), self.said(need), self.read(need));
            let _ = writeln!(text, "{name:<20} {said:>6}   {:.3}   {:.3}", share(right, read), share(right, said));
        }
        text
    }
}

fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

struct Ready {
    row: usize,
    hashes: Vec<u32>,
    held: bool,
}

/// Trains a model. `progress` is told the part done, 0..=1, and answers whether to go on. Rows that say the same count once.
///
/// # Errors
/// There are too few rows, or it was cancelled.
pub fn train(
    rows: &[Row],
    seed: u64,
    progress: &mut dyn FnMut(f32) -> bool,
) -> Result<(Weights, Report), SentimentError> {
    let mut ready: BTreeMap<(String, usize), Ready> = BTreeMap::new();
    for (at, row) in rows.iter().enumerate() {
        let hashes: Vec<u32> = english_hashes(&row.text).iter().map(|feature| feature.hash).collect();
        let text = row.text.trim().to_lowercase();
        let held = crc32c::crc32c_append(seed as u32, text.as_bytes()).is_multiple_of(4);
        if !hashes.is_empty() {
            ready.entry((text, row.need)).or_insert(Ready { row: at, hashes, held });
        }
    }
    let ready: Vec<Ready> = ready.into_values().collect();
    let shown: Vec<&Ready> = ready.iter().filter(|row| !row.held).collect();
    if shown.len() < 2 || shown.len() == ready.len() {
        return Err(SentimentError::TooLittle(format!("{} different texts", ready.len())));
    }
    let trial = fit(rows, &shown, &mut |done| progress(done / 2.0))?;
    let mut report = Report { table: vec![vec![0; NEEDS.len()]; NEEDS.len()], seed, ..Report::default() };
    for row in &ready {
        let Row { text, need, set, .. } = &rows[row.row];
        let (all, held, right) = report.sets.entry(set.clone()).or_default();
        *all += 1;
        if row.held {
            let likely = likelihoods(&trial, &english_hashes(text));
            let best = (0..NEEDS.len()).fold(0, |best, need| if likely[need] > likely[best] { need } else { best });
            let read = if likely[best] >= THRESHOLD { best } else { 0 };
            report.table[*need][read] += 1;
            *held += 1;
            *right += usize::from(read == *need);
        }
    }
    let all: Vec<&Ready> = ready.iter().collect();
    Ok((fit(rows, &all, &mut |done| progress(0.5 + done / 2.0))?, report))
}

fn fit(rows: &[Row], shown: &[&Ready], progress: &mut dyn FnMut(f32) -> bool) -> Result<Weights, SentimentError> {
    let (needs, mask) = (NEEDS.len(), (1_u32 << BITS) - 1);
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    let mut each = [0.0_f32; NEEDS.len()];
    for row in shown {
        row.hashes.iter().for_each(|hash| *counts.entry(*hash).or_default() += 1);
        each[rows[row.row].need] += rows[row.row].weight;
    }
    let total: f32 = each.iter().sum();
    // The bias is all but free.
    let mut problem = Problem::new(needs, vec![0.01]);
    let mut columns: BTreeMap<u32, u32> = BTreeMap::new();
    for (hash, _) in counts.iter().filter(|(_, count)| **count >= FEWEST) {
        columns.entry(hash & mask).or_insert_with(|| problem.column(PENALTY));
    }
    let mut target = [0.0; NEEDS.len()];
    for row in shown {
        let Row { need, weight, .. } = &rows[row.row];
        let share = 1.0 / (row.hashes.len() as f32).sqrt();
        let known = row.hashes.iter().filter_map(|hash| Some((*columns.get(&(hash & mask))?, share)));
        target[*need] = 1.0;
        // Rare needs count more, though not as much as common ones.
        let rarity = (total / needs as f32 / each[*need].max(1.0)).sqrt();
        problem.push(known.chain([(0, 1.0)]), &target, weight * rarity, None);
        target[*need] = 0.0;
    }
    let mut going = true;
    let solved = problem.solve(Patience { steps: STEPS, enough: 1e-4 }, |step| {
        going = progress(step as f32 / STEPS as f32);
        going
    });
    if !going {
        return Err(SentimentError::Cancelled);
    }
    let mut exact = vec![0.0; needs << BITS];
    for (bucket, column) in &columns {
        let (to, from) = (*bucket as usize * needs, *column as usize * needs);
        exact[to..to + needs].copy_from_slice(&solved[from..from + needs]);
    }
    Ok(Weights::rounded(needs, BITS, &exact, Vec::new(), solved[..needs].to_vec()))
}
