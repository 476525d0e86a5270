//! Saving what strangers sent: under a name of ours, never over a file, never through a link.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes of a file name; file systems take 255.
const LONGEST: usize = 120;
/// Files of one name in one folder.
const SAME: u32 = 1000;

/// Saves `bytes` into `folder` under a name like `name`, and returns where. A file that is there already is left alone
/// and the new one gets a number.
pub fn save(folder: &Path, name: &str, otherwise: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let name = safe_name(name, otherwise);
    for number in 1..SAME {
        let path = folder.join(numbered(&name, number));
        // `create_new` fails on anything that is there, a link to somewhere else included.
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(mut file) => {
                file.write_all(bytes)?;
                file.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("there are {SAME} files called {name} already")))
}

/// The last part of a stranger's file name, without what a shell, a file manager or a file system takes for something
/// else: separators, control characters, a leading dot or dash, device-like names of other systems.
fn safe_name(name: &str, otherwise: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut safe: String = last
        .chars()
        .map(|c| if c.is_control() || matches!(c, ':' | '*' | '?' | '"' | '<' | '>' | '|' | '\0') { '_' } else { c })
        .collect();
    safe = safe.trim().trim_start_matches(['.', '-', ' ', '~']).trim_end_matches(['.', ' ']).to_owned();
    if safe.len() > LONGEST {
        let (stem, ending) = split(&safe);
        let ending: String = ending.chars().take(16).collect();
        let end = (0..=LONGEST - ending.len().min(40)).rev().find(|at| stem.is_char_boundary(*at)).unwrap_or(0);
        safe = format!("{}{ending}", &stem[..end.min(stem.len())]);
    }
    if safe.is_empty() { otherwise.to_owned() } else { safe }
}

fn split(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    }
}

fn numbered(name: &str, number: u32) -> String {
    if number == 1 {
        return name.to_owned();
    }
    let (stem, ending) = split(name);
    format!("{stem} ({number}){ending}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_strangers_name_stays_in_the_folder() {
        let long = format!("{}.pdf", "長".repeat(200));
        for name in [
            "../../etc/passwd",
            "/etc/cron.d/x",
            "..",
            ".",
            "",
            "a/../../b",
            "C:\\Windows\\x.exe",
            ".bashrc",
            "-rf",
            "a\0b",
            &long,
        ] {
            let safe = safe_name(name, "attachment");
            assert!(!safe.contains(['/', '\\', '\0']) && !safe.starts_with(['.', '-']), "{name:?} → {safe:?}");
            assert!(!safe.is_empty() && safe.len() <= 200, "{name:?} → {safe:?}");
        }
        assert_eq!(safe_name("../../etc/passwd", "x"), "passwd");
        assert!(safe_name(&long, "x").ends_with(".pdf"));
    }

    #[test]
    fn nothing_is_written_over_and_no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        let downloads = folder.path().join("downloads");
        fs::create_dir(&downloads).unwrap();
        std::os::unix::fs::symlink(&outside, downloads.join("a.txt")).unwrap();
        let first = save(&downloads, "a.txt", "x", b"one").unwrap();
        let second = save(&downloads, "a.txt", "x", b"two").unwrap();
        assert_ne!(first, second);
        assert_eq!(fs::read(first).unwrap(), b"one");
        assert_eq!(fs::read(second).unwrap(), b"two");
        assert!(!outside.exists());
    }
}
