//! Escape sequences beyond letters and colours, as pure functions: what goes in may come from strangers, so it is cleaned
//! and bounded here, whatever was done to it before.

use crate::model::{Notify, clean_block, clean_line};
use base64::Engine;

/// Tells a terminal to send clicks and the wheel, in a form that has room for wide screens. Not motion: over a slow line
/// every hair's breadth would count.
pub(super) const MOUSE: &str = "\x1b[?1000h\x1b[?1006h";

/// Bytes of a text for the clipboard; what is longer is cut. Terminals take 75 kB of what this makes of it, and less.
const LONGEST_COPY: usize = 48 * 1024;
/// Letters of a notification.
const LONGEST_NOTICE: usize = 120;
/// Bytes of a target; longer ones are no link.
const LONGEST_TARGET: usize = 2_000;

/// Puts a text on the clipboard (OSC 52).
pub(super) fn clipboard(text: &str) -> String {
    let clean = clean_block(text);
    let text = &clean[..clean.floor_char_boundary(LONGEST_COPY)];
    format!("\x1b]52;c;{}\x1b\\", base64::engine::general_purpose::STANDARD.encode(text))
}

/// Tells that somebody wrote.
pub(super) fn notify(way: Notify, tmux: bool, title: &str, body: &str) -> String {
    let bounded = |text: &str| -> String {
        let clean = clean_line(text);
        // A semicolon would begin the next field.
        clean.chars().map(|c| if c == ';' { ',' } else { c }).take(LONGEST_NOTICE).collect()
    };
    let (title, body) = (bounded(title), bounded(body));
    let bytes = match way {
        Notify::Off => return String::new(),
        Notify::Bell => return "\x07".to_owned(),
        // The name in front: what begins with a number means something else to some terminals.
        Notify::Osc9 => format!("\x1b]9;Switchboard: {title}: {body}\x1b\\"),
        Notify::Osc777 => format!("\x1b]777;notify;Switchboard: {title};{body}\x1b\\"),
    };
    // tmux keeps these to itself unless they are wrapped, and hands on what is wrapped when it is allowed to.
    if tmux { format!("\x1bPtmux;{}\x1b\\", bytes.replace('\x1b', "\x1b\x1b")) } else { bytes }
}

/// Begins a link (OSC 8). Cells of one number belong together also over several lines.
pub(super) fn link(number: u32, target: &str) -> String {
    match target_of(target) {
        Some(target) => format!("\x1b]8;id=s{number};{target}\x1b\\"),
        None => link_end(),
    }
}

/// Ends a link.
pub(super) fn link_end() -> String {
    "\x1b]8;;\x1b\\".to_owned()
}

/// A target as an escape sequence may hold it: http, https or mailto, and nothing but printable ASCII, everything else
/// written as the percent codes that mean the same.
fn target_of(target: &str) -> Option<String> {
    let known = ["http://", "https://", "mailto:"];
    let lower = target.get(..8.min(target.len())).unwrap_or_default().to_ascii_lowercase();
    if target.len() > LONGEST_TARGET || !known.iter().any(|scheme| lower.starts_with(scheme)) {
        return None;
    }
    let mut safe = String::with_capacity(target.len());
    for byte in target.bytes() {
        match byte {
            b'!'..=b'~' => safe.push(char::from(byte)),
            other => safe.push_str(&format!("%{other:02X}")),
        }
    }
    Some(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_only_where_links_may_lead_and_holds_no_escape() {
        assert_eq!(link(7, "https://shop.example/a?b=c"), "\x1b]8;id=s7;https://shop.example/a?b=c\x1b\\");
        assert_eq!(link(7, "https://shop.example/é x"), "\x1b]8;id=s7;https://shop.example/%C3%A9%20x\x1b\\");
        let escaped = link(1, "https://a.example/\x1b\\\x07\u{9c}");
        assert_eq!(escaped.matches('\x1b').count(), 2, "{escaped:?}");
        assert!(!escaped.contains(['\x07', '\u{9c}']));
        let long = format!("https://a.example/{}", "x".repeat(3_000));
        for target in ["file:///etc/passwd", "javascript:alert(1)", "ssh://a", "//a.example", "", "é", &long] {
            assert_eq!(link(1, target), link_end(), "{target}");
        }
    }

    #[test]
    fn a_copy_is_clean_bounded_base64() {
        assert_eq!(clipboard("hi 你"), "\x1b]52;c;aGkg5L2g\x1b\\");
        assert_eq!(clipboard("a\x1b\x07b"), clipboard("ab"));
        assert!(clipboard(&"x".repeat(1_000_000)).len() < 70_000);
    }

    #[test]
    fn a_notification_says_one_clean_line_and_nothing_else() {
        let hostile = "a\x1b]0;owned\x07\nb;c\u{9c}";
        assert_eq!(notify(Notify::Off, false, "Ana", "x"), "");
        assert_eq!(notify(Notify::Bell, true, "Ana", hostile), "\x07");
        let said = notify(Notify::Osc9, false, "4;3;50", hostile);
        assert!(said.starts_with("\x1b]9;Switchboard: 4,3,50: ") && said.ends_with("\x1b\\"), "{said:?}");
        assert_eq!(said.chars().filter(|c| c.is_control()).count(), 2, "{said:?}");
        let said = notify(Notify::Osc777, false, hostile, &"x".repeat(10_000));
        assert_eq!(said.matches(';').count(), 3, "{said:?}");
        assert!(said.len() < 400);
        let wrapped = notify(Notify::Osc9, true, "Ana", "x");
        assert_eq!(wrapped, "\x1bPtmux;\x1b\x1b]9;Switchboard: Ana: x\x1b\x1b\\\x1b\\");
    }
}
