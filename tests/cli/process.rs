//! How the program behaves among other programs: exit codes, pipes, a second process.

use super::from;
use crate::support::mail;
use crate::support::profile::{Profile, account, end_of, finish};
use crate::support::until;
use std::process::Stdio;
use std::time::Duration;

const NOWHERE: &str = "[smtp]\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\n";

#[test]
fn a_mistyped_profile_is_said_and_makes_nothing() {
    let profile = Profile::offline();
    let mistyped = profile.home().join("profil");
    let other = profile.home().join("other");
    std::fs::create_dir(&other).unwrap();
    let verbs: [&[&str]; 14] = [
        &["inbox"],
        &["show", "ana"],
        &["log"],
        &["automated"],
        &["outbox"],
        &["drafts"],
        &["dead", "list"],
        &["export"],
        &["verify"],
        &["sync"],
        &["note", "ana", "--text", "x"],
        &["serve"],
        &["account", "list"],
        &["backup", "copy"],
    ];
    for words in verbs {
        for path in [&mistyped, &other] {
            let done = finish(profile.command_at(path, words));
            assert_eq!(done.code, Some(1), "{words:?}: {done:?}");
            assert!(
                done.err.contains("there is no profile in") && done.err.lines().count() == 1,
                "{words:?}: {done:?}"
            );
        }
        assert!(!mistyped.exists() && std::fs::read_dir(&other).unwrap().count() == 0, "{words:?} made something");
    }
}

#[test]
fn a_verb_at_work_carries_out_others() {
    let profile = Profile::new(&account("1h", NOWHERE));
    profile.import(&mail::numbered(0..1));
    profile.ok(&["reply", "ana@test.example", "--text", "soon"]);
    let mut owner = profile.command(&["outbox", "--wait", "50"]);
    let mut owner = owner.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let pid = owner.id().to_string();
    let lock = profile.path.join("lock");
    let owns = || std::fs::read_to_string(&lock).unwrap().lines().next() == Some(&pid);
    assert!(until(Duration::from_secs(20), owns), "the first does not get it");
    assert_eq!(profile.one(&["inbox"])["name"], "Ana");
    profile.ok(&["note", "ana@test.example", "--text", "while you wait"]);
    assert!(owner.try_wait().unwrap().is_none(), "the first goes on");
    owner.kill().unwrap();
    owner.wait().unwrap();
    // The lock ends with its owner, however that ended, and a socket left behind is no owner.
    assert!(profile.ok(&["show", "ana@test.example"]).out().contains("while you wait"));
}

#[test]
fn an_owner_that_lets_nobody_in_is_named() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    // This very test owns the profile, and has no door.
    let lock = profile.path.join("lock");
    let (pid, since) = (std::process::id(), "2026-07-01T08:00:00Z");
    std::fs::write(&lock, format!("{pid}\n{since}\nsomething\nopen\n")).unwrap();
    let held = std::fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    let second = profile.run(&["inbox", "--json"]);
    assert_eq!(second.code, Some(3), "{second:?}");
    assert_eq!(second.err.lines().count(), 1, "one sentence: {}", second.err);
    assert!(second.err.contains(&pid.to_string()) && second.err.contains("in use"), "{}", second.err);
    assert!(second.bytes.is_empty(), "nothing on standard output");
    drop(held);
    assert_eq!(profile.one(&["inbox"])["name"], "Ana");
}

#[test]
fn exit_codes_tell_what_happened() {
    let profile = Profile::offline();
    profile.import(&[
        from("1", "Ana Silva <ana@test.example>", "One", "one\n"),
        from("2", "Ana Costa <costa@test.example>", "Two", "two\n"),
    ]);
    for words in [
        &["--help"][..],
        &["--version"],
        &["help"],
        &["help", "json"],
        &["help", "score", "train"],
        &["reply", "--help"],
        &["inbox"],
    ] {
        let done = profile.run(words);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{words:?}");
        assert!(!done.bytes.is_empty(), "{words:?}");
    }
    for words in
        [&["inbocks"][..], &["reply"], &["reply", "ana"], &["inbox", "--view", "odd"], &["priority", "ana", "x"]]
    {
        let done = profile.run(words);
        assert_eq!((done.code, done.bytes.len()), (Some(2), 0), "{words:?}: {done:?}");
        assert!(done.err.contains("Usage") || done.err.contains("possible values"), "{words:?}: {}", done.err);
    }
    let ambiguous = profile.refused(&["show", "ana"]);
    assert!(ambiguous.contains("ana@test.example") && ambiguous.contains("costa@test.example"), "{ambiguous}");
    assert_eq!(profile.one(&["show", "silva"])["name"], "Ana Silva", "a part of a name");
    for words in [
        &["show", "nobody"][..],
        &["reply", "silva", "--text", "  "],
        &["reply", "silva", "--text", "x", "--attach", "/nonexistent/file"],
        &["original", "not-an-id"],
        &["outbox", "--retry", "01a2"],
        &["sync", "--account", "sales"],
        &["snooze", "silva", "--until", "yesterdayish"],
        &["help", "me"],
    ] {
        let done = profile.run(&[words, &["--json"]].concat());
        assert_eq!((done.code, done.bytes.len()), (Some(1), 0), "{words:?}: {done:?}");
        assert_eq!(done.err.lines().count(), 1, "one sentence: {}", done.err);
    }
    // Without a terminal the screen says so instead of drawing into a file.
    let done = profile.run(&[]);
    assert_eq!((done.code, done.bytes.len()), (Some(1), 0));
    assert!(done.err.contains("needs a terminal"), "{}", done.err);
}

#[test]
fn looking_at_nothing_makes_nothing() {
    let profile = Profile::new("");
    let elsewhere = profile.home().join("elsewhere");
    for words in [&["verify"][..], &["backup", "copy"], &["rebuild"]] {
        let done = finish(profile.command_at(&elsewhere, words));
        assert_eq!(done.code, Some(1), "{words:?}");
        assert!(done.err.contains("there is no profile"), "{}", done.err);
    }
    assert!(!elsewhere.exists());
    profile.configure("agnet = \"lin\"\n");
    let said = profile.refused(&["inbox"]);
    assert!(said.contains("config.toml") && said.contains("agnet"), "{said}");
}

#[test]
fn json_stays_clean_whatever_is_said() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..3));
    std::fs::remove_dir_all(profile.path.join("state")).unwrap();
    let done = profile.ok(&["inbox", "--json"]);
    assert_eq!(done.rows().len(), 1);
    assert!(done.err.contains("rebuilt"), "remarks go to standard error: {}", done.err);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let profile = Profile::offline();
    // More than a pipe holds.
    let originals: Vec<_> = (0..60).map(|n| mail::plain(&format!("n{n}"), "Long", &"a line\n".repeat(600))).collect();
    profile.import(&originals);
    for words in [&["export"][..], &["show", "ana@test.example"], &["show", "ana@test.example", "--json"]] {
        let mut command = profile.command(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut err).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!((code, err.as_str()), (Some(0), ""), "{words:?}");
    }
    profile.assert_sound();
}

#[test]
fn a_text_can_come_from_a_file_or_a_pipe() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    let file = profile.home().join("text");
    std::fs::write(&file, "from a file\nin two lines").unwrap();
    profile.ok(&["note", "ana", "--text-file", file.to_str().unwrap()]);
    let mut command = profile.command(&["note", "ana", "--text", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"from a pipe").unwrap();
    assert_eq!(end_of(child).code, Some(0));
    let shown = profile.one(&["show", "ana"]);
    let texts: Vec<_> = shown["messages"].as_array().unwrap().iter().skip(1).map(|m| m["text"].as_str()).collect();
    assert_eq!(texts, [Some("from a file\nin two lines"), Some("from a pipe")]);
}
