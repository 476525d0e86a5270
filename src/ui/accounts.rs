//! The list of accounts: how each is doing, and pulling one now.

use super::{Effect, Screen};

impl Screen {
    /// All accounts by name: those that are configured, then those only the workers know.
    pub(super) fn account_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.accounts.iter().map(|account| account.name.clone()).collect();
        for status in &self.status {
            if !names.contains(&status.name) {
                names.push(status.name.clone());
            }
        }
        names
    }

    /// Looks for new messages of one account.
    pub(super) fn pull_account(&mut self, name: String) {
        self.say(format!("{name}: looking for new messages"));
        self.effect(Effect::Pull(name));
    }
}
