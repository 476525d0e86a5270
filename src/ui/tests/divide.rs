//! Panes made wider and narrower, zoomed, and remembered.

use super::{FakeDesk, FakeSeat};
use crate::ui::{Division, Effect};

/// The columns at which panes begin, by their corners.
fn borders(seat: &FakeSeat) -> Vec<usize> {
    let frame = seat.frame();
    let first = frame.lines().next().unwrap();
    let corners = first.chars().enumerate().filter(|(_, c)| "┌┏".contains(*c));
    // Wide characters stand only behind the corners of these fixtures' first pane.
    corners.map(|(at, _)| at).collect()
}

fn kept(seat: &FakeSeat) -> Vec<Division> {
    let kept = |effect: &Effect| match effect {
        Effect::KeepDivision(division) => Some(*division),
        _ => None,
    };
    seat.log.iter().filter_map(kept).collect()
}

#[test]
fn a_border_moves_with_the_pane_that_has_the_keys_and_stops_where_a_pane_could_not_be_read() {
    let mut seat = FakeSeat::new(120, 30, FakeDesk::shop());
    assert_eq!(borders(&seat), [0, 48]);
    assert_eq!(borders(seat.keys("> >")), [0, 56], "the inbox has the keys and grows");
    assert_eq!(borders(seat.keys("Tab >")), [0, 52], "now the timeline");
    for _ in 0..40 {
        seat.keys("<");
    }
    assert_eq!(borders(&seat), [0, 80], "the timeline keeps 40 columns");
    seat.shows("narrower it could not be read");
    for _ in 0..40 {
        seat.keys(">");
    }
    assert_eq!(borders(&seat), [0, 30], "the inbox keeps 30");
    seat.shows("the panes beside it can give no more");
    assert_eq!(borders(seat.keys("<")), [0, 34], "keys pressed at the stop did not add up");
    assert_eq!(borders(seat.keys("=")), [0, 48]);
}

#[test]
fn of_three_panes_the_timeline_gives_and_takes() {
    let mut seat = FakeSeat::new(160, 50, FakeDesk::shop());
    assert_eq!(borders(&seat), [0, 53, 122]);
    assert_eq!(borders(seat.keys("Tab Tab > > >")), [0, 53, 110], "the profile grows, the inbox stays");
    assert_eq!(borders(seat.keys("Tab Tab <")), [0, 49, 110]);
    seat.keys("Tab");
    for _ in 0..40 {
        seat.keys(">");
    }
    assert_eq!(borders(&seat), [0, 30, 134], "the timeline takes from the inbox, then from the profile");
}

#[test]
fn a_resized_terminal_keeps_the_proportions_and_two_and_three_panes_their_own() {
    let mut seat = FakeSeat::new(100, 30, FakeDesk::shop());
    seat.keys("> > >");
    assert_eq!(borders(&seat), [0, 52]);
    seat.resize(140, 30);
    assert_eq!(borders(&seat), [0, 73]);
    seat.resize(160, 30);
    assert_eq!(borders(&seat), [0, 53, 122]);
    seat.resize(80, 24);
    assert_eq!(borders(&seat), [0]);
    seat.keys(">").shows("only one pane is shown");
    seat.resize(100, 30);
    assert_eq!(borders(&seat), [0, 52]);
}

#[test]
fn a_zoomed_pane_has_the_whole_body_and_gives_it_back() {
    let mut seat = FakeSeat::new(160, 50, FakeDesk::shop());
    seat.keys("z");
    assert_eq!(borders(&seat), [0]);
    seat.shows("▸ inbox");
    seat.shows("zoomed: z shows the others too");
    seat.hides("still has not arrived. Could");
    assert_eq!(borders(seat.keys("Enter")), [0], "the pane that has the keys is the one shown");
    seat.shows("▸ Ana Sánchez");
    seat.keys("r").text("z");
    seat.shows("Reply to Ana");
    seat.hides("zoomed: z");
    assert_eq!(borders(seat.keys("C-x z")), [0, 80], "letters are text while writing; C-x z is not");
    seat.keys("Esc n y");
    assert_eq!(borders(&seat), [0, 53, 122]);
    // Nobody is opened behind a zoomed inbox.
    seat.keys("q z j");
    assert_eq!(seat.screen.open.as_ref().unwrap().id, super::desk::id("Ana Sánchez"));
    seat.keys("z").shows("你好，我的订单还没有到");
}

#[test]
fn the_division_is_kept_once_the_keys_rest_and_when_the_screen_ends() {
    let mut seat = FakeSeat::new(120, 30, FakeDesk::shop());
    seat.keys("> > >");
    assert_eq!(kept(&seat), []);
    seat.clock(1_000);
    assert_eq!(kept(&seat).len(), 1, "a held key is one change");
    assert_eq!(kept(&seat)[0].inbox_of_two, Some(5_000));
    seat.clock(60_000);
    assert_eq!(kept(&seat).len(), 1);
    seat.keys("z");
    let effects = seat.screen.hang_up();
    assert!(effects.iter().any(|effect| matches!(effect, Effect::KeepDivision(kept) if kept.zoomed)), "{effects:?}");
}

#[test]
fn an_inbox_row_says_who_where_what_and_whose_at_every_width() {
    use crate::model::CaseStatus;
    let mut desk = FakeDesk::shop();
    desk.customers[1].0.customer.channels = vec!["chat".into(), "email".into()];
    desk.customers[1].0.customer.unread = 12;
    let case = desk.customers[2].0.customer.case.as_mut().unwrap();
    (case.status, case.owner) = (CaseStatus::Snoozed, Some("marguerite".into()));
    for (width, state, owner, channel) in [
        (60, "snooze", "@margu…", ""),
        (80, "snoozed", "@marguerite", "chat+1"),
        (100, "snoozed", "@marguerite", "chat+1"),
    ] {
        let mut seat = FakeSeat::new(width, 24, desk_like(&desk));
        seat.keys("z");
        for text in ["王小明", "José", state, owner, channel, "● ", "@lin", "✗", "→ Here it is.", "5m"] {
            seat.shows(text);
        }
        if width < 100 {
            let says_open =
                |seat: &FakeSeat| seat.frame().lines().any(|l| l.contains("王小明") && l.contains(" open "));
            assert!(!says_open(&seat));
            // Where not everybody is the same, everybody says it.
            assert!(says_open(seat.say("view all")));
        }
    }
}

fn desk_like(desk: &FakeDesk) -> FakeDesk {
    FakeDesk { customers: desk.customers.clone(), ..FakeDesk::empty() }
}
