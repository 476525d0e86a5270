//! How the panes look, and that no text breaks a column.

use super::desk::NOW;
use super::{FakeDesk, FakeSeat};
use crate::model::{
    AccountStatus, Activity, Currency, Money, Order, OrderId, OrderStatus, Progress, Rating, RatingId, Timestamp,
};
use crate::theme::{BUILT_IN, ColorDepth, Theme};
use crate::ui::Msg;
use crate::ui::text::width;
use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::style::{Color, Modifier};

const SIZES: [(u16, u16); 5] = [(60, 15), (80, 24), (100, 30), (149, 40), (160, 50)];

/// Every frame line of every pane ends in the same column, whatever stands in it.
#[track_caller]
fn assert_columns(seat: &FakeSeat, what: &str) {
    let buffer = seat.buffer();
    let body = buffer.area.height - 2;
    // The columns of upright lines, as the first line of the body has its corners.
    let corners: Vec<u16> = (0..buffer.area.width).filter(|x| "┌┐┏┓".contains(buffer[(*x, 0)].symbol())).collect();
    assert!(corners.len() >= 2, "{what}: no frame\n{}", seat.frame());
    assert_eq!((corners[0], corners[corners.len() - 1]), (0, buffer.area.width - 1), "{what}");
    for y in 1..body - 1 {
        // Where a pane stands on another one, both have their corners.
        let stacked = "┘┐".contains(buffer[(buffer.area.width - 1, y)].symbol());
        for x in &corners {
            let symbol = buffer[(*x, y)].symbol();
            assert!(
                !symbol.is_empty() && ("│┃".contains(symbol) || (stacked && "└┘┌┐".contains(symbol))),
                "{what}: `{symbol}` at {x},{y}\n{}",
                seat.frame()
            );
            // No wide character stands half in the frame.
            if *x > 0 {
                assert!(width(buffer[(x - 1, y)].symbol()) < 2, "{what}: {x},{y}\n{}", seat.frame());
            }
        }
    }
}

#[test]
fn no_text_breaks_a_column() {
    for (width, height) in SIZES {
        for open in ["", "Enter", "j Enter", "j j Enter", "j j Enter Tab", "j Enter r", "j Enter m", "g f", "?"] {
            let mut seat = FakeSeat::new(width, height, FakeDesk::shop());
            if !open.is_empty() {
                seat.keys(open);
            }
            assert_columns(&seat, &format!("{open} {width}×{height}"));
            if open.ends_with(['r', 'm']) {
                seat.text("你好 👨\u{200d}👩\u{200d}👧 e\u{301}e\u{301} ｶﾞｷﾞｸﾞ 🇩🇪🇨🇳 ".repeat(12).as_str());
                assert_columns(&seat, &format!("typed {width}×{height}"));
                seat.keys("Alt-Enter");
                assert_columns(&seat, &format!("review {width}×{height}"));
            }
        }
    }
}

#[test]
fn the_profile_lists_the_latest_orders_and_ratings() {
    let mut desk = FakeDesk::shop();
    let identity = desk.customers[0].0.identities[0].id;
    let usd = Currency::from_code("USD").unwrap();
    let order = |number: &str, minor, status| Order {
        id: OrderId::of(&[number.as_bytes()]),
        identity,
        number: number.to_owned(),
        at: NOW,
        total: Money { currency: usd, minor },
        status,
    };
    desk.customers[0].0.orders =
        vec![order("A-2", 1_250, OrderStatus::Standing), order("A-1", 900, OrderStatus::Refunded)];
    let (id, comment) = (RatingId::of(&[b"r"]), String::new());
    desk.customers[0].0.ratings = vec![Rating { id, identity, at: NOW, value: 4, from: 1, of: 5, comment }];
    let seat = FakeSeat::new(160, 50, desk);
    for text in ["Latest orders and ratings", "$12.50 · A-2", "$9 · A-1 · refunded", "said 4 of 5"] {
        seat.shows(text);
    }
}

#[test]
fn one_two_or_three_panes_by_width_and_resizing_at_once() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.shows("▸ inbox");
    seat.hides("Addresses");
    seat.hides("still has not arrived. Could");
    seat.keys("Enter");
    seat.shows("▸ Ana Sánchez");
    seat.hides("王小明");
    seat.keys("Tab");
    seat.shows("▸ profile");
    seat.resize(120, 30);
    seat.shows("still has not arrived. Could");
    seat.shows("Addresses");
    seat.hides("王小明");
    seat.resize(160, 50);
    for text in ["王小明", "still has not arrived. Could", "Addresses"] {
        seat.shows(text);
    }
    seat.resize(59, 24);
    seat.shows("Switchboard needs 60 × 15; this is 59 × 24");
    for size in [(1, 1), (0, 0), (2, 40), (300, 100), (80, 24)] {
        seat.resize(size.0, size.1);
        seat.frame();
    }
    seat.shows("▸ profile");
}

/// Our tables give `❤` with U+FE0F two columns: what follows it in a frame stands at the third.
#[test]
fn what_follows_an_emoji_of_two_signs_stands_where_it_should() {
    let mut desk = FakeDesk::shop();
    let ana = &mut desk.customers[0].0.customer;
    ana.last_text = "I ❤\u{fe0f} it".into();
    let seat = FakeSeat::new(120, 24, desk);
    assert_columns(&seat, "a heart");
    let buffer = seat.buffer();
    let places = || (0..24).flat_map(|y| (0..120).map(move |x| (x, y)));
    let (x, y) = places().find(|at| buffer[*at].symbol() == "❤\u{fe0f}").unwrap();
    let after: Vec<&str> = (x + 2..x + 5).map(|x| buffer[(x, y)].symbol()).collect();
    assert_eq!(after, [" ", "i", "t"]);
}

/// Known from an import, never heard of: no age is made up.
#[test]
fn who_never_wrote_has_no_last_time() {
    let mut desk = FakeDesk::shop();
    let bob = &mut desk.customers[3].0.customer;
    (bob.case, bob.last_at, bob.trouble, bob.last_text) = (None, Timestamp(0), false, String::new());
    let name = bob.name.clone();
    let mut seat = FakeSeat::new(80, 24, desk);
    let frame = seat.frame();
    let row = frame.lines().find(|line| line.contains(&name)).unwrap();
    assert!(row.trim_end_matches(['│', ' ']).ends_with('–'), "{row}");
    seat.keys("j j j Enter Tab");
    seat.shows("last        –");
    seat.hides("1970");
}

/// Keys that cannot be seen do nothing but leave, and what is said fits.
#[test]
fn in_a_window_too_small_to_show_anything_only_leaving_works() {
    for (width, height, told) in [
        (20, 5, "Needs 60 × 15,\nhas 20 × 5.\nCtrl-C leaves.\n\n"),
        (16, 2, "Needs 60 × 15;\nCtrl-C leaves."),
        (5, 2, "60×15\n^C"),
        (3, 2, "60×\n15"),
        (1, 1, "6"),
    ] {
        let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
        seat.keys("Enter");
        let (before, done) = (seat.frame(), seat.desk.done.len());
        seat.resize(width, height);
        assert_eq!(seat.frame(), told, "{width} × {height}");
        seat.keys("e a j Tab / x Enter r").text("Hello").keys("Esc q F2 Space ?");
        seat.keys(": r e s o l v e Enter");
        seat.send(Msg::Paste("resolve\n".into()));
        for kind in [MouseEventKind::Down(MouseButton::Left), MouseEventKind::ScrollDown] {
            seat.send(Msg::Mouse(MouseEvent { kind, column: 0, row: 0, modifiers: KeyModifiers::NONE }));
        }
        assert_eq!(seat.frame(), told, "{width} × {height}");
        assert_eq!(seat.desk.done.len(), done, "nothing was done: {:?}", seat.acts());
        assert!(!seat.quits());
        seat.resize(80, 24);
        assert_eq!(seat.frame(), before, "everything is where it was");
        seat.resize(width, height);
        seat.keys("C-c");
        assert!(seat.quits(), "{width} × {height}");
    }
}

#[test]
fn leaving_a_window_too_small_asks_nothing_and_keeps_what_was_written() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r").text("Half a sen");
    seat.resize(20, 5);
    seat.text("tence");
    seat.send(Msg::Paste("tence".into()));
    seat.keys("C-c");
    assert!(seat.quits());
    let draft = &seat.desk.drafts.last().unwrap().draft.compose.text;
    assert!(draft.contains("Half a sen") && !draft.contains("tence"), "{draft}");
}

#[test]
fn the_inbox_at_80_by_24() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.send(Msg::Status(status()));
    insta::assert_snapshot!(seat.frame());
}

#[test]
fn the_timeline_at_80_by_24() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    insta::assert_snapshot!(seat.keys("Enter").frame());
}

#[test]
fn three_panes_at_160_by_50() {
    let mut seat = FakeSeat::new(160, 50, FakeDesk::shop());
    insta::assert_snapshot!(seat.keys("Enter").frame());
}

#[test]
fn the_review_at_80_by_24() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    insta::assert_snapshot!(seat.keys("Enter r").text("Hello Ana,\nit is on its way.").keys("Alt-Enter").frame());
}

#[test]
fn a_private_note_looks_like_nothing_else() {
    let theme = Theme::load("dark", &[], ColorDepth::True).0;
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter m").text("call them");
    seat.shows("PRIVATE NOTE about Ana Sánchez – stays here");
    seat.shows("Nobody outside ever sees this.");
    seat.hides("To     ");
    let note = seat.buffer_in(&theme)[(0, 5)].clone();
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.keys("Enter r");
    seat.shows("Reply to Ana Sánchez");
    seat.hides("NOTE");
    assert_ne!(seat.buffer_in(&theme)[(0, 5)].fg, note.fg);
    // Filed, it is told from messages by its frame and word, with no colours at all.
    let seat = FakeSeat::new(160, 50, FakeDesk::shop());
    seat.shows("╔═ NOTE · private, stays here · lin");
}

#[test]
fn the_bottom_line_shows_what_may_follow_a_key_and_hints_from_the_live_keymap() {
    let mut seat = FakeSeat::new(120, 30, FakeDesk::shop());
    seat.shows("Enter open  r reply  e resolve");
    seat.keys("g");
    seat.shows("g … ");
    seat.shows("d dead-letters");
    seat.shows("r resolved");
    seat.keys("Esc");
    seat.shows("Enter open");
    let mut narrow = FakeSeat::new(60, 15, FakeDesk::shop());
    narrow.keys("g");
    for word in ["g top", "i inbox", "r resolved", "a all", "b outbox", "d dead-letters", "m automated", "f drafts"] {
        narrow.shows(word);
    }
}

#[test]
fn trouble_is_said_in_words() {
    let mut seat = FakeSeat::new(100, 30, FakeDesk::shop());
    seat.desk.counts = crate::ui::Counts { moving: 1, failed: 2, unknown: 3, dead: 4, drafts: 0 };
    seat.send(Msg::Lagged);
    let mut status = status();
    (status[0].activity, status[0].trouble) = (Activity::Stopped, "the password is wrong".into());
    seat.send(Msg::Status(status));
    seat.shows("support STOPPED: the password is wrong");
    seat.shows("✗ failed 2  ? unknown 3  outbox 1  dead 4");
    seat.send(Msg::Notice(Some("the disk is full".into())));
    seat.shows("! the disk is full");
    seat.send(Msg::Notice(None));
    seat.hides("the disk is full");
}

#[test]
fn a_hostile_message_neither_hangs_nor_breaks_the_screen() {
    use super::desk::{customer, message, party};
    let mut desk = FakeDesk::empty();
    let long = "x".repeat(2_000_000);
    let mut entry = message("Mallory", crate::model::Direction::Inbound, 0, &long, &long);
    entry.message.from.name = long.clone();
    entry.message.to = (0..5_000).map(|n| party("", &format!("a{n}@example.com"))).collect();
    desk.customers.push(customer("Mallory", vec![entry]));
    desk.customers[0].0.customer.name = long;
    let mut seat = FakeSeat::new(80, 24, desk);
    seat.keys("Enter g g");
    seat.shows("… <mallory@example.com>");
    assert_columns(&seat, "hostile");
    assert!(seat.screen.open.as_ref().unwrap().lines() < 4_000);
    seat.keys("G C-d");
    for _ in 0..400 {
        seat.keys("PageDown");
    }
    seat.shows("⋯ it goes on: v shows the original");
    assert_columns(&seat, "hostile, end");
}

/// Whatever is pressed in whatever order, at whatever size: there is a frame.
#[test]
fn any_keys_at_any_size_give_a_frame() {
    let keys: Vec<String> = crate::keymap::Keymap::load("default", &[])
        .0
        .table()
        .iter()
        .map(|binding| crate::keymap::show_keys(&binding.keys))
        .collect();
    for seed in 0..40 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
        for _ in 0..60 {
            seat.keys(random.choice(&keys).unwrap());
            if random.u8(..) < 40 {
                seat.text("你a ");
            }
            if random.u8(..) < 20 {
                seat.resize(random.u16(0..170), random.u16(0..60));
                seat.clock(random.i64(0..5_000));
            }
            if random.u8(..) < 30 {
                seat.buffer();
            }
        }
    }
}

/// Writes frames as ANSI text into the folder `SCREEN_PICTURES` names, to be looked at by a person.
#[test]
#[ignore = "makes pictures for people"]
fn pictures() {
    let folder = std::env::var("SCREEN_PICTURES").unwrap();
    let mut shots: Vec<(String, FakeSeat)> = Vec::new();
    for (width, height) in [(80, 24), (120, 32), (160, 50)] {
        // Name, keys, typed text, keys after it.
        let steps = [
            ("inbox", "", "", ""),
            ("timeline", "Enter", "", ""),
            ("profile", "Enter Tab", "", ""),
            ("chinese", "j Enter", "", ""),
            ("reply", "Enter r", "Hello Ana, 你好!\nIt is on its way.", ""),
            ("review", "Enter r", "Hello Ana", "Alt-Enter"),
            ("note", "Enter m", "Call the carrier", ""),
            ("help", "?", "", ""),
            ("goto", "g", "", ""),
            ("prompt", ":", "re", ""),
            ("sent", "Enter r", "Hello Ana", "Alt-Enter Y"),
            ("question", "Enter r", "Hello Ana", "Esc"),
        ];
        for (name, keys, text, after) in steps {
            let mut seat = FakeSeat::new(width, height, FakeDesk::shop());
            seat.send(Msg::Status(status()));
            for keys in [keys, after] {
                if !keys.is_empty() {
                    seat.keys(keys);
                }
                if keys != after {
                    seat.text(text);
                }
            }
            shots.push((format!("{name}-{width}x{height}"), seat));
        }
    }
    for (theme_name, _) in BUILT_IN {
        let theme = Theme::load(theme_name, &[], ColorDepth::True).0;
        for (name, seat) in &shots {
            let buffer = seat.buffer_in(&theme);
            let mut out = String::new();
            for y in 0..buffer.area.height {
                let mut skip = 0;
                for x in 0..buffer.area.width {
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    let cell = &buffer[(x, y)];
                    skip = crate::ui::text::width(cell.symbol()).saturating_sub(1);
                    out.push_str(&format!("\x1b[{};{}H\x1b[0", y + 1, x + 1));
                    for (layer, color) in [(38, cell.fg), (48, cell.bg)] {
                        match color {
                            Color::Rgb(r, g, b) => out.push_str(&format!(";{layer};2;{r};{g};{b}")),
                            Color::Red => out.push_str(&format!(";{}", layer - 7)),
                            Color::Green => out.push_str(&format!(";{}", layer - 6)),
                            Color::Yellow => out.push_str(&format!(";{}", layer - 5)),
                            Color::Blue => out.push_str(&format!(";{}", layer - 4)),
                            Color::Magenta => out.push_str(&format!(";{}", layer - 3)),
                            Color::Cyan => out.push_str(&format!(";{}", layer - 2)),
                            _ => {}
                        }
                    }
                    for (modifier, code) in
                        [(Modifier::BOLD, 1), (Modifier::UNDERLINED, 4), (Modifier::REVERSED, 7), (Modifier::ITALIC, 3)]
                    {
                        if cell.modifier.contains(modifier) {
                            out.push_str(&format!(";{code}"));
                        }
                    }
                    out.push_str(&format!("m{}", cell.symbol()));
                }
                out.push_str("\x1b[0m");
            }
            std::fs::write(format!("{folder}/{theme_name}-{name}.ansi"), out).unwrap();
        }
    }
}

pub(super) fn status() -> Vec<AccountStatus> {
    vec![AccountStatus {
        name: "support".into(),
        activity: Activity::Pulling,
        progress: Some(Progress { done: 120, total: 4_000 }),
        trouble: String::new(),
        next: None,
        last_success: None,
        budget: String::new(),
        budget_until: None,
        backlog: None,
    }]
}

/// What one key and one frame cost with as much as is ever held.
#[test]
#[ignore = "measures"]
fn cost() {
    use super::desk::{customer, message};
    let mut desk = FakeDesk::empty();
    let text = "A line of some words that is long enough to be broken once or twice on the screen. ".repeat(60);
    let entries = (0..400).map(|n| message("Ana", crate::model::Direction::Inbound, -n * 3_600_000, "S", &text));
    desk.customers.push(customer("Ana", entries.collect()));
    for n in 0..5_000 {
        desk.customers.push(customer(&format!("Customer{n}"), vec![]));
    }
    let mut seat = FakeSeat::new(160, 50, desk);
    seat.keys("Enter");
    for _ in 0..400 {
        seat.keys("{");
        seat.keys("g g");
    }
    let theme = Theme::default();
    let lines = seat.screen.open.as_ref().unwrap().lines();
    let start = std::time::Instant::now();
    for _ in 0..100 {
        seat.keys("j");
    }
    let key = start.elapsed() / 100;
    let mut terminal = ratatui::Terminal::new(ratatui::backend::TestBackend::new(160, 50)).unwrap();
    let start = std::time::Instant::now();
    for _ in 0..100 {
        terminal.draw(|frame| crate::ui::view(&seat.screen, &theme, frame)).unwrap();
    }
    let frame = start.elapsed() / 100;
    let start = std::time::Instant::now();
    seat.send(Msg::Lagged);
    println!("{lines} lines held: a key {key:?}, a frame {frame:?}, all loaded again {:?}", start.elapsed());
}

#[test]
fn the_tour_names_ten_keys_as_they_are_and_any_key_closes_it() {
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.hides("The keys that matter");
    seat.screen.show_tour();
    seat.shows("The keys that matter");
    seat.shows("Ana Sánchez");
    for key in ["j  k", "Enter  q", "Alt-Enter  y", "any key closes"] {
        seat.shows(key);
    }
    let ends = seat.frame().lines().take(22).filter(|line| line.trim_end().ends_with(['│', '┐', '┘'])).count();
    assert_eq!(ends, 22, "{}", seat.frame());
    // It only closes; nothing is resolved.
    seat.keys("e");
    seat.hides("The keys that matter");
    assert_eq!(seat.desk.done, []);
    seat.keys(":");
    seat.text("tour");
    seat.keys("Enter");
    seat.shows("The keys that matter");
    // A small terminal has room for all ten.
    let mut small = FakeSeat::new(60, 15, FakeDesk::shop());
    small.screen.show_tour();
    small.shows("all keys and commands");
    small.shows("move down and up");
}

#[test]
fn the_tour_says_the_keys_the_agent_has_made() {
    let own = "[global]\nr = \"\"\n\"C-r\" = \"reply\"\ne = \"\"\n";
    let own = [crate::data_file::OwnFile::new("default", "keymaps/default.toml", own)];
    let (keymap, _) = crate::keymap::Keymap::load("default", &own);
    let mut seat = FakeSeat::new(80, 24, FakeDesk::shop());
    seat.screen.keymap = keymap;
    seat.screen.show_tour();
    seat.shows("C-r ");
    seat.shows(":resolve ");
}
