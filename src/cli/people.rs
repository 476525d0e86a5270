//! Who is one customer: merging, splitting, moving, accepting, suggestions, history, and taking any of it back.

use super::arguments::{AcceptOf, History, Merge, MoveOf, Split, Suggestions, Unmerge};
use super::console::Console;
use super::house::Place;
use super::output::Output;
use super::write::act;
use super::{Outcome, form};
use crate::model::{Act, SuggestionView, clean_line};
use anyhow::Context;

const PAGE: usize = 200;

pub fn merge(place: &Place, args: Merge) -> Outcome {
    let house = place.open()?;
    let (stays, other) = (house.customer(&args.customer)?.id, house.customer(&args.other)?.id);
    act(place, house, Act::Merge { stays, other, reason: args.reason })
}

pub fn split(place: &Place, args: Split) -> Outcome {
    let house = place.open()?;
    let customer = house.customer(&args.customer)?;
    let mut identities = Vec::new();
    for text in &args.identities {
        identities.push(house.desk.find_identity(text, Some(customer.id), false)?.id);
    }
    act(place, house, Act::Split { customer: customer.id, identities, reason: args.reason })
}

pub fn move_identity(place: &Place, args: MoveOf) -> Outcome {
    let house = place.open()?;
    let customer = house.customer(&args.customer)?.id;
    let identity = house.desk.find_identity(&args.identity, None, false)?.id;
    act(place, house, Act::MoveIdentity { identity, customer, reason: args.reason })
}

pub fn accept(place: &Place, args: AcceptOf) -> Outcome {
    let house = place.open()?;
    let identity = house.desk.find_identity(&args.identity, None, true)?.id;
    act(place, house, Act::Accept(identity))
}

pub fn unmerge(place: &Place, args: Unmerge) -> Outcome {
    let id = args.act.parse().context("ACT")?;
    act(place, place.open()?, Act::Unmerge(id))
}

pub fn suggestions(place: &Place, args: Suggestions) -> Outcome {
    let house = place.open()?;
    if let Some(id) = args.accept {
        let stays = args.customer.map(|who| house.customer(&who)).transpose()?.map(|customer| customer.id);
        let id = id.parse().context("--accept")?;
        return act(place, house, Act::AcceptSuggestion(id, stays));
    }
    if let Some(id) = args.never {
        let id = id.parse().context("--never")?;
        return act(place, house, Act::NeverSuggest(id));
    }
    let mut out = Output::new(place.json);
    if let Some(who) = args.customer {
        let customer = house.customer(&who)?;
        let view = house.desk.customer(customer.id)?.context("there is no such customer")?;
        for suggestion in &view.suggestions {
            row(&mut out, &view.customer.name, suggestion)?;
        }
    } else {
        let mut after = None;
        loop {
            let (page, next) = house.desk.suggestions(after, PAGE)?;
            for view in &page {
                let name = house.desk.store().customer(view.customer)?.map(|customer| customer.name);
                row(&mut out, &name.unwrap_or_default(), view)?;
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    out.finish()?;
    house.close()
}

fn row(out: &mut Output, name: &str, view: &SuggestionView) -> Outcome {
    out.row(
        || form::suggestion(name, view),
        || {
            let why: Vec<&str> = view.suggestion.evidence.iter().map(|evidence| evidence.words.as_str()).collect();
            clean_line(&format!(
                "{} {:>2} %  {name} ({}) may be {} ({}): {}",
                view.suggestion.id,
                view.suggestion.likelihood,
                view.mine,
                view.name,
                view.theirs,
                why.join("; ")
            ))
        },
    )?;
    Ok(())
}

pub fn history(place: &Place, args: History) -> Outcome {
    let house = place.open()?;
    let customer = house.customer(&args.customer)?;
    let mut out = Output::new(place.json);
    for line in house.desk.history(customer.id, args.limit)? {
        out.row(
            || form::history(&line),
            || {
                let at = line.at.to_jiff().to_zoned(Console::current().zone()).strftime("%Y-%m-%d %H:%M").to_string();
                let act = match &line.act {
                    Some(act) if act.undone.is_some() => format!("  [{}, taken back]", act.id),
                    Some(act) => format!("  [{}]", act.id),
                    None => String::new(),
                };
                clean_line(&format!("{at} {:<12} {:<9} {}{act}", line.by, line.kind.word(), line.summary))
            },
        )?;
    }
    out.finish()?;
    house.close()
}
