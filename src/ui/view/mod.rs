//! Drawing: the state of a screen as one frame. Nothing here changes anything.

mod accounts;
mod chart;
mod composer;
mod first_run;
mod following;
mod help;
mod inbox;
mod moods;
mod paint;
mod palette;
mod people;
mod profile;
mod scores;
mod segments;
mod sheet;
mod status;
mod timeline;
mod tour;
mod why;

pub(super) use accounts::lines as account_lines;
pub use first_run::view as view_first_run;
pub(super) use help::lines as help_lines;
pub(super) use people::compare_lines;
pub(super) use why::lines as why_lines;

use super::Screen;
use super::layout::{LEAST, Pane, too_small};
use super::text::width as columns;
use crate::command::Verb;
use crate::theme::{Element, Theme};
use paint::Painter;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Where nothing useful fits, says how much is needed and how to leave, in as many words as there is room for: no other
/// key does anything then.
fn says_too_small(area: Rect, painter: &mut Painter<'_>) -> bool {
    let small = too_small(area.width, area.height);
    if small {
        for (row, line) in too_small_lines(area.width, area.height).iter().enumerate() {
            let element = if row == 0 { Element::Warning } else { Element::Text };
            painter.text(area, row as u16, line, element);
        }
    }
    small
}

fn too_small_lines(width: u16, height: u16) -> Vec<String> {
    let (wide, high) = LEAST;
    let told = [
        vec![
            format!("Switchboard needs {wide} × {high}; this is {width} × {height}"),
            "Make the window larger; nothing is lost.".to_owned(),
            "Ctrl-C leaves.".to_owned(),
        ],
        vec![format!("Needs {wide} × {high},"), format!("has {width} × {height}."), "Ctrl-C leaves.".to_owned()],
        vec![format!("Needs {wide} × {high};"), "Ctrl-C leaves.".to_owned()],
        vec![format!("{wide}×{high}"), "^C".to_owned()],
    ];
    let fits = |lines: &&Vec<String>| {
        lines.len() <= usize::from(height) && lines.iter().all(|line| columns(line) <= usize::from(width))
    };
    match told.iter().find(fits) {
        Some(lines) => lines.clone(),
        // Not even the two numbers side by side: as much of them as there is, letter by letter.
        None => {
            let letters: Vec<char> = format!("{wide}×{high} ^C").chars().collect();
            letters.chunks(usize::from(width).max(1)).map(|line| line.iter().collect()).collect()
        }
    }
}

/// Draws a screen.
pub fn view(screen: &Screen, theme: &Theme, frame: &mut Frame) {
    let area = frame.area();
    let mut painter = Painter::new(frame.buffer_mut(), theme).with_links(&screen.links);
    painter.ground(area);
    if says_too_small(area, &mut painter) {
        return;
    }
    let places = screen.layout();
    if let Some(sheet) = screen.sheets.last() {
        sheet::draw(screen, sheet, places.body, &mut painter);
    } else {
        let writing = screen.composer.is_some();
        let focused = |pane| !writing && screen.focus == pane;
        if let Some(area) = places.inbox {
            inbox::draw(screen, area, focused(Pane::Inbox), &mut painter);
        }
        if let Some(area) = places.timeline {
            timeline::draw(screen, area, focused(Pane::Timeline), &mut painter);
        }
        if let Some(area) = places.profile {
            profile::draw(screen, area, focused(Pane::Profile), &mut painter);
        }
        if let Some(area) = places.scores {
            scores::draw(screen, area, focused(Pane::Scores), &mut painter);
        }
        if let Some(area) = places.moods {
            moods::draw(screen, area, &mut painter);
        }
        if let (Some(area), Some(writing)) = (places.compose, &screen.composer) {
            composer::draw(screen, writing, area, &mut painter);
        }
    }
    if screen.division.zoomed && area.width >= 100 && screen.sheets.is_empty() {
        let keys = screen.key_name(screen.context(), Verb::Zoom);
        let text = format!(" zoomed: {keys} shows the others too ");
        let foot = Rect::new(places.body.x + 2, places.body.bottom() - 1, places.body.width - 4, 1);
        painter.text(foot, 0, &text, Element::Dim);
    }
    if let (Some(palette), Some(prompt)) = (&screen.palette, &screen.prompt) {
        palette::draw(screen, palette, prompt, places.body, &mut painter);
    }
    status::draw(screen, places.status, places.hint, &mut painter);
    if screen.tour {
        tour::draw(screen, places.body, &mut painter);
    }
}
