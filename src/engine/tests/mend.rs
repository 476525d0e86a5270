//! A damaged, lost or stale state: mended from the journal, and said.

use super::damage::{Profile, RECORDS, copy_dir, flip, usable};
use super::*;
use crate::engine::EngineError;
use std::fs;
use std::ops::Bound::Unbounded;

fn all_rows(engine: &SledEngine) -> Result<Vec<crate::engine::Row>, EngineError> {
    engine.scan(Unbounded, Unbounded, false, usize::MAX)
}

/// A value that cannot be packed, so that it is found in the file as it is.
fn value(number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(number);
    (0..500).map(|_| random.alphanumeric() as u8).collect()
}

/// A closed profile whose state is large enough for sled to find damage only when it reads there.
fn large_profile(home: &Path) -> Vec<crate::engine::Row> {
    let (engine, _) = open(home);
    for batch in 0..8 {
        let row = |number: u64| Put { key: key(number), value: value(number), contents: Vec::new() };
        let puts = (batch * 200..batch * 200 + 200).map(row).collect();
        engine.commit(Commit { puts, ..Commit::default() }).unwrap();
    }
    engine.close().unwrap();
    let (engine, _) = open(home);
    all_rows(&engine).unwrap()
}

#[test]
fn one_flipped_bit_in_the_state_is_mended_or_found_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let (good, profile) = (home.path().join("good"), home.path().join("try"));
    let rows = large_profile(&good);
    let mut random = fastrand::Rng::with_seed(42);
    let (mut mended, mut refused, mut found) = (0, 0, 0);
    for _ in 0..12 {
        copy_dir(&good, &profile);
        let file = profile.join("state/db");
        let bytes = fs::read(&file).unwrap();
        // In the newest copy of a row: much of the file is padding and what was replaced.
        let row = value(random.u64(..rows.len() as u64));
        let at = bytes.windows(row.len()).rposition(|bytes| bytes == row).unwrap();
        flip(&file, (at + random.usize(..row.len())) as u64 * 8 + random.u64(..8));

        let (engine, report) = open(&profile);
        // sled takes some damage for a torn end and forgets what follows; the journal brings that back.
        let was_mended = report.rebuilt.is_some() || report.replayed > 0;
        let verified = engine.verify(&mut |_, _| {}).unwrap();
        let seen = all_rows(&engine);
        let is_right = seen.as_ref().is_ok_and(|seen| *seen == rows);
        assert!(is_right || !verified.is_clean(), "rows are wrong and verify does not say so");
        assert_eq!(verified.damage, []);
        drop(engine);

        let (engine, report) = open(&profile);
        match seen {
            Err(EngineError::State(_)) => {
                refused += 1;
                assert!(report.rebuilt.is_some(), "a state that failed is rebuilt by itself");
            }
            Err(other) => panic!("{other}"),
            Ok(_) if is_right => mended += u32::from(was_mended),
            Ok(_) => found += 1,
        }
        drop(engine);
        if !is_right && report.rebuilt.is_none() {
            SledEngine::rebuild(&profile, options(), &mut |_, _| {}).unwrap();
        }
        let (engine, _) = open(&profile);
        assert!(all_rows(&engine).unwrap() == rows);
        assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
        drop(engine);
        fs::remove_dir_all(&profile).unwrap();
    }
    println!(
        "of 12 flipped bits {mended} were mended at the start, {refused} refused to be read, {found} found by verify"
    );
    assert!(mended + refused + found >= 6, "{mended} mended, {refused} refused, {found} found");
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
        assert!(report.lines()[0].contains("Nothing was lost") && !report.doubtful, "{report}");
        assert_eq!((report.replayed, usable(&engine, RECORDS)), (RECORDS, RECORDS), "{reason}");
        engine.close().unwrap();
        assert_eq!(open(&profile).1.lines(), Vec::<String>::new(), "{reason}: once is enough");
    }
}

/// The form an older program wrote: each row a row of sled.
#[test]
fn a_state_an_older_program_wrote_is_made_anew() {
    let mut good = Profile::new();
    let profile = good.copy();
    let (state, applied) = crate::engine::verdict::read_state(&profile.join("state"), 4 << 20).unwrap();
    assert!(!state.is_outdated().unwrap());
    let rows = state.scan(Unbounded, Unbounded, false, usize::MAX).unwrap();
    drop(state);
    fs::remove_dir_all(profile.join("state")).unwrap();
    let db = ::sled::open(profile.join("state")).unwrap();
    for (key, value) in &rows {
        db.insert(key, value.as_slice()).unwrap();
    }
    db.insert("\0applied", applied.unwrap().to_bytes()).unwrap();
    drop(db);
    let (engine, report) = open(&profile);
    let why = report.rebuilt.clone().unwrap_or_default();
    assert!(why.contains("older switchboard") && !report.doubtful, "{report}");
    assert!(all_rows(&engine).unwrap() == rows);
    engine.close().unwrap();
    assert_eq!(open(&profile).1.lines(), Vec::<String>::new());
}

#[test]
fn what_a_killed_process_left_unfinished_is_swept_away() {
    let mut good = Profile::new();
    let profile = good.copy();
    // A snapshot of sled's, and what a check compares with the state.
    let left = [profile.join("state/snap.0000000000000001.generating"), profile.join("verify.tmp/db")];
    fs::create_dir(profile.join("verify.tmp")).unwrap();
    left.iter().for_each(|left| fs::write(left, b"half").unwrap());
    let (engine, report) = open(&profile);
    assert!(left.iter().all(|left| !left.exists()));
    assert_eq!((report.rebuilt, usable(&engine, RECORDS)), (None, RECORDS));
}
