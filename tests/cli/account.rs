//! `account`: added, tried in plain words, removed.

use crate::need;
use crate::support::account::{imap, imap_at};
use crate::support::dovecot::{Dovecot, PASSWORD};
use crate::support::profile::{Profile, account, finish};
use crate::support::relay::{Protection, Relay};
use crate::support::{free_port, mail};
use serde_json::Value;

#[test]
fn an_account_is_added_listed_and_removed() {
    let profile = Profile::new("# kept by hand\n");
    let none = profile.ok(&["account", "list"]);
    assert!(none.bytes.is_empty() && none.err.contains("account help"), "{none:?}");
    let add = [
        "account",
        "add",
        "support",
        "--address",
        "support@shop.example",
        "--imap",
        "imap.shop.example",
        "--smtp",
        "smtp.shop.example:465",
        "--smtp-security",
        "tls",
        "--user",
        "support",
        "--password-command",
        "echo 's\"ecret'",
    ];
    profile.ok(&add);
    let row = profile.one(&["account", "list"]);
    assert_eq!((&row["account"], &row["sends"], &row["reads"]), (&"support".into(), &true.into(), &true.into()));
    let twice = profile.refused(&add);
    assert!(twice.contains("two accounts are called \"support\""), "{twice}");
    let config = std::fs::read_to_string(profile.path.join("config.toml")).unwrap();
    assert!(config.contains("# kept by hand") && config.contains("port = 465"), "{config}");
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(profile.path.join("config.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "for nobody else's eyes");

    // What could not be used is not written.
    let plain =
        ["account", "add", "b", "--address", "b@shop.example", "--imap", "mail.example", "--imap-security", "none"];
    let said = profile.refused(&[&plain[..], &["--password-env", "SECRET"]].concat());
    assert!(said.contains("unprotected"), "{said}");
    let said = profile.refused(&plain);
    assert!(said.contains("--password-command"), "{said}");
    assert_eq!(profile.json(&["account", "list"]).len(), 1);

    profile.ok(&["account", "remove", "support"]);
    assert!(profile.json(&["account", "list"]).is_empty());
    let config = std::fs::read_to_string(profile.path.join("config.toml")).unwrap();
    assert!(config.contains("# kept by hand") && !config.contains("imap"), "{config}");
    let said = profile.refused(&["account", "remove", "support"]);
    assert!(said.contains("no account \"support\""), "{said}");
    assert!(profile.ok(&["account", "help", "email"]).out().contains("token_command"));
}

#[test]
fn an_archive_needs_no_server_and_takes_imported_mail() {
    let profile = Profile::new("");
    profile.ok(&["account", "add", "support", "--address", "support@shop.example", "--archive"]);
    assert_eq!(profile.import(&mail::numbered(0..2))["new"], 2);
    let row = profile.one(&["account", "list"]);
    assert_eq!((&row["sends"], &row["reads"]), (&false.into(), &false.into()));
    assert_eq!(profile.one(&["account", "test"])["ok"], true);
    // There is nothing to fetch, and nothing that could send an answer.
    profile.ok(&["sync"]);
    let refused = profile.refused(&["reply", "ana", "--text", "x"]);
    assert!(refused.contains("send"), "{refused}");
}

#[test]
fn a_closed_port_is_named_in_plain_words() {
    let profile = Profile::new("");
    let port = free_port();
    let at = format!("127.0.0.1:{port}");
    profile.ok(&[
        "account",
        "add",
        "support",
        "--address",
        "support@shop.example",
        "--imap",
        &at,
        "--imap-security",
        "none",
        "--smtp",
        &at,
        "--smtp-security",
        "none",
        "--password-command",
        "echo sesame-secret",
    ]);
    let done = profile.run(&["account", "test", "--json"]);
    assert_eq!(done.code, Some(1));
    let wrong: Vec<_> = done.rows().into_iter().filter(|row| row["ok"] == false).collect();
    assert_eq!(wrong.len(), 2, "one a direction: {wrong:?}");
    for row in &wrong {
        let said = format!("{} {}", row["what"], row["said"]);
        assert!(said.contains(&port.to_string()) && said.contains("refuses connections"), "{said}");
        assert!(!said.contains("os error"), "plain words: {said}");
    }
    assert!(!format!("{done:?}").contains("sesame-secret"));
    let done = profile.run(&["sync"]);
    assert_eq!(done.code, Some(1));
    assert!(done.out().contains("support:") && done.err.contains("could not sync support"), "{done:?}");
}

#[test]
fn a_working_account_is_all_well_and_a_wrong_password_is_not() {
    let server = need!(Dovecot::start());
    let relay = need!(Relay::start(&server, Protection::Starttls));
    let profile = Profile::new("");
    let (imap, smtp) = (format!("localhost:{}", server.imaps), format!("localhost:{}", relay.port));
    profile.ok(&[
        "account",
        "add",
        "support",
        "--address",
        "support@shop.example",
        "--user",
        "support",
        "--imap",
        &imap,
        "--smtp",
        &smtp,
        "--ca-file",
        server.authority.to_str().unwrap(),
        "--password-env",
        "SHOP_PASSWORD",
    ]);
    let test = |password: &str| {
        let mut command = profile.command(&["account", "test", "support", "--json"]);
        command.env("SHOP_PASSWORD", password);
        finish(command)
    };
    let done = test(PASSWORD);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.rows().len() >= 4 && done.rows().iter().all(|row| row["ok"] == true), "{done:?}");
    let done = test("wrong-one");
    assert_eq!(done.code, Some(1));
    let wrong: Vec<_> = done.rows().into_iter().filter(|row| row["ok"] == false).collect();
    assert!(wrong.iter().any(|row| row["said"].as_str().unwrap().contains("\"support\"")), "{wrong:?}");
    assert!(!format!("{done:?}").contains("wrong-one"), "a password is never printed");
}

#[test]
fn the_trouble_of_one_account_is_its_own() {
    let server = need!(Dovecot::start());
    server.deliver_all("ana", &mail::numbered(0..5));
    let well = account("0s", &imap(&server, "ana", ""));
    let ill = account("0s", &imap_at(&server, "support", free_port(), "")).replace("\"support\"", "\"ill\"");
    let profile = Profile::new(&(ill + &well));
    let done = profile.run(&["sync", "--json"]);
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("could not sync ill"), "{}", done.err);
    let rows = done.rows();
    let of = |name: &str| rows.iter().find(|row| row["account"] == name).unwrap().clone();
    assert_eq!((&of("support")["new"], &of("support")["error"]), (&5.into(), &Value::Null));
    assert!(of("ill")["error"].as_str().unwrap().contains("refuses connections"), "{}", of("ill"));
    assert_eq!(profile.json(&["sync", "--account", "support"]).len(), 1, "only the one asked for");
}

#[test]
fn what_is_wrong_with_a_setting_names_it_and_no_line_of_a_file_that_was_not_written() {
    let profile = Profile::offline();
    let add = |words: &[&str]| profile.refused(&[&["account", "add", "it", "--connector"], words].concat());
    let mastodon = ["mastodon", "--set", "base_url=https://m.example", "--set", "token_file=t"];
    for (words, sentence) in [
        (vec!["mastodon", "--set", "token_file=t", "--set", "base_url=5"], "base_url must be text in quotes"),
        ([&mastodon[..], &["--set", "recheck=5"]].concat(), "`recheck`: invalid type: integer `5`, expected a string"),
        ([&mastodon[..], &["--set", "rechek=5m"]].concat(), "`rechek`"),
        (
            vec!["matrix", "--set", "user=ana"],
            "user = \"ana\" is not a Matrix user id; write \"@support:shop.example\"",
        ),
        (vec!["telegram", "--set", "tken_file=t"], "has no token: add one of token_command"),
    ] {
        let said = add(&words);
        assert!(said.contains(sentence), "{words:?}: {said}");
        assert!(!said.contains("config.toml"), "{words:?}: {said}");
    }
    assert!(
        profile.refused(&["account", "add", "support", "--address", "a@b.example", "--archive"]).contains("support")
    );
    // What was wrong before has its place.
    let path = profile.path.join("config.toml");
    std::fs::write(&path, format!("agnet = 1\n{}", std::fs::read_to_string(&path).unwrap())).unwrap();
    assert!(add(&mastodon).contains("config.toml:1:1: unknown setting \"agnet\""));
}

#[test]
fn a_secret_that_is_not_there_is_said_as_the_account_is_added() {
    use std::os::unix::fs::PermissionsExt;
    let profile = Profile::offline();
    let add = |name: &str, file: &str| {
        let token = format!("token_file={file}");
        let words = ["account", "add", name, "--connector", "telegram", "--set", token.as_str()];
        profile.ok(&[&words[..], &["--set", "address=@shop_bot"]].concat()).err
    };
    let said = add("one", "/nonexistent");
    assert!(said.contains("Careful: token_file: the secret's file /nonexistent cannot be opened"), "{said}");
    let secret = profile.path.join("token");
    std::fs::write(&secret, "4711:abc\n").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = add("two", "token");
    assert!(said.contains("can be read by others") && !said.contains("4711"), "{said}");
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!add("three", "token").contains("Careful"));
}

#[test]
fn nothing_pushed_is_no_line_of_json_and_no_sentence() {
    let profile = Profile::offline();
    let done = profile.ok(&["webhook", "--json"]);
    assert_eq!((done.out().as_str(), done.err.contains("No account is of a kind")), ("", false), "{done:?}");
    assert!(profile.ok(&["webhook"]).err.contains("No account is of a kind that a platform pushes to"));
}

#[test]
fn a_clean_restore_says_what_it_restored_and_nothing_else() {
    let profile = Profile::offline();
    profile.import(&crate::support::mail::numbered(0..3));
    profile.ok(&["backup", "copy"]);
    let target = profile.home().join("restored");
    let done = crate::support::profile::finish(profile.command_at(&target, &["restore", "copy"]));
    assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{done:?}");
    assert!(done.out().starts_with("Restored "), "{done:?}");
    let inbox = crate::support::profile::finish(profile.command_at(&target, &["inbox", "--json"]));
    assert_eq!((inbox.rows().len(), inbox.err.as_str()), (1, ""));
}
