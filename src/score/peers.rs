//! What all customers together are like: gathered in one pass, small, and mergeable.

use super::activity::{Activity, frequency_bin};
use super::history::{DAY, History, View};
use crate::model::{Currency, Money};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// Under so many customers nobody can be compared with.
pub(super) const FEW: u32 = 20;
/// How far "next" reaches, in days.
pub(super) const PERIOD_DAYS: i64 = 90;
/// An answer within this time counts as one.
pub(super) const ANSWER_TIME: i64 = 7 * DAY;
/// Campaigns that are told apart.
const MAX_CAMPAIGNS: usize = 500;
/// Whole days up to here have a bin of their own; older ones share, eight bins to each doubling.
const EXACT_DAYS: u32 = 60;

/// How many of a group, and how many of them answered, wrote or ordered within a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Arms {
    /// Customers written to.
    #[n(0)]
    pub written: u32,
    /// Of those, who answered.
    #[n(1)]
    pub written_answered: u32,
    /// Customers held back.
    #[n(2)]
    pub held: u32,
    /// Of those, who came all the same.
    #[n(3)]
    pub held_answered: u32,
}

/// What customers of one cell did in the 90 days after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
struct Next {
    #[n(0)]
    customers: u32,
    #[n(1)]
    minor: i64,
    #[n(2)]
    contacts: u32,
}

/// All customers, as they are gathered: counts alone, some tens of kilobytes however many there are. Two tallies can be
/// merged, and the order does not matter.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Tally {
    /// Customers by (currency, recency, frequency, money), packed by [`Cell::pack`].
    #[n(0)]
    cells: BTreeMap<u64, u32>,
    /// What those did next who stood in a (currency, recency, frequency) 90 days ago.
    #[n(1)]
    next: BTreeMap<u64, Next>,
    #[n(2)]
    campaigns: BTreeMap<String, Arms>,
}

/// Where a customer stands among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    currency: Option<Currency>,
    recency: u8,
    frequency: u8,
    money: u8,
}

impl Cell {
    fn pack(self) -> u64 {
        let letters = self.currency.map_or([0; 3], |currency| {
            let mut letters = [0; 3];
            letters.iter_mut().zip(currency.code().bytes()).for_each(|(to, from)| *to = from);
            letters
        });
        let [a, b, c] = letters;
        u64::from_be_bytes([0, 0, a, b, c, self.recency, self.frequency, self.money])
    }

    fn unpack(packed: u64) -> Cell {
        let [_, _, a, b, c, recency, frequency, money] = packed.to_be_bytes();
        let currency = std::str::from_utf8(&[a, b, c]).ok().and_then(Currency::from_code);
        Cell { currency, recency, frequency, money }
    }
}

fn recency_bin(days: u32) -> u8 {
    if days < EXACT_DAYS {
        return days as u8;
    }
    let octaves = (f64::from(days) / f64::from(EXACT_DAYS)).log2();
    (f64::from(EXACT_DAYS) + (8.0 * octaves).floor()).min(255.0) as u8
}

fn money_bin(spent: Option<Money>) -> u8 {
    match spent {
        Some(money) if money.minor > 0 => (1.0 + (4.0 * (money.minor as f64).log2()).floor()).min(255.0) as u8,
        _ => 0,
    }
}

/// Recency in six steps that can be said: the cells of what happens next.
pub(super) fn recency_step(days: u32) -> u8 {
    match days {
        0..=7 => 0,
        8..=30 => 1,
        31..=90 => 2,
        91..=180 => 3,
        181..=365 => 4,
        _ => 5,
    }
}

/// A step of recency in words.
pub(super) fn recency_words(step: u8) -> &'static str {
    match step {
        0 => "within a week",
        1 => "8 to 30 days ago",
        2 => "31 to 90 days ago",
        3 => "91 to 180 days ago",
        4 => "half a year to a year ago",
        _ => "more than a year ago",
    }
}

/// Spent and days written on in the 90 days up to the view.
pub(super) fn period(view: &View<'_>, currency: Option<Currency>) -> (i64, u32) {
    let from = view.now.plus_millis(-PERIOD_DAYS * DAY);
    let orders = view.orders.iter().filter(|order| order.at > from && Some(order.total.currency) == currency);
    let minor = orders.fold(0_i64, |sum, order| sum.saturating_add(order.total.minor));
    let mut days: Vec<i64> =
        view.inbound().filter(|contact| contact.at > from).map(|contact| contact.at.0 / DAY).collect();
    days.dedup();
    (minor, days.len() as u32)
}

fn next_key(activity: &Activity, view: &View<'_>) -> Option<u64> {
    let cell = Cell {
        currency: activity.spent.map(|money| money.currency),
        recency: recency_step(activity.days(view.now)?),
        frequency: frequency_bin(activity.count),
        money: 0,
    };
    Some(cell.pack())
}

impl Tally {
    /// Adds a customer. All that are added are to be of about the same time.
    pub fn add(&mut self, history: &History) {
        let now = history.at(history.now());
        let activity = Activity::of(&now);
        if let Some(days) = activity.days(now.now) {
            let cell = Cell {
                currency: activity.spent.map(|money| money.currency),
                recency: recency_bin(days),
                frequency: frequency_bin(activity.count),
                money: money_bin(activity.spent),
            };
            *self.cells.entry(cell.pack()).or_default() += 1;
        }
        let then = history.at(now.now.plus_millis(-PERIOD_DAYS * DAY));
        let before = Activity::of(&then);
        if let Some(key) = next_key(&before, &then) {
            let (minor, contacts) = period(&now, before.spent.map(|money| money.currency));
            let next = self.next.entry(key).or_default();
            next.customers += 1;
            next.minor = next.minor.saturating_add(minor);
            next.contacts = next.contacts.saturating_add(contacts);
        }
        for part in &now.facts.enrolments {
            // Who was asked less than a week ago may still answer.
            if now.now.since(part.at) < ANSWER_TIME {
                continue;
            }
            if self.campaigns.len() >= MAX_CAMPAIGNS && !self.campaigns.contains_key(&part.campaign) {
                continue;
            }
            let within = |at: crate::model::Timestamp| at > part.at && at.since(part.at) <= ANSWER_TIME;
            let came =
                now.inbound().any(|contact| within(contact.at)) || now.orders.iter().any(|order| within(order.at));
            let arms = self.campaigns.entry(part.campaign.clone()).or_default();
            let (all, answered) = if part.held_back {
                (&mut arms.held, &mut arms.held_answered)
            } else {
                (&mut arms.written, &mut arms.written_answered)
            };
            *all += 1;
            *answered += u32::from(came);
        }
    }

    /// Adds all customers of another tally.
    pub fn merge(&mut self, other: &Tally) {
        for (cell, count) in &other.cells {
            *self.cells.entry(*cell).or_default() += count;
        }
        for (cell, next) in &other.next {
            let mine = self.next.entry(*cell).or_default();
            mine.customers += next.customers;
            mine.minor = mine.minor.saturating_add(next.minor);
            mine.contacts = mine.contacts.saturating_add(next.contacts);
        }
        for (campaign, arms) in &other.campaigns {
            let mine = self.campaigns.entry(campaign.clone()).or_default();
            mine.written += arms.written;
            mine.written_answered += arms.written_answered;
            mine.held += arms.held;
            mine.held_answered += arms.held_answered;
        }
    }

    /// The tables that scores look up.
    pub fn peers(&self) -> Peers {
        let cells: Vec<(Cell, u32)> = self.cells.iter().map(|(cell, count)| (Cell::unpack(*cell), *count)).collect();
        let mut peers = Peers { next: self.next.clone(), campaigns: self.campaigns.clone(), ..Peers::default() };
        let mut recency = [0_u32; 256];
        let mut money: BTreeMap<Currency, [u32; 256]> = BTreeMap::new();
        for (cell, count) in &cells {
            peers.customers += count;
            recency[usize::from(cell.recency)] += count;
            let row = usize::from(cell.frequency.clamp(1, 5) - 1);
            peers.rhythm[row][usize::from(cell.recency)] += count;
            if let Some(currency) = cell.currency {
                money.entry(currency).or_insert([0; 256])[usize::from(cell.money)] += count;
            }
        }
        // The most recent are the best.
        peers.recency = fifths(&recency).map(|fifth| 6 - fifth);
        peers.money = money.iter().map(|(currency, counts)| (*currency, fifths(counts))).collect();
        let mut sums = [0_u32; 16];
        for (cell, count) in &cells {
            sums[usize::from(peers.sum(*cell))] += count;
        }
        let mut below = 0;
        for (share, count) in peers.share.iter_mut().zip(sums) {
            *share = (f64::from(below) + f64::from(count) / 2.0) / f64::from(peers.customers.max(1));
            below += count;
        }
        peers
    }
}

/// In which fifth each bin's middle lies, 1 to 5 from the smallest.
fn fifths(counts: &[u32; 256]) -> [u8; 256] {
    let all = f64::from(counts.iter().sum::<u32>().max(1));
    let mut below = 0.0;
    counts.map(|count| {
        let middle = (below + f64::from(count) / 2.0) / all;
        below += f64::from(count);
        (1 + (middle * 5.0) as u8).min(5)
    })
}

/// What all customers together are like, ready to be looked up.
#[derive(Clone, Debug, PartialEq)]
pub struct Peers {
    customers: u32,
    recency: [u8; 256],
    money: BTreeMap<Currency, [u8; 256]>,
    /// The share of customers at or below an RFM sum, equals counted half.
    share: [f64; 16],
    /// Customers by frequency bin and recency.
    rhythm: [[u32; 256]; 5],
    next: BTreeMap<u64, Next>,
    campaigns: BTreeMap<String, Arms>,
}

impl Default for Peers {
    fn default() -> Self {
        Peers {
            customers: 0,
            recency: [1; 256],
            money: BTreeMap::new(),
            share: [0.0; 16],
            rhythm: [[0; 256]; 5],
            next: BTreeMap::new(),
            campaigns: BTreeMap::new(),
        }
    }
}

impl Peers {
    /// How many customers were gathered that ever wrote or ordered.
    pub fn customers(&self) -> u32 {
        self.customers
    }

    /// The arms of a campaign.
    pub(super) fn campaign(&self, name: &str) -> Option<Arms> {
        self.campaigns.get(name).copied()
    }

    fn sum(&self, cell: Cell) -> u8 {
        let money = match cell.currency.and_then(|currency| self.money.get(&currency)) {
            Some(fifths) if cell.money > 0 => fifths[usize::from(cell.money)],
            _ => 1,
        };
        // Where orders are known, who has none came once at the most, however often they wrote: otherwise a first order
        // would make somebody worth less.
        let frequency = if cell.currency.is_none() && !self.money.is_empty() { 1 } else { cell.frequency };
        self.recency[usize::from(cell.recency)] + frequency + money
    }

    /// The RFM sum, 3 to 15, of somebody who stands so, and their percentile by it.
    pub(super) fn standing(&self, days: u32, activity: &Activity) -> (u8, f64) {
        let cell = Cell {
            currency: activity.spent.map(|money| money.currency),
            recency: recency_bin(days),
            frequency: frequency_bin(activity.count),
            money: money_bin(activity.spent),
        };
        let sum = self.sum(cell);
        (sum, 100.0 * self.share[usize::from(sum)])
    }

    /// Among those as frequent: how many there are, and the percentile of so many days of silence.
    pub(super) fn silence(&self, days: u32, count: u32) -> (u32, f64) {
        let row = &self.rhythm[usize::from(frequency_bin(count) - 1)];
        let bin = usize::from(recency_bin(days));
        let all: u32 = row.iter().sum();
        let below: u32 = row[..bin].iter().sum();
        (all, 100.0 * (f64::from(below) + f64::from(row[bin]) / 2.0) / f64::from(all.max(1)))
    }

    /// What those did in 90 days who stood as this customer stands now: how many, spent on average (minor units), days
    /// they wrote on.
    pub(super) fn next(&self, view: &View<'_>, activity: &Activity) -> Option<(u32, f64, f64)> {
        let next = self.next.get(&next_key(activity, view)?)?;
        let customers = f64::from(next.customers.max(1));
        Some((next.customers, next.minor as f64 / customers, f64::from(next.contacts) / customers))
    }
}
