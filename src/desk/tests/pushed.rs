use super::paper::{MINUTE, Paper, mail};
use crate::connector::Item;
use crate::desk::Understood;

fn understood(paper: &Paper) -> Vec<Understood> {
    let connector = paper.desk.connector("support").unwrap();
    let waiting = paper.desk.pushed("support", 99).unwrap();
    let read = |stored: crate::store::StoredPushed| {
        let raw = paper.desk.store().content(stored.content.unwrap()).unwrap();
        let received = stored.pushed.received;
        let items: Vec<Item> = vec![connector.parse(raw.clone(), "webhook", received)];
        Understood { id: stored.pushed.id, raw, received, items }
    };
    waiting.into_iter().map(read).collect()
}

#[test]
fn a_delivery_is_written_down_once_and_filed_once() {
    let paper = Paper::new();
    let raw = mail("1@a", "ana@a.example", -1).raw();
    assert!(paper.desk.receive_push("support", "d1", raw.clone()).unwrap());
    assert!(!paper.desk.receive_push("support", "d1", raw.clone()).unwrap(), "it came before");
    assert!(paper.desk.receive_push("other", "d1", raw).unwrap(), "accounts have their own");
    let first = understood(&paper);
    let second = understood(&paper);
    assert_eq!(paper.desk.file_pushed("support", first).unwrap().new, 1);
    assert_eq!(paper.desk.file_pushed("support", second).unwrap(), Default::default(), "another was quicker");
    assert_eq!(paper.timeline("ana@a.example").len(), 1);
    assert!(paper.desk.pushed("support", 9).unwrap().is_empty());
}

#[test]
fn filing_and_taking_off_the_queue_are_one_commit() {
    let paper = Paper::new();
    paper.desk.receive_push("support", "d1", mail("1@a", "ana@a.example", -1).raw()).unwrap();
    paper.engine.fail_commit(1);
    assert!(paper.desk.file_pushed("support", understood(&paper)).is_err());
    assert_eq!(paper.desk.pushed("support", 9).unwrap().len(), 1);
    let last = paper.desk.store().engine().last();
    assert_eq!(paper.desk.file_pushed("support", understood(&paper)).unwrap().new, 1);
    assert_eq!(paper.desk.store().engine().last(), last + 1);
}

#[test]
fn deliveries_are_forgotten_when_they_cannot_come_again() {
    let paper = Paper::new();
    paper.desk.receive_push("support", "d1", b"one".to_vec()).unwrap();
    paper.pass(7 * 24 * 60 * MINUTE);
    paper.desk.receive_push("support", "d2", b"two".to_vec()).unwrap();
    paper.desk.forget_deliveries().unwrap();
    assert!(!paper.desk.receive_push("support", "d1", b"one".to_vec()).unwrap());
    paper.pass(2 * 24 * 60 * MINUTE);
    paper.desk.forget_deliveries().unwrap();
    assert!(paper.desk.receive_push("support", "d1", b"one".to_vec()).unwrap());
    assert!(!paper.desk.receive_push("support", "d2", b"two".to_vec()).unwrap());
}
