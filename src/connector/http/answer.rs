//! What came back.

use super::Failure;
use super::limits::retry_after;
use crate::connector::ConnectorError;
use crate::model::{Timestamp, clean_line};
use reqwest::header::HeaderMap;
use serde_json::Value;

/// How long is waited when a platform says "too many" and not for how long, in milliseconds.
const UNNAMED: i64 = 60_000;
/// How much of a platform's own words is shown.
const SAID: usize = 200;

/// An answer, whatever it says.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Answer {
    /// Reads an answer, at most `most` bytes of body.
    pub(super) async fn read(mut response: reqwest::Response, most: usize) -> Result<Answer, Failure> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Failure::cut)? {
            if body.len() + chunk.len() > most {
                return Err(Failure::TooLarge { most, status });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }

    /// True for 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON. Depth is bounded (128).
    ///
    /// # Errors
    /// [`Failure::Garbled`] when it is none: half an answer, a proxy's page.
    pub fn json(&self) -> Result<Value, Failure> {
        serde_json::from_slice(&self.body).map_err(|error| Failure::Garbled {
            reason: format!("the answer is no JSON ({error})"),
            status: self.status,
        })
    }

    /// The text at a JSON pointer of the body, cleaned, for a reason that a person reads.
    pub fn said(&self, pointer: &str) -> String {
        let value: Option<Value> = serde_json::from_slice(&self.body).ok();
        let text = match value.as_ref().and_then(|value| value.pointer(pointer)) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        };
        clean_line(&text.chars().take(SAID).collect::<String>())
    }

    /// What a status means by itself, where the platform's own words say nothing better; `None` for success. `why` is the
    /// platform's own word for it, cleaned. For a send pass `sending`: a server that fell over may have done the work.
    pub fn trouble(&self, why: &str, sending: bool, now: Timestamp) -> Option<ConnectorError> {
        let status = self.status;
        let said = if why.is_empty() { String::new() } else { format!(": {why}") };
        let reason = format!("the server answers {status}{said}");
        Some(match status {
            200..300 => return None,
            401 => ConnectorError::Refresh { reason },
            403 => ConnectorError::Reject { reason },
            404 | 410 => ConnectorError::Gone { reason },
            409 => ConnectorError::Duplicate { reason },
            429 => {
                let until = retry_after(&self.headers, now).unwrap_or(now.plus_millis(UNNAMED));
                ConnectorError::Wait { reason: format!("too many calls{said}"), until }
            }
            503 => match retry_after(&self.headers, now) {
                Some(until) => ConnectorError::Wait { reason, until },
                None if sending => ConnectorError::Unknown { reason },
                None => ConnectorError::Retry { reason },
            },
            408 | 500.. if sending => ConnectorError::Unknown { reason },
            408 | 425 | 500.. => ConnectorError::Retry { reason },
            300..=399 => ConnectorError::Reject {
                reason: format!("the server sends us elsewhere ({status}); set base_url to where it is"),
            },
            _ => ConnectorError::Reject { reason },
        })
    }
}
