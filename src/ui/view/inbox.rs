//! The inbox: one row a customer.

use super::paint::{Painter, cell, piece};
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{CaseStatus, Direction, InboxRow, InboxView, Priority};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::inbox::show_filter;
use crate::ui::signs::{label_element, mood_label};
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

/// From so many columns the word of every state stands in a column of its own.
const WIDE: usize = 96;
/// From so many columns channels are written out, under it they are two letters.
const MIDDLE: usize = 70;
/// Under so many columns there is no room for channels.
const NARROW: usize = 44;

/// One row: marks, name, channels, last line, owner, age. Nobody's column is empty: a state other than the one everybody
/// here has stands before the last line as a word, an owner after it.
fn line(screen: &Screen, row: &InboxRow, columns: usize, mark: &str) -> Row {
    let now = screen.now;
    let unread = row.unread > 0;
    let text = if unread { Element::InboxUnread } else { Element::InboxRow };
    let trouble = if row.trouble { "✗" } else { "" };
    // Beside trouble there is room for one sign of urgency.
    let urgent: String = urgency(row.priority).chars().take(2 - width(trouble)).collect();
    let unread_columns = if columns < MIDDLE { 2 } else { 3 };
    let mut left: Row = vec![
        piece(Element::Cursor, mark),
        piece(Element::Error, trouble),
        cell(Element::Urgent, &urgent, 2 - width(trouble)),
        cell(Element::InboxUnread, &unread_mark(row.unread, unread_columns), unread_columns),
    ];
    let name = (columns * 3 / 10).clamp(12, 24);
    left.push(cell(if unread { Element::InboxUnread } else { Element::InboxName }, &row.name, name));
    left.push(piece(text, " "));
    let channels = channels(screen, row, columns);
    if !channels.text.is_empty() {
        left.push(channels);
        left.push(piece(text, " "));
    }
    let (word, element) = state(row.status);
    if columns >= WIDE {
        left.push(cell(element, word, 9));
    } else if !goes_without_saying(row.status, screen.inbox.view) {
        left.push(piece(element, format!("{} ", if columns < MIDDLE { short_state(row.status) } else { word })));
    }
    let age = match row.snoozed_until {
        Some(until) if row.status == Some(CaseStatus::Snoozed) => until_short(screen, until),
        _ => when::age(row.last_at, now),
    };
    let mut right: Row = Vec::new();
    if let Some(owner) = &row.owner {
        let room = if columns < MIDDLE { 7 } else { 12 };
        right.push(piece(Element::Dim, format!(" {}", cut(&format!("@{owner}"), room))));
    }
    if let Some(label) = row.mood.filter(|_| screen.moods).map(mood_label) {
        right.push(piece(label_element(label), format!(" {}", screen.signs().label(label))));
    }
    right.push(piece(Element::Dim, fit_right(&age, 5)));

    let used: usize = left.iter().chain(&right).map(|piece| width(&piece.text)).sum();
    let room = columns.saturating_sub(used);
    let tags: String = row.tags.iter().take(3).map(|tag| format!("#{tag} ")).collect();
    let tags = if room > 24 { cut(&tags, room / 3) } else { String::new() };
    // That the customer spoke last goes without saying too.
    let direction = match row.last_direction {
        Direction::Inbound => "",
        Direction::Outbound => "→ ",
        Direction::Note => "✎ ",
    };
    let last_room = room.saturating_sub(width(&tags) + width(direction));
    left.push(piece(Element::Tag, tags));
    left.push(piece(Element::Dim, direction));
    left.push(cell(text, &row.last_text, last_room));
    left.extend(right);
    left
}

/// A dot, and how many when there is room and there are several.
fn unread_mark(unread: u32, columns: usize) -> String {
    match unread {
        0 => String::new(),
        2..=9 if columns > 2 => format!("●{unread}"),
        10.. if columns > 2 => "●+".to_owned(),
        _ => "●".to_owned(),
    }
}

/// Where a customer writes: written out, or by the first two letters of each where there is little room. Nothing when
/// everybody writes to one place.
fn channels(screen: &Screen, row: &InboxRow, columns: usize) -> crate::ui::text::Piece {
    let ours = || screen.accounts.iter().map(|account| account.channel.as_str());
    let several = ours().any(|channel| Some(channel) != ours().next()) || row.channels.len() > 1;
    if columns < NARROW || (columns < MIDDLE && !several) {
        return piece(Element::Dim, "");
    }
    if columns >= MIDDLE {
        let longest = ours().map(width).max().unwrap_or(0).clamp(6, 9);
        let room = if columns >= WIDE { longest + 3 } else { longest };
        let all = row.channels.join(",");
        let several = match row.channels.as_slice() {
            [first, rest @ ..] if width(&all) > room => {
                let more = format!("+{}", rest.len());
                format!("{}{more}", cut(first, room.saturating_sub(width(&more))))
            }
            _ => all,
        };
        return cell(Element::Dim, &several, room);
    }
    let short: String = match row.channels.as_slice() {
        [only] => only.chars().take(2).collect(),
        [first, ..] => first.chars().take(2).chain(['+']).collect(),
        [] => String::new(),
    };
    cell(Element::Dim, &short, 3)
}

/// What is the same for everybody in a view, so that only the others say it.
fn goes_without_saying(status: Option<CaseStatus>, view: InboxView) -> bool {
    let common = match view {
        InboxView::Inbox | InboxView::Open => Some(CaseStatus::Open),
        InboxView::Waiting => Some(CaseStatus::Waiting),
        InboxView::Snoozed => Some(CaseStatus::Snoozed),
        InboxView::Resolved => Some(CaseStatus::Resolved),
        InboxView::All => None,
    };
    status == common
}

fn short_state(status: Option<CaseStatus>) -> &'static str {
    match status {
        Some(CaseStatus::Open) => "open",
        Some(CaseStatus::Waiting) => "wait",
        Some(CaseStatus::Snoozed) => "snooze",
        Some(CaseStatus::Resolved) => "done",
        None => "",
    }
}

fn until_short(screen: &Screen, until: crate::model::Timestamp) -> String {
    let text = when::age(screen.now, until);
    if text == "now" { text } else { format!("+{text}") }
}
