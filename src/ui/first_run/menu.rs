//! A few choices under each other: arrows and Enter, or the key that stands before each.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// One choice.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Choice<T> {
    /// The key that takes it at once.
    pub key: char,
    /// What it is.
    pub label: &'static str,
    /// What comes of it.
    pub doc: &'static str,
    /// What it stands for.
    pub value: T,
}

/// The choices, one of them under the cursor.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Menu<T> {
    pub choices: Vec<Choice<T>>,
    pub selected: usize,
}

impl<T: Copy> Menu<T> {
    /// A menu; the first is under the cursor.
    pub(super) fn new(choices: Vec<Choice<T>>) -> Menu<T> {
        Menu { choices, selected: 0 }
    }

    /// A key; gives what was chosen with it.
    pub(super) fn key(&mut self, key: KeyEvent) -> Option<T> {
        let last = self.choices.len().saturating_sub(1);
        match key.code {
            _ if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => {}
            KeyCode::Down | KeyCode::Tab => self.selected = if self.selected >= last { 0 } else { self.selected + 1 },
            KeyCode::Up | KeyCode::BackTab => self.selected = self.selected.checked_sub(1).unwrap_or(last),
            KeyCode::Home => self.selected = 0,
            KeyCode::End => self.selected = last,
            KeyCode::Enter | KeyCode::Char(' ') => return self.choices.get(self.selected).map(|choice| choice.value),
            KeyCode::Char(letter) => {
                return self.choices.iter().find(|choice| choice.key == letter).map(|choice| choice.value);
            }
            _ => {}
        }
        None
    }
}
