//! Room on the disk of the profile.

use super::{Finding, Found, finding};
use crate::cli::house::Place;
use crate::config::Config;
use std::path::Path;

pub(super) fn look(place: &Place, config: &Config) -> Option<Finding> {
    // Before the profile is made it is the folder above that counts.
    let folder = place.profile.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let facts = rustix::fs::statvfs(folder).ok()?;
    let free = (facts.f_bavail.saturating_mul(facts.f_frsize)) >> 20;
    let keep = config.keep_free;
    let found = if free < keep {
        Found::Wrong(format!(
            "{free} MB free, {keep} MB shall stay free (keep_free): new mail waits. Make room, or lower keep_free in \
             config.toml"
        ))
    } else if free < keep.saturating_mul(4) {
        Found::Note(format!("{free} MB free; below {keep} MB (keep_free) new mail waits"))
    } else {
        Found::Well(format!("{free} MB free"))
    };
    Some(finding("disk", found))
}
