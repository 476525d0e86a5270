//! The settings of one account, as `config.toml` has them.

use std::path::PathBuf;

/// One `[[account]]` of `config.toml`, not yet understood by its connector.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountSettings {
    /// Its name.
    pub name: String,
    /// The kind of connector.
    pub connector: String,
    /// The whole table, `name` and `connector` included.
    pub table: toml::Table,
    /// The profile folder: relative paths start there.
    pub profile: PathBuf,
}

/// Settings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("account \"{account}\": {problem}")]
pub struct SettingsError {
    /// Which account.
    pub account: String,
    /// What is wrong and what to write instead.
    pub problem: String,
}
