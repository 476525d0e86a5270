//! Presets on the screen: hints, what may follow a key, and that no single key loses anything.

use super::desk::id;
use super::lists::outgoing;
use super::{FakeDesk, FakeSeat};
use crate::data_file::OwnFile;
use crate::keymap::{Context, Keymap, PRESETS, show_keys};
use crate::model::{Act, DeadId, DeadLetter, OutboxState, Timestamp};
use crate::ui::Effect;

/// A desk where there is something to lose everywhere.
fn full() -> FakeDesk {
    let mut desk = FakeDesk::shop();
    desk.outbox = [OutboxState::Failed, OutboxState::Unknown, OutboxState::Held].map(outgoing).to_vec();
    desk.dead = vec![DeadLetter {
        id: DeadId::of(&[b"dead"]),
        account: "support".into(),
        folder: "INBOX".into(),
        reason: "the headers never end".into(),
        received: Timestamp(0),
        size: 1_000,
        tries: 0,
        hint: "Hello".into(),
        partial: false,
    }];
    desk
}

/// A seat in this context, by keys every preset has.
fn seat_in(context: Context, keymap: &Keymap, place: &str) -> FakeSeat {
    let mut seat = FakeSeat::with_keymap(80, 24, full(), keymap.clone());
    match context {
        Context::Global | Context::Inbox => {}
        Context::Timeline => drop(seat.keys("Enter")),
        Context::Profile => drop(seat.keys("Enter Tab")),
        Context::Compose => drop(seat.keys("Enter").say("reply").text("Hello")),
        Context::Review => drop(seat.keys("Enter").say("reply").text("Hello").keys("F2")),
        Context::List => drop(seat.say(place)),
        Context::Why => drop(seat.keys("Enter").say("why")),
        Context::Prompt => drop(seat.keys("/")),
    }
    seat
}

#[test]
fn no_key_of_any_preset_loses_anything_by_itself() {
    let lasting = |act: &&Act| {
        !matches!(
            act,
            Act::Send(_) | Act::SaveDraft(_) | Act::MarkRead(_) | Act::MarkUnread(_) | Act::Resolve(_) | Act::Reopen(_)
        ) && !matches!(act, Act::Wait(_) | Act::Prioritise(..) | Act::RetryOutgoing(_) | Act::CorrectSentiment { .. })
    };
    for (name, _) in PRESETS {
        let (keymap, _) = Keymap::load(name, &[]);
        for row in keymap.table() {
            let contexts = match row.context {
                Context::Global => vec![Context::Inbox, Context::Timeline, Context::Profile, Context::List],
                context => vec![context],
            };
            for context in contexts.into_iter().filter(|context| *context != Context::Prompt) {
                for place in ["outbox", "dead-letters", "drafts"] {
                    let mut seat = seat_in(context, &keymap, place);
                    assert_eq!(seat.screen.context(), context, "{name}");
                    seat.keys(&show_keys(&row.keys));
                    let lost: Vec<&Act> = seat.desk.done.iter().filter(lasting).collect();
                    assert_eq!(lost, Vec::<&Act>::new(), "{name}: {} in {}", show_keys(&row.keys), context.name());
                    let sent = seat.desk.done.iter().any(|act| matches!(act, Act::Send(_)));
                    assert!(!sent || context == Context::Review, "{name}: {} sends", show_keys(&row.keys));
                    let writing = matches!(context, Context::Compose | Context::Review);
                    let kept = seat.desk.done.iter().any(|act| matches!(act, Act::SaveDraft(_)));
                    assert!(!(writing && seat.log.contains(&Effect::Quit)) || kept, "{name}: {row:?}");
                    if context != Context::List {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn the_line_of_hints_names_the_keys_of_the_preset() {
    for (name, hint) in [
        ("default", "Enter open  r reply  e resolve  s snooze"),
        ("mutt", "Enter open  r reply  d resolve  z snooze  a assign  t tag"),
        ("gmail", "Enter open  r reply  e resolve  b snooze  A assign  l tag  / filter  c new"),
        ("helix", "Enter open  i reply  Space e resolve  Space s snooze"),
        ("accessible", "Enter open  r reply  e resolve  s snooze"),
    ] {
        FakeSeat::with_keys(120, 30, FakeDesk::shop(), name).shows(hint);
    }
    // A key that was taken away is not promised.
    let own = OwnFile::new("default", "d.toml", "[inbox]\ne = \"\"\nr = \"wait\"\n");
    let seat = FakeSeat::with_keymap(120, 30, FakeDesk::shop(), Keymap::load("default", &[own]).0);
    seat.shows("Enter open  s snooze");
}

#[test]
fn every_text_that_names_a_key_names_the_one_of_the_preset() {
    let mut seat = FakeSeat::with_keys(110, 30, FakeDesk::shop(), "gmail");
    seat.desk.customers[3].1[1].outgoing = Some(outgoing(OutboxState::Held).outgoing);
    seat.keys("j j j Enter");
    assert_eq!(seat.screen.open.as_ref().unwrap().id, id("Bob Builder"));
    seat.shows("leaves in 8 s · z takes it back");
    let mut seat = FakeSeat::with_keys(80, 24, FakeDesk::shop(), "accessible");
    seat.keys("F3").text("nobody at all").keys("Enter");
    seat.shows("Nobody fits this filter; q clears it.");
    let mut seat = FakeSeat::with_keys(80, 24, FakeDesk::shop(), "accessible");
    seat.keys("Enter").shows("(Enter unfolds)");
    FakeSeat::with_keys(110, 30, FakeDesk::empty(), "helix").shows("Choose a customer and press Enter.");
}

#[test]
fn what_may_follow_a_key_stands_in_rows_above_and_leaves_the_status_line() {
    let mut seat = FakeSeat::with_keys(80, 24, FakeDesk::shop(), "helix");
    seat.send(crate::ui::Msg::Status(super::panes::status()));
    seat.keys("Space");
    let frame = seat.frame();
    let lines: Vec<&str> = frame.lines().collect();
    assert!(lines[23].starts_with(" Space … Esc stops"), "{frame}");
    assert!(lines[22].contains("support ↓ 120/4000"), "the status line stays: {frame}");
    let rule = lines.iter().position(|line| line.starts_with("── Space … ")).unwrap();
    let rows = lines[rule + 1..22].join("\n");
    for next in ["r reply", "e resolve", "! urgent", "/ filter", "s snooze", "n note", "q quit"] {
        assert!(rows.contains(next), "{next} is missing:\n{frame}");
    }
    assert!(lines[0].contains("▸ inbox") && lines[1].contains("Ana"), "what is above stays: {frame}");
    // A menu in a menu says how many.
    seat.keys("Esc C-w");
    seat.shows("w next-pane");
    seat.keys("Esc");
    seat.hides("── Space");
    seat.hides("── C-w");
    seat.keys("Space e");
    assert!(matches!(seat.acts().as_slice(), [Act::Resolve(_)]));
}

#[test]
fn a_menu_within_a_menu_and_one_taken_over_by_a_pane_are_right() {
    let text = "[global]\n\"Space w a\" = \"assign me\"\n\"Space w n\" = \"assign none\"\n\"Space u\" = \"undo\"\n\
                [inbox]\n\"Space u\" = \"\"\n\"Space x\" = \"resolve\"\n";
    let keymap = Keymap::load("default", &[OwnFile::new("default", "d.toml", text)]).0;
    let mut seat = FakeSeat::with_keymap(80, 24, FakeDesk::shop(), keymap);
    seat.keys("Space");
    seat.shows("w … 2 more");
    seat.shows("x resolve");
    seat.hides("u undo");
    seat.keys("w");
    seat.shows("a me");
    seat.shows("n none");
    seat.keys("a");
    assert!(matches!(seat.acts().as_slice(), [Act::Assign(_, Some(_))]));
    seat.keys("Space u");
    assert_eq!(seat.acts().len(), 1, "taken away here");
}

#[test]
fn a_day_with_each_preset() {
    // Read, answer, send and resolve, note, snooze, take back: with the keys of each.
    for (name, read, reply, send, note, snooze, undo) in [
        ("mutt", "Enter", "r", "y", "M", "z", "u"),
        ("gmail", "o", "r", "y", "m", "b", "z"),
        ("helix", "Enter", "i", "y", "Space n", "Space s", "Space u"),
        ("accessible", "Right", "F2", "y", "m", "s", "u"),
    ] {
        let mut seat = FakeSeat::with_keys(80, 24, FakeDesk::shop(), name);
        seat.keys(read).keys(reply).text("Hello").keys("F2");
        seat.shows("REVIEW: this leaves");
        seat.keys(send);
        assert!(matches!(seat.acts().as_slice(), [Act::Send(_)]), "{name}");
        seat.keys(note).text("careful").keys("F2").keys(send);
        seat.keys(snooze).text("2h").keys("Enter");
        seat.keys(undo);
        let acts = seat.acts();
        assert!(matches!(acts.as_slice(), [Act::Send(_), Act::Send(_), Act::Snooze(..), _, ..]), "{name}: {acts:?}");
    }
}

#[test]
fn the_palette_opens_by_one_key_of_the_accessible_preset() {
    let mut seat = FakeSeat::with_keys(80, 24, FakeDesk::shop(), "accessible");
    seat.keys("F9").shows("Commands, views, customers");
    seat.text("snoo");
    seat.shows("snooze");
    seat.keys("Esc").hides("Commands, views, customers");
}

#[test]
fn what_is_wrong_with_an_agents_files_is_said_first_and_in_one_sentence() {
    let wrong = ["keymaps/default.toml:2:5: there is no command `dwn`", "themes/dark.toml:3:7: `puce` is no colour"];
    let seat =
        |warnings: &[&str]| FakeSeat::with_warnings(80, 24, FakeDesk::shop(), Keymap::load("default", &[]).0, warnings);
    seat(&wrong[..1]).shows(" ! keymaps/default.toml:2:5: there is no command `dwn`");
    seat(&wrong).shows(" ! 2 remarks (`:messages` shows them): keymaps/default.toml:2:5:");
    let mut seat = seat(&wrong);
    seat.keys("j").hides("remarks");
}

#[test]
fn a_key_that_is_no_answer_says_what_is_asked() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("q");
    seat.shows("Leave Switchboard?");
    seat.keys("j");
    seat.shows("below is a question: press y (yes) or n (no)");
    seat.shows("Leave Switchboard?");
    seat.send(crate::ui::Msg::Paste("yes".into()));
    seat.shows("below is a question");
    assert!(!seat.quits());
    seat.keys("n");
    seat.hides("below is a question");
    seat.keys("q Y");
    assert!(seat.quits(), "a capital letter is the same answer");
}

#[test]
fn a_long_sentence_is_readable_to_its_end_and_again_later() {
    let why = format!("cannot save into /home/lin/{}: permission denied at the end", "very-long-folder/".repeat(9));
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.send(crate::ui::Msg::Saved(Err(why.clone())));
    seat.shows("denied at the end");
    seat.keys("j");
    seat.hides("denied at the end");
    seat.send(crate::ui::Msg::Notice(Some(format!("the disk is full: {}", "no room at all ".repeat(9)))));
    seat.shows("shows all");
    seat.say("messages");
    seat.shows("Messages, the latest first");
    seat.shows("denied at the end");
    seat.shows("the disk is full");
    seat.keys("q");
    seat.hides("Messages, the latest first");
}

#[test]
fn of_several_remarks_at_the_start_all_can_be_read() {
    let keymap = crate::keymap::Keymap::load("default", &[]).0;
    let seat = &mut FakeSeat::with_warnings(80, 24, FakeDesk::shop(), keymap, &["the first remark", "the second one"]);
    seat.shows("2 remarks");
    seat.say("messages");
    seat.shows("the first remark");
    seat.shows("the second one");
}
