//! Scoring beside screens and verbs: it follows what happens, and is seen to be at work.

use crate::support::mail;
use crate::support::profile::Profile;
use crate::support::serve::Serve;
use crate::support::until;
use serde_json::Value;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn scored(profile: &Profile) -> Value {
    profile.one(&["inbox", "--view", "all"])["mood"].clone()
}

#[test]
fn what_comes_in_and_what_is_corrected_is_scored_by_itself() {
    let profile = Profile::offline();
    let _serve = Serve::start(&profile);
    profile.import(&[mail::plain("n1", "Order", "This is terrible, I am very angry and disappointed.")]);
    assert!(until(LIMIT, || scored(&profile).as_i64() < Some(0) && scored(&profile).is_number()));
    let shown = profile.one(&["show", "ana@test.example"]);
    let message = &shown["messages"][0];
    assert_eq!(message["sentiment"]["label"], "negative");
    profile.ok(&["score", "correct", message["id"].as_str().unwrap(), "positive"]);
    let corrected = profile.one(&["show", "ana@test.example"])["messages"][0]["sentiment"].clone();
    assert_eq!((&corrected["label"], &corrected["corrected"]), (&"positive".into(), &"lin".into()));
    assert!(until(LIMIT, || scored(&profile).as_i64() > Some(0)), "the mood follows the correction");
    let accounts = profile.one(&["accounts"]);
    let worker = &accounts["workers"][0];
    assert_eq!(worker["worker"], "scores");
    assert!(worker["last_success"].is_string() && worker["trouble"].is_null(), "{worker}");
    assert!(profile.one(&["sync"])["workers"][0]["doing"].is_string());
}

#[test]
fn what_was_imported_while_nobody_was_at_work_is_scored_after_the_start() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..6));
    let _serve = Serve::start(&profile);
    let id = profile.one(&["inbox"])["customer"].as_str().unwrap().to_owned();
    let line = || profile.json(&["log"]).iter().any(|row| row["kind"] == "scored");
    assert!(until(LIMIT, line));
    let card = profile.one(&["score", "show", &id]);
    assert_eq!((&card["stale"], card["scores"].as_array().unwrap().len()), (&false.into(), 9));
}
