//! The palette: one line that finds a command, a view or a customer, and goes there.

use super::layout::Pane;
use super::prompt::{Prompt, Purpose};
use super::{Load, Screen};
use crate::command::{Action, COMMANDS, Group, Takes, Verb, of};
use crate::keymap::{Context, Keymap, show_keys};
use crate::model::{CustomerId, InboxRow, InboxView, Page};
use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

/// Commands shown of those that fit by name, and as many of those that fit only somehow.
const COMMANDS_SHOWN: usize = 12;
/// Customers shown. More than these are narrowed by typing on.
const CUSTOMERS_SHOWN: usize = 20;

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Entry {
    /// Runs a command.
    Run(Item),
    /// Opens a customer.
    Customer(CustomerId, String, String),
}

/// A command as listed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// What it runs.
    pub action: Action,
    /// The keys that do the same where the palette was opened; empty for none.
    pub keys: String,
    /// What it does.
    pub doc: String,
}

/// The palette while it is open. What is typed stands in the prompt.
#[derive(Debug)]
pub(super) struct Palette {
    /// What fits, the best first.
    pub entries: Vec<Entry>,
    /// The entry under the cursor.
    pub selected: usize,
    items: Vec<Item>,
    customers: Vec<Entry>,
    /// The text customers are looked for by.
    wanted: String,
    asked: bool,
}

impl Palette {
    fn new(keymap: &Keymap, context: Context) -> Palette {
        let items = items(keymap, context);
        let mut palette = Palette {
            entries: Vec::new(),
            selected: 0,
            items,
            customers: Vec::new(),
            wanted: String::new(),
            asked: false,
        };
        palette.rank();
        palette
    }

    /// True while customers are looked for.
    pub(super) fn is_searching(&self) -> bool {
        self.asked
    }

    /// Something else was typed.
    fn typed(&mut self, text: &str) -> Option<Load> {
        let text = text.trim();
        if text == self.wanted {
            return None;
        }
        self.wanted = text.to_owned();
        self.customers.clear();
        self.selected = 0;
        self.rank();
        self.ask(None)
    }

    /// Looks for customers, one question at a time.
    fn ask(&mut self, after: Option<Vec<u8>>) -> Option<Load> {
        if self.wanted.is_empty() || self.asked {
            return None;
        }
        self.asked = true;
        Some(Load::Search { text: self.wanted.clone(), after })
    }

    /// Takes customers that were found, and goes on looking while there are too few.
    fn found(&mut self, text: &str, page: Page<InboxRow>) -> Option<Load> {
        self.asked = false;
        if text != self.wanted {
            return self.ask(None);
        }
        let chosen = self.entries.get(self.selected).cloned();
        for row in page.rows {
            let entry = Entry::Customer(row.customer, row.name, row.address);
            if self.customers.len() < CUSTOMERS_SHOWN && !self.customers.contains(&entry) {
                self.customers.push(entry);
            }
        }
        self.rank();
        // What the agent is about to choose stays under the cursor; before they moved, the best is.
        if self.selected > 0
            && let Some(at) = self.entries.iter().position(|entry| Some(entry) == chosen.as_ref())
        {
            self.selected = at;
        }
        let next = page.next.filter(|_| self.customers.len() < CUSTOMERS_SHOWN)?;
        self.ask(Some(next))
    }

    /// Puts what fits into order: commands that fit by name, customers, commands that fit somehow.
    fn rank(&mut self) {
        if self.wanted.is_empty() {
            self.entries = self.items.iter().cloned().map(Entry::Run).collect();
            return;
        }
        let pattern = Pattern::new(&self.wanted, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher).unwrap_or(0);
        let plain = self.wanted.to_lowercase();
        let (mut named, mut somehow) = (Vec::new(), Vec::new());
        for item in &self.items {
            let line = item.action.line();
            let in_name = score(&line);
            let somewhere = score(&format!("{line} {}", item.doc));
            if in_name > 0 && line.contains(&plain) {
                named.push((in_name * 2 + u32::from(line.starts_with(&plain)) * 100, item));
            } else if somewhere > 0 {
                somehow.push((in_name.max(somewhere), item));
            }
        }
        for list in [&mut named, &mut somehow] {
            // The sort is stable: what fits as well stays in the order of the help.
            list.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
            list.truncate(COMMANDS_SHOWN);
        }
        let run = |(_, item): (u32, &Item)| Entry::Run(item.clone());
        let customers = self.customers.iter().cloned();
        self.entries = named.into_iter().map(run).chain(customers).chain(somehow.into_iter().map(run)).collect();
        self.selected = self.selected.min(self.entries.len().saturating_sub(1));
    }

    fn step(&mut self, down: bool) {
        let count = self.entries.len().max(1);
        self.selected = (self.selected + if down { 1 } else { count - 1 }) % count;
    }
}

/// All that can be run: commands that have keys here, then the others, moving about last; and what keys run with an
/// argument.
fn items(keymap: &Keymap, context: Context) -> Vec<Item> {
    let table = keymap.table();
    let keys_of = |action: &Action| {
        let here = |place: Context| place == context || (place == Context::Global && context.inherits());
        let fitting = table.iter().filter(|row| here(row.context) && row.action == *action);
        let keys = fitting.min_by_key(|row| row.keys.len()).map(|row| show_keys(&row.keys));
        keymap.keys_for(context, action.verb).filter(|_| action.argument.is_empty()).or(keys).unwrap_or_default()
    };
    let mut actions: Vec<Action> = Vec::new();
    for command in COMMANDS {
        match command.verb {
            Verb::Palette => {}
            Verb::View => {
                actions.extend(InboxView::ALL.map(|view| Action { verb: Verb::View, argument: view.word().to_owned() }))
            }
            verb => actions.push(Action::plain(verb)),
        }
    }
    for row in &table {
        if !row.action.argument.is_empty() && !actions.contains(&row.action) {
            actions.push(row.action.clone());
        }
    }
    let mut items: Vec<Item> = actions
        .into_iter()
        .map(|action| {
            let doc = match action.verb {
                Verb::View => format!("Show cases: {}", action.argument),
                verb if action.argument.is_empty() => match of(verb).takes {
                    Takes::Nothing => of(verb).doc.to_owned(),
                    Takes::Optional(what) | Takes::Needed(what) => format!("{} ({what})", of(verb).doc),
                },
                verb => format!("{}: {}", of(verb).doc, action.argument),
            };
            Item { keys: keys_of(&action), doc, action }
        })
        .collect();
    items.sort_by_key(|item| (of(item.action.verb).group == Group::Move, item.keys.is_empty()));
    items
}

impl Screen {
    /// Opens the palette over whatever is shown.
    pub(super) fn open_palette(&mut self) {
        self.palette = Some(Palette::new(&self.keymap, self.context()));
        self.prompt = Some(Prompt::new(Purpose::Palette, ""));
        self.touch();
    }

    /// Something was typed into the palette.
    pub(super) fn search_as_typed(&mut self) {
        let (Some(palette), Some(prompt)) = (&mut self.palette, &self.prompt) else { return };
        if let Some(load) = palette.typed(prompt.line.text()) {
            self.load(load);
        }
    }

    /// Customers were found.
    pub(super) fn found(&mut self, text: &str, page: Page<InboxRow>) {
        if let Some(load) = self.palette.as_mut().and_then(|palette| palette.found(text, page)) {
            self.load(load);
        }
    }

    /// A question failed: it may be asked again.
    pub(super) fn search_failed(&mut self) {
        if let Some(palette) = &mut self.palette {
            palette.asked = false;
        }
    }

    /// A command inside the palette: true when it stays open.
    pub(super) fn run_in_palette(&mut self, verb: Verb) -> bool {
        let Some(palette) = &mut self.palette else { return false };
        match verb {
            Verb::NextPane | Verb::Down => palette.step(true),
            Verb::PreviousPane | Verb::Up => palette.step(false),
            Verb::Open => {
                let chosen = palette.entries.get(palette.selected).cloned();
                self.palette = None;
                match chosen {
                    Some(Entry::Run(item)) => self.run(&item.action),
                    Some(Entry::Customer(id, ..)) => self.go_to(id),
                    None => {}
                }
                return false;
            }
            Verb::Back => {
                self.palette = None;
                return false;
            }
            _ => {}
        }
        true
    }

    /// Opens a customer from anywhere.
    fn go_to(&mut self, id: CustomerId) {
        if self.composer.is_some() {
            return self.complain("finish what you are writing first, or keep it as a draft");
        }
        self.sheets.clear();
        if let Some(at) = self.inbox.position(id) {
            self.inbox.selected = at;
        }
        self.focus = Pane::Timeline;
        self.open_customer(id, true);
    }
}
