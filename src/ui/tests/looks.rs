//! Every theme in every depth of colour: what is drawn can be read, and no state is told by colour alone.

use super::lists::outgoing;
use super::{FakeDesk, FakeSeat};
use crate::model::{CaseStatus, OutboxState, Priority};
use crate::theme::{BUILT_IN, ColorDepth, Theme, contrast};
use crate::ui::Msg;
use ratatui::style::Color;

/// A morning with all that can be seen: trouble, urgency, an answer that failed and one that is unknown.
fn busy() -> FakeDesk {
    let mut desk = FakeDesk::shop();
    desk.outbox =
        [OutboxState::Failed, OutboxState::Unknown, OutboxState::Held, OutboxState::Sent].map(outgoing).to_vec();
    desk.customers[1].0.customer.case.as_mut().unwrap().priority = Priority::Urgent;
    desk.customers[2].0.customer.case.as_mut().unwrap().status = CaseStatus::Snoozed;
    desk.counts = crate::ui::Counts { moving: 1, failed: 2, unknown: 3, dead: 4, drafts: 5 };
    desk.customers[0].1[1].outgoing = Some(outgoing(OutboxState::Failed).outgoing);
    desk.customers[3].1[1].outgoing = Some(outgoing(OutboxState::Unknown).outgoing);
    desk
}

/// The main screens, by the keys that lead there.
const SCREENS: [&str; 14] = [
    "",
    "j",
    "Enter",
    "j j j Enter",
    "Enter Tab",
    "Enter r",
    "Enter r x F2",
    "Enter m",
    "Enter m x F2",
    "g b",
    "g",
    "?",
    ": r e",
    "q",
];

fn shots(width: u16, height: u16) -> Vec<(String, FakeSeat)> {
    SCREENS
        .iter()
        .map(|keys| {
            let mut seat = FakeSeat::new(width, height, busy());
            seat.send(Msg::Status(super::panes::status()));
            if !keys.is_empty() {
                seat.keys(keys);
            }
            (format!("{keys:?} {width}×{height}"), seat)
        })
        .collect()
}

#[test]
fn whatever_is_drawn_can_be_read_in_every_theme_and_depth() {
    let depths = [ColorDepth::True, ColorDepth::Indexed, ColorDepth::Sixteen];
    let themes: Vec<_> = BUILT_IN
        .iter()
        .flat_map(|(name, _)| depths.map(|depth| (name, depth, Theme::load(name, &[], depth).0)))
        .collect();
    for (width, height) in [(80, 24), (160, 50)] {
        for (what, seat) in shots(width, height) {
            for (name, depth, theme) in &themes {
                let buffer = seat.buffer_in(theme);
                for cell in buffer.content().iter().filter(|cell| !cell.symbol().trim().is_empty()) {
                    let own = |color| matches!(color, Color::Rgb(..) | Color::Indexed(16..));
                    if own(cell.fg) && own(cell.bg) {
                        let least = if **name == "high-contrast" { 7.0 } else { 3.0 };
                        let found = contrast(cell.fg, cell.bg);
                        assert!(found >= least, "{what} {name} {depth:?}: {found:.1} for {cell:?}");
                    } else {
                        assert!(cell.fg != cell.bg || cell.fg == Color::Reset, "{what} {name} {depth:?}: {cell:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn without_colours_nothing_is_coloured() {
    for (what, seat) in shots(120, 30) {
        for (name, _) in BUILT_IN {
            let buffer = seat.buffer_in(&Theme::load(name, &[], ColorDepth::None).0);
            assert!(
                buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset),
                "{what} {name}"
            );
        }
    }
}

/// Here a frame is text and nothing else: neither colour nor bold nor reversed says anything.
#[test]
fn every_state_is_told_by_signs_and_words() {
    for (width, height) in [(80, 24), (160, 50)] {
        let row = |seat: &FakeSeat, name: &str| {
            let frame = seat.frame();
            let found = frame.lines().find(|line| line.contains(name) && !line.starts_with("┌"));
            found.unwrap_or_else(|| panic!("{name}:\n{frame}")).to_owned()
        };
        let mut seat = FakeSeat::new(width, height, busy());
        // What is selected, unread, urgent, in trouble; the state of a case; who spoke last.
        assert!(row(&seat, "Ana Sánchez").starts_with("│▌"));
        assert!(row(&seat, "王小明").starts_with("│ ") && row(&seat, "王小明").contains("!!"));
        assert!(row(&seat, "王小明").contains('●') && !row(&seat, "Bob Builder").contains('●'));
        assert!(row(&seat, "Bob Builder").contains('✗') && !row(&seat, "王小明").contains('✗'));
        // Open, and written by the customer, is what goes without saying.
        for (name, states) in [("王小明", [false, false]), ("José", [true, false]), ("Bob Builder", [false, true])]
        {
            let found = ["snoo", "wait"].map(|state| row(&seat, name).contains(state));
            assert_eq!(found, states, "{}", row(&seat, name));
        }
        assert!(!row(&seat, "王小明").contains("→ ") && row(&seat, "Bob Builder").contains("→ "));
        seat.keys("j");
        assert!(row(&seat, "5m").starts_with("│ ") && row(&seat, "40m").starts_with("│▌"), "{}", seat.frame());
        seat.shows("✗ failed 2  ? unknown 3  outbox 1  dead 4  drafts 5");
        // Where the keys go.
        seat.shows("▸ inbox");
        seat.keys("k Enter");
        seat.hides("▸ inbox");
        seat.shows("▸ Ana Sánchez");
        if width >= 150 {
            assert!(row(&seat, "5m").starts_with("│▏"), "the open one shows while the keys go elsewhere");
        }
        // Who wrote, what is private, what came of it.
        seat.keys("g g");
        seat.shows("← Ana Sánchez <ana@example.com>");
        seat.shows("║ → you (lin)");
        seat.shows("✗ FAILED: 550 no such user");
        seat.shows("╔═ NOTE · private, stays here");
        let mut seat = FakeSeat::new(width, height, busy());
        seat.keys("j j j Enter");
        seat.shows("? UNKNOWN whether it arrived");
        // The message under the cursor.
        let marked = |seat: &FakeSeat| seat.frame().lines().filter(|line| line.contains('▌')).count();
        assert!(marked(&seat) > 0 && marked(&seat) < usize::from(height) - 6);
        // Lists.
        seat.keys("g b");
        assert!(row(&seat, "failed").starts_with("│▌"), "{}", seat.frame());
        assert!(row(&seat, "unknown  ").starts_with("│ "));
        for state in ["failed", "unknown", "held", "sent"] {
            seat.shows(state);
        }
        // An answer or a note, and where its letters go.
        let mut seat = FakeSeat::new(width, height, busy());
        seat.keys("Enter r");
        seat.shows("┏ Reply to Ana Sánchez");
        seat.keys("Tab");
        seat.shows("To     ▸");
        let mut seat = FakeSeat::new(width, height, busy());
        seat.keys("Enter m");
        seat.shows("PRIVATE NOTE about Ana Sánchez");
        // Trouble, and a question.
        seat.keys("F2");
        seat.shows("! there is no text yet");
        let mut seat = FakeSeat::new(width, height, busy());
        seat.keys("q");
        seat.shows("y yes · n no");
    }
}
