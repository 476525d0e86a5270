//! Replies, notes, the review, sending, taking back.

use super::FakeSeat;
use super::desk::{FakeDesk, NOW, id, party};
use crate::model::*;
use crate::ui::{Effect, Msg, Refusal};

fn sent(seat: &FakeSeat) -> Vec<Compose> {
    let compose = |act: &&Act| match act {
        Act::Send(compose) => Some((**compose).clone()),
        _ => None,
    };
    seat.acts().iter().filter_map(compose).collect()
}

#[test]
fn read_reply_resolve_next_in_a_handful_of_keys() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("It comes tomorrow.").keys("Alt-Enter Y");
    let sent = sent(&seat);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].kind, ReplyKind::Reply);
    assert_eq!(sent[0].customer, Some(id("Ana Sánchez")));
    assert_eq!(sent[0].to, [party("", "ana.private@other.example")], "where she asks for answers");
    assert_eq!(sent[0].subject, "Re: Where is my order?");
    assert_eq!(sent[0].account, "support");
    assert!(sent[0].text.starts_with("It comes tomorrow.\n\nOn Mon 23 Nov 2026 13:55, Ana Sánchez wrote:\n> Hello,"));
    assert!(!sent[0].text.contains("left our house"), "old quotes are not quoted again");
    assert!(sent[0].resolve);
    assert_eq!(sent[0].seen, Some(seat.desk.customers[0].1[3].message.id));
    seat.shows("▸ 王小明");
    seat.shows("leaves in 10 s, u takes it back");
}

#[test]
fn the_review_shows_exactly_what_leaves() {
    let mut seat = FakeSeat::new(100, 40, FakeDesk::shop());
    seat.keys("Enter r").text("Here you are.").keys("C-x C-a").text("~/invoice.pdf").keys("Enter Alt-Enter");
    for text in [
        "REVIEW: this leaves",
        "Shop support <support@shop.example>",
        "ana.private@other.example",
        "wrote from, ana@example.com",
        "Re: Where is my order?",
        "~/invoice.pdf",
        "Here you are.",
    ] {
        seat.shows(text);
    }
    assert_eq!(sent(&seat), [], "nothing left yet");
    seat.keys("y");
    assert_eq!(sent(&seat)[0].attachments, [AttachmentSource::Path("~/invoice.pdf".into())]);
}

#[test]
fn a_file_is_seen_from_where_the_agent_is() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("See here").keys("C-x C-a").text("notes/a.pdf").keys("Enter").keys("Alt-Enter y");
    assert_eq!(sent(&seat)[0].attachments, [AttachmentSource::Path("/home/lin/notes/a.pdf".into())]);
}

#[test]
fn a_draft_that_another_window_has_too_is_said() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Mine");
    seat.clock(2_000);
    let saved = seat.log.iter().find_map(|effect| match effect {
        Effect::Act(_, act) => match &**act {
            Act::SaveDraft(draft) => Some(draft.id),
            _ => None,
        },
        _ => None,
    });
    let told = |kind| Event { draft: saved, ..Event::new(kind, NOW, "lin") };
    seat.send(Msg::Changed(Box::new(told(EventKind::Draft))));
    seat.hides("another window");
    seat.send(Msg::Changed(Box::new(told(EventKind::Draft))));
    // Both saved at the same moment: what is here is kept under another name at once.
    seat.shows("yours is a second draft now");
    assert_eq!(seat.desk.drafts.len(), 2);
    seat.send(Msg::Changed(Box::new(told(EventKind::Queued))));
    seat.shows("was sent from another window");
}

#[test]
fn what_is_older_than_another_windows_draft_does_not_leave() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter m").text("Mine");
    seat.clock(2_000);
    let draft = seat.desk.drafts[0].draft.id;
    seat.keys("Esc p m y");
    let told = Event { draft: Some(draft), ..Event::new(EventKind::Draft, NOW, "lin") };
    seat.send(Msg::Changed(Box::new(told)));
    seat.shows("typing here begins a second one");
    seat.keys("Alt-Enter");
    seat.shows("another window has changed this draft");
    seat.hides("REVIEW");
    // Throwing it away throws nothing of the other window away.
    seat.keys("Esc n y");
    assert_eq!(seat.desk.drafts.len(), 1);
}

#[test]
fn a_note_stays_a_note_whatever_is_pressed() {
    for send in ["y", "Y"] {
        let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
        // Also keys that mean replies elsewhere, and those that would move to a field with recipients.
        seat.keys("Enter m").text("rRfc").keys("Tab S-Tab Tab").text("a note").keys("Alt-Enter");
        seat.shows("NOTE");
        seat.keys("e C-x C-s").keys(send);
        let sent = sent(&seat);
        assert_eq!(sent.len(), 1);
        assert_eq!(sent[0].kind, ReplyKind::Note);
        assert_eq!((sent[0].to.len(), sent[0].cc.len(), sent[0].attachments.len()), (0, 0, 0));
        assert_eq!((sent[0].account.as_str(), sent[0].subject.as_str(), sent[0].parent), ("", "", None));
        assert_eq!(sent[0].text, "rRfca note");
    }
    // And a resumed draft of a note is a note.
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter m").text("later").keys("Esc p").keys("g f Enter");
    seat.shows("PRIVATE NOTE");
    seat.keys("Alt-Enter y");
    assert_eq!(sent(&seat)[0].kind, ReplyKind::Note);
}

#[test]
fn nothing_leaves_without_a_review_or_twice() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("yY");
    seat.say("send");
    assert_eq!(sent(&seat), []);
    seat.keys("Alt-Enter");
    seat.slow = true;
    seat.keys("y y Y y");
    seat.slow = false;
    seat.answer();
    assert_eq!(sent(&seat).len(), 1);
}

#[test]
fn when_the_timeline_moved_the_review_stays_and_a_second_y_goes_ahead() {
    let mut seat = FakeSeat::new(100, 30, FakeDesk::shop());
    seat.keys("Enter r").text("Hello").keys("Alt-Enter");
    seat.desk.refuse = Some(Refusal::Moved("Lin answered 8 s ago".into()));
    seat.keys("y");
    assert_eq!(sent(&seat), []);
    seat.shows("REVIEW");
    seat.shows("Lin answered 8 s ago");
    seat.keys("y");
    assert_eq!(sent(&seat).len(), 1);
    assert_eq!(sent(&seat)[0].seen, None, "the agent was told and goes ahead");
}

#[test]
fn another_refusal_leaves_the_text_where_it_is() {
    let mut seat = FakeSeat::new(100, 30, FakeDesk::shop());
    seat.keys("Enter r").text("Hello").keys("Alt-Enter");
    seat.desk.refuse = Some(Refusal::Other("~/x.pdf cannot be read".into()));
    seat.keys("y");
    seat.shows("! ~/x.pdf cannot be read");
    seat.keys("e");
    seat.shows("Hello");
    seat.keys("Alt-Enter y");
    assert!(sent(&seat)[0].seen.is_some());
}

#[test]
fn a_sent_reply_taken_back_is_written_again() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Too early");
    // It is kept as a draft before it is sent; that is told later than it is taken back.
    seat.clock(3_000);
    seat.shows("draft kept");
    seat.keys("Alt-Enter y");
    seat.shows("leaves in 7 s, u takes it back");
    seat.keys("j");
    seat.shows("leaves in 7 s");
    seat.clock(3_000);
    seat.shows("leaves in 4 s, u takes it back");
    seat.keys("u");
    let Some(Act::TakeBack(taken)) = seat.acts().last().map(|act| (*act).clone()) else {
        panic!("nothing is taken back")
    };
    // That it was queued is told late: it is no other window's doing.
    let mut told = Event { draft: Some(taken.draft.id), ..Event::new(EventKind::Queued, NOW, "lin") };
    told.outgoing = Some(taken.outgoing);
    seat.send(Msg::Changed(Box::new(told)));
    let saved = Event { draft: Some(taken.draft.id), ..Event::new(EventKind::Draft, NOW, "lin") };
    seat.send(Msg::Changed(Box::new(saved.clone())));
    seat.hides("another window");
    seat.shows("taken back");
    seat.shows("Reply to Ana Sánchez");
    seat.shows("Too early");
    let first = seat.desk.customers[0].1.last().unwrap().message.id;
    seat.keys("Alt-Enter y");
    assert_eq!(sent(&seat).len(), 2);
    assert_eq!(sent(&seat)[1].seen, Some(first), "its own first try does not count as news");
}

#[test]
fn what_left_already_is_not_written_again() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Too late").keys("Alt-Enter y");
    seat.desk.refuse = Some(Refusal::Other("too late: it was sent already".into()));
    seat.keys("u");
    seat.shows("too late: it was sent already");
    seat.hides("Reply to Ana Sánchez");
}

#[test]
fn the_countdown_ends_by_itself() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Hello").keys("Alt-Enter y");
    for _ in 0..10 {
        seat.shows("leaves in");
        seat.clock(1_000);
    }
    seat.hides("leaves in");
}

#[test]
fn a_new_message_says_what_is_missing() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("c").text("zoe").keys("Alt-Enter");
    seat.shows("there is no text yet");
    seat.keys("Tab Tab").text("Hello").keys("Tab").text("We are back.").keys("Alt-Enter");
    seat.shows("To: `zoe` is no address");
    seat.keys("Tab").text("@example.com, \"B, C\" <b@example.com>").keys("Alt-Enter y");
    let sent = sent(&seat);
    assert_eq!(sent[0].kind, ReplyKind::New);
    assert_eq!(sent[0].to, [party("", "zoe@example.com"), party("B, C", "b@example.com")]);
    assert_eq!((sent[0].subject.as_str(), sent[0].text.as_str()), ("Hello", "We are back."));
    assert_eq!(sent[0].customer, None);
}

#[test]
fn a_reply_to_all_leaves_ourselves_out_and_a_forward_takes_the_files_along() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    let last = &mut seat.desk.customers[0].1[3].message;
    last.reply_to = None;
    last.to.push(party("Carl", "carl@example.com"));
    last.cc = vec![party("", "HELP@shop.example"), party("", "dora@example.com"), party("", "Ana@example.com")];
    let files = last.attachments.iter().map(|file| AttachmentSource::Message(last.id, file.part)).collect::<Vec<_>>();
    seat.keys("Enter R").text("Hi all").keys("Alt-Enter y");
    seat.keys("{ G f").text("zoe@example.com").keys("Tab Tab Tab").text("FYI").keys("Alt-Enter y");
    let sent = sent(&seat);
    assert_eq!(sent[0].to, [party("Ana Sánchez", "ana@example.com"), party("Carl", "carl@example.com")]);
    assert_eq!(sent[0].cc, [party("", "dora@example.com")]);
    assert_eq!(sent[1].subject, "Fwd: Re: Where is my order?");
    assert_eq!(sent[1].attachments.len(), if sent[1].parent == sent[0].parent { files.len() } else { 0 });
    assert!(sent[1].text.starts_with("FYI"));
}

#[test]
fn pasted_text_is_text_and_never_runs_a_command() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.send(Msg::Paste("ee\ny".into()));
    assert_eq!(seat.acts(), Vec::<&Act>::new());
    seat.shows("pasted text is ignored here");
    seat.keys("Enter r");
    seat.send(Msg::Paste("one\r\ntwo\u{1b}[31m\rthree".into()));
    seat.keys("Alt-Enter y");
    assert!(sent(&seat)[0].text.starts_with("one\ntwo[31m\nthree\n"), "{}", sent(&seat)[0].text);
}

#[test]
fn a_reply_asked_for_before_the_messages_came_begins_when_they_do() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.slow = true;
    seat.keys("r");
    seat.hides("Reply to");
    seat.slow = false;
    seat.answer();
    seat.shows("Reply to Ana Sánchez");
}

/// What was handed to an editor: the text.
fn edited(seat: &FakeSeat) -> Vec<&str> {
    seat.log
        .iter()
        .filter_map(|effect| match effect {
            crate::ui::Effect::Edit { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

#[test]
fn an_editor_of_ones_own_gets_the_text_and_gives_it_back_and_the_draft_is_saved_before_and_after() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.say("editor").shows("nothing is being written");
    seat.keys("Enter m").text("Hello").keys("C-x C-e");
    assert_eq!(edited(&seat), ["Hello"]);
    assert_eq!(seat.desk.drafts[0].draft.compose.text, "Hello", "saved before");
    seat.send(Msg::Edited(Ok("Hello Ana,\r\n\r\nit is \u{1b}[31mon its way.\n\n".into())));
    seat.shows("Hello Ana,");
    assert_eq!(seat.desk.drafts[0].draft.compose.text, "Hello Ana,\n\nit is [31mon its way.", "and after, cleaned");
    // One that fails changes nothing, and says so.
    seat.keys("C-x C-e");
    seat.send(Msg::Edited(Err("`vi` ended with exit status: 1".into())));
    seat.shows("`vi` ended with exit status: 1");
    seat.shows("Hello Ana,");
    seat.text("!").shows("way.!");
    assert_eq!(edited(&seat).len(), 2);
}
