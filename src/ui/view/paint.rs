//! Putting text into a frame without ever passing an edge.

use crate::theme::{Element, Theme};
use crate::ui::layout::inner;
use crate::ui::link::Links;
pub(super) use crate::ui::text::piece;
use crate::ui::text::{Piece, cut, fit, is_plain, width};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

/// A frame's buffer with the agent's colours.
pub(super) struct Painter<'f> {
    /// The cells.
    pub buffer: &'f mut Buffer,
    /// The colours.
    pub theme: &'f Theme,
    /// The numbers of links.
    links: Option<&'f Links>,
}

impl<'f> Painter<'f> {
    /// Draws into a buffer.
    pub(super) fn new(buffer: &'f mut Buffer, theme: &'f Theme) -> Painter<'f> {
        Painter { buffer, theme, links: None }
    }

    /// With links that are known by these numbers.
    pub(super) fn with_links(self, links: &'f Links) -> Painter<'f> {
        Painter { links: Some(links), ..self }
    }

    /// How an element looks.
    pub(super) fn style(&self, element: Element) -> Style {
        self.theme.style(element)
    }

    /// Empties a place.
    pub(super) fn ground(&mut self, area: Rect) {
        // A wide letter just before it would reach into it.
        if area.x > self.buffer.area.x {
            for y in area.intersection(self.buffer.area).top()..area.intersection(self.buffer.area).bottom() {
                let before = &mut self.buffer[(area.x - 1, y)];
                if width(before.symbol()) > 1 {
                    before.set_char(' ');
                }
            }
        }
        self.fill(area, Element::Text);
    }

    /// Empties a place in an element's colours.
    pub(super) fn fill(&mut self, area: Rect, element: Element) {
        let area = area.intersection(self.buffer.area);
        let style = self.style(element);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                self.buffer[(x, y)].reset();
                self.buffer[(x, y)].set_style(style);
            }
        }
    }

    /// One line of text, cut to the area.
    pub(super) fn text(&mut self, area: Rect, row: u16, text: &str, element: Element) {
        self.row(area, row, &[piece(element, text)]);
    }

    /// One line of pieces, cut to the area.
    pub(super) fn row(&mut self, area: Rect, row: u16, pieces: &[Piece]) {
        self.row_on(area, row, pieces, None);
    }

    /// One line of pieces; with `ground`, all of the line has that element's background.
    pub(super) fn row_on(&mut self, area: Rect, row: u16, pieces: &[Piece], ground: Option<Element>) {
        if row >= area.height {
            return;
        }
        let y = area.y + row;
        if let Some(ground) = ground {
            self.fill(Rect::new(area.x, y, area.width, 1), ground);
        }
        let over = ground.map(|ground| self.style(ground));
        let mut x = area.x;
        for piece in pieces {
            let room = usize::from(area.right().min(self.buffer.area.right()).saturating_sub(x));
            if room == 0 {
                return;
            }
            let text = cut(&piece.text, room);
            let mut style = self.style(piece.element);
            if let Some(over) = over {
                style.bg = over.bg;
                style = style.add_modifier(over.add_modifier);
                // A block of one colour, and what would vanish in the ground, takes the ground's own letters.
                let block = over.bg.is_none() || over.add_modifier.contains(Modifier::REVERSED);
                if block || style.fg == over.bg {
                    style.fg = over.fg;
                }
            }
            let end = if is_plain(&text) {
                // As `set_stringn` does it, without taking the text apart.
                let mut end = x;
                for c in text.chars().take(room) {
                    self.buffer[(end, y)].set_char(c).set_style(style);
                    end += 1;
                }
                end
            } else {
                self.buffer.set_stringn(x, y, &text, room, style);
                x + width(&text).min(room) as u16
            };
            if let Some(number) = piece.link.as_ref().and_then(|target| self.links?.of(target)) {
                // The backend knows a link by this; nothing else has a colour of its underline.
                let [_, a, b, c] = number.to_be_bytes();
                for x in x..end {
                    self.buffer[(x, y)].underline_color = Color::Rgb(a, b, c);
                }
            }
            x = end;
        }
    }

    /// A frame with a title; gives the place inside.
    pub(super) fn frame(&mut self, area: Rect, title: &str, right: &str, border: Element, heavy: bool) -> Rect {
        let lines =
            if heavy { ["┏", "┓", "┗", "┛", "━", "┃"] } else { ["┌", "┐", "└", "┘", "─", "│"] };
        let columns = usize::from(area.width);
        if columns < 4 || area.height < 2 {
            return Rect::new(area.x, area.y, 0, 0);
        }
        let title = cut(title, columns - 4);
        let title = if title.is_empty() { String::new() } else { format!(" {title} ") };
        let right = cut(right, columns.saturating_sub(width(&title) + 5));
        let right = if right.is_empty() { String::new() } else { format!(" {right} ") };
        let rest = columns.saturating_sub(2 + width(&title) + width(&right));
        let title_element = if heavy { border } else { Element::Title };
        self.row(
            area,
            0,
            &[
                piece(border, lines[0].to_owned()),
                piece(title_element, title),
                piece(border, lines[4].repeat(rest)),
                piece(if heavy { border } else { Element::Dim }, right),
                piece(border, lines[1].to_owned()),
            ],
        );
        let side = Rect::new(area.right() - 1, area.y, 1, area.height);
        for row in 1..area.height - 1 {
            self.text(area, row, lines[5], border);
            self.text(side, row, lines[5], border);
        }
        self.text(area, area.height - 1, &format!("{}{}{}", lines[2], lines[4].repeat(columns - 2), lines[3]), border);
        inner(area)
    }

    /// Text at the right of a line.
    pub(super) fn right(&mut self, area: Rect, row: u16, pieces: &[Piece]) {
        let wide: usize = pieces.iter().map(|piece| width(&piece.text)).sum();
        let wide = wide.min(usize::from(area.width)) as u16;
        self.row(Rect::new(area.right() - wide, area.y, wide, area.height), row, pieces);
    }
}

/// A piece of exactly so many columns.
pub(super) fn cell(element: Element, text: &str, columns: usize) -> Piece {
    piece(element, fit(text, columns))
}
