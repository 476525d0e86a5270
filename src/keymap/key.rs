//! One key with its modifiers, and how it is written: `j`, `J`, `C-d`, `Alt-Enter`, `S-Tab`, `Space`, `F5`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;
use std::str::FromStr;

/// A key press as a keymap names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd)]
pub struct Key {
    /// Which key.
    pub code: KeyCode,
    /// Control, Alt and, for keys that are not letters, Shift.
    pub modifiers: KeyModifiers,
}

/// Keys of one sequence at most.
const MAX_KEYS: usize = 16;

/// A text that names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no key; write j, J, C-d, Alt-Enter, S-Tab, Space, Up, F5, or several with spaces between")]
pub struct KeyError(String);

const NAMED: &[(&str, KeyCode)] = &[
    ("Enter", KeyCode::Enter),
    ("Esc", KeyCode::Esc),
    ("Tab", KeyCode::Tab),
    ("Backspace", KeyCode::Backspace),
    ("Delete", KeyCode::Delete),
    ("Insert", KeyCode::Insert),
    ("Up", KeyCode::Up),
    ("Down", KeyCode::Down),
    ("Left", KeyCode::Left),
    ("Right", KeyCode::Right),
    ("Home", KeyCode::Home),
    ("End", KeyCode::End),
    ("PageUp", KeyCode::PageUp),
    ("PageDown", KeyCode::PageDown),
    ("Space", KeyCode::Char(' ')),
];

impl Key {
    /// Terminals differ in how they report the same press; this is the one form keymaps know.
    fn normal(code: KeyCode, modifiers: KeyModifiers) -> Key {
        let mut modifiers = modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            // The letter already says whether Shift was held, except with Control, where terminals send it small.
            KeyCode::Char(letter) => {
                let letter = match letter {
                    _ if modifiers.contains(KeyModifiers::CONTROL) => letter.to_ascii_lowercase(),
                    _ if modifiers.contains(KeyModifiers::SHIFT) => letter.to_ascii_uppercase(),
                    _ => letter,
                };
                modifiers.remove(KeyModifiers::SHIFT);
                KeyCode::Char(letter)
            }
            other => other,
        };
        Key { code, modifiers }
    }

    /// How handy a key is to show in a hint: Enter and letters before those that not every keyboard has near.
    pub(super) fn rank(self) -> u8 {
        match self.code {
            KeyCode::Enter | KeyCode::Tab => 0,
            KeyCode::Char(letter) if letter.is_alphanumeric() && !letter.is_uppercase() => 1,
            KeyCode::Char(_) => 2,
            KeyCode::Esc => 4,
            _ => 3,
        }
    }

    /// The letter this key types, when it types one.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(letter) if self.modifiers.is_empty() => Some(letter),
            _ => None,
        }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Key {
        Key::normal(event.code, event.modifiers)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Key, KeyError> {
        let mut modifiers = KeyModifiers::empty();
        let mut rest = text;
        // The last character is never a separator: `C--` is Control and minus.
        while let Some((prefix, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty()) {
            modifiers |= match prefix {
                "C" | "Ctrl" => KeyModifiers::CONTROL,
                "A" | "M" | "Alt" => KeyModifiers::ALT,
                "S" | "Shift" => KeyModifiers::SHIFT,
                _ => return Err(KeyError(text.to_owned())),
            };
            rest = after;
        }
        let mut letters = rest.chars();
        let code = match (letters.next(), letters.next()) {
            (Some(letter), None) if !letter.is_control() && letter != ' ' => KeyCode::Char(letter),
            _ => match NAMED.iter().find(|(name, _)| *name == rest) {
                Some((_, code)) => *code,
                None => {
                    let number = rest.strip_prefix('F').and_then(|number| number.parse().ok());
                    number
                        .filter(|number| (1..=24).contains(number))
                        .map(KeyCode::F)
                        .ok_or_else(|| KeyError(text.to_owned()))?
                }
            },
        };
        Ok(Key::normal(code, modifiers))
    }
}

/// As a keymap file writes it.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("C-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        if self.modifiers.contains(KeyModifiers::SHIFT) {
            f.write_str("S-")?;
        }
        match self.code {
            KeyCode::F(number) => write!(f, "F{number}"),
            code => match (NAMED.iter().find(|(_, named)| *named == code), code) {
                (Some((name, _)), _) => f.write_str(name),
                (None, KeyCode::Char(letter)) => write!(f, "{letter}"),
                (None, other) => write!(f, "{other:?}"),
            },
        }
    }
}

/// Reads keys with spaces between: `g g`, `C-x C-s`.
///
/// # Errors
/// [`KeyError`] for the first that names no key, or when there are more than anybody presses one after the other.
pub fn parse_keys(text: &str) -> Result<Vec<Key>, KeyError> {
    let keys = text.split_whitespace().take(MAX_KEYS + 1).map(str::parse).collect::<Result<Vec<Key>, _>>()?;
    if (1..=MAX_KEYS).contains(&keys.len()) { Ok(keys) } else { Err(KeyError(text.chars().take(40).collect())) }
}

/// Keys as a file writes them.
pub fn show_keys(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for text in ["j", "J", "C-d", "Alt-Enter", "S-Tab", "Space", "F5", "C-x C-s", "g g", "-", "C--", "?", "é"] {
            assert_eq!(show_keys(&parse_keys(text).unwrap()), text);
        }
        for text in ["", "Foo", "X-a", "F99", "C-", "a a a a a a a a a a a a a a a a a"] {
            assert!(parse_keys(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn one_press_is_one_key_whatever_the_terminal_says() {
        let press = |code, modifiers| Key::from(KeyEvent::new(code, modifiers)).to_string();
        assert_eq!(press(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(press(KeyCode::Char('g'), KeyModifiers::SHIFT), "G");
        assert_eq!(press(KeyCode::BackTab, KeyModifiers::SHIFT), "S-Tab");
        assert_eq!(press(KeyCode::BackTab, KeyModifiers::NONE), "S-Tab");
        assert_eq!(press(KeyCode::Char('D'), KeyModifiers::CONTROL), "C-d");
    }
}
