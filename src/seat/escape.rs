//! Escape sequences beyond letters and colours, as pure functions: what goes in may come from strangers, so it is cleaned
//! and bounded here, whatever was done to it before.

/// Bytes of a target; longer ones are no link.
const LONGEST_TARGET: usize = 2_000;

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
}
