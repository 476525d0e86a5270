//! Recency, frequency and money of one customer: the three numbers that value, churn and segments stand on.

use super::history::{DAY, View};
use crate::model::{Currency, Money, Order, Timestamp};
use std::collections::BTreeMap;

/// Most orders or days that are looked at for a rhythm.
const RHYTHM: usize = 50;

/// What a customer did, as far as it counts for recency, frequency and money.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Activity {
    /// The last time they ordered or wrote.
    pub last: Option<Timestamp>,
    /// How many orders; days they wrote on where there are no orders.
    pub count: u32,
    /// What they spent in the currency they spent most in (by orders, then by amount); `None` without orders.
    pub spent: Option<Money>,
    /// How many other currencies they ordered in: those are not added up.
    pub other_currencies: usize,
    /// The usual time between two of those, in milliseconds: the median. `None` under three.
    pub gap: Option<i64>,
}

impl Activity {
    /// What a customer did up to the time of the view.
    pub fn of(view: &View<'_>) -> Activity {
        // A credit note is money given back, and nobody came for it.
        let bought: Vec<Timestamp> =
            view.orders.iter().filter(|order| order.total.minor >= 0).map(|order| order.at).collect();
        let ordered = bought.last().copied();
        let wrote = view.inbound().next_back().map(|contact| contact.at);
        let money = main_money(view.orders);
        let (count, times) = if view.orders.is_empty() {
            let days = days(view);
            (days.len(), days)
        } else {
            // Who was given money back bought something once.
            let count = bought.len().max(1);
            let mut times = bought;
            times.dedup_by_key(|at| at.0 / DAY);
            (count, times)
        };
        Activity {
            last: ordered.max(wrote),
            count: count.min(u32::MAX as usize) as u32,
            spent: money.map(|(money, _)| money),
            other_currencies: money.map_or(0, |(_, others)| others),
            gap: usual_gap(&times),
        }
    }

    /// Why there is nothing to count, where there is no last time.
    pub fn absence(view: &View<'_>) -> &'static str {
        if view.undone > 0 { "what they ordered came to nothing" } else { "they never wrote nor ordered" }
    }

    /// Whole days since the last; `None` when there was none.
    pub fn days(&self, now: Timestamp) -> Option<u32> {
        self.last.map(|last| whole_days(now, last))
    }
}

/// Whole days from `then` to `now`; none when it is later.
pub(super) fn whole_days(now: Timestamp, then: Timestamp) -> u32 {
    (now.since(then).max(0) / DAY).min(i64::from(u32::MAX)) as u32
}

/// The days (UTC) they wrote on, each by its first message.
fn days(view: &View<'_>) -> Vec<Timestamp> {
    let mut days: Vec<Timestamp> = view.inbound().map(|contact| contact.at).collect();
    days.dedup_by_key(|at| at.0 / DAY);
    days
}

fn usual_gap(times: &[Timestamp]) -> Option<i64> {
    let recent = times.get(times.len().saturating_sub(RHYTHM)..).unwrap_or_default();
    if recent.len() < 3 {
        return None;
    }
    let mut gaps: Vec<i64> = recent.windows(2).map(|pair| pair[1].since(pair[0])).collect();
    gaps.sort_unstable();
    let middle = gaps.len() / 2;
    let median = if gaps.len() % 2 == 1 { gaps[middle] } else { (gaps[middle - 1] + gaps[middle]) / 2 };
    Some(median.max(DAY))
}

/// The sum in the currency most orders are in, and how many other currencies there are.
pub(super) fn main_money(orders: &[Order]) -> Option<(Money, usize)> {
    let mut sums: BTreeMap<Currency, (u32, i64)> = BTreeMap::new();
    for order in orders {
        let sum = sums.entry(order.total.currency).or_default();
        *sum = (sum.0 + 1, sum.1.saturating_add(order.total.minor));
    }
    let (currency, (_, minor)) = sums.iter().max_by_key(|(currency, (count, sum))| (*count, *sum, **currency))?;
    Some((Money { currency: *currency, minor: *minor }, sums.len() - 1))
}

/// The bin of a frequency: 1, 2, 3-4, 5-7, 8 and more. By value, not by rank: most customers come once, and ranks would
/// part equals.
pub(super) fn frequency_bin(count: u32) -> u8 {
    match count {
        0 | 1 => 1,
        2 => 2,
        3..=4 => 3,
        5..=7 => 4,
        _ => 5,
    }
}

/// A frequency bin in words.
pub(super) fn frequency_words(bin: u8) -> &'static str {
    match bin {
        1 => "once",
        2 => "twice",
        3 => "3 or 4 times",
        4 => "5 to 7 times",
        _ => "8 times and more",
    }
}
