//! Links in messages: found in the text, shown as they are, so that nobody is led elsewhere than they read.

use super::text::{Row, piece};
use crate::theme::Element;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// What a link begins with.
const SCHEMES: &[&str] = &["https://", "http://", "mailto:"];
/// Bytes of a link; what is longer is text.
const LONGEST: usize = 2_000;
/// Links that have a number at once.
const NUMBERED: usize = 2_000;

/// The links of a line: from the scheme to a space, a quote, a bracket or a letter that is not ASCII, without the
/// punctuation of the sentence behind.
fn urls(line: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some(rest) = line.get(from..).filter(|rest| !rest.is_empty()) {
        let next = SCHEMES.iter().filter_map(|scheme| Some((rest.find(scheme)?, scheme.len()))).min();
        let Some((at, scheme)) = next else { break };
        let start = from + at;
        let within = line[..start].ends_with(|c: char| c.is_ascii_alphanumeric());
        let ends = |c: char| !c.is_ascii_graphic() || matches!(c, '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^');
        let mut url = &line[start..start + line[start..].find(ends).unwrap_or(line.len() - start)];
        loop {
            let closes = |close: char, open: char| {
                url.ends_with(close) && url.matches(open).count() < url.matches(close).count()
            };
            let trimmed = url.trim_end_matches(['.', ',', ';', ':', '!', '?', '\'', '*', '_']);
            if trimmed.len() == url.len() && !closes(')', '(') && !closes(']', '[') {
                break;
            }
            url = if trimmed.len() < url.len() { trimmed } else { &url[..url.len() - 1] };
        }
        from = start + url.len().max(scheme);
        if !within && url.len() > scheme && url.len() <= LONGEST {
            found.push(start..start + url.len());
        }
    }
    found
}

/// The parts of a wrapped line as rows of pieces, each piece of a link with all of the link as its target.
pub(super) fn linked(line: &str, parts: Vec<String>, element: Element) -> Vec<Row> {
    let urls = urls(line);
    if urls.is_empty() {
        return parts.into_iter().map(|part| vec![piece(element, part)]).collect();
    }
    let targets: Vec<(Range<usize>, Arc<str>)> = urls.into_iter().map(|url| (url.clone(), line[url].into())).collect();
    let mut at = 0;
    let mut rows = Vec::new();
    for part in parts {
        // Wrapping drops spaces at the edges, and nothing else.
        while !line[at..].starts_with(part.as_str()) && line[at..].starts_with(' ') {
            at += 1;
        }
        if !line[at..].starts_with(part.as_str()) {
            rows.push(vec![piece(element, part)]);
            continue;
        }
        let (mut from, end) = (at, at + part.len());
        let mut row = Row::new();
        for (url, target) in &targets {
            let (start, stop) = (url.start.max(from), url.end.min(end));
            if start >= stop {
                continue;
            }
            if start > from {
                row.push(piece(element, &line[from..start]));
            }
            let mut link = piece(element, &line[start..stop]);
            link.link = Some(target.clone());
            row.push(link);
            from = stop;
        }
        if from < end || row.is_empty() {
            row.push(piece(element, &line[from..end]));
        }
        rows.push(row);
        at = end;
    }
    rows
}

/// Numbers of links: a terminal keeps the link of a letter that is not drawn again, so two links never have one number.
#[derive(Debug, Default)]
pub(super) struct Links {
    numbers: HashMap<Arc<str>, u32>,
    last: u32,
}

impl Links {
    /// Gives a link its number.
    pub(super) fn number(&mut self, target: &Arc<str>) {
        if self.numbers.contains_key(target) {
            return;
        }
        if self.numbers.len() >= NUMBERED {
            self.numbers.clear();
        }
        self.last = self.last % 0xff_ffff + 1;
        self.numbers.insert(target.clone(), self.last);
    }

    /// The number of a link, if it has one.
    pub(super) fn of(&self, target: &str) -> Option<u32> {
        self.numbers.get(target).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::text::wrap;

    fn found(line: &str) -> Vec<&str> {
        urls(line).into_iter().map(|url| &line[url]).collect()
    }

    #[test]
    fn links_are_found_and_end_where_they_end() {
        assert_eq!(found("see https://shop.example/a?b=c#d."), ["https://shop.example/a?b=c#d"]);
        assert_eq!(
            found("(http://a.example/x_(y)), mailto:a@b.example!"),
            ["http://a.example/x_(y)", "mailto:a@b.example"]
        );
        assert_eq!(found("<https://a.example> \"https://b.example\""), ["https://a.example", "https://b.example"]);
        assert_eq!(
            found("看https://a.example/订单"),
            ["https://a.example/"],
            "a letter before it is no wall in Chinese"
        );
        assert_eq!(found("https:// mailto: javascript:alert(1) file:///etc xhttps://a.example"), Vec::<&str>::new());
    }

    #[test]
    fn a_link_over_several_lines_is_one_link_and_the_text_stays_the_text() {
        let line = "Please look at https://shop.example/a/very/long/way/to/go/on and tell";
        let rows = linked(line, wrap(line, 20), Element::Text);
        let shown: Vec<String> = rows.iter().map(|row| row.iter().map(|piece| piece.text.as_str()).collect()).collect();
        assert_eq!(shown, wrap(line, 20));
        let linked: Vec<_> = rows.iter().flatten().filter_map(|piece| piece.link.clone()).collect();
        assert!(
            linked.len() >= 2 && linked.iter().all(|link| &**link == "https://shop.example/a/very/long/way/to/go/on")
        );
    }

    #[test]
    fn no_two_links_ever_have_one_number() {
        let mut links = Links::default();
        let first: Arc<str> = "https://a.example".into();
        links.number(&first);
        for n in 0..NUMBERED * 2 {
            links.number(&format!("https://b.example/{n}").into());
        }
        links.number(&first);
        assert!(links.of(&first).is_some_and(|number| number > NUMBERED as u32));
        assert!(links.numbers.len() <= NUMBERED);
    }

    proptest::proptest! {
        #[test]
        fn linking_never_changes_what_is_read(line in "[ a你.()]{0,12}(https://[a-z/().]{0,30})?[ a你]{0,9}(http://x[a ]{0,30})?", columns in 2usize..30) {
            let parts = wrap(&line, columns);
            let rows = linked(&line, parts.clone(), Element::Text);
            let shown: Vec<String> = rows.iter().map(|row| row.iter().map(|p| p.text.as_str()).collect()).collect();
            proptest::prop_assert_eq!(shown, parts);
        }
    }
}
