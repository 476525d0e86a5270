//! Where an answer goes, what the channel allows there, the accounts, and calls.

use super::FakeSeat;
use super::beside::{chat, everywhere};
use super::desk::{HOUR, MINUTE, NOW, id};
use super::shots::{SIZES, colours};
use crate::model::*;
use crate::ui::{Effect, Msg};

fn sent(seat: &FakeSeat) -> Compose {
    let found = seat.acts().iter().rev().find_map(|act| match act {
        Act::Send(compose) => Some((**compose).clone()),
        _ => None,
    });
    found.unwrap()
}

/// A seat where Ana's last chat message can be answered for so long, so often.
fn windowed(width: u16, height: u16, left: Result<Option<WindowLeft>, String>) -> FakeSeat {
    let mut desk = everywhere();
    let last = desk.customers[0].1[5].message.id;
    desk.windows.insert(last, left);
    FakeSeat::new(width, height, desk)
}

fn open_for(millis: i64, answers: u32) -> Result<Option<WindowLeft>, String> {
    Ok(Some(WindowLeft { closes: Some(NOW.plus_millis(millis)), answers: Some(answers), opens: None }))
}

#[test]
fn writing_elsewhere_at_three_sizes_and_in_two_themes() {
    for (width, height) in SIZES {
        let mut seat = windowed(width, height, open_for(3 * HOUR + 12 * MINUTE, 3));
        seat.keys("Enter r").text("It is on its way, it will be there on Thursday");
        let mut text = format!("--- too long\n{}", seat.frame());
        seat.keys("C-t");
        text.push_str(&format!("\n--- in public\n{}", seat.frame()));
        if (width, height) == SIZES[0] {
            text.push_str(&colours(&seat, "dark"));
            text.push_str(&colours(&seat, "light"));
        }
        seat.keys("F2");
        text.push_str(&format!("\n--- the review\n{}", seat.frame()));
        insta::assert_snapshot!(format!("place_{width}x{height}"), text);
    }
}

#[test]
fn the_answer_goes_to_their_last_message_and_without_a_subject_there() {
    let mut seat = windowed(160, 40, open_for(3 * HOUR + 12 * MINUTE, 3));
    seat.keys("Enter r");
    for text in ["Reply to Ana", "direct: only they can read this", "0 of 40 characters", "window closes in 3 h 12 m"] {
        seat.shows(text);
    }
    seat.shows("3 of 5 answers left");
    for text in ["┃ Subject", "┃ Cc"] {
        seat.hides(text);
    }
    seat.text("On its way").keys("F2 y");
    let compose = sent(&seat);
    assert_eq!(compose.parent, Some(seat.desk.customers[0].1[5].message.id), "not ours, which stood last");
    assert_eq!((compose.account.as_str(), compose.subject.as_str()), ("chat", ""));
    assert_eq!((compose.to[0].address.as_str(), compose.cc.len()), ("ana@chat.example", 0));
    assert_eq!(compose.text, "On its way", "no quote in a chat");
}

#[test]
fn the_message_under_the_cursor_is_the_one_answered() {
    let mut seat = FakeSeat::new(160, 40, everywhere());
    seat.keys("Enter g g r").text("It is here").keys("F2 y");
    assert_eq!((sent(&seat).account.as_str(), sent(&seat).subject.as_str()), ("support", "Re: My order"));
    // An answer of ours stands for the conversation it is in.
    seat.keys("g g j j j j j j r").text("Soon").keys("F2 y");
    assert_eq!(sent(&seat).parent, Some(seat.desk.customers[0].1[5].message.id));
}

#[test]
fn a_text_that_is_too_long_says_by_how_much_and_does_not_pass() {
    let mut seat = windowed(160, 40, open_for(HOUR, 5));
    seat.keys("Enter r").text(&"x".repeat(40));
    seat.shows("40 of 40 characters");
    seat.hides("too long");
    seat.text(&"y".repeat(12));
    seat.shows("✗ 52 of 40 characters: too long by 12");
    seat.keys("F2");
    seat.hides("REVIEW");
    seat.shows("make it shorter, or send it in two");
    seat.send(Msg::Paste("z".repeat(60_000)));
    seat.shows("too long by more than 10000");
}

#[test]
fn a_window_that_closes_while_one_writes_is_said_with_the_way_out() {
    let mut seat = windowed(160, 40, open_for(2 * MINUTE, 1));
    seat.keys("Enter r").text("Hi");
    seat.shows("window closes in 2 m, 1 of 5 answers left");
    assert!(seat.screen.take_dirty());
    // Nothing is drawn while the words are the same.
    seat.clock(800);
    seat.clock(200);
    seat.screen.take_dirty();
    let wakes = |seat: &FakeSeat| seat.log.iter().filter(|effect| matches!(effect, Effect::WakeAt(_))).count();
    assert!(wakes(&seat) > 0);
    seat.clock(70_000);
    seat.shows("window closes in 49 s");
    seat.clock(60_000);
    seat.shows("✗ closed: this channel takes answers for 48 h");
    seat.shows("write by mail");
    seat.keys("F2");
    seat.hides("REVIEW");
    // By another channel it can go.
    seat.keys("C-t C-t C-t");
    seat.shows("answers Ana on email");
    seat.keys("F2");
    seat.shows("REVIEW");
}

#[test]
fn a_closed_window_and_an_open_one_when_they_write_again() {
    let mut seat = windowed(160, 40, Err("5 answers are given; write by mail".into()));
    seat.keys("Enter r").text("Hi");
    seat.shows("✗ closed: 5 answers are given; write by mail");
    let last = seat.desk.customers[0].1[5].message.id;
    seat.desk.windows.insert(last, open_for(HOUR, 5));
    let mut event = Event::new(EventKind::Ingested, NOW, "switchboard");
    event.customers = vec![id("Ana")];
    seat.send(Msg::Changed(Box::new(event)));
    seat.shows("window closes in 1 h 0 m, 5 of 5 answers left");
}

#[test]
fn one_key_sends_it_elsewhere_and_says_so() {
    let mut seat = windowed(160, 40, open_for(HOUR, 5));
    seat.keys("Enter r").text("It is here").keys("C-t");
    seat.shows("answers Ana on plaza, publicly, was: chat");
    seat.shows("PUBLIC REPLY to Ana: everybody can read this");
    seat.shows("It is here");
    seat.keys("F2");
    seat.shows("public reply: everybody can read this");
    seat.shows("plaza, account plaza, public");
    seat.shows("ana@plaza.example");
    seat.keys("w");
    seat.shows("direct message: only they can read this");
    seat.keys("w c");
    seat.shows("answers Ana on plaza, directly, was: plaza, publicly");
    seat.keys("y");
    let compose = sent(&seat);
    assert_eq!((compose.account.as_str(), compose.way), ("plaza", Some(Way::Direct)));
    assert_eq!(compose.text, "It is here");
}

#[test]
fn another_conversation_in_the_same_place_is_named() {
    let mut desk = everywhere();
    let entries = &mut desk.customers[0].1;
    let mut earlier = entries.iter().find(|entry| entry.message.channel == "email").unwrap().clone();
    earlier.message.id = crate::model::MessageId::of(&[b"earlier"]);
    earlier.message.thread = crate::model::ThreadId::of(&[b"earlier"]);
    earlier.message.subject = "The blue boots".into();
    entries.retain(|entry| entry.message.channel == "email");
    entries.insert(0, earlier);
    let mut seat = FakeSeat::new(160, 40, desk);
    seat.keys("Enter r").text("Look here.").keys("C-t");
    seat.shows("answers Ana in “The blue boots”, was: “");
}

#[test]
fn a_quote_that_was_not_written_does_not_follow_into_a_chat() {
    let mut seat = FakeSeat::new(160, 40, everywhere());
    seat.keys("Enter g g r").text("Look here.");
    seat.shows("> Where is order 4711?");
    seat.keys("C-t");
    seat.shows("answers Ana on chat, was: email");
    seat.hides("> Where is order 4711?");
    seat.shows("Look here.");
}

#[test]
fn a_draft_keeps_where_it_goes() {
    let mut seat = windowed(160, 40, open_for(HOUR, 5));
    seat.keys("Enter r").text("Later").keys("C-t").keys("C-x C-p").keys("g f Enter");
    seat.shows("PUBLIC REPLY to");
    seat.keys("F2 y");
    assert_eq!((sent(&seat).account.as_str(), sent(&seat).way), ("plaza", Some(Way::Public)));
}

fn status(name: &str, activity: Activity) -> AccountStatus {
    AccountStatus {
        name: name.into(),
        activity,
        progress: None,
        trouble: String::new(),
        next: None,
        last_success: Some(NOW.plus_millis(-5 * MINUTE)),
        budget: String::new(),
        budget_until: None,
        backlog: None,
    }
}

#[test]
fn how_the_accounts_are_doing_at_three_sizes_and_in_two_themes() {
    let trouble = "the password is wrong; change it in config.toml";
    for (width, height) in SIZES {
        let mut desk = everywhere();
        desk.accounts.push(AccountFacts { name: "receipts".into(), can_send: false, ..chat() });
        let mut seat = FakeSeat::new(width, height, desk);
        seat.send(Msg::Status(vec![
            status("support", Activity::Watching),
            AccountStatus {
                budget: "63 of 100 reads".into(),
                budget_until: Some(NOW.plus_millis(9 * HOUR)),
                next: Some(NOW.plus_millis(20 * MINUTE)),
                backlog: Some(1_200),
                ..status("chat", Activity::Pulling)
            },
            AccountStatus { trouble: trouble.into(), ..status("plaza", Activity::Stopped) },
        ]));
        seat.keys("g A");
        let mut text = seat.frame();
        if (width, height) == SIZES[0] {
            text.push_str(&colours(&seat, "dark"));
            text.push_str(&colours(&seat, "light"));
        }
        seat.keys("j j Enter");
        text.push_str(&format!("\n--- one whole\n{}", seat.frame()));
        insta::assert_snapshot!(format!("accounts_{width}x{height}"), text);
        seat.shows(trouble);
        seat.keys("r");
        assert!(seat.log.contains(&Effect::Pull("plaza".into())));
    }
}

#[test]
fn a_call_that_an_account_read_is_not_answered_and_the_last_of_theirs_is() {
    let with_calls = |only: bool| {
        let mut desk = everywhere();
        desk.accounts.push(AccountFacts { name: "calls".into(), channel: PHONE.into(), can_send: false, ..chat() });
        let entries = &mut desk.customers[0].1;
        let from = if only { 0 } else { entries.len() - 1 };
        for entry in &mut entries[from..] {
            (entry.message.channel, entry.message.account) = (PHONE.into(), "calls".into());
            entry.message.direction = Direction::Inbound;
        }
        FakeSeat::new(160, 40, desk)
    };
    let mut seat = with_calls(false);
    seat.keys("Enter r");
    seat.shows("Reply to Ana");
    seat.text("We called back").keys("F2 y");
    assert_ne!(sent(&seat).account, "calls");
    let mut seat = with_calls(true);
    seat.keys("Enter r");
    seat.shows("a phone call cannot be answered from here");
    seat.hides("Reply to Ana");
}

#[test]
fn a_call_is_filed_in_one_line_and_what_is_missing_is_said() {
    let mut seat = FakeSeat::new(160, 40, everywhere());
    seat.keys("Enter");
    seat.say("log-call in three minutes");
    seat.shows("is no length of a call");
    seat.keys("C").text("out 3m Told her it is on its way").keys("Enter");
    let filed = seat.acts().iter().find_map(|act| match act {
        Act::LogCall(call) => Some((**call).clone()),
        _ => None,
    });
    let filed = filed.unwrap();
    assert_eq!((filed.direction, filed.duration, filed.customer), (Direction::Outbound, 180_000, id("Ana")));
    assert_eq!(filed.text, "Told her it is on its way");
}
