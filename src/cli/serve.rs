//! `serve`: owns the profile without a screen. Workers run, and screens and verbs come in by the door.

use super::Outcome;
use super::arguments::Serve;
use super::guest;
use super::house::{Place, runtime};
use super::log_file::log_to;
use super::output::remark;
use super::owner::Owner;
use crate::engine::EngineError;
use crate::seat::Ends;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

pub fn run(place: &Place, args: &Serve) -> Outcome {
    // Said at once, rather than after waiting for a lock that nobody will let go of.
    if guest::is_owned(place) {
        let owner = "a process that serves it already".to_owned();
        return Err(EngineError::Locked { path: place.profile.display().to_string(), owner }.into());
    }
    let house = place.open()?;
    log_to(args.log.as_deref().unwrap_or(&place.profile.join("log")));
    house.report.lines().iter().for_each(|line| tracing::warn!("{line}"));
    let runtime = runtime()?;
    let served: Outcome = runtime.block_on(async {
        let mut ends = Ends::listen()?;
        let owner = Owner::start(place, &house);
        if let Some(why) = owner.without_door.as_ref().or(owner.without_webhook.as_ref()) {
            // Without a door nobody could ever come in: that is no serving.
            let why = why.clone();
            owner.stop().await;
            anyhow::bail!(why);
        }
        tell("READY=1\nSTATUS=ready");
        tracing::info!(profile = %place.profile.display(), "serving");
        remark(&format!("Serving {} as process {}.", place.profile.display(), std::process::id()));
        ends.asked().await;
        tell("STOPPING=1");
        tracing::info!("told to end");
        owner.stop().await;
        Ok(())
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    served?;
    house.close()
}

/// Tells the service manager, if there is one (sd_notify(3): a datagram to `$NOTIFY_SOCKET`).
fn tell(state: &str) {
    let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let name = name.to_string_lossy().into_owned();
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let told = address.and_then(|address| UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address));
    if let Err(error) = told {
        tracing::warn!(%error, "the service manager cannot be told");
    }
}
