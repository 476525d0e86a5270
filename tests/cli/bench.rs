//! `bench` invents its mail, measures, prints, and leaves nothing behind, even when it is told to end.

use crate::support::profile::{Profile, end_of};
use crate::support::until;
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

fn entries(folder: &Path) -> Vec<String> {
    let list = std::fs::read_dir(folder).unwrap();
    list.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_figure_is_there_and_nothing_stays() {
    let profile = Profile::new("");
    let dir = profile.home().join("bench");
    std::fs::create_dir(&dir).unwrap();
    let figures = profile.json(&["bench", "--messages", "60,120", "--customers", "6", "--dir", dir.to_str().unwrap()]);
    assert_eq!(figures.iter().map(|row| &row["messages"]).collect::<Vec<_>>(), [60, 120]);
    for path in [
        "/customers",
        "/import/messages_per_second",
        "/import/peak_mb",
        "/first_start/cpu_seconds",
        "/start/seconds",
        "/start/resident_mb",
        "/key_to_frame/cpu_p99_us",
        "/key_to_answer/wall_p50_us",
        "/bytes_per_key/p50",
        "/inbox_page/cpu_p50_us",
        "/timeline_page/cpu_p50_us",
        "/resident_mb",
        "/disk/total_mb",
        "/verify/messages_per_cpu_second",
        "/rebuild/peak_mb",
        "/score/messages_per_cpu_second",
        "/rescore/messages_per_cpu_second",
    ] {
        for row in &figures {
            let figure = row.pointer(path).and_then(Value::as_f64);
            assert!(figure.is_some_and(|figure| figure > 0.0), "{path}: {figure:?}");
        }
    }
    assert_eq!(entries(&dir), Vec::<String>::new());
    // The profile that verbs work on is not touched.
    assert_eq!(entries(&profile.path), ["config.toml"]);
}

#[test]
fn told_to_end_it_says_so_and_leaves_nothing() {
    let profile = Profile::new("");
    let dir = profile.home().join("bench");
    std::fs::create_dir(&dir).unwrap();
    let mut command = profile.command(&["bench", "--messages", "200000", "--dir", dir.to_str().unwrap(), "--keep"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // In the middle of writing the mail.
    assert!(until(Duration::from_secs(30), || {
        let found = entries(&dir);
        found.first().is_some_and(|name| dir.join(name).join("maildir/cur").is_dir())
    }));
    let pid = rustix::process::Pid::from_raw(child.id().cast_signed()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let done = end_of(child);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("interrupted"), "{}", done.err);
    assert_eq!(entries(&dir), Vec::<String>::new());
}
