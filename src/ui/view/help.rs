//! The help: the table of commands times the live keymap.

use super::paint::{cell, piece};
use crate::command::{Action, COMMANDS, Command, Group};
use crate::keymap::{Context, Keymap, show_keys};
use crate::theme::Element;
use crate::ui::text::{Row, fit, width};

/// Columns of the keys.
const KEYS: usize = 18;

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
        let mut known: Option<Row> = None;
        let mut last: Option<&Action> = None;
        for binding in table.iter().filter(|binding| binding.context == place) {
            let keys = show_keys(&binding.keys);
            // Keys that do the same stand on one line.
            if last == Some(&binding.action)
                && let Some(cell) = known.as_mut().and_then(|row| row.get_mut(1))
                && width(cell.text.trim_end()) + width(&keys) + 2 <= KEYS
            {
                cell.text = fit(&format!("{}, {keys}", cell.text.trim_end()), KEYS);
                continue;
            }
            rows.extend(known.take());
            last = Some(&binding.action);
            known = Some(vec![
                piece(Element::Text, "  "),
                cell(Element::Key, &keys, KEYS),
                piece(Element::Text, "  "),
                cell(Element::Dim, &binding.action.line(), 20),
                piece(Element::Text, binding.doc()),
            ]);
        }
        rows.extend(known);
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
