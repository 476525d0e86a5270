//! Numbers of things in words.

/// `1 message`, `2 messages`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
