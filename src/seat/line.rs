//! One agent's line: what is typed comes in, frames go out, wherever the terminal stands.

use super::editor::Lend;
use crossterm::event::Event as Input;
use tokio::sync::mpsc;

/// Things typed that may wait. When they do, the rest waits in the terminal.
pub const TYPED: usize = 256;

/// A terminal as wide and high as this is believed; beyond it, and below one, only so much.
const WIDEST: u16 = 1_000;
const HIGHEST: u16 = 400;

/// A size that can be drawn on, whatever a terminal claims.
pub fn believed((width, height): (u16, u16)) -> (u16, u16) {
    (width.clamp(1, WIDEST), height.clamp(1, HIGHEST))
}

/// The two ways between a seat and its terminal. When either is closed the terminal is gone.
///
/// At most one frame is on its way: the next is composed only after the one before has reached the terminal. A terminal
/// that does not read costs one frame, and nobody else notices.
pub struct Line {
    /// What is typed, and new sizes.
    pub input: mpsc::Receiver<Input>,
    /// Frames for the terminal; room for one.
    pub frames: mpsc::Sender<Vec<u8>>,
    /// The last frame has reached the terminal.
    pub drawn: mpsc::Receiver<()>,
    /// Columns and rows at the beginning.
    pub size: (u16, u16),
    /// To lend the terminal to an editor; only where it is this process's own.
    pub lend: Option<mpsc::Sender<Lend>>,
}

/// The other ends of a [`Line`].
pub struct FarEnd {
    /// To say what was typed.
    pub input: mpsc::Sender<Input>,
    /// Frames to show.
    pub frames: mpsc::Receiver<Vec<u8>>,
    /// To say that a frame has reached the terminal.
    pub drawn: mpsc::Sender<()>,
}

impl Line {
    /// A line to a terminal of this size, and its other end.
    pub fn new(size: (u16, u16)) -> (Line, FarEnd) {
        let (type_in, input) = mpsc::channel(TYPED);
        let (frames, shown) = mpsc::channel(1);
        let (say_drawn, drawn) = mpsc::channel(4);
        let size = believed(size);
        (Line { input, frames, drawn, size, lend: None }, FarEnd { input: type_in, frames: shown, drawn: say_drawn })
    }
}
