//! Triage by command: every act is there again when it is read back.

use super::from;
use crate::support::mail;
use crate::support::profile::Profile;
use serde_json::{Value, json};

fn status(profile: &Profile) -> Value {
    profile.one(&["show", "ana"])["case"]["status"].clone()
}

#[test]
fn a_case_goes_round_and_every_step_is_read_back() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    assert_eq!(status(&profile), "open");
    profile.ok(&["resolve", "ana"]);
    assert_eq!(status(&profile), "resolved");
    assert!(profile.json(&["inbox"]).is_empty());
    assert_eq!(profile.json(&["inbox", "--view", "resolved"]).len(), 1);
    profile.ok(&["reopen", "ana"]);
    assert_eq!(status(&profile), "open");
    profile.ok(&["wait", "ana"]);
    assert_eq!(status(&profile), "waiting");
    profile.ok(&["snooze", "ana", "--until", "2030-05-06T07:08:09Z"]);
    let row = profile.one(&["inbox", "--view", "snoozed"]);
    assert_eq!(row["snoozed_until"], "2030-05-06T07:08:09Z");
    profile.ok(&["snooze", "ana", "--until", "reply"]);
    assert_eq!(profile.one(&["show", "ana"])["case"]["snoozed_until"], "reply");

    // The customer writes again: what waited for it is open.
    profile.import(&mail::numbered(1..2));
    assert_eq!(status(&profile), "open");

    profile.ok(&["assign", "ana", "bo"]);
    profile.ok(&["priority", "ana", "urgent"]);
    profile.ok(&["tag", "ana", "VIP", "fragile"]);
    profile.ok(&["tag", "ana", "new", "--remove", "fragile"]);
    let edit = ["edit", "ana", "--name", "Ana of Porto", "--notes", "calls at noon", "--language", "pt"];
    profile.ok(&[&edit[..], &["--field", "order=4711", "--field", "town=Porto"]].concat());
    profile.ok(&["edit", "ana", "--field", "town="]);
    let show = profile.one(&["show", "ana"]);
    assert_eq!((&show["case"]["owner"], &show["case"]["priority"]), (&"bo".into(), &"urgent".into()));
    assert_eq!((&show["name"], &show["notes"]), (&"Ana of Porto".into(), &"calls at noon".into()));
    assert_eq!((&show["language"], &show["fields"]), (&"pt".into(), &json!({"order": "4711"})));
    let tags: Vec<_> = show["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
    assert_eq!(tags, ["new", "vip"]);
    profile.ok(&["assign", "ana", "--nobody"]);
    assert_eq!(profile.one(&["inbox"])["owner"], Value::Null);

    let who: Vec<_> = profile.json(&["log"]).iter().map(|line| line["actor"].clone()).collect();
    assert!(who.contains(&"lin".into()), "the log says who did it: {who:?}");
    profile.ok(&["--agent", "mia", "resolve", "ana"]);
    assert_eq!(profile.json(&["log"]).last().unwrap()["actor"], "mia");
    profile.assert_sound();
}

#[test]
fn the_inbox_narrows_to_what_was_asked_for() {
    let profile = Profile::offline();
    profile.import(&[
        from("1", "Ana <ana@test.example>", "Cup", "broken\n"),
        from("2", "Bo <bo@test.example>", "Pot", "lost\n"),
        from("3", "Cem <cem@test.example>", "Pan", "hot\n"),
    ]);
    profile.ok(&["assign", "bo@test.example", "mia"]);
    profile.ok(&["tag", "cem", "kitchen"]);
    let names = |words: &[&str]| {
        let rows = profile.json(&[&["inbox"], words].concat());
        let mut names: Vec<String> = rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&[]), ["Ana", "Bo", "Cem"]);
    assert_eq!(names(&["--owner", "mia"]), ["Bo"]);
    assert_eq!(names(&["--owner", "none"]), ["Ana", "Cem"]);
    assert_eq!(names(&["--tag", "Kitchen"]), ["Cem"]);
    assert_eq!(names(&["--filter", "broken"]), ["Ana"]);
    assert_eq!(names(&["--limit", "2"]).len(), 2);
}

#[test]
fn a_note_stays_in_the_house() {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    profile.ok(&["note", "ana", "--text", "she sounds angry"]);
    assert!(profile.json(&["outbox"]).is_empty(), "nothing of a note is on its way out");
    let show = profile.one(&["show", "ana"]);
    let note = &show["messages"][1];
    assert_eq!((&note["direction"], &note["text"]), (&"note".into(), &"she sounds angry".into()));
    assert_eq!((&note["to"], &note["agent"]), (&json!([]), &"lin".into()));
    let text = profile.ok(&["show", "ana"]).out();
    assert!(text.contains("NOTE"), "unmistakable as text too: {text}");
    // The answer goes to what the customer wrote, without a word of the note.
    profile.ok(&["reply", "ana", "--text", "Dear Ana"]);
    assert!(!profile.json(&["outbox"])[0]["text"].as_str().unwrap().contains("angry"));
}
