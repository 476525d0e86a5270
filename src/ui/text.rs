//! Text in columns: widths by grapheme as the terminal draws them, cutting, filling, wrapping.

pub(super) use crate::model::count;
use crate::theme::Element;
use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

/// A stretch of text that looks one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// How it looks.
    pub element: Element,
    /// What it says.
    pub text: String,
    /// Where it leads, when it is a link or a part of one.
    pub link: Option<std::sync::Arc<str>>,
}

/// One line of the screen.
pub(super) type Row = Vec<Piece>;

/// A piece, in short.
pub(super) fn piece(element: Element, text: impl Into<String>) -> Piece {
    Piece { element, text: text.into(), link: None }
}

/// Columns one grapheme takes. Control characters take none, as ratatui does not draw them.
fn grapheme_width(grapheme: &str) -> usize {
    if grapheme.contains(char::is_control) { 0 } else { usize::from(grapheme.cell_width()) }
}

/// Every character of the text is a grapheme of its own and takes one column: most text is so, and needs no tables.
pub(super) fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        || text.chars().all(|c| matches!(c, ' '..='~' | '\u{2500}'..='\u{257f}'))
}

/// Columns a text takes.
pub(super) fn width(text: &str) -> usize {
    if is_plain(text) {
        return text.chars().count();
    }
    text.graphemes(true).map(grapheme_width).sum()
}

/// Cuts to at most `columns`, with `…` where something is missing.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.len() <= columns && is_plain(text) {
        return text.to_owned();
    }
    let mut used = 0;
    let mut kept = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        let wide = grapheme_width(grapheme);
        if used + wide > columns {
            // There may be no room for the mark itself.
            return if columns == 0 { String::new() } else { format!("{}…", &text[..kept]) };
        }
        used += wide;
        if used < columns {
            kept = at + grapheme.len();
        }
    }
    text.to_owned()
}

/// Cuts the middle out, to at most `columns`: for names that differ at their ends.
pub(super) fn cut_middle(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (mut from, mut used) = (text.len(), 0);
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += grapheme_width(grapheme);
        if used > columns / 2 {
            break;
        }
        from = at;
    }
    let end = &text[from..];
    format!("{}{end}", cut(text, columns - width(end)))
}

/// Cuts or fills with spaces to exactly `columns`.
pub(super) fn fit(text: &str, columns: usize) -> String {
    let mut text = cut(text, columns);
    let missing = columns.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

/// As [`fit`], with the text at the right.
pub(super) fn fit_right(text: &str, columns: usize) -> String {
    let text = cut(text, columns);
    let missing = columns.saturating_sub(width(&text));
    format!("{}{text}", " ".repeat(missing))
}

/// Breaks one line into lines of at most `columns`: after spaces, between wide characters, and inside words that are
/// longer than a line. Never gives no line.
pub(super) fn wrap(line: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut current = String::new();
    let mut used = 0;
    // Where the current line may be broken: byte length and columns of what stays.
    let mut rest_from = None;
    for grapheme in line.graphemes(true) {
        let wide = grapheme_width(grapheme);
        if used + wide > columns {
            if grapheme == " " {
                // A space at the edge is the break.
                lines.push(std::mem::take(&mut current));
                (used, rest_from) = (0, None);
                continue;
            }
            let carried = match rest_from.take() {
                Some(at) if at < current.len() && wide < 2 => current.split_off(at),
                _ => String::new(),
            };
            lines.push(std::mem::replace(&mut current, carried).trim_end().to_owned());
            used = width(&current);
        }
        current.push_str(grapheme);
        used += wide;
        if grapheme == " " || wide == 2 {
            rest_from = Some(current.len());
        }
    }
    lines.push(current.trim_end().to_owned());
    lines
}

/// A size for people: `640 B`, `12 kB`, `3.4 MB`.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{:.1} MB", bytes as f64 / 1_000_000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: &str = "👨‍👩‍👧‍👦";

    #[test]
    fn columns_are_counted_as_they_are_drawn() {
        assert_eq!(width("─│┌ ok"), 6);
        assert_eq!(width("abc"), 3);
        assert_eq!(width("你好"), 4);
        assert_eq!(width("e\u{301}"), 1, "a combining accent takes none of its own");
        assert_eq!(width(FAMILY), 2);
        assert_eq!(width("a\u{7}b"), 2, "what is not drawn takes no column");
    }

    #[test]
    fn cutting_never_splits_a_character_nor_passes_the_edge() {
        assert_eq!(cut("hello", 5), "hello");
        assert_eq!(cut("hello!", 5), "hell…");
        assert_eq!(cut("你好吗", 5), "你好…");
        assert_eq!(cut("你好吗", 4), "你…");
        assert_eq!(cut("x", 0), "");
        assert_eq!(cut_middle("long silent, seldom (2)", 12), "long …om (2)");
        for text in ["你好吗, wie geht es?", FAMILY, "e\u{301}e\u{301}e\u{301}", "ｶﾞｷﾞ", "a👍🏽b🇩🇪c"]
        {
            for columns in 0..12 {
                assert!(width(&cut(text, columns)) <= columns, "{text} in {columns}");
                assert_eq!(width(&fit(text, columns)), columns, "{text} in {columns}");
                assert_eq!(width(&fit_right(text, columns)), columns);
                assert!(width(&cut_middle(text, columns)) <= columns, "{text} in {columns}");
            }
        }
    }

    #[test]
    fn lines_break_at_words_and_between_wide_characters() {
        assert_eq!(wrap("the quick brown fox", 10), ["the quick", "brown fox"]);
        assert_eq!(wrap("我的订单还没有到", 6), ["我的订", "单还没", "有到"]);
        assert_eq!(wrap("https://example.com/long", 10), ["https://ex", "ample.com/", "long"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("ab 你好", 4), ["ab", "你好"]);
    }

    proptest::proptest! {
        #[test]
        fn wrapped_lines_fit_and_lose_only_spaces(text in "[ a-c你👍\u{301}-]{0,60}", columns in 2usize..20) {
            let lines = wrap(&text, columns);
            for line in &lines {
                proptest::prop_assert!(width(line) <= columns, "{line:?}");
            }
            let without_spaces = |text: &str| text.replace(' ', "");
            proptest::prop_assert_eq!(without_spaces(&lines.concat()), without_spaces(&text));
        }
    }
}
