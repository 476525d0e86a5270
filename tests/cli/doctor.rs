//! `doctor`: what is wrong is said with what to do.

use crate::support::mail;
use crate::support::profile::{Done, Profile, finish};
use crate::support::{free_port, missing};
use serde_json::Value;

/// What was found about one thing.
#[track_caller]
fn of(done: &Done, what: &str) -> Value {
    let rows = done.rows();
    rows.iter().find(|row| row["what"] == what).unwrap_or_else(|| panic!("{what} in {rows:#?}")).clone()
}

#[track_caller]
fn wrong(done: &Done, what: &str, remedy: &str) {
    let row = of(done, what);
    assert!(row["ok"] == false && row["said"].as_str().unwrap().contains(remedy), "{row}");
    assert_eq!(done.code, Some(1));
}

fn doctor(profile: &Profile, environment: &[(&str, &str)]) -> Done {
    let mut command = profile.command(&["doctor", "--json"]);
    command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").env_remove("NO_COLOR").envs(environment.to_vec());
    finish(command)
}

#[test]
fn a_sound_profile_is_all_well() {
    let profile = Profile::offline();
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(&profile.path, mode(0o700)).unwrap();
    profile.import(&mail::numbered(0..1));
    let done = doctor(&profile, &[]);
    assert_eq!(done.code, Some(0), "{done:?}");
    for what in ["terminal", "colours", "locale", "profile", "config.toml", "theme", "keys", "disk", "store"] {
        assert_eq!(of(&done, what)["ok"], true);
    }
    assert!(of(&done, "mail servers")["said"].as_str().unwrap().contains("--online"));
    let text = profile.run(&["doctor"]).out();
    assert!(text.lines().any(|line| line.starts_with("ok    store: ")), "{text}");
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let profile = Profile::offline();
    let mode = |mode| std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(&profile.path, mode(0o755)).unwrap();
    wrong(&doctor(&profile, &[]), "profile", "chmod 700");
    std::fs::set_permissions(&profile.path, mode(0o700)).unwrap();
    wrong(&doctor(&profile, &[("LC_ALL", "POSIX")]), "locale", "export LC_ALL=C.UTF-8");
    wrong(&doctor(&profile, &[("TERM", "dumb")]), "terminal", "the verbs work");
    wrong(&doctor(&profile, &[("TERM", "")]), "terminal", "export TERM=");
    assert!(of(&doctor(&profile, &[("NO_COLOR", "1")]), "colours")["said"].as_str().unwrap().contains("NO_COLOR"));
    profile.configure("theme = \"puce\"\nkeep_free = \"900000000GB\"\n");
    let done = doctor(&profile, &[]);
    wrong(&done, "theme", "dark, light");
    wrong(&done, "disk", "keep_free");
    std::fs::create_dir_all(profile.path.join("keymaps")).unwrap();
    std::fs::write(profile.path.join("keymaps/default.toml"), "[inbox]\nx = \"fly\"\n").unwrap();
    wrong(&doctor(&profile, &[]), "keys", "default.toml:2:5");
}

#[test]
fn a_password_that_cannot_be_had_is_found_without_asking_a_server() {
    let port = free_port();
    let server = |secret: &str| {
        format!("[imap]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nuser = \"ana\"\n{secret}\n")
    };
    let profile = Profile::with_account(&server("password_env = \"NOT_SET_ANYWHERE\""));
    let what = format!("account support, get the password for 127.0.0.1:{port}");
    wrong(&doctor(&profile, &[]), &what, "NOT_SET_ANYWHERE is not set");
    let profile = Profile::with_account(&server("password_command = \"echo sesame-secret\""));
    let done = doctor(&profile, &[]);
    assert_eq!(of(&done, &what)["ok"], true);
    assert!(!format!("{done:?}").contains("sesame-secret") && !format!("{done:?}").contains("refuses"), "{done:?}");
    // The server itself, when asked for.
    let done = profile.run(&["doctor", "--online", "--json"]);
    wrong(&done, &format!("account support, reach 127.0.0.1:{port}"), "refuses connections");
}

#[test]
fn files_of_another_user_are_found() {
    if !rustix::process::geteuid().is_root() {
        missing("only root can give files to somebody else");
        return;
    }
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    std::os::unix::fs::chown(profile.path.join("journal"), Some(65534), None).unwrap();
    wrong(&doctor(&profile, &[]), "profile, journal", "chown");
}
