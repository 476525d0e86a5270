//! Frames as bytes: what a screen looks like becomes what a terminal must be told.

use super::backend::Careful;
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Composes frames; each holds only what changed since the one before.
pub struct Canvas {
    terminal: ratatui::Terminal<Careful<Ink>>,
    ink: Ink,
    said: bool,
}

/// Where the backend writes to.
#[derive(Clone, Default)]
struct Ink(Arc<Mutex<Vec<u8>>>);

impl Ink {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Ink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Canvas {
    /// An empty one.
    ///
    /// # Errors
    /// None today: it only writes into memory.
    pub fn new((width, height): (u16, u16)) -> io::Result<Canvas> {
        let ink = Ink::default();
        let terminal = ratatui::Terminal::new(Careful::new(ink.clone(), Size { width, height }))?;
        Ok(Canvas { terminal, ink, said: false })
    }

    /// The bytes that show the next frame on a terminal which shows the last one.
    ///
    /// # Errors
    /// None today.
    pub fn frame(&mut self, view: impl FnOnce(&mut Frame)) -> io::Result<Vec<u8>> {
        self.terminal.draw(view)?;
        self.said = false;
        Ok(self.ink.take())
    }

    /// Something for the terminal besides what it shows; it leaves with the next frame.
    pub fn say(&mut self, bytes: &str) {
        self.ink.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes.as_bytes());
        self.said = true;
    }

    /// Something waits that was said.
    pub fn has_said(&self) -> bool {
        self.said
    }

    /// Where the links of the next frame lead.
    pub fn set_links(&mut self, links: HashMap<u32, String>) {
        self.terminal.backend_mut().set_links(links);
    }

    /// The terminal has another size now; the next frame is drawn whole.
    ///
    /// # Errors
    /// None today.
    pub fn resize(&mut self, (width, height): (u16, u16)) -> io::Result<()> {
        self.terminal.backend_mut().set_size(Size { width, height });
        // `Terminal::clear` would ask the terminal where its cursor is and wait for the answer (ratatui #2694); a resize
        // clears without asking.
        self.terminal.resize(Rect::new(0, 0, width, height))
    }

    /// The next frame is drawn whole.
    ///
    /// # Errors
    /// None today.
    pub fn redraw(&mut self) -> io::Result<()> {
        let Size { width, height } = self.terminal.size()?;
        self.resize((width, height))
    }
}
