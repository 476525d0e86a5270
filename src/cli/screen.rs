//! Without a verb the screen opens: workers and the agent's seat in one process.

use super::Outcome;
use super::house::{House, Place, runtime};
use super::look::{self, Look};
use crate::desk::Desk;
use crate::seat::{Seat, is_usable};
use crate::worker::{StatusBoard, Workers};
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A log beyond this is put aside at the next start.
const LOG_BYTES: u64 = 5 << 20;

pub fn open(place: &Place) -> Outcome {
    open_with(place, |_, _| {})
}

/// Opens the screen; `beside` may start a task that lives as long as it does.
pub fn open_with(place: &Place, beside: impl FnOnce(&Arc<Desk>, &StatusBoard)) -> Outcome {
    is_usable().map_err(anyhow::Error::msg)?;
    let house = place.open()?;
    log_to(&place.profile);
    let Look { keymap, theme, mut warnings } =
        look::load(&place.profile, &house.config, |name| place.environment(name));
    warnings.extend(house.report.lines());
    if house.desk.accounts().is_empty() {
        warnings
            .push("No account is configured yet: leave with q and run `switchboard account help email`.".to_owned());
    }
    let House { config, desk, agent, .. } = house;
    let runtime = runtime()?;
    let sat = runtime.block_on(async {
        let workers = Workers::start(&desk);
        beside(&desk, workers.status());
        let seat = Seat { desk: desk.clone(), workers, agent, keymap, theme, downloads: config.downloads, warnings };
        seat.run().await
    });
    // Blocking work that is still under way is waited for before the store closes.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    desk.store().engine().checkpoint()?;
    Ok(sat?)
}

/// Logs go to a file of the profile, never to the terminal. Without one the program runs all the same.
fn log_to(profile: &Path) {
    let path = profile.join("log");
    if fs::metadata(&path).is_ok_and(|facts| facts.len() > LOG_BYTES) {
        let _ = fs::rename(&path, profile.join("log.old"));
    }
    if let Ok(file) = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path) {
        let _ = tracing_subscriber::fmt()
            .with_writer(Mutex::new(file))
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .try_init();
    }
}
