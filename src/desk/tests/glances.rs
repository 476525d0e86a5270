use super::paper::{Paper, mail};
use crate::engine::Engine;
use crate::engine::contract::put;
use crate::model::{Act, Compose, ReplyKind};
use crate::store::Glance;
use std::ops::Bound;

/// Everything on Ana's timeline, at a glance and in full: ids, what is known, and the texts.
fn both_say_the_same(paper: &Paper) -> Vec<Glance> {
    let customer = paper.desk.customer(paper.customer("Ana")).unwrap().unwrap().customer;
    let parts: Vec<[u8; 16]> = customer.identities.iter().map(|id| id.0).chain([customer.id.0]).collect();
    let store = paper.desk.store();
    let full = store.timeline(&parts, None, 100).unwrap().rows;
    let glances = store.glances(&parts, None, 100).unwrap().rows;
    assert_eq!(glances.len(), full.len());
    for (glanced, stored) in glances.iter().zip(&full) {
        assert_eq!((glanced.id, glanced.at), (stored.message.id, stored.message.at));
        assert_eq!(glanced.glance, Glance::from(&stored.message));
        assert_eq!(glanced.text, stored.text(), "{}", stored.message.preview);
    }
    glances.into_iter().map(|glanced| glanced.glance).collect()
}

#[test]
fn the_index_of_a_timeline_says_what_the_messages_say() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana <ana@a.example>", -9), mail("2@a", "Ana <ana@a.example>", -8)]);
    paper.receive(&[mail("3@a", "Ana <ana@a.example>", -7).header("Auto-Submitted: auto-replied")]);
    let compose =
        |kind, text: &str| Compose { text: text.to_owned(), ..Compose::new(kind, Some(paper.customer("Ana"))) };
    paper.act(Act::Send(Box::new(compose(ReplyKind::Note, "calls on Fridays"))));
    let answer = paper.act(Act::Send(Box::new(compose(ReplyKind::Reply, "Sorry"))));
    let before = both_say_the_same(&paper);
    // An answer gets its original when it leaves.
    paper.pass(11_000);
    assert!(paper.desk.begin_sending(answer.outgoing.unwrap()).unwrap().is_some());
    assert_eq!(both_say_the_same(&paper), before);
    let answer = paper.act(Act::Send(Box::new(compose(ReplyKind::Reply, "Sorry again"))));
    let before = both_say_the_same(&paper);
    assert_eq!(before.len(), 6);
    assert_eq!(before.iter().filter(|glance| glance.is_contact()).count(), 4);
    assert_eq!(before.iter().filter(|glance| glance.is_theirs()).count(), 2);
    answer.undo.into_iter().for_each(|act| drop(paper.act(act)));
    let after = both_say_the_same(&paper);
    assert_eq!(after.iter().filter(|glance| glance.is_contact()).count(), 3, "what was taken back is no contact");
    // As they were filed before the index said more.
    let every = paper.engine.scan(Bound::Included(b"t"), Bound::Excluded(b"u"), false, 100).unwrap();
    assert_eq!(every.len(), 6);
    for (key, row) in every {
        assert!(!row.is_empty());
        paper.engine.commit(put(&key, b"")).unwrap();
    }
    assert_eq!(both_say_the_same(&paper), after);
}
