//! How the panes look, and that no text breaks a column.

use super::{FakeDesk, FakeSeat};
use crate::model::{AccountStatus, Activity, Progress};
use crate::theme::{BUILT_IN, ColorDepth, Theme};
use crate::ui::Msg;
use ratatui::style::{Color, Modifier};

/// Writes frames as ANSI text into the folder `SCREEN_PICTURES` names, to be looked at by a person.
#[test]
#[ignore = "makes pictures for people"]
fn pictures() {
    let folder = std::env::var("SCREEN_PICTURES").unwrap();
    let mut shots: Vec<(String, FakeSeat)> = Vec::new();
    for (width, height) in [(80, 24), (120, 32), (160, 50)] {
        let mut steps: Vec<(&str, Box<dyn Fn(&mut FakeSeat)>)> = vec![
            ("inbox", Box::new(|_| {})),
            ("timeline", Box::new(|seat| drop(seat.keys("Enter")))),
            ("profile", Box::new(|seat| drop(seat.keys("Enter Tab")))),
            ("chinese", Box::new(|seat| drop(seat.keys("j Enter")))),
            ("reply", Box::new(|seat| drop(seat.keys("Enter r").text("Hello Ana, 你好!\nIt is on its way.")))),
            ("review", Box::new(|seat| drop(seat.keys("Enter r").text("Hello Ana").keys("Alt-Enter")))),
            ("note", Box::new(|seat| drop(seat.keys("Enter m").text("Call the carrier")))),
            ("help", Box::new(|seat| drop(seat.keys("?")))),
            ("goto", Box::new(|seat| drop(seat.keys("g")))),
            ("prompt", Box::new(|seat| drop(seat.keys(":").text("re")))),
        ];
        for (name, step) in steps.drain(..) {
            let mut seat = FakeSeat::new(width, height, FakeDesk::shop());
            seat.send(Msg::Status(status()));
            step(&mut seat);
            shots.push((format!("{name}-{width}x{height}"), seat));
        }
    }
    for (theme_name, _) in BUILT_IN {
        let theme = Theme::load(theme_name, None, ColorDepth::True).0;
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
    }]
}
