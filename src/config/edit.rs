//! Changing `config.toml` by command, leaving everything else, comments included, as it was.

/// The text of a configuration without the account `name`; `None` when it has no such account.
pub fn remove_account(text: &str, name: &str) -> Option<String> {
    let (start, end) = block(text, name)?;
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    Some(lines[..start].iter().chain(&lines[end..]).copied().collect())
}

/// First line of the account's block, and the first after it.
fn block(text: &str, name: &str) -> Option<(usize, usize)> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let header = |line: &str| line.trim_start().starts_with('[');
    let is_account = |line: &str| line.replace(' ', "").trim_start().starts_with("[[account]]");
    let is_part = |line: &str| line.replace(' ', "").trim_start().starts_with("[account.");
    for (start, _) in lines.iter().enumerate().filter(|(_, line)| is_account(line)) {
        let own = lines[start + 1..].iter().position(|line| header(line)).map_or(lines.len(), |at| start + 1 + at);
        let whole: toml::Table = toml::from_str(&lines[start + 1..own].concat()).unwrap_or_default();
        if whole.get("name").and_then(toml::Value::as_str) != Some(name) {
            continue;
        }
        let end = lines[start + 1..].iter().position(|line| header(line) && !is_part(line));
        let mut end = end.map_or(lines.len(), |at| start + 1 + at);
        // What stands right before the next header belongs to that one.
        if end < lines.len() {
            let is_remark = |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
            while end > start + 1 && is_remark(lines[end - 1]) {
                end -= 1;
            }
        }
        return Some((start, end));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# mine\nagent = \"lin\"\n\n[[account]]\nname = \"a\"\n[account.imap]\nhost = \"x\"\n\n# the second\n[[account]]\nname = \"b\"\nconnector = \"email\"\n";

    #[test]
    fn one_account_goes_and_the_rest_stays() {
        let left = remove_account(TEXT, "a").unwrap_or_default();
        assert_eq!(
            left,
            "# mine\nagent = \"lin\"\n\n\n# the second\n[[account]]\nname = \"b\"\nconnector = \"email\"\n"
        );
        assert_eq!(remove_account(&left, "b").unwrap_or_default().matches("[[account]]").count(), 0);
        assert_eq!(remove_account(TEXT, "c"), None);
    }
}
