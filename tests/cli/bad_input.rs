//! What a person may get wrong, or find: one clear sentence, and nothing is lost.

use super::from;
use crate::support::mail;
use crate::support::profile::{Profile, end_of, finish};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

#[test]
fn a_configuration_that_is_no_file_is_not_waited_for() {
    let profile = Profile::offline();
    let path = profile.path.join("config.toml");
    std::fs::remove_file(&path).unwrap();
    for target in ["/dev/zero", "/dev/null", "."] {
        std::os::unix::fs::symlink(target, &path).unwrap();
        assert!(profile.refused(&["inbox"]).contains("is no file"), "{target}");
        std::fs::remove_file(&path).unwrap();
    }
    std::fs::write(&path, "#".repeat(2 << 20)).unwrap();
    assert!(profile.refused(&["inbox"]).contains("larger than 1 MB"));
}

#[test]
fn a_broken_line_of_the_configuration_is_named_with_its_place_and_stays_as_it_is() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    let path = profile.path.join("config.toml");
    let account = "[[account]]\nname = \"a\"\nconnector = \"email\"\naddress = \"a@b.example\"\n";
    for (text, place, said) in [
        ("agent = \"lin\"\ntheme = = dark\n".to_owned(), ":2:9: ", ""),
        ("agent = \"lin\"\n\nagnet = \"lin\"\n".to_owned(), ":3:1: ", "unknown setting \"agnet\""),
        ("keep_free = \"lots\"\n".to_owned(), ":1:1: ", "64MB"),
        (format!("# mine\n{account}{account}"), ":7:1: ", "two accounts"),
        (format!("# mine\n\n{account}[account.imap]\nhots = \"x\"\n"), ":3:1: account \"a\"", "hots"),
        (format!("\n{}", account.replace("email", "pigeon")), ":2:1: account \"a\"", "no connector \"pigeon\""),
    ] {
        std::fs::write(&path, &text).unwrap();
        for words in [&["inbox"][..], &["note", "ana", "--text", "x"], &["sync"], &["account", "list"]] {
            let complaint = profile.refused(words);
            let file = format!("{}{place}", path.display());
            assert!(complaint.contains(&file) && complaint.contains(said), "{words:?}: {complaint}");
        }
        let rows = profile.run(&["doctor", "--json"]).rows();
        assert!(rows.iter().any(|row| row["ok"] == false && row["said"].as_str().unwrap().contains(place)), "{rows:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "it is the agent's to mend");
    }
    std::fs::write(&path, b"agent = \"l\xefn\"\n").unwrap();
    assert!(profile.refused(&["inbox"]).contains("not UTF-8"));
    profile.configure("");
    assert_eq!(profile.one(&["inbox"])["name"], "Ana");
}

#[test]
fn another_users_profile_is_said_to_be_one_and_is_left_alone() {
    if !rustix::process::geteuid().is_root() {
        crate::support::missing("only root can run the program as somebody else");
        return;
    }
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    // The build may stand in root's own home, where nobody else may run it.
    let shared = tempfile::tempdir().unwrap();
    let program = shared.path().join("switchboard");
    // Copied by another process: one that this process has open for writing may not be run yet.
    let copied = Command::new("cp").arg(profile.command(&[]).get_program()).arg(&program).status().unwrap();
    assert!(copied.success());
    for path in [shared.path(), &program] {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let listing = || {
        let mut names: Vec<_> = std::fs::read_dir(&profile.path).unwrap().map(|e| e.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = listing();
    let open = |mode| {
        let permissions: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(profile.home(), permissions.clone()).unwrap();
        std::fs::set_permissions(&profile.path, permissions).unwrap();
    };
    for mode in [0o700, 0o755] {
        open(mode);
        for words in
            [&["inbox"][..], &["note", "ana", "--text", "x"], &["verify"], &["serve"], &["account", "list"], &["sync"]]
        {
            let mut command = Command::new(&program);
            command.arg("--profile").arg(&profile.path).args(words).stdin(Stdio::null());
            command.env("HOME", "/nonexistent").uid(65534).gid(65534).current_dir("/");
            let done = finish(command);
            assert_eq!((done.code, done.bytes.len()), (Some(1), 0), "{words:?}: {done:?}");
            assert_eq!(done.err.lines().count(), 1, "one sentence: {}", done.err);
            assert!(done.err.contains("--profile DIR") && !done.err.contains("os error"), "{words:?}: {}", done.err);
        }
    }
    assert_eq!(listing(), before);
    profile.assert_sound();
}

#[test]
fn many_that_start_at_the_same_instant_all_do_their_work_once() {
    let profile = Profile::offline();
    profile.import(&[from("1", "Ana <ana@test.example>", "One", "one\n")]);
    let notes: Vec<String> = (0..10).map(|number| format!("note number {number}")).collect();
    let start = |words: &[&str]| profile.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let running: Vec<_> =
        notes.iter().flat_map(|text| [start(&["note", "ana", "--text", text]), start(&["inbox", "--json"])]).collect();
    for child in running {
        let done = end_of(child);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    }
    let shown = profile.one(&["show", "ana"]);
    let mut texts: Vec<&str> =
        shown["messages"].as_array().unwrap().iter().filter_map(|message| message["text"].as_str()).collect();
    texts.retain(|text| text.starts_with("note number"));
    texts.sort();
    assert_eq!(texts, notes, "every one, and once");
    profile.assert_sound();
}
