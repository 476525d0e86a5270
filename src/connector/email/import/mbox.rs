//! mbox: messages one after the other, each behind a `From ` line (RFC 4155; mboxrd and mboxo).

use super::{FileMail, ImportError, ImportProgress, MAX_READ, timestamp};
use crate::model::{Timestamp, clean_line};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// Longest piece of a line held while looking for its end, in bytes. What is longer is no `From ` line.
const LINE_PIECE: u64 = 64_000;

/// The messages of an mbox, in the order of the file.
#[derive(Debug)]
pub struct Mbox {
    reader: BufReader<File>,
    path: PathBuf,
    folder: String,
    /// The time of the file, for `From ` lines without one.
    modified: Timestamp,
    progress: ImportProgress,
    /// The time of the message that comes next; `None` at the end.
    next: Option<Timestamp>,
}

/// Opens an mbox. Lines end with LF or CRLF; `>From ` lines lose one `>` (mboxrd). The last message may be cut short.
///
/// # Errors
/// [`ImportError::Io`] when it cannot be read, [`ImportError::Format`] when it does not begin with a `From ` line.
pub fn mbox(path: &Path) -> Result<Mbox, ImportError> {
    let failed = |error| ImportError::io(path, error);
    let file = File::open(path).map_err(failed)?;
    let facts = file.metadata().map_err(failed)?;
    if !facts.is_file() {
        return Err(ImportError::format(path, "mbox", "it is no plain file; for a folder use `import maildir`"));
    }
    let folder = path.file_name().map(|name| clean_line(&name.to_string_lossy())).unwrap_or_default();
    let mut mbox = Mbox {
        reader: BufReader::with_capacity(1 << 16, file),
        path: path.to_owned(),
        folder,
        modified: timestamp(facts.modified()),
        progress: ImportProgress { done: 0, total: facts.len() },
        next: None,
    };
    let mut piece = Vec::new();
    loop {
        piece.clear();
        mbox.piece(&mut piece)?;
        if piece.is_empty() {
            return Ok(mbox);
        }
        if piece.starts_with(b"From ") {
            mbox.next = Some(mbox.received(&piece));
            return Ok(mbox);
        }
        if !piece.trim_ascii().is_empty() {
            return Err(ImportError::format(path, "mbox", "its first line does not begin with \"From \""));
        }
    }
}

impl Mbox {
    /// How far it is, in bytes.
    pub fn progress(&self) -> ImportProgress {
        self.progress
    }

    /// Reads a line, or as much of it as is held at once.
    fn piece(&mut self, piece: &mut Vec<u8>) -> Result<(), ImportError> {
        let read = self.reader.by_ref().take(LINE_PIECE).read_until(b'\n', piece);
        self.progress.done += read.map_err(|error| ImportError::io(&self.path, error))? as u64;
        Ok(())
    }

    /// Reads a message up to the next `From ` line. What is over the cap is read past, not kept.
    fn message(&mut self) -> Result<Vec<u8>, ImportError> {
        let mut raw = Vec::new();
        let mut piece = Vec::new();
        let mut line_start = true;
        loop {
            piece.clear();
            self.piece(&mut piece)?;
            if piece.is_empty() {
                break;
            }
            // Not every program writes the blank line before, and not every one quotes sentences that begin so; but all
            // write the time.
            if line_start && piece.starts_with(b"From ") && from_time(&piece).is_some() {
                self.next = Some(self.received(&piece));
                break;
            }
            let line = if line_start { unquote(&piece) } else { &piece };
            let room = MAX_READ - raw.len();
            raw.extend_from_slice(&line[..line.len().min(room)]);
            line_start = piece.ends_with(b"\n");
        }
        // The blank line before the next `From ` belongs to the mbox.
        for blank in [&b"\r\n\r\n"[..], b"\n\n"] {
            if raw.ends_with(blank) && raw.len() < MAX_READ {
                raw.truncate(raw.len() - blank.len() / 2);
            }
        }
        Ok(raw)
    }

    fn received(&self, line: &[u8]) -> Timestamp {
        from_time(line).unwrap_or(self.modified)
    }
}

impl Iterator for Mbox {
    type Item = Result<FileMail, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Taken: after an error there is nothing more to read.
        let received = self.next.take()?;
        Some(self.message().map(|raw| FileMail { raw, folder: self.folder.clone(), received }))
    }
}

/// `>From `, `>>From ` … lose one `>`.
fn unquote(line: &[u8]) -> &[u8] {
    let depth = line.iter().take_while(|&&byte| byte == b'>').count();
    if depth > 0 && line[depth..].starts_with(b"From ") { &line[1..] } else { line }
}

/// The time of a `From ` line: `From ana@example.com Tue Nov 14 22:00:00 2023`, in UTC, perhaps with a zone.
fn from_time(line: &[u8]) -> Option<Timestamp> {
    let line = std::str::from_utf8(line.get(..line.len().min(400))?).ok()?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let clock = words.iter().position(|word| word.len() >= 5 && word.as_bytes().get(2) == Some(&b':'))?;
    let month = words.get(clock.checked_sub(2)?)?;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| name.eq_ignore_ascii_case(month))? as i8 + 1;
    let day: i8 = words.get(clock - 1)?.parse().ok()?;
    let mut parts = words[clock].split(':').map(|part| part.parse::<i8>().ok());
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0));
    let year: i16 = words[clock + 1..].iter().find(|word| word.len() == 4).and_then(|word| word.parse().ok())?;
    let time = jiff::civil::DateTime::new(year, month, day, hour, minute, second.min(59), 0).ok()?;
    let zone = words[clock + 1..].iter().find(|word| word.len() == 5 && word.starts_with(['+', '-']));
    let offset = zone.and_then(|zone| {
        let (hours, minutes) = (zone.get(1..3)?.parse::<i64>().ok()?, zone.get(3..5)?.parse::<i64>().ok()?);
        let minutes = hours * 60 + minutes;
        Some(if zone.starts_with('-') { -minutes } else { minutes })
    });
    let millis =
        time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond() - offset.unwrap_or(0) * 60_000;
    (0..=Timestamp::MAX.0).contains(&millis).then_some(Timestamp(millis))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::io::Write;

    fn write(content: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("old.mbox");
        std::fs::write(&path, content).unwrap();
        (dir, path)
    }

    fn read_all(content: &str) -> Vec<(String, String)> {
        let (_dir, path) = write(content.as_bytes());
        let mails = mbox(&path).unwrap().map(Result::unwrap);
        mails.map(|mail| (String::from_utf8(mail.raw).unwrap(), mail.received.to_string())).collect()
    }

    #[test]
    fn messages_are_cut_apart_and_unquoted() {
        let read = read_all(
            "From ana@example.com Tue Nov 14 22:00:00 2023\nSubject: a\n\nHello\n>From here\n>>From there\n> From\n\n\
             From bo@example.com Wed Nov 15 01:02:03 2023 +0100\nSubject: b\n\nFrom my point of view\n\n",
        );
        assert_eq!(
            read,
            [
                ("Subject: a\n\nHello\nFrom here\n>From there\n> From\n".to_owned(), "2023-11-14T22:00:00Z".to_owned()),
                ("Subject: b\n\nFrom my point of view\n".to_owned(), "2023-11-15T00:02:03Z".to_owned()),
            ]
        );
    }

    #[test]
    fn line_ends_of_windows_and_a_last_message_cut_short() {
        let read = read_all(
            "From x Tue Nov 14 22:00:00 2023\r\nA: 1\r\n\r\none\r\n\r\nFrom y Tue Nov 14 22:00:01 2023\r\nA: 2\r\n\r\ntw",
        );
        let raws: Vec<&str> = read.iter().map(|(raw, _)| raw.as_str()).collect();
        assert_eq!(raws, ["A: 1\r\n\r\none\r\n", "A: 2\r\n\r\ntw"]);
    }

    #[test]
    fn a_missing_blank_line_does_not_join_two_messages() {
        let read = read_all(
            "From x Tue Nov 14 22:00:00 2023\nA: 1\n\none\nFrom y Tue Nov 14 22:00:01 2023\nA: 2\n\ntwo\nFrom here on\n",
        );
        let raws: Vec<&str> = read.iter().map(|(raw, _)| raw.as_str()).collect();
        assert_eq!(raws, ["A: 1\n\none\n", "A: 2\n\ntwo\nFrom here on\n"]);
    }

    #[test]
    fn a_message_over_the_cap_is_cut_and_the_next_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("big");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"From x Tue Nov 14 22:00:00 2023\nFrom: a@b.example\n\n").unwrap();
        let line = [b"y".repeat(999_999), b"\n".to_vec()].concat();
        for _ in 0..60 {
            file.write_all(&line).unwrap();
        }
        file.write_all(b"\nFrom y Tue Nov 14 22:00:01 2023\nA: 2\n\ntwo\n").unwrap();
        drop(file);
        let mut mails = mbox(&path).unwrap();
        let big = mails.next().unwrap().unwrap();
        assert_eq!(big.raw.len(), MAX_READ);
        match crate::connector::email::parse::understand(big.raw, &[], &big.folder, big.received) {
            crate::connector::Item::Unreadable(dead) => {
                assert!(dead.reason.contains("larger than 50 MB"), "{}", dead.reason)
            }
            other => panic!("read: {}", matches!(other, crate::connector::Item::Message(_))),
        }
        assert_eq!(mails.next().unwrap().unwrap().raw, b"A: 2\n\ntwo\n");
        assert!(mails.next().is_none());
        let progress = mails.progress();
        assert_eq!(progress.done, progress.total);
    }

    #[test]
    fn what_is_no_mbox_is_said_and_an_empty_one_is_empty() {
        let (_dir, path) = write(b"Subject: no mbox\n\nx");
        assert!(mbox(&path).unwrap_err().to_string().contains("From "));
        let (_dir, path) = write(b"");
        assert!(mbox(&path).unwrap().next().is_none());
        assert!(mbox(path.parent().unwrap()).unwrap_err().to_string().contains("maildir"));
    }
}
