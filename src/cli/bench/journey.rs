//! The keys an agent presses, over the real screen, backend and desk.

use super::usage::Samples;
use crate::cli::house::House;
use crate::keymap::Keymap;
use crate::seat::BareSeat;
use crate::theme::{ColorDepth, Theme};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::Value;
use std::io;

/// The terminal's columns and rows.
const SIZE: (u16, u16) = (120, 40);
/// How often the journey is made at most; over few messages there is less to see.
const ROUNDS: u64 = 30;
const MESSAGES_A_ROUND: u64 = 100;

/// An agent at a screen.
pub(super) struct Agent(BareSeat);

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
        let (keymap, _) = Keymap::load("default", &[]);
        let (theme, _) = Theme::load("dark", &[], ColorDepth::True);
        let mut seat = BareSeat::new(house.desk.clone(), keymap, theme, SIZE)?;
        seat.settle()?;
        Ok(Agent(seat))
    }

    /// Makes the journey. Reading marks as read; nothing else is changed.
    pub(super) fn walk(&mut self, messages: u64) -> io::Result<Walked> {
        let rounds = (1 + messages / MESSAGES_A_ROUND).min(ROUNDS);
        let (mut frame, mut answer, mut bytes) = (Samples::default(), Samples::default(), Vec::new());
        for key in (0..rounds).flat_map(|_| keys()) {
            let sent = answer.take(|| Ok::<_, io::Error>(frame.take(|| self.0.press(key))? + self.0.settle()?))?;
            bytes.push(sent as u64);
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
    keys.extend(letters("JJJJ{m"));
    keys.extend(letters("Called back, the parcel is on its way again."));
    keys.push(press(KeyCode::Esc));
    keys.extend(letters("nyh"));
    keys
}
