//! Checking and making anew while the profile is open: work goes on, and what comes out is right.

use super::*;
use crate::engine::EngineError;
use std::ops::Bound::Unbounded;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

const FIRST: u64 = 300;

fn all_rows(engine: &SledEngine) -> Vec<crate::engine::Row> {
    engine.scan(Unbounded, Unbounded, false, usize::MAX).unwrap()
}

/// Does something while another thread commits, deletes and reads, and says how often it did.
fn while_others_work(engine: &SledEngine, work: impl FnOnce()) -> u64 {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (say, hear) = mpsc::channel();
        let busy = scope.spawn(|| {
            let say = say;
            let mut rounds = 0;
            while !done.load(Ordering::Acquire) {
                let next = engine.last() + 1;
                let deletes = if rounds % 3 == 0 { vec![key(rounds + 1)] } else { Vec::new() };
                engine.commit(Commit { deletes, ..numbered(next) }).unwrap();
                assert_there(engine, next);
                rounds += 1;
                let _ = say.send(());
            }
            rounds
        });
        hear.recv_timeout(Duration::from_secs(30)).unwrap();
        work();
        done.store(true, Ordering::Release);
        busy.join().unwrap()
    })
}

fn assert_right(engine: &SledEngine) {
    let report = engine.verify(&mut |_, _| {}).unwrap();
    assert!(report.is_clean() && report.rows > 0, "{report}");
}

#[test]
fn a_check_lets_commits_go_on_and_does_not_take_them_for_differences() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    commit_all(&engine, 1..=FIRST);
    let before = engine.last();
    let mut during = None;
    while_others_work(&engine, || {
        let mut begun = None;
        let report = engine.verify(&mut |_, _| {
            // From within: the check does not hold what a commit needs.
            let begun = *begun.get_or_insert_with(|| engine.last());
            let until = std::time::Instant::now() + Duration::from_secs(30);
            while during.is_none() && engine.last() < begun + 3 {
                assert!(std::time::Instant::now() < until, "no commit while it is checked");
                std::thread::yield_now();
            }
            during = Some(());
        });
        let report = report.unwrap();
        assert!(report.is_clean(), "{report}");
        assert!(report.last > before, "what came meanwhile is checked too");
    });
    assert_eq!(during, Some(()));
}

#[test]
fn a_state_made_anew_while_others_work_is_what_the_journal_says() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    commit_all(&engine, 1..=FIRST);
    for round in 0..3 {
        while_others_work(&engine, || {
            let report = engine.rebuild_open(&mut |_, _| {}).unwrap();
            assert!(report.records > FIRST && report.damage.is_empty(), "{report:?}");
        });
        assert_right(&engine);
        while_others_work(&engine, || engine.compact_open().unwrap());
        assert_right(&engine);
        assert!(!dir.path().join("state.new").exists(), "round {round}");
    }
    let (last, rows) = (engine.last(), all_rows(&engine));
    engine.close().unwrap();
    let (engine, report) = open(dir.path());
    assert_eq!((engine.last(), report.replayed, report.rebuilt), (last, 0, None));
    assert!(all_rows(&engine) == rows);
}

#[test]
fn what_breaks_on_the_way_leaves_the_state_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    commit_all(&engine, 1..=40);
    let rows = all_rows(&engine);
    let rebuilt = engine.rebuild_open(&mut |_, _| {}).unwrap();
    assert_eq!((rebuilt.records, rebuilt.damage), (40, Vec::new()));
    assert!(all_rows(&engine) == rows);
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        engine.rebuild_open(&mut |done, _| assert_eq!(done, 0, "on purpose"))
    }));
    assert!(broken.is_err());
    assert!(all_rows(&engine) == rows, "readers go on with the state there is");
    engine.commit(numbered(41)).unwrap();
    drop(engine);
    let (engine, report) = open(dir.path());
    assert_eq!(report.rebuilt, None);
    (1..=41).for_each(|number| assert_there(&engine, number));
    assert!(!dir.path().join("state.new").exists(), "what was left is swept away");
    assert_right(&engine);
}

#[test]
fn an_exchange_that_fails_half_way_is_not_read_until_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    commit_all(&engine, 1..=40);
    let missing = engine.dir().join("nothing");
    let lost = crate::engine::state::State::open(&dir.path().join("other"), 1 << 20).unwrap();
    let old = dir.path().join("state.old");
    assert!(engine.shelf_mut().exchange(lost, &missing, &old).is_err());
    engine.after_exchange(false);
    assert!(matches!(engine.get(&key(1)), Err(EngineError::State(_))), "half a state is no answer");
    // The next commit, or the next start, makes it whole.
    engine.commit(numbered(41)).unwrap();
    (1..=41).for_each(|number| assert_there(&engine, number));
    assert_right(&engine);
}
