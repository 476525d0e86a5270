//! The screen in a real terminal, with real servers behind it.
#![allow(clippy::unwrap_used)]

mod ends;
mod first_run;
mod full;
mod mail;
mod odd;
mod people;

use crate::support::profile::Profile;
use crate::support::tmux::{LIMIT, Tmux};
use crate::support::until;
use rustix::process::{Pid, Signal};

/// Sends a signal to the screen that [`Tmux::open`] started.
fn signal(profile: &Profile, signal: Signal) {
    let mut pid = None;
    let named = until(LIMIT, || {
        let text = std::fs::read_to_string(profile.home().join("pid")).unwrap_or_default();
        pid = text.trim().parse().ok().and_then(Pid::from_raw);
        pid.is_some()
    });
    assert!(named, "the screen was not started");
    rustix::process::kill_process(pid.unwrap(), signal).unwrap();
}

/// Opens the screen and waits until it has drawn its inbox.
fn open(terminal: &Tmux, profile: &Profile) {
    terminal.open(profile.home(), &profile.path);
    terminal.wait_for("inbox");
}
