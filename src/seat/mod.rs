//! The loop of one agent's terminal: keys in → update → effects → frames out.
//!
//! The loop itself never waits for disk or network: loading and acting happen on two tasks of their own (acts one after
//! the other, in the order of the keys), and their answers come back as messages. A frame is drawn only when something
//! changed, after everything that has arrived was taken in.

mod backend;
mod bare;
mod canvas;
mod carry;
mod editor;
mod ends;
mod escape;
mod first_run;
mod line;
mod local;
mod memory;
mod pen;
mod save;
mod scroll;
mod typed;

pub use bare::BareSeat;
pub use ends::{Asked, Ends};
pub use first_run::first_run;
pub use line::{FarEnd, Line};
pub use local::{LocalTerminal, is_usable, show};
pub use typed::Typed;

use crate::desk::Desk;
use crate::keymap::Keymap;
use crate::model::{Comforts, Timestamp};
use crate::theme::Theme;
use crate::ui::{self, Effect, Msg, Position, Screen, Setup};
use crate::worker::Board;
#[cfg(test)]
pub(crate) use canvas::Canvas;
#[cfg(not(test))]
use canvas::Canvas;
use carry::{Carrier, Folders};
use crossterm::event::{Event as Input, KeyEventKind};
use editor::Lend;
use jiff::tz::TimeZone;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// A paste beyond this is cut, with a word about it.
const MAX_PASTE: usize = 1024 * 1024;
/// With no other reason the screen learns the time this often.
const MINUTE: Duration = Duration::from_secs(60);
/// Messages taken in before a frame is drawn at the latest.
const BURST: usize = 256;
/// News of the store reach a screen at most this often, and less often by so much for every other screen: a hundred
/// screens and a busy mailbox must leave room for keys.
const NEWS: Duration = Duration::from_millis(40);
const NEWS_MORE: Duration = Duration::from_millis(4);
/// How long a seat works without letting others have their turn.
const TURN: Duration = Duration::from_millis(4);
/// Once nothing was typed for so long, frames come no more often than news do.
const CALM: Duration = Duration::from_millis(500);

/// What a seat needs.
pub struct Seat {
    /// The desk.
    pub desk: Arc<Desk>,
    /// The workers, to ask for a pull and to hear how they are.
    pub board: Board,
    /// Who sits here.
    pub agent: String,
    /// The keys.
    pub keymap: Keymap,
    /// The colours.
    pub theme: Theme,
    /// The profile folder, where what a screen remembers of its agent is kept.
    pub profile: PathBuf,
    /// The agent's time zone.
    pub zone: TimeZone,
    /// What may be done with the terminal.
    pub comforts: Comforts,
    /// The terminal is one of tmux's.
    pub tmux: bool,
    /// Where attachments and originals are saved.
    pub downloads: PathBuf,
    /// What is to be said first.
    pub warnings: Vec<String>,
    /// The agent has not seen the tour.
    pub tour: bool,
    /// Where relative paths begin.
    pub folder: String,
    /// The program ends with this seat.
    pub owns: bool,
    /// Where its agent was in a window that lost its owner.
    pub position: Option<Position>,
    /// A screen that lost its line, to go on with.
    pub resume: Option<Box<Screen>>,
    /// How many seats there are; a seat counts itself in and out.
    pub seats: Arc<AtomicUsize>,
}

/// How a seat ended. Everything typed is durable then.
pub enum Ended {
    /// The agent left.
    Left,
    /// The terminal is gone; the screen can go on elsewhere.
    Lost(Box<Screen>),
    /// The program ends; where the agent was.
    Told(Box<Position>),
}

impl Seat {
    /// Runs until the agent leaves, the terminal goes away, or `stop` becomes true. Everything typed is durable then.
    ///
    /// # Errors
    /// When no frame can be composed.
    pub async fn run(self, line: Line, stop: watch::Receiver<bool>) -> io::Result<Ended> {
        let _counted = Counted::new(&self.seats);
        self.sit(line, stop).await
    }

    async fn sit(self, mut line: Line, mut stop: watch::Receiver<bool>) -> io::Result<Ended> {
        let Seat {
            desk,
            board,
            agent,
            keymap,
            theme,
            zone,
            profile,
            comforts,
            tmux,
            downloads,
            mut warnings,
            tour,
            folder,
            owns,
            position,
            resume,
            seats,
        } = self;
        let mut canvas = Canvas::new(line.size)?;
        let (answers, mut answered) = mpsc::channel(BURST);
        let edited = answers.clone();
        let division = remembered(&profile, &agent, &mut warnings).await;
        let mut editing = Editing { profile: profile.clone(), wanted: None, begun: None, files: Vec::new() };
        let folders = Folders { profile, downloads };
        let carrier = Carrier::start(desk.clone(), agent.clone(), folders, answers);
        let (width, height) = line.size;
        let accounts = desk.accounts().to_vec();
        let now = desk.now();
        let setup = Setup {
            width,
            height,
            agent,
            zone,
            accounts,
            keymap,
            now,
            quote: true,
            comforts,
            division,
            warnings,
            folder,
            owns,
            position,
        };
        let (mut screen, effects) = match resume {
            Some(screen) => screen.move_to(setup),
            None => Screen::new(setup),
        };
        if tour {
            screen.show_tour();
        }
        let mut wake: Option<Timestamp> = None;
        if comforts.mouse {
            canvas.say(escape::MOUSE);
        }
        let mut hands =
            Hands { board: &board, carrier: &carrier, canvas: &mut canvas, comforts, tmux, editing: &mut editing };
        let mut leaving = hands.carry_out(effects, &mut wake)?;

        let mut feed = desk.listen();
        let mut status = board.status().listen();
        let mut notices = board.notices();
        let mut roster = desk.follow_roster();
        status.mark_changed();
        notices.mark_changed();
        roster.mark_changed();
        let (mut lost, mut told) = (false, false);
        // A frame is on its way to the terminal.
        let mut showing = false;
        // An editor has the terminal.
        let mut lent = false;
        let mut news_at = Instant::now();
        let mut dirty = false;
        let (mut typed_at, mut drawn_at) = (Instant::now(), Instant::now());
        while !leaving && !lost && !told {
            if !showing && let Some((draft, text)) = hands.editing.wanted.take() {
                lent = hands.begin_editing(&draft, text, line.lend.clone(), edited.clone());
            }
            dirty |= screen.take_dirty() || hands.canvas.has_said();
            let others = seats.load(Ordering::Relaxed).saturating_sub(1) as u32;
            let draw_at = if typed_at.elapsed() < CALM { Instant::now() } else { drawn_at + NEWS + NEWS_MORE * others };
            let is_time = draw_at <= Instant::now();
            if dirty && is_time && !showing && !lent {
                (dirty, drawn_at) = (false, Instant::now());
                hands.canvas.set_links(screen.links());
                let frame = hands.canvas.frame(|frame| ui::view(&screen, &theme, frame))?;
                if !frame.is_empty() {
                    lost = line.frames.try_send(frame).is_err();
                    showing = true;
                }
            }
            let now = desk.now();
            let pause = wake.map_or(MINUTE, |at| Duration::from_millis(at.since(now).max(0) as u64)).min(MINUTE);
            let is_news_time = news_at <= Instant::now();
            let mut arrived: Vec<Msg> = Vec::new();
            tokio::select! {
                biased;
                event = line.input.recv() => match event {
                    Some(event) => {
                        typed_at = Instant::now();
                        hands.take(event, &mut arrived)?;
                    }
                    None => lost = true,
                },
                shown = line.drawn.recv(), if showing => match shown {
                    Some(()) => showing = false,
                    None => lost = true,
                },
                Some(msg) = answered.recv() => arrived.push(msg),
                event = feed.recv(), if is_news_time => arrived.extend(match event {
                    Ok(event) => Some(Msg::Changed(Box::new((*event).clone()))),
                    Err(RecvError::Lagged(_)) => Some(Msg::Lagged),
                    Err(RecvError::Closed) => None,
                }),
                Ok(()) = status.changed(), if is_news_time =>
                    arrived.push(Msg::Status(status.borrow_and_update().clone())),
                Ok(()) = notices.changed() =>
                    arrived.push(Msg::Notice(notices.borrow_and_update().first().cloned())),
                Ok(()) = roster.changed() =>
                    arrived.push(Msg::Accounts(roster.borrow_and_update().accounts.to_vec())),
                () = tokio::time::sleep_until(news_at), if !is_news_time => {}
                () = tokio::time::sleep_until(draw_at), if dirty && !is_time => {}
                () = tokio::time::sleep_until(Instant::now() + pause) => wake = None,
                _ = stop.wait_for(|stop| *stop) => told = true,
            }
            // Whatever else is there already is taken in before the next frame.
            while arrived.len() < BURST {
                if let Ok(event) = line.input.try_recv() {
                    hands.take(event, &mut arrived)?;
                } else if let Ok(msg) = answered.try_recv() {
                    arrived.push(msg);
                } else {
                    break;
                }
            }
            if news_at <= Instant::now() {
                let before = arrived.len();
                while arrived.len() < before + BURST {
                    match feed.try_recv() {
                        Ok(event) => arrived.push(Msg::Changed(Box::new((*event).clone()))),
                        Err(TryRecvError::Lagged(_)) => arrived.push(Msg::Lagged),
                        Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                    }
                }
                if arrived.iter().any(|msg| matches!(msg, Msg::Changed(_) | Msg::Lagged | Msg::Status(_))) {
                    news_at = Instant::now() + NEWS + NEWS_MORE * others;
                }
            }
            let clock = Msg::Clock(desk.now());
            let mut begun = Instant::now();
            for msg in std::iter::once(clock).chain(arrived) {
                // Many keys in a large text take a while; other screens have their turn between them.
                if begun.elapsed() > TURN {
                    tokio::task::yield_now().await;
                    begun = Instant::now();
                }
                if let Msg::Edited(edited) = &msg {
                    lent = false;
                    // What an editor wrote that failed, or that still has it, stays in its file.
                    let begun = hands.editing.begun.take();
                    hands.editing.files.extend(begun.filter(|_| edited.is_ok()));
                    hands.take_terminal_back()?;
                }
                let effects = screen.update(msg);
                leaving |= hands.carry_out(effects, &mut wake)?;
            }
        }
        drop(edited);
        // A terminal that went away must not take along what was typed.
        let effects = screen.hang_up();
        hands.carry_out(effects, &mut wake)?;
        // What is still answered belongs to the screen: it may go on elsewhere.
        let mut finished = std::pin::pin!(carrier.finish());
        loop {
            tokio::select! {
                biased;
                Some(msg) = answered.recv() => drop(screen.update(msg)),
                () = &mut finished => break,
            }
        }
        while let Ok(msg) = answered.try_recv() {
            drop(screen.update(msg));
        }
        // What was edited is in the store.
        let files = editing.files;
        let _ = tokio::task::spawn_blocking(move || files.iter().for_each(|path| editor::forget(path))).await;
        Ok(match (leaving, told) {
            (true, _) => Ended::Left,
            (false, true) => Ended::Told(Box::new(screen.position())),
            (false, false) => Ended::Lost(Box::new(screen)),
        })
    }
}

/// A seat that is counted as long as it lasts, however it ends.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(seats: &Arc<AtomicUsize>) -> Counted {
        seats.fetch_add(1, Ordering::Relaxed);
        Counted(seats.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How the agent divided the screen last time.
async fn remembered(profile: &Path, agent: &str, warnings: &mut Vec<String>) -> ui::Division {
    let (profile, agent) = (profile.to_owned(), agent.to_owned());
    let read = tokio::task::spawn_blocking(move || memory::division(&profile, &agent)).await;
    read.unwrap_or_else(|error| Err(error.to_string())).unwrap_or_else(|why| {
        warnings.push(why);
        ui::Division::default()
    })
}

/// What a seat does things with.
struct Hands<'a> {
    board: &'a Board,
    carrier: &'a Carrier,
    canvas: &'a mut Canvas,
    comforts: Comforts,
    tmux: bool,
    editing: &'a mut Editing,
}

/// Texts that are edited elsewhere.
struct Editing {
    profile: PathBuf,
    /// The next one: its draft and text. It waits until no frame is on its way.
    wanted: Option<(String, String)>,
    /// The file an editor has now.
    begun: Option<PathBuf>,
    /// Files that were read back whole; they go when the seat ends.
    files: Vec<PathBuf>,
}

impl Hands<'_> {
    /// Hands effects on. True when the agent wants to leave.
    fn carry_out(&mut self, effects: Vec<Effect>, wake: &mut Option<Timestamp>) -> io::Result<bool> {
        let (mut leaving, mut redraw) = (false, false);
        for effect in effects {
            match effect {
                Effect::Quit => leaving = true,
                Effect::SyncNow => self.board.pull_now(),
                Effect::Pull(account) => self.board.pull(&account),
                Effect::WakeAt(at) => *wake = Some(wake.map_or(at, |wake| wake.min(at))),
                Effect::Redraw => redraw = true,
                Effect::Copy(text) => self.canvas.say(&escape::clipboard(&text)),
                Effect::Notify { title, body } => {
                    self.canvas.say(&escape::notify(self.comforts.notify, self.tmux, &title, &body));
                }
                Effect::Edit { draft, text } => self.editing.wanted = Some((draft.to_string(), text)),
                other => self.carrier.take(other),
            }
        }
        if redraw {
            self.canvas.redraw()?;
        }
        Ok(leaving)
    }

    /// Lends the terminal to the agent's editor. False where there is none to lend.
    fn begin_editing(
        &mut self,
        draft: &str,
        text: String,
        lend: Option<mpsc::Sender<Lend>>,
        answers: mpsc::Sender<Msg>,
    ) -> bool {
        let Some(lend) = lend else {
            let why = "an editor needs a screen of the process that owns the profile; this one is attached to it";
            let _ = answers.try_send(Msg::Edited(Err(why.to_owned())));
            return false;
        };
        let path = editor::path(&self.editing.profile, draft);
        self.editing.begun = Some(path.clone());
        tokio::spawn(async move {
            let edited = editor::edit(lend, path, text).await;
            let _ = answers.send(Msg::Edited(edited)).await;
        });
        true
    }

    /// The terminal is the screen's again.
    fn take_terminal_back(&mut self) -> io::Result<()> {
        if self.comforts.mouse {
            self.canvas.say(escape::MOUSE);
        }
        self.canvas.redraw()
    }

    /// Takes in what was typed.
    fn take(&mut self, input: Input, arrived: &mut Vec<Msg>) -> io::Result<()> {
        match input {
            Input::Key(key) if key.kind != KeyEventKind::Release => arrived.push(Msg::Key(key)),
            Input::Mouse(event) if self.comforts.mouse => arrived.push(Msg::Mouse(event)),
            Input::Paste(mut text) => {
                if text.len() > MAX_PASTE {
                    let end = (0..=MAX_PASTE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                    text.truncate(end);
                }
                arrived.push(Msg::Paste(text));
            }
            Input::Resize(width, height) => {
                let (width, height) = line::believed((width, height));
                self.canvas.resize((width, height))?;
                // Of a storm of sizes only the last counts.
                arrived.pop_if(|last| matches!(last, Msg::Resize(..)));
                arrived.push(Msg::Resize(width, height));
            }
            _ => {}
        }
        Ok(())
    }
}
