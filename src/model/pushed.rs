//! Deliveries that a platform pushed and that are written down, not yet understood.

use super::{PushedId, Timestamp};
use minicbor::{Decode, Encode};

/// One of them. What came is content in the journal, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pushed {
    /// Its id; later ones sort behind earlier ones.
    #[n(0)]
    pub id: PushedId,
    /// The account it was pushed to.
    #[n(1)]
    pub account: String,
    /// When it came.
    #[n(2)]
    pub received: Timestamp,
}
