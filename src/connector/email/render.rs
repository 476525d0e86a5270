//! The original of an outgoing: what leaves, byte for byte, and the same each time it is made.

use crate::connector::ConnectorError;
use crate::model::Outgoing;

/// Makes the original.
///
/// # Errors
/// [`ConnectorError::Reject`] when it cannot be sent as it is, with the reason.
pub fn render(outgoing: &Outgoing, attachments: &[Vec<u8>]) -> Result<Vec<u8>, ConnectorError> {
    let _ = (outgoing, attachments);
    Err(ConnectorError::Reject { reason: "not built yet".to_owned() })
}
