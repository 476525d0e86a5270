//! What customers' numbers are, what a message sounds like, and keeping both up to date without a screen.

use crate::cli::arguments::{ScoreCorrect, ScoreLayer, ScoreRefresh};
use crate::cli::console::Console;
use crate::cli::house::{House, Place};
use crate::cli::output::{Meter, Output, remark};
use crate::cli::write::act;
use crate::cli::{Outcome, form};
use crate::desk::{Marks, Sliced};
use crate::model::{Act, CustomerId, Level, Scorecard, SentimentLabel, clean_line, count};
use anyhow::Context;
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Instant;

/// Customers and messages of one commit.
const CUSTOMERS: usize = 250;
const MESSAGES: u64 = 4_000;

pub fn show(place: &Place, who: &str) -> Outcome {
    let house = place.open()?;
    let customer = house.customer(who)?;
    let mut card = house.desk.scorecard(customer.id)?;
    if card.stale {
        // Nobody may be at work who would score them; this one customer takes no time.
        match house.desk.score_customer(customer.id) {
            Ok(()) => card = house.desk.scorecard(customer.id)?,
            // What there is can still be read; it is marked as stale.
            Err(error) if error.is_disk_full() => remark(&format!("what is here may be stale: {error}")),
            Err(error) => return Err(error.into()),
        }
    }
    let mut out = Output::new(place.json);
    if place.json {
        out.object(&form::scorecard(&customer.name, &card))?;
    } else {
        lines(&customer.name, &card).iter().try_for_each(|line| out.line(line))?;
    }
    out.finish()?;
    house.close()
}

fn lines(name: &str, card: &Scorecard) -> Vec<String> {
    let segments: Vec<String> = card.segments.iter().map(|(kind, name)| format!("{name} ({})", kind.word())).collect();
    let stale = if card.stale { "  (out of date)" } else { "" };
    let mut lines = vec![clean_line(&format!("{name}  {}{stale}", segments.join(", ")))];
    for score in &card.scores {
        let sign = match score.band.as_ref().map(|band| band.level) {
            Some(Level::Bad) => "!",
            Some(Level::Watch) => "?",
            Some(Level::Fair) => "·",
            Some(Level::Good) => "+",
            None => " ",
        };
        let word = score.band.as_ref().map_or("not enough data", |band| band.word.as_str());
        let sure = (score.confidence * 100.0).round();
        // Cleaned in parts: the space of a score without a sign stays.
        let (word, shown) = (clean_line(word), clean_line(&score.shown));
        let change = |days: u32, change: Option<f64>| {
            change.map_or(String::new(), |by| format!("  {} in {days} days", score.kind.change(by)))
        };
        let changes = format!("{}{}", change(30, score.trend_30), change(90, score.trend_90));
        let kind = score.kind.word();
        lines.push(format!("{sign} {kind:<13} {word:<20} {shown}  n={} {sure:.0} % sure{changes}", score.sample));
        let why = score.reasons.iter().map(|reason| format!("    {}", clean_line(&reason.text)));
        lines.extend(why);
        lines.extend(score.next.as_ref().map(|next| format!("    → {}", clean_line(next))));
    }
    lines
}

pub fn correct(place: &Place, args: &ScoreCorrect) -> Outcome {
    let message = args.message.parse().context("MESSAGE")?;
    let label = SentimentLabel::from_word(&args.label);
    act(place, place.open()?, Act::CorrectSentiment { message, label })
}

pub fn refresh(place: &Place, args: &ScoreRefresh) -> Outcome {
    let house = place.open()?;
    if args.stop {
        house.desk.stop_round(&house.agent)?;
        remark("Scoring everybody is stopped; `switchboard score refresh` goes on.");
        return house.close();
    }
    let started = Instant::now();
    let begun = cpu();
    let done = bring_up_to_date(&house, args.all)?;
    let seconds = started.elapsed().as_secs_f64();
    let cpu_seconds = cpu() - begun;
    let view = house.desk.learned_view()?;
    let rate = done.messages as f64 / cpu_seconds.max(0.001);
    let mut out = Output::new(place.json);
    out.row(
        || {
            json!({
                "customers": done.customers,
                "messages": done.messages,
                "changed": done.changed,
                "failed": done.failed,
                "seconds": rounded(seconds),
                "cpu_seconds": rounded(cpu_seconds),
                "messages_per_cpu_second": rate.round(),
                "layer": view.layer.as_ref().map(|layer| layer.number),
                "corrections": view.corrections,
                "version": form::version(view.version),
            })
        },
        || {
            let Sliced { customers, messages, changed, .. } = done;
            let (customers, messages) =
                (count(customers, "customer", "customers"), count(messages, "message", "messages"));
            format!("{customers}, {messages} looked at, {changed} changed, in {seconds:.1} s")
        },
    )?;
    out.finish()?;
    house.close()?;
    anyhow::ensure!(
        done.failed == 0,
        "the scores of {} cannot be computed; the log says why",
        count(done.failed, "customer", "customers")
    );
    Ok(())
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

fn cpu() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Does all that the worker would do, to the end: learns, fits what was never fitted (all, with `all`), scores whom
/// something happened to, then everybody who is not scored with the present version (all, with `all`).
pub fn bring_up_to_date(house: &House, all: bool) -> anyhow::Result<Sliced> {
    const STOPPED: &str = "stopped half way; what is scored stays, the same again goes on";
    let desk = &house.desk;
    let mut meter = Meter::new();
    let mut done = Sliced::default();
    let mut marks = Marks::default();
    while desk.follow_log(&mut marks)?.more {}
    if desk.must_learn()? {
        desk.learn()?;
    }
    if all || desk.fitted_at()?.0 == 0 {
        let report = desk.fit_segments(&Default::default(), &mut |progress| {
            meter.show(|| crate::cli::segment::fitting(progress));
            Console::current().is_waited_for()
        })?;
        anyhow::ensure!(!report.stopped, STOPPED);
    }
    if all {
        desk.begin_round(true)?;
    }
    let mut first: BTreeSet<CustomerId> = BTreeSet::new();
    let marked = marks.len();
    while !marks.is_empty() {
        anyhow::ensure!(Console::current().is_waited_for(), STOPPED);
        let sliced = desk.score_marked(&mut marks, CUSTOMERS, MESSAGES)?;
        first.extend(marks.scored());
        done += Sliced { customers: 0, ..sliced };
        meter.show(|| format!("{} of {marked} customers with news scored", marked - marks.len()));
    }
    // The round comes past those with news, too: nobody is counted twice.
    let mut from = None;
    loop {
        let round = desk.round()?;
        if !round.due && !round.rescore.stopped {
            break;
        }
        desk.begin_round(false)?;
        anyhow::ensure!(Console::current().is_waited_for(), STOPPED);
        if from.is_none() {
            from = Some(desk.round()?.rescore);
        }
        done += desk.score_on(CUSTOMERS, MESSAGES)?;
        let round = desk.round()?.rescore;
        meter.show(|| format!("{} of {} customers scored, {} messages", round.scored, round.total, round.messages));
    }
    let to = desk.round()?.rescore;
    let twice = |id: &&CustomerId| from.as_ref().is_some_and(|from| to.has_scored(**id) && !from.has_scored(**id));
    done.customers += (first.len() - first.iter().filter(twice).count()) as u64;
    Ok(done)
}

pub fn layer(place: &Place, args: &ScoreLayer) -> Outcome {
    let house = place.open()?;
    if args.off || args.on {
        remark(&house.desk.use_layer(&house.agent, args.on)?);
    } else if args.undo {
        remark(&house.desk.undo_layer(&house.agent)?);
    }
    let view = house.desk.learned_view()?;
    let mut out = Output::new(place.json);
    out.row(
        || form::layer(&view),
        || {
            let taught = view.taught().words();
            let how = match &view.layer {
                Some(layer) => {
                    format!("layer {}, {taught}, {}; there are {} now", layer.number, layer.at, view.corrections)
                }
                None => format!("{taught}; the shipped model reads alone"),
            };
            let trouble = view.trouble.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
            format!("{how}{trouble}")
        },
    )?;
    out.finish()?;
    house.close()
}
