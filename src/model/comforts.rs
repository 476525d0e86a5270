//! What a screen may do with the terminal beyond letters: each of it can be turned off.

/// How a screen tells that somebody wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    /// Not at all.
    #[default]
    Off,
    /// The terminal's bell.
    Bell,
    /// A notification by OSC 9.
    Osc9,
    /// A notification by OSC 777.
    Osc777,
}

impl Notify {
    /// The way with this word.
    pub fn from_word(word: &str) -> Option<Notify> {
        Some(match word {
            "off" => Notify::Off,
            "bell" => Notify::Bell,
            "osc9" => Notify::Osc9,
            "osc777" => Notify::Osc777,
            _ => return None,
        })
    }

    /// True when something is told.
    pub fn is_on(self) -> bool {
        self != Notify::Off
    }
}

/// What a screen may do with its terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comforts {
    /// Take clicks and the wheel. The terminal's own selection needs Shift then.
    pub mouse: bool,
    /// Copy to the clipboard.
    pub clipboard: bool,
    /// Links that can be clicked.
    pub links: bool,
    /// Tell that somebody wrote.
    pub notify: Notify,
    /// Mark what messages and customers sound like.
    pub moods: bool,
    /// Draw charts and signs of scores with ASCII alone.
    pub plain: bool,
}

impl Default for Comforts {
    fn default() -> Comforts {
        // The mouse is the terminal's until somebody asks for it: its own selection is what a terminal person reaches for,
        // and the wheel works without, since terminals send it as arrow keys to a screen like ours.
        Comforts { mouse: false, clipboard: true, links: true, notify: Notify::Off, moods: true, plain: false }
    }
}
