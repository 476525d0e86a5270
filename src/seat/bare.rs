//! A seat without a terminal and without tasks: keys in, frames into any writer, and what the screen wants is carried out
//! by the desk when asked. It is the real screen, backend and desk, for `switchboard bench` and `benches/` to measure.

use super::backend::Careful;
use super::carry::Hand;
use crate::desk::Desk;
use crate::keymap::Keymap;
use crate::theme::Theme;
use crate::ui::{self, Effect, Msg, Screen, Setup};
use crossterm::event::KeyEvent;
use jiff::tz::TimeZone;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// One agent at a terminal that is only a writer.
pub struct BareSeat<W: Write> {
    hand: Hand,
    screen: Screen,
    theme: Theme,
    terminal: Terminal<Careful<W>>,
    waiting: VecDeque<Effect>,
}

impl<W: Write> BareSeat<W> {
    /// Sits down: the first frame is drawn, and what the screen wants first waits for [`BareSeat::settle`].
    ///
    /// # Errors
    /// When the writer refuses.
    pub fn new(desk: Arc<Desk>, keymap: Keymap, theme: Theme, size: (u16, u16), out: W) -> io::Result<BareSeat<W>> {
        let (width, height) = size;
        // A fixed size: the process's own terminal is not asked.
        let options = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, width, height)) };
        let (screen, effects) = Screen::new(Setup {
            width,
            height,
            agent: "bench".to_owned(),
            zone: TimeZone::UTC,
            accounts: desk.accounts().to_vec(),
            keymap,
            now: desk.now(),
            quote: true,
            warnings: Vec::new(),
        });
        let mut seat = BareSeat {
            hand: Hand { desk, agent: "bench".to_owned(), downloads: PathBuf::new() },
            screen,
            theme,
            terminal: Terminal::with_options(Careful::new(out), options)?,
            waiting: effects.into(),
        };
        seat.draw()?;
        Ok(seat)
    }

    /// A key, and the frame that shows it, as in the seat's own loop. What the screen wants then waits.
    ///
    /// # Errors
    /// When the writer refuses.
    pub fn press(&mut self, key: KeyEvent) -> io::Result<()> {
        let clock = Msg::Clock(self.hand.desk.now());
        for msg in [clock, Msg::Key(key)] {
            self.waiting.extend(self.screen.update(msg));
        }
        self.draw()
    }

    /// Carries out what waits, and what that leads to, with a frame after each answer that shows.
    ///
    /// # Errors
    /// When the writer refuses.
    pub fn settle(&mut self) -> io::Result<()> {
        while let Some(effect) = self.waiting.pop_front() {
            if let Some(msg) = self.hand.carry_out(effect) {
                self.waiting.extend(self.screen.update(msg));
                self.draw()?;
            }
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        if self.screen.take_dirty() {
            self.terminal.draw(|frame| ui::view(&self.screen, &self.theme, frame))?;
        }
        Ok(())
    }
}
