//! Every verb works while another process owns the profile, and says the same.

use crate::support::mail;
use crate::support::profile::{Done, Profile, account, end_of, finish};
use crate::support::serve::{RawScreen, Serve};
use crate::support::until;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(20);

fn lived_in() -> Profile {
    // What was answered waits for an hour: nothing happens by itself.
    let profile = Profile::new(&account("1h", "[smtp]\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\n"));
    profile.import(&mail::numbered(0..6));
    profile.ok(&["reply", "ana@test.example", "--text", "On its way."]);
    profile.ok(&["tag", "ana@test.example", "vip"]);
    // The owner's workers find nothing to do.
    profile.ok(&["score", "refresh"]);
    profile
}

fn seen(done: &Done) -> (Option<i32>, String, String) {
    (done.code, String::from_utf8_lossy(&done.bytes).into_owned(), done.err.clone())
}

#[test]
fn what_only_reads_says_the_same_to_the_byte() {
    let profile = lived_in();
    let id = profile.one(&["inbox"])["customer"].as_str().unwrap().to_owned();
    let message = profile.export()[0]["id"].as_str().unwrap().to_owned();
    let words: &[&[&str]] = &[
        &["inbox"],
        &["inbox", "--json"],
        &["inbox", "--view", "resolved", "--json"],
        &["show", &id],
        &["show", "ana@test.example", "--json"],
        &["show", "nobody@test.example"],
        &["original", &message],
        &["original", "rubbish"],
        &["automated"],
        &["log"],
        &["log", "--json", "--limit", "3"],
        &["outbox"],
        &["outbox", "--json"],
        &["drafts", "--json"],
        &["dead", "list"],
        &["dead", "show", "rubbish"],
        &["export"],
        &["verify"],
        &["reply", "nobody@test.example", "--text", "x"],
        &["note", "ana@test.example", "--text-file", "not-there"],
        &["import", "mbox", "not-there", "--account", "support"],
        &["import", "mbox", "not-there", "--account", "odd"],
        &["inbox", "--odd"],
    ];
    let alone: Vec<_> = words.iter().map(|words| seen(&profile.run(words))).collect();
    let _serve = Serve::start(&profile);
    for (words, alone) in words.iter().zip(alone) {
        let carried = seen(&profile.run(words));
        // The paths of a client are seen from where the client is.
        let home = format!("{}/", profile.home().display());
        let carried = (carried.0, carried.1, carried.2.replace(&home, ""));
        let alone = (alone.0, alone.1, alone.2.replace(&home, ""));
        assert_eq!(carried, alone, "{words:?}");
    }
}

#[test]
fn what_writes_is_done_by_the_owner_and_is_there_afterwards() {
    let profile = lived_in();
    let serve = Serve::start(&profile);
    let held = profile.one(&["reply", "ana@test.example", "--text", "Second answer."]);
    assert_eq!(held["state"], "held");
    profile.ok(&["note", "ana@test.example", "--text", "asked"]);
    profile.ok(&["resolve", "ana@test.example"]);
    profile.ok(&["--agent", "mara", "assign", "ana@test.example", "--to", "mara"]);
    let more = tempfile::tempdir().unwrap();
    crate::support::profile::maildir(more.path(), &mail::numbered(6..9));
    let imported = profile.one(&["import", "maildir", more.path().to_str().unwrap(), "--account", "support"]);
    assert_eq!((&imported["new"], &imported["read"]), (&3.into(), &3.into()));
    assert!(profile.one(&["rebuild"])["records"].as_u64().unwrap() > 5);
    profile.assert_sound();
    let copy = profile.home().join("copy");
    profile.ok(&["backup", "copy"]);
    assert!(copy.join("journal").is_dir(), "seen from the client's folder");
    let log = profile.json(&["log"]);
    assert!(log.iter().any(|row| row["actor"] == "mara"), "as whom the client asked: {log:?}");
    let exported = profile.export();
    assert_eq!(serve.end(rustix::process::Signal::TERM).code, Some(0));
    assert_eq!(profile.export().len(), exported.len());
    profile.assert_sound();
}

/// `switchboard export > all.jsonl` while the service is started anew.
#[test]
fn what_an_ending_owner_cuts_off_is_no_success() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..2_000));
    let serve = Serve::start(&profile);
    let file = profile.home().join("all.jsonl");
    let mut export = profile.command(&["export"]);
    let mut export = export.stdout(std::fs::File::create(&file).unwrap()).stderr(Stdio::piped()).spawn().unwrap();
    let mut mute = profile.command(&["note", "ana@test.example", "--text", "-"]);
    let mut mute = mute.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(until(LIMIT, || std::fs::metadata(&file).unwrap().len() > 0));
    assert_eq!(serve.end(rustix::process::Signal::TERM).code, Some(0));
    let code = export.wait().unwrap().code();
    let lines = std::fs::read_to_string(&file).unwrap().lines().count();
    assert!(code == Some(1) || lines == 2_000, "{lines} lines and {code:?}");
    // Who is asked for input hears of it when that comes.
    drop(mute.stdin.take());
    let mute = end_of(mute);
    assert_eq!(mute.code, Some(1));
    assert!(mute.err.contains("end"), "{}", mute.err);
    profile.assert_sound();
}

#[test]
fn standard_input_is_read_only_when_it_is_wanted() {
    let profile = lived_in();
    let _serve = Serve::start(&profile);
    let program = env!("CARGO_BIN_EXE_switchboard");
    // A verb that took the rest of the input would end the loop.
    let script = format!(
        "while read line; do {program} --profile {} note ana@test.example --text \"$line\"; done",
        profile.path.display()
    );
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    shell.stdin.take().unwrap().write_all(b"one\ntwo\nthree\n").unwrap();
    assert_eq!(end_of(shell).code, Some(0));
    let mut piped = profile.command(&["note", "ana@test.example", "--text", "-"]);
    let mut piped = piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let long = "a long line of text\n".repeat(20_000);
    piped.stdin.take().unwrap().write_all(long.as_bytes()).unwrap();
    assert_eq!(end_of(piped).code, Some(0));
    let shown = profile.ok(&["show", "ana@test.example", "--json"]).rows().remove(0);
    let texts: Vec<_> =
        shown["messages"].as_array().unwrap().iter().map(|m| m["text"].as_str().unwrap().trim_end()).collect();
    for text in ["one", "two", "three", long.trim_end()] {
        assert!(texts.contains(&text), "{:?}", text.get(..20));
    }
}

#[test]
fn files_that_only_the_client_can_name_are_found() {
    let profile = lived_in();
    let _serve = Serve::start(&profile);
    std::fs::write(profile.home().join("here.txt"), "from a file").unwrap();
    profile.ok(&["note", "ana@test.example", "--text-file", "here.txt"]);
    let mut command = profile.command(&["note", "ana@test.example", "--text-file", "/dev/stdin"]);
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    child.stdin.take().unwrap().write_all(b"through a pipe").unwrap();
    assert_eq!(end_of(child).code, Some(0));
    let shown = profile.ok(&["show", "ana@test.example"]).out();
    assert!(shown.contains("from a file") && shown.contains("through a pipe"), "{shown}");
    // Files that verbs write land where the client is, and never over one.
    let exported = profile.export();
    let inbound = exported.iter().find(|row| row["direction"] == "inbound").unwrap();
    let message = inbound["id"].as_str().unwrap().to_owned();
    profile.ok(&["original", &message, "--out", "mail.eml"]);
    assert!(profile.home().join("mail.eml").is_file());
    profile.refused(&["original", &message, "--out", "mail.eml"]);
    let mut attached =
        profile.command(&["reply", "ana@test.example", "--text", "see", "--attach", "here.txt", "--json"]);
    attached.stdin(Stdio::null());
    assert_eq!(finish(attached).rows()[0]["state"], "held");
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..400));
    let _serve = Serve::start(&profile);
    let program = env!("CARGO_BIN_EXE_switchboard");
    let script = format!("{program} --profile {} export | head -n 1 | wc -l", profile.path.display());
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).stdin(Stdio::null());
    let done = finish(shell);
    assert_eq!((done.out().trim(), done.err.as_str()), ("1", ""));
    assert_eq!(profile.export().len(), 400, "and the owner goes on");
}

#[test]
fn accounts_reach_the_owner_as_they_are_added_and_removed() {
    let profile = lived_in();
    let serve = Serve::start(&profile);
    let add = ["account", "add", "old", "--address", "old@shop.example", "--archive"];
    assert!(profile.ok(&add).err.contains("has taken this up"));
    let mbox = profile.home().join("one.mbox");
    std::fs::write(&mbox, [b"From x\n".to_vec(), mail::plain("o1", "Old", "From before.\n"), b"\n".to_vec()].concat())
        .unwrap();
    profile.ok(&["import", "mbox", mbox.to_str().unwrap(), "--account", "old"]);
    assert!(profile.ok(&["show", "ana@test.example"]).out().contains("From before."));
    assert!(profile.ok(&["account", "remove", "old"]).err.contains("has taken this up"));
    let said = profile.refused(&["import", "mbox", mbox.to_str().unwrap(), "--account", "old"]);
    assert!(said.contains("there is no account \"old\""), "{said}");
    drop(serve);
    assert!(!profile.ok(&add).err.contains("taken this up"), "nobody is there");
}

#[test]
fn an_edited_configuration_is_read_and_a_broken_one_changes_nothing() {
    let profile = lived_in();
    let before = std::fs::read_to_string(profile.path.join("config.toml")).unwrap();
    let _serve = Serve::start(&profile);
    let screen = RawScreen::attach(&profile.path, "lin", (140, 30));
    screen.wait_for("Ana");
    let archive = "\n[[account]]\nname = \"old\"\nconnector = \"email\"\naddress = \"o@x.example\"\narchive = true\n";
    std::fs::write(profile.path.join("config.toml"), format!("{before}{archive}")).unwrap();
    // A verb that names it does not wait for the next look.
    let said = profile.refused(&["import", "mbox", "nowhere", "--account", "old"]);
    assert!(!said.contains("no account"), "{said}");
    std::fs::write(profile.path.join("config.toml"), format!("{before}\nagnet = 1\n{archive}")).unwrap();
    screen.wait_for("agnet");
    screen.wait_for("what was there before goes on");
    let said = profile.refused(&["import", "mbox", "nowhere", "--account", "other"]);
    assert!(said.contains("agnet"), "{said}");
    std::fs::write(profile.path.join("config.toml"), &before).unwrap();
    let gone = || profile.refused(&["import", "mbox", "nowhere", "--account", "old"]).contains("there is no account");
    assert!(until(LIMIT, gone), "what was removed is known to be gone");
}
