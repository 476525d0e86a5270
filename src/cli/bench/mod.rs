//! `bench`: what the program costs on this machine, on mail it invents itself.
//!
//! Each step runs in a process of its own (this program again), so that its CPU time and its peak memory are its alone.
//! `workplace` is the folder it all happens in, `corpus` and `letter` the invented mail, `step` what one process does,
//! `journey` the keys, `usage` what was used, `report` what is printed.

mod corpus;
mod journey;
mod letter;
mod report;
mod runner;
mod step;
mod usage;
mod workplace;

pub use step::Step;

use super::Outcome;
use super::arguments::Bench;
use super::house::{Place, runtime};
use super::output::Output;
use workplace::Workplace;

/// What is measured: so many messages of so many customers, by this seed.
#[derive(Clone, Copy, Debug)]
struct Plan {
    messages: u64,
    customers: u64,
    seed: u64,
}

impl Plan {
    fn new(args: &Bench, messages: u64) -> Plan {
        let customers = args.customers.unwrap_or(messages / 20).clamp(1, messages);
        Plan { messages, customers, seed: args.seed }
    }
}

pub fn run(place: &Place, args: Bench) -> Outcome {
    let sizes = args.messages.clone();
    if let (Some(step), Some(dir), [messages, ..]) = (args.step, &args.dir, sizes.as_slice()) {
        return step.run(&Workplace::at(dir), Plan::new(&args, *messages));
    }
    for messages in sizes {
        let plan = Plan::new(&args, messages);
        let workplace = Workplace::make(args.dir.as_deref(), args.keep)?;
        let figures = runtime()?.block_on(runner::measure(&workplace, plan))?;
        // A size that took long is told before the next begins.
        let mut out = Output::new(place.json);
        if place.json {
            out.object(&figures)?;
        } else {
            report::lines(&figures).iter().try_for_each(|line| out.line(line))?;
        }
        out.finish()?;
        workplace.done();
    }
    Ok(())
}
