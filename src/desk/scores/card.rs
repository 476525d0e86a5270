//! What a screen or a script reads of a customer's scores.

use crate::desk::{Desk, DeskError};
use crate::model::{CustomerId, Scorecard};

impl Desk {
    /// The scores and segments of a customer as they are kept. A customer who was never scored has none, and is stale.
    ///
    /// # Errors
    /// [`DeskError::NotFound`], or when the store cannot be read.
    pub fn scorecard(&self, id: CustomerId) -> Result<Scorecard, DeskError> {
        let customer = self.known(id)?;
        let current = self.current();
        let taught = self.taught(&current)?;
        let Some(row) = self.store.scored(customer.id)? else {
            let (scores, segments) = (Vec::new(), Vec::new());
            return Ok(Scorecard { customer: customer.id, scores, segments, stale: true, taught });
        };
        let version = current.version();
        let rescore = self.store.rescore()?.unwrap_or_default();
        let is_present = row.version == version
            || rescore.settled == version
            || (rescore.version == version && rescore.has_scored(customer.id));
        let is_whole =
            !row.outdated && row.covers >= customer.last_inbound_received.max(customer.last_outbound_received);
        Ok(Scorecard {
            customer: customer.id,
            scores: row.scores,
            segments: row.segments,
            stale: !(is_present && is_whole),
            corrections,
        })
    }
}
