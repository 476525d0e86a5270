//! What happened to messages after they were filed, chats in runs, narrowing: as an agent sees it.

use super::FakeSeat;
use super::desk::{FakeDesk, HOUR, MINUTE, NOW, account, customer, message, party};
use super::shots::{SIZES, colours};
use crate::model::*;

/// Something that happened `at` milliseconds from now.
fn change(kind: ChangeKind, at: i64, by: Option<&str>) -> ChangeView {
    let by = by.map(|name| party(name, &format!("{}@chat.example", name.to_lowercase())));
    ChangeView { change: Change { kind, at: NOW.plus_millis(at), by }, text: None }
}

fn edited(text: &str, at: i64) -> ChangeView {
    let kind = ChangeKind::Edited { preview: text.into() };
    ChangeView { text: Some(Ok(text.into())), ..change(kind, at, Some("Ana")) }
}

fn reaction(symbol: &str, added: bool, by: Option<&str>) -> ChangeView {
    change(ChangeKind::Reaction { symbol: symbol.into(), added }, -MINUTE, by)
}

/// A message by another channel than mail.
pub(super) fn on(channel: &str, way: Way, mut entry: TimelineEntry) -> TimelineEntry {
    let message = &mut entry.message;
    (message.channel, message.account) = (channel.into(), channel.into());
    message.thread = ThreadId::of(&[channel.as_bytes()]);
    message.way = way;
    message.from.address = message.from.address.replace("example.com", &format!("{channel}.example"));
    entry
}

/// Abilities of a chat: short answers, for a while, a few of them.
pub(super) fn chat() -> AccountFacts {
    AccountFacts {
        name: "chat".into(),
        channel: "chat".into(),
        address: "shop@chat.example".into(),
        abilities: Abilities {
            direct: vec![Way::Direct],
            lengths: vec![Length { most: 40, count: Count::Characters }],
            window: Some(Window { millis: Some(48 * HOUR), answers: Some(5), way_out: "write by mail".into() }),
            ..Abilities::default()
        },
        ..account()
    }
}

/// A place of public comments, which can be answered both ways.
pub(super) fn plaza() -> AccountFacts {
    AccountFacts {
        name: "plaza".into(),
        channel: "plaza".into(),
        address: "shop@plaza.example".into(),
        abilities: Abilities {
            direct: vec![Way::Direct],
            public: vec![Way::Public, Way::Direct],
            lengths: vec![Length { most: 500, count: Count::Graphemes }],
            ..Abilities::default()
        },
        ..account()
    }
}

/// Ana by mail, by chat and in public.
pub(super) fn everywhere() -> FakeDesk {
    let mut desk = FakeDesk::empty();
    desk.accounts.extend([chat(), plaza()]);
    let say = |direction, at, subject: &str, text: &str| message("Ana", direction, at, subject, text);
    let mail = say(Direction::Inbound, -5 * HOUR, "My order", "Where is order 4711?");
    let mut comment =
        on("plaza", Way::Public, say(Direction::Inbound, -4 * HOUR, "Winter lamp", "Is it back in stock?"));
    comment.message.url = Some("https://plaza.example/c/77".into());
    comment.changes = vec![
        reaction("👍", true, None),
        reaction("👍", true, None),
        reaction("👍", true, Some("Bo")),
        reaction("👍", true, Some("Bo")),
        reaction("❤", true, Some("Bo")),
        reaction("❤", false, Some("Bo")),
        change(ChangeKind::Likes { count: 12 }, -MINUTE, None),
        change(ChangeKind::Hidden { hidden: true }, -MINUTE, None),
    ];
    let chatted = |direction, at, text: &str| on("chat", Way::Direct, say(direction, at, "", text));
    let first = chatted(Direction::Inbound, -60 * MINUTE, "Hi!");
    let second = chatted(Direction::Inbound, -59 * MINUTE, "It is about the lamp");
    let mut third = chatted(Direction::Inbound, -58 * MINUTE, "the blue won");
    third.changes = vec![edited("the blue one", -57 * MINUTE), edited("the dark blue one", -50 * MINUTE)];
    let mut gone = chatted(Direction::Inbound, -40 * MINUTE, "my password is hunter2");
    gone.changes = vec![change(ChangeKind::Deleted, -39 * MINUTE, None)];
    let mut ours = chatted(Direction::Outbound, -30 * MINUTE, "It is on its way.");
    ours.changes = vec![
        change(ChangeKind::Delivered, -29 * MINUTE, None),
        change(ChangeKind::Read, -28 * MINUTE, None),
        reaction("🙏", true, Some("Ana")),
    ];
    let mut failed = chatted(Direction::Outbound, -20 * MINUTE, "And a second parcel.");
    failed.changes = vec![change(ChangeKind::Failed { reason: "they blocked us".into() }, -19 * MINUTE, None)];
    desk.customers.push(customer("Ana", vec![mail, comment, first, second, third, gone, ours, failed]));
    desk
}

#[test]
fn what_happened_since_at_three_sizes_and_in_two_themes() {
    for (width, height) in SIZES {
        let mut seat = FakeSeat::new(width, height, everywhere());
        seat.keys("Enter");
        let mut text = seat.frame();
        seat.keys("g g j j j j Enter j Enter");
        text.push_str("\n--- unfolded\n");
        text.push_str(&seat.frame());
        if (width, height) == SIZES[0] {
            text.push_str(&colours(&seat, "dark"));
            text.push_str(&colours(&seat, "light"));
        }
        insta::assert_snapshot!(format!("beside_{width}x{height}"), text);
    }
}

#[test]
fn the_newest_text_shows_and_the_earlier_ones_when_asked_for() {
    let mut seat = FakeSeat::new(160, 60, everywhere());
    seat.keys("Enter g g j j j j");
    seat.shows("the dark blue one");
    seat.shows("✎ edited 13:10 · 2 earlier texts (Enter shows)");
    seat.hides("the blue won");
    seat.keys("Enter");
    seat.shows("┄ since 13:03 it said");
    seat.shows("the blue won");
}

#[test]
fn what_was_deleted_is_folded_said_and_not_lost_nor_repeated() {
    let mut seat = FakeSeat::new(160, 60, everywhere());
    seat.keys("Enter");
    seat.shows("✗ DELETED by its author, 13:21 · Enter shows what it said");
    seat.hides("hunter2");
    seat.keys("g g j j j j j Enter");
    seat.shows("hunter2");
    seat.keys("y");
    seat.shows("there is no message to copy here");
}

#[test]
fn reactions_are_summed_by_who_gave_them() {
    let mut seat = FakeSeat::new(160, 60, everywhere());
    seat.keys("Enter");
    seat.shows("👍 3 · 12 likes");
    seat.hides("❤");
    seat.shows("◌ HIDDEN from the public since 13:59");
    seat.shows("↗ https://plaza.example/c/77");
    seat.shows("plaza/plaza PUBLIC");
    seat.shows("✓✓ read 13:32");
    seat.shows("✗ FAILED 13:41, after the channel had taken it");
}

#[test]
fn strangers_reactions_stay_small_whatever_they_are() {
    let mut desk = everywhere();
    let changes = &mut desk.customers[0].1[1].changes;
    changes.clear();
    for number in 0..40 {
        changes.push(reaction(&format!("{number}{}", "ha".repeat(30)), true, None));
    }
    changes.push(reaction("", true, None));
    let mut seat = FakeSeat::new(80, 50, desk);
    seat.keys("Enter");
    seat.shows("(a reaction) 1 · 0hahahahahahaha… 1");
    for line in seat.frame().lines() {
        assert!(crate::ui::text::width(line) <= 80, "{line}");
    }
}

#[test]
fn a_run_of_short_messages_is_one_block_with_times() {
    let mut seat = FakeSeat::new(160, 60, everywhere());
    seat.keys("Enter");
    let frame = seat.frame();
    assert_eq!(frame.matches("← Ana <ana@chat.example>").count(), 2, "the run, and the one a quarter of an hour later");
    seat.shows("· 13:01");
    seat.shows("· 13:02");
    // Each is still a message of its own to the cursor.
    seat.keys("g g j j j y");
    seat.shows("copied the message, 20 letters");
}

#[test]
fn one_conversation_or_channel_alone_and_back() {
    let mut seat = FakeSeat::new(160, 60, everywhere());
    seat.keys("Enter g g j x");
    seat.shows("ONLY this conversation: Winter lamp");
    seat.shows("Is it back in stock?");
    seat.hides("4711");
    seat.hides("on its way");
    seat.keys("x");
    seat.hides("ONLY");
    seat.shows("4711");
    seat.keys("j X");
    seat.shows("ONLY chat");
    seat.hides("Winter lamp");
    seat.keys("G k k k k k k k");
    seat.shows("on its way");
    seat.keys("q");
    seat.hides("ONLY");
    seat.shows("Winter lamp");
    seat.say("narrow nonsense");
    seat.shows("say thread, channel or all");
}
