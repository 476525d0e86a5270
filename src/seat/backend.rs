//! The seat's own backend: crossterm's, with care for characters whose width terminals do not agree on.

use crossterm::cursor::MoveTo;
use crossterm::queue;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use std::io::{self, Write};

/// Writes cells as crossterm's backend does, and names the place anew after every cell that some terminals draw wider
/// or narrower than others: joined emoji, variation selectors, flags, combining marks. Whatever a terminal makes of such
/// a cell, the next one stands in its column.
///
/// It knows its terminal's size by itself and never asks this process's: the terminal may be another's.
pub struct Careful<W: Write>(CrosstermBackend<W>, Size);

impl<W: Write> Careful<W> {
    /// Over a writer to a terminal of this size.
    pub fn new(out: W, size: Size) -> Careful<W> {
        Careful(CrosstermBackend::new(out), size)
    }

    /// The terminal has another size now.
    pub fn set_size(&mut self, size: Size) {
        self.1 = size;
    }
}

/// Terminals may not agree on this cell's width.
fn is_doubtful(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    match (chars.next(), chars.next()) {
        // Emoji and symbols that older tables call narrow, and new ones wide.
        (Some(one), None) => {
            matches!(one as u32, 0x2190..=0x2BFF | 0x3000..=0x303F | 0x1F000..=0x1FAFF) && !is_drawing(one)
        }
        (Some(_), Some(_)) => true,
        _ => false,
    }
}

/// Lines, blocks and arrows of our own frames: narrow everywhere.
fn is_drawing(c: char) -> bool {
    matches!(c as u32, 0x2190..=0x2193 | 0x2500..=0x259F)
}

impl<W: Write> Backend for Careful<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut run: Vec<(u16, u16, &'a Cell)> = Vec::new();
        for (x, y, cell) in content {
            run.push((x, y, cell));
            if is_doubtful(cell.symbol()) {
                self.0.draw(run.drain(..))?;
            }
        }
        if !run.is_empty() {
            self.0.draw(run.into_iter())?;
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        // ratatui shows the cursor when it is dropped and prints a failure to standard error, which panics when that is
        // gone with the terminal: in the middle of saving what was typed. A terminal that is gone fails the next frame.
        let _ = self.0.show_cursor();
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Never asked of the terminal: the answer would come among the keys.
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        queue!(self.0, MoveTo(x, y))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.0.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.1)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.1, pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;

    fn written(line: &str) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 1));
        buffer.set_string(0, 0, line, ratatui::style::Style::default());
        let empty = Buffer::empty(buffer.area);
        let mut bytes = Vec::new();
        Careful::new(&mut bytes, Size::new(20, 1)).draw(empty.diff(&buffer).into_iter()).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn after_a_joined_emoji_the_column_is_named() {
        // Two columns for the astronaut: what follows is placed at the third (1-based), not where the cursor may be.
        let out = written("👩\u{200d}🚀|");
        let (_, after) = out.split_once('🚀').unwrap();
        assert!(after.contains("\u{1b}[1;3H|"), "{out:?}");
    }

    #[test]
    fn plain_text_is_one_run() {
        assert_eq!(written("Hello│→▌").matches('H').count(), 2, "one move, one letter");
    }
}
