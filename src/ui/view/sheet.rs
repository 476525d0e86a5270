//! The lists that cover the panes.

use super::paint::{Painter, cell, piece};
use super::people::history;
use crate::model::{DeadLetter, DraftView, Message, OutboxRow, OutboxState, ReplyKind};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::block::{parties, party};
use crate::ui::sheet::{Content, Sheet};
use crate::ui::text::{Row, cut, size};
use crate::ui::when;
use ratatui::layout::Rect;

/// Draws a list or text.
pub(super) fn draw(screen: &Screen, sheet: &Sheet, area: Rect, painter: &mut Painter<'_>) {
    if let Content::Segments(segments) = &sheet.content {
        return super::segments::draw(screen, sheet, segments, area, painter);
    }
    let right = match (&sheet.content, sheet.loaded) {
        (_, false) => "loading …".to_owned(),
        (Content::Help(_) | Content::Trouble(_) | Content::Compare(_) | Content::Why(_), _) => String::new(),
        (Content::Accounts, _) => format!("{}/{}", sheet.selected + 1, screen.account_names().len()),
        _ if sheet.is_text() => format!("line {} of {}", sheet.top + 1, sheet.len()),
        _ if sheet.len() == 0 => String::new(),
        _ => format!("{}/{}", sheet.selected + 1, sheet.len()),
    };
    let inside = painter.frame(area, sheet.title(), &right, Element::BorderFocus, false);
    let height = usize::from(inside.height);
    let columns = usize::from(inside.width);
    let rows: Vec<Row> = match &sheet.content {
        Content::Outbox(rows) => shown(rows, sheet, height, |row| outbox(screen, row, columns)),
        Content::Dead(rows) => shown(rows, sheet, height, |row| dead(screen, row, columns)),
        Content::Automated(rows, _) => shown(rows, sheet, height, |row| automated(screen, row, columns)),
        Content::Drafts(rows) => shown(rows, sheet, height, |row| draft(screen, row, columns)),
        Content::Original(..) | Content::DeadOriginal(..) | Content::Messages(_) => {
            let lines = sheet.lines.0.iter().skip(sheet.top).take(height);
            lines.map(|line| vec![piece(Element::Text, line.clone())]).collect()
        }
        Content::History(_, rows) => shown(rows, sheet, height, |row| history(screen, row, columns)),
        Content::Compare(comparing) => {
            super::compare_lines(screen, comparing, columns).into_iter().skip(sheet.top).take(height).collect()
        }
        Content::Why(why) => {
            let lines = super::why_lines(screen, why, columns).into_iter().skip(sheet.top).take(height);
            lines.map(|(row, _)| row).collect()
        }
        Content::Segments(_) => Vec::new(),
        Content::Accounts => {
            let names = screen.account_names();
            shown(&names, sheet, height, |name| super::accounts::row(screen, name, columns))
        }
        Content::Trouble(name) => {
            super::account_lines(screen, name, columns).into_iter().skip(sheet.top).take(height).collect()
        }
        Content::Help(context) => {
            super::help_lines(&screen.keymap, *context).into_iter().skip(sheet.top).take(height).collect()
        }
    };
    if rows.is_empty() && sheet.loaded {
        painter.text(inside, 1, " Nothing here.", Element::Dim);
    }
    for (offset, row) in rows.iter().enumerate() {
        let selected = !sheet.is_text() && sheet.top + offset == sheet.selected;
        painter.row_on(inside, offset as u16, row, selected.then_some(Element::InboxSelected));
        if selected {
            painter.row_on(
                Rect { width: 1, ..inside },
                offset as u16,
                &[piece(Element::Cursor, "▌")],
                Some(Element::InboxSelected),
            );
        }
    }
}

fn shown<T>(rows: &[T], sheet: &Sheet, height: usize, line: impl Fn(&T) -> Row) -> Vec<Row> {
    rows.iter().skip(sheet.top).take(height).map(line).collect()
}

fn outbox(screen: &Screen, row: &OutboxRow, columns: usize) -> Row {
    let outgoing = &row.outgoing;
    let element = match outgoing.state {
        OutboxState::Failed | OutboxState::Unknown => Element::Error,
        OutboxState::Sent => Element::Good,
        OutboxState::Cancelled => Element::Dim,
        OutboxState::Held | OutboxState::Queued | OutboxState::Sending => Element::Warning,
    };
    let mut about = outgoing.subject.clone();
    if !outgoing.reason.is_empty() {
        about = format!("{} · {about}", outgoing.reason);
    }
    let time =
        when::short(if outgoing.state.is_moving() { outgoing.due } else { outgoing.changed }, screen.now, &screen.zone);
    // A narrow list leaves the addresses to the timeline: the reason is what the agent needs.
    let addresses = if columns < 100 { 0 } else { 28 };
    let mut cells = vec![
        cell(element, &format!(" {}", outgoing.state.word()), 11),
        cell(Element::Dim, &time, 12),
        cell(Element::InboxName, &row.name, 18),
        piece(Element::Text, " "),
    ];
    if addresses > 0 {
        cells.push(cell(Element::Dim, &parties(&outgoing.to), addresses));
        cells.push(piece(Element::Text, " "));
    }
    cells.push(piece(Element::Text, cut(&about, columns.saturating_sub(43 + addresses))));
    cells
}

fn dead(screen: &Screen, row: &DeadLetter, columns: usize) -> Row {
    vec![
        cell(Element::Dim, &format!(" {}", when::short(row.received, screen.now, &screen.zone)), 13),
        cell(Element::Text, &format!("{}/{}", row.account, row.folder), 18),
        piece(Element::Text, " "),
        cell(Element::Dim, &size(row.size), 8),
        piece(Element::Error, cut(&format!("{} ", row.reason), columns.saturating_sub(40) * 2 / 3)),
        piece(Element::Dim, row.hint.clone()),
    ]
}

fn automated(screen: &Screen, row: &Message, _columns: usize) -> Row {
    vec![
        cell(Element::Dim, &format!(" {}", when::short(row.at, screen.now, &screen.zone)), 13),
        cell(Element::Automated, row.automated.map_or("", |kind| kind.word()), 14),
        cell(Element::Text, &party(&row.from), 28),
        piece(Element::Text, " "),
        piece(Element::Text, if row.subject.is_empty() { row.preview.clone() } else { row.subject.clone() }),
    ]
}

fn draft(screen: &Screen, row: &DraftView, _columns: usize) -> Row {
    let compose = &row.draft.compose;
    let (kind, element) = match compose.kind {
        ReplyKind::Reply => ("reply", Element::Outbound),
        ReplyKind::ReplyAll => ("reply all", Element::Outbound),
        ReplyKind::Forward => ("forward", Element::Outbound),
        ReplyKind::New => ("new", Element::Outbound),
        ReplyKind::Note => ("NOTE", Element::Warning),
    };
    let first = compose.text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    vec![
        cell(Element::Dim, &format!(" {}", when::short(row.draft.saved, screen.now, &screen.zone)), 13),
        cell(element, kind, 10),
        cell(Element::InboxName, &row.name, 22),
        piece(Element::Text, " "),
        cell(Element::Dim, &row.draft.agent, 8),
        piece(Element::Text, " "),
        piece(Element::Text, first),
    ]
}
