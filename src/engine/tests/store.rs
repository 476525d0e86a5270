//! Opening, closing, reopening.

use super::*;
use crate::engine::{EngineError, contract};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn it_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let mut number = 0;
    contract::hold(&mut || {
        number += 1;
        Box::new(open(&dir.path().join(number.to_string())).0)
    });
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..4 {
        let (engine, report) = open(dir.path());
        assert_eq!((report.created, engine.last()), (round == 0, round * 50));
        assert_eq!(report.lines(), Vec::<String>::new());
        assert!(round == 0 || report.replayed == 0, "after a clean close nothing is replayed");
        (1..=round * 50).for_each(|number| assert_there(&engine, number));
        (round * 50 + 1..=round * 50 + 50)
            .for_each(|number| assert_eq!(engine.commit(numbered(number)).unwrap(), number));
        engine.close().unwrap();
    }
    let (engine, _) = open(dir.path());
    assert!(engine.reader.spans().len() > 3, "several segments");
    let events = engine.events(1, 999).unwrap();
    assert_eq!(events.iter().map(|line| line.seq).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
}

#[test]
fn only_the_user_can_read_a_profile() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("new/profile");
    open(&profile).0.commit(numbered(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for folder in ["", "journal", "state"] {
        assert_eq!(mode(&profile.join(folder)), 0o700, "{folder}");
    }
    for file in ["lock", "checkpoint", "journal/00000001.log", "journal/id"] {
        assert_eq!(mode(&profile.join(file)), 0o600, "{file}");
    }
}

#[test]
fn a_second_process_is_told_who_has_the_profile() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(dir.path()).0;
    let error = SledEngine::open(dir.path(), options(), &mut |_, _| {}).err().unwrap();
    let text = error.to_string();
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    drop(first);
    open(dir.path());
}

#[test]
fn a_profile_of_a_newer_program_is_refused_plainly() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).0.commit(numbered(1)).unwrap();
    let segment = dir.path().join("journal/00000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[8] = 7;
    let crc = crc32c::crc32c(&bytes[..80]).to_le_bytes();
    bytes[80..84].copy_from_slice(&crc);
    fs::write(&segment, &bytes).unwrap();
    let error = SledEngine::open(dir.path(), options(), &mut |_, _| {}).err().unwrap();
    assert!(matches!(error, EngineError::Newer { found: 7, known: 2, .. }), "{error}");
    assert_eq!(fs::read(&segment).unwrap(), bytes);
}
