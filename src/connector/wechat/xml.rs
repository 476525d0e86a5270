//! The XML of WeChat and WeCom: small, flat, and from outside.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Larger documents are none of theirs.
const MOST_BYTES: usize = 512 * 1024;
/// How deep elements lie within each other.
const MOST_DEPTH: usize = 8;
/// How many elements with text there are.
const MOST_ELEMENTS: usize = 500;

/// The texts of a document, by the names of the elements below its root: `Content`, `event/msgid`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::connector) struct Xml(Vec<(String, String)>);

impl Xml {
    /// Reads a document. `None` when it is none, is too large or too deep, or declares entities.
    pub fn read(bytes: &[u8]) -> Option<Xml> {
        if bytes.len() > MOST_BYTES {
            return None;
        }
        let text = std::str::from_utf8(bytes).ok()?;
        let mut reader = Reader::from_str(text);
        let mut names: Vec<String> = Vec::new();
        let mut found: Vec<(String, String)> = Vec::new();
        // The text of the innermost element so far; `None` after an element within it.
        let mut said: Option<String> = None;
        let mut rooted = false;
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    if names.is_empty() && rooted || names.len() >= MOST_DEPTH {
                        return None;
                    }
                    rooted = true;
                    names.push(std::str::from_utf8(start.name().as_ref()).ok()?.to_owned());
                    said = Some(String::new());
                }
                Event::Text(part) => add(&mut said, &part.decode().ok()?),
                Event::CData(part) => add(&mut said, &part.decode().ok()?),
                Event::GeneralRef(part) => {
                    let character = part.resolve_char_ref().ok()?.map(String::from);
                    let name = part.decode().ok()?;
                    add(&mut said, &character.or_else(|| resolve_predefined_entity(&name).map(str::to_owned))?);
                }
                Event::End(_) => {
                    if let Some(text) = said.take()
                        && names.len() > 1
                    {
                        found.push((names[1..].join("/"), text));
                    }
                    names.pop();
                    if found.len() > MOST_ELEMENTS {
                        return None;
                    }
                }
                Event::DocType(_) => return None,
                Event::Eof => break,
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        (rooted && names.is_empty()).then_some(Xml(found))
    }

    /// The text of the first element with this name; empty when there is none.
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text.trim())
    }

    /// The same, where it must be something.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }
}

fn add(said: &mut Option<String>, part: &str) {
    if let Some(said) = said {
        said.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_by_their_names() {
        let text = "<?xml version=\"1.0\"?><xml>\n <A><![CDATA[a<b> & c]]></A><B>1 &lt; 2 &#x4e2d;</B>\
                    <C><D>inner</D><D>second</D></C><E/></xml>";
        let xml = Xml::read(text.as_bytes()).expect("it is well");
        assert_eq!((xml.text("A"), xml.text("B"), xml.text("C/D")), ("a<b> & c", "1 < 2 中", "inner"));
        assert_eq!((xml.text("E"), xml.some("E"), xml.some("C")), ("", None, None));
    }

    #[test]
    fn what_is_no_such_document_is_none() {
        let deep = format!("{}{}", "<a>".repeat(20), "</a>".repeat(20));
        let wide = format!("<xml>{}</xml>", "<a>1</a>".repeat(600));
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><xml><A>&a;</A></xml>";
        for bad in ["", "hello", "<xml>", "<xml><A></xml>", "<xml/><xml></xml><xml>", &deep, &wide, bomb] {
            assert_eq!(Xml::read(bad.as_bytes()), None, "{}", bad.chars().take(40).collect::<String>());
        }
        assert_eq!(Xml::read(b"<xml><A>&evil;</A></xml>"), None, "entities of one's own");
        assert_eq!(Xml::read(b"<xml><A>\xff</A></xml>"), None);
        assert_eq!(Xml::read(&vec![b' '; MOST_BYTES + 1]), None);
    }
}
