//! `switchboard connector check` and `try`, through the real program.

use super::platform::{Shared, file, router};
use crate::channels::secret_file;
use crate::support::profile::Profile;
use crate::support::simulator::Simulator;
use serde_json::{Value, json};
use std::path::PathBuf;

const LIST: &str = "path = \"/list\"\nquery = { token = \"{cursor}\" }\npage = { type = \"cursor\", from = \"/next\" }";

/// A profile with an account of the connector that is tried, and its file.
fn profile(simulator: &Simulator, text: &str) -> (Profile, PathBuf) {
    let profile = Profile::new("");
    secret_file(&profile.path, "token", "hush");
    let folder = profile.path.join("connectors");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("pages.toml"), file(LIST, "")).unwrap();
    profile.configure(&format!(
        "[[account]]\nname = \"desk\"\nconnector = \"pages\"\naddress = \"us\"\ntoken_file = \"token\"\nbase_url = \"{}\"\n",
        simulator.base
    ));
    let path = profile.home().join("new.toml");
    std::fs::write(&path, text).unwrap();
    (profile, path)
}

#[test]
fn what_is_tried_is_shown_and_files_nothing() {
    let world = Shared::default();
    (0..7).for_each(|number| world.lock().unwrap().write(&format!("text {number} \u{1b}[31m")));
    let simulator = Simulator::start(router(world));
    let text = file(LIST, "handle = \"@{/from}\"\nthread = \"room {/from}\"\ncontext = { place = \"/id\" }");
    let (profile, path) = profile(&simulator, &text);
    let words = ["connector", "try", path.to_str().unwrap(), "--account", "desk"];
    let done = profile.run(&[words.as_slice(), &["--json"]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.err.contains("7 shown; nothing was filed."), "{}", done.err);
    let rows = done.rows();
    assert_eq!(rows.len(), 7);
    let first = &rows[0];
    let wanted = [
        ("kind", json!("message")),
        ("remote_id", json!("1")),
        ("at", json!("2023-11-14T22:13:21Z")),
        ("direction", json!("inbound")),
        ("from", json!("ana")),
        ("handle", json!("@ana")),
        ("thread", json!("room ana")),
        ("stream", json!("all")),
    ];
    wanted.iter().for_each(|(name, value)| assert_eq!(first[*name], *value, "{name}: {first}"));
    assert_eq!(first["context"], json!({ "place": "1", "thread": "room ana", "way": "direct" }));
    assert!(!done.out().contains('\u{1b}') && !done.out().contains("u001b"), "what a stranger wrote is cleaned");
    assert_eq!(simulator.faults.calls().len(), 3, "three pages");
    // For people, a line each; at most so many calls.
    let plain = profile.ok(&[words.as_slice(), &["--calls", "1"]].concat());
    assert_eq!(plain.out().lines().count(), 3, "{plain:?}");
    assert!(plain.out().contains("inbound  ana  text 0"), "{plain:?}");
    assert_eq!(profile.export(), Vec::<Value>::new(), "nothing is filed");
    assert_eq!(profile.json(&["inbox"]).len(), 0);
    // The real reading begins at the beginning: trying moved no cursor.
    profile.ok(&["sync"]);
    assert_eq!(profile.export().len(), 7);
    profile.assert_sound();
}

#[test]
fn what_goes_wrong_while_trying_is_said_without_the_secret() {
    let simulator = Simulator::start(router(Shared::default()));
    let (profile, path) = profile(&simulator, &file("path = \"/nowhere\"", ""));
    let words = ["connector", "try", path.to_str().unwrap(), "--account", "desk"];
    assert!(profile.refused(&words).contains("404"));
    assert!(profile.refused(&["connector", "try", path.to_str().unwrap(), "--account", "none"]).contains("no account"));
    std::fs::write(&path, file("path = \"/after\"", "")).unwrap();
    secret_file(&profile.path, "token", "s3cret-and-wrong");
    std::fs::write(&path, file(LIST, "")).unwrap();
    let done = profile.run(&words);
    assert!(done.code == Some(1) && !done.err.contains("s3cret"), "{done:?}");
}

#[test]
fn a_recorded_delivery_is_tried_without_a_call() {
    let simulator = Simulator::start(router(Shared::default()));
    let text = file(LIST, "")
        + "[webhook]\n[webhook.verify]\ntype = \"equals\"\nheader = \"x-key\"\nsecret = \"{secret.token}\"\n\
           [[webhook.take]]\nname = \"pushed\"\nitems = \"/events\"\n[webhook.take.map]\nid = \"/id\"\ntime = \"/at\"\n\
           time_format = \"epoch\"\nauthor_id = \"/from\"\ntext = \"/text\"\n";
    let (profile, path) = profile(&simulator, &text);
    let recorded = profile.home().join("delivery.json");
    let body = json!({ "events": [{ "id": "e1", "at": 1, "from": "ana", "text": "hello" }, { "id": "e2" }] });
    std::fs::write(&recorded, body.to_string()).unwrap();
    let words = ["connector", "try", path.to_str().unwrap(), "--account", "desk", "--delivery"];
    let rows = profile.json(&[words.as_slice(), &[recorded.to_str().unwrap()]].concat());
    assert_eq!((&rows[0]["text"], &rows[1]["kind"]), (&json!("hello"), &json!("dead")), "{rows:?}");
    assert!(rows[1]["reason"].as_str().unwrap().contains("it has no time"), "{rows:?}");
    assert_eq!(simulator.faults.calls().len(), 0);
}

#[test]
fn mistakes_and_secrets_in_a_file_are_refused_with_line_and_column() {
    let simulator = Simulator::start(router(Shared::default()));
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let text = file(LIST, "subjekt = \"/id\"")
        .replace("type = \"bearer\"", &format!("type = \"bearer\"\nvalue = \"Bearer {token}\""));
    let (profile, path) = profile(&simulator, &text);
    for words in [vec!["connector", "check"], vec!["connector", "try"]] {
        let mut words = [words, vec![path.to_str().unwrap()]].concat();
        if words[1] == "try" {
            words.extend(["--account", "desk"]);
        }
        let done = profile.run(&words);
        assert_eq!(done.code, Some(1), "{done:?}");
        let line = |wanted: &str| done.err.lines().find(|line| line.contains(wanted)).unwrap_or_default().to_owned();
        assert!(line("a secret does not belong").contains("new.toml:10:1: auth.value"), "{}", done.err);
        assert!(line("subjekt").contains("new.toml:23:1: unknown key \"stream.map.subjekt\""), "{}", done.err);
        assert!(done.err.contains("2 things are wrong") && !done.err.contains(token), "{}", done.err);
    }
    // One of the profile that is wrong stops its own account alone.
    std::fs::copy(&path, profile.path.join("connectors/pages.toml")).unwrap();
    let said = profile.refused(&["account", "list"]);
    assert!(said.contains("pages.toml:10:1:") && !said.contains(token), "{said}");
    assert_eq!(simulator.faults.calls().len(), 0);
}
