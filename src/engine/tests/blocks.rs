//! Contents packed together: each found by itself, damage named for exactly those it concerns, one erased without the
//! rest.

use super::damage::{flip, segments};
use super::*;
use crate::engine::journal::frame;
use crate::engine::journal::segment::{self, SegmentHead};
use crate::engine::{EngineError, Place};
use std::fs;

/// A text and its original, as mail has them.
fn mail(number: usize) -> [Vec<u8>; 2] {
    let text = format!("Hello,\n\nwhere is my order {number}? It should have been here on day {}.\n", number * 7919);
    let original = format!("From: customer{number}@mail.example\r\nSubject: order {number}\r\n\r\n{text}");
    [text.into_bytes(), original.into_bytes()]
}

/// One commit with many mails and one large content in the middle.
fn many(mails: usize) -> Commit {
    let mut contents: Vec<Vec<u8>> = (0..mails).flat_map(mail).collect();
    contents.insert(mails, (0..100_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 9).to_le_bytes()).collect());
    let put = |index: u16| Put { key: key(index.into()), value: Vec::new(), contents: vec![index] };
    let puts = (0..contents.len() as u16).map(put).collect();
    Commit { puts, contents, ..Commit::default() }
}

fn place(engine: &SledEngine, index: u64) -> Place {
    Place::from_bytes(&engine.get(&key(index)).unwrap().unwrap()).unwrap()
}

/// The numbers of the contents that cannot be read; all others are right.
fn unreadable(engine: &SledEngine, commit: &Commit) -> Vec<usize> {
    let readable = |index: &usize| match engine.content(place(engine, *index as u64)) {
        Ok(bytes) => {
            assert!(bytes == commit.contents[*index], "content {index} is shown though it is wrong");
            true
        }
        Err(EngineError::Damaged { .. }) => false,
        Err(other) => panic!("{other}"),
    };
    (0..commit.contents.len()).filter(|index| !readable(index)).collect()
}

#[test]
fn a_text_costs_next_to_nothing_beside_its_original_and_each_is_found_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) =
        SledEngine::open(dir.path(), Options { keep_free: 0, reserve: 0, ..options() }, &mut |_, _| {}).unwrap();
    let commit = many(300);
    engine.commit(commit.clone()).unwrap();
    assert_eq!(unreadable(&engine, &commit), Vec::<usize>::new());
    let places: Vec<Place> = (0..601).map(|index| place(&engine, index)).collect();
    let mut blocks: Vec<(u64, u32)> = places.iter().map(|place| (place.offset, place.length)).collect();
    blocks.dedup();
    assert!((4..20).contains(&blocks.len()), "{} blocks", blocks.len());
    let large = places[300];
    assert_eq!((large.index, blocks.iter().filter(|block| block.0 == large.offset).count()), (Some(0), 1));
    let bytes: u64 = blocks.iter().map(|(_, length)| u64::from(*length)).sum();
    let texts: usize = (0..300).map(|number| mail(number)[0].len()).sum();
    assert!(bytes - u64::from(large.length) < texts as u64 / 2, "{bytes}");
    assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean());
}

#[test]
fn a_flipped_bit_in_a_block_names_its_contents_and_costs_no_other() {
    let home = tempfile::tempdir().unwrap();
    let (good, profile) = (home.path().join("good"), home.path().join("try"));
    let commit = many(200);
    let (engine, _) = open(&good);
    engine.commit(commit.clone()).unwrap();
    let places: Vec<Place> = (0..401).map(|index| place(&engine, index)).collect();
    engine.close().unwrap();
    for (index, place) in places.iter().enumerate().step_by(37) {
        super::damage::copy_dir(&good, &profile);
        let bit = (place.offset + 40 + fastrand::u64(..u64::from(place.length) - 40)) * 8 + 3;
        flip(&segments(&profile)[0], bit);
        let (engine, _) = open(&profile);
        let same: Vec<usize> =
            places.iter().enumerate().filter(|(_, other)| other.offset == place.offset).map(|(at, _)| at).collect();
        assert_eq!(unreadable(&engine, &commit), same, "bit {bit}");
        let report = engine.verify(&mut |_, _| {}).unwrap();
        let named = match same.as_slice() {
            [one] => format!("content {one} of record 1"),
            more => format!("contents {} to {} of record 1", more[0], more[more.len() - 1]),
        };
        assert!(report.damage.len() == 1 && report.damage[0].what.contains(&named), "{named}: {report}");
        assert_eq!((report.contents, report.different), (401 - same.len() as u64, Vec::new()), "content {index}");
        // The rows do not depend on it.
        drop(engine);
        let rebuilt = SledEngine::rebuild(&profile, options(), &mut |_, _| {}).unwrap();
        assert_eq!((rebuilt.last, rebuilt.cut, rebuilt.doubtful), (1, None, false));
        fs::remove_dir_all(&profile).unwrap();
    }
}

#[test]
fn a_block_torn_at_the_end_of_the_journal_is_cut_off_with_its_record() {
    let home = tempfile::tempdir().unwrap();
    let (good, profile) = (home.path().join("good"), home.path().join("try"));
    let (engine, _) = open(&good);
    engine.commit(numbered(1)).unwrap();
    engine.close().unwrap();
    let file = segments(&good).pop().unwrap();
    let before = fs::metadata(&file).unwrap().len();
    let known = home.path().join("known");
    super::damage::copy_dir(&good, &known);
    let (engine, _) =
        SledEngine::open(&good, Options { segment_bytes: 64 << 20, ..options() }, &mut |_, _| {}).unwrap();
    engine.commit(many(200)).unwrap();
    let places: Vec<Place> = (0..401).map(|index| place(&engine, index)).collect();
    engine.close().unwrap();
    let whole = fs::read(&file).unwrap();
    for place in places.iter().step_by(50) {
        for end in [place.offset, place.offset + 20, place.offset + u64::from(place.length) - 1] {
            for power_cut in [false, true] {
                super::damage::copy_dir(&known, &profile);
                let mut torn = whole[..end as usize].to_vec();
                if power_cut {
                    torn.resize(whole.len(), 0);
                }
                fs::write(segments(&profile).pop().unwrap(), torn).unwrap();
                let (engine, report) = open(&profile);
                assert_eq!((engine.last(), report.cut.is_some(), report.damage), (1, true, Vec::new()), "cut at {end}");
                assert_eq!(fs::metadata(segments(&profile).pop().unwrap()).unwrap().len(), before);
                assert_there(&engine, 1);
                engine.commit(numbered(2)).unwrap();
                assert!(engine.verify(&mut |_, _| {}).unwrap().is_clean(), "cut at {end}");
                drop(engine);
                fs::remove_dir_all(&profile).unwrap();
            }
        }
    }
}

/// What erasing will do. Kept a test until there is a verb for it, so that the format keeps room for it.
#[test]
fn a_content_can_be_erased_its_neighbours_stay_and_the_chain_still_proves_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = open(dir.path());
    let commit = many(3);
    engine.commit(commit.clone()).unwrap();
    let old = place(&engine, 1);
    // The neighbours once more, with the rows that point at them.
    let neighbours: Vec<usize> = (0..7).filter(|index| place(&engine, *index as u64).offset == old.offset).collect();
    assert_eq!(neighbours, [0, 1, 2]);
    let put =
        |(at, index): (usize, &usize)| Put { contents: vec![at as u16], key: key(*index as u64), ..Put::default() };
    let again = Commit {
        puts: [0, 2].iter().enumerate().map(put).collect(),
        contents: vec![commit.contents[0].clone(), commit.contents[2].clone()],
        event: blake3::hash(&commit.contents[1]).as_bytes().to_vec(),
        ..Commit::default()
    };
    engine.commit(again).unwrap();
    let (check, id, chain) = (engine.reader.check(), engine.reader.id(), engine.lock_commits().writer.chain());
    let head = engine.reader.span(old.segment).unwrap();
    engine.close().unwrap();

    let file = segment::path(&dir.path().join("journal"), old.segment);
    let mut bytes = fs::read(&file).unwrap();
    let (start, end) = (old.offset as usize, old.offset as usize + old.length as usize);
    frame::Header::erased(&mut bytes[start..end], check);
    bytes[start + frame::HEADER..end].fill(0);
    let head =
        SegmentHead { format: head.format, number: head.number, revision: 1, id, first: head.first, previous: [0; 32] };
    bytes[..segment::START as usize].copy_from_slice(&head.to_bytes());
    fs::write(&file, bytes).unwrap();

    for rebuild in [false, true] {
        let (engine, report) = SledEngine::open(dir.path(), Options { rebuild, ..options() }, &mut |_, _| {}).unwrap();
        assert_eq!((report.damage, report.doubtful), (Vec::new(), false));
        assert_eq!(engine.lock_commits().writer.chain(), chain);
        let error = engine.content(place(&engine, 1)).unwrap_err().to_string();
        assert!(error.contains("erased on purpose"), "{error}");
        assert_eq!(unreadable(&engine, &commit), [1]);
        let report = engine.verify(&mut |_, _| {}).unwrap();
        assert_eq!((report.is_clean(), report.erased), (true, 3));
    }
}
