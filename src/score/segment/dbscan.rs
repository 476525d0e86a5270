//! DBSCAN: dense groups of customers, and those who are like nobody else (Ester, Kriegel, Sander, Xu 1996). A grid whose
//! cells are so small that all in one are neighbours makes it linear where customers are crowded: most of them came once.

use super::features::{Features, Scale, distance};
use super::{Fitted, Model, Previous, Row, Settings, Unfit, Watch, assemble, ground, names};
use crate::model::{SegmentKind, Timestamp};
use minicbor::{Decode, Encode};
use std::collections::{BTreeSet, HashMap};

/// Groups that become segments, the largest; smaller ones share one.
const MOST: usize = 24;
/// A group whose middle moved farther, in standard deviations, is another.
const DRIFT: f64 = 1.0;
/// The segment of those in no group.
const ALONE: &str = "unlike the others";
/// The segment of those in groups beyond [`MOST`].
const SMALL: &str = "small groups";

/// The middles of the groups and their names, to be kept for the next fit.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Groups {
    #[n(0)]
    scale: Scale,
    #[n(1)]
    centres: Vec<Features>,
    #[n(2)]
    names: Vec<String>,
}

type Cell = [i32; 3];

/// Points by cell of the grid.
struct Grid<'a> {
    points: &'a [Features],
    cells: HashMap<Cell, Vec<u32>>,
    order: Vec<Cell>,
    near: Vec<Cell>,
    limit: f64,
}

impl<'a> Grid<'a> {
    fn new(points: &'a [Features], eps: f64) -> Grid<'a> {
        // The diagonal of a cell is a hair under eps, so that rounding makes no neighbours.
        let side = eps / 3_f64.sqrt() * (1.0 - 1e-9);
        let mut cells: HashMap<Cell, Vec<u32>> = HashMap::new();
        let mut order = Vec::new();
        for (at, point) in points.iter().enumerate() {
            let cell = point.map(|value| (value / side).floor().clamp(-1e9, 1e9) as i32);
            let inside = cells.entry(cell).or_default();
            if inside.is_empty() {
                order.push(cell);
            }
            inside.push(at as u32);
        }
        let steps = || -2..=2_i32;
        let mut near: Vec<Cell> =
            steps().flat_map(|a| steps().flat_map(move |b| steps().map(move |c| [a, b, c]))).collect();
        near.retain(|step| {
            // Cells whose nearest corners are farther than eps hold no neighbours: only the farthest corners.
            let apart: f64 = step.iter().map(|step| f64::from((step.abs() - 1).max(0)).powi(2)).sum();
            apart * side * side <= eps * eps
        });
        near.sort_by_key(|step| step.iter().map(|step| step * step).sum::<i32>());
        Grid { points, cells, order, near, limit: eps * eps }
    }

    /// The points of the cells around, that of the cell itself first.
    fn around(&self, cell: Cell) -> impl Iterator<Item = (Cell, &[u32])> {
        self.near.iter().filter_map(move |step| {
            let at = [cell[0].checked_add(step[0])?, cell[1].checked_add(step[1])?, cell[2].checked_add(step[2])?];
            Some((at, self.cells.get(&at)?.as_slice()))
        })
    }

    fn are_near(&self, one: u32, other: u32) -> bool {
        distance(&self.points[one as usize], &self.points[other as usize]) <= self.limit
    }
}

/// The group of each point, numbered by their first dense points; `None` for those in no group. The same groups as
/// scikit-learn's `DBSCAN(eps, min_samples)` gives them, in whatever order.
///
/// # Errors
/// [`Unfit::Stopped`].
pub fn groups(
    points: &[Features],
    eps: f64,
    min_samples: usize,
    watch: &mut Watch<'_>,
) -> Result<Vec<Option<u32>>, Unfit> {
    let grid = Grid::new(points, eps);
    let mut dense = vec![false; points.len()];
    let cells = grid.order.len();
    for (at, cell) in grid.order.iter().enumerate() {
        watch.reach((0, 400), at, cells);
        let Some(inside) = grid.cells.get(cell) else { continue };
        for point in inside {
            let mut looked = 1;
            dense[*point as usize] = inside.len() >= min_samples || {
                let others = grid.around(*cell).flat_map(|(_, others)| others).inspect(|_| looked += 1);
                others.filter(|other| grid.are_near(*point, **other)).take(min_samples).count() >= min_samples
            };
            watch.worked(looked)?;
        }
    }
    let cores: HashMap<Cell, Vec<u32>> = grid
        .order
        .iter()
        .filter_map(|cell| {
            let inside: Vec<u32> =
                grid.cells.get(cell)?.iter().copied().filter(|point| dense[*point as usize]).collect();
            (!inside.is_empty()).then_some((*cell, inside))
        })
        .collect();
    let mut joined = Joined((0..points.len() as u32).collect());
    for (at, cell) in grid.order.iter().enumerate() {
        watch.reach((400, 800), at, cells);
        let Some(inside) = cores.get(cell) else { continue };
        inside.iter().for_each(|point| joined.join(inside[0], *point));
        for (other, _) in grid.around(*cell).filter(|(other, _)| other > cell) {
            let Some(there) = cores.get(&other) else { continue };
            if joined.root(inside[0]) == joined.root(there[0]) {
                continue;
            }
            for one in inside {
                watch.worked(there.len())?;
                if there.iter().any(|other| grid.are_near(*one, *other)) {
                    joined.join(inside[0], there[0]);
                    break;
                }
            }
        }
    }
    // Groups are numbered in the order of their first dense points.
    let mut numbers: HashMap<u32, u32> = HashMap::new();
    let mut labels: Vec<Option<u32>> = vec![None; points.len()];
    for point in 0..points.len() as u32 {
        if dense[point as usize] {
            let next = numbers.len() as u32;
            labels[point as usize] = Some(*numbers.entry(joined.root(point)).or_insert(next));
        }
    }
    // A point beside several groups belongs to the first of them.
    for (at, cell) in grid.order.iter().enumerate() {
        watch.reach((800, 1000), at, cells);
        let Some(inside) = grid.cells.get(cell) else { continue };
        for point in inside.iter().filter(|point| !dense[**point as usize]) {
            let mut looked = 1;
            let others = grid.around(*cell).filter_map(|(other, _)| cores.get(&other)).flatten();
            let near = others.inspect(|_| looked += 1).filter(|other| grid.are_near(*point, **other));
            labels[*point as usize] = near.filter_map(|other| labels[*other as usize]).min();
            watch.worked(looked)?;
        }
    }
    Ok(labels)
}

/// Which points belong together.
struct Joined(Vec<u32>);

impl Joined {
    fn root(&mut self, mut point: u32) -> u32 {
        while self.0[point as usize] != point {
            let above = self.0[self.0[point as usize] as usize];
            self.0[point as usize] = above;
            point = above;
        }
        point
    }

    fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other) as usize] = one.min(other);
    }
}

/// Fits over rows sorted by customer.
pub(super) fn fit(
    rows: &[Row],
    now: Timestamp,
    previous: Previous<'_>,
    settings: &Settings,
    watch: &mut Watch<'_>,
) -> Result<Fitted, Unfit> {
    if !(0.01..=10.0).contains(&settings.eps) || settings.min_samples < 2 {
        return Err(Unfit::Setting("eps is 0.01 to 10 standard deviations, and it takes 2 neighbours or more"));
    }
    let (scale, points) = ground(rows, now)?;
    watch.ask()?;
    let mut labels = groups(&points, settings.eps, settings.min_samples as usize, watch)?;
    let count = labels.iter().flatten().max().map_or(0, |most| *most as usize + 1);
    if count == 0 {
        return Err(Unfit::NoGroups);
    }
    let mut sizes = vec![0_usize; count];
    labels.iter().flatten().for_each(|label| sizes[*label as usize] += 1);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|group| (std::cmp::Reverse(sizes[*group]), *group));
    let kept = count.min(MOST);
    let mut place = vec![kept as u32 + 1; count];
    order.iter().take(kept).enumerate().for_each(|(at, group)| place[*group] = at as u32);
    for label in &mut labels {
        // Those alone come behind the groups, small groups behind them.
        *label = Some(label.map_or(kept as u32, |group| place[group as usize]));
    }
    let mut parts: Vec<Vec<&Row>> = vec![Vec::new(); kept];
    let mut sums = vec![[0.0; 3]; kept];
    for ((row, point), label) in rows.iter().zip(&points).zip(&labels) {
        let Some(at) = label.map(|label| label as usize).filter(|at| *at < kept) else { continue };
        parts[at].push(row);
        (0..3).for_each(|feature| sums[at][feature] += point[feature]);
    }
    let centres: Vec<Features> =
        sums.iter().zip(&parts).map(|(sum, part)| sum.map(|sum| sum / part.len().max(1) as f64)).collect();
    let names = name_all(&centres, &parts, now, &scale, previous);
    let mut all = names.clone();
    all.push(ALONE.to_owned());
    if count > MOST {
        all.push(SMALL.to_owned());
    }
    let (segments, members) = assemble(SegmentKind::Dbscan, rows, now, &labels, &all, previous);
    let model = Model::Dbscan(Groups { scale, centres, names });
    Ok(Fitted { segments, members, model, silhouette: None, stability: None })
}

/// An old group's name where the middle is still near it, else of its traits.
fn name_all(
    centres: &[Features],
    parts: &[Vec<&Row>],
    now: Timestamp,
    scale: &Scale,
    previous: Previous<'_>,
) -> Vec<String> {
    let mut names: Vec<Option<String>> = vec![None; centres.len()];
    if let Some(Model::Dbscan(old)) = previous.model {
        let was: Vec<Features> = old.centres.iter().map(|centre| scale.translate(&old.scale, *centre)).collect();
        let mut given = BTreeSet::new();
        // The largest choose first.
        for (at, centre) in centres.iter().enumerate() {
            let free = was.iter().enumerate().filter(|(from, _)| !given.contains(from));
            let near =
                free.map(|(from, was)| (distance(centre, was), from)).min_by(|one, other| one.0.total_cmp(&other.0));
            if let Some((far, from)) = near.filter(|(far, _)| far.sqrt() <= DRIFT)
                && far.is_finite()
            {
                given.insert(from);
                names[at] = old.names.get(from).cloned();
            }
        }
    }
    let mut taken: Vec<String> = names.iter().flatten().cloned().collect();
    taken.extend([ALONE.to_owned(), SMALL.to_owned()]);
    let nameless: Vec<usize> = (0..centres.len()).filter(|at| names[*at].is_none()).collect();
    let (middles, members): (Vec<Features>, Vec<Vec<&Row>>) =
        nameless.iter().map(|at| (centres[*at], parts[*at].clone())).unzip();
    for (at, name) in nameless.iter().zip(names::learned(&middles, &members, now, &taken)) {
        names[*at] = Some(name);
    }
    names.into_iter().flatten().collect()
}
