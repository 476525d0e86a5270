//! The inbox: one row a customer.

use super::paint::{Painter, cell, piece};
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{CaseStatus, Direction, InboxRow, Priority};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::inbox::show_filter;
use crate::ui::text::{Row, cut, fit_right, width, wrap};
use crate::ui::when;
use ratatui::layout::Rect;

/// How a state looks.
pub(super) fn state(status: Option<CaseStatus>) -> (&'static str, Element) {
    match status {
        Some(CaseStatus::Open) => ("open", Element::Open),
        Some(CaseStatus::Waiting) => ("waiting", Element::Waiting),
        Some(CaseStatus::Snoozed) => ("snoozed", Element::Snoozed),
        Some(CaseStatus::Resolved) => ("resolved", Element::Resolved),
        None => ("", Element::Dim),
    }
}

/// The mark of an urgency.
pub(super) fn urgency(priority: Priority) -> &'static str {
    match priority {
        Priority::Urgent => "!!",
        Priority::High => "!",
        Priority::Normal => "",
        Priority::Low => "↓",
    }
}

/// Draws the pane.
pub(super) fn draw(screen: &Screen, area: Rect, focused: bool, painter: &mut Painter<'_>) {
    let inbox = &screen.inbox;
    let filter = show_filter(&inbox.filter, &screen.agent);
    let narrowed = if filter.is_empty() { String::new() } else { format!(" / {filter}") };
    let more = if inbox.has_more() { "+" } else { "" };
    let right = match (inbox.loaded, inbox.is_loading()) {
        (false, _) => "loading …".to_owned(),
        (true, loading) => {
            let place = if inbox.rows.is_empty() { 0 } else { inbox.selected + 1 };
            format!("{}{place}/{}{more}", if loading { "… " } else { "" }, inbox.rows.len())
        }
    };
    let border = if focused { Element::BorderFocus } else { Element::Border };
    let title = format!("{}{}{narrowed}", if focused { "▸ " } else { "" }, inbox.view.word());
    let inside = painter.frame(area, &title, &right, border, false);
    if inbox.rows.is_empty() && inbox.loaded {
        let text = match (filter.is_empty(), inbox.view.word()) {
            (false, _) => {
                let back = screen.key_name(Context::Inbox, Verb::Back);
                format!("Nobody fits this filter; {back} clears it.")
            }
            (true, "inbox") => "Nobody waits. New messages come up here by themselves.".to_owned(),
            _ => "No such cases.".to_owned(),
        };
        painter.text(inside, 1, &format!(" {text}"), Element::Dim);
        // Why nobody may be there, in full: the status line has no room for it.
        let mut row = 3;
        for (text, element) in standing(screen) {
            for line in wrap(&text, usize::from(inside.width).saturating_sub(2)) {
                painter.text(inside, row, &format!(" {line}"), element);
                row += 1;
            }
            row += 1;
        }
    }
    for (offset, row) in inbox.rows.iter().skip(inbox.top).take(usize::from(inside.height)).enumerate() {
        let selected = inbox.top + offset == inbox.selected;
        // Which row is open shows while the keys go elsewhere, too.
        let mark = match (selected, focused) {
            (true, true) => "▌",
            (true, false) => "▏",
            (false, _) => " ",
        };
        let pieces = line(screen, row, usize::from(inside.width), mark);
        let ground = selected.then_some(Element::InboxSelected);
        painter.row_on(inside, offset as u16, &pieces, ground);
    }
}

/// What an empty inbox has to say about the accounts.
fn standing(screen: &Screen) -> Vec<(String, Element)> {
    if screen.accounts.is_empty() {
        let text = format!(
            "No account is configured yet. Leave with {} and y, then `switchboard account add --help` adds one, and \
             `switchboard account help email` explains every setting.",
            screen.key_name(Context::Inbox, Verb::Back)
        );
        return vec![(text, Element::Warning)];
    }
    let troubled = screen.status.iter().filter(|account| !account.trouble.is_empty());
    troubled.map(|account| (format!("{}: {}", account.name, account.trouble), Element::Error)).collect()
}

/// One row: marks, name, channels, state, last line, owner, age. What does not fit falls away in order of use.
fn line(screen: &Screen, row: &InboxRow, columns: usize, mark: &str) -> Row {
    let now = screen.now;
    let unread = row.unread > 0;
    let text = if unread { Element::InboxUnread } else { Element::InboxRow };
    let mut left: Row = vec![
        piece(Element::Cursor, mark),
        cell(Element::Error, if row.trouble { "✗" } else { "" }, 1),
        cell(Element::Urgent, urgency(row.priority), 2),
        piece(Element::InboxUnread, if unread { "● " } else { "  " }),
    ];
    let name = (columns * 2 / 9).clamp(12, 24);
    left.push(cell(if unread { Element::InboxUnread } else { Element::InboxName }, &row.name, name));
    left.push(piece(text, " "));
    if columns >= 70 {
        left.push(cell(Element::Dim, &row.channels.join(","), 6));
        left.push(piece(text, " "));
    }
    let (word, element) = state(row.status);
    let state_columns = if columns >= 60 { 9 } else { 5 };
    // A short state is its first letters, which differ.
    let word = if columns >= 60 { word } else { word.get(..4).unwrap_or(word) };
    left.push(cell(element, word, state_columns));

    let age = match row.snoozed_until {
        Some(until) if row.status == Some(CaseStatus::Snoozed) => until_short(screen, until),
        _ => when::age(row.last_at, now),
    };
    let mut right: Row = Vec::new();
    if columns >= 60 {
        right.push(cell(Element::Dim, row.owner.as_deref().unwrap_or("–"), 7));
    }
    right.push(piece(Element::Dim, fit_right(&age, 5)));

    let used: usize = left.iter().chain(&right).map(|piece| width(&piece.text)).sum();
    let room = columns.saturating_sub(used + 1);
    let tags: String = row.tags.iter().take(3).map(|tag| format!("#{tag} ")).collect();
    let tags = if room > 40 { cut(&tags, room / 3) } else { String::new() };
    let direction = match row.last_direction {
        Direction::Inbound => "← ",
        Direction::Outbound => "→ ",
        Direction::Note => "✎ ",
    };
    let last_room = room.saturating_sub(width(&tags) + width(direction));
    left.push(piece(Element::Tag, tags));
    left.push(piece(Element::Dim, direction));
    left.push(cell(text, &row.last_text, last_room));
    left.push(piece(text, " "));
    left.extend(right);
    left
}

fn until_short(screen: &Screen, until: crate::model::Timestamp) -> String {
    let text = when::age(screen.now, until);
    if text == "now" { text } else { format!("+{text}") }
}
