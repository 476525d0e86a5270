//! `dead`: what came in and could not be understood.

use super::arguments::DeadVerb;
use super::console::Console;
use super::house::{Place, write_new};
use super::output::{Meter, Output, remark};
use super::{Outcome, form};
use crate::model::{Act, DeadId, clean_block};
use anyhow::Context;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SHOWN: usize = 256 * 1024;

pub fn run(place: &Place, verb: DeadVerb) -> Outcome {
    let house = place.open()?;
    let mut out = Output::new(place.json);
    let id = |text: &str| text.parse::<DeadId>().with_context(|| format!("\"{text}\""));
    match verb {
        DeadVerb::List => {
            for stored in house.desk.dead()? {
                let dead = &stored.dead;
                out.row(
                    || form::dead(dead),
                    || format!("{} {} {} bytes: {}  {}", dead.id, dead.account, dead.size, dead.reason, dead.hint),
                )?;
            }
        }
        DeadVerb::Show { id: text } => {
            let (stored, original) = house.desk.dead_original(id(&text)?)?;
            let shown = clean_block(&String::from_utf8_lossy(&original[..original.len().min(SHOWN)]));
            if place.json {
                let mut object = form::dead(&stored.dead);
                if let Value::Object(map) = &mut object {
                    map.insert("text".to_owned(), Value::String(shown));
                }
                out.object(&object)?;
            } else {
                out.line(&format!("{}: {}", stored.dead.id, stored.dead.reason))?;
                out.line("")?;
                out.line(&shown)?;
            }
        }
        DeadVerb::Retry { id: text } => {
            let ids = match text {
                Some(text) => vec![id(&text)?],
                None => house.desk.dead()?.iter().map(|stored| stored.dead.id).collect(),
            };
            for id in ids {
                let report = house.desk.retry_dead(&house.agent, id)?;
                out.row(
                    || json!({ "dead": id.to_string(), "filed": report.new + report.duplicate > 0 }),
                    || format!("{id}: {}", if report.dead == 0 { "filed" } else { "still not understood" }),
                )?;
            }
        }
        DeadVerb::Export { id: text, out: path } => {
            let (_, original) = house.desk.dead_original(id(&text)?)?;
            match path {
                Some(path) => {
                    write_new(&Console::current().path(&path), &original)?;
                    remark(&format!("{} bytes into {}", original.len(), path.display()));
                }
                None => out.bytes(&original)?,
            }
        }
        DeadVerb::Discard { ids, all, account } => {
            let ids = match all {
                false => ids.iter().map(|text| id(text)).collect::<anyhow::Result<Vec<_>>>()?,
                true => {
                    let own = |name: &str| account.as_ref().is_none_or(|account| account == name);
                    let dead = house.desk.dead()?;
                    dead.iter().filter(|stored| own(&stored.dead.account)).map(|stored| stored.dead.id).collect()
                }
            };
            let ids: BTreeSet<DeadId> = ids.into_iter().collect();
            if ids.is_empty() {
                remark("There is nothing to discard.");
            }
            let (mut meter, all) = (Meter::new(), ids.len());
            for (done, id) in ids.into_iter().enumerate() {
                anyhow::ensure!(Console::current().is_waited_for(), "stopped; {done} of {all} are off the list");
                meter.show(|| format!("{done} of {all} discarded"));
                house.desk.act(&house.agent, Act::DiscardDead(id))?;
                out.row(|| json!({ "dead": id.to_string(), "discarded": true }), || format!("{id}: discarded"))?;
            }
        }
    }
    out.finish()?;
    house.close()
}
