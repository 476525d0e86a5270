//! `switchboard` without an account: the doors, and the work behind them.

mod complete;
mod work;

use super::house::{Place, runtime};
use super::locale;
use super::look;
use super::output::remark;
use crate::seat;
use crate::ui::first_run::{FirstRun, Leaving};
use tokio::sync::mpsc;
use work::Work;

/// Answers that may wait for the screen.
const WAITING: usize = 256;

/// True when there is no account to open the inbox with.
pub fn is_wanted(place: &Place) -> anyhow::Result<bool> {
    Ok(place.config()?.accounts.is_empty())
}

/// Shows the doors until the agent has gone through one.
pub fn run(place: &Place) -> anyhow::Result<Leaving> {
    let config = place.config()?;
    // What is wrong with a theme is said on the screen that follows.
    let (theme, _) = look::theme(&place.profile, &config.theme, |name| place.environment(name));
    let has_mail = place.must_exist().is_ok();
    let runtime = runtime()?;
    let leaving = runtime.block_on(async {
        let (answer, answers) = mpsc::channel(WAITING);
        let mut work = Work::new(place, answer);
        let mut first = FirstRun::new(&place.profile.display().to_string(), has_mail);
        if let Some(trouble) = locale::trouble(|name| std::env::var(name).ok()) {
            first.say_first(&trouble);
        }
        let left = seat::first_run(first, &theme, |effect| work.take(effect), answers).await;
        // What was begun is ended before the profile is opened or the program ends.
        let said = work.finish().await;
        said.lines().for_each(remark);
        left
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    Ok(leaving?)
}
