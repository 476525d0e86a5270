//! Odd terminals: the screen works, or says why not.

use super::open;
use crate::need;
use crate::support::mail;
use crate::support::profile::Profile;
use crate::support::tmux::Tmux;

/// A terminal whose shell has been told these lines.
fn told(lines: &[&str]) -> Option<(Tmux, Profile)> {
    let terminal = Tmux::start(80, 24)?;
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    for line in lines {
        terminal.text(line);
        terminal.keys(&["Enter"]);
    }
    Some((terminal, profile))
}

#[test]
fn an_unknown_terminal_or_none_named_shows_the_screen() {
    for line in ["export TERM=weird", "unset TERM"] {
        let (terminal, profile) = need!(told(&[line]));
        open(&terminal, &profile);
        terminal.wait_for_line(&["Ana", "email"]);
        terminal.keys(&["Enter"]);
        terminal.wait_for("▸ Ana");
        terminal.keys(&["C-c"]);
        terminal.wait_for_end(0);
    }
}

#[test]
fn a_terminal_that_can_show_nothing_says_so() {
    let (terminal, profile) = need!(told(&["export TERM=dumb"]));
    terminal.open(profile.home(), &profile.path);
    terminal.wait_for("cannot show the screen; use a verb");
    terminal.wait_for_end(1);
}

#[test]
fn a_locale_without_utf8_is_said_and_the_screen_works() {
    for (line, said) in
        [("export LC_ALL=POSIX", "LC_ALL=POSIX is not UTF-8"), ("unset LC_ALL LC_CTYPE LANG", "no UTF-8 locale is set")]
    {
        let (terminal, profile) = need!(told(&[line]));
        open(&terminal, &profile);
        terminal.wait_for(said);
        terminal.wait_for_line(&["Ana", "email"]);
        terminal.keys(&["Enter"]);
        terminal.wait_for("▸ Ana");
        terminal.wait_without(said);
        terminal.keys(&["C-c"]);
        terminal.wait_for_end(0);
    }
}

#[test]
fn a_broken_configuration_is_one_sentence_before_the_screen() {
    let (terminal, profile) = need!(told(&[]));
    profile.configure("theme = = dark\n");
    terminal.open(profile.home(), &profile.path);
    terminal.wait_for("config.toml:3:9:");
    terminal.wait_for_end(1);
}
