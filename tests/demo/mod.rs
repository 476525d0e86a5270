//! `switchboard demo --headless`, end to end: the real pipeline with invented customers.

use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Starts it with a temporary folder of its own, so that what is left behind shows.
fn start(temporary: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["demo", "--headless", "--json", "--speed", "20", "--seconds", "6"])
        .env("TMPDIR", temporary)
        .env_remove("SWITCHBOARD_PROFILE")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn summary(output: Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn without_a_screen_it_plays_through_says_what_happened_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    // At the same time: what differs in speed between the two must not show in the numbers.
    let runs = [start(folder.path()), start(folder.path())];
    let [mut one, mut other] = runs.map(|run| summary(run.wait_with_output().unwrap()));
    let number = |value: &Value, name: &str| value[name].as_u64().unwrap_or_else(|| panic!("{name} in {value}"));
    assert!(number(&one, "customers") >= 300 && number(&one, "messages") >= 5_000, "{one}");
    for language in ["en", "zh", "es", "de", "ja"] {
        assert!(number(&one["by_language"], language) >= 10, "{language} in {one}");
    }
    for channel in ["email", "chat", "comments"] {
        assert!(number(&one["by_channel"], channel) >= 300, "{channel} in {one}");
    }
    assert_eq!(number(&one, "inbound") + number(&one, "outbound"), number(&one, "messages"));
    for name in ["sent", "answered", "failed", "unknown", "dead"] {
        assert_eq!(number(&one, name), 1, "{name} in {one}");
    }
    for kind in ["edited", "deleted", "reaction", "likes", "delivered", "read", "hidden"] {
        assert!(number(&one["changes"], kind) >= 5, "{kind} in {one}");
    }
    // People who write from two places: some are proven to be one, of others it is only likely.
    assert!(number(&one, "merged") >= 1 && number(&one, "suggestions") >= 1, "{one}");
    for summary in [&mut one, &mut other] {
        summary.as_object_mut().unwrap().remove("seconds").unwrap();
    }
    assert_eq!(one, other, "the same seed, and other numbers");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "a temporary profile is left behind");
}

/// Killed, it cannot tidy up; the next one does.
#[test]
fn what_a_killed_one_left_behind_goes_with_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let left = || std::fs::read_dir(folder.path()).unwrap().count();
    let mut killed = start(folder.path());
    let limit = Instant::now() + Duration::from_secs(60);
    // Before it holds its profile nobody can tell whether it is gone or just beginning.
    let holds = || std::fs::read_dir(folder.path()).unwrap().flatten().any(|entry| entry.path().join("lock").exists());
    while !holds() {
        assert!(Instant::now() < limit, "it never began");
        std::thread::sleep(Duration::from_millis(20));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(left(), 1, "it could not tidy up");
    summary(start(folder.path()).wait_with_output().unwrap());
    assert_eq!(left(), 0, "what it left is still there");
}

#[test]
fn settings_that_cannot_be_used_are_said_in_one_sentence_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["demo", "--headless", "--speed", "0"])
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("between 0.01 and 1000"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
