//! Multinomial logistic regression with a quadratic penalty, fitted by L-BFGS (J. Nocedal and S.J. Wright, *Numerical
//! Optimization*, chapter 7). The same rows give the same weights, to the bit.

/// Rows to learn from, as a sparse matrix.
#[derive(Debug)]
pub struct Problem {
    /// Classes.
    pub classes: usize,
    /// Columns: each is penalised by its own strength.
    pub penalties: Vec<f32>,
    begins: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    targets: Vec<f32>,
    weights: Vec<f32>,
    offsets: Vec<f32>,
}

/// How the fit ends.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Steps at most.
    pub steps: usize,
    /// Ends when the gradient is this small a share of the first.
    pub enough: f64,
}

/// Steps whose curvature is remembered.
const MEMORY: usize = 8;

impl Problem {
    /// One without rows.
    pub fn new(classes: usize, penalties: Vec<f32>) -> Problem {
        Problem {
            classes,
            penalties,
            begins: vec![0],
            columns: Vec::new(),
            values: Vec::new(),
            targets: Vec::new(),
            weights: Vec::new(),
            offsets: Vec::new(),
        }
    }

    /// Adds a row: its values by column, the share of each class it belongs to, how much it counts, and what each class's sum
    /// is before anything is learned.
    pub fn push(
        &mut self,
        row: impl IntoIterator<Item = (u32, f32)>,
        target: &[f32],
        weight: f32,
        offset: Option<&[f32]>,
    ) {
        for (column, value) in row {
            self.columns.push(column);
            self.values.push(value);
        }
        self.begins.push(self.columns.len());
        self.targets.extend_from_slice(target);
        self.weights.push(weight);
        match offset {
            Some(offset) => self.offsets.extend_from_slice(offset),
            None => self.offsets.extend(std::iter::repeat_n(0.0, self.classes)),
        }
    }

    /// Adds a column and returns its number.
    pub fn column(&mut self, penalty: f32) -> u32 {
        self.penalties.push(penalty);
        (self.penalties.len() - 1) as u32
    }

    fn rows(&self) -> usize {
        self.weights.len()
    }

    /// The loss at `at`, and its gradient.
    fn loss(&self, at: &[f64], gradient: &mut [f64]) -> f64 {
        let k = self.classes;
        gradient.iter_mut().zip(at).enumerate().for_each(|(index, (slope, value))| {
            *slope = f64::from(self.penalties[index / k]) * value;
        });
        let mut loss: f64 = gradient.iter().zip(at).map(|(slope, value)| slope * value).sum::<f64>() / 2.0;
        let mut sums = vec![0.0_f64; k];
        for row in 0..self.rows() {
            let span = self.begins[row]..self.begins[row + 1];
            for (sum, offset) in sums.iter_mut().zip(&self.offsets[row * k..]) {
                *sum = f64::from(*offset);
            }
            for (column, value) in self.columns[span.clone()].iter().zip(&self.values[span.clone()]) {
                let from = *column as usize * k;
                for (sum, weight) in sums.iter_mut().zip(&at[from..from + k]) {
                    *sum += weight * f64::from(*value);
                }
            }
            let most = sums.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = sums.iter().map(|sum| (sum - most).exp()).sum();
            let weight = f64::from(self.weights[row]);
            for (sum, target) in sums.iter_mut().zip(&self.targets[row * k..]) {
                let log = *sum - most - total.ln();
                loss -= weight * f64::from(*target) * log;
                *sum = weight * (log.exp() - f64::from(*target));
            }
            for (column, value) in self.columns[span.clone()].iter().zip(&self.values[span]) {
                let from = *column as usize * k;
                for (slope, sum) in gradient[from..from + k].iter_mut().zip(&sums) {
                    *slope += sum * f64::from(*value);
                }
            }
        }
        loss
    }

    /// The weights, column by column, each with one number a class.
    pub fn solve(&self, patience: Patience, mut step_done: impl FnMut(usize) -> bool) -> Vec<f32> {
        let size = self.penalties.len() * self.classes;
        let mut at = vec![0.0_f64; size];
        let mut gradient = vec![0.0_f64; size];
        let mut loss = self.loss(&at, &mut gradient);
        let first = norm(&gradient);
        let mut past: std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)> = std::collections::VecDeque::new();
        let mut next_gradient = vec![0.0_f64; size];
        for step in 0..patience.steps {
            if norm(&gradient) <= patience.enough * first || !step_done(step) {
                break;
            }
            let direction = direction(&gradient, &past);
            let slope = dot(&direction, &gradient);
            if slope >= 0.0 {
                break;
            }
            let mut length = if past.is_empty() { 1.0 / norm(&gradient).max(1.0) } else { 1.0 };
            let mut found = None;
            for _ in 0..30 {
                let next: Vec<f64> = at.iter().zip(&direction).map(|(value, way)| value + length * way).collect();
                let next_loss = self.loss(&next, &mut next_gradient);
                if next_loss <= loss + 1e-4 * length * slope {
                    found = Some((next, next_loss));
                    break;
                }
                length *= 0.5;
            }
            let Some((next, next_loss)) = found else { break };
            let moved: Vec<f64> = next.iter().zip(&at).map(|(new, old)| new - old).collect();
            let changed: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(new, old)| new - old).collect();
            let curvature = dot(&moved, &changed);
            if curvature > 1e-12 {
                if past.len() == MEMORY {
                    past.pop_front();
                }
                past.push_back((moved, changed, curvature));
            }
            at = next;
            std::mem::swap(&mut gradient, &mut next_gradient);
            loss = next_loss;
        }
        at.iter().map(|value| *value as f32).collect()
    }
}

/// The way down: the two loops of L-BFGS.
fn direction(gradient: &[f64], past: &std::collections::VecDeque<(Vec<f64>, Vec<f64>, f64)>) -> Vec<f64> {
    let mut way: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(past.len());
    for (moved, changed, curvature) in past.iter().rev() {
        let share = dot(moved, &way) / curvature;
        way.iter_mut().zip(changed).for_each(|(way, changed)| *way -= share * changed);
        shares.push(share);
    }
    if let Some((_, changed, curvature)) = past.back() {
        let scale = curvature / dot(changed, changed);
        way.iter_mut().for_each(|way| *way *= scale);
    }
    for ((moved, changed, curvature), share) in past.iter().zip(shares.iter().rev()) {
        let back = dot(changed, &way) / curvature;
        way.iter_mut().zip(moved).for_each(|(way, moved)| *way += (share - back) * moved);
    }
    way
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
