//! The identity graph: the parts of a merged customer, the acts that can be undone, who was told apart, the clues that
//! identities share, suggestions, and the history of a customer.

use super::record::{self, Stored};
use super::{Read, Store, StoreError, Transaction, key};
use crate::model::{
    ActId, Customer, CustomerId, Event, EventKind, GraphAct, IdentityId, MessageId, Suggestion, SuggestionId,
};

const PART: u8 = b'p';
const ACT: u8 = b'g';
const HISTORY: u8 = b'j';
const CLUE: u8 = b'l';
const APART: u8 = b'b';
const SUGGESTION: u8 = b'z';
const SUGGESTED: u8 = b'f';

/// How many turns a chain of merges may have.
const CHAIN: usize = 64;

fn record_of<T: for<'b> minicbor::Decode<'b, ()>>(
    read: &impl Read,
    table: u8,
    id: &[u8],
) -> Result<Option<T>, StoreError> {
    let row = read.get(&key(table, &[id]))?;
    Ok(row.map(|row| record::decode(table, &row)).transpose()?.map(|stored: Stored<T>| stored.record))
}

fn clue_prefix(kind: u8, value: &str) -> Vec<u8> {
    key(CLUE, &[&[kind], &MessageId::of(&[value.as_bytes()]).0])
}

fn apart_key(one: CustomerId, other: CustomerId) -> Vec<u8> {
    let (one, other) = if one < other { (one, other) } else { (other, one) };
    key(APART, &[&one.0, &other.0])
}

/// The customer that `id` turned out to be: itself in most cases.
fn root(read: &impl Read, id: CustomerId) -> Result<CustomerId, StoreError> {
    let mut id = id;
    for _ in 0..CHAIN {
        match super::customers::get(read, id)?.and_then(|customer| customer.merged_into) {
            Some(next) if next != id => id = next,
            _ => break,
        }
    }
    Ok(id)
}

impl Store {
    /// The customer that this one turned out to be; itself in most cases.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn root(&self, id: CustomerId) -> Result<CustomerId, StoreError> {
        root(self, id)
    }

    /// An act on the identity graph.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn graph_act(&self, id: ActId) -> Result<Option<GraphAct>, StoreError> {
        record_of(self, ACT, &id.0)
    }

    /// A suggestion.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn suggestion(&self, id: SuggestionId) -> Result<Option<Suggestion>, StoreError> {
        record_of(self, SUGGESTION, &id.0)
    }

    /// The suggestions about an identity, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn suggestions_of(&self, identity: IdentityId, limit: usize) -> Result<Vec<Suggestion>, StoreError> {
        let mut found = Vec::new();
        for (row_key, _) in self.scan_prefix(&key(SUGGESTED, &[&identity.0]), None, false, limit)? {
            if let Some(id) = row_key.get(17..).and_then(SuggestionId::from_slice) {
                found.extend(self.suggestion(id)?);
            }
        }
        Ok(found)
    }

    /// All suggestions, a page at a time.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn suggestions(&self, after: Option<SuggestionId>, limit: usize) -> Result<Vec<Suggestion>, StoreError> {
        let after = after.map(|id| key(SUGGESTION, &[&id.0]));
        self.scan_prefix(&[SUGGESTION], after.as_deref(), false, limit)?
            .iter()
            .map(|(_, row)| Ok(record::decode::<Suggestion>(SUGGESTION, row)?.record))
            .collect()
    }

    /// What agents and the graph did to a customer, the latest first, at most `limit`.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn history(&self, customer: CustomerId, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.scan_prefix(&key(HISTORY, &[&customer.0]), None, true, limit)?
            .iter()
            .map(|(_, row)| record::decode_event(row))
            .collect()
    }
}

impl Transaction<'_> {
    /// The customer that this one turned out to be; itself in most cases.
    ///
    /// # Errors
    /// When a row cannot be read.
    pub fn root(&self, id: CustomerId) -> Result<CustomerId, StoreError> {
        root(self, id)
    }

    /// What a customer that took others in would be alone.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn part(&self, id: CustomerId) -> Result<Option<Customer>, StoreError> {
        record_of(self, PART, &id.0)
    }

    /// Keeps what a customer that took others in would be alone.
    pub fn put_part(&mut self, part: &Customer) {
        self.put(key(PART, &[&part.id.0]), record::encode(part, &[], 0));
    }

    /// It is alone again.
    pub fn delete_part(&mut self, id: CustomerId) {
        self.delete(key(PART, &[&id.0]));
    }

    /// Keeps an act.
    pub fn put_graph_act(&mut self, act: &GraphAct) {
        self.put(key(ACT, &[&act.id.0]), record::encode(act, &[], 0));
    }

    /// An act as this transaction sees it.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn graph_act(&self, id: ActId) -> Result<Option<GraphAct>, StoreError> {
        record_of(self, ACT, &id.0)
    }

    /// These two were told apart: no proof joins them again by itself.
    pub fn put_apart(&mut self, one: CustomerId, other: CustomerId) {
        self.put(apart_key(one, other), Vec::new());
    }

    /// They are one again, an agent says.
    pub fn delete_apart(&mut self, one: CustomerId, other: CustomerId) {
        self.delete(apart_key(one, other));
    }

    /// Whether these two were told apart.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn is_apart(&self, one: CustomerId, other: CustomerId) -> Result<bool, StoreError> {
        Ok(self.get(&apart_key(one, other))?.is_some())
    }

    /// Notes that an identity has a clue; `how` is kept with it. False when it was known.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn put_clue(&mut self, kind: u8, value: &str, identity: IdentityId, how: u8) -> Result<bool, StoreError> {
        let mut row = clue_prefix(kind, value);
        row.extend_from_slice(&identity.0);
        let known = self.get(&row)?.and_then(|row| row.first().copied());
        if known.is_some_and(|known| known >= how) {
            return Ok(false);
        }
        self.put(row, vec![how]);
        Ok(true)
    }

    /// An identity has a clue no more.
    pub fn delete_clue(&mut self, kind: u8, value: &str, identity: IdentityId) {
        let mut row = clue_prefix(kind, value);
        row.extend_from_slice(&identity.0);
        self.delete(row);
    }

    /// Who has a clue, and how, at most `limit`.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn who_has(&self, kind: u8, value: &str, limit: usize) -> Result<Vec<(IdentityId, u8)>, StoreError> {
        let rows = self.scan(&clue_prefix(kind, value), limit)?;
        let read = |(key, row): (Vec<u8>, Vec<u8>)| Some((IdentityId::from_slice(key.get(18..)?)?, *row.first()?));
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// A suggestion as this transaction sees it.
    ///
    /// # Errors
    /// When the row cannot be read.
    pub fn suggestion(&self, id: SuggestionId) -> Result<Option<Suggestion>, StoreError> {
        record_of(self, SUGGESTION, &id.0)
    }

    /// Keeps a suggestion where both identities find it.
    pub fn put_suggestion(&mut self, suggestion: &Suggestion) {
        self.put(key(SUGGESTION, &[&suggestion.id.0]), record::encode(suggestion, &[], 0));
        for identity in [suggestion.one, suggestion.other] {
            self.put(key(SUGGESTED, &[&identity.0, &suggestion.id.0]), Vec::new());
        }
    }

    /// Puts an event where the history of its customers finds it. What comes in is on the timeline and not here.
    pub(super) fn keep_history(&mut self, event: &Event) {
        let told = matches!(
            event.kind,
            EventKind::Case | EventKind::Profile | EventKind::Identity | EventKind::Noted | EventKind::Queued
        );
        if told {
            self.put_history(event);
        }
    }

    /// Puts an event into the history of its customers that is not the event of the commit: what proof did to customers
    /// while messages came in.
    pub fn put_history(&mut self, event: &Event) {
        let row = record::encode_event(event);
        let own = MessageId::of(&[&row]);
        for customer in &event.customers {
            self.put(key(HISTORY, &[&customer.0, &event.at.key(), &own.0[..8]]), row.clone());
        }
    }
}
