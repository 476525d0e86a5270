//! The palette: finding commands, views and customers by a few letters.

use super::{FakeDesk, FakeSeat};
use crate::model::Act;
use crate::ui::Effect;

/// The rows of the list, as shown.
fn rows(seat: &FakeSeat) -> Vec<String> {
    let frame = seat.frame();
    let inside = |line: &str| Some(line.split('┃').nth(1)?.trim_start_matches('▌').trim().to_owned());
    frame.lines().filter_map(inside).skip(1).filter(|row| !row.is_empty()).collect()
}

#[test]
fn a_command_is_found_by_a_few_letters_and_run_with_its_key_beside() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("C-k").shows("Commands, views, customers");
    seat.text("resolve");
    assert_eq!(rows(&seat)[0], "e         resolve            Resolve the case and go on to the next");
    seat.keys("Enter");
    assert!(matches!(seat.acts()[..], [Act::Resolve(_)]));
    seat.hides("Commands, views, customers");
    // By its sentence too, though the letters are not its name's; and one that needs a word asks for it.
    seat.keys("C-k").text("put the case off").keys("Enter");
    seat.shows("snooze: ");
    seat.text("2h").keys("Enter");
    assert!(matches!(seat.acts()[..], [_, Act::Snooze(..)]));
}

#[test]
fn views_are_found_by_their_names() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("C-k").text("waiting");
    assert_eq!(rows(&seat)[0], "g w       view waiting       Show cases: waiting");
    seat.keys("Enter").shows("▸ waiting");
}

#[test]
fn a_customer_is_found_by_name_or_address_page_after_page() {
    for text in ["bob", "Builder", "bob@exam", "build example"] {
        let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
        seat.keys("? C-k").text(text);
        assert!(rows(&seat).iter().any(|row| row.starts_with("customer  Bob Builder  bob@example.com")), "{text}");
        while !rows(&seat)[0].starts_with("customer") {
            seat.keys("Down");
            if seat.frame().lines().any(|line| line.contains("▌customer")) {
                break;
            }
        }
        seat.keys("Enter").shows("▸ Bob Builder");
        seat.shows("Here it is.");
    }
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("C-k").text("小明").keys("Enter").shows("▸ 王小明");
}

#[test]
fn one_search_is_out_at_a_time_and_what_nobody_waits_for_is_left() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.slow = true;
    seat.keys("C-k").text("bo");
    assert_eq!(seat.waiting.len(), 1, "{:?}", seat.waiting);
    seat.shows("looking …");
    seat.answer();
    seat.hides("looking …");
    let asked = |effect: &Effect| format!("{effect:?}");
    assert!(seat.waiting.iter().map(asked).all(|asked| !asked.contains("Search")));
    assert!(rows(&seat).iter().any(|row| row.contains("bob@example.com")));
    assert!(!rows(&seat).iter().any(|row| row.contains("ana@example.com")));
    // An answer that comes after it was closed changes nothing.
    seat.text("x").keys("Esc");
    seat.answer();
    seat.hides("customer  ");
    seat.shows("▸ inbox");
}

#[test]
fn it_moves_wraps_and_closes_and_nothing_runs() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("C-k");
    let all = rows(&seat);
    assert!(all.len() >= 15, "{all:?}");
    seat.keys("Up");
    assert_ne!(rows(&seat), all, "the last one came into view");
    seat.keys("Down");
    assert_eq!(rows(&seat), all);
    seat.text("no such thing at all").shows("Nothing is called like this.");
    seat.keys("Enter");
    assert!(seat.acts().is_empty() && !seat.quits());
    seat.shows("▸ inbox");
}

#[test]
fn while_writing_control_k_deletes_to_the_end_of_the_line_and_no_customer_is_opened_over_the_text() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("hello world").keys("C-a C-k").text("kept");
    seat.hides("hello world");
    seat.hides("Commands, views");
    seat.keys("C-x k").text("bob@").keys("Enter");
    seat.shows("finish what you are writing first");
    seat.shows("kept");
    seat.keys("C-x k").text("review").keys("Enter").shows("REVIEW: this leaves");
}

#[test]
fn every_size_has_room_for_it() {
    for (width, height) in [(60, 15), (80, 24), (160, 50)] {
        let mut seat = FakeSeat::new(width, height, FakeDesk::shop());
        seat.keys("C-k").text(&"very long ".repeat(30));
        seat.shows("Commands, views, customers");
        seat.keys("C-u").text("e");
        assert!(rows(&seat).len() > 5);
    }
}
