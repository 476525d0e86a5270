//! The timeline: a customer's messages by time.

use super::inbox::{state, urgency};
use super::paint::{Painter, piece};
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::Snooze;
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::text::width;
use crate::ui::when;
use ratatui::layout::Rect;

/// Draws the pane.
pub(super) fn draw(screen: &Screen, area: Rect, focused: bool, painter: &mut Painter<'_>) {
    let border = if focused { Element::BorderFocus } else { Element::Border };
    let Some(open) = &screen.open else {
        let inside = painter.frame(area, "timeline", "", border, false);
        let open = screen.key_name(Context::Inbox, Verb::Open);
        painter.text(inside, 1, &format!(" Choose a customer and press {open}."), Element::Dim);
        return;
    };
    let name = if open.name().is_empty() {
        screen.inbox.rows.iter().find(|row| row.customer == open.id).map_or("…", |row| row.name.as_str())
    } else {
        open.name()
    };
    let only = open.narrow().title();
    let title = format!("{}{name}{only}", if focused { "▸ " } else { "" });
    let inside = painter.frame(area, &title, &header(screen), border, false);
    if open.gone {
        painter.text(inside, 1, " This customer is not there any more.", Element::Warning);
        return;
    }
    if !open.loaded {
        painter.text(inside, 1, " loading …", Element::Dim);
        return;
    }
    if open.entries.is_empty() {
        painter.text(inside, 1, " No messages yet.", Element::Dim);
    }
    let height = usize::from(inside.height);
    let text = Rect::new(inside.x + 2, inside.y, inside.width.saturating_sub(2), inside.height);
    for (index, start, block) in open.visible(open.top, height) {
        for (offset, row) in block.rows.iter().enumerate() {
            let line = start + offset;
            if line < open.top || line >= open.top + height {
                continue;
            }
            let y = (line - open.top) as u16;
            let within = offset >= block.lead && offset + block.tail < block.rows.len();
            if index == open.selected && within {
                painter.text(inside, y, "▌", Element::Cursor);
            }
            painter.row(text, y, row);
        }
    }
    // What lies above and below, so that nobody takes a part for the whole.
    let below = open.lines().saturating_sub(open.top + height);
    if below > 1 {
        let text = format!(" ↓ {below} more lines ");
        let columns = width(&text) as u16;
        if area.width > columns + 4 {
            let place = Rect::new(area.right() - columns - 2, area.bottom() - 1, columns, 1);
            painter.text(place, 0, &text, Element::Dim);
        }
    }
}

/// State, owner and urgency of the case, in words.
fn header(screen: &Screen) -> String {
    let Some(profile) = screen.open.as_ref().and_then(|open| open.profile.as_ref()) else { return String::new() };
    let customer = &profile.customer;
    let mut words = Vec::new();
    if let Some(case) = &customer.case {
        let mut word = state(Some(case.status)).0.to_owned();
        match case.snooze {
            Some(Snooze::Until(at)) => word = format!("{word} until {}", when::short(at, screen.now, &screen.zone)),
            Some(Snooze::UntilReply) => word = format!("{word} until reply"),
            None => {}
        }
        words.push(word);
        let mark = urgency(case.priority);
        if !mark.is_empty() {
            words.push(format!("{mark} {}", case.priority.word()));
        }
        words.push(case.owner.as_deref().map_or("nobody’s".to_owned(), |owner| format!("@{owner}")));
    }
    if customer.trouble {
        words.push("✗ trouble".to_owned());
    }
    if profile.drafts > 0 {
        words.push("draft".to_owned());
    }
    words.join(" · ")
}

/// A line of a label and a value, for profile and review.
pub(super) fn labelled(label: &str, value: &str, element: Element) -> [crate::ui::text::Piece; 2] {
    [piece(Element::Label, format!("{label} ")), piece(element, value)]
}
