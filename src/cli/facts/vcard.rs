//! vCards, version 3 and 4 (RFC 2426, RFC 6350): what of a card a customer's profile holds.

use super::sheet::Row;

/// The columns a card becomes.
pub const COLUMNS: [&str; 7] = ["name", "email", "phone", "company", "tags", "language", "since"];

/// A longer line (a photo) is passed over, in bytes.
const MOST_LINE: usize = 64 << 10;

/// A line without its folds, where it begins, and whether it was too long to keep.
struct Unfolded {
    line: u64,
    text: String,
}

/// The lines of a file, each with what was folded onto the next ones.
fn unfold(text: &str) -> impl Iterator<Item = Unfolded> {
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1_u64..).peekable();
    std::iter::from_fn(move || {
        let (first, line) = lines.next()?;
        let mut text = first.to_owned();
        while let Some((more, _)) = lines.next_if(|(next, _)| next.starts_with([' ', '\t'])) {
            if text.len() <= MOST_LINE {
                text.push_str(more.get(1..).unwrap_or_default());
            }
        }
        Some(Unfolded { line, text })
    })
}

/// The cards of a file as rows.
pub fn cards(text: &str) -> impl Iterator<Item = Row> {
    let mut lines = unfold(text);
    std::iter::from_fn(move || {
        let begin = lines.by_ref().find(|line| line.text.trim().eq_ignore_ascii_case("BEGIN:VCARD"))?;
        let mut card = Card::default();
        for line in lines.by_ref() {
            let text = line.text.trim_end();
            if text.eq_ignore_ascii_case("END:VCARD") {
                return Some(Row { line: begin.line, cells: card.cells() });
            }
            if text.eq_ignore_ascii_case("BEGIN:VCARD") {
                card.trouble = Some(format!("another card begins inside it, in line {}", line.line));
            } else if text.len() <= MOST_LINE {
                card.take(text);
            }
        }
        Some(Row { line: begin.line, cells: Err("it has no END:VCARD".to_owned()) })
    })
}

#[derive(Default)]
struct Card {
    version: String,
    name: String,
    parts: String,
    /// With whether it is the preferred one.
    emails: Vec<(bool, String)>,
    phones: Vec<(bool, String)>,
    company: String,
    tags: String,
    language: String,
    trouble: Option<String>,
}

impl Card {
    fn take(&mut self, line: &str) {
        let Some(colon) = value_at(line) else { return };
        let (head, value) = (&line[..colon], &line[colon + 1..]);
        let mut words = head.split(';');
        let name = words.next().unwrap_or_default();
        // `item1.EMAIL`: lines that belong together.
        let name = name.rsplit('.').next().unwrap_or_default().trim().to_ascii_uppercase();
        let parameters = head.to_ascii_uppercase();
        let preferred = parameters.contains("PREF");
        if parameters.contains("ENCODING=QUOTED-PRINTABLE") {
            self.trouble = Some("it is a vCard 2.1; save it as 3.0 or 4.0".to_owned());
            return;
        }
        match name.as_str() {
            "VERSION" => self.version = value.trim().to_owned(),
            "FN" if self.name.is_empty() => self.name = unescape(value),
            "N" if self.parts.is_empty() => {
                let parts: Vec<String> = split(value, ';').iter().map(|part| unescape(part)).collect();
                let [family, given] = [0, 1].map(|at| parts.get(at).cloned().unwrap_or_default());
                self.parts = format!("{given} {family}").trim().to_owned();
            }
            "EMAIL" => keep(&mut self.emails, preferred, unescape(value)),
            "TEL" => {
                let value = unescape(value);
                let number = value.strip_prefix("tel:").unwrap_or(&value);
                keep(&mut self.phones, preferred, number.split(';').next().unwrap_or_default().to_owned());
            }
            "ORG" if self.company.is_empty() => {
                self.company = split(value, ';').first().map(|part| unescape(part)).unwrap_or_default();
            }
            "CATEGORIES" => {
                self.tags = split(value, ',').iter().map(|part| unescape(part)).collect::<Vec<_>>().join(",")
            }
            "LANG" if self.language.is_empty() => {
                self.language = value.trim().chars().take_while(char::is_ascii_alphabetic).collect();
            }
            _ => {}
        }
    }

    fn cells(mut self) -> Result<Vec<String>, String> {
        if let Some(trouble) = self.trouble {
            return Err(trouble);
        }
        if !matches!(self.version.as_str(), "3.0" | "4.0") {
            return Err(format!("it is a vCard of version \"{}\"; 3.0 and 4.0 are read", self.version));
        }
        let joined = |list: &mut Vec<(bool, String)>| {
            list.sort_by_key(|(preferred, _)| !*preferred);
            list.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>().join(",")
        };
        let name = if self.name.trim().is_empty() { self.parts } else { self.name };
        Ok(vec![
            name.trim().to_owned(),
            joined(&mut self.emails),
            joined(&mut self.phones),
            self.company,
            self.tags,
            self.language.to_lowercase(),
            String::new(),
        ])
    }
}

fn keep(list: &mut Vec<(bool, String)>, preferred: bool, value: String) {
    if !value.trim().is_empty() {
        list.push((preferred, value.trim().to_owned()));
    }
}

/// Where the value begins: the first colon outside quotes.
fn value_at(line: &str) -> Option<usize> {
    let mut quoted = false;
    line.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b':' && !quoted
    })
}

/// Parts between a mark that is not escaped.
fn split(value: &str, mark: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in value.chars() {
        if c == mark && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

/// `\n`, `\,`, `\;` and `\\` as what they stand for.
fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(other) => plain.push(other),
                None => {}
            },
            c => plain.push(c),
        }
    }
    plain.trim().to_owned()
}
