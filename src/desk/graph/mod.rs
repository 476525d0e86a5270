//! Who is one customer: merging, splitting, moving an identity, accepting a suspect, and taking any of them back at any
//! later time. Each is one commit. No message is written anew: identities and edges move.

mod derive;
mod history;
mod proof;
mod suggest;
mod tree;

pub(super) use proof::Proofs;
pub(super) use tree::{owner, rooted};

use super::case::new_customer;
use super::{Desk, DeskError, SYSTEM};
use crate::identity::{self, Clue};
use crate::model::{
    Act, ActId, Acted, Basis, Case, CaseStatus, Customer, CustomerId, Decided, Direction, Event, EventKind, GraphAct,
    GraphKind, Identity, IdentityId, Moved, Party, SuggestionId, Timestamp, clean_line,
};
use crate::store::Transaction;
use derive::derive;
use suggest::shown;
use tree::{cut, identities, join, rehome};

/// Letters of a reason.
const REASON: usize = 500;
/// Moves an identity remembers.
const MOVES: usize = 100;
const DRAFTS: usize = 1_000;
/// The latest messages of a suspect that are looked through for what they mention.
const MENTIONING: usize = 100;
/// Addresses a line of history names; the others are counted.
const NAMED: usize = 3;

/// Why an act is done.
#[derive(Default)]
pub(super) struct Why {
    /// In the words of the one who does it.
    pub reason: String,
    /// What speaks for it.
    pub evidence: Vec<String>,
    /// The suggestion it follows.
    pub suggestion: Option<SuggestionId>,
}

impl Why {
    fn said(reason: &str) -> Why {
        Why { reason: clean_line(reason).chars().take(REASON).collect(), ..Why::default() }
    }
}

fn begun(kind: GraphKind, by: &str, at: Timestamp, customer: &Customer, other: &Customer, why: Why) -> GraphAct {
    GraphAct {
        id: ActId::new(),
        kind,
        done: Decided { by: by.to_owned(), at },
        reason: why.reason,
        evidence: why.evidence,
        customer: customer.id,
        name: customer.name.clone(),
        other: other.id,
        other_name: other.name.clone(),
        identities: Vec::new(),
        undone: None,
        found: None,
        left: None,
        suggestion: why.suggestion,
        addresses: Vec::new(),
        proved: Vec::new(),
    }
}

/// `other` becomes part of `stays`, with the record that takes it back.
pub(super) fn merge_in(
    transaction: &mut Transaction<'_>,
    by: &str,
    at: Timestamp,
    stays: CustomerId,
    other: CustomerId,
    why: Why,
) -> Result<GraphAct, DeskError> {
    let (stays, other) = (rooted(transaction, stays)?, rooted(transaction, other)?);
    if stays.id == other.id {
        return Err(DeskError::Refused(format!("both are {} already; there is nothing to merge", stays.name)));
    }
    let mut act = begun(GraphKind::Merge, by, at, &stays, &other, why);
    act.addresses = identities(transaction, &other)?.iter().map(shown).collect();
    join(transaction, &stays, &other, stays.id)?;
    transaction.delete_apart(stays.id, other.id);
    transaction.put_graph_act(&act);
    Ok(act)
}

/// The event that an act is in the log and in the history of both.
pub(super) fn event_of(act: &GraphAct) -> Event {
    let mut event = Event::new(EventKind::Identity, act.done.at, &act.done.by);
    event.customers = vec![act.customer];
    if act.other != act.customer {
        event.customers.push(act.other);
    }
    event.act = Some(act.id);
    event.summary = summary(act);
    event
}

/// An act in plain words.
pub(super) fn summary(act: &GraphAct) -> String {
    let (name, other) = (&act.name, &act.other_name);
    let which = which(&act.addresses);
    let mut words = match act.kind {
        GraphKind::Merge if which.is_empty() => format!("{other} and {name} are one customer"),
        GraphKind::Merge => format!("{other} and {name} are one customer: {which}"),
        GraphKind::Split if which.is_empty() => format!("{other} was split off {name}"),
        GraphKind::Split => format!("{other} was split off {name}: {which}"),
        GraphKind::Move if which.is_empty() => format!("an identity of {name} was given to {other}"),
        GraphKind::Move => format!("{which} of {name} was given to {other}"),
        GraphKind::Accept if which.is_empty() => format!("a suspect of {name} was accepted"),
        GraphKind::Accept => format!("{which}, a suspect of {name}, was accepted"),
    };
    for part in std::iter::once(&act.reason).filter(|reason| !reason.is_empty()).chain(&act.evidence) {
        words.push_str("; ");
        words.push_str(part);
    }
    words
}

/// Addresses in a line: the first ones, and how many more.
fn which(addresses: &[String]) -> String {
    let mut words = addresses.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if addresses.len() > NAMED {
        words.push_str(&format!(" and {} more", addresses.len() - NAMED));
    }
    words
}

impl Desk {
    pub(super) fn merge(
        &self,
        agent: &str,
        stays: CustomerId,
        other: CustomerId,
        reason: &str,
    ) -> Result<Acted, DeskError> {
        self.merge_for(agent, stays, other, Why::said(reason))
    }

    pub(super) fn merge_for(
        &self,
        agent: &str,
        stays: CustomerId,
        other: CustomerId,
        why: Why,
    ) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut transaction = self.store.begin();
        let act = merge_in(&mut transaction, agent, self.now(), stays, other, why)?;
        self.settle_suggestion(&mut transaction, &act)?;
        let said = format!("{} and {} are one customer.", act.other_name, act.name);
        self.keep(transaction, act, said)
    }

    pub(super) fn split(
        &self,
        agent: &str,
        id: CustomerId,
        which: &[IdentityId],
        reason: &str,
    ) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let now = self.now();
        let mut transaction = self.store.begin();
        let from = rooted(&transaction, id)?;
        let known = identities(&transaction, &from)?;
        let mut moving: Vec<Identity> = Vec::new();
        for id in which {
            let found = known.iter().find(|identity| identity.id == *id);
            let found = found.ok_or_else(|| DeskError::NotFound(format!("{} has no identity {id}", from.name)))?;
            if !moving.contains(found) {
                moving.push(found.clone());
            }
        }
        let Some(first) = moving.first() else {
            return Err(DeskError::Refused("say which identities to split off".to_owned()));
        };
        if moving.len() == known.len() {
            return Err(DeskError::Refused(format!("all identities of {} would go; leave one", from.name)));
        }
        let party = Party { address: first.address.clone(), name: first.name.clone() };
        let (made, _) = new_customer(&first.channel, &party, Basis::Agent, agent, now, now);
        let made = Customer { identities: Vec::new(), split_from: Some(from.id), ..made };
        transaction.put_customer(&made)?;
        transaction.put_apart(from.id, made.id);
        let act = begun(GraphKind::Split, agent, now, &from, &made, Why::said(reason));
        let said = format!("{} is a customer of its own.", made.name);
        self.give(transaction, act, &moving, made.id, said)
    }

    pub(super) fn move_identity(
        &self,
        agent: &str,
        id: IdentityId,
        to: CustomerId,
        reason: &str,
    ) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let transaction = self.store.begin();
        let identity = transaction.identity(id)?;
        let identity = identity.ok_or_else(|| DeskError::NotFound(format!("there is no identity {id}")))?;
        let (from, to) = (rooted(&transaction, identity.customer)?, rooted(&transaction, to)?);
        if from.id == to.id {
            return Err(DeskError::Refused(format!("{} is {}'s already", identity.address, to.name)));
        }
        if from.identities.len() == 1 {
            return Err(DeskError::Refused(format!(
                "{} is all that {} has; merge the two customers instead",
                identity.address, from.name
            )));
        }
        let act = begun(GraphKind::Move, agent, self.now(), &from, &to, Why::said(reason));
        let said = format!("{} is {}'s.", identity.address, to.name);
        self.give(transaction, act, &[identity], to.id, said)
    }

    /// Gives identities to a customer and notes where they came from.
    fn give(
        &self,
        mut transaction: Transaction<'_>,
        mut act: GraphAct,
        moving: &[Identity],
        to: CustomerId,
        said: String,
    ) -> Result<Acted, DeskError> {
        let mut homes = Vec::with_capacity(moving.len());
        for identity in moving {
            let mut identity = identity.clone();
            if identity.moves.len() >= MOVES {
                return Err(DeskError::Refused(format!(
                    "{} was moved {MOVES} times; that is enough",
                    identity.address
                )));
            }
            identity.moves.push(Moved { act: act.id, before: identity.home() });
            act.identities.push(identity.id);
            act.addresses.push(shown(&identity));
            homes.push((identity, to));
        }
        let before = (transaction.customer(act.customer)?, transaction.customer(to)?);
        rehome(&mut transaction, &homes, &[])?;
        share_case(&mut transaction, act.customer, to, &moving.iter().collect::<Vec<_>>())?;
        let after = (transaction.customer(act.customer)?, transaction.customer(to)?);
        act.found = Some((before.0.and_then(|c| c.case), before.1.and_then(|c| c.case)));
        act.left = Some((after.0.and_then(|c| c.case), after.1.and_then(|c| c.case)));
        transaction.put_graph_act(&act);
        self.keep(transaction, act, said)
    }

    pub(super) fn accept(&self, agent: &str, id: IdentityId) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut transaction = self.store.begin();
        let identity = transaction.identity(id)?;
        let mut identity = identity.ok_or_else(|| DeskError::NotFound(format!("there is no identity {id}")))?;
        if !identity.is_suspect() {
            return Err(DeskError::Refused(format!("{} is no suspect", identity.address)));
        }
        let customer = rooted(&transaction, identity.customer)?;
        let mut act = begun(GraphKind::Accept, agent, self.now(), &customer, &customer, Why::default());
        act.identities = vec![id];
        act.addresses = vec![shown(&identity)];
        transaction.put_graph_act(&act);
        identity.accepted = Some(agent.to_owned());
        identity.acceptance = Some(act.id);
        transaction.put_identity(&identity);
        // What it says of itself counts from now on, and not only from the next message. Merges that follow are noted on
        // the act, which takes them back with it.
        let mut proofs = Proofs::default();
        proofs.let_in(&mut transaction, id, self.clues_of(&identity)?)?;
        let merged = proofs.finish(&mut transaction, act.done.at)?;
        let mut said = format!("{} counts as {}'s.", identity.address, customer.name);
        for merge in &merged {
            said.push_str(&format!(" Proven: {}.", summary(merge)));
        }
        let others = merged.iter().flat_map(|merge| [merge.customer, merge.other]).collect();
        self.keep_with(transaction, act, said, others)
    }

    /// Suspects that an act let in are suspects again, and what rests on them alone is parted. Merges that somebody took
    /// back already, or made themselves, are left as they are; nobody is told apart for good, so that the suspect may be
    /// let in once more. Returns what to say, and whom it concerns beside the act's own.
    fn throw_out(
        &self,
        transaction: &mut Transaction<'_>,
        act: &GraphAct,
        undone: &Decided,
    ) -> Result<(String, Vec<CustomerId>), DeskError> {
        for id in &act.identities {
            if let Some(mut identity) = transaction.identity(*id)? {
                for clue in self.clues_of(&identity)? {
                    transaction.delete_clue(clue.kind.number(), &clue.value, *id);
                }
                (identity.accepted, identity.acceptance) = (None, None);
                transaction.put_identity(&identity);
            }
        }
        let mut said = format!("A suspect of {} again.", act.name);
        let mut parted = Vec::new();
        for merge in act.proved.iter().rev() {
            let Some(mut merge) = transaction.graph_act(*merge)?.filter(|merge| merge.undone.is_none()) else {
                continue;
            };
            let (stays, goes) = part(transaction, &merge)?;
            said.push_str(&format!(" {} and {} are two customers again.", goes.name, stays.name));
            parted.extend([stays.id, goes.id]);
            merge.undone = Some(undone.clone());
            transaction.put_graph_act(&merge);
        }
        // What others prove as well holds without the suspect.
        for merge in proof::proven_of(transaction, &parted, undone.at)? {
            said.push_str(&format!(" Proven all the same: {}.", summary(&merge)));
        }
        Ok((said, parted))
    }

    /// All clues of an identity: what its channel says of it, and what it mentions in its latest messages.
    fn clues_of(&self, identity: &Identity) -> Result<Vec<Clue>, DeskError> {
        let mut clues = identity::clues(identity);
        let own: Vec<String> = self.accounts().iter().flat_map(|facts| facts.own.iter().cloned()).collect();
        for stored in self.store.timeline(&[identity.id.0], None, MENTIONING)?.rows {
            if stored.message.direction == Direction::Inbound
                && stored.message.automated.is_none()
                && let Ok(text) = self.text(&stored)
            {
                clues.extend(identity::mentioned(&text, &own));
            }
        }
        Ok(clues)
    }

    fn keep(&self, transaction: Transaction<'_>, act: GraphAct, said: String) -> Result<Acted, DeskError> {
        self.keep_with(transaction, act, said, Vec::new())
    }

    /// As [`Desk::keep`], of an act that concerns others, too.
    fn keep_with(
        &self,
        mut transaction: Transaction<'_>,
        act: GraphAct,
        said: String,
        others: Vec<CustomerId>,
    ) -> Result<Acted, DeskError> {
        rehome_drafts(&mut transaction)?;
        let mut event = event_of(&act);
        for other in others {
            if !event.customers.contains(&other) {
                event.customers.push(other);
            }
        }
        self.commit(transaction, event)?;
        Ok(Acted {
            said,
            undo: vec![Act::Unmerge(act.id)],
            customer: Some(act.customer),
            act: Some(act.id),
            ..Acted::default()
        })
    }

    pub(super) fn unmerge(&self, agent: &str, id: ActId) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let mut transaction = self.store.begin();
        let act = transaction.graph_act(id)?;
        let mut act = act.ok_or_else(|| DeskError::NotFound(format!("there is no act {id}; `history` lists them")))?;
        if let Some(undone) = &act.undone {
            return Err(DeskError::Refused(format!("{} took it back already", undone.by)));
        }
        let undone = Decided { by: agent.to_owned(), at: self.now() };
        let mut others = Vec::new();
        let said = match act.kind {
            GraphKind::Merge => {
                let (stays, goes) = part(&mut transaction, &act)?;
                transaction.put_apart(act.customer, act.other);
                self.doubt(&mut transaction, &act, agent)?;
                format!("{} and {} are two customers again.", goes.name, stays.name)
            }
            GraphKind::Split | GraphKind::Move => {
                take_back(&mut transaction, &act)?;
                format!("Taken back: {}.", summary(&act))
            }
            GraphKind::Accept => {
                let said;
                (said, others) = self.throw_out(&mut transaction, &act, &undone)?;
                said
            }
        };
        act.undone = Some(undone);
        transaction.put_graph_act(&act);
        rehome_drafts(&mut transaction)?;
        let mut event = Event::new(EventKind::Identity, self.now(), agent);
        event.customers = vec![act.customer];
        others.insert(0, act.other);
        for other in others {
            if !event.customers.contains(&other) {
                event.customers.push(other);
            }
        }
        event.act = Some(act.id);
        event.summary = format!("taken back: {}", summary(&act));
        self.commit(transaction, event)?;
        Ok(Acted { said, customer: Some(act.customer), act: Some(act.id), ..Acted::default() })
    }
}

/// The two that a merge made one are two again. Returns the one that stayed and the one that was taken in.
fn part(transaction: &mut Transaction<'_>, merge: &GraphAct) -> Result<(Customer, Customer), DeskError> {
    let (stays, goes) = cut(transaction, merge.other)?;
    adopt_empty(transaction, &goes)?;
    adopt_empty(transaction, &stays)?;
    Ok((stays, goes))
}

/// The identities an act moved go back where they were. One that was moved on since stays where it is; the later move
/// then leads back past this one.
fn take_back(transaction: &mut Transaction<'_>, act: &GraphAct) -> Result<(), DeskError> {
    let mut homes = Vec::new();
    for id in &act.identities {
        let Some(mut identity) = transaction.identity(*id)? else { continue };
        let Some(at) = identity.moves.iter().position(|moved| moved.act == act.id) else { continue };
        let moved = identity.moves.remove(at);
        match identity.moves.get_mut(at) {
            Some(later) => {
                later.before = moved.before;
                transaction.put_identity(&identity);
            }
            None => homes.push((identity, moved.before)),
        }
    }
    let (customer, other) = (transaction.root(act.customer)?, transaction.root(act.other)?);
    if !homes.is_empty() {
        rehome(transaction, &homes, &[])?;
        let back: Vec<&Identity> = homes.iter().map(|(identity, _)| identity).collect();
        restore_case(transaction, act, customer, other, &back)?;
    }
    if let Some(made) = transaction.customer(transaction.root(act.other)?)? {
        adopt_empty(transaction, &made)?;
    }
    Ok(())
}

/// A customer that a split made and that has nothing left becomes part of the one it was split off: its notes stay to be
/// seen, and its id leads somewhere.
fn adopt_empty(transaction: &mut Transaction<'_>, customer: &Customer) -> Result<(), DeskError> {
    let Some(customer) = transaction.customer(customer.id)? else { return Ok(()) };
    let Some(below) = customer.split_from else { return Ok(()) };
    if !customer.identities.is_empty() || customer.merged_into.is_some() {
        return Ok(());
    }
    let from = rooted(transaction, below)?;
    if from.id != customer.id {
        join(transaction, &from, &customer, below)?;
    }
    Ok(())
}

/// Who waits takes the open case along: the one that gave keeps it only while its own people wait.
fn share_case(
    transaction: &mut Transaction<'_>,
    from: CustomerId,
    to: CustomerId,
    moved: &[&Identity],
) -> Result<(), DeskError> {
    let (Some(mut from), Some(mut to)) = (transaction.customer(from)?, transaction.customer(to)?) else {
        return Ok(());
    };
    let Some(case) = from.case.clone().filter(|case| case.status == CaseStatus::Open) else { return Ok(()) };
    if derive(transaction.store(), moved)?.waits.is_some() {
        match to.case.as_mut().filter(|case| case.status != CaseStatus::Resolved) {
            Some(theirs) => {
                theirs.status = CaseStatus::Open;
                theirs.snooze = None;
                theirs.waiting_since = theirs.waiting_since.or(case.waiting_since).or(Some(to.last_inbound));
            }
            None => {
                if let Some(past) = &to.case {
                    transaction.put_past_case(to.id, past);
                    to.cases_before += 1;
                }
                to.case = Some(Case { owner: case.owner.clone(), priority: case.priority, ..case.clone() });
            }
        }
        transaction.put_customer(&to)?;
        if from.is_answered()
            && let Some(case) = from.case.as_mut()
        {
            case.park();
            transaction.put_customer(&from)?;
        }
    }
    Ok(())
}

/// Cases go back to what a move found, where nothing happened to them since.
fn restore_case(
    transaction: &mut Transaction<'_>,
    act: &GraphAct,
    customer: CustomerId,
    other: CustomerId,
    back: &[&Identity],
) -> Result<(), DeskError> {
    let (Some(found), Some(left)) = (&act.found, &act.left) else { return Ok(()) };
    for (id, found, left) in [(customer, &found.0, &left.0), (other, &found.1, &left.1)] {
        if let Some(mut customer) = transaction.customer(id)?
            && customer.case == *left
            && customer.absorbed.is_empty()
        {
            customer.case = found.clone();
            transaction.put_customer(&customer)?;
        }
    }
    // What came in meanwhile waits where it is now.
    if customer != other {
        share_case(transaction, other, customer, back)?;
    }
    Ok(())
}

/// A draft goes with the message it answers.
fn rehome_drafts(transaction: &mut Transaction<'_>) -> Result<(), DeskError> {
    for mut draft in transaction.store().drafts(DRAFTS)? {
        let Some(parent) = draft.compose.parent else { continue };
        let Some(stored) = transaction.message(parent)? else { continue };
        let Some(identity) = stored.message.identity else { continue };
        let Some(identity) = transaction.identity(identity)? else { continue };
        let Some(customer) = draft.customer else { continue };
        let whose = transaction.root(identity.customer)?;
        if transaction.root(customer)? != whose {
            draft.customer = Some(whose);
            draft.compose.customer = Some(whose);
            transaction.put_draft(&draft);
        }
    }
    Ok(())
}

/// The name workers act under, for acts that proof does.
pub(super) const BY_PROOF: &str = SYSTEM;
