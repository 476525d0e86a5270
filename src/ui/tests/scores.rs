//! Scores, moods and segments: keys in, frame out.

use super::desk::{DAY, HOUR, MINUTE, NOW, id};
use super::{FakeDesk, FakeSeat};
use crate::command::Verb;
use crate::keymap::{Context, Keymap, PRESETS};
use crate::model::*;
use crate::theme::{BUILT_IN, ColorDepth, Theme};
use crate::ui::{Msg, Setup};
use ratatui::style::Color;

const TAUGHT: Taught = Taught { learned_from: 212, made: 212, more: false, begins_at: 5, off: false };

fn score(kind: ScoreKind, value: f64, shown: &str, word: &str, level: Level) -> Score {
    let (low, high) = kind.range();
    let high = if high > 1e6 { low.max(0.0) + 100.0 } else { high };
    let low = low.max(-100.0);
    Score {
        kind,
        value: Some(value),
        shown: shown.into(),
        band: Some(Band { word: word.into(), level }),
        trend_30: Some(-(high - low) / 5.0),
        trend_90: Some((high - low) / 5.0),
        line: (0..24).map(|at| (low + (high - low) * f64::from((at * 7) % 24) / 24.0) as f32).collect(),
        sample: 12,
        confidence: 0.83,
        reasons: vec![Reason { text: "four messages within a week".into(), message: None }],
        next: None,
        at: NOW.plus_millis(-3 * HOUR),
        version: 1,
    }
}

fn nothing(kind: ScoreKind, missing: &str) -> Score {
    Score {
        value: None,
        shown: String::new(),
        band: None,
        trend_30: None,
        trend_90: None,
        line: vec![],
        sample: 0,
        reasons: vec![Reason { text: missing.into(), message: None }],
        ..score(kind, 0.0, "", "", Level::Fair)
    }
}

fn sentiment(label: SentimentLabel, percent: i8, words: &[&str]) -> Option<Sentiment> {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Some(Sentiment { label, percent, confidence: 91, corrected: None, words })
}

/// The shop, where Ana has been scored and her messages read.
pub(super) fn scored() -> FakeDesk {
    use Level::{Bad, Fair, Good, Watch};
    let mut desk = FakeDesk::shop();
    let ana = id("Ana Sánchez");
    let entries = &mut desk.customers[0].1;
    let first = entries[0].message.id;
    entries[0].sentiment = sentiment(SentimentLabel::Neutral, 4, &["where"]);
    entries[3].sentiment = sentiment(SentimentLabel::Negative, -62, &["not arrived", "still"]);
    let last = entries[3].message.id;
    desk.customers[0].0.customer.mood = Some(-60);
    desk.customers[1].0.customer.mood = Some(0);
    desk.customers[2].0.customer.mood = Some(70);
    let mut mood = score(ScoreKind::Mood, -0.42, "-0.42", "unhappy", Bad);
    mood.reasons = vec![
        Reason { text: "the last message is unhappy (-0.62): “still not arrived”".into(), message: Some(last) },
        Reason { text: "worse by 0.30 since the case opened".into(), message: Some(first) },
        Reason { text: "two of three messages of this case are unhappy".into(), message: None },
    ];
    mood.next = Some("answer soon, and read what upset them first".into());
    let scores = vec![
        mood,
        score(ScoreKind::Need, 0.71, "71 % sure", "where is it?", Watch),
        score(ScoreKind::Value, 87.0, "87th percentile, $612", "high", Good),
        score(ScoreKind::Potential, 40.0, "+$40 in 90 days", "some", Fair),
        nothing(ScoreKind::Churn, "three orders or days of writing are needed, there is one"),
        score(ScoreKind::Satisfaction, 51.0, "51 of 100", "mixed 满意", Fair),
        score(ScoreKind::Effort, 2.5, "2.5 contacts a case", "high", Watch),
        score(ScoreKind::Effect, 0.66, "2 of 3 answered", "good", Good),
        score(ScoreKind::Service, 0.9, "9 of 10 in time", "kept", Good),
    ];
    let segments =
        vec![(SegmentKind::Rfm, "can’t lose".into()), (SegmentKind::KMeans, "frequent, recent, large orders".into())];
    desk.scorecards.insert(ana, Scorecard { customer: ana, scores, segments, stale: false, taught: TAUGHT });
    desk
}

/// Three kinds of segments with their customers.
fn segmented() -> FakeDesk {
    let mut desk = scored();
    let names = ["champions", "loyal", "new", "needs attention", "at risk", "can’t lose", "hibernating", "lost 流失"];
    let segment = |kind, name: &str, at: usize| Segment {
        kind,
        name: name.into(),
        traits: vec!["orders every 12 days".into(), "last one 4 days ago".into(), "spends $120".into()],
        size: 400 >> at,
        sizes: (0..8).map(|fit| (400_u32 >> at) + fit * 3).collect(),
        centre: [3.0 * f64::from(2_u32.pow(at as u32)), 60.0 / (at + 1) as f64, 120.0],
        at: NOW.plus_millis(-9 * HOUR),
    };
    desk.segments = names.iter().enumerate().map(|(at, name)| segment(SegmentKind::Rfm, name, at)).collect();
    desk.segments.push(segment(SegmentKind::KMeans, "frequent, recent, large orders", 0));
    desk.segments.push(segment(SegmentKind::KMeans, "seldom, long ago", 2));
    desk.members = (0..40)
        .map(|number| SegmentMember {
            customer: if number == 0 { id("Ana Sánchez") } else { id(&format!("somebody {number}")) },
            name: if number == 0 { "Ana Sánchez".into() } else { format!("王 Somebody {number}") },
            address: format!("somebody{number}@example.com"),
            last_at: NOW.plus_millis(-number * DAY),
            mood: [Some(-60), None, Some(50)][number as usize % 3],
            standing: Some((NOW.plus_millis(-(number % 13) * 2 * DAY), 60 - number as u32)),
        })
        .collect();
    desk
}

/// A seat on a terminal that shows ASCII alone.
fn plain(width: u16, height: u16, desk: FakeDesk) -> FakeSeat {
    let mut seat = FakeSeat::new(width, height, desk);
    seat.screen.comforts.plain = true;
    seat.resize(width + 1, height);
    seat.resize(width, height);
    seat
}

#[test]
fn scores_stand_under_the_profile_on_a_wide_screen_and_a_key_leads_to_them_on_a_small_one() {
    let mut seat = FakeSeat::new(160, 50, scored());
    seat.keys("Enter");
    // Name, band with its sign, number, line, way, how many, how old.
    for text in ["▼ mood", "unhappy", "-0.42", "n 12", "3h", "↘", "▲ value", "● potential", "◆ effort"] {
        seat.shows(text);
    }
    seat.shows("churn risk   not enough data");
    seat.shows("learned from 212 corrections");
    seat.shows("can’t lose");
    insta::assert_snapshot!("scores_160x50", seat.frame());
    let mut seat = FakeSeat::new(80, 24, scored());
    seat.keys("Enter Tab Tab");
    seat.shows("▸ scores");
    for kind in ScoreKind::ALL {
        seat.shows(kind.word());
    }
    seat.shows("87th percentile, $612");
    seat.shows("three orders or days");
    seat.shows("learned from 212 corrections");
    insta::assert_snapshot!("scores_80x24", seat.frame());
    seat.keys("Tab");
    seat.shows("▸ inbox");
    seat.keys("S-Tab");
    seat.shows("▸ scores");
    // Also by name, from wherever one is.
    let mut seat = FakeSeat::new(120, 40, scored());
    seat.say("scores");
    seat.shows("▸ scores");
    seat.shows("│ ← Ana Sánchez");
    insta::assert_snapshot!("scores_120x40", seat.frame());
}

/// One that was made and taught nothing yet is not "none".
#[test]
fn corrections_that_taught_nothing_yet_are_counted() {
    for (taught, said) in [
        (
            Taught { learned_from: 0, made: 1, more: false, begins_at: 5, off: false },
            "1 correction, learning begins at 5",
        ),
        (
            Taught { learned_from: 0, made: 4, more: false, begins_at: 5, off: false },
            "4 corrections, learning begins at 5",
        ),
        (
            Taught { learned_from: 0, made: 9, more: false, begins_at: 5, off: false },
            "9 corrections, nothing learned from them",
        ),
        (
            Taught { learned_from: 0, made: 9, more: false, begins_at: 5, off: true },
            "9 corrections, what they taught is switched off",
        ),
        (
            Taught { learned_from: 0, made: 100, more: true, begins_at: 5, off: false },
            "more than 100 corrections, nothing learned from them",
        ),
        (Taught { learned_from: 6, made: 9, more: false, begins_at: 5, off: false }, "learned from 6 corrections"),
    ] {
        let mut desk = scored();
        desk.scorecards.get_mut(&id("Ana Sánchez")).unwrap().taught = taught;
        let mut seat = FakeSeat::new(80, 30, desk);
        seat.keys("Enter Tab Tab G");
        seat.shows(said);
        seat.hides("no corrections yet");
    }
}

#[test]
fn stale_scores_and_none_at_all_say_so_in_words() {
    let mut desk = scored();
    let ana = id("Ana Sánchez");
    let card = desk.scorecards.get_mut(&ana).unwrap();
    (card.stale, card.taught) = (true, Taught::default());
    let mut seat = FakeSeat::new(80, 26, desk);
    seat.keys("Enter Tab Tab");
    seat.shows("stale ┐");
    seat.shows("stale: older than the last message or order");
    seat.shows("no corrections yet: K on a message");
    let theme = Theme::load("dark", &[], ColorDepth::True).0;
    let dim = theme.style(crate::theme::Element::Dim).fg;
    let buffer = seat.buffer();
    let at = (0..26).find(|y| (0..80).any(|x| buffer[(x, *y)].symbol() == "◆")).unwrap();
    let sign = (0..80).find(|x| buffer[(*x, at)].symbol() == "◆").unwrap();
    assert_eq!(Some(buffer[(sign, at)].fg), dim, "grey, not the colour of the level");
    // Another customer was never scored.
    let mut seat = FakeSeat::new(80, 24, scored());
    seat.keys("j Enter Tab Tab");
    seat.shows("Not scored yet.");
    seat.hides("mood  ");
}

#[test]
fn scores_come_anew_when_the_desk_says_so_and_nobody_elses_matter() {
    let mut seat = FakeSeat::new(160, 50, scored());
    seat.keys("Enter");
    seat.shows("-0.42");
    let ana = id("Ana Sánchez");
    seat.desk.scorecards.get_mut(&ana).unwrap().scores[0].shown = "-0.11".into();
    let mut event = Event::new(EventKind::Scored, NOW, "switchboard");
    event.customers = vec![id("somebody else")];
    seat.slow = true;
    seat.send(Msg::Changed(Box::new(event.clone())));
    assert_eq!(seat.waiting, [], "re-scoring a million customers asks nothing of this screen");
    seat.slow = false;
    event.customers.push(ana);
    seat.send(Msg::Changed(Box::new(event)));
    seat.shows("-0.11");
}

#[test]
fn k_explains_the_score_under_the_cursor_and_leads_to_its_messages() {
    let mut seat = FakeSeat::new(80, 24, scored());
    seat.keys("Enter g g Tab Tab K");
    seat.shows("┌ Why ");
    for text in [
        "mood  ▼ unhappy  -0.42",
        "from 12 facts · 83 % sure",
        "Because",
        "▸ the last message is unhappy",
        "· two of three messages",
        "What to do next",
        "answer soon, and read what upset them first",
        "The last messages",
        "(not arrived, still)",
    ] {
        seat.shows(text);
    }
    insta::assert_snapshot!("why_score_80x24", seat.frame());
    // The cursor begins on the first reason that leads somewhere.
    seat.keys("Enter");
    seat.shows("▸ Ana Sánchez");
    let selected = seat.screen.open.as_ref().unwrap().entry().unwrap().message.subject.clone();
    assert_eq!(selected, "Re: Where is my order?");
    // What is missing is explained as well, and where a line leads nowhere that is said.
    seat.keys("Tab Tab j j j j K");
    seat.shows("churn risk  not enough data");
    seat.shows("What is missing");
    seat.keys("Enter");
    seat.shows("this line leads to no message");
    seat.keys("q");
    seat.shows("▸ scores");
}

#[test]
fn a_reason_far_back_is_looked_for_page_by_page() {
    let mut desk = scored();
    let many = (0..120).map(|number| {
        super::desk::message("Ana Sánchez", Direction::Inbound, -(number + 5) * DAY, "Older", &format!("day {number}"))
    });
    let mut entries: Vec<TimelineEntry> = many.collect();
    entries.reverse();
    let oldest = entries[0].message.id;
    entries.append(&mut desk.customers[0].1);
    desk.customers[0].1 = entries;
    desk.page = 50;
    let ana = id("Ana Sánchez");
    desk.scorecards.get_mut(&ana).unwrap().scores[0].reasons[0].message = Some(oldest);
    let mut seat = FakeSeat::new(80, 24, desk);
    seat.keys("Enter Tab Tab K Enter");
    assert_eq!(seat.screen.open.as_ref().unwrap().entry().unwrap().message.id, oldest);
    seat.shows("day 119");
    // One that is nowhere is said, not looked for over and over.
    let card = seat.desk.scorecards.get_mut(&ana).unwrap();
    card.scores[0].reasons[0].message = Some(MessageId::of(&[b"nowhere"]));
    seat.send(Msg::Lagged);
    seat.keys("Tab Tab K Enter");
    seat.shows("further back than is looked through");
}

#[test]
fn k_in_the_timeline_shows_the_words_that_decided_and_one_key_corrects() {
    for (width, height) in [(80, 24), (160, 50)] {
        let mut seat = FakeSeat::new(width, height, scored());
        seat.keys("Enter");
        let message = seat.screen.open.as_ref().unwrap().entry().unwrap().message.id;
        seat.keys("K");
        for text in
            ["▼ negative  -0.62", "read by the model, 91 % sure, learned from 212 corrections", "“not arrived” “still”"]
        {
            seat.shows(text);
        }
        seat.shows("n ▼ negative   0 · neutral   p ▲ positive   - as the model says");
        insta::assert_snapshot!(format!("why_message_{width}x{height}"), seat.frame());
        seat.keys("p");
        assert_eq!(seat.acts(), [&Act::CorrectSentiment { message, label: Some(SentimentLabel::Positive) }]);
        seat.shows("corrected by you");
        seat.shows("▲ positive");
        seat.keys("q");
        seat.shows("▲ corrected by you 13:55");
        // The command does the same without looking, undo takes it back.
        seat.say("sentiment none");
        assert_eq!(seat.acts().last(), Some(&&Act::CorrectSentiment { message, label: None }));
        seat.hides("corrected by you");
        seat.keys("u");
        assert_eq!(seat.acts().last(), Some(&&Act::RestoreCorrection(message, None)));
    }
}

#[test]
fn a_correction_pushes_nobodys_address_out_of_a_narrow_pane() {
    let mut seat = FakeSeat::new(100, 30, scored());
    seat.keys("Enter").say("sentiment neutral");
    seat.shows("← Ana Sánchez <ana@example.com>");
    seat.shows("· 13:55");
    seat.shows("│  · corrected by you");
    let mut seat = FakeSeat::new(60, 15, scored());
    seat.keys("Enter").say("sentiment neutral").keys("k j");
    seat.shows("<ana@example.com>");
    seat.shows("· corrected by you");
}

#[test]
fn what_has_no_mood_is_not_corrected_and_a_word_that_is_no_label_is_said() {
    let mut seat = FakeSeat::new(80, 24, scored());
    seat.say("sentiment negative");
    seat.shows("choose a message of the customer first");
    seat.keys("Enter k k");
    seat.say("sentiment negative");
    seat.shows("only what customers write has a mood");
    seat.keys("K");
    seat.shows("It has no reading");
    seat.hides("One key teaches");
    seat.keys("q");
    seat.say("sentiment angry");
    seat.shows("`angry` is no label");
    assert_eq!(seat.acts(), Vec::<&Act>::new());
    // From the list of cases it is the customer's mood that is explained, and nothing counts as read.
    let mut seat = FakeSeat::new(80, 24, scored());
    seat.keys("K");
    seat.shows("mood  ▼ unhappy");
    assert_eq!(seat.desk.done, []);
    // Among the reasons, the message of the line is the one that is corrected.
    let last = seat.desk.customers[0].1[3].message.id;
    seat.keys("0");
    assert_eq!(seat.acts(), [&Act::CorrectSentiment { message: last, label: Some(SentimentLabel::Neutral) }]);
}

#[test]
fn every_preset_has_one_key_for_why_and_for_each_label() {
    for (name, _) in PRESETS {
        for (label, word) in [(Some(SentimentLabel::Negative), "negative"), (None, "none")] {
            let mut seat = FakeSeat::with_keys(80, 24, scored(), name);
            seat.keys("Enter");
            let (keymap, _) = Keymap::load(name, &[]);
            let why = keymap.keys_for(Context::Timeline, Verb::Why).unwrap();
            seat.keys(&why);
            let table = keymap.table();
            let key = table.iter().find(|row| row.context == Context::Why && row.action.argument == word).unwrap();
            assert_eq!(key.keys.len(), 1, "{name}: {word}");
            seat.keys(&crate::keymap::show_keys(&key.keys));
            let corrected = |act: &&Act| matches!(act, Act::CorrectSentiment { label: said, .. } if *said == label);
            assert!(seat.acts().last().is_some_and(corrected), "{name} {word}: {}", seat.frame());
        }
    }
}

#[test]
fn moods_are_marked_where_there_is_a_reading_and_switched_off_by_a_word() {
    let mut seat = FakeSeat::new(80, 24, scored());
    let row = |seat: &FakeSeat, name: &str| {
        seat.frame().lines().find(|line| line.contains(name)).unwrap_or_default().to_owned()
    };
    assert!(row(&seat, "Ana Sánchez").contains("▼   5m"), "{}", seat.frame());
    assert!(row(&seat, "王小明").contains("·  40m"), "{}", seat.frame());
    assert!(row(&seat, "José").contains("▲   3h"), "{}", seat.frame());
    assert!(!row(&seat, "Bob Builder").contains(['▲', '▼', '·']), "no reading, no mark");
    seat.keys("Enter g g");
    seat.shows("· 14:00");
    seat.keys("G");
    seat.shows("▼ 13:55");
    seat.keys("q").say("moods");
    seat.shows("moods are not marked");
    assert!(!row(&seat, "Ana Sánchez").contains('▼'));
    seat.keys("Enter");
    seat.hides("▼ 13:55");
    seat.say("moods on");
    seat.shows("▼ 13:55");
    seat.say("moods maybe");
    seat.shows("`maybe` is neither on nor off");
}

/// A customer who wrote every other day and grew unhappy.
fn moody(messages: usize) -> FakeDesk {
    let mut desk = scored();
    desk.customers[0].1 = (0..messages)
        .map(|number| {
            let before = (messages - number) as i64;
            let mut entry = super::desk::message(
                "Ana Sánchez",
                Direction::Inbound,
                -before * 2 * DAY + 5 * MINUTE,
                "Order",
                &format!("message {number}"),
            );
            let percent = (80 - (number * 160 / messages) as i32) as i8;
            let label = crate::ui::signs::mood_label(percent);
            entry.sentiment = sentiment(label, percent, &["message"]);
            entry
        })
        .collect();
    desk
}

#[test]
fn a_chart_of_moods_stands_under_the_timeline_where_there_is_room() {
    let mut seat = FakeSeat::new(160, 50, moody(40));
    seat.keys("Enter");
    seat.shows("┌ mood over time ");
    seat.shows("40 messages ┐");
    let braille =
        |seat: &FakeSeat| seat.frame().chars().filter(|sign| ('\u{2801}'..='\u{28ff}').contains(sign)).count();
    assert!(braille(&seat) > 20, "{}", seat.frame());
    insta::assert_snapshot!("moods_160x50", seat.frame());
    // The message under the cursor is marked on the axis, and moves with it.
    let mark = |seat: &FakeSeat| {
        let frame = seat.frame();
        let line = frame.lines().find(|line| line.contains('┴')).unwrap().to_owned();
        line.find('┴').unwrap()
    };
    let at_end = mark(&seat);
    seat.keys("g g");
    assert!(mark(&seat) < at_end);
    // The last line of the last message is above the chart, not behind it.
    seat.keys("G");
    seat.shows("message 39");
    for (width, height) in [(80, 24), (120, 40), (160, 30)] {
        seat.resize(width, height);
        seat.hides("mood over time");
    }
    seat.resize(160, 50);
    seat.say("moods off");
    seat.hides("mood over time");
    // Two readings are no course.
    let mut seat = FakeSeat::new(160, 50, scored());
    seat.keys("Enter");
    seat.hides("mood over time");
}

#[test]
fn segments_show_sizes_traits_change_customers_and_where_they_stand() {
    for (width, height) in [(80, 24), (160, 50)] {
        let mut seat = FakeSeat::new(width, height, segmented());
        seat.keys("g s");
        seat.shows("Segments: [rfm] · k-means · dbscan");
        for text in [
            "champions",
            "needs attention",
            "orders every 12 days",
            "█",
            "at the last fit",
            "since the one before",
            "customers now",
            "Somebody 1",
        ] {
            seat.shows(text);
        }
        let frame = seat.frame();
        let dots = frame.chars().filter(|sign| ('\u{2801}'..='\u{28ff}').contains(sign)).count();
        assert!(dots > 3, "{frame}");
        insta::assert_snapshot!(format!("segments_{width}x{height}"), frame);
        seat.keys("j j");
        seat.shows("new: orders every 12 days");
        seat.keys("Tab");
        seat.shows("rfm · [k-means] · dbscan");
        seat.shows("frequent, recent");
        seat.keys("Tab");
        seat.shows("No such segments yet");
        seat.keys("S-Tab");
        // Enter goes among its customers, back among the segments, Enter on a customer opens them.
        seat.keys("Enter j");
        seat.shows("▌");
        seat.keys("q");
        seat.shows("[k-means]");
        seat.keys("Enter k Enter");
        seat.shows("▸ Ana Sánchez");
        // And back: to the customers, to the segments, to the inbox.
        seat.keys("Tab q");
        seat.shows("[k-means]");
        seat.keys("k Enter");
        seat.shows("▸ Ana Sánchez");
        seat.keys("q q q");
        seat.hides("[k-means]");
        seat.shows("▸ inbox");
    }
    let mut seat = FakeSeat::new(80, 24, segmented());
    seat.say("segments k-means");
    seat.shows("[k-means]");
    seat.say("segments blue");
    seat.shows("there are no segments `blue`");
    // From the scores: Enter on a segment leads to it.
    let mut seat = FakeSeat::new(80, 24, segmented());
    seat.keys("Enter Tab Tab G Enter");
    seat.shows("[k-means]");
    let mut seat = FakeSeat::new(80, 24, segmented());
    seat.keys("Enter Tab Tab G k Enter");
    seat.shows("can’t lose: orders every");
    // So does what explains a score: a segment explains itself there.
    let mut seat = FakeSeat::new(80, 24, segmented());
    seat.keys("Enter Tab Tab G K");
    seat.shows("[k-means]");
}

#[test]
fn a_held_key_among_segments_asks_for_the_customers_of_the_last_one_alone() {
    let mut seat = FakeSeat::new(80, 24, segmented());
    seat.keys("g s");
    seat.slow = true;
    seat.keys("j j j j");
    let asked = |seat: &FakeSeat| {
        let members = seat.waiting.iter().filter_map(|effect| match effect {
            crate::ui::Effect::Load(crate::ui::Load::Members { name, .. }) => Some(name.clone()),
            _ => None,
        });
        members.collect::<Vec<_>>()
    };
    assert_eq!(asked(&seat), ["loyal"]);
    seat.slow = false;
    seat.answer();
    seat.shows("Somebody 1");
    seat.shows("at risk: orders");
    // What cannot be had may be asked again.
    seat.slow = true;
    seat.keys("j");
    seat.waiting.clear();
    seat.send(Msg::Loaded(Box::new(Err("the disk is gone".into()))));
    seat.slow = false;
    seat.keys("k");
    seat.shows("Somebody 1");
}

/// The screens of scores, by the keys that lead there.
const SCREENS: [(&str, u16, u16); 8] = [
    ("Enter", 160, 50),
    ("Enter Tab Tab", 80, 24),
    ("Enter Tab Tab j j", 160, 50),
    ("Enter K", 80, 24),
    ("Enter Tab Tab K", 160, 50),
    ("g s", 80, 24),
    ("g s j Enter j", 160, 50),
    ("j", 80, 24),
];

#[test]
fn every_screen_of_scores_can_be_read_in_every_theme_without_colours_and_in_ascii() {
    for (keys, width, height) in SCREENS {
        for desk in [segmented(), {
            let mut desk = moody(30);
            desk.segments = segmented().segments;
            desk.members = segmented().members;
            desk
        }] {
            let mut seat = FakeSeat::new(width, height, desk);
            seat.keys(keys);
            for (name, _) in BUILT_IN {
                for depth in [ColorDepth::True, ColorDepth::Indexed, ColorDepth::Sixteen, ColorDepth::None] {
                    let buffer = seat.buffer_in(&Theme::load(name, &[], depth).0);
                    for cell in buffer.content().iter().filter(|cell| !cell.symbol().trim().is_empty()) {
                        let own = |color| matches!(color, Color::Rgb(..) | Color::Indexed(16..));
                        if own(cell.fg) && own(cell.bg) {
                            let found = crate::theme::contrast(cell.fg, cell.bg);
                            let least = if *name == "high-contrast" { 7.0 } else { 3.0 };
                            assert!(found >= least, "{keys} {name} {depth:?}: {found:.1} for {cell:?}");
                        } else {
                            assert!(cell.fg != cell.bg || cell.fg == Color::Reset, "{keys} {name} {depth:?}: {cell:?}");
                        }
                        assert!(depth != ColorDepth::None || cell.fg == Color::Reset, "{keys} {name}: {cell:?}");
                    }
                }
            }
        }
        // Where there are no dots and steps, none are drawn; levels have signs of ASCII.
        let mut seat = plain(width, height, segmented());
        seat.keys(keys);
        let drawn = |sign: char| {
            ('\u{2580}'..='\u{259f}').contains(&sign) && !"▌▏".contains(sign)
                || ('\u{2800}'..='\u{28ff}').contains(&sign)
                || "▲▼◆↗↘".contains(sign)
        };
        assert!(!seat.frame().contains(drawn), "{keys}\n{}", seat.frame());
    }
    let mut seat = plain(80, 24, scored());
    seat.keys("Enter Tab Tab");
    seat.shows("X mood");
    insta::assert_snapshot!("scores_plain_80x24", seat.frame());
    let mut seat = plain(160, 50, segmented());
    seat.keys("g s");
    insta::assert_snapshot!("segments_plain_160x50", seat.frame());
}

#[test]
fn a_terminal_of_any_size_shows_them_without_passing_an_edge() {
    for keys in ["Enter Tab Tab", "Enter K", "Enter Tab Tab K", "g s", "g s Enter", "Enter"] {
        let mut seat = FakeSeat::new(80, 24, segmented());
        seat.keys(keys);
        for (width, height) in
            [(60, 15), (61, 16), (99, 15), (100, 42), (110, 44), (149, 44), (150, 15), (150, 44), (300, 90)]
        {
            seat.resize(width, height);
            seat.frame();
        }
    }
}

#[test]
fn a_setting_keeps_moods_off() {
    let (keymap, _) = Keymap::load("default", &[]);
    let comforts = Comforts { moods: false, ..Comforts::default() };
    let (screen, _) = crate::ui::Screen::new(Setup {
        width: 80,
        height: 24,
        agent: "lin".into(),
        zone: jiff::tz::TimeZone::UTC,
        accounts: vec![],
        keymap,
        now: NOW,
        quote: true,
        comforts,
        division: crate::ui::Division::default(),
        folder: String::new(),
        owns: true,
        position: None,
        warnings: vec![],
    });
    assert!(!screen.moods);
}

#[test]
fn a_change_of_segment_stands_between_the_messages_it_fell_between() {
    let mut desk = FakeDesk::shop();
    let times: Vec<Timestamp> = desk.customers[0].1.iter().map(|entry| entry.message.at).collect();
    let [.., before, last] = times.as_slice() else { panic!("{times:?}") };
    desk.customers[0].0.moves = vec![
        (before.plus_millis(1), "segment (rfm) loyal → at risk".into()),
        (last.plus_millis(MINUTE), "segment (rfm) at risk → champions".into()),
    ];
    let mut seat = FakeSeat::new(120, 40, desk);
    seat.keys("Enter G");
    let frame = seat.frame();
    let line =
        |words: &str| frame.lines().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}\n{frame}"));
    assert!(line("loyal → at risk") < line("at risk → champions"));
    // Told among the messages of all channels alone.
    seat.keys("x");
    seat.hides("→ at risk");
}
