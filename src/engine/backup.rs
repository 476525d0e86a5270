//! Backup and restore: the journal and a few small files beside it. Everything else follows from them.

use super::files::{self, failed};
use super::journal::reader::{Reader, Span};
use super::journal::scan::{Contents, Scan, Step};
use super::journal::{self, At, Damage, segment};
use super::lock::ProfileLock;
use super::opening::JOURNAL;
use super::sled::SledEngine;
use super::verify::{verify_from, verify_journal};
use super::{EngineError, Seq};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

const CHUNK: u64 = 1 << 20;
/// Largest of the small files beside the journal, in bytes.
const MAX_EXTRA: u64 = 16 << 20;
/// How deep their folders may be nested.
const MAX_DEPTH: u32 = 8;
const UNFINISHED: &str = "journal.restoring";

/// What a backup did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackupReport {
    /// Segments in the backup now.
    pub segments: u64,
    /// Segments copied this time.
    pub copied: u64,
    /// Bytes copied this time.
    pub bytes: u64,
    /// Small files copied this time.
    pub files: u64,
    /// The last record in the backup.
    pub last: Seq,
    /// Damage in what was backed up. A copy made earlier, before the damage, is kept.
    pub damage: Vec<Damage>,
}

/// What a restore did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreReport {
    /// Records brought back.
    pub records: u64,
    /// Bytes of the journal.
    pub bytes: u64,
    /// Small files brought back.
    pub files: u64,
    /// Damage in the backup; the rest is brought back.
    pub damage: Vec<Damage>,
}

impl SledEngine {
    /// Backs up the open profile; commits go on meanwhile. Incremental: what the folder has is not copied again.
    /// `extras` are files and folders of the profile taken along (`config.toml`, `keymaps`), missing ones are fine.
    ///
    /// # Errors
    /// When the folder holds another profile's backup or a later one of this, or the disk refuses.
    pub fn backup(
        &self,
        to: &Path,
        extras: &[&str],
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<BackupReport, EngineError> {
        back_up(&self.reader, self.dir(), to, extras, progress)
    }
}

/// Backs up a profile nobody has open, without opening its state. See [`SledEngine::backup`].
///
/// # Errors
/// As [`SledEngine::backup`]; [`EngineError::Locked`].
pub fn backup(
    dir: &Path,
    to: &Path,
    extras: &[&str],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BackupReport, EngineError> {
    let journal = dir.join(JOURNAL);
    let no_journal = || EngineError::Damaged { what: format!("there is no journal in {}", dir.display()) };
    if !journal.is_dir() {
        return Err(no_journal());
    }
    let _lock = ProfileLock::take(dir, Duration::ZERO)?;
    let reader = Reader::open(&journal)?.ok_or_else(no_journal)?;
    leave_out_unfinished(&reader)?;
    back_up(&reader, dir, to, extras, progress)
}

/// A write that a crash tore counts for nothing and is cut off when the profile is next opened. In a backup it would
/// look like records that the profile does not have.
fn leave_out_unfinished(reader: &Reader) -> Result<(), EngineError> {
    let Some(span) = reader.spans().last().copied() else { return Ok(()) };
    let from = At { segment: span.number, offset: 0 };
    let mut scan = Scan::new(reader, from, span.first.max(1), None, Contents::Tail);
    let mut end = span.end;
    let mut last = None;
    while let Some(step) = scan.next()? {
        match step {
            Step::Record(found) => last = Some(found),
            Step::Tail(tail) => end = tail.offset,
            Step::Damage(_) => {}
        }
    }
    if let Some(torn) = last.filter(|last| !last.damage.is_empty()) {
        end = end.min(torn.at.offset);
    }
    reader.shorten(span.number, end);
    Ok(())
}

fn refused(doing: &'static str, path: &Path, why: &str) -> EngineError {
    failed(doing, path)(io::Error::new(io::ErrorKind::InvalidInput, why))
}

const BACKUP: &str = "cannot back up to";

fn back_up(
    reader: &Reader,
    dir: &Path,
    to: &Path,
    extras: &[&str],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<BackupReport, EngineError> {
    files::make_private_dir(to)?;
    let real = |path: &Path| fs::canonicalize(path).map_err(failed("cannot find", path));
    let (real_dir, real_to) = (real(dir)?, real(to)?);
    if real_to.starts_with(&real_dir) || real_dir.starts_with(&real_to) {
        return Err(refused(BACKUP, to, "the backup must lie outside the profile"));
    }
    let target = to.join(JOURNAL);
    let had = Reader::open(&target)?;
    if had.as_ref().is_some_and(|had| had.id() != reader.id()) {
        return Err(refused(BACKUP, to, "this folder holds the backup of another profile; take another folder"));
    }
    files::make_private_dir(&target)?;
    journal::write_id(&target, reader.id())?;
    let (spans, had) = (reader.spans(), had.map(|had| had.spans()).unwrap_or_default());
    let known = |number: u32| had.iter().find(|span| span.number == number);
    let ahead = had.iter().any(|had| {
        let ours = spans.iter().find(|span| span.number == had.number);
        had.end > segment::START && ours.is_none_or(|ours| ours.end < had.end)
    });
    if ahead {
        let why = "the backup in this folder has records that the profile does not have; take another folder";
        return Err(refused(BACKUP, to, why));
    }
    let (total, mut first_copied) = (reader.bytes(), None);
    let mut report = BackupReport { segments: spans.len() as u64, ..BackupReport::default() };
    for span in &spans {
        let before = known(span.number).copied();
        if before.is_some_and(|before| before.end == span.end && before.revision == span.revision) {
            continue;
        }
        let rewritten = before.is_some_and(|before| before.revision != span.revision);
        let compare = before.filter(|_| !rewritten).map_or(0, |before| before.end);
        copy_segment(reader, *span, &target, compare)?;
        report.copied += 1;
        first_copied.get_or_insert(span.number);
        report.bytes += span.end;
        progress(reader.bytes_before(At { segment: span.number, offset: span.end }), total);
    }
    files::sync_dir(&target)?;
    report.files = copy_extras(dir, to, extras)?;
    files::sync_dir(to)?;
    // What was copied is read back, so that a backup is known to be good when it is made.
    if let Some(copy) = Reader::open(&target)? {
        let last = spans.last().map_or(0, |span| span.number);
        let checked = verify_from(&copy, first_copied.unwrap_or(last))?;
        report.last = checked.last;
        report.damage = checked.damage;
    }
    Ok(report)
}

/// Copies a segment beside the one that is there and puts it in its place when it is whole. The first `compare` bytes
/// must be what the older copy holds: records are only ever added.
fn copy_segment(reader: &Reader, span: Span, target: &Path, compare: u64) -> Result<(), EngineError> {
    let (from, path) = (segment::path(reader.dir(), span.number), segment::path(target, span.number));
    let beside = files::beside(&path, "new");
    let (source, older) = (reader.file(span.number)?, (compare > 0).then(|| File::open(&path)).transpose());
    let older = older.map_err(failed("cannot open", &path))?;
    let mut copy = files::private().truncate(true).open(&beside).map_err(failed("cannot make", &beside))?;
    let (mut bytes, mut old_bytes, mut at) = (Vec::new(), Vec::new(), 0);
    while at < span.end {
        bytes.resize(CHUNK.min(span.end - at) as usize, 0);
        source.read_exact_at(&mut bytes, at).map_err(failed("cannot read", &from))?;
        if let Some(older) = older.as_ref().filter(|_| at < compare) {
            old_bytes.resize((bytes.len() as u64).min(compare - at) as usize, 0);
            older.read_exact_at(&mut old_bytes, at).map_err(failed("cannot read", &path))?;
            if bytes[..old_bytes.len()] != old_bytes {
                files::remove_file(&beside)?;
                let why = "this folder holds another history of the profile, or one of the two is damaged \
                           (`switchboard verify` tells); take another folder";
                return Err(refused(BACKUP, &path, why));
            }
        }
        copy.write_all(&bytes).map_err(failed("cannot write", &beside))?;
        at += bytes.len() as u64;
    }
    copy.sync_all().map_err(failed("cannot sync", &beside))?;
    fs::rename(&beside, &path).map_err(failed("cannot replace", &path))
}

/// Brings a profile back from a backup, and needs nothing but the backup. The state is made when it is first opened.
///
/// # Errors
/// When `to` is not empty, there is no backup in `from`, or the disk refuses.
pub fn restore(
    from: &Path,
    to: &Path,
    extras: &[&str],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<RestoreReport, EngineError> {
    const RESTORE: &str = "cannot restore to";
    let source = Reader::open(&from.join(JOURNAL))?;
    let source = source.ok_or_else(|| refused("cannot restore from", from, "there is no backup in it"))?;
    files::make_private_dir(to)?;
    let mut entries = fs::read_dir(to).map_err(failed("cannot read the folder", to))?;
    if entries.next().is_some() {
        return Err(refused(RESTORE, to, "the folder is not empty; name a new one"));
    }
    let _lock = ProfileLock::take(to, Duration::ZERO)?;
    let unfinished = to.join(UNFINISHED);
    files::make_private_dir(&unfinished)?;
    journal::write_id(&unfinished, source.id())?;
    for span in source.spans() {
        copy_segment(&source, span, &unfinished, 0)?;
        progress(source.bytes_before(At { segment: span.number, offset: span.end }), source.bytes());
    }
    files::sync_dir(&unfinished)?;
    let files = copy_extras(from, to, extras)?;
    let journal = to.join(JOURNAL);
    fs::rename(&unfinished, &journal).map_err(failed("cannot rename to", &journal))?;
    files::sync_dir(to)?;
    let checked = verify_journal(to, &mut |_, _| {})?;
    Ok(RestoreReport { records: checked.records, bytes: checked.bytes, files, damage: checked.damage })
}

fn copy_extras(from: &Path, to: &Path, extras: &[&str]) -> Result<u64, EngineError> {
    let mut copied = 0;
    let mut waiting: Vec<(PathBuf, PathBuf, u32)> =
        extras.iter().map(|name| (from.join(name), to.join(name), 0)).collect();
    while let Some((source, target, depth)) = waiting.pop() {
        let Ok(about) = fs::metadata(&source) else { continue };
        if about.is_dir() && depth < MAX_DEPTH {
            files::make_private_dir(&target)?;
            for entry in fs::read_dir(&source).map_err(failed("cannot read the folder", &source))? {
                let name = entry.map_err(failed("cannot read the folder", &source))?.file_name();
                waiting.push((source.join(&name), target.join(&name), depth + 1));
            }
        } else if about.is_file() {
            if about.len() > MAX_EXTRA {
                return Err(refused("cannot back up", &source, "it is too large for a file of settings"));
            }
            let bytes = fs::read(&source).map_err(failed("cannot read", &source))?;
            files::replace(&target, &bytes)?;
            copied += 1;
        }
    }
    Ok(copied)
}
