//! Which labels of the public sets are which need, and our own sentences.

use super::NEEDS;

const LABELS: &str = include_str!("data/labels.txt");
const SENTENCES: &str = include_str!("data/sentences.txt");

/// What is known of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is this one of [`NEEDS`].
    Need(usize),
    /// It is left out of the training.
    LeftOut,
}

fn position(name: &str) -> Option<usize> {
    NEEDS.iter().position(|need| *need == name.trim())
}

/// The need of a set's label. What no list names is no need; several labels in one (`a<div>b`) and marks of words instead
/// of a label (`O O food_item`) are left out.
pub fn need_of(set: &str, label: &str) -> Known {
    if label.contains('<') || label.contains(' ') {
        return Known::LeftOut;
    }
    for line in LABELS.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split(" | ");
        let (Some(need), Some(of), Some(labels)) = (parts.next(), parts.next(), parts.next()) else { continue };
        if of == set && labels.split(' ').any(|known| known == label) {
            return position(need).map_or(Known::LeftOut, Known::Need);
        }
    }
    Known::Need(0)
}

/// Our own sentences, each with its place in [`NEEDS`].
pub fn sentences() -> impl Iterator<Item = (usize, &'static str)> {
    SENTENCES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (need, text) = line.split_once('\t')?;
        Some((position(need)?, text))
    })
}
