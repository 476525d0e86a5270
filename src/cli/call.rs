//! `log call`: a phone call becomes a message on the customer's timeline.

use super::Outcome;
use super::arguments::LogCall;
use super::console::Console;
use super::house::Place;
use super::write::{act, text};
use crate::command;
use crate::model::{Act, Call, Timestamp};
use anyhow::Context;

pub fn run(place: &Place, args: LogCall) -> Outcome {
    let text = text(args.text)?;
    let at = args.at.as_deref().map(when).transpose()?;
    let house = place.open()?;
    let customer = house.customer(&args.customer)?;
    let call = Call {
        customer: customer.id,
        direction: command::direction(&args.direction)?,
        duration: command::duration(&args.duration)?,
        text,
        at,
        number: args.number,
    };
    act(place, house, Act::LogCall(Box::new(call)))
}

/// A time as scripts write it, or as people do.
fn when(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(at.into());
    }
    let local = text.trim().replacen(' ', "T", 1).parse::<jiff::civil::DateTime>();
    let wrong = || format!("--at {text:?} is no time; write 2026-11-27T09:30:00Z or \"2026-11-27 09:30\"");
    let zoned = local.with_context(wrong)?.to_zoned(Console::current().zone()).with_context(wrong)?;
    Ok(zoned.timestamp().into())
}
