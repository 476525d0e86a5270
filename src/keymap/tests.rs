//! What the keys of the presets and of an agent's own files do.
#![allow(clippy::unwrap_used)]

use super::*;

fn usual() -> (Keymap, Vec<Warning>) {
    Keymap::load("default", &[])
}

/// The usual keys with an agent's file over them.
fn own(text: &str) -> (Keymap, Vec<Warning>) {
    Keymap::load("default", &[OwnFile::new("default", "keys.toml", text)])
}

fn run(keymap: &Keymap, context: Context, keys: &str) -> String {
    match keymap.find(context, &parse_keys(keys).unwrap()) {
        Found::Action(action) => action.line(),
        Found::Prefix => "…".to_owned(),
        Found::Nothing | Found::Off => String::new(),
    }
}

#[test]
fn the_built_in_keys_have_no_warnings_and_all_resolve() {
    let (keymap, warnings) = usual();
    assert_eq!(warnings, []);
    let table = keymap.table();
    assert!(table.len() > 100);
    for row in table {
        assert_eq!(keymap.find(row.context, &row.keys), Found::Action(&row.action), "{row:?}");
    }
}

#[test]
fn the_keys_an_agent_was_promised_are_there() {
    let (keymap, _) = usual();
    let both = [Context::Inbox, Context::Timeline];
    for (keys, line) in [
        ("j", "down"),
        ("k", "up"),
        ("g g", "top"),
        ("G", "bottom"),
        ("C-d", "half-down"),
        ("C-u", "half-up"),
        ("q", "back"),
        ("Tab", "next-pane"),
        ("J", "next-case"),
        ("K", "why"),
        ("}", "next-case"),
        ("{", "previous-case"),
        ("r", "reply"),
        ("R", "reply-all"),
        ("f", "forward"),
        ("c", "compose"),
        ("m", "note"),
        ("e", "resolve"),
        ("s", "snooze"),
        ("a", "assign"),
        ("t", "tag"),
        ("u", "undo"),
        ("/", "filter"),
        (":", "command"),
        ("?", "help"),
        ("g r", "view resolved"),
        ("g b", "outbox"),
        ("g d", "dead-letters"),
        ("g m", "automated"),
        ("g f", "drafts"),
        ("C-l", "redraw"),
        ("g", "…"),
    ] {
        for context in both {
            assert_eq!(run(&keymap, context, keys), line, "{keys} in {}", context.name());
        }
    }
    assert_eq!(run(&keymap, Context::Inbox, "Enter"), "open");
    assert_eq!(run(&keymap, Context::Compose, "Alt-Enter"), "review");
    assert_eq!(run(&keymap, Context::Compose, "C-x C-s"), "review", "where Alt-Enter does not reach");
    assert_eq!(run(&keymap, Context::Compose, "j"), "", "letters are text");
    for (key, line) in
        [("y", "send"), ("Y", "send-resolve"), ("e", "edit"), ("a", "attach"), ("p", "postpone"), ("n", "discard")]
    {
        assert_eq!(run(&keymap, Context::Review, key), line);
    }
}

#[test]
fn an_agents_own_keys_come_over_the_built_in_ones() {
    let text = "[inbox]\ne = \"\"\n\"C-r\" = \"resolve\"\n\n[global]\n\"g x\" = \"view snoozed\"\n";
    let (keymap, warnings) = own(text);
    assert_eq!(warnings, []);
    assert_eq!(run(&keymap, Context::Inbox, "C-r"), "resolve");
    assert_eq!(run(&keymap, Context::Inbox, "e"), "", "taken away here");
    assert_eq!(run(&keymap, Context::Timeline, "e"), "resolve", "and only here");
    assert_eq!(run(&keymap, Context::Inbox, "g x"), "view snoozed");
    assert_eq!(keymap.keys_for(Context::Inbox, Verb::Resolve).as_deref(), Some("C-r"));
}

#[test]
fn what_is_wrong_is_named_by_line_and_column_and_the_rest_counts() {
    let text = "[inbox]\nx = \"resolv3\"\n  Foo = \"down\"\nz = 7\n\"C-t\" = \"tag vip\"\n[nowhere]\na = \"up\"\n";
    let (keymap, warnings) = own(text);
    let said: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(said.len(), 4, "{said:#?}");
    assert!(said[0].starts_with("keys.toml:2:5: there is no command `resolv3`"), "{}", said[0]);
    assert!(said[1].starts_with("keys.toml:3:3: `Foo` names no key"), "{}", said[1]);
    assert!(said[2].starts_with("keys.toml:4:5: `z` must be a text"), "{}", said[2]);
    assert!(said[3].starts_with("keys.toml:6:2: there is no section `nowhere`"), "{}", said[3]);
    assert_eq!(run(&keymap, Context::Inbox, "C-t"), "tag vip");
}

#[test]
fn a_line_that_is_no_toml_is_skipped_and_the_rest_counts() {
    let text = "[inbox]\nx = = \"down\"\n\"C-t\" = \"tag vip\"\n";
    let (keymap, warnings) = own(text);
    assert!(
        !warnings.is_empty() && warnings.iter().all(|warning| warning.place.as_ref().unwrap().line == 2),
        "{warnings:?}"
    );
    assert_eq!(run(&keymap, Context::Inbox, "C-t"), "tag vip");
}

#[test]
fn a_key_that_hides_others_is_said() {
    let (keymap, warnings) = own("[global]\ng = \"top\"\n");
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].what.starts_with("`g` hides `g "), "{}", warnings[0].what);
    assert_eq!(run(&keymap, Context::Inbox, "g"), "top");
}

/// Contexts whose commands about a customer are refused, as nobody sees one.
fn is_meant(context: Context, verb: Verb) -> bool {
    use crate::command::Group;
    let group = of(verb).group;
    let about_customer = matches!(group, Group::Case | Group::Profile) && verb != Verb::Undo;
    let answers = matches!(verb, Verb::Reply | Verb::ReplyAll | Verb::Forward | Verb::Note);
    // While writing there are fewer keys than commands; the palette, which has one, makes a pane narrower too.
    let in_the_palette = match context {
        Context::Compose => verb == Verb::Shrink,
        // Done now and then; the keys of the profile are for what is done daily.
        Context::Profile => {
            matches!(verb, Verb::Split | Verb::MoveIdentity | Verb::Accept | Verb::NextSuggestion)
        }
        _ => false,
    };
    // Looked at now and then; Enter on a segment among the scores leads there, too.
    let in_the_palette = in_the_palette || verb == Verb::Segments;
    !in_the_palette && (context != Context::List || !(about_customer || answers))
}

/// Where an agent has `:` for what no key runs.
fn has_command_line(keymap: &Keymap, context: Context) -> bool {
    keymap.keys_for(context, Verb::CommandLine).is_some()
}

#[test]
fn every_preset_reaches_whatever_the_default_reaches() {
    let (default, _) = usual();
    let mut missing = Vec::new();
    for (name, _) in PRESETS {
        let (keymap, warnings) = Keymap::load(name, &[]);
        assert_eq!(warnings, [], "{name}");
        for context in Context::ALL {
            for command in crate::command::COMMANDS {
                let wanted = default.keys_for(context, command.verb).is_some() && is_meant(context, command.verb);
                if wanted && keymap.keys_for(context, command.verb).is_none() {
                    missing.push(format!("{name}: {} in {}", command.name, context.name()));
                }
            }
            // `view resolved` is its own thing to an agent.
            for row in default.table().iter().filter(|row| row.context == Context::Global && context.inherits()) {
                let wanted = Found::Action(&row.action);
                let counts = is_meant(context, row.action.verb) && default.find(context, &row.keys) == wanted;
                let reached = keymap.table().iter().any(|other| {
                    other.action == row.action && keymap.find(context, &other.keys) == Found::Action(&other.action)
                });
                if counts && !reached {
                    missing.push(format!("{name}: {} in {}", row.action.line(), context.name()));
                }
            }
        }
        // What has no key anywhere is said after `:`.
        assert!(has_command_line(&keymap, Context::Inbox) && has_command_line(&keymap, Context::Timeline), "{name}");
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn what_cannot_be_undone_is_never_on_the_key_of_something_harmless_before_sending() {
    // Who presses a key twice, or holds it, must not have sent: no key that leads to the review sends from it.
    for (name, _) in PRESETS {
        let (keymap, _) = Keymap::load(name, &[]);
        let leads: Vec<String> = keymap.all_keys_for(Context::Compose, Verb::Review);
        assert!(!leads.is_empty(), "{name}");
        for keys in leads {
            for verb in [Verb::Send, Verb::SendResolve, Verb::Discard] {
                assert!(!keymap.all_keys_for(Context::Review, verb).contains(&keys), "{name}: {keys}");
            }
        }
        // Text is text: no letter runs a command while writing.
        for row in keymap.table().iter().filter(|row| row.context.takes_text()) {
            assert_eq!(row.keys[0].typed(), None, "{name}: {row:?}");
        }
    }
}

#[test]
fn the_accessible_keys_need_one_finger_and_no_second_key() {
    let (keymap, _) = Keymap::load("accessible", &[]);
    for row in keymap.table() {
        let [key] = row.keys.as_slice() else { panic!("{row:?} is a sequence") };
        assert!(key.modifiers.is_empty(), "{row:?} is a chord");
        // A capital, and what stands above a digit, is a chord with Shift.
        let shifted = key
            .typed()
            .is_some_and(|letter| !letter.is_ascii_lowercase() && !letter.is_ascii_digit() && !".,- ".contains(letter));
        assert!(!shifted, "{row:?} needs Shift");
    }
}

#[test]
fn the_presets_do_what_hands_expect() {
    use Context::{Inbox, Review, Timeline};
    for (name, context, keys, line) in [
        ("mutt", Inbox, "m", "compose"),
        ("mutt", Timeline, "r", "reply"),
        ("mutt", Timeline, "g", "reply-all"),
        ("mutt", Timeline, "d", "resolve"),
        ("mutt", Inbox, "u", "undo"),
        ("mutt", Inbox, "l", "filter"),
        ("mutt", Inbox, "c", "…"),
        ("mutt", Timeline, "Space", "page-down"),
        ("mutt", Timeline, "e", ""),
        ("mutt", Review, "y", "send"),
        ("mutt", Review, "P", "postpone"),
        ("mutt", Inbox, ":", "command"),
        ("gmail", Inbox, "j", "down"),
        ("gmail", Timeline, "j", "next-case"),
        ("gmail", Timeline, "n", "down"),
        ("gmail", Timeline, "u", "back"),
        ("gmail", Inbox, "e", "resolve"),
        ("gmail", Timeline, "a", "reply-all"),
        ("gmail", Inbox, "c", "compose"),
        ("gmail", Inbox, "/", "filter"),
        ("gmail", Inbox, "g i", "view inbox"),
        ("gmail", Inbox, "g d", "drafts"),
        ("gmail", Inbox, "s", "priority high"),
        ("gmail", Inbox, "z", "undo"),
        ("gmail", Inbox, "?", "help"),
        ("helix", Inbox, "Space", "…"),
        ("helix", Timeline, "Space e", "resolve"),
        ("helix", Inbox, "e", ""),
        ("helix", Inbox, "g e", "bottom"),
        ("helix", Inbox, "g g", "top"),
        ("helix", Timeline, "C-w w", "next-pane"),
        ("accessible", Inbox, "Right", "open"),
        ("accessible", Timeline, "F2", "reply"),
        ("accessible", Inbox, "j", ""),
    ] {
        let (keymap, _) = Keymap::load(name, &[]);
        assert_eq!(run(&keymap, context, keys), line, "{keys} in {} of {name}", context.name());
    }
}

#[test]
fn taking_a_key_of_a_longer_one_is_said_only_when_something_cannot_be_reached_any_more() {
    let (_, warnings) = own("[inbox]\nl = \"filter\"\n[global]\nc = \"\"\n\"c c\" = \"compose\"\n");
    assert_eq!(warnings, [], "compose has its key again");
    let (_, warnings) = own("[global]\n\"c a\" = \"sync\"\n");
    assert_eq!(warnings[0].to_string(), "keys.toml:2:1: `c a` hides `c`, which runs `compose`");
    // A pane takes keys of global away, too.
    let (_, warnings) = own("[inbox]\ng = \"top\"\n[timeline]\n\"r r\" = \"reply\"\n\"c x\" = \"up\"\n");
    let said: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("keys.toml:2:1: `g` hides `g "), "{}", said[0]);
    assert_eq!(said[1], "keys.toml:5:1: `c x` hides `c`, which runs `compose`");
    // Two lines of one file that take each other's keys: one has no effect.
    let (_, warnings) = own("[inbox]\nx = \"down\"\n\"x x\" = \"down\"\n");
    assert_eq!(warnings[0].to_string(), "keys.toml:3:1: `x x` hides `x`, which runs `down`");
    let (_, warnings) = own("[inbox]\nC-d = \"down\"\nC-D = \"up\"\nj = \"up\"\n");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].what.ends_with("stands here twice"), "{warnings:?}");
}

#[test]
fn an_own_keymap_begins_with_the_one_it_names() {
    let mine = OwnFile::new("mine", "mine.toml", "inherit = \"mutt\"\n[inbox]\nd = \"\"\nx = \"resolve\"\n");
    let (keymap, warnings) = Keymap::load("mine", std::slice::from_ref(&mine));
    assert_eq!(warnings, []);
    assert_eq!(run(&keymap, Context::Timeline, "g"), "reply-all");
    assert_eq!(
        (run(&keymap, Context::Inbox, "d"), run(&keymap, Context::Inbox, "x")),
        (String::new(), "resolve".into())
    );
    let (keymap, warnings) = Keymap::load("vim", &[mine]);
    let said = "there is no keymap `vim`; there are default, mutt, gmail, helix, accessible, mine";
    assert_eq!(warnings.iter().map(Warning::to_string).collect::<Vec<_>>(), [said]);
    assert_eq!(run(&keymap, Context::Inbox, "j"), "down", "the usual keys are there");
    let (_, warnings) = own("j = \"up\"\n");
    assert!(warnings[0].what.starts_with("`j` stands before the sections; write it under one of global, inbox"));
}
