//! A seat without a terminal and without tasks: keys in, frames counted, and what the screen wants is carried out by the
//! desk when asked. It is the real screen, canvas and desk, for `switchboard bench` and `benches/` to measure.

use super::canvas::Canvas;
use super::carry::{Folders, Hand};
use crate::desk::Desk;
use crate::keymap::Keymap;
use crate::model::Comforts;
use crate::theme::Theme;
use crate::ui::{self, Division, Effect, Msg, Screen, Setup};
use crossterm::event::KeyEvent;
use jiff::tz::TimeZone;
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// One agent without a terminal.
pub struct BareSeat {
    hand: Hand,
    screen: Screen,
    theme: Theme,
    canvas: Canvas,
    waiting: VecDeque<Effect>,
}

impl BareSeat {
    /// Sits down: the first frame is drawn, and what the screen wants first waits for [`BareSeat::settle`].
    ///
    /// # Errors
    /// When no frame can be composed.
    pub fn new(desk: Arc<Desk>, keymap: Keymap, theme: Theme, size: (u16, u16)) -> io::Result<BareSeat> {
        let (width, height) = size;
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
            folder: String::new(),
            owns: true,
            position: None,
            comforts: Comforts::default(),
            division: Division::default(),
        });
        let folders = Folders { profile: PathBuf::new(), downloads: PathBuf::new() };
        let mut seat = BareSeat {
            hand: Hand { desk, agent: "bench".to_owned(), folders },
            screen,
            theme,
            canvas: Canvas::new(size)?,
            waiting: effects.into(),
        };
        seat.draw()?;
        Ok(seat)
    }

    /// A key, and the frame that shows it, as in the seat's own loop. What the screen wants then waits. Gives the bytes
    /// of the frame.
    ///
    /// # Errors
    /// When no frame can be composed.
    pub fn press(&mut self, key: KeyEvent) -> io::Result<usize> {
        let clock = Msg::Clock(self.hand.desk.now());
        for msg in [clock, Msg::Key(key)] {
            self.waiting.extend(self.screen.update(msg));
        }
        self.draw()
    }

    /// Carries out what waits, and what that leads to, with a frame after each answer that shows. Gives the bytes of
    /// these frames.
    ///
    /// # Errors
    /// When no frame can be composed.
    pub fn settle(&mut self) -> io::Result<usize> {
        let mut bytes = 0;
        while let Some(effect) = self.waiting.pop_front() {
            if let Some(msg) = self.hand.carry_out(effect) {
                self.waiting.extend(self.screen.update(msg));
                bytes += self.draw()?;
            }
        }
        Ok(bytes)
    }

    fn draw(&mut self) -> io::Result<usize> {
        if !self.screen.take_dirty() {
            return Ok(0);
        }
        let (screen, theme) = (&self.screen, &self.theme);
        self.canvas.frame(|frame| ui::view(screen, theme, frame)).map(|frame| frame.len())
    }
}
