//! Labels that people gave, as files hold them.
//!
//! A line is a label, or a label, a tab and a text, or a JSON object with `label` and perhaps `text`. A label is a word
//! (`negative`, `neutral`, `positive`, `neg`, `neu`, `pos`) or a number; the numbers of a file are read together: −1, 0, 1; or
//! 0, 1, 2; or 0 and 1 for negative and positive; or 0, 2, 4. An empty line, `-` and `null` are no label.

use crate::model::clean_line;
use crate::score::sentiment::Label;
use anyhow::{Context, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// The most of one line that is kept, in bytes.
pub const LONGEST: usize = 64 << 10;
/// The most of a labels file that is kept, in bytes.
const MOST: usize = 512 << 20;
/// The most lines of a labels file.
const LINES: usize = 5_000_000;

/// A line of a labels file.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// The label, if there is one.
    pub label: Option<Label>,
    /// The text, if it stands there.
    pub text: Option<String>,
}

enum Raw {
    None,
    Label(Label),
    Number(i64),
}

/// Reads lines as they come: at most [`LONGEST`] bytes of each are kept, what is no UTF-8 is replaced, the line's end (LF or CRLF)
/// is taken off. `None` at the end.
pub fn line(input: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut kept = Vec::new();
    let read = input.by_ref().take(LONGEST as u64).read_until(b'\n', &mut kept)?;
    if read == 0 {
        return Ok(None);
    }
    if kept.last() != Some(&b'\n') {
        // The rest of a line that is too long is read over.
        while kept.len() >= LONGEST {
            let waiting = input.fill_buf()?;
            let end = waiting.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(waiting.len(), |at| at + 1);
            input.consume(used);
            if end.is_some() || used == 0 {
                break;
            }
        }
    }
    while kept.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        kept.pop();
    }
    Ok(Some(match String::from_utf8(kept) {
        Ok(line) => line,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }))
}

/// The JSON object of a line, if it is one.
pub fn object(line: &str) -> Option<Value> {
    let trimmed = line.trim();
    let looks = trimmed.starts_with('{') && trimmed.ends_with('}');
    looks.then(|| serde_json::from_str::<Value>(trimmed).ok()).flatten().filter(Value::is_object)
}

/// Reads a labels file.
///
/// # Errors
/// It cannot be read, or a line is no label: which, and what is expected.
pub fn read(path: &Path) -> anyhow::Result<Vec<Labelled>> {
    let cannot = || format!("{} cannot be opened", path.display());
    let facts = std::fs::metadata(path).with_context(cannot)?;
    // What comes through a pipe is counted as it comes.
    anyhow::ensure!(facts.is_file() || facts.file_type().is_fifo(), "{} is no file", path.display());
    let file = std::fs::File::open(path).with_context(cannot)?;
    let mut input = BufReader::new(file);
    let mut kept = 0;
    let mut rows = Vec::new();
    while let Some(line) = line(&mut input).with_context(|| format!("{} cannot be read", path.display()))? {
        let number = rows.len() + 1;
        kept += line.len();
        anyhow::ensure!(
            number <= LINES && kept <= MOST,
            "{} has more than {LINES} lines, or more than {} MB of text; divide it",
            path.display(),
            MOST >> 20
        );
        let line = if number == 1 { line.strip_prefix('\u{FEFF}').unwrap_or(&line) } else { &line };
        rows.push(row(line).with_context(|| format!("{}:{number}", path.display()))?);
    }
    settle(rows)
}

fn row(line: &str) -> anyhow::Result<(Raw, Option<String>)> {
    if let Some(object) = object(line) {
        let text = object.get("text").and_then(Value::as_str).map(str::to_owned);
        let label = match object.get("label") {
            None | Some(Value::Null) => Raw::None,
            Some(Value::String(name)) => raw(name)?,
            Some(Value::Number(number)) => raw(&number.to_string())?,
            Some(_) => bail!("`label` must be a word or a number"),
        };
        return Ok((label, text));
    }
    match line.split_once('\t') {
        Some((label, text)) => Ok((raw(label)?, Some(text.to_owned()))),
        None => Ok((raw(line)?, None)),
    }
}

fn raw(name: &str) -> anyhow::Result<Raw> {
    let name = name.trim().trim_matches('"').trim();
    if name.is_empty() || name == "-" || name.eq_ignore_ascii_case("null") {
        return Ok(Raw::None);
    }
    if let Some(label) = Label::from_name(name) {
        return Ok(Raw::Label(label));
    }
    match name.strip_suffix(".0").unwrap_or(name).parse::<i64>() {
        Ok(number @ -1..=4) if number != 3 => Ok(Raw::Number(number)),
        _ => bail!(
            "\"{}\" is no label: negative, neutral, positive (neg, neu, pos), -1, 0, 1 or 0, 1, 2",
            clean_line(&name.chars().take(40).collect::<String>())
        ),
    }
}

/// Decides what the numbers of a file mean.
fn settle(rows: Vec<(Raw, Option<String>)>) -> anyhow::Result<Vec<Labelled>> {
    let has = |wanted: i64| rows.iter().any(|(raw, _)| matches!(raw, Raw::Number(number) if *number == wanted));
    let (below, two, four) = (has(-1), has(2), has(4));
    anyhow::ensure!(!(below && (two || four)), "the labels mix -1 with 2 or 4: use -1, 0, 1 or 0, 1, 2");
    let (neutral, positive) = match (below, two, four) {
        (true, _, _) => (0, 1),
        (_, _, true) => (2, 4),
        (_, true, _) => (1, 2),
        // Negative and positive only.
        _ => (i64::MIN, 1),
    };
    let label = |raw: Raw| match raw {
        Raw::None => None,
        Raw::Label(label) => Some(label),
        Raw::Number(number) if number == neutral => Some(Label::Neutral),
        Raw::Number(number) if number == positive => Some(Label::Positive),
        Raw::Number(_) => Some(Label::Negative),
    };
    Ok(rows.into_iter().map(|(raw, text)| Labelled { label: label(raw), text }).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn labels(text: &str) -> Vec<Option<Label>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(file.path()).unwrap().into_iter().map(|row| row.label).collect()
    }

    const WORST: Option<Label> = Some(Label::Negative);
    const MIDDLE: Option<Label> = Some(Label::Neutral);
    const BEST: Option<Label> = Some(Label::Positive);

    #[test]
    fn labels_are_words_or_numbers() {
        assert_eq!(labels("negative\nNEU\r\n\npos\n"), [WORST, MIDDLE, None, BEST]);
        assert_eq!(labels("-1\n0\n1\n"), [WORST, MIDDLE, BEST]);
        assert_eq!(labels("0\n1\n2\n"), [WORST, MIDDLE, BEST]);
        assert_eq!(labels("0\n1\n1\n"), [WORST, BEST, BEST]);
        assert_eq!(labels("0\n2\n4"), [WORST, MIDDLE, BEST]);
        assert_eq!(labels("{\"label\": 1, \"text\": \"ok\"}\n{\"label\": -1}"), [BEST, WORST]);
        assert_eq!(labels("neg\tlate again\n-\tnothing"), [WORST, None]);
    }

    #[test]
    fn what_is_no_label_is_named_with_its_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "pos\nangry\n").unwrap();
        let error = format!("{:#}", read(file.path()).unwrap_err());
        assert!(error.contains(":2") && error.contains("\"angry\" is no label"), "{error}");
    }

    #[test]
    fn a_long_line_is_cut_and_the_next_is_whole() {
        let long = format!("{}\nnext\r\n", "a".repeat(1 << 20));
        let mut input = long.as_bytes();
        assert_eq!(line(&mut input).unwrap().unwrap().len(), LONGEST);
        assert_eq!(line(&mut input).unwrap().unwrap(), "next");
        assert_eq!(line(&mut input).unwrap(), None);
        let exact = format!("{}\nnext", "a".repeat(LONGEST));
        let mut input = exact.as_bytes();
        assert_eq!(line(&mut input).unwrap().unwrap().len(), LONGEST);
        assert_eq!(line(&mut input).unwrap().unwrap(), "next");
        assert_eq!(line(&mut &b"caf\xE9\n"[..]).unwrap().unwrap(), "caf\u{FFFD}");
    }
}
