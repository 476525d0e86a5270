//! Tests of the engine in daily use, over real files.

#![allow(clippy::unwrap_used)]

mod backup;
mod blocks;
mod compact;
mod crash;
mod damage;
mod format;
mod full;
mod lost;
mod measure;
mod mend;
mod renew;
mod store;

use super::sled::{OpenReport, Options, SledEngine};
use super::{Commit, Engine, Put};
use std::path::Path;

/// Small segments, no reserve, so that tests see many segments and little disk.
fn options() -> Options {
    Options { segment_bytes: 4 << 10, keep_free: 0, reserve: 0, cache: 4 << 20, ..Options::default() }
}

fn open(dir: &Path) -> (SledEngine, OpenReport) {
    SledEngine::open(dir, options(), &mut |_, _| {}).unwrap()
}

/// A commit with a row, an event and a content that all name the number.
fn numbered(number: u64) -> Commit {
    let put = Put { key: key(number), value: format!("value {number}").into_bytes(), contents: vec![0] };
    Commit {
        at: number as i64,
        actor: "lin".to_owned(),
        event: format!("event {number}").into_bytes(),
        puts: vec![put],
        contents: vec![content(number)],
        ..Commit::default()
    }
}

fn commit_all(engine: &SledEngine, numbers: std::ops::RangeInclusive<u64>) {
    for number in numbers {
        engine.commit(numbered(number)).unwrap();
    }
}

fn key(number: u64) -> Vec<u8> {
    format!("k{number:08}").into_bytes()
}

fn content(number: u64) -> Vec<u8> {
    format!("content {number} {}", "text ".repeat(number as usize % 40)).into_bytes()
}

/// The row and content of a number are there and right.
fn assert_there(engine: &SledEngine, number: u64) {
    let value = engine.get(&key(number)).unwrap().unwrap_or_else(|| panic!("row {number} is gone"));
    let (text, place) = value.split_at(value.len() - super::Place::SIZE);
    assert_eq!(text, format!("value {number}").into_bytes());
    assert_eq!(engine.content(super::Place::from_bytes(place).unwrap()).unwrap(), content(number));
}
