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
    /// They were taken away: they do nothing here, whatever `global` says.
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
    /// Binds keys. When that hides keys that were longer or shorter, one of those comes back.
    pub fn insert(&mut self, keys: &[Key], action: Action) -> Option<Vec<Key>> {
        let (first, rest) = keys.split_first()?;
        let position = self.branches.iter().position(|(key, _)| key == first);
        if rest.is_empty() {
            let mut hidden = None;
            if let Some(position) = position
                && let (_, Node::Leads(trie)) = self.branches.swap_remove(position)
            {
                hidden = trie.all().first().map(|(keys, _)| [&[*first], keys.as_slice()].concat());
            }
            self.branches.push((*first, Node::Runs(action)));
            return hidden;
        }
        let mut shorter = None;
        let position = position.unwrap_or_else(|| {
            self.branches.push((*first, Node::Leads(Trie::default())));
            self.branches.len() - 1
        });
        let node = &mut self.branches[position].1;
        if !matches!(node, Node::Leads(_)) {
            shorter = matches!(node, Node::Runs(_)).then(|| vec![*first]);
            *node = Node::Leads(Trie::default());
        }
        let Node::Leads(trie) = node else { return shorter };
        let deeper = trie.insert(rest, action).map(|keys| [&[*first], keys.as_slice()].concat());
        shorter.or(deeper)
    }

    /// Unbinds keys, and with a prefix all that begin with it.
    pub fn remove(&mut self, keys: &[Key]) {
        let Some((first, rest)) = keys.split_first() else { return };
        if rest.is_empty() {
            self.branches.retain(|(key, _)| key != first);
            self.branches.push((*first, Node::Off));
        } else if let Some((_, Node::Leads(trie))) = self.branches.iter_mut().find(|(key, _)| key == first) {
            trie.remove(rest);
        }
    }

    /// What these keys mean.
    pub fn find(&self, keys: &[Key]) -> Found<'_> {
        let Some((first, rest)) = keys.split_first() else { return Found::Prefix };
        match self.branches.iter().find(|(key, _)| key == first) {
            Some((_, Node::Runs(action))) if rest.is_empty() => Found::Action(action),
            Some((_, Node::Leads(trie))) => trie.find(rest),
            Some((_, Node::Off)) => Found::Off,
            _ => Found::Nothing,
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
                    Node::Leads(_) => Some((*key, None)),
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
