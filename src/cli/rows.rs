//! `import json` and `import csv`: rows of a file, mapped as a connector file says.

use super::Outcome;
use super::arguments::Import;
use super::console::Console;
use super::house::Place;
use super::output::remark;
use super::owner::VerbDoor;
use super::transfer::tell;
use crate::connector::declared::{self, Importer, Rows};
use crate::connector::{Item, PulledPage, Unreadable};
use crate::desk::IngestReport;
use crate::identity;
use crate::model::{Direction, Trust, clean_line, count};
use anyhow::Context;
use std::io::Read;
use std::time::Instant;

/// Items of one commit.
const BATCH: usize = 500;
/// A larger file is divided first, in bytes.
const MOST_BYTES: u64 = 512 << 20;
/// So many bad rows are named; the others are counted.
const NAMED: u64 = 20;

pub fn import(place: &Place, args: &Import) -> Outcome {
    super::facts::none_of_its_options(args)?;
    let house = place.open()?;
    let door = VerbDoor::open(place, &house);
    let connector = house.connector(&args.account)?;
    let facts = connector.facts();
    let (address, is_mail) = (facts.address, facts.channel == "email");
    let started = Instant::now();
    let importer = match &args.map {
        Some(map) => Importer::load(&Console::current().path(map), &address).map_err(|error| {
            remark(&error.to_string());
            anyhow::anyhow!("the map cannot be used")
        })?,
        None => {
            let settings = house.config.accounts.iter().find(|settings| settings.name == args.account);
            let name = settings.map(|settings| settings.connector.as_str()).unwrap_or_default();
            let file = declared::find(name, Some(&place.profile)).map_err(|error| anyhow::anyhow!("{error}"))?;
            file.and_then(|file| Importer::of_file(&file, &address)).with_context(|| {
                format!("the connector \"{name}\" does not say how rows become messages; name a map with --map FILE")
            })?
        }
    };
    let path = Console::current().path(&args.path);
    let bytes = read(&path, MOST_BYTES)?;
    let rows = match args.kind.as_str() {
        "csv" => Rows::of_csv(&bytes),
        _ => Rows::of_json(&bytes, importer.items()),
    };
    let rows = rows.map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?.rows;
    drop(bytes);
    let (mut read, mut failed) = (0_u64, 0_u64);
    let mut report = IngestReport::default();
    let mut page = PulledPage::default();
    for row in rows {
        read += 1;
        let line = row.line;
        let (mut items, mut why) = importer.understand(row, house.desk.now());
        for item in items.iter_mut().filter(|_| is_mail) {
            nobody_vouches(item);
            if let Some(unreadable) = from_no_address(item, line) {
                why = Some(unreadable.reason.clone());
                *item = Item::Unreadable(unreadable);
            }
        }
        page.items.extend(items);
        if let Some(why) = why {
            failed += 1;
            if failed <= NAMED {
                remark(&format!("{}: {why}", path.display()));
            }
        }
        if page.items.len() >= BATCH {
            report += house.desk.ingest(&args.account, std::mem::take(&mut page))?;
            anyhow::ensure!(
                Console::current().is_waited_for(),
                "stopped half way; what is in stays, import again to go on"
            );
        }
    }
    report += house.desk.ingest(&args.account, page)?;
    tell(place, read, failed, report, started)?;
    drop(door);
    house.close()?;
    anyhow::ensure!(
        failed == 0,
        "{} could not be understood, {} as dead letters; the rest is in. Mend the map or the file, import again, \
         and take these off the list (`switchboard dead list`, `dead discard ID …`)",
        count(failed, "row", "rows"),
        if failed == 1 { "and is kept" } else { "and are kept" }
    );
    Ok(())
}

/// Who sent a mail only our own server can say, and no file that somebody wrote.
fn nobody_vouches(item: &mut Item) {
    if let Item::Message(incoming) = item {
        incoming.trust = Trust::Unverified;
        incoming.links.iter_mut().for_each(|link| link.proven = false);
    }
}

/// A row of mail whose customer is no mail address: an answer to it could not leave. Of what we wrote the customer is whom
/// it is to; our side may be called anything.
fn from_no_address(item: &mut Item, line: u64) -> Option<Unreadable> {
    let Item::Message(incoming) = item else { return None };
    let (whose, customer) = match incoming.direction {
        Direction::Outbound => ("recipient", incoming.to.first()?),
        _ => ("author", &incoming.from),
    };
    let address = &customer.address;
    if identity::is_deliverable("email", address) {
        return None;
    }
    Some(Unreadable {
        reason: format!(
            "line {line}: its {whose} \"{}\" is no mail address; import it into an account of the channel it is from",
            clean_line(address)
        ),
        folder: incoming.folder.clone(),
        received: incoming.received,
        hint: incoming.preview.clone(),
        partial: false,
        raw: std::mem::take(&mut incoming.raw),
    })
}

/// A file whole, of at most so many bytes.
pub(super) fn read(path: &std::path::Path, most: u64) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    let facts = std::fs::metadata(path).with_context(cannot)?;
    anyhow::ensure!(facts.is_file(), "{} is no file", path.display());
    anyhow::ensure!(facts.len() <= most, "{} is larger than {} MB; divide it", path.display(), most >> 20);
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).with_context(cannot)?;
    Ok(bytes)
}
