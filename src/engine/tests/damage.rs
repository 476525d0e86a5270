//! Torn tails, flipped bits, lost files: never silent, the rest usable.

use super::*;
use crate::engine::{EngineError, Place};
use std::fs;
use std::path::PathBuf;

const RECORDS: u64 = 40;

/// A closed profile with some records, and a copy to damage for each try.
struct Profile {
    home: tempfile::TempDir,
    tries: u32,
}

impl Profile {
    fn new() -> Profile {
        let home = tempfile::tempdir().unwrap();
        let (engine, _) = open(&home.path().join("good"));
        commit_all(&engine, 1..=RECORDS);
        engine.close().unwrap();
        Profile { home, tries: 0 }
    }

    fn copy(&mut self) -> PathBuf {
        self.tries += 1;
        let to = self.home.path().join(format!("try{}", self.tries));
        copy_dir(&self.home.path().join("good"), &to);
        to
    }
}

fn copy_dir(from: &Path, to: &Path) {
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

fn flip(path: &Path, bit: u64) {
    let mut bytes = fs::read(path).unwrap();
    bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    fs::write(path, bytes).unwrap();
}

fn segments(profile: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(profile.join("journal")).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.extension().is_some_and(|ending| ending == "log"));
    found.sort();
    found
}

/// How many of the numbers are there with row and content; none of them is there and wrong.
fn usable(engine: &SledEngine, upto: u64) -> u64 {
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
fn one_flipped_bit_in_the_state_is_mended_or_found_and_nothing_is_lost() {
    let mut good = Profile::new();
    let mut random = fastrand::Rng::with_seed(42);
    let (mut rebuilt, mut found) = (0, 0);
    for _ in 0..40 {
        let profile = good.copy();
        let file = profile.join("state/db");
        let bytes = fs::read(&file).unwrap();
        // Only where something is written; the rest of the file is zeros.
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        flip(&file, used[random.usize(..used.len())] as u64 * 8 + random.u64(..8));
        let (engine, report) = open(&profile);
        rebuilt += u32::from(report.rebuilt.is_some());
        assert_eq!(engine.last(), RECORDS);
        let verified = engine.verify(&mut |_, _| {}).unwrap();
        assert_eq!(verified.damage, []);
        let right = (1..=RECORDS).all(|number| matches!(engine.get(&key(number)), Ok(Some(value)) if value.len() == format!("value {number}").len() + Place::SIZE));
        if !verified.is_clean() {
            found += 1;
        }
        assert!(right || !verified.is_clean(), "rows are wrong and verify does not say so");
        drop(engine);
        SledEngine::rebuild(&profile, options(), &mut |_, _| {}).unwrap();
        let (engine, _) = open(&profile);
        assert_eq!(usable(&engine, RECORDS), RECORDS);
        assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
        drop(engine);
        fs::remove_dir_all(&profile).unwrap();
    }
    println!("of 40 flipped bits {rebuilt} were mended at the start, {found} found by verify, the others harmless");
    assert!(rebuilt + found > 0);
}

#[test]
fn a_state_that_cannot_be_trusted_is_rebuilt_and_the_reason_said() {
    let mut good = Profile::new();
    type Spoil = fn(&Path);
    let spoil: [(&str, Spoil); 6] = [
        ("no state", |profile| fs::remove_dir_all(profile.join("state")).unwrap()),
        ("could not be opened", |profile| {
            fs::remove_file(profile.join("state/db")).unwrap();
            fs::create_dir(profile.join("state/db")).unwrap();
        }),
        ("was empty", |profile| {
            fs::remove_dir_all(profile.join("state")).unwrap();
            drop(::sled::open(profile.join("state")).unwrap());
        }),
        ("nothing says how", |profile| fs::remove_file(profile.join("checkpoint")).unwrap()),
        ("machine stopped", |profile| {
            let checkpoint = crate::engine::checkpoint::Checkpoint::read(profile).unwrap().unwrap();
            let cut = crate::engine::checkpoint::Checkpoint { boot: "another".to_owned(), clean: false, ..checkpoint };
            cut.write(profile).unwrap();
        }),
        ("had failed", |profile| {
            let checkpoint = crate::engine::checkpoint::Checkpoint::read(profile).unwrap().unwrap();
            crate::engine::checkpoint::Checkpoint { broken: true, ..checkpoint }.write(profile).unwrap();
        }),
    ];
    for (reason, spoil) in spoil {
        let profile = good.copy();
        spoil(&profile);
        let (engine, report) = open(&profile);
        let why = report.rebuilt.clone().unwrap_or_default();
        assert!(why.contains(reason), "{reason}: {why}");
        assert!(report.lines()[0].contains("Nothing was lost"), "{report}");
        assert_eq!((report.replayed, usable(&engine, RECORDS)), (RECORDS, RECORDS), "{reason}");
        engine.close().unwrap();
        assert_eq!(open(&profile).1.lines(), Vec::<String>::new(), "{reason}: once is enough");
    }
}

#[test]
fn a_state_ahead_of_a_journal_that_was_put_back_follows_the_journal() {
    let mut good = Profile::new();
    let profile = good.copy();
    let files = segments(&profile);
    fs::remove_file(files.last().unwrap()).unwrap();
    let (engine, report) = open(&profile);
    assert!(report.rebuilt.as_deref().is_some_and(|why| why.contains("knows more")), "{report}");
    assert_eq!(report.damage.len(), 1, "the missing records are named: {report}");
    let last = engine.last();
    assert!(last < RECORDS && usable(&engine, RECORDS) == last);
    assert_eq!(engine.commit(numbered(last + 1)).unwrap(), last + 1);
    assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
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

#[test]
fn an_unfinished_snapshot_of_sled_is_swept_away() {
    let mut good = Profile::new();
    let profile = good.copy();
    let left = profile.join("state/snap.0000000000000001.generating");
    fs::write(&left, b"half").unwrap();
    let (engine, report) = open(&profile);
    assert_eq!((left.exists(), report.rebuilt, usable(&engine, RECORDS)), (false, None, RECORDS));
}
