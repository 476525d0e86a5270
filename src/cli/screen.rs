//! Without a verb the screen opens: workers and the agent's seat in one process, or a screen at the process that owns the
//! profile already.

use super::arguments::Demo;
use super::attach::{Attached, attach};
use super::guest::folder;
use super::house::{Place, is_owned, runtime};
use super::log_file::log_to;
use super::output::remark;
use super::owner::Owner;
use super::{AGAIN, Outcome, PATIENCE, demo, first_run};
use crate::desk::Desk;
use crate::seat::{Asked, Ends, LocalTerminal, Seat, is_usable};
use crate::ui::Position;
use crate::ui::first_run::Leaving;
use crate::worker::StatusBoard;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::tz::TimeZone;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Opens the inbox; without an account the doors come first.
pub fn open(place: &Place) -> Outcome {
    is_usable().map_err(anyhow::Error::msg)?;
    if first_run::is_wanted(place)? {
        // Where somebody owns the profile already, there is an inbox to see.
        match attach(place)? {
            Attached::Left => return Ok(()),
            Attached::TakeOver(position) => return begin_anew(&position),
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
            Attached::TakeOver(position) => return begin_anew(&position),
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
        warnings.extend(owner.without_webhook.clone());
        let seat = owner.seats.seat(
            house.agent.clone(),
            TimeZone::system(),
            |name| place.environment(name),
            std::mem::take(&mut warnings),
        );
        let position = Position::from_bytes(&place.position());
        let seat = Seat { folder: folder(), owns: true, position, ..seat };
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

/// Where the agent was, for the program that begins anew: its process, which stays the same, and the bytes.
const POSITION: &str = "SWITCHBOARD_POSITION";

/// Begins this program anew where the agent was: it owns the profile then, or attaches to whoever was quicker.
fn begin_anew(position: &[u8]) -> Outcome {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let position = format!("{}:{}", std::process::id(), BASE64.encode(position));
    let mut why = anyhow::anyhow!("start switchboard again");
    for program in programs(std::env::current_exe().unwrap_or_default()) {
        // Returns only when it fails.
        let error = Command::new(&program).args(&words).env(POSITION, &position).exec();
        why = why.context(format!("{} cannot be run: {error}", program.display()));
    }
    Err(why)
}

/// This program, the best first. After an upgrade the system calls the file of this process deleted, and the new one stands
/// in its place; without one, the file that is gone can still be run as long as this process lives (proc(5)).
fn programs(own: PathBuf) -> Vec<PathBuf> {
    let named =
        own.as_os_str().as_encoded_bytes().strip_suffix(b" (deleted)").map(|name| OsStr::from_bytes(name).into());
    vec![named.unwrap_or(own), PathBuf::from("/proc/self/exe")]
}

impl Place {
    /// Where the agent was before this program began anew; empty when it did not.
    pub fn position(&self) -> Vec<u8> {
        let position = std::env::var(POSITION).unwrap_or_default();
        // Another process's is an inheritance that means nothing here.
        let own = position.split_once(':').filter(|(process, _)| *process == std::process::id().to_string());
        own.and_then(|(_, bytes)| BASE64.decode(bytes).ok()).unwrap_or_default()
    }
}
