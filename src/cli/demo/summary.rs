//! What a run of the demo came to, counted in the store.

use crate::desk::Desk;
use crate::model::{Delivery, Direction};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// Changes of one message that are counted.
const CHANGES: usize = 500;
/// Suggestions that are counted.
const SUGGESTIONS: usize = 10_000;

/// The numbers. `seconds` alone differs from run to run.
#[derive(Debug, Default)]
pub(super) struct Summary {
    customers: u64,
    messages: u64,
    by_language: BTreeMap<String, u64>,
    by_channel: BTreeMap<String, u64>,
    inbound: u64,
    outbound: u64,
    sent: u64,
    answered: u64,
    failed: u64,
    unknown: u64,
    dead: u64,
    automated: u64,
    changes: BTreeMap<&'static str, u64>,
    merged: u64,
    suggestions: u64,
    seconds: f64,
}

impl Summary {
    /// Counts everything.
    pub fn of(desk: &Desk, took: Duration) -> anyhow::Result<Summary> {
        let mut summary = Summary { seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0, ..Summary::default() };
        let store = desk.store();
        let mut after = None;
        loop {
            let page = store.customers(after, 500)?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for customer in page {
                summary.customers += 1;
                summary.merged += customer.absorbed.len() as u64;
                let language = customer.language.unwrap_or_else(|| "none".to_owned());
                *summary.by_language.entry(language).or_default() += 1;
            }
        }
        let (mut ours, mut answers) = (HashSet::new(), HashSet::new());
        let mut after = None;
        loop {
            let page = store.messages(after, 500)?;
            let Some(last) = page.last() else { break };
            after = Some(last.message.id);
            for message in page.into_iter().map(|stored| stored.message) {
                if message.direction == Direction::Note {
                    continue;
                }
                summary.messages += 1;
                for change in store.changes(&message.account, &message.remote_id, CHANGES)? {
                    *summary.changes.entry(change.change.kind.word()).or_default() += 1;
                }
                *summary.by_channel.entry(message.channel).or_default() += 1;
                summary.automated += u64::from(message.automated.is_some());
                if message.direction == Direction::Inbound {
                    summary.inbound += 1;
                    answers.extend(message.references);
                    continue;
                }
                summary.outbound += 1;
                if message.outgoing.is_some() {
                    ours.insert(message.remote_id);
                }
                match message.delivery {
                    Delivery::Sent => summary.sent += 1,
                    Delivery::Failed(_) => summary.failed += 1,
                    Delivery::Unknown(_) => summary.unknown += 1,
                    _ => {}
                }
            }
        }
        summary.answered = ours.intersection(&answers).count() as u64;
        summary.dead = desk.dead()?.len() as u64;
        summary.suggestions = store.suggestions(None, SUGGESTIONS)?.len() as u64;
        Ok(summary)
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        json!({
            "customers": self.customers,
            "messages": self.messages,
            "by_language": self.by_language,
            "by_channel": self.by_channel,
            "inbound": self.inbound,
            "outbound": self.outbound,
            "sent": self.sent,
            "answered": self.answered,
            "failed": self.failed,
            "unknown": self.unknown,
            "dead": self.dead,
            "automated": self.automated,
            "changes": self.changes,
            "merged": self.merged,
            "suggestions": self.suggestions,
            "seconds": self.seconds,
        })
    }

    /// For people.
    pub fn lines(&self) -> Vec<String> {
        let list = |counts: &BTreeMap<String, u64>| {
            counts.iter().map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
        };
        vec![
            format!("{} customers: {}", self.customers, list(&self.by_language)),
            format!("{} messages: {}", self.messages, list(&self.by_channel)),
            format!("{} in, {} out, {} automated, {} dead", self.inbound, self.outbound, self.automated, self.dead),
            format!(
                "answers from here: {} sent, {} answered, {} failed, {} unknown",
                self.sent, self.answered, self.failed, self.unknown
            ),
            format!(
                "changes: {}",
                self.changes.iter().map(|(kind, count)| format!("{kind} {count}")).collect::<Vec<_>>().join(", ")
            ),
            format!("{} turned out to be another, {} may be", self.merged, self.suggestions),
            format!("{} s", self.seconds),
        ]
    }
}
