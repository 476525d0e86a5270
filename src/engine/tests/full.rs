//! The full disk: said plainly, nothing lost, everything goes on by itself.

use super::*;
use crate::engine::{EngineError, contract};
use std::fs;
use std::ops::Bound::Unbounded;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn below_the_floor_intake_pauses_and_small_work_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let tight = Options { keep_free: u64::MAX / 4, ..options() };
    let (engine, _) = SledEngine::open(dir.path(), tight, &mut |_, _| {}).unwrap();
    let error = engine.room().unwrap_err();
    assert!(matches!(error, EngineError::DiskFull { .. }), "{error}");
    let large = Commit { contents: vec![vec![7; 300 << 10]], ..Commit::default() };
    assert!(matches!(engine.commit(large), Err(EngineError::DiskFull { .. })));
    assert_eq!(engine.commit(contract::put(b"draft", b"Dear Ana")).unwrap(), 1);
    assert_eq!(engine.get(b"draft").unwrap(), Some(b"Dear Ana".to_vec()));
}

#[test]
fn a_write_that_fails_at_any_step_leaves_nothing_and_the_next_one_works() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    let mut done = 0;
    for round in 0..30 {
        engine.lock_commits().writer.faults.fail_in = round % 3 + 1;
        for _ in 0..3 {
            match engine.commit(numbered(done + 1)) {
                Ok(seq) => done = seq,
                Err(EngineError::DiskFull { .. }) => {
                    assert_eq!(engine.last(), done);
                    let Some(span) = engine.reader.spans().pop() else { continue };
                    let path = engine.dir().join(format!("journal/{:08}.log", span.number));
                    assert_eq!(fs::metadata(path).unwrap().len(), span.end, "torn bytes are taken back");
                }
                Err(other) => panic!("{other}"),
            }
        }
        assert_eq!(engine.get(&key(done + 1)).unwrap(), None);
    }
    assert!((60..90).contains(&done), "some failed, most did not: {done}");
    let verified = engine.verify(&mut |_, _| {}).unwrap();
    assert!(verified.is_clean(), "{verified}");
    engine.close().unwrap();
    let (engine, report) = open(dir.path());
    assert_eq!((engine.last(), report.lines()), (done, Vec::new()));
    (1..=done).for_each(|number| assert_there(&engine, number));
}

#[test]
fn a_failed_write_that_cannot_be_taken_back_is_passed_over() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    commit_all(&engine, 1..=3);
    for fail_in in [1, 2] {
        let mut commits = engine.lock_commits();
        commits.writer.faults.fail_in = fail_in;
        commits.writer.faults.keep_torn = true;
        drop(commits);
        let mut never_acknowledged = numbered(engine.last() + 1);
        never_acknowledged.puts[0].value = b"never acknowledged".to_vec();
        assert!(matches!(engine.commit(never_acknowledged), Err(EngineError::DiskFull { .. })));
        commit_all(&engine, engine.last() + 1..=engine.last() + 3);
    }
    assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
    engine.close().unwrap();
    let report = SledEngine::rebuild(dir.path(), options(), &mut |_, _| {}).unwrap();
    assert_eq!((report.last, report.cut, report.damage), (9, None, Vec::new()));
    let (engine, _) = open(dir.path());
    (1..=9).for_each(|number| assert_there(&engine, number));
    let verified = engine.verify(&mut |_, _| {}).unwrap();
    assert!(verified.is_clean(), "{verified}");
}

#[test]
fn when_the_state_fails_after_the_journal_has_it_the_commit_counts() {
    let dir = tempfile::tempdir().unwrap();
    for reopen in [false, true] {
        let (engine, _) = open(dir.path());
        let next = engine.last() + 1;
        engine.commit(numbered(next)).unwrap();
        engine.shelf_mut().fail_next = true;
        let mut commit = numbered(next + 1);
        commit.deletes.push(key(next));
        assert_eq!(engine.commit(commit).unwrap(), next + 1, "it is durable, so it counts");
        let seen = |engine: &SledEngine| {
            assert_there(engine, next + 1);
            assert_eq!(engine.get(&key(next)).unwrap(), None);
            let forth = engine.scan(Unbounded, Unbounded, false, 1).unwrap();
            let back = engine.scan(Unbounded, Unbounded, true, 1).unwrap();
            assert_eq!(back[0].0, key(next + 1));
            assert_eq!(forth[0].0, key(2), "the first that was not deleted");
        };
        seen(&engine);
        assert_eq!(engine.events(next + 1, 9).unwrap().len(), 1);
        let engine = if reopen {
            assert!(engine.close().is_err(), "closing says that the state is behind");
            open(dir.path()).0
        } else {
            engine
        };
        seen(&engine);
        assert_eq!(engine.commit(contract::put(b"z", b"z")).unwrap(), next + 2);
        assert_there(&engine, next + 1);
        assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
        engine.commit(Commit { deletes: vec![b"z".to_vec()], ..Commit::default() }).unwrap();
    }
}

/// A small file system of its own, gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: PathBuf, megabytes: u32) -> Option<SmallDisk> {
        fs::create_dir(&at).unwrap();
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&at).output();
        mounted.is_ok_and(|output| output.status.success()).then_some(SmallDisk(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).output());
    }
}

/// Makes a file grow until the disk is full.
fn fill(path: &Path) {
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    while std::io::Write::write(&mut file, &[1; 4096]).is_ok_and(|written| written > 0) {}
}

#[test]
fn a_disk_that_is_really_full_is_survived_and_goes_on_by_itself() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(home.path().join("disk"), 48) else {
        println!("skipped: mounting a small file system needs root");
        return;
    };
    let profile = disk.0.join("profile");
    let floor = Options { keep_free: 8 << 20, reserve: 4 << 20, ..Options::default() };
    let open = || SledEngine::open(&profile, floor.clone(), &mut |_, _| {});
    let (engine, _) = open().unwrap();
    assert!(profile.join("reserve").exists());
    let mut random = fastrand::Rng::with_seed(1);
    let mut done = 0;
    let full = loop {
        let mut commit = numbered(done + 1);
        commit.contents.push(std::iter::repeat_with(|| random.u8(..)).take(400 << 10).collect());
        match engine.commit(commit) {
            Ok(seq) => done = seq,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, EngineError::DiskFull { .. }) && done > 10, "{full} after {done}");

    // Somebody else takes the rest. Drafts go on from the reserve, until that is used up too; reading always works.
    let rest = disk.0.join("rest");
    fill(&rest);
    assert_eq!(engine.commit(numbered(done + 1)).unwrap(), done + 1, "a draft finds room");
    assert!(!profile.join("reserve").exists());
    let mut last = done + 1;
    let refused = (0..20_000).find_map(|_| match engine.commit(numbered(last + 1)) {
        Ok(seq) => {
            last = seq;
            None
        }
        Err(error) => Some(error),
    });
    assert!(matches!(refused, Some(EngineError::DiskFull { .. })), "{refused:?} after {last}");
    (1..=last).for_each(|number| assert_there(&engine, number));
    drop(engine);

    // Even opening works, and when there is room again everything goes on.
    let (engine, report) = open().unwrap();
    assert_eq!((engine.last(), &report.damage), (last, &Vec::new()), "{report}");
    (1..=last).for_each(|number| assert_there(&engine, number));
    drop(engine);
    fill(&rest);
    if let Err(error) = open() {
        assert!(matches!(error, EngineError::DiskFull { .. }), "not a byte is free: {error}");
    }
    fs::remove_file(&rest).unwrap();
    let (engine, report) = open().unwrap();
    assert_eq!((engine.last(), &report.damage), (last, &Vec::new()), "{report}");
    engine.room().unwrap();
    engine.commit(numbered(last + 1)).unwrap();
    engine.checkpoint().unwrap();
    (1..=last + 1).for_each(|number| assert_there(&engine, number));
}
