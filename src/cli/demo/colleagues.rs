//! Colleagues who were here before you: they resolved what is old, took cases, left notes and tags, and have sent three
//! answers of which one fails and one is unknown. All by the desk, like any agent.

use crate::connector::demo::{FOG, FRIEND, FULL};
use crate::desk::{Desk, DeskError};
use crate::model::{
    Act, Activity, CaseStatus, Compose, InboxFilter, InboxRow, InboxView, Priority, ReplyKind, Snooze, Timestamp,
};
use crate::worker::StatusBoard;
use std::sync::Arc;
use std::time::Duration;

const HOUR: i64 = 3_600_000;
const AGENTS: [&str; 2] = ["mara", "jonas"];
const TAGS: [&str; 6] = ["shipping", "refund", "vip", "warranty", "follow-up", "sizes"];
const NOTES: [&str; 5] = [
    "Called back, prefers the phone in the morning.",
    "Third order this year. Be generous.",
    "Checked with the warehouse: the replacement is on the shelf, row 4.",
    "Careful: two addresses in the account, ask which one.",
    "Wren knows this one from the repair bench.",
];
/// What is answered at the start: to whom, and what.
pub(super) const ANSWERS: [(&str, &str); 3] = [
    (
        FULL,
        "thank you for your patience. I have looked into it: everything is on its way again, and you will get the new tracking number today.",
    ),
    (FOG, "good news, we found it. I have put it aside for you until Friday; just tell me where it should go."),
    (
        FRIEND,
        "thanks for asking! Yes, that is possible, and it costs nothing. Shall I arrange it for the end of this week?",
    ),
];

/// Waits until the past is in, then does what colleagues have done. What cannot be done is left.
pub(super) async fn tidy(desk: Arc<Desk>, status: StatusBoard) {
    all_watching(&status).await;
    let done = tokio::task::spawn_blocking(move || {
        send_answers(&desk)?;
        triage(&desk)
    });
    match done.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the demo's colleagues"),
        Err(error) => tracing::warn!(%error, "the demo's colleagues"),
    }
}

/// Until every account has told its past.
pub(super) async fn all_watching(status: &StatusBoard) {
    let mut status = status.listen();
    let watching = status.wait_for(|accounts| accounts.iter().all(|row| row.activity == Activity::Watching));
    // An error says that the workers are gone: then there is nothing to wait for.
    let _ = watching.await;
}

/// One that fails, one that stays unknown, one that is answered.
pub(super) fn send_answers(desk: &Desk) -> Result<(), DeskError> {
    for (address, text) in ANSWERS {
        let customer = desk.find(address)?.customer;
        let first = customer.name.split(' ').next().unwrap_or_default();
        let mut compose = Compose::new(ReplyKind::Reply, Some(customer.id));
        compose.text = format!("Hi {first},\n\n{text}\n\nBest wishes\nJonas, Tolva & Wren");
        desk.act("jonas", Act::Send(Box::new(compose)))?;
    }
    Ok(())
}

fn triage(desk: &Desk) -> Result<(), DeskError> {
    let now = desk.now();
    let mut rows = Vec::new();
    let mut after = None;
    loop {
        let page = desk.inbox(InboxView::Inbox, &InboxFilter::default(), after.as_deref(), 200)?;
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    for row in rows.iter().filter(|row| !ANSWERS.iter().any(|(address, _)| row.address == *address)) {
        for (agent, act) in acts(row, now) {
            // A customer may write in between; then the agent at the screen sees to it.
            if let Err(error) = desk.act(agent, act) {
                tracing::info!(%error, "the demo's colleagues");
            }
        }
        // The one who looks comes first.
        std::thread::sleep(Duration::from_millis(3));
    }
    Ok(())
}

/// What was done about a customer, by what their address comes to.
fn acts(row: &InboxRow, now: Timestamp) -> Vec<(&'static str, Act)> {
    let number: u64 = row.address.bytes().fold(7, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let chosen = |of: u64| (number / 7).is_multiple_of(of);
    let (agent, customer) = (AGENTS[number as usize % 2], row.customer);
    let age = now.since(row.last_at) / HOUR;
    let open = row.status == Some(CaseStatus::Open);
    let mut acts = Vec::new();
    if !open && age > 80 || open && age > 9 * 24 {
        return vec![(agent, Act::Resolve(customer))];
    }
    if chosen(3) {
        acts.push((agent, Act::Assign(customer, Some(agent.to_owned()))));
    }
    if chosen(4) {
        let tag = TAGS[number as usize / 5 % TAGS.len()].to_owned();
        acts.push((agent, Act::Tag { customer, add: vec![tag], remove: Vec::new() }));
    }
    if chosen(6) {
        let mut note = Compose::new(ReplyKind::Note, Some(customer));
        note.text = NOTES[number as usize / 3 % NOTES.len()].to_owned();
        acts.push((agent, Act::Send(Box::new(note))));
    }
    if open && age > 30 && chosen(2) {
        acts.push((agent, Act::Prioritise(customer, Priority::High)));
    } else if !open && !row.trouble && chosen(5) {
        acts.push((agent, Act::Snooze(customer, Snooze::Until(now.plus_millis(20 * HOUR)))));
    }
    acts
}
