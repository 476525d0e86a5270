//! What cannot be understood is kept whole and can be dealt with.

use super::{broken, from};
use crate::support::profile::Profile;

#[test]
fn a_dead_letter_is_listed_shown_exported_retried_and_discarded() {
    let profile = Profile::offline();
    let report = profile.import(&[broken(), from("1", "Ana <ana@test.example>", "Good", "good\n")]);
    assert_eq!((&report["new"], &report["dead"]), (&1.into(), &1.into()));
    let again = profile.import(&[broken()]);
    assert_eq!((&again["duplicate"], &again["dead"]), (&1.into(), &0.into()), "once, however often it comes");
    let dead = profile.one(&["dead", "list"]);
    assert!(dead["reason"].as_str().unwrap().contains("no mail"), "{dead}");
    assert_eq!(dead["size"], broken().len());
    let id = dead["dead"].as_str().unwrap();
    assert!(profile.ok(&["dead", "list"]).out().contains(id));
    assert!(profile.one(&["dead", "show", id])["text"].as_str().unwrap().contains("not one header"));
    assert!(profile.ok(&["dead", "show", id]).out().contains("not one header"));

    assert_eq!(profile.ok(&["dead", "export", id]).bytes, broken(), "byte for byte");
    let file = profile.home().join("dead.eml");
    let words = ["dead", "export", id, "--out", file.to_str().unwrap()];
    profile.ok(&words);
    assert_eq!(std::fs::read(&file).unwrap(), broken());
    profile.refused(&words);

    let retried = profile.one(&["dead", "retry", id]);
    assert_eq!((&retried["dead"], &retried["filed"]), (&id.into(), &false.into()));
    assert_eq!(profile.one(&["dead", "list"])["tries"], 1);
    assert_eq!(profile.json(&["dead", "retry"]).len(), 1, "all");

    assert_eq!(profile.run(&["dead", "discard"]).code, Some(2), "whose, or all");
    assert!(profile.json(&["dead", "discard", "--all", "--account", "another"]).is_empty());
    let gone = profile.one(&["dead", "discard", "--all", "--account", "support"]);
    assert_eq!((&gone["dead"], &gone["discarded"]), (&id.into(), &true.into()));
    assert!(profile.json(&["dead", "list"]).is_empty());
    let said = profile.refused(&["dead", "show", id]);
    assert!(said.contains("no dead letter"), "{said}");
    profile.assert_sound();
}
