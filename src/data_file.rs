//! TOML files an agent may write (keys, colours): read as far as they can be, with warnings that name the place.

use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong in a file. The rest of the file counts all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The file, as shown.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong and what may stand there.
    pub what: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.what)
    }
}

/// A file that is being read, with what was found wrong so far.
pub(crate) struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    warnings: Vec<Warning>,
}

/// Files beyond this many bytes are not read: a keymap has a few thousand.
const MAX_BYTES: usize = 256 * 1024;

impl<'t> Reader<'t> {
    /// Starts reading; what is not TOML becomes a warning and the lines around it still count.
    pub(crate) fn new(file: &'t str, text: &'t str) -> (Reader<'t>, DeTable<'t>) {
        let mut reader = Reader { file, text, warnings: Vec::new() };
        if text.len() > MAX_BYTES {
            reader.warn(0..0, format!("larger than {} kB, so it is not read", MAX_BYTES / 1024));
            return (reader, DeTable::new());
        }
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let span = error.span().unwrap_or_default();
            reader.warn(span, error.message().replace('\n', ", "));
        }
        (reader, table.into_inner())
    }

    /// Notes something wrong at a place.
    pub(crate) fn warn(&mut self, at: Range<usize>, what: impl Into<String>) {
        let before = self.text.get(..at.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        self.warnings.push(Warning { file: self.file.to_owned(), line, column, what: what.into() });
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
        self.warnings.sort_by_key(|warning| (warning.line, warning.column));
        self.warnings
    }
}
