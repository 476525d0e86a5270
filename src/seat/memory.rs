//! What a screen remembers of an agent across starts: how the panes are divided. A small file an agent, in `screens/` of
//! the profile. It is a comfort, nothing more: one that cannot be read is left aside with a word.

use crate::ui::{Division, WHOLE};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The form of the file. Another one is not read.
const VERSION: u32 = 1;
/// A file of ours is far smaller.
const MAX_BYTES: u64 = 4 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    #[serde(default)]
    zoomed: bool,
    inbox_of_two: Option<u16>,
    profile_of_two: Option<u16>,
    inbox_of_three: Option<u16>,
    profile_of_three: Option<u16>,
    compose: Option<u16>,
}

/// The file of an agent. A name is any text: what is not a plain letter or digit is written as its number, so that two
/// names never meet in one file and none leads out of the folder.
fn path(profile: &Path, agent: &str) -> PathBuf {
    let mut name = String::new();
    for byte in agent.bytes().take(60) {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' => name.push(char::from(byte)),
            // Writing to a text cannot fail.
            other => drop(write!(name, "_{other:02x}")),
        }
    }
    profile.join("screens").join(format!("{name}.toml"))
}

/// How the agent divided the screen last time.
///
/// # Errors
/// One sentence for the agent when there is something that cannot be used; the screen begins as at first then.
pub fn division(profile: &Path, agent: &str) -> Result<Division, String> {
    let path = path(profile, agent);
    let ignored = |why: &str| format!("{}: {why}; the panes are divided as at first", path.display());
    let text = match read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Division::default()),
        Err(error) => return Err(ignored(&error.to_string())),
    };
    let record: Record = toml::from_str(&text).map_err(|_| ignored("this is not what Switchboard wrote"))?;
    let shares =
        [record.inbox_of_two, record.profile_of_two, record.inbox_of_three, record.profile_of_three, record.compose];
    if record.version != VERSION || shares.iter().flatten().any(|share| *share > WHOLE) {
        return Err(ignored("this is not what Switchboard wrote"));
    }
    Ok(Division {
        inbox_of_two: record.inbox_of_two,
        profile_of_two: record.profile_of_two,
        inbox_of_three: record.inbox_of_three,
        profile_of_three: record.profile_of_three,
        compose: record.compose,
        zoomed: record.zoomed,
    })
}

/// Reads a plain file of a bounded size: a link, a pipe or a device in its place could lead anywhere or never end.
fn read(path: &Path) -> io::Result<String> {
    let facts = fs::symlink_metadata(path)?;
    if !facts.is_file() || facts.len() > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "this is not a small plain file"));
    }
    let mut text = String::new();
    fs::File::open(path)?.take(MAX_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

/// Keeps how the agent divides the screen. Written beside and moved, so that a reader finds all of it or the one before.
///
/// # Errors
/// When it cannot be written.
pub fn keep(profile: &Path, agent: &str, division: &Division) -> io::Result<()> {
    let path = path(profile, agent);
    let record = Record {
        version: VERSION,
        zoomed: division.zoomed,
        inbox_of_two: division.inbox_of_two,
        profile_of_two: division.profile_of_two,
        inbox_of_three: division.inbox_of_three,
        profile_of_three: division.profile_of_three,
        compose: division.compose,
    };
    let text = toml::to_string(&record).map_err(io::Error::other)?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(profile.join("screens"))?;
    let beside = path.with_extension(format!("new-{:08x}", fastrand::u32(..)));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes()).and_then(|()| fs::rename(&beside, &path)).inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn some() -> Division {
        Division { inbox_of_two: Some(5_100), profile_of_three: Some(2_000), zoomed: true, ..Division::default() }
    }

    #[test]
    fn each_agent_finds_the_panes_as_they_were_left() {
        let folder = tempfile::tempdir().unwrap();
        for agent in ["lin", "LIN", "../../x", "", "林", "a b"] {
            assert_eq!(division(folder.path(), agent).unwrap(), Division::default(), "{agent}");
            keep(folder.path(), agent, &some()).unwrap();
            assert_eq!(division(folder.path(), agent).unwrap(), some(), "{agent}");
        }
        assert_eq!(fs::read_dir(folder.path().join("screens")).unwrap().count(), 6, "nothing left beside");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing outside");
    }

    #[test]
    fn what_is_broken_or_hostile_is_left_aside_with_a_word() {
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path(), "lin", &some()).unwrap();
        let file = path(folder.path(), "lin");
        let long = format!("version = 1\n{}", "# \n".repeat(5_000));
        for text in ["", "version = 2", "version = 1\ninbox_of_two = 60000", "version = 1\nx = 1", "\u{1b}[2J", &long] {
            fs::write(&file, text).unwrap();
            let why = division(folder.path(), "lin").unwrap_err();
            assert!(why.contains("as at first") && !why.contains('\u{1b}'), "{text:.20}: {why}");
        }
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert!(division(folder.path(), "lin").is_err());
        keep(folder.path(), "lin", &some()).unwrap();
        assert_eq!(division(folder.path(), "lin").unwrap(), some(), "the next change mends it");
    }
}
