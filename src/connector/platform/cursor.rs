//! How far a source has come, as bytes: JSON, so that a field can be added later.

use serde::Serialize;
use serde::de::DeserializeOwned;

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
