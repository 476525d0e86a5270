//! The process that owns a profile, at work: workers, the door, and whoever comes in by it.

use super::arguments::Arguments;
use super::console::{Console, Remote};
use super::house::{House, Place, Shared};
use super::{keys, output, screen};
use crate::model::clean_line;
use crate::seat::{Ended, Line, Seat};
use crate::server::{Door, Hello, Host, ScreenWanted, Sitting, VerbStreams, VerbWanted};
use crate::theme::ColorDepth;
use crate::ui::Screen;
use crate::worker::{Board, Workers};
use clap::Parser;
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How long a screen that lost its line is kept for its agent, and how many.
const PARKED: Duration = Duration::from_secs(8 * 3_600);
const MOST_PARKED: usize = 64;

/// A profile at work.
pub struct Owner {
    /// What its seats share.
    pub seats: Arc<Seats>,
    workers: Workers,
    door: Option<Door>,
    /// Why nobody can come in, if so.
    pub without_door: Option<String>,
}

/// What every seat needs, and the screens of those whose line broke.
pub struct Seats {
    place: Place,
    shared: Arc<Shared>,
    board: Board,
    count: Arc<AtomicUsize>,
    parked: Mutex<HashMap<String, (Instant, Box<Screen>)>>,
}

impl Owner {
    /// Starts the workers and opens the door. Must be called within a runtime.
    pub fn start(place: &Place, house: &House) -> Owner {
        let shared = house.share();
        let workers = Workers::start(&house.desk);
        let seats = Arc::new(Seats {
            place: place.at(place.profile.clone()),
            shared,
            board: workers.board().clone(),
            count: Arc::default(),
            parked: Mutex::default(),
        });
        let (door, without_door) = match Door::open(&place.profile, seats.clone()) {
            Ok(door) => (Some(door), None),
            Err(error) => (None, Some(clean_line(&error.to_string()))),
        };
        Owner { seats, workers, door, without_door }
    }

    /// What others see of the workers.
    pub fn board(&self) -> &Board {
        self.workers.board()
    }

    /// Tells everybody inside, then stops the workers. Everything typed is durable then.
    pub async fn stop(self) {
        if let Some(door) = self.door {
            door.close().await;
        }
        self.workers.stop().await;
    }
}

impl Seats {
    /// A seat for an agent at a terminal of which `environment` tells.
    pub fn seat(
        &self,
        agent: String,
        zone: TimeZone,
        environment: impl Fn(&str) -> Option<String>,
        first: Vec<String>,
    ) -> Seat {
        let (keymap, mut warnings) = keys::load(&self.place);
        let term = environment("TERM").unwrap_or_default();
        let tmux = environment("TMUX").is_some() || term.starts_with("tmux");
        let mut comforts = self.shared.config.comforts;
        // The console prints what it does not know.
        comforts.links &= term != "linux";
        let depth = ColorDepth::from_environment(environment);
        let theme = screen::theme(&self.place, &self.shared.config.theme, depth, &mut warnings);
        warnings.extend(first);
        Seat {
            desk: self.shared.desk.clone(),
            board: self.board.clone(),
            resume: self.unpark(&agent),
            agent,
            keymap,
            theme,
            zone,
            comforts,
            tmux,
            profile: self.place.profile.clone(),
            downloads: self.shared.config.downloads.clone(),
            warnings,
            seats: self.count.clone(),
        }
    }

    fn unpark(&self, agent: &str) -> Option<Box<Screen>> {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        parked.retain(|_, (since, _)| since.elapsed() < PARKED);
        parked.remove(agent).map(|(_, screen)| screen)
    }

    fn park(&self, agent: String, screen: Box<Screen>) {
        let mut parked = self.parked.lock().unwrap_or_else(PoisonError::into_inner);
        if parked.len() < MOST_PARKED {
            parked.insert(agent, (Instant::now(), screen));
        }
    }

    fn agent(&self, hello: &Hello) -> String {
        let asked = clean_line(&hello.agent);
        if asked.is_empty() { self.shared.config.agent.clone() } else { asked }
    }
}

/// The client's time zone, as far as it can be known here.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).unwrap_or_else(|_| TimeZone::system())
}

impl Host for Seats {
    fn carry_out(&self, hello: &Hello, wanted: VerbWanted, streams: VerbStreams) -> u8 {
        let words = wanted.arguments.into_iter().map(|word| OsString::from_vec(word.into()));
        let words = std::iter::once(OsString::from("switchboard")).chain(words);
        let remote = Remote {
            streams,
            folder: PathBuf::from(OsString::from_vec(wanted.folder.into())),
            out_is_terminal: wanted.out_is_terminal,
            err_is_terminal: wanted.err_is_terminal,
            process: hello.process,
            zone: zone(&hello.zone),
        };
        Console::lend(remote, || {
            let arguments = match Arguments::try_parse_from(words) {
                Ok(arguments) => arguments,
                Err(error) => {
                    output::remark(error.render().to_string().trim_end());
                    return 2;
                }
            };
            let agent = Some(self.agent(hello));
            let place = Place::new(Some(self.place.profile.clone()), agent, arguments.json);
            let place = place.within(self.shared.clone());
            let carried =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| super::dispatch(arguments, &place, None)));
            match carried {
                Ok(outcome) => super::exit_code(outcome),
                Err(_) => {
                    output::remark("switchboard: something went wrong inside; the log of the profile says more");
                    1
                }
            }
        })
    }

    fn seat(self: Arc<Self>, hello: Hello, wanted: ScreenWanted, line: Line, stop: watch::Receiver<bool>) -> Sitting {
        let agent = self.agent(&hello);
        let environment: HashMap<String, String> = wanted.environment.into_iter().collect();
        Box::pin(async move {
            let seats = self.clone();
            let name = agent.clone();
            let seat = tokio::task::spawn_blocking(move || {
                Seats::seat(&seats, name, zone(&hello.zone), |name| environment.get(name).cloned(), Vec::new())
            });
            let seat = seat.await.map_err(std::io::Error::other)?;
            // A panic ends one seat and no other.
            let sat = tokio::spawn(seat.run(line, stop)).await;
            let ended = sat.map_err(std::io::Error::other)??;
            Ok(match ended {
                Ended::Lost(screen) => {
                    self.park(agent, screen);
                    Ended::Left
                }
                other => other,
            })
        })
    }
}
