//! Which pane stands where.

use super::division::Division;
use ratatui::layout::Rect;

/// The panes of a seat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Pane {
    /// One row a customer.
    #[default]
    Inbox,
    /// A customer's messages.
    Timeline,
    /// Who the customer is.
    Profile,
    /// How the customer is doing.
    Scores,
}

/// Narrower or lower than this nothing useful fits.
pub(super) const LEAST: (u16, u16) = (60, 15);

/// From so many rows profile and scores stand one above the other; under it the one that has the keys takes all.
const BOTH: u16 = 42;
/// Rows of the scores' pane under the profile, until it is known how many there are: two a score, the segments, the frame.
const SCORES: u16 = 23;
/// From so many rows and columns of the timeline there is room for a chart under it.
const CHARTED: (u16, u16) = (60, 40);
/// Rows of that chart, its frame included.
const CHART: u16 = 8;

/// The places of a frame. What is `None` is not shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    /// The list of cases.
    pub inbox: Option<Rect>,
    /// The messages.
    pub timeline: Option<Rect>,
    /// The profile.
    pub profile: Option<Rect>,
    /// The scores.
    pub scores: Option<Rect>,
    /// What messages sounded like over time.
    pub moods: Option<Rect>,
    /// Where a message is written.
    pub compose: Option<Rect>,
    /// All of the above: lists and help cover it.
    pub body: Rect,
    /// How it all is.
    pub status: Rect,
    /// Keys, questions and prompts.
    pub hint: Rect,
}

impl Layout {
    /// Profile and scores share a column.
    fn stack(&mut self, column: Option<Rect>, focus: Pane) {
        let Some(column) = column else { return };
        if column.height < BOTH {
            match focus {
                Pane::Scores => self.scores = Some(column),
                _ => self.profile = Some(column),
            }
            return;
        }
        (self.profile, self.scores) = (Some(column), Some(Rect { height: 0, ..column }));
        *self = self.with_scores(SCORES);
    }

    /// Gives the scores under the profile as many rows as they have, the frame included.
    pub(super) fn with_scores(mut self, rows: u16) -> Layout {
        if let (Some(profile), Some(scores)) = (&mut self.profile, &mut self.scores) {
            let height = profile.height + scores.height;
            let rows = rows.min(height * 3 / 5);
            profile.height = height - rows;
            *scores = Rect { y: profile.bottom(), height: rows, ..*profile };
        }
        self
    }

    /// Takes rows of the timeline for a chart under it, where there is room.
    pub(super) fn with_chart(mut self) -> Layout {
        if self.compose.is_none()
            && let Some(timeline) = self.timeline.as_mut().filter(|at| at.width >= CHARTED.0 && at.height >= CHARTED.1)
        {
            timeline.height -= CHART;
            self.moods = Some(Rect { y: timeline.bottom(), height: CHART, ..*timeline });
        }
        self
    }

    /// How many panes are shown.
    pub(super) fn panes(&self) -> usize {
        [self.inbox, self.timeline, self.profile.or(self.scores), self.compose].iter().flatten().count()
    }
}

/// True when the terminal is too small: nothing is shown then but how much is needed, and no key acts but the one to leave.
pub(super) fn too_small(width: u16, height: u16) -> bool {
    width < LEAST.0 || height < LEAST.1
}

/// One pane under 100 columns, two under 150, then three, as wide as the agent wants them; one when it is zoomed. While
/// writing, the timeline stays beside the text if there is room.
pub(super) fn layout(width: u16, height: u16, focus: Pane, composing: bool, division: &Division) -> Layout {
    let rows = height.saturating_sub(2);
    let body = Rect::new(0, 0, width, rows);
    let column = |x: u16, wide: u16| Some(Rect::new(x, 0, wide, rows));
    let mut layout = Layout {
        body,
        status: Rect::new(0, rows, width, 1),
        hint: Rect::new(0, rows + 1, width, 1),
        ..Layout::default()
    };
    let single = width < 100 || division.zoomed;
    match width {
        _ if single && composing => layout.compose = Some(body),
        _ if single => match focus {
            Pane::Inbox => layout.inbox = Some(body),
            Pane::Timeline => layout.timeline = Some(body),
            Pane::Profile => layout.profile = Some(body),
            Pane::Scores => layout.scores = Some(body),
        },
        _ if composing => {
            let right = division.compose(width);
            layout.timeline = column(0, width - right);
            layout.compose = column(width - right, right);
        }
        0..150 if matches!(focus, Pane::Profile | Pane::Scores) => {
            let right = division.profile(width);
            layout.timeline = column(0, width - right);
            layout.stack(column(width - right, right), focus);
        }
        0..150 => {
            let left = division.inbox(width);
            layout.inbox = column(0, left);
            layout.timeline = column(left, width - left);
        }
        _ => {
            let (left, right) = division.three(width);
            layout.inbox = column(0, left);
            layout.timeline = column(left, width - left - right);
            layout.stack(column(width - right, right), focus);
        }
    }
    layout
}

/// The inside of a pane's frame.
pub(super) fn inner(area: Rect) -> Rect {
    Rect::new(area.x + 1, area.y + 1, area.width.saturating_sub(2), area.height.saturating_sub(2))
}
