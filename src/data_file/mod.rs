//! TOML files an agent may write (keys, colours): read as far as they can be, with warnings that name the place. One may
//! begin with what another says: `inherit = "default"`.

mod own;
mod shelf;

pub use own::OwnFile;
pub(crate) use shelf::{Layer, Shelf};

use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong in a file. The rest of the file counts all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where; `None` when it is not about a line of a file.
    pub place: Option<Place>,
    /// What is wrong and what may stand there.
    pub what: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as shown.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{}:{}:{}: {}", place.file, place.line, place.column, self.what),
            None => f.write_str(&self.what),
        }
    }
}

/// A file that is being read, with what was found wrong so far.
pub(crate) struct Reader<'t> {
    file: String,
    text: &'t str,
    /// Lines left out, which are named already.
    broken: Vec<usize>,
    warnings: Vec<(usize, usize, String)>,
}

/// Files beyond this many bytes are not read: a keymap has a few thousand.
const MAX_BYTES: usize = 256 * 1024;

impl<'t> Reader<'t> {
    /// Starts reading a file that is built in.
    pub(crate) fn new(file: impl Into<String>, text: &'t str) -> (Reader<'t>, DeTable<'t>) {
        let mut reader = Reader { file: file.into(), text, broken: Vec::new(), warnings: Vec::new() };
        match DeTable::parse(text) {
            Ok(table) => (reader, table.into_inner()),
            Err(error) => {
                reader.warn(error.span().unwrap_or_default(), error.message());
                (reader, DeTable::new())
            }
        }
    }

    /// Starts reading a file of the agent's own.
    pub(crate) fn of(file: &'t OwnFile) -> (Reader<'t>, DeTable<'t>) {
        let (mut reader, mut table) = Reader::new(file.shown.clone(), &file.text);
        reader.warnings.extend(file.broken.iter().cloned());
        reader.broken = file.broken.iter().map(|(line, ..)| *line).collect();
        // A section that came again, or whose line was mended, goes on with what it is called.
        let mended: Vec<String> =
            table.keys().map(|key| key.get_ref().to_string()).filter(|name| name.contains(own::AGAIN)).collect();
        for name in mended {
            let Some((key, mut section)) = table.remove_entry(name.as_str()) else { continue };
            let called = name.split(own::AGAIN).next().unwrap_or_default().to_owned();
            match (table.get_mut(called.as_str()).map(Spanned::get_mut), section.get_mut()) {
                (Some(DeValue::Table(first)), DeValue::Table(more)) => first.extend(std::mem::take(more)),
                _ => drop(table.insert(Spanned::new(key.span(), called.into()), section)),
            }
        }
        (reader, table)
    }

    /// Notes something wrong at a place.
    pub(crate) fn warn(&mut self, at: Range<usize>, what: impl Into<String>) {
        let (line, column) = self.place(at.start);
        if !self.broken.contains(&line) {
            self.warnings.push((line, column, what.into()));
        }
    }

    /// Line and column, counted from 1.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    /// The table behind a value, or a warning.
    pub(crate) fn table<'v, 'i>(&mut self, name: &str, value: &'v Spanned<DeValue<'i>>) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.warn(value.span(), format!("`{name}` must be a table"));
        }
        table
    }

    /// The text behind a value, or a warning.
    pub(crate) fn string<'v>(&mut self, name: &str, value: &'v Spanned<DeValue<'_>>) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        // Where the parser already complained it leaves a value without a place.
        if text.is_none() && !value.span().is_empty() {
            self.warn(value.span(), format!("`{name}` must be a text in quotes"));
        }
        text
    }

    /// What was wrong, in the order of the file.
    pub(crate) fn warnings(mut self) -> Vec<Warning> {
        self.warnings.sort();
        let place = |line, column| Some(Place { file: self.file.clone(), line, column });
        self.warnings
            .iter()
            .map(|(line, column, what)| Warning { place: place(*line, *column), what: what.clone() })
            .collect()
    }
}
