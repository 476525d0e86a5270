//! The demo without a screen: the past comes in, some seconds of live traffic, three answers, then a summary.
//!
//! The numbers follow from the seed and the span alone: the run ends when every source says that nothing more will come,
//! not when a time is over.

use super::colleagues::{all_watching, send_answers};
use super::summary::Summary;
use crate::cli::Outcome;
use crate::cli::house::{Place, runtime};
use crate::cli::output::Output;
use crate::connector::demo;
use crate::desk::{Desk, DeskError};
use crate::seat::{Asked, Ends};
use crate::worker::Workers;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long it may take until all is quiet.
const LIMIT: Duration = Duration::from_secs(900);
/// How often it is looked whether all is quiet.
const LOOK: Duration = Duration::from_millis(100);

pub fn run(place: &Place) -> Outcome {
    let started = Instant::now();
    let house = place.open()?;
    let runtime = runtime()?;
    let desk = house.desk.clone();
    runtime.block_on(async {
        let workers = Workers::start(&desk);
        let mut ends = Ends::listen()?;
        // Whatever ends it, the temporary profile is removed.
        let played = tokio::select! {
            played = tokio::time::timeout(LIMIT, play(&desk, &workers)) => played,
            asked = ends.asked() => Ok(Err(match asked {
                Asked::Interrupt => anyhow::anyhow!("interrupted"),
                Asked::End => anyhow::anyhow!("told to end"),
            })),
        };
        workers.stop().await;
        match played {
            Ok(played) => played,
            Err(_) => anyhow::bail!("the demo did not come to rest within {} s", LIMIT.as_secs()),
        }
    })?;
    let summary = Summary::of(&desk, started.elapsed())?;
    let mut out = Output::new(place.json);
    if place.json {
        out.object(&summary.json())?;
    } else {
        summary.lines().iter().try_for_each(|line| out.line(line))?;
    }
    out.finish()?;
    drop(desk);
    house.close()
}

async fn play(desk: &Arc<Desk>, workers: &Workers) -> Outcome {
    all_watching(workers.board().status()).await;
    let sending = desk.clone();
    tokio::task::spawn_blocking(move || send_answers(&sending)).await??;
    loop {
        let looking = desk.clone();
        if tokio::task::spawn_blocking(move || all_done(&looking)).await?? {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Nothing is on its way out, the answer has come, and no source expects more.
fn all_done(desk: &Desk) -> Result<bool, DeskError> {
    if desk.moving()? > 0 {
        return Ok(false);
    }
    let friend = desk.find(demo::FRIEND)?.customer;
    if friend.last_inbound <= friend.last_outbound {
        return Ok(false);
    }
    for account in desk.accounts().iter() {
        if !demo::at_rest(&desk.store().cursor(&account.name)?) {
            return Ok(false);
        }
    }
    Ok(true)
}
