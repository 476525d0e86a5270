//! `keys`: the keys as they are, the agent's own included.

use super::Outcome;
use super::house::Place;
use super::output::{Output, remark};
use crate::keymap::{Keymap, show_keys};
use serde_json::json;

/// The agent's own keymap file in the profile.
pub const FILE: &str = "keymaps/default.toml";

/// The keymap of a profile, and what is wrong with it.
pub fn load(place: &Place) -> (Keymap, Vec<String>) {
    let path = place.profile.join(FILE);
    let own = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return (Keymap::load(None).0, vec![format!("{}: {error}", path.display())]),
    };
    let shown = path.display().to_string();
    let (keymap, warnings) = Keymap::load(own.as_deref().map(|text| (shown.as_str(), text)));
    (keymap, warnings.iter().map(ToString::to_string).collect())
}

pub fn run(place: &Place) -> Outcome {
    let (keymap, warnings) = load(place);
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
