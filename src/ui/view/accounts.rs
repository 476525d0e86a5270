//! The list of accounts, and one account whole.

use super::paint::{cell, piece};
use crate::model::{Abilities, AccountStatus, Activity, Apart, Count, Terms, Way};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::text::{Row, cut, wrap};
use crate::ui::when;

/// What an account is doing, in a word that needs no colour.
fn doing(status: Option<&AccountStatus>) -> (Element, &'static str) {
    match status.map(|status| status.activity) {
        None => (Element::Dim, "not running"),
        Some(Activity::Idle) => (Element::Dim, "idle"),
        Some(Activity::Connecting) => (Element::Text, "connecting"),
        Some(Activity::Pulling) => (Element::Text, "↓ pulling"),
        Some(Activity::Watching) => (Element::Good, "✓ watching"),
        Some(Activity::BackingOff) => (Element::Error, "✗ waits"),
        Some(Activity::Paused) => (Element::Error, "✗ paused"),
        Some(Activity::Stopped) => (Element::Error, "✗ STOPPED"),
    }
}

fn budget(screen: &Screen, status: &AccountStatus) -> String {
    match (&status.budget, status.budget_until) {
        (left, _) if left.is_empty() => String::new(),
        (left, Some(until)) => format!("{left} until {}", when::short(until, screen.now, &screen.zone)),
        (left, None) => left.clone(),
    }
}

/// One account as a row: what it is doing, since when and until when it is well, what is left, what is wrong.
pub(super) fn row(screen: &Screen, name: &str, columns: usize) -> Row {
    let facts = screen.accounts.iter().find(|account| account.name == name);
    let status = screen.status.iter().find(|status| status.name == name);
    let short = |at| when::short(at, screen.now, &screen.zone);
    let (element, word) = doing(status);
    let mut about: Vec<String> = Vec::new();
    if let Some(status) = status {
        about.extend(status.last_success.map(|at| format!("well {}", short(at))));
        about.extend(status.next.map(|at| format!("next {}", short(at))));
        about.extend(status.backlog.filter(|backlog| *backlog > 0).map(|backlog| format!("{backlog} wait there")));
        about.extend(Some(budget(screen, status)).filter(|budget| !budget.is_empty()));
    }
    let about = about.join(" · ");
    let trouble = status.map_or("", |status| status.trouble.as_str());
    let mut row = vec![
        cell(Element::InboxName, &format!(" {name}"), 14),
        cell(Element::Dim, facts.map_or("", |facts| facts.channel.as_str()), 11),
        cell(element, word, 13),
    ];
    // Trouble comes first: it is what the agent looks for.
    let room = columns.saturating_sub(39);
    if !trouble.is_empty() {
        row.push(piece(Element::Error, cut(&format!("{trouble} · "), room * 2 / 3)));
    }
    row.push(piece(Element::Text, about));
    row
}

/// All that is known of one account.
pub(in crate::ui) fn lines(screen: &Screen, name: &str, columns: usize) -> Vec<Row> {
    let facts = screen.accounts.iter().find(|account| account.name == name);
    let status = screen.status.iter().find(|status| status.name == name);
    let short = |at| when::full(at, &screen.zone);
    let mut rows = Vec::new();
    let mut say = |label: &str, value: &str, element| {
        for (index, part) in wrap(value, columns.saturating_sub(20)).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            rows.push(vec![piece(Element::Label, format!(" {label:<16}")), piece(element, part)]);
        }
    };
    say("account", name, Element::Strong);
    if let Some(facts) = facts {
        say("channel", &facts.channel, Element::Text);
        say("address", &facts.address, Element::Text);
    }
    let (element, word) = doing(status);
    say("doing", word, element);
    if let Some(status) = status {
        if !status.trouble.is_empty() {
            say("trouble", &status.trouble, Element::Error);
        }
        say("last success", &status.last_success.map_or("none yet".to_owned(), short), Element::Text);
        say("next pull", &status.next.map_or("when the server tells".to_owned(), short), Element::Text);
        let backlog = status.backlog.map_or("not known".to_owned(), |backlog| backlog.to_string());
        say("waits there", &backlog, Element::Text);
        let budget = budget(screen, status);
        say("budget left", if budget.is_empty() { "no limit known" } else { &budget }, Element::Text);
    }
    let Some(facts) = facts else { return rows };
    let abilities = &facts.abilities;
    let ways = |ways: &[Way]| match ways {
        [] => "no".to_owned(),
        ways => ways.iter().map(|way| way.word()).collect::<Vec<_>>().join(", "),
    };
    say("", "", Element::Text);
    if !facts.can_send {
        say("sends", "no: it only receives", Element::Text);
        return rows;
    }
    say("answers", &format!("to private messages: {}", ways(&abilities.direct)), Element::Text);
    say("", &format!("to public ones: {}", ways(&abilities.public)), Element::Text);
    let usual = Apart {
        terms: Terms { lengths: abilities.lengths.clone(), window: abilities.window.clone() },
        ..Apart::default()
    };
    for apart in std::iter::once(&usual).chain(&abilities.apart) {
        terms(&mut say, apart, abilities);
    }
    let first = if abilities.first_contact { "may be written to" } else { "must write first" };
    say("strangers", first, Element::Text);
    rows
}

/// The limits of some answers, and which those are where not all are alike.
fn terms(say: &mut impl FnMut(&str, &str, Element), apart: &Apart, abilities: &Abilities) {
    let mut which = Vec::new();
    if !abilities.apart.is_empty() {
        which.extend(apart.way.filter(|_| !abilities.public.is_empty()).map(|way| format!("{} answers", way.word())));
        which.extend(apart.answers.map(|answers| format!("to {} messages", answers.word())));
        if abilities
            .apart
            .iter()
            .any(|other| other != apart && (other.way, other.answers) == (apart.way, apart.answers))
        {
            which.extend(apart.needs.first().map(|need| format!("({need})")));
        }
    }
    let which = if which.is_empty() { String::new() } else { format!("{}: ", which.join(" ")) };
    for length in &apart.terms.lengths {
        let counted = match length.count {
            Count::Graphemes => " as a reader counts them",
            Count::Weighted => " as X counts them",
            _ => "",
        };
        say("length", &format!("{which}at most {} {}{counted}", length.most, length.count.word()), Element::Text);
    }
    if let Some(window) = &apart.terms.window {
        let span = |millis: i64| match millis {
            hours @ 3_600_000.. if hours % 3_600_000 == 0 => format!("{} h", hours / 3_600_000),
            minutes => format!("{} min", minutes / 60_000),
        };
        let hours = window.millis.map(|millis| format!("{} after their last message", span(millis)));
        let answers = window.answers.map(|answers| format!("{answers} answers to one message of theirs"));
        let words: Vec<String> = hours.into_iter().chain(answers).collect();
        say("window", &format!("{which}{}", words.join(", ")), Element::Text);
        say("", &format!("when it is closed: {}", window.way_out), Element::Text);
    }
}
