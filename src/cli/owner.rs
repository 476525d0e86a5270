//! The process that owns a profile, at work: workers, the door, and whoever comes in by it.

use super::console::{Console, Remote};
use super::house::{House, Place, Shared};
use super::look::{self, Look};
use super::pushes::Pushes;
use super::{locale, output, tour, verbs};
use crate::model::clean_line;
use crate::seat::{Ended, Line, Seat};
use crate::server::{Door, Hello, Host, ScreenWanted, Sitting, VerbStreams, VerbWanted};
use crate::ui::{Position, Screen};
use crate::worker::{Board, Workers};
use jiff::tz::TimeZone;
use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a screen that lost its line is kept for its agent, and how many.
const PARKED: Duration = Duration::from_secs(8 * 3_600);
const MOST_PARKED: usize = 64;
/// How often `config.toml` is looked at.
const LOOK: Duration = Duration::from_secs(2);

/// A profile at work.
pub struct Owner {
    /// What its seats share.
    pub seats: Arc<Seats>,
    workers: Workers,
    watching: JoinHandle<()>,
    door: Option<Door>,
    pushes: Arc<Pushes>,
    /// Why nobody can come in, if so.
    pub without_door: Option<String>,
    /// Why nothing can be pushed although it is to be, if so.
    pub without_webhook: Option<String>,
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
        let shared = house.share(true);
        let workers = Workers::start(&house.desk);
        // It is set once: this is the only owner there is.
        let _ = shared.board.set(workers.board().clone());
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
        let (pushes, without_webhook) = Pushes::start(&seats.shared, workers.board());
        let watching = tokio::spawn(watch_config(seats.clone(), pushes.clone()));
        Owner { seats, workers, watching, door, pushes, without_door, without_webhook }
    }

    /// What others see of the workers.
    pub fn board(&self) -> &Board {
        self.workers.board()
    }

    /// Tells everybody inside, then stops the workers. Everything typed is durable then.
    pub async fn stop(self) {
        self.watching.abort();
        self.pushes.close().await;
        if let Some(door) = self.door {
            door.close().await;
        }
        self.workers.stop().await;
    }
}

/// Reads `config.toml` again whenever it has changed. An editor may be in the middle of writing it: it is read once it has
/// been the same for two looks.
async fn watch_config(seats: Arc<Seats>, pushes: Arc<Pushes>) {
    // Opening may have taken a while: it is read once more at first.
    let (mut known, mut last) = (None, None);
    loop {
        let looking = seats.clone();
        let seen = tokio::task::spawn_blocking(move || Some(stamp(&looking.place.profile))).await.unwrap_or(None);
        if seen != known && seen == last {
            known = seen;
            let reading = seats.clone();
            // What is wrong is kept for the screens; the next look tries again when the file has changed.
            let _ = tokio::task::spawn_blocking(move || reading.read_config()).await;
            pushes.follow().await;
        }
        last = seen;
        tokio::time::sleep(LOOK).await;
    }
}

/// What tells a file from the one that was there before: when it was written, how long it is, and which one it is.
fn stamp(profile: &Path) -> Option<(SystemTime, u64, u64)> {
    let facts = std::fs::metadata(profile.join("config.toml")).ok()?;
    Some((facts.modified().ok()?, facts.len(), facts.ino()))
}

impl Seats {
    /// Reads `config.toml` again; what is wrong with it is shown on every screen until it is mended.
    fn read_config(&self) -> Result<(), String> {
        let read = self.shared.read_config().map_err(|error| clean_line(&format!("{error:#}")));
        if let Err(error) = &read {
            tracing::warn!(error, "config.toml");
        }
        let folder = format!("{}/", self.place.profile.display());
        let said = read.as_ref().err().map(|why| why.replace(&folder, ""));
        self.board.set_misconfigured(said.map(|why| format!("what was there before goes on · {why}")));
        read
    }

    /// A seat for an agent at a terminal of which `environment` tells.
    pub fn seat(
        &self,
        agent: String,
        zone: TimeZone,
        environment: impl Fn(&str) -> Option<String>,
        first: Vec<String>,
    ) -> Seat {
        let term = environment("TERM").unwrap_or_default();
        let tmux = environment("TMUX").is_some() || term.starts_with("tmux");
        let config = self.shared.config();
        let mut comforts = config.comforts;
        // The console prints what it does not know.
        comforts.links &= term != "linux";
        // Its letters, and those of a locale that says it has no others, have no dots to draw with.
        let narrow = locale::set(&environment).is_some() && locale::trouble(&environment).is_some();
        comforts.plain |= term == "linux" || narrow;
        let Look { keymap, theme, mut warnings } = look::load(&self.place.profile, &config, &environment);
        let resume = self.unpark(&agent);
        // A screen that goes on elsewhere says where it was; its agent has read the rest.
        if resume.is_none() {
            warnings.extend(locale::trouble(&environment));
        }
        warnings.extend(first);
        Seat {
            desk: self.shared.desk.clone(),
            board: self.board.clone(),
            tour: config.tour && tour::is_first(&self.place.profile, &agent),
            folder: String::new(),
            owns: false,
            position: None,
            resume,
            agent,
            keymap,
            theme,
            zone,
            comforts,
            tmux,
            profile: self.place.profile.clone(),
            downloads: config.downloads.clone(),
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
        parked.retain(|_, (since, _)| since.elapsed() < PARKED);
        if parked.len() >= MOST_PARKED {
            let oldest = parked.iter().min_by_key(|(_, (since, _))| *since).map(|(agent, _)| agent.clone());
            oldest.map(|agent| parked.remove(&agent));
        }
        parked.insert(agent, (Instant::now(), screen));
    }
}

/// Who a client acts as.
fn agent_of(hello: &Hello, shared: &Shared) -> String {
    let asked = clean_line(&hello.agent);
    if asked.is_empty() { shared.config().agent.clone() } else { asked }
}

/// The client's time zone, as far as it can be known here.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).or_else(|_| TimeZone::posix(name)).unwrap_or_else(|_| TimeZone::system())
}

/// Carries out a client's verb in the house of this process.
fn carry_out(profile: &Path, shared: &Arc<Shared>, hello: &Hello, wanted: VerbWanted, streams: VerbStreams) -> u8 {
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
        let arguments = match verbs::read(words) {
            Ok(arguments) => arguments,
            Err(error) => {
                output::remark(error.render().to_string().trim_end());
                return 2;
            }
        };
        if !arguments.verb.as_ref().is_some_and(|verb| verb.uses_the_store()) {
            output::remark("switchboard: this verb needs no owner");
            return 2;
        }
        let place = Place::new(Some(profile.to_owned()), Some(agent_of(hello, shared)), arguments.json);
        let place = place.within(shared.clone());
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

impl Host for Seats {
    fn carry_out(&self, hello: &Hello, wanted: VerbWanted, streams: VerbStreams) -> u8 {
        carry_out(&self.place.profile, &self.shared, hello, wanted, streams)
    }

    fn without_seats(&self) -> Option<String> {
        None
    }

    fn read_config(&self) -> Result<(), String> {
        Seats::read_config(self)
    }

    fn seat(self: Arc<Self>, hello: Hello, wanted: ScreenWanted, line: Line, stop: watch::Receiver<bool>) -> Sitting {
        let agent = agent_of(&hello, &self.shared);
        let environment: HashMap<String, String> = wanted.environment.iter().cloned().collect();
        Box::pin(async move {
            let seats = self.clone();
            let name = agent.clone();
            let seat = tokio::task::spawn_blocking(move || {
                Seats::seat(&seats, name, zone(&hello.zone), |name| environment.get(name).cloned(), Vec::new())
            });
            let seat = seat.await.map_err(std::io::Error::other)?;
            let position = Position::from_bytes(&wanted.position);
            let seat = Seat { folder: clean_line(&wanted.folder), position, ..seat };
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

/// The door of a verb that owns the profile for a while (a long import): other verbs come in, screens wait.
pub struct VerbDoor(Option<(tokio::runtime::Runtime, Door)>);

struct VerbHost {
    profile: PathBuf,
    shared: Arc<Shared>,
}

impl VerbDoor {
    /// Opens it, where the verb runs in its own process; a verb without a door is only less hospitable.
    pub fn open(place: &Place, house: &House) -> VerbDoor {
        if house.is_shared() {
            return VerbDoor(None);
        }
        let host = Arc::new(VerbHost { profile: place.profile.clone(), shared: house.share(false) });
        let opened = super::house::runtime().ok().and_then(|runtime| {
            let door = runtime.block_on(async { Door::open(&place.profile, host) });
            Some((runtime, door.ok()?))
        });
        VerbDoor(opened)
    }
}

impl Drop for VerbDoor {
    fn drop(&mut self) {
        if let Some((runtime, door)) = self.0.take() {
            runtime.block_on(door.close());
            runtime.shutdown_background();
        }
    }
}

impl Host for VerbHost {
    fn carry_out(&self, hello: &Hello, wanted: VerbWanted, streams: VerbStreams) -> u8 {
        carry_out(&self.profile, &self.shared, hello, wanted, streams)
    }

    fn without_seats(&self) -> Option<String> {
        let process = std::process::id();
        Some(format!(
            "the profile is in use by process {process}, a verb at work; the screen opens when that has ended"
        ))
    }

    fn read_config(&self) -> Result<(), String> {
        self.shared.read_config().map_err(|error| clean_line(&format!("{error:#}")))
    }

    fn seat(self: Arc<Self>, _: Hello, _: ScreenWanted, _: Line, _: watch::Receiver<bool>) -> Sitting {
        Box::pin(async { Ok(Ended::Told(Box::default())) })
    }
}
