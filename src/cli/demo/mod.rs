//! `demo`: the ordinary screen on invented customers, or the same without a screen.

mod colleagues;
mod headless;
mod profile;
mod summary;

use super::Outcome;
use super::arguments::Demo;
use super::house::Place;
use super::screen;
use profile::DemoProfile;
use std::path::PathBuf;

/// Seconds of live traffic without a screen, and the speed there, when nothing is said.
const SECONDS: u32 = 5;
const HEADLESS_SPEED: f64 = 10.0;

pub fn run(named: Option<PathBuf>, place: &Place, args: Demo) -> Outcome {
    if args.headless || place.json || args.seconds.is_some() {
        let (speed, seconds) = (args.speed.unwrap_or(HEADLESS_SPEED), args.seconds.unwrap_or(SECONDS));
        // Never 0, which would mean a stream without end.
        let live = (f64::from(seconds) * speed).ceil().clamp(1.0, 86_400.0) as u32;
        let profile = DemoProfile::make(named, args.seed, speed, live)?;
        return headless::run(&place.at(profile.path()));
    }
    let profile = DemoProfile::make(named, args.seed, args.speed.unwrap_or(1.0), 0)?;
    let place = place.at(profile.path());
    let fresh = place.must_exist().is_err();
    screen::open_with(&place, |desk, status| {
        if fresh {
            tokio::spawn(colleagues::tidy(desk.clone(), status.clone()));
        }
    })
}
