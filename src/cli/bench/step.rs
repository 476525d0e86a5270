//! What one process of a bench does. Its figures go to standard output as one JSON object.

use super::journey::Agent;
use super::usage::{Samples, Stretch, memory_mb, process_cpu, seconds};
use super::workplace::Workplace;
use super::{Plan, corpus};
use crate::cli::house::House;
use crate::cli::score::bring_up_to_date;
use crate::cli::{Outcome, transfer};
use crate::engine::sled::{Options, SledEngine};
use crate::model::{CustomerId, InboxFilter, InboxView};
use serde_json::{Value, json};
use std::io::Write;

/// The line that says that the first screen is there.
pub(super) const USABLE: &str = "usable";
/// Rows of a page, as the screen asks for them.
const INBOX_PAGE: usize = 100;
const TIMELINE_PAGE: usize = 50;
/// Pages measured.
const PAGES: usize = 500;

/// The steps, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Step {
    /// Invent the mail.
    Invent,
    /// Import it.
    Import,
    /// Open the profile up to the first screen that shows customers.
    Start,
    /// Press keys, read pages.
    Work,
    /// Check the journal and the state.
    Verify,
    /// Make the state anew.
    Rebuild,
    /// Fit the segments and score everybody for the first time.
    Score,
    /// Score everybody again.
    Rescore,
}

impl Step {
    /// Its name on the command line.
    pub(super) fn name(self) -> &'static str {
        match self {
            Step::Invent => "invent",
            Step::Import => "import",
            Step::Start => "start",
            Step::Work => "work",
            Step::Verify => "verify",
            Step::Rebuild => "rebuild",
            Step::Score => "score",
            Step::Rescore => "rescore",
        }
    }

    /// Does it, in a process of its own.
    pub(super) fn run(self, workplace: &Workplace, plan: Plan) -> Outcome {
        die_with_parent();
        let figures = match self {
            Step::Invent => json!({ "bytes": corpus::write(&workplace.maildir(), plan)? }),
            Step::Import => import(workplace, plan)?,
            Step::Start => start(workplace)?,
            Step::Work => work(workplace, plan)?,
            Step::Verify => verify(workplace, plan)?,
            Step::Rebuild => rebuild(workplace, plan)?,
            Step::Score => score(workplace, plan)?,
            Step::Rescore => rescore(workplace, plan)?,
        };
        say(&figures.to_string())
    }
}

/// The one who measures holds our standard input. When that ends, so do we, whatever ended it.
fn die_with_parent() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(1);
    });
}

fn say(line: &str) -> Outcome {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn import(workplace: &Workplace, plan: Plan) -> anyhow::Result<Value> {
    let stretch = Stretch::begin();
    let house = workplace.place().open()?;
    let settling = transfer::Settling::before(&house);
    let connector = house.connector("support")?;
    let mails = transfer::open(&workplace.maildir(), Some("maildir"))?;
    let done = transfer::import_all(&house, &connector, "support", mails, &mut |_, _| true)?;
    drop(connector);
    settling.settle(&house);
    house.close()?;
    anyhow::ensure!(
        done.failed == 0 && done.report.new == plan.messages,
        "{} of {} messages were filed, {} files could not be read",
        done.report.new,
        plan.messages,
        done.failed
    );
    Ok(stretch.end(plan.messages))
}

fn start(workplace: &Workplace) -> anyhow::Result<Value> {
    let house = workplace.place().open()?;
    let agent = Agent::sit(&house)?;
    let cpu = process_cpu();
    say(USABLE)?;
    let figures = json!({
        "cpu_seconds": seconds(cpu), "resident_mb": memory_mb("VmRSS"), "peak_mb": memory_mb("VmHWM"),
    });
    drop(agent);
    house.close()?;
    Ok(figures)
}

fn work(workplace: &Workplace, plan: Plan) -> anyhow::Result<Value> {
    let house = workplace.place().open()?;
    let keys = Agent::sit(&house)?.walk(plan.messages)?;
    let mut chance = fastrand::Rng::with_seed(plan.seed);
    let desk = &house.desk;

    let (mut first_page, mut inbox_page) = (Samples::default(), Samples::default());
    let (mut after, nothing) = (None, InboxFilter::default());
    let inbox = |after: Option<&[u8]>| desk.inbox(InboxView::Inbox, &nothing, after, INBOX_PAGE);
    for _ in 0..PAGES {
        first_page.take(|| inbox(None))?;
    }
    for _ in 0..PAGES {
        // Down the list, and from the top again.
        after = inbox_page.take(|| inbox(after.as_deref()))?.next;
    }
    let customers = everybody(&house)?;
    let mut timeline_page = Samples::default();
    for _ in 0..PAGES {
        let Some(customer) = chance.choice(&customers).copied() else { break };
        timeline_page.take(|| desk.timeline(customer, None, TIMELINE_PAGE))?;
    }
    let figures = json!({
        "keys": keys.keys, "key_to_frame": keys.frame, "key_to_answer": keys.answer,
        "bytes_per_key": { "p50": keys.bytes.0, "p99": keys.bytes.1 },
        "inbox_first_page": first_page.figures(), "inbox_page": inbox_page.figures(), "timeline_page": timeline_page.figures(),
        "resident_mb": memory_mb("VmRSS"), "peak_mb": memory_mb("VmHWM"),
    });
    house.close()?;
    Ok(figures)
}

fn everybody(house: &House) -> anyhow::Result<Vec<CustomerId>> {
    let mut ids: Vec<CustomerId> = Vec::new();
    loop {
        let page = house.desk.store().customers(ids.last().copied(), 500)?;
        if page.is_empty() {
            return Ok(ids);
        }
        ids.extend(page.iter().map(|customer| customer.id));
    }
}

fn verify(workplace: &Workplace, plan: Plan) -> anyhow::Result<Value> {
    let (engine, _) = workplace.place().engine(Options::default())?;
    let stretch = Stretch::begin();
    let report = engine.verify(&mut |_, _| {})?;
    let figures = stretch.end(plan.messages);
    engine.close()?;
    anyhow::ensure!(report.is_clean(), "verify found damage or differences");
    Ok(figures)
}

fn rebuild(workplace: &Workplace, plan: Plan) -> anyhow::Result<Value> {
    let stretch = Stretch::begin();
    SledEngine::rebuild(&workplace.place().profile, Options::default(), &mut |_, _| {})?;
    Ok(stretch.end(plan.messages))
}

fn score(workplace: &Workplace, plan: Plan) -> anyhow::Result<Value> {
    let house = workplace.place().open()?;
    let stretch = Stretch::begin();
    let done = bring_up_to_date(&house, true)?;
    let figures = stretch.end(plan.messages);
    house.close()?;
    anyhow::ensure!(done.failed == 0 && done.changed > 0, "{} customers cannot be scored", done.failed);
    Ok(figures)
}

fn rescore(workplace: &Workplace, plan: Plan) -> anyhow::Result<Value> {
    let house = workplace.place().open()?;
    let stretch = Stretch::begin();
    house.desk.begin_round(true)?;
    let done = bring_up_to_date(&house, false)?;
    let figures = stretch.end(plan.messages);
    house.close()?;
    anyhow::ensure!(done.failed == 0 && done.customers > 0, "{} customers cannot be scored", done.failed);
    Ok(figures)
}
