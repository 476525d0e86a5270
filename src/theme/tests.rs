//! Which colours there are, and that they can be read.
#![allow(clippy::unwrap_used)]

use super::color::contrast;
use super::*;

/// The colours of the built-in themes; `terminal` has the terminal's own.
const COLOURED: [&str; 3] = ["dark", "light", "high-contrast"];

/// What may be harder to read, as it says less.
fn is_minor(element: Element) -> bool {
    matches!(element, Element::Border | Element::Dim | Element::Resolved | Element::Automated)
}

#[test]
fn the_built_in_themes_have_no_warnings_and_say_something_of_every_element() {
    for (name, text) in BUILT_IN {
        let (_, warnings) = Theme::load(name, &[], ColorDepth::True);
        assert_eq!(warnings, [], "{name}");
        // One that inherits says only what is different.
        for element in Element::ALL.iter().filter(|_| !text.contains("inherit =")) {
            assert!(text.contains(&format!("\"{}\" =", element.name())), "{name} lacks {}", element.name());
        }
    }
}

#[test]
fn text_can_be_read_on_its_ground() {
    for depth in [ColorDepth::True, ColorDepth::Indexed] {
        for name in COLOURED {
            let theme = Theme::load(name, &[], depth).0;
            for element in Element::ALL {
                let style = theme.style(*element);
                let found = contrast(style.fg.unwrap(), style.bg.unwrap());
                let least = match name {
                    "high-contrast" => 7.0,
                    _ if matches!(element, Element::Border | Element::Dim) => 3.0,
                    _ => 4.5,
                };
                assert!(found >= least, "{name} {depth:?} {}: {found:.1}", element.name());
            }
        }
    }
}

#[test]
fn text_can_be_read_under_the_cursor() {
    for depth in [ColorDepth::True, ColorDepth::Indexed] {
        for name in ["dark", "light"] {
            let theme = Theme::load(name, &[], depth).0;
            let ground = theme.style(Element::InboxSelected).bg.unwrap();
            let not_in_rows =
                |e: &Element| matches!(e, Element::Border | Element::Caret | Element::Question | Element::Hint);
            for element in Element::ALL.iter().filter(|element| !not_in_rows(element)) {
                // Headings and the like of timeline and profile never stand in a row.
                if element.name().starts_with("timeline.") && !matches!(element, Element::Outbound | Element::Cursor) {
                    continue;
                }
                let least = if is_minor(*element) || *element == Element::Label { 3.0 } else { 4.5 };
                let found = contrast(theme.style(*element).fg.unwrap(), ground);
                assert!(found >= least, "{name} {depth:?} {}: {found:.1}", element.name());
            }
        }
        // Here the row is a block of its own two colours.
        let block = Theme::load("high-contrast", &[], depth).0.style(Element::InboxSelected);
        assert!(block.add_modifier.contains(Modifier::REVERSED), "{block:?}");
    }
}

#[test]
fn sixteen_colours_never_hide_a_text() {
    for name in COLOURED {
        let theme = Theme::load(name, &[], ColorDepth::Sixteen).0;
        for element in Element::ALL {
            let style = theme.style(*element);
            assert_ne!(style.fg, style.bg, "{name} {}", element.name());
        }
        // What is loud is coloured.
        for element in [Element::Error, Element::Warning, Element::Link, Element::Key, Element::StatusError] {
            let grey = [Color::Black, Color::White, Color::Gray, Color::DarkGray].map(Some);
            assert!(!grey.contains(&theme.style(element).fg), "{name} {}", element.name());
        }
    }
}

#[test]
fn a_theme_that_only_names_its_colours_anew_is_another_theme() {
    let mine = OwnFile::new("mine", "mine.toml", "inherit = \"light\"\n[palette]\nred = \"#990000\"\n");
    let (theme, warnings) = Theme::load("mine", std::slice::from_ref(&mine), ColorDepth::True);
    assert_eq!(warnings, []);
    let light = Theme::load("light", &[], ColorDepth::True).0;
    assert_eq!(theme.style(Element::Error).fg, Some(Color::Rgb(0x99, 0, 0)));
    assert_eq!(theme.style(Element::StatusError).fg, Some(Color::Rgb(0x99, 0, 0)));
    assert_eq!(theme.style(Element::Text), light.style(Element::Text));
    let (theme, warnings) = Theme::load("blue", &[mine], ColorDepth::True);
    assert_eq!(
        warnings[0].to_string(),
        "there is no theme `blue`; there are dark, light, high-contrast, terminal, mine"
    );
    assert_eq!(theme, Theme::default());
}

#[test]
fn fewer_colours_still_show_what_is_selected() {
    for depth in [ColorDepth::None, ColorDepth::Sixteen, ColorDepth::Indexed, ColorDepth::True] {
        for (name, _) in BUILT_IN {
            let theme = Theme::load(name, &[], depth).0;
            assert_ne!(theme.style(Element::InboxSelected), theme.style(Element::InboxRow), "{name} {depth:?}");
        }
    }
    let plain = Theme::load("dark", &[], ColorDepth::None).0;
    assert!(Element::ALL.iter().all(|e| plain.style(*e).fg.is_none() && plain.style(*e).bg.is_none()));
    assert_eq!(ColorDepth::Indexed.reduce(Color::Rgb(255, 0, 0)), Some(Color::Indexed(196)));
    assert_eq!(ColorDepth::Sixteen.reduce(Color::Rgb(250, 250, 250)), Some(Color::White));
}

#[test]
fn the_environment_says_how_many_colours_there_are() {
    let depth = |pairs: &[(&str, &str)]| {
        ColorDepth::from_environment(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    };
    assert_eq!(depth(&[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]), ColorDepth::None);
    assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), ColorDepth::True);
    assert_eq!(depth(&[("TERM", "screen-256color")]), ColorDepth::Indexed);
    assert_eq!(depth(&[("TERM", "linux")]), ColorDepth::Sixteen);
    assert_eq!(depth(&[("TERM", "xterm-kitty")]), ColorDepth::True, "over SSH only the name comes along");
    for term in ["dumb", "vt100", "vt220", "xterm-mono", "linux-m", ""] {
        assert_eq!(depth(&[("TERM", term), ("COLORTERM", "truecolor")]), ColorDepth::None, "{term}");
    }
    assert_eq!(depth(&[("NO_COLOR", ""), ("TERM", "xterm")]), ColorDepth::Sixteen, "empty is not set");
    let screen = [("STY", "1.pts"), ("COLORTERM", "truecolor")];
    assert_eq!(depth(&[&screen[..], &[("TERM", "screen")]].concat()), ColorDepth::Sixteen, "GNU screen");
    assert_eq!(depth(&[&screen[..], &[("TERM", "screen-256color")]].concat()), ColorDepth::Indexed);
    assert_eq!(depth(&[&screen[..], &[("TERM", "screen-256color"), ("TMUX", "x")]].concat()), ColorDepth::True);
}

#[test]
fn an_agents_own_colours_come_over_and_what_is_wrong_is_named() {
    let text = "[palette]\nmine = \"#123456\"\n[style]\n\"text.error\" = { fg = \"mine\", bold = true }\n\
                \"text.good\" = { fg = \"puce\" }\n\"nothing\" = { fg = \"red\" }\n";
    let (theme, warnings) = Theme::load("dark", &[OwnFile::new("dark", "theme.toml", text)], ColorDepth::True);
    assert_eq!(theme.style(Element::Error).fg, Some(Color::Rgb(0x12, 0x34, 0x56)));
    let said: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("theme.toml:5:22: `puce` is no colour"), "{}", said[0]);
    assert!(said[1].starts_with("theme.toml:6:1: there is no element `nothing`"), "{}", said[1]);
}

#[test]
fn sixteen_colours_on_a_light_ground_are_the_dark_ones() {
    let light = Theme::load("light", &[], ColorDepth::Sixteen).0;
    assert_eq!(light.style(Element::Text).bg, Some(Color::White));
    for element in Element::ALL.iter().filter(|element| light.style(**element).bg == Some(Color::White)) {
        let fg = light.style(*element).fg.unwrap();
        let dark = [Color::Black, Color::DarkGray, Color::Red, Color::Blue, Color::Magenta];
        assert!(dark.contains(&fg), "{}: {fg:?}", element.name());
    }
}

#[test]
fn the_row_under_the_cursor_is_a_block_where_no_ground_carries_all_colours() {
    for (name, _) in BUILT_IN {
        let theme = Theme::load(name, &[], ColorDepth::Sixteen).0;
        let (row, text) = (theme.style(Element::InboxSelected), theme.style(Element::Text));
        assert!(row.add_modifier.contains(Modifier::REVERSED) && row.bg == text.bg, "{name}: {row:?}");
        assert!(row.fg != row.bg || row.fg == Some(Color::Reset), "{name}: {row:?}");
    }
}
