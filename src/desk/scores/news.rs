//! News: who has to be scored because something happened to them. The log itself is followed, so that nothing is missed
//! whatever process it happened in, and after a crash it is followed from where it was.

use super::slice::{Sliced, Worth};
use crate::desk::{Desk, DeskError};
use crate::engine::Seq;
use crate::model::{CustomerId, EventKind, Rescore};
use std::collections::BTreeSet;

/// Events read at once.
const PAGE: usize = 200;
/// Events that may be followed again after a crash: the place in the log is written down with scores, and without any after
/// so many.
const AGAIN: Seq = 2_000;

/// Customers who are to be scored, and how far the log was followed.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Who.
    customers: BTreeSet<CustomerId>,
    /// The number of the last event followed; `None` before the first.
    seen: Option<Seq>,
    /// Who was scored by the last slice.
    scored: BTreeSet<CustomerId>,
}

impl Marks {
    /// How many are marked.
    pub fn len(&self) -> usize {
        self.customers.len()
    }

    /// Who was scored by the last slice: whom the marks led to, each once.
    pub fn scored(&self) -> &BTreeSet<CustomerId> {
        &self.scored
    }

    /// Nobody is.
    pub fn is_empty(&self) -> bool {
        self.customers.is_empty()
    }
}

/// What following the log brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Messages that came in, and customers of whom orders, ratings or facts of a file came in.
    pub arrivals: u64,
    /// Corrections changed.
    pub corrected: bool,
    /// There is more to follow.
    pub more: bool,
}

impl Desk {
    /// Follows the log a piece further and marks whom it is about.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn follow_log(&self, marks: &mut Marks) -> Result<News, DeskError> {
        let mut news = News::default();
        let seen = match marks.seen {
            Some(seen) => seen,
            // Everybody is scored in the first round: what was before needs no following.
            None => self.store.rescore()?.map_or_else(|| self.store.engine().last(), |rescore| rescore.seen),
        };
        marks.seen = Some(seen);
        let last = self.store.engine().last();
        if seen >= last {
            return Ok(news);
        }
        let events = self.store.events(seen + 1, PAGE)?;
        for (_, event) in &events {
            match event.kind {
                EventKind::Ingested => news.arrivals += event.messages.len().max(event.customers.len()) as u64,
                // A file's; an agent edits one at a time.
                EventKind::Profile if event.customers.len() > 1 => news.arrivals += event.customers.len() as u64,
                EventKind::Corrected => news.corrected = true,
                // Our own, and what says nothing of a customer's messages and cases.
                EventKind::Scored | EventKind::Segment | EventKind::Learned => continue,
                EventKind::Read | EventKind::Draft | EventKind::Dead => continue,
                _ => {}
            }
            marks.customers.extend(&event.customers);
        }
        // Damaged lines are left out; what is behind them is not.
        marks.seen = Some(events.last().map_or(last, |(seq, _)| *seq));
        news.more = marks.seen < Some(last);
        Ok(news)
    }

    /// Scores marked customers, at most so many and about so many messages. The place in the log moves in the commit that
    /// scores the last of them.
    ///
    /// # Errors
    /// When the store refuses; they stay marked then.
    pub fn score_marked(&self, marks: &mut Marks, customers: usize, messages: u64) -> Result<Sliced, DeskError> {
        let _turn = self.scoring.turn();
        let some: Vec<CustomerId> = marks.customers.iter().copied().take(customers).collect();
        let (all, seen) = (marks.customers.len(), marks.seen);
        let progress = |rescore: &mut Rescore, sliced: &Sliced, _: u64| {
            let whole = sliced.customers as usize >= all;
            if let Some(seen) = seen.filter(|_| whole)
                && (sliced.changed > 0 || seen.saturating_sub(rescore.seen) > AGAIN)
            {
                rescore.seen = seen;
            }
        };
        let (mut sliced, scored) = self.score_slice(&some, messages, |_, _| Worth::Visible, progress)?;
        for id in some.iter().take(sliced.customers as usize) {
            marks.customers.remove(id);
        }
        marks.scored = scored;
        sliced.done = marks.customers.is_empty();
        Ok(sliced)
    }

    /// Scores one customer now.
    ///
    /// # Errors
    /// When the store refuses, or their scores cannot be computed.
    pub fn score_customer(&self, id: CustomerId) -> Result<(), DeskError> {
        let _turn = self.scoring.turn();
        let (sliced, _) = self.score_slice(&[id], u64::MAX, |_, _| Worth::Always, |_, _, _| {})?;
        if sliced.failed > 0 {
            return Err(DeskError::Refused(format!("the scores of {id} cannot be computed; the log says why")));
        }
        Ok(())
    }
}
