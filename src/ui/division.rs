//! How an agent divides the width of the screen among the panes. Shares, not columns, so that a resized terminal keeps
//! the proportions.

use super::Screen;
use super::layout::Pane;
use crate::command::Verb;

/// No pane is narrower than this: what stands in it could not be read.
const INBOX_LEAST: u16 = 30;
const TIMELINE_LEAST: u16 = 40;
const PROFILE_LEAST: u16 = 26;
const COMPOSE_LEAST: u16 = 40;
/// Columns of a profile nobody has resized.
const PROFILE: u16 = 38;
/// Columns a key moves a border by.
const STEP: u16 = 4;
/// The whole of a share.
pub const WHOLE: u16 = 10_000;
/// The division is kept so long after the last change of it, in milliseconds: a held key is one change.
const KEEP_AFTER: i64 = 1_000;

/// The shares of the width, of [`WHOLE`]; `None` where the agent changed nothing. Two and three panes are remembered
/// apart from each other. Whatever stands here, [`Division`]'s columns are usable: it may come from a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Division {
    /// The inbox beside the timeline.
    pub inbox_of_two: Option<u16>,
    /// The profile beside the timeline.
    pub profile_of_two: Option<u16>,
    /// The inbox of three panes.
    pub inbox_of_three: Option<u16>,
    /// The profile of three panes.
    pub profile_of_three: Option<u16>,
    /// The text being written beside the timeline.
    pub compose: Option<u16>,
    /// The pane that has the keys takes all of the body.
    pub zoomed: bool,
}

fn columns(share: u16, width: u16) -> u16 {
    let whole = u32::from(WHOLE);
    ((u32::from(share.min(WHOLE)) * u32::from(width) + whole / 2) / whole) as u16
}

fn share(columns: u16, width: u16) -> u16 {
    let width = u32::from(width.max(1));
    ((u32::from(columns) * u32::from(WHOLE) + width / 2) / width).min(u32::from(WHOLE)) as u16
}

/// `wanted` columns beside a neighbour that keeps its own least. The terminal is wide enough for both.
fn beside(wanted: u16, least: u16, neighbour: u16, width: u16) -> u16 {
    wanted.clamp(least, width.saturating_sub(neighbour).max(least))
}

impl Division {
    /// Columns of the inbox of two panes.
    pub(super) fn inbox(&self, width: u16) -> u16 {
        let wanted = self.inbox_of_two.map_or(width / 5 * 2 + width % 5 * 2 / 5, |share| columns(share, width));
        beside(wanted, INBOX_LEAST, TIMELINE_LEAST, width)
    }

    /// Columns of the profile of two panes.
    pub(super) fn profile(&self, width: u16) -> u16 {
        let wanted = self.profile_of_two.map_or(PROFILE, |share| columns(share, width));
        beside(wanted, PROFILE_LEAST, TIMELINE_LEAST, width)
    }

    /// Columns of the text being written.
    pub(super) fn compose(&self, width: u16) -> u16 {
        let wanted = self.compose.map_or(width - width / 2, |share| columns(share, width));
        beside(wanted, COMPOSE_LEAST, TIMELINE_LEAST, width)
    }

    /// Columns of inbox and profile of three panes.
    pub(super) fn three(&self, width: u16) -> (u16, u16) {
        let right = self.profile_of_three.map_or(PROFILE, |share| columns(share, width));
        let right = beside(right, PROFILE_LEAST, TIMELINE_LEAST + INBOX_LEAST, width);
        let left = self.inbox_of_three.map_or(width / 3, |share| columns(share, width));
        (beside(left, INBOX_LEAST, TIMELINE_LEAST + right, width), right)
    }

    /// Makes the pane that has the keys wider or narrower by so many columns. False when no border can move.
    fn resize(&mut self, by: i32, width: u16, focus: Pane, composing: bool) -> bool {
        let moved = |columns: u16, by: i32| (i32::from(columns) + by).clamp(0, i32::from(width)) as u16;
        let before = *self;
        // They share a column.
        let focus = if focus == Pane::Scores { Pane::Profile } else { focus };
        let (two, three) = (width < 150, self.three(width));
        match focus {
            _ if composing => self.compose = Some(share(moved(self.compose(width), by), width)),
            Pane::Inbox if two => self.inbox_of_two = Some(share(moved(self.inbox(width), by), width)),
            Pane::Timeline if two => self.inbox_of_two = Some(share(moved(self.inbox(width), -by), width)),
            Pane::Profile if two => self.profile_of_two = Some(share(moved(self.profile(width), by), width)),
            Pane::Inbox => self.inbox_of_three = Some(share(moved(three.0, by), width)),
            Pane::Profile | Pane::Scores => {
                // The timeline gives and takes; the inbox stays where it is.
                self.profile_of_three = Some(share(moved(three.1, by).min(width - three.0 - TIMELINE_LEAST), width));
            }
            Pane::Timeline => {
                self.inbox_of_three = Some(share(moved(three.0, -by), width));
                // The inbox has no more to give: then the profile.
                if by > 0 && three.0 <= INBOX_LEAST {
                    self.profile_of_three = Some(share(moved(three.1, -by), width));
                }
            }
        }
        let shown = |division: &Division| match (composing, two) {
            (true, _) => (division.compose(width), 0),
            (false, true) if focus == Pane::Profile => (division.profile(width), 0),
            (false, true) => (division.inbox(width), 0),
            (false, false) => division.three(width),
        };
        let changed = shown(&before) != shown(self);
        if !changed {
            // What cannot be seen must not add up until it can.
            *self = before;
        }
        changed
    }
}

impl Screen {
    /// Commands about the borders between the panes.
    pub(super) fn divide(&mut self, verb: Verb) {
        let zoom = self.key_name(self.context(), Verb::Zoom);
        if verb == Verb::Zoom {
            self.division.zoomed = !self.division.zoomed;
            if self.size.0 < 100 {
                self.say(match self.division.zoomed {
                    true => "on a wider terminal this pane now has all of it",
                    false => "on a wider terminal the panes share it again",
                });
            }
        } else if verb == Verb::ResetPanes {
            self.division = super::Division::default();
            self.say("the panes are divided as at first");
        } else if self.division.zoomed {
            return self.say(format!("this pane has the whole screen; {zoom} gives the others their part back"));
        } else if !self.sheets.is_empty() || self.layout().panes() < 2 {
            return self.say("only one pane is shown; from 100 columns there are two, from 150 three");
        } else {
            let by = i32::from(STEP) * if verb == Verb::Grow { 1 } else { -1 };
            let (width, composing) = (self.size.0, self.composer.is_some());
            if !self.division.resize(by, width, self.focus, composing) {
                return self.say(match verb {
                    Verb::Grow => "the panes beside it can give no more",
                    _ => "narrower it could not be read",
                });
            }
        }
        self.keep_division_at = Some(self.now.plus_millis(KEEP_AFTER));
        self.touch();
        self.follow();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_changed_is_as_it_always_was() {
        let division = Division::default();
        assert_eq!((division.inbox(100), division.inbox(120), division.profile(120)), (40, 48, 38));
        assert_eq!((division.three(160), division.compose(121)), ((53, 38), 61));
    }

    #[test]
    fn shares_survive_every_width_and_a_step_is_a_step() {
        for width in 100..400 {
            for wanted in [INBOX_LEAST, 44, 57, width - TIMELINE_LEAST] {
                let division = Division { inbox_of_two: Some(share(wanted, width)), ..Division::default() };
                assert_eq!(division.inbox(width), wanted, "{width}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_remembered_every_pane_can_be_read(
            shares in proptest::collection::vec(proptest::option::of(0u16..), 5),
            width in 100u16..,
        ) {
            let division = Division {
                inbox_of_two: shares[0],
                profile_of_two: shares[1],
                inbox_of_three: shares[2],
                profile_of_three: shares[3],
                compose: shares[4],
                zoomed: false,
            };
            let inbox = division.inbox(width);
            proptest::prop_assert!(inbox >= INBOX_LEAST && width - inbox >= TIMELINE_LEAST);
            let profile = division.profile(width);
            proptest::prop_assert!(profile >= PROFILE_LEAST && width - profile >= TIMELINE_LEAST);
            let compose = division.compose(width);
            proptest::prop_assert!(compose >= COMPOSE_LEAST && width - compose >= TIMELINE_LEAST);
            if width >= 150 {
                let (left, right) = division.three(width);
                proptest::prop_assert!(left >= INBOX_LEAST && right >= PROFILE_LEAST);
                proptest::prop_assert!(width - left - right >= TIMELINE_LEAST);
            }
        }
    }
}
