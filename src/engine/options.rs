//! How the storage engine is set, and what opening it found.

use super::Seq;
use super::journal::Damage;
use std::fmt;

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
}

impl OpenReport {
    /// What the user should be told, one sentence a line; nothing when all was well.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(why) = &self.rebuilt {
            let lost = if self.damage.is_empty() { "Nothing was lost." } else { "See below for what is damaged." };
            lines.push(format!("The state was rebuilt from the journal ({} records): {why}. {lost}", self.replayed));
        }
        if let Some(cut) = &self.cut {
            lines.push(format!("A write that never finished was cut off ({} bytes, never acknowledged).", cut.length));
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
