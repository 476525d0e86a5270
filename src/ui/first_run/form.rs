//! Fields under each other and a button below: arrows or Tab move, Enter goes on, Left and Right choose.

use crate::ui::line_input::LineInput;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a field holds.
#[derive(Clone, Debug)]
pub(in crate::ui) enum Value {
    /// A line of text.
    Line(LineInput),
    /// One of these.
    One(&'static [&'static str], usize),
}

/// A field.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Field {
    /// What stands before it.
    pub label: &'static str,
    /// What it holds.
    pub value: Value,
    /// What is said below the form while the cursor is in it.
    pub help: &'static str,
    /// An empty line stands above it.
    pub apart: bool,
    /// The agent has said what it shall be; until then it follows what is guessed.
    pub own: bool,
}

impl Field {
    /// A line.
    pub(super) fn line(label: &'static str, help: &'static str) -> Field {
        Field { label, value: Value::Line(LineInput::default()), help, apart: false, own: false }
    }

    /// One of several; the first is chosen.
    pub(super) fn one(label: &'static str, of: &'static [&'static str], help: &'static str) -> Field {
        Field { label, value: Value::One(of, 0), help, apart: false, own: false }
    }

    /// With an empty line above.
    pub(super) fn apart(self) -> Field {
        Field { apart: true, ..self }
    }

    /// Its text, without spaces around it.
    pub(super) fn text(&self) -> &str {
        match &self.value {
            Value::Line(line) => line.text().trim(),
            Value::One(of, chosen) => of[*chosen],
        }
    }

    /// Guesses what it may be, unless the agent has said.
    pub(super) fn guess(&mut self, text: &str) {
        if self.own {
            return;
        }
        match &mut self.value {
            Value::Line(line) => line.set(text),
            Value::One(of, chosen) => *chosen = of.iter().position(|known| *known == text).unwrap_or(*chosen),
        }
    }
}

/// What came of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    /// The field with this number changed.
    Changed(usize),
    /// The button.
    Done,
    /// Back to where it came from.
    Back,
    /// Nothing to mind.
    Nothing,
}

/// The fields, and where the cursor is: past the last field it is on the button.
#[derive(Clone, Debug)]
pub(in crate::ui) struct Form {
    pub fields: Vec<Field>,
    pub at: usize,
    /// What stands on the button.
    pub button: &'static str,
}

impl Form {
    /// A form with the cursor in its first field.
    pub(super) fn new(button: &'static str, fields: Vec<Field>) -> Form {
        Form { fields, at: 0, button }
    }

    /// A key.
    pub(super) fn key(&mut self, key: KeyEvent) -> Pressed {
        let at = self.at;
        let chords = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match (key.code, self.fields.get_mut(at)) {
            (KeyCode::Esc, _) => return Pressed::Back,
            (KeyCode::Enter, None) => return Pressed::Done,
            (KeyCode::Char(' '), None) if !chords => return Pressed::Done,
            (KeyCode::Down | KeyCode::Tab | KeyCode::Enter, _) => self.at = (at + 1).min(self.fields.len()),
            (KeyCode::Up | KeyCode::BackTab, _) => self.at = at.saturating_sub(1),
            (KeyCode::PageDown, _) => self.at = self.fields.len(),
            (KeyCode::PageUp, _) => self.at = 0,
            (code, Some(field)) => match &mut field.value {
                Value::One(of, chosen) => {
                    let step = match code {
                        KeyCode::Right | KeyCode::Char(' ') if !chords => 1,
                        KeyCode::Left => of.len() - 1,
                        _ => return Pressed::Nothing,
                    };
                    *chosen = (*chosen + step) % of.len();
                    field.own = true;
                    return Pressed::Changed(at);
                }
                Value::Line(line) => {
                    if line.key(key) {
                        // An emptied one stays empty: no server is an answer too.
                        field.own = true;
                        return Pressed::Changed(at);
                    }
                }
            },
            (_, None) => {}
        }
        Pressed::Nothing
    }

    /// A paste; gives the field that took it.
    pub(super) fn paste(&mut self, text: &str) -> Option<usize> {
        let field = self.fields.get_mut(self.at)?;
        let Value::Line(line) = &mut field.value else { return None };
        line.insert(text.trim_end_matches(['\r', '\n']));
        field.own = true;
        Some(self.at)
    }
}
