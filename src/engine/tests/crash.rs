//! kill -9 at random times: everything acknowledged is there, nothing is torn.

use super::*;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const PROFILE: &str = "SWITCHBOARD_CRASH_TEST_PROFILE";
const ROUNDS: u32 = 15;

/// The child: commits without end and prints each number once it is acknowledged. Does nothing in an ordinary run.
#[test]
#[ignore = "run by the test below as a process of its own"]
fn child_that_commits_until_it_is_killed() {
    let Some(profile) = std::env::var_os(PROFILE) else { return };
    let settings = Options { segment_bytes: 64 << 10, checkpoint_commits: 37, ..options() };
    let (engine, _) = SledEngine::open(Path::new(&profile), settings, &mut |_, _| {}).unwrap();
    let mut out = std::io::stdout().lock();
    for number in engine.last() + 1.. {
        assert_eq!(engine.commit(numbered(number)).unwrap(), number);
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(9);
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        acknowledged = run_and_kill(dir.path(), acknowledged, random.u64(0..250));
        let (engine, report) = open(dir.path());
        assert!(engine.last() >= acknowledged, "round {round}: {acknowledged} acknowledged, {} there", engine.last());
        assert_eq!((&report.rebuilt, &report.damage), (&None, &Vec::new()), "round {round}");
        (1..=engine.last()).for_each(|number| assert_there(&engine, number));
        let rows = engine.scan(std::ops::Bound::Unbounded, std::ops::Bound::Unbounded, false, usize::MAX).unwrap();
        assert_eq!(rows.len() as u64, engine.last(), "round {round}: no half commits");
        if round % 5 == 4 {
            let verified = engine.verify(&mut |_, _| {}).unwrap();
            assert!(verified.is_clean(), "round {round}: {verified}");
        }
        acknowledged = engine.last();
    }
    println!("{acknowledged} commits over {ROUNDS} kills");
    assert!(acknowledged > u64::from(ROUNDS));
}

/// Runs the child until it has acknowledged something, and `more` milliseconds on; returns the last it acknowledged.
fn run_and_kill(profile: &Path, before: u64, more: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine::tests::crash::child_that_commits_until_it_is_killed", "--ignored", "--nocapture"])
        .env(PROFILE, profile)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let (say, hear) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let number = line.rsplit_once("acknowledged ").and_then(|(_, number)| number.parse::<u64>().ok());
            if number.is_some_and(|number| say.send(number).is_err()) {
                break;
            }
        }
    });
    let mut last = hear.recv_timeout(Duration::from_secs(30)).expect("the child commits");
    let until = Instant::now() + Duration::from_millis(more);
    while let Ok(number) = hear.recv_timeout(until.saturating_duration_since(Instant::now())) {
        last = number;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap();
    hear.try_iter().last().unwrap_or(last).max(before)
}
