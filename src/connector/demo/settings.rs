//! The settings of a demo account, read strictly: a misspelt key is an error that names it.

use crate::connector::settings::mistake;
use crate::connector::{AccountSettings, SettingsError};
use serde::Deserialize;

/// Which kind of place an account plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    /// A mailbox.
    Mail,
    /// A messenger.
    Chat,
    /// Public comments under posts.
    Comments,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Mail, Role::Chat, Role::Comments];

    /// The channel its account serves.
    pub fn channel(self) -> &'static str {
        match self {
            Role::Mail => "email",
            Role::Chat => "chat",
            Role::Comments => "comments",
        }
    }

    /// The domain of its addresses.
    pub fn domain(self) -> &'static str {
        match self {
            Role::Mail => "tolvawren.example",
            Role::Chat => "chat.example",
            Role::Comments => "plaza.example",
        }
    }

    /// Our own address there.
    pub fn address(self) -> &'static str {
        match self {
            Role::Mail => "help@tolvawren.example",
            Role::Chat => "tolvawren@chat.example",
            Role::Comments => "tolvawren@plaza.example",
        }
    }
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DemoSettings {
    pub name: String,
    #[serde(rename = "connector")]
    _connector: String,
    #[serde(default = "default_seed")]
    pub seed: u32,
    #[serde(default = "default_speed")]
    pub speed: f64,
    #[serde(default = "default_role")]
    pub role: Role,
    #[serde(default = "default_customers")]
    pub customers: u32,
    #[serde(default = "default_history")]
    pub history: u32,
    /// Seconds of live traffic at speed 1, then silence; 0 for no end.
    #[serde(default)]
    pub live_seconds: u32,
}

fn default_seed() -> u32 {
    7
}
fn default_speed() -> f64 {
    1.0
}
fn default_role() -> Role {
    Role::Mail
}
fn default_customers() -> u32 {
    320
}
fn default_history() -> u32 {
    5_200
}

impl DemoSettings {
    /// Reads the table of an account.
    ///
    /// # Errors
    /// What is wrong and what to write instead.
    pub fn read(account: &AccountSettings) -> Result<DemoSettings, SettingsError> {
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let settings: DemoSettings =
            toml::Value::Table(account.table.clone()).try_into().map_err(|error| wrong(mistake(&error)))?;
        if !(0.01..=1_000.0).contains(&settings.speed) {
            return Err(wrong(format!("speed = {} is not between 0.01 and 1000", settings.speed)));
        }
        if !(20..=5_000).contains(&settings.customers) {
            return Err(wrong(format!("customers = {} is not between 20 and 5000", settings.customers)));
        }
        if settings.history > 200_000 {
            return Err(wrong(format!("history = {} is more than 200000", settings.history)));
        }
        Ok(settings)
    }

    /// A span of the demo's time in real milliseconds.
    pub fn real(&self, millis: i64) -> i64 {
        (millis as f64 / self.speed).round() as i64
    }
}
