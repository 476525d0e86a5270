//! A connector file while it is read: every table says what it may hold, and every mistake is kept with its place, so
//! that one look shows them all.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Most mistakes that are shown of one file.
const MOST: usize = 50;

/// Something wrong in a connector file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// What is wrong, and what to write instead.
    pub what: String,
}

/// A connector file that cannot be used, with all that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The file, as it was named.
    pub file: String,
    /// Never empty, in the order of the file.
    pub mistakes: Vec<Mistake>,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, Mistake { line, column, what }) in self.mistakes.iter().enumerate() {
            let end = if number == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{line}:{column}: {what}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for FileError {}

/// The text of a file, and what is wrong with it so far.
pub(super) struct Sheet<'t> {
    text: &'t str,
    mistakes: RefCell<BTreeSet<(usize, String)>>,
}

impl<'t> Sheet<'t> {
    pub fn new(text: &'t str) -> Sheet<'t> {
        Sheet { text, mistakes: RefCell::default() }
    }

    /// Something is wrong at a place.
    pub fn wrong(&self, span: &Range<usize>, what: impl Into<String>) {
        self.mistakes.borrow_mut().insert((span.start, what.into()));
    }

    /// What is wrong, in the order of the file.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mistakes = self.mistakes.borrow();
        let place = |(at, what): &(usize, String)| {
            let before = self.text.get(..*at).unwrap_or(self.text);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            Mistake { line, column, what: crate::model::clean_line(what) }
        };
        mistakes.iter().take(MOST).map(place).collect()
    }
}

/// A value with its place.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// A table while it is read.
pub(super) struct Table<'s, 't> {
    pub sheet: &'s Sheet<'t>,
    table: &'s DeTable<'t>,
    /// Where it stands.
    pub span: Range<usize>,
    /// As it is written: `stream.map`.
    pub path: String,
    known: RefCell<Vec<&'static str>>,
}

impl<'s, 't> Table<'s, 't> {
    pub fn new(sheet: &'s Sheet<'t>, table: &'s DeTable<'t>, span: Range<usize>, path: &str) -> Table<'s, 't> {
        Table { sheet, table, span, path: path.to_owned(), known: RefCell::default() }
    }

    fn named(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The place of a key, else of the table.
    pub fn place(&self, key: &str) -> Range<usize> {
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key);
        found.map_or(self.span.clone(), |(name, _)| name.span())
    }

    /// A value; the key is known from now on.
    pub fn value(&self, key: &'static str) -> Option<&'s Value<'t>> {
        self.known.borrow_mut().push(key);
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    /// Something is wrong with a key.
    pub fn wrong(&self, key: &str, what: impl fmt::Display) {
        self.sheet.wrong(&self.place(key), format!("{}: {what}", self.named(key)));
    }

    /// Text, when it is there.
    pub fn text(&self, key: &'static str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(key, "text in quotes is wanted");
        }
        text
    }

    /// Text that must be there.
    pub fn must(&self, key: &'static str) -> String {
        if self.table.iter().any(|(name, _)| name.get_ref() == key) {
            return self.text(key).unwrap_or_default();
        }
        self.value(key);
        self.sheet.wrong(&self.span, format!("{} is missing", self.named(key)));
        String::new()
    }

    /// A whole number.
    pub fn number(&self, key: &'static str) -> Option<i64> {
        let value = self.value(key)?;
        let number = integer(value.get_ref());
        if number.is_none() {
            self.wrong(key, "a whole number without quotes is wanted");
        }
        number
    }

    /// A whole number of 0 and more.
    pub fn count(&self, key: &'static str) -> Option<u64> {
        let number = self.number(key)?;
        let count = u64::try_from(number).ok();
        if count.is_none() {
            self.wrong(key, "0 or more is wanted");
        }
        count
    }

    /// `true` or `false`.
    pub fn switch(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let on = value.get_ref().as_bool();
        if on.is_none() {
            self.wrong(key, "true or false without quotes is wanted");
        }
        on
    }

    /// One of some words.
    pub fn word<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(key, format!("\"{text}\" is none of {}", known.join(", ")));
        }
        found
    }

    /// Text, or a list of texts; empty when it is not there.
    pub fn texts(&self, key: &'static str) -> Vec<String> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let list = match value.get_ref() {
            DeValue::String(text) => return vec![text.to_string()],
            DeValue::Array(list) => list,
            _ => {
                self.wrong(key, "text in quotes, or a list of texts, is wanted");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for value in list.iter() {
            match value.get_ref().as_str() {
                Some(text) => texts.push(text.to_owned()),
                None => self.sheet.wrong(&value.span(), format!("{}: text in quotes is wanted", self.named(key))),
            }
        }
        texts
    }

    /// A span of time: `30s`, `5m`, `2h`, `30d`; in milliseconds.
    pub fn span_of(&self, key: &'static str) -> Option<i64> {
        let text = self.text(key)?;
        let millis = span_millis(&text);
        if millis.is_none() {
            self.wrong(key, format!("\"{text}\" is no span; write 30s, 5m, 2h or 30d"));
        }
        millis
    }

    /// A table below.
    pub fn table(&self, key: &'static str) -> Option<Table<'s, 't>> {
        let value = self.value(key)?;
        match value.get_ref().as_table() {
            Some(table) => Some(Table::new(self.sheet, table, self.place(key), &self.named(key))),
            None => {
                self.wrong(key, format!("a table is wanted: [{}]", self.named(key)));
                None
            }
        }
    }

    /// A list of tables below, `[[key]]`.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'s, 't>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(key, format!("a list of tables is wanted: [[{}]], with two brackets", self.named(key)));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for value in list.iter() {
            match value.get_ref().as_table() {
                Some(table) => tables.push(Table::new(self.sheet, table, value.span(), &self.named(key))),
                None => self.sheet.wrong(&value.span(), format!("{}: a table is wanted", self.named(key))),
            }
        }
        tables
    }

    /// All its keys with their values, whatever they are called.
    pub fn all(&self) -> impl Iterator<Item = (&'s str, Range<usize>, &'s Value<'t>)> {
        self.table.iter().map(|(name, value)| (name.get_ref().as_ref(), name.span(), value))
    }

    /// Whatever was not asked for is a mistake.
    pub fn end(self) {
        let known = self.known.borrow();
        for (name, _) in self.table.iter() {
            if !known.contains(&name.get_ref().as_ref()) {
                let what = format!("unknown key \"{}\"; there are {}", self.named(name.get_ref()), known.join(", "));
                self.sheet.wrong(&name.span(), what);
            }
        }
    }
}

/// A whole number.
pub(super) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

/// `30s`, `5m`, `2h`, `30d` in milliseconds; at most ten years.
pub(super) fn span_millis(text: &str) -> Option<i64> {
    let (digits, unit) = text.trim().split_at_checked(text.trim().len().checked_sub(1)?)?;
    let factor: i64 = match unit {
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let number: i64 = digits.parse().ok().filter(|number| (0..=315_360_000).contains(number))?;
    number.checked_mul(factor).filter(|millis| *millis <= 3_650 * 86_400_000)
}
