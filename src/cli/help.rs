//! `help TOPIC`.

use super::Outcome;
use super::output::Output;
use super::verbs;

const JSON: &str = include_str!("help-json.txt");
const WEBHOOK: &str = include_str!("help-webhook.txt");
const PROFILE: &str = include_str!("help-profile.txt");

pub fn run(topic: Option<&str>) -> Outcome {
    let mut command = verbs::words();
    command.build();
    let text = match topic {
        None => command.render_help().to_string(),
        Some("json") => JSON.to_owned(),
        Some("profile") => PROFILE.to_owned(),
        // The verb has the same name.
        Some("webhook") => WEBHOOK.to_owned(),
        Some(topic) => match command.find_subcommand_mut(topic) {
            Some(verb) => verb.render_long_help().to_string(),
            None => anyhow::bail!("there is no topic \"{topic}\"; there are json, profile, webhook, and every verb"),
        },
    };
    let mut out = Output::new(false);
    out.line(text.trim_end())?;
    out.finish()?;
    Ok(())
}
