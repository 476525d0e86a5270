//! `keys`: the keys as they are, the agent's own included, and whether a keymap is right.

use super::Outcome;
use super::arguments::{Keys, KeysVerb};
use super::house::Place;
use super::look::{keymap, own_file, own_files};
use super::output::{Output, remark};
use crate::keymap::{Keymap, show_keys};
use crate::model::clean_line;
use anyhow::ensure;
use serde_json::json;
use std::path::PathBuf;

/// The keymap of a profile, and what is wrong with it.
pub fn load(place: &Place) -> (Keymap, Vec<String>) {
    // Who has no readable configuration hears so elsewhere; the keys are there all the same.
    let configured = place.config().map_or_else(|_| crate::keymap::PRESETS[0].0.to_owned(), |config| config.keymap);
    keymap(&place.profile, &configured, |name| place.environment(name))
}

pub fn run(place: &Place, args: Keys) -> Outcome {
    match args.verb {
        None => print(place, None),
        Some(KeysVerb::Print(args)) => print(place, args.preset.as_deref()),
        Some(KeysVerb::Check(args)) => check(place, &args.files),
    }
}

fn print(place: &Place, preset: Option<&str>) -> Outcome {
    let (keymap, warnings) = match preset {
        None => load(place),
        Some(name) => {
            let (own, warnings) = own_files(&place.profile, "keymaps");
            let (keymap, found) = Keymap::load(name, &own);
            if let Some(unknown) = found.iter().find(|warning| warning.place.is_none()) {
                anyhow::bail!("{unknown}");
            }
            (keymap, warnings.into_iter().chain(found.iter().map(ToString::to_string)).collect())
        }
    };
    warnings.iter().for_each(|warning| remark(warning));
    let mut out = Output::new(place.json);
    let mut context = None;
    for binding in keymap.table() {
        if !place.json && context != Some(binding.context) {
            if context.is_some() {
                out.line("")?;
            }
            out.line(binding.context.name())?;
            context = Some(binding.context);
        }
        let keys = show_keys(&binding.keys);
        out.row(
            || json!({ "context": binding.context.name(), "keys": keys, "command": binding.action.line(), "doc": binding.doc() }),
            || format!("  {keys:<14} {}", binding.doc()),
        )?;
    }
    out.finish()?;
    Ok(())
}

/// Says what is wrong, one line each; nothing wrong is 0.
fn check(place: &Place, files: &[PathBuf]) -> Outcome {
    let (own, mut said) = own_files(&place.profile, "keymaps");
    let mut found = Vec::new();
    let mut checked = files.len();
    if files.is_empty() {
        checked = own.len();
        let (_, chosen) = load(place);
        said = chosen;
        for file in &own {
            found.extend(Keymap::load(&file.name, &own).1);
        }
    }
    for path in files {
        let (file, warning) = own_file(path).map_err(anyhow::Error::msg)?;
        said.extend(warning);
        let name = file.name.clone();
        // What it inherits may lie in the profile; the file itself is the one that was named.
        let mut all: Vec<_> = own.iter().filter(|known| known.name != name).cloned().collect();
        all.push(file);
        found.extend(Keymap::load(&name, &all).1);
    }
    let mut out = Output::new(place.json);
    let mut rows: Vec<(serde_json::Value, String)> = Vec::new();
    for warning in found {
        let text = clean_line(&warning.to_string());
        let (file, line, column) =
            warning.place.map_or((None, None, None), |place| (Some(place.file), Some(place.line), Some(place.column)));
        rows.push((json!({ "file": file, "line": line, "column": column, "said": clean_line(&warning.what) }), text));
    }
    for text in said {
        rows.push((json!({ "file": null, "line": null, "column": null, "said": text }), text));
    }
    let mut known: Vec<String> = Vec::new();
    for (value, text) in rows {
        // Several keymaps may inherit the line.
        if !known.contains(&text) {
            out.row(|| value, || text.clone())?;
            known.push(text);
        }
    }
    if known.is_empty() && !place.json {
        out.line(&match checked {
            0 => "no keymap of your own; the built-in ones are used".to_owned(),
            1 => "1 keymap, nothing wrong".to_owned(),
            more => format!("{more} keymaps, nothing wrong"),
        })?;
    }
    out.finish()?;
    ensure!(
        known.is_empty(),
        "{}",
        if known.len() == 1 { "1 line is not used".to_owned() } else { format!("{} lines are not used", known.len()) }
    );
    Ok(())
}
