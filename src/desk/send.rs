//! Writing: an answer, a forward, a new message, or a private note. One commit queues it, puts it on the timeline, moves
//! the case and removes the draft.

use super::case::new_customer;
use super::files::listed;
use super::outbox::still_troubled;
use super::{Desk, DeskError};
use crate::identity;
use crate::model::{
    AccountFacts, Act, Acted, Basis, Case, CaseChange, CaseStatus, Compose, Customer, CustomerId, Delivery, Direction,
    Draft, Event, EventKind, IdentityId, Message, MessageId, OutboxState, Outgoing, OutgoingAttachment, OutgoingId,
    Party, ReplyKind, TakeBack, ThreadId, Timestamp, Trust, Way, clean_block, clean_line,
};
use crate::store::{Content, StoredMessage, Transaction};
use std::collections::BTreeMap;

/// The longest text one message may have.
const MAX_TEXT: usize = 1024 * 1024;
/// How far back is looked for what came since the agent looked.
const LOOK_BACK: usize = 500;
const PREVIEW: usize = 200;

impl Desk {
    pub(super) fn send(&self, agent: &str, compose: Compose) -> Result<Acted, DeskError> {
        if compose.text.len() > MAX_TEXT {
            return Err(DeskError::Refused("the text is longer than 1 MB; send it as a file".to_owned()));
        }
        // Files are read before the lock: a slow disk stops nobody else.
        let files = self.read_attachments(&compose.attachments)?;
        if compose.text.trim().is_empty() && files.is_empty() {
            return Err(DeskError::Refused("there is nothing in it yet; write something first".to_owned()));
        }
        let _writer = self.write();
        // The same draft open in two windows leaves once.
        if let Some(draft) = compose.draft
            && self.store.draft(draft)?.is_none()
        {
            let gone = "this draft was sent or discarded in another window; look before sending it again";
            return Err(DeskError::Refused(gone.to_owned()));
        }
        match compose.kind {
            ReplyKind::Note => self.file_note(agent, &compose),
            _ => self.queue(agent, compose, files),
        }
    }

    fn file_note(&self, agent: &str, compose: &Compose) -> Result<Acted, DeskError> {
        let id = compose.customer.ok_or_else(|| DeskError::Refused("a note needs a customer".to_owned()))?;
        let mut customer = self.known(id)?;
        let now = self.now();
        let text = clean_block(&compose.text);
        let message = Message {
            id: MessageId::new(),
            identity: None,
            channel: "note".to_owned(),
            account: String::new(),
            direction: Direction::Note,
            from: Party { address: String::new(), name: clean_line(agent) },
            to: Vec::new(),
            cc: Vec::new(),
            reply_to: None,
            at: now,
            received: now,
            subject: String::new(),
            thread: ThreadId::of(&[b"note", &customer.id.0]),
            remote_id: String::new(),
            references: Vec::new(),
            delivery: Delivery::None,
            automated: None,
            attachments: Vec::new(),
            preview: preview(&text),
            outgoing: None,
            agent: Some(agent.to_owned()),
            folder: String::new(),
            note_of: Some(customer.id),
            way: Way::Direct,
            context: BTreeMap::new(),
            url: None,
            trust: Trust::Verified,
        };
        let mut transaction = self.store.begin();
        transaction.file_message(&message, Content { text, original: None })?;
        if let Some(draft) = compose.draft {
            transaction.delete_draft(draft);
        }
        let mut event = Event::new(EventKind::Noted, now, agent);
        event.customers = vec![customer.id];
        event.messages = vec![message.id];
        event.draft = compose.draft;
        event.summary = "private note".to_owned();
        let mut said = "Note kept. Only we see it.".to_owned();
        let mut undo = Vec::new();
        if compose.resolve {
            let case = Box::new(customer.case.clone());
            customer.case.get_or_insert(Case::new(CaseStatus::Waiting, now)).resolve(now);
            event.case = Some(CaseChange::of((*case).as_ref(), customer.case.as_ref()));
            let left = Box::new(customer.case.clone());
            undo.push(Act::RestoreCase { customer: customer.id, case, left });
            transaction.put_customer(&customer)?;
            event.summary = "private note, resolved".to_owned();
            said = "Note kept, case resolved.".to_owned();
        }
        self.commit(transaction, event)?;
        Ok(Acted { said, undo, customer: Some(customer.id), message: Some(message.id), ..Acted::default() })
    }

    fn queue(
        &self,
        agent: &str,
        compose: Compose,
        files: Vec<(OutgoingAttachment, Vec<u8>)>,
    ) -> Result<Acted, DeskError> {
        let now = self.now();
        let mut transaction = self.store.begin();
        let parent = self.parent(&compose)?;
        let account = self.sending_account(&compose, parent.as_ref())?;
        let (to, cc) = self.recipients(&compose, parent.as_ref(), &account)?;
        let target = self.target(agent, &compose, parent.as_ref(), &to, &account, &mut transaction, now)?;
        if let Some(seen) = compose.seen {
            self.check_unmoved(&target.customer, seen, now)?;
        }
        let remote_id = match &account.id_domain {
            Some(domain) => format!("{}@{domain}", OutgoingId::new()),
            None => String::new(),
        };
        let message_id = MessageId::new();
        let answers = compose.kind != ReplyKind::New && compose.kind != ReplyKind::Forward;
        let thread = match (compose.thread, &parent) {
            (Some(thread), _) => thread,
            (None, Some(parent)) if answers => parent.message.thread,
            _ => ThreadId::of(&[account.name.as_bytes(), remote_id.as_bytes()]),
        };
        let text = clean_block(&compose.text);
        let (way, last_at) = self.fits(&compose, parent.as_ref(), &account, &text, now)?;
        // A channel without subjects gets none, whatever its messages are titled.
        let subject = if account.abilities.subject { subject(&compose, parent.as_ref()) } else { String::new() };
        let in_reply_to = parent.as_ref().map(|p| p.message.remote_id.clone()).filter(|id| is_message_id(id));
        let mut references: Vec<String> = match &parent {
            Some(parent) => parent.message.references.iter().filter(|id| is_message_id(id)).cloned().collect(),
            None => Vec::new(),
        };
        references.extend(in_reply_to.clone());
        let (attachments, bytes): (Vec<_>, Vec<_>) = files.into_iter().unzip();
        let outgoing = Outgoing {
            id: OutgoingId::new(),
            account: account.name.clone(),
            message: message_id,
            customer: target.customer.id,
            thread,
            state: if account.hold > 0 { OutboxState::Held } else { OutboxState::Queued },
            due: now.plus_millis(account.hold),
            attempts: 0,
            reason: String::new(),
            remote_id: remote_id.clone(),
            from: Party { address: account.address.clone(), name: account.display_name.clone() },
            to: to.clone(),
            cc: cc.clone(),
            subject: subject.clone(),
            text: text.clone(),
            in_reply_to: if answers { in_reply_to } else { None },
            references: if answers { references.clone() } else { Vec::new() },
            attachments,
            date: now,
            agent: agent.to_owned(),
            sent: None,
            to_file: false,
            changed: now,
            receipt: String::new(),
            way,
            context: parent
                .as_ref()
                .filter(|_| answers)
                .map(|parent| parent.message.context.clone())
                .unwrap_or_default()
                .into_iter()
                .chain(last_at.map(|at| (Outgoing::LAST_AT.to_owned(), at.0.to_string())))
                .collect(),
            answers: parent.as_ref().filter(|_| answers).map(|parent| parent.message.remote_id.clone()),
        };
        // What cannot be written as the channel wants it is refused now, while the agent is looking.
        if let Some(connector) = self.connector(&account.name) {
            connector.render(&outgoing, &bytes).map_err(|error| DeskError::Refused(error.to_string()))?;
        }
        let message = Message {
            id: message_id,
            identity: Some(target.identity),
            channel: account.channel.clone(),
            account: account.name.clone(),
            direction: Direction::Outbound,
            from: outgoing.from.clone(),
            to,
            cc,
            reply_to: None,
            at: now,
            received: now,
            subject,
            thread,
            remote_id: remote_id.clone(),
            references: outgoing.references.clone(),
            delivery: Delivery::Pending,
            automated: None,
            attachments: listed(&outgoing.attachments),
            preview: preview(&text),
            outgoing: Some(outgoing.id),
            agent: Some(agent.to_owned()),
            folder: String::new(),
            note_of: None,
            way,
            context: BTreeMap::new(),
            url: None,
            trust: Trust::Verified,
        };
        transaction.queue_outgoing(&outgoing, bytes);
        transaction.file_message(&message, Content { text, original: None })?;
        let normalised = identity::normalise_subject(&message.subject);
        if !normalised.is_empty() && compose.kind != ReplyKind::Forward {
            transaction.put_subject(target.identity, &normalised, thread, now)?;
        }
        let mut customer = target.customer;
        let old = customer.clone();
        answer_on(&mut customer, &message, compose.resolve, compose.kind == ReplyKind::Forward, now);
        customer.trouble = still_troubled(&self.store, customer.id, outgoing.id)?;
        transaction.put_customer(&customer)?;
        if let Some(mut identity) = transaction.identity(target.identity)? {
            identity.outbound += 1;
            transaction.put_identity(&identity);
        }
        if let Some(draft) = compose.draft {
            transaction.delete_draft(draft);
        }
        let mut event = Event::new(EventKind::Queued, now, agent);
        event.customers = vec![customer.id];
        event.messages = vec![message_id];
        event.outgoing = Some(outgoing.id);
        event.draft = compose.draft;
        event.account = account.name.clone();
        event.case = Some(CaseChange::of(old.case.as_ref(), customer.case.as_ref()));
        event.summary = format!("to {}", join(&outgoing.to));
        self.commit(transaction, event)?;
        let held = outgoing.state == OutboxState::Held;
        let said = match (held, compose.resolve) {
            (true, true) => format!("Resolved; leaves in {}. Undo takes it back.", seconds(account.hold)),
            (true, false) => format!("Leaves in {}. Undo takes it back.", seconds(account.hold)),
            (false, true) => "On its way, and resolved.".to_owned(),
            (false, false) => "On its way.".to_owned(),
        };
        let draft = Draft {
            id: compose.draft.unwrap_or_default(),
            customer: Some(customer.id),
            compose: Compose { seen: None, resolve: false, draft: None, ..compose },
            agent: agent.to_owned(),
            saved: now,
        };
        let undo = Act::TakeBack(Box::new(TakeBack {
            outgoing: outgoing.id,
            draft,
            case: old.case,
            left: customer.case.clone(),
            unread: old.unread,
            unread_at: old.unread_at,
        }));
        Ok(Acted {
            said,
            undo: if held { vec![undo] } else { Vec::new() },
            customer: Some(customer.id),
            outgoing: Some(outgoing.id),
            remote_id: Some(remote_id),
            message: Some(message_id),
            leaves: held.then_some(outgoing.due),
            act: None,
        })
    }

    /// Whose timeline it goes on. A new message to an unknown address makes a customer.
    #[allow(clippy::too_many_arguments)] // One call, and each argument is a thing of its own.
    fn target(
        &self,
        agent: &str,
        compose: &Compose,
        parent: Option<&StoredMessage>,
        to: &[Party],
        account: &AccountFacts,
        transaction: &mut Transaction<'_>,
        now: Timestamp,
    ) -> Result<Target, DeskError> {
        if let Some(identity) = parent.and_then(|parent| parent.message.identity)
            && let Some(known) = self.store.identity(identity)?
        {
            let asked = compose.customer.map(|asked| self.store.root(asked)).transpose()?;
            if asked.is_some_and(|asked| asked != known.customer) {
                return Err(DeskError::Refused("that message is another customer's; answer it there".to_owned()));
            }
            return Ok(Target { customer: self.known(known.customer)?, identity });
        }
        let Some(first) = to.first() else {
            return Err(DeskError::Refused("there is nobody to send it to; name a recipient".to_owned()));
        };
        let id = identity::identity_id(&account.channel, &first.address);
        if let Some(known) = self.store.identity(id)? {
            return Ok(Target { customer: self.known(known.customer)?, identity: id });
        }
        if let Some(id) = compose.customer {
            // A customer written to at an address we did not know: the agent says it is theirs.
            let mut customer = self.known(id)?;
            let (_, mut identity) = new_customer(&account.channel, first, Basis::Agent, agent, now, now);
            identity.customer = customer.id;
            customer.identities.push(identity.id);
            transaction.put_identity(&identity);
            return Ok(Target { customer, identity: identity.id });
        }
        let (customer, identity) = new_customer(&account.channel, first, Basis::WrittenTo, agent, now, now);
        transaction.put_identity(&identity);
        Ok(Target { customer, identity: identity.id })
    }

    /// Says so when something came since the agent looked.
    fn check_unmoved(&self, customer: &Customer, seen: MessageId, now: Timestamp) -> Result<(), DeskError> {
        // What arrived last, whatever it claims of when it was written.
        let seen_at = self.store.message(seen)?.map_or(Timestamp(0), |seen| seen.message.received);
        let recent = self.store.timeline(&self.parts(customer), None, LOOK_BACK)?.rows;
        let newest = recent
            .iter()
            .map(|stored| &stored.message)
            .filter(|message| {
                message.id != seen
                    && message.direction != Direction::Note
                    && message.automated.is_none()
                    && message.delivery != Delivery::Cancelled
            })
            .max_by_key(|message| message.received);
        let Some(newest) = newest.filter(|newest| newest.received > seen_at) else { return Ok(()) };
        let who = match (&newest.agent, newest.from.name.is_empty()) {
            (Some(agent), _) => agent.clone(),
            (None, false) => newest.from.name.clone(),
            (None, true) => newest.from.address.clone(),
        };
        let verb = if newest.direction == Direction::Inbound { "wrote" } else { "answered" };
        let ago = seconds(now.since(newest.received).max(0));
        Err(DeskError::Moved(format!("{who} {verb} {ago} ago; look at it before you send")))
    }

    /// The customer with this id, or the one it turned out to be.
    pub(super) fn known(&self, id: CustomerId) -> Result<Customer, DeskError> {
        self.store
            .customer(self.store.root(id)?)?
            .ok_or_else(|| DeskError::NotFound(format!("there is no customer {id}")))
    }

    /// The parts of the timeline that make this customer's.
    pub(super) fn parts(&self, customer: &Customer) -> Vec<[u8; 16]> {
        let own = std::iter::once(&customer.id).chain(&customer.absorbed).map(|id| id.0);
        customer.identities.iter().map(|identity: &IdentityId| identity.0).chain(own).collect()
    }
}

struct Target {
    customer: Customer,
    identity: IdentityId,
}

fn subject(compose: &Compose, parent: Option<&StoredMessage>) -> String {
    if !compose.subject.trim().is_empty() {
        return clean_line(&compose.subject);
    }
    let Some(parent) = parent.filter(|parent| !parent.message.subject.is_empty() || parent.message.channel == "email")
    else {
        return String::new();
    };
    let bare = identity::strip_reply_marks(&parent.message.subject);
    match compose.kind {
        ReplyKind::Forward => format!("Fwd: {bare}"),
        _ => format!("Re: {bare}"),
    }
}

/// What our answer changes on the customer: we wait now, or are done.
fn answer_on(customer: &mut Customer, message: &Message, resolve: bool, forward: bool, now: Timestamp) {
    customer.last_at = customer.last_at.max(message.at);
    customer.last_text = message.preview.clone();
    customer.last_direction = Direction::Outbound;
    customer.last_account = message.account.clone();
    if !customer.channels.contains(&message.channel) {
        customer.channels.push(message.channel.clone());
        customer.channels.sort();
    }
    // Handing a message on is not an answer to the one who wrote it.
    if !forward {
        customer.last_outbound = customer.last_outbound.max(message.at);
        customer.last_outbound_received = customer.last_outbound_received.max(message.received);
        customer.read_all();
    }
    let case = customer.case.get_or_insert(Case { opened_by: Some(message.id), ..Case::new(CaseStatus::Waiting, now) });
    if resolve {
        case.resolve(now);
    } else if !forward {
        if case.status != CaseStatus::Snoozed {
            case.wait();
        }
        case.waiting_since = None;
    }
}

fn is_message_id(id: &str) -> bool {
    !id.is_empty() && !id.starts_with("sha256:") && !id.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn join(parties: &[Party]) -> String {
    parties.iter().map(|party| party.address.as_str()).collect::<Vec<_>>().join(", ")
}

/// The first words of a text, one line.
fn preview(text: &str) -> String {
    let words = text.lines().filter(|line| !line.starts_with('>')).collect::<Vec<_>>().join(" ");
    clean_line(&words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(PREVIEW).collect::<String>())
}

/// A span in words: `8 s`, `3 min`, `2 h`.
fn seconds(millis: i64) -> String {
    match millis / 1000 {
        s if s < 120 => format!("{s} s"),
        s if s < 7_200 => format!("{} min", s / 60),
        s if s < 172_800 => format!("{} h", s / 3600),
        s => format!("{} days", s / 86_400),
    }
}
