//! Access tokens that expire: fetched once however many workers need one, and kept where only their owner reads.

use super::{ConnectorError, Secret};
use crate::model::Timestamp;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::sync::Mutex;

/// A token is fetched anew so long before its end, in milliseconds.
const EARLY: i64 = 60_000;
/// A file larger than this is none of ours.
const MOST_BYTES: u64 = 64 * 1024;

/// A token with its end, and what renews it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The token.
    pub token: Secret,
    /// Until when; `None` without an end.
    pub until: Option<Timestamp>,
    /// What fetches the next one, where that changes each time (rotating refresh tokens).
    pub refresh: Option<Secret>,
}

/// Tokens that cannot be kept or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tokens in {path}: {problem}")]
pub struct TokenError {
    /// The file.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

impl From<TokenError> for ConnectorError {
    fn from(error: TokenError) -> Self {
        ConnectorError::Retry { reason: error.to_string() }
    }
}

/// The tokens of one account.
#[derive(Debug)]
pub struct Tokens {
    path: PathBuf,
    /// Held while a new one is fetched: that is how the others wait for it instead of fetching their own, which on some
    /// platforms ends the first.
    present: Mutex<Option<Access>>,
}

impl Tokens {
    /// Those of `account` in a profile. Nothing is read yet.
    pub fn new(profile: &Path, account: &str) -> Tokens {
        // An account's name may hold anything; a file's name may not.
        let name = blake3::hash(account.as_bytes()).to_hex();
        let plain: String = account.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        Tokens { path: profile.join("tokens").join(format!("{plain}-{}", &name[..8])), present: Mutex::new(None) }
    }

    /// The token to use now. `fetch` gets the one kept, whose end is near or unknown, and gives a new one; what it gives is
    /// durable before anybody uses it.
    ///
    /// # Errors
    /// Those of `fetch`, and when the new token cannot be kept.
    pub async fn get<F>(
        &self,
        now: Timestamp,
        fetch: impl FnOnce(Option<Access>) -> F,
    ) -> Result<Secret, ConnectorError>
    where
        F: Future<Output = Result<Access, ConnectorError>> + Send,
    {
        let mut present = self.present.lock().await;
        if present.is_none() {
            let path = self.path.clone();
            let read = tokio::task::spawn_blocking(move || read(&path)).await;
            *present = read.map_err(|error| ConnectorError::Retry { reason: error.to_string() })??;
        }
        if let Some(access) = present.as_ref()
            && access.until.is_none_or(|until| now.plus_millis(EARLY) < until)
        {
            return Ok(access.token.clone());
        }
        let fresh = fetch(present.clone()).await?;
        let (path, kept) = (self.path.clone(), fresh.clone());
        let written = tokio::task::spawn_blocking(move || write(&path, &kept)).await;
        written.map_err(|error| ConnectorError::Retry { reason: error.to_string() })??;
        let token = fresh.token.clone();
        *present = Some(fresh);
        Ok(token)
    }

    /// The platform no longer takes `token`: the next [`Tokens::get`] fetches. One that was replaced meanwhile stays.
    pub async fn refuse(&self, token: &Secret) {
        let mut present = self.present.lock().await;
        if let Some(access) = present.as_mut()
            && access.token == *token
        {
            access.until = Some(Timestamp(0));
        }
    }
}

fn trouble(path: &Path) -> impl Fn(io::Error) -> TokenError {
    move |error| TokenError { path: path.display().to_string(), problem: error.to_string() }
}

fn read(path: &Path) -> Result<Option<Access>, TokenError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(trouble(path)(error)),
    };
    let open_to_others = metadata.permissions().mode() & 0o077 != 0;
    if open_to_others || !metadata.is_file() || metadata.len() > MOST_BYTES {
        let problem = "others may read or write it; `chmod 600` it, or remove it to sign in anew";
        return Err(TokenError { path: path.display().to_string(), problem: problem.to_owned() });
    }
    let text = fs::read_to_string(path).map_err(trouble(path))?;
    let mut lines = text.lines();
    let (token, until, refresh) = (lines.next(), lines.next(), lines.next());
    // A file that is cut or of another kind is as good as none: a new token is fetched.
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
    let until = until.and_then(|until| until.parse().ok()).map(Timestamp);
    let refresh = refresh.filter(|text| !text.is_empty()).map(|text| Secret::new(text.to_owned()));
    Ok(Some(Access { token: Secret::new(token.to_owned()), until: until.or(Some(Timestamp(0))), refresh }))
}

/// Writes a new file and puts it in place of the old one, both durable.
fn write(path: &Path, access: &Access) -> Result<(), TokenError> {
    let folder = path.parent().unwrap_or(path);
    let until = access.until.map_or(i64::MAX, |until| until.0);
    let refresh = access.refresh.as_ref().map_or("", Secret::expose);
    let text = format!("{}\n{until}\n{refresh}\n", access.token.expose());
    let write = || -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(trouble(path))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn access(token: &str, until: i64) -> Access {
        let refresh = Some(Secret::new(format!("r-{token}")));
        Access { token: Secret::new(token.to_owned()), until: Some(Timestamp(until)), refresh }
    }

    #[tokio::test]
    async fn however_many_need_one_it_is_fetched_once_and_outlives_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Arc::new(Tokens::new(folder.path(), "x"));
        let fetched = Arc::new(AtomicU32::new(0));
        let asking = (0..8).map(|_| {
            let (tokens, fetched) = (tokens.clone(), fetched.clone());
            tokio::spawn(async move {
                let fetch = |_| async move {
                    tokio::task::yield_now().await;
                    fetched.fetch_add(1, Ordering::SeqCst);
                    Ok(access("one", 10_000_000))
                };
                tokens.get(Timestamp(0), fetch).await.unwrap()
            })
        });
        for asked in futures::future::join_all(asking).await {
            assert_eq!(asked.unwrap().expose(), "one");
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
        let next = Tokens::new(folder.path(), "x");
        let none = |_| async { Err(ConnectorError::Retry { reason: "must not be asked".to_owned() }) };
        assert_eq!(next.get(Timestamp(0), none).await.unwrap().expose(), "one");
    }

    #[tokio::test]
    async fn an_old_or_refused_one_is_renewed_with_what_renews_it() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(folder.path(), "x");
        let first = tokens.get(Timestamp(0), |_| async { Ok(access("one", 100_000)) }).await.unwrap();
        let renew = |old: Option<Access>| async move {
            assert_eq!(old.and_then(|old| old.refresh).unwrap().expose(), "r-one");
            Ok(access("two", 500_000))
        };
        assert_eq!(tokens.get(Timestamp(50_000), renew).await.unwrap().expose(), "two", "a minute before its end");
        tokens.refuse(&first).await;
        let none = |_| async { Err(ConnectorError::Retry { reason: "must not be asked".to_owned() }) };
        let second = tokens.get(Timestamp(50_000), none).await.unwrap();
        tokens.refuse(&second).await;
        let third = tokens.get(Timestamp(50_000), |_| async { Ok(access("three", 900_000)) }).await.unwrap();
        assert_eq!(third.expose(), "three");
    }

    #[tokio::test]
    async fn tokens_that_others_may_read_are_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let tokens = Tokens::new(folder.path(), "x");
        tokens.get(Timestamp(0), |_| async { Ok(access("one", 100_000)) }).await.unwrap();
        assert_eq!(fs::metadata(&tokens.path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&tokens.path, fs::Permissions::from_mode(0o644)).unwrap();
        let next = Tokens::new(folder.path(), "x");
        let refused = next.get(Timestamp(0), |_| async { Ok(access("two", 100_000)) }).await.unwrap_err();
        assert!(refused.to_string().contains("chmod 600") && !refused.to_string().contains("one"));
    }
}
