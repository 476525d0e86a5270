//! The scores of a customer: one row each where there is room, two where there is little.

use super::paint::{Painter, cell, piece};
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{Score, Scorecard};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::signs::element;
use crate::ui::text::{Row, cut, fit_right, width, wrap};
use crate::ui::when;
use ratatui::layout::Rect;

/// From so many columns a score is one row.
const WIDE: usize = 66;
/// Columns of a name: `satisfaction` and a space.
const NAME: usize = 13;
/// Columns of a line at most: as many values as are kept.
const LINE: usize = 24;

/// Draws the pane.
pub(super) fn draw(screen: &Screen, area: Rect, focused: bool, painter: &mut Painter<'_>) {
    let border = if focused { Element::BorderFocus } else { Element::Border };
    let title = if focused { "▸ scores" } else { "scores" };
    let stale = screen.scorecard().is_some_and(|card| card.stale && !card.scores.is_empty());
    let inside = painter.frame(area, title, if stale { "stale" } else { "" }, border, false);
    let Some(open) = &screen.open else { return };
    let Some(card) = &open.scores else {
        painter.text(inside, 0, if open.gone { " gone" } else { " loading …" }, Element::Dim);
        return;
    };
    let (columns, height) = (usize::from(inside.width), usize::from(inside.height));
    let rows = lines(screen, card, columns);
    // The row under the cursor is in sight; what is above stays as long as it can.
    let chosen = |(entry, _): &(Option<usize>, Row)| *entry == Some(screen.scores.selected);
    let end = rows.iter().rposition(chosen).map_or(0, |last| last + 1);
    let last_entry = rows.iter().rev().find_map(|(entry, _)| *entry) == Some(screen.scores.selected);
    let end = if last_entry { rows.len() } else { end };
    let top = if focused { end.saturating_sub(height) } else { 0 };
    for (y, row) in rows.iter().skip(top).take(height).enumerate() {
        let selected = focused && chosen(row);
        painter.row_on(inside, y as u16, &row.1, selected.then_some(Element::InboxSelected));
        if selected {
            let edge = Rect { width: 1, ..inside };
            painter.row_on(edge, y as u16, &[piece(Element::Cursor, "▌")], Some(Element::InboxSelected));
        }
    }
    let below = rows.len().saturating_sub(top + height);
    if below > 0 {
        let text = format!(" ↓ {below} more lines ");
        let columns = width(&text) as u16;
        if area.width > columns + 4 {
            let place = Rect::new(area.right() - columns - 2, area.bottom() - 1, columns, 1);
            painter.text(place, 0, &text, Element::Dim);
        }
    }
}

/// All lines, each with the entry it belongs to: the scores first, then the segments.
fn lines(screen: &Screen, card: &Scorecard, columns: usize) -> Vec<(Option<usize>, Row)> {
    let mut rows: Vec<(Option<usize>, Row)> = Vec::new();
    if card.scores.is_empty() {
        for part in
            wrap("Not scored yet. Scores come by themselves, soon after messages do.", columns.saturating_sub(2))
        {
            rows.push((None, vec![piece(Element::Dim, format!(" {part}"))]));
        }
    }
    let widest = card.scores.iter().map(|score| width(&score.shown)).max().unwrap_or(0);
    for (index, score) in card.scores.iter().enumerate() {
        let made = if columns >= WIDE {
            vec![wide(screen, score, card.stale, columns, widest)]
        } else {
            narrow(screen, score, card.stale, columns)
        };
        rows.extend(made.into_iter().map(|row| (Some(index), row)));
    }
    for (index, (kind, name)) in card.segments.iter().enumerate() {
        let label_columns = if columns >= WIDE { NAME + 4 } else { NAME + 3 };
        let label = cell(Element::Label, &format!("   {}", kind.word()), label_columns);
        let name = piece(Element::Tag, cut(name, columns.saturating_sub(label_columns)));
        rows.push((Some(card.scores.len() + index), vec![label, name]));
    }
    let mut foot = |text: &str| {
        for part in wrap(text, columns.saturating_sub(2)) {
            rows.push((None, vec![piece(Element::Dim, format!(" {part}"))]));
        }
    };
    if card.stale && !card.scores.is_empty() {
        foot("stale: older than the last message or order, or of another model; they are computed anew");
    }
    match card.taught.made {
        0 if card.scores.is_empty() => {}
        0 => foot(&format!(
            "{}: {} on a message says what it sounds like",
            card.taught.words(),
            screen.key_name(Context::Timeline, Verb::Why)
        )),
        _ => foot(&card.taught.words()),
    }
    rows
}

/// What stands in a row, ready to be put into columns.
struct Parts {
    sign: &'static str,
    look: Element,
    band: String,
    trend: &'static str,
    age: String,
}

fn parts(screen: &Screen, score: &Score, stale: bool) -> Parts {
    let signs = screen.signs();
    let age = when::age(score.at, screen.now);
    match (&score.band, score.value) {
        (Some(band), Some(value)) => Parts {
            sign: signs.level(band.level),
            look: if stale { Element::Dim } else { element(band.level) },
            band: band.word.clone(),
            trend: score.trend_30.map_or(" ", |change| signs.trend(score.kind, value, change)),
            age,
        },
        _ => Parts { sign: " ", look: Element::Dim, band: "not enough data".to_owned(), trend: " ", age },
    }
}

/// How a number, a name and a line look.
fn looks(score: &Score, stale: bool) -> (Element, Element) {
    if stale || score.value.is_none() { (Element::Dim, Element::Dim) } else { (Element::Text, Element::ScoreLine) }
}

/// One row; the widest number of all takes `widest` columns, so that the lines stand under one another.
fn wide(screen: &Screen, score: &Score, stale: bool, columns: usize, widest: usize) -> Row {
    let parts = parts(screen, score, stale);
    let (text, line) = looks(score, stale);
    let band = (columns / 5).clamp(16, 28);
    // Cursor, sign, two spaces, name, band; behind the number line, trend, n and age.
    let (left, right) = (4 + NAME + band, 3 + 7 + 5);
    let room = columns.saturating_sub(left + right);
    let line_columns = LINE.min(room.saturating_sub(widest + 1)).max(room / 4);
    let (about, line_columns) = match (&score.value, score.reasons.first()) {
        // What is missing needs the room, and there is no line.
        (None, Some(missing)) => (missing.text.as_str(), 0),
        _ => (score.shown.as_str(), line_columns),
    };
    let shown = room.saturating_sub(line_columns);
    let drawn = screen.signs().line(&score.line, score.kind.range(), line_columns);
    vec![
        piece(Element::Text, " "),
        piece(parts.look, format!("{} ", parts.sign)),
        cell(text, score.kind.word(), NAME + 1),
        cell(parts.look, &parts.band, band),
        cell(text, &cut(about, shown.saturating_sub(1)), shown),
        cell(line, &drawn, line_columns),
        piece(text, format!(" {} ", parts.trend)),
        piece(Element::Dim, fit_right(&format!("n {}", short(score.sample)), 7)),
        piece(Element::Dim, fit_right(&parts.age, 5)),
    ]
}

fn narrow(screen: &Screen, score: &Score, stale: bool, columns: usize) -> Vec<Row> {
    let parts = parts(screen, score, stale);
    let (text, line) = looks(score, stale);
    // What has no number goes nowhere.
    let trend = if score.value.is_none() { String::new() } else { format!(" {}", parts.trend) };
    let band = columns.saturating_sub(3 + NAME + width(&trend) + 4);
    let mut rows = vec![vec![
        piece(Element::Text, " "),
        piece(parts.look, format!("{} ", parts.sign)),
        cell(text, score.kind.word(), NAME),
        cell(parts.look, &parts.band, band),
        piece(text, trend),
        piece(Element::Dim, fit_right(&parts.age, 4)),
    ]];
    let room = columns.saturating_sub(3);
    if score.value.is_none() {
        let missing = score.reasons.first().map_or("", |reason| reason.text.as_str());
        if !missing.is_empty() {
            rows.push(vec![piece(Element::Dim, format!("   {}", cut(missing, room)))]);
        }
        return rows;
    }
    let sample = format!(" n {}", short(score.sample));
    let room = room.saturating_sub(width(&sample));
    // The number comes before the line where both do not fit.
    let line_columns = room.saturating_sub(width(&score.shown) + 1).clamp(4, 12);
    let shown = room.saturating_sub(line_columns);
    let drawn = screen.signs().line(&score.line, score.kind.range(), line_columns);
    rows.push(vec![
        piece(Element::Text, "   "),
        cell(text, &cut(&score.shown, shown.saturating_sub(1)), shown),
        cell(line, &drawn, line_columns),
        piece(Element::Dim, sample),
    ]);
    rows
}

/// A number in at most four columns: `212`, `12k`.
pub(super) fn short(number: u32) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{}k", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}
