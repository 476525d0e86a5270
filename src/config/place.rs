//! Where in the text of a configuration something stands.

use std::ops::Range;
use toml::de::DeTable;

/// A place in a file, counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub line: usize,
    pub column: usize,
}

/// The place of a byte.
pub(super) fn at(text: &str, byte: usize) -> Place {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Place { line, column }
}

/// Where a setting of the top level stands; the beginning when it does not.
pub(super) fn of_key(text: &str, key: &str) -> Place {
    let span = table(text).and_then(|table| {
        let (name, _) = table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(name.span())
    });
    at(text, span.map_or(0, |span| span.start))
}

/// Where the account with this number stands: its key, or its head.
pub(super) fn of_account(text: &str, number: usize, key: Option<&str>) -> Place {
    let span = table(text).and_then(|table| -> Option<Range<usize>> {
        let accounts = table.get("account")?.get_ref().as_array()?;
        let account = accounts.get(number)?;
        let own =
            account.get_ref().as_table().zip(key).and_then(|(table, key)| {
                table.iter().find(|(name, _)| name.get_ref() == key).map(|(name, _)| name.span())
            });
        Some(own.unwrap_or(account.span()))
    });
    at(text, span.map_or(0, |span| span.start))
}

fn table(text: &str) -> Option<DeTable<'_>> {
    DeTable::parse(text).ok().map(toml::Spanned::into_inner)
}
