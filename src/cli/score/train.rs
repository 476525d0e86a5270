//! `score train`: the weights of the shipped models from labelled texts.

use super::super::Outcome;
use super::super::arguments::ScoreTrain;
use super::super::console::Console;
use super::super::house::Place;
use super::super::output::{Meter, Output};
use super::labels::{line, object};
use crate::model::clean_line;
use crate::score::sentiment::{Kind, Label, Recipe, Row, train};
use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::{Path, PathBuf};

pub fn run(place: &Place, args: &ScoreTrain) -> Outcome {
    let console = Console::current();
    spare_data(&console, args)?;
    let weights = set_weights(&args.weight, &args.data, &[])?;
    let mut rows = Vec::new();
    for path in &args.data {
        read(&console.path(path), &weights, &mut rows)?;
    }
    let kind = kind(args.model.as_deref(), &rows);
    let wanted = |row: &Row| match kind {
        Kind::English => row.language == "en",
        Kind::Chinese => row.language == "zh",
        Kind::Multilingual | Kind::Language => true,
    };
    rows.retain(|row| wanted(row) && (kind == Kind::Language || row.label.is_some()));
    let mut recipe = Recipe::of(kind);
    recipe.seed = args.seed;
    recipe.bits = args.bits.unwrap_or(recipe.bits);
    let mut meter = Meter::new();
    let (model, report) = train(&rows, &recipe, &mut |done| {
        meter.show(|| format!("training: {:.0} %", done * 100.0));
        console.is_waited_for()
    })?;
    drop(meter);
    let packed = model.to_bytes()?;
    let text = keep(&console.path(&args.out), &packed, report.text())?;
    let mut out = Output::new(place.json);
    out.row(
        || {
            let sets: serde_json::Map<String, Value> = report
                .sets
                .iter()
                .map(|(set, rows)| {
                    let (held, accuracy, f1) = report.measures.get(set).copied().unwrap_or_default();
                    (set.clone(), json!({ "rows": rows, "held": held, "accuracy": accuracy, "macro_f1": f1 }))
                })
                .collect();
            json!({ "model": kind.name(), "seed": recipe.seed, "bytes": packed.len(), "unpacked": report.size, "sets": sets })
        },
        || text.trim_end().to_owned(),
    )?;
    out.finish()?;
    Ok(())
}

/// Refuses to write the weights, or the report beside them, over what they are learned from.
pub(super) fn spare_data(console: &Console, args: &ScoreTrain) -> anyhow::Result<()> {
    let out = console.path(&args.out);
    let report = out.with_extension("report.txt");
    for path in &args.data {
        let path = console.path(path);
        // A file that is not there is nobody's data; reading it says so.
        let Ok(data) = path.canonicalize() else { continue };
        let is_data = |written: &Path| written.canonicalize().is_ok_and(|written| written == data);
        anyhow::ensure!(!is_data(&out), "--out {} is one of --data; it would be written over", path.display());
        anyhow::ensure!(
            !is_data(&report),
            "the report beside --out would be written over {}, which is one of --data",
            path.display()
        );
    }
    Ok(())
}

/// Writes packed weights, and beside them what the trainer said. Returns that, with their size.
pub(super) fn keep(target: &Path, packed: &[u8], report: String) -> anyhow::Result<String> {
    write(target, packed)?;
    let text = format!("{report}{} bytes packed\n", packed.len());
    write(&target.with_extension("report.txt"), text.as_bytes())?;
    Ok(text)
}

/// A file is written beside its place and then put there: half a file is never found.
fn write(target: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = target.file_name().context("--out must name a file")?.to_owned();
    name.push(".part");
    let part = target.with_file_name(name);
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, target))
        .with_context(|| format!("{} cannot be written", target.display()))
}

/// The set a file is: its name without the ending.
pub(super) fn set_of(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// How much each set counts. A set is one of the files, or one of `own`.
pub(super) fn set_weights(given: &[String], data: &[PathBuf], own: &[&str]) -> anyhow::Result<BTreeMap<String, f32>> {
    let sets: Vec<String> =
        data.iter().map(|path| set_of(path)).chain(own.iter().map(|set| (*set).to_owned())).collect();
    let mut weights = BTreeMap::new();
    for pair in given {
        let read = pair.split_once('=').and_then(|(set, weight)| Some((set.to_owned(), weight.parse::<f32>().ok()?)));
        match read {
            Some((set, _)) if !sets.contains(&set) => bail!(
                "--weight {}: there is no such set; a set is named as its file without the ending: {}",
                clean_line(pair),
                clean_line(&sets.join(", "))
            ),
            Some((set, weight)) if weight > 0.0 && weight <= 1000.0 => weights.insert(set, weight),
            _ => bail!("--weight {}: it wants SET=NUMBER, the number above 0 and at most 1000", clean_line(pair)),
        };
    }
    Ok(weights)
}

fn kind(asked: Option<&str>, rows: &[Row]) -> Kind {
    let named = Kind::ALL.into_iter().find(|kind| Some(kind.name()) == asked);
    let all = |language: &str| rows.iter().all(|row| row.language == language);
    named.unwrap_or_else(|| {
        if all("en") {
            Kind::English
        } else if all("zh") {
            Kind::Chinese
        } else {
            Kind::Multilingual
        }
    })
}

/// Reads a data file: a JSON object a line, or, in a `.txt` file, a text a line that is in another language than ours.
fn read(path: &Path, weights: &BTreeMap<String, f32>, rows: &mut Vec<Row>) -> anyhow::Result<()> {
    let set = set_of(path);
    let weight = weights.get(&set).copied().unwrap_or(1.0);
    let plain = path.extension().is_some_and(|ending| ending == "txt");
    let file = std::fs::File::open(path).with_context(|| format!("{} cannot be opened", path.display()))?;
    let mut input = BufReader::new(file);
    let mut number = 0;
    while let Some(line) = line(&mut input).with_context(|| format!("{} cannot be read", path.display()))? {
        number += 1;
        if line.trim().is_empty() || (plain && line.starts_with('#')) {
            continue;
        }
        let row = if plain {
            Row { text: line, label: None, strength: None, language: "other".to_owned(), set: set.clone(), weight }
        } else {
            let object = object(&line).with_context(|| format!("{}:{number} is no JSON object", path.display()))?;
            let text = object.get("text").and_then(Value::as_str);
            let text = text.with_context(|| format!("{}:{number} has no \"text\"", path.display()))?;
            Row {
                text: unescaped(text),
                label: object.get("label").and_then(Value::as_str).and_then(Label::from_name),
                strength: object.get("score").and_then(Value::as_f64).map(|score| score as f32),
                language: language(object.get("lang").and_then(Value::as_str).unwrap_or("en")).to_owned(),
                set: set.clone(),
                weight,
            }
        };
        rows.push(row);
    }
    Ok(())
}

/// The ISO code of a language, where a set has its own.
fn language(name: &str) -> &str {
    match name {
        "ge" => "de",
        "po" => "pt",
        "sp" => "es",
        other => other,
    }
}

/// Some tweets of the sets hold escapes (`\u2019`) instead of what they stand for.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        plain.push_str(&rest[..at]);
        let letter =
            rest.get(at + 2..at + 6).and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
        plain.push_str(if letter.is_some() { "" } else { "\\u" });
        plain.extend(letter);
        rest = &rest[at + if letter.is_some() { 6 } else { 2 }..];
    }
    plain.push_str(rest);
    plain.replace("\\\"", "\"")
}
