//! Reading a keymap file over the ones before it.

use super::{Context, Found, Key, Keymap, parse_keys, show_keys};
use crate::command::Action;
use crate::data_file::{Layer, Reader, Warning};
use std::ops::Range;
use toml::de::DeTable;

/// A line whose keys took others away.
struct Hiding {
    context: Context,
    at: Range<usize>,
    keys: Vec<Key>,
    hidden: Vec<(Vec<Key>, Action)>,
}

/// What one file said so far.
#[derive(Default)]
struct Said {
    keys: Vec<(Context, Vec<Key>)>,
    hiding: Vec<Hiding>,
}

impl Keymap {
    /// Takes over what a file says.
    pub(super) fn take(&mut self, layer: Layer<'_>) -> Vec<Warning> {
        let Layer { mut reader, table } = layer;
        let mut said = Said::default();
        for (name, section) in &table {
            let known = || Context::ALL.map(Context::name).join(", ");
            let Some(context) = Context::ALL.into_iter().find(|context| context.name() == name.get_ref()) else {
                let what = match section.get_ref().as_table() {
                    Some(_) => format!("there is no section `{}`; there are {}", name.get_ref(), known()),
                    None => {
                        format!("`{}` stands before the sections; write it under one of {}", name.get_ref(), known())
                    }
                };
                reader.warn(name.span(), what);
                continue;
            };
            if let Some(table) = reader.table(name.get_ref(), section) {
                self.take_section(context, table, &mut said, &mut reader);
            }
        }
        for hiding in &said.hiding {
            if let Some(what) = self.lost(hiding, &said.keys) {
                reader.warn(hiding.at.clone(), what);
            }
        }
        reader.warnings()
    }

    fn take_section(&mut self, context: Context, table: &DeTable<'_>, said: &mut Said, reader: &mut Reader<'_>) {
        let trie = &mut self.tries[context as usize];
        for (name, value) in table {
            let Some(line) = reader.string(name.get_ref(), value) else { continue };
            let keys = match parse_keys(name.get_ref()) {
                Ok(keys) => keys,
                Err(error) => {
                    reader.warn(name.span(), error.to_string());
                    continue;
                }
            };
            if said.keys.contains(&(context, keys.clone())) {
                reader.warn(name.span(), format!("`{}` stands here twice", show_keys(&keys)));
                continue;
            }
            if line.trim().is_empty() {
                trie.remove(&keys);
                continue;
            }
            match Action::parse(line) {
                Ok(action) => {
                    let hidden = trie.insert(&keys, action);
                    said.keys.push((context, keys.clone()));
                    said.hiding.push(Hiding { context, at: name.span(), keys, hidden });
                }
                Err(error) => reader.warn(value.span(), error.to_string()),
            }
        }
    }

    /// What an agent should know of keys that took others away: another line of the same file has no effect, or no key
    /// runs a command any more. Else it was meant.
    fn lost(&self, hiding: &Hiding, said: &[(Context, Vec<Key>)]) -> Option<String> {
        let Hiding { context, keys, hidden, .. } = hiding;
        let bindings = |place: Context| self.tries[place as usize].all();
        // A pane's keys take away those of `global`, too, that begin with them or that they begin with.
        let global = if context.inherits() { bindings(Context::Global) } else { Vec::new() };
        let covered = global.iter().filter(|(other, _)| {
            other.len() != keys.len() && other.iter().zip(keys).all(|(theirs, ours)| theirs == ours)
        });
        let covered = covered.filter(|(other, _)| !matches!(self.find(*context, other), Found::Action(_)));
        let runs = |wanted: &Action| {
            let all = bindings(*context).into_iter().chain(global.iter().cloned());
            all.filter(|(_, action)| *action == wanted)
                .any(|(keys, _)| self.find(*context, &keys) == Found::Action(wanted))
        };
        let hidden = hidden.iter().map(|(keys, action)| (keys, action));
        let (lost, action) = hidden
            .chain(covered.map(|(keys, action)| (keys, *action)))
            .find(|(keys, action)| said.contains(&(*context, (*keys).clone())) || !runs(action))?;
        Some(format!("`{}` hides `{}`, which runs `{}`", show_keys(keys), show_keys(lost), action.line()))
    }
}
