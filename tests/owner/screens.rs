//! Screens at an owner: several at once, lines that break, owners that end, terminals that do not read.

use crate::need;
use crate::support::mail;
use crate::support::profile::Profile;
use crate::support::serve::{RawScreen, Serve};
use crate::support::tmux::Tmux;
use crate::support::until;
use rustix::process::Signal;
use std::time::Duration;
use switchboard::server::Message;

const LIMIT: Duration = Duration::from_secs(20);

fn served(mails: usize) -> (Profile, Serve) {
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..mails));
    let serve = Serve::start(&profile);
    (profile, serve)
}

fn draft(profile: &Profile) -> String {
    profile.json(&["drafts"]).first().map_or_else(String::new, |row| row["text"].as_str().unwrap().to_owned())
}

#[test]
fn several_screens_each_its_own_size_and_all_see_what_happens() {
    let (profile, _serve) = served(1);
    let small = RawScreen::attach(&profile.path, "lin", (80, 24));
    let wide = RawScreen::attach(&profile.path, "mara", (160, 50));
    small.wait_for("Ana");
    wide.wait_for("profile");
    assert!(!small.text().contains("profile"), "one pane at 80 columns");
    small.forget();
    wide.forget();
    profile.ok(&["assign", "ana@test.example", "--to", "zoe"]);
    wide.wait_for("zoe");
    profile.ok(&["note", "ana@test.example", "--text", "seen everywhere"]);
    wide.wait_for("seen everywhere");
}

#[test]
fn a_screen_ends_and_serve_goes_on() {
    let (profile, _serve) = served(1);
    let screen = RawScreen::attach(&profile.path, "lin", (80, 24));
    screen.wait_for("Ana");
    screen.types(b"q");
    screen.wait_for("Leave");
    screen.types(b"y");
    assert_eq!(screen.wait_for_end(), Some(Message::Exit(0)));
    assert_eq!(profile.one(&["inbox"])["name"], "Ana");
}

#[test]
fn a_line_that_breaks_leaves_draft_and_place() {
    let (profile, _serve) = served(3);
    let screen = RawScreen::attach(&profile.path, "lin", (80, 24));
    screen.wait_for("Ana");
    screen.types(b"r");
    screen.wait_for("Reply to Ana");
    screen.types("typed before the line broke".as_bytes());
    screen.wait_for("broke");
    screen.cut();
    assert!(until(LIMIT, || draft(&profile).contains("typed before the line broke")), "saved at once");
    let other = RawScreen::attach(&profile.path, "mara", (80, 24));
    other.wait_for("inbox");
    assert!(!other.text().contains("typed before"), "another agent begins anew");
    let again = RawScreen::attach(&profile.path, "lin", (100, 30));
    again.wait_for("typed before the line broke");
    again.wait_for("this is where you were");
}

#[test]
fn a_paste_whose_line_breaks_in_its_middle_is_kept_as_far_as_it_came() {
    let (profile, _serve) = served(1);
    let screen = RawScreen::attach(&profile.path, "lin", (80, 24));
    screen.wait_for("Ana");
    screen.types(b"r");
    screen.wait_for("Reply to Ana");
    screen.types(b"\x1b[200~the first half of a long text");
    screen.cut();
    assert!(until(LIMIT, || draft(&profile).contains("the first half of a long text")));
}

#[test]
fn two_windows_on_one_draft_do_not_write_over_each_other() {
    let (profile, _serve) = served(1);
    let first = RawScreen::attach(&profile.path, "lin", (80, 24));
    first.wait_for("Ana");
    first.types(b"m");
    first.wait_for("PRIVATE NOTE");
    first.types(b"begun in the first");
    first.wait_for("draft kept");
    let second = RawScreen::attach(&profile.path, "lin", (80, 24));
    second.wait_for("Ana");
    second.types(b"m");
    second.wait_for("There is a draft");
    second.types(b"y");
    second.wait_for("begun in the first");
    first.types(b", gone on with there");
    second.wait_for("another window writes this draft too");
    second.types(b"SECOND ");
    let texts = || {
        let rows = profile.json(&["drafts"]);
        let mut texts: Vec<String> = rows.iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect();
        texts.sort();
        texts
    };
    let both = ["SECOND begun in the first", "begun in the first, gone on with there"];
    assert!(until(LIMIT, || texts() == both), "{:?}", texts());
    first.types(b" and on");
    assert!(until(LIMIT, || texts()[1].ends_with("there and on")), "{:?}", texts());
    assert_eq!(texts()[0], both[0]);
}

#[test]
fn a_screen_that_does_not_read_costs_one_frame_and_slows_nobody() {
    let (profile, serve) = served(50);
    let memory = || {
        let text = std::fs::read_to_string(format!("/proc/{}/status", serve.id())).unwrap();
        let line = text.lines().find(|line| line.starts_with("VmRSS:")).unwrap().to_owned();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let deaf: Vec<_> = (0..20).map(|_| RawScreen::attach_deaf(&profile.path, "deaf", (200, 60))).collect();
    let screen = RawScreen::attach(&profile.path, "lin", (80, 24));
    screen.wait_for("Ana");
    // What scoring takes once and for all (its models) is not what the screens cost.
    profile.ok(&["note", "ana@test.example", "--text", "note"]);
    profile.ok(&["score", "refresh"]);
    // Each has its frame, and nothing more is taken for them.
    assert!(until(LIMIT, || deaf.iter().all(|screen| screen.waiting() > 0)), "a screen was sent nothing");
    let mut before = 0;
    let is_still = || {
        let last = std::mem::replace(&mut before, memory());
        last == before
    };
    assert!(until(LIMIT, is_still), "its memory goes on growing");
    for at in 0..60 {
        profile.ok(&["note", "ana@test.example", "--text", &format!("note {at}")]);
    }
    // Keys go on being answered.
    screen.forget();
    screen.types(b"?");
    screen.wait_for("Keys and commands");
    let grown = memory().saturating_sub(before);
    assert!(grown < 40_000, "{grown} kB more for 20 screens that do not read");
    drop(deaf);
}

#[test]
fn half_a_key_in_a_packet_is_still_one_key() {
    let (profile, _serve) = served(1);
    let screen = RawScreen::attach(&profile.path, "lin", (80, 24));
    screen.wait_for("Ana");
    screen.types(b"r");
    screen.wait_for("Reply to Ana");
    // F2, in two packets: the review.
    screen.types(b"text\x1b");
    screen.types(b"OQ");
    screen.wait_for("REVIEW");
    // Escape alone, with nothing after it: back to writing.
    screen.forget();
    screen.types(b"\x1b");
    screen.wait_for("writing");
}

#[test]
fn a_paste_of_a_megabyte_and_a_storm_of_sizes_are_taken() {
    let (profile, _serve) = served(1);
    let screen = RawScreen::attach(&profile.path, "lin", (80, 24));
    screen.wait_for("Ana");
    screen.types(b"r");
    screen.wait_for("Reply to Ana");
    let line = "pasted text that is long enough to be wrapped at eighty columns, line after line\n";
    // The longest message is a megabyte, the quoted text included.
    let paste = line.repeat(990_000 / line.len());
    screen.types(format!("\x1b[200~{paste}\x1b[201~").as_bytes());
    for at in 0..300u16 {
        screen.resize(60 + at % 140, 15 + at % 45);
    }
    screen.resize(5, 2);
    screen.resize(0, 0);
    screen.resize(u16::MAX, 3);
    screen.resize(90, 20);
    let kept = || draft(&profile).trim_end().len();
    assert!(until(LIMIT, || kept() >= paste.trim_end().len()), "the whole paste is kept, not {} bytes", kept());
    screen.forget();
    screen.types(b"END");
    screen.wait_for("END");
}

#[test]
fn a_hundred_screens_at_once() {
    let (profile, _serve) = served(30);
    let screens: Vec<_> =
        (0..100).map(|at| RawScreen::attach(&profile.path, &format!("agent{at}"), (120, 40))).collect();
    screens.iter().for_each(|screen| screen.wait_for("Ana"));
    screens.iter().for_each(RawScreen::forget);
    profile.ok(&["assign", "ana@test.example", "--to", "zoe"]);
    screens.iter().for_each(|screen| screen.wait_for("zoe"));
}

#[test]
fn the_owner_ends_and_every_screen_is_told() {
    let (profile, serve) = served(1);
    let writing = RawScreen::attach(&profile.path, "lin", (80, 24));
    let reading = RawScreen::attach(&profile.path, "mara", (80, 24));
    writing.wait_for("Ana");
    reading.wait_for("Ana");
    writing.types(b"r");
    writing.wait_for("Reply to Ana");
    writing.types(b"typed this very moment");
    writing.wait_for("moment");
    assert_eq!(serve.end(Signal::TERM).code, Some(0));
    assert!(matches!(writing.wait_for_end(), Some(Message::Leaving(_))));
    assert!(matches!(reading.wait_for_end(), Some(Message::Leaving(_))));
    assert!(draft(&profile).contains("typed this very moment"), "and what was typed is kept");
    profile.assert_sound();
}

#[test]
fn in_a_real_terminal_attach_leave_and_take_over() {
    let (first, second) = (need!(Tmux::start(80, 24)), need!(Tmux::start(120, 40)));
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..2));
    first.open(profile.home(), &profile.path);
    first.wait_for("inbox");
    second.open(profile.home(), &profile.path);
    second.wait_for("inbox");
    second.wait_for("Ana");
    second.keys(&["r"]);
    second.wait_for("Reply to Ana");
    second.text("begun in the second window");
    second.wait_for("second window");
    second.keys(&["Left", "Left", "Left", "Left", "Left", "Left"]);
    // The owner leaves.
    first.keys(&["q"]);
    first.wait_for("Leave Switchboard?");
    first.keys(&["y"]);
    first.wait_for_end(0);
    second.wait_for("Enter goes on here");
    second.keys(&["Enter"]);
    // At the same customer, in the same text, at the same letter.
    second.wait_for("this is where you were");
    second.wait_for("Reply to Ana");
    second.text("and only ");
    second.wait_for("begun in the second and only window");
    assert!(until(LIMIT, || draft(&profile).contains("begun in the second and only window")));
    second.keys(&["Escape"]);
    second.wait_for("Keep this text?");
    second.keys(&["p"]);
    second.wait_without("Reply to Ana");
    // Now the second owns the profile, and the first may come back.
    first.open(profile.home(), &profile.path);
    first.wait_for("Ana");
    first.keys(&["q"]);
    first.wait_for("Leave Switchboard?");
    first.keys(&["y"]);
    first.wait_for_end(0);
    second.keys(&["q", "q"]);
    second.wait_for("Leave Switchboard?");
    second.keys(&["y"]);
    second.wait_for_end(0);
    profile.assert_sound();
}

#[test]
fn a_window_takes_over_although_its_program_was_replaced_or_removed() {
    let (first, second) = (need!(Tmux::start(80, 24)), need!(Tmux::start(80, 24)));
    let profile = Profile::offline();
    profile.import(&mail::numbered(0..1));
    let program = profile.home().join("switchboard");
    let renew = || {
        let beside = profile.home().join("switchboard.new");
        std::fs::copy(env!("CARGO_BIN_EXE_switchboard"), &beside).unwrap();
        std::fs::rename(beside, &program).unwrap();
    };
    renew();
    for upgraded in [true, false] {
        first.open(profile.home(), &profile.path);
        first.wait_for("Ana");
        second.open_with(&program, profile.home(), &profile.path);
        second.wait_for("Ana");
        match upgraded {
            true => renew(),
            false => std::fs::remove_file(&program).unwrap(),
        }
        first.keys(&["q"]);
        first.wait_for("Leave Switchboard?");
        first.keys(&["y"]);
        first.wait_for_end(0);
        second.wait_for("Enter goes on here");
        second.keys(&["Enter"]);
        second.wait_for("this is where you were");
        second.keys(&["q"]);
        second.wait_for("Leave Switchboard?");
        second.keys(&["y"]);
        second.wait_for_end(0);
        for terminal in [&first, &second] {
            terminal.text("clear");
            terminal.keys(&["Enter"]);
            terminal.wait_without("ended 0");
        }
    }
}

#[test]
fn an_owner_that_is_killed_leaves_terminals_in_order_and_drafts_safe() {
    let terminal = need!(Tmux::start(80, 24));
    let (profile, serve) = served(1);
    terminal.open(profile.home(), &profile.path);
    terminal.wait_for("Ana");
    terminal.keys(&["r"]);
    terminal.wait_for("Reply to Ana");
    terminal.text("kept through a kill");
    terminal.wait_for("draft kept");
    assert!(until(LIMIT, || draft(&profile).contains("kept through a kill")));
    serve.end(Signal::KILL);
    terminal.wait_for("Enter goes on here");
    terminal.keys(&["q", "Enter"]);
    terminal.wait_for_end(0);
    assert!(draft(&profile).contains("kept through a kill"));
}
