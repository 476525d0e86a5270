//! Deliveries that a platform pushes. A hook looks at one request: is it really from there, and is it a handshake or
//! news? News is written down as it came before it is answered, and understood later ([`Hook::understand`]).

use super::Item;
use crate::model::Timestamp;
use futures::future::BoxFuture;
use std::time::Duration;

/// The largest delivery taken.
pub const MOST_BYTES: usize = 1 << 20;
/// How long a hook may ask around before a delivery is understood without.
pub const MOST_MEETING: Duration = Duration::from_secs(15);
/// How far a signed time may be from ours, in milliseconds.
pub const MOST_SKEW: i64 = 5 * 60_000;

/// One request as it came in, not yet believed.
#[derive(Clone, Debug, Default)]
pub struct HookRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The URL as the platform called it: some platforms sign it. Begins with `public_url` of the configuration, else
    /// with what the proxy tells (`X-Forwarded-Proto`, `X-Forwarded-Host`).
    pub url: String,
    /// The query, decoded, in its order.
    pub query: Vec<(String, String)>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl HookRequest {
    /// The first header with this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The first query parameter with this name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookAnswer {
    /// A handshake: nothing is kept.
    Challenge {
        /// The type of the body.
        content_type: &'static str,
        /// What is answered, with 200.
        body: Vec<u8>,
    },
    /// News: written down whole, then answered.
    Delivery {
        /// What tells this delivery from all others: its id, else a hash of the body.
        key: String,
        /// What is written down: the body, or what was in its envelope.
        raw: Vec<u8>,
        /// The type of the answer.
        content_type: &'static str,
        /// What is answered, with 200, once it is durable.
        body: Vec<u8>,
    },
}

/// Why a request is turned away. Says nothing that helps a stranger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Refusal {
    /// No signature where there must be one.
    #[error("no signature")]
    Unsigned,
    /// A signature that is not right.
    #[error("wrong signature")]
    Forged,
    /// Signed too long ago, or in the future.
    #[error("stale")]
    Stale,
    /// Not what this platform sends.
    #[error("not understood")]
    Malformed,
    /// The account lacks the secret to tell: fails closed.
    #[error("not configured")]
    NotConfigured,
}

/// Takes what one account's platform pushes. [`Hook::receive`] must not reach for the network: it is called while the
/// platform waits.
pub trait Hook: Send + Sync {
    /// Gets at hand what [`Hook::receive`] needs: secrets by reference. Called
    /// before the first request, and again some time after each [`Refusal::NotConfigured`].
    ///
    /// # Errors
    /// What is missing and what to do, as a sentence without the secret.
    fn prepare(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }

    /// Looks at one request at `now`.
    ///
    /// # Errors
    /// [`Refusal`], which is counted and answered with 401, 400 or 503.
    fn receive(&self, request: &HookRequest, now: Timestamp) -> Result<HookAnswer, Refusal>;

    /// Asks the platform for what [`Hook::understand`] would like to know of these deliveries: who somebody is. Called
    /// once they are written down, when nobody waits any more; dropped after [`MOST_MEETING`], and what is not known by
    /// then does not hold them up.
    fn meet<'a>(&'a self, _raws: &'a [&'a [u8]]) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    /// What a delivery that was written down says. Never panics: what is not understood is [`Item::Unreadable`].
    fn understand(&self, raw: &[u8], received: Timestamp) -> Vec<Item>;

    /// True when a delivery only says that there is news to pull (WeCom): the account's source is asked at once.
    fn only_nudges(&self) -> bool {
        false
    }
}
