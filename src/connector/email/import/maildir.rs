//! Maildir (and Maildir++ subfolders), or a plain folder of `.eml` files.

use super::{FileMail, ImportError, ImportProgress, read_capped, shown, timestamp};
use crate::model::clean_line;
use std::fs;
use std::path::{Path, PathBuf};

/// The messages of a Maildir, in an order that does not change: by folder, then by file name (which begins with the
/// time of arrival).
#[derive(Debug)]
pub struct Maildir {
    files: std::vec::IntoIter<(String, PathBuf)>,
    progress: ImportProgress,
}

/// Opens a Maildir: `cur` and `new` of the folder itself (`INBOX`) and of its subfolders (`.Sent` is `Sent`,
/// `.Work.2024` is `Work/2024`). A folder without either, with `.eml` files in it, is read as such. Symbolic links are
/// not followed.
///
/// # Errors
/// [`ImportError::Io`] when a folder cannot be listed, [`ImportError::Format`] when it is no Maildir.
pub fn maildir(path: &Path) -> Result<Maildir, ImportError> {
    let mut files = Vec::new();
    let mut found = take_folder(path, "INBOX", &mut files)?;
    for (name, folder) in entries(path)? {
        if is_real(&folder, fs::FileType::is_dir) && !matches!(name.as_str(), "cur" | "new" | "tmp") {
            found |= take_folder(&folder, &folder_name(&name), &mut files)?;
        }
    }
    if !found {
        let inbox = path.file_name().map(|name| clean_line(&name.to_string_lossy())).unwrap_or_default();
        for (name, file) in entries(path)? {
            if name.to_ascii_lowercase().ends_with(".eml") && is_real(&file, fs::FileType::is_file) {
                files.push((inbox.clone(), file));
            }
        }
        if files.is_empty() {
            let hint = "it has neither cur and new nor .eml files; name the folder that holds them";
            return Err(ImportError::format(path, "Maildir", hint));
        }
    }
    // Stable: a folder's files were sorted by name when they were listed.
    files.sort_by(|(one, _), (other, _)| (one != "INBOX", one).cmp(&(other != "INBOX", other)));
    let total = files.len() as u64;
    Ok(Maildir { files: files.into_iter(), progress: ImportProgress { done: 0, total } })
}

impl Maildir {
    /// How far it is, in messages.
    pub fn progress(&self) -> ImportProgress {
        self.progress
    }
}

impl Iterator for Maildir {
    type Item = Result<FileMail, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (folder, path) = self.files.next()?;
        self.progress.done += 1;
        Some(read(folder, &path))
    }
}

fn read(folder: String, path: &Path) -> Result<FileMail, ImportError> {
    let failed = |error| ImportError::io(path, error);
    // Looked at again: since the listing it may have become a link.
    if !is_real(path, fs::FileType::is_file) {
        return Err(ImportError::Format {
            path: shown(path),
            wanted: "message",
            found: "it is gone, or no plain file any more; import again".to_owned(),
        });
    }
    let file = fs::File::open(path).map_err(failed)?;
    let received = timestamp(file.metadata().and_then(|facts| facts.modified()));
    Ok(FileMail { raw: read_capped(file).map_err(failed)?, folder, received })
}

/// Takes `cur` and `new` of a folder; true when it has one of them.
fn take_folder(folder: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> Result<bool, ImportError> {
    let mut found = Vec::new();
    let mut is_maildir = false;
    for part in ["cur", "new"] {
        let part = folder.join(part);
        if is_real(&part, fs::FileType::is_dir) {
            is_maildir = true;
            let plain = entries(&part)?
                .into_iter()
                .filter(|(name, file)| !name.starts_with('.') && is_real(file, fs::FileType::is_file));
            found.extend(plain);
        }
    }
    found.sort();
    files.extend(found.into_iter().map(|(_, file)| (name.to_owned(), file)));
    Ok(is_maildir)
}

/// The entries of a folder by name.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, ImportError> {
    let failed = |error| ImportError::io(folder, error);
    let mut entries = fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path())))
        .collect::<std::io::Result<Vec<_>>>()
        .map_err(failed)?;
    entries.sort();
    Ok(entries)
}

/// True when the path itself, not what a link points at, is of this kind.
fn is_real(path: &Path, kind: fn(&fs::FileType) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|facts| kind(&facts.file_type()))
}

/// `.Work.2024` of Maildir++ is `Work/2024`; its names are in modified UTF-7, which is left as it is.
fn folder_name(name: &str) -> String {
    match name.strip_prefix('.') {
        Some(name) => clean_line(&name.replace('.', "/")),
        None => clean_line(name),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn put(root: &Path, path: &str, content: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn listed(root: &Path) -> Vec<(String, String)> {
        maildir(root)
            .unwrap()
            .map(|mail| mail.map(|mail| (mail.folder, String::from_utf8(mail.raw).unwrap())).unwrap())
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(folder, raw)| ((*folder).to_owned(), (*raw).to_owned())).collect()
    }

    #[test]
    fn folders_come_in_order_the_inbox_first() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "cur/2.host:2,S", "two");
        put(dir.path(), "new/1.host", "one");
        put(dir.path(), "tmp/3.host", "unfinished");
        put(dir.path(), "dovecot.index", "no mail");
        put(dir.path(), ".Sent/cur/1.host:2,S", "sent");
        put(dir.path(), ".Archive.2024/new/1.host", "old");
        put(dir.path(), "cur/.hidden", "no mail");
        let expected = pairs(&[("INBOX", "one"), ("INBOX", "two"), ("Archive/2024", "old"), ("Sent", "sent")]);
        assert_eq!(listed(dir.path()), expected);
        assert_eq!(listed(dir.path()), expected, "the same each time");
    }

    #[test]
    fn progress_counts_messages() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "cur/1", "one");
        put(dir.path(), "cur/2", "two");
        let mut mails = maildir(dir.path()).unwrap();
        assert_eq!(mails.progress(), ImportProgress { done: 0, total: 2 });
        mails.next().unwrap().unwrap();
        assert_eq!(mails.progress(), ImportProgress { done: 1, total: 2 });
    }

    #[test]
    fn a_folder_of_eml_files_is_read_too() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "export/b.EML", "b");
        put(dir.path(), "export/a.eml", "a");
        put(dir.path(), "export/notes.txt", "no mail");
        assert_eq!(listed(&dir.path().join("export")), pairs(&[("export", "a"), ("export", "b")]));
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), "outside/cur/secret", "secret");
        put(dir.path(), "mail/cur/1", "one");
        let mail = dir.path().join("mail");
        std::os::unix::fs::symlink(dir.path().join("outside/cur/secret"), mail.join("cur/2")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("outside"), mail.join(".Linked")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("outside/cur"), mail.join("new")).unwrap();
        assert_eq!(listed(&mail), pairs(&[("INBOX", "one")]));
    }

    #[test]
    fn what_is_no_maildir_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let error = maildir(dir.path()).unwrap_err().to_string();
        assert!(error.contains("is no Maildir") && error.contains("cur"), "{error}");
        assert!(matches!(maildir(&dir.path().join("gone")), Err(ImportError::Io { .. })));
    }
}
