//! The scores of the open customer: what is asked for, the cursor among them, and correcting what a message sounds like.

use super::layout::Pane;
use super::screen::Then;
use super::signs::Signs;
use super::{Load, Screen};
use crate::command::{Verb, of};
use crate::keymap::Context;
use crate::model::{Act, CustomerId, Direction, MessageId, Score, ScoreKind, Scorecard, SegmentKind, SentimentLabel};

/// Readings under which a chart of them says nothing.
const CHARTED: usize = 3;

/// Columns of a sentence in the pane where it is narrow.
const NARROW: usize = 32;

/// What the pane of scores remembers.
#[derive(Debug, Default)]
pub(super) struct Scores {
    /// The row under the cursor: a score, then a segment.
    pub selected: usize,
    /// Whose were asked for and are not answered.
    asked: Option<CustomerId>,
    again: bool,
}

/// Rows of the pane of these scores where it is narrow, its frame included.
pub(super) fn score_rows(card: &Scorecard) -> u16 {
    // Two a score; a word about corrections, or that there are none yet, and about what is stale.
    let foot = match (card.scores.is_empty(), card.stale) {
        (true, _) => 3,
        (false, true) => 5,
        (false, false) => 2,
    };
    // What was learned may take more lines where it is not plain.
    let foot = foot.max(card.taught.words().len().div_ceil(NARROW));
    (2 + 2 * card.scores.len() + card.segments.len() + foot) as u16
}

impl Scores {
    /// No answer comes.
    pub(super) fn forget(&mut self) {
        (self.asked, self.again) = (None, false);
    }
}

impl Screen {
    /// The signs this terminal can show.
    pub(super) fn signs(&self) -> Signs {
        Signs { plain: self.comforts.plain }
    }

    /// The scores of the open customer, when they came.
    pub(super) fn scorecard(&self) -> Option<&Scorecard> {
        self.open.as_ref().and_then(|open| open.scores.as_deref())
    }

    /// One of them.
    pub(super) fn score(&self, kind: ScoreKind) -> Option<&Score> {
        self.scorecard()?.scores.iter().find(|score| score.kind == kind)
    }

    /// True when there is something to draw a chart of.
    pub(super) fn has_moods(&self) -> bool {
        self.moods && self.open.as_ref().is_some_and(|open| open.readings.len() >= CHARTED)
    }

    /// True when one of these stands in the list of cases.
    pub(super) fn is_listed(&self, customers: &[CustomerId]) -> bool {
        customers.iter().any(|id| self.inbox.position(*id).is_some())
    }

    /// Asks for the open customer's scores, one question at a time.
    pub(super) fn ask_scores(&mut self) {
        let Some(id) = self.open.as_ref().map(|open| open.id) else { return };
        if self.scores.asked.is_some() {
            self.scores.again = true;
        } else {
            self.scores.asked = Some(id);
            self.load(Load::Scorecard(id));
        }
    }

    /// Scores came.
    pub(super) fn take_scorecard(&mut self, id: CustomerId, card: Option<Box<Scorecard>>) {
        self.scores.asked = None;
        let again = std::mem::take(&mut self.scores.again);
        match self.open.as_mut().filter(|open| open.id == id) {
            Some(open) => {
                open.scores = card;
                if again {
                    self.ask_scores();
                }
            }
            // The agent went on meanwhile: now the one wanted.
            None => self.ask_scores(),
        }
        let rows = self.scorecard().map_or(0, |card| card.scores.len() + card.segments.len());
        self.scores.selected = self.scores.selected.min(rows.saturating_sub(1));
        self.aim_why();
    }

    /// Moves the cursor in the pane of scores.
    pub(super) fn move_in_scores(&mut self, rows: isize) {
        let last = self.scorecard().map_or(0, |card| (card.scores.len() + card.segments.len()).saturating_sub(1));
        self.scores.selected = self.scores.selected.saturating_add_signed(rows).min(last);
    }

    /// The segment under the cursor in the pane of scores; `None` when it is on a score, and elsewhere.
    pub(super) fn segment(&self) -> Option<(SegmentKind, String)> {
        let card = self.scorecard().filter(|_| self.focus == Pane::Scores)?;
        card.segments.get(self.scores.selected.checked_sub(card.scores.len())?).cloned()
    }

    /// Enter on a score or a segment.
    pub(super) fn open_score(&mut self) {
        match self.segment() {
            Some((kind, name)) => self.show_segments_at(kind, Some(name)),
            None => self.explain(Context::Profile),
        }
    }

    /// Goes to the scores of the customer under the cursor.
    pub(super) fn show_scores(&mut self) {
        if self.composer.is_some() {
            return self.complain("finish what you are writing first, or keep it as a draft");
        }
        let Some(id) = self.target() else { return self.complain("choose a customer first") };
        self.sheets.clear();
        self.focus = Pane::Scores;
        self.open_customer(id, true);
    }

    /// The score under the cursor; the mood elsewhere.
    pub(super) fn chosen_score(&self) -> ScoreKind {
        let chosen = self.scorecard().and_then(|card| card.scores.get(self.scores.selected));
        chosen.filter(|_| self.focus == Pane::Scores).map_or(ScoreKind::Mood, |score| score.kind)
    }

    /// Marks what messages and customers sound like, or not.
    pub(super) fn switch_moods(&mut self, argument: &str) {
        self.moods = match argument {
            "" => !self.moods,
            "on" => true,
            "off" => false,
            other => return self.complain(format!("`{other}` is neither on nor off")),
        };
        self.say(match self.moods {
            true => "moods are marked",
            false => "moods are not marked; `moods = false` in config.toml keeps it so",
        });
    }

    /// Says what a message sounds like: the one that is explained, or the one under the cursor.
    pub(super) fn correct(&mut self, argument: &str) {
        let label = match (argument, SentimentLabel::from_word(argument)) {
            ("none", _) => None,
            (_, Some(label)) => Some(label),
            (other, None) => {
                return self.complain(format!("`{other}` is no label; say {}", of(Verb::Sentiment).takes.help()));
            }
        };
        let Some(message) = self.heard() else {
            return self
                .say("choose a message of the customer first: in the timeline, or among the reasons of a score");
        };
        let open = self.open.as_ref();
        let found = open.and_then(|open| open.entries.iter().find(|entry| entry.message.id == message));
        if found.is_some_and(|entry| entry.message.direction != Direction::Inbound) {
            return self.say("only what customers write has a mood: choose one of their messages");
        }
        self.act(Act::CorrectSentiment { message, label }, Then::Corrected);
    }

    /// The message a correction is about.
    fn heard(&self) -> Option<MessageId> {
        match self.sheets.last() {
            Some(_) => self.message_of_why(),
            None if self.focus == Pane::Timeline => {
                self.open.as_ref().and_then(|open| open.entry()).map(|entry| entry.message.id)
            }
            None => None,
        }
    }

    /// Shows segments; without a word those of the usual kind.
    pub(super) fn show_segments(&mut self, argument: &str) {
        let kind = if argument.is_empty() { Some(SegmentKind::Rfm) } else { SegmentKind::from_word(argument) };
        match kind {
            Some(kind) => self.show_segments_at(kind, None),
            None => {
                let text = format!("there are no segments `{argument}`; say {}", of(Verb::Segments).takes.help());
                self.complain(text);
            }
        }
    }
}
