//! The shapes of `--json`. Fields may be added; none is renamed or removed (`switchboard help json`).

use crate::model::{
    AccountStatus, Activity, Case, ChangeKind, ChangeView, CustomerView, DeadLetter, DraftView, Event, HistoryLine,
    InboxRow, LearnedView, Level, Message, OutboxRow, Outgoing, Party, ReplyKind, Score, Scorecard, Segment,
    SegmentMember, Sentiment, Snooze, SuggestionView, TimelineEntry, Timestamp, Trust, WorkerStatus,
};
use serde_json::{Value, json};

fn time(at: Timestamp) -> Value {
    Value::String(at.to_string())
}

/// A time, or null where it stands for "never": of an imported customer who has not written yet, for instance.
fn known(at: Timestamp) -> Value {
    at.known().map_or(Value::Null, time)
}

fn addresses(parties: &[Party]) -> Vec<&str> {
    parties.iter().map(|party| party.address.as_str()).collect()
}

pub fn inbox_row(row: &InboxRow) -> Value {
    json!({
        "customer": row.customer.to_string(),
        "name": row.name,
        "address": row.address,
        "status": row.status.map(|status| status.word()),
        "owner": row.owner,
        "priority": row.priority.word(),
        "unread": row.unread,
        "channels": row.channels,
        "tags": row.tags,
        "last_at": known(row.last_at),
        "last_text": row.last_text,
        "last_direction": row.last_at.known().map(|_| direction(row.last_direction)),
        "waiting_since": row.waiting_since.map(time),
        "snoozed_until": row.snoozed_until.map(time),
        "trouble": row.trouble,
        "mood": row.mood,
    })
}

pub fn direction(direction: crate::model::Direction) -> &'static str {
    match direction {
        crate::model::Direction::Inbound => "inbound",
        crate::model::Direction::Outbound => "outbound",
        crate::model::Direction::Note => "note",
    }
}

fn case(case: &Case) -> Value {
    json!({
        "status": case.status.word(),
        "owner": case.owner,
        "priority": case.priority.word(),
        "opened": time(case.opened),
        "resolved": case.resolved.map(time),
        "waiting_since": case.waiting_since.map(time),
        "snoozed_until": match case.snooze {
            Some(Snooze::Until(at)) => time(at),
            Some(Snooze::UntilReply) => Value::String("reply".to_owned()),
            None => Value::Null,
        },
    })
}

/// A customer without messages; `messages` are added by the caller.
pub fn customer(view: &CustomerView) -> serde_json::Map<String, Value> {
    let customer = &view.customer;
    let value = json!({
        "customer": customer.id.to_string(),
        "name": customer.name,
        "identities": view.identities.iter().map(|identity| json!({
            "channel": identity.channel,
            "address": identity.address,
            "name": identity.name,
            "identity": identity.id.to_string(),
            "handle": identity.handle,
            "trust": identity.standing(),
            "links": identity.links.iter().map(|link| json!({
                "kind": link.kind.word(),
                "value": link.value,
                "proven": link.proven,
            })).collect::<Vec<_>>(),
            "basis": identity.basis.word(),
            "by": identity.by,
            "since": time(identity.since),
            "inbound": identity.inbound,
            "outbound": identity.outbound,
        })).collect::<Vec<_>>(),
        "case": customer.case.as_ref().map(case),
        "unread": customer.unread,
        "tags": customer.tags,
        "notes": customer.notes,
        "fields": customer.fields,
        "language": customer.language,
        "first_at": known(customer.first_at),
        "last_at": known(customer.last_at),
        "drafts": view.drafts,
        "absorbed": view.absorbed.iter().map(|(id, name)| json!({
            "customer": id.to_string(),
            "name": name,
        })).collect::<Vec<_>>(),
        "suggestions": view.suggestions.len(),
        "orders": view.orders.iter().map(|order| json!({
            "number": order.number,
            "at": time(order.at),
            "total": order.total.to_string(),
            "minor": order.total.minor,
            "currency": order.total.currency.code(),
            "status": order.status.word(),
        })).collect::<Vec<_>>(),
        "ratings": view.ratings.iter().map(|rating| json!({
            "at": time(rating.at),
            "value": rating.value,
            "from": rating.from,
            "of": rating.of,
            "comment": rating.comment,
        })).collect::<Vec<_>>(),
        "cases_before": customer.cases_before,
        "trouble": customer.trouble,
    });
    match value {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}

/// A message of a timeline, with what happened to it since.
pub fn entry(entry: &TimelineEntry) -> Value {
    let mut value = with_changes(message(&entry.message, &entry.text), &entry.changes);
    if let Value::Object(map) = &mut value {
        map.insert("sentiment".to_owned(), entry.sentiment.as_ref().map_or(Value::Null, sentiment));
    }
    value
}

fn sentiment(sentiment: &Sentiment) -> Value {
    json!({
        "label": sentiment.label.word(),
        "percent": sentiment.percent,
        "confidence": sentiment.confidence,
        "corrected": sentiment.corrected,
        "words": sentiment.words,
    })
}

/// A version of what computes scores. A number of 64 bits is not safe in JSON.
pub fn version(version: u64) -> String {
    format!("{version:016x}")
}

fn score(score: &Score) -> Value {
    json!({
        "kind": score.kind.word(),
        "value": score.value,
        "shown": score.shown,
        "band": score.band.as_ref().map(|band| &band.word),
        "level": score.band.as_ref().map(|band| match band.level {
            Level::Bad => "bad",
            Level::Watch => "watch",
            Level::Fair => "fair",
            Level::Good => "good",
        }),
        "trend_30": score.trend_30,
        "trend_90": score.trend_90,
        "line": score.line,
        "sample": score.sample,
        "confidence": score.confidence,
        "reasons": score.reasons.iter().map(|reason| json!({
            "text": reason.text,
            "message": reason.message.map(|id| id.to_string()),
        })).collect::<Vec<_>>(),
        "next": score.next,
        "at": time(score.at),
        "version": version(score.version),
    })
}

/// The scores of a customer.
pub fn scorecard(name: &str, card: &Scorecard) -> Value {
    json!({
        "customer": card.customer.to_string(),
        "name": name,
        "scores": card.scores.iter().map(score).collect::<Vec<_>>(),
        "segments": card.segments.iter().map(|(kind, name)| json!({
            "kind": kind.word(),
            "name": name,
        })).collect::<Vec<_>>(),
        "stale": card.stale,
        "corrections": card.taught.learned_from,
        "learning": card.taught.words(),
    })
}

/// What was learned from corrections.
pub fn layer(view: &LearnedView) -> Value {
    json!({
        "layer": view.layer.as_ref().map(|layer| layer.number),
        "learned_from": view.layer.as_ref().map(|layer| layer.corrections),
        "at": view.layer.as_ref().map(|layer| time(layer.at)),
        "corrections": view.corrections,
        "begins_at": view.begins_at,
        "off": view.off,
        "kept": view.kept,
        "trouble": view.trouble,
        "version": version(view.version),
    })
}

/// A segment.
pub fn segment(segment: &Segment) -> Value {
    let [days, count, money] = segment.centre;
    json!({
        "kind": segment.kind.word(),
        "name": segment.name,
        "size": segment.size,
        "sizes": segment.sizes,
        "traits": segment.traits,
        "centre": { "days": days, "count": count, "money": money },
        "at": time(segment.at),
    })
}

/// A customer of a segment.
pub fn member(member: &SegmentMember) -> Value {
    json!({
        "customer": member.customer.to_string(),
        "name": member.name,
        "address": member.address,
        "last_at": known(member.last_at),
        "mood": member.mood,
    })
}

/// How a worker is doing that is no account's.
pub fn worker(status: &WorkerStatus, running: bool) -> Value {
    json!({
        "worker": status.name,
        "doing": if running { status.doing } else { "not-running" },
        "done": status.progress.map(|progress| progress.done),
        "total": status.progress.map(|progress| progress.total),
        "last_success": status.last_success.map(time),
        "next": status.next.map(time),
        "trouble": if status.trouble.is_empty() { None } else { Some(&status.trouble) },
    })
}

/// A message as scripts see it, and what happened to it since.
pub fn with_changes(mut message: Value, changes: &[ChangeView]) -> Value {
    if let Value::Object(map) = &mut message {
        map.insert("changes".to_owned(), changes.iter().map(change).collect());
    }
    message
}

fn change(view: &ChangeView) -> Value {
    let (symbol, added, count, reason, hidden) = match &view.change.kind {
        ChangeKind::Reaction { symbol, added } => (Some(symbol), Some(added), None, None, None),
        ChangeKind::Likes { count } => (None, None, Some(count), None, None),
        ChangeKind::Failed { reason } => (None, None, None, Some(reason), None),
        ChangeKind::Hidden { hidden } => (None, None, None, None, Some(hidden)),
        _ => (None, None, None, None, None),
    };
    json!({
        "kind": view.change.kind.word(),
        "at": time(view.change.at),
        "by": view.change.by.as_ref().map(|by| &by.address),
        "text": view.text.as_ref().and_then(|text| text.as_ref().ok()),
        "damaged": view.text.as_ref().and_then(|text| text.as_ref().err()),
        "symbol": symbol,
        "added": added,
        "count": count,
        "reason": reason,
        "hidden": hidden,
    })
}

/// How an account is doing.
pub fn account_status(status: &AccountStatus, channel: &str, running: bool) -> Value {
    json!({
        "account": status.name,
        "channel": channel,
        "doing": doing(status, running),
        "last_success": status.last_success.map(time),
        "next": status.next.map(time),
        "backlog": status.backlog,
        "budget": if status.budget.is_empty() { None } else { Some(&status.budget) },
        "budget_until": status.budget_until.map(time),
        "trouble": if status.trouble.is_empty() { None } else { Some(&status.trouble) },
    })
}

/// What an account's worker is doing, in a word.
pub fn doing(status: &AccountStatus, running: bool) -> &'static str {
    match status.activity {
        _ if !running => "not-running",
        Activity::Idle => "idle",
        Activity::Connecting => "connecting",
        Activity::Pulling => "pulling",
        Activity::Watching => "watching",
        Activity::BackingOff => "backing-off",
        Activity::Paused => "paused",
        Activity::Stopped => "stopped",
    }
}

pub fn message(message: &Message, text: &Result<String, String>) -> Value {
    json!({
        "id": message.id.to_string(),
        "channel": message.channel,
        "account": message.account,
        "direction": direction(message.direction),
        "from": if message.from.address.is_empty() { &message.from.name } else { &message.from.address },
        "from_name": message.from.name,
        "to": addresses(&message.to),
        "cc": addresses(&message.cc),
        "reply_to": message.reply_to.as_ref().map(|party| &party.address),
        "at": time(message.at),
        "received": time(message.received),
        "subject": message.subject,
        "text": text.as_ref().ok(),
        "damaged": text.as_ref().err(),
        "thread": message.thread.to_string(),
        "remote_id": message.remote_id,
        "references": message.references,
        "delivery": if message.delivery.word().is_empty() { None } else { Some(message.delivery.word()) },
        "reason": message.delivery.reason(),
        "automated": message.automated.is_some(),
        "automated_kind": message.automated.map(|kind| kind.word()),
        "attachments": message.attachments.iter().map(|attachment| json!({
            "name": attachment.name,
            "type": attachment.media_type,
            "size": attachment.size,
            "part": attachment.part,
        })).collect::<Vec<_>>(),
        "agent": message.agent,
        "folder": message.folder,
        "trust": message.trust.word(),
        "trust_reason": match &message.trust {
            Trust::Refuted(reason) => Some(reason),
            Trust::Unverified | Trust::Verified => None,
        },
        "outgoing": message.outgoing.map(|id| id.to_string()),
        "way": message.way.word(),
        "url": message.url,
    })
}

pub fn suggestion(name: &str, view: &SuggestionView) -> Value {
    json!({
        "suggestion": view.suggestion.id.to_string(),
        "likelihood": view.suggestion.likelihood,
        "evidence": view.suggestion.evidence.iter().map(|evidence| json!({
            "words": evidence.words,
            "weight": evidence.weight,
        })).collect::<Vec<_>>(),
        "customer": view.customer.to_string(),
        "name": name,
        "identity": view.mine,
        "other": view.other.to_string(),
        "other_name": view.name,
        "other_identity": view.theirs,
        "at": time(view.suggestion.at),
    })
}

pub fn history(line: &HistoryLine) -> Value {
    json!({
        "at": time(line.at),
        "by": line.by,
        "kind": line.kind.word(),
        "summary": line.summary,
        "act": line.act.as_ref().map(|act| json!({
            "act": act.id.to_string(),
            "kind": act.kind.word(),
            "reason": act.reason,
            "evidence": act.evidence,
            "customer": act.customer.to_string(),
            "name": act.name,
            "other": act.other.to_string(),
            "other_name": act.other_name,
            "identities": act.identities.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "addresses": act.addresses,
            "undone_by": act.undone.as_ref().map(|undone| &undone.by),
            "undone_at": act.undone.as_ref().map(|undone| time(undone.at)),
        })),
    })
}

pub fn outbox_row(row: &OutboxRow) -> Value {
    let outgoing: &Outgoing = &row.outgoing;
    json!({
        "outgoing": outgoing.id.to_string(),
        "remote_id": outgoing.remote_id,
        "state": outgoing.state.word(),
        "account": outgoing.account,
        "customer": outgoing.customer.to_string(),
        "name": row.name,
        "to": addresses(&outgoing.to),
        "cc": addresses(&outgoing.cc),
        "subject": outgoing.subject,
        "text": outgoing.text,
        "attempts": outgoing.attempts,
        "reason": if outgoing.reason.is_empty() { None } else { Some(&outgoing.reason) },
        "due": time(outgoing.due),
        "date": time(outgoing.date),
        "sent_at": outgoing.sent.map(time),
        "receipt": if outgoing.receipt.is_empty() { None } else { Some(&outgoing.receipt) },
        "filed": outgoing.sent.is_some() && !outgoing.to_file,
        "agent": outgoing.agent,
        "message": outgoing.message.to_string(),
    })
}

pub fn draft(view: &DraftView) -> Value {
    let draft = &view.draft;
    json!({
        "draft": draft.id.to_string(),
        "customer": draft.customer.map(|id| id.to_string()),
        "name": view.name,
        "kind": match draft.compose.kind {
            ReplyKind::Reply => "reply",
            ReplyKind::ReplyAll => "reply-all",
            ReplyKind::Forward => "forward",
            ReplyKind::New => "new",
            ReplyKind::Note => "note",
        },
        "to": addresses(&draft.compose.to),
        "subject": draft.compose.subject,
        "text": draft.compose.text,
        "agent": draft.agent,
        "saved_at": time(draft.saved),
    })
}

pub fn dead(dead: &DeadLetter) -> Value {
    json!({
        "dead": dead.id.to_string(),
        "account": dead.account,
        "folder": dead.folder,
        "reason": dead.reason,
        "received": time(dead.received),
        "size": dead.size,
        "tries": dead.tries,
        "hint": dead.hint,
    })
}

pub fn event(seq: u64, event: &Event) -> Value {
    json!({
        "seq": seq,
        "kind": event.kind.word(),
        "at": time(event.at),
        "actor": event.actor,
        "account": if event.account.is_empty() { None } else { Some(&event.account) },
        "customers": event.customers.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "messages": event.messages.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "outgoing": event.outgoing.map(|id| id.to_string()),
        "draft": event.draft.map(|id| id.to_string()),
        "dead": event.dead.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "summary": event.summary,
    })
}
