//! `doctor`: looks whether all is well, and says what to do where it is not.

mod accounts;
mod disk;
mod permissions;
mod terminal;

use super::Outcome;
use super::house::{Place, is_owned};
use super::output::Output;
use super::{keys, locale, look};
use crate::config::Config;
use serde_json::json;

/// What was found out about one thing.
enum Found {
    /// It is well.
    Well(String),
    /// It works, and could be better.
    Note(String),
    /// Something is wrong; what to do is said with it.
    Wrong(String),
}

/// What was looked at, and what was found.
type Finding = (String, Found);

fn finding(what: impl Into<String>, found: Found) -> Finding {
    (what.into(), found)
}

/// Looks at everything; the mail servers only when `online`.
pub fn run(place: &Place, online: bool) -> Outcome {
    let mut report = Report { out: Output::new(place.json), wrong: 0 };
    report.say(terminal::look(place.json))?;
    report.say([locale_of()])?;
    report.say(permissions::look(&place.profile))?;
    match place.config() {
        Err(error) => report.say([finding("config.toml", Found::Wrong(format!("{error:#}")))])?,
        Ok(config) => {
            let accounts = match config.accounts.len() {
                0 => "no account yet; `switchboard` asks for one".to_owned(),
                1 => "1 account".to_owned(),
                more => format!("{more} accounts"),
            };
            report.say([finding("config.toml", Found::Well(accounts))])?;
            report.say([look_of(place, &config), keys_of(place)])?;
            report.say(disk::look(place, &config))?;
            report.say([store(place)])?;
            report.say(accounts::look(&config, online)?)?;
        }
    }
    let Report { out, wrong } = report;
    out.finish()?;
    match wrong {
        0 => Ok(()),
        1 => anyhow::bail!("1 thing needs attention"),
        more => anyhow::bail!("{more} things need attention"),
    }
}

struct Report {
    out: Output,
    wrong: usize,
}

impl Report {
    fn say(&mut self, findings: impl IntoIterator<Item = Finding>) -> std::io::Result<()> {
        for (what, found) in findings {
            let (word, ok, said) = match found {
                Found::Well(said) => ("ok   ", true, said),
                Found::Note(said) => ("note ", true, said),
                Found::Wrong(said) => ("WRONG", false, said),
            };
            self.wrong += usize::from(!ok);
            self.out.row(|| json!({ "what": what, "ok": ok, "said": said }), || format!("{word} {what}: {said}"))?;
        }
        Ok(())
    }
}

fn locale_of() -> Finding {
    let variable = |name: &str| std::env::var(name).ok();
    let found = match (locale::trouble(variable), locale::set(variable)) {
        (Some(trouble), _) => Found::Wrong(format!("{trouble} (in your shell's profile, to keep it)")),
        (None, Some((name, value))) => Found::Well(format!("{name}={value}")),
        (None, None) => Found::Well("UTF-8".to_owned()),
    };
    finding("locale", found)
}

fn look_of(place: &Place, config: &Config) -> Finding {
    let (_, warnings) = look::theme(&place.profile, &config.theme, |name| place.environment(name));
    let found = if warnings.is_empty() { Found::Well(config.theme.clone()) } else { Found::Wrong(warnings.join("; ")) };
    finding("theme", found)
}

fn keys_of(place: &Place) -> Finding {
    let (_, warnings) = keys::load(place);
    let found = if warnings.is_empty() {
        Found::Well("every line is understood; `switchboard keys` prints them".to_owned())
    } else {
        Found::Wrong(format!("{}. The other lines count", warnings.join("; ")))
    };
    finding("keys", found)
}

fn store(place: &Place) -> Finding {
    let found = if place.must_exist().is_err() {
        Found::Well("nothing is stored yet".to_owned())
    } else {
        match place.open() {
            // In use is well: it is being looked after.
            Err(error) if is_owned(&error) => {
                let said = format!("{error:#}");
                let owner = said.split("; end that program first").next().unwrap_or_default();
                Found::Well(format!("{owner}, which looks after it"))
            }
            Err(error) => Found::Wrong(format!("{error:#}")),
            Ok(house) => {
                let damage: Vec<String> = house.report.damage.iter().map(ToString::to_string).collect();
                match (damage.is_empty(), house.desk.store().engine().room()) {
                    (false, _) => Found::Wrong(format!(
                        "{}; the rest stays usable, `switchboard verify` lists all of it",
                        damage.join("; ")
                    )),
                    (true, Err(error)) => Found::Wrong(error.to_string()),
                    (true, Ok(())) => Found::Well(format!(
                        "{} commits, nobody has it open; `switchboard verify` reads all of it",
                        house.report.last
                    )),
                }
            }
        }
    };
    finding("store", found)
}
