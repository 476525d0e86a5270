//! One original understood: headers, text, attachments, robots and bounces.

use crate::connector::{ConnectorError, Item, Unreadable};
use crate::model::Timestamp;

/// Understands one original. `own` are our own normalised addresses: what they wrote is outbound. Never panics; what
/// cannot be understood comes back as [`Item::Unreadable`] with the original in it.
pub fn understand(raw: Vec<u8>, own: &[String], folder: &str, received: Timestamp) -> Item {
    let _ = own;
    Item::Unreadable(Unreadable {
        reason: "not built yet".to_owned(),
        folder: folder.to_owned(),
        received,
        hint: String::new(),
        raw,
    })
}

/// The decoded bytes of attachment `part` of an original.
///
/// # Errors
/// [`ConnectorError::Reject`] when there is no such part or it is over the size cap.
pub fn attachment(raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
    let _ = (raw, part);
    Err(ConnectorError::Reject { reason: "not built yet".to_owned() })
}
