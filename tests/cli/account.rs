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
