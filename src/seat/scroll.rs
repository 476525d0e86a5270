//! Finding what only moved up or down: a terminal moves rows by itself, and a slow line carries a few bytes instead of a
//! whole list.

use ratatui::buffer::{Buffer, Cell};
use std::ops::Range;

/// Rows further away than this are not looked for.
const FARTHEST: u16 = 12;
/// Fewer rows that fit are not worth the trouble.
const FEWEST: u16 = 4;

/// Rows that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scroll {
    /// The rows that take part: those that leave and those that come in too.
    pub rows: Range<u16>,
    /// By how many, upwards; downwards when negative.
    pub up: i32,
}

fn row(buffer: &Buffer, y: u16) -> &[Cell] {
    let wide = usize::from(buffer.area.width);
    let from = usize::from(y) * wide;
    buffer.content.get(from..from + wide).unwrap_or_default()
}

/// Cells of a row that would have to be written.
fn cost(shown: &[Cell], wanted: &[Cell]) -> usize {
    shown.iter().zip(wanted).filter(|(a, b)| a != b).count()
}

/// The move that saves most cells, if one saves enough.
pub(super) fn find(shown: &Buffer, wanted: &Buffer) -> Option<Scroll> {
    if shown.area != wanted.area {
        return None;
    }
    let height = wanted.area.height;
    let changed: Vec<u16> = (0..height).filter(|y| row(shown, *y) != row(wanted, *y)).collect();
    let (first, last) = (*changed.first()?, *changed.last()?);
    if last - first < FEWEST {
        return None;
    }
    let mut best: Option<(usize, Scroll)> = None;
    for distance in 1..=FARTHEST.min(last - first) {
        for up in [true, false] {
            // The longest run of rows that are where `distance` rows away others were.
            let fits = |y: u16| {
                let from =
                    if up { y.checked_add(distance).filter(|from| *from < height) } else { y.checked_sub(distance) };
                from.is_some_and(|from| cost(row(shown, from), row(wanted, y)) * 4 < usize::from(wanted.area.width))
            };
            let mut run = 0..0;
            let mut begin = first;
            for y in first..=last + 1 {
                if y > last || !fits(y) {
                    if y - begin > run.end - run.start {
                        run = begin..y;
                    }
                    begin = y + 1;
                }
            }
            if run.end - run.start < FEWEST {
                continue;
            }
            let rows = if up { run.start..run.end + distance } else { run.start - distance..run.end };
            let before: usize = rows.clone().map(|y| cost(row(shown, y), row(wanted, y))).sum();
            let moved: usize = run
                .clone()
                .map(|y| {
                    let from = if up { y + distance } else { y - distance };
                    cost(row(shown, from), row(wanted, y))
                })
                .sum();
            let fresh = usize::from(distance) * usize::from(wanted.area.width);
            let saved = before.saturating_sub(moved + fresh);
            let up = if up { i32::from(distance) } else { -i32::from(distance) };
            if saved > usize::from(wanted.area.width) && best.as_ref().is_none_or(|(most, _)| saved > *most) {
                best = Some((saved, Scroll { rows, up }));
            }
        }
    }
    best.map(|(_, scroll)| scroll)
}

/// What the terminal shows once it has moved its rows: those that came in are blank.
pub(super) fn apply(shown: &mut Buffer, scroll: &Scroll) {
    let wide = usize::from(shown.area.width);
    let from = usize::from(scroll.rows.start) * wide;
    let to = usize::from(scroll.rows.end) * wide;
    let cells = scroll.up.unsigned_abs() as usize * wide;
    let Some(region) = shown.content.get_mut(from..to).filter(|region| region.len() >= cells) else { return };
    if scroll.up > 0 {
        region.rotate_left(cells);
        let kept = region.len() - cells;
        region[kept..].fill(Cell::default());
    } else {
        region.rotate_right(cells);
        region[..cells].fill(Cell::default());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    fn screen(lines: &[&str]) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 20, lines.len() as u16));
        for (y, line) in lines.iter().enumerate() {
            buffer.set_string(0, y as u16, line, Style::default());
        }
        buffer
    }

    const LIST: [&str; 9] = [
        "head of it all",
        "alpha and others",
        "beta, a second one",
        "gamma rays for all",
        "delta of the Nile",
        "epsilon, small",
        "zeta is not last",
        "eta is next to it",
        "foot",
    ];

    #[test]
    fn a_list_that_moved_is_found_and_moving_it_gives_the_list() {
        let mut moved = LIST;
        moved[1..8].rotate_left(2);
        (moved[6], moved[7]) = ("theta came in", "iota too");
        let (before, after) = (screen(&LIST), screen(&moved));
        let scroll = find(&before, &after).unwrap();
        assert_eq!(scroll, Scroll { rows: 1..8, up: 2 });
        let mut shown = before.clone();
        apply(&mut shown, &scroll);
        for y in [0, 1, 2, 3, 4, 5, 8] {
            assert_eq!(row(&shown, y), row(&after, y), "{y}");
        }
        let back = find(&after, &before).unwrap();
        assert_eq!(back, Scroll { rows: 1..8, up: -2 });
    }

    #[test]
    fn what_did_not_move_is_left() {
        assert_eq!(find(&screen(&LIST), &screen(&LIST)), None);
        let mut other = LIST;
        other[3] = "something else";
        assert_eq!(find(&screen(&LIST), &screen(&other)), None);
        assert_eq!(find(&screen(&LIST), &screen(&["x"; 9])), None);
        assert_eq!(find(&screen(&LIST), &screen(&LIST[..4])), None, "another size");
    }
}
