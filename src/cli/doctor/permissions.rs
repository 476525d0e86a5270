//! The profile folder: ours, and nobody else's to look into.

use super::{Finding, Found, finding};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What holds messages or says where passwords are.
const PRIVATE: &[&str] = &["config.toml", "journal", "state", "log"];

pub(super) fn look(profile: &Path) -> Vec<Finding> {
    let mut findings = vec![finding("profile", folder(profile))];
    for name in PRIVATE {
        if let Some(found) = part(&profile.join(name)) {
            findings.push(finding(format!("profile, {name}"), found));
        }
    }
    findings
}

fn folder(profile: &Path) -> Found {
    let shown = profile.display();
    match std::fs::metadata(profile) {
        Err(error) if error.kind() == ErrorKind::NotFound => Found::Well(format!("{shown} will be made at first use")),
        Err(error) => Found::Wrong(format!("{shown}: {error}; name another folder with --profile DIR")),
        Ok(facts) if !facts.is_dir() => {
            Found::Wrong(format!("{shown} is no folder; name another one with --profile DIR"))
        }
        Ok(facts) if facts.uid() != own() => Found::Wrong(format!(
            "{shown} belongs to another user (number {}); name your own with --profile DIR",
            facts.uid()
        )),
        Ok(facts) if facts.mode() & 0o077 != 0 => {
            Found::Wrong(format!("others can look into {shown}; `chmod 700 {shown}`"))
        }
        Ok(_) => Found::Well(format!("{shown}, for you alone")),
    }
}

/// A part that is wrong; `None` when it is well or not there.
fn part(path: &Path) -> Option<Found> {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Some(Found::Wrong(format!("{shown} cannot be looked at: {error}")))
        }
        Err(_) => None,
        Ok(facts) if facts.uid() != own() => Some(Found::Wrong(format!(
            "{shown} belongs to another user (number {}); was the program run as somebody else once? \
             `chown -R {} {shown}` as root makes it yours",
            facts.uid(),
            own()
        ))),
        Ok(facts) if facts.mode() & 0o200 == 0 => {
            Some(Found::Wrong(format!("{shown} cannot be written; `chmod -R u+rw {shown}`")))
        }
        Ok(_) => None,
    }
}

fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}
