//! Why a score or a message is as it is: the facts, the words, the messages, what to do next.

use super::paint::piece;
use crate::command::Verb;
use crate::keymap::{Context, show_keys};
use crate::model::{BlockKind, MessageId, Score, Sentiment, SentimentLabel, TimelineEntry, fold};
use crate::theme::Element;
use crate::ui::Screen;
use crate::ui::signs::{element, label_element};
use crate::ui::text::{Row, count, cut, wrap};
use crate::ui::when;
use crate::ui::why::{Subject, Why};

/// Messages named under a mood.
const HEARD: usize = 6;
/// Lines of a message that is explained.
const TEXT: usize = 8;
/// Words that decided.
const WORDS: usize = 12;
/// Bytes of it that are looked at.
const BYTES: usize = 8_000;

/// Lines of an explanation, each with the message it leads to.
type Lines = Vec<(Row, Option<MessageId>)>;

/// The lines of an explanation.
pub(in crate::ui) fn lines(screen: &Screen, why: &Why, columns: usize) -> Lines {
    let mut lines = Lines::new();
    let Some(open) = screen.open.as_ref().filter(|open| open.id == why.customer) else {
        return vec![(vec![piece(Element::Dim, " It is not here any more.")], None)];
    };
    match why.subject {
        Subject::Score(kind) => match (screen.score(kind), &open.scores) {
            (Some(score), _) => explain_score(screen, score, columns, &mut lines),
            (None, Some(_)) => say(&mut lines, Element::Dim, "This score was not computed yet.", columns),
            (None, None) => say(&mut lines, Element::Dim, "loading …", columns),
        },
        Subject::Message(id) => match open.entries.iter().find(|entry| entry.message.id == id) {
            Some(entry) => explain_message(screen, entry, columns, &mut lines),
            None => say(&mut lines, Element::Dim, "This message is not here any more.", columns),
        },
    }
    lines
}

fn say(lines: &mut Lines, element: Element, text: &str, columns: usize) {
    say_of(lines, element, text, "", columns, None);
}

/// Says something that leads to a message, if it does; `lead` stands before its first line.
fn say_of(lines: &mut Lines, look: Element, text: &str, lead: &str, columns: usize, to: Option<MessageId>) {
    for (index, part) in wrap(text, columns.saturating_sub(5)).into_iter().enumerate() {
        let lead = if index == 0 { lead } else { "" };
        lines.push((vec![piece(Element::Key, format!(" {lead:<2}")), piece(look, part)], to));
    }
}

fn heading(lines: &mut Lines, text: &str) {
    lines.push((Row::new(), None));
    lines.push((vec![piece(Element::Link, format!(" {text}"))], None));
}

fn explain_score(screen: &Screen, score: &Score, columns: usize, lines: &mut Lines) {
    let (signs, now, zone) = (screen.signs(), screen.now, &screen.zone);
    let stale = screen.scorecard().is_some_and(|card| card.stale);
    let mut head = vec![piece(Element::Strong, format!(" {}  ", score.kind.word()))];
    match (&score.band, score.value) {
        (Some(band), Some(_)) => {
            head.push(piece(element(band.level), format!("{} {}  ", signs.level(band.level), band.word)));
            head.push(piece(Element::Text, cut(&score.shown, columns / 2)));
        }
        _ => head.push(piece(Element::Dim, "not enough data")),
    }
    lines.push((head, None));
    if !score.line.is_empty() {
        let drawn = signs.line(&score.line, score.kind.range(), 24);
        let mut row = vec![piece(Element::ScoreLine, format!(" {drawn}  "))];
        for (days, change) in [(30, score.trend_30), (90, score.trend_90)] {
            if let (Some(change), Some(value)) = (change, score.value) {
                let arrow = signs.trend(score.kind, value, change);
                row.push(piece(Element::Text, format!(" {arrow} {} in {days} days ", score.kind.change(change))));
            }
        }
        lines.push((row, None));
    }
    let facts = format!(
        "from {} · {} % sure · computed {}{}",
        count(u64::from(score.sample), "fact", "facts"),
        (score.confidence.clamp(0.0, 1.0) * 100.0).round(),
        when::short(score.at, now, zone),
        if stale { " · stale: it is computed anew" } else { "" },
    );
    say_of(lines, Element::Dim, &facts, "", columns, None);

    heading(lines, if score.value.is_some() { "Because" } else { "What is missing" });
    if score.reasons.is_empty() {
        say(lines, Element::Dim, "no reasons were kept", columns);
    }
    for reason in &score.reasons {
        let lead = if reason.message.is_some() { signs.leads() } else { "·" };
        say_of(lines, Element::Text, &reason.text, lead, columns, reason.message);
    }
    if score.kind == crate::model::ScoreKind::Mood {
        heard(screen, columns, lines);
    }
    if let Some(next) = &score.next {
        heading(lines, "What to do next");
        say(lines, Element::Strong, next, columns);
    }
}

/// The messages a mood was heard in, the latest first, with the words that decided.
fn heard(screen: &Screen, columns: usize, lines: &mut Lines) {
    let Some(open) = &screen.open else { return };
    let read = |entry: &'_ TimelineEntry| entry.sentiment.is_some();
    let mut entries = open.entries.iter().rev().filter(|entry| read(entry)).take(HEARD).peekable();
    if entries.peek().is_none() {
        return;
    }
    heading(lines, "The last messages");
    for entry in entries {
        let Some(sentiment) = &entry.sentiment else { continue };
        let sign = screen.signs().label(sentiment.label);
        let at = when::short(entry.message.at, screen.now, &screen.zone);
        let words = match sentiment.words.is_empty() {
            true => String::new(),
            false => format!(" ({})", sentiment.words.iter().take(4).cloned().collect::<Vec<_>>().join(", ")),
        };
        let left = format!("{sign} {at:<10} ");
        let text = cut(&format!("{}{words}", entry.message.preview), columns.saturating_sub(20));
        lines.push((
            vec![
                piece(Element::Key, format!(" {:<2}", screen.signs().leads())),
                piece(label_element(sentiment.label), left),
                piece(Element::Text, text),
            ],
            Some(entry.message.id),
        ));
    }
}

fn explain_message(screen: &Screen, entry: &TimelineEntry, columns: usize, lines: &mut Lines) {
    let message = &entry.message;
    let about = format!(
        " {}  {} · {}",
        crate::ui::block::party(&message.from),
        when::full(message.at, &screen.zone),
        message.channel
    );
    lines.push((vec![piece(Element::Strong, cut(&about, columns))], None));
    match &entry.sentiment {
        Some(sentiment) => explain_reading(screen, sentiment, columns, lines),
        None => say(
            lines,
            Element::Dim,
            "It has no reading: we wrote it, a robot did, or the model does not know its language.",
            columns,
        ),
    }
    heading(lines, "What it says");
    let text = entry.text.as_deref().unwrap_or("(this text cannot be shown)");
    // Without what they quote and how they sign: that is not read either. A text that quotes nothing is itself.
    let folded = fold(&text[..text.floor_char_boundary(BYTES)]);
    let own = folded.iter().filter(|block| block.kind == BlockKind::Text).flat_map(|block| &block.lines);
    let mut parts = own.filter(|line| !line.trim().is_empty()).flat_map(|line| wrap(line, columns.saturating_sub(5)));
    for part in parts.by_ref().take(TEXT) {
        lines.push((marked(&part, entry.sentiment.as_ref()), None));
    }
    if parts.next().is_some() {
        say(lines, Element::Folded, "⋯", columns);
    }
    if message.direction != crate::model::Direction::Inbound {
        return;
    }
    heading(lines, "What does it really sound like? One key teaches the model:");
    let mut row = Row::new();
    for (label, word) in SentimentLabel::ALL.iter().map(|label| (Some(*label), label.word())).chain([(None, "none")]) {
        row.push(piece(Element::Text, "   "));
        row.push(piece(Element::Key, key_of(screen, word)));
        match label {
            Some(label) => {
                row.push(piece(label_element(label), format!(" {} {word}", screen.signs().label(label))));
            }
            None => row.push(piece(Element::Dim, " as the model says")),
        }
    }
    lines.push((row, None));
}

fn explain_reading(screen: &Screen, sentiment: &Sentiment, columns: usize, lines: &mut Lines) {
    let look = label_element(sentiment.label);
    let row = vec![
        piece(look, format!(" {} {}", screen.signs().label(sentiment.label), sentiment.label.word())),
        piece(Element::Text, format!("  {:+.2}", f32::from(sentiment.percent) / 100.0)),
    ];
    lines.push((row, None));
    let learned = screen.scorecard().map_or(0, |card| card.taught.learned_from);
    let by = match (&sentiment.corrected, learned) {
        (Some(agent), _) if *agent == screen.agent => "corrected by you".to_owned(),
        (Some(agent), _) => format!("corrected by {agent}"),
        (None, 0) => format!("read by the model, {} % sure", sentiment.confidence),
        (None, some) => format!(
            "read by the model, {} % sure, learned from {}",
            sentiment.confidence,
            count(u64::from(some), "correction", "corrections")
        ),
    };
    say(lines, Element::Dim, &by, columns);
    if !sentiment.words.is_empty() {
        let words = sentiment.words.iter().take(WORDS).map(|word| format!("“{word}”")).collect::<Vec<_>>().join(" ");
        heading(lines, "The words that decided, the strongest first");
        say(lines, Element::Text, &words, columns);
    }
}

/// A line of a message with the words that decided marked in it.
fn marked(line: &str, sentiment: Option<&Sentiment>) -> Row {
    let mut row = vec![piece(Element::Text, "   ")];
    let Some(sentiment) = sentiment else {
        row.push(piece(Element::Text, line));
        return row;
    };
    let look = label_element(sentiment.label);
    let lower = line.to_lowercase();
    // Where a small letter is longer than its capital the places would not agree.
    let words = if lower.len() == line.len() { sentiment.words.as_slice() } else { &[] };
    let words = &words[..words.len().min(WORDS)];
    let mut at = 0;
    while at < line.len() {
        let rest = &lower[at..];
        let found = words
            .iter()
            .filter(|word| !word.is_empty())
            .filter_map(|word| Some((rest.find(&word.to_lowercase())?, word.len())))
            .min_by_key(|(place, length)| (*place, std::cmp::Reverse(*length)));
        let Some((place, length)) = found.filter(|(place, length)| {
            let (from, to) = (at + place, at + place + length);
            line.is_char_boundary(from) && line.is_char_boundary(to.min(line.len())) && to <= line.len()
        }) else {
            break;
        };
        let (from, to) = (at + place, at + place + length);
        row.push(piece(Element::Text, &line[at..from]));
        row.push(piece(look, &line[from..to]));
        at = to;
    }
    row.push(piece(Element::Text, &line[at..]));
    row
}

/// The key that says what a message sounds like, or how to say it.
pub(super) fn key_of(screen: &Screen, word: &str) -> String {
    let table = screen.keymap.table();
    let found = table
        .iter()
        .find(|row| row.context == Context::Why && row.action.verb == Verb::Sentiment && row.action.argument == word);
    found.map_or_else(|| format!(":sentiment {word}"), |row| show_keys(&row.keys))
}
