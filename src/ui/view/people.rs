//! Two customers side by side, and the history of one.

use super::inbox::state;
use super::paint::{cell, piece};
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{CustomerView, HistoryLine};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::people::{Comparing, MARKED};
use crate::ui::text::{Row, cut, width, wrap};
use crate::ui::when;

/// Identities and fields of one side.
const SHOWN: usize = 8;

/// The lines of a comparison.
pub(in crate::ui) fn compare_lines(screen: &Screen, comparing: &Comparing, columns: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let Some(found) = &comparing.found else { return rows };
    let (mine, theirs) = (&found.mine, &found.theirs);
    let half = columns.saturating_sub(13) / 2;
    let mut both = |label: &str, left: &str, right: &str| {
        let element = if left == right { Element::Text } else { Element::Strong };
        rows.push(vec![
            cell(Element::Label, &format!(" {label}"), 12),
            cell(element, &cut(left, half.saturating_sub(1)), half),
            piece(element, cut(right, half.saturating_sub(1))),
        ]);
    };
    both("", &mine.customer.name, &theirs.customer.name);
    let addresses = |view: &CustomerView| -> Vec<String> {
        let shown = |identity: &crate::model::Identity| {
            let handle = identity.handle.as_deref().map(|handle| format!(" {handle}")).unwrap_or_default();
            format!("{} {}{handle} · {}", identity.channel, identity.address, identity.standing())
        };
        view.identities.iter().take(SHOWN).map(shown).collect()
    };
    pairs(&mut both, "addresses", &addresses(mine), &addresses(theirs));
    let counts = |view: &CustomerView| {
        let (inbound, outbound) =
            view.identities.iter().fold((0, 0), |sum, identity| (sum.0 + identity.inbound, sum.1 + identity.outbound));
        format!("{inbound} in, {outbound} out")
    };
    both("messages", &counts(mine), &counts(theirs));
    let time = |at| when::short(at, screen.now, &screen.zone);
    both("first", &time(mine.customer.first_at), &time(theirs.customer.first_at));
    both("last", &time(mine.customer.last_at), &time(theirs.customer.last_at));
    let case = |view: &CustomerView| {
        let case = view.customer.case.as_ref();
        let owner = case.and_then(|case| case.owner.as_deref()).unwrap_or("nobody");
        format!("{} · {owner}", state(case.map(|case| case.status)).0)
    };
    both("case", &case(mine), &case(theirs));
    both("language", language(mine), language(theirs));
    both("tags", &mine.customer.tags.join(" "), &theirs.customer.tags.join(" "));
    let fields = |view: &CustomerView| -> Vec<String> {
        view.customer.fields.iter().take(SHOWN).map(|(name, value)| format!("{name}: {value}")).collect()
    };
    pairs(&mut both, "fields", &fields(mine), &fields(theirs));
    let remark = |view: &CustomerView| view.customer.notes.lines().next().unwrap_or_default().to_owned();
    both("remark", &remark(mine), &remark(theirs));
    pairs(&mut both, "last lines", &found.mine_last, &found.theirs_last);
    rows.push(Row::new());
    if let Some(view) = &comparing.suggestion {
        let likely = format!(" {} % likely, because", view.suggestion.likelihood);
        rows.push(vec![piece(Element::Link, likely)]);
        for evidence in view.suggestion.evidence.iter().take(SHOWN) {
            rows.push(vec![piece(Element::Text, cut(&format!(" · {}", evidence.words), columns))]);
        }
    }
    let key = screen.key_name(Context::List, Verb::Open);
    let back = screen.key_name(Context::List, Verb::Back);
    let what = match comparing.moving {
        Some(id) => {
            let moving = mine.identities.iter().find(|identity| identity.id == id);
            let address = moving.map_or("it", |identity| identity.address.as_str());
            format!(" {key}: {address} is {}'s. {back}: leave it. Can be undone at any time.", theirs.customer.name)
        }
        None => format!(" {key}: they are one customer. {back}: leave them. Can be undone at any time."),
    };
    rows.push(vec![piece(Element::Warning, cut(&what, columns))]);
    rows
}

fn language(view: &CustomerView) -> &str {
    view.customer.language.as_deref().unwrap_or("–")
}

fn pairs(both: &mut impl FnMut(&str, &str, &str), label: &str, left: &[String], right: &[String]) {
    let none = String::new();
    for at in 0..left.len().max(right.len()) {
        let label = if at == 0 { label } else { "" };
        both(label, left.get(at).unwrap_or(&none), right.get(at).unwrap_or(&none));
    }
}

/// One line of a history.
pub(super) fn history(screen: &Screen, line: &HistoryLine, columns: usize) -> Row {
    let undone = line.act.as_ref().is_some_and(|act| act.undone.is_some());
    let element = match &line.act {
        Some(_) if undone => Element::Dim,
        Some(_) => Element::Strong,
        None => Element::Text,
    };
    let mark = if undone { " (taken back)" } else { "" };
    vec![
        cell(Element::Dim, &format!(" {}", when::short(line.at, screen.now, &screen.zone)), 13),
        cell(Element::InboxName, &line.by, 14),
        piece(element, cut(&format!("{}{mark}", line.summary), columns.saturating_sub(28))),
    ]
}

/// Who else the customer may be, for the profile.
pub(super) fn suggestions(screen: &Screen, profile: &CustomerView, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    let shown = &profile.suggestions[..profile.suggestions.len().min(MARKED)];
    let marked = screen.open.as_ref().map_or(0, |open| open.marked(shown.len()));
    for (index, view) in shown.iter().enumerate() {
        if index == 0 {
            rows.push(Row::new());
            rows.push(vec![piece(Element::Link, "May be the same person")]);
        }
        let mark = if index == marked { "▸" } else { " " };
        let head = format!("{mark} {} · {} %", view.name, view.suggestion.likelihood);
        rows.push(vec![piece(if index == marked { Element::Warning } else { Element::Text }, cut(&head, columns))]);
        rows.push(vec![piece(Element::Dim, cut(&format!("  {}", view.theirs), columns))]);
        if index == marked {
            for evidence in view.suggestion.evidence.iter().take(3) {
                for part in wrap(&evidence.words, columns.saturating_sub(4)).into_iter().take(3) {
                    rows.push(vec![piece(Element::Text, format!("  {part}"))]);
                }
            }
            let (yes, no) =
                (screen.key_name(Context::Profile, Verb::Merge), screen.key_name(Context::Profile, Verb::NeverAgain));
            let next = screen.key_name(Context::Profile, Verb::NextSuggestion);
            let others = if shown.len() > 1 { format!(" · {next} next") } else { String::new() };
            let keys = format!("  {yes} compare · {no} never again{others}");
            rows.push(vec![piece(Element::Hint, if width(&keys) > columns { cut(&keys, columns) } else { keys })]);
        }
    }
    rows
}
