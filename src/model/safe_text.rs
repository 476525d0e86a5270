//! The cleaner every string from outside passes before anything shows or stores it as text.

/// Cleans text of several lines: keeps line feeds, expands tabs.
pub fn clean_block(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').collect()
}

/// Cleans text that must stay on one line: names, subjects, addresses, file names.
pub fn clean_line(text: &str) -> String {
    clean_block(text).replace('\n', " ")
}
