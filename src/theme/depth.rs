//! How many colours a terminal has, and what is left of a theme's.

use super::color::{indexed, nearest_indexed, nearest_named};
use ratatui::style::Color;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorDepth {
    /// None: only bold, underlined, reversed and the like (`NO_COLOR`, `TERM=dumb`).
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// 256 (xterm's cube).
    Indexed,
    /// 24 bits.
    #[default]
    True,
}

impl ColorDepth {
    /// What the environment of the terminal's user says: `NO_COLOR` (<https://no-color.org>), `TERM`, `COLORTERM`. `lookup`
    /// reads a variable; a screen that is attached from elsewhere brings its own.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> ColorDepth {
        let said = |name: &str| lookup(name).unwrap_or_default();
        let term = said("TERM");
        let term = term.as_str();
        if !said("NO_COLOR").is_empty() || is_monochrome(term) {
            return ColorDepth::None;
        }
        // GNU screen hands `COLORTERM` of the terminal around it on, and cannot do what that says.
        let in_screen = !said("STY").is_empty() && said("TMUX").is_empty();
        let full = matches!(said("COLORTERM").as_str(), "truecolor" | "24bit")
            || term.ends_with("-direct")
            // `COLORTERM` does not come along over SSH, the name of the terminal does.
            || ["kitty", "alacritty", "foot", "wezterm", "ghostty", "contour", "iterm2"].iter().any(|name| term.contains(name));
        if full && !in_screen {
            ColorDepth::True
        } else if term.contains("256color") {
            ColorDepth::Indexed
        } else {
            ColorDepth::Sixteen
        }
    }

    /// The nearest colour there is; `None` when there are no colours.
    pub(super) fn reduce(self, color: Color) -> Option<Color> {
        match (self, color) {
            (ColorDepth::None, _) => None,
            (_, Color::Rgb(r, g, b)) => Some(match self {
                ColorDepth::True => color,
                ColorDepth::Indexed => Color::Indexed(nearest_indexed(r, g, b)),
                _ => nearest_named(r, g, b),
            }),
            (ColorDepth::Sixteen, Color::Indexed(index)) if index > 15 => {
                let (r, g, b) = indexed(index);
                Some(nearest_named(r, g, b))
            }
            (_, other) => Some(other),
        }
    }
}

/// One of the sixteen that can be read on a light ground: the bright half of them cannot.
pub(super) fn on_light(color: Color) -> Color {
    match color {
        Color::Green | Color::LightGreen | Color::White => Color::Black,
        Color::Cyan | Color::LightCyan | Color::LightBlue => Color::Blue,
        Color::Yellow | Color::LightYellow | Color::LightRed => Color::Red,
        Color::LightMagenta => Color::Magenta,
        Color::Gray => Color::DarkGray,
        other => other,
    }
}

/// Terminals without colours by the names terminfo has for them.
fn is_monochrome(term: &str) -> bool {
    let name = term.split('-').next().unwrap_or_default();
    let vt = name.strip_prefix("vt").is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    matches!(name, "" | "dumb" | "unknown" | "sun" | "cons25l1" | "adm3a" | "hp" | "wy50" | "wyse50")
        || (vt && name != "vt525" && name != "vt340")
        || term.ends_with("-m")
        || term.ends_with("-mono")
}
