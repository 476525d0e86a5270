//! Rows of a file become messages by the `[import]` of a connector file: what is left of platforms that can no longer be
//! read (QQ Zone), and whatever else somebody has exported.

use super::lines::Lines;
use super::mapper::{Known, Piece, understand};
use super::sheet::FileError;
use super::spec::{Intake, Spec};
use super::{ConnectorFile, reading, text_of};
use crate::connector::{Item, Unreadable};
use crate::model::{Timestamp, clean_line};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// One row.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where it begins, counted from 1.
    pub line: u64,
    /// As the file has it, when that is JSON.
    pub raw: Option<Box<RawValue>>,
    /// What it says, or why that cannot be told, with its text.
    pub value: Result<Value, (String, String)>,
}

/// The rows of one file.
#[derive(Clone, Debug)]
pub struct Rows {
    /// In the order of the file.
    pub rows: Vec<Row>,
}

impl Rows {
    /// The rows of a CSV file (RFC 4180), whose first line names the columns.
    ///
    /// # Errors
    /// When the first line cannot be read.
    pub fn of_csv(bytes: &[u8]) -> Result<Rows, String> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let names: Vec<String> = match reader.byte_headers() {
            Ok(names) => names
                .iter()
                .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').to_owned())
                .collect(),
            Err(error) => return Err(format!("its first line, which names the columns, cannot be read ({error})")),
        };
        let mut rows = Vec::new();
        let mut lines = Lines::new(bytes);
        for record in reader.byte_records() {
            let row = match record {
                Ok(record) => {
                    let line = lines.of(record.position().map_or(0, csv::Position::byte));
                    let text = || String::from_utf8_lossy(record.as_slice()).into_owned();
                    let cells: Option<Vec<&str>> = record.iter().map(|cell| std::str::from_utf8(cell).ok()).collect();
                    let value = match cells {
                        None => Err(("it is not UTF-8 text".to_owned(), text())),
                        Some(cells) if cells.len() != names.len() => {
                            Err((format!("it has {} columns, the first line {}", cells.len(), names.len()), text()))
                        }
                        Some(cells) => {
                            let cells = cells.iter().map(|cell| Value::String((*cell).to_owned()));
                            Ok(Value::Object(names.iter().cloned().zip(cells).collect::<Map<_, _>>()))
                        }
                    };
                    Row { line, raw: None, value }
                }
                Err(error) => {
                    let line = lines.of(error.position().map_or(0, csv::Position::byte));
                    Row { line, raw: None, value: Err((format!("it cannot be read ({error})"), String::new())) }
                }
            };
            rows.push(row);
        }
        Ok(Rows { rows })
    }

    /// The rows of a JSON file: the list at a pointer, or one object a line.
    ///
    /// # Errors
    /// When the file is no JSON, or has no such list; says where.
    pub fn of_json(bytes: &[u8], items: &str) -> Result<Rows, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let text = text.trim_start_matches('\u{feff}');
        match serde_json::from_str::<&RawValue>(text) {
            Ok(whole) => list(text, whole, items),
            Err(error) => {
                let mut lines = text.lines().filter(|line| !line.trim().is_empty());
                let first = lines
                    .next()
                    .is_some_and(|line| serde_json::from_str::<Value>(line).is_ok_and(|row| row.is_object()));
                if !(first && items.is_empty() && lines.next().is_some()) {
                    return Err(format!("it is no JSON, and no JSON a line ({error})"));
                }
                Ok(Rows { rows: by_line(text) })
            }
        }
    }
}

fn by_line(text: &str) -> Vec<Row> {
    let rows = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let row = |(number, line): (usize, &str)| {
        let value = serde_json::from_str(line).map_err(|error| (format!("it is no JSON ({error})"), line.to_owned()));
        let raw = serde_json::from_str(line).ok();
        Row { line: number as u64 + 1, raw, value }
    };
    rows.map(row).collect()
}

fn list(text: &str, whole: &RawValue, items: &str) -> Result<Rows, String> {
    let mut present = whole;
    for part in items.split('/').skip(1) {
        let name = part.replace("~1", "/").replace("~0", "~");
        let fields: BTreeMap<String, &RawValue> =
            serde_json::from_str(present.get()).map_err(|_| format!("it has no list at {items}"))?;
        present = fields.get(&name).copied().ok_or_else(|| format!("it has no list at {items}"))?;
    }
    let list: Vec<&RawValue> = match serde_json::from_str(present.get()) {
        Ok(list) => list,
        // One object is one row.
        Err(_) if present.get().trim_start().starts_with('{') => vec![present],
        Err(_) => return Err(format!("it has no list at {}", if items.is_empty() { "its top" } else { items })),
    };
    let (mut line, mut counted) = (1, 0);
    let mut rows = Vec::with_capacity(list.len());
    for item in list {
        let at = (item.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
        line +=
            text.as_bytes().get(counted..at).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count() as u64;
        counted = at;
        let value = serde_json::from_str(item.get()).map_err(|error| (error.to_string(), item.get().to_owned()));
        rows.push(Row { line, raw: Some(item.to_owned()), value });
    }
    Ok(Rows { rows })
}

/// Makes messages of rows.
#[derive(Clone, Debug)]
pub struct Importer {
    spec: Arc<Spec>,
    intake: Intake,
    known: Known,
}

impl Importer {
    /// By the `[import]` of a file that need hold nothing else.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path, address: &str) -> Result<Importer, FileError> {
        let shown = path.display().to_string();
        let spec = reading::read_import(&shown, &text_of(path)?)?;
        Importer::of(Arc::new(spec), address).ok_or_else(|| FileError {
            file: shown,
            mistakes: vec![super::Mistake { line: 1, column: 1, what: "[import] is missing".to_owned() }],
        })
    }

    /// By the `[import]` of a connector file; `None` when it has none.
    pub fn of_file(file: &ConnectorFile, address: &str) -> Option<Importer> {
        Importer::of(file.spec.clone(), address)
    }

    fn of(spec: Arc<Spec>, address: &str) -> Option<Importer> {
        let intake = spec.import.clone()?;
        let settings = BTreeMap::from([("address".to_owned(), address.to_owned())]);
        Some(Importer { spec, intake, known: Known { settings, own: vec![address.to_owned()] } })
    }

    /// Where the rows of a JSON file are.
    pub fn items(&self) -> &str {
        &self.intake.items
    }

    /// The name of the file's connector; empty when it has none.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// What a row says, and why it cannot be told; rows that are not kept say nothing.
    pub fn understand(&self, row: Row, received: Timestamp) -> (Vec<Item>, Option<String>) {
        let line = row.line;
        let mut items = match row.value {
            Ok(value) => {
                let piece = Piece { raw: row.raw.as_deref(), ..Piece::alone(&value) };
                understand(&self.intake, &piece, &self.known, received)
            }
            Err((reason, text)) => {
                let hint: String = clean_line(&text).chars().take(200).collect();
                let (folder, raw) = (self.intake.name.clone(), format!("line {line}: {text}").into_bytes());
                vec![Item::Unreadable(Unreadable { reason, folder, received, hint, partial: false, raw })]
            }
        };
        let mut why = None;
        for item in &mut items {
            if let Item::Unreadable(unreadable) = item {
                why = Some(format!("line {line}: {}", unreadable.reason));
                unreadable.reason = format!("line {line}: {}", unreadable.reason);
            }
        }
        (items, why)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn rows_know_their_lines() {
        let json = "{\n \"data\": {\"rows\": [\n  {\"a\": 1},\n\n  {\"a\": 2}\n ]}}";
        let rows = Rows::of_json(json.as_bytes(), "/data/rows").unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 5]);
        let lines = "{\"a\":1}\n\n{\"a\":\n{\"a\":3}\n";
        let rows = Rows::of_json(lines.as_bytes(), "").unwrap().rows;
        assert_eq!(
            rows.iter().map(|row| (row.line, row.value.is_ok())).collect::<Vec<_>>(),
            [(1, true), (3, false), (4, true)]
        );
        let csv = "id,text\n1,\"two\nlines\"\n2\n3,\"a, b\"\n";
        let rows = Rows::of_csv(csv.as_bytes()).unwrap().rows;
        assert_eq!(
            rows.iter().map(|row| (row.line, row.value.is_ok())).collect::<Vec<_>>(),
            [(2, true), (4, false), (5, true)]
        );
        assert_eq!(rows[2].value.as_ref().unwrap()["text"], "a, b");
        // As an editor shows it, also where lines end with CR LF, and after empty ones.
        for csv in [
            "id,text\r\n1,\"two\r\nlines\"\r\n2\r\n\r\n\r\n3,c\r\n4\r\n",
            "id,text\n1,\"two\nlines\"\n2\n\n\n3,c\n4",
            "\u{feff}id,text\r\n1,\"two\r\nlines\"\r\n2\n\n\n3,c\r\n4\r\n\r\n",
        ] {
            let rows = Rows::of_csv(csv.as_bytes()).unwrap().rows;
            assert_eq!(
                rows.iter().map(|row| (row.line, row.value.is_ok())).collect::<Vec<_>>(),
                [(2, true), (4, false), (7, true), (8, false)],
                "{csv:?}"
            );
        }
        assert!(Rows::of_json(b"{\"a\": [", "").unwrap_err().contains("no JSON"));
        assert!(Rows::of_json(b"{}", "/x").unwrap_err().contains("/x"));
    }
}
