//! Watching a fit: how far it is, and whether to go on. Over many customers a fit takes longer than anybody waits for
//! without being told, so it is asked every few milliseconds and stops at a no.

use super::Unfit;

/// Distances computed between two questions: a few milliseconds of work.
const BETWEEN: usize = 100_000;

/// Whoever looks on while segments are fitted.
pub struct Watch<'a> {
    go_on: &'a mut dyn FnMut(u16) -> bool,
    /// How far it is, in a thousand.
    reached: u16,
    /// Distances computed since the last question.
    work: usize,
}

impl<'a> Watch<'a> {
    /// Hears how far it is, in a thousand, and says whether to go on.
    pub fn new(go_on: &'a mut dyn FnMut(u16) -> bool) -> Watch<'a> {
        Watch { go_on, reached: 0, work: 0 }
    }

    /// So much of a fit is done: `done` of `all` parts of what lies between two shares of a thousand.
    pub(super) fn reach(&mut self, (from, to): (u16, u16), done: usize, all: usize) {
        let share = usize::from(to - from) * done.min(all) / all.max(1);
        self.reached = from + share as u16;
    }

    /// Asks now.
    pub(super) fn ask(&mut self) -> Result<(), Unfit> {
        self.work = 0;
        if (self.go_on)(self.reached) { Ok(()) } else { Err(Unfit::Stopped) }
    }

    /// So many distances were computed; asks when that was enough since the last time.
    pub(super) fn worked(&mut self, distances: usize) -> Result<(), Unfit> {
        self.work = self.work.saturating_add(distances);
        if self.work >= BETWEEN { self.ask() } else { Ok(()) }
    }
}
