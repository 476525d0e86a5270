//! Without a verb the screen opens: workers and the agent's seat in one process.

use super::Outcome;
use super::house::{House, Place, runtime};
use super::keys;
use crate::desk::Desk;
use crate::seat::{Seat, is_usable};
use crate::theme::{ColorDepth, Theme};
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
    let (keymap, mut warnings) = keys::load(place);
    let theme = theme(place, &house.config.theme, &mut warnings);
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
        let profile = place.profile.clone();
        let downloads = config.downloads;
        let seat = Seat { desk: desk.clone(), workers, agent, keymap, theme, profile, downloads, warnings };
        seat.run().await
    });
    // Blocking work that is still under way is waited for before the store closes.
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    desk.store().engine().checkpoint()?;
    Ok(sat?)
}

fn theme(place: &Place, name: &str, warnings: &mut Vec<String>) -> Theme {
    let depth = ColorDepth::from_environment(|variable| std::env::var(variable).ok());
    let path = place.profile.join("themes").join(format!("{}.toml", name.replace(['/', '\\'], "")));
    let own = match fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            warnings.push(format!("{}: {error}", path.display()));
            None
        }
    };
    let shown = path.display().to_string();
    let (theme, found) = Theme::load(name, own.as_deref().map(|text| (shown.as_str(), text)), depth);
    warnings.extend(found.iter().map(ToString::to_string));
    theme
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
