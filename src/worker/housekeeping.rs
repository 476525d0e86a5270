//! Housekeeping: snoozes that end, checkpoints, and the one sentence when the disk is full.

use super::{Notices, Stop, blocking};
use crate::desk::Desk;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often is looked. A snooze ends within this long of its time.
const ROUND: Duration = Duration::from_secs(5);
/// Rounds between checkpoints.
const CHECKPOINT: u64 = 12;
/// Rounds between looks for deliveries so old that they do not come again.
const FORGET: u64 = 60;

/// Runs until told to stop.
pub async fn run(desk: Arc<Desk>, notices: watch::Sender<Notices>, mut stop: Stop) {
    let mut rounds: u64 = 0;
    loop {
        let house = desk.clone();
        let full = blocking(move || {
            if let Err(error) = house.wake_snoozed() {
                tracing::error!(%error, "waking snoozed cases");
            }
            if rounds.is_multiple_of(FORGET)
                && let Err(error) = house.forget_deliveries()
            {
                tracing::error!(%error, "forgetting old deliveries");
            }
            if rounds % CHECKPOINT == CHECKPOINT - 1
                && let Err(error) = house.store().engine().checkpoint()
            {
                tracing::error!(%error, "checkpoint");
            }
            house.store().engine().room().err().map(|error| error.to_string())
        })
        .await;
        notices.send_if_modified(|notices| {
            let changed = notices.full != full;
            notices.full = full;
            changed
        });
        rounds += 1;
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}
