//! How likely two identities are one person, from what speaks for it. Every piece of evidence is a sentence an agent can
//! check, and weighs for itself; together they are as likely as not all of them are chance.

use super::{ClueKind, LinkClues};
use crate::model::{Evidence, Identity, LinkKind};

/// A clue two identities share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Of which kind.
    pub kind: ClueKind,
    /// The value they share.
    pub value: String,
    /// How the first has it.
    pub mine: LinkClues,
    /// How the other has it.
    pub theirs: LinkClues,
    /// How many others have it too: what many share says little.
    pub others: usize,
}

/// Never sure: only proof is.
const MOST: u8 = 97;

/// What speaks for `mine` and `theirs` being the same person, the weightiest first, and how likely it is in percent.
pub fn weigh(mine: &Identity, theirs: &Identity, hits: &[Hit]) -> (Vec<Evidence>, u8) {
    let mut evidence: Vec<Evidence> = hits
        .iter()
        .filter_map(|hit| {
            let weight = weight(hit, mine, theirs) / (1 + hit.others);
            (weight > 0).then(|| Evidence { words: words(hit, mine, theirs), weight: weight as u8 })
        })
        .collect();
    // The same words before the @ as in the name are one thing, not two.
    if evidence.iter().any(|one| one.words.starts_with("both are called")) {
        evidence.retain(|one| !one.words.starts_with("the name"));
    }
    rank(evidence)
}

/// New evidence beside what was known before.
pub fn together(mut evidence: Vec<Evidence>, known: &[Evidence]) -> (Vec<Evidence>, u8) {
    let fresh = |one: &&Evidence| !evidence.iter().any(|other| other.words == one.words);
    let before: Vec<Evidence> = known.iter().filter(fresh).cloned().collect();
    evidence.extend(before);
    rank(evidence)
}

fn rank(mut evidence: Vec<Evidence>) -> (Vec<Evidence>, u8) {
    evidence.sort_by_key(|one| std::cmp::Reverse(one.weight));
    let chance = evidence.iter().fold(1.0, |chance, one| chance * (1.0 - f64::from(one.weight) / 100.0));
    let likelihood = ((1.0 - chance) * 100.0).round() as u8;
    (evidence, likelihood.min(MOST))
}

fn weight(hit: &Hit, mine: &Identity, theirs: &Identity) -> usize {
    use LinkClues::{Claimed, Derived, Mentioned, Proven};
    let elsewhere = mine.channel != theirs.channel;
    match hit.kind {
        ClueKind::Link(kind) => match (hit.mine.min(hit.theirs), hit.mine.max(hit.theirs)) {
            (Proven, Proven) => 90,
            (Claimed, Proven) => 75,
            (Claimed, _) => 55,
            // What stands in a message may be anybody's: a friend's, a colleague's.
            (Mentioned, Proven | Claimed) if kind == LinkKind::Profile => 45,
            (Mentioned, Proven | Claimed) => 60,
            _ => 0,
        },
        ClueKind::Name => {
            if elsewhere {
                45
            } else {
                32
            }
        }
        ClueKind::Handle => match (hit.mine, hit.theirs) {
            (Derived, Derived) => 0,
            (Derived, _) | (_, Derived) => 20,
            _ if elsewhere => 40,
            _ => 30,
        },
    }
}

fn place(identity: &Identity) -> String {
    let name = if identity.name.is_empty() { &identity.address } else { &identity.name };
    format!("{name} ({})", identity.channel)
}

fn words(hit: &Hit, mine: &Identity, theirs: &Identity) -> String {
    let value = &hit.value;
    let what = match hit.kind {
        ClueKind::Name => return format!("both are called {}", mine.name),
        ClueKind::Handle => {
            return match (hit.mine, hit.theirs) {
                (LinkClues::Derived, _) => format!("the name {} is how {} is called", mine.name, shown(theirs)),
                (_, LinkClues::Derived) => format!("the name {} is how {} is called", theirs.name, shown(mine)),
                _ => format!("{} and {} are called alike", shown(mine), shown(theirs)),
            };
        }
        ClueKind::Link(LinkKind::Email) => "address",
        ClueKind::Link(LinkKind::Phone) => "number",
        ClueKind::Link(LinkKind::Profile) => "page",
        ClueKind::Link(LinkKind::Platform | LinkKind::Crm) => "key",
    };
    match (hit.mine, hit.theirs) {
        (LinkClues::Mentioned, _) => {
            format!("{} wrote of the {what} {value}, which is {}'s", place(mine), place(theirs))
        }
        (_, LinkClues::Mentioned) => {
            format!("{} wrote of the {what} {value}, which is {}'s", place(theirs), place(mine))
        }
        (LinkClues::Proven, LinkClues::Proven) => format!("both have the proven {what} {value}"),
        _ => format!("both have the {what} {value}; nobody vouches for one of them"),
    }
}

fn shown(identity: &Identity) -> String {
    format!("{} ({})", identity.handle.as_deref().unwrap_or(&identity.address), identity.channel)
}
