//! Charts: what messages sounded like over time, and a scatter of two features.

use super::paint::Painter;
use crate::theme::Element;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Line, Points};

/// Dots in a place: `x` and `y` between 0 and 1, from the left and from the bottom.
pub(super) fn dots(painter: &mut Painter<'_>, area: Rect, points: &[(f64, f64)], joined: bool, plain: bool) {
    let color = painter.style(Element::ScoreLine).fg.unwrap_or(Color::Reset);
    if area.is_empty() || points.is_empty() {
        return;
    }
    Canvas::default()
        .marker(Marker::Braille)
        .x_bounds([0.0, 1.0])
        .y_bounds([0.0, 1.0])
        .paint(|context| {
            context.draw(&Points { coords: points, color });
            if joined {
                for pair in points.windows(2) {
                    context.draw(&Line { x1: pair[0].0, y1: pair[0].1, x2: pair[1].0, y2: pair[1].1, color });
                }
            }
        })
        .render(area, painter.buffer);
    let style = painter.style(Element::ScoreLine);
    for place in area.positions() {
        let cell = &mut painter.buffer[place];
        let dots = braille(cell.symbol());
        // What the canvas left alone keeps the ground.
        cell.set_style(style);
        match dots {
            0 => drop(cell.set_char(' ')),
            1..=2 if plain => drop(cell.set_char('.')),
            3..=4 if plain => drop(cell.set_char(':')),
            _ if plain => drop(cell.set_char('#')),
            _ => {}
        }
    }
}

/// How many dots of a braille sign are set.
fn braille(symbol: &str) -> u32 {
    symbol.chars().next().map_or(0, |sign| match u32::from(sign) {
        code @ 0x2800..=0x28ff => (code - 0x2800).count_ones(),
        _ => 0,
    })
}
