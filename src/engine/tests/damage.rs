//! A damaged journal: torn tails, flipped bits, lost files. Never silent, the rest usable.

use super::*;
use crate::engine::journal::scan::{Contents, Scan, Step};
use crate::engine::journal::{At, block, frame, record, segment};
use crate::engine::{EngineError, Place};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

pub(super) const RECORDS: u64 = 40;

/// A closed profile with some records, and a copy to damage for each try.
pub(super) struct Profile {
    home: tempfile::TempDir,
    tries: u32,
}

impl Profile {
    pub(super) fn new() -> Profile {
        let home = tempfile::tempdir().unwrap();
        let (engine, _) = open(&home.path().join("good"));
        commit_all(&engine, 1..=RECORDS);
        engine.close().unwrap();
        Profile { home, tries: 0 }
    }

    pub(super) fn copy(&mut self) -> PathBuf {
        self.tries += 1;
        let to = self.home.path().join(format!("try{}", self.tries));
        copy_dir(&self.home.path().join("good"), &to);
        to
    }
}

pub(super) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target)
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

pub(super) fn flip(path: &Path, bit: u64) {
    let mut bytes = fs::read(path).unwrap();
    bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    fs::write(path, bytes).unwrap();
}

pub(super) fn segments(profile: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(profile.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
    found.sort();
    found
}

/// How many of the numbers are there with row and content; none of them is there and wrong.
pub(super) fn usable(engine: &SledEngine, upto: u64) -> u64 {
    let there = |number: &u64| {
        let Some(value) = engine.get(&key(*number)).unwrap() else { return false };
        let (text, place) = value.split_at(value.len() - Place::SIZE);
        assert_eq!(text, format!("value {number}").into_bytes());
        match engine.content(Place::from_bytes(place).unwrap()) {
            Ok(bytes) => {
                assert!(bytes == content(*number), "content {number} is shown though it is wrong");
                true
            }
            Err(EngineError::Damaged { .. }) => false,
            Err(other) => panic!("{other}"),
        }
    };
    (1..=upto).filter(there).count() as u64
}

#[test]
fn a_write_torn_at_any_byte_is_cut_off_and_the_rest_is_whole() {
    let home = tempfile::tempdir().unwrap();
    let good = home.path().join("good");
    let (engine, _) = open(&good);
    commit_all(&engine, 1..=3);
    engine.close().unwrap();
    let before = home.path().join("before");
    copy_dir(&good, &before);
    let start = fs::metadata(segments(&good)[0].clone()).unwrap().len() as usize;
    let (engine, _) = open(&good);
    engine.commit(numbered(4)).unwrap();
    engine.close().unwrap();
    let whole = fs::read(&segments(&good)[0]).unwrap();
    assert!(whole.len() > start + 100);
    // The state knows three records; the fourth was being written when the process died.
    for end in start..whole.len() {
        let profile = home.path().join("torn");
        copy_dir(&before, &profile);
        // As a killed process leaves it, and as a power cut does (the length is there, the bytes are not).
        let mut torn = whole[..end].to_vec();
        if end % 2 == 1 {
            torn.resize(whole.len(), 0);
        }
        fs::write(&segments(&profile)[0], torn).unwrap();
        let (engine, report) = open(&profile);
        assert_eq!(engine.last(), 3, "cut at {end}");
        assert_eq!((report.cut.is_some(), report.damage), (end > start || end % 2 == 1, Vec::new()), "cut at {end}");
        assert_eq!((usable(&engine, 4), engine.commit(numbered(4)).unwrap()), (3, 4));
        if end % 16 == 0 {
            assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean(), "cut at {end}");
            engine.close().unwrap();
            let (engine, report) = open(&profile);
            assert_eq!((usable(&engine, 4), report.lines()), (4, Vec::new()), "cut at {end}");
        } else {
            drop(engine);
        }
        fs::remove_dir_all(&profile).unwrap();
    }
}

#[test]
fn one_flipped_bit_in_the_journal_is_named_and_costs_one_record_at_most() {
    let mut good = Profile::new();
    let mut random = fastrand::Rng::with_seed(4711);
    for _ in 0..60 {
        let profile = good.copy();
        let files = segments(&profile);
        let file = &files[random.usize(..files.len())];
        let bit = random.u64(..fs::metadata(file).unwrap().len() * 8);
        flip(file, bit);
        let at = format!("bit {bit} of {}", file.display());

        let (engine, _) = open(&profile);
        assert_eq!(engine.last(), RECORDS, "{at}");
        assert!(usable(&engine, RECORDS) >= RECORDS - 1, "{at}");
        let report = engine.verify(&mut |_, _| {}).unwrap();
        assert!(!report.damage.is_empty(), "{at} is not noticed");
        assert!(engine.events(1, 999).unwrap().len() as u64 >= RECORDS - 1, "{at}");
        assert_eq!(engine.commit(numbered(RECORDS + 1)).unwrap(), RECORDS + 1, "{at}");
        engine.close().unwrap();

        // Also when the state has to come from the damaged journal; and nothing after the damage is cut away.
        let report = SledEngine::rebuild(&profile, options(), &mut |_, _| {}).unwrap();
        assert_eq!((report.last, report.cut), (RECORDS + 1, None), "{at}");
        let (engine, _) = open(&profile);
        assert!(usable(&engine, RECORDS + 1) >= RECORDS, "{at}");
        drop(engine);
        fs::remove_dir_all(&profile).unwrap();
    }
}

/// Writes bytes over what a segment has at a place.
fn overwrite(engine: &SledEngine, at: At, bytes: &[u8]) {
    let file = fs::File::options().write(true).open(segment::path(engine.reader.dir(), at.segment)).unwrap();
    file.write_all_at(bytes, at.offset).unwrap();
}

#[test]
fn a_record_edited_with_right_checksums_breaks_the_chain() {
    for number in [1, RECORDS / 2, RECORDS] {
        let mut good = Profile::new();
        let (engine, _) = open(&good.copy());
        let mut scan = Scan::new(&engine.reader, engine.reader.start(), 1, None, Contents::Skip);
        let found = loop {
            match scan.next().unwrap() {
                Some(Step::Record(found)) if found.head.seq == number => break found,
                Some(_) => {}
                None => panic!("no record {number}"),
            }
        };
        let edited = Commit { actor: "eve".to_owned(), ..numbered(number) };
        let edited = record::prepare(edited, number, *found.head.previous, engine.reader.check());
        assert_eq!(edited.bytes.len() as u64, found.end - found.at.offset);
        overwrite(&engine, found.at, &edited.bytes);
        let report = engine.verify(&mut |_, _| {}).unwrap();
        assert_eq!(report.damage.len(), 1, "edited {number}: {report}");
    }
}

#[test]
fn a_content_exchanged_with_the_right_checksum_is_named() {
    let mut good = Profile::new();
    let (engine, _) = open(&good.copy());
    let value = engine.get(&key(1)).unwrap().unwrap();
    let place = Place::from_bytes(&value[value.len() - Place::SIZE..]).unwrap();
    let other = String::from_utf8(content(1)).unwrap().replace("text", "lies").into_bytes();
    let mut bytes = Vec::new();
    frame::write(&mut bytes, engine.reader.check(), frame::Kind::Block, 0, 1, 0, &block::join(&[other]));
    assert_eq!(bytes.len(), place.length as usize);
    overwrite(&engine, At { segment: place.segment, offset: place.offset }, &bytes);
    let report = engine.verify(&mut |_, _| {}).unwrap();
    assert!(report.damage.len() == 1 && report.damage[0].what.contains("exchanged"), "{report}");
}

#[test]
fn damage_in_the_last_acknowledged_record_is_not_taken_for_a_torn_write() {
    let mut good = Profile::new();
    for rebuild in [false, true] {
        let profile = good.copy();
        let file = segments(&profile).pop().unwrap();
        let length = fs::metadata(&file).unwrap().len();
        flip(&file, (length - 3) * 8);
        let (engine, report) = SledEngine::open(&profile, Options { rebuild, ..options() }, &mut |_, _| {}).unwrap();
        assert_eq!((report.cut, engine.last()), (None, RECORDS));
        assert_eq!(fs::metadata(&file).unwrap().len(), length, "nothing is cut away");
        assert_eq!(engine.commit(numbered(RECORDS + 1)).unwrap(), RECORDS + 1);
        engine.close().unwrap();
        let (engine, _) = open(&profile);
        assert_eq!(usable(&engine, RECORDS + 1), RECORDS);
        assert!(!engine.verify(&mut |_, _| {}).unwrap().is_clean());
    }
}

#[test]
fn a_lost_segment_in_the_middle_is_named_and_the_rest_is_read() {
    let mut good = Profile::new();
    let profile = good.copy();
    let files = segments(&profile);
    assert!(files.len() > 2);
    fs::remove_file(&files[1]).unwrap();
    let (engine, _) = open(&profile);
    let lost = RECORDS - usable(&engine, RECORDS);
    assert!(lost > 0 && lost < RECORDS);
    let report = engine.verify(&mut |_, _| {}).unwrap();
    let named: u64 =
        report.damage.iter().filter_map(|damage| damage.records).map(|(first, last)| last - first + 1).sum();
    assert_eq!((named, report.records), (lost, RECORDS - lost));
}

#[test]
fn a_lost_journal_never_costs_the_state_too() {
    let mut good = Profile::new();
    let profile = good.copy();
    fs::remove_dir_all(profile.join("journal")).unwrap();
    let error = SledEngine::open(&profile, options(), &mut |_, _| {}).err().unwrap();
    assert!(error.to_string().contains("backup"), "{error}");
    assert!(profile.join("state/db").exists());
}
