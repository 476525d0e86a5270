//! The tour: a small box in a corner, so that what moves behind it is still seen.

use super::paint::{Painter, cell, piece};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::text::{Row, width};
use ratatui::layout::Rect;

/// Draws it into a corner of the body.
pub(super) fn draw(screen: &Screen, body: Rect, painter: &mut Painter<'_>) {
    let stops = screen.stops();
    let keys = stops.iter().map(|stop| width(&stop.keys)).max().unwrap_or(0);
    let words = stops.iter().map(|stop| width(stop.what)).max().unwrap_or(0);
    let columns = ((keys + words + 6) as u16).min(body.width);
    let height = (stops.len() as u16 + 3).min(body.height);
    let area = Rect::new(body.right() - columns, body.bottom() - height, columns, height);
    painter.ground(area);
    let inside = painter.frame(area, "The keys that matter", "", Element::BorderFocus, false);
    for (at, stop) in stops.iter().enumerate() {
        let row: Row = vec![
            piece(Element::Text, " "),
            cell(Element::Key, &stop.keys, keys),
            piece(Element::Text, format!("  {}", stop.what)),
        ];
        painter.row(inside, at as u16, &row);
    }
    let last = inside.height.saturating_sub(1);
    painter.ground(Rect::new(inside.x, inside.y + last, inside.width, 1));
    painter.text(inside, last, " any key closes this; `:tour` shows it again", Element::Dim);
}
