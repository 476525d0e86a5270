//! How good a partition is, and how alike two are.

use super::features::{Features, distance};
use std::collections::BTreeMap;

/// The adjusted Rand index of two partitions of the same things: 1 when they are the same, about 0 when they have nothing
/// to do with each other (Hubert and Arabie 1985, as scikit-learn's `adjusted_rand_score`).
pub fn adjusted_rand(one: &[u32], other: &[u32]) -> f64 {
    let pairs = |count: u64| (count as f64) * (count as f64 - 1.0) / 2.0;
    let mut both: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    let mut firsts: BTreeMap<u32, u64> = BTreeMap::new();
    let mut seconds: BTreeMap<u32, u64> = BTreeMap::new();
    for (a, b) in one.iter().zip(other) {
        *both.entry((*a, *b)).or_default() += 1;
        *firsts.entry(*a).or_default() += 1;
        *seconds.entry(*b).or_default() += 1;
    }
    let together: f64 = both.values().map(|count| pairs(*count)).sum();
    let (a, b): (f64, f64) =
        (firsts.values().map(|count| pairs(*count)).sum(), seconds.values().map(|count| pairs(*count)).sum());
    let all = pairs(one.len().min(other.len()) as u64);
    let expected = if all > 0.0 { a * b / all } else { 0.0 };
    let most = (a + b) / 2.0;
    // Both put everything together, or everything apart: then they are the same.
    if (most - expected).abs() < f64::EPSILON { 1.0 } else { (together - expected) / (most - expected) }
}

/// The mean silhouette of a partition, -1 to 1, over these points alone (Rousseeuw 1987, as scikit-learn's
/// `silhouette_score`). Takes the square of their number.
pub fn silhouette(points: &[Features], labels: &[u32]) -> f64 {
    let groups = labels.iter().max().map_or(0, |most| *most as usize + 1);
    let mut sizes = vec![0_usize; groups];
    labels.iter().for_each(|label| sizes[*label as usize] += 1);
    let mut sum = 0.0;
    let mut sums = vec![0.0; groups];
    for (point, label) in points.iter().zip(labels) {
        let own = *label as usize;
        if sizes[own] < 2 {
            continue;
        }
        sums.fill(0.0);
        for (other, label) in points.iter().zip(labels) {
            sums[*label as usize] += distance(point, other).sqrt();
        }
        let inside = sums[own] / (sizes[own] - 1) as f64;
        let others = (0..groups).filter(|group| *group != own && sizes[*group] > 0);
        let nearest = others.map(|group| sums[group] / sizes[group] as f64).fold(f64::INFINITY, f64::min);
        if nearest.is_finite() && inside.max(nearest) > 0.0 {
            sum += (nearest - inside) / inside.max(nearest);
        }
    }
    sum / points.len().max(1) as f64
}
