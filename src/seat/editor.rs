//! Writing in the agent's own editor: the text goes into a private file of the profile, the terminal is lent to the
//! editor, and what it leaves is read back. Whatever goes wrong, the text is still in the draft, and what the editor wrote
//! is still in the file.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use tokio::sync::{mpsc, oneshot};

/// Bytes that are read back; a longer text is no message.
const LONGEST: u64 = 1_000_000;

/// A terminal asked for, to run an editor on a file.
pub struct Lend {
    /// What to edit.
    pub path: PathBuf,
    /// Says how the editor ended, when the terminal is back.
    pub back: oneshot::Sender<Result<(), String>>,
}

/// The command of the agent's editor.
pub fn command() -> String {
    let named = |name| std::env::var(name).ok().filter(|command: &String| !command.trim().is_empty());
    named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".to_owned())
}

/// Runs the editor until it ends.
///
/// # Errors
/// How it failed, in plain words.
pub fn run(command: &str, path: &Path) -> Result<(), String> {
    // As git does it: the command may have arguments of its own.
    let status =
        std::process::Command::new("sh").arg("-c").arg(format!("{command} \"$1\"")).arg("sh").arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) if status.code() == Some(127) => Err(format!("`{command}` is not there; set VISUAL or EDITOR")),
        Ok(status) => Err(format!("`{command}` ended with {status}")),
        Err(error) => Err(format!("`{command}` cannot be started: {error}")),
    }
}

/// Lets the agent edit a text; gives what became of it. The file stays until [`forget`].
///
/// # Errors
/// Why there is no new text, in plain words.
pub async fn edit(lend: mpsc::Sender<Lend>, path: PathBuf, text: String) -> Result<String, String> {
    let begun = path.clone();
    let written = tokio::task::spawn_blocking(move || begin(&begun, &text)).await;
    written.map_err(|error| error.to_string())?.map_err(|error| format!("{}: {error}", path.display()))?;
    let (back, ended) = oneshot::channel();
    let gone = || "the terminal is gone".to_owned();
    lend.send(Lend { path: path.clone(), back }).await.map_err(|_| gone())?;
    let kept =
        |why: String| format!("{why}; your text is as it was, and what the editor wrote is in {}", path.display());
    ended.await.map_err(|_| gone())?.map_err(kept)?;
    let read = path.clone();
    let text = tokio::task::spawn_blocking(move || take(&read)).await.map_err(|error| error.to_string())?;
    text.map_err(|error| kept(error.to_string()))
}

/// Where the text of a draft is edited.
pub fn path(profile: &Path, draft: &str) -> PathBuf {
    profile.join("editing").join(format!("{draft}.txt"))
}

fn begin(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // What an editor left unread is kept once more, beside.
    match fs::rename(path, path.with_extension("old")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    if !text.is_empty() { file.write_all(b"\n") } else { Ok(()) }
}

fn take(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "that is too long for a message (1 MB at most)"));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text is safe elsewhere.
pub fn forget(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "a text that was edited is left behind");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A terminal that lends itself to this command.
    async fn edited(folder: &Path, command: &'static str, text: &str) -> Result<String, String> {
        let (lend, mut asked) = mpsc::channel::<Lend>(1);
        tokio::spawn(async move {
            let Lend { path, back } = asked.recv().await.unwrap();
            let ran = tokio::task::spawn_blocking(move || run(command, &path)).await.unwrap();
            back.send(ran).unwrap();
        });
        edit(lend, path(folder, "0af3"), text.to_owned()).await
    }

    #[tokio::test]
    async fn what_the_editor_leaves_comes_back_and_the_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let script = "f() { stat -c %a \"$1\" > \"$1.mode\"; echo 'and more' >> \"$1\"; }; f";
        assert_eq!(edited(folder.path(), script, "Hello").await.unwrap(), "Hello\nand more\n");
        let editing = folder.path().join("editing");
        assert_eq!(fs::metadata(&editing).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_to_string(editing.join("0af3.txt.mode")).unwrap(), "600\n");
        forget(&path(folder.path(), "0af3"));
        assert!(!path(folder.path(), "0af3").exists());
    }

    #[tokio::test]
    async fn an_editor_that_fails_says_so_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let failed = "f() { echo changed > \"$1\"; return 3; }; f";
        let why = edited(folder.path(), failed, "Hello").await.unwrap_err();
        assert!(why.contains("exit status: 3") && why.contains("0af3.txt"), "{why}");
        assert_eq!(fs::read_to_string(path(folder.path(), "0af3")).unwrap(), "changed\n");
        let why = edited(folder.path(), "no-such-editor-anywhere 2>/dev/null", "Hello").await.unwrap_err();
        assert!(why.contains("set VISUAL or EDITOR"), "{why}");
        let why = edited(folder.path(), "f() { head -c 2000000 /dev/zero > \"$1\"; }; f", "x").await.unwrap_err();
        assert!(why.contains("too long"), "{why}");
    }
}
