//! Key sequences of one context.

use super::Key;
use crate::command::Action;

/// What keys mean so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'k> {
    /// They run this.
    Action(&'k Action),
    /// More keys may follow.
    Prefix,
    /// They were taken away, or their beginning runs something: they do nothing here, whatever `global` says.
    Off,
    /// Nothing begins with them.
    Nothing,
}

/// A tree of keys: a node runs something or leads on, never both, so no key waits for a time to pass.
#[derive(Clone, Debug, Default)]
pub struct Trie {
    branches: Vec<(Key, Node)>,
}

#[derive(Clone, Debug)]
enum Node {
    Runs(Action),
    Leads(Trie),
    Off,
}

impl Trie {
    /// Binds keys. Gives back what cannot be reached any more: longer ones that begin with these, or a shorter one that
    /// these begin with.
    pub fn insert(&mut self, keys: &[Key], action: Action) -> Vec<(Vec<Key>, Action)> {
        let Some((first, rest)) = keys.split_first() else { return Vec::new() };
        let position = self.branches.iter().position(|(key, _)| key == first);
        if rest.is_empty() {
            let before = position.map(|position| self.branches.swap_remove(position).1);
            self.branches.push((*first, Node::Runs(action)));
            return match before {
                Some(Node::Leads(trie)) => {
                    trie.all().into_iter().map(|(keys, action)| after(*first, &keys, action)).collect()
                }
                _ => Vec::new(),
            };
        }
        let position = position.unwrap_or_else(|| {
            self.branches.push((*first, Node::Leads(Trie::default())));
            self.branches.len() - 1
        });
        let node = &mut self.branches[position].1;
        if let Node::Leads(trie) = node {
            return trie.insert(rest, action).into_iter().map(|(keys, action)| after(*first, &keys, &action)).collect();
        }
        let mut trie = Trie::default();
        trie.insert(rest, action);
        match std::mem::replace(node, Node::Leads(trie)) {
            Node::Runs(shorter) => vec![(vec![*first], shorter)],
            _ => Vec::new(),
        }
    }

    /// Unbinds keys, and with a prefix all that begin with it. That counts in a pane for the keys of `global`, too.
    pub fn remove(&mut self, keys: &[Key]) {
        let Some((first, rest)) = keys.split_first() else { return };
        if rest.is_empty() {
            self.branches.retain(|(key, _)| key != first);
            self.branches.push((*first, Node::Off));
            return;
        }
        match self.branches.iter_mut().find(|(key, _)| key == first) {
            Some((_, Node::Leads(trie))) => trie.remove(rest),
            Some(_) => {}
            None => {
                let mut trie = Trie::default();
                trie.remove(rest);
                self.branches.push((*first, Node::Leads(trie)));
            }
        }
    }

    /// Something runs here.
    fn is_live(&self) -> bool {
        self.branches.iter().any(|(_, node)| match node {
            Node::Runs(_) => true,
            Node::Leads(trie) => trie.is_live(),
            Node::Off => false,
        })
    }

    /// What these keys mean.
    pub fn find(&self, keys: &[Key]) -> Found<'_> {
        let Some((first, rest)) = keys.split_first() else {
            return if self.is_live() { Found::Prefix } else { Found::Nothing };
        };
        match self.branches.iter().find(|(key, _)| key == first) {
            Some((_, Node::Runs(action))) if rest.is_empty() => Found::Action(action),
            Some((_, Node::Leads(trie))) => trie.find(rest),
            // A key that runs something does so at once: nothing longer is reached through it.
            Some((_, Node::Off | Node::Runs(_))) => Found::Off,
            None => Found::Nothing,
        }
    }

    /// What may follow these keys.
    pub fn following(&self, keys: &[Key]) -> Vec<(Key, Option<&Action>)> {
        let Some((first, rest)) = keys.split_first() else {
            return self
                .branches
                .iter()
                .filter_map(|(key, node)| match node {
                    Node::Runs(action) => Some((*key, Some(action))),
                    Node::Leads(trie) => trie.is_live().then_some((*key, None)),
                    Node::Off => None,
                })
                .collect();
        };
        match self.branches.iter().find(|(key, _)| key == first) {
            Some((_, Node::Leads(trie))) => trie.following(rest),
            _ => Vec::new(),
        }
    }

    /// All sequences with what they run.
    pub fn all(&self) -> Vec<(Vec<Key>, &Action)> {
        let mut all = Vec::new();
        for (key, node) in &self.branches {
            match node {
                Node::Runs(action) => all.push((vec![*key], action)),
                Node::Off => {}
                Node::Leads(trie) => {
                    all.extend(
                        trie.all().into_iter().map(|(keys, action)| ([&[*key], keys.as_slice()].concat(), action)),
                    );
                }
            }
        }
        all
    }
}

/// A binding one key deeper.
fn after(first: Key, keys: &[Key], action: &Action) -> (Vec<Key>, Action) {
    ([&[first], keys].concat(), action.clone())
}
