//! Keys: data files → tries of named commands, one a context.

mod key;
mod trie;

pub use key::{Key, KeyError, parse_keys, show_keys};
pub use trie::{Found, Trie};

use crate::command::{Action, Verb, of};
use crate::data_file::{Reader, Warning};
use toml::de::DeTable;

/// The keymap that is built in.
pub const DEFAULT: &str = include_str!("../../keymaps/default.toml");

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// Everywhere except where text is typed.
    Global,
    /// The list of cases.
    Inbox,
    /// A customer's messages.
    Timeline,
    /// A customer's profile.
    Profile,
    /// While writing. Letters are text here.
    Compose,
    /// Before sending.
    Review,
    /// Outbox, dead letters, automated mail, drafts, an original, the help.
    List,
    /// The line at the bottom. Letters are text here.
    Prompt,
}

impl Context {
    /// All of them, in the order of the help.
    pub const ALL: [Context; 8] = [
        Context::Global,
        Context::Inbox,
        Context::Timeline,
        Context::Profile,
        Context::Compose,
        Context::Review,
        Context::List,
        Context::Prompt,
    ];

    /// Its section in a keymap file.
    pub fn name(self) -> &'static str {
        match self {
            Context::Global => "global",
            Context::Inbox => "inbox",
            Context::Timeline => "timeline",
            Context::Profile => "profile",
            Context::Compose => "compose",
            Context::Review => "review",
            Context::List => "list",
            Context::Prompt => "prompt",
        }
    }

    /// Whether letters are text here, so that only its own keys count.
    pub fn takes_text(self) -> bool {
        matches!(self, Context::Compose | Context::Prompt)
    }

    /// Whether the keys of `global` count here too.
    pub fn inherits(self) -> bool {
        !matches!(self, Context::Global | Context::Compose | Context::Review | Context::Prompt)
    }
}

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
    /// The built-in keys, and over them those of `user` (the file's name as shown, and its text). A key given `""` does
    /// nothing. What cannot be understood becomes a warning; the rest counts.
    pub fn load(user: Option<(&str, &str)>) -> (Keymap, Vec<Warning>) {
        let mut keymap = Keymap::default();
        let mut warnings = keymap.read("keymaps/default.toml", DEFAULT);
        if let Some((file, text)) = user {
            warnings.extend(keymap.read(file, text));
        }
        (keymap, warnings)
    }

    /// Takes over what a file says.
    fn read(&mut self, file: &str, text: &str) -> Vec<Warning> {
        let (mut reader, sections) = Reader::new(file, text);
        for (name, section) in &sections {
            let Some(context) = Context::ALL.into_iter().find(|context| context.name() == name.get_ref()) else {
                let known = Context::ALL.map(Context::name).join(", ");
                reader.warn(name.span(), format!("there is no section `{}`; there are {known}", name.get_ref()));
                continue;
            };
            if let Some(table) = reader.table(name.get_ref(), section) {
                self.read_section(context, table, &mut reader);
            }
        }
        reader.warnings()
    }

    fn read_section(&mut self, context: Context, table: &DeTable<'_>, reader: &mut Reader<'_>) {
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
            if line.trim().is_empty() {
                trie.remove(&keys);
                continue;
            }
            match Action::parse(line) {
                Ok(action) => {
                    let hidden = trie.insert(&keys, action);
                    if let Some(hidden) = hidden {
                        reader.warn(name.span(), format!("`{}` hides `{}`", show_keys(&keys), show_keys(&hidden)));
                    }
                }
                Err(error) => reader.warn(value.span(), error.to_string()),
            }
        }
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
        // Of two as handy, the one that is the same everywhere.
        all.sort_by_key(|(own, keys)| (keys.len(), keys.iter().map(|key| key.rank()).max(), *own));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn run(keymap: &Keymap, context: Context, keys: &str) -> String {
        match keymap.find(context, &parse_keys(keys).unwrap()) {
            Found::Action(action) => action.line(),
            Found::Prefix => "…".to_owned(),
            Found::Nothing | Found::Off => String::new(),
        }
    }

    #[test]
    fn the_built_in_keys_have_no_warnings_and_all_resolve() {
        let (keymap, warnings) = Keymap::load(None);
        assert_eq!(warnings, []);
        let table = keymap.table();
        assert!(table.len() > 100);
        for row in table {
            assert_eq!(keymap.find(row.context, &row.keys), Found::Action(&row.action), "{row:?}");
        }
    }

    #[test]
    fn the_keys_an_agent_was_promised_are_there() {
        let (keymap, _) = Keymap::load(None);
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
        let (keymap, warnings) = Keymap::load(Some(("keys.toml", text)));
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
        let (keymap, warnings) = Keymap::load(Some(("keys.toml", text)));
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
        let (keymap, warnings) = Keymap::load(Some(("keys.toml", text)));
        assert!(!warnings.is_empty() && warnings.iter().all(|warning| warning.line == 2), "{warnings:?}");
        assert_eq!(run(&keymap, Context::Inbox, "C-t"), "tag vip");
    }

    #[test]
    fn a_key_that_hides_others_is_said() {
        let (keymap, warnings) = Keymap::load(Some(("keys.toml", "[global]\ng = \"top\"\n")));
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].what.starts_with("`g` hides `g "), "{}", warnings[0].what);
        assert_eq!(run(&keymap, Context::Inbox, "g"), "top");
    }
}
