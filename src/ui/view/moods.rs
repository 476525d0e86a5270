//! What a customer's messages sounded like over time, under the timeline.

use super::chart::dots;
use super::paint::{Painter, piece};
use crate::model::{SentimentLabel, count};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::signs::label_element;
use crate::ui::text::width;
use crate::ui::when;
use ratatui::layout::Rect;

/// How much of a message's reading goes into the line beside those before it.
const WEIGHT: f64 = 0.35;

/// Draws the pane. Readings are those of the messages that are held, so a frame costs the same whatever the store holds.
pub(super) fn draw(screen: &Screen, area: Rect, painter: &mut Painter<'_>) {
    let Some(open) = &screen.open else { return };
    let readings = &open.readings;
    let (Some(first), Some(last)) = (readings.first(), readings.last()) else { return };
    let inside = painter.frame(
        area,
        "mood over time",
        &count(readings.len() as u64, "message", "messages"),
        Element::Border,
        false,
    );
    if inside.height < 3 || inside.width < 20 {
        return;
    }
    let signs = screen.signs();
    let rows = inside.height - 1;
    for (row, label) in
        [(0, SentimentLabel::Positive), (rows / 2, SentimentLabel::Neutral), (rows - 1, SentimentLabel::Negative)]
    {
        painter.text(inside, row, signs.label(label), label_element(label));
    }
    let field = Rect { x: inside.x + 2, width: inside.width - 3, height: rows, ..inside };
    let span = last.0.since(first.0).max(1) as f64;
    let x = |at: crate::model::Timestamp| at.since(first.0) as f64 / span;
    // One message is a moment; the line is what they sound like of late.
    let mut mood = f64::from(first.1);
    let line: Vec<(f64, f64)> = readings
        .iter()
        .map(|(at, percent)| {
            mood += (f64::from(*percent) - mood) * WEIGHT;
            (x(*at).clamp(0.0, 1.0), (mood + 100.0) / 200.0)
        })
        .collect();
    dots(painter, field, &line, true, signs.plain);
    // The axis: when it began and ended, and where the message under the cursor stands.
    let axis = Rect { y: inside.bottom() - 1, height: 1, ..field };
    let begin = when::short(first.0, screen.now, &screen.zone);
    let end = when::short(last.0, screen.now, &screen.zone);
    let between = usize::from(axis.width).saturating_sub(width(&begin) + width(&end) + 2);
    let rule = if signs.plain { "-" } else { "─" };
    let row = [
        piece(Element::Dim, format!("{begin} ")),
        piece(Element::Border, rule.repeat(between)),
        piece(Element::Dim, format!(" {end}")),
    ];
    painter.row(axis, 0, &row);
    let cursor = open.entry().map(|entry| x(entry.message.at)).filter(|at| (0.0..=1.0).contains(at));
    if let Some(at) = cursor {
        let column = (at * f64::from(field.width - 1)).round() as u16;
        // On the frame, so that it covers no date.
        let mark = Rect::new(field.x + column, area.bottom() - 1, 1, 1);
        painter.text(mark, 0, if signs.plain { "^" } else { "┴" }, Element::Cursor);
    }
}
