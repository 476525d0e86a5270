//! The seat's own backend: it remembers what its terminal shows, and says only what is different.

use super::pen::Pen;
use super::scroll;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType as Extent};
use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::{Position, Rect, Size};
use std::collections::{BTreeSet, HashMap};
use std::io::{self, Write};

/// A terminal at the other end of a writer. It names the place anew after every cell that some terminals draw wider or
/// narrower than others: whatever a terminal makes of such a cell, the next one stands in its column. Rows that only
/// moved are moved by the terminal.
///
/// It knows its terminal's size by itself and never asks this process's: the terminal may be another's.
pub struct Careful<W: Write> {
    out: W,
    /// What the next frame looks like.
    wanted: Buffer,
    /// What the terminal shows.
    shown: Buffer,
    /// Rows that may differ.
    touched: BTreeSet<u16>,
    /// Where the links on the frame lead.
    links: HashMap<u32, String>,
    /// `None` when nobody knows.
    cursor_shown: Option<bool>,
}

/// Going on by so many columns takes as many bytes as writing them.
const SHORT: u16 = 5;

/// A plain letter that looks like the one before it.
fn is_like(cell: &Cell, before: &Cell) -> bool {
    let look = |cell: &Cell| (cell.fg, cell.bg, cell.modifier, cell.underline_color);
    cell.symbol().len() == 1 && look(cell) == look(before)
}

impl<W: Write> Careful<W> {
    /// Over a writer to an empty terminal of this size.
    pub fn new(out: W, size: Size) -> Careful<W> {
        let empty = Buffer::empty(Rect::new(0, 0, size.width, size.height));
        Careful {
            out,
            wanted: empty.clone(),
            shown: empty,
            touched: BTreeSet::new(),
            links: HashMap::new(),
            cursor_shown: None,
        }
    }

    /// The terminal has another size now. It is cleared before anything else is drawn.
    pub fn set_size(&mut self, size: Size) {
        let area = Rect::new(0, 0, size.width, size.height);
        self.wanted.resize(area);
        self.shown.resize(area);
        self.cursor_shown = None;
    }

    /// Where the links of the next frame lead, by their numbers.
    pub fn set_links(&mut self, links: HashMap<u32, String>) {
        self.links = links;
    }

    fn forget(&mut self) {
        self.wanted.reset();
        self.shown.reset();
        self.touched.clear();
        self.cursor_shown = None;
    }
}

impl<W: Write> Backend for Careful<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            self.touched.insert(y);
            if let Some(place) = self.wanted.cell_mut((x, y)) {
                *place = cell.clone();
            }
            // What a wide character covers is nothing of its own.
            for covered in 1..cell.symbol().cell_width() {
                if let Some(place) = self.wanted.cell_mut((x + covered, y)) {
                    place.reset();
                }
            }
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor_shown.replace(false) == Some(false) { Ok(()) } else { queue!(self.out, Hide) }
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        // ratatui shows the cursor when it is dropped and prints a failure to standard error, which panics when that is
        // gone with the terminal: in the middle of saving what was typed. A terminal that is gone fails the next frame.
        self.cursor_shown = Some(true);
        let _ = queue!(self.out, Show);
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Never asked of the terminal: the answer would come among the keys.
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let Position { x, y } = position.into();
        queue!(self.out, MoveTo(x, y))
    }

    fn clear(&mut self) -> io::Result<()> {
        self.forget();
        queue!(self.out, Clear(Extent::All))
    }

    fn clear_region(&mut self, _: ClearType) -> io::Result<()> {
        // Frames cover all of the terminal; ratatui clears a part only for views of its own that are smaller.
        self.clear()
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.wanted.area.as_size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.wanted.area.as_size(), pixels: Size::ZERO })
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut pen = Pen::new(&self.links);
        // Rows nobody drew on are as they were.
        let mut rows: Vec<u16> = self.touched.iter().copied().collect();
        if let Some(scroll) = scroll::find(&self.shown, &self.wanted, &rows) {
            pen.scroll(scroll.rows.start, scroll.rows.end, scroll.up);
            scroll::apply(&mut self.shown, &scroll);
            rows.extend(scroll.rows);
            rows.sort_unstable();
            rows.dedup();
        }
        for y in rows {
            write_row(&mut pen, &mut self.shown, &self.wanted, y);
        }
        self.touched.clear();
        self.out.write_all(pen.end().as_bytes())?;
        self.out.flush()
    }
}

fn width(cell: &Cell) -> u16 {
    if cell.symbol().len() == 1 { 1 } else { cell.symbol().cell_width().max(1) }
}

/// Writes what is different in a row; the terminal shows it then.
fn write_row(pen: &mut Pen<'_>, shown: &mut Buffer, wanted: &Buffer, y: u16) {
    let mut last: Option<u16> = None;
    // Columns that a wide character before them covers, or covered.
    let (mut covered, mut uncovered) = (0, 0);
    for x in 0..wanted.area.width {
        let (cell, before) = (&wanted[(x, y)], &shown[(x, y)]);
        let differs = cell != before;
        let (wide, wider) = (width(cell), width(cell).max(width(before)));
        if covered == 0 && (differs || uncovered > 0) {
            if let Some(from) = last.filter(|from| x - from <= SHORT) {
                // Over a few cells that are as they were it is shorter to write them again than to say how far to go.
                let written = &wanted[(from, y)];
                let between = (from + 1..x).map(|x| (x, &wanted[(x, y)]));
                if width(written) == 1 && between.clone().all(|(_, cell)| is_like(cell, written)) {
                    between.for_each(|(x, cell)| pen.put(x, y, cell));
                }
            }
            pen.put(x, y, cell);
            last = Some(x);
        }
        covered = if covered == 0 { wide - 1 } else { covered - 1 };
        uncovered = wider.max(uncovered).saturating_sub(1);
        if differs {
            shown[(x, y)].clone_from(cell);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ratatui::style::{Color, Modifier, Style};

    /// What is written when `lines` come after `before`.
    fn change(before: &[(&str, Style)], lines: &[(&str, Style)]) -> String {
        let mut bytes = Vec::new();
        let mut backend = Careful::new(&mut bytes, Size::new(20, 8));
        let mut at = 0;
        for frame in [before, lines] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 8));
            for (y, (line, style)) in frame.iter().enumerate() {
                buffer.set_string(0, y as u16, line, *style);
            }
            let shown = backend.wanted.clone();
            at = backend.out.len();
            backend.draw(shown.diff(&buffer).into_iter()).unwrap();
            backend.flush().unwrap();
        }
        String::from_utf8(bytes[at..].to_vec()).unwrap()
    }

    fn written(line: &str) -> String {
        change(&[], &[(line, Style::new())])
    }

    #[test]
    fn after_a_joined_emoji_the_column_is_named() {
        // Two columns for the astronaut: what follows is placed at the third (1-based), not where the cursor may be.
        let out = written("👩\u{200d}🚀|");
        let (_, after) = out.split_once('🚀').unwrap();
        assert!(after.contains("\u{1b}[1;3H|"), "{out:?}");
    }

    /// What a terminal shows that gives a variation selector no column, as tmux 3.3a does: `before`, then `lines`.
    fn seen(before: &str, line: &str) -> String {
        let bytes =
            change(&[], &[(before, Style::new())]) + &change(&[(before, Style::new())], &[(line, Style::new())]);
        let mut cells = vec![' '; 20];
        let (mut at, mut rest) = (0, bytes.as_str());
        while let Some(letter) = rest.chars().next() {
            rest = &rest[letter.len_utf8()..];
            if letter == '\x1b' {
                let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
                let numbers: Vec<usize> = rest[1..end].split(';').filter_map(|number| number.parse().ok()).collect();
                at = match &rest[end..=end] {
                    "H" => numbers[1] - 1,
                    "C" => at + numbers.first().copied().unwrap_or(1),
                    _ => at,
                };
                rest = &rest[end + 1..];
            } else if letter != '\u{fe0f}' {
                cells[at] = letter;
                at += 1;
            }
        }
        String::from_iter(cells).trim_end().to_owned()
    }

    #[test]
    fn nothing_is_left_beside_an_emoji_that_a_terminal_takes_for_narrow() {
        // Two columns by our tables: one of them stays empty where the terminal draws one.
        assert_eq!(seen("abcdef", "❤\u{fe0f}xy"), "❤ xy");
        assert_eq!(seen("abcdef", "a❤\u{fe0f}❤\u{fe0f}y"), "a❤ ❤ y");
        assert_eq!(seen("❤\u{fe0f}xy", "abcdef"), "abcdef");
    }

    #[test]
    fn plain_text_is_one_run_and_so_is_chinese() {
        assert_eq!(written("Hello│→▌"), "\x1b[1;1HHello│→▌");
        assert_eq!(written("你好，世界。x"), "\x1b[1;1H你好，世界。x");
    }

    #[test]
    fn only_what_is_different_is_said_of_colours_too() {
        let red = Style::new().fg(Color::Red);
        let bold = red.add_modifier(Modifier::BOLD);
        assert_eq!(change(&[("abc", red)], &[("abd", red)]), "\x1b[1;3H\x1b[31md\x1b[m");
        assert_eq!(change(&[], &[("a", bold), ("b", red)]), "\x1b[1;1H\x1b[1;31ma\x1b[2;1H\x1b[22mb\x1b[m");
        assert_eq!(change(&[("abc", red)], &[("abc", red)]), "");
        let green = Style::new().bg(Color::Rgb(1, 2, 3));
        assert_eq!(change(&[], &[("a b", green)]), "\x1b[1;1H\x1b[48;2;1;2;3ma b\x1b[m");
    }

    #[test]
    fn what_a_wide_character_covered_is_drawn_when_it_goes() {
        assert_eq!(change(&[("你x", Style::new())], &[("abx", Style::new())]), "\x1b[1;1Hab");
        assert_eq!(change(&[("abx", Style::new())], &[("你x", Style::new())]), "\x1b[1;1H你");
    }

    #[test]
    fn rows_that_moved_are_moved_by_the_terminal() {
        let lines =
            ["head", "one of them", "two of them", "three of them", "four of them", "five of them", "six", "foot"];
        let mut after = lines;
        after[1..7].rotate_left(1);
        after[6] = "seven";
        let plain = |lines: [&'static str; 8]| lines.map(|line| (line, Style::new()));
        assert_eq!(change(&plain(lines), &plain(after)), "\x1b[2;7r\x1b[1S\x1b[r\x1b[7;1Hseven");
    }

    #[test]
    fn a_link_is_told_apart_from_another_on_the_same_letters() {
        let mut bytes = Vec::new();
        let mut backend = Careful::new(&mut bytes, Size::new(20, 2));
        backend.set_links(HashMap::from([(1, "https://a.example".into()), (2, "https://b.example".into())]));
        let frame = |number| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
            buffer.set_string(0, 0, "click", Style::new().underline_color(Color::Rgb(0, 0, number)));
            buffer.set_string(6, 0, "text", Style::new());
            buffer
        };
        for (before, number) in [(Buffer::empty(Rect::new(0, 0, 20, 2)), 1), (frame(1), 2), (frame(2), 3)] {
            backend.draw(before.diff(&frame(number)).into_iter()).unwrap();
            backend.flush().unwrap();
        }
        let said = String::from_utf8(bytes).unwrap();
        let first = "\x1b]8;id=s1;https://a.example\x1b\\\x1b[1;1Hclick\x1b]8;;\x1b\\";
        assert!(said.starts_with(first) && said.contains("text"), "{said:?}");
        assert!(said.contains("\x1b]8;id=s2;https://b.example\x1b\\\x1b[1;1Hclick\x1b]8;;\x1b\\"), "{said:?}");
        // A number nobody knows is no link.
        assert!(said.ends_with("\x1b[1;1Hclick"), "{said:?}");
    }
}
