//! This process's own terminal: taken over, and given back whatever happens.

use super::editor::{self, Lend};
use super::line::{FarEnd, Line};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, Event as Input, EventStream};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use futures::StreamExt;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a terminal that does not read is waited for at the end.
const LAST_FRAME: Duration = Duration::from_millis(500);

/// True when standard input and output are a terminal that the screen can be shown on.
///
/// # Errors
/// Why not, in plain words.
pub fn is_usable() -> Result<(), String> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err("the screen needs a terminal; in a script use a verb, `switchboard --help` lists them".to_owned());
    }
    match std::env::var("TERM").as_deref() {
        Ok("dumb") => {
            Err("this terminal (TERM=dumb) cannot show the screen; use a verb, `switchboard --help`".to_owned())
        }
        _ => Ok(()),
    }
}

/// The terminal while a screen is on it. Dropping it gives it back.
pub struct LocalTerminal {
    /// Ends with the thread that shows frames.
    shown: Option<std::sync::mpsc::Receiver<()>>,
    lent: Arc<AtomicBool>,
}

impl LocalTerminal {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When it refuses.
    pub fn enter() -> io::Result<LocalTerminal> {
        restore_on_panic();
        enable_raw_mode()?;
        match execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide) {
            Ok(()) => Ok(LocalTerminal { shown: None, lent: Arc::default() }),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// True while an editor has the terminal: an interrupt is meant for that then.
    pub fn lent(&self) -> Arc<AtomicBool> {
        self.lent.clone()
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// When it has none.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        crossterm::terminal::size()
    }

    /// A line to it, for a seat. Must be called within a runtime.
    ///
    /// # Errors
    /// When it has no size.
    pub fn line(&mut self) -> io::Result<Line> {
        let (mut line, FarEnd { input, frames, drawn }) = Line::new(self.size()?);
        // A task of its own, since crossterm's stream keeps the first waker it was polled with and must not be looked at
        // in passing. When the seat is full the rest waits in the terminal.
        let (lend, mut asked) = mpsc::channel(1);
        line.lend = Some(lend);
        let lent = self.lent.clone();
        tokio::spawn(async move {
            loop {
                let mut stream = EventStream::new();
                let Lend { path, back } = loop {
                    tokio::select! {
                        event = stream.next() => {
                            let Some(Ok(event)) = event else { return };
                            if input.send(event).await.is_err() {
                                return;
                            }
                        }
                        Some(lend) = asked.recv() => break lend,
                    }
                };
                // What is typed is the editor's now.
                drop(stream);
                lent.store(true, Ordering::Relaxed);
                let ran = tokio::task::spawn_blocking(move || lend_to_editor(&path)).await;
                lent.store(false, Ordering::Relaxed);
                if let Ok((width, height)) = crossterm::terminal::size() {
                    let _ = input.send(Input::Resize(width, height)).await;
                }
                let _ = back.send(ran.unwrap_or_else(|error| Err(error.to_string())));
            }
        });
        self.shown = Some(show(frames, drawn));
        Ok(line)
    }
}

/// Shows frames on standard output, on a thread of its own: a terminal that is stopped (C-s) must stop nobody. Returns at
/// once; what it returns is closed when the frames end or the terminal is gone.
pub fn show(mut frames: mpsc::Receiver<Vec<u8>>, drawn: mpsc::Sender<()>) -> std::sync::mpsc::Receiver<()> {
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _ended = ended;
        let mut out = io::stdout();
        while let Some(frame) = frames.blocking_recv() {
            if out.write_all(&frame).and_then(|()| out.flush()).is_err() || drawn.blocking_send(()).is_err() {
                break;
            }
        }
    });
    end
}

impl Drop for LocalTerminal {
    fn drop(&mut self) {
        // No frame may come after the alternate screen is left.
        if let Some(shown) = &self.shown {
            let _ = shown.recv_timeout(LAST_FRAME);
        }
        give_back();
    }
}

/// Leaves the screen, runs the agent's editor, and takes the terminal over again.
fn lend_to_editor(path: &Path) -> Result<(), String> {
    give_back();
    let ran = editor::run(&editor::command(), path);
    let taken = enable_raw_mode()
        .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide));
    ran.and(taken.map_err(|error| format!("the terminal does not come back: {error}")))
}

/// Gives the terminal back. Each step is tried, whatever became of the one before; a terminal that is gone takes none, and
/// one that is stopped keeps nobody from ending.
fn give_back() {
    let (said, heard) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        let mut out = io::stdout();
        let _ = execute!(out, DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
        let _ = out.flush();
        drop(said);
    });
    let _ = heard.recv_timeout(LAST_FRAME);
    let _ = disable_raw_mode();
}

/// A panic's words must land on a terminal that shows them.
fn restore_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if crate::engine::quiet::expected() {
                return;
            }
            // The screen lives on the main thread. Elsewhere a panic ends one task, whose owner says so; its words must
            // not land on the screen.
            if std::thread::current().name() == Some("main") {
                give_back();
                before(info);
            } else {
                tracing::error!("{}", crate::model::clean_line(&info.to_string()));
            }
        }));
    });
}
