//! The two lines at the bottom: how it all is, and what can be pressed.

use super::following;
use super::paint::{Painter, piece};
use crate::command::{Verb, completions};
use crate::keymap::Context;
use crate::model::{AccountStatus, Activity};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::layout::Pane;
use crate::ui::prompt::{Prompt, Purpose, Question};
use crate::ui::sheet::Content;
use crate::ui::text::{Row, cut, width, wrap};
use crate::ui::when;
use ratatui::layout::Rect;

/// Draws both lines.
pub(super) fn draw(screen: &Screen, status: Rect, hint: Rect, painter: &mut Painter<'_>) {
    painter.fill(status, Element::Status);
    let mut counts = counts(screen);
    let all = usize::from(status.width);
    let wide = |row: &Row| row.iter().map(|piece| width(&piece.text)).sum::<usize>();
    // A sentence for the agent comes before the numbers where there is no room for both.
    let sentence = screen.said.as_ref().filter(|said| said.leaves.is_none()).map(|said| width(&said.text) + 4);
    let sentence = sentence.or(screen.notice.as_ref().map(|notice| width(notice) + 4)).unwrap_or(0);
    if sentence + wide(&counts) > all {
        counts.clear();
    }
    let room = all.saturating_sub(wide(&counts) + 1);
    let left: Row = match (&screen.said, &screen.notice) {
        (Some(said), _) => {
            let element = if said.trouble { Element::StatusError } else { Element::Status };
            let mut text = format!(" {}{}", if said.trouble { "! " } else { "" }, said.text);
            if let Some(leaves) = said.leaves {
                let seconds = when::seconds_until(leaves, screen.now);
                text =
                    format!(" leaves in {seconds} s, {} takes it back", screen.key_name(Context::Timeline, Verb::Undo));
            }
            vec![piece(element, cut(&text, room))]
        }
        (None, Some(notice)) => {
            let whole = format!(" ! {notice}");
            let how = format!(" {} shows all", screen.key_name(Context::Inbox, Verb::Messages));
            match width(&whole) <= room {
                true => vec![piece(Element::StatusError, whole)],
                false => {
                    let text = cut(&whole, room.saturating_sub(width(&how)));
                    vec![piece(Element::StatusError, text), piece(Element::Status, how)]
                }
            }
        }
        (None, None) => vec![piece(Element::Status, cut(&accounts(screen), room))],
    };
    painter.row(status, 0, &left);
    painter.right(status, 0, &counts);
    if screen.keys.is_empty() {
        draw_whole(screen, status, painter);
    }

    if let Some(question) = &screen.question {
        draw_question(question, hint, painter);
    } else if let Some(prompt) = screen.prompt.as_ref().filter(|prompt| prompt.purpose != Purpose::Palette) {
        draw_prompt(screen, prompt, hint, painter);
    } else if screen.keys.is_empty() {
        painter.row(hint, 0, &hints(screen, usize::from(hint.width)));
    } else {
        following::draw(screen, status, hint, painter);
    }
}

/// A sentence that is longer than the status line stands on as many lines as it needs, upwards over the panes, until the
/// next key. One that lasts stays short.
fn draw_whole(screen: &Screen, status: Rect, painter: &mut Painter<'_>) {
    const MOST: usize = 8;
    let Some(said) = screen.said.as_ref().filter(|said| said.leaves.is_none()) else { return };
    let columns = usize::from(status.width).saturating_sub(2);
    let (element, mark) = if said.trouble { (Element::StatusError, "! ") } else { (Element::Status, "") };
    let mut lines = wrap(&format!("{mark}{}", said.text), columns);
    if lines.len() < 2 {
        return;
    }
    if lines.len() > MOST {
        lines.truncate(MOST);
        if let Some(last) = lines.last_mut() {
            let how = format!(" … {} shows all", screen.key_name(Context::Inbox, Verb::Messages));
            *last = format!("{}{how}", cut(last, columns.saturating_sub(width(&how))));
        }
    }
    let height = (lines.len() as u16).min(status.y + 1);
    let area = Rect::new(status.x, status.y + 1 - height, status.width, height);
    painter.fill(area, element);
    for (row, line) in lines.iter().enumerate() {
        painter.text(area, row as u16, &format!(" {line}"), element);
    }
}

/// The accounts, in words.
fn accounts(screen: &Screen) -> String {
    if screen.status.is_empty() {
        return " no account is running".to_owned();
    }
    let all: Vec<String> = screen.status.iter().map(|account| describe(screen, account)).collect();
    format!(" {}", all.join(" · "))
}

fn describe(screen: &Screen, account: &AccountStatus) -> String {
    let name = &account.name;
    let trouble = || if account.trouble.is_empty() { String::new() } else { format!(": {}", account.trouble) };
    match account.activity {
        Activity::Idle => format!("{name} idle"),
        Activity::Connecting => format!("{name} connecting"),
        Activity::Pulling => match account.progress {
            Some(progress) if progress.total > 0 => {
                format!("{name} ↓ {}/{}", progress.done, progress.total)
            }
            _ => format!("{name} ↓ looking"),
        },
        Activity::Watching => match account.last_success {
            Some(at) => format!("{name} ✓ watching since {}", when::short(at, screen.now, &screen.zone)),
            None => format!("{name} ✓ watching"),
        },
        Activity::BackingOff => match account.next {
            Some(at) => format!("{name} ✗ again {}{}", when::short(at, screen.now, &screen.zone), trouble()),
            None => format!("{name} ✗{}", trouble()),
        },
        Activity::Paused => format!("{name} paused{}", trouble()),
        Activity::Stopped => format!("{name} STOPPED{}", trouble()),
    }
}

/// What waits for somebody.
fn counts(screen: &Screen) -> Row {
    let counts = &screen.counts;
    let mut row = Row::new();
    let mut add = |number: u32, word: &str, element| {
        if number > 0 {
            row.push(piece(element, format!("{word} {number}  ")));
        }
    };
    add(counts.failed, "✗ failed", Element::StatusError);
    add(counts.unknown, "? unknown", Element::StatusError);
    add(counts.moving, "outbox", Element::Status);
    add(counts.dead, "dead", Element::Status);
    add(counts.drafts, "drafts", Element::Status);
    row.push(piece(Element::Status, format!("{} ", screen.agent)));
    row
}

/// The commands worth a hint in a context, with the word for them.
fn worth_a_hint(screen: &Screen, context: Context) -> &'static [(Verb, &'static str)] {
    use Verb as V;
    match context {
        Context::Inbox => &[
            (V::Open, "open"),
            (V::Reply, "reply"),
            (V::Resolve, "resolve"),
            (V::Snooze, "snooze"),
            (V::Assign, "assign"),
            (V::Tag, "tag"),
            (V::Filter, "filter"),
            (V::Compose, "new"),
            (V::Help, "help"),
        ],
        Context::Timeline => &[
            (V::Reply, "reply"),
            (V::Note, "note"),
            (V::Resolve, "resolve+next"),
            (V::NextCase, "next"),
            (V::Snooze, "snooze"),
            (V::Fold, "unfold"),
            (V::Undo, "undo"),
            (V::Back, "back"),
            (V::Narrow, "only this"),
            (V::Why, "mood"),
            (V::Help, "help"),
        ],
        Context::Profile if screen.focus == Pane::Scores => &[
            (V::Open, "why"),
            (V::Segments, "segments"),
            (V::NextPane, "next pane"),
            (V::NextCase, "next"),
            (V::Back, "back"),
            (V::Help, "help"),
        ],
        Context::Why => &[(V::Open, "to the message"), (V::Undo, "undo"), (V::Back, "back"), (V::Help, "help")],
        Context::Profile => &[
            (V::Name, "name"),
            (V::Tag, "tag"),
            (V::Remark, "remark"),
            (V::Field, "field"),
            (V::Language, "language"),
            (V::History, "history"),
            (V::Back, "back"),
            (V::Help, "help"),
        ],
        Context::Compose => &[
            (V::Review, "done"),
            (V::NextPane, "field"),
            (V::Attach, "attach"),
            (V::Postpone, "postpone"),
            (V::Back, "stop"),
            (V::Channel, "elsewhere"),
            (V::Help, "help"),
        ],
        Context::Review if screen.composer.as_ref().is_some_and(|composer| composer.is_note()) => {
            &[(V::Send, "keep"), (V::SendResolve, "keep+resolve"), (V::Edit, "edit"), (V::Discard, "discard")]
        }
        Context::Review => &[
            (V::Send, "send"),
            (V::SendResolve, "send+resolve"),
            (V::Edit, "edit"),
            (V::Attach, "attach"),
            (V::Detach, "detach"),
            (V::Postpone, "postpone"),
            (V::Discard, "discard"),
        ],
        Context::List => match screen.sheets.last().map(|sheet| &sheet.content) {
            Some(Content::Outbox(_)) => &[
                (V::Open, "customer"),
                (V::Retry, "send again"),
                (V::Cancel, "take back"),
                (V::MarkSent, "it arrived"),
                (V::Back, "back"),
            ],
            Some(Content::Dead(_)) => &[
                (V::Original, "view"),
                (V::Retry, "read again"),
                (V::Save, "save"),
                (V::Delete, "remove"),
                (V::Back, "back"),
            ],
            Some(Content::Segments(segments)) if segments.inside => &[(V::Open, "customer"), (V::Back, "segments")],
            Some(Content::Segments(_)) => {
                &[(V::Open, "its customers"), (V::NextPane, "other kinds"), (V::Back, "back")]
            }
            Some(Content::Accounts) => &[(V::Open, "all of it"), (V::Retry, "pull now"), (V::Back, "back")],
            Some(Content::Trouble(_)) => &[(V::Retry, "pull now"), (V::Back, "back")],
            Some(Content::Drafts(_)) => &[(V::Open, "go on"), (V::Delete, "throw away"), (V::Back, "back")],
            Some(Content::Automated(..)) => &[(V::Open, "view"), (V::Save, "save"), (V::Back, "back")],
            Some(Content::Compare(_)) => &[(V::Open, "yes"), (V::Back, "no")],
            Some(Content::History(..)) => &[(V::Open, "take back"), (V::Back, "back")],
            Some(Content::Original(..) | Content::DeadOriginal(..)) => &[(V::Save, "save"), (V::Back, "back")],
            _ => &[(V::Down, "down"), (V::PageDown, "page"), (V::Back, "back")],
        },
        Context::Global | Context::Prompt => &[],
    }
}

/// Key hints from the live keymap, as many as fit.
fn hints(screen: &Screen, columns: usize) -> Row {
    let context = screen.context();
    let mut row = vec![piece(Element::Hint, " ")];
    let mut used = 1;
    for (verb, word) in worth_a_hint(screen, context) {
        let Some(keys) = screen.keymap.keys_for(context, *verb) else { continue };
        let wide = width(&keys) + 1 + width(word) + 2;
        if used + wide > columns {
            break;
        }
        used += wide;
        row.push(piece(Element::Key, keys));
        row.push(piece(Element::Hint, format!(" {word}  ")));
    }
    row
}

fn draw_question(question: &Question, area: Rect, painter: &mut Painter<'_>) {
    painter.fill(area, Element::Question);
    let choices: Vec<String> = question.choices.iter().map(|(key, word, _)| format!("{key} {word}")).collect();
    painter.text(area, 0, &format!(" {}  {}", question.text, choices.join(" · ")), Element::Question);
}

fn draw_prompt(screen: &Screen, prompt: &Prompt, area: Rect, painter: &mut Painter<'_>) {
    let (label, help) = Screen::prompt_label(prompt);
    let help = match &prompt.purpose {
        Purpose::Command => {
            let stem = prompt.stem();
            let (name, rest) = stem.split_once(' ').unwrap_or((stem, ""));
            let fitting = completions(name);
            match fitting.as_slice() {
                [only] if !rest.is_empty() || only.name == name => only.takes.help().to_owned(),
                _ => fitting.iter().map(|command| command.name).collect::<Vec<_>>().join(" "),
            }
        }
        _ => help.to_owned(),
    };
    let label = format!(" {label}");
    let columns = usize::from(area.width);
    let help_columns = width(&help).min(columns / 2);
    let room = columns.saturating_sub(width(&label) + help_columns + 3);
    let (text, cursor) = prompt.line.visible(room);
    painter.row(area, 0, &[piece(Element::Key, label.clone()), piece(Element::Prompt, text)]);
    if help_columns > 0 {
        let element =
            if screen.said.as_ref().is_some_and(|said| said.trouble) { Element::Warning } else { Element::Dim };
        painter.right(area, 0, &[piece(element, format!("{} ", cut(&help, help_columns)))]);
    }
    let caret = painter.style(Element::Caret);
    let x = area.x + (width(&label) + cursor) as u16;
    if x < area.right() {
        painter.buffer[(x, area.y)].set_style(caret);
    }
}
