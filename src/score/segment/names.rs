//! Words for segments: their middles, their traits, and names for those that were learned.

use super::super::activity::whole_days;
use super::Row;
use super::features::Features;
use crate::model::{Currency, Money, Timestamp};
use std::collections::BTreeMap;

/// The middle of some customers: median days since they were last there, count, money in their main currency.
pub(super) fn centre(part: &[&Row], now: Timestamp) -> [f64; 3] {
    let days = middle(part.iter().map(|row| i64::from(whole_days(now, row.last))).collect());
    let count = middle(part.iter().map(|row| i64::from(row.count)).collect());
    [days as f64, count as f64, middle_money(part).map_or(0.0, major)]
}

fn major(money: Money) -> f64 {
    money.minor as f64 / 10_f64.powi(money.currency.digits() as i32)
}

/// The middle of the spending of all in the currency most of them pay in; `None` where most have no orders.
fn middle_money(part: &[&Row]) -> Option<Money> {
    let mut counts: BTreeMap<Currency, usize> = BTreeMap::new();
    for money in part.iter().filter_map(|row| row.spent) {
        *counts.entry(money.currency).or_default() += 1;
    }
    let (currency, _) = counts.iter().max_by_key(|(currency, count)| (**count, **currency))?;
    let with = |row: &&Row| row.spent.filter(|money| money.currency == *currency).map(|money| money.minor);
    let same: Vec<i64> = part.iter().filter_map(with).collect();
    (part.iter().filter(|row| row.spent.is_some()).count() * 2 >= part.len())
        .then(|| Money { currency: *currency, minor: middle(same) })
}

fn middle(mut values: Vec<i64>) -> i64 {
    if values.is_empty() {
        return 0;
    }
    let at = values.len() / 2;
    *values.select_nth_unstable(at).1
}

/// The traits of a segment, with figures.
pub(super) fn traits(part: &[&Row], all: usize, now: Timestamp) -> Vec<String> {
    if part.is_empty() {
        return Vec::new();
    }
    let [days, count, _] = centre(part, now);
    let last = match days as i64 {
        0 => "last there today".to_owned(),
        1 => "last there yesterday".to_owned(),
        days => format!("last there {days} days ago"),
    };
    let times = match count as i64 {
        0 => "never wrote nor ordered".to_owned(),
        1 => "came once".to_owned(),
        count => format!("came {count} times"),
    };
    let share = 100.0 * part.len() as f64 / all.max(1) as f64;
    let third = match middle_money(part) {
        Some(money) => format!("spent {}", Money { minor: rounded(money), ..money }),
        None => format!("{share:.0} % of all"),
    };
    vec![last, times, third]
}

/// Cents are left out where there is more to say.
fn rounded(money: Money) -> i64 {
    let unit = 10_i64.pow(money.currency.digits());
    if money.minor.abs() >= 10 * unit { money.minor / unit * unit } else { money.minor }
}

/// Names for groups by where their middles lie against all customers; none of those in `taken`, no two the same.
pub(super) fn learned(middles: &[Features], parts: &[Vec<&Row>], now: Timestamp, taken: &[String]) -> Vec<String> {
    let mut used: Vec<String> = taken.to_vec();
    let mut names = Vec::with_capacity(middles.len());
    for (middle, part) in middles.iter().zip(parts) {
        let [days, count, money] = centre(part, now);
        let plain = phrase(middle, money > 0.0, false);
        let fine = phrase(middle, money > 0.0, true);
        let figures = format!("{fine} ({days:.0} d, {count:.0} times, {money:.0})");
        let mut candidates =
            [plain.clone(), fine, figures].into_iter().chain((2_u32..).map(|n| format!("{plain} {n}")));
        if let Some(name) = candidates.find(|name| !used.contains(name)) {
            used.push(name.clone());
            names.push(name);
        }
    }
    names
}

/// Three traits, the plainest first: `recent, frequent, large orders`.
fn phrase(middle: &Features, spends: bool, fine: bool) -> String {
    let [recency, frequency, money] = *middle;
    let step = |value: f64| match value {
        v if fine && v <= -1.2 => 0,
        v if v <= -0.4 => 1,
        v if v < 0.4 => 2,
        v if fine && v >= 1.2 => 4,
        _ => 3,
    };
    let recent = ["just there", "recent", "some time ago", "long silent", "very long silent"][step(recency)];
    let often = ["hardly ever", "seldom", "now and then", "frequent", "very frequent"][step(frequency)];
    let orders = if spends {
        ["tiny orders", "small orders", "middling orders", "large orders", "very large orders"][step(money)]
    } else {
        "no orders"
    };
    let mut words = [(recency.abs(), recent), (frequency.abs(), often), (money.abs(), orders)];
    words.sort_by(|one, other| other.0.total_cmp(&one.0));
    words.map(|(_, word)| word).join(", ")
}
