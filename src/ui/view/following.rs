//! What may follow a key (`g`, Space …): rows above the status line, from the live keymap.

use super::paint::{Painter, cell, piece};
use crate::command::{Action, of};
use crate::keymap::{Key, show_keys};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::text::{Row, cut, width};
use ratatui::layout::Rect;

/// Columns between two keys.
const GAP: usize = 3;

/// Draws the rows, and in the line of hints the keys pressed so far.
pub(super) fn draw(screen: &Screen, status: Rect, hint: Rect, painter: &mut Painter<'_>) {
    let context = screen.context();
    let pressed = show_keys(&screen.keys);
    painter.row(
        hint,
        0,
        &[piece(Element::Prompt, format!(" {pressed} … ")), piece(Element::Key, "Esc"), piece(Element::Hint, " stops")],
    );
    let mut next = screen.keymap.following(context, &screen.keys);
    next.sort_by_key(|(key, action)| {
        (action.map(|action| action.verb), key.to_string().to_lowercase(), key.to_string())
    });
    let next: Vec<(String, String)> = next.into_iter().map(|(key, action)| words(screen, key, action)).collect();
    let columns = usize::from(status.width).saturating_sub(2);
    let rows = arrange(&next, columns);
    // One line above tells them from the pane beneath, without colours too.
    let height = (rows.len() as u16 + 1).min(status.y);
    let area = Rect::new(status.x, status.y - height, status.width, height);
    painter.fill(area, Element::HintNext);
    let rule = format!("── {pressed} … ");
    let rest = usize::from(area.width).saturating_sub(width(&rule));
    painter.text(area, 0, &format!("{rule}{}", "─".repeat(rest)), Element::BorderFocus);
    for (at, row) in rows.iter().enumerate() {
        painter.row(area, at as u16 + 1, row);
    }
}

/// A key and what it does, as short as it can be understood.
fn words(screen: &Screen, key: Key, action: Option<&Action>) -> (String, String) {
    let does = match action {
        // `view resolved` is known by its argument.
        Some(action) if !action.argument.is_empty() => action.argument.clone(),
        Some(action) => of(action.verb).name.to_owned(),
        None => {
            let path = [screen.keys.as_slice(), &[key]].concat();
            format!("… {} more", screen.keymap.following(screen.context(), &path).len())
        }
    };
    (key.to_string(), does)
}

/// In columns as wide as the longest, filled downwards, so that the eye reads a list.
fn arrange(next: &[(String, String)], columns: usize) -> Vec<Row> {
    let keys = next.iter().map(|(key, _)| width(key)).max().unwrap_or(0);
    let wide = next.iter().map(|(_, does)| width(does)).max().unwrap_or(0);
    let one = (keys + 1 + wide + GAP).min(columns.max(1));
    let across = (columns / one).max(1);
    let down = next.len().div_ceil(across);
    let mut rows: Vec<Row> = vec![vec![piece(Element::HintNext, " ")]; down];
    for (at, (key, does)) in next.iter().enumerate() {
        let pad = " ".repeat(keys - width(key));
        if let Some(row) = rows.get_mut(at % down) {
            row.push(piece(Element::HintNext, pad));
            row.push(piece(Element::Key, key.as_str()));
            row.push(cell(Element::HintNext, &format!(" {}", cut(does, wide)), 1 + wide + GAP));
        }
    }
    rows
}
