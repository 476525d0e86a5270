//! What all scores have in common, over invented histories; and what each means.
#![allow(clippy::unwrap_used)]

use super::{CaseFacts, Contact, DAY, Enrolment, Facts, History, NeedReading, PastCase, Peers, SCORES, Tally};
use crate::model::{
    Currency, CustomerId, Direction, IdentityId, Level, MessageId, Money, Order, OrderId, Rating, RatingId, Score,
    ScoreKind, Sentiment, SentimentLabel, Targets, Timestamp, Way,
};
use proptest::prelude::*;
use std::sync::LazyLock;

static PEERS: LazyLock<Peers> = LazyLock::new(|| tally().peers());

const NOW: Timestamp = Timestamp(1_795_737_600_000);
const HOUR: i64 = 3_600_000;

fn ago(millis: i64) -> Timestamp {
    NOW.plus_millis(-millis)
}

fn id(number: u64) -> MessageId {
    MessageId::of(&[&number.to_be_bytes()])
}

fn contact(number: u64, back: i64, inbound: bool, percent: Option<i8>) -> Contact {
    Contact {
        message: id(number),
        at: ago(back),
        direction: if inbound { Direction::Inbound } else { Direction::Outbound },
        channel: if number.is_multiple_of(2) { "email".to_owned() } else { "whatsapp".to_owned() },
        way: Way::Direct,
        sentiment: percent.filter(|_| inbound).map(|percent| Sentiment {
            label: match percent {
                p if p < -5 => SentimentLabel::Negative,
                p if p > 5 => SentimentLabel::Positive,
                _ => SentimentLabel::Neutral,
            },
            percent,
            confidence: 80,
            corrected: None,
            words: vec!["late".to_owned()],
        }),
    }
}

fn order(number: u64, back: i64, minor: i64, code: &str) -> Order {
    Order {
        id: OrderId::of(&[&number.to_be_bytes()]),
        identity: IdentityId([1; 16]),
        number: number.to_string(),
        at: ago(back),
        total: Money { currency: Currency::from_code(code).unwrap(), minor },
        status: crate::model::OrderStatus::Standing,
    }
}

fn rating(number: u64, back: i64, value: u16) -> Rating {
    let id = RatingId::of(&[&number.to_be_bytes()]);
    Rating { id, identity: IdentityId([1; 16]), at: ago(back), value, from: 1, of: 5, comment: String::new() }
}

fn case(back: i64, first: Option<i64>, resolved: Option<i64>, reopened: u8) -> CaseFacts {
    CaseFacts {
        opened: ago(back),
        opened_by: Some(id(back as u64)),
        first_reply: first.map(|after| ago(back).plus_millis(after)),
        resolved: resolved.map(|after| ago(back).plus_millis(after)),
        reopened: (0..i64::from(reopened)).map(|at| ago(back).plus_millis(at * HOUR)).collect(),
        targets: Targets::ORDINARY,
    }
}

fn history(facts: Facts) -> History {
    History::new(CustomerId([7; 16]), NOW, facts)
}

fn score(kind: ScoreKind, facts: &Facts, peers: &Peers) -> Score {
    let (_, scorer) = SCORES.iter().find(|(known, _)| *known == kind).unwrap();
    scorer(&history(facts.clone()), peers, 3)
}

fn value(kind: ScoreKind, facts: &Facts, peers: &Peers) -> f64 {
    score(kind, facts, peers).value.unwrap()
}

/// Some two hundred customers with and without orders.
fn tally() -> Tally {
    let mut tally = Tally::default();
    for number in 0..240_u64 {
        let mixed = (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 30) as i64;
        let visits = 1 + mixed % 9;
        let last = mixed % 300;
        let mut facts = Facts::default();
        for visit in 0..visits {
            let back = (last + visit * (3 + mixed % 40)) * DAY;
            facts.contacts.push(contact(1_000 * number + visit as u64, back, true, Some((mixed % 100) as i8)));
            if !number.is_multiple_of(3) {
                facts.orders.push(order(1_000 * number + visit as u64, back, 500 + mixed % 9_000, "USD"));
            }
        }
        facts.enrolments.push(Enrolment {
            campaign: "spring".to_owned(),
            at: ago((last + 3) * DAY),
            held_back: number.is_multiple_of(2),
        });
        tally.add(&History::new(CustomerId(number.to_be_bytes().repeat(2).try_into().unwrap()), NOW, facts));
    }
    tally
}

fn facts() -> impl Strategy<Value = Facts> {
    let back = 0..(900 * DAY);
    let contacts = prop::collection::vec((back.clone(), any::<bool>(), prop::option::of(any::<i8>())), 0..30);
    let cases = prop::collection::vec(
        (back.clone(), prop::option::of(0..(9 * DAY)), prop::option::of(0..(20 * DAY)), 0_u8..3),
        0..5,
    );
    let code = prop::sample::select(vec!["USD", "EUR", "JPY"]);
    let orders = prop::collection::vec((back.clone(), any::<i64>(), code), 0..12);
    let ratings = prop::collection::vec((back.clone(), 0_u16..9), 0..4);
    let need = prop::option::of((back, any::<f64>()));
    (contacts, cases, orders, ratings, need).prop_map(|(contacts, cases, orders, ratings, need)| Facts {
        since: Some(ago(900 * DAY)),
        contacts: (0..).zip(contacts).map(|(number, (back, inbound, p))| contact(number, back, inbound, p)).collect(),
        cases: cases.into_iter().map(|(back, first, end, reopened)| case(back, first, end, reopened)).collect(),
        orders: (0..).zip(orders).map(|(number, (back, minor, code))| order(number, back, minor, code)).collect(),
        undone: Vec::new(),
        ratings: (0..).zip(ratings).map(|(number, (back, value))| rating(number, back, value)).collect(),
        enrolments: vec![Enrolment { campaign: "spring".to_owned(), at: ago(40 * DAY), held_back: false }],
        need: need.map(|(back, confidence)| NeedReading {
            name: "refund".to_owned(),
            confidence,
            message: id(1),
            at: ago(back),
        }),
        alike: vec![PastCase { message: id(2), about: "money back".to_owned(), likeness: 0.8 }],
        offset_minutes: 60,
    })
}

/// A history in which every score has a number.
fn full() -> Facts {
    let mut facts = Facts {
        cases: vec![case(20 * DAY, Some(HOUR), Some(2 * DAY), 0), case(3 * DAY, Some(2 * HOUR), None, 0)],
        orders: (0..4).map(|number| order(number, (5 + 30 * number as i64) * DAY, 2_500, "USD")).collect(),
        need: Some(NeedReading { name: "refund".to_owned(), confidence: 0.82, message: id(9), at: ago(DAY) }),
        ..Facts::default()
    };
    for turn in 0..6_i64 {
        let back = (40 - 6 * turn) * DAY;
        facts.contacts.push(contact(2 * turn as u64, back, true, Some(-30)));
        facts.contacts.push(contact(2 * turn as u64 + 1, back - 2 * HOUR, false, None));
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_score_keeps_its_promises(facts in facts(), turn in 0_usize..7) {
        let peers = &*PEERS;
        for (kind, scorer) in SCORES {
            let found = scorer(&history(facts.clone()), peers, 3);
            prop_assert_eq!(found.kind, *kind);
            prop_assert_eq!((found.at, found.version), (NOW, 3));
            let (least, most) = kind.range();
            match found.value {
                Some(value) => {
                    prop_assert!(value.is_finite() && (least..=most).contains(&value), "{}: {}", kind.word(), value);
                    prop_assert!(!found.shown.is_empty() && found.band.is_some(), "{}", kind.word());
                    prop_assert!(found.sample > 0 && (0.0..=1.0).contains(&found.confidence), "{:?}", found);
                    prop_assert_eq!(found.line.last().copied(), Some(value as f32), "the line ends with the value");
                }
                None => {
                    prop_assert!(found.shown.is_empty() && found.band.is_none() && found.line.is_empty());
                    prop_assert!(found.trend_30.is_none() && found.trend_90.is_none());
                }
            }
            prop_assert!((1..=3).contains(&found.reasons.len()), "{}: {:?}", kind.word(), found.reasons);
            prop_assert!(found.reasons.iter().all(|reason| !reason.text.is_empty() && reason.text.chars().count() <= 160));
            prop_assert!(found.line.len() <= 24);
            // The same again, in another order, and with what nobody can know yet.
            let mut mixed = facts.clone();
            mixed.contacts.reverse();
            let length = mixed.contacts.len().max(1);
            mixed.contacts.rotate_left(turn.min(length) % length);
            mixed.orders.reverse();
            mixed.cases.reverse();
            mixed.ratings.reverse();
            mixed.contacts.push(contact(999, -DAY, true, Some(-100)));
            prop_assert_eq!(scorer(&history(mixed), peers, 3), found, "{}", kind.word());
        }
    }

    #[test]
    fn what_is_better_never_scores_worse(facts in facts(), at in 0_usize..30, more in 1_i64..1_000_000) {
        let peers = &*PEERS;
        let up = |kind: ScoreKind, before: &Facts, after: &Facts| {
            match (score(kind, before, peers).value, score(kind, after, peers).value) {
                (Some(before), Some(after)) => after >= before - 1e-9,
                _ => true,
            }
        };
        // A friendlier message.
        let mut kinder = facts.clone();
        let mut felt = kinder.contacts.iter_mut().filter_map(|contact| contact.sentiment.as_mut());
        if let Some(sentiment) = felt.nth(at % 5) {
            sentiment.percent = 100;
            prop_assert!(up(ScoreKind::Mood, &facts, &kinder));
            prop_assert!(up(ScoreKind::Satisfaction, &facts, &kinder));
        }
        // One more order in the currency they pay in.
        if let Some(last) = facts.orders.iter().find(|_| facts.orders.iter().all(|order| order.total.currency == facts.orders[0].total.currency)) {
            let mut richer = facts.clone();
            richer.orders.push(Order { id: OrderId([9; 16]), at: NOW, total: Money { minor: more, ..last.total }, ..last.clone() });
            prop_assert!(up(ScoreKind::Value, &facts, &richer));
        }
        // Silence makes drifting off likelier.
        let silent = |days: i64| SCORES.iter().find(|(kind, _)| *kind == ScoreKind::Churn).unwrap()
            .1(&History::new(CustomerId([7; 16]), NOW.plus_millis(days * DAY), facts.clone()), peers, 3).value;
        if let (Some(now), Some(then)) = (silent(0), silent(more % 400)) {
            prop_assert!(then >= now, "{} then {}", now, then);
        }
        // Answering later is never better service; opening again is never less effort.
        let (mut slower, mut again) = (facts.clone(), facts.clone());
        for case in slower.cases.iter_mut().filter(|case| case.resolved.is_none()) {
            case.first_reply = case.first_reply.map(|at| at.max(at.plus_millis(more * 1_000).min(NOW)));
        }
        if facts.contacts.is_empty() {
            prop_assert!(up(ScoreKind::Service, &slower, &facts));
        }
        for case in &mut again.cases {
            case.reopened.push(case.opened);
        }
        prop_assert!(up(ScoreKind::Effort, &facts, &again));
        prop_assert!(up(ScoreKind::Satisfaction, &again, &facts));
    }

    #[test]
    fn tallies_can_be_made_in_parts(cut in 0_usize..60, facts in prop::collection::vec(facts(), 1..6)) {
        let customers: Vec<History> = (0..).zip(facts)
            .map(|(number, facts)| History::new(CustomerId([number; 16]), NOW, facts)).collect();
        let mut whole = Tally::default();
        customers.iter().for_each(|history| whole.add(history));
        let (first, second) = customers.split_at(cut.min(customers.len()));
        let (mut one, mut other) = (Tally::default(), Tally::default());
        first.iter().for_each(|history| one.add(history));
        second.iter().for_each(|history| other.add(history));
        other.merge(&one);
        prop_assert_eq!(&other, &whole);
        let bytes = minicbor::to_vec(&whole).unwrap();
        prop_assert_eq!(minicbor::decode::<Tally>(&bytes).unwrap(), whole);
    }
}

#[test]
fn nothing_is_known_of_somebody_without_a_history() {
    for (kind, scorer) in SCORES {
        let found = scorer(&history(Facts::default()), &Peers::default(), 1);
        assert_eq!(found.value, None, "{}", kind.word());
        assert!(!found.reasons.is_empty(), "{} says what is missing", kind.word());
    }
    assert_eq!(SCORES.iter().map(|(kind, _)| *kind).collect::<Vec<_>>(), ScoreKind::ALL);
}

#[test]
fn mood_follows_the_newest_and_says_which_words() {
    let mut facts = full();
    facts.contacts.push(contact(90, HOUR, true, Some(-90)));
    let found = score(ScoreKind::Mood, &facts, &Peers::default());
    assert_eq!(found.band.unwrap().level, Level::Bad);
    assert_eq!(found.reasons[0].text, "the last message sounds negative (-0.90): \"late\"");
    assert_eq!(found.reasons[0].message, Some(id(90)));
    assert!(found.trend_30.unwrap() < 0.0);
    assert!(found.reasons.iter().any(|reason| reason.text.starts_with("worse by")), "{:?}", found.reasons);
}

#[test]
fn need_is_none_under_the_threshold() {
    let mut facts = full();
    let found = score(ScoreKind::Need, &facts, &Peers::default());
    assert_eq!((found.shown.as_str(), found.band.unwrap().word.as_str()), ("refund 0.82", "refund"));
    facts.need.as_mut().unwrap().confidence = 0.39;
    assert!(!facts.need.as_ref().unwrap().is_need(NOW), "no past case is read for it");
    let found = score(ScoreKind::Need, &facts, &Peers::default());
    assert_eq!(found.value, None);
    assert!(found.reasons[0].text.starts_with("none: \"refund\""), "{:?}", found.reasons);
}

#[test]
fn value_shows_money_and_never_adds_currencies_up() {
    let peers = &*PEERS;
    let mut facts = full();
    let found = score(ScoreKind::Value, &facts, peers);
    assert!(found.shown.ends_with("percentile, $100"), "{}", found.shown);
    assert!(found.reasons[0].text.starts_with("4 orders, $100, the last 5 days ago"), "{:?}", found.reasons);
    facts.orders.push(order(50, 9 * DAY, 100_000_000, "JPY"));
    let found = score(ScoreKind::Value, &facts, peers);
    assert!(found.shown.ends_with("$100"), "{}", found.shown);
    assert!(found.reasons.iter().any(|reason| reason.text.contains("1 other currency are not added up")), "{found:?}");
    let alone = score(ScoreKind::Value, &facts, &Peers::default());
    assert_eq!((alone.value, alone.reasons[0].text.as_str()), (None, "0 customers to compare with; 20 are needed"));
}

#[test]
fn churn_knows_their_own_rhythm() {
    let peers = &*PEERS;
    let orders = (0..8).map(|number| order(number, (70 + 5 * number as i64) * DAY, 100, "USD")).collect();
    let facts = Facts { orders, ..Facts::default() };
    let found = score(ScoreKind::Churn, &facts, peers);
    assert_eq!(found.reasons[0].text, "silent for 70 d: 14.0 times their usual gap of 5 d");
    assert!(found.band.unwrap().level <= Level::Watch && found.next.is_some());
}

#[test]
fn their_own_word_replaces_the_sum_of_facts() {
    let mut facts = full();
    assert!(value(ScoreKind::Satisfaction, &facts, &Peers::default()) < 50.0);
    facts.ratings.push(rating(1, DAY, 5));
    let found = score(ScoreKind::Satisfaction, &facts, &Peers::default());
    assert_eq!((found.value, found.reasons[0].text.as_str()), (Some(100.0), "they said 5 of 5 on 2026-11-26"));
    facts.ratings[0].at = ago(91 * DAY);
    assert!(value(ScoreKind::Satisfaction, &facts, &Peers::default()) < 50.0, "an old answer no longer counts");
}

#[test]
fn effort_counts_contacts_and_reopenings() {
    let mut facts = Facts { cases: vec![case(20 * DAY, None, Some(5 * DAY), 1)], ..Facts::default() };
    facts.contacts = (0..3).map(|number| contact(number, (19 - number as i64) * DAY, true, None)).collect();
    let found = score(ScoreKind::Effort, &facts, &Peers::default());
    assert_eq!(found.value, Some(4.0));
    assert_eq!(found.reasons[0].text, "they wrote 3 times for 1 resolved case");
}

#[test]
fn effect_says_uplift_only_against_a_held_back_group() {
    let mut facts = full();
    facts.enrolments.push(Enrolment { campaign: "spring".to_owned(), at: ago(60 * DAY), held_back: false });
    let found = score(ScoreKind::Effect, &facts, &PEERS);
    assert_eq!(found.value, Some(5.0 / 6.0), "{found:?}");
    let words: Vec<&str> = found.reasons.iter().map(|reason| reason.text.as_str()).collect();
    assert!(words.iter().any(|text| text.contains("uplift +") || text.contains("uplift -")), "100 each: {words:?}");
    let found = score(ScoreKind::Effect, &facts, &Peers::default());
    assert!(found.reasons.iter().all(|reason| !reason.text.contains("uplift")), "{found:?}");
}

#[test]
fn service_counts_what_is_late_and_calls_for_an_answer() {
    let mut late = case(3 * DAY, None, None, 0);
    late.opened_by = Some(id(5));
    let facts = Facts { cases: vec![case(30 * DAY, Some(HOUR), Some(DAY), 0), late], ..Facts::default() };
    let found = score(ScoreKind::Service, &facts, &Peers::default());
    assert_eq!((found.value, found.sample), (Some(2.0 / 3.0), 3));
    assert_eq!(found.next.as_deref(), Some("the first answer is overdue: answer now"));
    assert_eq!(
        (found.reasons[0].text.as_str(), found.reasons[0].message),
        ("first answer overdue: 3 d of 24 h", Some(id(5)))
    );
    let none = Facts {
        cases: vec![CaseFacts { targets: Targets::default(), ..case(DAY, None, None, 0) }],
        ..Facts::default()
    };
    assert_eq!(score(ScoreKind::Service, &none, &Peers::default()).reasons[0].text, "no targets are set");
}

#[test]
fn potential_compares_with_those_who_stood_there() {
    let peers = &*PEERS;
    let facts = Facts { orders: vec![order(1, 100 * DAY, 500, "USD")], ..Facts::default() };
    let found = score(ScoreKind::Potential, &facts, peers);
    match found.value {
        Some(_) => assert!(found.shown.ends_with("in 90 days") && found.shown.contains('$'), "{}", found.shown),
        None => assert!(found.reasons[0].text.contains("20 are needed"), "{found:?}"),
    }
    let mut many = Tally::default();
    for number in 0..30 {
        // All stood 100 days after a first order once, and ordered for $40 since.
        let orders = vec![order(2 * number, 190 * DAY, 500, "USD"), order(2 * number + 1, 10 * DAY, 4_000, "USD")];
        many.add(&history(Facts { orders, ..Facts::default() }));
    }
    let found = score(ScoreKind::Potential, &facts, &many.peers());
    assert_eq!((found.value, found.shown.as_str()), (Some(40.0), "+$40 in 90 days"));
    assert_eq!(found.band.unwrap().word, "room to grow");
}

#[test]
fn what_was_cancelled_or_refunded_is_neither_money_nor_a_visit_and_a_credit_note_is_money_alone() {
    use crate::model::OrderStatus;
    let peers = tally().peers();
    let read = |orders: Vec<Order>| {
        let history = history(Facts { orders, ..Facts::default() });
        let row = crate::score::segment::Row::of(&history);
        (row.count, row.spent.map(|money| money.minor), super::value::score(&history, &peers, 1))
    };
    let plain = vec![order(1, 90 * DAY, 5_000, "USD"), order(2, 40 * DAY, 3_000, "USD")];
    for status in [OrderStatus::Cancelled, OrderStatus::Refunded, OrderStatus::Returned, OrderStatus::Void] {
        let mut orders = plain.clone();
        orders.push(Order { status, ..order(3, 5 * DAY, 90_000, "USD") });
        let (count, spent, score) = read(orders);
        assert_eq!((count, spent), (2, Some(8_000)), "{status:?}");
        assert_eq!(score.value, read(plain.clone()).2.value, "{status:?}");
        let said = score.reasons.iter().any(|reason| reason.text.contains("1 order came to nothing"));
        assert!(said, "{:?}", score.reasons);
        let (count, spent, score) = read(vec![Order { status, ..order(3, 5 * DAY, 90_000, "USD") }]);
        assert_eq!((count, spent, score.value), (0, None, None), "{status:?}");
    }
    let mut orders = plain;
    orders.push(order(3, 5 * DAY, -3_000, "USD"));
    let (count, spent, score) = read(orders);
    assert_eq!((count, spent), (2, Some(5_000)));
    assert!(score.reasons[0].text.contains("2 orders, $50, the last 40 days ago"), "{:?}", score.reasons);
}
