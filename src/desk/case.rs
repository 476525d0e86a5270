//! What a message makes of its customer: a new one, unread counts, the case.

use crate::identity;
use crate::model::{
    Basis, Case, CaseStatus, Customer, CustomerId, Direction, Identity, Message, Party, Timestamp, Trust,
};
use std::collections::BTreeMap;

const DAY: i64 = 24 * 3_600_000;

/// A customer nobody knew, with the first identity.
pub(super) fn new_customer(
    channel: &str,
    party: &Party,
    basis: Basis,
    by: &str,
    at: Timestamp,
    now: Timestamp,
) -> (Customer, Identity) {
    let address = identity::normalise(channel, &party.address);
    let identity = Identity {
        id: identity::identity_id(channel, &address),
        channel: channel.to_owned(),
        address: address.clone(),
        name: party.name.clone(),
        customer: CustomerId::new(),
        basis,
        by: by.to_owned(),
        since: now,
        inbound: 0,
        outbound: 0,
        handle: None,
        links: Vec::new(),
        home: None,
        moves: Vec::new(),
        trust: Trust::Unverified,
        accepted: None,
        acceptance: None,
    };
    let customer = Customer {
        id: identity.customer,
        name: identity::better_name(&address, &party.name, &address).to_owned(),
        name_fixed: false,
        identities: vec![identity.id],
        case: None,
        unread: 0,
        tags: Vec::new(),
        notes: String::new(),
        fields: BTreeMap::new(),
        language: None,
        language_fixed: false,
        first_at: at,
        last_at: Timestamp(0),
        last_text: String::new(),
        last_direction: Direction::Inbound,
        last_account: String::new(),
        channels: vec![channel.to_owned()],
        trouble: false,
        cases_before: 0,
        last_inbound: Timestamp(0),
        last_outbound: Timestamp(0),
        last_inbound_received: Timestamp(0),
        last_outbound_received: Timestamp(0),
        unread_at: Vec::new(),
        address,
        merged_into: None,
        absorbed: Vec::new(),
        split_from: None,
        mood: None,
    };
    (customer, identity)
}

/// Files a message that a person wrote on its customer. What comes out is the same in whatever order a mailbox is read:
/// the newest message decides whether somebody waits. Returns the case that a new one took the place of.
pub(super) fn file_on(customer: &mut Customer, message: &Message, now: Timestamp) -> Option<Case> {
    let at = message.at;
    let newest = at >= customer.last_at;
    // What arrives long after it was written and is not the newest is history being read in.
    let fresh = newest || message.received >= now.plus_millis(-DAY);
    customer.first_at = customer.first_at.min(at);
    if newest {
        customer.last_at = at;
        customer.last_text = message.preview.clone();
        customer.last_direction = message.direction;
        customer.last_account = message.account.clone();
    }
    if message.direction == Direction::Outbound {
        customer.last_outbound = customer.last_outbound.max(at);
        customer.last_outbound_received = customer.last_outbound_received.max(message.received);
        customer.read_answered();
        if customer.is_answered() {
            customer.read_all();
            if let Some(case) = customer.case.as_mut()
                && case.status == CaseStatus::Open
            {
                case.wait();
            }
        } else if let Some(case) = customer.case.as_mut()
            && case.waiting_since.is_some_and(|since| since < at)
            && message.received >= customer.last_outbound_received
        {
            // They wait since what they wrote after it: the first that nobody read, or else the last.
            let later = customer.unread_at.iter().map(|(written, _)| *written).filter(|written| *written > at).min();
            case.waiting_since = Some(later.unwrap_or(customer.last_inbound));
        }
        return None;
    }
    customer.last_inbound = customer.last_inbound.max(at);
    customer.last_inbound_received = customer.last_inbound_received.max(message.received);
    let answered = customer.has_answered(at, message.received);
    if !answered {
        customer.add_unread(at, message.received);
    }
    let opened = |status: CaseStatus| Case {
        waiting_since: (status == CaseStatus::Open).then_some(at),
        opened_by: Some(message.id),
        ..Case::new(status, at)
    };
    match customer.case.as_mut() {
        None => {
            customer.case = Some(opened(if answered { CaseStatus::Waiting } else { CaseStatus::Open }));
            None
        }
        Some(case) if case.status == CaseStatus::Resolved => {
            if answered || !fresh {
                return None;
            }
            let owner = case.owner.clone();
            let past = customer.case.replace(Case { owner, ..opened(CaseStatus::Open) });
            customer.cases_before += 1;
            past
        }
        Some(case) => {
            case.opened = case.opened.min(at);
            if !answered && (case.status != CaseStatus::Snoozed || fresh) {
                case.status = CaseStatus::Open;
                case.snooze = None;
                case.waiting_since = Some(case.waiting_since.map_or(at, |since| since.min(at)));
            }
            None
        }
    }
}
