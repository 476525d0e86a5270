//! The mouse: a click focuses and selects, a click on what is selected opens it, the wheel scrolls what it is over.

use super::Screen;
use super::composer::Stage;
use super::layout::{Pane, inner};
use super::sheet::Content;
use crate::command::Verb;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};
use ratatui_textarea::Scrolling;

/// Rows a turn of the wheel moves by.
const WHEEL: isize = 3;

impl Screen {
    /// Something was done with the mouse.
    pub(super) fn mouse(&mut self, event: MouseEvent) {
        // A question is answered by a key: a click beside it must not answer or hide it.
        if self.question.is_some() || self.is_too_small() {
            return;
        }
        let at = Position { x: event.column, y: event.row };
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            MouseEventKind::ScrollDown => self.wheel(at, WHEEL),
            MouseEventKind::ScrollUp => self.wheel(at, -WHEEL),
            _ => {}
        }
    }

    /// The pane at a place, and the row of its inside.
    fn pane_at(&self, at: Position) -> Option<(Pane, Rect, usize)> {
        let places = self.layout();
        let panes = [
            (Pane::Inbox, places.inbox),
            (Pane::Timeline, places.timeline),
            (Pane::Profile, places.profile),
            (Pane::Scores, places.scores),
        ];
        let (pane, area) = panes.into_iter().find_map(|(pane, area)| Some((pane, area.filter(|a| a.contains(at))?)))?;
        let inside = inner(area);
        Some((pane, inside, usize::from(at.y.saturating_sub(inside.y))))
    }

    fn click(&mut self, at: Position) {
        if self.prompt.is_some() {
            return;
        }
        if self.said.as_ref().is_some_and(|said| said.leaves.is_none()) {
            self.said = None;
        }
        self.keys.clear();
        self.touch();
        if matches!(self.sheets.last().map(|sheet| &sheet.content), Some(Content::Segments(_))) {
            // Two lists stand there: keys go between them.
            return;
        }
        if let Some(sheet) = self.sheets.last_mut() {
            let inside = inner(Rect::new(0, 0, self.size.0, self.size.1.saturating_sub(2)));
            let row = sheet.top + usize::from(at.y.saturating_sub(inside.y));
            let on_row = inside.contains(at) && !sheet.is_text() && row < sheet.len();
            if on_row && std::mem::replace(&mut sheet.selected, row) == row {
                self.open_in_list();
            }
            return;
        }
        if self.composer.is_some() {
            return;
        }
        let Some((pane, inside, row)) = self.pane_at(at) else { return };
        let within = inside.contains(at);
        match pane {
            Pane::Inbox => {
                let row = self.inbox.top + row;
                let had_keys = std::mem::replace(&mut self.focus, Pane::Inbox) == Pane::Inbox;
                if within && row < self.inbox.rows.len() {
                    let again = std::mem::replace(&mut self.inbox.selected, row) == row;
                    self.follow();
                    if again && had_keys {
                        self.run_with(Verb::Open, "");
                    }
                }
            }
            Pane::Timeline | Pane::Profile | Pane::Scores => {
                let Some(open) = &mut self.open else { return };
                if pane == Pane::Timeline && within {
                    let line = open.top + row;
                    let found = open
                        .visible(open.top, usize::from(inside.height))
                        .filter(|(_, start, _)| *start <= line)
                        .last();
                    if let Some((index, ..)) = found {
                        open.selected = index;
                    }
                }
                let id = open.id;
                self.focus = pane;
                self.open_customer(id, true);
            }
        }
    }

    fn wheel(&mut self, at: Position, rows: isize) {
        self.touch();
        if self.prompt.is_some() {
            if self.palette.is_some() {
                self.run_in_prompt(if rows > 0 { Verb::Down } else { Verb::Up });
            }
            return;
        }
        if !self.sheets.is_empty() {
            let height = self.rows();
            return self.move_in_list(rows, height);
        }
        if let (Some(area), Some(composer)) = (self.layout().compose, &mut self.composer)
            && area.contains(at)
        {
            return match composer.stage {
                Stage::Writing => composer.body.scroll(Scrolling::Delta { rows: rows as i16, cols: 0 }),
                Stage::Review { .. } => self.scroll_review(rows),
            };
        }
        match self.pane_at(at) {
            Some((Pane::Inbox, ..)) => {
                let last = self.inbox.rows.len().saturating_sub(1);
                self.inbox.selected = self.inbox.selected.saturating_add_signed(rows).min(last);
                self.follow();
            }
            Some((Pane::Timeline, inside, _)) => {
                if let Some(open) = &mut self.open {
                    open.scroll(rows, usize::from(inside.height));
                }
            }
            Some((Pane::Profile, ..)) => self.move_in_profile(rows),
            Some((Pane::Scores, ..)) => self.move_in_scores(rows),
            None => {}
        }
    }
}
