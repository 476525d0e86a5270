//! The facts of one customer at one time: what every score is computed from.

use crate::model::{CustomerId, Direction, MessageId, Order, Rating, Sentiment, Targets, Timestamp, Way};

/// A day in milliseconds.
pub const DAY: i64 = 86_400_000;

/// Contacts that are kept, the latest.
pub const MAX_CONTACTS: usize = 2_000;
/// Messages a mood is made of, the latest.
pub const MAX_FELT: usize = 10;
/// Cases that are kept, the latest.
pub const MAX_CASES: usize = 500;
/// Orders that are kept, the latest.
pub const MAX_ORDERS: usize = 2_000;
/// Ratings that are kept, the latest.
pub const MAX_RATINGS: usize = 200;
/// Campaigns and past cases that are kept.
const MAX_OTHERS: usize = 50;

/// One message, as far as scores go. Automatic mail, notes and what was cancelled are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// The message, to jump to.
    pub message: MessageId,
    /// When it was written.
    pub at: Timestamp,
    /// From them or from us; a note is left out.
    pub direction: Direction,
    /// Where: `email`.
    pub channel: String,
    /// Who could read it.
    pub way: Way,
    /// What it sounds like, for what they wrote; `None` when nobody could tell.
    pub sentiment: Option<Sentiment>,
}

/// One case, the present one or one before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseFacts {
    /// When it was opened.
    pub opened: Timestamp,
    /// The message that opened it.
    pub opened_by: Option<MessageId>,
    /// When we first answered.
    pub first_reply: Option<Timestamp>,
    /// When it was resolved; `None` while it is not.
    pub resolved: Option<Timestamp>,
    /// When it was opened again after it had been resolved, each time.
    pub reopened: Vec<Timestamp>,
    /// What it is to be done in.
    pub targets: Targets,
}

/// A part the customer has in a campaign: one of those written to, or one of those held back to compare with.
#[derive(Clone, Debug, PartialEq)]
pub struct Enrolment {
    /// The campaign's name, cleaned.
    pub campaign: String,
    /// When: of the message, or of being left out.
    pub at: Timestamp,
    /// Left out on purpose.
    pub held_back: bool,
}

/// What they want, as read from their last message.
#[derive(Clone, Debug, PartialEq)]
pub struct NeedReading {
    /// What: `refund`. Cleaned.
    pub name: String,
    /// How sure, 0 to 1.
    pub confidence: f64,
    /// The message it was read from.
    pub message: MessageId,
    /// When that was written.
    pub at: Timestamp,
}

/// A case of anybody's that resembles the present need.
#[derive(Clone, Debug, PartialEq)]
pub struct PastCase {
    /// The message that began it.
    pub message: MessageId,
    /// Its subject or first words, one cleaned line.
    pub about: String,
    /// How alike, 0 to 1.
    pub likeness: f64,
}

/// The facts as they are gathered, in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// When we first knew of the customer; for those who never wrote nor ordered.
    pub since: Option<Timestamp>,
    /// Messages both ways.
    pub contacts: Vec<Contact>,
    /// All cases.
    pub cases: Vec<CaseFacts>,
    /// All orders; [`History::new`] leaves those that count.
    pub orders: Vec<Order>,
    /// Orders that came to nothing: [`History::new`] puts them here.
    pub undone: Vec<Order>,
    /// All answers to "how was it?".
    pub ratings: Vec<Rating>,
    /// Their parts in campaigns.
    pub enrolments: Vec<Enrolment>,
    /// What they want now; `None` when nothing was recognised.
    pub need: Option<NeedReading>,
    /// Cases that resemble it.
    pub alike: Vec<PastCase>,
    /// What to add to UTC for the hours of the day, in minutes.
    pub offset_minutes: i16,
}

/// The facts of one customer at one time, in order and bounded: what lies after that time is left out.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    customer: CustomerId,
    now: Timestamp,
    facts: Facts,
}

impl History {
    /// Puts the facts in order, drops what is there twice and what is later than `now`, and keeps the latest of each.
    pub fn new(customer: CustomerId, now: Timestamp, mut facts: Facts) -> History {
        facts.contacts.retain(|contact| contact.at <= now && contact.direction != Direction::Note);
        facts.contacts.sort_by_key(|contact| (contact.at, contact.message));
        facts.contacts.dedup_by_key(|contact| contact.message);
        latest(&mut facts.contacts, MAX_CONTACTS);
        facts.cases.retain(|case| case.opened <= now);
        facts.cases.sort_by_key(|case| (case.opened, case.opened_by, case.resolved, case.first_reply));
        facts.cases.dedup();
        latest(&mut facts.cases, MAX_CASES);
        for case in &mut facts.cases {
            case.reopened.sort_unstable();
            latest(&mut case.reopened, MAX_OTHERS);
        }
        facts.orders.retain(|order| order.at <= now);
        facts.orders.sort_by_key(|order| (order.at, order.id));
        facts.orders.dedup_by_key(|order| order.id);
        facts.undone.extend(facts.orders.extract_if(.., |order| !order.counts()));
        facts.undone.retain(|order| order.at <= now);
        facts.undone.sort_by_key(|order| (order.at, order.id));
        facts.undone.dedup_by_key(|order| order.id);
        latest(&mut facts.undone, MAX_ORDERS);
        latest(&mut facts.orders, MAX_ORDERS);
        facts.ratings.retain(|rating| rating.at <= now);
        facts.ratings.sort_by_key(|rating| (rating.at, rating.id));
        facts.ratings.dedup_by_key(|rating| rating.id);
        latest(&mut facts.ratings, MAX_RATINGS);
        facts.enrolments.retain(|part| part.at <= now);
        facts.enrolments.sort_by(|one, other| (one.at, &one.campaign).cmp(&(other.at, &other.campaign)));
        facts.enrolments.dedup();
        latest(&mut facts.enrolments, MAX_OTHERS);
        facts.need = facts.need.filter(|need| need.at <= now && need.confidence.is_finite());
        facts.alike.retain(|past| past.likeness.is_finite());
        facts.alike.sort_by(|one, other| {
            other.likeness.total_cmp(&one.likeness).then_with(|| one.message.cmp(&other.message))
        });
        facts.alike.truncate(MAX_OTHERS);
        History { customer, now, facts }
    }

    /// Whose.
    pub fn customer(&self) -> CustomerId {
        self.customer
    }

    /// When.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The facts, in order.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The messages whose words the reasons quote: of the latest [`MAX_FELT`] with a sentiment.
    pub fn quoted(&self) -> Vec<MessageId> {
        super::mood::quoted(&self.at(self.now))
    }

    /// Puts the sentiment of a message in the place of the one it was gathered with.
    pub fn hear(&mut self, message: MessageId, sentiment: Sentiment) {
        if let Some(contact) = self.facts.contacts.iter_mut().rev().find(|contact| contact.message == message) {
            contact.sentiment = Some(sentiment);
        }
    }

    /// As it was known at `then`, no later than [`History::now`].
    pub(super) fn at(&self, then: Timestamp) -> View<'_> {
        let facts = &self.facts;
        let now = then.min(self.now);
        View {
            now,
            contacts: before(&facts.contacts, now, |contact| contact.at),
            cases: before(&facts.cases, now, |case| case.opened),
            orders: before(&facts.orders, now, |order| order.at),
            undone: before(&facts.undone, now, |order| order.at).len(),
            ratings: before(&facts.ratings, now, |rating| rating.at),
            need: facts.need.as_ref().filter(|need| need.at <= now),
            facts,
        }
    }
}

/// Keeps the last `most`.
fn latest<T>(list: &mut Vec<T>, most: usize) {
    list.drain(..list.len().saturating_sub(most));
}

/// Those of a sorted list that are no later than `now`.
fn before<T>(list: &[T], now: Timestamp, at: impl Fn(&T) -> Timestamp) -> &[T] {
    list.get(..list.partition_point(|one| at(one) <= now)).unwrap_or_default()
}

/// A history as it was at a time: slices of the same facts.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub now: Timestamp,
    pub contacts: &'a [Contact],
    pub cases: &'a [CaseFacts],
    pub orders: &'a [Order],
    /// How many orders came to nothing.
    pub undone: usize,
    pub ratings: &'a [Rating],
    pub need: Option<&'a NeedReading>,
    /// For what has no time of its own.
    pub facts: &'a Facts,
}

impl<'a> View<'a> {
    /// What they wrote, oldest first.
    pub fn inbound(&self) -> impl DoubleEndedIterator<Item = &'a Contact> + Clone + use<'a> {
        self.contacts.iter().filter(|contact| contact.direction == Direction::Inbound)
    }

    /// When a case was resolved, as far as was known then.
    pub fn resolved(&self, case: &CaseFacts) -> Option<Timestamp> {
        case.resolved.filter(|at| *at <= self.now)
    }

    /// When a case was first answered, as far as was known then.
    pub fn first_reply(&self, case: &CaseFacts) -> Option<Timestamp> {
        case.first_reply.filter(|at| *at <= self.now)
    }

    /// How often a case had been opened again by then.
    pub fn reopened(&self, case: &CaseFacts) -> usize {
        case.reopened.iter().filter(|at| **at <= self.now).count()
    }
}
