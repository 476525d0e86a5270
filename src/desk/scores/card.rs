//! What a screen or a script reads of a customer's scores.

use super::layer::Current;
use crate::desk::{Desk, DeskError};
use crate::model::{CustomerId, Scorecard, Taught};
use crate::score::sentiment::FEWEST;

/// Corrections counted for a card at most, where nothing was learned from them: it is asked for often.
const COUNTED: usize = 100;

impl Desk {
    fn taught(&self, current: &Current) -> Result<Taught, DeskError> {
        let learned_from = current.layer().map_or(0, |layer| layer.corrections);
        let made = match learned_from {
            0 => self.store.corrections(None, COUNTED + 1)?.len(),
            some => some as usize,
        };
        let more = learned_from == 0 && made > COUNTED;
        let made = if more { COUNTED as u32 } else { made as u32 };
        Ok(Taught { learned_from, made, more, begins_at: FEWEST as u32, off: self.is_layer_off()? })
    }

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
            row.outdated == 0 && row.covers >= customer.last_inbound_received.max(customer.last_outbound_received);
        Ok(Scorecard {
            customer: customer.id,
            scores: row.scores,
            segments: row.segments,
            stale: !(is_present && is_whole),
            taught,
        })
    }
}
