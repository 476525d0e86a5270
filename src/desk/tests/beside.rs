//! What happens to messages after they were filed: early, twice, from strangers, with hostile words.

use super::paper::MINUTE;
use super::places::{Room, changed, said};
use crate::model::{ChangeKind, InboxFilter, InboxView, Way};

fn reaction(symbol: &str) -> ChangeKind {
    ChangeKind::Reaction { symbol: symbol.to_owned(), added: true }
}

#[test]
fn an_edit_stands_beside_the_message_which_stays_as_it_was() {
    let room = Room::new();
    room.hears("1", "the blue won");
    let edit = ChangeKind::Edited { preview: "the blue one".to_owned() };
    let report = room.file(vec![changed("1", "e1", edit, "the blue one", 1)]);
    assert_eq!((report.new, report.changed, report.duplicate), (0, 1, 0));
    let entry = room.timeline().pop().unwrap();
    assert_eq!(entry.text.as_deref(), Ok("the blue won"), "messages never change");
    assert_eq!(entry.changes[0].text, Some(Ok("the blue one".to_owned())));
}

#[test]
fn what_comes_before_its_message_is_there_when_that_comes() {
    let room = Room::new();
    let now = room.desk.now();
    room.file(vec![changed("1", "d", ChangeKind::Deleted, "", 2), changed("1", "r", reaction("👍"), "", 1)]);
    assert!(room.desk.find("ana").is_err(), "it makes no customer");
    room.file(vec![said("1", "Hello?", Way::Direct, now)]);
    let kinds: Vec<&str> = room.timeline()[0].changes.iter().map(|view| view.change.kind.word()).collect();
    assert_eq!(kinds, ["reaction", "deleted"], "in the order they happened");
}

/// What the list shows of Ana's last message.
fn listed(room: &Room) -> String {
    let page = room.desk.inbox(InboxView::All, &InboxFilter::default(), None, 10).unwrap();
    page.rows.into_iter().next().unwrap().last_text
}

#[test]
fn the_list_shows_what_became_of_the_last_message() {
    let edit = |to: &str| ChangeKind::Edited { preview: to.to_owned() };
    let room = Room::new();
    room.hears("1", "the blue won");
    room.file(vec![changed("1", "e2", edit("the blue one!"), "the blue one!", 2)]);
    assert_eq!(listed(&room), "the blue one!");
    room.file(vec![changed("1", "e1", edit("the blue one"), "the blue one", 1)]);
    assert_eq!(listed(&room), "the blue one!", "the earlier of two edits comes last");
    room.file(vec![changed("1", "d", ChangeKind::Deleted, "", 3)]);
    assert_eq!(listed(&room), "(deleted)");
    assert_eq!(room.timeline()[0].text.as_deref(), Ok("the blue won"), "messages never change");
    room.pass(10 * MINUTE);
    room.hears("2", "Hello?");
    room.file(vec![changed("1", "e3", edit("late"), "late", 4)]);
    assert_eq!(listed(&room), "Hello?", "a change of another message is not the last line");
    // Before its message, and in one page with it.
    let room = Room::new();
    let now = room.desk.now();
    room.file(vec![changed("1", "e1", edit("late"), "late", 1), said("1", "Hello?", Way::Direct, now)]);
    assert_eq!(listed(&room), "late");
    assert_eq!(room.timeline()[0].text.as_deref(), Ok("Hello?"));
    let parts = room.desk.customer(room.customer()).unwrap().unwrap().customer.identities[0].0;
    let glances = room.desk.store().glances(&[parts], None, 10).unwrap().rows;
    let text = room.desk.store().content(glances[0].text.unwrap()).unwrap();
    assert_eq!(text, b"Hello?", "filed and changed in one commit");
}

#[test]
fn the_same_change_twice_is_one() {
    let room = Room::new();
    room.hears("1", "Hello?");
    let twice = || changed("1", "r", reaction("👍"), "", 1);
    room.file(vec![twice(), twice()]);
    let report = room.file(vec![twice()]);
    assert_eq!((report.changed, report.duplicate), (0, 1));
    assert_eq!(room.timeline()[0].changes.len(), 1);
}

#[test]
fn a_change_opens_no_case_and_reads_nothing() {
    let room = Room::new();
    room.hears("1", "Hello?");
    let act = crate::model::Act::Resolve(room.customer());
    room.desk.act("lin", act).unwrap();
    room.pass(MINUTE);
    room.file(vec![changed("1", "r", reaction("👍"), "", 1)]);
    let view = room.desk.customer(room.customer()).unwrap().unwrap();
    assert_eq!(view.customer.case.unwrap().status, crate::model::CaseStatus::Resolved);
}

#[test]
fn hostile_words_are_cleaned_and_bounded() {
    let room = Room::new();
    room.hears("1", "Hello?");
    let long = "\u{1b}[31m\u{202e}evil\n".repeat(500);
    room.file(vec![
        changed("1", "a", reaction(&long), "", 1),
        changed("1", "b", ChangeKind::Failed { reason: long.clone() }, "", 2),
        changed("1", "c", ChangeKind::Edited { preview: long.clone() }, &long, 3),
    ]);
    let entry = room.timeline().pop().unwrap();
    assert_eq!(entry.changes.len(), 3);
    for view in &entry.changes {
        let words = format!("{:?}", view.change.kind);
        assert!(!words.contains("\\u{1b}") && !words.contains("\\u{202e}"), "{words}");
        if let ChangeKind::Reaction { symbol, .. } = &view.change.kind {
            assert!(symbol.chars().count() <= 40);
        }
        if let Some(Ok(text)) = &view.text {
            assert!(!text.contains(['\u{1b}', '\u{202e}']));
        }
    }
}

#[test]
fn a_flood_of_reactions_is_shown_as_far_as_it_can_be_read() {
    let room = Room::new();
    room.hears("1", "Hello?");
    let flood = (0..700).map(|number| changed("1", &number.to_string(), reaction("👍"), "", 1)).collect();
    assert_eq!(room.file(flood).changed, 700);
    assert_eq!(room.timeline()[0].changes.len(), 500);
}
