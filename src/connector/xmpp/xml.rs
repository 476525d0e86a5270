//! XML that we write ourselves.

use tokio_xmpp::minidom::Element;

/// A text inside an element or an attribute. What no XML may hold is left out (XML 1.0, section 2.2).
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

/// The stored form of an element.
pub(super) fn bytes(element: &Element) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = element.write_to(&mut bytes);
    bytes
}

/// Reads an element.
///
/// # Errors
/// That it is none.
pub(super) fn read(bytes: &[u8]) -> Result<Element, String> {
    Element::from_reader(bytes).map_err(|error| format!("it is no XML ({error})"))
}
