//! `completions`, `man` and `--help`, as a shell and a reader of manuals use them.

use crate::support::profile::Profile;
use std::process::Command;

/// What bash offers for these words, the last of which is being typed.
fn offered(script: &std::path::Path, words: &[&str]) -> String {
    let line = format!(
        "source {}; COMP_WORDS=({}); COMP_CWORD={}; _switchboard switchboard '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
        script.display(),
        words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
        words.len() - 1,
        words.last().unwrap(),
        words[words.len() - 2],
    );
    let done = Command::new("bash").args(["--norc", "-c", &line]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn bash_completes_verbs_and_options() {
    let profile = Profile::new("");
    let script = profile.home().join("switchboard.bash");
    std::fs::write(&script, profile.ok(&["completions", "bash"]).bytes).unwrap();
    let verbs = offered(&script, &["switchboard", "re"]);
    for verb in ["reply", "resolve", "reopen", "rebuild", "restore"] {
        assert!(verbs.split_whitespace().any(|offered| offered == verb), "{verb} in {verbs}");
    }
    assert!(!verbs.contains("inbox"), "{verbs}");
    assert!(offered(&script, &["switchboard", "account", "add", "--pass"]).contains("--password-command"));
    assert_eq!(offered(&script, &["switchboard", "inbox", "--view", "sn"]).trim(), "snoozed");
    for shell in ["zsh", "fish"] {
        assert!(profile.ok(&["completions", shell]).out().contains("snooze"), "{shell}");
    }
    assert_eq!(profile.run(&["completions", "cmd"]).code, Some(2));
}

#[test]
fn manual_pages_are_printed_and_written() {
    let profile = Profile::new("");
    assert!(profile.ok(&["man"]).out().contains(".TH switchboard 1"));
    let folder = profile.home().join("man/man1");
    let rows = profile.json(&["man", folder.to_str().unwrap()]);
    assert!(rows.len() > 40, "{rows:?}");
    for row in &rows {
        assert!(std::fs::read_to_string(row["file"].as_str().unwrap()).unwrap().contains(".SH NAME"), "{row}");
    }
    let reply = std::fs::read_to_string(folder.join("switchboard-reply.1")).unwrap();
    assert!(reply.contains("switchboard reply ana") && reply.contains("text\\-file"), "{reply}");
    let refused = profile.refused(&["man", "/dev/null/man1"]);
    assert!(refused.contains("cannot make /dev/null/man1"), "{refused}");
}

#[test]
fn help_lists_the_verbs_in_groups_and_a_verbs_own_has_examples() {
    let profile = Profile::new("");
    for words in [&["--help"][..], &["help"], &["-h"]] {
        let page = profile.ok(words).out();
        assert!(page.find("\nWrite:\n").unwrap() < page.find("\n  reply ").unwrap(), "{page}");
        assert!(page.contains("switchboard demo") && !page.contains("{"), "{page}");
    }
    let page = profile.ok(&["snooze", "--help"]).out();
    let own = page.find("--until").unwrap();
    assert!(own < page.find("--profile").unwrap(), "first what is its own: {page}");
    assert!(page.contains("Examples:\n  switchboard snooze ana 2h"), "{page}");
}
