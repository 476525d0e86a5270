//! Reading theme files laid over one another.

use super::color;
use super::element::Element;
use crate::data_file::{Layer, Reader};
use ratatui::style::{Color, Modifier};
use std::collections::HashMap;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What files say of an element.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    pub fg: Option<Color>,
    pub bg: Option<Color>,
    pub modifiers: Modifier,
}

/// What the files say of each element, those at the end over those before. The palettes come first, all of them: a theme
/// that inherits another and only names its colours anew is another theme.
pub(super) fn read(layers: &mut [Layer<'_>]) -> HashMap<&'static str, Said> {
    let mut palette = HashMap::new();
    for Layer { reader, table } in layers.iter_mut() {
        for (name, section) in &*table {
            match (name.get_ref().as_ref(), section.get_ref().as_table()) {
                ("palette", Some(colors)) => read_palette(colors, &mut palette, reader),
                ("palette" | "style", _) => drop(reader.table(name.get_ref(), section)),
                (other, Some(_)) => {
                    reader.warn(name.span(), format!("there is no section `{other}`; there are palette and style"));
                }
                (other, None) => {
                    let what = format!("`{other}` stands before the sections; write it under palette or style");
                    reader.warn(name.span(), what);
                }
            }
        }
    }
    let mut said = HashMap::new();
    for Layer { reader, table } in layers.iter_mut() {
        let Some(styles) = table.get("style").and_then(|section| section.get_ref().as_table()) else { continue };
        for (name, value) in styles {
            match Element::ALL.iter().find(|element| element.name() == name.get_ref()) {
                Some(element) => drop(said.insert(element.name(), read_style(value, &palette, reader))),
                None => reader.warn(name.span(), no_element(name.get_ref())),
            }
        }
    }
    said
}

fn read_palette(table: &DeTable<'_>, palette: &mut HashMap<String, Color>, reader: &mut Reader<'_>) {
    for (name, value) in table {
        let Some(text) = reader.string(name.get_ref(), value) else { continue };
        match color::parse(text) {
            Some(color) => drop(palette.insert(name.get_ref().to_string(), color)),
            None => reader.warn(value.span(), bad_color(text)),
        }
    }
}

/// There are too many to list: those that begin alike.
fn no_element(name: &str) -> String {
    let start = name.split('.').next().unwrap_or_default();
    let alike: Vec<&str> = Element::ALL
        .iter()
        .map(|element| element.name())
        .filter(|known| known.split('.').next() == Some(start))
        .collect();
    match alike.is_empty() {
        true => format!("there is no element `{name}`; themes/dark.toml names all"),
        false => format!("there is no element `{name}`; there are {}", alike.join(", ")),
    }
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
