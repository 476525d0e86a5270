//! A state written anew in the order of its keys holds what it held, and no crash on the way costs anything.

use super::*;
use std::fs;

fn compacted(dir: &Path) -> (SledEngine, OpenReport) {
    SledEngine::open(dir, Options { compact: true, ..options() }, &mut |_, _| {}).unwrap()
}

fn assert_whole(engine: &SledEngine, last: u64) {
    (1..=last).for_each(|number| assert_there(engine, number));
    let report = engine.verify(&mut |_, _| {}).unwrap();
    assert!(report.is_clean() && report.rows >= last, "{report:?}");
    assert_eq!(engine.last(), last);
}

#[test]
fn nothing_changes_but_the_room_it_takes() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    // In no order, and each again and again.
    for round in 0..4 {
        for number in 0..700 {
            let number = 1 + number * 263 % 700;
            engine.commit(Commit { contents: Vec::new(), ..numbered_row(number, round) }).unwrap();
        }
    }
    engine.close().unwrap();
    let bytes = || crate::engine::room::bytes_in(&dir.path().join("state")).unwrap();
    let rows = |engine: &SledEngine| {
        engine.scan(std::ops::Bound::Unbounded, std::ops::Bound::Unbounded, false, 10_000).unwrap()
    };
    let (before, (engine, _)) = (bytes(), open(dir.path()));
    let held = rows(&engine);
    engine.close().unwrap();
    let (engine, report) = compacted(dir.path());
    assert_eq!((report.rebuilt, report.replayed), (None, 0));
    assert_eq!(rows(&engine), held);
    assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
    // It goes on as any other.
    engine.commit(numbered(9_000)).unwrap();
    engine.close().unwrap();
    assert!(bytes() <= before, "{} of {before}", bytes());
    let (engine, report) = open(dir.path());
    assert_eq!((report.rebuilt, report.replayed), (None, 0));
    assert_there(&engine, 9_000);
}

fn numbered_row(number: u64, round: u64) -> Commit {
    let put = Put { key: key(number), value: vec![round as u8; 300], contents: Vec::new() };
    Commit { puts: vec![put], ..numbered(number) }
}

#[test]
fn what_a_crash_leaves_of_it_is_swept_away_or_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    commit_all(&engine, 1..=60);
    engine.close().unwrap();
    let state = dir.path().join("state");

    // In the middle of the copy.
    fs::create_dir(dir.path().join("state.new")).unwrap();
    fs::write(dir.path().join("state.new/db"), b"half a copy").unwrap();
    let (engine, report) = open(dir.path());
    assert_eq!(report.rebuilt, None);
    assert_whole(&engine, 60);
    engine.close().unwrap();
    let (engine, _) = compacted(dir.path());
    assert_whole(&engine, 60);
    engine.close().unwrap();
    assert!(!dir.path().join("state.new").exists() && !dir.path().join("state.old").exists());

    // Between putting the state aside and putting the copy in its place.
    fs::rename(&state, dir.path().join("state.old")).unwrap();
    let (engine, report) = open(dir.path());
    assert!(report.rebuilt.is_some() && !report.doubtful && report.damage.is_empty(), "{report:?}");
    assert_whole(&engine, 60);
}

#[test]
fn a_state_that_cannot_be_copied_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    commit_all(&engine, 1..=30);
    engine.close().unwrap();
    // A file where the copy would be made.
    fs::write(dir.path().join("state.new"), b"in the way").unwrap();
    let (engine, report) = compacted(dir.path());
    assert_eq!(report.rebuilt, None);
    assert_whole(&engine, 30);
}
