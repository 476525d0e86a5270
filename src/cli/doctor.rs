//! `doctor`: looks whether all is well, and says what to do where it is not.

use super::Outcome;
use super::house::{Place, connectors, is_owned, runtime};
use super::keys;
use super::look;
use super::output::Output;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

pub fn run(place: &Place, _online: bool) -> Outcome {
    let mut out = Output::new(place.json);
    let mut wrong = 0;
    let mut check = |what: &str, outcome: Result<String, String>| -> std::io::Result<()> {
        let (ok, said) = match &outcome {
            Ok(said) => (true, said),
            Err(said) => (false, said),
        };
        wrong += usize::from(!ok);
        let text = || format!("{} {what}: {said}", if ok { "ok   " } else { "WRONG" });
        out.row(|| json!({ "what": what, "ok": ok, "said": said }), text)
    };
    check("terminal", terminal())?;
    check("locale", locale())?;
    check("profile", profile(place))?;
    let (_, warnings) = keys::load(place);
    check("keys", if warnings.is_empty() { Ok("as documented".to_owned()) } else { Err(warnings.join("; ")) })?;
    match place.config() {
        Err(error) => check("config.toml", Err(format!("{error:#}")))?,
        Ok(config) => {
            check("config.toml", Ok(format!("{} configured", counted(config.accounts.len(), "account"))))?;
            let (_, warnings) = look::theme(&place.profile, &config.theme, |name| place.environment(name));
            check("theme", if warnings.is_empty() { Ok(config.theme.clone()) } else { Err(warnings.join("; ")) })?;
            check("store", store(place))?;
            match connectors(&config) {
                Err(error) => check("accounts", Err(format!("{error:#}")))?,
                Ok(connectors) => {
                    let runtime = runtime()?;
                    for connector in connectors {
                        let account = connector.facts().name;
                        for tried in runtime.block_on(connector.test()) {
                            check(&format!("account {account}, {}", tried.what), tried.outcome)?;
                        }
                    }
                }
            }
        }
    }
    out.finish()?;
    anyhow::ensure!(wrong == 0, "{} attention", counted(wrong, "thing needs").replace("things needs", "things need"));
    Ok(())
}

/// `1 account`, `2 accounts`.
fn counted(number: usize, word: &str) -> String {
    match word.split_once(' ') {
        _ if number == 1 => format!("1 {word}"),
        Some((noun, rest)) => format!("{number} {noun}s {rest}"),
        None => format!("{number} {word}s"),
    }
}

fn terminal() -> Result<String, String> {
    let term = std::env::var("TERM").unwrap_or_default();
    match term.as_str() {
        "" => Err("TERM is not set; the screen needs a terminal, for instance TERM=xterm-256color".to_owned()),
        "dumb" => Err("TERM=dumb cannot show the screen; the command line works".to_owned()),
        _ => match crossterm::terminal::size() {
            Ok((width, height)) if width < 60 || height < 15 => {
                Err(format!("{term}, {width}×{height}: the screen needs at least 60×15"))
            }
            Ok((width, height)) => Ok(format!("{term}, {width}×{height}")),
            Err(_) => Ok(format!("{term}; no terminal is attached just now")),
        },
    }
}

fn locale() -> Result<String, String> {
    let found = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| (name, value)));
    match found {
        Some((name, value)) if value.to_lowercase().replace('-', "").contains("utf8") => Ok(format!("{name}={value}")),
        Some((name, value)) => Err(format!("{name}={value} is not UTF-8; set {name}=C.UTF-8")),
        None => Err("no locale is set; set LANG=C.UTF-8, or names in other scripts cannot be shown".to_owned()),
    }
}

fn profile(place: &Place) -> Result<String, String> {
    let shown = place.profile.display();
    match std::fs::metadata(&place.profile) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(format!("{shown} will be made at first use")),
        Err(error) => Err(format!("{shown}: {error}")),
        Ok(facts) if facts.permissions().mode() & 0o077 != 0 => {
            Err(format!("others can look into {shown}; `chmod 700 {shown}`"))
        }
        Ok(_) => Ok(shown.to_string()),
    }
}

fn store(place: &Place) -> Result<String, String> {
    if place.must_exist().is_err() {
        return Ok("empty".to_owned());
    }
    match place.open() {
        Ok(house) => {
            let room = house.desk.store().engine().room();
            let damage: Vec<String> = house.report.damage.iter().map(ToString::to_string).collect();
            if !damage.is_empty() {
                return Err(damage.join("; "));
            }
            let fine =
                || format!("{} commits, room on the disk; `switchboard verify` reads all of it", house.report.last);
            room.map(|()| fine()).map_err(|error| error.to_string())
        }
        // In use is well.
        Err(error) if is_owned(&error) => Ok(format!("{error:#}")),
        Err(error) => Err(format!("{error:#}")),
    }
}
