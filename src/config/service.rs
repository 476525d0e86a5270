//! `[service]`: what cases are to be done in.

use crate::model::Targets;

const KEYS: [&str; 3] = ["first", "next", "resolution"];

/// The longest target, in milliseconds.
const LONGEST: i64 = 366 * 86_400_000;

/// Reads the table; what it leaves out is as usual. The error is a whole sentence.
pub(super) fn read(value: &toml::Value) -> Result<Targets, String> {
    let toml::Value::Table(table) = value else {
        return Err("service is a table: write [service] with first = \"4h\"".to_owned());
    };
    if let Some(unknown) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("[service] knows no \"{unknown}\"; there are {}", KEYS.join(", ")));
    }
    let target = |key: &str, otherwise: Option<i64>| match table.get(key) {
        None => Ok(otherwise),
        Some(toml::Value::String(text)) => span(text).map_err(|what| format!("{key} = {what}")),
        Some(_) => Err(format!("\"{key}\" of [service] must be text in quotes")),
    };
    Ok(Targets {
        first: target("first", Targets::ORDINARY.first)?,
        next: target("next", Targets::ORDINARY.next)?,
        resolution: target("resolution", Targets::ORDINARY.resolution)?,
    })
}

/// `30m`, `4h`, `2d`, `1w` in milliseconds; `none` is no target.
fn span(text: &str) -> Result<Option<i64>, String> {
    let wrong =
        || format!("\"{}\" is not a target; write \"30m\", \"4h\", \"2d\", \"1w\" or \"none\"", text.escape_default());
    let text = text.trim();
    if text == "none" {
        return Ok(None);
    }
    let unit = match text.chars().last() {
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        Some('w') => 7 * 86_400_000,
        _ => return Err(wrong()),
    };
    let millis =
        text[..text.len() - 1].trim().parse::<u32>().ok().and_then(|number| i64::from(number).checked_mul(unit));
    millis.filter(|millis| (1..=LONGEST).contains(millis)).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read_text(text: &str) -> Result<Targets, String> {
        let table: toml::Table = text.parse().unwrap();
        read(&toml::Value::Table(table))
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        assert_eq!(read_text(""), Ok(Targets::ORDINARY));
        let read = read_text("first = \"30m\"\nnext = \"4h\"\nresolution = \"none\"").unwrap();
        assert_eq!((read.first, read.next, read.resolution), (Some(1_800_000), Some(14_400_000), None));
        let read = read_text("resolution = \" 2w \"").unwrap();
        assert_eq!((read.first, read.resolution), (Targets::ORDINARY.first, Some(14 * 86_400_000)));
    }

    #[test]
    fn mistakes_say_what_to_write() {
        assert!(read_text("firts = \"4h\"").unwrap_err().contains("first, next, resolution"));
        assert!(read_text("first = 4").unwrap_err().contains("quotes"));
        for wrong in ["", "4", "h", "0h", "-1h", "4x", "4 h d", "9999999999w", "400d", "長"] {
            assert!(read_text(&format!("first = \"{wrong}\"")).unwrap_err().contains("\"4h\""), "{wrong}");
        }
    }
}
