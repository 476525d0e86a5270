//! The keys an agent presses, over the real screen, backend and desk.

use super::usage::Samples;
use crate::cli::house::House;
use crate::keymap::Keymap;
use crate::seat::BareSeat;
use crate::theme::{ColorDepth, Theme};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::Value;
use std::cell::Cell;
use std::io::{self, BufWriter, Write};
use std::rc::Rc;

/// The terminal's columns and rows.
const SIZE: (u16, u16) = (120, 40);
/// A frame of the terminal leaves in one write, as in the seat's own loop.
const FRAME_BYTES: usize = 128 * 1024;
/// How often the journey is made at most; over few messages there is less to see.
const ROUNDS: u64 = 30;
const MESSAGES_A_ROUND: u64 = 100;

/// A terminal that only counts what it is sent.
#[derive(Clone, Default)]
struct Sheet(Rc<Cell<u64>>);

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.set(self.0.get() + bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An agent at a screen.
pub(super) struct Agent {
    seat: BareSeat<BufWriter<Sheet>>,
    sheet: Sheet,
}

/// What the keys took.
pub(super) struct Walked {
    /// How many keys.
    pub keys: u64,
    /// From a key to the frame that shows it.
    pub frame: Value,
    /// From a key until all it asked for was loaded and drawn.
    pub answer: Value,
    /// Bytes to the terminal, for a key in the middle and for all but one in a hundred.
    pub bytes: (u64, u64),
}

impl Agent {
    /// Sits down: the first page of customers is there, and the first one's timeline.
    pub(super) fn sit(house: &House) -> io::Result<Agent> {
        let (keymap, _) = Keymap::load(None);
        let (theme, _) = Theme::load("dark", None, ColorDepth::True);
        let sheet = Sheet::default();
        let out = BufWriter::with_capacity(FRAME_BYTES, sheet.clone());
        let mut seat = BareSeat::new(house.desk.clone(), keymap, theme, SIZE, out)?;
        seat.settle()?;
        Ok(Agent { seat, sheet })
    }

    /// Makes the journey. Reading marks as read; nothing else is changed.
    pub(super) fn walk(&mut self, messages: u64) -> io::Result<Walked> {
        let rounds = (1 + messages / MESSAGES_A_ROUND).min(ROUNDS);
        let (mut frame, mut answer, mut bytes) = (Samples::default(), Samples::default(), Vec::new());
        for key in (0..rounds).flat_map(|_| keys()) {
            let before = self.sheet.0.get();
            answer.take(|| {
                frame.take(|| self.seat.press(key))?;
                self.seat.settle()
            })?;
            bytes.push(self.sheet.0.get() - before);
        }
        bytes.sort_unstable();
        let at = |share: usize| bytes.get(bytes.len() * share / 100).copied().unwrap_or_default();
        let keys = bytes.len() as u64;
        Ok(Walked { keys, frame: frame.figures(), answer: answer.figures(), bytes: (at(50), at(99)) })
    }
}

/// Down the inbox, into timelines and through them, from case to case, a note begun and thrown away, and back.
fn keys() -> Vec<KeyEvent> {
    let press = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let letters = |text: &str| text.chars().map(|letter| press(KeyCode::Char(letter))).collect::<Vec<_>>();
    let mut keys = letters("jjjjjjjjjjkk");
    keys.extend([press(KeyCode::PageDown), press(KeyCode::Enter)]);
    keys.extend(letters("jjjjjjkk"));
    keys.extend([press(KeyCode::PageUp), press(KeyCode::PageDown)]);
    keys.extend(letters("JJJJKm"));
    keys.extend(letters("Called back, the parcel is on its way again."));
    keys.push(press(KeyCode::Esc));
    keys.extend(letters("nyh"));
    keys
}
