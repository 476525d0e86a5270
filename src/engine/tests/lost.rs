//! A journal that lost records the state or the checkpoint knows of: said, lasting, and the state never thrown away.

use super::damage::{Profile, RECORDS, flip, segments, usable};
use super::*;
use crate::engine::backup::{backup, restore};
use crate::engine::checkpoint::Checkpoint;
use crate::engine::verify::verify_journal;
use std::fs;
use std::path::PathBuf;

type Spoil = fn(&Path);

/// The checkpoint as a process leaves it that is killed before it made one.
fn checkpoint_behind(profile: &Path) {
    let checkpoint = Checkpoint::read(profile).unwrap().unwrap();
    Checkpoint { seq: 0, clean: false, ..checkpoint }.write(profile).unwrap();
}

fn no_checkpoint(profile: &Path) {
    fs::remove_file(profile.join("checkpoint")).unwrap();
}

fn machine_stopped(profile: &Path) {
    let checkpoint = Checkpoint::read(profile).unwrap().unwrap();
    Checkpoint { seq: 0, clean: false, boot: "another".to_owned(), ..checkpoint }.write(profile).unwrap();
}

fn no_last_segment(profile: &Path) {
    fs::remove_file(segments(profile).pop().unwrap()).unwrap();
}

fn shorter_by(bytes: u64, profile: &Path) {
    let last = fs::File::options().write(true).open(segments(profile).pop().unwrap()).unwrap();
    last.set_len(last.metadata().unwrap().len() - bytes).unwrap();
}

fn lost_states(profile: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(profile).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = entries.filter(|path| path.to_string_lossy().contains("state.lost-")).collect();
    found.sort();
    found
}

/// Which records a report names as gone.
fn named(damage: &[crate::engine::journal::Damage]) -> Vec<(u64, u64)> {
    damage.iter().filter_map(|damage| damage.records).collect()
}

#[test]
fn acknowledged_records_that_the_journal_lost_are_named_and_stay_named() {
    let journals: [Spoil; 3] = [no_last_segment, |profile| shorter_by(1, profile), |profile| shorter_by(600, profile)];
    let checkpoints: [Spoil; 4] = [|_| {}, checkpoint_behind, no_checkpoint, machine_stopped];
    let mut good = Profile::new();
    for (cut, shorten) in journals.into_iter().enumerate() {
        for (way, spoil) in checkpoints.into_iter().enumerate() {
            let at = format!("journal {cut}, checkpoint {way}");
            let profile = good.copy();
            shorten(&profile);
            spoil(&profile);
            let (engine, report) = open(&profile);
            let kept = usable(&engine, RECORDS);
            assert!(kept < RECORDS, "{at}");
            assert_eq!(named(&report.damage), [(kept + 1, RECORDS)], "{at}: {report}");
            assert!(report.doubtful && report.cut.is_none(), "{at}: {report}");
            let text = report.to_string();
            assert!(!text.contains("Nothing was lost") && !text.contains("acknowledged"), "{at}: {report}");
            let lost = lost_states(&profile);
            assert!(lost.len() == 1 && lost[0].join("db").exists(), "{at}: {lost:?}");
            assert!(text.contains(&lost[0].display().to_string()), "{at}: {report}");
            let verified = engine.verify(&mut |_, _| {}).unwrap();
            assert_eq!((named(&verified.damage), &verified.different), (vec![(kept + 1, RECORDS)], &vec![]), "{at}");
            engine.close().unwrap();

            // Later, with nothing else to tell it, and after more was written.
            fs::remove_file(profile.join("checkpoint")).unwrap();
            fs::remove_dir_all(profile.join("state")).unwrap();
            let (engine, _) = open(&profile);
            assert_eq!(engine.commit(numbered(RECORDS + 1)).unwrap(), RECORDS + 1, "{at}: no number is given twice");
            engine.close().unwrap();
            let (engine, report) = open(&profile);
            assert_eq!((report.lines(), report.doubtful), (Vec::new(), false), "{at}");
            assert_eq!(named(&engine.verify(&mut |_, _| {}).unwrap().damage), [(kept + 1, RECORDS)], "{at}");
        }
    }
}

#[test]
fn the_loss_is_told_on_the_next_start_too_but_is_doubtful_only_once() {
    let mut good = Profile::new();
    let profile = good.copy();
    no_last_segment(&profile);
    let (engine, first) = open(&profile);
    engine.close().unwrap();
    let files = segments(&profile);
    let (engine, second) = open(&profile);
    assert!(first.doubtful && !second.doubtful);
    assert_eq!(named(&second.damage), named(&first.damage), "{second}");
    assert_eq!((second.rebuilt, second.replayed), (None, 0));
    commit_all(&engine, RECORDS + 1..=RECORDS + 1);
    assert_eq!(segments(&profile), files, "the segment that was begun is gone on with");
    drop(engine);
    // The state forgets what it was not told to keep, as after a kill.
    checkpoint_behind(&profile);
    assert!(!open(&profile).1.doubtful);
}

#[test]
fn the_loss_is_still_known_in_a_backup_and_in_what_it_brings_back() {
    let mut good = Profile::new();
    let profile = good.copy();
    no_last_segment(&profile);
    let (engine, report) = open(&profile);
    engine.close().unwrap();
    let (to, back) = (profile.with_extension("backup"), profile.with_extension("back"));
    backup(&profile, &to, &[], &mut |_, _| {}).unwrap();
    assert_eq!(named(&verify_journal(&to, &mut |_, _| {}).unwrap().damage), named(&report.damage));
    assert_eq!(named(&restore(&to, &back, &[], &mut |_, _| {}).unwrap().damage), named(&report.damage));
    assert_eq!(open(&back).0.commit(numbered(RECORDS + 1)).unwrap(), RECORDS + 1);
}

#[test]
fn a_lost_segment_that_is_found_again_can_be_put_back() {
    let mut good = Profile::new();
    let profile = good.copy();
    let last = segments(&profile).pop().unwrap();
    let bytes = fs::read(&last).unwrap();
    fs::remove_file(&last).unwrap();
    let (engine, _) = open(&profile);
    engine.close().unwrap();
    assert!(!last.exists(), "its number is not taken");
    fs::write(&last, bytes).unwrap();
    SledEngine::rebuild(&profile, options(), &mut |_, _| {}).unwrap();
    let (engine, report) = open(&profile);
    assert_eq!((usable(&engine, RECORDS), report.lines()), (RECORDS, Vec::new()));
    assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
}

#[test]
fn without_any_record_the_state_is_left_alone_and_a_backup_asked_for() {
    let empty: [(&str, Spoil); 3] = [
        ("only the id", |profile| segments(profile).iter().for_each(|file| fs::remove_file(file).unwrap())),
        ("a head", |profile| {
            let files = segments(profile);
            files[1..].iter().for_each(|file| fs::remove_file(file).unwrap());
            fs::File::options().write(true).open(&files[0]).unwrap().set_len(84).unwrap();
        }),
        ("nothing", |profile| fs::remove_dir_all(profile.join("journal")).unwrap()),
    ];
    let checkpoints: [Spoil; 3] = [|_| {}, checkpoint_behind, no_checkpoint];
    let mut good = Profile::new();
    for (what, spoil) in empty {
        for (way, checkpoint) in checkpoints.into_iter().enumerate() {
            let profile = good.copy();
            let bytes = |file: &str| fs::read(profile.join(file)).ok();
            spoil(&profile);
            checkpoint(&profile);
            let before = bytes("checkpoint");
            for round in 0..2 {
                let error = SledEngine::open(&profile, options(), &mut |_, _| {}).err().unwrap().to_string();
                assert!(error.contains("backup"), "{what}, checkpoint {way}, start {round}: {error}");
                assert_eq!(bytes("checkpoint"), before);
            }
            let (state, applied) = crate::engine::verdict::read_state(&profile.join("state"), 4 << 20).unwrap();
            assert_eq!(applied.unwrap().seq, RECORDS, "{what}");
            assert!(state.get(&key(RECORDS)).unwrap().is_some());
        }
    }
}

#[test]
fn a_rebuild_around_a_damaged_record_is_doubtful_once_and_a_damaged_content_is_not() {
    let mut good = Profile::new();
    for (frame, doubtful) in [("record", true), ("content", false)] {
        let profile = good.copy();
        let (engine, _) = open(&profile);
        let value = engine.get(&key(RECORDS / 2)).unwrap().unwrap();
        let place = crate::engine::Place::from_bytes(&value[value.len() - crate::engine::Place::SIZE..]).unwrap();
        engine.close().unwrap();
        // Right before the content are the rows of the record it belongs to.
        let at = if doubtful { place.offset - 3 } else { place.offset + u64::from(place.length) - 3 };
        flip(&profile.join(format!("journal/{:08}.log", place.segment)), at * 8);
        assert!(!open(&profile).1.doubtful, "{frame}: a state that is there is right");
        let report = SledEngine::rebuild(&profile, options(), &mut |_, _| {}).unwrap();
        assert_eq!(report.doubtful, doubtful, "{frame}: {report}");
        assert!(!open(&profile).1.doubtful, "{frame}: only once");
    }
}

#[test]
fn a_torn_write_that_was_never_acknowledged_raises_no_doubt() {
    let mut good = Profile::new();
    let profile = good.copy();
    let last = segments(&profile).pop().unwrap();
    let mut bytes = fs::read(&last).unwrap();
    bytes.extend(bytes[bytes.len() - 150..].to_vec());
    fs::write(&last, bytes).unwrap();
    let report = SledEngine::rebuild(&profile, options(), &mut |_, _| {}).unwrap();
    assert!(report.cut.is_some() && !report.doubtful && report.kept.is_none(), "{report}");
}

#[test]
fn of_the_states_that_knew_more_the_newest_two_are_kept() {
    let mut good = Profile::new();
    let profile = good.copy();
    let mut kept = Vec::new();
    for round in 1..=3 {
        let (engine, _) = open(&profile);
        commit_all(&engine, engine.last() + 1..=engine.last() + 1);
        engine.close().unwrap();
        shorter_by(1, &profile);
        let (engine, report) = open(&profile);
        kept.push(report.kept.unwrap());
        assert_eq!(lost_states(&profile).len(), kept.len().min(2), "round {round}");
        engine.close().unwrap();
    }
    assert_eq!(lost_states(&profile), kept[1..]);
}
