//! Keys: data files → tries of named commands, one a context.

mod context;
mod key;
mod read;
mod trie;

#[cfg(test)]
mod tests;

pub use context::Context;
pub use key::{Key, KeyError, parse_keys, show_keys};
pub use trie::{Found, Trie};

use crate::command::{Action, Verb, of};
use crate::data_file::{OwnFile, Shelf, Warning};

/// The keymaps that are built in, by name. The first is the usual one.
pub const PRESETS: &[(&str, &str)] = &[
    ("default", include_str!("../../keymaps/default.toml")),
    ("mutt", include_str!("../../keymaps/mutt.toml")),
    ("gmail", include_str!("../../keymaps/gmail.toml")),
    ("helix", include_str!("../../keymaps/helix.toml")),
    ("accessible", include_str!("../../keymaps/accessible.toml")),
];

const SHELF: Shelf = Shelf { kind: "keymap", built_in: PRESETS };

/// One row of the key table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where.
    pub context: Context,
    /// Which keys, one after the other.
    pub keys: Vec<Key>,
    /// What they run.
    pub action: Action,
}

/// All keys of an agent.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    tries: [Trie; Context::ALL.len()],
}

impl Keymap {
    /// The keymap `name`: a preset, one of the agent's own files, or one laid over the other. A key given `""` does
    /// nothing. What cannot be understood becomes a warning; the rest counts.
    pub fn load(name: &str, own: &[OwnFile]) -> (Keymap, Vec<Warning>) {
        let mut keymap = Keymap::default();
        let (layers, mut warnings) = SHELF.layers(name, own);
        for layer in layers {
            warnings.extend(keymap.take(layer));
        }
        (keymap, warnings)
    }

    /// The names that [`Keymap::load`] knows.
    pub fn names(own: &[OwnFile]) -> Vec<&str> {
        SHELF.names(own)
    }

    /// What these keys mean here so far.
    pub fn find(&self, context: Context, keys: &[Key]) -> Found<'_> {
        match self.tries[context as usize].find(keys) {
            Found::Nothing if context.inherits() => self.tries[Context::Global as usize].find(keys),
            found => found,
        }
    }

    /// What may follow these keys here: the key, and what it runs (`None` when more keys follow).
    pub fn following(&self, context: Context, keys: &[Key]) -> Vec<(Key, Option<&Action>)> {
        let mut rows = self.tries[context as usize].following(keys);
        if context.inherits() {
            for (key, action) in self.tries[Context::Global as usize].following(keys) {
                let mut path = keys.to_vec();
                path.push(key);
                if self.tries[context as usize].find(&path) == Found::Nothing {
                    rows.push((key, action));
                }
            }
        }
        rows
    }

    /// The handiest keys that run a command here, as shown; `None` when no key does.
    pub fn keys_for(&self, context: Context, verb: Verb) -> Option<String> {
        self.all_keys_for(context, verb).into_iter().next()
    }

    /// All keys that run a command without an argument here, the handiest first.
    pub fn all_keys_for(&self, context: Context, verb: Verb) -> Vec<String> {
        let mut contexts = vec![context];
        if context.inherits() {
            contexts.push(Context::Global);
        }
        let mut all = Vec::new();
        for place in contexts {
            for (keys, action) in self.tries[place as usize].all() {
                // A key of `global` that means something else here does not count.
                if action.verb == verb
                    && action.argument.is_empty()
                    && self.find(context, &keys) == Found::Action(action)
                {
                    all.push((place != Context::Global, keys));
                }
            }
        }
        // Of two as handy, the one that is the same everywhere, then by the alphabet, so that it is always the same.
        all.sort_by_key(|(own, keys)| (keys.len(), keys.iter().map(|key| key.rank()).max(), *own, show_keys(keys)));
        all.iter().map(|(_, keys)| show_keys(keys)).collect()
    }

    /// All bindings: for the help and `switchboard keys`. Ordered by context, then as the commands are.
    pub fn table(&self) -> Vec<Binding> {
        let mut table = Vec::new();
        for context in Context::ALL {
            let mut rows: Vec<_> = self.tries[context as usize]
                .all()
                .into_iter()
                .map(|(keys, action)| Binding { context, keys, action: action.clone() })
                .collect();
            rows.sort_by(|a, b| {
                let order = |row: &Binding| (row.action.verb, row.action.argument.clone(), row.keys.len());
                order(a).cmp(&order(b)).then_with(|| show_keys(&a.keys).cmp(&show_keys(&b.keys)))
            });
            table.extend(rows);
        }
        table
    }
}

impl Binding {
    /// What it does, for tables: the command's sentence, and its argument.
    pub fn doc(&self) -> String {
        let doc = of(self.action.verb).doc;
        if self.action.argument.is_empty() { doc.to_owned() } else { format!("{doc}: {}", self.action.argument) }
    }
}
