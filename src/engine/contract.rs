//! What every storage engine does. Each engine's tests run this against it.

#![allow(clippy::unwrap_used)]

use super::{Commit, Engine, EngineError, Place, Put, Row};
use std::ops::Bound::{Excluded, Included, Unbounded};

/// A commit of one row.
pub(crate) fn put(key: &[u8], value: &[u8]) -> Commit {
    let put = Put { key: key.to_vec(), value: value.to_vec(), contents: Vec::new() };
    Commit { at: 1_700_000_000_000, actor: "lin".to_owned(), puts: vec![put], ..Commit::default() }
}

/// Commits a content and returns its place.
pub(crate) fn content_of(engine: &dyn Engine, content: &[u8]) -> Place {
    let puts = vec![Put { key: b"content".to_vec(), value: b"v".to_vec(), contents: vec![0] }];
    engine.commit(Commit { puts, contents: vec![content.to_vec()], ..Commit::default() }).unwrap();
    Place::from_bytes(&engine.get(b"content").unwrap().unwrap()[1..]).unwrap()
}

fn row(key: &[u8], value: &[u8]) -> Row {
    (key.to_vec(), value.to_vec())
}

/// Runs the whole contract, each part on a fresh engine.
pub(crate) fn hold(fresh: &mut dyn FnMut() -> Box<dyn Engine>) {
    type Part = fn(&dyn Engine);
    let parts: [(&str, Part); 10] = [
        ("rows come in key order between bounds", rows_come_in_key_order_between_bounds),
        ("limits and reverse", limits_and_reverse),
        ("empty keys and values", empty_keys_and_values),
        ("a conflict leaves nothing", a_conflict_leaves_nothing),
        ("deletes come before puts, later puts win", deletes_come_before_puts),
        ("places resolve", places_resolve),
        ("wrong places are refused", wrong_places_are_refused),
        ("events", events_are_numbered_without_gaps),
        ("readers see whole commits", readers_see_whole_commits),
        ("what cannot be carried out", what_cannot_be_carried_out_changes_nothing),
    ];
    for (name, part) in parts {
        println!("contract: {name}");
        part(&*fresh());
    }
}

fn rows_come_in_key_order_between_bounds(engine: &dyn Engine) {
    for key in [&b"b"[..], b"a", b"ab", b"\xff\xff", b"c"] {
        engine.commit(put(key, b"x")).unwrap();
    }
    let keys = |from, to| -> Vec<Vec<u8>> {
        engine.scan(from, to, false, 99).unwrap().into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys(Unbounded, Unbounded), [&b"a"[..], b"ab", b"b", b"c", b"\xff\xff"]);
    assert_eq!(keys(Included(b"ab"), Excluded(b"c")), [&b"ab"[..], b"b"]);
    assert_eq!(keys(Excluded(b"ab"), Included(b"c")), [&b"b"[..], b"c"]);
    assert_eq!(keys(Included(b"b"), Included(b"b")), [&b"b"[..]]);
    let none: [&[u8]; 0] = [];
    assert_eq!(keys(Excluded(b"b"), Excluded(b"b")), none);
    assert_eq!(keys(Included(b"b"), Excluded(b"b")), none);
    assert_eq!(keys(Included(b"c"), Included(b"a")), none);
}

fn limits_and_reverse(engine: &dyn Engine) {
    for number in 0..50u8 {
        engine.commit(put(&[b'k', number], &[number])).unwrap();
    }
    assert_eq!(engine.scan(Unbounded, Unbounded, false, 0).unwrap(), []);
    assert_eq!(engine.scan(Unbounded, Unbounded, false, 2).unwrap(), [row(b"k\x00", &[0]), row(b"k\x01", &[1])]);
    assert_eq!(engine.scan(Unbounded, Unbounded, true, 2).unwrap(), [row(b"k\x31", &[49]), row(b"k\x30", &[48])]);
    let before = engine.scan(Unbounded, Excluded(b"k\x05"), true, 2).unwrap();
    assert_eq!(before, [row(b"k\x04", &[4]), row(b"k\x03", &[3])]);
    assert_eq!(engine.scan(Unbounded, Unbounded, false, usize::MAX).unwrap().len(), 50);
}

fn empty_keys_and_values(engine: &dyn Engine) {
    engine.commit(put(b"", b"no key")).unwrap();
    engine.commit(put(b"no value", b"")).unwrap();
    assert_eq!(engine.get(b"").unwrap(), Some(b"no key".to_vec()));
    assert_eq!(engine.get(b"no value").unwrap(), Some(Vec::new()));
    assert_eq!(engine.get(b"nothing").unwrap(), None);
    let rows = engine.scan(Unbounded, Unbounded, false, 9).unwrap();
    assert_eq!(rows, [row(b"", b"no key"), row(b"no value", b"")]);
    engine.commit(Commit::default()).unwrap();
    assert_eq!(engine.last(), 3, "a commit without rows counts");
}

fn a_conflict_leaves_nothing(engine: &dyn Engine) {
    engine.commit(put(b"case", b"open")).unwrap();
    for (key, expected) in [(&b"case"[..], Some(b"closed".to_vec())), (b"case", None), (b"other", Some(Vec::new()))] {
        let expect = vec![(b"case".to_vec(), Some(b"open".to_vec())), (key.to_vec(), expected)];
        let commit = Commit { expect, contents: vec![b"c".to_vec()], ..put(b"case", b"mine") };
        let error = engine.commit(commit).unwrap_err();
        assert!(matches!(&error, EngineError::Conflict { key: named } if named.as_bytes() == key), "{error}");
    }
    assert_eq!(engine.get(b"case").unwrap(), Some(b"open".to_vec()));
    assert_eq!((engine.last(), engine.events(1, 9).unwrap().len()), (1, 1));
    let expect = vec![(b"case".to_vec(), Some(b"open".to_vec())), (b"other".to_vec(), None)];
    assert_eq!(engine.commit(Commit { expect, ..put(b"case", b"mine") }).unwrap(), 2);
    assert_eq!(engine.get(b"case").unwrap(), Some(b"mine".to_vec()));
}

fn deletes_come_before_puts(engine: &dyn Engine) {
    engine.commit(put(b"a", b"1")).unwrap();
    engine.commit(put(b"b", b"1")).unwrap();
    let mut commit = put(b"a", b"2");
    commit.puts.push(Put { key: b"a".to_vec(), value: b"3".to_vec(), contents: Vec::new() });
    commit.deletes = vec![b"a".to_vec(), b"b".to_vec(), b"never there".to_vec()];
    engine.commit(commit).unwrap();
    assert_eq!(engine.get(b"a").unwrap(), Some(b"3".to_vec()));
    assert_eq!(engine.get(b"b").unwrap(), None);
}

fn places_resolve(engine: &dyn Engine) {
    let contents = vec![b"first".to_vec(), Vec::new(), vec![b'z'; 100_000], (0..=255).cycle().take(70_000).collect()];
    let puts = vec![
        Put { key: b"all".to_vec(), value: b"head".to_vec(), contents: vec![3, 0, 1, 2] },
        Put { key: b"one".to_vec(), value: Vec::new(), contents: vec![0] },
    ];
    engine.commit(Commit { puts, contents: contents.clone(), ..Commit::default() }).unwrap();
    engine.commit(put(b"later", b"x")).unwrap();
    let value = engine.get(b"all").unwrap().unwrap();
    assert_eq!((&value[..4], value.len()), (&b"head"[..], 4 + 4 * Place::SIZE));
    let places: Vec<Place> = value[4..].chunks(Place::SIZE).map(|bytes| Place::from_bytes(bytes).unwrap()).collect();
    for (place, wanted) in places.iter().zip([3, 0, 1, 2]) {
        assert!(engine.content(*place).unwrap() == contents[wanted], "content {wanted}");
    }
    assert_eq!(engine.get(b"one").unwrap().unwrap(), places[1].to_bytes());
    let scanned = engine.scan(Included(b"all"), Included(b"all"), false, 1).unwrap();
    assert_eq!(scanned, [(b"all".to_vec(), value)]);
}

fn wrong_places_are_refused(engine: &dyn Engine) {
    let right = content_of(engine, b"letter of a customer");
    let wrong = [
        Place { segment: 99, ..right },
        Place { offset: right.offset + 1, ..right },
        Place { offset: u64::MAX, ..right },
        Place { length: right.length + 1, ..right },
        Place { length: right.length - 1, ..right },
        Place { length: 0, ..right },
        Place { length: u32::MAX, ..right },
    ];
    for place in wrong {
        assert!(matches!(engine.content(place), Err(EngineError::Damaged { .. })), "{place:?}");
    }
    assert_eq!(engine.content(right).unwrap(), b"letter of a customer");
}

fn events_are_numbered_without_gaps(engine: &dyn Engine) {
    assert_eq!((engine.last(), engine.events(1, 9).unwrap().len()), (0, 0));
    for number in 1..=300u64 {
        let event = format!("event {number}").into_bytes();
        let commit = Commit { at: number as i64, actor: format!("agent {}", number % 3), event, ..Commit::default() };
        assert_eq!(engine.commit(commit).unwrap(), number);
    }
    for from in [1, 2, 127, 128, 129, 250, 300] {
        let lines = engine.events(from, 5).unwrap();
        let numbers: Vec<u64> = lines.iter().map(|line| line.seq).collect();
        assert_eq!(numbers, (from..=300.min(from + 4)).collect::<Vec<_>>());
        assert_eq!(lines[0].event, format!("event {from}").into_bytes());
        assert_eq!((lines[0].at, lines[0].actor.as_str()), (from as i64, &*format!("agent {}", from % 3)));
    }
    assert_eq!(engine.events(0, 1).unwrap()[0].seq, 1);
    assert!(engine.events(301, 9).unwrap().is_empty());
    assert!(engine.events(1, 0).unwrap().is_empty());
    assert_eq!(engine.events(1, usize::MAX).unwrap().len(), 300);
}

fn what_cannot_be_carried_out_changes_nothing(engine: &dyn Engine) {
    let mut dangling = put(b"a", b"1");
    dangling.puts[0].contents = vec![0];
    assert!(matches!(engine.commit(dangling), Err(EngineError::Io { .. })));
    assert!(matches!(engine.commit(put(b"\0applied", b"1")), Err(EngineError::Io { .. })));
    assert_eq!((engine.last(), engine.get(b"a").unwrap(), engine.get(b"\0applied").unwrap()), (0, None, None));
}

fn readers_see_whole_commits(engine: &dyn Engine) {
    let set = |number: u32| {
        let value = number.to_be_bytes().to_vec();
        let row = |key: u16| Put {
            key: key.to_be_bytes().map(|byte| byte | 1).to_vec(),
            value: value.clone(),
            contents: Vec::new(),
        };
        engine.commit(Commit { puts: [0x100, 0x5000, 0xf000].map(row).to_vec(), ..Commit::default() }).unwrap();
    };
    set(0);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| (1..=100).for_each(set));
        while !writer.is_finished() {
            let rows = engine.scan(Unbounded, Unbounded, false, 9).unwrap();
            assert_eq!(rows.len(), 3);
            assert!(rows.iter().all(|(_, value)| *value == rows[0].1), "half a commit: {rows:?}");
        }
    });
    assert_eq!(engine.scan(Unbounded, Unbounded, true, 1).unwrap()[0].1, 100u32.to_be_bytes());
}
