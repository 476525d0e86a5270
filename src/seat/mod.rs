//! The loop of one agent's terminal: keys in → update → effects → frames out.
//!
//! The loop itself never waits for disk or network: loading and acting happen on two tasks of their own (acts one after
//! the other, in the order of the keys), and their answers come back as messages. A frame is drawn only when something
//! changed, after everything that has arrived was taken in.

mod backend;
mod bare;
mod carry;
mod save;
mod terminal;

pub use bare::BareSeat;
pub use terminal::is_usable;

use crate::desk::Desk;
use crate::keymap::Keymap;
use crate::model::Timestamp;
use crate::theme::Theme;
use crate::ui::{self, Effect, Msg, Screen, Setup};
use crate::worker::Workers;
use carry::Carrier;
use crossterm::event::{Event as Input, EventStream, KeyEventKind};
use futures::StreamExt;
use jiff::tz::TimeZone;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use terminal::Terminal;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A paste beyond this is cut, with a word about it.
const MAX_PASTE: usize = 1024 * 1024;
/// With no other reason the screen learns the time this often.
const MINUTE: Duration = Duration::from_secs(60);
/// Messages taken in before a frame is drawn at the latest.
const BURST: usize = 256;

/// What a seat needs.
pub struct Seat {
    /// The desk.
    pub desk: Arc<Desk>,
    /// The workers, to ask for a pull and to hear how they are.
    pub workers: Workers,
    /// Who sits here.
    pub agent: String,
    /// The keys.
    pub keymap: Keymap,
    /// The colours.
    pub theme: Theme,
    /// Where attachments and originals are saved.
    pub downloads: PathBuf,
    /// What is to be said first.
    pub warnings: Vec<String>,
}

impl Seat {
    /// Runs until the agent leaves or the terminal goes away, then stops the workers. Everything typed is durable then.
    ///
    /// # Errors
    /// When the terminal cannot be used.
    pub async fn run(self) -> io::Result<()> {
        let mut ends = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()]
            .into_iter()
            .map(signal)
            .collect::<io::Result<Vec<Signal>>>()?;
        let mut terminal = Terminal::enter()?;
        let (answers, mut answered) = mpsc::channel(BURST);
        let carrier = Carrier::start(self.desk.clone(), self.agent.clone(), self.downloads.clone(), answers);
        let (width, height) = terminal.size()?;
        let (mut screen, effects) = Screen::new(Setup {
            width,
            height,
            agent: self.agent.clone(),
            zone: TimeZone::system(),
            accounts: self.desk.accounts().to_vec(),
            keymap: self.keymap,
            now: self.desk.now(),
            quote: true,
            warnings: self.warnings,
        });
        let mut wake: Option<Timestamp> = None;
        let mut leaving = self.workers.carry_out(&carrier, effects, &mut wake, &mut terminal)?;

        let mut input = keyboard();
        let mut feed = self.desk.listen();
        let mut status = self.workers.status().listen();
        let mut notice = self.workers.notice();
        status.mark_changed();
        notice.mark_changed();

        let sat: io::Result<()> = async {
            while !leaving {
                if screen.take_dirty() {
                    terminal.draw(|frame| ui::view(&screen, &self.theme, frame))?;
                }
                let now = self.desk.now();
                let pause = wake.map_or(MINUTE, |at| Duration::from_millis(at.since(now).max(0) as u64)).min(MINUTE);
                let mut arrived: Vec<Msg> = Vec::new();
                tokio::select! {
                    event = input.recv() => match event {
                        Some(event) => arrived.extend(message(event?)),
                        None => leaving = true,
                    },
                    Some(msg) = answered.recv() => arrived.push(msg),
                    event = feed.recv() => arrived.extend(match event {
                        Ok(event) => Some(Msg::Changed(Box::new((*event).clone()))),
                        Err(RecvError::Lagged(_)) => Some(Msg::Lagged),
                        Err(RecvError::Closed) => None,
                    }),
                    Ok(()) = status.changed() => arrived.push(Msg::Status(status.borrow_and_update().clone())),
                    Ok(()) = notice.changed() => arrived.push(Msg::Notice(notice.borrow_and_update().clone())),
                    () = tokio::time::sleep_until(Instant::now() + pause) => wake = None,
                    () = any(&mut ends) => leaving = true,
                }
                // Whatever else is there already is taken in before the next frame.
                while arrived.len() < BURST {
                    if let Ok(event) = input.try_recv() {
                        arrived.extend(message(event?));
                    } else if let Ok(msg) = answered.try_recv() {
                        arrived.push(msg);
                    } else {
                        match feed.try_recv() {
                            Ok(event) => arrived.push(Msg::Changed(Box::new((*event).clone()))),
                            Err(TryRecvError::Lagged(_)) => arrived.push(Msg::Lagged),
                            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
                        }
                    }
                }
                let clock = Msg::Clock(self.desk.now());
                for msg in std::iter::once(clock).chain(arrived) {
                    let effects = screen.update(msg);
                    leaving |= self.workers.carry_out(&carrier, effects, &mut wake, &mut terminal)?;
                }
            }
            Ok(())
        }
        .await;
        // A terminal that went away must not take along what was typed.
        let effects = screen.hang_up();
        let last = self.workers.carry_out(&carrier, effects, &mut wake, &mut terminal);
        // First what must not be lost, then the terminal, whose end nothing depends on.
        carrier.finish().await;
        drop(terminal);
        self.workers.stop().await;
        sat.and(last.map(|_| ()))
    }
}

impl Workers {
    /// Hands effects on. True when the agent wants to leave.
    fn carry_out(
        &self,
        carrier: &Carrier,
        effects: Vec<Effect>,
        wake: &mut Option<Timestamp>,
        terminal: &mut Terminal,
    ) -> io::Result<bool> {
        let (mut leaving, mut redraw) = (false, false);
        for effect in effects {
            match effect {
                Effect::Quit => leaving = true,
                Effect::SyncNow => self.pull_now(),
                Effect::WakeAt(at) => *wake = Some(wake.map_or(at, |wake| wake.min(at))),
                Effect::Redraw => redraw = true,
                other => carrier.take(other),
            }
        }
        // Last: a terminal that is gone must not keep an act from being taken on.
        if redraw {
            terminal.redraw()?;
        }
        Ok(leaving)
    }
}

/// What is typed. A task of its own, since crossterm's stream keeps the first waker it was polled with and must not be
/// looked at in passing. When the seat is full the rest waits in the terminal.
fn keyboard() -> mpsc::Receiver<io::Result<Input>> {
    let (send, receive) = mpsc::channel(BURST);
    tokio::spawn(async move {
        let mut stream = EventStream::new();
        while let Some(event) = stream.next().await {
            if send.send(event).await.is_err() {
                break;
            }
        }
    });
    receive
}

fn message(input: Input) -> Option<Msg> {
    match input {
        Input::Key(key) if key.kind != KeyEventKind::Release => Some(Msg::Key(key)),
        Input::Paste(mut text) => {
            if text.len() > MAX_PASTE {
                let end = (0..=MAX_PASTE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                text.truncate(end);
            }
            Some(Msg::Paste(text))
        }
        Input::Resize(width, height) => Some(Msg::Resize(width, height)),
        _ => None,
    }
}

async fn any(signals: &mut [Signal]) {
    let waits = signals.iter_mut().map(|signal| Box::pin(signal.recv()));
    futures::future::select_all(waits).await;
}
