//! A window that begins anew begins where it was.

use super::FakeSeat;
use super::desk::{FakeDesk, customer, message};
use crate::model::*;
use crate::ui::Position;

/// The frame without the status line and the line of keys, which say other things after a new beginning.
fn panes(seat: &FakeSeat) -> String {
    let frame = seat.frame();
    let lines: Vec<&str> = frame.lines().collect();
    lines[..lines.len() - 2].join("\n")
}

/// Fifty customers with forty messages each, the first more recent than the second and so on.
fn busy() -> FakeDesk {
    let mut desk = FakeDesk::empty();
    for number in 0..50 {
        let name = format!("Customer{number:02} Test");
        let messages = (0..40).map(|at| {
            let (when, text) = (-60_000 * (number + 1) - 1_000 * (40 - at), format!("Line one of {at}.\nLine two.\n"));
            message(&name, Direction::Inbound, when, &format!("Question {at}"), &text)
        });
        desk.customers.push(customer(&name, messages.collect()));
    }
    desk
}

/// The same agent's next window, which begins where `seat` is.
fn next_window(seat: &mut FakeSeat) -> FakeSeat {
    let effects = seat.screen.hang_up();
    seat.carry(effects);
    let position = Position::from_bytes(&seat.screen.position().to_bytes()).expect("it can be handed on");
    let desk = std::mem::replace(&mut seat.desk, FakeDesk::empty());
    FakeSeat::beginning_at(80, 24, desk, position)
}

#[test]
fn the_same_customer_message_and_line() {
    let mut seat = FakeSeat::new(80, 24, busy());
    seat.keys("j j j j j j j Enter").say("top").keys("j j j j j j j j j j j");
    let before = panes(&seat);
    assert!(before.contains("Customer07"), "{before}");
    let mut next = next_window(&mut seat);
    assert_eq!(panes(&next), before);
    next.shows("this is where you were");
    next.keys("q");
    assert!(next.frame().contains("Customer07"), "and the inbox's cursor is in sight");
}

#[test]
fn the_same_list_filter_and_cursor() {
    let mut seat = FakeSeat::new(80, 24, busy());
    seat.say("filter unread").keys("j j j j j j j j j j j j j j j").keys("j j j j j j j j j j j j j j j");
    let before = panes(&seat);
    assert_eq!(panes(&next_window(&mut seat)), before);
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.say("outbox").keys("j");
    let before = panes(&seat);
    assert_eq!(panes(&next_window(&mut seat)), before);
}

#[test]
fn the_same_draft_and_caret() {
    let mut seat = FakeSeat::new(80, 24, busy());
    seat.keys("j j Enter m").text("first line\nsecond line").keys("Left Left Left Left Up");
    // Without the frame's title: it says that it is saved.
    let text = |seat: &FakeSeat| panes(seat).lines().skip(1).collect::<Vec<_>>().join("\n");
    let before = text(&seat);
    let mut next = next_window(&mut seat);
    assert_eq!(text(&next), before);
    next.text("X");
    next.shows("first lXine");
}

#[test]
fn bytes_of_something_else_are_no_position() {
    for bytes in [&b""[..], b"\xff\xff\xff", &[0x9f; 40], &vec![0; 100_000]] {
        assert_eq!(Position::from_bytes(bytes), None);
    }
}

#[test]
fn who_is_gone_by_then_is_not_missed() {
    let mut seat = FakeSeat::new(80, 24, busy());
    seat.keys("j j j Enter m").text("a note");
    let effects = seat.screen.hang_up();
    seat.carry(effects);
    let mut next = FakeSeat::beginning_at(80, 24, FakeDesk::empty(), seat.screen.position());
    next.keys("q q");
    next.shows("Leave");
}
