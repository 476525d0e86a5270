//! Dead letters: what came in and could not be understood. Kept whole, shown, can be tried again.

use super::{DeadId, Timestamp};
use minicbor::{Decode, Encode};

/// One of them. The original is content in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeadLetter {
    /// Hash of account and content.
    #[n(0)]
    pub id: DeadId,
    /// The account it came through.
    #[n(1)]
    pub account: String,
    /// The folder or place it was found in.
    #[n(2)]
    pub folder: String,
    /// Why it could not be understood, in plain words.
    #[n(3)]
    pub reason: String,
    /// When it came.
    #[n(4)]
    pub received: Timestamp,
    /// Size in bytes.
    #[n(5)]
    pub size: u64,
    /// How often it was tried again.
    #[n(6)]
    pub tries: u32,
    /// Cleaned first line or subject, as far as one can be made out.
    #[n(7)]
    pub hint: String,
    /// Only its head is here (it was too large, or the server did not give the rest): trying again here cannot help.
    #[n(8)]
    #[cbor(default)]
    pub partial: bool,
}
