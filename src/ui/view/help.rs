//! The help: the table of commands times the live keymap.

use super::paint::{cell, piece};
use crate::command::{COMMANDS, Command, Group};
use crate::keymap::{Context, Keymap};
use crate::theme::Element;
use crate::ui::text::Row;

/// All lines: what the keys do where the agent is, then all commands.
pub(in crate::ui) fn lines(keymap: &Keymap, context: Context) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let heading = |text: String| vec![piece(Element::Link, text)];
    let mut contexts = vec![context];
    contexts.extend(Context::ALL.into_iter().filter(|other| *other != context));
    let table = keymap.table();
    for place in contexts {
        if !rows.is_empty() {
            rows.push(Row::new());
        }
        rows.push(heading(format!(" Keys: {}", place.name())));
        for binding in table.iter().filter(|binding| binding.context == place) {
            rows.push(vec![
                piece(Element::Text, "  "),
                cell(Element::Key, &crate::keymap::show_keys(&binding.keys), 12),
                cell(Element::Dim, &binding.action.line(), 22),
                piece(Element::Text, binding.doc()),
            ]);
        }
    }
    rows.push(Row::new());
    rows.push(heading(" Commands, to be said after `:`".to_owned()));
    let mut group: Option<Group> = None;
    for command in COMMANDS {
        if group != Some(command.group) {
            group = Some(command.group);
            rows.push(vec![piece(Element::Strong, format!("  {}", command.group.title()))]);
        }
        rows.push(command_line(command));
    }
    rows
}

fn command_line(command: &Command) -> Row {
    let argument = command.takes.help();
    let argument = if argument.is_empty() { String::new() } else { format!("  ({argument})") };
    vec![
        piece(Element::Text, "    "),
        cell(Element::Key, command.name, 18),
        piece(Element::Text, command.doc),
        piece(Element::Dim, argument),
    ]
}
