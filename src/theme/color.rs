//! Colours: how a theme writes them, and the nearest of those that a terminal has.

use ratatui::style::Color;

/// The six steps of a channel in xterm's cube.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

pub(super) fn indexed(index: u8) -> (u8, u8, u8) {
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

pub(super) fn nearest_indexed(r: u8, g: u8, b: u8) -> u8 {
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

/// How light a colour is, from 0 to 1 (WCAG's relative luminance).
pub(super) fn luminance(r: u8, g: u8, b: u8) -> f64 {
    let linear = |channel: u8| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.039_28 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
}

/// How well one colour is read on another, from 1 to 21 (WCAG 2.1).
#[cfg(test)]
pub(crate) fn contrast(a: Color, b: Color) -> f64 {
    let light = |color| match color {
        Color::Rgb(r, g, b) => luminance(r, g, b),
        Color::Indexed(index) if index > 15 => {
            let (r, g, b) = indexed(index);
            luminance(r, g, b)
        }
        other => panic!("{other:?} is the terminal's own"),
    };
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Dark letters are better on it than light ones.
pub(super) fn is_light(color: Color) -> bool {
    let named = SIXTEEN.iter().find(|(_, named, _)| *named == color).map(|(_, _, rgb)| *rgb);
    let (r, g, b) = match color {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(index) if index > 15 => indexed(index),
        _ => named.unwrap_or_default(),
    };
    luminance(r, g, b) > 0.18
}

/// The nearest of the sixteen in hue, light or dark: by distance alone most soft colours would be grey.
pub(super) fn nearest_named(r: u8, g: u8, b: u8) -> Color {
    let (light, most, least) = (luminance(r, g, b), r.max(g).max(b), r.min(g).min(b));
    let spread = most - least;
    let is_grey = spread < 40 || u32::from(spread) * 4 < u32::from(most) || light < 0.04;
    if is_grey {
        return match light {
            0.0..0.04 => Color::Black,
            0.04..0.2 => Color::DarkGray,
            0.2..0.65 => Color::Gray,
            _ => Color::White,
        };
    }
    let high = |channel: u8| u32::from(channel - least) * 2 > u32::from(spread);
    match ((high(r), high(g), high(b)), light > 0.3) {
        ((true, false, false), true) => Color::LightRed,
        ((false, true, false), true) => Color::LightGreen,
        ((true, true, _), true) => Color::LightYellow,
        ((false, false, _), true) => Color::LightBlue,
        ((true, false, true), true) => Color::LightMagenta,
        ((false, true, true), true) => Color::LightCyan,
        ((false, true, false), false) => Color::Green,
        // What the sixteen call yellow is too light where a dark one was meant.
        ((true, _, false), false) => Color::Red,
        ((false, false, _) | (true, true, true), false) => Color::Blue,
        ((true, false, true), false) => Color::Magenta,
        ((false, true, true), false) => Color::Cyan,
    }
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
