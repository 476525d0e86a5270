//! Secrets by reference: the configuration says where a password is, never what it is.

use crate::model::clean_line;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// How long a command may take to print a secret.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// A first line longer than this is no password and no token.
const MOST_BYTES: usize = 64 * 1024;
/// How long the rest of a first line is waited for, once the command has ended and something else holds its pipe open.
const GRACE: Duration = Duration::from_millis(500);
/// How much of a command's complaint is shown.
const MOST_COMPLAINT: usize = 200;

/// A secret in memory. Cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: String) -> Secret {
        Secret(text)
    }

    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Where a secret is to be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// The first line a command prints (run by `sh -c`, at most 30 s).
    Command(String),
    /// An environment variable.
    Env(String),
    /// The first line of a file that only its owner may read (mode 0600).
    File(PathBuf),
}

/// A secret that could not be had. Never contains it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

impl SecretRef {
    /// Fetches the secret from where it is.
    ///
    /// # Errors
    /// When the command, variable or file does not give one; says which, why and what to do, never what was read.
    pub async fn resolve(&self) -> Result<Secret, SecretError> {
        let (what, bytes) = match self {
            SecretRef::Command(command) => ("the secret's command", run(command, COMMAND_LIMIT).await?),
            SecretRef::Env(name) => {
                let value = std::env::var(name)
                    .map_err(|_| SecretError(format!("the environment variable {name} is not set (or not UTF-8)")))?;
                ("the secret's environment variable", value.into_bytes())
            }
            SecretRef::File(path) => {
                let path = path.clone();
                let read = tokio::task::spawn_blocking(move || read_file(&path));
                ("the secret's file", read.await.map_err(|_| SecretError("reading the file failed".to_owned()))??)
            }
        };
        first_line(what, &bytes)
    }
}

impl SecretRef {
    /// What is wrong with the secret's file, before anybody needs it. A command and a variable are not tried: they may ask
    /// a person, or be there only later.
    ///
    /// # Errors
    /// As [`SecretRef::resolve`].
    pub fn look(&self) -> Result<(), SecretError> {
        match self {
            SecretRef::Command(_) | SecretRef::Env(_) => Ok(()),
            SecretRef::File(path) => first_line("the secret's file", &read_file(path)?).map(drop),
        }
    }
}

/// The first line without its line end. Spaces are kept: they may be part of a password.
fn first_line(what: &str, bytes: &[u8]) -> Result<Secret, SecretError> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let text =
        std::str::from_utf8(line).map_err(|_| SecretError(format!("{what} gave something that is not UTF-8")))?;
    if text.is_empty() {
        return Err(SecretError(format!("{what} gave an empty first line")));
    }
    Ok(Secret(text.to_owned()))
}

async fn run(command: &str, limit: Duration) -> Result<Vec<u8>, SecretError> {
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // So that a whole pipeline can be ended, not only its shell.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| SecretError(format!("cannot start sh for the secret's command: {error}")))?;
    let group = child.id();
    if let Ok(done) = tokio::time::timeout(limit, collect(&mut child)).await {
        return done;
    }
    if let Some(pid) = group.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
        // It may have ended this moment, which is as good.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
    Err(SecretError(format!(
        "the secret's command did not finish within {} s; does it wait for a passphrase?",
        limit.as_secs()
    )))
}

async fn collect(child: &mut Child) -> Result<Vec<u8>, SecretError> {
    let (mut said, mut complaint) = (Pipe::new(child.stdout.take()), Pipe::new(child.stderr.take()));
    // Both are read all the while so that the command never stalls on a full pipe.
    let reading = async {
        tokio::join!(said.read_until(|_| false), complaint.read_until(|_| false));
        std::future::pending().await
    };
    let status = tokio::select! {
        status = child.wait() => status,
        status = reading => status,
    };
    let status = status.map_err(|error| SecretError(format!("the secret's command was lost: {error}")))?;
    // The command has ended, and the pipes may be held open by an agent it has started: their end is not waited for.
    if status.success() {
        said.read_until(|kept| !kept.is_empty()).await;
        said.read_line().await;
        return Ok(said.kept);
    }
    complaint.read_line().await;
    let complaint = String::from_utf8_lossy(&complaint.kept);
    let complaint = complaint.lines().map(clean_line).find(|line| !line.trim().is_empty()).unwrap_or_default();
    let complaint: String = complaint.chars().take(MOST_COMPLAINT).collect();
    let said = if complaint.is_empty() { String::new() } else { format!(": {complaint}") };
    Err(SecretError(format!("the secret's command failed ({status}){said}")))
}

/// What a command prints; only the beginning is kept.
struct Pipe<R> {
    /// `None` once it has ended. One that breaks has ended; the exit status tells the rest.
    pipe: Option<R>,
    kept: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    fn new(pipe: Option<R>) -> Pipe<R> {
        Pipe { pipe, kept: Vec::new() }
    }

    /// Reads until enough is there or the pipe ends. May be dropped and called again.
    async fn read_until(&mut self, enough: impl Fn(&[u8]) -> bool) {
        let mut piece = [0; 4096];
        while !enough(&self.kept)
            && let Some(pipe) = &mut self.pipe
        {
            match pipe.read(&mut piece).await {
                Ok(0) | Err(_) => self.pipe = None,
                Ok(count) => {
                    let room = MOST_BYTES.saturating_sub(self.kept.len());
                    self.kept.extend_from_slice(piece.get(..count.min(room)).unwrap_or_default());
                }
            }
        }
    }

    /// Reads the first line of what a command that has ended left in the pipe. One without a line end takes a moment.
    async fn read_line(&mut self) {
        let _ = tokio::time::timeout(GRACE, self.read_until(|kept| kept.contains(&b'\n'))).await;
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, SecretError> {
    use std::io::Read;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    let shown = path.display();
    let problem = |what: String| SecretError(format!("the secret's file {shown} {what}"));
    let file = std::fs::OpenOptions::new()
        .read(true)
        // Opening a pipe by mistake must not hang.
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
        .open(path)
        .map_err(|error| problem(format!("cannot be opened: {error}")))?;
    let facts = file.metadata().map_err(|error| problem(format!("cannot be examined: {error}")))?;
    if !facts.is_file() {
        return Err(problem("is not a regular file".to_owned()));
    }
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return Err(problem("belongs to another user; it must be yours".to_owned()));
    }
    if facts.mode() & 0o077 != 0 {
        return Err(problem(format!(
            "can be read by others (mode {:03o}); run: chmod 600 {shown}",
            facts.mode() & 0o777
        )));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES as u64)
        .read_to_end(&mut bytes)
        .map_err(|error| problem(format!("cannot be read: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn command(text: &str) -> SecretRef {
        SecretRef::Command(text.to_owned())
    }

    #[tokio::test]
    async fn a_command_gives_its_first_line() {
        let secret = command("printf 'hunter 2 \\nuser: ana\\n'").resolve().await.unwrap();
        assert_eq!(secret.expose(), "hunter 2 ");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[tokio::test]
    async fn a_failed_command_shows_its_complaint_and_never_what_it_printed() {
        let error =
            command("echo topsecret; echo 'no such\u{1b}[31m entry' >&2; echo more >&2; exit 3").resolve().await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("no such") && error.contains('3'), "{error}");
        assert!(!error.contains("topsecret") && !error.contains('\u{1b}') && !error.contains("more"), "{error}");
        let error = command("printf '\\n'").resolve().await.unwrap_err().to_string();
        assert!(error.contains("empty first line"), "{error}");
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_ended() {
        let error = run("sleep 600 | cat", Duration::from_millis(50)).await.unwrap_err().to_string();
        assert!(error.contains("did not finish"), "{error}");
    }

    #[tokio::test]
    async fn an_agent_left_behind_by_the_command_is_not_waited_for() {
        // Each would hold the pipes for longer than the limit, which is an error.
        let limit = Duration::from_secs(10);
        for text in ["sleep 20 & echo pw", "sleep 20 & printf pw", "(sleep 0.2; echo pw; sleep 20) &"] {
            assert_eq!(first_line("", &run(text, limit).await.unwrap()).unwrap().expose(), "pw", "{text}");
        }
        let error = run("sleep 20 & echo locked >&2; exit 3", limit).await.unwrap_err().to_string();
        assert!(error.contains("failed") && error.contains("locked"), "{error}");
        let error = run("sleep 20 & exit 3", limit).await.unwrap_err().to_string();
        assert!(error.contains("failed"), "{error}");
    }

    #[tokio::test]
    async fn a_command_that_floods_does_not_fill_the_memory() {
        let secret = command("echo pw; head -c 3000000 /dev/zero").resolve().await.unwrap();
        assert_eq!(secret.expose(), "pw");
    }

    #[tokio::test]
    async fn a_file_must_be_private_and_regular() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "sesame\r\nrest").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = SecretRef::File(path.clone()).resolve().await.unwrap_err().to_string();
        assert!(error.contains("mode 640") && error.contains("chmod 600"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(SecretRef::File(path).resolve().await.unwrap().expose(), "sesame");
        let error = SecretRef::File(folder.path().to_owned()).resolve().await.unwrap_err().to_string();
        assert!(error.contains("regular file"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_variable_is_named() {
        let error = SecretRef::Env("SWITCHBOARD_NOT_SET".to_owned()).resolve().await.unwrap_err().to_string();
        assert!(error.contains("SWITCHBOARD_NOT_SET"), "{error}");
    }
}
