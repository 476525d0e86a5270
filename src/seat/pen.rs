//! Cells as bytes, as few as will do: over a slow line every one counts.

use super::escape;
use ratatui::buffer::{Cell, CellWidth};
use ratatui::style::{Color, Modifier};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Writes cells one after the other. It knows where the terminal stands and what colours it has, and says only what is
/// different. It begins and ends with a terminal in its plain state.
pub(super) struct Pen<'a> {
    out: String,
    /// Where the next letter lands; `None` when terminals may not agree on that.
    at: Option<(u16, u16)>,
    fg: Color,
    bg: Color,
    modifier: Modifier,
    link: Option<u32>,
    links: &'a HashMap<u32, String>,
}

/// Terminals may not agree on this cell's width: joined emoji, variation selectors, flags, combining marks, and symbols
/// that older tables call narrow and new ones wide.
fn is_doubtful(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    match (chars.next(), chars.next()) {
        (Some(one), None) => {
            matches!(one as u32, 0x2190..=0x2BFF | 0x3030..=0x303F | 0x1F000..=0x1FAFF) && !is_drawing(one)
        }
        (Some(_), Some(_)) => true,
        _ => false,
    }
}

/// Lines, blocks and arrows of our own frames: narrow everywhere.
fn is_drawing(c: char) -> bool {
    matches!(c as u32, 0x2190..=0x2193 | 0x2500..=0x259F)
}

/// The link a cell belongs to: the number stands in the colour of its underline, which nothing else uses, so that two
/// cells of different links are different cells.
pub(super) fn link_of(cell: &Cell) -> Option<u32> {
    match cell.underline_color {
        Color::Rgb(a, b, c) => Some(u32::from_be_bytes([0, a, b, c])),
        _ => None,
    }
}

impl<'a> Pen<'a> {
    /// A pen before anything is written; `links` says where the links of cells lead.
    pub(super) fn new(links: &'a HashMap<u32, String>) -> Pen<'a> {
        let (fg, bg, modifier) = (Color::Reset, Color::Reset, Modifier::empty());
        Pen { out: String::new(), at: None, fg, bg, modifier, link: None, links }
    }

    /// Rows `top..bottom` move up by so many (down, when negative). What comes in is not known. Only with whole rows: a
    /// terminal can do no less.
    pub(super) fn scroll(&mut self, top: u16, bottom: u16, up: i32) {
        let (count, letter) = (up.unsigned_abs(), if up > 0 { 'S' } else { 'T' });
        self.write(format_args!("\x1b[{};{bottom}r\x1b[{count}{letter}\x1b[r", top + 1));
        self.at = None;
    }

    /// Writes one cell.
    pub(super) fn put(&mut self, x: u16, y: u16, cell: &Cell) {
        let link = link_of(cell).filter(|number| self.links.contains_key(number));
        if link != self.link {
            self.link = link;
            let target = link.and_then(|number| Some((number, self.links.get(&number)?)));
            let bytes = target.map_or_else(escape::link_end, |(number, target)| escape::link(number, target));
            self.out.push_str(&bytes);
        }
        self.move_to(x, y);
        self.colour(cell);
        let symbol = cell.symbol();
        let (wide, doubtful) = (symbol.cell_width().max(1), is_doubtful(symbol));
        if doubtful && wide > 1 {
            // A terminal that takes it for narrower (`❤` and U+FE0F in tmux before 3.4) leaves what stood beside it: all of
            // its place is emptied first.
            self.out.extend(std::iter::repeat_n(' ', usize::from(wide)));
            self.at = None;
            self.move_to(x, y);
        }
        self.out.push_str(if symbol.is_empty() { " " } else { symbol });
        self.at = if doubtful { None } else { Some((x + wide, y)) };
    }

    /// The bytes, with the terminal plain again.
    pub(super) fn end(mut self) -> String {
        if self.link.is_some() {
            self.out.push_str(&escape::link_end());
        }
        if (self.fg, self.bg, self.modifier) != (Color::Reset, Color::Reset, Modifier::empty()) {
            self.out.push_str("\x1b[m");
        }
        self.out
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = self.out.write_fmt(text);
    }

    fn move_to(&mut self, x: u16, y: u16) {
        match self.at {
            Some(at) if at == (x, y) => {}
            Some((from, row)) if row == y && from < x && x - from == 1 => self.out.push_str("\x1b[C"),
            Some((from, row)) if row == y && from < x => self.write(format_args!("\x1b[{}C", x - from)),
            _ => self.write(format_args!("\x1b[{};{}H", y + 1, x + 1)),
        }
        self.at = Some((x, y));
    }

    /// Says how the next letter looks, as far as that is not how the last one looked.
    fn colour(&mut self, cell: &Cell) {
        // A space shows no letter's colour.
        let blank = cell.symbol() == " " && !cell.modifier.intersects(Modifier::UNDERLINED | Modifier::REVERSED);
        let blank = blank && !cell.modifier.contains(Modifier::CROSSED_OUT);
        let fg = if blank { self.fg } else { cell.fg };
        let kept = Modifier::BOLD | Modifier::DIM | Modifier::ITALIC;
        let modifier = if blank { (cell.modifier - kept) | (self.modifier & kept) } else { cell.modifier };
        if (fg, cell.bg, modifier) == (self.fg, self.bg, self.modifier) {
            return;
        }
        let mut codes = String::new();
        let gone = self.modifier - modifier;
        let mut held = self.modifier;
        for (these, code) in OFF {
            if gone.intersects(*these) {
                held -= *these;
                let _ = write!(codes, "{code};");
            }
        }
        for (this, code) in ON {
            if (modifier - held).contains(*this) {
                let _ = write!(codes, "{code};");
            }
        }
        if fg != self.fg {
            colour_code(&mut codes, fg, 30);
        }
        if cell.bg != self.bg {
            colour_code(&mut codes, cell.bg, 40);
        }
        let codes = codes.trim_end_matches(';');
        (self.fg, self.bg, self.modifier) = (fg, cell.bg, modifier);
        self.write(format_args!("\x1b[{codes}m"));
    }
}

/// What ends modifiers; bold and dim end together.
const OFF: &[(Modifier, u8)] = &[
    (Modifier::BOLD.union(Modifier::DIM), 22),
    (Modifier::ITALIC, 23),
    (Modifier::UNDERLINED, 24),
    (Modifier::SLOW_BLINK.union(Modifier::RAPID_BLINK), 25),
    (Modifier::REVERSED, 27),
    (Modifier::HIDDEN, 28),
    (Modifier::CROSSED_OUT, 29),
];

/// What begins them.
const ON: &[(Modifier, u8)] = &[
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// A colour as the codes of a terminal: `base` is 30 for letters, 40 for what is behind them.
fn colour_code(codes: &mut String, colour: Color, base: u8) {
    let named = |number: u8| if number < 8 { base + number } else { base + 60 + number - 8 };
    let code = match colour {
        Color::Reset => base + 9,
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Indexed(number) => {
            let _ = write!(codes, "{};5;{number};", base + 8);
            return;
        }
        Color::Rgb(red, green, blue) => {
            let _ = write!(codes, "{};2;{red};{green};{blue};", base + 8);
            return;
        }
    };
    let _ = write!(codes, "{code};");
}
