//! Facts that come with an import: customers and what is known of them, their orders, their ratings. They hang on
//! identities; an address nobody knew makes a customer without a case. Importing the same again changes nothing.

use super::call::phone_number;
use super::case::new_customer;
use super::graph::{Proofs, rooted};
use super::{Desk, DeskError};
use crate::identity;
use crate::model::{
    Basis, Customer, CustomerId, Event, EventKind, IdentityId, Money, Order, OrderId, OrderStatus, PHONE, Party,
    Rating, RatingId, Timestamp, clean_block, clean_line,
};
use crate::store::{StoreError, Transaction};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// The channel of a customer's key in another system (CRM, shop). Nothing can be sent there.
pub const CRM: &str = "crm";

/// Orders and ratings of a customer that are read, the latest.
const READ: usize = 2_000;
const MAX_IDENTITIES: usize = 100;
const MAX_FIELDS: usize = 100;
const MAX_TAGS: usize = 100;
const MAX_TEXT: usize = 2_000;
/// Addresses of one kind taken from one row.
const MAX_LISTED: usize = 50;
/// Letters of a name.
const MAX_NAME: usize = 200;
/// Letters of an order's number, and of a key in another system: a longer one is none.
const MAX_KEY: usize = 200;
/// Words for how an order ended that nobody knows and that are told apart.
const MAX_WORDS: usize = 100;

/// By what a row says whose it is; at least one of the addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whose {
    /// Mail addresses, the main one first.
    pub emails: Vec<String>,
    /// Telephone numbers with their country.
    pub phones: Vec<String>,
    /// The customer's key in the system the row comes from.
    pub key: String,
    /// Their name; empty when the row has none.
    pub name: String,
}

/// One order, as a row says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// The line of the file, for what is said about it.
    pub line: u64,
    /// Whose.
    pub whose: Whose,
    /// Which shop: numbers are unique within one.
    pub shop: String,
    /// The order's number there.
    pub number: String,
    /// When it was placed.
    pub at: Timestamp,
    /// What was paid, in the end; negative for a credit note.
    pub total: Money,
    /// How it ended, in the shop's word; empty when the row says nothing.
    pub status: String,
}

/// The orders that came up in a file so far: one number is one order. And the words for how they ended that nobody knows.
#[derive(Clone, Debug, Default)]
pub struct OrdersSeen {
    orders: BTreeMap<OrderId, SeenOrder>,
    /// By the word: the first line that has it, and how many have.
    words: BTreeMap<String, (u64, u64)>,
    /// The first line with a word there is no room for, and how many rows have such ones.
    others: Option<(u64, u64)>,
}

impl OrdersSeen {
    fn note_word(&mut self, word: String, line: u64) {
        if self.words.len() >= MAX_WORDS && !self.words.contains_key(&word) {
            self.others.get_or_insert((line, 0)).1 += 1;
        } else {
            self.words.entry(word).or_insert((line, 0)).1 += 1;
        }
    }

    /// What nobody knows of how orders ended, each word once: the first line that has it, and how many rows do. Of more than
    /// 100 words the rest is counted.
    pub fn unknown_statuses(&self) -> Vec<(u64, String)> {
        let rows = |count: u64| if count == 1 { "in 1 row".to_owned() } else { format!("in {count} rows") };
        let said = self.words.iter().map(|(word, (line, count))| {
            (*line, format!("nobody knows the status \"{word}\", {}; such an order counts", rows(*count)))
        });
        let others = self.others.map(|(line, count)| {
            (line, format!("nobody knows other statuses either, {}; such an order counts", rows(count)))
        });
        said.chain(others).collect()
    }
}

#[derive(Clone, Debug)]
struct SeenOrder {
    line: u64,
    identity: IdentityId,
    /// The addresses of the row that are the customer's. A dry run files nothing: only by them the same customer is known in
    /// a later batch.
    addresses: Vec<IdentityId>,
    says: (Timestamp, Money, OrderStatus),
}

/// One answer to "how was it?", as a row says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatingRow {
    /// The line of the file.
    pub line: u64,
    /// Whose.
    pub whose: Whose,
    /// When.
    pub at: Timestamp,
    /// How many.
    pub value: u16,
    /// The worst there was to give.
    pub from: u16,
    /// The best there was to give.
    pub of: u16,
    /// What they said with it.
    pub comment: String,
}

/// A customer, as a row says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerRow {
    /// The line of the file.
    pub line: u64,
    /// Who.
    pub whose: Whose,
    /// Since when they are one; `None` for now.
    pub since: Option<Timestamp>,
    /// Two letters (ISO 639-1); empty when the row has none.
    pub language: String,
    /// Tags to add.
    pub tags: Vec<String>,
    /// Fields by name: company, plan …
    pub fields: Vec<(String, String)>,
}

/// What became of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactsReport {
    /// Rows that were new.
    pub new: u64,
    /// Rows known before that say something else now.
    pub changed: u64,
    /// Rows that were there already.
    pub known: u64,
    /// Customers made.
    pub customers: u64,
    /// Values of profiles that were left as they are, though a row says otherwise.
    pub kept: u64,
    /// Rows that were not taken: their line and why.
    pub bad: Vec<(u64, String)>,
    /// What was left out of rows that were taken: their line and why.
    pub left_out: Vec<(u64, String)>,
}

impl std::ops::AddAssign for FactsReport {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.changed += other.changed;
        self.known += other.known;
        self.customers += other.customers;
        self.kept += other.kept;
        self.bad.extend(other.bad);
        self.left_out.extend(other.left_out);
    }
}

/// Rows being filed.
struct Intake<'a> {
    transaction: Transaction<'a>,
    agent: &'a str,
    own: BTreeSet<String>,
    now: Timestamp,
    touched: BTreeSet<CustomerId>,
    proofs: Proofs,
    line: u64,
    report: FactsReport,
}

/// A row that cannot be taken, or the store that cannot.
enum Trouble {
    Row(String),
    Desk(DeskError),
}

impl<E: Into<DeskError>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Trouble::Desk(error.into())
    }
}

impl Desk {
    /// The orders of a customer, oldest first, at most the latest 2,000.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn orders(&self, customer: &Customer) -> Result<Vec<Order>, DeskError> {
        self.latest_orders(customer, READ)
    }

    /// The same, at most the latest `most`.
    pub(super) fn latest_orders(&self, customer: &Customer, most: usize) -> Result<Vec<Order>, DeskError> {
        let mut orders = Vec::new();
        for identity in &customer.identities {
            orders.extend(self.store.orders(*identity, most)?);
        }
        orders.sort_by_key(|order| (order.at, order.id));
        orders.drain(..orders.len().saturating_sub(most));
        Ok(orders)
    }

    /// The ratings of a customer, oldest first, at most the latest 2,000.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn ratings(&self, customer: &Customer) -> Result<Vec<Rating>, DeskError> {
        self.latest_ratings(customer, READ)
    }

    /// The same, at most the latest `most`.
    pub(super) fn latest_ratings(&self, customer: &Customer, most: usize) -> Result<Vec<Rating>, DeskError> {
        let mut ratings = Vec::new();
        for identity in &customer.identities {
            ratings.extend(self.store.ratings(*identity, most)?);
        }
        ratings.sort_by_key(|rating| (rating.at, rating.id));
        ratings.drain(..ratings.len().saturating_sub(most));
        Ok(ratings)
    }

    /// Files orders, in one commit. `write` is false to look alone at what would be done. `seen` are those of earlier calls
    /// for the same file: a number that comes twice in it, for another customer or with another content, is a bad row, so
    /// that importing the file again changes nothing. A status that nobody knows is said there, not in the report.
    ///
    /// # Errors
    /// When the store refuses; nothing was filed then. Bad rows are in the report.
    pub fn import_orders(
        &self,
        agent: &str,
        rows: Vec<OrderRow>,
        seen: &mut OrdersSeen,
        write: bool,
    ) -> Result<FactsReport, DeskError> {
        let take = |intake: &mut Intake<'_>, row: OrderRow| intake.order(row, seen);
        self.intake(agent, EventKind::Ingested, "orders", write, rows, |row| row.line, take)
    }

    /// Files ratings, in one commit.
    ///
    /// # Errors
    /// As [`Desk::import_orders`].
    pub fn import_ratings(&self, agent: &str, rows: Vec<RatingRow>, write: bool) -> Result<FactsReport, DeskError> {
        self.intake(agent, EventKind::Ingested, "ratings", write, rows, |row| row.line, Intake::rating)
    }

    /// Makes customers and completes their profiles, in one commit. What is there stays unless `replace`.
    ///
    /// # Errors
    /// As [`Desk::import_orders`].
    pub fn import_customers(
        &self,
        agent: &str,
        rows: Vec<CustomerRow>,
        replace: bool,
        write: bool,
    ) -> Result<FactsReport, DeskError> {
        let take = |intake: &mut Intake<'_>, row: CustomerRow| intake.customer(row, replace);
        self.intake(agent, EventKind::Profile, "customers", write, rows, |row| row.line, take)
    }

    #[allow(clippy::too_many_arguments)]
    fn intake<'a, T>(
        &'a self,
        agent: &'a str,
        kind: EventKind,
        what: &str,
        write: bool,
        rows: Vec<T>,
        line: impl Fn(&T) -> u64,
        mut take: impl FnMut(&mut Intake<'a>, T) -> Result<(), Trouble>,
    ) -> Result<FactsReport, DeskError> {
        // A dry run writes nothing, and nobody has to wait for it.
        let _writer = write.then(|| self.write());
        if write && !rows.is_empty() {
            self.store.engine().room().map_err(StoreError::from)?;
        }
        let mut intake = Intake {
            transaction: self.store.begin(),
            agent,
            own: self.accounts().iter().flat_map(|facts| facts.own.iter().cloned()).collect(),
            now: self.now(),
            touched: BTreeSet::new(),
            proofs: Proofs::default(),
            line: 0,
            report: FactsReport::default(),
        };
        for row in rows {
            let line = line(&row);
            intake.line = line;
            match take(&mut intake, row) {
                Ok(()) => {}
                Err(Trouble::Row(why)) => intake.report.bad.push((line, why)),
                Err(Trouble::Desk(error)) => return Err(error),
            }
        }
        let Intake { mut transaction, touched, report, now, proofs, .. } = intake;
        proofs.ask(&mut transaction, now)?;
        if write && !transaction.is_empty() {
            if kind == EventKind::Ingested {
                // Scores rest on orders and ratings as on messages.
                for customer in &touched {
                    transaction.outdate_scores(*customer)?;
                }
            }
            let mut event = Event::new(kind, now, agent);
            event.customers = touched.into_iter().collect();
            event.summary = format!("import of {what}: {} new, {} changed", report.new, report.changed);
            self.commit(transaction, event)?;
        }
        Ok(report)
    }
}

/// Whose a row is, looked up before anything of it is filed.
struct Found {
    /// In their normal form, those that tell people apart first.
    addresses: Vec<(&'static str, String)>,
    /// By which identity the customer is known, if so.
    known: Option<(IdentityId, CustomerId)>,
    name: String,
    /// What cannot be taken of an otherwise sound row.
    left_out: Vec<String>,
}

impl Found {
    /// The addresses that decide whose the row is: telephone numbers where there is nothing else.
    fn telling(&self) -> impl Iterator<Item = IdentityId> {
        let sure = self.addresses.iter().any(|(channel, _)| *channel != PHONE);
        let telling = self.addresses.iter().filter(move |(channel, _)| !sure || *channel != PHONE);
        telling.map(|(channel, address)| identity::identity_id(channel, address))
    }
}

impl Intake<'_> {
    fn order(&mut self, row: OrderRow, seen: &mut OrdersSeen) -> Result<(), Trouble> {
        self.possible(row.at)?;
        let number = clean_line(&row.number);
        if number.is_empty() {
            return Err(Trouble::Row("it has no order number".to_owned()));
        }
        if number.chars().count() > MAX_KEY {
            return Err(Trouble::Row(format!("its order number is longer than {MAX_KEY} letters")));
        }
        let found = self.find(&row.whose)?;
        let known_status = OrderStatus::from_word(&row.status);
        let status = known_status.unwrap_or(OrderStatus::Standing);
        let id = OrderId::of(&[row.shop.as_bytes(), number.as_bytes()]);
        let says = (row.at, row.total, status);
        if let Some(first) = seen.orders.get(&id) {
            let (line, owner) = (first.line, self.owner_of(first.identity)?);
            let same = match (found.known, owner) {
                (Some((_, customer)), Some(owner)) => customer == owner,
                (Some(_), None) => false,
                // Nobody knows the row's addresses, at least not yet.
                (None, _) => found.telling().any(|id| first.identity == id || first.addresses.contains(&id)),
            };
            if !same {
                return Err(Trouble::Row(format!("order {number} is in line {line} already, for another customer")));
            }
            if first.says != says {
                let what = "with another date, amount or status";
                return Err(Trouble::Row(format!("order {number} is in line {line} already, {what}")));
            }
        }
        // From here on the row is taken.
        let before = self.transaction.order(id)?;
        let ids: Vec<IdentityId> =
            found.addresses.iter().map(|(channel, address)| identity::identity_id(channel, address)).collect();
        let (identity, customer) = self.file(found, row.at)?;
        if known_status.is_none() {
            seen.note_word(clean_line(&row.status).chars().take(40).collect(), row.line);
        }
        if let Entry::Vacant(place) = seen.orders.entry(id) {
            let mut addresses = Vec::new();
            for id in ids {
                // A number may be another's.
                if self.owner_of(id)? == Some(customer) {
                    addresses.push(id);
                }
            }
            place.insert(SeenOrder { line: row.line, identity, addresses, says });
        }
        let order = Order { id, identity, number, at: row.at, total: row.total, status };
        // It stays where it is while that is the same customer's: addresses come and go.
        let owner = match &before {
            Some(before) => self.owner_of(before.identity)?,
            None => None,
        };
        let stays = owner == Some(customer);
        let order = match &before {
            Some(before) if stays => Order { identity: before.identity, ..order },
            _ => order,
        };
        match before {
            Some(before) if before == order => self.report.known += 1,
            before => {
                self.report.new += u64::from(before.is_none());
                self.report.changed += u64::from(before.is_some());
                self.transaction.put_order(&order, before.as_ref());
                self.touched.insert(customer);
                self.touched.extend(owner);
            }
        }
        Ok(())
    }

    /// Whose an identity is; `None` when there is no such one.
    fn owner_of(&self, identity: IdentityId) -> Result<Option<CustomerId>, Trouble> {
        let Some(known) = self.transaction.identity(identity)? else { return Ok(None) };
        Ok(Some(self.transaction.root(known.customer)?))
    }

    fn rating(&mut self, row: RatingRow) -> Result<(), Trouble> {
        self.possible(row.at)?;
        if row.from >= row.of || !(row.from..=row.of).contains(&row.value) {
            return Err(Trouble::Row(format!("{} is not within {} to {}", row.value, row.from, row.of)));
        }
        let mut found = self.find(&row.whose)?;
        let whole = clean_line(&row.comment);
        let comment: String = whole.chars().take(MAX_TEXT).collect();
        if comment.len() < whole.len() {
            found.left_out.push(format!("the comment is cut to {MAX_TEXT} letters"));
        }
        let addresses = found.addresses.clone();
        let (identity, customer) = self.file(found, row.at)?;
        let numbers: [&[u8]; 3] = [&row.value.to_be_bytes(), &row.from.to_be_bytes(), &row.of.to_be_bytes()];
        let of = |identity: IdentityId| Rating {
            id: RatingId::of(&[&identity.0, &row.at.key(), numbers[0], numbers[1], numbers[2], comment.as_bytes()]),
            identity,
            at: row.at,
            value: row.value,
            from: row.from,
            of: row.of,
            comment: comment.clone(),
        };
        // It may have come before by another of the addresses.
        for (channel, address) in addresses {
            if self.transaction.has_rating(&of(identity::identity_id(channel, &address)))? {
                self.report.known += 1;
                return Ok(());
            }
        }
        let rating = of(identity);
        self.report.new += 1;
        self.transaction.put_rating(&rating);
        self.touched.insert(customer);
        Ok(())
    }

    fn customer(&mut self, row: CustomerRow, replace: bool) -> Result<(), Trouble> {
        if let Some(since) = row.since {
            self.possible(since)?;
        }
        let language = row.language.trim().to_lowercase();
        let is_code = language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
        if !language.is_empty() && !is_code {
            return Err(Trouble::Row(format!(
                "\"{}\" is no language; write its two letters (ISO 639-1): en, zh, es",
                clean_line(&language)
            )));
        }
        let mut found = self.find(&row.whose)?;
        let known = match found.known {
            Some((_, id)) => Some(rooted(&self.transaction, id)?),
            None => None,
        };
        let tags = tags_to_add(&row, known.as_ref(), &mut found.left_out);
        let fields = fields_to_set(&row, known.as_ref(), &mut found.left_out);
        // From here on the row is taken.
        let made = self.report.customers;
        let (_, id) = self.file(found, row.since.unwrap_or(self.now))?;
        let made = self.report.customers > made;
        let before = rooted(&self.transaction, id)?;
        let mut customer = before.clone();
        if let Some(since) = row.since {
            customer.first_at = customer.first_at.min(since);
        }
        if !language.is_empty() && customer.language.as_deref() != Some(&language) {
            if customer.language.is_none() || replace {
                (customer.language, customer.language_fixed) = (Some(language), true);
            } else {
                self.report.kept += 1;
            }
        }
        customer.tags.extend(tags);
        customer.tags.sort();
        for (name, value) in fields {
            match customer.fields.get(&name) {
                Some(there) if *there == value => {}
                Some(_) if !replace => self.report.kept += 1,
                _ => {
                    customer.fields.insert(name, value);
                }
            }
        }
        if customer != before {
            self.transaction.put_customer(&customer)?;
        }
        match (made, customer != before || self.touched.contains(&id)) {
            (true, _) => self.report.new += 1,
            (false, true) => self.report.changed += 1,
            (false, false) => self.report.known += 1,
        }
        if customer != before {
            self.touched.insert(id);
        }
        Ok(())
    }

    /// A time that can be: not before 1990, nor later than a day ahead of us.
    fn possible(&self, at: Timestamp) -> Result<(), Trouble> {
        const OLDEST: Timestamp = Timestamp(631_152_000_000);
        if at < OLDEST || at.since(self.now) > 86_400_000 {
            return Err(Trouble::Row(format!("{at} cannot be: it lies before 1990 or in the future")));
        }
        Ok(())
    }

    /// Whose a row is: known by mail address or key, by telephone number where there is neither (several may share one).
    /// Nothing is filed.
    fn find(&self, whose: &Whose) -> Result<Found, Trouble> {
        let mut left_out = Vec::new();
        let addresses = self.addresses(whose, &mut left_out)?;
        let sure = addresses.iter().any(|(channel, _)| *channel != PHONE);
        let mut known: Option<(IdentityId, CustomerId, String)> = None;
        for (channel, address) in addresses.iter().filter(|(channel, _)| !sure || *channel != PHONE) {
            let id = identity::identity_id(channel, address);
            let Some(owner) = self.owner_of(id)? else { continue };
            match &known {
                Some((_, other, with)) if *other != owner => {
                    return Err(Trouble::Row(format!(
                        "{with} and {address} are two customers; if they are one: switchboard merge {with} {address}"
                    )));
                }
                Some(_) => {}
                None => known = Some((id, owner, address.clone())),
            }
        }
        let known = known.map(|(id, owner, _)| (id, owner));
        // A number may be two people's; it is said each time that it is not this one's.
        for (channel, address) in addresses.iter().filter(|(channel, _)| sure && *channel == PHONE) {
            let owner = self.owner_of(identity::identity_id(channel, address))?;
            if let Some(owner) = owner.filter(|owner| known.is_none_or(|(_, mine)| mine != *owner)) {
                let name = self.transaction.customer(owner)?.map(|other| other.name).unwrap_or_default();
                let mine = addresses.first().map(|(_, mine)| mine.as_str()).unwrap_or_default();
                left_out.push(format!(
                    "{address} is the number of {name}; if they are one: switchboard merge {mine} {address}"
                ));
            }
        }
        let whole = clean_line(&whose.name);
        let name: String = whole.chars().take(MAX_NAME).collect();
        if name.len() < whole.len() {
            left_out.push(format!("the name is cut to {MAX_NAME} letters"));
        }
        Ok(Found { addresses, known, name, left_out })
    }

    /// Files whose a row is, which is taken: who nobody knew is made, and further addresses nobody knows become identities
    /// of the customer. Returns the identity the row hangs on, and its customer.
    fn file(&mut self, found: Found, at: Timestamp) -> Result<(IdentityId, CustomerId), Trouble> {
        let Found { addresses, known, name, left_out } = found;
        for why in left_out {
            self.leave_out(why);
        }
        let (first, mut customer) = match known {
            Some((first, owner)) => (first, rooted(&self.transaction, owner)?),
            None => {
                let Some((channel, address)) = addresses.first() else {
                    return Err(Trouble::Row("it names nobody".to_owned()));
                };
                let party = Party { address: address.clone(), name: name.clone() };
                let (customer, identity) = new_customer(channel, &party, Basis::Import, self.agent, at, self.now);
                self.transaction.put_identity(&identity);
                self.proofs.note(&mut self.transaction, &identity)?;
                self.report.customers += 1;
                self.touched.insert(customer.id);
                (identity.id, customer)
            }
        };
        let before = self.transaction.customer(customer.id)?;
        for (channel, address) in &addresses {
            let id = identity::identity_id(channel, address);
            if customer.identities.contains(&id) || self.transaction.identity(id)?.is_some() {
                continue;
            }
            if customer.identities.len() >= MAX_IDENTITIES {
                self.leave_out(format!("{address}: a customer has at most {MAX_IDENTITIES} addresses"));
                continue;
            }
            let party = Party { address: address.clone(), name: String::new() };
            let (_, mut identity) = new_customer(channel, &party, Basis::Import, self.agent, at, self.now);
            identity.customer = customer.id;
            customer.identities.push(id);
            self.transaction.put_identity(&identity);
            self.proofs.note(&mut self.transaction, &identity)?;
            if !customer.channels.iter().any(|known| known == channel) {
                customer.channels.push((*channel).to_owned());
                customer.channels.sort();
            }
        }
        if !customer.name_fixed {
            customer.name = identity::better_name(&customer.name, &name, &customer.address).to_owned();
        }
        if customer.last_at == Timestamp(0) {
            // Nobody wrote yet: they are known since the first that is known of them.
            customer.first_at = customer.first_at.min(at);
        }
        if before.as_ref() != Some(&customer) {
            self.put(&customer)?;
        }
        Ok((first, customer.id))
    }

    fn leave_out(&mut self, why: String) {
        self.report.left_out.push((self.line, why));
    }

    fn put(&mut self, customer: &Customer) -> Result<(), Trouble> {
        self.transaction.put_customer(customer)?;
        self.touched.insert(customer.id);
        Ok(())
    }

    /// The addresses of a row in their normal form, those that tell people apart first.
    fn addresses(&self, whose: &Whose, left_out: &mut Vec<String>) -> Result<Vec<(&'static str, String)>, Trouble> {
        let mut addresses = Vec::new();
        for (list, what) in [(&whose.emails, "mail addresses"), (&whose.phones, "telephone numbers")] {
            if list.len() > MAX_LISTED {
                left_out.push(format!("of {} {what} the first {MAX_LISTED} are taken", list.len()));
            }
        }
        let emails = whose.emails.iter().take(MAX_LISTED);
        for email in emails.filter(|email| !email.trim().is_empty()) {
            let address = identity::normalise("email", email);
            let shown: String = clean_line(&address).chars().take(100).collect();
            if !identity::is_deliverable("email", &address) || address.matches('@').count() != 1 {
                return Err(Trouble::Row(format!("\"{shown}\" is no mail address")));
            }
            if self.own.contains(&address) || identity::is_robot("email", &address) {
                return Err(Trouble::Row(format!("{shown} is our own address or a robot's, no customer's")));
            }
            addresses.push(("email", address));
        }
        let key = clean_line(&whose.key);
        if key.chars().count() > MAX_KEY {
            // Cut, it might be another customer's.
            return Err(Trouble::Row(format!("its key is longer than {MAX_KEY} letters")));
        }
        if !key.is_empty() {
            addresses.push((CRM, key));
        }
        let phones = whose.phones.iter().take(MAX_LISTED);
        for phone in phones.filter(|phone| !phone.trim().is_empty()) {
            match phone_number(phone) {
                Some(number) => addresses.push((PHONE, number)),
                None => {
                    let shown: String = clean_line(phone).chars().take(100).collect();
                    let why = format!("\"{shown}\" is no telephone number with its country: +4915112345678");
                    // Where there is another address, the row is not lost for it.
                    if addresses.is_empty() {
                        return Err(Trouble::Row(why));
                    }
                    left_out.push(why);
                }
            }
        }
        if addresses.is_empty() {
            return Err(Trouble::Row("it names nobody: no mail address, no telephone number, no key".to_owned()));
        }
        addresses.dedup();
        Ok(addresses)
    }
}

/// The tags of a row that the customer has not; what there is no room for is said.
fn tags_to_add(row: &CustomerRow, known: Option<&Customer>, left_out: &mut Vec<String>) -> Vec<String> {
    let there: &[String] = known.map_or(&[], |customer| &customer.tags);
    let mut tags: Vec<String> = Vec::new();
    let mut over = 0;
    for tag in row.tags.iter().map(|tag| clean_line(tag)).filter(|tag| !tag.is_empty()) {
        if there.contains(&tag) || tags.contains(&tag) {
            continue;
        }
        if tag.chars().count() > MAX_NAME || there.len() + tags.len() >= MAX_TAGS {
            over += 1;
        } else {
            tags.push(tag);
        }
    }
    if over > 0 {
        left_out.push(format!("{over} tags: a customer has at most {MAX_TAGS}, of {MAX_NAME} letters each"));
    }
    tags
}

/// The fields of a row, as far as the customer has room for them; what there is none for is said.
fn fields_to_set(row: &CustomerRow, known: Option<&Customer>, left_out: &mut Vec<String>) -> Vec<(String, String)> {
    let has = |name: &String| known.is_some_and(|customer| customer.fields.contains_key(name));
    let mut room = MAX_FIELDS.saturating_sub(known.map_or(0, |customer| customer.fields.len()));
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, value) in &row.fields {
        let name = clean_line(name);
        let whole = clean_block(value);
        let value = clean_line(&whole.chars().take(MAX_TEXT).collect::<String>());
        if name.is_empty() || value.is_empty() {
            continue;
        }
        if !has(&name) && !fields.iter().any(|(there, _)| *there == name) {
            if room == 0 {
                left_out.push(format!("the field {name}: a customer has at most {MAX_FIELDS} fields"));
                continue;
            }
            room -= 1;
        }
        if whole.chars().count() > MAX_TEXT {
            left_out.push(format!("the field {name} is cut to {MAX_TEXT} letters"));
        }
        fields.push((name, value));
    }
    fields
}
