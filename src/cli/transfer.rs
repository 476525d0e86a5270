//! `import` and `export`.

use super::arguments::{Export, Import};
use super::console::Console;
use super::house::{House, Place, write_new};
use super::output::{Meter, Output, remark};
use super::{Outcome, form};
use crate::connector::email::import::{FileMail, ImportError, maildir, mbox};
use crate::connector::{Connector, PulledPage};
use crate::desk::IngestReport;
use anyhow::Context;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Instant;

/// Messages, or bytes, of one commit.
const BATCH: usize = 500;
const BATCH_BYTES: usize = 8 << 20;
/// After so many files that cannot be read something else is wrong.
const TOO_MANY: u64 = 1000;

pub fn import(place: &Place, args: Import) -> Outcome {
    let house = place.open()?;
    let path = Console::current().path(&args.path);
    let connector = house.connector(&args.account)?;
    let started = Instant::now();
    let Imported { read, failed, report } = match args.kind.as_str() {
        "maildir" => import_all(&house, &connector, &args.account, maildir(&path)?)?,
        _ => import_all(&house, &connector, &args.account, mbox(&path)?)?,
    };
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
                "{read} read: {} new, {} known, {} dead letters, in {seconds} s",
                report.new, report.duplicate, report.dead
            )
        },
    )?;
    out.finish()?;
    house.close()?;
    settle(place, report.new);
    anyhow::ensure!(failed == 0, "{failed} could not be read; the rest is in. Import again to try them once more");
    Ok(())
}

/// Opens and closes the profile once when much came in: the state database looks through all that was written when it is
/// opened next (measured: some seconds for a million messages), and then nobody should be waiting for the screen.
pub fn settle(place: &Place, new: u64) {
    const MUCH: u64 = 5_000;
    // A house that stays open settles when it is opened next.
    if new < MUCH || place.shared().is_some() {
        return;
    }
    // Only for speed: when another process has the profile by now, it has done the same.
    let options = place.config().map(|config| place.options(&config)).unwrap_or_default();
    if let Err(error) = place.engine(options).and_then(|(engine, _)| Ok(engine.close()?)) {
        tracing::debug!(%error, "the profile was not settled after an import");
    }
}

/// What an import came to.
#[derive(Default)]
pub struct Imported {
    /// Messages found.
    pub read: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// What became of the others.
    pub report: IngestReport,
}

/// Files all of them, a batch a commit.
pub fn import_all(
    house: &House,
    connector: &Arc<dyn Connector>,
    account: &str,
    mails: impl Iterator<Item = Result<FileMail, ImportError>>,
) -> anyhow::Result<Imported> {
    let mut meter = Meter::new();
    let mut done = Imported::default();
    let mut bytes = 0;
    let mut page = PulledPage::default();
    for mail in mails {
        match mail {
            Ok(mail) => {
                done.read += 1;
                bytes += mail.raw.len();
                page.items.push(connector.parse(mail.raw, &mail.folder, mail.received));
            }
            // A mail program may move a file meanwhile; the others are not to blame.
            Err(error) => {
                done.failed += 1;
                remark(&error.to_string());
                if done.failed >= TOO_MANY {
                    break;
                }
            }
        }
        if page.items.len() >= BATCH || bytes >= BATCH_BYTES {
            done.report += house.desk.ingest(account, std::mem::take(&mut page))?;
            bytes = 0;
            meter.show(|| format!("{} read, {} new", done.read, done.report.new));
            anyhow::ensure!(
                Console::current().is_waited_for(),
                "stopped half way; what is in stays, import again to go on"
            );
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
            let mut object = form::message(&stored.message, &text);
            let customer = match stored.message.identity {
                Some(identity) => house.desk.store().identity(identity)?.map(|known| known.customer.to_string()),
                None => stored.message.note_of.map(|customer| customer.to_string()),
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
            let hash = original.as_ref().map(|bytes| hex(&Sha256::digest(bytes)));
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

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
