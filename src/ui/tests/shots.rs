//! Every pane as it looks: the words at three sizes, and at the smallest the colours of two themes.

use super::desk::FakeDesk;
use super::seat::FakeSeat;
use crate::theme::{ColorDepth, Theme};
use ratatui::style::Style;
use std::fmt::Write;

/// The panes, and the keys that lead there.
const PANES: [(&str, &[&str]); 11] = [
    ("inbox", &["j"]),
    ("timeline", &["Enter"]),
    ("profile", &["Enter", "Tab"]),
    ("writing", &["Enter", "r"]),
    ("review", &["Enter", "r", "x", "F2"]),
    ("note", &["Enter", "m"]),
    ("outbox", &["g b"]),
    ("following", &["g"]),
    ("palette", &["C-k"]),
    ("help", &["?"]),
    ("question", &["q"]),
];
pub(super) const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (160, 50)];

fn shot(width: u16, height: u16, keys: &[&str]) -> FakeSeat {
    let mut seat = FakeSeat::new(width, height, FakeDesk::shop());
    for keys in keys {
        seat.keys(keys);
    }
    seat
}

/// Each row as runs of styles, `a12b3` for twelve cells of one and three of another, and what the letters mean.
pub(super) fn colours(seat: &FakeSeat, theme: &str) -> String {
    let buffer = seat.buffer_in(&Theme::load(theme, &[], ColorDepth::True).0);
    let mut known: Vec<Style> = Vec::new();
    let mut text = format!("\n--- colours of {theme}\n");
    for y in 0..buffer.area.height {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for x in 0..buffer.area.width {
            let style = buffer[(x, y)].style();
            let at = known.iter().position(|other| *other == style).unwrap_or_else(|| {
                known.push(style);
                known.len() - 1
            });
            match runs.last_mut() {
                Some((last, length)) if *last == at => *length += 1,
                _ => runs.push((at, 1)),
            }
        }
        for (at, length) in runs {
            write!(text, "{}{length}", char::from(b'a' + at as u8)).unwrap();
        }
        text.push('\n');
    }
    for (at, style) in known.iter().enumerate() {
        let letter = char::from(b'a' + at as u8);
        writeln!(text, "{letter}: {:?} on {:?} {:?}", style.fg.unwrap(), style.bg.unwrap(), style.add_modifier)
            .unwrap();
    }
    text
}

#[test]
fn every_pane_at_three_sizes_and_in_two_themes() {
    for (name, keys) in PANES {
        for (width, height) in SIZES {
            let seat = shot(width, height, keys);
            let mut text = seat.frame();
            if (width, height) == SIZES[0] {
                text.push_str(&colours(&seat, "dark"));
                text.push_str(&colours(&seat, "light"));
            }
            insta::assert_snapshot!(format!("{name}_{width}x{height}"), text);
        }
    }
}
