//! Drafts: saved as typed, offered again, thrown away only when asked.

use super::FakeSeat;
use super::desk::{FakeDesk, id};
use crate::model::*;
use crate::ui::{Effect, Refusal};

fn saves(seat: &FakeSeat) -> Vec<(i64, String)> {
    let save = |act: &Act| match act {
        Act::SaveDraft(draft) => Some((draft.saved.since(super::desk::NOW), draft.compose.text.clone())),
        _ => None,
    };
    seat.desk.done.iter().filter_map(save).collect()
}

/// The seat tells the time before each key, and wakes the screen when asked.
fn type_at(seat: &mut FakeSeat, at: i64, text: &str) {
    wake_until(seat, at);
    seat.text(text);
}

fn wake_until(seat: &mut FakeSeat, at: i64) {
    let target = super::desk::NOW.plus_millis(at);
    loop {
        let next = seat.log.iter().filter_map(|effect| match effect {
            Effect::WakeAt(at) if *at > seat.now => Some(*at),
            _ => None,
        });
        let now = next.min().unwrap_or(target).min(target);
        seat.clock(now.since(seat.now));
        if now == target {
            return;
        }
    }
}

#[test]
fn nothing_typed_is_older_than_a_second_before_it_is_saved_and_saves_are_a_second_apart() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter m");
    for step in 0..50 {
        type_at(&mut seat, step * 100, "x");
    }
    wake_until(&mut seat, 10_000);
    let saves = saves(&seat);
    for (index, pair) in saves.windows(2).enumerate() {
        assert!(pair[1].0 - pair[0].0 >= 1_000, "{index}: {saves:?}");
    }
    // Letter n was typed at n × 100 ms; some save within a second holds it.
    for letter in 0..50_i64 {
        let kept = saves.iter().find(|(_, text)| text.len() as i64 > letter).unwrap();
        assert!(kept.0 - letter * 100 <= 1_000, "letter {letter}: {saves:?}");
    }
    assert_eq!(saves.len(), 6, "and no more once all is saved: {saves:?}");
}

#[test]
fn a_refused_draft_is_offered_again() {
    let mut seat = FakeSeat::new(100, 24, FakeDesk::shop());
    seat.keys("Enter m");
    seat.desk.refuse = Some(Refusal::Other("the disk is full".into()));
    type_at(&mut seat, 0, "x");
    wake_until(&mut seat, 1_000);
    seat.shows("the draft is not saved: the disk is full");
    assert_eq!(saves(&seat).len(), 0);
    wake_until(&mut seat, 4_000);
    assert_eq!(saves(&seat).len(), 1);
}

#[test]
fn escape_asks_and_a_postponed_text_comes_back_word_for_word() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Dear Ana,\n\nlet me see").keys("Esc");
    seat.shows("Keep this text?");
    seat.keys("k").text("!").keys("Esc p");
    seat.shows("kept as a draft; g f lists drafts");
    seat.keys("r");
    seat.shows("There is a draft: “Dear Ana,”.");
    seat.keys("y");
    seat.shows("let me see!");
    seat.keys("Alt-Enter y");
    assert_eq!(seat.desk.drafts, [], "sent: the draft is gone with it");
    seat.keys("g f");
    seat.shows("Nothing here.");
}

#[test]
fn an_untouched_reply_closes_without_asking_and_leaves_no_draft() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r Esc");
    seat.shows("▸ Ana Sánchez");
    assert_eq!(seat.desk.done, [Act::MarkRead(id("Ana Sánchez"))]);
}

#[test]
fn throwing_away_asks_once_more() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Hello").keys("Alt-Enter n");
    seat.shows("Throw this text away for good?");
    seat.keys("n");
    seat.shows("REVIEW");
    assert_eq!(seat.desk.drafts.len(), 1);
    seat.keys("n y");
    seat.shows("▸ Ana Sánchez");
    assert_eq!(seat.desk.drafts, []);
}

#[test]
fn leaving_hands_over_what_was_typed_first() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter m").text("half a tho").keys("C-x C-c");
    seat.shows("Leave? What you are writing stays as a draft.");
    seat.keys("y");
    let last_two = &seat.log[seat.log.len() - 2..];
    assert!(matches!(&last_two[0], Effect::Act(_, act) if matches!(&**act, Act::SaveDraft(_))), "{last_two:?}");
    assert_eq!(last_two[1], Effect::Quit);
    assert_eq!(seat.desk.drafts[0].draft.compose.text, "half a tho");
}

#[test]
fn an_address_that_is_not_finished_survives_in_the_draft() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("c").text("zoe@").keys("Tab Tab Tab").text("Hi").keys("Esc p g f Enter");
    seat.shows("zoe@");
}

#[test]
fn no_draft_is_saved_behind_an_answer_that_is_on_its_way() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Hello").keys("Alt-Enter a").text("~/x.pdf").keys("Enter");
    seat.slow = true;
    seat.keys("y");
    seat.clock(5_000);
    seat.slow = false;
    seat.answer();
    seat.clock(5_000);
    assert_eq!(seat.desk.drafts, []);
}

#[test]
fn a_hang_up_hands_over_what_was_typed() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter m").text("half");
    let effects = seat.screen.hang_up();
    assert!(
        effects.iter().any(|effect| matches!(effect, Effect::Act(_, act) if matches!(&**act, Act::SaveDraft(_)))),
        "{effects:?}"
    );
}
