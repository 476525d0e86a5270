//! The screen before there is an account: a column in the middle, one line of keys at the bottom.

use super::paint::{Painter, cell, piece};
use super::says_too_small;
use crate::model::Half;
use crate::theme::{Element, Theme};
use crate::ui::first_run::form::{Field, Form, Value};
use crate::ui::first_run::import::{ImportForm, Running};
use crate::ui::first_run::menu::Menu;
use crate::ui::first_run::trial::{Stage, Step, Trial};
use crate::ui::first_run::{FirstRun, MailServer, Page};
use crate::ui::text::{Row, count, cut, width, wrap};
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the middle.
const WIDE: u16 = 76;
/// Columns of a label.
const LABEL: usize = 16;

/// Draws it.
pub fn view(screen: &FirstRun, theme: &Theme, frame: &mut Frame) {
    let area = frame.area();
    let mut painter = Painter::new(frame.buffer_mut(), theme);
    painter.ground(area);
    if says_too_small(area, &mut painter) {
        return;
    }
    let wide = WIDE.min(area.width - 2);
    let columns = usize::from(wide);
    let left = area.x + (area.width - wide) / 2;
    // At the bottom the keys, above them what went wrong: both are always seen.
    let said = screen.said.as_deref().map(|said| wrap(said, columns - 4)).unwrap_or_default();
    let body = Rect::new(left, area.y, wide, area.height - 1 - said.len() as u16);
    let Content { rows, at, caret, keys } = content(screen, columns, body.height);
    for (row, line) in said.iter().enumerate() {
        let text = format!("  {} {line}", if row == 0 { "!" } else { " " });
        painter.text(Rect::new(left, body.bottom(), wide, said.len() as u16), row as u16, &text, Element::Error);
    }
    painter.text(Rect::new(area.x, area.bottom() - 1, area.width, 1), 0, &format!(" {keys}"), Element::Hint);
    // Where there is room the column stands a little above the middle; where there is not, the cursor stays in view.
    let height = usize::from(body.height);
    let top = (height.saturating_sub(rows.len()) / 3).min(12);
    let hidden = rows.len().saturating_sub(height).min((at + 3).saturating_sub(height));
    for (row, line) in rows.iter().skip(hidden).take(height).enumerate() {
        painter.row(body, (row + top) as u16, line);
    }
    if let Some(column) = caret {
        let (x, y) = (body.x + column as u16, body.y + (at + top).saturating_sub(hidden) as u16);
        if x < body.right() && y < body.bottom() {
            let style = painter.style(Element::Caret);
            painter.buffer[(x, y)].set_style(style);
        }
    }
}

/// What stands on a page.
struct Content {
    rows: Vec<Row>,
    /// The row of the cursor.
    at: usize,
    /// The column of the caret in it.
    caret: Option<usize>,
    keys: &'static str,
}

fn content(screen: &FirstRun, columns: usize, height: u16) -> Content {
    let menu = |rows: Vec<Row>, keys| Content { at: rows.len(), rows, caret: None, keys };
    match &screen.page {
        Page::Doors => {
            let (rows, at) = doors(screen, columns, height >= 21);
            Content { rows, at, caret: None, keys: "↑ ↓ choose   Enter go   1 2 3 at once   q leave" }
        }
        Page::Account => {
            let (rows, at, caret) = account(screen, columns, height);
            Content { rows, at, caret, keys: "↑ ↓ Tab move   ← → choose   Enter next   Esc back   C-c leave" }
        }
        Page::Trial(trial) => menu(tried(trial, columns, usize::from(height)), keys_of(trial.stage)),
        Page::Import => {
            let (rows, at, caret) = import(&screen.import, columns);
            let keys = "↑ ↓ move   Tab completes the path   Enter next   Esc back   C-c leave";
            Content { rows, at, caret, keys }
        }
        Page::Importing(running) => menu(importing(running, columns), "Esc stop   Enter choose   C-c leave"),
    }
}

fn keys_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Trying => "Esc stop   C-c leave",
        Stage::Wrong => "↑ ↓ choose   Enter go   e r k at once   Esc change   C-c leave",
        Stage::Keeping => "",
        Stage::Kept => "Enter open the inbox",
    }
}

fn heading(title: &str, about: &str) -> Vec<Row> {
    let mut row = vec![piece(Element::Title, title)];
    if !about.is_empty() {
        row.push(piece(Element::Dim, format!("  {about}")));
    }
    vec![row, Row::new()]
}

/// The rows, and which of them has the cursor.
fn doors(screen: &FirstRun, columns: usize, spaced: bool) -> (Vec<Row>, usize) {
    let mut cursor = 0;
    let mut rows = vec![
        vec![piece(Element::Title, "S W I T C H B O A R D")],
        vec![piece(Element::Text, "One inbox per customer, in a terminal.")],
        Row::new(),
        vec![piece(Element::Dim, "This profile has no account yet. Where would you like to begin?")],
        Row::new(),
    ];
    for (at, choice) in screen.doors.choices.iter().enumerate() {
        let here = at == screen.doors.selected;
        if here {
            cursor = rows.len();
        }
        let (mark, label) = if here { ("▸ ", Element::InboxSelected) } else { ("  ", Element::Strong) };
        rows.push(vec![
            piece(Element::Cursor, mark),
            piece(Element::Key, format!("{}  ", choice.key)),
            piece(label, format!(" {} ", choice.label)),
        ]);
        if !choice.doc.is_empty() && (spaced || here) {
            let lines = wrap(choice.doc, columns - 8);
            rows.extend(lines.into_iter().map(|line| vec![piece(Element::Dim, format!("        {line}"))]));
        }
        if spaced && !choice.doc.is_empty() {
            rows.push(Row::new());
        }
    }
    rows.push(Row::new());
    rows.push(vec![piece(Element::Dim, cut(&format!("Profile: {}", screen.profile), columns))]);
    (rows, cursor)
}

/// The choices of a menu.
fn menu<T>(menu: &Menu<T>) -> Vec<Row> {
    let line = |(at, choice): (usize, &crate::ui::first_run::menu::Choice<T>)| {
        let here = at == menu.selected;
        vec![
            piece(Element::Cursor, if here { "▸ " } else { "  " }),
            piece(Element::Key, format!("{}  ", choice.key)),
            piece(if here { Element::InboxSelected } else { Element::Strong }, format!(" {} ", choice.label)),
        ]
    };
    menu.choices.iter().enumerate().map(line).collect()
}

/// The fields of a form and its button; the row of the cursor, and the column of the caret.
fn form(form: &Form, columns: usize, spaced: bool) -> (Vec<Row>, usize, Option<usize>) {
    let mut rows = Vec::new();
    let mut cursor = 0;
    let mut caret = None;
    for (at, field) in form.fields.iter().enumerate() {
        if field.apart && spaced {
            rows.push(Row::new());
        }
        let here = form.at == at;
        if here {
            cursor = rows.len();
        }
        if let (true, Value::Line(line)) = (here, &field.value) {
            caret = Some(2 + LABEL + line.visible(columns - LABEL - 4).1);
        }
        rows.push(row_of(field, here, columns));
    }
    if spaced {
        rows.push(Row::new());
    }
    let here = form.at >= form.fields.len();
    if here {
        cursor = rows.len();
    }
    rows.push(vec![
        piece(Element::Cursor, if here { "▸ " } else { "  " }),
        piece(if here { Element::InboxSelected } else { Element::Strong }, format!("[ {} ]", form.button)),
    ]);
    (rows, cursor, caret)
}

fn row_of(field: &Field, here: bool, columns: usize) -> Row {
    let mut row = vec![
        piece(Element::Cursor, if here { "▸ " } else { "  " }),
        cell(if here { Element::Strong } else { Element::Label }, field.label, LABEL),
    ];
    match &field.value {
        Value::Line(line) => {
            let (shown, _) = line.visible(columns - LABEL - 4);
            let element = if here || field.own { Element::Strong } else { Element::Text };
            row.push(piece(element, cut(shown, columns - LABEL - 2)));
            if !here && shown.is_empty() {
                row.push(piece(Element::Dim, "–"));
            }
        }
        Value::One(of, chosen) => {
            for (at, word) in of.iter().enumerate() {
                // Told by the brackets, not by colour alone.
                let (element, text) = if at == *chosen {
                    (Element::Strong, format!("[{word}] "))
                } else {
                    (Element::Dim, format!(" {word}  "))
                };
                row.push(piece(element, text));
            }
        }
    }
    row
}

/// What is said about the field under the cursor.
fn help(form: &Form, otherwise: &'static str, columns: usize) -> Vec<Row> {
    let text = form.fields.get(form.at).map_or(otherwise, |field| field.help);
    wrap(text, columns - 4).into_iter().map(|line| vec![piece(Element::Dim, format!("  {line}"))]).collect()
}

fn account(screen: &FirstRun, columns: usize, height: u16) -> (Vec<Row>, usize, Option<usize>) {
    let mut rows = heading("Add a mail account", "what can be guessed from the address is there already");
    let above = rows.len();
    let (fields, at, caret) = form(&screen.account.form, columns, height >= 23);
    rows.extend(fields);
    rows.push(Row::new());
    let button = "IMAP and SMTP are tried while you watch; what works is written into config.toml.";
    rows.extend(help(&screen.account.form, button, columns));
    if !screen.account.note.is_empty() {
        let lines = wrap(screen.account.note, columns - 4);
        rows.extend(lines.into_iter().map(|line| vec![piece(Element::Warning, format!("  {line}"))]));
    }
    (rows, at + above, caret)
}

fn import(form_of: &ImportForm, columns: usize) -> (Vec<Row>, usize, Option<usize>) {
    let mut rows = heading("Import a Maildir or mbox", "your files are only read");
    let above = rows.len();
    let (fields, at, caret) = form(&form_of.form, columns, true);
    rows.extend(fields);
    rows.push(Row::new());
    let button = "It can be stopped at any time; importing again goes on where it was.";
    rows.extend(help(&form_of.form, button, columns));
    if !form_of.names.is_empty() {
        rows.push(Row::new());
        let names = form_of.names.join("  ");
        rows.extend(
            wrap(&names, columns - 4).into_iter().take(6).map(|line| vec![piece(Element::Text, format!("  {line}"))]),
        );
    }
    (rows, at + above, caret)
}

fn server(server: Option<&MailServer>) -> String {
    server.map_or_else(|| "none".to_owned(), |server| format!("{}:{}, {}", server.host, server.port, server.security))
}

fn tried(trial: &Trial, columns: usize, height: usize) -> Vec<Row> {
    let about = match trial.stage {
        Stage::Trying => "trying …",
        Stage::Wrong => "something is wrong",
        Stage::Keeping => "writing it down …",
        Stage::Kept => "all is well, and written down",
    };
    let head = heading(&trial.account.address, about);
    let mut foot = vec![Row::new()];
    foot.extend(menu(&trial.menu));
    let room = height.saturating_sub(head.len() + foot.len() + 2);
    // Where there is little room, what went well is counted only.
    let mut steps = halves(trial, columns, true);
    if steps.len() > room {
        steps = halves(trial, columns, false);
    }
    steps.truncate(room.max(4));
    let mut rows = head;
    rows.extend(steps);
    rows.extend(foot);
    rows
}

fn halves(trial: &Trial, columns: usize, whole: bool) -> Vec<Row> {
    let mut rows = Vec::new();
    let sides = [
        (Half::Receiving, "Receiving by IMAP", trial.account.imap.as_ref()),
        (Half::Sending, "Sending by SMTP", trial.account.smtp.as_ref()),
    ];
    for (half, name, place) in sides {
        rows.push(vec![
            piece(Element::Link, name),
            piece(Element::Dim, cut(&format!("  {}", server(place)), columns - width(name))),
        ]);
        let steps: Vec<&Step> = trial.steps.iter().filter(|step| step.half == half).collect();
        let well = steps.iter().filter(|step| step.outcome.is_ok()).count();
        if !whole && well > 0 {
            rows.push(vec![
                piece(Element::Good, "  ✓ "),
                piece(Element::Text, count(well as u64, "step went well", "steps went well")),
            ]);
        }
        for step in steps {
            match &step.outcome {
                Ok(found) if whole => rows.push(vec![
                    piece(Element::Good, "  ✓ "),
                    piece(Element::Text, cut(&step.what, columns / 2)),
                    piece(Element::Dim, cut(&format!("  {found}"), columns.saturating_sub(4 + width(&step.what)))),
                ]),
                Ok(_) => {}
                Err(why) => {
                    rows.push(vec![piece(Element::Error, "  ✗ "), piece(Element::Strong, step.what.clone())]);
                    let lines = wrap(why, columns - 8).into_iter().take(5);
                    rows.extend(lines.map(|line| vec![piece(Element::Error, format!("    {line}"))]));
                }
            }
        }
        let ended = trial.steps.iter().any(|step| step.half == half && step.outcome.is_err());
        if trial.stage == Stage::Trying && place.is_some() && !ended {
            rows.push(vec![piece(Element::Dim, "  … ")]);
        }
        rows.push(Row::new());
    }
    rows.pop();
    rows
}

fn importing(running: &Running, columns: usize) -> Vec<Row> {
    let mut rows = heading("Importing", &cut(&running.job.path, columns.saturating_sub(12)));
    match &running.end {
        None => {
            let progress = &running.progress;
            let bar = columns.saturating_sub(16).min(50);
            let full = usize::from(progress.done.min(1000)) * bar / 1000;
            rows.push(vec![
                piece(Element::Good, format!("  {}", "█".repeat(full))),
                piece(Element::Dim, "░".repeat(bar - full)),
                piece(Element::Strong, format!("  {} %", progress.done.min(1000) / 10)),
            ]);
            rows.push(Row::new());
            let said = match (running.stopping, progress.read) {
                (true, _) => "Stopping: what was begun is finished first …".to_owned(),
                (false, 0) => "Looking …".to_owned(),
                (false, read) => format!("{read} read, {} new", progress.new),
            };
            rows.push(vec![piece(Element::Text, format!("  {said}"))]);
        }
        Some(end) => {
            let (mark, element, word) =
                if end.stopped { ("…", Element::Warning, "Stopped") } else { ("✓", Element::Good, "Done") };
            rows.push(vec![
                piece(element, format!("  {mark} {word}: ")),
                piece(Element::Text, format!("{} read, {} new, {} known already", end.read, end.new, end.duplicate)),
            ]);
            if end.dead > 0 {
                let said = format!("  ? {} not understood: kept whole, among the dead letters", end.dead);
                rows.push(vec![piece(Element::Warning, said)]);
            }
            if end.failed > 0 {
                let said = format!("  ✗ {} could not be read; import again to try them once more", end.failed);
                rows.push(vec![piece(Element::Error, said)]);
            }
            if end.stopped {
                let said = "  What is in stays. Importing again goes on where it was.";
                rows.push(vec![piece(Element::Dim, said)]);
            }
        }
    }
    rows.push(Row::new());
    rows.extend(menu(&running.menu));
    rows
}
