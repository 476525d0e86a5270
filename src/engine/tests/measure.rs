//! Measurements, run by hand: `cargo test --lib measure -- --ignored --nocapture` (`MESSAGES=1000000` for more).

use super::*;
use crate::engine::room::bytes_in;
use std::fs;
use std::time::Instant;

fn text(random: &mut fastrand::Rng, length: usize) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "order", "refund", "please", "customer", "invoice", "broken", "Tuesday", "thanks", "number", "ship", "when",
        "the",
    ];
    let mut text = String::new();
    while text.len() < length {
        text.push_str(WORDS[random.usize(..WORDS.len())]);
        text.push_str(&format!(" {} ", random.u16(..)));
    }
    text.into_bytes()
}

fn resident_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

#[test]
#[ignore = "a measurement"]
fn measure_single_commits() {
    let dir = tempfile::tempdir().unwrap();
    let (engine, _) = SledEngine::open(dir.path(), Options::default(), &mut |_, _| {}).unwrap();
    let mut random = fastrand::Rng::with_seed(1);
    let contents: Vec<Vec<u8>> = (0..3000).map(|_| text(&mut random, 2000)).collect();
    let begun = Instant::now();
    for (number, content) in contents.into_iter().enumerate() {
        engine.commit(Commit { contents: vec![content], ..numbered(number as u64) }).unwrap();
    }
    println!("single commits with 2 kB of content: {:.0}/s", 3000.0 / begun.elapsed().as_secs_f64());
}

#[test]
#[ignore = "a measurement"]
fn measure_intake_in_batches_and_opening() {
    let messages = std::env::var("MESSAGES").map_or(100_000, |text| text.parse::<u64>().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let open = || SledEngine::open(dir.path(), Options::default(), &mut |_, _| {}).unwrap().0;
    let engine = open();
    let mut random = fastrand::Rng::with_seed(1);
    let mut busy = std::time::Duration::ZERO;
    for batch in 0..messages / 500 {
        let mut commit = Commit { actor: "switchboard".to_owned(), event: vec![1; 4000], ..Commit::default() };
        for index in 0..500u16 {
            let mut key = random.u64(..).to_be_bytes().to_vec();
            key.extend((batch * 500 + u64::from(index)).to_be_bytes());
            commit.puts.push(Put { key: [b"m", key.as_slice()].concat(), value: vec![7; 120], contents: vec![index] });
            commit.contents.push(text(&mut random, 600));
        }
        let begun = Instant::now();
        engine.commit(commit).unwrap();
        busy += begun.elapsed();
    }
    println!("batches of 500 messages of 600 bytes: {:.0} messages/s", messages as f64 / busy.as_secs_f64());
    println!("resident {} MB", resident_mb());
    let begun = Instant::now();
    engine.close().unwrap();
    println!("closing {:?}", begun.elapsed());
    let size = |name: &str| bytes_in(&dir.path().join(name)).unwrap() >> 20;
    println!("journal {} MB, state {} MB", size("journal"), size("state"));
    for round in 1..=3 {
        let begun = Instant::now();
        let engine = open();
        println!("opening, time {round}: {:?}, resident {} MB", begun.elapsed(), resident_mb());
        let begun = Instant::now();
        let events = engine.events(engine.last() - 3, 9).unwrap().len();
        println!("the last {events} events: {:?}", begun.elapsed());
    }
    let begun = Instant::now();
    let report = open().verify(&mut |_, _| {}).unwrap();
    println!("verify {:?}, clean {}, resident {} MB", begun.elapsed(), report.is_clean(), resident_mb());
    let begun = Instant::now();
    SledEngine::rebuild(dir.path(), Options::default(), &mut |_, _| {}).unwrap();
    println!("rebuild {:?}; state {} MB", begun.elapsed(), size("state"));
}
