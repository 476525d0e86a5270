//! The profile of a demo: a fresh temporary folder that goes at the end, or one that was named and stays.

use crate::config::Config;
use crate::connector::demo;
use anyhow::Context;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the names of temporary folders begin; the process and eight random digits follow.
const PREFIX: &str = "switchboard-demo-";

/// A folder without a lock that changed within this time may be one that a demo is just making.
const YOUNG: Duration = Duration::from_secs(3_600);

/// The folder. Dropping a temporary one removes it.
pub(super) struct DemoProfile {
    path: PathBuf,
    temporary: bool,
}

impl DemoProfile {
    /// Makes the folder where it is missing, and writes its `config.toml`.
    ///
    /// # Errors
    /// When the folder has accounts that are not the demo's, was begun with another seed, or cannot be written.
    pub fn make(
        folder: Option<PathBuf>,
        seed: Option<u32>,
        speed: f64,
        live_seconds: u32,
    ) -> anyhow::Result<DemoProfile> {
        let profile = match folder {
            Some(path) => DemoProfile { path, temporary: false },
            None => DemoProfile::temporary()?,
        };
        let seed = profile.seed(seed)?;
        let path = &profile.path;
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        let downloads = toml::Value::String(path.join("downloads").display().to_string());
        let text = format!("downloads = {downloads}\n{}", demo::config(seed, speed, live_seconds));
        write(&path.join("config.toml"), &text)?;
        Ok(profile)
    }

    fn temporary() -> anyhow::Result<DemoProfile> {
        let folder = std::env::temp_dir();
        sweep(&folder);
        let path = folder.join(format!("{PREFIX}{}-{:08x}", std::process::id(), fastrand::u32(..)));
        // Not recursive: a folder somebody else has put there is not used.
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot make {}", path.display()))?;
        Ok(DemoProfile { path, temporary: true })
    }

    /// The seed asked for, that of a demo begun here before, or 7.
    fn seed(&self, asked: Option<u32>) -> anyhow::Result<u32> {
        let shown = self.path.display();
        let config = Config::load(&self.path)?;
        if config.accounts.iter().any(|account| account.connector != demo::KIND.name) {
            anyhow::bail!("{shown} has accounts of your own; name another --profile for the demo, or none");
        }
        let before = config.accounts.first().and_then(|account| account.table.get("seed")?.as_integer());
        let before = before.and_then(|seed| u32::try_from(seed).ok());
        match (asked, before) {
            (Some(asked), Some(before)) if asked != before => {
                anyhow::bail!(
                    "the demo in {shown} was begun with --seed {before}; leave --seed out, or name another --profile"
                )
            }
            (asked, before) => Ok(asked.or(before).unwrap_or(7)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }
}

/// Removes what demos that were killed have left behind in a folder: only folders that bear a demo's name, are ours, whose
/// process is gone and whose profile nobody holds. One that cannot be removed is left; the next demo tries again.
fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if is_left_behind(&entry)
            && let Err(error) = std::fs::remove_dir_all(entry.path())
        {
            tracing::debug!(path = %entry.path().display(), %error, "a demo's folder is left");
        }
    }
}

fn is_left_behind(entry: &std::fs::DirEntry) -> bool {
    let name = entry.file_name();
    let Some(pid) = name.to_str().and_then(process_of) else { return false };
    // Not followed: a link that somebody put there leads nowhere.
    let Ok(known) = std::fs::symlink_metadata(entry.path()) else { return false };
    let ours = known.is_dir() && known.uid() == rustix::process::geteuid().as_raw();
    ours && is_gone(pid) && !is_held(&entry.path(), &known)
}

/// The process that made a demo's folder of this name.
fn process_of(name: &str) -> Option<rustix::process::Pid> {
    let (pid, random) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_random = random.len() == 8 && random.bytes().all(|byte| byte.is_ascii_hexdigit());
    rustix::process::Pid::from_raw(pid.parse().ok().filter(|pid| *pid > 0 && is_random)?)
}

fn is_gone(pid: rustix::process::Pid) -> bool {
    rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
}

/// Somebody has the profile open, perhaps where this machine's processes are numbered otherwise (a container), or is about
/// to: between the folder and the lock in it there is a moment.
fn is_held(profile: &Path, folder: &std::fs::Metadata) -> bool {
    match std::fs::File::open(profile.join("lock")) {
        Ok(file) => file.try_lock().is_err(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let age = folder.modified().ok().and_then(|at| at.elapsed().ok());
            age.is_none_or(|age| age < YOUNG)
        }
        Err(_) => true,
    }
}

impl Drop for DemoProfile {
    fn drop(&mut self) {
        if self.temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            crate::cli::output::remark(&format!("{} is left behind: {error}", self.path.display()));
        }
    }
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let shown = || format!("cannot write {}", path.display());
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(shown)?;
    file.write_all(text.as_bytes()).with_context(shown)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_temporary_one_is_private_and_goes_and_a_named_one_stays() {
        let temporary = DemoProfile::make(None, None, 1.0, 0).unwrap();
        let path = temporary.path();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(Config::load(&path).unwrap().accounts.len(), 3);
        drop(temporary);
        assert!(!path.exists());

        let folder = tempfile::tempdir().unwrap();
        let named = folder.path().join("demo");
        drop(DemoProfile::make(Some(named.clone()), Some(9), 1.0, 0).unwrap());
        assert!(named.join("config.toml").exists());
        let again = DemoProfile::make(Some(named.clone()), None, 4.0, 0).unwrap();
        assert_eq!(again.seed(None).unwrap(), 9);
        let error = DemoProfile::make(Some(named), Some(8), 1.0, 0).err().unwrap().to_string();
        assert!(error.contains("--seed 9"), "{error}");
    }

    #[test]
    fn what_killed_demos_left_behind_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        // A process that is gone: its number is free again, and large ones are not given out at once.
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let gone = child.id();
        child.wait().unwrap();
        let here = std::process::id();
        let make = |name: String| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::write(path.join("config.toml"), "").unwrap();
            path
        };
        let left = make(format!("switchboard-demo-{gone}-0123abcd"));
        let hours_ago = std::time::SystemTime::now() - 2 * YOUNG;
        std::fs::File::open(&left).unwrap().set_modified(hours_ago).unwrap();
        let closed = make(format!("switchboard-demo-{gone}-00000001"));
        std::fs::write(closed.join("lock"), "").unwrap();
        let held = make(format!("switchboard-demo-{gone}-00000002"));
        let lock = std::fs::File::create(held.join("lock")).unwrap();
        lock.try_lock().unwrap();
        let kept = [
            held,
            make(format!("switchboard-demo-{gone}-00000003")),
            make(format!("switchboard-demo-{here}-0123abcd")),
            make(format!("switchboard-demo-{gone}")),
            make(format!("switchboard-demo-{gone}-mine")),
            make(format!("switchboard-demo-{gone}-0123abcd.bak")),
            make("switchboard".to_owned()),
            make("switchboard-demo-0-0123abcd".to_owned()),
        ];
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join("mine"), "").unwrap();
        let link = folder.path().join(format!("switchboard-demo-{gone}-0123abce"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        sweep(folder.path());
        assert!(!left.exists() && !closed.exists());
        assert!(kept.iter().all(|path| path.join("config.toml").exists()), "{kept:?}");
        assert!(link.exists() && elsewhere.path().join("mine").exists());
    }

    #[test]
    fn a_profile_with_real_accounts_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[[account]]\nname = \"a\"\nconnector = \"email\"\n";
        std::fs::write(folder.path().join("config.toml"), text).unwrap();
        let error = DemoProfile::make(Some(folder.path().to_owned()), None, 1.0, 0).err().unwrap().to_string();
        assert!(error.contains("accounts of your own"), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("config.toml")).unwrap(), text);
    }
}
