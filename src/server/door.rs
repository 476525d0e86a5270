//! The socket in the profile's folder, and everybody who comes in by it.

use super::connection::{self, Host};
use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

const FOLDER: &str = "door";
const SOCKET: &str = "socket";
/// More at the same time are not let in.
const GUESTS: usize = 512;
/// How long guests have to leave when the owner ends. What they typed is saved in that time.
const FAREWELL: Duration = Duration::from_secs(10);
/// Longer paths do not fit into a socket's address.
const LONG: usize = 100;

/// Why there is no door.
#[derive(Debug, thiserror::Error)]
#[error("other windows cannot come in, the socket {path} cannot be made: {source}")]
pub struct DoorError {
    path: String,
    source: io::Error,
}

/// An open door. Only the process that holds the profile's lock may open it.
pub struct Door {
    path: PathBuf,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

/// The door of a profile.
pub(super) fn socket(profile: &Path) -> PathBuf {
    profile.join(FOLDER).join(SOCKET)
}

/// Does something with an address for the socket. A long path is reached through its open folder.
pub(super) fn with_address<T>(path: &Path, work: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    if path.as_os_str().len() < LONG {
        return work(path);
    }
    let folder = File::open(path.parent().unwrap_or(path))?;
    work(&Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(SOCKET))
}

impl Door {
    /// Opens it. A socket left by a dead owner is taken away. Must be called within a runtime.
    ///
    /// # Errors
    /// [`DoorError`]; the owner can do without.
    pub fn open(profile: &Path, host: Arc<dyn Host>) -> Result<Door, DoorError> {
        let path = socket(profile);
        let listener = listen(&path).map_err(|source| DoorError { path: path.display().to_string(), source })?;
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(serve(listener, host, stopped));
        Ok(Door { path, stop, serving })
    }

    /// Closes it: nobody comes in any more, and whoever is inside is told and has some seconds to leave.
    pub async fn close(self) {
        // First the name, so that nobody knocks at a door that does not answer.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(FAREWELL, self.serving).await;
    }
}

fn listen(path: &Path) -> io::Result<UnixListener> {
    let folder = path.parent().unwrap_or(path);
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // A copied profile may hold a link here: what it leads to is not ours.
    if !std::fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::NotADirectory, "`door` in the profile is no folder; remove it"));
    }
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    match std::fs::symlink_metadata(path) {
        Ok(facts) if !facts.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "what is there is no socket; remove it"));
        }
        _ => {}
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = with_address(path, |address| UnixListener::bind(address))?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn serve(listener: UnixListener, host: Arc<dyn Host>, stop: watch::Receiver<bool>) {
    let mut ends = stop.clone();
    let mut guests = JoinSet::new();
    loop {
        tokio::select! {
            come = listener.accept() => match come {
                Ok((stream, _)) if guests.len() < GUESTS && is_same_user(&stream) => {
                    guests.spawn(connection::welcome(stream, host.clone(), stop.clone()));
                }
                // Closed again by being dropped.
                Ok(_) => tracing::warn!("somebody was not let in: too many, or another user"),
                Err(error) => {
                    // Too many open files, most likely: it passes when somebody leaves.
                    tracing::warn!(%error, "the door");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            },
            Some(_) = guests.join_next() => {}
            () = async { drop(ends.wait_for(|end| *end).await) } => break,
        }
    }
    drop(listener);
    while guests.join_next().await.is_some() {}
}

fn is_same_user(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}
