//! Connectors that are declared instead of programmed: one interpreter, one TOML file a platform. Files are part of the
//! program (`platforms/`) or lie in the profile's `connectors/` folder.
//!
//! `sheet` and `reading` find everything that is wrong with a file at once, with its places; `spec` is what it says.
//! `template`, `place` and `predicate` are the whole language: placeholders, JSON Pointer, conditions. `walk` takes one
//! page, `source` decides whose turn it is, `mapper` makes messages, `files` finds what is attached, `verdict` reads errors, `sink` answers, `hook` takes
//! what is pushed. The language is described in `language.txt` (`switchboard connector help`).

mod access;
mod account;
mod files;
mod help;
mod hook;
mod import;
mod lines;
mod mapper;
mod place;
pub mod platforms;
mod predicate;
mod reading;
mod settings;
mod sheet;
mod sink;
mod source;
mod spec;
mod state;
mod template;
#[cfg(test)]
mod tests;
mod verdict;
mod walk;

pub use import::{Importer, Row, Rows};
pub use lines::Lines;
pub use platforms::SHIPPED;
pub use sheet::{FileError, Mistake};

use super::{AccountSettings, Connector, SettingsError};
use spec::Spec;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What `switchboard connector help` prints.
pub const LANGUAGE: &str = include_str!("language.txt");

/// A connector file that was read and checked.
#[derive(Clone, Debug)]
pub struct ConnectorFile {
    spec: Arc<Spec>,
}

impl ConnectorFile {
    /// Reads the text of a file; `shown` is how it is called in errors.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(shown: &str, text: &str) -> Result<ConnectorFile, FileError> {
        Ok(ConnectorFile { spec: Arc::new(reading::read(shown, text)?) })
    }

    /// Reads a file of the disk.
    ///
    /// # Errors
    /// When it cannot be read, or everything that is wrong with it.
    pub fn load(path: &Path) -> Result<ConnectorFile, FileError> {
        ConnectorFile::read(&path.display().to_string(), &text_of(path)?)
    }

    /// The word in `config.toml`.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// What it is, in one line.
    pub fn doc(&self) -> &str {
        &self.spec.doc
    }

    /// What `switchboard account help NAME` prints.
    pub fn help(&self) -> String {
        help::page(&self.spec)
    }

    /// What it reads, and how it answers, in a few words.
    pub fn summary(&self) -> String {
        let (streams, replies) = (self.spec.streams.len(), self.spec.replies.len());
        let takes = self.spec.webhook.as_ref().map_or(0, |webhook| webhook.takes.len());
        format!(
            "{streams} streams, {replies} replies, {} rows of errors, {takes} kinds of deliveries",
            self.spec.errors.len()
        )
    }

    /// The connector of one account.
    ///
    /// # Errors
    /// When the account's settings do not fit.
    pub fn open(&self, settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
        super::init();
        Ok(Box::new(account::Declared::open(self.spec.clone(), settings)?))
    }
}

/// The text of a file of a person's, at most so long.
fn text_of(path: &Path) -> Result<String, FileError> {
    use std::io::Read;
    let failed = |what: String| FileError {
        file: path.display().to_string(),
        mistakes: vec![Mistake { line: 1, column: 1, what }],
    };
    let is_file = std::fs::metadata(path).map_err(|error| failed(error.to_string()))?.is_file();
    if !is_file {
        return Err(failed("it is no file".to_owned()));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    file.take(reading::LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8 text".to_owned()))
}

/// Where a profile keeps connector files of its own.
pub fn folder(profile: &Path) -> PathBuf {
    profile.join("connectors")
}

/// The file of a connector: one of the profile goes before one of the program.
///
/// # Errors
/// Everything that is wrong with it. `Ok(None)` when there is none of that name.
pub fn find(name: &str, profile: Option<&Path>) -> Result<Option<ConnectorFile>, FileError> {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if let Some(path) = profile.map(|profile| folder(profile).join(format!("{name}.toml")))
        && plain
        && path.exists()
    {
        let file = ConnectorFile::load(&path)?;
        if file.name() != name {
            let what =
                format!("the file is called {name}.toml and its connector \"{}\"; they must be the same", file.name());
            return Err(FileError {
                file: path.display().to_string(),
                mistakes: vec![Mistake { line: 1, column: 1, what }],
            });
        }
        return Ok(Some(file));
    }
    let shipped = SHIPPED.iter().find(|shipped| shipped.name == name);
    shipped.map(|shipped| ConnectorFile::read(&format!("{name}.toml"), shipped.text)).transpose()
}

/// Makes the connector of one account, whatever file it is declared in.
///
/// # Errors
/// When there is no such file, or something is wrong with it or with the account.
pub fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    let wrong = |problem: String| SettingsError { account: settings.name.clone(), problem };
    let found = find(&settings.connector, Some(&settings.profile)).map_err(|error| wrong(error.to_string()))?;
    let Some(file) = found else {
        let known: Vec<_> = super::CONNECTORS.iter().map(|kind| kind.name).collect();
        let known = known.join(", ");
        return Err(wrong(format!(
            "there is no connector \"{}\"; there are {known}, and those declared in the profile's connectors/ folder",
            settings.connector
        )));
    };
    file.open(settings)
}
