//! Reading, going through cases, narrowing, and what changes meanwhile.

use super::FakeSeat;
use super::desk::{DAY, FakeDesk, HOUR, MINUTE, NOW, customer, id, message};
use crate::model::*;
use crate::ui::{Effect, Load, Loaded, Msg};

fn many(count: usize) -> FakeDesk {
    let mut desk = FakeDesk::empty();
    for number in 0..count {
        let name = format!("Customer{number:05}");
        let entry =
            message(&name, Direction::Inbound, -(number as i64) * MINUTE, "Question", &format!("text {number}"));
        desk.customers.push(customer(&name, vec![entry]));
    }
    desk
}

fn ingested(name: &str) -> Msg {
    let mut event = Event::new(EventKind::Ingested, NOW, "switchboard");
    event.customers = vec![id(name)];
    Msg::Changed(Box::new(event))
}

#[test]
fn opening_a_customer_shows_the_newest_and_counts_as_read() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    assert_eq!(seat.desk.done, []);
    seat.keys("Enter");
    seat.shows("still has not arrived. Could");
    assert_eq!(seat.desk.done, [Act::MarkRead(id("Ana Sánchez"))]);
}

#[test]
fn on_a_wide_screen_the_timeline_follows_the_cursor_but_nothing_counts_as_read() {
    let mut seat = FakeSeat::new(160, 50, FakeDesk::shop());
    seat.shows("still has not arrived. Could");
    seat.keys("j");
    seat.shows("请问什么时候可以收到");
    assert_eq!(seat.desk.done, []);
    seat.keys("Tab");
    assert_eq!(seat.desk.done, [Act::MarkRead(id("王小明"))]);
}

#[test]
fn quotes_and_signature_are_folded_until_asked_for() {
    let mut seat = FakeSeat::new(80, 40, FakeDesk::shop());
    seat.keys("Enter");
    seat.shows("⋯ 3 quoted lines (Enter unfolds)");
    seat.hides("> It should arrive soon.");
    seat.keys("o");
    seat.shows("> It should arrive soon.");
    seat.shows("Madrid");
    seat.keys("o");
    seat.hides("> It should arrive soon.");
}

#[test]
fn a_message_that_is_all_quote_is_shown_whole() {
    let mut desk = FakeDesk::empty();
    desk.customers.push(customer("Ana", vec![message("Ana", Direction::Inbound, 0, "Fwd", "> the only line\n")]));
    let mut seat = FakeSeat::new(80, 24, desk);
    seat.keys("Enter");
    seat.shows("> the only line");
}

#[test]
fn what_is_unusual_about_a_message_is_said() {
    let mut seat = FakeSeat::new(80, 50, FakeDesk::shop());
    let entries = &mut seat.desk.customers[0].1;
    entries[1].message.delivery = Delivery::Bounced("no such mailbox".into());
    entries[0].message.automated = Some(Automated::OutOfOffice);
    entries[2].text = Err("checksum differs".into());
    seat.keys("Enter");
    for text in [
        "! Reply-To differs: answers go to",
        "ana.private@other.example",
        "✗ BOUNCED, it came back: no such mailbox",
        "AUTOMATED · out-of-office",
        "cannot be shown: checksum differs",
        "@2 发票 2026.pdf  application/pdf, 1.2 MB",
        "── Mon 23 Nov 2026",
        "→ you (lin)",
        "← Ana Sánchez <ana@example.com>",
    ] {
        seat.shows(text);
    }
}

#[test]
fn resolving_goes_on_to_the_next_case_and_undo_takes_it_back() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter e");
    seat.shows("▸ 王小明");
    assert_eq!(seat.acts(), [&Act::Resolve(id("Ana Sánchez"))]);
    seat.shows("Ana Sánchez is resolved");
    seat.keys("u");
    assert!(matches!(seat.acts()[1], Act::RestoreCase { customer, .. } if *customer == id("Ana Sánchez")));
    seat.shows("taken back: the case is as it was");
    seat.keys("u");
    seat.shows("there is nothing to take back");
}

#[test]
fn next_and_previous_case_stop_at_the_ends() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter J J J");
    seat.shows("▸ Bob Builder");
    seat.keys("J");
    seat.shows("this is the last case");
    seat.keys("{ { {");
    seat.shows("▸ Ana Sánchez");
    seat.keys("{");
    seat.shows("this is the first case");
}

#[test]
fn a_long_inbox_is_read_in_pages_and_only_so_many_rows_are_held() {
    let mut seat = FakeSeat::new(80, 24, many(3_000));
    seat.shows("1/100+");
    for _ in 0..50 {
        seat.keys("G");
    }
    seat.shows("Customer02999");
    assert!(seat.screen.inbox.rows.len() <= 1_000, "{}", seat.screen.inbox.rows.len());
    // Back up again, row by row: nobody is skipped.
    let mut seen = vec![];
    for _ in 0..3_000 {
        seen.push(seat.screen.inbox.row().unwrap().name.clone());
        seat.keys("k");
    }
    seen.dedup();
    let expected: Vec<String> = (0..3_000).rev().map(|number| format!("Customer{number:05}")).collect();
    assert_eq!(seen, expected);
    for _ in 0..20 {
        seat.keys("G");
    }
    seat.keys("g g");
    seat.shows("Customer00000");
}

#[test]
fn older_messages_come_when_the_agent_goes_up() {
    let mut desk = FakeDesk::empty();
    let entries = (0..300)
        .map(|n| message("Ana", Direction::Inbound, -(300 - n) * HOUR, "Question", &format!("text number {n}.")));
    desk.customers.push(customer("Ana", entries.collect()));
    let mut seat = FakeSeat::new(80, 24, desk);
    seat.keys("Enter");
    seat.shows("text number 299.");
    for _ in 0..300 {
        seat.keys("k");
    }
    seat.shows("text number 0.");
    seat.keys("G");
    seat.shows("text number 299.");
}

#[test]
fn a_message_longer_than_the_screen_is_scrolled_through_before_the_next() {
    let mut desk = FakeDesk::empty();
    let long: Vec<String> = (0..60).map(|n| format!("line {n}.")).collect();
    desk.customers.push(customer(
        "Ana",
        vec![
            message("Ana", Direction::Inbound, -2 * DAY, "Long", &long.join("\n")),
            message("Ana", Direction::Inbound, -DAY, "Short", "the second"),
        ],
    ));
    let mut seat = FakeSeat::new(80, 24, desk);
    seat.keys("Enter g g");
    seat.shows("line 0.");
    let mut shown = String::new();
    for _ in 0..40 {
        shown.push_str(&seat.frame());
        seat.keys("j");
    }
    for line in long {
        assert!(shown.contains(&line), "{line} was never on the screen");
    }
    seat.shows("the second");
}

#[test]
fn the_filter_narrows_with_every_letter_and_escape_widens_again() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("/").text("invoice");
    seat.hides("Bob Builder");
    seat.keys("C-u").text("bob");
    seat.shows("Bob Builder");
    seat.hides("Ana Sánchez");
    seat.keys("Esc");
    seat.shows("Ana Sánchez");
    seat.keys("/").text("tag:vip").keys("Enter");
    seat.shows("inbox / tag:vip");
    seat.hides("Bob Builder");
    seat.keys("q");
    seat.shows("Bob Builder");
    seat.say("filter owner:me unread");
    seat.shows("Ana Sánchez");
    seat.hides("王小明");
}

#[test]
fn a_slow_desk_never_blocks_keys_and_old_answers_are_left() {
    let mut seat = FakeSeat::new(160, 50, FakeDesk::shop());
    seat.slow = true;
    seat.keys("j");
    seat.shows("loading …");
    seat.keys("j j");
    let timelines = seat.waiting.iter().filter(|e| matches!(e, Effect::Load(Load::Timeline { .. }))).count();
    assert_eq!(timelines, 1, "one question at a time: {:?}", seat.waiting);
    seat.slow = false;
    seat.answer();
    seat.shows("Here it is.");
    seat.hides("请问什么时候可以收到");
    // An answer nobody waits for changes nothing.
    let stray = Loaded::Timeline { customer: id("王小明"), before: None, page: Page { rows: vec![], next: None } };
    seat.send(Msg::Loaded(Box::new(Ok(stray))));
    seat.shows("Here it is.");
}

#[test]
fn what_comes_in_shows_by_itself_and_the_cursor_stays_on_its_customer() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("j");
    let new = message("Zoe", Direction::Inbound, 0, "Hello", "I am new");
    seat.desk.customers.insert(0, customer("Zoe", vec![new]));
    seat.send(ingested("Zoe"));
    seat.shows("I am new");
    assert_eq!(seat.screen.inbox.row().unwrap().name, "王小明");
    seat.keys("Enter");
    let more = message("王小明", Direction::Inbound, 0, "订单问题", "还有一个问题");
    seat.desk.customers[2].1.push(more);
    seat.desk.customers[2].0.customer.unread = 1;
    seat.send(ingested("王小明"));
    seat.shows("还有一个问题");
    assert_eq!(seat.desk.customers[2].0.customer.unread, 0, "it was on the screen");
}

#[test]
fn missed_changes_load_all_that_is_shown_again() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter");
    seat.desk.customers[0].1.push(message("Ana Sánchez", Direction::Inbound, 0, "x", "came while away"));
    seat.send(Msg::Lagged);
    seat.shows("came while away");
}

#[test]
fn a_thousand_changes_at_once_ask_only_a_few_questions() {
    let mut seat = FakeSeat::new(160, 50, FakeDesk::shop());
    seat.slow = true;
    for _ in 0..1_000 {
        seat.send(ingested("Ana Sánchez"));
    }
    assert!(seat.waiting.len() < 8, "{}", seat.waiting.len());
    seat.slow = false;
    seat.answer();
    seat.shows("still has not arrived. Could");
}

#[test]
fn a_failed_question_is_said_and_may_be_asked_again() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.slow = true;
    seat.keys("Enter");
    seat.waiting.clear();
    seat.send(Msg::Loaded(Box::new(Err("the state cannot be read".into()))));
    seat.shows("! the state cannot be read");
    seat.slow = false;
    seat.send(Msg::Lagged);
    seat.shows("still has not arrived. Could");
}

#[test]
fn commands_about_a_case_reach_the_desk() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    let ana = id("Ana Sánchez");
    seat.keys("s").text("2h").keys("Enter");
    seat.keys("a Enter");
    seat.say("assign none").say("priority urgent").say("tag vip -old").say("field city Madrid and more");
    seat.say("language DE");
    assert_eq!(
        seat.acts(),
        [
            &Act::Snooze(ana, Snooze::Until(NOW.plus_millis(2 * HOUR))),
            &Act::Assign(ana, Some("lin".into())),
            &Act::Assign(ana, None),
            &Act::Prioritise(ana, Priority::Urgent),
            &Act::Tag { customer: ana, add: vec!["vip".into()], remove: vec!["old".into()] },
            &Act::Edit(ana, ProfileEdit::Field("city".into(), "Madrid and more".into())),
            &Act::Edit(ana, ProfileEdit::Language("de".into())),
        ]
    );
    seat.keys("s").text("soon").keys("Enter");
    seat.shows("! `soon` is no time to come");
    seat.say("resolv3");
    seat.shows("did you mean `resolve`?");
}

#[test]
fn tab_completes_commands() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys(":").text("rep");
    seat.shows("reply reply-all");
    seat.keys("Tab Tab");
    seat.shows(":reply-all");
    seat.keys("Tab");
    seat.shows(":reply ");
    seat.keys("Esc");
    seat.hides(":reply");
}

#[test]
fn no_frame_is_drawn_when_nothing_changed() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    assert!(seat.screen.take_dirty());
    assert!(!seat.screen.take_dirty());
    seat.send(Msg::Clock(NOW.plus_millis(500)));
    seat.send(Msg::Status(vec![]));
    seat.send(Msg::Notice(None));
    seat.send(Msg::Resize(80, 24));
    assert!(!seat.screen.take_dirty());
    seat.keys("Z");
    assert!(!seat.screen.take_dirty(), "a key that does nothing");
    seat.send(Msg::Clock(NOW.plus_millis(MINUTE)));
    assert!(seat.screen.take_dirty(), "ages grew");
    seat.keys("j");
    assert!(seat.screen.take_dirty());
}

#[test]
fn leaving_asks_on_q_and_not_with_nothing_to_lose_on_quit() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("q");
    seat.shows("Leave Switchboard?");
    seat.keys("n");
    assert!(!seat.quits());
    seat.say("quit");
    assert!(seat.quits());
}

#[test]
fn no_key_acts_on_a_customer_who_is_covered_by_a_list_or_a_text() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    for list in ["g b", "g d", "g m", "g f", "?"] {
        for key in ["e", "E", "w", "s", "a", "t", "!", "U", "r", "R", "m"] {
            seat.keys(list).keys(key);
            seat.hides("Reply to");
            seat.hides("snooze: ");
        }
        seat.keys("q");
    }
    seat.keys("Enter r").text("x").keys("F1 e J q");
    seat.shows("Reply to Ana Sánchez");
    assert_eq!(seat.acts(), Vec::<&Act>::new());
}

#[test]
fn a_case_that_left_the_list_does_not_make_the_next_one_be_skipped() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Done.").keys("Alt-Enter");
    // The change is told before the outcome of the act.
    seat.slow = true;
    seat.keys("Y");
    let send = seat.waiting.iter().position(|effect| matches!(effect, Effect::Act(..))).unwrap();
    let Effect::Act(number, act) = seat.waiting.remove(send) else { unreachable!() };
    let acted = seat.desk.act(&act);
    seat.slow = false;
    let mut event = Event::new(EventKind::Queued, NOW, "lin");
    event.customers = vec![id("Ana Sánchez")];
    seat.send(Msg::Changed(Box::new(event)));
    seat.send(Msg::Acted(number, Box::new(acted)));
    seat.shows("▸ 王小明");
}

#[test]
fn what_comes_in_while_the_timeline_is_covered_stays_unread_until_it_is_seen() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    let unread = |seat: &FakeSeat| seat.desk.customers[0].0.customer.unread;
    let arrives = |seat: &mut FakeSeat, text: &str| {
        seat.desk.customers[0].1.push(message("Ana Sánchez", Direction::Inbound, 0, "x", text));
        seat.desk.customers[0].0.customer.unread += 1;
        seat.send(ingested("Ana Sánchez"));
    };
    seat.keys("Enter");
    assert_eq!(unread(&seat), 0);
    seat.keys("q");
    arrives(&mut seat, "while in the inbox");
    assert_eq!(unread(&seat), 1);
    seat.keys("Enter");
    assert_eq!(unread(&seat), 0);
    seat.keys("m").text("writing");
    arrives(&mut seat, "while writing");
    assert_eq!(unread(&seat), 1);
    seat.keys("Esc p");
    assert_eq!(unread(&seat), 0);
    seat.keys("g b");
    arrives(&mut seat, "while in a list");
    assert_eq!(unread(&seat), 1);
    seat.keys("q");
    assert_eq!(unread(&seat), 0);
    // Marked unread by hand it stays so, until it is opened again.
    seat.keys("U");
    seat.send(Msg::Lagged);
    assert!(matches!(seat.acts().last(), Some(Act::MarkUnread(_))));
    assert!(!matches!(seat.desk.done.last(), Some(Act::MarkRead(_))));
    seat.desk.customers[0].0.customer.unread = 1;
    seat.send(Msg::Lagged);
    assert_eq!(unread(&seat), 1);
    seat.keys("q Enter");
    assert_eq!(unread(&seat), 0);
}

#[test]
fn a_screen_may_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&FakeSeat::new(80, 24, FakeDesk::shop()).screen);
}
