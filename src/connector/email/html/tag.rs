//! HTML cut into tags and texts. Linear, whatever comes.

/// An opening or closing tag.
pub(super) struct Tag<'a> {
    /// Lower case.
    pub(super) name: String,
    /// `</name>`.
    pub(super) closing: bool,
    /// What stands between name and `>`.
    attributes: &'a str,
}

impl Tag<'_> {
    /// True for elements that have no content.
    pub(super) fn is_void(&self) -> bool {
        matches!(
            self.name.as_str(),
            "area" | "base" | "br" | "col" | "embed" | "hr" | "img" | "input" | "link" | "meta" | "source" | "wbr"
        )
    }

    /// The value of an attribute, entities decoded; empty when it has none.
    pub(super) fn attribute(&self, wanted: &str) -> Option<String> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() {
                return None;
            }
            // A name has at least its first character, whatever that is.
            let first = rest.chars().next().map_or(0, char::len_utf8);
            let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '=' | '/');
            let end = rest[first..].find(ends).map_or(rest.len(), |at| first + at);
            let name = &rest[..end];
            rest = rest[end..].trim_ascii_start();
            let mut value = "";
            if let Some(after) = rest.strip_prefix('=') {
                let after = after.trim_ascii_start();
                let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
                (value, rest) = match quote {
                    Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                    None => after.split_at(after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len())),
                };
            }
            if name.eq_ignore_ascii_case(wanted) {
                return Some(decode(value));
            }
        }
    }
}

/// A piece of HTML.
pub(super) enum Token<'a> {
    /// Text with its entities.
    Text(&'a str),
    /// A tag.
    Tag(Tag<'a>),
}

/// Cuts HTML.
pub(super) struct Tokens<'a> {
    rest: &'a str,
    /// Quotes inside tags are honoured, until one was found that never ends.
    quotes: bool,
    /// There are tags ahead: some `>` was not seen to be the last.
    tags: bool,
}

impl<'a> Tokens<'a> {
    /// Starts at the beginning.
    pub(super) fn new(html: &'a str) -> Tokens<'a> {
        Tokens { rest: html, quotes: true, tags: true }
    }

    /// Where the tag that `inside` begins with ends: the position of its `>`.
    fn tag_end(&mut self, inside: &str) -> Option<usize> {
        if self.quotes {
            let mut quote = None;
            for (at, byte) in inside.bytes().enumerate() {
                match (byte, quote) {
                    (b'>', None) => return Some(at),
                    (b'"' | b'\'', None) => quote = Some(byte),
                    (_, Some(open)) if byte == open => quote = None,
                    _ => {}
                }
            }
            // From here on quotes mean nothing, so that no second tag costs a walk to the end.
            self.quotes = false;
        }
        let end = inside.find('>');
        self.tags = end.is_some();
        end
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(inside) = self.rest.strip_prefix('<') else {
                let end = self.rest.find('<').unwrap_or(self.rest.len());
                let (text, rest) = self.rest.split_at(end);
                self.rest = rest;
                return Some(Token::Text(text));
            };
            if let Some(comment) = inside.strip_prefix("!--") {
                // What follows a comment that never ends is comment.
                self.rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
                continue;
            }
            let named = inside.strip_prefix('/').unwrap_or(inside);
            let is_tag = named.starts_with(|c: char| c.is_ascii_alphabetic()) || inside.starts_with(['!', '?']);
            let end = if is_tag && self.tags { self.tag_end(inside) } else { None };
            let Some(end) = end else {
                // A lone `<`, or a tag that never ends: it is text, up to what may be the next tag.
                let next = inside.find('<').map_or(self.rest.len(), |at| at + 1);
                let (text, rest) = self.rest.split_at(next);
                self.rest = rest;
                return Some(Token::Text(text));
            };
            self.rest = &inside[end + 1..];
            if inside.starts_with(['!', '?']) {
                continue;
            }
            let closing = inside.starts_with('/');
            let content = &inside[usize::from(closing)..end];
            let name_end = content.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(content.len());
            let name = content[..name_end].to_ascii_lowercase();
            if !closing
                && matches!(name.as_str(), "script" | "style" | "title" | "template" | "svg" | "math" | "object")
            {
                self.rest = after_element(self.rest, &name);
                continue;
            }
            return Some(Token::Tag(Tag { name, closing, attributes: &content[name_end..] }));
        }
    }
}

/// What follows the end of an element whose content is no text; nothing when it never ends.
fn after_element<'a>(rest: &'a str, name: &str) -> &'a str {
    let mut search = rest;
    while let Some(at) = search.find("</") {
        let after = &search[at + 2..];
        if after.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return after.find('>').map_or("", |end| &after[end + 1..]);
        }
        search = after;
    }
    ""
}

/// Decodes the entities of a text.
pub(super) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // The longest entity names have about 30 letters.
        let end = after.bytes().take(40).position(|byte| !byte.is_ascii_alphanumeric() && byte != b'#');
        match end.filter(|&end| end > 0 && after.as_bytes()[end] == b';') {
            Some(end) => {
                let token = &rest[before.len()..before.len() + end + 2];
                mail_parser::decoders::html::add_html_token(&mut out, token.as_bytes(), false);
                rest = &after[end + 1..];
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}
