//! Colours and what is left of them on terminals that know fewer.

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
    /// What the environment says: `NO_COLOR` (<https://no-color.org>), `COLORTERM`, `TERM`. `lookup` reads a variable.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> ColorDepth {
        let term = lookup("TERM").unwrap_or_default();
        let color_term = lookup("COLORTERM").unwrap_or_default();
        if lookup("NO_COLOR").is_some_and(|value| !value.is_empty()) || term == "dumb" {
            ColorDepth::None
        } else if color_term == "truecolor" || color_term == "24bit" || term.ends_with("-direct") {
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

/// The six steps of a channel in xterm's cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn indexed(index: u8) -> (u8, u8, u8) {
    if index >= 232 {
        let grey = 8 + (index - 232) * 10;
        return (grey, grey, grey);
    }
    let cube = index.saturating_sub(16);
    let step = |n: u8| STEPS[usize::from(n % 6)];
    (step(cube / 36), step(cube / 6), step(cube))
}

fn distance((r, g, b): (u8, u8, u8), (x, y, z): (u8, u8, u8)) -> u32 {
    let square = |p: u8, q: u8| u32::from(p.abs_diff(q)).pow(2);
    // The eye sees green best and blue least.
    2 * square(r, x) + 4 * square(g, y) + square(b, z)
}

fn nearest_indexed(r: u8, g: u8, b: u8) -> u8 {
    (16..=255).min_by_key(|index| distance(indexed(*index), (r, g, b))).unwrap_or(16)
}

/// The sixteen names with the values most terminals give them.
const SIXTEEN: [(&str, Color, (u8, u8, u8)); 16] = [
    ("black", Color::Black, (0, 0, 0)),
    ("red", Color::Red, (170, 0, 0)),
    ("green", Color::Green, (0, 170, 0)),
    ("yellow", Color::Yellow, (170, 85, 0)),
    ("blue", Color::Blue, (0, 0, 170)),
    ("magenta", Color::Magenta, (170, 0, 170)),
    ("cyan", Color::Cyan, (0, 170, 170)),
    ("gray", Color::Gray, (170, 170, 170)),
    ("dark-gray", Color::DarkGray, (85, 85, 85)),
    ("light-red", Color::LightRed, (255, 85, 85)),
    ("light-green", Color::LightGreen, (85, 255, 85)),
    ("light-yellow", Color::LightYellow, (255, 255, 85)),
    ("light-blue", Color::LightBlue, (85, 85, 255)),
    ("light-magenta", Color::LightMagenta, (255, 85, 255)),
    ("light-cyan", Color::LightCyan, (85, 255, 255)),
    ("white", Color::White, (255, 255, 255)),
];

fn nearest_named(r: u8, g: u8, b: u8) -> Color {
    SIXTEEN.iter().min_by_key(|(_, _, rgb)| distance(*rgb, (r, g, b))).map_or(Color::Reset, |(_, color, _)| *color)
}

/// Reads `#7aa2f7`, one of the sixteen names, `default` (the terminal's own), or a number up to 255.
pub(super) fn parse(text: &str) -> Option<Color> {
    if let Some(hex) = text.strip_prefix('#') {
        if hex.len() != 6 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(hex, 16).ok()?;
        let [_, r, g, b] = value.to_be_bytes();
        return Some(Color::Rgb(r, g, b));
    }
    if text == "default" {
        return Some(Color::Reset);
    }
    let named = SIXTEEN.iter().find(|(name, _, _)| *name == text).map(|(_, color, _)| *color);
    named.or_else(|| text.parse().ok().map(Color::Indexed))
}
