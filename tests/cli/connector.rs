//! `connector`, and `import json` and `csv` by a map.

use crate::support::profile::Profile;

const QZONE: &str = "[[account]]\nname = \"zone\"\nconnector = \"qzone\"\naddress = \"10001\"\n";

#[test]
fn a_file_is_checked_with_every_mistake_and_its_place() {
    let profile = Profile::new("");
    let file = profile.home().join("desk.toml");
    let example = profile.ok(&["connector", "show", "example"]).out();
    std::fs::write(&file, &example).unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(profile.one(&["connector", "check", path])["ok"], true);
    let bad = example.replace("order = \"asc\"", "ordre = \"asc\"").replace("{msg.ticket}", "{msg.tiket}");
    std::fs::write(&file, bad).unwrap();
    let done = profile.run(&["connector", "check", path]);
    assert_eq!(done.code, Some(1));
    let said = done.err;
    for part in
        ["desk.toml:", ":1: unknown key \"stream.ordre\"", "{msg.tiket} cannot stand here", "2 things are wrong"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(profile.ok(&["connector", "help"]).out().contains("[[stream]]"));
    assert!(profile.ok(&["account", "help", "weibo"]).out().contains("token_command"));
}

#[test]
fn a_file_of_the_profile_is_a_connector_like_any_other() {
    let account =
        "[[account]]\nname = \"desk\"\nconnector = \"desk\"\naddress = \"7\"\ndesk = \"1\"\ntoken_env = \"NONE\"\n";
    let profile = Profile::new(account);
    assert!(profile.refused(&["account", "list"]).contains("there is no connector \"desk\""));
    let example = profile.ok(&["connector", "show", "example"]).out();
    let folder = profile.home().join("profile/connectors");
    let folder = if profile.home().join("profile").is_dir() { folder } else { profile.home().join("connectors") };
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("desk.toml"), example.replace("name = \"example\"", "name = \"desk\"")).unwrap();
    let rows = profile.json(&["connector", "list"]);
    assert!(rows.iter().any(|row| row["connector"] == "desk"), "{rows:?}");
    assert_eq!(profile.json(&["account", "list"])[0]["connector"], "desk");
}

#[test]
fn rows_of_an_export_come_in_once_and_bad_ones_are_named_by_their_line() {
    let profile = Profile::new(QZONE);
    let file = profile.home().join("zone.json");
    let text = "{\"comments\": [\n\
        {\"id\": \"1\", \"time\": \"2012-12-24 02:19:09\", \"qq\": \"20002\", \"nickname\": \"小明\", \"text\": \"好看\", \"post\": \"p\"},\n\
        {\"id\": \"2\", \"time\": \"yesterday\", \"qq\": \"20002\", \"text\": \"x\", \"post\": \"p\"},\n\
        {\"id\": 9007199254740993, \"time\": \"2012-12-25 08:00:00\", \"qq\": \"20003\", \"text\": \"真的\", \"post\": \"p\"}\n]}";
    std::fs::write(&file, text).unwrap();
    let words = ["--json", "import", "json", file.to_str().unwrap(), "--account", "zone"];
    let done = profile.run(&words);
    let report = &done.rows()[0];
    let counts = |report: &serde_json::Value| {
        ["read", "new", "duplicate", "dead", "failed"].map(|name| report[name].as_u64().unwrap())
    };
    assert_eq!(counts(report), [3, 2, 0, 1, 1]);
    let said = profile.run(&words).err;
    assert!(said.contains("line 3: its time \"yesterday +0800\""), "{said}");
    assert_eq!(counts(&profile.run(&words).rows()[0]), [3, 0, 3, 0, 1], "twice changes nothing");
    let exported = profile.export();
    assert!(exported.iter().any(|row| row["remote_id"] == "9007199254740993"), "{exported:?}");
    assert!(
        exported.iter().any(|row| row["at"] == "2012-12-23T18:19:09Z"),
        "Beijing is eight hours ahead: {exported:?}"
    );
    // The same as CSV, by a map of one's own.
    let map = profile.home().join("map.toml");
    let own = "[import.map]\nid = \"/Id\"\ntime = \"/When\"\nauthor_id = \"/Who\"\ntext = \"/What\"\n";
    std::fs::write(&map, own).unwrap();
    let csv = profile.home().join("zone.csv");
    std::fs::write(&csv, "Id,When,Who,What\n7,2026-01-01T00:00:00Z,20002,\"two\nlines\"\n8,2026-01-01T00:00:00Z\n")
        .unwrap();
    let words = ["import", "csv", csv.to_str().unwrap(), "--account", "zone", "--map", map.to_str().unwrap()];
    let said = profile.run(&words).err;
    assert!(said.contains("line 4: it has 2 columns, the first line 4"), "{said}");
    assert_eq!(profile.export().len(), 3);
    profile.assert_sound();
}

/// Who sent a mail only our own server can say: a file of rows proves nobody.
#[test]
fn rows_that_name_a_mail_address_prove_nothing() {
    let profile = Profile::offline();
    profile.import(&[crate::support::mail::plain("n1", "Order", "Where is it?")]);
    let account = profile.json(&["account", "list"])[0]["account"].as_str().unwrap().to_owned();
    let map = profile.home().join("map.toml");
    std::fs::write(&map, "[import.map]\nid = \"/Id\"\ntime = \"/When\"\nauthor_id = \"/Who\"\ntext = \"/What\"\n")
        .unwrap();
    let csv = profile.home().join("rows.csv");
    std::fs::write(&csv, "Id,When,Who,What\n7,2026-01-01T00:00:00Z,ana@test.example,It is me\n").unwrap();
    profile.ok(&["import", "csv", csv.to_str().unwrap(), "--account", &account, "--map", map.to_str().unwrap()]);
    let shown = profile.one(&["show", "ana@test.example"]);
    assert_eq!(shown["messages"].as_array().unwrap().len(), 2);
    let text = profile.ok(&["show", "ana@test.example"]).out();
    assert!(text.contains("unverified") && !text.contains(", verified"), "{text}");
    // Nobody can be answered at a number by mail.
    std::fs::write(&csv, "Id,When,Who,What\n8,2026-01-01T00:00:00Z,4711,Hello\n").unwrap();
    let words = ["import", "csv", csv.to_str().unwrap(), "--account", &account, "--map", map.to_str().unwrap()];
    let done = profile.run(&words);
    assert_eq!(done.code, Some(1));
    let said = done.err;
    assert!(said.contains("line 2: its author \"4711\" is no mail address"), "{said}");
    assert_eq!(profile.json(&["dead", "list"]).len(), 1);
    // Our side may be called anything.
    let ours = "[import.map]\nid = \"/Id\"\ntime = \"/When\"\nauthor_id = \"/Who\"\ntext = \"/What\"\n\
        to = \"/To\"\noutbound = \"/Who = lin\"\n";
    std::fs::write(&map, ours).unwrap();
    std::fs::write(&csv, "Id,When,Who,What,To\n9,2026-01-02T00:00:00Z,lin,On its way,ana@test.example\n").unwrap();
    profile.ok(&words);
    assert_eq!(profile.one(&["show", "ana@test.example"])["messages"].as_array().unwrap().len(), 3);
}

#[test]
fn an_account_of_a_connector_of_the_profile_is_added_by_command() {
    let profile = Profile::new("");
    let folder = profile.path.join("connectors");
    std::fs::create_dir_all(&folder).unwrap();
    let example = profile.ok(&["connector", "show", "example"]).out();
    std::fs::write(folder.join("desk.toml"), example.replace("name = \"example\"", "name = \"desk\"")).unwrap();
    let words = ["account", "add", "shop", "--connector", "desk", "--address", "7", "--set", "desk=\"1\""];
    profile.ok(&[words.as_slice(), &["--set", "token_env=NONE"]].concat());
    assert_eq!(profile.json(&["account", "list"])[0]["connector"], "desk");
    assert!(profile.refused(&["account", "add", "other", "--connector", "nosuch"]).contains("connector list"));
}
