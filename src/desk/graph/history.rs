//! What agents and the graph did to a customer: who, when, why.

use super::super::{Desk, DeskError};
use crate::model::{CustomerId, HistoryLine};

impl Desk {
    /// The history of a customer and of all who turned out to be this one, the latest first, at most `limit` lines.
    ///
    /// # Errors
    /// [`DeskError::NotFound`], or when the store cannot be read.
    pub fn history(&self, id: CustomerId, limit: usize) -> Result<Vec<HistoryLine>, DeskError> {
        let customer = self.known(id)?;
        let mut events = Vec::new();
        for id in std::iter::once(&customer.id).chain(&customer.absorbed) {
            events.extend(self.store.history(*id, limit)?);
        }
        events.sort_by_key(|event| std::cmp::Reverse(event.at));
        // A merge stands in the history of both.
        events.dedup();
        events.truncate(limit);
        let mut lines = Vec::with_capacity(events.len());
        for event in events {
            let act = event.act.map(|act| self.store.graph_act(act)).transpose()?.flatten();
            lines.push(HistoryLine { at: event.at, by: event.actor, kind: event.kind, summary: event.summary, act });
        }
        Ok(lines)
    }
}
