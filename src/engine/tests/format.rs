//! A profile whose journal an older program wrote, in format 1: read, gone on with, checked, backed up.

use super::damage::{copy_dir, flip, segments, usable};
use super::*;
use crate::engine::backup::{backup, restore};
use std::fs;

/// What the older program was told: commits 1 to 40.
const OLD: u64 = 40;

fn older(dir: &Path) {
    copy_dir(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine/tests/format1"), dir);
}

fn formats(engine: &SledEngine) -> Vec<u32> {
    engine.reader.spans().iter().map(|span| span.format).collect()
}

#[test]
fn it_is_read_and_gone_on_with_in_a_segment_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("profile");
    older(&profile);
    let before: Vec<Vec<u8>> = segments(&profile).iter().map(|file| fs::read(file).unwrap()).collect();
    let (engine, report) = open(&profile);
    assert_eq!((report.last, report.replayed, &report.damage, report.doubtful), (OLD, OLD, &Vec::new(), false));
    assert_eq!(usable(&engine, OLD), OLD);
    commit_all(&engine, OLD + 1..=OLD + 20);
    assert_eq!(usable(&engine, OLD + 20), OLD + 20);
    let formats = formats(&engine);
    assert_eq!((&formats[..before.len()], formats[before.len()]), ([1, 1, 1].as_slice(), 2), "{formats:?}");
    assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
    assert_eq!(engine.events(1, 999).unwrap().len() as u64, OLD + 20);
    engine.close().unwrap();
    for (file, bytes) in segments(&profile).iter().zip(&before) {
        assert!(fs::read(file).unwrap() == *bytes, "{} was touched", file.display());
    }

    let (to, back) = (dir.path().join("backup"), dir.path().join("back"));
    backup(&profile, &to, &[], &mut |_, _| {}).unwrap();
    assert_eq!(restore(&to, &back, &[], &mut |_, _| {}).unwrap().records, OLD + 20);
    let (engine, report) = open(&back);
    assert_eq!((usable(&engine, OLD + 20), report.damage), (OLD + 20, Vec::new()));
}

#[test]
fn damage_in_it_is_named_as_ever() {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let profile = dir.path().join(round.to_string());
        older(&profile);
        let file = segments(&profile).remove(round % 3);
        let length = fs::metadata(&file).unwrap().len();
        flip(&file, fastrand::u64(segment_start() * 8..length * 8));
        let (engine, _) = open(&profile);
        assert!(usable(&engine, OLD) >= OLD - 1);
        assert!(!engine.verify(&mut |_, _| {}).unwrap().damage.is_empty());
        engine.commit(numbered(OLD + 1)).unwrap();
        assert_there(&engine, OLD + 1);
    }
}

fn segment_start() -> u64 {
    crate::engine::journal::segment::START
}
