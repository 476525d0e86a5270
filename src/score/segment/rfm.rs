//! The segments everybody knows, from recency and frequency. Recency is a fifth of the customers by the time they were
//! last there, equals parted by id; frequency is a bin by value (1, 2, 3-4, 5-7, 8 and more), since most come once and
//! ranks would part equals at random. Nobody counts as gone who was there the other day, however busy the others are.
//!
//! *New* is who came once and whose first time lies within what counts as recent: an old customer who writes again after
//! years, or who never bought anything where others do, is not new.

use super::super::activity::frequency_bin;
use super::super::history::DAY;
use super::{Fitted, Model, Previous, Row, assemble};
use crate::model::{CustomerId, SegmentKind, Timestamp};
use minicbor::{Decode, Encode};

/// The names, the best first.
pub const NAMES: [&str; 9] = [
    "champions",
    "loyal",
    "potential loyalist",
    "new",
    "needs attention",
    "at risk",
    "can't lose",
    "hibernating",
    "lost",
];

/// From this recency on somebody was there lately.
const RECENT: u8 = 4;
/// Under so many customers a fifth says nothing: days do.
const FEW: usize = 20;
/// Silence in days that the four worst fifths begin with at the least, the worst first.
const LEAST_DAYS: [i64; 4] = [60, 30, 14, 3];
/// The same where there are too few customers for fifths.
const PLAIN_DAYS: [i64; 4] = [365, 180, 90, 30];

/// The limits of recency: the last customer of each of the four worst fifths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cuts {
    #[n(0)]
    limits: [(Timestamp, CustomerId); 4],
    /// Orders are known: who has none came once at the most, however often they wrote.
    #[n(1)]
    #[cbor(default)]
    orders: bool,
}

impl Cuts {
    /// The limits of these customers, in any order.
    pub fn of(rows: &[Row], now: Timestamp) -> Cuts {
        let all = CustomerId([0xff; 16]);
        let orders = rows.iter().any(|row| row.spent.is_some());
        let since = |days: i64| (now.plus_millis(-days * DAY), all);
        if rows.len() < FEW {
            return Cuts { limits: PLAIN_DAYS.map(since), orders };
        }
        let mut order: Vec<(Timestamp, CustomerId)> = rows.iter().map(|row| (row.last, row.customer)).collect();
        order.sort_unstable();
        let mut limits = LEAST_DAYS.map(since);
        for (at, limit) in limits.iter_mut().enumerate() {
            // The edge of a fifth as quantiles of ranks have it (`pandas.qcut`).
            let last = (order.len() - 1) * (at + 1) / 5;
            *limit = order[last].min(*limit);
        }
        Cuts { limits, orders }
    }

    /// Recency of a customer from 1 to 5, the most recent.
    pub fn recency(&self, row: &Row) -> u8 {
        self.recency_of(row.last, row.customer)
    }

    fn recency_of(&self, at: Timestamp, customer: CustomerId) -> u8 {
        1 + self.limits.iter().filter(|limit| (at, customer) > **limit).count() as u8
    }

    /// The name of a customer's segment.
    pub fn name(&self, row: &Row) -> &'static str {
        let count = if self.orders && row.spent.is_none() { 0 } else { row.count };
        let known = match row.count {
            0 => Known::Unheard,
            _ if self.recency_of(row.first, row.customer) >= RECENT => Known::Lately,
            _ => Known::Long,
        };
        name(self.recency(row), frequency_bin(count), known)
    }
}

/// Since when a customer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Their first time was lately.
    Lately,
    /// Longer than that.
    Long,
    /// They never wrote nor ordered: we wrote to them, or have them from a file.
    Unheard,
}

/// The name of a recency and a frequency, both 1 to 5.
pub fn name(recency: u8, frequency: u8, known: Known) -> &'static str {
    let often = frequency >= 4;
    let once = frequency <= 1;
    match recency {
        5.. if often => "champions",
        3.. if often => "loyal",
        4.. if known == Known::Unheard => "needs attention",
        RECENT.. if once && known == Known::Lately => "new",
        4.. => "potential loyalist",
        3 => "needs attention",
        _ if frequency >= 5 => "can't lose",
        _ if frequency >= 3 => "at risk",
        2 => "hibernating",
        // Who never was there is not lost.
        _ if known == Known::Unheard => "hibernating",
        _ => "lost",
    }
}

/// Fits over rows sorted by customer.
pub(super) fn fit(rows: &[Row], now: Timestamp, previous: Previous<'_>) -> Fitted {
    let cuts = Cuts::of(rows, now);
    let place = |row: &Row| NAMES.iter().position(|name| *name == cuts.name(row)).map(|at| at as u32);
    let labels: Vec<Option<u32>> = rows.iter().map(place).collect();
    let names = NAMES.map(str::to_owned);
    let (segments, members) = assemble(SegmentKind::Rfm, rows, now, &labels, &names, previous);
    Fitted { segments, members, model: Model::Rfm(cuts), silhouette: None, stability: None }
}
