//! Maildir (and Maildir++ subfolders), or a plain folder of `.eml` files.

use super::{FileMail, ImportError, ImportProgress, read_capped, shown, timestamp};
use crate::model::clean_line;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The messages of a Maildir, in an order that does not change: by folder, then by file name (which begins with the
/// time of arrival).
#[derive(Debug)]
pub struct Maildir {
    folders: std::vec::IntoIter<Folder>,
    current: Option<Folder>,
    progress: ImportProgress,
}

/// A folder's files, by name. Only the names are held: a Maildir may have millions.
#[derive(Debug)]
struct Folder {
    name: String,
    parts: Vec<PathBuf>,
    /// The name of a file, and which part it is in.
    files: std::vec::IntoIter<(Box<OsStr>, u8)>,
}

/// Opens a Maildir: `cur` and `new` of the folder itself (`INBOX`) and of its subfolders (`.Sent` is `Sent`,
/// `.Work.2024` is `Work/2024`). A folder without either, with `.eml` files in it, is read as such. Symbolic links are
/// not followed.
///
/// # Errors
/// [`ImportError::Io`] when a folder cannot be listed, [`ImportError::Format`] when it is no Maildir.
pub fn maildir(path: &Path) -> Result<Maildir, ImportError> {
    let mut folders: Vec<Folder> = take_folder(path, "INBOX".to_owned())?.into_iter().collect();
    for name in entries(path, fs::FileType::is_dir)? {
        if !matches!(name.to_str(), Some("cur" | "new" | "tmp")) {
            folders.extend(take_folder(&path.join(&*name), folder_name(&name.to_string_lossy()))?);
        }
    }
    if folders.is_empty() {
        let is_mail = |name: &OsStr| name.to_string_lossy().to_ascii_lowercase().ends_with(".eml");
        let mut files = entries(path, fs::FileType::is_file)?;
        files.retain(|name| is_mail(name));
        if files.is_empty() {
            let hint = "it has neither cur and new nor .eml files; name the folder that holds them";
            return Err(ImportError::format(path, "Maildir", hint));
        }
        let name = path.file_name().map(|name| clean_line(&name.to_string_lossy())).unwrap_or_default();
        folders.push(Folder::new(name, vec![path.to_path_buf()], files.into_iter().map(|file| (file, 0)).collect()));
    }
    folders.sort_by(|one, other| (one.name != "INBOX", &one.name).cmp(&(other.name != "INBOX", &other.name)));
    let total = folders.iter().map(|folder| folder.files.len() as u64).sum();
    Ok(Maildir { folders: folders.into_iter(), current: None, progress: ImportProgress { done: 0, total } })
}

impl Folder {
    fn new(name: String, parts: Vec<PathBuf>, files: Vec<(Box<OsStr>, u8)>) -> Folder {
        Folder { name, parts, files: files.into_iter() }
    }

    fn next(&mut self) -> Option<PathBuf> {
        let (file, part) = self.files.next()?;
        Some(self.parts.get(usize::from(part))?.join(&*file))
    }
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
        loop {
            if let Some(folder) = &mut self.current
                && let Some(path) = folder.next()
            {
                self.progress.done += 1;
                return Some(read(folder.name.clone(), &path));
            }
            self.current = Some(self.folders.next()?);
        }
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

/// `cur` and `new` of a folder; `None` when it has neither.
fn take_folder(folder: &Path, name: String) -> Result<Option<Folder>, ImportError> {
    let parts: Vec<PathBuf> = ["cur", "new"].map(|part| folder.join(part)).into();
    let parts: Vec<PathBuf> = parts.into_iter().filter(|part| is_real(part, fs::FileType::is_dir)).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let mut files = Vec::new();
    for (part, path) in parts.iter().enumerate() {
        let names = entries(path, fs::FileType::is_file)?;
        files.extend(names.into_iter().filter(|name| !is_hidden(name)).map(|name| (name, part as u8)));
    }
    // A name that is in both comes in the order of the parts.
    files.sort_unstable();
    Ok(Some(Folder::new(name, parts, files)))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// The names of a folder's entries of one kind, sorted. Links are of neither kind.
fn entries(folder: &Path, kind: fn(&fs::FileType) -> bool) -> Result<Vec<Box<OsStr>>, ImportError> {
    let failed = |error| ImportError::io(folder, error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        // One that goes meanwhile is not there.
        if entry.file_type().is_ok_and(|found| kind(&found)) {
            names.push(entry.file_name().into_boxed_os_str());
        }
    }
    names.sort_unstable();
    Ok(names)
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
