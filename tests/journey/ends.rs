//! However the screen ends: what was typed is there, and the next start has nothing to mend.

use super::{open, signal};
use crate::need;
use crate::support::mail;
use crate::support::profile::Profile;
use crate::support::tmux::Tmux;
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// A screen with a composer open, and the profile it runs on.
fn writing() -> Option<(Tmux, Profile)> {
    let terminal = Tmux::start(80, 24)?;
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    open(&terminal, &profile);
    terminal.wait_for("Ana");
    terminal.keys(&["r"]);
    terminal.wait_for("Reply to Ana");
    Some((terminal, profile))
}

fn draft(profile: &Profile) -> String {
    profile.one(&["drafts"])["text"].as_str().unwrap().to_owned()
}

#[test]
fn killed_while_typing_at_most_the_last_second_is_missing() {
    let (terminal, profile) = need!(writing());
    // Word after word, until it is killed in the middle of typing, at any moment between two saves.
    let length = Duration::from_millis(fastrand::u64(3000..4000));
    let started = Instant::now();
    let mut typed: Vec<(Instant, String)> = Vec::new();
    while started.elapsed() < length {
        let word = format!("word{} ", typed.len());
        terminal.text(&word);
        // Seen on the screen: from here on the agent relies on it.
        terminal.wait_for(word.trim_end());
        typed.push((Instant::now(), word));
    }
    let killed = Instant::now();
    signal(&profile, Signal::KILL);
    terminal.wait_for("ended 137");
    let draft = draft(&profile);
    // The words a second old and older, and a little more for the way onto the disk.
    let old: String = typed
        .iter()
        .filter(|(at, _)| killed.duration_since(*at) > Duration::from_millis(1300))
        .map(|(_, word)| word.as_str())
        .collect();
    let new = draft.matches("word").count();
    eprintln!("{} words typed, {new} in the draft", typed.len());
    assert!(old.len() > 20 && draft.contains(old.trim_end()), "typed {old:?}, kept {draft:?}");
    profile.assert_sound();
}

/// Ended by a signal in the middle of writing.
fn ended_by(with: Signal) {
    let Some((terminal, profile)) = writing() else { return };
    terminal.text("typed this very moment");
    terminal.wait_for("typed this very moment");
    let asked = Instant::now();
    signal(&profile, with);
    terminal.wait_for_end(0);
    eprintln!("{with:?}: ended after {} ms", asked.elapsed().as_millis());
    assert!(asked.elapsed() < Duration::from_secs(8), "after {:?}", asked.elapsed());
    assert!(draft(&profile).contains("typed this very moment"));
    assert_eq!(profile.ok(&["inbox"]).err, "", "the next start has nothing to say");
    profile.assert_sound();
}

#[test]
fn sigterm_ends_it_cleanly() {
    ended_by(Signal::TERM);
}

#[test]
fn sigint_ends_it_cleanly() {
    ended_by(Signal::INT);
}

#[test]
fn sighup_ends_it_cleanly() {
    ended_by(Signal::HUP);
}

#[test]
fn a_terminal_that_goes_away_ends_it_cleanly() {
    let (terminal, profile) = need!(writing());
    terminal.text("typed this very moment");
    terminal.wait_for("typed this very moment");
    drop(terminal);
    // The door is gone when it has ended; until then it would carry out what comes below.
    let door = profile.path.join("door/socket");
    assert!(crate::support::until(Duration::from_secs(10), || !door.exists()), "it ends");
    let last = profile.ok(&["drafts", "--json"]);
    assert_eq!(last.err, "");
    assert!(last.out().contains("typed this very moment"), "{last:?}");
    profile.assert_sound();
}
