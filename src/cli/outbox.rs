//! `outbox` and `drafts`.

use super::arguments::{Drafts, Outbox};
use super::console::Console;
use super::house::{Place, runtime};
use super::output::{Output, remark};
use super::owner::VerbDoor;
use super::{Outcome, form};
use crate::model::{Act, OutboxState, OutgoingId};
use crate::worker;
use anyhow::Context;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub fn run(place: &Place, args: Outbox) -> Outcome {
    let house = place.open()?;
    let decide = |ids: &[String], make: fn(OutgoingId) -> Act| -> Outcome {
        for id in ids {
            let id = id.parse().with_context(|| format!("\"{id}\""))?;
            house.desk.act(&house.agent, make(id))?;
        }
        Ok(())
    };
    decide(&args.retry, Act::RetryOutgoing)?;
    decide(&args.cancel, Act::CancelOutgoing)?;
    decide(&args.mark_sent, Act::MarkSent)?;
    let mut left = 0;
    let mut door = None;
    if let Some(seconds) = args.wait {
        door = Some(VerbDoor::open(place, &house));
        let runtime = runtime()?;
        runtime.block_on(async {
            let limit = Duration::from_secs(seconds);
            // Whatever can fail comes before the turn is taken: it is given back below, however the couriers end.
            let mut sinks = Vec::new();
            for name in house.accounts(&[])? {
                if let Some(sink) = house.connector(&name)?.sink() {
                    sinks.push((name, sink));
                }
            }
            if house.delivering.swap(true, Ordering::SeqCst) {
                let console = Console::current();
                worker::wait_until_done(house.desk.clone(), limit, || console.is_waited_for()).await;
                return Ok(());
            }
            let mut couriers = tokio::task::JoinSet::new();
            for (name, sink) in sinks {
                couriers.spawn(worker::deliver_until_done(house.desk.clone(), name, sink, limit));
            }
            let mut outcome = anyhow::Ok(());
            while let Some(ended) = couriers.join_next().await {
                outcome = outcome.and(ended.context("a delivery ended unexpectedly"));
            }
            house.delivering.store(false, Ordering::SeqCst);
            outcome
        })?;
        left = house.desk.moving()?;
        let gone = house.desk.store().undone(10_000)?;
        let gone = gone.iter().filter(|row| row.outgoing.state.is_moving());
        let gone: std::collections::BTreeSet<_> =
            gone.map(|row| &row.outgoing.account).filter(|name| house.desk.account(name).is_none()).collect();
        for name in gone {
            remark(&format!("The account \"{name}\" is not configured any more: what waits for it cannot leave."));
        }
    }
    let mut out = Output::new(place.json);
    for row in house.desk.outbox(args.limit)? {
        out.row(
            || form::outbox_row(&row),
            || {
                let outgoing = &row.outgoing;
                let to: Vec<_> = outgoing.to.iter().map(|to| to.address.as_str()).collect();
                let reason = match outgoing.reason.as_str() {
                    "" if outgoing.state == OutboxState::Held => "  (undo time, then it leaves)".to_owned(),
                    "" => String::new(),
                    reason => format!("  ({reason})"),
                };
                format!("{} {:<9} {}  {}{reason}", outgoing.id, outgoing.state.word(), to.join(", "), outgoing.subject)
            },
        )?;
    }
    out.finish()?;
    drop(door);
    house.close()?;
    anyhow::ensure!(left == 0, "{left} still on the way; the list says what each waits for");
    Ok(())
}

pub fn drafts(place: &Place, args: Drafts) -> Outcome {
    let house = place.open()?;
    for id in &args.discard {
        let id = id.parse().with_context(|| format!("\"{id}\""))?;
        house.desk.act(&house.agent, Act::DiscardDraft(id))?;
    }
    let mut out = Output::new(place.json);
    for view in house.desk.drafts()? {
        out.row(
            || form::draft(&view),
            || {
                let text: String = view.draft.compose.text.chars().take(60).collect();
                format!("{} {}  {}", view.draft.id, view.name, crate::model::clean_line(&text))
            },
        )?;
    }
    out.finish()?;
    house.close()
}
