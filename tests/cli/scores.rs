//! Scores by command: shown, corrected, refreshed, taught, and segments.

use crate::support::mail;
use crate::support::profile::Profile;
use serde_json::Value;

fn with_mail() -> Profile {
    let profile = Profile::offline();
    profile.import(&[
        mail::plain("n1", "Order", "This is terrible, I am very angry and disappointed."),
        mail::plain("n2", "Order", "Thank you so much, that was wonderful!"),
    ]);
    profile
}

#[test]
fn a_card_is_computed_when_nobody_has_and_says_what_is_missing() {
    let profile = with_mail();
    let card = profile.one(&["score", "show", "ana@test.example"]);
    assert_eq!(card["stale"], false);
    let scores = card["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 9);
    for score in scores {
        assert_eq!(score["value"].is_null(), score["band"].is_null(), "{score}");
        assert!(score["version"].is_string() && score["at"].is_string() && score["reasons"].is_array(), "{score}");
        if score["value"].is_null() {
            assert!(!score["reasons"].as_array().unwrap().is_empty(), "it says what is missing: {score}");
        }
    }
    let text = profile.ok(&["score", "show", "ana@test.example"]).out();
    assert!(text.contains("mood") && text.contains("not enough data"), "{text}");
}

#[test]
fn the_service_clock_goes_by_the_targets_of_the_house() {
    let profile = with_mail();
    let service = || {
        let card = profile.one(&["score", "show", "ana@test.example"]);
        card["scores"].as_array().unwrap().iter().find(|score| score["kind"] == "service").unwrap().clone()
    };
    // Written months ago and never answered.
    let before = service();
    assert_eq!(before["value"], 0.0, "{before}");
    let config = profile.path.join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let none = "\n[service]\nfirst = \"none\"\nnext = \"none\"\nresolution = \"none\"\n";
    std::fs::write(&config, format!("{text}{none}")).unwrap();
    let without = service();
    assert_eq!(without["value"], Value::Null, "what is no target cannot be missed: {without}");
    assert_ne!(without["version"], before["version"], "scores by other targets are others");
    std::fs::write(&config, format!("{text}\n[service]\nfirst = \"soon\"\n")).unwrap();
    let said = profile.refused(&["score", "show", "ana@test.example"]);
    assert!(said.contains("config.toml") && said.contains("\"4h\""), "{said}");
}

#[test]
fn a_correction_is_shown_taken_back_and_refused_where_it_makes_no_sense() {
    let profile = with_mail();
    let message = |words: &str| {
        let shown = profile.one(&["show", "ana@test.example"]);
        let is_it = |message: &&Value| message["text"].as_str().unwrap().contains(words);
        shown["messages"].as_array().unwrap().iter().find(is_it).unwrap().clone()
    };
    let sentiment = || message("terrible")["sentiment"].clone();
    let id = message("terrible")["id"].as_str().unwrap().to_owned();
    let before = sentiment();
    assert_eq!((&before["label"], &before["corrected"]), (&"negative".into(), &Value::Null));
    let acted = profile.one(&["score", "correct", &id, "neutral"]);
    assert_eq!(acted["message"], id.as_str());
    assert_eq!((&sentiment()["label"], &sentiment()["corrected"]), (&"neutral".into(), &"lin".into()));
    profile.ok(&["score", "correct", &id, "none"]);
    assert_eq!(sentiment(), before);
    assert!(profile.refused(&["score", "correct", &id, "none"]).contains("nobody has corrected"));
    profile.ok(&["note", "ana@test.example", "--text", "angry?"]);
    let note = message("angry?");
    assert_eq!(note["sentiment"], Value::Null);
    profile.refused(&["score", "correct", note["id"].as_str().unwrap(), "negative"]);
    assert_eq!(profile.run(&["score", "correct", &id, "furious"]).code, Some(2));
    assert!(profile.json(&["log"]).iter().any(|row| row["kind"] == "corrected" && row["actor"] == "lin"));
}

#[test]
fn a_refresh_brings_all_up_to_date_once() {
    let profile = with_mail();
    let first = profile.one(&["score", "refresh"]);
    assert_eq!((&first["customers"], &first["changed"], &first["failed"]), (&1.into(), &1.into(), &0.into()));
    assert!(profile.one(&["inbox", "--view", "all"])["mood"].is_number());
    let again = profile.one(&["score", "refresh"]);
    assert_eq!((&again["customers"], &again["changed"]), (&0.into(), &0.into()));
    let all = profile.one(&["score", "refresh", "--all"]);
    assert_eq!((&all["customers"], &all["changed"]), (&1.into(), &0.into()), "looked at again, nothing new");
    assert!(profile.refused(&["score", "refresh", "--stop"]).contains("nobody is being scored"));
    profile.assert_sound();
}

/// Who has news and is come past again by the round of another model is one person.
#[test]
fn nobody_is_counted_twice_by_a_refresh() {
    let profile = with_mail();
    let other = String::from_utf8(mail::plain("n3", "Order", "Where is it?")).unwrap();
    profile.import(&[other.replace("Ana <ana@", "Bo <bo@").into_bytes()]);
    assert_eq!(profile.one(&["score", "refresh"])["customers"], 2);
    let shown = profile.one(&["show", "ana@test.example"]);
    for message in shown["messages"].as_array().unwrap() {
        profile.ok(&["score", "correct", message["id"].as_str().unwrap(), "neutral"]);
    }
    let all = profile.one(&["score", "refresh", "--all"]);
    assert_eq!(all["customers"], 2, "one with news among two: {all}");
    profile.assert_sound();
}

#[test]
fn a_layer_is_learned_switched_off_and_taken_back() {
    let profile = Profile::offline();
    let texts: Vec<Vec<u8>> = (0..24)
        .map(|n| {
            let text = if n % 2 == 0 { "The parcel was left with a neighbour." } else { "Where is the zyx invoice?" };
            mail::plain(&format!("n{n}"), "Order", &format!("{text} Number {n}."))
        })
        .collect();
    profile.import(&texts);
    assert_eq!(profile.one(&["score", "layer"])["layer"], Value::Null);
    assert!(profile.refused(&["score", "layer", "--undo"]).contains("nothing"));
    for message in profile.one(&["show", "ana@test.example"])["messages"].as_array().unwrap() {
        let label = if message["text"].as_str().unwrap().contains("zyx") { "negative" } else { "positive" };
        profile.ok(&["score", "correct", message["id"].as_str().unwrap(), label]);
    }
    let refreshed = profile.one(&["score", "refresh"]);
    assert_eq!((&refreshed["layer"], &refreshed["corrections"]), (&1.into(), &24.into()));
    let learned = profile.one(&["score", "layer"]);
    assert_eq!(
        (&learned["learned_from"], &learned["off"], &learned["trouble"]),
        (&24.into(), &false.into(), &Value::Null)
    );
    let off = profile.one(&["score", "layer", "--off"]);
    assert_eq!((&off["layer"], &off["off"]), (&Value::Null, &true.into()));
    assert_ne!(off["version"], learned["version"]);
    assert_eq!(profile.one(&["score", "layer", "--on"])["version"], learned["version"]);
    let undone = profile.one(&["score", "layer", "--undo"]);
    assert_eq!((&undone["layer"], &undone["corrections"]), (&Value::Null, &24.into()));
    assert_eq!(profile.one(&["score", "refresh"])["layer"], Value::Null, "the same corrections teach nothing new");
    profile.assert_sound();
}

#[test]
fn a_first_correction_is_counted_though_it_teaches_nothing_yet() {
    let profile = with_mail();
    let said = |profile: &Profile| profile.one(&["score", "show", "ana@test.example"])["learning"].clone();
    assert_eq!(said(&profile), "no corrections yet");
    assert!(profile.ok(&["score", "layer"]).out().contains("no corrections yet; the shipped model reads alone"));
    let shown = profile.one(&["show", "ana@test.example"]);
    profile.ok(&["score", "correct", shown["messages"][0]["id"].as_str().unwrap(), "neutral"]);
    let told = "1 correction, learning begins at 5";
    assert_eq!(said(&profile), told);
    assert!(profile.ok(&["score", "layer"]).out().contains(told));
    // Also once it was tried.
    profile.ok(&["score", "refresh"]);
    assert_eq!(said(&profile), told);
    let layer = profile.one(&["score", "layer"]);
    assert_eq!((&layer["layer"], &layer["corrections"], &layer["begins_at"]), (&Value::Null, &1.into(), &5.into()));
    assert!(profile.json(&["log"]).iter().any(|row| row["kind"] == "learned" && row["summary"] == told));
}

#[test]
fn segments_are_listed_with_their_customers() {
    let profile = with_mail();
    assert!(profile.ok(&["segment", "list"]).err.contains("segment fit"));
    let fitted = profile.one(&["segment", "fit"]);
    assert_eq!((&fitted["customers"], &fitted["moved"]), (&1.into(), &0.into()));
    let without: Vec<&str> =
        fitted["without"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(without, ["k-means", "dbscan"], "one customer is too few");
    let rows = profile.json(&["segment", "list"]);
    let segment = rows.iter().find(|row| row["size"] == 1).unwrap();
    let members = profile.json(&["segment", "show", segment["name"].as_str().unwrap()]);
    assert_eq!(members.len(), 1);
    assert_eq!(members[0]["address"], "ana@test.example");
    assert!(profile.refused(&["segment", "show", "nobody"]).contains("no segment"));
    assert_eq!(profile.run(&["segment", "fit", "--kmeans", "1"]).code, Some(2));
}
