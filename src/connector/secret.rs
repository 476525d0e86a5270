//! Secrets by reference: the configuration says where a password is, never what it is.

use std::fmt;
use std::path::PathBuf;

/// A secret in memory. Cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a secret is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// The first line a command prints (run by `sh -c`, at most 30 s).
    Command(String),
    /// An environment variable.
    Env(String),
    /// The first line of a file that only its owner may read (mode 0600).
    File(PathBuf),
}

/// A secret that could not be had. Never contains it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);
