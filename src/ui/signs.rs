//! Signs of scores: what is good and bad is told by a sign and a word, never by colour alone; lines and bars of a row.

use crate::model::{Level, ScoreKind, SentimentLabel};
use crate::theme::Element;

/// A mood from here on is happy, under its negative unhappy; as the bands of the mood score have it.
const MOODY: i8 = 20;
/// Steps of a line, the lowest first.
const STEPS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const PLAIN_STEPS: [&str; 8] = ["_", ".", ":", "-", "=", "+", "*", "#"];
/// Parts of a bar's last column.
const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// Which signs the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signs {
    /// Only ASCII.
    pub plain: bool,
}

/// How a level looks.
pub(super) fn element(level: Level) -> Element {
    match level {
        Level::Good => Element::ScoreGood,
        Level::Fair => Element::ScoreFair,
        Level::Watch => Element::ScoreWatch,
        Level::Bad => Element::ScoreBad,
    }
}

/// How a label looks.
pub(super) fn label_element(label: SentimentLabel) -> Element {
    match label {
        SentimentLabel::Positive => Element::ScoreGood,
        SentimentLabel::Neutral => Element::ScoreFair,
        SentimentLabel::Negative => Element::ScoreBad,
    }
}

/// What a mood of so many percent sounds like.
pub(super) fn mood_label(percent: i8) -> SentimentLabel {
    if percent >= MOODY {
        SentimentLabel::Positive
    } else if percent <= -MOODY {
        SentimentLabel::Negative
    } else {
        SentimentLabel::Neutral
    }
}

impl Signs {
    /// The sign of a level.
    pub(super) fn level(self, level: Level) -> &'static str {
        match (level, self.plain) {
            (Level::Good, false) => "▲",
            (Level::Fair, false) => "●",
            (Level::Watch, false) => "◆",
            (Level::Bad, false) => "▼",
            (Level::Good, true) => "+",
            (Level::Fair, true) => "o",
            (Level::Watch, true) => "!",
            (Level::Bad, true) => "X",
        }
    }

    /// The sign of what a message or customer sounds like.
    pub(super) fn label(self, label: SentimentLabel) -> &'static str {
        match (label, self.plain) {
            (SentimentLabel::Positive, false) => "▲",
            (SentimentLabel::Neutral, false) => "·",
            (SentimentLabel::Negative, false) => "▼",
            (SentimentLabel::Positive, true) => "+",
            (SentimentLabel::Neutral, true) => ".",
            (SentimentLabel::Negative, true) => "X",
        }
    }

    /// Which way a score went: the number, not whether that is good.
    pub(super) fn trend(self, kind: ScoreKind, value: f64, change: f64) -> &'static str {
        let (low, high) = kind.range();
        let span = if (high - low).is_finite() && high < f64::MAX { high - low } else { value.abs().max(1.0) };
        let at = match change / span {
            moved if moved >= 0.03 => 0,
            moved if moved <= -0.03 => 2,
            _ => 1,
        };
        if self.plain { ["/", "=", "\\"][at] } else { ["↗", "→", "↘"][at] }
    }

    /// The last values as a line of at most so many columns. Where the score has a range, that is the height; else the
    /// values' own.
    pub(super) fn line(self, values: &[f32], range: (f64, f64), columns: usize) -> String {
        let shown = &values[values.len().saturating_sub(columns)..];
        let own = shown
            .iter()
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(f64::from(*value)), high.max(f64::from(*value))));
        let (low, high) = if range.0 > f64::MIN && range.1 < f64::MAX { range } else { own };
        let steps = if self.plain { PLAIN_STEPS } else { STEPS };
        let step = |value: &f32| {
            let share = (f64::from(*value) - low) / (high - low);
            // All the same has no height: the middle.
            let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
            steps[(share * 7.0).round() as usize]
        };
        shown.iter().map(step).collect()
    }

    /// A bar of a share of so many columns.
    pub(super) fn bar(self, share: f64, columns: usize) -> String {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        if self.plain {
            return "#".repeat((share * columns as f64).round() as usize);
        }
        let eighths = (share * columns as f64 * 8.0).round() as usize;
        // Whoever there is shows.
        let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
        format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
    }

    /// What marks the line under the cursor that leads somewhere.
    pub(super) fn leads(self) -> &'static str {
        if self.plain { ">" } else { "▸" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::text::width;

    const FINE: Signs = Signs { plain: false };
    const PLAIN: Signs = Signs { plain: true };

    #[test]
    fn every_level_has_a_sign_of_its_own_and_of_one_column() {
        let levels = [Level::Bad, Level::Watch, Level::Fair, Level::Good];
        for signs in [FINE, PLAIN] {
            let all = levels.map(|level| signs.level(level));
            let mut known = all.to_vec();
            known.sort_unstable();
            known.dedup();
            assert_eq!(known.len(), 4, "{all:?}");
            assert!(all.iter().all(|sign| width(sign) == 1), "{all:?}");
            let labels = SentimentLabel::ALL.map(|label| signs.label(label));
            assert!(labels.iter().all(|sign| width(sign) == 1) && labels[0] != labels[2], "{labels:?}");
        }
        assert!(levels.iter().all(|level| PLAIN.level(*level).is_ascii()));
    }

    #[test]
    fn a_line_shows_the_latest_values_and_survives_any() {
        assert_eq!(FINE.line(&[-1.0, 0.0, 1.0], (-1.0, 1.0), 8), "▁▅█");
        assert_eq!(FINE.line(&[-1.0, 0.0, 1.0], (-1.0, 1.0), 2), "▅█");
        assert_eq!(FINE.line(&[3.0, 3.0], (f64::MIN, f64::MAX), 8), "▅▅", "all the same is the middle");
        assert_eq!(PLAIN.line(&[0.0, 100.0], (0.0, 100.0), 8), "_#");
        assert_eq!(FINE.line(&[f32::NAN, f32::INFINITY, -9.0], (0.0, 1.0), 8).chars().count(), 3);
        assert_eq!(FINE.line(&[], (0.0, 1.0), 8), "");
    }

    #[test]
    fn bars_fit_and_whoever_there_is_shows() {
        assert_eq!(FINE.bar(1.0, 4), "████");
        assert_eq!(FINE.bar(0.5, 4), "██");
        assert_eq!(FINE.bar(0.0001, 4), "▏");
        assert_eq!(FINE.bar(0.0, 4), "");
        assert_eq!(PLAIN.bar(0.5, 4), "##");
        for share in [f64::NAN, 2.0, -1.0] {
            assert!(width(&FINE.bar(share, 4)) <= 4);
        }
    }

    #[test]
    fn a_trend_needs_a_visible_change() {
        assert_eq!(FINE.trend(ScoreKind::Mood, 0.1, 0.3), "↗");
        assert_eq!(FINE.trend(ScoreKind::Mood, 0.1, 0.01), "→");
        assert_eq!(FINE.trend(ScoreKind::Potential, 200.0, -50.0), "↘");
        assert_eq!(PLAIN.trend(ScoreKind::Value, 50.0, -50.0), "\\");
    }
}
