//! Who is one customer: suggestions, the comparison, splitting, moving, suspects, the history.

use super::FakeSeat;
use super::desk::{FakeDesk, NOW};
use crate::model::*;

/// The shop, where Ana may be Bob.
fn suspected() -> (FakeSeat, SuggestionView) {
    suspected_at((160, 50))
}

fn suspected_at((width, height): (u16, u16)) -> (FakeSeat, SuggestionView) {
    let mut desk = FakeDesk::shop();
    let (mine, theirs) = (desk.customers[0].0.clone(), desk.customers[3].0.clone());
    let evidence = [
        ("Ana Silva (email) wrote of the address bob@example.com, which is Bob Builder (email)'s", 60),
        ("@anas (mastodon) and bob@example.com (email) are called alike", 40),
    ];
    let view = SuggestionView {
        suggestion: Suggestion {
            id: Suggestion::id_of(mine.identities[0].id, theirs.identities[0].id),
            one: mine.identities[0].id,
            other: theirs.identities[0].id,
            evidence: evidence.map(|(words, weight)| Evidence { words: words.into(), weight }).to_vec(),
            likelihood: 76,
            at: NOW,
            verdict: Verdict::Open,
        },
        customer: mine.customer.id,
        mine: "email ana@example.com".into(),
        other: theirs.customer.id,
        name: theirs.customer.name.clone(),
        theirs: "email bob@example.com".into(),
    };
    desk.customers[0].0.suggestions = vec![view.clone()];
    let mut seat = FakeSeat::new(width, height, desk);
    seat.keys("Enter Tab");
    (seat, view)
}

/// What was done about who is who.
fn decided(seat: &FakeSeat) -> Vec<&Act> {
    seat.acts().into_iter().filter(|act| !matches!(act, Act::MarkRead(_) | Act::SaveDraft(_))).collect()
}

#[test]
fn a_suggestion_is_compared_before_it_is_accepted() {
    let (mut seat, view) = suspected();
    seat.shows("May be the same person");
    seat.shows("Bob Builder · 76 %");
    insta::assert_snapshot!(seat.frame());
    seat.keys("y");
    seat.shows("Are they one customer?");
    seat.shows("76 % likely, because");
    insta::assert_snapshot!(seat.frame());
    assert!(decided(&seat).is_empty(), "nothing on one key");
    seat.keys("q");
    assert!(decided(&seat).is_empty());
    seat.keys("y Enter");
    assert_eq!(decided(&seat), [&Act::AcceptSuggestion(view.suggestion.id, Some(view.customer))]);
}

#[test]
fn a_wrong_suggestion_is_never_made_again() {
    let (mut seat, view) = suspected();
    seat.keys("n");
    assert_eq!(decided(&seat), [&Act::NeverSuggest(view.suggestion.id)]);
}

#[test]
fn any_suggestion_can_be_marked_and_decided() {
    let (seat, first) = suspected();
    let mut desk = seat.desk;
    let other = desk.customers[1].0.clone();
    let second = SuggestionView {
        suggestion: Suggestion {
            id: Suggestion::id_of(first.suggestion.one, other.identities[0].id),
            other: other.identities[0].id,
            likelihood: 40,
            evidence: vec![Evidence { words: "both are called so".into(), weight: 40 }],
            ..first.suggestion.clone()
        },
        other: other.customer.id,
        name: other.customer.name.clone(),
        ..first.clone()
    };
    desk.customers[0].0.suggestions = vec![first.clone(), second.clone()];
    let mut seat = FakeSeat::new(160, 50, desk);
    seat.keys("Enter Tab");
    seat.shows(&format!("▸ {} · 76 %", first.name));
    seat.keys("]");
    seat.shows(&format!("▸ {} · 40 %", second.name));
    seat.shows("both are called so");
    seat.keys("n");
    assert_eq!(decided(&seat), [&Act::NeverSuggest(second.suggestion.id)]);
    seat.keys("]");
    seat.shows(&format!("▸ {} · 76 %", first.name));
    seat.keys("y");
    seat.shows("76 % likely, because");
}

#[test]
fn undo_says_what_it_took_back_or_that_there_is_nothing() {
    for size in [(160, 50), (80, 24)] {
        let (mut seat, _) = suspected_at(size);
        seat.keys("y");
        seat.shows("Are they one customer?");
        seat.keys("u");
        seat.shows("there is nothing to take back");
        seat.keys("q");
        seat.say("assign mara");
        seat.keys("y u");
        seat.shows("taken back");
        seat.shows("Are they one customer?");
        seat.keys("u");
        seat.shows("there is nothing to take back");
        // While an answer is looked at, what was done before stays; that is said, too.
        seat.keys("q r").text("Hi").keys("Alt-Enter u");
        seat.shows("finish what you are writing first");
    }
}

#[test]
fn anybody_can_be_merged_by_name_and_an_identity_moved_after_a_look() {
    let (mut seat, view) = suspected();
    seat.say("merge bob");
    seat.shows("Are they one customer?");
    seat.keys("Enter");
    let merge = Act::Merge { stays: view.customer, other: view.other, reason: String::new() };
    assert_eq!(decided(&seat), [&merge]);
    seat.say("move-identity 1 bob");
    seat.shows("Whose address is it?");
    seat.keys("Enter");
    let mine = seat.desk.customers[0].0.identities[0].id;
    assert_eq!(decided(&seat)[1], &Act::MoveIdentity { identity: mine, customer: view.other, reason: String::new() });
    seat.say("split 1");
    let split = Act::Split { customer: view.customer, identities: vec![mine], reason: String::new() };
    assert_eq!(decided(&seat)[2], &split);
    seat.say("split 9");
    seat.shows("`9` is no address in the profile");
}

#[test]
fn a_suspect_is_marked_named_at_review_and_let_in_by_a_key() {
    let mut desk = FakeDesk::shop();
    let why = "dmarc=fail for example.com, says mx.shop.example";
    let (profile, entries) = &mut desk.customers[0];
    profile.identities[0].trust = Trust::Refuted(why.into());
    entries.iter_mut().for_each(|entry| entry.message.trust = Trust::Refuted(why.into()));
    let suspect = profile.identities[0].id;
    let mut seat = FakeSeat::new(160, 50, desk);
    seat.keys("Enter");
    seat.shows("! SUSPECT: not from ana@example.com");
    seat.keys("r").text("Hi").keys("Alt-Enter");
    seat.shows("SUSPECT: your server says they are not who they say");
    seat.keys("n y Tab");
    seat.shows("SUSPECT: dmarc=fail");
    seat.keys("O");
    assert_eq!(decided(&seat).last(), Some(&&Act::Accept(suspect)));
}

#[test]
fn the_history_says_who_when_and_why_and_takes_back() {
    let (mut seat, view) = suspected();
    let act = GraphAct {
        id: ActId::of(&[b"merge"]),
        kind: GraphKind::Merge,
        done: Decided { by: "lin".into(), at: NOW },
        reason: "she said so".into(),
        evidence: vec![],
        customer: view.customer,
        name: "Ana Silva".into(),
        other: view.other,
        other_name: "Bob Builder".into(),
        identities: vec![],
        undone: None,
        found: None,
        left: None,
        suggestion: None,
        addresses: vec![],
        proved: vec![],
    };
    let line = |kind, summary: &str, act: Option<GraphAct>| HistoryLine {
        at: NOW,
        by: "lin".into(),
        kind,
        summary: summary.into(),
        act,
    };
    seat.desk.history = vec![
        line(EventKind::Identity, "Bob Builder and Ana Silva are one customer; she said so", Some(act.clone())),
        line(EventKind::Case, "open → resolved", None),
    ];
    seat.keys("H");
    seat.shows("she said so");
    insta::assert_snapshot!(seat.frame());
    seat.keys("Enter");
    seat.shows("Take this back?");
    seat.keys("y");
    assert_eq!(decided(&seat), [&Act::Unmerge(act.id)]);
}
