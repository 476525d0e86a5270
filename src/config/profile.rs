//! Where things are on this machine.

use std::env;
use std::path::PathBuf;

/// The home folder.
pub fn home() -> PathBuf {
    env::var_os("HOME").filter(|home| !home.is_empty()).map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// The profile when none is named: `$SWITCHBOARD_PROFILE`, else `$XDG_DATA_HOME/switchboard`, else
/// `~/.local/share/switchboard` (XDG base directory specification).
pub fn default_profile() -> PathBuf {
    if let Some(profile) = env::var_os("SWITCHBOARD_PROFILE").filter(|profile| !profile.is_empty()) {
        return PathBuf::from(profile);
    }
    let data = env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    data.unwrap_or_else(|| home().join(".local/share")).join("switchboard")
}

/// Where files are saved when nothing is said.
pub(super) fn downloads() -> PathBuf {
    env::var_os("XDG_DOWNLOAD_DIR").map(PathBuf::from).unwrap_or_else(|| home().join("Downloads"))
}

/// The name of the one who runs the program.
pub(super) fn user() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| env::var(name).ok().filter(|user| !user.trim().is_empty()))
        .unwrap_or_else(|| "me".to_owned())
}

/// A path that may begin with `~/`.
pub fn expand(path: &str) -> PathBuf {
    match path.strip_prefix("~/").or((path == "~").then_some("")) {
        Some(rest) => home().join(rest),
        None => PathBuf::from(path),
    }
}
