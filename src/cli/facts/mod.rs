//! `import orders`, `import customers`, `import ratings`: facts about customers from files of other programs.

mod cell;
mod columns;
mod sheet;
#[cfg(test)]
mod tests;
mod vcard;

use super::Outcome;
use super::arguments::Import;
use super::console::Console;
use super::house::Place;
use super::output::{Meter, Output, remark};
use super::owner::VerbDoor;
use crate::desk::{CustomerRow, Desk, DeskError, FactsReport, OrderRow, OrdersSeen, RatingRow, Whose};
use crate::model::{Currency, Money, clean_line, count};
use anyhow::Context;
use columns::{Columns, Kind, Told};
use serde_json::json;
use sheet::{Row, Sheet};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// Rows of one commit.
const BATCH: usize = 500;
/// Rows that a dry run looks at together: customers it would make are counted once within them.
const DRY: usize = 100_000;
/// A larger file is to be divided first, in bytes.
const MOST_BYTES: u64 = 256 << 20;
/// So many bad rows are named; the others are counted.
const NAMED: usize = 20;
/// So many are named with `--json`.
const LISTED: usize = 1_000;

/// True for what this file imports.
pub fn is_facts(kind: &str) -> bool {
    Kind::from_word(kind).is_some()
}

/// Fails when an option that only facts have is given with messages: it would be passed over in silence.
pub fn none_of_its_options(args: &Import) -> Outcome {
    let given = !args.column.is_empty()
        || args.currency.is_some()
        || args.shop.is_some()
        || args.scale.is_some()
        || args.replace
        || args.dry_run;
    anyhow::ensure!(
        !given,
        "--column, --currency, --shop, --scale, --replace and --dry-run belong to orders, customers and ratings, not to {}",
        args.kind
    );
    Ok(())
}

/// What an import of facts came to.
struct Done {
    report: FactsReport,
    /// Rows read.
    read: u64,
    /// Further items of an order, in rows of their own.
    passed: u64,
    stopped: bool,
}

pub fn import(place: &Place, args: &Import) -> Outcome {
    let kind = Kind::from_word(&args.kind).context("orders, customers or ratings")?;
    anyhow::ensure!(args.account.is_empty(), "--account belongs to messages; {} are of no account of yours", args.kind);
    let console = Console::current();
    let told = told(kind, args)?;
    let path = console.path(&args.path);
    let bytes = super::rows::read(&path, MOST_BYTES)?;
    let sheet = open(kind, &path, &bytes)
        .map_err(|why| anyhow::anyhow!("{}: {why}", clean_line(&path.display().to_string())))?;
    drop(bytes);
    let columns = Columns::find(kind, &sheet.columns, &told)?;
    let mapping = Mapping::new(kind, &sheet.columns, columns, &told)?;
    let house = place.open()?;
    let door = VerbDoor::open(place, &house);
    let started = Instant::now();
    let names: BTreeMap<&str, String> =
        mapping.columns.named(&sheet.columns).into_iter().map(|(field, name)| (field, name.to_owned())).collect();
    let unused = mapping.columns.unused.clone();
    let mut meter = Meter::new();
    let agent = house.agent.clone();
    let done = mapping.file(&house.desk, &agent, sheet.rows, args, &mut |done| {
        meter.show(|| format!("{} read, {} new", done.read, done.report.new));
        Console::current().is_waited_for()
    })?;
    drop(meter);
    anyhow::ensure!(!done.stopped, "stopped half way; what is in stays, import again to go on");
    let seconds = (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
    let report = &done.report;
    if !place.json {
        if !unused.is_empty() && kind == Kind::Customers {
            remark(&format!(
                "columns not used: {}; --column field:NAME=COLUMN keeps one in the profile",
                unused.join(", ")
            ));
        }
        for (list, what) in [(&report.bad, ""), (&report.left_out, " left out")] {
            for (line, why) in list.iter().take(NAMED) {
                remark(&format!("line {line}{what}: {why}"));
            }
            if list.len() > NAMED {
                remark(&format!("and {} more like these; --json lists them", list.len() - NAMED));
            }
        }
    }
    let lines = |list: &[(u64, String)]| {
        list.iter().take(LISTED).map(|(line, why)| json!({"line": line, "why": why})).collect::<Vec<_>>()
    };
    let mut out = Output::new(place.json);
    out.row(
        || {
            json!({
                "read": done.read, "new": report.new, "changed": report.changed, "known": report.known,
                "passed": done.passed, "customers": report.customers, "kept": report.kept,
                "failed": report.bad.len(), "bad": lines(&report.bad), "left_out": lines(&report.left_out),
                "columns": names, "unused": unused, "dry_run": args.dry_run, "seconds": seconds,
            })
        },
        || {
            let kept = if report.kept > 0 {
                format!(", {} left as before (--replace overwrites)", count(report.kept, "value", "values"))
            } else {
                String::new()
            };
            let further = match done.passed {
                0 => String::new(),
                some => format!(", {}", count(some, "further item", "further items")),
            };
            let dry = if args.dry_run { "Nothing was written. " } else { "" };
            format!(
                "{dry}{} read: {} new, {} changed, {} known, {} bad{further}; {} made{kept}, in {seconds} s",
                done.read,
                report.new,
                report.changed,
                report.known,
                report.bad.len(),
                count(report.customers, "customer", "customers")
            )
        },
    )?;
    out.finish()?;
    drop(door);
    house.close()?;
    anyhow::ensure!(
        report.bad.is_empty(),
        "{} could not be taken{}. Mend them and import again: what is in stays as it is",
        count(report.bad.len() as u64, "row", "rows"),
        if args.dry_run { "" } else { "; the rest is in" }
    );
    Ok(())
}

/// What the options and the map say.
fn told(kind: Kind, args: &Import) -> anyhow::Result<Told> {
    let mut told = match &args.map {
        Some(map) => Told::load(&Console::current().path(map))?,
        None => Told::default(),
    };
    for words in &args.column {
        told.add(words)?;
    }
    told.currency = args.currency.clone().or(told.currency);
    told.shop = args.shop.clone().or(told.shop);
    told.scale = args.scale.clone().or(told.scale);
    anyhow::ensure!(
        kind == Kind::Orders || (told.currency.is_none() && told.shop.is_none()),
        "--currency and --shop belong to orders"
    );
    anyhow::ensure!(kind == Kind::Ratings || told.scale.is_none(), "--scale belongs to ratings");
    anyhow::ensure!(kind == Kind::Customers || !args.replace, "--replace belongs to customers");
    Ok(told)
}

/// The rows of a file, by its ending.
fn open(kind: Kind, path: &Path, bytes: &[u8]) -> Result<Sheet, String> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_lowercase();
    match ending.as_str() {
        "vcf" | "vcard" if kind == Kind::Customers => Sheet::of_vcards(bytes),
        "vcf" | "vcard" => Err("only customers come as vCards".to_owned()),
        "json" | "jsonl" | "ndjson" => Sheet::of_json(bytes),
        "xlsx" | "xls" | "ods" => Err("it is a spreadsheet; save it as CSV".to_owned()),
        _ => Sheet::of_csv(bytes),
    }
}

/// What a row of cells becomes.
enum Fact {
    Order(OrderRow),
    Customer(CustomerRow),
    Rating(RatingRow),
    /// A further item of the order above.
    Passed,
}

/// How the rows of one file are understood.
struct Mapping {
    kind: Kind,
    columns: Columns,
    currency: Option<Currency>,
    shop: String,
    scale: Option<(u16, u16)>,
}

impl Mapping {
    fn new(kind: Kind, names: &[String], columns: Columns, told: &Told) -> anyhow::Result<Mapping> {
        let needed: &[&str] = match kind {
            Kind::Orders => &["id", "date", "total"],
            Kind::Customers => &[],
            Kind::Ratings => &["value", "date"],
        };
        columns.require(needed, names)?;
        let currency = match &told.currency {
            Some(code) => Some(
                Currency::from_code(code)
                    .with_context(|| format!("\"{code}\" is no currency; write its three letters: USD"))?,
            ),
            None => None,
        };
        anyhow::ensure!(
            kind != Kind::Orders || currency.is_some() || columns.has("currency"),
            "no column says the currency; say it with --currency USD, or which column it is: --column currency=COLUMN"
        );
        let scale = told.scale.as_deref().map(cell::scale).transpose().map_err(anyhow::Error::msg)?;
        Ok(Mapping { kind, columns, currency, shop: told.shop.clone().unwrap_or_default(), scale })
    }

    /// What a row says. `before` is the number and the address of the last row with a total, whether it was taken or not: a
    /// further item of the same order has its number again, and perhaps address and date, but no total (Shopify).
    fn fact(&self, row: Row, before: &mut (String, String)) -> Result<Fact, String> {
        let cells = row.cells?;
        let cell = |field: &str| self.columns.cell(&cells, field);
        if self.kind == Kind::Orders {
            let (number, email) = (cell("id"), cell("email"));
            let same = number == before.0 && (email.is_empty() || email == before.1);
            if cell("total").is_empty() && !number.is_empty() && same {
                return Ok(Fact::Passed);
            }
            if !cell("total").is_empty() {
                *before = (number.to_owned(), email.to_owned());
            }
        }
        self.understand(row.line, &cells)
    }

    fn understand(&self, line: u64, row: &[String]) -> Result<Fact, String> {
        let whose = self.whose(row);
        let cell = |field: &str| self.columns.cell(row, field);
        match self.kind {
            Kind::Orders => {
                let currency = match (cell("currency"), self.currency) {
                    ("", Some(currency)) => currency,
                    ("", None) => return Err("it has no currency; --currency says it for all".to_owned()),
                    (code, _) => Currency::from_code(code).ok_or_else(|| {
                        format!("\"{}\" is no currency; write its three letters: USD", clean_line(code))
                    })?,
                };
                if cell("total").is_empty() {
                    return Err("it has no amount".to_owned());
                }
                let amount = |field: &str| Money::parse(cell(field), currency).map_err(|error| error.to_string());
                let (mut total, mut status) = (amount("total")?, cell("status").to_owned());
                if !cell("refunded").is_empty() {
                    // Some programs write what was paid back with a minus.
                    let back = amount("refunded")?.minor.unsigned_abs();
                    if total.minor > 0 && back >= total.minor.unsigned_abs() {
                        "refunded".clone_into(&mut status);
                    }
                    let minor = i64::try_from(back).ok().and_then(|back| total.minor.checked_sub(back));
                    total.minor = minor.ok_or("it has an amount that cannot be counted")?;
                }
                let at = cell::time(cell("date"))?;
                let (shop, number) = (clean_line(&self.shop), cell("id").to_owned());
                Ok(Fact::Order(OrderRow { line, whose, shop, number, at, total, status }))
            }
            Kind::Customers => Ok(Fact::Customer(CustomerRow {
                line,
                since: match cell("since") {
                    "" => None,
                    text => Some(cell::time(text)?),
                },
                language: language(cell("language")),
                tags: cell::list(cell("tags"), &[',', ';', '|']),
                fields: self.fields(row),
                whose,
            })),
            Kind::Ratings => {
                let (value, said) = cell::rating(cell("value"))?;
                let (from, of) = match (cell("of"), said, self.scale) {
                    ("", Some(of), _) => (1, of),
                    ("", None, Some(scale)) => scale,
                    ("", None, None) => {
                        return Err("how many there are to give is not said; --scale 1-5 does".to_owned());
                    }
                    (text, ..) => cell::scale(text)?,
                };
                let (at, comment) = (cell::time(cell("date"))?, cell("comment").to_owned());
                Ok(Fact::Rating(RatingRow { line, whose, at, value, from, of, comment }))
            }
        }
    }

    fn whose(&self, row: &[String]) -> Whose {
        let cell = |field: &str| self.columns.cell(row, field);
        let (emails, called) = cell::mailboxes(cell("email"));
        let name = match cell("name") {
            "" => format!("{} {}", cell("first"), cell("last")).trim().to_owned(),
            name => name.to_owned(),
        };
        let name = if name.is_empty() { called } else { name };
        Whose { emails, phones: cell::list(cell("phone"), &[',', ';']), key: cell("key").to_owned(), name }
    }

    fn fields(&self, row: &[String]) -> Vec<(String, String)> {
        let own = ["company", "plan"].map(|field| (field.to_owned(), self.columns.cell(row, field).to_owned()));
        let told =
            self.columns.fields.iter().map(|(name, at)| (name.clone(), row.get(*at).cloned().unwrap_or_default()));
        own.into_iter().chain(told).filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Files all rows, a batch a commit. `watch` sees how far it is, and says whether to go on.
    fn file(
        &self,
        desk: &Desk,
        agent: &str,
        rows: Vec<Row>,
        args: &Import,
        watch: &mut dyn FnMut(&Done) -> bool,
    ) -> Result<Done, DeskError> {
        let mut done = Done { report: FactsReport::default(), read: 0, passed: 0, stopped: false };
        let (mut orders, mut customers, mut ratings) = (Vec::new(), Vec::new(), Vec::new());
        let (mut seen, mut before) = (OrdersSeen::default(), <(String, String)>::default());
        let write = !args.dry_run;
        let batch = if write { BATCH } else { DRY };
        let mut rows = rows.into_iter().peekable();
        while let Some(row) = rows.next() {
            done.read += 1;
            let line = row.line;
            match self.fact(row, &mut before) {
                Ok(Fact::Order(order)) => orders.push(order),
                Ok(Fact::Customer(customer)) => customers.push(customer),
                Ok(Fact::Rating(rating)) => ratings.push(rating),
                Ok(Fact::Passed) => done.passed += 1,
                Err(why) => done.report.bad.push((line, why)),
            }
            if orders.len() + customers.len() + ratings.len() >= batch || rows.peek().is_none() {
                let report = match self.kind {
                    Kind::Orders => desk.import_orders(agent, std::mem::take(&mut orders), &mut seen, write)?,
                    Kind::Customers => {
                        desk.import_customers(agent, std::mem::take(&mut customers), args.replace, write)?
                    }
                    Kind::Ratings => desk.import_ratings(agent, std::mem::take(&mut ratings), write)?,
                };
                done.report += report;
                if rows.peek().is_some() && !watch(&done) {
                    done.stopped = true;
                    break;
                }
            }
        }
        done.report.left_out.extend(seen.unknown_statuses());
        done.report.bad.sort();
        done.report.left_out.sort();
        Ok(done)
    }
}

/// The two letters of `en-GB`, `pt_BR`; anything else as it is, to be refused by name.
fn language(text: &str) -> String {
    match text.split_once(['-', '_']) {
        Some((language, _)) if language.len() == 2 => language.to_owned(),
        _ => text.to_owned(),
    }
}
