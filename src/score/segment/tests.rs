//! Segments held to scikit-learn's and pandas' own results (`tests/golden/segments/make.py`), and to what an agent counts on.
#![allow(clippy::unwrap_used)]

use super::kmeans::{clusters, stability};
use super::{
    Features, Fitted, Model, Previous, Row, Scale, Settings, Unfit, Watch, adjusted_rand, dbscan, fit, rfm, silhouette,
};
use crate::model::{Currency, CustomerId, Money, SegmentKind, Timestamp};
use crate::score::DAY;
use std::collections::BTreeMap;

const NOW: Timestamp = Timestamp(1_795_737_600_000);
const CUSTOMERS: &str = include_str!("../../../tests/golden/segments/customers.csv");
const GOLDEN: &str = include_str!("../../../tests/golden/segments/golden.json");

fn row(id: usize, days: i64, count: u32, minor: i64) -> Row {
    let mut customer = [0; 16];
    customer[8..].copy_from_slice(&(id as u64).to_be_bytes());
    let currency = Currency::from_code("USD").unwrap();
    Row {
        customer: CustomerId(customer),
        last: NOW.plus_millis(-days * DAY),
        // Who came once was there for the first time then; the others have come for two years.
        first: NOW.plus_millis(-(if count > 1 { days.max(730) } else { days }) * DAY),
        count,
        spent: (minor > 0).then_some(Money { currency, minor }),
    }
}

fn rows() -> Vec<Row> {
    let lines = CUSTOMERS.lines().skip(1).enumerate();
    lines
        .map(|(id, line)| {
            let cells: Vec<i64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            row(id, cells[0], cells[1] as u32, cells[2])
        })
        .collect()
}

fn points(rows: &[Row]) -> Vec<Features> {
    let scale = Scale::of(rows, NOW);
    rows.iter().map(|row| scale.features(row, NOW)).collect()
}

fn golden() -> serde_json::Value {
    serde_json::from_str(GOLDEN).unwrap()
}

fn digits(value: &serde_json::Value) -> Vec<u32> {
    value.as_str().unwrap().chars().map(|digit| digit.to_digit(10).unwrap()).collect()
}

fn fitted(kind: SegmentKind, rows: &[Row], previous: Previous<'_>) -> Fitted {
    fit(kind, rows, NOW, previous, &Settings::default(), &mut |_| true).unwrap()
}

#[test]
fn inertia_silhouette_and_rand_index_are_scikit_learns() {
    let (golden, points) = (golden(), points(&rows()));
    for k in 3..=8 {
        let theirs = &golden["kmeans"][k.to_string()];
        let found = clusters(&points, k, 10, 1, &mut Watch::new(&mut |_| true)).unwrap();
        let best_of_50 = theirs["inertia_50"].as_f64().unwrap();
        let best_of_10 = theirs["inertia_10"].as_f64().unwrap();
        assert!(found.inertia <= best_of_10 * 1.001, "k={k}: {} against {best_of_10}", found.inertia);
        assert!(found.inertia >= best_of_50 * 0.999, "k={k}: {} against {best_of_50}", found.inertia);
        let silhouette = silhouette(&points, &digits(&theirs["labels"]));
        assert!((silhouette - theirs["silhouette"].as_f64().unwrap()).abs() < 1e-9, "k={k}: {silhouette}");
    }
    let ours = adjusted_rand(&digits(&golden["kmeans"]["4"]["labels"]), &digits(&golden["kmeans"]["7"]["labels"]));
    assert!((ours - golden["ari_4_7"].as_f64().unwrap()).abs() < 1e-12, "{ours}");
    assert!(stability(&points, 3, &mut Watch::new(&mut |_| true)).unwrap() > 0.5);
}

#[test]
fn dbscan_finds_scikit_learns_groups_and_noise() {
    let points = points(&rows());
    for case in golden()["dbscan"].as_array().unwrap() {
        let (eps, samples) = (case["eps"].as_f64().unwrap(), case["min_samples"].as_u64().unwrap() as usize);
        let theirs: Vec<Option<u32>> =
            case["labels"].as_array().unwrap().iter().map(|label| label.as_u64().map(|label| label as u32)).collect();
        let found = dbscan::groups(&points, eps, samples, &mut Watch::new(&mut |_| true)).unwrap();
        assert_eq!(found, theirs, "eps {eps}, {samples} neighbours");
    }
}

#[test]
fn rfm_names_are_those_of_pandas_and_everybody_has_one() {
    let rows = rows();
    let found = fitted(SegmentKind::Rfm, &rows, Previous::default());
    assert_eq!(found.members.len(), rows.len(), "every customer is in exactly one");
    let theirs = golden();
    let theirs = theirs["rfm"].as_array().unwrap();
    for (customer, place) in &found.members {
        let at = rows.iter().position(|row| row.customer == *customer).unwrap();
        assert_eq!(found.segments[*place as usize].name, theirs[at].as_str().unwrap(), "{:?}", rows[at]);
        assert_eq!(found.model.place(&rows[at], NOW), theirs[at].as_str(), "placed as fitted");
    }
    assert_eq!(found.segments.iter().map(|segment| segment.size as usize).sum::<usize>(), rows.len());
}

#[test]
fn nobody_is_lost_who_was_there_the_other_day_and_few_are_told_by_days() {
    let busy: Vec<Row> = (0..100).map(|id| row(id, id as i64 % 7, 1 + id as u32 % 9, 100)).collect();
    let found = fitted(SegmentKind::Rfm, &busy, Previous::default());
    for segment in found.segments.iter().filter(|segment| segment.size > 0) {
        assert!(!["lost", "hibernating", "at risk", "can't lose"].contains(&segment.name.as_str()), "{}", segment.name);
    }
    let few = [row(1, 1, 9, 1), row(2, 500, 1, 1), row(3, 200, 3, 1), row(4, 10, 1, 1)];
    let found = fitted(SegmentKind::Rfm, &few, Previous::default());
    let names: Vec<&str> = few.iter().map(|row| found.model.place(row, NOW).unwrap()).collect();
    assert_eq!(names, ["champions", "lost", "at risk", "new"]);
}

#[test]
fn new_is_whose_first_time_was_lately_and_nobody_else() {
    let long_ago = |row: Row| Row { first: NOW.plus_millis(-2_000 * DAY), ..row };
    let all = [
        row(1, 10, 1, 900),
        // Bought once years ago, wrote yesterday.
        long_ago(row(2, 1, 1, 900)),
        // Wrote on many days for years and never bought, where others do.
        long_ago(row(3, 1, 30, 0)),
        // Their first message was this week; orders of others are known.
        row(4, 3, 1, 0),
        // Never wrote nor ordered: a line of an imported file, or somebody we wrote to.
        row(5, 0, 0, 0),
        // The first order of long ago, and nothing since.
        row(6, 400, 1, 900),
    ];
    let found = fitted(SegmentKind::Rfm, &all, Previous::default());
    let names: Vec<&str> = all.iter().map(|row| found.model.place(row, NOW).unwrap()).collect();
    assert_eq!(names, ["new", "potential loyalist", "potential loyalist", "new", "needs attention", "lost"]);
    // The same among many, where recency is a fifth.
    let mut many: Vec<Row> = (10..200).map(|id| row(id, id as i64, 1 + id as u32 % 6, 900)).collect();
    many.extend(all);
    let found = fitted(SegmentKind::Rfm, &many, Previous::default());
    for (row, name) in [(&all[1], "potential loyalist"), (&all[2], "potential loyalist"), (&all[3], "new")] {
        assert_eq!(found.model.place(row, NOW), Some(name), "{row:?}");
    }
}

#[test]
fn segments_do_not_depend_on_the_order_of_customers() {
    let mut mixed = rows();
    for kind in [SegmentKind::Rfm, SegmentKind::KMeans, SegmentKind::Dbscan] {
        let first = fitted(kind, &mixed, Previous::default());
        mixed.reverse();
        mixed.rotate_left(17);
        assert_eq!(fitted(kind, &mixed, Previous::default()), first, "{}", kind.word());
    }
}

#[test]
fn names_stay_over_a_refit_on_slightly_other_customers() {
    let all = rows();
    for kind in [SegmentKind::KMeans, SegmentKind::Dbscan] {
        let first = fitted(kind, &all, Previous::default());
        // A tenth of the customers are others like them, two days later.
        let mut later: Vec<Row> = all.iter().filter(|row| row.customer.0[15] % 10 != 3).copied().collect();
        later.extend(all.iter().skip(7).step_by(10).enumerate().map(|(at, like)| Row {
            last: like.last.plus_millis(2 * DAY).min(NOW),
            first: like.first,
            ..row(10_000 + at, 0, like.count, like.spent.map_or(0, |money| money.minor))
        }));
        let previous = Previous { model: Some(&first.model), segments: &first.segments };
        let second = fitted(kind, &later, previous);
        let name = |fitted: &Fitted, customer: CustomerId| {
            let place = fitted.members.iter().find(|(id, _)| *id == customer).map(|(_, place)| *place as usize);
            place.map(|place| fitted.segments[place].name.clone())
        };
        let stayed = later.iter().filter(|row| row.customer.0[14] < 0x27);
        let (mut same, mut count) = (0, 0);
        for row in stayed {
            let (before, after) = (name(&first, row.customer), name(&second, row.customer));
            if before.is_some() {
                count += 1;
                same += usize::from(before == after);
            }
        }
        assert!(same * 10 >= count * 9, "{}: {same} of {count} customers keep the name of their segment", kind.word());
        let mut names: Vec<&String> = second.segments.iter().map(|segment| &segment.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), second.segments.len(), "no two of the same name");
        let kept = second.segments.iter().find(|segment| !segment.sizes.is_empty()).unwrap();
        let before = first.segments.iter().find(|segment| segment.name == kept.name).unwrap();
        assert_eq!(kept.sizes, [before.size], "its size of the last fit is remembered");
    }
}

#[test]
fn learned_segments_say_their_traits_and_place_who_comes_between_fits() {
    let rows = rows();
    let found = fitted(SegmentKind::KMeans, &rows, Previous::default());
    assert!((3..=8).contains(&found.segments.len()));
    assert!(found.stability.unwrap() > 0.9 && found.silhouette.unwrap() > 0.2);
    for segment in &found.segments {
        assert_eq!(segment.traits.len(), 3, "{segment:?}");
        assert_eq!(segment.name.split(", ").count(), 3, "{}", segment.name);
    }
    let by_customer: BTreeMap<CustomerId, u32> = found.members.iter().copied().collect();
    for row in &rows {
        let name = &found.segments[by_customer[&row.customer] as usize].name;
        assert_eq!(found.model.place(row, NOW), Some(name.as_str()));
    }
    let bytes = minicbor::to_vec(&found.model).unwrap();
    assert_eq!(minicbor::decode::<Model>(&bytes).unwrap(), found.model, "the model can be kept");
}

#[test]
fn too_few_customers_bad_settings_and_a_stop_are_told_apart() {
    let same: Vec<Row> = (0..100).map(|id| row(id, 3, 1, 100)).collect();
    let fit = |rows: &[Row], settings: Settings, go_on: bool| {
        fit(SegmentKind::KMeans, rows, NOW, Previous::default(), &settings, &mut |_| go_on).unwrap_err()
    };
    assert_eq!(fit(&same[..10], Settings::default(), true), Unfit::TooFew { found: 10, needed: 30 });
    assert_eq!(fit(&same, Settings::default(), true), Unfit::TooFew { found: 1, needed: 3 });
    assert!(matches!(fit(&same, Settings { k: Some(99), ..Settings::default() }, true), Unfit::Setting(_)));
    assert_eq!(fit(&rows(), Settings::default(), false), Unfit::Stopped);
}

#[test]
fn a_fit_says_how_far_it_is_and_stops_wherever_it_is_told_to() {
    // Crowded places, none of them dense enough: the longest way through DBSCAN.
    let rows: Vec<Row> =
        (0..2_000).map(|id| row(id, id as i64 % 400, 1 + id as u32 % 7, 100 + id as i64 % 900)).collect();
    let settings = Settings { k: Some(5), eps: 0.6, min_samples: 400 };
    for kind in [SegmentKind::KMeans, SegmentKind::Dbscan] {
        let mut heard: Vec<u16> = Vec::new();
        let whole = fit(kind, &rows, NOW, Previous::default(), &settings, &mut |share| {
            heard.push(share);
            true
        });
        let found = whole.map(|fitted| fitted.segments.len());
        assert_eq!(found, if kind == SegmentKind::KMeans { Ok(5) } else { Err(Unfit::NoGroups) });
        assert!(heard.len() >= 5, "{} is asked {} times", kind.word(), heard.len());
        assert!(heard.is_sorted() && heard.iter().all(|share| *share <= 1000), "{}: {heard:?}", kind.word());
        for last in [1, heard.len() / 2, heard.len()] {
            let mut asked = 0;
            let found = fit(kind, &rows, NOW, Previous::default(), &settings, &mut |_| {
                asked += 1;
                asked < last
            });
            assert_eq!((found.err(), asked), (Some(Unfit::Stopped), last), "{}: not once more after a no", kind.word());
        }
    }
}

#[test]
fn every_recency_and_frequency_has_a_name_of_the_table() {
    for recency in 0..=6 {
        for frequency in 0..=6 {
            for known in [rfm::Known::Lately, rfm::Known::Long, rfm::Known::Unheard] {
                assert!(rfm::NAMES.contains(&rfm::name(recency, frequency, known)));
            }
        }
    }
}

/// Takes some seconds; `cargo test --release -- --ignored segments_of_23000` prints the times.
#[test]
#[ignore = "a measurement"]
fn segments_of_23000_customers_in_seconds() {
    let rows: Vec<Row> = (0..23_570)
        .map(|id| {
            let mixed = (id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            let count = if mixed % 10 < 6 { 1 } else { 1 + (mixed % 17) as u32 };
            row(id, (mixed % 700) as i64, count, 500 + (mixed % 9_973) as i64 * i64::from(count))
        })
        .collect();
    for kind in [SegmentKind::Rfm, SegmentKind::KMeans, SegmentKind::Dbscan] {
        let began = std::time::Instant::now();
        let found = fitted(kind, &rows, Previous::default());
        println!("{}: {} segments in {:?}", kind.word(), found.segments.len(), began.elapsed());
    }
}
