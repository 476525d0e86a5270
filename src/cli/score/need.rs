//! `score train --model need`: the weights of what messages want, from labelled texts.

use super::super::console::Console;
use super::super::house::Place;
use super::super::output::{Meter, Output};
use super::super::{Outcome, arguments::ScoreTrain};
use super::labels::{line, object};
use super::train::{keep, set_of, set_weights, spare_data};
use crate::score::intent::{Known, Row, need_of, sentences, train};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::io::BufReader;

/// The set of our own sentences, which every training has.
const OWN: &str = "sentences";
/// How much each of them counts, unless `--weight` says otherwise: they are few.
const OWN_WEIGHT: f32 = 4.0;

pub fn run(place: &Place, args: &ScoreTrain) -> Outcome {
    if args.bits.is_some() {
        bail!("--bits is not for the model of needs; leave it out");
    }
    let console = Console::current();
    spare_data(&console, args)?;
    let weights = set_weights(&args.weight, &args.data, &[OWN])?;
    let own = weights.get(OWN).copied().unwrap_or(OWN_WEIGHT);
    let mut rows: Vec<Row> =
        sentences().map(|(need, text)| Row { text: text.to_owned(), need, set: OWN.to_owned(), weight: own }).collect();
    for path in &args.data {
        let path = console.path(path);
        let set = set_of(&path);
        let weight = weights.get(&set).copied().unwrap_or(1.0);
        let file = std::fs::File::open(&path).with_context(|| format!("{} cannot be opened", path.display()))?;
        let mut input = BufReader::new(file);
        let mut number = 0;
        while let Some(line) = line(&mut input).with_context(|| format!("{} cannot be read", path.display()))? {
            number += 1;
            if line.trim().is_empty() {
                continue;
            }
            let object = object(&line).with_context(|| format!("{}:{number} is no JSON object", path.display()))?;
            let field = |name: &str| {
                let value = object.get(name).and_then(Value::as_str);
                value.with_context(|| format!("{}:{number} has no \"{name}\"", path.display()))
            };
            if let Known::Need(need) = need_of(&set, field("label")?) {
                rows.push(Row { text: field("text")?.to_owned(), need, set: set.clone(), weight });
            }
        }
    }
    let mut meter = Meter::new();
    let (model, report) = train(&rows, args.seed, &mut |done| {
        meter.show(|| format!("training: {:.0} %", done * 100.0));
        console.is_waited_for()
    })?;
    drop(meter);
    let packed = model.to_bytes()?;
    let text = keep(&console.path(&args.out), &packed, report.text())?;
    let mut out = Output::new(place.json);
    out.row(
        || {
            let set = |(set, (rows, held, right)): (&String, &(usize, usize, usize))| {
                let accuracy = *right as f64 / (*held).max(1) as f64;
                (set.clone(), json!({ "rows": rows, "held": held, "accuracy": accuracy }))
            };
            let sets: serde_json::Map<String, Value> = report.sets.iter().map(set).collect();
            json!({
                "model": "need", "seed": args.seed, "bytes": packed.len(), "unpacked": model.to_plain().len(),
                "accuracy": report.accuracy(), "macro_f1": report.macro_f1(), "none_right": report.none_right(),
                "sets": sets,
            })
        },
        || text.trim_end().to_owned(),
    )?;
    out.finish()?;
    Ok(())
}
