//! The accounts a desk works for. They may change while it is at work: whoever looks holds what was there when it looked.

use super::Desk;
use crate::connector::Connector;
use crate::model::AccountFacts;
use std::sync::Arc;
use tokio::sync::watch;

/// The accounts at one time.
#[derive(Default)]
pub struct Roster {
    /// What is known of them, in the order of the configuration.
    pub accounts: Arc<[AccountFacts]>,
    /// Their connectors, in the same order.
    pub connectors: Vec<Arc<dyn Connector>>,
    /// One an account, in the same order.
    turns: Vec<Arc<tokio::sync::Mutex<()>>>,
}

impl Roster {
    /// An account that was there before keeps its turn.
    pub(super) fn new(connectors: Vec<Arc<dyn Connector>>, before: &Roster) -> Roster {
        let accounts: Arc<[AccountFacts]> = connectors.iter().map(|connector| connector.facts()).collect();
        let turns = accounts.iter().map(|facts| before.turn(&facts.name)).collect();
        Roster { accounts, connectors, turns }
    }

    fn position(&self, account: &str) -> Option<usize> {
        self.accounts.iter().position(|facts| facts.name == account)
    }

    /// The connector of an account.
    pub fn connector(&self, account: &str) -> Option<&Arc<dyn Connector>> {
        self.connectors.get(self.position(account)?)
    }

    fn turn(&self, account: &str) -> Arc<tokio::sync::Mutex<()>> {
        self.position(account).and_then(|at| self.turns.get(at)).cloned().unwrap_or_default()
    }
}

impl Desk {
    /// The accounts as they are now.
    pub fn roster(&self) -> Arc<Roster> {
        self.roster.borrow().clone()
    }

    /// The accounts as they change.
    pub fn follow_roster(&self) -> watch::Receiver<Arc<Roster>> {
        self.roster.subscribe()
    }

    /// Works for these accounts from now on. What is stored of others stays.
    pub fn set_connectors(&self, connectors: Vec<Arc<dyn Connector>>) {
        let before = self.roster();
        for connector in connectors.iter().filter(|new| !before.connectors.iter().any(|old| Arc::ptr_eq(old, new))) {
            if let Some(ledger) = connector.ledger() {
                // What cannot be read is as if nothing was spent: the platform says so itself then.
                ledger.restore(&self.store.ledger(&connector.facts().name).unwrap_or_default());
            }
        }
        self.roster.send_modify(|roster| *roster = Arc::new(Roster::new(connectors, roster)));
    }

    /// The configured accounts.
    pub fn accounts(&self) -> Arc<[AccountFacts]> {
        self.roster.borrow().accounts.clone()
    }

    /// The account with this name.
    pub fn account(&self, name: &str) -> Option<AccountFacts> {
        self.accounts().iter().find(|account| account.name == name).cloned()
    }

    /// The connector of an account.
    pub fn connector(&self, account: &str) -> Option<Arc<dyn Connector>> {
        self.roster.borrow().connector(account).cloned()
    }

    /// Whose turn it is to pull an account: held from reading its cursor until the page is filed, so that a cursor never
    /// goes back.
    pub fn turn(&self, account: &str) -> Arc<tokio::sync::Mutex<()>> {
        self.roster.borrow().turn(account)
    }
}
