//! The rows of a file of facts: CSV, JSON or vCard, all as columns and cells. What comes is bounded in size, columns and
//! depth; a row that cannot be read is named by its line, and the others go on.

use super::vcard;
use crate::connector::declared::Lines;
use crate::model::clean_line;
use serde_json::Value;
use std::collections::BTreeMap;

/// A larger row is refused, in bytes.
const MOST_ROW: usize = 1 << 20;
/// A row with more columns is refused.
const MOST_COLUMNS: usize = 500;
/// Cells of one file.
const MOST_CELLS: usize = 16_000_000;

/// One row: the line it begins at, and its cells by column, or why it cannot be read.
pub struct Row {
    /// Counted from 1.
    pub line: u64,
    /// As many as there are columns.
    pub cells: Result<Vec<String>, String>,
}

/// A file of facts.
pub struct Sheet {
    /// The names of the columns, as the file has them.
    pub columns: Vec<String>,
    /// In the order of the file.
    pub rows: Vec<Row>,
}

impl Sheet {
    /// Reads CSV (RFC 4180): commas, semicolons or tabs between cells, the names of the columns first.
    pub fn of_csv(bytes: &[u8]) -> Result<Sheet, String> {
        Sheet::csv_within(bytes, MOST_CELLS)
    }

    fn csv_within(bytes: &[u8], most: usize) -> Result<Sheet, String> {
        let bytes = text(bytes)?;
        let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let count = |mark: u8| first.iter().filter(|byte| **byte == mark).count();
        let delimiter = [b',', b';', b'\t'].into_iter().rev().max_by_key(|mark| count(*mark)).unwrap_or(b',');
        let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(delimiter).from_reader(bytes);
        let head = reader.byte_headers().map_err(|error| format!("its first line cannot be read ({error})"))?;
        if head.len() > MOST_COLUMNS {
            return Err(format!("it has {} columns; at most {MOST_COLUMNS} are read", head.len()));
        }
        let columns: Vec<String> = head.iter().map(|name| clean_line(&String::from_utf8_lossy(name))).collect();
        if columns.iter().all(String::is_empty) {
            return Err("its first line names no columns".to_owned());
        }
        let mut rows = Vec::new();
        let mut lines = Lines::new(bytes);
        for record in reader.byte_records() {
            let row = match record {
                Ok(record) => {
                    let line = lines.of(record.position().map_or(0, csv::Position::byte));
                    if record.iter().all(<[u8]>::is_empty) {
                        continue;
                    }
                    Row { line, cells: cells(&record, columns.len()) }
                }
                Err(error) => {
                    let line = lines.of(error.position().map_or(0, csv::Position::byte));
                    Row { line, cells: Err(format!("it cannot be read ({error})")) }
                }
            };
            rows.push(row);
            // Counted as they come: what ends a line is the reader's to say.
            few_enough(columns.len(), rows.len(), most)?;
        }
        Ok(Sheet { columns, rows })
    }

    /// Reads JSON: a list of objects, an object with one list in it, or one object a line.
    pub fn of_json(bytes: &[u8]) -> Result<Sheet, String> {
        let bytes = text(bytes)?;
        let objects: Vec<(u64, Result<Value, String>)> = match serde_json::from_slice::<Value>(bytes) {
            Ok(Value::Array(list)) => numbered(list),
            Ok(Value::Object(object)) => {
                let lists = object.values().filter(|value| value.is_array()).count();
                let list = object.iter().find_map(|(_, value)| value.as_array().filter(|list| holds_objects(list)));
                match list {
                    Some(list) if lists == 1 => numbered(list.clone()),
                    _ => vec![(1, Ok(Value::Object(object)))],
                }
            }
            Ok(_) => return Err("it is neither a list of objects nor an object".to_owned()),
            // One object a line; a whole file that is none is told by its first line.
            Err(whole) => {
                let lines = bytes.split(|byte| *byte == b'\n').zip(1_u64..);
                let lines = lines.filter(|(line, _)| !line.trim_ascii().is_empty());
                let read: Vec<(u64, Result<Value, String>)> = lines
                    .map(|(line, at)| {
                        (at, serde_json::from_slice(line).map_err(|error| format!("it is no JSON ({error})")))
                    })
                    .collect();
                if !read.iter().any(|(_, value)| value.as_ref().is_ok_and(Value::is_object)) {
                    return Err(format!("it is no JSON ({whole})"));
                }
                read
            }
        };
        let mut columns: Vec<String> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for object in objects.iter().filter_map(|(_, value)| value.as_ref().ok()?.as_object()) {
            for name in object.keys().filter(|name| name.len() <= 200) {
                if !places.contains_key(name) {
                    if columns.len() >= MOST_COLUMNS {
                        return Err(format!("its objects have more than {MOST_COLUMNS} different names"));
                    }
                    places.insert(name.clone(), columns.len());
                    columns.push(clean_line(name));
                }
            }
        }
        few_enough(columns.len(), objects.len(), MOST_CELLS)?;
        let row = |(line, value): (u64, Result<Value, String>)| Row {
            line,
            cells: value.and_then(|value| {
                let object = value.as_object().ok_or_else(|| "it is no object".to_owned())?;
                let mut cells = vec![String::new(); columns.len()];
                for (name, value) in object {
                    if let Some(cell) = places.get(name).and_then(|at| cells.get_mut(*at)) {
                        *cell = plain(value)?;
                    }
                }
                Ok(cells)
            }),
        };
        let rows = objects.into_iter().map(row).collect();
        Ok(Sheet { columns, rows })
    }

    /// Reads vCards (RFC 6350, RFC 2426).
    pub fn of_vcards(bytes: &[u8]) -> Result<Sheet, String> {
        let text = std::str::from_utf8(text(bytes)?).map_err(|_| "it is not UTF-8 text".to_owned())?;
        let rows: Vec<Row> = vcard::cards(text).collect();
        if rows.is_empty() {
            return Err("there is no BEGIN:VCARD in it".to_owned());
        }
        Ok(Sheet { columns: vcard::COLUMNS.map(str::to_owned).to_vec(), rows })
    }
}

/// Refuses what would take the memory of the process that owns the profile: every cell takes some, an empty one too.
fn few_enough(columns: usize, rows: usize, most: usize) -> Result<(), String> {
    match columns.saturating_mul(rows) {
        cells if cells > most => Err(format!(
            "it has {columns} columns and at least {rows} rows, more than {most} cells; import it in parts, or leave columns out"
        )),
        _ => Ok(()),
    }
}

/// The bytes without a byte order mark; other encodings than UTF-8 are told by theirs.
fn text(bytes: &[u8]) -> Result<&[u8], String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("it is UTF-16 text; save it as UTF-8".to_owned());
    }
    Ok(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes))
}

fn cells(record: &csv::ByteRecord, columns: usize) -> Result<Vec<String>, String> {
    if record.as_slice().len() > MOST_ROW {
        return Err(format!("it is longer than {} kB; a quote may be missing", MOST_ROW >> 10));
    }
    if record.len() != columns {
        let breaks = record.as_slice().trim_ascii_end().iter().filter(|byte| **byte == b'\n').count();
        let swallowed = match breaks {
            0 => String::new(),
            more => format!("; it goes on over the next {more} lines, which are not in: a quote may be missing"),
        };
        return Err(format!("it has {} columns, the first line {columns}{swallowed}", record.len()));
    }
    record
        .iter()
        .map(|cell| {
            let cell = std::str::from_utf8(cell).map_err(|_| "it is not UTF-8 text".to_owned())?;
            Ok(cell.trim().to_owned())
        })
        .collect()
}

fn holds_objects(list: &[Value]) -> bool {
    list.first().is_some_and(Value::is_object)
}

fn numbered(list: Vec<Value>) -> Vec<(u64, Result<Value, String>)> {
    (1..).zip(list.into_iter().map(Ok)).collect()
}

/// A value as a cell: lists of plain values have commas between.
fn plain(value: &Value) -> Result<String, String> {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        // Numbers as they are written where serde keeps them so: whole ones and short decimals.
        Value::Number(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Array(list) => {
            let parts = list.iter().filter(|value| !value.is_object() && !value.is_array()).map(plain);
            parts.collect::<Result<Vec<String>, String>>()?.join(",")
        }
        // What is deeper is nobody's column.
        Value::Object(_) => String::new(),
    };
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_quote_is_told_by_the_lines_it_swallows() {
        let text = b"id,email\n1,a@a.example\n\"2,b@b.example\n3,c@c.example\n4,d@d.example\n";
        let why =
            Sheet::of_csv(text).map(|sheet| sheet.rows.into_iter().map(|row| row.cells.err()).collect::<Vec<_>>());
        let Ok([None, Some(why)]) = why.as_deref() else { panic!("{why:?}") };
        assert!(why.contains("over the next 2 lines") && why.contains("a quote may be missing"), "{why}");
    }

    #[test]
    fn cells_are_counted_by_rows_whatever_ends_their_lines() {
        let file = |row: &str, rows: usize| format!("id,email{}{}", &row[row.len() - 1..], row.repeat(rows));
        for row in ["1,a@a.example\n", "1,a@a.example\r", "1,\"a\nb\nc\nd\"\n", "1\n", ",x\r"] {
            assert_eq!(
                Sheet::csv_within(file(row, 50).as_bytes(), 100).map(|sheet| sheet.rows.len()),
                Ok(50),
                "{row:?}"
            );
            let over = Sheet::csv_within(file(row, 51).as_bytes(), 100).err();
            assert!(over.is_some_and(|why| why.contains("2 columns and at least 51 rows")), "{row:?}");
        }
    }
}
