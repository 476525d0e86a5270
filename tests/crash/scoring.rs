//! Killed while scoring everybody: it goes on where it was, and nobody is scored twice or left out.

use crate::support::profile::Profile;
use crate::support::until;
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// Mails of so many customers, two each.
fn mails(customers: usize) -> Vec<Vec<u8>> {
    let mail = |number: usize, text: &str| {
        let who = number % customers;
        format!(
            "From: c{who}@test.example\r\nTo: support@shop.example\r\nSubject: Order\r\nMessage-ID: <n{number}@test.example>\r\n\
             Date: Wed, 1 Jul 2026 10:00:00 +0200\r\n\r\n{text}\r\n"
        )
        .into_bytes()
    };
    let texts = ["This is terrible, I am very angry.", "Thank you, that was wonderful!"];
    (0..2 * customers).map(|number| mail(number, texts[number % 2])).collect()
}

/// What is kept of every customer, without when it was computed.
fn cards(profile: &Profile) -> Vec<Value> {
    let rows = profile.json(&["inbox", "--view", "all"]);
    let mut cards = Vec::new();
    for row in rows.iter().step_by(40) {
        let mut card = profile.one(&["score", "show", row["customer"].as_str().unwrap()]);
        assert_eq!(card["stale"], false);
        card["mood"] = row["mood"].clone();
        cards.push(card);
    }
    cards
}

#[test]
fn killed_again_and_again_everybody_is_scored_in_the_end() {
    const CUSTOMERS: usize = 600;
    let profile = Profile::offline();
    profile.import(&mails(CUSTOMERS));
    // How long it takes on this machine, to know when there is something to disturb.
    let other = Profile::offline();
    other.import(&mails(CUSTOMERS));
    let started = Instant::now();
    let whole = other.one(&["score", "refresh", "--all"]);
    let mut time = started.elapsed();
    assert_eq!(whole["customers"], CUSTOMERS);
    let (mut killed, mut rounds) = (0, 0);
    while killed < 8 && rounds < 40 {
        rounds += 1;
        let mut command = profile.command(&["score", "refresh", "--all"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        if until(time.mul_f64(fastrand::f64()), || child.try_wait().unwrap().is_some()) {
            time = started.elapsed().max(Duration::from_millis(50));
        } else {
            child.kill().unwrap();
            killed += 1;
        }
        child.wait().unwrap();
    }
    eprintln!("killed {killed} times in {rounds} rounds");
    assert_eq!(killed, 8, "in {rounds} rounds");
    profile.ok(&["score", "refresh"]);
    let rows = profile.json(&["inbox", "--view", "all"]);
    assert_eq!(rows.len(), CUSTOMERS);
    assert!(rows.iter().all(|row| row["mood"].is_number()), "everybody has a mood");
    let sizes = |rows: &[Value]| -> u64 {
        rows.iter().filter(|row| row["kind"] == "rfm").map(|row| row["size"].as_u64().unwrap()).sum()
    };
    assert_eq!(sizes(&profile.json(&["segment", "list"])), CUSTOMERS as u64);
    // There is nothing left to do, and nothing is done.
    let seq = profile.json(&["log"]).last().unwrap()["seq"].clone();
    let again = profile.one(&["score", "refresh"]);
    assert_eq!((&again["customers"], &again["changed"]), (&0.into(), &0.into()));
    assert_eq!(profile.json(&["log"]).last().unwrap()["seq"], seq);
    assert!(!cards(&profile).is_empty());
    profile.assert_sound();
    profile.ok(&["rebuild"]);
    assert_eq!(profile.one(&["score", "refresh"])["changed"], 0, "the scores are in the journal");
    profile.assert_sound();
}
