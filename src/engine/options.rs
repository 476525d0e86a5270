//! How the storage engine is set, and what opening it found.

use super::Seq;
use super::journal::Damage;
use std::fmt;
use std::path::PathBuf;

/// Settings of the storage engine. The defaults are right for daily use.
#[derive(Clone, Debug)]
pub struct Options {
    /// A journal segment is ended when it would grow beyond this, in bytes.
    pub segment_bytes: u64,
    /// What must stay free on the disk, in bytes; below it intake pauses.
    pub keep_free: u64,
    /// Size of the file given up so that drafts and acts go on when the disk is full, in bytes. 0 for none.
    pub reserve: u64,
    /// sled's cache, in bytes.
    pub cache: u64,
    /// A checkpoint is made after so many commits …
    pub checkpoint_commits: u64,
    /// … or so many journal bytes, whichever comes first.
    pub checkpoint_bytes: u64,
    /// Throw the state away and make it anew from the journal.
    pub rebuild: bool,
    /// Write the state anew in the order of its keys: after much came in, it then takes about a third of the disk. A
    /// state made from the journal is written so anyway.
    pub compact: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            segment_bytes: 64 << 20,
            keep_free: 64 << 20,
            reserve: 8 << 20,
            cache: 24 << 20,
            checkpoint_commits: 2000,
            checkpoint_bytes: 64 << 20,
            rebuild: false,
            compact: false,
        }
    }
}

/// What opening found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// The profile was new.
    pub created: bool,
    /// The number of the last record.
    pub last: Seq,
    /// Records whose rows were brought into the state now.
    pub replayed: u64,
    /// Why the state was rebuilt from the journal, if it was: plain words.
    pub rebuilt: Option<String>,
    /// A write that never finished (and was never acknowledged), now cut off.
    pub cut: Option<Damage>,
    /// Damage seen on the way. Opening looks only at what it needs; `verify` finds all.
    pub damage: Vec<Damage>,
    /// Where a state is kept that knew more than the journal. The newest two are kept.
    pub kept: Option<PathBuf>,
    /// True when the state was made, or went on, from a journal that is not whole: rows of records are damaged among
    /// those replayed, or records known to have been acknowledged are gone. What the outbox says may then be older
    /// than what was really sent. True on that one opening, not on later ones; not true for a rebuild from a whole
    /// journal, for a damaged content alone, nor when only a write that was never acknowledged was cut off.
    pub doubtful: bool,
}

/// What making the state of an open profile anew did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RebuildReport {
    /// Records replayed.
    pub records: u64,
    /// Damage seen on the way.
    pub damage: Vec<Damage>,
}

impl OpenReport {
    /// What the user should be told, one sentence a line; nothing when all was well.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(why) = &self.rebuilt {
            let lost = match (self.damage.is_empty(), self.doubtful || self.cut.is_some()) {
                (true, false) => "Nothing was lost.",
                (true, true) => "See below.",
                (false, _) => "See below for what is damaged.",
            };
            lines.push(format!("The state was rebuilt from the journal ({} records): {why}. {lost}", self.replayed));
        }
        if let Some(kept) = &self.kept {
            lines.push(format!("The state as it was knew more, and is kept in {}.", kept.display()));
        }
        if let Some(cut) = &self.cut {
            // A state that was rebuilt cannot bear witness any more.
            let never = if self.rebuilt.is_some() { "not known to be acknowledged" } else { "never acknowledged" };
            lines.push(format!("A write that never finished was cut off ({} bytes, {never}).", cut.length));
        }
        lines.extend(self.damage.iter().map(|damage| format!("Damaged: {damage}. The rest is usable.")));
        lines
    }
}

impl fmt::Display for OpenReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}
