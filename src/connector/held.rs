//! A secret at hand: fetched once from where it is, then there for those who cannot wait.

use super::{Refusal, Secret, SecretError, SecretRef};
use std::sync::OnceLock;

/// A secret that a [`Hook`](super::Hook) needs while the platform waits. [`Hook::prepare`](super::Hook::prepare) fetches
/// it; until then, and without one, the hook fails closed.
#[derive(Debug)]
pub struct HeldSecret {
    from: Option<SecretRef>,
    held: OnceLock<Secret>,
}

impl HeldSecret {
    /// One that is to be fetched; `None` where the account names none.
    pub fn new(from: Option<SecretRef>) -> HeldSecret {
        HeldSecret { from, held: OnceLock::new() }
    }

    /// Fetches it, unless it is at hand.
    ///
    /// # Errors
    /// As [`SecretRef::resolve`], and when the account names none.
    pub async fn fetch(&self) -> Result<&Secret, SecretError> {
        if let Some(secret) = self.held.get() {
            return Ok(secret);
        }
        let from = self.from.as_ref().ok_or_else(|| SecretError("the account names no secret for it".to_owned()))?;
        let secret = from.resolve().await?;
        Ok(self.held.get_or_init(|| secret))
    }

    /// The secret, if it is at hand.
    ///
    /// # Errors
    /// [`Refusal::NotConfigured`] when it is not.
    pub fn at_hand(&self) -> Result<&Secret, Refusal> {
        self.held.get().ok_or(Refusal::NotConfigured)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn without_a_secret_it_fails_closed_and_once_fetched_it_is_at_hand() {
        let none = HeldSecret::new(None);
        assert!(none.fetch().await.is_err());
        assert_eq!(none.at_hand().err(), Some(Refusal::NotConfigured));
        let held = HeldSecret::new(Some(SecretRef::Command("printf sesa; echo me".to_owned())));
        assert_eq!(held.at_hand().err(), Some(Refusal::NotConfigured));
        held.fetch().await.unwrap();
        assert_eq!(held.at_hand().unwrap().expose(), "sesame");
        assert!(!format!("{held:?}").contains("sesame"));
    }
}
