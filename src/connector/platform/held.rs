//! A secret held in memory: its command is run once, not for every call.

use crate::connector::{ConnectorError, Secret, SecretRef};
use std::sync::{Mutex, PoisonError};

/// A secret and where it comes from.
#[derive(Debug)]
pub(in crate::connector) struct Held {
    reference: SecretRef,
    known: Mutex<Option<Secret>>,
}

impl Held {
    /// Not fetched yet.
    pub fn new(reference: SecretRef) -> Held {
        Held { reference, known: Mutex::new(None) }
    }

    /// What is known by now; never waits.
    pub fn known(&self) -> Option<Secret> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secret; fetched when it is not known yet.
    ///
    /// # Errors
    /// [`ConnectorError::Reconnect`], which says where there is none.
    pub async fn get(&self) -> Result<Secret, ConnectorError> {
        if let Some(known) = self.known() {
            return Ok(known);
        }
        self.fetch().await
    }

    async fn fetch(&self) -> Result<Secret, ConnectorError> {
        let secret = self.reference.resolve().await;
        let secret = secret.map_err(|error| ConnectorError::Reconnect { reason: error.to_string() })?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(secret.clone());
        Ok(secret)
    }

    /// Fetches it anew, since the platform refuses the one that is known. True when it is another one now.
    ///
    /// # Errors
    /// As [`Held::get`].
    pub async fn renew(&self) -> Result<bool, ConnectorError> {
        let old = self.known();
        Ok(Some(self.fetch().await?) != old)
    }
}
