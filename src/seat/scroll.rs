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

/// A number for the letters of a row: the same letters, the same number.
fn letters(cells: &[Cell]) -> u64 {
    let bytes = cells.iter().flat_map(|cell| cell.symbol().bytes());
    bytes.fold(0, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3).rotate_left(5))
}

/// The move that saves most cells, if one saves enough. Only the rows `drawn` can differ.
pub(super) fn find(shown: &Buffer, wanted: &Buffer, drawn: &[u16]) -> Option<Scroll> {
    if shown.area != wanted.area {
        return None;
    }
    let (height, wide) = (wanted.area.height, usize::from(wanted.area.width));
    let changed: Vec<u16> = drawn.iter().copied().filter(|y| row(shown, *y) != row(wanted, *y)).collect();
    let (first, last) = (*changed.first()?, *changed.last()?);
    if changed.len() <= usize::from(FEWEST) {
        return None;
    }
    let before: Vec<u64> = (0..height).map(|y| letters(row(shown, y))).collect();
    let after: Vec<(u16, u64)> = changed.iter().map(|y| (*y, letters(row(wanted, *y)))).collect();
    // Blank rows fit everywhere and say nothing.
    let source = |y: u16, up: i32| u16::try_from(i32::from(y) + up).ok().filter(|from| *from < height);
    let same = |up: i32| {
        let fit = |(y, number): &&(u16, u64)| source(*y, up).is_some_and(|from| before[usize::from(from)] == *number);
        after.iter().filter(fit).count()
    };
    let farthest = i32::from(FARTHEST.min(last - first));
    let ways = (1..=farthest).flat_map(|distance| [distance, -distance]);
    // The row under the cursor looks different before and after, so one or two fewer may fit than moved.
    let up = ways.max_by_key(|up| same(*up)).filter(|up| same(*up) >= usize::from(FEWEST) - 1)?;

    let fits = |y: u16| source(y, up).is_some_and(|from| cost(row(shown, from), row(wanted, y)) * 4 < wide);
    let (mut run, mut begin) = (0..0, first);
    for y in first..=last + 1 {
        if y > last || !fits(y) {
            if y - begin > run.end - run.start {
                run = begin..y;
            }
            begin = y + 1;
        }
    }
    if run.end - run.start < FEWEST {
        return None;
    }
    let distance = up.unsigned_abs() as u16;
    let rows = if up > 0 { run.start..run.end + distance } else { run.start - distance..run.end };
    let still: usize = rows.clone().map(|y| cost(row(shown, y), row(wanted, y))).sum();
    let moved: usize = run.filter_map(|y| Some(cost(row(shown, source(y, up)?), row(wanted, y)))).sum();
    let fresh = usize::from(distance) * wide;
    (still > moved + fresh + wide).then_some(Scroll { rows, up })
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

    const ALL: [u16; 9] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

    #[test]
    fn a_list_that_moved_is_found_and_moving_it_gives_the_list() {
        let mut moved = LIST;
        moved[1..8].rotate_left(2);
        (moved[6], moved[7]) = ("theta came in", "iota too");
        let (before, after) = (screen(&LIST), screen(&moved));
        let scroll = find(&before, &after, &ALL).unwrap();
        assert_eq!(scroll, Scroll { rows: 1..8, up: 2 });
        let mut shown = before.clone();
        apply(&mut shown, &scroll);
        for y in [0, 1, 2, 3, 4, 5, 8] {
            assert_eq!(row(&shown, y), row(&after, y), "{y}");
        }
        let back = find(&after, &before, &ALL).unwrap();
        assert_eq!(back, Scroll { rows: 1..8, up: -2 });
    }

    #[test]
    fn what_did_not_move_is_left() {
        assert_eq!(find(&screen(&LIST), &screen(&LIST), &ALL), None);
        let mut other = LIST;
        other[3] = "something else";
        assert_eq!(find(&screen(&LIST), &screen(&other), &ALL), None);
        assert_eq!(find(&screen(&LIST), &screen(&["x"; 9]), &ALL), None);
        assert_eq!(find(&screen(&LIST), &screen(&LIST[..4]), &ALL), None, "another size");
    }
}
