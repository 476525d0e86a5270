//! Who is meant: an id, an address, or a part of a name.

use super::{Desk, DeskError};
use crate::identity;
use crate::model::{AccountFacts, Customer, CustomerId, Identity, InboxRow, InboxView, PHONE, Page, clean_line};
use std::collections::BTreeSet;

/// Customers one page of a search looks at: some milliseconds of work.
const LOOK: usize = 5_000;

/// What a search for one customer gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The customer.
    pub customer: Customer,
}

/// Where addresses are looked for: the channels there are accounts for, and those that need none.
fn channels(accounts: &[AccountFacts]) -> BTreeSet<&str> {
    accounts.iter().map(|facts| facts.channel.as_str()).chain(["email", PHONE]).collect()
}

impl Desk {
    /// Customers whose name or address has all words of `text`, in the order of the inbox. At most
    /// `limit` of them, and at most 5,000 are looked at: `next` goes on from there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search(&self, text: &str, after: Option<&[u8]>, limit: usize) -> Result<Page<InboxRow>, DeskError> {
        let words: Vec<String> = text.to_lowercase().split_whitespace().map(str::to_owned).collect();
        let fits = |row: &InboxRow| {
            let (name, address) = (row.name.to_lowercase(), row.address.to_lowercase());
            words.iter().all(|word| name.contains(word) || address.contains(word))
        };
        Ok(self.store.inbox(InboxView::All, after, limit, LOOK, fits)?)
    }

    /// The one identity meant by `text`: its id, its address on any channel or, with `of`, its handle. Of a suspect and
    /// the address it claims, `suspect` says which is meant; with `of` only identities of that customer are.
    ///
    /// # Errors
    /// [`DeskError::NotFound`], or [`DeskError::Ambiguous`] for an address on several channels.
    pub fn find_identity(&self, text: &str, of: Option<CustomerId>, suspect: bool) -> Result<Identity, DeskError> {
        let text = text.trim();
        if let Ok(id) = text.parse()
            && let Some(identity) = self.store.identity(id)?
        {
            return Ok(identity);
        }
        let accounts = self.accounts();
        let mut found = Vec::new();
        for channel in channels(&accounts) {
            let ids = [identity::identity_id(channel, text), identity::suspect_id(channel, text)];
            for id in ids {
                found.extend(self.store.identity(id)?);
            }
        }
        found.retain(|identity| of.is_none_or(|of| identity.customer == of));
        // Of one customer all are at hand: by handle, too, and those of accounts that are not configured any more.
        if let Some(of) = of.filter(|_| found.is_empty()) {
            for id in self.known(of)?.identities {
                let means = |identity: &Identity| {
                    identity.address.eq_ignore_ascii_case(text) || identity.handle.as_deref() == Some(text)
                };
                found.extend(self.store.identity(id)?.filter(means));
            }
        }
        if found.len() > 1 && found.iter().any(|identity| identity.is_suspect() == suspect) {
            found.retain(|identity| identity.is_suspect() == suspect);
        }
        match (found.len(), found.pop()) {
            (1, Some(identity)) => Ok(identity),
            (0, _) => Err(DeskError::NotFound(format!("there is no identity \"{}\"", clean_line(text)))),
            _ => Err(DeskError::Ambiguous(format!(
                "\"{}\" is an address on several channels; take its id from `show --json`",
                clean_line(text)
            ))),
        }
    }

    /// The one customer meant by `text`.
    ///
    /// # Errors
    /// [`DeskError::NotFound`] for nobody, [`DeskError::Ambiguous`] with the candidates for several.
    pub fn find(&self, text: &str) -> Result<Found, DeskError> {
        let text = text.trim();
        if let Ok(id) = text.parse::<CustomerId>()
            && let Some(customer) = self.store.customer(self.store.root(id)?)?
        {
            return Ok(Found { customer });
        }
        let accounts = self.accounts();
        for channel in channels(&accounts) {
            if let Some(known) = self.store.identity(identity::identity_id(channel, text))? {
                return Ok(Found { customer: self.known(known.customer)? });
            }
        }
        let wanted = text.to_lowercase();
        let mut partly: Vec<Customer> = Vec::new();
        let mut wholly: Vec<Customer> = Vec::new();
        let mut after = None;
        while !wanted.is_empty() {
            let page = self.store.each_customer(after, 500)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            // A damaged row hides nobody else; who is asked for by id hears of it.
            for customer in page.into_iter().filter_map(|(_, customer)| customer.ok()) {
                let name = customer.name.to_lowercase();
                if name == wanted {
                    wholly.push(customer);
                } else if partly.len() < 50 && (name.contains(&wanted) || customer.address.contains(&wanted)) {
                    partly.push(customer);
                }
            }
        }
        let found = if wholly.is_empty() { partly } else { wholly };
        let mut found = found.into_iter();
        match (found.next(), found.next()) {
            (Some(customer), None) => Ok(Found { customer }),
            (None, _) => Err(DeskError::NotFound(format!("no customer is called \"{}\"", clean_line(text)))),
            (Some(first), Some(second)) => {
                let names: Vec<String> = [first, second]
                    .into_iter()
                    .chain(found)
                    .take(8)
                    .map(|customer| format!("{} <{}>", customer.name, customer.address))
                    .collect();
                Err(DeskError::Ambiguous(format!(
                    "\"{}\" fits several customers: {}; use an address",
                    clean_line(text),
                    names.join(", ")
                )))
            }
        }
    }
}
