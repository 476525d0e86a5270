//! `sync`: fetch all that the servers have, then return.

use super::arguments::Sync;
use super::house::{Place, runtime};
use super::output::{Meter, Output};
use super::owner::VerbDoor;
use super::{Outcome, form};
use crate::model::{WorkerStatus, count};
use crate::worker;
use anyhow::Context;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

pub fn run(place: &Place, args: Sync) -> Outcome {
    let house = place.open()?;
    let door = VerbDoor::open(place, &house);
    let names = house.accounts(&args.account)?;
    anyhow::ensure!(!names.is_empty(), "no account is configured; `switchboard account help` says how");
    let board = place.shared().and_then(|shared| shared.board.get());
    let workers = board.map_or_else(|| vec![WorkerStatus::idle("scores")], |board| board.workers());
    let meter = Arc::new(Mutex::new(Meter::new()));
    let runtime = runtime()?;
    let failed = runtime.block_on(async {
        let mut tasks = Vec::new();
        for name in names {
            let (desk, meter) = (house.desk.clone(), meter.clone());
            let connector = house.connector(&name)?;
            tasks.push(tokio::spawn(async move {
                let started = Instant::now();
                let mut report = worker::SyncReport::default();
                if let Some(mut source) = connector.source() {
                    report = worker::sync(&desk, &name, source.as_mut(), |progress, filed| {
                        let text = || format!("{name}: {} of {}, {} new", progress.done, progress.total, filed.new);
                        meter.lock().unwrap_or_else(PoisonError::into_inner).show(text);
                    })
                    .await;
                }
                if let Some(hook) = connector.hook() {
                    match worker::file_pushed(&desk, &name, &hook).await {
                        Ok(filed) => report.filed += filed,
                        Err(error) => report.error = Some(error.to_string()),
                    }
                }
                (name, report, started.elapsed())
            }));
        }
        let mut out = Output::new(place.json);
        let mut failed = Vec::new();
        for task in tasks {
            let (name, report, took) = task.await.context("a sync ended unexpectedly")?;
            let seconds = (took.as_secs_f64() * 1000.0).round() / 1000.0;
            let filed = report.filed;
            let now = house.desk.now();
            let ledger = house.desk.connector(&name).and_then(|connector| connector.ledger());
            let budget = ledger.and_then(|ledger| ledger.left(now));
            out.row(
                || {
                    json!({
                        "account": name,
                        "new": filed.new,
                        "duplicate": filed.duplicate,
                        "dead": filed.dead,
                        "seconds": seconds,
                        "error": report.error,
                        "changed": filed.changed,
                        "last_success": if report.error.is_none() { Some(now.to_string()) } else { None },
                        "next": None::<String>,
                        "backlog": report.left,
                        "workers": workers.iter().map(|status| form::worker(status, board.is_some())).collect::<Vec<_>>(),
                        "budget": budget.as_ref().map(|(left, _)| left),
                        "budget_until": budget.as_ref().and_then(|(_, until)| until.map(|at| at.to_string())),
                    })
                },
                || {
                    let end = report.error.as_deref().map(|error| format!("; {error}")).unwrap_or_default();
                    let some = |number: u64, one: &str, many: &str| match number {
                        0 => String::new(),
                        some => format!(", {}", count(some, one, many)),
                    };
                    let dead = some(filed.dead, "dead letter", "dead letters");
                    let changed = some(filed.changed, "change", "changes");
                    format!("{name}: {} new, {} known{changed}{dead} in {seconds} s{end}", filed.new, filed.duplicate)
                },
            )?;
            if report.error.is_some() {
                failed.push(name);
            }
        }
        out.finish()?;
        anyhow::Ok(failed)
    })?;
    drop(door);
    house.close()?;
    anyhow::ensure!(failed.is_empty(), "could not sync {}", failed.join(", "));
    Ok(())
}
