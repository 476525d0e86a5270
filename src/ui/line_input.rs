//! One line being typed: prompts and the header fields of a message.

use super::text::width;
use crate::model::clean_line;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_segmentation::UnicodeSegmentation;

/// A line with a cursor. The cursor stands between graphemes.
#[derive(Clone, Debug, Default)]
pub(super) struct LineInput {
    text: String,
    /// Byte offset.
    cursor: usize,
    /// What stands there is only a suggestion: the first letter typed takes its place.
    suggested: bool,
}

/// Longer lines take no more letters.
const MAX_BYTES: usize = 4096;

impl LineInput {
    /// A line with this text and the cursor behind it.
    pub(super) fn new(text: impl Into<String>) -> LineInput {
        let text = text.into();
        LineInput { cursor: text.len(), text, suggested: false }
    }

    /// A line whose text gives way to the first letter typed.
    pub(super) fn suggesting(text: impl Into<String>) -> LineInput {
        LineInput { suggested: true, ..LineInput::new(text) }
    }

    /// What it says.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Replaces all.
    pub(super) fn set(&mut self, text: impl Into<String>) {
        *self = LineInput::new(text);
    }

    /// Pastes at the cursor, as one cleaned line.
    pub(super) fn insert(&mut self, text: &str) {
        self.put(clean_line(text));
    }

    fn put(&mut self, mut text: String) {
        while self.text.len() + text.len() > MAX_BYTES && text.pop().is_some() {}
        self.text.insert_str(self.cursor, &text);
        self.cursor += text.len();
    }

    fn previous(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn next(&self) -> usize {
        self.text[self.cursor..].graphemes(true).next().map_or(self.cursor, |grapheme| self.cursor + grapheme.len())
    }

    /// A key of the line itself; true when the text changed.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        let before = self.text.len();
        let typed = matches!(key.code, KeyCode::Char(_)) && !control && !alt;
        if std::mem::take(&mut self.suggested) && typed {
            self.set("");
        }
        match key.code {
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char('u') if control => drop(self.text.drain(..std::mem::take(&mut self.cursor))),
            KeyCode::Char('k') if control => self.text.truncate(self.cursor),
            KeyCode::Char('w') if control => {
                let kept = self.text[..self.cursor].trim_end().rfind(' ').map_or(0, |at| at + 1);
                self.text.drain(kept..self.cursor);
                self.cursor = kept;
            }
            KeyCode::Char(letter) if !control && !alt && !letter.is_control() => self.put(letter.to_string()),
            KeyCode::Backspace => {
                let previous = self.previous();
                self.text.drain(previous..self.cursor);
                self.cursor = previous;
            }
            KeyCode::Delete => {
                let next = self.next();
                self.text.drain(self.cursor..next);
            }
            KeyCode::Left => self.cursor = self.previous(),
            KeyCode::Right => self.cursor = self.next(),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => {}
        }
        self.text.len() != before
    }

    /// What shows in so many columns, and the column of the cursor in it: the end scrolls into view.
    pub(super) fn visible(&self, columns: usize) -> (&str, usize) {
        let columns = columns.max(1);
        let mut start = 0;
        let mut column = width(&self.text[..self.cursor]);
        while column >= columns {
            let Some(grapheme) = self.text[start..self.cursor].graphemes(true).next() else { break };
            column -= width(grapheme);
            start += grapheme.len();
        }
        (&self.text[start..], column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(line: &mut LineInput, code: KeyCode) {
        line.key(KeyEvent::new(code, KeyModifiers::NONE));
    }

    #[test]
    fn editing_goes_by_whole_characters() {
        let mut line = LineInput::new("a👨‍👩‍👧‍👦e\u{301}");
        press(&mut line, KeyCode::Backspace);
        assert_eq!(line.text(), "a👨‍👩‍👧‍👦");
        press(&mut line, KeyCode::Left);
        press(&mut line, KeyCode::Char('你'));
        assert_eq!(line.text(), "a你👨‍👩‍👧‍👦");
        press(&mut line, KeyCode::Delete);
        assert_eq!(line.text(), "a你");
        press(&mut line, KeyCode::Char(' '));
        assert_eq!(line.text(), "a你 ", "a space is a letter too");
        press(&mut line, KeyCode::Backspace);
        line.insert("x\ny\u{1b}");
        assert_eq!(line.text(), "a你x y", "a paste stays one clean line");
    }

    #[test]
    fn the_cursor_stays_in_view() {
        let line = LineInput::new("你好你好你好");
        let (shown, column) = line.visible(5);
        assert_eq!((shown, column), ("你好", 4));
    }
}
