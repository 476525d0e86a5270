//! Writing and review.

use super::paint::{Painter, piece};
use super::timeline::labelled;
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{Compose, Direction, ReplyKind, Trust, Way};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::composer::{Composer, Field, Mail, Stage, attachment_name};
use crate::ui::line_input::LineInput;
use crate::ui::place::Place;
use crate::ui::text::{Row, count, cut, width, wrap};
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::widgets::Widget;

/// Draws what is being written or reviewed.
pub(super) fn draw(screen: &Screen, composer: &Composer, area: Rect, painter: &mut Painter<'_>) {
    let note = composer.is_note();
    let border = if note { Element::ComposeNote } else { Element::ComposeBorder };
    let (stage, top) = match &composer.stage {
        Stage::Writing => ("writing", None),
        Stage::Review { sending: Some(_), top, .. } => ("sending …", Some(*top)),
        Stage::Review { top, .. } if note => ("REVIEW: this is filed", Some(*top)),
        Stage::Review { top, .. } => ("REVIEW: this leaves", Some(*top)),
    };
    let saved = match (composer.wants_saving(), composer.kept) {
        (Some(_), _) => " · unsaved",
        (None, true) => " · draft kept",
        (None, false) => "",
    };
    let right = format!("{stage}{saved}");
    let inside = painter.frame(area, &composer.title(), &right, border, true);
    if note {
        painter.fill(inside, Element::NoteText);
    }
    let inside = Rect::new(inside.x + 1, inside.y, inside.width.saturating_sub(2), inside.height);
    match top {
        Some(top) => draw_review(screen, composer, top, inside, painter),
        None => draw_editor(screen, composer, inside, painter),
    }
}

fn from(screen: &Screen, mail: &Mail) -> String {
    screen.accounts.iter().find(|account| account.name == mail.account).map_or_else(
        || format!("{} (no such account)", mail.account),
        |account| match account.display_name.as_str() {
            "" => format!("{} (account {})", account.address, account.name),
            name => format!("{name} <{}> (account {})", account.address, account.name),
        },
    )
}

/// Where it goes, who can read it, how long it is and may be, until when. Empty for mail that goes where it should.
fn place_rows(screen: &Screen, composer: &Composer, place: &Place, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    if place.is_plain() || place.way == Way::Public || place.ways.len() > 1 {
        let (element, text) = match place.way {
            Way::Public => (Element::Warning, format!("{} · PUBLIC REPLY: everybody can read this", place.channel)),
            Way::Direct => (Element::Text, format!("{} · direct: only they can read this", place.channel)),
        };
        add(&mut rows, "Place  ", element, &text, columns);
        let keys = screen.keymap.keys_for(Context::Compose, Verb::Channel);
        let hint = keys.map(|keys| format!("  {keys} elsewhere")).unwrap_or_default();
        if let Some(row) = rows.last_mut().filter(|_| width(&text) + 9 + width(&hint) <= columns) {
            row.push(piece(Element::Dim, hint));
        }
    }
    if !place.moved.is_empty() {
        add(&mut rows, "      →", Element::Warning, &place.moved, columns);
    }
    let limits = [("Length ", place.length(composer.body.lines())), ("Until  ", place.window(screen.now))];
    for (label, said) in limits {
        if let Some((well, text)) = said {
            let (element, mark) = if well { (Element::Dim, "") } else { (Element::Error, "✗ ") };
            add(&mut rows, label, element, &format!("{mark}{text}"), columns);
        }
    }
    rows
}

/// A label and what is said, over as many rows as it takes: who reads it, and why it cannot leave, is never cut.
fn add(rows: &mut Vec<Row>, label: &str, element: Element, text: &str, columns: usize) {
    for (index, part) in wrap(text, columns.saturating_sub(9)).into_iter().take(5).enumerate() {
        let label = if index == 0 { label } else { "       " };
        rows.push(labelled(label, &format!(" {part}"), element).to_vec());
    }
}

fn draw_editor(screen: &Screen, composer: &Composer, inside: Rect, painter: &mut Painter<'_>) {
    let mut row = 0;
    if let Some(mail) = composer.mail() {
        painter.row(inside, row, &labelled("From   ", &from(screen, mail), Element::Dim));
        row += 1;
        let fields = [
            (Field::To, "To     ", &mail.to),
            (Field::Cc, "Cc     ", &mail.cc),
            (Field::Subject, "Subject", &mail.subject),
        ];
        let fields: &[_] = match (&mail.place.to, mail.place.is_plain()) {
            (Some(_), _) => &[],
            (None, true) => &fields[..1],
            (None, false) => &fields,
        };
        if let Some(to) = &mail.place.to {
            painter.row(
                inside,
                row,
                &labelled("To     ", &format!(" {}", crate::ui::block::parties(to)), Element::Text),
            );
            row += 1;
        }
        for (field, label, line) in fields {
            draw_field(label, line, composer.field == *field, inside, row, painter);
            row += 1;
        }
        for line in place_rows(screen, composer, &mail.place, usize::from(inside.width)) {
            painter.row(inside, row, &line);
            row += 1;
        }
        if !mail.attachments.is_empty() {
            let names: Vec<String> = mail.attachments.iter().map(attachment_name).collect();
            painter.row(inside, row, &labelled("Files  ", &names.join(", "), Element::Attachment));
            row += 1;
        }
    } else {
        painter.text(inside, row, "Nobody outside ever sees this.", Element::Note);
        row += 1;
    }
    let columns = usize::from(inside.width);
    let rule = if composer.is_note() { Element::Note } else { Element::Border };
    painter.text(inside, row, &"─".repeat(columns), rule);
    row += 1;
    let place = Rect::new(inside.x, inside.y + row, inside.width, inside.height.saturating_sub(row));
    if place.is_empty() {
        return;
    }
    let note = composer.is_note();
    let ground = if note { Element::NoteText } else { Element::Text };
    painter.fill(place, ground);
    // The editor has no colours of its own: those of the ground stay.
    Widget::render(&composer.body, place, painter.buffer);
    let marks = [
        (Modifier::REVERSED, painter.style(Element::Caret)),
        (Modifier::UNDERLINED, painter.style(Element::Selection)),
    ];
    for position in place.positions() {
        let cell = &mut painter.buffer[position];
        if let Some((mark, style)) = marks.iter().find(|(mark, _)| cell.modifier.contains(*mark)) {
            cell.modifier.remove(*mark);
            cell.set_style(*style);
        }
    }
}

fn draw_field(label: &str, line: &LineInput, focused: bool, inside: Rect, row: u16, painter: &mut Painter<'_>) {
    let room = usize::from(inside.width).saturating_sub(width(label) + 2);
    let (text, cursor) = if focused { line.visible(room) } else { (line.text(), 0) };
    let element = if focused { Element::Strong } else { Element::Text };
    let mark = if focused { "▸" } else { " " };
    painter.row(
        inside,
        row,
        &[piece(Element::Label, label), piece(Element::Cursor, mark), piece(element, cut(text, room + 1))],
    );
    if focused {
        let x = inside.x + (width(label) + 1 + cursor) as u16;
        if x < inside.right() {
            let caret = painter.style(Element::Caret);
            painter.buffer[(x, inside.y + row)].set_style(caret);
        }
    }
}

fn draw_review(screen: &Screen, composer: &Composer, top: usize, inside: Rect, painter: &mut Painter<'_>) {
    let rows = review_lines(screen, composer, usize::from(inside.width));
    let height = usize::from(inside.height);
    let top = top.min(rows.len().saturating_sub(height));
    for (y, row) in rows.iter().skip(top).take(height).enumerate() {
        painter.row_on(inside, y as u16, row, composer.is_note().then_some(Element::NoteText));
    }
}

/// The address the answered message came from, when the answer goes elsewhere.
fn other_address(screen: &Screen, compose: &Compose) -> Option<String> {
    let parent = compose.parent.filter(|_| matches!(compose.kind, ReplyKind::Reply | ReplyKind::ReplyAll))?;
    let entry = screen.open.as_ref()?.entries.iter().find(|entry| entry.message.id == parent)?;
    let from = &entry.message.from.address;
    let elsewhere = entry.message.direction == Direction::Inbound
        && !compose.to.iter().any(|party| party.address.eq_ignore_ascii_case(from));
    elsewhere.then(|| from.clone())
}

/// Why the sender of the answered message is not who they say, when our own server says so.
fn refuted(screen: &Screen, compose: &Compose) -> Option<String> {
    let parent = compose.parent.filter(|_| matches!(compose.kind, ReplyKind::Reply | ReplyKind::ReplyAll))?;
    let entry = screen.open.as_ref()?.entries.iter().find(|entry| entry.message.id == parent)?;
    match &entry.message.trust {
        Trust::Refuted(why) => Some(why.clone()),
        Trust::Unverified | Trust::Verified => None,
    }
}

/// Exactly what leaves.
fn review_lines(screen: &Screen, composer: &Composer, columns: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut labelled = |label: &str, value: &str, element| {
        for (index, part) in wrap(value, columns.saturating_sub(9)).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            rows.push(vec![piece(Element::Label, format!("{label:<9}")), piece(element, part)]);
        }
    };
    if let Some(moved) = composer.moved() {
        labelled("!", moved, Element::Warning);
        let send = screen.key_name(Context::Review, Verb::Send);
        labelled("", &format!("{send} sends all the same."), Element::Warning);
    }
    // Not the fields as typed but what was read from them.
    let compose = composer.snapshot();
    if let Some(other) = other_address(screen, &compose) {
        let text = format!("this does not go to the address they wrote from, {other}");
        labelled("!", &text, Element::Warning);
    }
    if let Some(why) = refuted(screen, &compose) {
        let to: Vec<&str> = compose.to.iter().map(|party| party.address.as_str()).collect();
        let text = format!("SUSPECT: your server says they are not who they say ({why}). It goes to {}", to.join(", "));
        labelled("!", &text, Element::Error);
    }
    match composer.mail() {
        Some(mail) => {
            let place = &mail.place;
            if place.way == Way::Public {
                labelled("PUBLIC", "public reply: everybody can read this", Element::Warning);
            }
            labelled("From", &from(screen, mail), Element::Text);
            labelled("To", &crate::ui::block::parties(&compose.to), Element::Strong);
            if place.is_plain() || place.way == Way::Public || place.ways.len() > 1 {
                let way = match place.way {
                    Way::Public => "public: everybody can read this",
                    Way::Direct => "direct: only they can read this",
                };
                labelled("Place", &format!("{}, account {}, {way}", place.channel, mail.account), Element::Text);
                let elsewhere = screen.key_name(Context::Review, Verb::Channel);
                let other = match place.ways.len() {
                    2.. => format!("{} publicly or directly · ", screen.key_name(Context::Review, Verb::Way)),
                    _ => String::new(),
                };
                labelled("", &format!("{other}{elsewhere} elsewhere"), Element::Dim);
            }
            for (label, said) in [("Length", place.length(composer.body.lines())), ("Until", place.window(screen.now))]
            {
                if let Some((well, text)) = said {
                    labelled(label, &text, if well { Element::Dim } else { Element::Error });
                }
            }
            if !compose.cc.is_empty() {
                labelled("Cc", &crate::ui::block::parties(&compose.cc), Element::Strong);
            }
            if !mail.place.is_plain() {
                let subject = if compose.subject.is_empty() { "(none)" } else { &compose.subject };
                labelled("Subject", subject, Element::Subject);
            }
            for source in &compose.attachments {
                labelled("File", &attachment_name(source), Element::Attachment);
            }
        }
        None => labelled("NOTE", "private: it stays here, nobody outside ever sees it", Element::Note),
    }
    let text = composer.text();
    let lines = count(text.lines().count() as u64, "line", "lines");
    rows.push(vec![piece(Element::Dim, format!("── {lines} "))]);
    let element = if composer.is_note() { Element::NoteText } else { Element::Text };
    for line in text.lines() {
        let element = if line.starts_with('>') { Element::Quote } else { element };
        rows.extend(wrap(line, columns).into_iter().map(|part| vec![piece(element, part)]));
    }
    rows
}
