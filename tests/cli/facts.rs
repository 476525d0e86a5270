//! Orders, customers and ratings from files, by the real program.

use crate::support::profile::Profile;
use serde_json::json;

fn file(profile: &Profile, name: &str, text: &str) -> String {
    let path = profile.home().join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn orders_go_in_once_bad_rows_are_named_and_a_dry_run_writes_nothing() {
    let profile = Profile::offline();
    let path = file(
        &profile,
        "orders.csv",
        "Order ID,Email,Order Date,Total\n1,ana@test.example,2026-06-01,12.50\n2,bo@test.example,soon,7\n3,bo@test.example,2026-06-02,7\n",
    );
    let words = ["import", "orders", &path, "--currency", "usd"];
    let dry = profile.run(&[&words[..], &["--dry-run", "--json"]].concat());
    assert_eq!(dry.code, Some(1), "{}", dry.err);
    let report = &dry.rows()[0];
    assert_eq!((&report["new"], &report["customers"], &report["dry_run"]), (&json!(2), &json!(2), &json!(true)));
    assert_eq!(report["bad"][0]["line"], json!(3));
    assert!(profile.refused(&["show", "ana@test.example"]).contains("ana@test.example"));
    let done = profile.run(&words);
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains("line 3: \"soon\" is no date"), "{}", done.err);
    assert!(done.err.contains("1 row could not be taken; the rest is in"), "{}", done.err);
    let ana = profile.one(&["show", "ana@test.example"]);
    assert_eq!((&ana["case"], &ana["identities"][0]["basis"]), (&json!(null), &json!("import")));
    // What the scores rest on can be looked at.
    let orders = ana["orders"].as_array().unwrap();
    assert!(!orders.is_empty() && orders.iter().all(|order| order["currency"] == "USD"), "{ana}");
    let number = orders[0]["number"].as_str().unwrap();
    assert!(profile.ok(&["show", "ana@test.example"]).out().contains(&format!("order {number} of 20")));
    let log = profile.ok(&["log", "--json"]).out();
    let again = profile.run(&[&words[..], &["--json"]].concat()).rows().remove(0);
    assert_eq!((&again["new"], &again["changed"], &again["known"]), (&json!(0), &json!(0), &json!(2)));
    assert_eq!(profile.ok(&["log", "--json"]).out(), log, "not even a line in the log");
    profile.assert_sound();
}

#[test]
fn customers_come_as_csv_and_vcards_with_a_map() {
    let profile = Profile::offline();
    let path = file(&profile, "people.csv", "Kunde,Adresse,Stufe,Region\nAna,ana@test.example,gold,north\n");
    let map = file(&profile, "map.toml", "[columns]\nname = \"Kunde\"\nemail = \"Adresse\"\nplan = \"Stufe\"\n");
    let words = ["import", "customers", &path, "--map", &map, "--column", "field:region=Region"];
    let report = profile.one(&words);
    assert_eq!((&report["new"], &report["columns"]["email"]), (&json!(1), &json!("Adresse")));
    let ana = profile.one(&["show", "ana@test.example"]);
    assert_eq!((&ana["name"], &ana["fields"]), (&json!("Ana"), &json!({"plan": "gold", "region": "north"})));
    assert_eq!(profile.one(&words)["known"], json!(1));
    let cards = file(&profile, "people.vcf", "BEGIN:VCARD\nVERSION:4.0\nFN:Bo\nEMAIL:bo@test.example\nEND:VCARD\n");
    assert_eq!(profile.one(&["import", "customers", &cards])["new"], json!(1));
}

#[test]
fn a_customer_who_never_wrote_has_no_last_time_and_stands_behind_those_who_did() {
    let profile = Profile::offline();
    let people = file(&profile, "people.csv", "Name,Email\nZoe,zoe@test.example\n");
    profile.one(&["import", "customers", &people]);
    profile.import(&[crate::support::mail::plain("n1", "Order", "Hello")]);
    let rows = profile.json(&["inbox", "--view", "all"]);
    let names: Vec<_> = rows.iter().map(|row| (row["address"].as_str().unwrap(), row["last_at"].is_string())).collect();
    assert_eq!(names, [("ana@test.example", true), ("zoe@test.example", false)]);
    assert_eq!((&rows[1]["last_at"], &rows[1]["last_direction"]), (&json!(null), &json!(null)));
    let text = profile.ok(&["inbox", "--view", "all"]).out();
    assert!(text.contains("<zoe@test.example>  –") && !text.contains("1970"), "{text}");
    let zoe = profile.one(&["show", "zoe@test.example"]);
    assert_eq!((&zoe["last_at"], zoe["first_at"].is_string()), (&json!(null), true));
}

#[test]
fn options_that_do_not_belong_together_are_refused() {
    let profile = Profile::offline();
    let path = file(&profile, "orders.csv", "id,email,date,total\n");
    assert!(profile.refused(&["import", "orders", &path]).contains("--currency USD"));
    assert!(profile.refused(&["import", "orders", &path, "--account", "support"]).contains("--account"));
    assert!(profile.refused(&["import", "customers", &path, "--scale", "1-5"]).contains("--scale"));
    let mail = ["import", "mbox", &path, "--account", "support", "--dry-run"];
    assert!(profile.refused(&mail).contains("--dry-run"));
    assert_eq!(profile.run(&["import", "mbox", &path]).code, Some(2), "messages need an account");
}

#[test]
fn an_import_counts_in_scores_at_once_and_a_refunded_order_does_not() {
    let profile = Profile::offline();
    let head = "Order ID,Email,Order Date,Total,Status\n1,Ana Silva <ana@test.example>,2026-06-01,12.50,paid\n";
    let import = |rows: &str| {
        let path = file(&profile, "orders.csv", &format!("{head}{rows}"));
        profile.run(&["import", "orders", &path, "--currency", "USD"])
    };
    let reasons = || {
        let card = profile.one(&["score", "show", "ana@test.example"]);
        assert_eq!(card["stale"], json!(false));
        let value = card["scores"].as_array().unwrap().iter().find(|score| score["kind"] == "value").unwrap().clone();
        value["reasons"].to_string()
    };
    assert_eq!(import("").code, Some(0));
    assert_eq!(profile.one(&["show", "ana@test.example"])["name"], json!("Ana Silva"));
    assert!(reasons().contains("1 order, $12.50"), "{}", reasons());
    // Nobody is at work who would follow the log.
    assert_eq!(import("2,ana@test.example,2026-06-02,7.50,complete\n").code, Some(0));
    assert!(reasons().contains("2 orders, $20"), "{}", reasons());
    for _ in 0..2 {
        let done = import("2,ana@test.example,2026-06-02,7.50,refunded\n1,bo@test.example,2026-06-01,12.50,paid\n");
        assert_eq!(done.code, Some(1));
        assert!(done.err.contains("line 4: order 1 is in line 2 already, for another customer"), "{}", done.err);
        assert!(reasons().contains("1 order, $12.50"), "{}", reasons());
    }
    assert!(profile.refused(&["show", "bo@test.example"]).contains("bo@test.example"));
    profile.assert_sound();
}
