//! The palette over the panes.

use super::paint::{Painter, cell, piece};
use crate::command::Verb;
use crate::keymap::Context;
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::palette::{Entry, Palette};
use crate::ui::prompt::Prompt;
use crate::ui::text::{Row, cut, width};
use ratatui::layout::Rect;

/// Wider than this the eye has to look for the keys.
const WIDEST: u16 = 84;

/// Draws it.
pub(super) fn draw(screen: &Screen, palette: &Palette, prompt: &Prompt, body: Rect, painter: &mut Painter<'_>) {
    let wide = body.width.saturating_sub(4).min(WIDEST);
    let high = body.height.saturating_sub(2).min(22);
    let area = Rect::new(body.x + (body.width - wide) / 2, body.y + 1, wide, high);
    painter.ground(area);
    let right = if palette.is_searching() { "looking …" } else { "" };
    let inside = painter.frame(area, "Commands, views, customers", right, Element::BorderFocus, true);
    let columns = usize::from(inside.width);

    let (text, cursor) = prompt.line.visible(columns.saturating_sub(4));
    painter.row(inside, 0, &[piece(Element::Key, " › "), piece(Element::Strong, text)]);
    let x = inside.x + (3 + cursor) as u16;
    if x < inside.right() {
        let caret = painter.style(Element::Caret);
        painter.buffer[(x, inside.y)].set_style(caret);
    }

    let list = Rect::new(inside.x, inside.y + 1, inside.width, inside.height.saturating_sub(1));
    let height = usize::from(list.height).max(1);
    let top = (palette.selected + 1).saturating_sub(height);
    for (offset, entry) in palette.entries.iter().skip(top).take(height).enumerate() {
        let selected = top + offset == palette.selected;
        painter.row_on(
            list,
            offset as u16,
            &line(entry, columns, selected),
            selected.then_some(Element::InboxSelected),
        );
    }
    if palette.entries.is_empty() {
        let text = if palette.is_searching() { "" } else { "   Nothing is called like this." };
        painter.text(list, 0, text, Element::Dim);
    }
    let keys = |verb| screen.key_name(Context::Prompt, verb);
    let foot = format!(" {} goes there · {} next · {} closes ", keys(Verb::Open), keys(Verb::Down), keys(Verb::Back));
    let foot = cut(&foot, columns.saturating_sub(2));
    let place = Rect::new(area.right() - 2 - width(&foot) as u16, area.bottom() - 1, width(&foot) as u16, 1);
    painter.text(place, 0, &foot, Element::Dim);
}

fn line(entry: &Entry, columns: usize, selected: bool) -> Row {
    let mark = piece(Element::Cursor, if selected { "▌" } else { " " });
    match entry {
        Entry::Run(item) => vec![
            mark,
            cell(Element::Key, &item.keys, 9),
            piece(Element::Text, " "),
            cell(Element::Strong, &item.action.line(), 18),
            piece(Element::Text, " "),
            piece(Element::Dim, cut(&item.doc, columns.saturating_sub(31))),
        ],
        Entry::Customer(_, name, address) => {
            let room = columns.saturating_sub(12 + width(address)).max(12);
            vec![
                mark,
                cell(Element::Dim, "customer", 9),
                piece(Element::Text, " "),
                piece(Element::InboxName, cut(name, room)),
                piece(Element::Dim, cut(&format!("  {address}"), columns.saturating_sub(11))),
            ]
        }
    }
}
