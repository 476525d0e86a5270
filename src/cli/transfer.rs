//! `import` and `export`.

use super::arguments::{Export, Import};
use super::console::Console;
use super::house::{House, Place, write_new};
use super::output::{Meter, Output, remark};
use super::owner::VerbDoor;
use super::{Outcome, form};
use crate::connector::email::import::{FileMail, ImportError, ImportProgress, Maildir, Mbox, maildir, mbox};
use crate::connector::signature::{hex, sha256};
use crate::connector::{Connector, PulledPage};
use crate::desk::IngestReport;
use crate::model::count;
use anyhow::Context;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Messages, or bytes, of one commit.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 8 << 20;
/// After so many files that cannot be read something else is wrong.
const TOO_MANY: u64 = 1000;

pub fn import(place: &Place, args: Import) -> Outcome {
    super::facts::none_of_its_options(&args)?;
    let house = place.open()?;
    let settling = Settling::before(&house);
    let door = VerbDoor::open(place, &house);
    let path = Console::current().path(&args.path);
    let connector = house.connector(&args.account)?;
    let started = Instant::now();
    let mails = open(&path, Some(&args.kind))?;
    let mut meter = Meter::new();
    let Imported { read, failed, report, stopped, .. } =
        import_all(&house, &connector, &args.account, mails, &mut |done, failed| {
            match failed {
                Some(error) => remark(&error.to_string()),
                None => meter.show(|| format!("{} read, {} new", done.read, done.report.new)),
            }
            Console::current().is_waited_for()
        })?;
    drop(meter);
    anyhow::ensure!(!stopped, "stopped half way; what is in stays, import again to go on");
    tell(place, read, failed, report, started)?;
    settling.settle(&house);
    drop(door);
    house.close()?;
    anyhow::ensure!(failed == 0, "{failed} could not be read; the rest is in. Import again to try them once more");
    Ok(())
}

/// What an import came to, of files as of rows.
pub(super) fn tell(place: &Place, read: u64, failed: u64, report: IngestReport, started: Instant) -> Outcome {
    let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    let mut out = Output::new(place.json);
    out.row(
        || {
            json!({
                "read": read, "new": report.new, "duplicate": report.duplicate, "dead": report.dead,
                "failed": failed, "seconds": seconds,
            })
        },
        || {
            format!(
                "{read} read: {} new, {} known, {}, in {seconds} s",
                report.new,
                report.duplicate,
                count(report.dead, "dead letter", "dead letters")
            )
        },
    )?;
    Ok(out.finish()?)
}

/// What a profile's state takes on the disk before an import, so that it can be put in order after a large one.
pub struct Settling {
    before: u64,
}

impl Settling {
    pub fn before(house: &House) -> Settling {
        Settling { before: state_bytes(house) }
    }

    /// Puts the state in order when it more than doubled: it then takes a third of the disk, and is quick to open. Done
    /// now, so that nobody who waits for the screen pays for it, and while the house is open: others go on meanwhile.
    pub fn settle(self, house: &House) {
        const MUCH: u64 = 16 << 20;
        let after = state_bytes(house);
        if after < MUCH || after < self.before.saturating_mul(2) {
            return;
        }
        remark("Putting the state in order …");
        if let Err(error) = house.engine.compact_open() {
            // All is in, and the state can be used as it is.
            tracing::debug!(%error, "the state was not put in order after an import");
        }
    }
}

fn state_bytes(house: &House) -> u64 {
    let files = std::fs::read_dir(house.engine.dir().join("state")).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|facts| facts.len()).sum()
}

/// What an import came to, or how far it is.
#[derive(Default)]
pub struct Imported {
    /// Messages read.
    pub read: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// What became of the messages.
    pub report: IngestReport,
    /// How far through the files, in a thousand.
    pub done: u16,
    /// It was stopped before its end.
    pub stopped: bool,
}

/// Mail from files, as they are read.
pub enum Mails {
    Maildir(Maildir),
    Mbox(Mbox),
}

impl Mails {
    fn progress(&self) -> ImportProgress {
        match self {
            Mails::Maildir(mails) => mails.progress(),
            Mails::Mbox(mails) => mails.progress(),
        }
    }
}

impl Iterator for Mails {
    type Item = Result<FileMail, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Mails::Maildir(mails) => mails.next(),
            Mails::Mbox(mails) => mails.next(),
        }
    }
}

/// Opens a Maildir or an mbox; which, when it is not said, by what is there.
pub fn open(path: &Path, kind: Option<&str>) -> Result<Mails, ImportError> {
    let is_maildir = kind.map_or_else(|| path.is_dir(), |kind| kind == "maildir");
    Ok(if is_maildir { Mails::Maildir(maildir(path)?) } else { Mails::Mbox(mbox(path)?) })
}

/// Takes all mails in. `watch` sees how far it is after each commit, and each file that cannot be read; whether to go on
/// is what it says.
pub fn import_all(
    house: &House,
    connector: &Arc<dyn Connector>,
    account: &str,
    mut mails: Mails,
    watch: &mut dyn FnMut(&Imported, Option<&ImportError>) -> bool,
) -> anyhow::Result<Imported> {
    let mut done = Imported::default();
    let mut bytes = 0;
    let mut page = PulledPage::default();
    while let Some(mail) = mails.next() {
        match mail {
            Ok(mail) => {
                done.read += 1;
                bytes += mail.raw.len();
                page.items.push(connector.parse(mail.raw, &mail.folder, mail.received));
            }
            // A mail program may move a file meanwhile; the others are not to blame.
            Err(error) => {
                done.failed += 1;
                if !watch(&done, Some(&error)) || done.failed >= TOO_MANY {
                    break;
                }
            }
        }
        if page.items.len() >= BATCH || bytes >= BATCH_BYTES {
            done.report += house.desk.ingest(account, std::mem::take(&mut page))?;
            bytes = 0;
            let progress = mails.progress();
            done.done = (progress.done.saturating_mul(1000) / progress.total.max(1)).min(1000) as u16;
            if !watch(&done, None) {
                done.stopped = true;
                return Ok(done);
            }
        }
    }
    done.report += house.desk.ingest(account, page)?;
    Ok(done)
}

pub fn export(place: &Place, args: Export) -> Outcome {
    let house = place.open()?;
    let originals = args.originals.map(|folder| Console::current().path(&folder));
    if let Some(folder) = &originals {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let mut out = Output::new(true);
    let mut after = None;
    let mut damaged: u64 = 0;
    loop {
        let page = house.desk.store().messages(after, 200)?;
        let Some(last) = page.last() else { break };
        after = Some(last.message.id);
        for mut stored in page {
            stored.message.thread = house.desk.store().thread(stored.message.thread)?;
            let text = house.desk.text(&stored);
            let changes = house.desk.changes(&stored.message)?;
            let mut object = form::with_changes(form::message(&stored.message, &text), &changes);
            let customer = match stored.message.identity {
                Some(identity) => house.desk.store().identity(identity)?.map(|known| known.customer.to_string()),
                None => {
                    let note_of =
                        stored.message.note_of.map(|customer| house.desk.store().root(customer)).transpose()?;
                    note_of.map(|customer| customer.to_string())
                }
            };
            let original = match stored.original() {
                Some(place) => match house.desk.store().content(place) {
                    Ok(bytes) => Some(bytes),
                    Err(error) => {
                        damaged += 1;
                        remark(&format!("{}: {error}", stored.message.id));
                        None
                    }
                },
                None => None,
            };
            let hash = original.as_ref().map(|bytes| hex(&sha256(bytes)));
            if let Value::Object(map) = &mut object {
                map.insert("customer".to_owned(), customer.map_or(Value::Null, Value::String));
                map.insert("raw_sha256".to_owned(), hash.map_or(Value::Null, Value::String));
            }
            if let (Some(folder), Some(bytes)) = (&originals, &original) {
                let path = folder.join(format!("{}.eml", stored.message.id));
                if !path.exists() {
                    write_new(&path, bytes)?;
                }
            }
            out.object(&object)?;
        }
    }
    out.finish()?;
    house.close()?;
    anyhow::ensure!(damaged == 0, "{damaged} originals are damaged; `switchboard verify` lists them");
    Ok(())
}
