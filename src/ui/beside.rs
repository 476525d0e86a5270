//! What happened to a message after it was filed, as an agent reads it: the newest text, reactions summed, and how far an
//! answer of ours has come.

use super::text::cut;
use super::when;
use crate::model::{ChangeKind, Party, TimelineEntry, Timestamp};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Kinds of reactions that are named.
const NAMED: usize = 8;
/// Columns of one reaction's symbol: a platform's word for it may be long, and a stranger's longer.
const SYMBOL: usize = 16;

/// A text as it was for a while.
pub(super) struct Version<'e> {
    /// Since when.
    pub since: Timestamp,
    /// What it said; `Err` says why it cannot be shown.
    pub text: &'e Result<String, String>,
}

/// All that happened to a message, summed up.
#[derive(Default)]
pub(super) struct Beside<'e> {
    /// The texts it had, the first as it was filed, the last as it is.
    pub versions: Vec<Version<'e>>,
    /// When it was removed, and by whom if that is known.
    pub deleted: Option<(Timestamp, Option<&'e Party>)>,
    /// Reactions that still stand, the most frequent first.
    pub reactions: Vec<(&'e str, u64)>,
    /// How many like it, where the platform only counts.
    pub likes: u64,
    /// When it reached them.
    pub delivered: Option<Timestamp>,
    /// When they saw it.
    pub read: Option<Timestamp>,
    /// When it failed after all, and why.
    pub failed: Option<(Timestamp, &'e str)>,
    /// Since when it is hidden from the public.
    pub hidden: Option<Timestamp>,
}

/// Sums up what happened to a message.
pub(super) fn beside(entry: &TimelineEntry) -> Beside<'_> {
    let mut sum =
        Beside { versions: vec![Version { since: entry.message.at, text: &entry.text }], ..Beside::default() };
    // Somebody's reaction stands or does not, however often it is told; those of nobody known are counted.
    let mut reactions: BTreeMap<&str, (BTreeMap<&str, bool>, i64)> = BTreeMap::new();
    for view in &entry.changes {
        let (at, by) = (view.change.at, view.change.by.as_ref());
        match &view.change.kind {
            ChangeKind::Edited { .. } => {
                sum.versions.extend(view.text.as_ref().map(|text| Version { since: at, text }));
            }
            ChangeKind::Deleted => sum.deleted = Some((at, by)),
            ChangeKind::Reaction { symbol, added } => {
                let (known, unknown) = reactions.entry(symbol).or_default();
                match by {
                    Some(party) => drop(known.insert(&party.address, *added)),
                    None => *unknown += if *added { 1 } else { -1 },
                }
            }
            ChangeKind::Likes { count } => sum.likes = *count,
            ChangeKind::Delivered => sum.delivered = Some(at),
            ChangeKind::Read => sum.read = Some(at),
            ChangeKind::Failed { reason } => sum.failed = Some((at, reason)),
            ChangeKind::Hidden { hidden } => sum.hidden = hidden.then_some(at),
        }
    }
    let standing = reactions.into_iter().filter_map(|(symbol, (known, unknown))| {
        let number = known.values().filter(|stands| **stands).count() as u64 + unknown.max(0) as u64;
        (number > 0).then_some((symbol, number))
    });
    sum.reactions = standing.collect();
    sum.reactions.sort_by_key(|(_, number)| std::cmp::Reverse(*number));
    sum
}

/// The text as it stands now; `None` when it was removed or cannot be shown.
pub(super) fn newest(entry: &TimelineEntry) -> Option<&str> {
    let sum = beside(entry);
    let text = sum.versions.last().and_then(|version| version.text.as_deref().ok());
    text.filter(|_| sum.deleted.is_none())
}

impl Beside<'_> {
    /// `👍 3 · ❤ 1 · 12 likes`, or nothing.
    pub(super) fn liked(&self) -> String {
        let mut words: Vec<String> = self
            .reactions
            .iter()
            .take(NAMED)
            .map(|(symbol, number)| {
                let symbol = if symbol.trim().is_empty() { "(a reaction)" } else { symbol };
                format!("{} {number}", cut(symbol, SYMBOL))
            })
            .collect();
        if let Some(more @ 1..) = self.reactions.len().checked_sub(NAMED) {
            words.push(format!("{more} other kinds"));
        }
        match self.likes {
            0 => {}
            1 => words.push("1 like".to_owned()),
            many => words.push(format!("{many} likes")),
        }
        words.join(" · ")
    }

    /// How far an answer of ours has come, beyond what was known when it left; `None` when no more is known.
    pub(super) fn arrived(&self, now: Timestamp, zone: &TimeZone) -> Option<String> {
        match (self.read, self.delivered) {
            (Some(at), _) => Some(format!("✓✓ read {}", when::short(at, now, zone))),
            (None, Some(at)) => Some(format!("✓✓ delivered {}", when::short(at, now, zone))),
            (None, None) => None,
        }
    }
}
