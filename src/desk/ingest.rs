//! Ingest: a page of what a source pulled becomes messages, customers and cases, in one commit with the cursor.

use super::case::{file_on, new_customer};
use super::graph::Proofs;
use super::outbox::still_troubled;
use super::{Desk, DeskError, SYSTEM};
use crate::connector::{BounceReport, Incoming, Item, PulledPage, Unreadable};
use crate::identity;
use crate::model::{
    Automated, Basis, CaseStatus, Customer, CustomerId, DeadId, DeadLetter, Delivery, Direction, Event, EventKind,
    Identity, IdentityId, Message, MessageId, OutboxState, Outgoing, Party, ThreadId, Timestamp, Trust, clean_line,
};
use crate::store::{Content, StoreError, StoredMessage, Transaction};
use std::collections::{BTreeMap, BTreeSet};

/// Mail with the same subject within so many days is one conversation when nothing better ties it.
const SUBJECT_DAYS: i64 = 7;
const DAY: i64 = 24 * 3_600_000;
/// How far ahead of ours a platform's clock is believed, in milliseconds.
const AHEAD: i64 = 5 * 60_000;
/// How far a platform's clock may be behind ours when a copy of what we sent is told by its words.
const SKEW: i64 = 5 * 60_000;
/// How many undone outgoing are looked at for that.
const UNDONE: usize = 1_000;
/// 1995-01-01: mail that claims to be older has a broken clock.
const OLDEST: Timestamp = Timestamp(788_918_400_000);

/// What became of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IngestReport {
    /// Messages filed.
    pub new: u64,
    /// Items that were there already.
    pub duplicate: u64,
    /// Items that went to the dead letters.
    pub dead: u64,
    /// Edits, deletions, reactions and delivery reports recorded.
    pub changed: u64,
}

impl std::ops::AddAssign for IngestReport {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.duplicate += other.duplicate;
        self.dead += other.dead;
        self.changed += other.changed;
    }
}

/// A page being filed. Customers and identities are kept at hand and written once, however many messages they got.
pub(super) struct Filing<'a> {
    transaction: Transaction<'a>,
    account: String,
    channel: String,
    own: Vec<String>,
    /// Remote ids of what we send are made by us.
    gives_ids: bool,
    now: Timestamp,
    customers: BTreeMap<CustomerId, Customer>,
    identities: BTreeMap<IdentityId, Identity>,
    event: Event,
    report: IngestReport,
    seen: BTreeSet<MessageId>,
    proofs: Proofs,
}

impl Desk {
    /// Files a page of what `account` pulled. Filing the same page twice changes nothing. An empty cursor leaves the
    /// source's cursor where it is (imports).
    ///
    /// # Errors
    /// When the store refuses; nothing was filed then, and the cursor did not move.
    pub fn ingest(&self, account: &str, page: PulledPage) -> Result<IngestReport, DeskError> {
        let _writer = self.write();
        if !page.items.is_empty() {
            // However small the page: what is left of a full disk belongs to the agents.
            self.store.engine().room().map_err(StoreError::from)?;
        }
        let mut filing = self.filing(account);
        for item in page.items {
            filing.item(item)?;
        }
        let cursor_moved = !page.cursor.is_empty() && filing.transaction.cursor(account)? != page.cursor;
        if cursor_moved {
            filing.transaction.put_cursor(account, &page.cursor);
        }
        let (transaction, event, report) = filing.finish()?;
        if !transaction.is_empty() {
            self.commit(transaction, event)?;
        }
        Ok(report)
    }

    /// Begins a page. The caller holds the writer's lock.
    pub(super) fn filing(&self, account: &str) -> Filing<'_> {
        let mut event = Event::new(EventKind::Ingested, self.now(), SYSTEM);
        event.account = account.to_owned();
        let own = self.accounts().iter().flat_map(|facts| facts.own.iter().cloned()).collect();
        Filing {
            transaction: self.store.begin(),
            account: account.to_owned(),
            channel: self.account(account).map_or_else(|| "email".to_owned(), |facts| facts.channel.clone()),
            own,
            gives_ids: self.account(account).is_none_or(|facts| facts.id_domain.is_some()),
            now: event.at,
            customers: BTreeMap::new(),
            identities: BTreeMap::new(),
            event,
            report: IngestReport::default(),
            seen: BTreeSet::new(),
            proofs: Proofs::default(),
        }
    }
}

impl<'a> Filing<'a> {
    /// The transaction below, for what goes into the same commit.
    pub(super) fn transaction(&mut self) -> &mut Transaction<'a> {
        &mut self.transaction
    }

    /// The account the page came from.
    pub(super) fn account(&self) -> &str {
        &self.account
    }

    pub(super) fn count_duplicate(&mut self) {
        self.report.duplicate += 1;
    }

    pub(super) fn count_changed(&mut self) {
        self.report.changed += 1;
    }

    /// The event names this message.
    pub(super) fn tell(&mut self, id: MessageId) {
        self.event.messages.push(id);
    }

    /// The event names the customer of this identity: what shows them is drawn anew.
    pub(super) fn notice(&mut self, identity: IdentityId) -> Result<(), DeskError> {
        self.customer_of(identity).map(|_| ())
    }

    /// Lists show this of a message from now on.
    pub(super) fn retell(&mut self, stored: &mut StoredMessage, preview: String) -> Result<(), DeskError> {
        if stored.message.preview == preview {
            return Ok(());
        }
        let before = std::mem::replace(&mut stored.message.preview, preview);
        self.transaction.update_message(stored, None);
        let message = &stored.message;
        if let Some(identity) = message.identity
            && let Some(customer) = self.customer_of(identity)?
            && (customer.last_at, &customer.last_text) == (message.at, &before)
        {
            customer.last_text = message.preview.clone();
        }
        Ok(())
    }

    /// A message of ours did not reach them after all: its customer comes back to the agent.
    pub(super) fn trouble(&mut self, stored: &StoredMessage) -> Result<(), DeskError> {
        let now = self.now;
        if let Some(identity) = stored.message.identity
            && let Some(customer) = self.customer_of(identity)?
        {
            customer.trouble = true;
            if let Some(case) = customer.case.as_mut() {
                case.reopen(now);
            }
        }
        Ok(())
    }

    /// Files one item.
    pub(super) fn item(&mut self, item: Item) -> Result<(), DeskError> {
        match item {
            Item::Message(incoming) => self.message(*incoming),
            Item::Change(changed) => self.change(*changed),
            Item::Unreadable(unreadable) => self.unreadable(unreadable),
        }
    }

    /// Writes the customers and identities gathered and hands everything over for the commit.
    pub(super) fn finish(mut self) -> Result<(Transaction<'a>, Event, IngestReport), DeskError> {
        for customer in self.customers.values() {
            self.transaction.put_customer(customer)?;
        }
        for identity in self.identities.values() {
            self.transaction.put_identity(identity);
        }
        self.event.customers = self.customers.keys().copied().collect();
        let acts = self.proofs.finish(&mut self.transaction, self.now)?;
        let merged = acts.iter().map(super::graph::summary).collect::<Vec<_>>().join("; ");
        self.event.customers.extend(acts.iter().flat_map(|act| [act.customer, act.other]));
        self.event.customers.sort_unstable();
        self.event.customers.dedup();
        if self.event.summary.is_empty() {
            self.event.summary = format!("{} new, {} dead", self.report.new, self.report.dead);
        }
        if !merged.is_empty() {
            self.event.summary = format!("{}; {merged}", self.event.summary);
        }
        Ok((self.transaction, self.event, self.report))
    }

    fn unreadable(&mut self, unreadable: Unreadable) -> Result<(), DeskError> {
        let id = DeadId::of(&[self.account.as_bytes(), &unreadable.raw]);
        if self.transaction.has_dead(id)? {
            self.report.duplicate += 1;
            return Ok(());
        }
        let dead = DeadLetter {
            id,
            account: self.account.clone(),
            folder: unreadable.folder,
            reason: clean_line(&unreadable.reason),
            partial: unreadable.partial,
            received: unreadable.received,
            size: unreadable.raw.len() as u64,
            tries: 0,
            hint: clean_line(&unreadable.hint),
        };
        self.transaction.file_dead(&dead, unreadable.raw);
        self.event.dead.push(id);
        self.report.dead += 1;
        Ok(())
    }

    fn message(&mut self, mut incoming: Incoming) -> Result<(), DeskError> {
        let id = MessageId::of(&[self.account.as_bytes(), incoming.remote_id.as_bytes(), &incoming.digest]);
        if !self.seen.insert(id) || self.transaction.message(id)?.is_some() || self.is_our_own_copy(&incoming)? {
            self.report.duplicate += 1;
            return Ok(());
        }
        // A clock that is ahead would put it above what is answered to it, and keep its window open for too long.
        let received = if incoming.received > self.now.plus_millis(AHEAD) { self.now } else { incoming.received };
        let at = incoming.at.filter(|at| *at >= OLDEST && *at <= received.plus_millis(DAY)).unwrap_or(received);
        let bounced = match &incoming.bounce {
            Some(report) => self.bounce(report)?,
            None => None,
        };
        let side = self.customer_side(&incoming, bounced.as_ref());
        if side.is_some() && incoming.automated == Some(Automated::Robot) {
            // Somebody is behind the robot.
            incoming.automated = None;
        }
        let identity = match &side {
            Some(party) => self.find_identity(party, &incoming, at)?,
            None => bounced.as_ref().and_then(|message| message.message.identity),
        };
        let thread = self.thread(&incoming, identity, at)?;
        // Mail servers tell of no changes, and a large import should not look for any.
        let changed = if self.channel == "email" { None } else { self.preview_by_changes(&incoming.remote_id)? };
        let message = Message {
            id,
            identity,
            channel: self.channel.clone(),
            account: self.account.clone(),
            direction: incoming.direction,
            from: incoming.from,
            to: incoming.to,
            cc: incoming.cc,
            reply_to: incoming.reply_to,
            at,
            received,
            subject: incoming.subject,
            thread,
            remote_id: incoming.remote_id,
            references: incoming.references,
            delivery: Delivery::None,
            automated: incoming.automated,
            attachments: incoming.attachments,
            preview: changed.unwrap_or(incoming.preview),
            outgoing: None,
            agent: None,
            note_of: None,
            folder: incoming.folder,
            way: incoming.way,
            context: incoming.context,
            url: incoming.url,
            trust: incoming.trust,
        };
        if let Some(identity) = identity {
            self.touch(identity, &message, incoming.language)?;
            if message.direction == Direction::Inbound && message.automated.is_none() && !self.is_suspect(identity) {
                self.proofs.mention(&mut self.transaction, identity, &incoming.text, &self.own)?;
            }
        }
        let content = Content { text: incoming.text, original: Some(incoming.raw) };
        self.transaction.file_message(&message, content)?;
        self.event.messages.push(id);
        self.report.new += 1;
        Ok(())
    }

    /// An answer sent from here comes back out of the Sent folder, or because we were among its recipients. It is on the
    /// timeline already; that it came back proves that an unknown one was sent.
    fn is_our_own_copy(&mut self, incoming: &Incoming) -> Result<bool, DeskError> {
        let from = identity::normalise(&self.channel, &incoming.from.address);
        if incoming.direction != Direction::Outbound && !self.own.contains(&from) {
            return Ok(false);
        }
        let id = match self.transaction.message_by_remote(&self.account, &incoming.remote_id)? {
            Some(id) => id,
            None => match self.on_its_way(incoming)? {
                Some(id) => id,
                None => return Ok(false),
            },
        };
        let Some(mut stored) = self.transaction.message(id)? else { return Ok(false) };
        let Some(outgoing) = stored.message.outgoing else { return Ok(false) };
        if let Some(mut row) = self.transaction.outgoing(outgoing)?
            && (matches!(row.outgoing.state, OutboxState::Unknown | OutboxState::Cancelled)
                || stored.message.remote_id.is_empty())
        {
            row.outgoing.state = OutboxState::Sent;
            row.outgoing.reason = String::new();
            row.outgoing.receipt = "found among what was sent".to_owned();
            row.outgoing.sent = Some(self.now);
            row.outgoing.changed = self.now;
            row.outgoing.to_file = false;
            stored.message.delivery = Delivery::Sent;
            if stored.message.remote_id.is_empty() {
                row.outgoing.remote_id = incoming.remote_id.clone();
                stored.message.remote_id = incoming.remote_id.clone();
                self.transaction.put_remote(&stored.message)?;
            }
            self.transaction.put_outgoing(&row);
            self.transaction.update_message(&stored, None);
            self.event.messages.push(id);
            self.event.outgoing = Some(outgoing);
            let whose = super::graph::owner(&self.transaction, &row.outgoing)?;
            let troubled = still_troubled(self.transaction.store(), whose, outgoing)?;
            if let Some(identity) = stored.message.identity
                && let Some(customer) = self.customer_of(identity)?
            {
                customer.trouble = troubled;
            }
        }
        Ok(true)
    }

    /// An answer of ours whose id the channel gave and nobody here has heard yet: the line broke, or the receipt is not
    /// written down yet. It is told by its words.
    fn on_its_way(&self, incoming: &Incoming) -> Result<Option<MessageId>, DeskError> {
        if self.gives_ids {
            return Ok(None);
        }
        let undone = self.transaction.store().undone(UNDONE)?;
        let place = match &incoming.conversation {
            Some(conversation) => Some(self.transaction.thread(self.named(conversation))?),
            None => None,
        };
        // An answer in private to what was said in public has a conversation of its own: it is told by whom it is for.
        let crosses = |outgoing: &Outgoing| {
            outgoing.context.get("way").is_some_and(|was| was != outgoing.way.word())
                && incoming.way == outgoing.way
                && incoming.to.iter().any(|to| outgoing.to.iter().any(|other| other.address == to.address))
        };
        let same = |text: &str| text.split_whitespace().eq(incoming.text.split_whitespace());
        for row in &undone {
            let outgoing = &row.outgoing;
            let could = outgoing.account == self.account
                && matches!(outgoing.state, OutboxState::Sending | OutboxState::Unknown)
                && outgoing.remote_id.is_empty()
                && incoming.received >= outgoing.date.plus_millis(-SKEW)
                && same(&outgoing.text);
            let here = match place {
                Some(place) if could => self.transaction.thread(outgoing.thread)? == place || crosses(outgoing),
                _ => true,
            };
            if could && here {
                return Ok(Some(outgoing.message));
            }
        }
        Ok(None)
    }

    /// The thread of a conversation that the channel names.
    fn named(&self, conversation: &str) -> ThreadId {
        ThreadId::of(&[self.account.as_bytes(), b"conversation", conversation.as_bytes()])
    }

    /// Marks the message that bounced.
    fn bounce(&mut self, report: &BounceReport) -> Result<Option<StoredMessage>, DeskError> {
        let Some(remote_id) = &report.remote_id else { return Ok(None) };
        let Some(id) = self.transaction.message_by_remote(&self.account, remote_id)? else { return Ok(None) };
        let Some(mut stored) = self.transaction.message(id)? else { return Ok(None) };
        if stored.message.direction != Direction::Outbound {
            return Ok(None);
        }
        let now = self.now;
        if report.permanent {
            stored.message.delivery = Delivery::Bounced(clean_line(&report.reason));
            self.transaction.update_message(&stored, None);
            self.event.messages.push(id);
            if let Some(identity) = stored.message.identity
                && let Some(customer) = self.customer_of(identity)?
            {
                customer.trouble = true;
                // It opens no case, but one that was resolved with the message that came back is not done.
                if let Some(case) = customer.case.as_mut()
                    && case.status == CaseStatus::Resolved
                {
                    case.reopen(now);
                }
            }
        }
        Ok(Some(stored))
    }

    /// The party on the other side, when it may be or become a customer.
    fn customer_side(&self, incoming: &Incoming, bounced: Option<&StoredMessage>) -> Option<Party> {
        let is_own = |party: &&Party| self.own.contains(&identity::normalise(&self.channel, &party.address));
        let is_robot = |party: &Party| identity::is_robot(&self.channel, &party.address);
        let party = match incoming.direction {
            Direction::Outbound => {
                incoming.to.iter().chain(&incoming.cc).find(|party| !is_own(party) && !is_robot(party))?
            }
            // A web form or a robot speaks for somebody and names them in Reply-To.
            _ if is_own(&&incoming.from) || incoming.automated == Some(Automated::Robot) => {
                incoming.reply_to.as_ref().unwrap_or(&incoming.from)
            }
            _ => &incoming.from,
        };
        let robot = bounced.is_some() || is_robot(party) || is_own(&party);
        (!robot && !party.address.is_empty()).then(|| party.clone())
    }

    /// The identity of a party; found, or made with its customer. Robots' mail from strangers makes none.
    fn find_identity(
        &mut self,
        party: &Party,
        incoming: &Incoming,
        at: Timestamp,
    ) -> Result<Option<IdentityId>, DeskError> {
        let mut basis = if incoming.direction == Direction::Outbound { Basis::WrittenTo } else { Basis::Wrote };
        // What the channel says of the sender it does not say of whom the sender speaks for.
        let sender = incoming.direction == Direction::Inbound
            && identity::normalise(&self.channel, &party.address)
                == identity::normalise(&self.channel, &incoming.from.address);
        let genuine = identity::identity_id(&self.channel, &party.address);
        let suspect = identity::suspect_id(&self.channel, &party.address);
        let refuted = matches!(incoming.trust, Trust::Refuted(_)) && incoming.direction == Direction::Inbound;
        let (id, beside) = if refuted { (suspect, genuine) } else { (genuine, suspect) };
        let mut known = self.identity_at(id)?;
        if known.is_none() && incoming.automated.is_some() {
            return Ok(None);
        }
        if known.is_none() {
            let (customer, mut new) = new_customer(&self.channel, party, basis, SYSTEM, at, self.now);
            new.id = id;
            if refuted {
                basis = Basis::Claim;
            }
            new.basis = basis;
            learn(&mut new, incoming, sender);
            // A claim stands beside the one it is about; a proven key leads to who has it.
            let kin = match self.identity_at(beside)? {
                Some(beside) => Some(beside),
                None => match self.proofs.kin(&self.transaction, &new)? {
                    Some(kin) => {
                        new.basis = Basis::Proof;
                        self.identity_at(kin)?
                    }
                    None => None,
                },
            };
            match kin {
                Some(kin) => self.join(&mut new, &kin)?,
                None => drop(self.customers.insert(customer.id, Customer { identities: vec![id], ..customer })),
            }
            self.proofs.note(&mut self.transaction, &new)?;
            known = Some(new);
        }
        if let Some(mut identity) = known {
            if basis == Basis::Wrote {
                if identity.basis == Basis::WrittenTo {
                    identity.basis = Basis::Wrote;
                }
                let named = !party.name.is_empty() && identity.name != party.name;
                if named {
                    identity.name = party.name.clone();
                }
                if learn(&mut identity, incoming, sender) || named {
                    self.proofs.note(&mut self.transaction, &identity)?;
                }
            }
            self.identities.insert(id, identity);
        }
        Ok(Some(id))
    }

    fn identity_at(&self, id: IdentityId) -> Result<Option<Identity>, DeskError> {
        match self.identities.get(&id) {
            Some(identity) => Ok(Some(identity.clone())),
            None => Ok(self.transaction.identity(id)?),
        }
    }

    fn is_suspect(&self, id: IdentityId) -> bool {
        self.identities.get(&id).is_some_and(Identity::is_suspect)
    }

    /// A new identity is of the same customer as one that is known.
    fn join(&mut self, new: &mut Identity, kin: &Identity) -> Result<(), DeskError> {
        let (id, channel) = (new.id, new.channel.clone());
        new.customer = kin.customer;
        new.home = kin.home;
        self.identities.entry(kin.id).or_insert_with(|| kin.clone());
        if let Some(customer) = self.customer_of(kin.id)? {
            customer.identities.push(id);
            if !customer.channels.contains(&channel) {
                customer.channels.push(channel);
                customer.channels.sort();
            }
            // Until now there was only the claim.
            if kin.is_suspect() && !customer.name_fixed && customer.identities.len() == 2 {
                customer.name = identity::better_name(&new.address, &new.name, &new.address).to_owned();
            }
        }
        Ok(())
    }

    fn customer_of(&mut self, identity: IdentityId) -> Result<Option<&mut Customer>, DeskError> {
        let customer = match self.identities.get(&identity) {
            Some(identity) => identity.customer,
            None => match self.transaction.identity(identity)? {
                Some(identity) => identity.customer,
                None => return Ok(None),
            },
        };
        if !self.customers.contains_key(&customer) {
            let Some(record) = self.transaction.customer(customer)? else { return Ok(None) };
            self.customers.insert(customer, record);
        }
        Ok(self.customers.get_mut(&customer))
    }

    /// What a message changes on its customer: counts, last line, and the case.
    fn touch(&mut self, id: IdentityId, message: &Message, language: Option<String>) -> Result<(), DeskError> {
        if let Some(identity) = self.identities.get_mut(&id) {
            match message.direction {
                Direction::Outbound => identity.outbound += 1,
                _ => identity.inbound += 1,
            }
        }
        let now = self.now;
        let name = self.identities.get(&id).map(|identity| identity.name.clone()).unwrap_or_default();
        let suspect = self.is_suspect(id);
        let Some(customer) = self.customer_of(id)? else { return Ok(()) };
        if message.automated.is_some() {
            return Ok(());
        }
        // What a forger calls themselves names nobody.
        if !customer.name_fixed && !suspect {
            customer.name = identity::better_name(&customer.name, &name, &customer.address).to_owned();
        }
        if !customer.language_fixed && language.is_some() && message.direction == Direction::Inbound {
            customer.language = language;
        }
        let past = file_on(customer, message, now);
        if let Some(case) = past {
            let customer = customer.id;
            self.transaction.put_past_case(customer, &case);
        }
        Ok(())
    }

    fn thread(
        &mut self,
        incoming: &Incoming,
        identity: Option<IdentityId>,
        at: Timestamp,
    ) -> Result<ThreadId, DeskError> {
        let of = |account: &str, remote_id: &str| ThreadId::of(&[account.as_bytes(), remote_id.as_bytes()]);
        let subject = identity::normalise_subject(&incoming.subject);
        let mut thread = None;
        for reference in incoming.references.iter().rev() {
            if let Some(id) = self.transaction.message_by_remote(&self.account, reference)?
                && let Some(stored) = self.transaction.message(id)?
            {
                thread = Some(self.transaction.thread(stored.message.thread)?);
                break;
            }
        }
        if let Some(conversation) = &incoming.conversation {
            return Ok(self.transaction.thread(self.named(conversation))?);
        }
        let own = of(&self.account, &incoming.remote_id);
        let thread = match (thread, incoming.references.first(), identity) {
            (Some(thread), _, _) => thread,
            (None, Some(root), _) => {
                let root = of(&self.account, root);
                self.transaction.await_thread(root)?;
                self.transaction.thread(root)?
            }
            (None, None, Some(identity)) if !subject.is_empty() => {
                self.transaction.thread_by_subject(identity, &subject, at, SUBJECT_DAYS)?.unwrap_or(own)
            }
            _ => own,
        };
        self.transaction.join_thread(own, thread)?;
        if let Some(identity) = identity
            && !subject.is_empty()
        {
            self.transaction.put_subject(identity, &subject, thread, at)?;
        }
        Ok(thread)
    }
}

/// Links an identity keeps.
const LINKS: usize = 20;

/// What a message says of the one who wrote it: handle, keys, how far they may be believed. True when anything is new.
fn learn(identity: &mut Identity, incoming: &Incoming, sender: bool) -> bool {
    if !sender && !matches!(incoming.trust, Trust::Refuted(_)) {
        return false;
    }
    let before = (identity.handle.clone(), identity.links.clone(), identity.trust.clone());
    match (&identity.trust, &incoming.trust) {
        // Once vouched for, the address is theirs; each message keeps its own verdict.
        (Trust::Unverified, trust) => identity.trust = trust.clone(),
        (Trust::Verified | Trust::Refuted(_), _) => {}
    }
    if sender {
        if let Some(handle) = incoming.handle.as_ref().filter(|handle| !handle.is_empty()) {
            identity.handle = Some(handle.clone());
        }
        for link in &incoming.links {
            let known = identity.links.iter().position(|known| (known.kind, &known.value) == (link.kind, &link.value));
            match known {
                Some(at) => identity.links[at].proven |= link.proven,
                None if identity.links.len() < LINKS => identity.links.push(link.clone()),
                None => {}
            }
        }
    }
    before != (identity.handle.clone(), identity.links.clone(), identity.trust.clone())
}
