//! Proof: two identities with the same proven key are one customer's, without anybody asking. A new identity joins the
//! customer at once; two customers that turn out to be one are merged, and the merge can be taken back like any other.

use super::suggest::suggest;
use super::tree::{identities, rooted};
use super::{BY_PROOF, Why, event_of, merge_in};
use crate::desk::DeskError;
use crate::identity::{self, Clue, ClueKind, LinkClues};
use crate::model::{CustomerId, Event, EventKind, GraphAct, Identity, IdentityId, Suggestion, Timestamp};
use crate::store::Transaction;
use std::collections::BTreeMap;

/// How many that have the same key are looked at.
const HOLDERS: usize = 20;

/// Clues that came up while a page was filed.
#[derive(Default)]
pub(in crate::desk) struct Proofs {
    touched: BTreeMap<IdentityId, Vec<Clue>>,
    joined: Vec<(IdentityId, IdentityId, String)>,
}

/// A shared key in plain words.
fn words(clue: &Clue) -> String {
    let ClueKind::Link(kind) = clue.kind else { return clue.value.clone() };
    format!("both have the {} key {}, vouched for by their channels", kind.word(), clue.value)
}

/// Another identity that has one of these keys proven, and the sentence that says so. Of several the first known. Nobody
/// joins a suspect that was let in: with that taken back they are to part again, and only a merge can be undone.
fn proven(
    transaction: &Transaction<'_>,
    me: IdentityId,
    clues: &[Clue],
) -> Result<Option<(IdentityId, String)>, DeskError> {
    for clue in clues.iter().filter(|clue| clue.how == LinkClues::Proven) {
        let holders = transaction.who_has(clue.kind.number(), &clue.value, HOLDERS)?;
        for (other, how) in holders {
            let is_proven = other != me && LinkClues::from_number(how) == LinkClues::Proven;
            if is_proven && transaction.identity(other)?.is_none_or(|other| other.acceptance.is_none()) {
                return Ok(Some((other, words(clue))));
            }
        }
    }
    Ok(None)
}

impl Proofs {
    /// The identity whose customer a new one joins by proof.
    pub(in crate::desk) fn kin(
        &mut self,
        transaction: &Transaction<'_>,
        new: &Identity,
    ) -> Result<Option<IdentityId>, DeskError> {
        let found = proven(transaction, new.id, &identity::clues(new))?;
        Ok(found.map(|(other, words)| {
            self.joined.push((new.id, other, words));
            other
        }))
    }

    /// Keeps the clues of an identity; what is new among them is looked into when the page is filed.
    pub(in crate::desk) fn note(
        &mut self,
        transaction: &mut Transaction<'_>,
        identity: &Identity,
    ) -> Result<(), DeskError> {
        let clues = identity::clues(identity);
        self.keep(transaction, identity.id, clues)
    }

    /// Keeps what a message mentions.
    pub(in crate::desk) fn mention(
        &mut self,
        transaction: &mut Transaction<'_>,
        identity: IdentityId,
        text: &str,
        own: &[String],
    ) -> Result<(), DeskError> {
        self.keep(transaction, identity, identity::mentioned(text, own))
    }

    /// Keeps the clues of a suspect that was let in.
    pub(super) fn let_in(
        &mut self,
        transaction: &mut Transaction<'_>,
        identity: IdentityId,
        clues: Vec<Clue>,
    ) -> Result<(), DeskError> {
        self.keep(transaction, identity, clues)
    }

    fn keep(
        &mut self,
        transaction: &mut Transaction<'_>,
        identity: IdentityId,
        clues: Vec<Clue>,
    ) -> Result<(), DeskError> {
        for clue in clues {
            if transaction.put_clue(clue.kind.number(), &clue.value, identity, clue.how.number())? {
                self.touched.entry(identity).or_default().push(clue);
            }
        }
        Ok(())
    }

    /// Looks into what is new and suggests what is likely; what proof makes one is asked about, too. For what comes with an
    /// import: a file may be wrong about many at once.
    pub(in crate::desk) fn ask(self, transaction: &mut Transaction<'_>, now: Timestamp) -> Result<(), DeskError> {
        for (id, clues) in &self.touched {
            suggest(transaction, *id, clues, now)?;
        }
        Ok(())
    }

    /// Looks into what is new: merges what proof makes one, suggests what is likely. Customers and identities of the page
    /// are in the transaction by now. Returns what was merged.
    pub(in crate::desk) fn finish(
        self,
        transaction: &mut Transaction<'_>,
        now: Timestamp,
    ) -> Result<Vec<GraphAct>, DeskError> {
        let mut acts = Vec::new();
        for (new, other, words) in &self.joined {
            let (Some(new), Some(other)) = (transaction.identity(*new)?, transaction.identity(*other)?) else {
                continue;
            };
            let mut event = Event::new(EventKind::Identity, now, BY_PROOF);
            event.customers = vec![transaction.root(other.customer)?];
            event.summary = format!("{} ({}) is theirs; {words}", new.address, new.channel);
            transaction.put_history(&event);
        }
        for (id, clues) in &self.touched {
            for clue in clues.iter().filter(|clue| clue.how == LinkClues::Proven) {
                acts.extend(one_by(transaction, *id, clue, now)?);
            }
        }
        for (id, clues) in &self.touched {
            suggest(transaction, *id, clues, now)?;
        }
        Ok(acts)
    }
}

/// Merges what the identities of these customers prove, as it stands now.
pub(super) fn proven_of(
    transaction: &mut Transaction<'_>,
    customers: &[CustomerId],
    now: Timestamp,
) -> Result<Vec<GraphAct>, DeskError> {
    let mut acts = Vec::new();
    for id in customers {
        for identity in identities(transaction, &rooted(transaction, *id)?)? {
            for clue in identity::clues(&identity).iter().filter(|clue| clue.how == LinkClues::Proven) {
                acts.extend(one_by(transaction, identity.id, clue, now)?);
            }
        }
    }
    Ok(acts)
}

/// Merges all who have this key proven, unless an agent told them apart.
fn one_by(
    transaction: &mut Transaction<'_>,
    me: IdentityId,
    clue: &Clue,
    now: Timestamp,
) -> Result<Vec<GraphAct>, DeskError> {
    let mut acts = Vec::new();
    for (id, how) in transaction.who_has(clue.kind.number(), &clue.value, HOLDERS)? {
        if id == me || LinkClues::from_number(how) != LinkClues::Proven {
            continue;
        }
        let (Some(mine), Some(theirs)) = (transaction.identity(me)?, transaction.identity(id)?) else { continue };
        if mine.is_suspect() || theirs.is_suspect() {
            continue;
        }
        let (one, other) = (transaction.root(mine.customer)?, transaction.root(theirs.customer)?);
        let apart = transaction.is_apart(one, other)? || transaction.is_apart(mine.home(), theirs.home())?;
        if one == other || apart {
            continue;
        }
        // Who is known longer stays.
        let (Some(first), Some(second)) = (transaction.customer(one)?, transaction.customer(other)?) else { continue };
        let (stays, goes) = if (second.first_at, second.id) < (first.first_at, first.id) {
            (second.id, first.id)
        } else {
            (first.id, second.id)
        };
        let why =
            Why { reason: String::new(), evidence: vec![words(clue)], suggestion: Some(Suggestion::id_of(me, id)) };
        let act = merge_in(transaction, BY_PROOF, now, stays, goes, why)?;
        transaction.put_history(&event_of(&act));
        for let_in in [mine.acceptance, theirs.acceptance].into_iter().flatten() {
            if let Some(mut acceptance) = transaction.graph_act(let_in)? {
                acceptance.proved.push(act.id);
                transaction.put_graph_act(&acceptance);
            }
        }
        acts.push(act);
    }
    Ok(acts)
}
