//! What a screen does with the terminal beyond letters: the mouse, the clipboard, links, a word that somebody wrote.

use super::desk::{customer, id, message};
use super::{FakeDesk, FakeSeat};
use crate::model::*;
use crate::ui::{Effect, Msg};
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

fn mouse(seat: &mut FakeSeat, kind: MouseEventKind, column: u16, row: u16) {
    seat.send(Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

fn click(seat: &mut FakeSeat, column: u16, row: u16) {
    mouse(seat, MouseEventKind::Down(MouseButton::Left), column, row);
    mouse(seat, MouseEventKind::Up(MouseButton::Left), column, row);
}

#[test]
fn a_click_selects_and_a_click_on_what_is_selected_opens() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    click(&mut seat, 20, 4);
    seat.shows("▸ inbox");
    seat.shows("│▌✗    Bob Builder");
    click(&mut seat, 20, 4);
    seat.shows("▸ Bob Builder");
    // Empty rows, frames and the lines at the bottom are nothing.
    seat.keys("q");
    for (column, row) in [(20, 15), (0, 0), (79, 21), (20, 22), (20, 23), (500, 500)] {
        click(&mut seat, column, row);
        seat.shows("▸ inbox");
    }
}

#[test]
fn a_click_gives_a_pane_the_keys_and_the_wheel_scrolls_what_it_is_over() {
    let mut seat = FakeSeat::new(160, 50, FakeDesk::shop());
    click(&mut seat, 80, 3);
    seat.shows("▸ Ana Sánchez");
    click(&mut seat, 140, 3);
    seat.shows("▸ profile");
    mouse(&mut seat, MouseEventKind::ScrollDown, 10, 5);
    seat.shows("▸ profile");
    assert_eq!(seat.screen.inbox.selected, 3);
    mouse(&mut seat, MouseEventKind::ScrollUp, 10, 5);
    assert_eq!(seat.screen.inbox.selected, 0);
    let mut seat = FakeSeat::new(160, 15, FakeDesk::shop());
    seat.keys("Enter g g");
    let before = seat.frame();
    mouse(&mut seat, MouseEventKind::ScrollDown, 80, 5);
    assert_ne!(seat.frame(), before);
}

#[test]
fn lists_are_clicked_too_and_a_question_or_what_is_written_is_not_clicked_away() {
    let mut desk = FakeDesk::shop();
    for name in ["one", "two"] {
        let mut compose = Compose::new(ReplyKind::Note, Some(id("Ana Sánchez")));
        compose.text = format!("draft {name}");
        let draft = Draft {
            id: DraftId::new(),
            customer: compose.customer,
            compose,
            agent: "lin".into(),
            saved: super::desk::NOW,
        };
        desk.drafts.push(DraftView { draft, name: name.into() });
    }
    let mut seat = FakeSeat::new(80, 24, desk);
    seat.keys("g f");
    click(&mut seat, 20, 2);
    seat.shows("2/2");
    click(&mut seat, 20, 2);
    seat.shows("PRIVATE NOTE");
    click(&mut seat, 20, 2);
    seat.shows("draft two");
    seat.text("x").keys("Esc").shows("Keep this text?");
    click(&mut seat, 20, 2);
    seat.shows("Keep this text?");
}

fn copied(seat: &FakeSeat) -> Vec<&str> {
    seat.log
        .iter()
        .filter_map(|effect| match effect {
            Effect::Copy(text) => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn the_address_the_message_and_the_id_are_copied() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("y").shows("copied ana@example.com");
    seat.keys("Enter y").shows("copied the message, ");
    seat.keys("Y");
    seat.say("copy id");
    let all = copied(&seat);
    assert_eq!(all[0], "ana@example.com");
    assert!(all[1].starts_with("Hello,\n\nit still has not arrived"), "{}", all[1]);
    assert_eq!(all[2], "ana@example.com");
    assert!(all[3].parse::<MessageId>().is_ok(), "{}", all[3]);
    seat.say("copy everything").shows("cannot be copied; say message, address or id");
    let mut seat = FakeSeat::new(80, 24, FakeDesk::empty());
    seat.keys("y").shows("there is no address to copy here");
    assert!(copied(&seat).is_empty());
}

#[test]
fn a_copy_is_bounded_and_can_be_turned_off() {
    let mut desk = FakeDesk::empty();
    let long = "wörd ".repeat(50_000);
    desk.customers.push(customer("Ana", vec![message("Ana", Direction::Inbound, 0, "S", &long)]));
    let mut seat = FakeSeat::new(80, 24, desk);
    seat.keys("Enter y").shows("copied the beginning of the message");
    assert!(copied(&seat)[0].len() <= 48 * 1024);
    seat.screen.comforts.clipboard = false;
    seat.keys("y").shows("clipboard = true in config.toml");
    assert_eq!(copied(&seat).len(), 1);
}

#[test]
fn links_in_view_are_known_by_numbers_and_shown_as_they_are() {
    let mut desk = FakeDesk::empty();
    let text = "Your parcel: https://track.example/a/very/long/way/that/is/wrapped/at/the/edge?of=the&pane=1 see?\nhttps://b.example";
    desk.customers.push(customer("Ana", vec![message("Ana", Direction::Inbound, 0, "S", text)]));
    let mut seat = FakeSeat::new(60, 24, desk);
    assert_eq!(seat.screen.links(), Default::default(), "nothing of it is in view");
    seat.keys("Enter");
    let links = seat.screen.links();
    let mut targets: Vec<&str> = links.values().map(String::as_str).collect();
    targets.sort_unstable();
    assert_eq!(targets[1], "https://track.example/a/very/long/way/that/is/wrapped/at/the/edge?of=the&pane=1");
    // Every letter of a link carries its number, on both lines; nothing else does.
    let buffer = seat.buffer();
    let of_link = |number: u32| -> String {
        let [_, a, b, c] = number.to_be_bytes();
        let colour = ratatui::style::Color::Rgb(a, b, c);
        buffer.content.iter().filter(|cell| cell.underline_color == colour).map(|cell| cell.symbol()).collect()
    };
    for (number, target) in &links {
        assert_eq!(of_link(*number), *target);
    }
    seat.screen.comforts.links = false;
    assert!(seat.screen.links().is_empty());
}

fn told(seat: &FakeSeat) -> Vec<(&str, &str)> {
    seat.log
        .iter()
        .filter_map(|effect| match effect {
            Effect::Notify { title, body } => Some((title.as_str(), body.as_str())),
            _ => None,
        })
        .collect()
}

/// Somebody wrote.
fn writes(seat: &mut FakeSeat, name: &str, text: &str) {
    let now = seat.now;
    if let Some((view, _)) = seat.desk.customers.iter_mut().find(|(view, _)| view.customer.name == name) {
        let customer = &mut view.customer;
        (customer.last_inbound, customer.last_at, customer.last_text) = (now, now, text.into());
        customer.unread += 1;
    }
    let event = Event {
        kind: EventKind::Ingested,
        customers: vec![id(name)],
        messages: vec![MessageId::of(&[text.as_bytes()])],
        ..Event::new(EventKind::Ingested, seat.now, "switchboard")
    };
    seat.send(Msg::Changed(Box::new(event)));
}

#[test]
fn who_wrote_is_told_once_in_a_while_and_only_to_whom_it_concerns() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    writes(&mut seat, "Ana Sánchez", "Any news?");
    assert_eq!(told(&seat), [("Ana Sánchez", "Any news?")], "the case is this agent's");
    for text in ["one", "two", "three"] {
        seat.clock(1_000);
        writes(&mut seat, "王小明", text);
        writes(&mut seat, "Bob Builder", text);
    }
    assert_eq!(told(&seat).len(), 1, "not again within ten seconds");
    seat.clock(7_000);
    assert_eq!(told(&seat).len(), 2);
    assert!(told(&seat)[1].0.ends_with(" and 1 more"), "{:?}", told(&seat));
    // Somebody else's case, and what the agent is reading.
    seat.clock(60_000);
    seat.desk.customers[1].0.customer.case.as_mut().unwrap().owner = Some("bo".into());
    writes(&mut seat, "王小明", "for bo");
    seat.keys("Enter");
    writes(&mut seat, "Ana Sánchez", "seen");
    assert_eq!(told(&seat).len(), 2);
    // Old mail that comes in is no news.
    seat.clock(60_000);
    seat.keys("q");
    let event = Event {
        kind: EventKind::Ingested,
        customers: vec![id("José e\u{301}clair 👍🏽")],
        messages: vec![MessageId::of(&[b"old"])],
        ..Event::new(EventKind::Ingested, seat.now, "switchboard")
    };
    seat.send(Msg::Changed(Box::new(event)));
    assert_eq!(told(&seat).len(), 2);
}

#[test]
fn nothing_is_told_or_asked_when_it_is_off() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.screen.comforts.notify = Notify::Off;
    writes(&mut seat, "Ana Sánchez", "Any news?");
    seat.clock(60_000);
    assert_eq!(told(&seat), []);
}
