//! Outbox, dead letters, automated mail, the original, the help.

use super::FakeSeat;
use super::desk::{FakeDesk, NOW, id, message, party};
use crate::model::*;
use crate::ui::Effect;

pub(super) fn outgoing(state: OutboxState) -> OutboxRow {
    OutboxRow {
        outgoing: Outgoing {
            id: OutgoingId::of(&[state.word().as_bytes()]),
            account: "support".into(),
            message: MessageId::of(&[b"m"]),
            customer: id("Bob Builder"),
            thread: ThreadId::of(&[b"t"]),
            state,
            due: NOW.plus_millis(8_000),
            attempts: 1,
            reason: if state == OutboxState::Failed { "550 no such user".into() } else { String::new() },
            remote_id: "x@shop.example".into(),
            from: party("", "support@shop.example"),
            to: vec![party("Bob", "bob@example.com")],
            cc: vec![],
            subject: "Re: Invoice".into(),
            text: "Here it is.".into(),
            in_reply_to: None,
            references: vec![],
            attachments: vec![],
            date: NOW,
            agent: "lin".into(),
            sent: None,
            to_file: false,
            changed: NOW,
            receipt: String::new(),
            way: crate::model::Way::Direct,
            context: Default::default(),
            answers: None,
        },
        name: "Bob Builder".into(),
    }
}

#[test]
fn what_is_stuck_in_the_outbox_is_decided_by_a_person() {
    let mut seat = FakeSeat::new(110, 30, FakeDesk::shop());
    seat.desk.outbox = [OutboxState::Failed, OutboxState::Unknown, OutboxState::Sent].map(outgoing).to_vec();
    let [failed, unknown, _] = [0, 1, 2].map(|n| seat.desk.outbox[n].outgoing.id);
    seat.keys("g b");
    seat.shows("550 no such user · Re: Invoice");
    seat.keys("r");
    seat.keys("j r");
    seat.shows("It may have arrived. Send it again all the same?");
    seat.keys("n M");
    seat.shows("Did it arrive?");
    seat.keys("y x");
    seat.shows("Give this message up?");
    seat.keys("Esc j x");
    seat.shows("that cannot be done with a message that is sent");
    assert_eq!(seat.acts(), [&Act::RetryOutgoing(failed), &Act::MarkSent(unknown)]);
    seat.keys("Enter");
    seat.shows("▸ Bob Builder");
}

#[test]
fn a_held_message_counts_down_in_the_timeline_and_asks_to_be_woken_each_second() {
    let mut seat = FakeSeat::new(100, 30, FakeDesk::shop());
    seat.desk.customers[3].1[1].outgoing = Some(outgoing(OutboxState::Held).outgoing);
    seat.keys("j j j Enter");
    seat.shows("leaves in 8 s · u takes it back");
    assert!(seat.log.contains(&Effect::WakeAt(NOW.plus_millis(1_000))), "{:?}", seat.log);
    seat.screen.take_dirty();
    seat.clock(1_000);
    assert!(seat.screen.take_dirty());
    seat.shows("leaves in 7 s · u takes it back");
}

#[test]
fn dead_letters_are_read_again_saved_and_removed_only_when_asked() {
    let mut seat = FakeSeat::new(110, 30, FakeDesk::shop());
    let dead = DeadId::of(&[b"dead"]);
    seat.desk.dead = vec![DeadLetter {
        id: dead,
        account: "support".into(),
        folder: "INBOX".into(),
        reason: "the headers never end".into(),
        received: NOW,
        size: 1_000,
        tries: 0,
        hint: "Hello".into(),
        partial: false,
    }];
    seat.keys("g d");
    seat.shows("the headers never end");
    seat.keys("r S v");
    seat.shows("not a message");
    seat.keys("q D");
    assert_eq!(seat.acts(), Vec::<&Act>::new());
    seat.keys("y");
    assert_eq!(seat.acts(), [&Act::DiscardDead(dead)]);
    assert!(seat.log.contains(&Effect::RetryDead(dead)) && seat.log.contains(&Effect::SaveDead(dead)));
}

#[test]
fn automated_mail_and_originals_can_be_looked_at_and_saved() {
    let mut seat = FakeSeat::new(110, 30, FakeDesk::shop());
    let mut news = message("News", Direction::Inbound, 0, "Weekly offers", "buy").message;
    news.automated = Some(Automated::List);
    seat.desk.automated = vec![news.clone()];
    seat.keys("g m");
    seat.shows("Weekly offers");
    seat.keys("Enter");
    seat.shows("the original");
    seat.keys("S q q");
    assert!(seat.log.contains(&Effect::SaveOriginal(news.id)));
    seat.shows("▸ inbox");
    seat.keys("Enter v");
    seat.shows("the original");
}

#[test]
fn one_of_several_attachments_is_chosen_by_number() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    let last = seat.desk.customers[0].1[3].message.id;
    seat.keys("Enter S");
    seat.shows("there are 2: say which one");
    seat.text("2").keys("Enter");
    assert!(seat.log.contains(&Effect::SaveAttachment(last, 3)), "{:?}", seat.log);
    seat.say("save-attachment 9");
    seat.shows("`9` is no attachment; say 1 to 2");
}

#[test]
fn the_help_shows_every_command_and_the_keys_of_where_one_was() {
    let mut seat = FakeSeat::new(110, 40, FakeDesk::shop());
    seat.keys("Enter ?");
    seat.shows("Keys: timeline");
    let mut all = seat.frame();
    for _ in 0..20 {
        seat.keys("PageDown");
        all.push_str(&seat.frame());
    }
    for command in crate::command::COMMANDS {
        assert!(all.contains(command.doc), "{} is not in the help", command.name);
    }
    seat.keys("q");
    seat.shows("▸ Ana Sánchez");
    // Also while writing, where letters are text.
    seat.keys("r F1");
    seat.shows("Keys: compose");
    seat.keys("q").text("still here");
    seat.shows("still here");
}

#[test]
fn repainting_is_asked_of_the_seat() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.screen.take_dirty();
    seat.keys("C-l");
    assert!(seat.log.contains(&Effect::Redraw));
    assert!(seat.screen.take_dirty());
}
