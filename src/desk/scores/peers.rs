//! What all customers together are like: kept as counts, counted anew every night.

use crate::desk::{Desk, DeskError};
use crate::model::CustomerId;
use crate::score::segment::Row;
use crate::score::{Peers, Tally};
use std::sync::{Arc, PoisonError};

/// Customers of one page.
const PAGE: usize = 100;

/// All customers, counted.
#[derive(Default)]
pub(super) struct Everybody {
    pub tally: Tally,
    pub rows: Vec<Row>,
    /// Customers with a damaged record: they are not in it.
    pub left_out: u64,
}

impl Desk {
    /// What all customers together are like; nothing is known of them before they were counted.
    pub(super) fn peers(&self) -> Result<Arc<Peers>, DeskError> {
        if let Some(peers) = self.scoring.peers.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(peers.clone());
        }
        let peers = Arc::new(self.store.tally()?.map(|tally| tally_of(&tally)).unwrap_or_default().peers());
        *self.scoring.peers.write().unwrap_or_else(PoisonError::into_inner) = Some(peers.clone());
        Ok(peers)
    }

    /// They are looked up anew the next time.
    pub(super) fn forget_peers(&self) {
        *self.scoring.peers.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Counts all customers without reading a text. `go_on` is asked between pages, with how many were counted; `None` when
    /// it says no.
    pub(super) fn count_everybody(&self, go_on: &mut dyn FnMut(u64) -> bool) -> Result<Option<Everybody>, DeskError> {
        let now = self.now();
        let (mut everybody, mut after) = (Everybody::default(), None::<CustomerId>);
        loop {
            let page = self.store.each_customer(after, PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(Some(everybody)) };
            after = Some(*last);
            for (id, customer) in page {
                let gathered = customer.map_err(DeskError::from).and_then(|one| self.gather(&one, None, now));
                match gathered {
                    Ok(gathered) => {
                        everybody.tally.add(&gathered.history);
                        everybody.rows.push(Row::of(&gathered.history));
                    }
                    // What one row has wrong must not keep the others from being counted.
                    Err(error) if error.is_damaged() => {
                        tracing::error!(customer = %id, %error, "a customer is not counted");
                        everybody.left_out += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
            if !go_on(everybody.rows.len() as u64) {
                return Ok(None);
            }
        }
    }
}

/// A tally of another version counts for nothing: the next count makes it anew.
fn tally_of(bytes: &[u8]) -> Tally {
    minicbor::decode(bytes).unwrap_or_else(|error| {
        tracing::warn!(%error, "what is known of all customers cannot be read; it is counted anew");
        Tally::default()
    })
}
