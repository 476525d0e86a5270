//! Colours: data files → one style for each [`Element`].

mod color;
mod depth;
mod element;
mod read;

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(crate) use color::contrast;
pub use depth::ColorDepth;
pub use element::Element;

use crate::data_file::{OwnFile, Shelf, Warning};
use color::is_light;
use ratatui::style::{Color, Modifier, Style};
use read::Said;
use std::collections::HashMap;

/// The themes that are built in, by name. The first is the usual one.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("terminal", include_str!("../../themes/terminal.toml")),
];

const SHELF: Shelf = Shelf { kind: "theme", built_in: BUILT_IN };

/// One style for each element.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    styles: Vec<Style>,
}

impl Default for Theme {
    fn default() -> Theme {
        Theme::load(BUILT_IN[0].0, &[], ColorDepth::True).0
    }
}

impl Theme {
    /// The theme `name`: built in, one of the agent's own files, or one laid over the other, in as many colours as there
    /// are. What cannot be understood becomes a warning; the rest counts.
    pub fn load(name: &str, own: &[OwnFile], depth: ColorDepth) -> (Theme, Vec<Warning>) {
        let (mut layers, mut warnings) = SHELF.layers(name, own);
        let said = read::read(&mut layers);
        warnings.extend(layers.into_iter().flat_map(|layer| layer.reader.warnings()));
        let styles = Element::ALL.iter().map(|element| style(*element, &said, depth)).collect();
        (Theme { styles }, warnings)
    }

    /// The names that [`Theme::load`] knows.
    pub fn names(own: &[OwnFile]) -> Vec<&str> {
        SHELF.names(own)
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
    if depth == ColorDepth::Sixteen && style.bg.is_some_and(is_light) {
        style.fg = style.fg.map(depth::on_light);
    }
    if style.fg == style.bg && style.fg.is_some_and(|color| color != Color::Reset) {
        // Two colours fell into one: the ground stays, and what is on it can be read.
        style.fg = merged.bg.map(|ground| if is_light(ground) { Color::Black } else { Color::White });
    }
    // Without colours, and where its ground fell into that of the others, what is under the cursor still stands out.
    let around = said.get(Element::Text.name()).and_then(|said| said.bg).and_then(|color| depth.reduce(color));
    if depth == ColorDepth::Sixteen && matches!(element, Element::InboxSelected | Element::Selection) {
        // No ground of sixteen carries letters of all the others: a block of two colours does.
        style.bg = around;
    }
    let stands_out =
        matches!(element, Element::InboxSelected | Element::Selection | Element::Caret | Element::Question);
    if stands_out && style.bg == around {
        style = style.add_modifier(Modifier::REVERSED);
    }
    style
}
