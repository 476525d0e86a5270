//! The tree of merges: a customer that took others in has parts, each kept as it would be alone. Joining and cutting move
//! edges; no message is written anew.

use super::derive::{Derived, derive, share_unread};
use crate::desk::DeskError;
use crate::identity;
use crate::model::{CaseStatus, Customer, CustomerId, Identity, IdentityId, OutboxState, Outgoing};
use crate::store::Transaction;
use std::collections::BTreeSet;

/// Customers that one may take in.
const MOST: usize = 200;
const UNDONE: usize = 10_000;

/// The customer with this id, or the one it turned out to be.
pub(in crate::desk) fn rooted(transaction: &Transaction<'_>, id: CustomerId) -> Result<Customer, DeskError> {
    let root = transaction.root(id)?;
    transaction.customer(root)?.ok_or_else(|| DeskError::NotFound(format!("there is no customer {id}")))
}

/// The identities of a customer.
pub(super) fn identities(transaction: &Transaction<'_>, customer: &Customer) -> Result<Vec<Identity>, DeskError> {
    let mut found = Vec::with_capacity(customer.identities.len());
    for id in &customer.identities {
        found.extend(transaction.identity(*id)?);
    }
    Ok(found)
}

/// Whose outbox row it is: the customer of the identity it went to, whoever that is by now.
pub(in crate::desk) fn owner(transaction: &Transaction<'_>, outgoing: &Outgoing) -> Result<CustomerId, DeskError> {
    if let Some(stored) = transaction.message(outgoing.message)?
        && let Some(identity) = stored.message.identity
        && let Some(identity) = transaction.identity(identity)?
    {
        return Ok(transaction.root(identity.customer)?);
    }
    Ok(transaction.root(outgoing.customer)?)
}

/// The parts of a customer as they stand now: what was done to the whole since is given back to them. The one that stays
/// comes first. A case of a part that another took the place of is kept among its past ones.
fn parts(transaction: &mut Transaction<'_>, whole: &Customer) -> Result<Vec<Customer>, DeskError> {
    let own = transaction.part(whole.id)?;
    let mut parts = vec![own.unwrap_or_else(|| whole.clone())];
    for id in &whole.absorbed {
        parts.extend(transaction.customer(*id)?);
    }
    if parts.len() < 2 {
        return Ok(vec![whole.clone()]);
    }
    let known = identities(transaction, whole)?;
    let mut waits = Vec::with_capacity(parts.len());
    for part in &parts {
        let theirs: Vec<&Identity> = known.iter().filter(|identity| identity.home() == part.id).collect();
        waits.push(derive(transaction.store(), &theirs)?.waits);
    }
    let opener = match whole.case.as_ref().and_then(|case| case.opened_by) {
        Some(message) => match transaction.message(message)?.and_then(|stored| stored.message.identity) {
            Some(identity) => known.iter().find(|known| known.id == identity).map(Identity::home),
            None => None,
        },
        None => None,
    };
    let opener = opener.and_then(|home| parts.iter().position(|part| part.id == home));
    let before: Vec<_> = parts.iter().map(|part| part.case.clone()).collect();
    identity::settle(&mut parts, whole, &waits, opener);
    for (part, was) in parts.iter().zip(before) {
        if let Some(was) = was.filter(|was| was.status == CaseStatus::Resolved)
            && part.case.as_ref().is_none_or(|case| case.opened != was.opened)
        {
            transaction.put_past_case(part.id, &was);
        }
    }
    Ok(parts)
}

/// Whether `part` is `top` or was taken in by it, directly or through others.
fn is_below(parts: &[Customer], part: &Customer, top: CustomerId) -> bool {
    let mut at = Some(part.id);
    for _ in 0..=parts.len() {
        match at {
            Some(id) if id == top => return true,
            Some(id) => at = parts.iter().find(|part| part.id == id).and_then(|part| part.merged_into),
            None => return false,
        }
    }
    false
}

fn in_order(identities: &mut [Identity]) {
    identities.sort_by_key(|identity| identity.since);
}

/// The whole that these parts and identities make, written with all of them. Counts are left to the caller.
fn write_whole(
    transaction: &mut Transaction<'_>,
    parts: &[Customer],
    mut known: Vec<Identity>,
) -> Result<Option<(Customer, Vec<Identity>)>, DeskError> {
    let Some(mut whole) = identity::combine(parts) else { return Ok(None) };
    in_order(&mut known);
    for identity in &mut known {
        let moved = identity.customer != whole.id;
        if moved || parts.len() > 1 {
            identity.home = Some(identity.home());
        }
        if moved {
            identity.customer = whole.id;
        }
        transaction.put_identity(identity);
    }
    whole.merged_into = None;
    whole.absorbed = parts.iter().skip(1).map(|part| part.id).collect();
    match parts {
        [_] => transaction.delete_part(whole.id),
        _ => transaction.put_part(&Customer { absorbed: Vec::new(), merged_into: None, ..parts[0].clone() }),
    }
    for part in parts.iter().skip(1) {
        transaction.delete_part(part.id);
        transaction.put_customer(&Customer { absorbed: Vec::new(), identities: Vec::new(), ..part.clone() })?;
    }
    set_identities(&mut whole, &known);
    // From here on its id leads to itself.
    transaction.put_customer(&whole)?;
    Ok(Some((whole, known)))
}

fn set_identities(whole: &mut Customer, known: &[Identity]) {
    whole.identities = known.iter().map(|identity| identity.id).collect();
    let channels: BTreeSet<String> = known.iter().map(|identity| identity.channel.clone()).collect();
    whole.channels = channels.into_iter().collect();
    if !known.iter().any(|identity| identity.address == whole.address)
        && let Some(first) = known.first()
    {
        whole.address = first.address.clone();
    }
}

/// `other` turned out to be `stays`: one customer from now on. `below` is the part of `stays` it hangs on. Both are roots.
pub(super) fn join(
    transaction: &mut Transaction<'_>,
    stays: &Customer,
    other: &Customer,
    below: CustomerId,
) -> Result<Customer, DeskError> {
    if stays.absorbed.len() + other.absorbed.len() + 1 > MOST {
        return Err(DeskError::Refused(format!("{} is {MOST} customers already; no more can be one", stays.name)));
    }
    let mut all = parts(transaction, stays)?;
    let mut theirs = parts(transaction, other)?;
    theirs[0].merged_into = Some(below);
    all.extend(theirs);
    let mut known = identities(transaction, stays)?;
    known.extend(identities(transaction, other)?);
    let Some((mut whole, _)) = write_whole(transaction, &all, known)? else {
        return Err(DeskError::NotFound(format!("there is no customer {}", stays.id)));
    };
    let latest = if other.last_at > stays.last_at { other } else { stays };
    whole.last_at = latest.last_at;
    whole.last_text = latest.last_text.clone();
    whole.last_direction = latest.last_direction;
    whole.last_account = latest.last_account.clone();
    whole.first_at = stays.first_at.min(other.first_at);
    whole.trouble = stays.trouble || other.trouble;
    whole.last_inbound = stays.last_inbound.max(other.last_inbound);
    whole.last_outbound = stays.last_outbound.max(other.last_outbound);
    whole.last_inbound_received = stays.last_inbound_received.max(other.last_inbound_received);
    whole.last_outbound_received = stays.last_outbound_received.max(other.last_outbound_received);
    let mut unread = stays.unread_at.clone();
    unread.extend(&other.unread_at);
    unread.sort_unstable();
    whole.unread = stays.unread.saturating_add(other.unread);
    whole.unread_at = unread.split_off(unread.len().saturating_sub(200));
    unpark(&mut whole);
    transaction.put_customer(&whole)?;
    Ok(whole)
}

/// What was taken in with `top` is a customer of its own again. Returns the one that stays and the one that goes.
pub(super) fn cut(transaction: &mut Transaction<'_>, top: CustomerId) -> Result<(Customer, Customer), DeskError> {
    let whole = rooted(transaction, top)?;
    let all = parts(transaction, &whole)?;
    let (mut go, stay): (Vec<_>, Vec<_>) = all.iter().cloned().partition(|part| is_below(&all, part, top));
    go.sort_by_key(|part| part.id != top);
    if go.is_empty() || stay.is_empty() {
        return Err(DeskError::Refused(format!("{} is one customer alone; there is nothing to part", whole.name)));
    }
    go[0].merged_into = None;
    let known = identities(transaction, &whole)?;
    let (theirs, ours): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|identity| go.iter().any(|part| part.id == identity.home()));
    let stays = write_whole(transaction, &stay, ours)?;
    let goes = write_whole(transaction, &go, theirs)?;
    let (Some(stays), Some(goes)) = (stays, goes) else {
        return Err(DeskError::NotFound(format!("there is no customer {top}")));
    };
    let done = refresh(transaction, &[whole], vec![stays.0, goes.0])?;
    let mut done = done.into_iter();
    match (done.next(), done.next()) {
        (Some(stays), Some(goes)) => Ok((stays, goes)),
        _ => Err(DeskError::NotFound(format!("there is no customer {top}"))),
    }
}

/// Gives identities to other parts: `homes` says for each whose it is from now on. Returns the roots concerned, the ones
/// that gave first. Their moves are the caller's to note.
pub(super) fn rehome(
    transaction: &mut Transaction<'_>,
    homes: &[(Identity, CustomerId)],
    more: &[CustomerId],
) -> Result<Vec<Customer>, DeskError> {
    let mut roots: Vec<CustomerId> = Vec::new();
    let mut add = |root: CustomerId| {
        if !roots.contains(&root) {
            roots.push(root);
        }
    };
    for (identity, _) in homes {
        add(transaction.root(identity.customer)?);
    }
    for (_, home) in homes {
        add(transaction.root(*home)?);
    }
    more.iter().for_each(|id| add(*id));
    let mut had = Vec::with_capacity(roots.len());
    for root in &roots {
        let customer = transaction.customer(*root)?;
        had.push(customer.ok_or_else(|| DeskError::NotFound(format!("there is no customer {root}")))?);
    }
    for (identity, home) in homes {
        let root = transaction.root(*home)?;
        transaction.put_identity(&Identity { home: Some(*home), customer: root, ..identity.clone() });
    }
    let moved: Vec<IdentityId> = homes.iter().map(|(identity, _)| identity.id).collect();
    let mut now = Vec::with_capacity(roots.len());
    for customer in &had {
        let mut known = Vec::new();
        let new = moved.iter().filter(|id| !customer.identities.contains(id));
        for id in customer.identities.iter().chain(new) {
            known.extend(transaction.identity(*id)?.filter(|identity| identity.customer == customer.id));
        }
        in_order(&mut known);
        let mut customer = customer.clone();
        set_identities(&mut customer, &known);
        now.push(customer);
    }
    refresh(transaction, &had, now)
}

/// Makes anew what follows from messages on customers whose identities changed, shares out what was unread on those that
/// `had` them, and writes them.
fn refresh(
    transaction: &mut Transaction<'_>,
    had: &[Customer],
    now: Vec<Customer>,
) -> Result<Vec<Customer>, DeskError> {
    let troubled = had.iter().any(|customer| customer.trouble);
    let mut made: Vec<(Customer, Derived)> = Vec::with_capacity(now.len());
    for mut customer in now {
        let known = identities(transaction, &customer)?;
        let derived = derive(transaction.store(), &known.iter().collect::<Vec<_>>())?;
        derived.onto(&mut customer);
        made.push((customer, derived));
    }
    share_unread(had, &mut made);
    let mut done: Vec<Customer> = made.into_iter().map(|(customer, _)| customer).collect();
    if troubled {
        share_trouble(transaction, &mut done)?;
    }
    for customer in &mut done {
        unpark(customer);
        transaction.put_customer(customer)?;
    }
    Ok(done)
}

/// Who waits for an answer and came back is waited for no more: a parked case is open again.
fn unpark(customer: &mut Customer) {
    if !customer.is_answered()
        && let Some(case) = customer.case.as_mut()
    {
        case.unpark();
    }
}

/// Trouble goes with the messages that did not arrive; what the outbox does not explain (a bounce) stays.
fn share_trouble(transaction: &Transaction<'_>, customers: &mut [Customer]) -> Result<(), DeskError> {
    for stored in transaction.store().undone(UNDONE)? {
        if matches!(stored.outgoing.state, OutboxState::Failed | OutboxState::Unknown) {
            let owner = owner(transaction, &stored.outgoing)?;
            customers.iter_mut().filter(|customer| customer.id == owner).for_each(|customer| customer.trouble = true);
        }
    }
    if !customers.iter().any(|customer| customer.trouble)
        && let Some(first) = customers.first_mut()
    {
        first.trouble = true;
    }
    Ok(())
}
