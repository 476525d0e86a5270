//! Who has seen the tour: one name a line in the file `tour` of the profile.

use crate::model::clean_line;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

const FILE: &str = "tour";
/// More is not read: so many agents have no profile in common.
const MOST_BYTES: u64 = 64 * 1024;

/// True the first time an agent sits down in a profile, which is written down. Where that cannot be done the tour is not
/// shown, rather than every time.
pub fn is_first(profile: &Path, agent: &str) -> bool {
    let path = profile.join(FILE);
    let agent = clean_line(agent);
    if std::fs::metadata(&path).is_ok_and(|facts| facts.len() > MOST_BYTES) {
        return false;
    }
    // A file that is not there yet is an empty one.
    let seen = std::fs::read_to_string(&path).unwrap_or_default();
    if seen.lines().any(|line| line == agent) {
        return false;
    }
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    file.and_then(|mut file| file.write_all(format!("{agent}\n").as_bytes())).is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn everybody_sees_it_once() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_first(folder.path(), "lin"));
        assert!(!is_first(folder.path(), "lin"));
        assert!(is_first(folder.path(), "mara\nlin"), "a name is one line");
        assert!(!is_first(folder.path(), "lin"));
        assert!(!is_first(&folder.path().join("gone"), "lin"), "where it cannot be written down");
    }
}
