//! Without a verb the screen opens: workers and the agent's seat in one process, or a screen at the process that owns the
//! profile already.

use super::arguments::Demo;
use super::attach::{Attached, attach};
use super::guest::folder;
use super::house::{Place, is_owned, runtime};
use super::output::remark;
use super::owner::Owner;
use super::{AGAIN, Outcome, PATIENCE, demo, first_run};
use crate::desk::Desk;
use crate::seat::{Asked, Ends, LocalTerminal, Seat, is_usable};
use crate::ui::first_run::Leaving;
use crate::worker::StatusBoard;
use jiff::tz::TimeZone;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A log beyond this is put aside at the next start.
const LOG_BYTES: u64 = 5 << 20;

/// Opens the inbox; without an account the doors come first.
pub fn open(place: &Place) -> Outcome {
    is_usable().map_err(anyhow::Error::msg)?;
    if first_run::is_wanted(place)? {
        // Where somebody owns the profile already, there is an inbox to see.
        match attach(place)? {
            Attached::Left => return Ok(()),
            Attached::TakeOver => return begin_anew(),
            Attached::Nobody => {}
        }
        match first_run::run(place)? {
            Leaving::Quit => return Ok(()),
            Leaving::Demo => {
                demo::run(None, place, Demo { seed: None, speed: None, headless: false, seconds: None })?;
                remark("That was the demo; nothing of it was kept. `switchboard` opens your own inbox.");
                return Ok(());
            }
            Leaving::Open => {}
        }
    }
    open_with(place, |_, _| {})
}

/// Opens the screen; `beside` may start a task that lives as long as it does. Attaches where somebody owns the profile.
pub fn open_with(place: &Place, beside: impl FnOnce(&Arc<Desk>, &StatusBoard)) -> Outcome {
    is_usable().map_err(anyhow::Error::msg)?;
    let until = Instant::now() + PATIENCE;
    loop {
        match attach(place)? {
            Attached::Left => return Ok(()),
            Attached::TakeOver => return begin_anew(),
            Attached::Nobody => {}
        }
        match place.open() {
            // A verb at work, or an owner about to open its door.
            Err(error) if is_owned(&error) && Instant::now() < until => std::thread::sleep(AGAIN),
            opened => return own(place, opened?, beside),
        }
    }
}

fn own(place: &Place, house: super::house::House, beside: impl FnOnce(&Arc<Desk>, &StatusBoard)) -> Outcome {
    log_to(&place.profile.join("log"));
    let mut warnings = house.report.lines();
    let runtime = runtime()?;
    let sat: Outcome = runtime.block_on(async {
        let mut ends = Ends::listen()?;
        let (stop, stopped) = watch::channel(false);
        let mut terminal = LocalTerminal::enter()?;
        let lent = terminal.lent();
        tokio::spawn(async move {
            // An interrupt typed into the agent's editor is not for us.
            while ends.asked().await == Asked::Interrupt && lent.load(Ordering::Relaxed) {}
            let _ = stop.send(true);
            // Kept open: a closed channel would say nothing.
            std::future::pending::<()>().await;
        });
        let owner = Owner::start(place, &house);
        beside(&house.desk, owner.board().status());
        warnings.extend(owner.without_door.clone());
        let seat = owner.seats.seat(
            house.agent.clone(),
            TimeZone::system(),
            |name| place.environment(name),
            std::mem::take(&mut warnings),
        );
        let seat = Seat { folder: folder(), owns: true, ..seat };
        let sat = match terminal.line() {
            Ok(line) => seat.run(line, stopped).await,
            Err(error) => Err(error),
        };
        drop(terminal);
        owner.stop().await;
        sat?;
        Ok(())
    });
    // Blocking work that is still under way is waited for before the store closes.
    runtime.shutdown_timeout(Duration::from_secs(5));
    house.desk.store().engine().checkpoint()?;
    sat
}

/// Begins this program anew: it owns the profile then, or attaches to whoever was quicker.
fn begin_anew() -> Outcome {
    let mut words = std::env::args_os();
    words.next();
    // Returns only when it fails.
    Err(std::process::Command::new(std::env::current_exe()?).args(words).exec().into())
}

/// Logs go to a file of the profile, never to the terminal. Without one the program runs all the same.
pub fn log_to(path: &Path) {
    if fs::metadata(path).is_ok_and(|facts| facts.len() > LOG_BYTES) {
        let _ = fs::rename(path, path.with_extension("old"));
    }
    if let Ok(file) = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path) {
        let _ = tracing_subscriber::fmt()
            .with_writer(Mutex::new(file))
            .with_ansi(false)
            .with_max_level(tracing::Level::INFO)
            .try_init();
    }
}
