//! K-means: as many sets as the customers fall into. k-means++ with a fixed seed, ten starts; k by silhouette among those
//! that two halves of the customers agree on; names stay with the middles they were given to.

use super::features::{Features, Scale, distance};
use super::partition::{adjusted_rand, silhouette};
use super::{Fitted, Model, Previous, Row, Settings, Unfit, Watch, assemble, ground, names};
use crate::model::{SegmentKind, Timestamp};
use minicbor::{Decode, Encode};
use std::collections::BTreeSet;

/// Starts; the best is taken.
const STARTS: usize = 10;
/// Turns of one start at the most.
const TURNS: usize = 300;
/// The numbers of sets that are tried. Two is "came once or not": true, and useless.
const TRIED: std::ops::RangeInclusive<usize> = 3..=8;
/// Two halves of the customers are to agree so far.
const STABLE: f64 = 0.95;
/// A number of sets is kept over a refit while two halves agree so far, and no other's silhouette is better by more:
/// segments that come and go tell nobody anything.
const STAYS: f64 = 0.8;
const BETTER: f64 = 0.05;
/// Customers that a silhouette is computed over, at most: it takes the square of their number.
const SAMPLE: usize = 2_000;
/// A middle that moved so many standard deviations since it was named is named anew.
const DRIFT: f64 = 1.0;
/// The partition that follows from the old middles is kept while its inertia is larger by no more than this part:
/// otherwise customers would jump between two partitions that are as good as each other.
const AS_GOOD: f64 = 0.001;
const SEED: u64 = 20_261_127;

/// The middles of the sets and their names, to be kept.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Centres {
    #[n(0)]
    scale: Scale,
    #[n(1)]
    centres: Vec<Features>,
    #[n(2)]
    names: Vec<String>,
    /// Where each middle was when it got its name, in the features of `scale`.
    #[n(3)]
    named: Vec<Features>,
}

impl Centres {
    /// How many sets.
    pub fn k(&self) -> usize {
        self.centres.len()
    }

    /// The name of the set a customer is nearest to.
    pub(super) fn name(&self, row: &Row, now: Timestamp) -> Option<&str> {
        let features = self.scale.features(row, now);
        self.names.get(nearest(&self.centres, &features).0).map(String::as_str)
    }
}

/// A partition of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Clusters {
    /// The middles.
    pub centres: Vec<Features>,
    /// Each point's middle.
    pub labels: Vec<u32>,
    /// The sum of the squares of the distances of all points to their middles.
    pub inertia: f64,
}

/// Numbers that look random and are the same everywhere (Steele, Lea, Flood: SplitMix64, 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1, 1 left out.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.share() * count as f64) as usize).min(count.saturating_sub(1))
    }

    /// The numbers up to `count`, mixed.
    fn mixed(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            order.swap(at, self.below(at + 1));
        }
        order
    }
}

fn nearest(centres: &[Features], point: &Features) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (at, centre) in centres.iter().enumerate() {
        let far = distance(point, centre);
        if far < best.1 {
            best = (at, far);
        }
    }
    best
}

/// Parts points into `k` sets (at most as many as there are points that differ): the best of `starts`, the same for the
/// same points in the same order.
///
/// # Errors
/// [`Unfit::Stopped`].
pub fn clusters(
    points: &[Features],
    k: usize,
    starts: usize,
    seed: u64,
    watch: &mut Watch<'_>,
) -> Result<Clusters, Unfit> {
    let mut random = Random(seed ^ k as u64);
    let mut best: Option<Clusters> = None;
    for _ in 0..starts.max(1) {
        let centres = spread(points, k, &mut random, watch)?;
        let found = settle(points, centres, watch)?;
        if best.as_ref().is_none_or(|best| found.inertia < best.inertia) {
            best = Some(found);
        }
    }
    Ok(best.unwrap_or(Clusters { centres: Vec::new(), labels: Vec::new(), inertia: 0.0 }))
}

/// First middles far from each other: each the best of a few points drawn by the square of their distance to those there
/// are (greedy k-means++: Arthur and Vassilvitskii 2007, with the trials of scikit-learn).
fn spread(points: &[Features], k: usize, random: &mut Random, watch: &mut Watch<'_>) -> Result<Vec<Features>, Unfit> {
    let mut centres = Vec::with_capacity(k);
    if points.is_empty() {
        return Ok(centres);
    }
    let first = points[random.below(points.len())];
    centres.push(first);
    let mut far: Vec<f64> = points.iter().map(|point| distance(point, &first)).collect();
    let trials = 2 + (k as f64).ln() as usize;
    while centres.len() < k {
        let sum: f64 = far.iter().sum();
        if sum <= 0.0 {
            // No more points that differ.
            break;
        }
        let mut best: Option<(f64, Features, Vec<f64>)> = None;
        for _ in 0..trials {
            watch.worked(points.len())?;
            let mut left = random.share() * sum;
            let at = far.iter().position(|far| {
                left -= far;
                left < 0.0
            });
            let drawn = points[at.unwrap_or(points.len() - 1)];
            let then: Vec<f64> = points.iter().zip(&far).map(|(p, far)| distance(p, &drawn).min(*far)).collect();
            let rest = then.iter().sum();
            if best.as_ref().is_none_or(|(least, ..)| rest < *least) {
                best = Some((rest, drawn, then));
            }
        }
        let Some((_, drawn, then)) = best else { break };
        centres.push(drawn);
        far = then;
    }
    Ok(centres)
}

/// Lloyd's turns until nothing moves.
fn settle(points: &[Features], mut centres: Vec<Features>, watch: &mut Watch<'_>) -> Result<Clusters, Unfit> {
    let mut labels = vec![u32::MAX; points.len()];
    let mut inertia = 0.0;
    for _ in 0..TURNS {
        watch.worked(points.len() * centres.len())?;
        let mut moved = false;
        let mut sums = vec![[0.0; 4]; centres.len()];
        let mut farthest = (0.0, 0);
        inertia = 0.0;
        for (at, point) in points.iter().enumerate() {
            let (label, far) = nearest(&centres, point);
            moved |= labels[at] != label as u32;
            labels[at] = label as u32;
            inertia += far;
            if far > farthest.0 {
                farthest = (far, at);
            }
            let sum = &mut sums[label];
            sum[0] += point[0];
            sum[1] += point[1];
            sum[2] += point[2];
            sum[3] += 1.0;
        }
        if !moved {
            break;
        }
        for (centre, sum) in centres.iter_mut().zip(&sums) {
            // A middle that lost all its points takes the one farthest from its own.
            *centre =
                if sum[3] > 0.0 { [sum[0] / sum[3], sum[1] / sum[3], sum[2] / sum[3]] } else { points[farthest.1] };
        }
    }
    Ok(Clusters { centres, labels, inertia })
}

/// How far two random halves of the points agree on how all of them are parted: an adjusted Rand index.
///
/// # Errors
/// [`Unfit::Stopped`].
pub fn stability(points: &[Features], k: usize, watch: &mut Watch<'_>) -> Result<f64, Unfit> {
    let order = Random(SEED).mixed(points.len());
    let (one, other) = order.split_at(points.len() / 2);
    let mut part = |half: &[usize]| {
        let mut half = half.to_vec();
        half.sort_unstable();
        let chosen: Vec<Features> = half.iter().map(|at| points[*at]).collect();
        let found = clusters(&chosen, k, STARTS, SEED, watch)?;
        Ok(points.iter().map(|point| nearest(&found.centres, point).0 as u32).collect::<Vec<u32>>())
    };
    Ok(adjusted_rand(&part(one)?, &part(other)?))
}

/// The silhouette over a sample of at most [`SAMPLE`] points.
fn sampled_silhouette(points: &[Features], labels: &[u32]) -> f64 {
    if points.len() <= SAMPLE {
        return silhouette(points, labels);
    }
    let mut chosen = Random(SEED).mixed(points.len());
    chosen.truncate(SAMPLE);
    chosen.sort_unstable();
    let points: Vec<Features> = chosen.iter().map(|at| points[*at]).collect();
    let labels: Vec<u32> = chosen.iter().map(|at| labels[*at]).collect();
    silhouette(&points, &labels)
}

struct Tried {
    clusters: Clusters,
    silhouette: f64,
    stability: f64,
}

/// Fits over rows sorted by customer.
pub(super) fn fit(
    rows: &[Row],
    now: Timestamp,
    previous: Previous<'_>,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Fitted, Unfit> {
    if settings.k.is_some_and(|k| !(2..=20).contains(&k)) {
        return Err(Unfit::Setting("k-means makes 2 to 20 segments"));
    }
    let (scale, points) = ground(rows, now)?;
    let differ = points.iter().map(|point| point.map(f64::to_bits)).collect::<BTreeSet<_>>().len();
    let wanted = settings.k.map_or(*TRIED.start(), usize::from);
    if differ < wanted {
        return Err(Unfit::TooFew { found: differ, needed: wanted });
    }
    let old = match previous.model {
        Some(Model::KMeans(centres)) => Some(centres),
        _ => None,
    };
    let tried: Vec<usize> = match settings.k {
        Some(k) => vec![usize::from(k)],
        None => TRIED.filter(|k| *k <= differ).collect(),
    };
    let mut found = Vec::new();
    for (at, k) in tried.iter().enumerate() {
        watch.reach((0, 1000), at, tried.len());
        watch.ask()?;
        let mut clusters = clusters(&points, *k, STARTS, SEED, watch)?;
        if let Some(old) = old.filter(|old| old.k() == *k) {
            let from = old.centres.iter().map(|centre| scale.translate(&old.scale, *centre)).collect();
            let followed = settle(&points, from, watch)?;
            if followed.inertia <= clusters.inertia * (1.0 + AS_GOOD) {
                clusters = followed;
            }
        }
        let silhouette = sampled_silhouette(&points, &clusters.labels);
        found.push(Tried { silhouette, stability: stability(&points, *k, watch)?, clusters });
    }
    let Tried { clusters, silhouette, stability } =
        choose(found, old.map(Centres::k)).ok_or(Unfit::TooFew { found: differ, needed: wanted })?;
    let (names, named) = name_all(rows, now, &clusters, &scale, old);
    let labels: Vec<Option<u32>> = clusters.labels.iter().map(|label| Some(*label)).collect();
    let (segments, members) = assemble(SegmentKind::KMeans, rows, now, &labels, &names, previous);
    let model = Model::KMeans(Centres { scale, centres: clusters.centres, names, named });
    Ok(Fitted { segments, members, model, silhouette: Some(silhouette), stability: Some(stability) })
}

/// The largest silhouette among those that are stable; the most stable where none is. The number there was before stays
/// while it is nearly as good.
fn choose(found: Vec<Tried>, before: Option<usize>) -> Option<Tried> {
    let best =
        found.iter().filter(|one| one.stability >= STABLE).map(|one| one.silhouette).fold(f64::NEG_INFINITY, f64::max);
    let stays = |one: &Tried| {
        Some(one.clusters.centres.len()) == before && one.stability >= STAYS && one.silhouette >= best - BETTER
    };
    let at = match found.iter().position(stays) {
        Some(at) => at,
        None if best.is_finite() => found.iter().position(|one| one.stability >= STABLE && one.silhouette >= best)?,
        None => {
            let most = found.iter().map(|one| one.stability).fold(f64::NEG_INFINITY, f64::max);
            found.iter().position(|one| one.stability >= most)?
        }
    };
    found.into_iter().nth(at)
}

/// The names of all sets: an old one's where a middle is still near it, else of its traits.
fn name_all(
    rows: &[Row],
    now: Timestamp,
    clusters: &Clusters,
    scale: &Scale,
    old: Option<&Centres>,
) -> (Vec<String>, Vec<Features>) {
    let middles = &clusters.centres;
    let mut names: Vec<Option<String>> = vec![None; middles.len()];
    let mut named = middles.clone();
    if let Some(old) = old {
        let there = |features: &Features| scale.translate(&old.scale, *features);
        let (was, born): (Vec<Features>, Vec<Features>) =
            (old.centres.iter().map(there).collect(), old.named.iter().map(there).collect());
        for (at, from) in match_up(middles, &was) {
            let Some((name, born)) = old.names.get(from).zip(born.get(from)) else { continue };
            if distance(&middles[at], born).sqrt() <= DRIFT {
                names[at] = Some(name.clone());
                named[at] = *born;
            }
        }
    }
    let mut parts: Vec<Vec<&Row>> = vec![Vec::new(); middles.len()];
    for (row, label) in rows.iter().zip(&clusters.labels) {
        parts[*label as usize].push(row);
    }
    let taken: Vec<String> = names.iter().flatten().cloned().collect();
    let nameless: Vec<usize> = (0..middles.len()).filter(|at| names[*at].is_none()).collect();
    let (new_middles, new_parts): (Vec<Features>, Vec<Vec<&Row>>) =
        nameless.iter().map(|at| (middles[*at], parts[*at].clone())).unzip();
    for (at, name) in nameless.iter().zip(names::learned(&new_middles, &new_parts, now, &taken)) {
        names[*at] = Some(name);
    }
    (names.into_iter().flatten().collect(), named)
}

/// Pairs of new and old middles, the nearest first, each once.
fn match_up(new: &[Features], old: &[Features]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (at, middle) in new.iter().enumerate() {
        pairs.extend(old.iter().enumerate().map(|(from, was)| (distance(middle, was), at, from)));
    }
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    let (mut taken, mut given) = (BTreeSet::new(), BTreeSet::new());
    let mut matched = Vec::new();
    for (_, at, from) in pairs {
        if !taken.contains(&at) && !given.contains(&from) {
            taken.insert(at);
            given.insert(from);
            matched.push((at, from));
        }
    }
    matched
}
