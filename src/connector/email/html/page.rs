//! The text page that grows while the tags go by.

use super::link::Links;
use super::tag::{Tag, decode};

/// Deepest quotes and lists that are shown as such.
const MAX_INDENT: usize = 6;
/// Most text kept, in bytes; the cleaner's cap is below.
const MAX_TEXT: usize = 3_000_000;

/// The text so far.
#[derive(Default)]
pub(super) struct Page {
    out: String,
    /// White space waits to be written until a word follows.
    space: bool,
    /// Line feeds that are due before the next word: 1 a new line, 2 a blank one between.
    breaks: usize,
    quotes: usize,
    preformatted: usize,
    /// Open lists: the number of the next item, `None` for bullets.
    lists: Vec<Option<usize>>,
    /// The open link: where it leads and where its text begins.
    link: Option<(String, usize)>,
    links: Links,
    hidden: usize,
}

impl Page {
    /// Adds text as it stands in the source.
    pub(super) fn text(&mut self, source: &str) {
        let text = decode(source);
        if self.preformatted > 0 {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.flush_breaks();
                    self.out.push('\n');
                }
                self.word(line.trim_end_matches('\r'));
            }
            return;
        }
        let mut rest = text.as_str();
        while let Some(c) = rest.chars().next() {
            if c.is_ascii_whitespace() {
                self.space = true;
                rest = rest.trim_ascii_start();
            } else {
                let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
                self.word(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }

    /// Notes text that the sender hid.
    pub(super) fn hidden(&mut self, source: &str) {
        // What has looks of its own counts: preheaders are padded with invisible characters.
        self.hidden += decode(source).chars().filter(|c| c.is_alphanumeric()).count();
    }

    /// Does what a tag asks for.
    pub(super) fn tag(&mut self, tag: &Tag<'_>) {
        match tag.name.as_str() {
            "br" => self.line((self.breaks + 1).min(2)),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.line(2),
            "ul" | "ol" | "menu" => self.list(tag),
            "blockquote" => {
                self.line(1);
                self.quotes = if tag.closing { self.quotes.saturating_sub(1) } else { self.quotes + 1 };
            }
            "pre" => {
                self.line(1);
                self.preformatted =
                    if tag.closing { self.preformatted.saturating_sub(1) } else { self.preformatted + 1 };
            }
            "li" => self.item(tag.closing),
            "td" | "th" => self.space = true,
            "hr" => {
                self.line(1);
                self.word("---");
                self.line(1);
            }
            "img" => self.picture(tag),
            "a" => self.anchor(tag),
            "div" | "tr" | "table" | "tbody" | "thead" | "section" | "article" | "header" | "footer" | "address"
            | "dl" | "dt" | "dd" | "form" | "fieldset" | "center" | "main" | "nav" | "aside" | "figure" | "body"
            | "html" | "caption" | "figcaption" | "option" | "details" | "summary" => self.line(1),
            _ => {}
        }
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        self.end_link();
        let mut text = String::with_capacity(self.out.len());
        for line in self.out.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let mut text = text.trim_end().to_owned();
        if self.hidden > 0 {
            text.push_str(&format!("\n\n[hidden by the sender: {} letters; the original has them]", self.hidden));
        }
        let list = self.links.list();
        if !list.is_empty() {
            text.push('\n');
            text.push_str(&list);
        }
        text.trim_start_matches('\n').to_owned()
    }

    fn line(&mut self, breaks: usize) {
        self.breaks = self.breaks.max(breaks);
        self.space = false;
    }

    /// Writes the line feeds that are due and the marks the new line begins with.
    fn flush_breaks(&mut self) {
        let breaks = std::mem::take(&mut self.breaks);
        if breaks > 0 && !self.out.is_empty() {
            if !self.out.ends_with('\n') {
                self.out.push('\n');
            }
            for _ in 1..breaks {
                self.marks();
                self.out.push('\n');
            }
        }
    }

    fn marks(&mut self) {
        for _ in 0..self.quotes.min(MAX_INDENT) {
            self.out.push_str("> ");
        }
    }

    /// Writes a word, with what is due before it.
    fn word(&mut self, word: &str) {
        if word.is_empty() || self.out.len() > MAX_TEXT {
            return;
        }
        self.flush_breaks();
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.marks();
        } else if self.space && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        self.space = false;
        self.out.push_str(word);
    }

    fn list(&mut self, tag: &Tag<'_>) {
        self.line(if self.lists.len() > 1 { 1 } else { 2 });
        if tag.closing {
            self.lists.pop();
        } else if self.lists.len() < 100 {
            self.lists.push((tag.name == "ol").then_some(1));
        }
    }

    fn item(&mut self, closing: bool) {
        self.line(1);
        if closing {
            return;
        }
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(MAX_INDENT));
        let mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number += 1;
                format!("{indent}{}.", *number - 1)
            }
            _ => format!("{indent}•"),
        };
        self.word(&mark);
        self.space = true;
    }

    fn picture(&mut self, tag: &Tag<'_>) {
        if let Some(alt) = tag.attribute("alt").filter(|alt| !alt.trim().is_empty()) {
            self.word(&format!("[{}]", alt.trim().chars().take(200).collect::<String>()));
        }
    }

    fn anchor(&mut self, tag: &Tag<'_>) {
        self.end_link();
        if !tag.closing
            && let Some(href) = tag.attribute("href")
        {
            self.link = Some((href, self.out.len()));
        }
    }

    fn end_link(&mut self) {
        if let Some((href, start)) = self.link.take() {
            let text = self.out.get(start..).unwrap_or_default().trim();
            if text.is_empty() {
                return;
            }
            if let Some(mark) = self.links.note(&href, text) {
                self.out.push_str(&mark);
            }
        }
    }
}
