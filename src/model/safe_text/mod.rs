//! The cleaner every string from outside passes before anything shows or stores it as text.
//!
//! Decode first (entities, quoted-printable, encoded words), clean last. What comes out has no control character but
//! the line feed, no bidi control, nothing invisible that changes what an agent believes it reads, at most
//! [`MAX_MARKS`] combining marks on a character, and is in Unicode NFC. Cleaning twice changes nothing.

mod class;
#[cfg(test)]
mod hostile;

use class::{Class, EMOJI_STYLE, KEYCAP, ZWJ, ZWNJ, class, is_emoji, is_joining_script, is_mark, is_skin_tone};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The longest line [`clean_line`] gives, in characters.
pub const MAX_LINE: usize = 1_000;
/// The longest text [`clean_block`] gives, in bytes.
pub const MAX_BLOCK: usize = 2_000_000;
/// Combining marks a character may carry; more only serve to paint over other lines.
pub const MAX_MARKS: usize = 4;
/// Emoji joined into one picture; families have four.
const MAX_JOINED: usize = 8;
/// The last line of a text that was cut.
const CUT: &str = "\n… cut: the text goes on";
/// Columns between tab stops.
const TAB: usize = 8;

/// Cleans text of several lines: keeps line feeds (CRLF, CR and the Unicode separators become one), expands tabs. At
/// most [`MAX_BLOCK`] bytes; what is longer ends with a line that says so.
pub fn clean_block(text: &str) -> String {
    // Cleaning mostly shrinks: four times the cap is enough to fill it, and bounds the work.
    let bounded = &text[..text.floor_char_boundary(MAX_BLOCK * 4)];
    let mut clean = settle(bounded);
    if clean.len() > MAX_BLOCK || bounded.len() < text.len() {
        clean.truncate(clean.floor_char_boundary(MAX_BLOCK - CUT.len()));
        trim_contextual_end(&mut clean);
        clean.push_str(CUT);
    }
    clean
}

/// Cleans text that must stay on one line: names, subjects, addresses, file names. Line feeds become spaces, the ends
/// are trimmed. At most [`MAX_LINE`] characters; what is longer ends with `…`.
pub fn clean_line(text: &str) -> String {
    let bounded = &text[..text.floor_char_boundary(MAX_LINE * 64)];
    let clean = settle(bounded);
    let mut line = String::with_capacity(clean.len());
    for piece in clean.split('\n').map(str::trim).filter(|piece| !piece.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        // A mark that lost its space to the trimming would sit on whatever stands before the line.
        line.push_str(piece.trim_start_matches(|c: char| is_mark(c) || is_joiner(c) || c.is_whitespace()));
    }
    let mut line = line.trim().to_owned();
    let too_long = line.chars().nth(MAX_LINE).is_some();
    if too_long || bounded.len() < text.len() {
        let mut kept = String::new();
        let mut count = 0;
        for grapheme in line.graphemes(true) {
            count += grapheme.chars().count();
            if count > MAX_LINE - 1 {
                break;
            }
            kept.push_str(grapheme);
        }
        trim_contextual_end(&mut kept);
        kept.push('…');
        line = kept;
    }
    line
}

/// Cleans until nothing changes. Removing one character can rob a joiner of the neighbour that justified it, so texts
/// with joiners are looked at again; should they never settle, the joiners go.
fn settle(text: &str) -> String {
    let mut clean = pass(text, true);
    for _ in 0..8 {
        if !clean.contains([ZWJ, ZWNJ, EMOJI_STYLE]) {
            return clean;
        }
        let again = pass(&clean, true);
        if again == clean {
            return clean;
        }
        clean = again;
    }
    pass(&clean, false)
}

/// One pass: characters by class, then NFC, then the cap on marks.
fn pass(text: &str, joiners: bool) -> String {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return text.to_owned();
    }
    let filtered = filter(text, joiners);
    cap_marks(filtered.nfc())
}

fn filter(text: &str, joiners: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    let mut joined = 0;
    let mut previous = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match class(c) {
            Class::Keep => out.push(c),
            Class::Drop => continue,
            Class::LineFeed => {
                if c == '\r' && chars.peek() == Some(&'\n') {
                    continue;
                }
                out.push('\n');
            }
            Class::Tab => {
                let spaces = TAB - column % TAB;
                out.extend(std::iter::repeat_n(' ', spaces));
                column += spaces - 1;
            }
            Class::Space => out.push(' '),
            Class::Replace => out.push('\u{FFFD}'),
            Class::Mark(marker) => out.push_str(marker),
            Class::Contextual => {
                if !joiners || !belongs(c, previous, chars.peek().copied(), joined) {
                    continue;
                }
                joined = if c == ZWJ { joined + 1 } else { joined };
                out.push(c);
            }
        }
        if out.ends_with('\n') {
            column = 0;
        } else {
            column += 1;
        }
        let last = out.chars().next_back();
        if !last.is_some_and(|c| is_emoji(c) || is_skin_tone(c) || matches!(c, ZWJ | EMOJI_STYLE)) {
            joined = 0;
        }
        previous = last;
    }
    out
}

/// Whether a joiner or selector stands where a script or an emoji needs it.
fn belongs(c: char, previous: Option<char>, next: Option<char>, joined: usize) -> bool {
    let (Some(previous), next) = (previous, next.unwrap_or('\n')) else { return false };
    match c {
        EMOJI_STYLE => is_emoji(previous) || (matches!(previous, '0'..='9' | '#' | '*') && next == KEYCAP),
        ZWJ if is_emoji(previous) || is_skin_tone(previous) || previous == EMOJI_STYLE => {
            is_emoji(next) && joined < MAX_JOINED
        }
        _ => is_joining_script(previous) && is_joining_script(next),
    }
}

/// Drops marks that have nothing to sit on, and those beyond [`MAX_MARKS`].
fn cap_marks(chars: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    let mut marks = MAX_MARKS;
    for c in chars {
        if is_mark(c) {
            if marks >= MAX_MARKS {
                continue;
            }
            marks += 1;
        } else if !is_joiner(c) {
            marks = if c == '\n' { MAX_MARKS } else { 0 };
        }
        out.push(c);
    }
    out
}

fn is_joiner(c: char) -> bool {
    matches!(c, ZWJ | ZWNJ | EMOJI_STYLE)
}

fn trim_contextual_end(text: &mut String) {
    let kept = text.trim_end_matches([ZWJ, ZWNJ, EMOJI_STYLE]).trim_end().len();
    text.truncate(kept);
}
