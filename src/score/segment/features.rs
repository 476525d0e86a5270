//! What customers are compared by: recency, frequency and money, as logarithms, each brought to the same spread.

use super::super::activity::whole_days;
use super::Row;
use crate::model::{Currency, Timestamp};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// Recency, frequency, money.
pub type Features = [f64; 3];

/// How features are brought to the same spread, to be kept with what was found by them.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
pub struct Scale {
    #[n(0)]
    mean: Features,
    #[n(1)]
    deviation: Features,
    /// What one major unit of each currency counts: their middle customers count the same, since amounts in different
    /// currencies cannot be compared and nothing is converted.
    #[n(2)]
    units: BTreeMap<Currency, f64>,
}

impl Scale {
    /// The scale of these customers.
    pub fn of(rows: &[Row], now: Timestamp) -> Scale {
        let mut scale = Scale { units: units(rows), ..Scale::default() };
        let raw: Vec<Features> = rows.iter().map(|row| scale.logarithms(row, now)).collect();
        let count = raw.len().max(1) as f64;
        for at in 0..3 {
            let mean = raw.iter().map(|features| features[at]).sum::<f64>() / count;
            let variance = raw.iter().map(|features| (features[at] - mean).powi(2)).sum::<f64>() / count;
            scale.mean[at] = mean;
            // A feature that is the same for all says nothing, and divides by nothing.
            scale.deviation[at] = if variance.sqrt() > 1e-9 { variance.sqrt() } else { 1.0 };
        }
        scale
    }

    /// The logarithms of a customer's features, before they are brought to the same spread.
    fn logarithms(&self, row: &Row, now: Timestamp) -> Features {
        let money = row.spent.map_or(0.0, |money| {
            let unit = self.units.get(&money.currency).copied().unwrap_or(1.0);
            money.minor.max(0) as f64 / 10_f64.powi(money.currency.digits() as i32) * unit
        });
        [f64::from(whole_days(now, row.last)).ln_1p(), f64::from(row.count).ln_1p(), money.ln_1p()]
    }

    /// A customer's features.
    pub fn features(&self, row: &Row, now: Timestamp) -> Features {
        self.standardise(self.logarithms(row, now))
    }

    fn standardise(&self, raw: Features) -> Features {
        std::array::from_fn(|at| (raw[at] - self.mean[at]) / self.deviation[at])
    }

    /// Features of another scale in this one.
    pub(super) fn translate(&self, other: &Scale, features: Features) -> Features {
        self.standardise(std::array::from_fn(|at| features[at] * other.deviation[at] + other.mean[at]))
    }
}

/// What one unit of each currency counts: the one most customers pay in counts 1.
fn units(rows: &[Row]) -> BTreeMap<Currency, f64> {
    let mut amounts: BTreeMap<Currency, Vec<i64>> = BTreeMap::new();
    for money in rows.iter().filter_map(|row| row.spent).filter(|money| money.minor > 0) {
        amounts.entry(money.currency).or_default().push(money.minor);
    }
    let most =
        amounts.iter().max_by_key(|(currency, amounts)| (amounts.len(), **currency)).map(|(currency, _)| *currency);
    let middles: BTreeMap<Currency, f64> = amounts
        .into_iter()
        .map(|(currency, mut amounts)| {
            let at = amounts.len() / 2;
            let (_, middle, _) = amounts.select_nth_unstable(at);
            (currency, *middle as f64 / 10_f64.powi(currency.digits() as i32))
        })
        .collect();
    let main = most.and_then(|currency| middles.get(&currency)).copied().unwrap_or(1.0);
    middles.into_iter().map(|(currency, middle)| (currency, main / middle)).collect()
}

/// The square of the distance between two.
pub(super) fn distance(one: &Features, other: &Features) -> f64 {
    (one[0] - other[0]).powi(2) + (one[1] - other[1]).powi(2) + (one[2] - other[2]).powi(2)
}
