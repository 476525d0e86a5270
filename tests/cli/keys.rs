//! `keys print` and `keys check`: the keys as they are, and what is wrong with an agent's own.

use super::contract::check_row;
use crate::support::profile::Profile;
use std::fs;

/// Writes a file of the profile's.
fn write(profile: &Profile, file: &str, text: &[u8]) -> String {
    let path = profile.path.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_keymap_that_is_wrong_in_places_is_named_line_by_line_and_counts_elsewhere() {
    let profile = Profile::new("");
    let text = b"[inbox]\nx = \"resolv3\"\ng g = \"top\"\n\"C-t\" = \"tag vip\"\n[timeline\nz = \"up\"\nFoo = \"up\"\n";
    let file = write(&profile, "keymaps/default.toml", text);
    let done = profile.run(&["keys", "check"]);
    assert_eq!(done.code, Some(1));
    let said = done.out();
    let said: Vec<&str> = said.lines().collect();
    assert_eq!(said.len(), 4, "{said:#?}");
    for (line, begins) in said.iter().zip([
        "2:5: there is no command `resolv3` (did you mean `resolve`?)",
        "3:3: this line cannot be read",
        "5:10: this line cannot be read",
        "7:1: `Foo` names no key",
    ]) {
        assert!(line.starts_with(&format!("{file}:{begins}")), "{line}");
    }
    assert!(done.err.contains("4 lines are not used"), "{}", done.err);
    let rows = profile.run(&["keys", "check", "--json"]).rows();
    assert_eq!(rows.len(), 4);
    rows.iter().for_each(|row| check_row("keys check", row));
    assert_eq!((&rows[0]["line"], &rows[0]["column"]), (&2.into(), &5.into()));
    // The others count.
    let keys = profile.json(&["keys"]);
    let bound = |context: &str, key: &str| {
        keys.iter().find(|row| row["context"] == context && row["keys"] == key).map(|row| row["command"].clone())
    };
    assert_eq!(bound("inbox", "C-t"), Some("tag vip".into()));
    assert_eq!(bound("timeline", "z"), Some("up".into()), "what stands under a broken section is not the one's before");
    assert_eq!(bound("inbox", "x"), None);
}

#[test]
fn a_keymap_is_chosen_by_config_by_flag_and_by_environment() {
    let profile = Profile::new("keymap = \"mutt\"\n");
    let runs = |words: &[&str], keys: &str| {
        let rows = profile.json(words);
        rows.iter().find(|row| row["keys"] == keys && row["context"] == "global").map(|row| row["command"].clone())
    };
    assert_eq!(runs(&["keys"], "d"), Some("resolve".into()));
    assert_eq!(runs(&["--keymap", "gmail", "keys"], "d"), Some("compose".into()));
    assert_eq!(runs(&["keys", "print", "--preset", "default"], "d"), None);
    let mut command = profile.command(&["keys", "--json"]);
    command.env("SWITCHBOARD_KEYMAP", "gmail");
    let rows = crate::support::profile::finish(command).rows();
    assert!(rows.iter().any(|row| row["keys"] == "z" && row["command"] == "undo"));
    let done = profile.run(&["keys", "print", "--preset", "emacs"]);
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("there is no keymap `emacs`; there are default, mutt, gmail, helix, accessible"));
    // One of one's own that begins with another.
    write(&profile, "keymaps/mine.toml", b"inherit = \"helix\"\n[global]\n\"Space z\" = \"snooze\"\n");
    let rows = profile.json(&["--keymap", "mine", "keys"]);
    assert!(rows.iter().any(|row| row["keys"] == "Space z" && row["command"] == "snooze"));
    assert!(rows.iter().any(|row| row["keys"] == "Space e" && row["command"] == "resolve"));
    assert_eq!(profile.ok(&["keys", "check"]).out().trim_end(), "1 keymap, nothing wrong");
}

#[test]
fn a_name_that_does_not_exist_is_one_sentence_and_the_usual_keys_are_there() {
    let profile = Profile::new("keymap = \"emacs\"\ntheme = \"blue\"\n");
    let done = profile.ok(&["keys"]);
    let said = "config.toml: there is no keymap `emacs`; there are default, mutt, gmail, helix, accessible";
    assert!(done.err.contains(said), "{}", done.err);
    assert!(done.out().contains("Move down"));
    assert_eq!(profile.run(&["keys", "check"]).code, Some(1));
    let doctor = profile.run(&["doctor"]).out();
    let said = "config.toml: there is no theme `blue`; there are dark, light, high-contrast, terminal";
    assert!(doctor.contains(said), "{doctor}");
}

#[test]
fn files_are_checked_wherever_they_lie_whatever_they_hold() {
    let profile = Profile::new("");
    let good = write(&profile, "elsewhere/good.toml", b"inherit = \"mutt\"\n[inbox]\nx = \"resolve\"\n");
    assert_eq!(profile.ok(&["keys", "check", &good]).out().trim_end(), "1 keymap, nothing wrong");
    let bytes = write(&profile, "elsewhere/bytes.toml", b"[inbox]\n\"q\xff\" = \"up\"\nx = \"\x1b]0;pwned\x07\"\n");
    let done = profile.run(&["keys", "check", &bytes]);
    assert_eq!(done.code, Some(1));
    assert!(done.out().contains("line 2 is not UTF-8"), "{}", done.out());
    assert!(!done.out().contains(['\x1b', '\x07']), "{:?}", done.out());
    let circle = write(&profile, "keymaps/a.toml", b"inherit = \"b\"\n");
    write(&profile, "keymaps/b.toml", b"inherit = \"a\"\n");
    let done = profile.run(&["keys", "check", &circle]);
    assert!(done.out().contains("they inherit in a circle: a → b → a"), "{}", done.out());
    let done = profile.run(&["keys", "check", "/nowhere/x.toml"]);
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("/nowhere/x.toml: No such file"), "{}", done.err);
}
