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
        ("K", "previous-case"),
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
