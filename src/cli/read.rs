//! Reading verbs: inbox, show, original, automated, log.

use super::arguments::{Inbox, Limit, Log, LogVerb, Original, Show};
use super::console::Console;
use super::house::{Place, write_new};
use super::output::{Output, remark};
use super::{Outcome, form};
use crate::model::{
    ChangeKind, ChangeView, InboxFilter, InboxRow, InboxView, MessageId, ThreadId, TimelineEntry, Timestamp, Trust,
    Way, clean_line,
};
use anyhow::Context;
use serde_json::Value;

const PAGE: usize = 500;

pub fn inbox(place: &Place, args: Inbox) -> Outcome {
    let house = place.open()?;
    let mut out = Output::new(place.json);
    let view = InboxView::from_word(&args.view).unwrap_or_default();
    let filter = InboxFilter {
        text: args.filter.unwrap_or_default(),
        owner: args.owner.map(|owner| if owner == "none" { String::new() } else { owner }),
        tag: args.tag.map(|tag| tag.to_lowercase()),
        unread: args.unread,
    };
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut after = None;
    while left > 0 {
        let page = house.desk.inbox(view, &filter, after.as_deref(), left.min(PAGE))?;
        for row in &page.rows {
            out.row(|| form::inbox_row(row), || inbox_line(row))?;
        }
        left -= page.rows.len().min(left);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    out.finish()?;
    house.close()
}

fn inbox_line(row: &InboxRow) -> String {
    let mark = match (row.trouble, row.unread) {
        (true, _) => "!".to_owned(),
        (false, 0) => " ".to_owned(),
        (false, unread) => unread.to_string(),
    };
    let owner = row.owner.as_deref().map(|owner| format!(" @{owner}")).unwrap_or_default();
    format!(
        "{mark:>3} {:<9}{} <{}>{owner}  {}  {}",
        row.status.map_or("-", |status| status.word()),
        row.name,
        row.address,
        row.last_at.known().map_or_else(|| "–".to_owned(), minute),
        row.last_text
    )
}

fn minute(at: Timestamp) -> String {
    at.to_jiff().to_zoned(Console::current().zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

pub fn show(place: &Place, args: Show) -> Outcome {
    let house = place.open()?;
    let customer = house.customer(&args.customer)?;
    let view = house.desk.customer(customer.id)?;
    let view = view.ok_or_else(|| anyhow::anyhow!("there is no customer {}", customer.id))?;
    let mut entries: Vec<TimelineEntry> = Vec::new();
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut before = None;
    let thread = args.thread.as_deref().map(str::parse::<ThreadId>).transpose().context("--thread")?;
    let channel = args.channel.as_deref();
    let wanted = |entry: &TimelineEntry| {
        let message = &entry.message;
        thread.is_none_or(|thread| message.thread == thread)
            && channel.is_none_or(|name| message.channel == name || message.account == name)
    };
    while left > 0 {
        let page = house.desk.timeline(customer.id, before.as_deref(), left.min(PAGE))?;
        before = page.next;
        let mut rows: Vec<TimelineEntry> = page.rows.into_iter().filter(wanted).collect();
        // The latest of them.
        rows.drain(..rows.len().saturating_sub(left));
        left -= rows.len();
        // Pages come newest first, the rows of each oldest first.
        entries.splice(0..0, rows);
        if before.is_none() {
            break;
        }
    }
    let mut out = Output::new(place.json);
    if place.json {
        let mut object = form::customer(&view);
        let messages = entries.iter().map(form::entry).collect();
        object.insert("messages".to_owned(), Value::Array(messages));
        out.object(&Value::Object(object))?;
    } else {
        out.line(&format!("{}  {}", view.customer.name, view.customer.id))?;
        for identity in &view.identities {
            let handle = identity.handle.as_deref().map(|handle| format!(" {handle}")).unwrap_or_default();
            out.line(&format!(
                "  {} {}{handle} ({}, {})",
                identity.channel,
                identity.address,
                identity.basis.word(),
                identity.standing()
            ))?;
        }
        for suggestion in &view.suggestions {
            let (name, likelihood) = (&suggestion.name, suggestion.suggestion.likelihood);
            out.line(&format!("  may be {name} ({likelihood} %); `switchboard suggestions` says why"))?;
        }
        if let Some(case) = &view.customer.case {
            let owner = case.owner.as_deref().unwrap_or("nobody");
            out.line(&format!("  {} · {owner} · {}", case.status.word(), case.priority.word()))?;
        }
        if !view.customer.tags.is_empty() {
            out.line(&format!("  tags {}", view.customer.tags.join(", ")))?;
        }
        for order in &view.orders {
            let end = if order.counts() { String::new() } else { format!(", {}", order.status.word()) };
            out.line(&format!("  order {} of {}: {}{end}", order.number, order.at.day(), order.total))?;
        }
        for rating in &view.ratings {
            out.line(&format!("  said {} of {} on {}", rating.value, rating.of, rating.at.day()))?;
        }
        for entry in &entries {
            out.line("")?;
            out.line(&headline(entry))?;
            let text = entry.changes.iter().rev().find_map(|change| change.text.as_ref()).unwrap_or(&entry.text);
            match text {
                Ok(text) => text.lines().try_for_each(|line| out.line(&format!("  {line}")))?,
                Err(problem) => out.line(&format!("  [{problem}]"))?,
            }
            for change in &entry.changes {
                out.line(&format!("  [{}]", change_line(change)))?;
            }
            if let Some(url) = &entry.message.url {
                out.line(&format!("  {url}"))?;
            }
            for attachment in &entry.message.attachments {
                let line = format!(
                    "  [{}] {} ({}, {} bytes)",
                    attachment.part, attachment.name, attachment.media_type, attachment.size
                );
                out.line(&line)?;
            }
        }
    }
    out.finish()?;
    house.close()
}

/// One thing that happened to a message, for people.
fn change_line(view: &ChangeView) -> String {
    let change = &view.change;
    let what = match &change.kind {
        ChangeKind::Reaction { symbol, added: true } => format!("reaction {symbol}"),
        ChangeKind::Reaction { symbol, added: false } => format!("reaction {symbol} taken back"),
        ChangeKind::Likes { count } => format!("{count} likes"),
        ChangeKind::Failed { reason } => format!("failed: {reason}"),
        ChangeKind::Hidden { hidden: false } => "shown again".to_owned(),
        other => other.word().to_owned(),
    };
    let by = change.by.as_ref().map(|by| format!(" by {}", by.address)).unwrap_or_default();
    format!("{what}{by}, {}", minute(change.at))
}

fn headline(entry: &TimelineEntry) -> String {
    let message = &entry.message;
    let arrow = match form::direction(message.direction) {
        "inbound" => "←",
        "outbound" => "→",
        _ => "NOTE",
    };
    let who = if message.from.name.is_empty() { &message.from.address } else { &message.from.name };
    let mut line = format!("{arrow} {} {who}", minute(message.at));
    if message.way == Way::Public {
        line.push_str(" · PUBLIC");
    }
    if !matches!(message.channel.as_str(), "email" | "note") {
        line.push_str(&format!(" · {}", message.channel));
    }
    for part in [message.subject.as_str(), message.delivery.word(), message.delivery.reason().unwrap_or_default()] {
        if !part.is_empty() {
            line.push_str(" · ");
            line.push_str(part);
        }
    }
    if let Trust::Refuted(reason) = &message.trust {
        line.push_str(&format!(" · NOT FROM THERE: {reason}"));
    }
    if let Some(kind) = message.automated {
        line.push_str(&format!(" · automated ({})", kind.word()));
    }
    line.push_str(&format!("  [{}]", message.id));
    line
}

pub fn original(place: &Place, args: Original) -> Outcome {
    let house = place.open()?;
    let id: MessageId = args.message.parse()?;
    let bytes = match args.attachment {
        Some(part) => house.desk.attachment(id, part)?.1,
        None => house.desk.original(id)?.1,
    };
    match args.out {
        Some(path) => {
            write_new(&Console::current().path(&path), &bytes)?;
            remark(&format!("{} bytes into {}", bytes.len(), path.display()));
        }
        None => {
            let mut out = Output::new(place.json);
            out.bytes(&bytes)?;
            out.finish()?;
        }
    }
    house.close()
}

pub fn automated(place: &Place, args: Limit) -> Outcome {
    let house = place.open()?;
    let mut out = Output::new(place.json);
    let mut left = args.limit;
    let mut after = None;
    while left > 0 {
        let page = house.desk.automated(after.as_deref(), left.min(PAGE))?;
        for message in &page.rows {
            let text = match house.desk.store().message(message.id)? {
                Some(stored) if place.json => house.desk.text(&stored),
                _ => Ok(String::new()),
            };
            out.row(
                || form::message(message, &text),
                || {
                    let kind = message.automated.map_or("nobody's", |kind| kind.word());
                    format!("{} {kind:<13} {}  {}", minute(message.at), message.from.address, message.subject)
                },
            )?;
        }
        left -= page.rows.len().min(left);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    out.finish()?;
    house.close()
}

pub fn log(place: &Place, args: Log) -> Outcome {
    if let Some(LogVerb::Call(call)) = args.verb {
        return super::call::run(place, call);
    }
    let house = place.open()?;
    let mut out = Output::new(place.json);
    let mut left = args.limit.unwrap_or(usize::MAX);
    let mut from = args.from.max(1);
    while left > 0 {
        let events = house.desk.store().events(from, left.min(PAGE))?;
        let Some((last, _)) = events.last() else { break };
        from = last + 1;
        left -= events.len().min(left);
        for (seq, event) in &events {
            out.row(
                || form::event(*seq, event),
                || {
                    let kind = event.kind.word();
                    clean_line(&format!(
                        "{seq:>7} {} {:<12} {kind:<9} {}",
                        minute(event.at),
                        event.actor,
                        event.summary
                    ))
                },
            )?;
        }
    }
    out.finish()?;
    house.close()
}
