//! This process's own terminal: taken over, drawn on, and given back whatever happens.

use super::backend::Careful;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};
use ratatui::Frame;
use ratatui::layout::Rect;
use std::io::{self, IsTerminal, Write};
use std::sync::Once;

type Inner = ratatui::Terminal<Careful<io::BufWriter<io::Stdout>>>;

/// A frame of a large terminal fits in: it leaves in one write.
const FRAME_BYTES: usize = 128 * 1024;

/// The terminal while the screen is on it. Dropping it gives it back.
pub struct Terminal(Inner);

/// True when standard input and output are a terminal that the screen can be shown on.
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

impl Terminal {
    /// Takes the terminal over.
    pub fn enter() -> io::Result<Terminal> {
        restore_on_panic();
        enable_raw_mode()?;
        let mut out = io::BufWriter::with_capacity(FRAME_BYTES, io::stdout());
        let entered = execute!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)
            .and_then(|()| ratatui::Terminal::new(Careful::new(out)));
        match entered {
            Ok(inner) => Ok(Terminal(inner)),
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        self.0.size().map(|size| (size.width, size.height))
    }

    /// Draws what changed.
    pub fn draw(&mut self, view: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.0.draw(view).map(|_| ())
    }

    /// The next frame is drawn whole. (`Terminal::clear` would ask the terminal where its cursor is and wait for the
    /// answer, ratatui #2694; a resize to the same size clears without asking.)
    pub fn redraw(&mut self) -> io::Result<()> {
        let (width, height) = self.size()?;
        self.0.resize(Rect::new(0, 0, width, height))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back. Each step is tried, whatever became of the one before; a terminal that is gone takes none.
fn give_back() {
    let mut out = io::stdout();
    let _ = execute!(out, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
    let _ = out.flush();
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
