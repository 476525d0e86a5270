//! How far a source has come, as bytes: JSON, so that a field can be added later.

use crate::connector::ConnectorError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A longer cursor is none of ours.
const MOST: usize = 256 * 1024;

/// Reads one; what cannot be read begins anew, which only costs a walk: what is there already is known.
pub(in crate::connector) fn read<T: DeserializeOwned + Default>(bytes: &[u8]) -> T {
    if bytes.is_empty() || bytes.len() > MOST {
        return T::default();
    }
    serde_json::from_slice(bytes).unwrap_or_default()
}

/// Writes one.
pub(in crate::connector) fn write<T: Serialize>(cursor: &T) -> Vec<u8> {
    // Structs of strings and numbers can always be written.
    serde_json::to_vec(cursor).unwrap_or_default()
}

/// The order of ids that are numbers too long to compute with: the longer is the later.
pub(in crate::connector) fn later(one: &str, other: &str) -> bool {
    (one.len(), one) > (other.len(), other)
}

/// Where a walk was led to. A platform that leads back to a page has no end, however long the round: found by Brent's
/// method (BIT 20, 1980), which remembers one page at a time, and later ones ever more seldom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, minicbor::Encode, minicbor::Decode)]
pub(in crate::connector) struct Trail {
    /// The page that is remembered, hashed.
    #[n(0)]
    mark: u64,
    /// Pages since.
    #[n(1)]
    since: u64,
    /// So many pages later another one is remembered.
    #[n(2)]
    most: u64,
}

impl Trail {
    /// The walk is led to the page that `cursor` names.
    ///
    /// # Errors
    /// [`ConnectorError::Retry`] when it was there before.
    pub fn leads_to(&mut self, cursor: &str, platform: &str) -> Result<(), ConnectorError> {
        let mut eight = [0; 8];
        eight.copy_from_slice(&blake3::hash(cursor.as_bytes()).as_bytes()[..8]);
        let page = u64::from_be_bytes(eight);
        if self.most > 0 && page == self.mark {
            return Err(ConnectorError::Retry { reason: format!("{platform}'s pages lead nowhere new") });
        }
        self.since += 1;
        if self.since > self.most {
            *self = Trail { mark: page, since: 0, most: (2 * self.most).max(1) };
        }
        Ok(())
    }

    /// The walk is over.
    pub fn end(&mut self) {
        *self = Trail::default();
    }

    /// Nothing is being walked.
    pub fn is_empty(&self) -> bool {
        self.most == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_of_any_length_is_found_and_a_long_way_is_none() {
        for (before, round) in [(0, 1), (0, 2), (1, 2), (5, 3), (40, 7), (3, 100)] {
            let mut trail = Trail::default();
            let pages = (0..before).chain(std::iter::repeat_with(|| before..before + round).flatten());
            let found =
                pages.take(4 * (before + round) + 4).position(|page| trail.leads_to(&page.to_string(), "it").is_err());
            assert!(found.is_some_and(|at| at >= before + round), "{before} {round}: {found:?}");
        }
        let mut trail = Trail::default();
        assert!((0..100_000).all(|page| trail.leads_to(&page.to_string(), "it").is_ok()));
    }
}
