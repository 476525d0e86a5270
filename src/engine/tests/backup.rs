//! Backup, restore, verify, rebuild.

use super::*;
use crate::engine::backup::{backup, restore};
use crate::engine::state::Changes;
use crate::engine::verdict::read_state;
use crate::engine::verify::verify_journal;
use std::fs;

const EXTRAS: [&str; 3] = ["config.toml", "keymaps", "themes"];

fn quiet() -> impl FnMut(u64, u64) {
    |_, _| {}
}

#[test]
fn a_restored_backup_has_everything_up_to_the_backup() {
    let dir = tempfile::tempdir().unwrap();
    let (profile, to, back) = (dir.path().join("profile"), dir.path().join("backup"), dir.path().join("back"));
    let (engine, _) = open(&profile);
    fs::write(profile.join("config.toml"), "[[account]]").unwrap();
    fs::create_dir(profile.join("keymaps")).unwrap();
    fs::write(profile.join("keymaps/mine.toml"), "j = 'down'").unwrap();
    commit_all(&engine, 1..=60);

    let first = engine.backup(&to, &EXTRAS, &mut quiet()).unwrap();
    assert_eq!((first.last, first.copied, first.files), (60, first.segments, 2));
    assert!(first.segments > 2 && first.damage.is_empty(), "{first:?}");
    commit_all(&engine, 61..=70);
    let second = engine.backup(&to, &EXTRAS, &mut quiet()).unwrap();
    assert!(second.copied < first.copied, "sealed segments are copied once: {second:?}");
    assert_eq!((second.last, second.damage), (70, Vec::new()));
    commit_all(&engine, 71..=75);
    drop(engine);
    fs::remove_dir_all(&profile).unwrap();

    assert!(verify_journal(&to, &mut quiet()).unwrap().is_clean());
    let restored = restore(&to, &back, &EXTRAS, &mut quiet()).unwrap();
    assert_eq!((restored.records, restored.files, restored.damage), (70, 2, Vec::new()));
    assert_eq!(fs::read_to_string(back.join("keymaps/mine.toml")).unwrap(), "j = 'down'");
    let (engine, report) = open(&back);
    assert_eq!((engine.last(), report.replayed, report.damage), (70, 70, Vec::new()));
    (1..=70).for_each(|number| assert_there(&engine, number));
    assert!(engine.verify(&mut quiet()).unwrap().is_clean());
    assert_eq!(engine.commit(numbered(71)).unwrap(), 71);
}

#[test]
fn restore_refuses_a_folder_with_anything_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let (profile, to, back) = (dir.path().join("profile"), dir.path().join("backup"), dir.path().join("back"));
    open(&profile).0.commit(numbered(1)).unwrap();
    backup(&profile, &to, &EXTRAS, &mut quiet()).unwrap();
    fs::create_dir(&back).unwrap();
    fs::write(back.join("letter"), "mine").unwrap();
    let error = restore(&to, &back, &EXTRAS, &mut quiet()).unwrap_err().to_string();
    assert!(error.contains("not empty"), "{error}");
    assert_eq!(fs::read_dir(&back).unwrap().count(), 1);
}

#[test]
fn a_folder_with_another_backup_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other, to) = (dir.path().join("one"), dir.path().join("other"), dir.path().join("backup"));
    open(&one).0.commit(numbered(1)).unwrap();
    open(&other).0.commit(numbered(1)).unwrap();
    backup(&one, &to, &EXTRAS, &mut quiet()).unwrap();
    let before = fs::read(to.join("journal/00000001.log")).unwrap();
    let error = backup(&other, &to, &EXTRAS, &mut quiet()).unwrap_err().to_string();
    assert!(error.contains("another profile"), "{error}");
    assert_eq!(fs::read(to.join("journal/00000001.log")).unwrap(), before);

    // The same profile, but put back to an earlier time and gone on differently.
    let earlier = dir.path().join("earlier");
    restore(&to, &earlier, &EXTRAS, &mut quiet()).unwrap();
    let commits = |profile: &Path, numbers: std::ops::RangeInclusive<u64>| {
        let (engine, _) = open(profile);
        commit_all(&engine, numbers);
    };
    commits(&one, 2..=3);
    backup(&one, &to, &EXTRAS, &mut quiet()).unwrap();
    let error = backup(&earlier, &to, &EXTRAS, &mut quiet()).unwrap_err().to_string();
    assert!(error.contains("does not have"), "{error}");
    commits(&earlier, 12..=39);
    let error = backup(&earlier, &to, &EXTRAS, &mut quiet()).unwrap_err().to_string();
    assert!(error.contains("another history"), "{error}");
    assert!(verify_journal(&to, &mut quiet()).unwrap().is_clean());
    let inside = backup(&one, &one.join("backup"), &EXTRAS, &mut quiet()).unwrap_err().to_string();
    assert!(inside.contains("outside"), "{inside}");
}

#[test]
fn a_torn_write_in_the_profile_does_not_get_in_the_way_of_later_backups() {
    let dir = tempfile::tempdir().unwrap();
    let (profile, to) = (dir.path().join("profile"), dir.path().join("backup"));
    let (engine, _) = open(&profile);
    commit_all(&engine, 1..=3);
    drop(engine);
    let segment = profile.join("journal/00000001.log");
    let mut bytes = fs::read(&segment).unwrap();
    bytes.extend(bytes[bytes.len() - 150..].to_vec());
    fs::write(&segment, bytes).unwrap();
    let report = backup(&profile, &to, &EXTRAS, &mut quiet()).unwrap();
    assert_eq!((report.last, report.damage), (3, Vec::new()));
    let (engine, report) = open(&profile);
    assert!(report.cut.is_some());
    let report = engine.backup(&to, &EXTRAS, &mut quiet()).unwrap();
    assert_eq!((report.last, report.copied), (3, 0));
    engine.commit(numbered(4)).unwrap();
    assert_eq!(engine.backup(&to, &EXTRAS, &mut quiet()).unwrap().last, 4);
}

#[test]
fn a_profile_in_use_is_not_backed_up_behind_its_owners_back() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(&dir.path().join("profile"));
    let error = backup(engine.dir(), &dir.path().join("backup"), &EXTRAS, &mut quiet()).unwrap_err();
    assert!(matches!(error, crate::engine::EngineError::Locked { .. }), "{error}");
}

#[test]
fn rebuilding_gives_the_same_rows_and_verify_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    for number in 1..=80 {
        engine.commit(numbered(number)).unwrap();
    }
    let gone = Commit { deletes: (1..=20).map(key).collect(), ..Commit::default() };
    engine.commit(gone).unwrap();
    let rows =
        |engine: &SledEngine| engine.scan(std::ops::Bound::Unbounded, std::ops::Bound::Unbounded, false, 999).unwrap();
    let before = rows(&engine);
    assert_eq!(before.len(), 60);
    let report = engine.verify(&mut quiet()).unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!((report.records, report.contents, report.rows), (81, 80, 60));
    engine.close().unwrap();

    let mut progress = Vec::new();
    let report = SledEngine::rebuild(dir.path(), options(), &mut |done, total| progress.push((done, total))).unwrap();
    assert_eq!(report.replayed, 81);
    assert!(progress.windows(2).all(|pair| pair[0].0 <= pair[1].0), "{progress:?}");
    assert!(progress.last().is_some_and(|(done, total)| done == total && *total > 0));
    let (engine, report) = open(dir.path());
    assert_eq!((rows(&engine), report.rebuilt, report.replayed), (before, None, 0));
    assert!(!dir.path().join("state.old").exists());
}

#[test]
fn verify_names_rows_that_are_not_what_the_journal_says() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    commit_all(&engine, 1..=5);
    engine.close().unwrap();
    let (state, applied) = read_state(&dir.path().join("state"), 1 << 20).unwrap();
    let mut changes = Changes::default();
    changes.set(&key(2), Some(b"altered".to_vec()));
    changes.set(&key(3), None);
    changes.set(b"stray", Some(b"x".to_vec()));
    state.apply(changes, applied.unwrap()).unwrap();
    state.sync().unwrap();
    drop(state);
    let (engine, _) = open(dir.path());
    let report = engine.verify(&mut quiet()).unwrap();
    let wanted =
        ["not what the journal says: k00000002", "missing in the state: k00000003", "only in the state: stray"];
    assert_eq!(report.different, wanted);
    assert!(!report.is_clean());
}
