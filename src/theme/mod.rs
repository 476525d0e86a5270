//! Colours: data files → one style for each [`Element`].

mod color;
mod element;

pub use color::ColorDepth;
pub use element::Element;

use crate::data_file::{Reader, Warning};
use ratatui::style::{Color, Modifier, Style};
use std::collections::HashMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The themes that are built in, by name. The first is the usual one.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("terminal", include_str!("../../themes/terminal.toml")),
];

/// One style for each element.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    styles: Vec<Style>,
}

/// What a file says of an element.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    fg: Option<Color>,
    bg: Option<Color>,
    modifiers: Modifier,
}

impl Default for Theme {
    fn default() -> Theme {
        Theme::load("dark", None, ColorDepth::True).0
    }
}

impl Theme {
    /// A built-in theme, and over it what `user` says (the file's name as shown, and its text), in as many colours as
    /// there are. An unknown name gives the first theme and a warning.
    pub fn load(name: &str, user: Option<(&str, &str)>, depth: ColorDepth) -> (Theme, Vec<Warning>) {
        let mut said: HashMap<&'static str, Said> = HashMap::new();
        let mut palette = HashMap::new();
        let mut warnings = Vec::new();
        let found = BUILT_IN.iter().find(|(known, _)| *known == name);
        if found.is_none() {
            let known: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
            let what = format!("there is no theme `{name}`; there are {}", known.join(", "));
            warnings.push(Warning { file: "theme".to_owned(), line: 1, column: 1, what });
        }
        let (name, text) = found.unwrap_or(&BUILT_IN[0]);
        warnings.extend(read(&format!("themes/{name}.toml"), text, &mut palette, &mut said));
        if let Some((file, text)) = user {
            warnings.extend(read(file, text, &mut palette, &mut said));
        }
        let styles = Element::ALL.iter().map(|element| style(*element, &said, depth)).collect();
        (Theme { styles }, warnings)
    }

    /// How an element looks.
    pub fn style(&self, element: Element) -> Style {
        self.styles.get(element as usize).copied().unwrap_or_default()
    }
}

/// Follows an element to what was said of it or of the elements it begins with.
fn style(element: Element, said: &HashMap<&'static str, Said>, depth: ColorDepth) -> Style {
    let mut merged = Said::default();
    let mut at = Some(element);
    let mut first = true;
    while let Some(element) = at {
        if let Some(own) = said.get(element.name()) {
            merged.fg = merged.fg.or(own.fg);
            merged.bg = merged.bg.or(own.bg);
            // Bold is not handed down: a bold title does not make a bold pane.
            if first {
                merged.modifiers = own.modifiers;
            }
            first = false;
        }
        at = element.parent();
    }
    let mut style = Style::new().add_modifier(merged.modifiers);
    style.fg = merged.fg.and_then(|color| depth.reduce(color));
    style.bg = merged.bg.and_then(|color| depth.reduce(color));
    // Without colours, and where two colours fall into one, what is under the cursor still stands out.
    let indistinct = style.fg == style.bg && style.fg != Some(Color::Reset);
    let stands_out = matches!(element, Element::InboxSelected | Element::Caret | Element::Question);
    if stands_out && indistinct {
        style.fg = None;
        style.bg = None;
        style = style.add_modifier(Modifier::REVERSED);
    }
    style
}

/// Reads a file's `[palette]` and `[style]`.
fn read(
    file: &str,
    text: &str,
    palette: &mut HashMap<String, Color>,
    said: &mut HashMap<&'static str, Said>,
) -> Vec<Warning> {
    let (mut reader, sections) = Reader::new(file, text);
    for (name, section) in &sections {
        let Some(table) = reader.table(name.get_ref(), section) else { continue };
        match name.get_ref().as_ref() {
            "palette" => {
                for (name, value) in table {
                    let Some(text) = reader.string(name.get_ref(), value) else { continue };
                    match color::parse(text) {
                        Some(color) => drop(palette.insert(name.get_ref().to_string(), color)),
                        None => reader.warn(value.span(), bad_color(text)),
                    }
                }
            }
            "style" => {}
            other => reader.warn(name.span(), format!("there is no section `{other}`; there are palette and style")),
        }
    }
    // After the palette, wherever that stands in the file.
    if let Some(table) = sections.get("style").and_then(|section| section.get_ref().as_table()) {
        for (name, value) in table {
            match Element::ALL.iter().find(|element| element.name() == name.get_ref()) {
                Some(element) => drop(said.insert(element.name(), read_style(value, palette, &mut reader))),
                None => reader.warn(name.span(), format!("there is no element `{}`", name.get_ref())),
            }
        }
    }
    reader.warnings()
}

fn bad_color(text: &str) -> String {
    format!("`{text}` is no colour; write #rrggbb, a name of the palette, default, red … light-cyan, or 0 to 255")
}

fn read_style(value: &Spanned<DeValue<'_>>, palette: &HashMap<String, Color>, reader: &mut Reader<'_>) -> Said {
    let mut said = Said::default();
    let Some(table) = reader.table("style", value) else { return said };
    let table: &DeTable<'_> = table;
    for (name, value) in table {
        let modifier = match name.get_ref().as_ref() {
            "fg" | "bg" => {
                let Some(text) = reader.string(name.get_ref(), value) else { continue };
                let color = palette.get(text).copied().or_else(|| color::parse(text));
                if color.is_none() {
                    reader.warn(value.span(), bad_color(text));
                }
                *(if name.get_ref() == "fg" { &mut said.fg } else { &mut said.bg }) = color;
                continue;
            }
            "bold" => Modifier::BOLD,
            "dim" => Modifier::DIM,
            "italic" => Modifier::ITALIC,
            "underlined" => Modifier::UNDERLINED,
            "reversed" => Modifier::REVERSED,
            other => {
                reader.warn(name.span(), format!("`{other}` is not fg, bg, bold, dim, italic, underlined or reversed"));
                continue;
            }
        };
        match value.get_ref().as_bool() {
            Some(true) => said.modifiers |= modifier,
            Some(false) => said.modifiers -= modifier,
            None => reader.warn(value.span(), format!("`{}` must be true or false", name.get_ref())),
        }
    }
    said
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_built_in_themes_have_no_warnings_and_say_something_of_every_element() {
        for (name, text) in BUILT_IN {
            let (_, warnings) = Theme::load(name, None, ColorDepth::True);
            assert_eq!(warnings, [], "{name}");
            for element in Element::ALL {
                assert!(text.contains(&format!("\"{}\" =", element.name())), "{name} lacks {}", element.name());
            }
        }
    }

    /// Relative luminance and contrast of WCAG 2.1.
    fn contrast(a: Color, b: Color) -> f64 {
        let luminance = |color| {
            let Color::Rgb(r, g, b) = color else { panic!("{color:?} is not 24-bit") };
            let linear = |channel: u8| {
                let value = f64::from(channel) / 255.0;
                if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_its_ground() {
        for name in ["dark", "light"] {
            let theme = Theme::load(name, None, ColorDepth::True).0;
            for element in Element::ALL {
                let style = theme.style(*element);
                let found = contrast(style.fg.unwrap(), style.bg.unwrap());
                let least = if matches!(element, Element::Border | Element::Dim) { 3.0 } else { 4.5 };
                assert!(found >= least, "{name} {}: {found:.1}", element.name());
            }
        }
    }

    #[test]
    fn fewer_colours_still_show_what_is_selected() {
        for depth in [ColorDepth::None, ColorDepth::Sixteen, ColorDepth::Indexed, ColorDepth::True] {
            for (name, _) in BUILT_IN {
                let theme = Theme::load(name, None, depth).0;
                assert_ne!(theme.style(Element::InboxSelected), theme.style(Element::InboxRow), "{name} {depth:?}");
            }
        }
        let plain = Theme::load("dark", None, ColorDepth::None).0;
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
    }

    #[test]
    fn an_agents_own_colours_come_over_and_what_is_wrong_is_named() {
        let text = "[palette]\nmine = \"#123456\"\n[style]\n\"text.error\" = { fg = \"mine\", bold = true }\n\
                    \"text.good\" = { fg = \"puce\" }\n\"nothing\" = { fg = \"red\" }\n";
        let (theme, warnings) = Theme::load("dark", Some(("theme.toml", text)), ColorDepth::True);
        assert_eq!(theme.style(Element::Error).fg, Some(Color::Rgb(0x12, 0x34, 0x56)));
        let said: Vec<String> = warnings.iter().map(Warning::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("theme.toml:5:22: `puce` is no colour"), "{}", said[0]);
        assert!(said[1].starts_with("theme.toml:6:1: there is no element `nothing`"), "{}", said[1]);
    }
}
