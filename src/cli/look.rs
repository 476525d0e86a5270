//! The keys and colours of one screen: what is asked for, what the profile has.

use super::house::Place;
use crate::config::{self, Config};
use crate::data_file::OwnFile;
use crate::keymap::Keymap;
use crate::model::clean_line;
use crate::theme::{ColorDepth, Theme};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// The variable that names the keymap, over `config.toml`.
pub const KEYMAP: &str = "SWITCHBOARD_KEYMAP";
/// The variable that names the theme, over `config.toml`.
pub const THEME: &str = "SWITCHBOARD_THEME";

/// Own files of one kind at most.
const MAX_FILES: usize = 200;
/// More of a file is not read; the reader says that it is too large.
const MAX_BYTES: u64 = 1 << 20;

/// What an agent sees and presses.
pub struct Look {
    pub keymap: Keymap,
    pub theme: Theme,
    /// What is wrong with the agent's own files.
    pub warnings: Vec<String>,
}

/// The look of a screen whose terminal's environment is `environment`: over the socket that of the other end.
pub fn load(profile: &Path, config: &Config, environment: impl Fn(&str) -> Option<String>) -> Look {
    let (keymap, mut warnings) = keymap(profile, &config.keymap, &environment);
    let (theme, found) = theme(profile, &config.theme, &environment);
    warnings.extend(found);
    // A status line is short: the profile goes without saying.
    let within = format!("{}/", profile.display());
    let warnings = warnings.iter().map(|warning| warning.replacen(&within, "", 1)).collect();
    Look { keymap, theme, warnings }
}

/// The keymap, and what is wrong with the files it is made of.
pub fn keymap(profile: &Path, configured: &str, environment: impl Fn(&str) -> Option<String>) -> (Keymap, Vec<String>) {
    let (own, mut warnings) = own_files(profile, "keymaps");
    let (name, by) = asked(KEYMAP, configured, environment);
    let (keymap, found) = Keymap::load(&name, &own);
    warnings.extend(found.iter().map(|warning| said(&by, warning)));
    (keymap, warnings)
}

/// The theme, and what is wrong with the files it is made of.
pub fn theme(profile: &Path, configured: &str, environment: impl Fn(&str) -> Option<String>) -> (Theme, Vec<String>) {
    let (own, mut warnings) = own_files(profile, "themes");
    let depth = ColorDepth::from_environment(&environment);
    let (name, by) = asked(THEME, configured, environment);
    let (theme, found) = Theme::load(&name, &own, depth);
    warnings.extend(found.iter().map(|warning| said(&by, warning)));
    (theme, warnings)
}

/// What is asked for, and where.
fn asked(variable: &'static str, configured: &str, environment: impl Fn(&str) -> Option<String>) -> (String, String) {
    match environment(variable).filter(|name| !name.is_empty()) {
        Some(name) => (
            name,
            if variable == KEYMAP { "--keymap or $SWITCHBOARD_KEYMAP" } else { "--theme or $SWITCHBOARD_THEME" }
                .to_owned(),
        ),
        None => (configured.to_owned(), "config.toml".to_owned()),
    }
}

/// A warning in one line, cleaned; one that is not about a file is about who asked.
fn said(by: &str, warning: &crate::data_file::Warning) -> String {
    clean_line(&if warning.place.is_some() { warning.to_string() } else { format!("{by}: {warning}") })
}

/// The agent's own files in a folder of the profile, by name, and which cannot be read.
pub fn own_files(profile: &Path, folder: &str) -> (Vec<OwnFile>, Vec<String>) {
    let folder = profile.join(folder);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return (Vec::new(), Vec::new()),
        Err(error) => return (Vec::new(), vec![format!("{}: {error}", folder.display())]),
    };
    let mut paths: Vec<_> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    paths.sort();
    let (mut files, mut warnings) = (Vec::new(), Vec::new());
    for path in paths.iter().take(MAX_FILES) {
        match own_file(path) {
            Ok((file, warning)) => {
                files.push(file);
                warnings.extend(warning);
            }
            Err(warning) => warnings.push(warning),
        }
    }
    (files, warnings)
}

/// One file, and what is wrong with it as a text. What is not UTF-8 is named and the rest counts.
///
/// # Errors
/// When it cannot be read at all.
pub fn own_file(path: &Path) -> Result<(OwnFile, Option<String>), String> {
    let shown = clean_line(&path.display().to_string());
    let cannot = |why: &dyn std::fmt::Display| format!("{shown}: {why}");
    let bytes = config::beginning_of(path, MAX_BYTES).map_err(|error| cannot(&error))?;
    let warning = std::str::from_utf8(&bytes).err().map(|error| {
        let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        cannot(&format!("line {line} is not UTF-8"))
    });
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok((OwnFile::new(&name, &shown, &String::from_utf8_lossy(&bytes)), warning))
}

impl Place {
    /// A variable of the environment; what the command line says of keys and colours comes first.
    pub fn environment(&self, name: &str) -> Option<String> {
        let said = match name {
            KEYMAP => self.keymap.clone(),
            THEME => self.theme.clone(),
            _ => None,
        };
        said.or_else(|| std::env::var(name).ok())
    }
}
