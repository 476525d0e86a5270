//! `help TOPIC`.

use super::Outcome;
use super::output::Output;
use super::verbs;
use anyhow::Context;

const JSON: &str = include_str!("help-json.txt");
const WEBHOOK: &str = include_str!("help-webhook.txt");
const PROFILE: &str = include_str!("help-profile.txt");

pub fn run(topic: &[String]) -> Outcome {
    let mut command = verbs::words();
    command.build();
    let words: Vec<&str> = topic.iter().map(String::as_str).collect();
    let text = match words[..] {
        [] => command.render_help().to_string(),
        ["json"] => JSON.to_owned(),
        ["profile"] => PROFILE.to_owned(),
        // The verb has the same name.
        ["webhook"] => WEBHOOK.to_owned(),
        _ => {
            let mut verb = &mut command;
            for word in &words {
                verb = verb.find_subcommand_mut(word).with_context(|| {
                    let topic = words.join(" ");
                    format!("there is no topic \"{topic}\"; there are json, profile, webhook, and every verb")
                })?;
            }
            verb.render_long_help().to_string()
        }
    };
    let mut out = Output::new(false);
    out.line(text.trim_end())?;
    out.finish()?;
    Ok(())
}
